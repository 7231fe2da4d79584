//! The syntax tree: nodes in three arenas, referred to by number.
//!
//! An index arena instead of boxes, so that dropping a tree never recurses. Every pass goes through
//! all of it, so nodes are small (a test says how small): what is large and rare stands in a box.
//! Names and texts are interned per tree ([`Symbol`]).

#![expect(missing_docs, reason = "the fields of forms are named after what they hold")]

use std::hash::BuildHasher;
use std::ops::{Index, Range};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Place;

use crate::diagnostics::Span;

/// An interned text of one [`Ast`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(pub u32);

/// Number of an expression in its [`Ast`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExprId(pub u32);

/// Number of a pattern in its [`Ast`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PatternId(pub u32);

/// Number of a statement in its [`Ast`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StmtId(pub u32);

/// A row of statements in its [`Ast`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statements {
    first: u32,
    count: u32,
}

/// One parsed module.
#[derive(Debug, Default)]
pub struct Module {
    /// The arenas that every id below points into.
    pub ast: Ast,
    /// Top-level statements in source order.
    pub statements: Vec<StmtId>,
    /// The module's own doc comment (`##!`, or a leading `##` block before the first import).
    pub doc: Option<Symbol>,
}

/// The arenas of one module.
#[derive(Debug, Default)]
pub struct Ast {
    exprs: Vec<Expr>,
    patterns: Vec<Pattern>,
    statements: Vec<Stmt>,
    /// The statements of blocks, one block behind the other.
    rows: Vec<StmtId>,
    has_yield: bool,
    /// All interned texts, one behind the other.
    texts: String,
    /// Where each of them ends.
    ends: Vec<u32>,
    symbols: HashTable<Symbol>,
    hasher: RandomState,
    /// How many symbols were there before the text was read.
    known: u32,
    /// Which of those stand for names in it.
    written: u64,
}

/// Room is made beforehand for a text of so many bytes at most.
pub const ROOM_MAX: usize = 1 << 24;

impl Ast {
    /// A tree for a text of so many bytes; the known words, at most 64, are its first symbols.
    pub fn with_words(words: impl Iterator<Item = &'static str>, bytes: usize) -> Ast {
        let bytes = bytes.min(ROOM_MAX);
        let mut ast = Ast {
            exprs: Vec::with_capacity(bytes / 6),
            statements: Vec::with_capacity(bytes / 24),
            symbols: HashTable::with_capacity(64 + bytes / 64),
            ..Ast::default()
        };
        words.for_each(|word| {
            ast.intern(word);
        });
        ast.known = ast.ends.len() as u32;
        ast
    }

    /// Notes that a known word stands for a name.
    pub fn note_written(&mut self, word: Symbol) {
        self.written |= 1 << word.0;
    }

    /// The symbol of `text`, made on first use.
    pub fn intern(&mut self, text: &str) -> Symbol {
        let (texts, ends, hasher) = (&mut self.texts, &mut self.ends, &self.hasher);
        let same = |symbol: &Symbol| bytes_in(texts, ends, *symbol) == text.as_bytes();
        let hash = |symbol: &Symbol| hasher.hash_one(bytes_in(texts, ends, *symbol));
        match self.symbols.entry(hasher.hash_one(text.as_bytes()), same, hash) {
            Place::Occupied(found) => *found.get(),
            Place::Vacant(place) => {
                let symbol = Symbol(ends.len() as u32);
                place.insert(symbol);
                texts.push_str(text);
                ends.push(texts.len() as u32);
                symbol
            }
        }
    }

    /// The symbol of `text`, if it occurs in the tree.
    pub fn symbol(&self, text: &str) -> Option<Symbol> {
        let same = |symbol: &Symbol| self.text(*symbol) == text;
        let symbol = *self.symbols.find(self.hasher.hash_one(text.as_bytes()), same)?;
        (symbol.0 >= self.known || self.written >> symbol.0 & 1 == 1).then_some(symbol)
    }

    /// The text behind a symbol of this tree.
    #[inline]
    pub fn text(&self, symbol: Symbol) -> &str {
        text_in(&self.texts, &self.ends, symbol)
    }

    /// How many texts have been interned.
    pub fn symbol_count(&self) -> usize {
        self.ends.len()
    }

    /// Adds an expression.
    pub fn expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.has_yield |= matches!(kind, ExprKind::Yield(_));
        self.exprs.push(Expr { kind, span });
        ExprId(self.exprs.len() as u32 - 1)
    }

    /// Whether there is a `yield` anywhere.
    pub fn has_yield(&self) -> bool {
        self.has_yield
    }

    /// Gives an expression another place, as parentheses around it do.
    pub fn place(&mut self, id: ExprId, span: Span) {
        self.exprs[id.0 as usize].span = span;
    }

    /// Adds a type to an `is` pattern; false if it is another pattern.
    pub fn add_type(&mut self, id: PatternId, path: &TypePath) -> bool {
        let pattern = &mut self.patterns[id.0 as usize];
        let PatternKind::Is(types) = &mut pattern.kind else { return false };
        types.push(path.clone());
        pattern.span = pattern.span.to(path.span);
        true
    }

    /// Takes all nodes away but keeps the symbols, for another attempt at the same text.
    pub fn clear(&mut self) {
        self.exprs.clear();
        self.patterns.clear();
        self.statements.clear();
        self.rows.clear();
        self.has_yield = false;
    }

    /// Adds a pattern.
    pub fn pattern(&mut self, kind: PatternKind, span: Span) -> PatternId {
        self.patterns.push(Pattern { kind, span });
        PatternId(self.patterns.len() as u32 - 1)
    }

    /// Adds a statement.
    pub fn statement(&mut self, kind: StmtKind, span: Span) -> StmtId {
        self.statements.push(Stmt { kind, span });
        StmtId(self.statements.len() as u32 - 1)
    }

    /// Adds the statements of a block.
    pub fn row(&mut self, statements: impl IntoIterator<Item = StmtId>) -> Statements {
        let first = self.rows.len() as u32;
        self.rows.extend(statements);
        Statements { first, count: self.rows.len() as u32 - first }
    }
}

fn text_in<'a>(texts: &'a str, ends: &[u32], symbol: Symbol) -> &'a str {
    &texts[range_of(ends, symbol)]
}

fn bytes_in<'a>(texts: &'a str, ends: &[u32], symbol: Symbol) -> &'a [u8] {
    &texts.as_bytes()[range_of(ends, symbol)]
}

fn range_of(ends: &[u32], symbol: Symbol) -> Range<usize> {
    let number = symbol.0 as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    start as usize..ends[number] as usize
}

impl Index<ExprId> for Ast {
    type Output = Expr;
    #[inline]
    fn index(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }
}

impl Index<PatternId> for Ast {
    type Output = Pattern;
    #[inline]
    fn index(&self, id: PatternId) -> &Pattern {
        &self.patterns[id.0 as usize]
    }
}

impl Index<StmtId> for Ast {
    type Output = Stmt;
    #[inline]
    fn index(&self, id: StmtId) -> &Stmt {
        &self.statements[id.0 as usize]
    }
}

impl Index<Statements> for Ast {
    type Output = [StmtId];
    #[inline]
    fn index(&self, row: Statements) -> &[StmtId] {
        &self.rows[row.first as usize..(row.first + row.count) as usize]
    }
}

/// A name where it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its text.
    pub symbol: Symbol,
    /// Where it stands.
    pub span: Span,
}

/// An expression with its place.
#[derive(Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of expressions.
#[derive(Debug)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An int literal; hex, octal and binary ones are bit patterns.
    Int(i64),
    /// A float literal.
    Float(f64),
    /// A duration literal, in nanoseconds.
    Duration(i64),
    /// A string without interpolation, escapes resolved.
    Str(Symbol),
    /// A byte string.
    Bytes(Box<[u8]>),
    /// `"a${b}c"`
    Interpolation(Vec<Piece>),
    /// A name.
    Name(Symbol),
    /// `self`
    SelfValue,
    /// `super`, only as `super.name(…)`.
    Super,
    /// `[a, ...b]`
    List(Vec<Element>),
    /// `{a: 1, [k]: 2, ...m, short}`
    Map(Vec<Entry>),
    /// `{ … }` as a value.
    Block(Block),
    /// `if`; `otherwise` is a `Block` or another `If`.
    If { condition: ExprId, then: Block, otherwise: Option<ExprId> },
    /// `match`
    Match { subject: ExprId, arms: Vec<MatchArm> },
    /// `loop`, with its label if it has one.
    Loop { label: Option<Box<Name>>, body: Block },
    /// `try`
    Try(Box<Try>),
    /// `scope name (options) { … }`
    Scope { head: Box<ScopeHead>, body: Block },
    /// `timeout duration { … } else { … }`
    Timeout { duration: ExprId, body: Block, otherwise: Option<Box<Block>> },
    /// `shield duration { … }`
    Shield { duration: ExprId, body: Block },
    /// `select { … }`
    Select { first: bool, arms: Vec<SelectArm> },
    /// Prefix `- ! ~`.
    Unary { op: UnaryOp, operand: ExprId },
    /// A binary operator, `&& || ??` among them. Long chains lean left: walk them with a loop.
    Binary { op: BinaryOp, lhs: ExprId, rhs: ExprId },
    /// `a..b`, `a..=b`, `a..`, and inside an index `..b`, `..`.
    Range { start: Option<ExprId>, end: Option<ExprId>, inclusive: bool },
    /// `x is A | B`, `x !is A`.
    Is { value: ExprId, types: Vec<TypePath>, negated: bool },
    /// `a.b`, `a?.b`
    Member { object: ExprId, name: Name, optional: bool },
    /// `a[i]`, `a?[i]`, `a[i, j]`
    Index { object: ExprId, indices: Vec<ExprId>, optional: bool },
    /// `(a?.b)`: parentheses around a chain with a `?.`, which end what a null skips. Other
    /// parentheses leave no node behind.
    Group(ExprId),
    /// `f(x, ...xs, name: y)`
    Call { callee: ExprId, arguments: Vec<Argument> },
    /// `await x`
    Await(ExprId),
    /// `spawn daemon try f(x)`; the operand is a `Call` or a `Block`.
    Spawn { daemon: bool, attempt: bool, operand: ExprId },
    /// `|x| x + 1`
    Closure(Box<Function>),
    /// `return x`
    Return(Option<ExprId>),
    /// `yield x`
    Yield(Option<ExprId>),
    /// `throw x`
    Throw(ExprId),
    /// `break`, `break value`, `break label: value`. `break name` arrives as a value that is a
    /// `Name`; it is the label if an enclosing loop has that label.
    Break { label: Option<Name>, value: Option<ExprId> },
    /// `continue`, `continue label`
    Continue { label: Option<Name> },
    /// Something that did not parse; a diagnostic has been given.
    Error,
}

impl ExprKind {
    /// Whether it is a value by itself, without a part that is calculated.
    pub fn is_literal(&self) -> bool {
        matches!(
            self,
            ExprKind::Null
                | ExprKind::Bool(_)
                | ExprKind::Int(_)
                | ExprKind::Float(_)
                | ExprKind::Duration(_)
                | ExprKind::Str(_)
                | ExprKind::Bytes(_)
        )
    }
}

/// Part of an interpolated string.
#[derive(Debug)]
pub enum Piece {
    /// Literal text.
    Text(Symbol),
    /// `${value:spec}`
    Value { value: ExprId, spec: Option<Box<Spec>> },
}

/// The format of an interpolated value: its text, with values in braces.
#[derive(Debug)]
pub struct Spec {
    /// Text, and values without a format of their own.
    pub pieces: Vec<Piece>,
    /// Where it stands, without its colon.
    pub span: Span,
}

/// An element of a list literal.
#[derive(Clone, Copy, Debug)]
pub enum Element {
    /// One value.
    Value(ExprId),
    /// `...xs`
    Spread(ExprId),
}

/// An entry of a map literal.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// `name`: the variable of that name under its name.
    Short(Name),
    /// `name: value`, `"text": value`
    Named { name: Name, value: ExprId },
    /// `1: value`, `"a${b}": value`, `[key]: value`
    Computed { key: ExprId, value: ExprId },
    /// `...m`
    Spread(ExprId),
}

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub enum Argument {
    /// By position.
    Value(ExprId),
    /// `...xs`
    Spread(ExprId),
    /// `name: value`
    Named { name: Name, value: ExprId },
}

/// A dotted path that names a type; `fn` and `null` are allowed as the only part.
#[derive(Clone, Debug)]
pub struct TypePath {
    /// Its parts.
    pub parts: Vec<Name>,
    /// Where it stands.
    pub span: Span,
}

/// Statements in braces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Block {
    /// In source order.
    pub statements: Statements,
    /// Braces included.
    pub span: Span,
}

/// `pattern if guard => body`
#[derive(Debug)]
pub struct MatchArm {
    /// What fits.
    pub pattern: PatternId,
    /// Extra condition.
    pub guard: Option<ExprId>,
    /// An expression statement or an assignment.
    pub body: StmtId,
    /// Where it stands.
    pub span: Span,
}

/// An arm of `select`.
#[derive(Debug)]
pub struct SelectArm {
    /// What makes it fire.
    pub kind: SelectArmKind,
    /// An expression statement or an assignment.
    pub body: StmtId,
    /// Where it stands.
    pub span: Span,
}

/// The two kinds of `select` arms.
#[derive(Debug)]
pub enum SelectArmKind {
    /// `pattern = await operand if guard => …`
    Await { pattern: Option<PatternId>, operand: ExprId, guard: Option<ExprId> },
    /// `else => …`
    Else,
}

/// `try { … } catch … { … } finally { … }`
#[derive(Debug)]
pub struct Try {
    /// What may fail.
    pub body: Block,
    /// In source order.
    pub catches: Vec<Catch>,
    /// What is done in any case.
    pub finally: Option<Block>,
}

/// What stands between `scope` and its block.
#[derive(Debug)]
pub struct ScopeHead {
    /// The name of its handle.
    pub name: Option<Name>,
    /// In parentheses.
    pub options: Vec<Argument>,
}

/// `catch name is A | B if guard { … }`
#[derive(Debug)]
pub struct Catch {
    /// The name bound to the error.
    pub name: Option<Name>,
    /// The types taken; all if empty.
    pub types: Vec<TypePath>,
    /// Extra condition.
    pub guard: Option<ExprId>,
    /// What is done.
    pub body: Block,
    /// Where it stands.
    pub span: Span,
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `!`
    Not,
    /// `~`
    BitNot,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
    And,
    Or,
    Coalesce,
}

/// A function, method, getter or closure.
#[derive(Debug)]
pub struct Function {
    /// Closures have none.
    pub name: Option<Name>,
    /// In source order.
    pub params: Vec<Param>,
    /// What it does.
    pub body: FunctionBody,
    /// Written `async fn` (closures are async by what they contain).
    pub is_async: bool,
    /// Its doc comment.
    pub doc: Option<Symbol>,
    /// Head and body.
    pub span: Span,
}

/// The body of a [`Function`].
#[derive(Debug)]
pub enum FunctionBody {
    /// `{ … }`
    Block(Block),
    /// A closure's expression or assignment.
    Simple(StmtId),
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// A name, list or map pattern; a plain `Bind` for the rest parameter.
    pub pattern: PatternId,
    /// Its default value.
    pub default: Option<ExprId>,
    /// `...name`
    pub rest: bool,
    /// Where it stands.
    pub span: Span,
}

/// A class declaration.
#[derive(Debug)]
pub struct Class {
    /// Its name.
    pub name: Name,
    /// `extends path`
    pub parent: Option<TypePath>,
    /// In source order.
    pub members: Vec<Member>,
    /// Its doc comment.
    pub doc: Option<Symbol>,
    /// Where it stands.
    pub span: Span,
}

/// A member of a class or enum.
#[derive(Debug)]
pub struct Member {
    /// What it is.
    pub kind: MemberKind,
    /// `static`
    pub is_static: bool,
    /// Its doc comment.
    pub doc: Option<Symbol>,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of members.
#[derive(Debug)]
pub enum MemberKind {
    /// `name` or `name = default`
    Field { name: Name, default: Option<ExprId> },
    /// `fn name(…) { … }`; an operator's name is its sign (`+`, `[]=`).
    Method(Box<Function>),
    /// `get name { … }`
    Getter(Box<Function>),
}

/// An enum declaration.
#[derive(Debug)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// In source order.
    pub variants: Vec<Variant>,
    /// Its methods and getters.
    pub members: Vec<Member>,
    /// Its doc comment.
    pub doc: Option<Symbol>,
    /// Where it stands.
    pub span: Span,
}

/// A variant of an enum.
#[derive(Debug)]
pub struct Variant {
    /// Its name.
    pub name: Name,
    /// What makes its values: the parameters are its payload. None for `Empty`.
    pub constructor: Option<Box<Function>>,
    /// Its doc comment.
    pub doc: Option<Symbol>,
    /// Where it stands.
    pub span: Span,
}

/// A statement with its place.
#[derive(Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of statements.
#[derive(Debug)]
pub enum StmtKind {
    /// An expression.
    Expr(ExprId),
    /// `let` / `var`, with `else` for a pattern that may not fit.
    Let {
        pattern: PatternId,
        value: ExprId,
        otherwise: Option<Box<Block>>,
        mutable: bool,
        public: bool,
        doc: Option<Symbol>,
    },
    /// `target = value`, `target += value` (`op` is the operator before `=`). With `op: None` the
    /// target may be a `List` or `Map` expression, read as a destructuring pattern.
    Assign { target: ExprId, op: Option<BinaryOp>, value: ExprId },
    /// `fn`
    Function { function: Box<Function>, public: bool },
    /// `class`
    Class { class: Box<Class>, public: bool },
    /// `enum`
    Enum { declaration: Box<Enum>, public: bool },
    /// `while`
    While { label: Option<Box<Name>>, condition: ExprId, body: Block },
    /// `for`, `for await`
    For {
        label: Option<Box<Name>>,
        is_await: bool,
        pattern: PatternId,
        iterable: ExprId,
        body: Block,
    },
    /// `defer` with an expression (also a block expression) or an assignment.
    Defer(StmtId),
    /// `assert condition, message`
    Assert { condition: ExprId, message: Option<ExprId> },
    /// `test "name" (options) { … }`
    Test { name: Symbol, options: Vec<Argument>, body: Box<Block> },
    /// `import`
    Import(Box<Import>),
    /// Something that did not parse; a diagnostic has been given.
    Error,
}

/// An import statement.
#[derive(Debug)]
pub struct Import {
    /// `pub import`
    pub public: bool,
    /// What is imported.
    pub kind: ImportKind,
}

/// The forms of imports.
#[derive(Debug)]
pub enum ImportKind {
    /// `import fs, net as n`, `import "./util.ket" as util`
    Modules(Vec<ImportModule>),
    /// `import {get, post as send} from http`
    Names { items: Vec<ImportItem>, from: ImportSource },
}

/// A module with the name it is bound to.
#[derive(Clone, Copy, Debug)]
pub struct ImportModule {
    /// Where it comes from.
    pub source: ImportSource,
    /// `as name`
    pub alias: Option<Name>,
}

/// A name out of a module.
#[derive(Clone, Copy, Debug)]
pub struct ImportItem {
    /// The name there.
    pub name: Name,
    /// The name here.
    pub alias: Option<Name>,
}

/// Where a module comes from.
#[derive(Clone, Copy, Debug)]
pub enum ImportSource {
    /// A module of the standard library or of the host.
    Standard(Name),
    /// A file, relative to the importing one.
    File(Name),
}

/// A pattern with its place.
#[derive(Debug)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of patterns.
#[derive(Debug)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// A bare name binds.
    Bind(Name),
    /// A literal (with its sign): an expression of kind `Null Bool Int Float Duration Str Bytes`.
    Literal(ExprId),
    /// `1..5`, `1..=5`, `1..`
    Range { start: ExprId, end: Option<ExprId>, inclusive: bool },
    /// A dotted path, compared with `==`.
    Path(Box<TypePath>),
    /// `Shape.Circle(r)`, `Shape.Rect(w, h: 1)`
    Variant { path: Box<TypePath>, fields: Box<[PatternField]> },
    /// `[a, ...rest]`
    List(Vec<PatternElement>),
    /// `{a, b: p, c = 1, ...rest}`
    Map(Vec<PatternEntry>),
    /// `is Type`
    Is(Vec<TypePath>),
    /// `a | b`
    Or(Vec<PatternId>),
    /// `p as name`
    As { pattern: PatternId, name: Name },
    /// Something that did not parse; a diagnostic has been given.
    Error,
}

/// A part of a variant pattern.
#[derive(Clone, Copy, Debug)]
pub enum PatternField {
    /// `p`, by its position.
    Value(PatternId),
    /// `name: p`
    Named { name: Name, pattern: PatternId },
    /// `...name`, `...`
    Rest(Option<Name>),
}

/// An element of a list pattern.
#[derive(Clone, Copy, Debug)]
pub enum PatternElement {
    /// `p`, `p = default`
    Value { pattern: PatternId, default: Option<ExprId> },
    /// `...name`, `...`
    Rest(Option<Name>),
}

/// An entry of a map pattern.
#[derive(Clone, Copy, Debug)]
pub enum PatternEntry {
    /// `name`, `name: p`, `"key": p`, with a default
    Named { name: Name, pattern: PatternId, default: Option<ExprId> },
    /// `[expr]: p`, `1: p`
    Computed { key: ExprId, pattern: PatternId, default: Option<ExprId> },
    /// `...name`, `...`
    Rest(Option<Name>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_small() {
        assert_eq!(size_of::<Expr>(), 40);
        assert_eq!(size_of::<Stmt>(), 48);
        assert_eq!(size_of::<Pattern>(), 40);
    }
}
