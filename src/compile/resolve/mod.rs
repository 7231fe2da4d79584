//! The first pass: what every name means, what closures capture, who owns spawned tasks.
//!
//! Scopes are walked once. A function that is declared with `fn` is known in its whole block, and
//! functions may use what is declared later around them; such variables are *early*: their cell is
//! there before they are set. A captured variable that is never assigned is captured by value.
//! The outcome is a [`Resolution`], tables that the emitter reads by the place of a name or the
//! number of an expression.

mod block;
mod chain;
mod class;
mod enumeration;
mod expression;
mod function;
mod import;
mod lookup;
mod pattern;
mod scope;
mod session;
mod statement;
mod task;
mod test;

pub(super) use self::block::is_plain;
pub(super) use self::class::member_name;
pub(super) use self::pattern::bound_names;
pub(super) use self::session::new_names;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use self::scope::Scopes;
use super::report::Report;
use super::{Dependency, Names, Purpose, Session};
use crate::bytecode::program::{EnumShape, ExportKind, ImportedSlot, TestOptions};
use crate::diagnostics::Span;
use crate::syntax::Module;
use crate::syntax::ast::{Ast, ExprId, Function, Name, StmtId, Symbol};
use crate::syntax::table::{Marks, Places, Table};

/// Number of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u32);

/// Number of a function-like body; 0 is the module's top-level code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FnId(pub u32);

/// A variable of some function.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: Symbol,
    /// Where it is declared.
    pub span: Span,
    /// Whose it is.
    pub function: FnId,
    /// How it came to be.
    pub kind: VarKind,
    /// Declared at the module's top level.
    pub top_level: bool,
    /// Exported.
    pub public: bool,
    /// Used by another function than the one it belongs to.
    pub captured: bool,
    /// Captured by a function that is made before the variable is set.
    pub early: bool,
    /// Assigned after its declaration.
    pub assigned: bool,
    /// It belongs to an earlier entry of the console: index into [`Resolution::imports`].
    pub session: Option<u32>,
}

impl Variable {
    /// Captures share it through a cell, as its value changes after they are made.
    pub fn needs_cell(&self) -> bool {
        self.captured && !self.top_level && (self.assigned || self.early)
    }
}

/// How a variable came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarKind {
    /// `let`
    Let,
    /// `var`
    Var,
    /// A parameter.
    Param,
    /// Bound by `for`, `match`, `catch`, `select`, `scope s`.
    Bound,
    /// `fn`
    Function(FnId),
    /// `class`
    Class,
    /// `enum`
    Enum,
    /// Not to be named: scope handles, parent classes, `self`.
    Hidden,
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// A variable.
    Variable(VarId),
    /// A name of the prelude.
    Prelude(Arc<str>),
    /// A module of the standard library or the host.
    Module(Arc<str>),
    /// A member of such a module.
    Member(Arc<str>, Arc<str>, ExportKind),
    /// A module of this program: its import text.
    FileModule(Arc<str>),
    /// A slot of another module: index into [`Resolution::imports`].
    Imported(u32, ExportKind),
    /// Nothing; that has been reported.
    Unknown,
}

/// What owns spawned tasks or hides cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnerKey {
    /// `scope`, `timeout`, `shield`, the `finally` of a `try`.
    Expr(ExprId),
    /// `defer`
    Stmt(StmtId),
    /// The body of a function.
    Body(FnId),
}

/// A scope record that a piece of code may need.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// The variable that holds its handle.
    pub var: VarId,
    /// Whether it is needed at run time.
    pub needed: bool,
}

/// A loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopKey {
    /// `loop`
    Expr(ExprId),
    /// `while`, `for`
    Stmt(StmtId),
}

/// What a function-like body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FnKind {
    /// The top-level code of the module.
    Module,
    /// `fn`, `async fn`
    Named,
    /// `|x| …`
    Closure,
    /// The block of a `spawn`.
    SpawnBlock,
    /// A method, getter or operator on an instance.
    Method,
    /// A static function or getter.
    Static,
    /// Defaults of fields, static values.
    Value,
    /// A `test` block.
    Test,
}

/// What is known of a function-like body.
#[derive(Debug)]
pub struct FunctionInfo {
    /// What it is.
    pub kind: FnKind,
    /// The one around it.
    pub parent: Option<FnId>,
    /// It may wait. Unless it is a generator, it has to be awaited.
    pub is_async: bool,
    /// It has a `yield`: calling it makes a generator.
    pub is_generator: bool,
    /// The variable that is `self` in it.
    pub self_var: Option<VarId>,
    /// The class whose body it stands in, by the place of its name.
    pub class: Option<Span>,
    /// What it captures, in the order of its upvalues.
    pub captures: Vec<VarId>,
    upvalues: Table<VarId, u32>,
}

impl FunctionInfo {
    /// Calls of it have to be awaited or spawned.
    pub fn must_be_awaited(&self) -> bool {
        self.is_async && !self.is_generator
    }

    /// Where it finds a captured variable.
    pub fn upvalue(&self, var: VarId) -> Option<u32> {
        self.upvalues.get(&var).copied()
    }
}

/// The outcome of the pass.
#[derive(Debug, Default)]
pub struct Resolution {
    /// All variables.
    pub variables: Vec<Variable>,
    /// All function-like bodies.
    pub functions: Vec<FunctionInfo>,
    /// What names mean, by their place.
    pub uses: Places<Binding>,
    /// What member expressions on modules mean.
    pub members: Table<ExprId, Binding>,
    /// What dotted paths begin with, and how many parts that takes.
    pub paths: Table<Span, (Binding, usize)>,
    /// Variables of blocks, with the variable of the same function that each hides.
    pub shadows: Table<VarId, VarId>,
    /// Declared names, by their place.
    pub declared: Places<VarId>,
    /// Functions of the tree.
    pub function_of: HashMap<*const Function, FnId, FixedState>,
    /// Spawned blocks and static values.
    pub value_functions: Table<ExprId, FnId>,
    /// Initializers and parent variables of classes, by the place of the class's name.
    pub initializers: Table<Span, FnId>,
    /// The variable that holds the parent of a class.
    pub parents: Table<Span, VarId>,
    /// What is known of enums by their declaration.
    pub enums: Table<VarId, Arc<EnumShape>>,
    /// What is known of imported enums: by index into [`Resolution::imports`].
    pub imported_enums: Table<u32, Arc<EnumShape>>,
    /// Dotted paths that are known to name a variant, with its number.
    pub variants: Table<Span, (Arc<EnumShape>, usize)>,
    /// Classes that are made where they stand instead of at the beginning of their block.
    pub late_classes: Marks<Span>,
    /// Scope records.
    pub owners: HashMap<OwnerKey, Owner, FixedState>,
    /// The owner of what a `spawn` starts; none for the program.
    pub spawn_owners: Table<ExprId, Option<VarId>>,
    /// What `self` and `super` mean where they stand.
    pub receivers: Table<ExprId, VarId>,
    /// The variable that is `self` where a `super` stands.
    pub super_selfs: Table<ExprId, VarId>,
    /// The loop that a `break` or `continue` means.
    pub targets: Table<ExprId, LoopKey>,
    /// `break name` where the name is a label.
    pub label_breaks: Marks<ExprId>,
    /// Expressions in which a variable is assigned.
    pub assigning: Marks<ExprId>,
    /// Slots of other modules.
    pub imports: Vec<ImportedSlot>,
    /// Imported names that are exported again.
    pub reexports: Vec<(Arc<str>, Binding)>,
    /// It is an entry of a console: what it imports, by the names that it gives that.
    pub session: Option<Vec<(Arc<str>, Binding)>>,
    /// What is known of the functions of earlier entries.
    pub session_colours: Table<VarId, ExportKind>,
    /// The `test` blocks that are not left out.
    pub tests: Table<StmtId, (FnId, TestOptions)>,
    /// Functions with a `return`.
    pub returning: Marks<FnId>,
}

impl Resolution {
    /// A variable.
    pub fn variable(&self, var: VarId) -> &Variable {
        &self.variables[var.0 as usize]
    }

    /// A function-like body.
    pub fn function(&self, function: FnId) -> &FunctionInfo {
        &self.functions[function.0 as usize]
    }

    /// The variable declared at that place.
    pub fn declared_at(&self, span: Span) -> Option<VarId> {
        self.declared.get(span).copied()
    }
}

/// How many upvalues a function may have.
pub const UPVALUES_MAX: usize = 250;

enum Region {
    Loop { key: LoopKey, label: Option<Symbol> },
    Owner { key: OwnerKey, clean_up: bool },
}

struct Context {
    id: FnId,
    regions: Vec<Region>,
    /// Spawns whose owner is the body of this function or something around it, with the function
    /// that each stands in.
    spawns: Vec<(ExprId, FnId)>,
    /// Why it may not wait, for the message.
    plain: Option<PlainReason>,
    /// A default of a parameter is being resolved, which is worked out before the body begins.
    in_parameters: bool,
    /// It is a closure whose body is no block: head and body.
    thunk: Option<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PlainReason {
    Function,
    SpecialMember,
    FieldDefault,
}

pub(super) struct Resolver<'a> {
    ast: &'a Ast,
    text: &'a str,
    names: &'a Names,
    files: &'a HashMap<String, Dependency>,
    report: &'a mut Report,
    out: Resolution,
    scopes: Scopes,
    contexts: Vec<Context>,
    /// Classes around, by the place of their name.
    classes: Vec<Span>,
    /// Their names and members, and whether these are static: for advice.
    members: Vec<(Name, Vec<(Symbol, bool)>)>,
    imported: HashMap<(u32, u32), u32>,
    assignments: u32,
    /// The parent of a hoisted class is being looked up.
    extending: bool,
    /// What is looked up is going to be assigned.
    assigning: bool,
    /// Unknown names of which the first report is enough: what lacks is a `let` or an `import`.
    undeclared: Marks<Symbol>,
    /// The names of earlier entries, if it is an entry of a console.
    session: Option<&'a Session>,
    /// Those that it uses.
    session_variables: Table<Symbol, Binding>,
    /// What the module is compiled for.
    purpose: Purpose,
    /// The names of the tests so far, with their places.
    test_names: Table<Symbol, Span>,
    /// There is a `yield` in the module.
    has_yield: bool,
    /// A test is being resolved that is left out: so many variables are outside of it, which it does not
    /// change by using them.
    left_out: Option<u32>,
}

/// What a module is resolved with.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) names: &'a Names,
    pub(super) files: &'a HashMap<String, Dependency>,
    pub(super) purpose: Purpose,
    pub(super) session: Option<&'a Session>,
}

/// Resolves a module.
pub(super) fn resolve<'a>(
    module: &'a Module,
    text: &'a str,
    given: Given<'a>,
    report: &'a mut Report,
) -> Resolution {
    let Given { names, files, purpose, session } = given;
    let mut resolver = Resolver {
        ast: &module.ast,
        text,
        names,
        files,
        report,
        out: Resolution {
            session: session.map(|_| Vec::new()),
            uses: Places::of_text(text),
            declared: Places::of_text(text),
            ..Resolution::default()
        },
        session,
        session_variables: Table::default(),
        scopes: Scopes::new(module.ast.symbol_count()),
        contexts: Vec::new(),
        classes: Vec::new(),
        members: Vec::new(),
        imported: HashMap::new(),
        assignments: 0,
        extending: false,
        assigning: false,
        undeclared: Marks::default(),
        purpose,
        test_names: Table::default(),
        has_yield: module.ast.has_yield(),
        left_out: None,
    };
    resolver.module(&module.statements);
    resolver.out
}
