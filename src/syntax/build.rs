//! What the grammar's actions call: makes nodes, attaches doc comments, and reports what the
//! grammar lets through but the language does not.

mod construct;
mod enumeration;
mod pattern;
mod row;

use super::ast::*;
use super::lexer::Lexed;
use super::operator::{self, Item, Operand};
use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// The state of one parse.
pub struct Builder<'a> {
    /// The tree under construction.
    pub ast: Ast,
    /// Which source is parsed.
    pub source: SourceId,
    lexed: &'a Lexed,
    diagnostics: Vec<Diagnostic>,
    /// Literals 9223372036854775808 that no minus has claimed yet.
    int_mins: Vec<ExprId>,
    /// The last chain that was found to have no `?.`.
    without_skip: Option<ExprId>,
    /// The statements of the bodies that are being read, those of inner ones behind the others.
    statements: Vec<StmtId>,
    /// The same for chains of operators.
    links: Vec<Item>,
    /// What has folded a chain and may fold another one.
    idle: operator::Room,
}

/// A part of an enum's body.
pub enum EnumItem {
    /// A variant.
    Variant(Box<Variant>),
    /// A method or getter.
    Member(Box<Member>),
    /// Something that did not parse.
    Broken,
}

impl<'a> Builder<'a> {
    /// A builder for one parse.
    pub fn new(ast: Ast, source: SourceId, lexed: &'a Lexed) -> Builder<'a> {
        Builder {
            ast,
            source,
            lexed,
            diagnostics: Vec::new(),
            int_mins: Vec::new(),
            without_skip: None,
            statements: Vec::new(),
            links: Vec::new(),
            idle: operator::Room::default(),
        }
    }

    /// Records a fault.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The tree and the faults; reports what can be known only now.
    pub fn finish(mut self) -> (Ast, Vec<Diagnostic>) {
        for id in std::mem::take(&mut self.int_mins) {
            let title = "`9223372036854775808` is too large for an int";
            let diagnostic = Diagnostic::new(Code::E0105, title);
            let help = format!("the largest int is {}", i64::MAX);
            self.report(diagnostic.at(self.source, self.ast[id].span, "").help(help));
        }
        (self.ast, self.diagnostics)
    }

    fn fault(&mut self, code: Code, title: impl Into<String>, span: Span, help: &str) {
        let diagnostic = Diagnostic::new(code, title).at(self.source, span, "");
        self.report(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
    }

    fn doc(&self, at: u32) -> Option<Symbol> {
        self.lexed.docs.get(&at).copied()
    }

    // ---- statements

    /// A statement from `l` to `r`.
    pub fn stmt(&mut self, kind: StmtKind, l: u32, r: u32) -> StmtId {
        self.ast.statement(kind, Span::new(l, r))
    }

    /// A declaration, exported or not, with its doc comment.
    pub fn declaration(&mut self, mut kind: StmtKind, is_public: bool, l: u32, r: u32) -> StmtId {
        let comment = self.doc(l);
        match &mut kind {
            StmtKind::Let { public, doc, .. } => {
                (*public, *doc) = (is_public, comment);
            }
            StmtKind::Function { function, public } => {
                (*public, function.doc) = (is_public, comment);
            }
            StmtKind::Class { class, public } => (*public, class.doc) = (is_public, comment),
            StmtKind::Enum { declaration, public } => {
                (*public, declaration.doc) = (is_public, comment);
            }
            _ => {}
        }
        self.stmt(kind, l, r)
    }

    /// `import`
    pub fn import(&mut self, public: bool, mut import: Box<Import>, l: u32, r: u32) -> StmtId {
        import.public = public;
        self.stmt(StmtKind::Import(import), l, r)
    }

    /// `while` or `for` with its label.
    pub fn looping(&mut self, name: Option<Name>, mut kind: StmtKind, l: u32, r: u32) -> StmtId {
        if let StmtKind::While { label, .. } | StmtKind::For { label, .. } = &mut kind {
            *label = name.map(Box::new);
        }
        self.stmt(kind, l, r)
    }

    /// `label: loop { … }`
    pub fn labelled_loop(&mut self, label: Name, body: Block, l: u32, r: u32) -> StmtId {
        let value = self.expr(ExprKind::Loop { label: Some(Box::new(label)), body }, l, r);
        self.stmt(StmtKind::Expr(value), l, r)
    }

    /// An assignment.
    pub fn assign(
        &mut self,
        target: ExprId,
        op: Option<BinaryOp>,
        value: ExprId,
        l: u32,
        r: u32,
    ) -> StmtId {
        let target = self.ungrouped(target);
        let what = match self.ast[target].kind {
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => None,
            ExprKind::List(_) | ExprKind::Map(_) if op.is_none() => None,
            ExprKind::List(_) | ExprKind::Map(_) => Some("a list or map, except with plain `=`"),
            ExprKind::Call { .. } => Some("the result of a call"),
            ExprKind::SelfValue => Some("`self`"),
            ExprKind::Super => Some("`super`"),
            _ => Some("a value"),
        };
        if let Some(what) = what {
            let help = "assign to a name, a field `a.b` or an element `a[i]`";
            let span = self.ast[target].span;
            self.fault(Code::E0110, format!("cannot assign to {what}"), span, help);
        }
        self.stmt(StmtKind::Assign { target, op, value }, l, r)
    }

    /// `let` or `var`
    pub fn binding(
        &mut self,
        (pattern, value, otherwise): (PatternId, ExprId, Option<Block>),
        mutable: bool,
    ) -> StmtKind {
        let otherwise = otherwise.map(Box::new);
        StmtKind::Let { pattern, value, otherwise, mutable, public: false, doc: None }
    }

    /// `fn`
    pub fn function(
        &mut self,
        is_async: bool,
        name: Name,
        params: Vec<Param>,
        body: Block,
        l: u32,
        r: u32,
    ) -> StmtKind {
        let function = self.named(is_async, name, params, body, Span::new(l, r));
        StmtKind::Function { function, public: false }
    }

    fn named(
        &mut self,
        is_async: bool,
        name: Name,
        params: Vec<Param>,
        body: Block,
        span: Span,
    ) -> Box<Function> {
        let body = FunctionBody::Block(body);
        Box::new(Function { name: Some(name), params, body, is_async, doc: None, span })
    }

    /// `class`
    pub fn class(
        &mut self,
        name: Name,
        parent: Option<TypePath>,
        members: Vec<Option<Box<Member>>>,
        l: u32,
        r: u32,
    ) -> StmtKind {
        let members = members.into_iter().flatten().map(|member| *member).collect();
        let class = Class { name, parent, members, doc: None, span: Span::new(l, r) };
        StmtKind::Class { class: Box::new(class), public: false }
    }

    /// A format: text, then values with the text behind each.
    pub fn spec(&mut self, text: Symbol, rest: Vec<(ExprId, Symbol)>, l: u32, r: u32) -> Box<Spec> {
        let mut pieces = vec![Piece::Text(text)];
        for (value, text) in rest {
            pieces.extend([Piece::Value { value, spec: None }, Piece::Text(text)]);
        }
        if pieces.len() > 1 {
            let says = |piece: &Piece| match piece {
                Piece::Text(symbol) => !self.ast.text(*symbol).is_empty(),
                Piece::Value { .. } => true,
            };
            pieces.retain(says);
        }
        Box::new(Spec { pieces, span: Span::new(l, r) })
    }

    fn member(&mut self, kind: MemberKind, is_static: bool, l: u32, r: u32) -> Box<Member> {
        Box::new(Member { kind, is_static, doc: self.doc(l), span: Span::new(l, r) })
    }

    /// A field of a class.
    pub fn field(
        &mut self,
        is_static: bool,
        name: Name,
        default: Option<ExprId>,
        l: u32,
        r: u32,
    ) -> Box<Member> {
        self.member(MemberKind::Field { name, default }, is_static, l, r)
    }

    /// A method of a class or enum.
    #[expect(clippy::too_many_arguments, reason = "they are the parts of the production")]
    pub fn method(
        &mut self,
        is_static: bool,
        is_async: bool,
        name: Name,
        params: Vec<Param>,
        body: Block,
        l: u32,
        r: u32,
    ) -> Box<Member> {
        let mut function = self.named(is_async, name, params, body, Span::new(l, r));
        function.doc = self.doc(l);
        self.member(MemberKind::Method(function), is_static, l, r)
    }

    /// A getter of a class or enum.
    pub fn getter(
        &mut self,
        is_static: bool,
        name: Name,
        body: Block,
        l: u32,
        r: u32,
    ) -> Box<Member> {
        let mut function = self.named(false, name, Vec::new(), body, Span::new(l, r));
        function.doc = self.doc(l);
        self.member(MemberKind::Getter(function), is_static, l, r)
    }

    /// The name of an operator method is its sign.
    pub fn operator_name(&mut self, text: &str, l: u32, r: u32) -> Name {
        Name { symbol: self.ast.intern(text), span: Span::new(l, r) }
    }

    // ---- parameters

    /// A parameter.
    pub fn param(&mut self, pattern: PatternId, default: Option<ExprId>, l: u32, r: u32) -> Param {
        Param { pattern, default, rest: false, span: Span::new(l, r) }
    }

    /// A closure's parameter.
    pub fn closure_param(
        &mut self,
        pattern: PatternId,
        default: Option<Operand>,
        l: u32,
        r: u32,
    ) -> Param {
        let default = default.map(|operand| self.fold_one(operand));
        self.param(pattern, default, l, r)
    }

    /// `...name`
    pub fn rest_param(&mut self, name: Name, l: u32, r: u32) -> Param {
        let pattern = self.name_pattern(name, name.span.start, name.span.end);
        Param { pattern, default: None, rest: true, span: Span::new(l, r) }
    }

    /// A closure.
    pub fn closure(
        &mut self,
        is_async: bool,
        params: Vec<Param>,
        body: StmtId,
        l: u32,
        r: u32,
    ) -> ExprId {
        if is_async {
            let help = "leave `async` out: a closure that contains `await` is async by itself";
            let span = Span::new(l, l + 5);
            self.fault(Code::E0128, "a closure is not marked `async`", span, help);
        }
        let span = Span::new(l, r);
        let body = FunctionBody::Simple(body);
        let function = Function { name: None, params, body, is_async: false, doc: None, span };
        self.expr(ExprKind::Closure(Box::new(function)), l, r)
    }

    // ---- expressions

    /// An expression from `l` to `r`.
    pub fn expr(&mut self, kind: ExprKind, l: u32, r: u32) -> ExprId {
        self.ast.expr(kind, Span::new(l, r))
    }

    /// Parentheses leave no node behind but belong to the place of what they hold, except where
    /// they end a chain that a null may leave early.
    pub fn parenthesized(&mut self, inner: ExprId, l: u32, r: u32) -> ExprId {
        let span = Span::new(l, r);
        if self.may_skip(inner) {
            return self.ast.expr(ExprKind::Group(inner), span);
        }
        self.ast.place(inner, span);
        inner
    }

    /// Whether a `?.` stands in a chain. A chain without one is remembered, so that parentheses
    /// around parentheses do not walk it again.
    fn may_skip(&mut self, chain: ExprId) -> bool {
        let mut at = chain;
        while self.without_skip != Some(at) {
            at = match self.ast[at].kind {
                ExprKind::Member { optional: true, .. }
                | ExprKind::Index { optional: true, .. } => return true,
                ExprKind::Member { object, .. } | ExprKind::Index { object, .. } => object,
                ExprKind::Call { callee, .. } => callee,
                _ => break,
            };
        }
        self.without_skip = Some(chain);
        false
    }

    /// `await x`; parentheses directly around the operand mean nothing.
    pub fn awaited(&mut self, operand: ExprId, l: u32, r: u32) -> ExprId {
        let operand = self.ungrouped(operand);
        self.expr(ExprKind::Await(operand), l, r)
    }

    /// What stands in the parentheses of a chain, if there are any.
    pub fn ungrouped(&self, mut value: ExprId) -> ExprId {
        while let ExprKind::Group(inner) = self.ast[value].kind {
            value = inner;
        }
        value
    }

    /// An operand without infix operators.
    pub fn fold_one(&mut self, operand: Operand) -> ExprId {
        let Operand { prefixes, value } = operand;
        let end = self.ast[value].span.end;
        let apply = |value, (op, at): (UnaryOp, u32)| self.unary(op, value, Span::new(at, end));
        prefixes.into_iter().rev().fold(value, apply)
    }

    /// A prefix operator; `-9223372036854775808` becomes one literal.
    pub fn unary(&mut self, op: UnaryOp, operand: ExprId, span: Span) -> ExprId {
        if op == UnaryOp::Neg && self.int_mins.last() == Some(&operand) {
            self.int_mins.pop();
            self.ast.place(operand, span);
            return operand;
        }
        self.ast.expr(ExprKind::Unary { op, operand }, span)
    }

    /// 9223372036854775808, good only if a minus follows up.
    pub fn int_min(&mut self, l: u32, r: u32) -> ExprId {
        let id = self.expr(ExprKind::Int(i64::MIN), l, r);
        self.int_mins.push(id);
        id
    }

    /// An int of the lexer's table.
    pub fn int(&mut self, number: u32, l: u32, r: u32) -> ExprId {
        self.expr(ExprKind::Int(self.lexed.numbers[number as usize] as i64), l, r)
    }

    /// A float of the lexer's table.
    pub fn float(&mut self, number: u32, l: u32, r: u32) -> ExprId {
        self.expr(ExprKind::Float(f64::from_bits(self.lexed.numbers[number as usize])), l, r)
    }

    /// A duration of the lexer's table.
    pub fn duration(&mut self, number: u32, l: u32, r: u32) -> ExprId {
        self.expr(ExprKind::Duration(self.lexed.numbers[number as usize] as i64), l, r)
    }

    /// A byte string of the lexer's table.
    pub fn bytes(&mut self, number: u32, l: u32, r: u32) -> ExprId {
        let bytes = self.lexed.bytes.get(number as usize).cloned().unwrap_or_default();
        self.expr(ExprKind::Bytes(bytes), l, r)
    }

    /// `"text": value` in a map.
    pub fn text_entry(&mut self, key: ExprId, value: ExprId) -> Entry {
        match self.ast[key].kind {
            ExprKind::Str(symbol) => {
                Entry::Named { name: Name { symbol, span: self.ast[key].span }, value }
            }
            _ => Entry::Computed { key, value },
        }
    }

    /// The dotted path that an expression is, if it is one.
    pub fn path_of(&self, id: ExprId) -> Option<TypePath> {
        let mut parts = Vec::new();
        let mut rest = id;
        loop {
            match self.ast[rest].kind {
                ExprKind::Member { object, name, optional: false } => {
                    parts.push(name);
                    rest = object;
                }
                ExprKind::Name(symbol) => {
                    parts.push(Name { symbol, span: self.ast[rest].span });
                    parts.reverse();
                    return Some(TypePath { parts, span: self.ast[id].span });
                }
                _ => return None,
            }
        }
    }
}
