//! What the compiler makes and the VM loads: plain data, `Send + Sync`, no heap values.

use std::sync::Arc;

use super::body::Body;
use crate::diagnostics::{SourceId, Span};

/// What every closure is called.
pub const CLOSURE_NAME: &str = "<closure>";
/// The name of the module of library functions that the VM calls by itself. No file has it.
pub const CORE_MODULE_NAME: &str = "<core>";

/// What the names of modules of the standard library begin with. No file has such a name.
pub const LIBRARY_PREFIX: &str = "<std>/";

/// Compiled modules in the order in which they run; the last one is the one that was started.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Dependencies before dependents.
    pub modules: Vec<Arc<ModuleCode>>,
}

/// One compiled module. Its top-level code is function 0: async, without parameters.
#[derive(Debug)]
pub struct ModuleCode {
    /// As imports and traces name it: a path, or `<eval>`.
    pub name: Arc<str>,
    /// Its source.
    pub source: SourceId,
    /// All functions of the module, nested ones too.
    pub functions: Vec<FunctionCode>,
    /// Constants, shared by its functions.
    pub constants: Vec<Constant>,
    /// Classes.
    pub classes: Vec<ClassCode>,
    /// Select descriptors.
    pub selects: Vec<SelectCode>,
    /// Names of its own slots (top-level bindings), in slot order.
    pub slots: Vec<Arc<str>>,
    /// Slots of other modules that it reads: slot index `slots.len() + i` means `imports[i]`.
    pub imports: Vec<ImportedSlot>,
    /// What `pub` exports, sorted by name.
    pub exports: Vec<Export>,
    /// The slot of `fn main`, if it declares one.
    pub main: Option<u32>,
    /// Its `test` blocks, in source order; none if it was compiled without them.
    pub tests: Vec<TestCode>,
}

/// A `test` block.
#[derive(Clone, Debug)]
pub struct TestCode {
    /// Its name.
    pub name: Arc<str>,
    /// Its body, as a number among the functions of the module: async, without parameters.
    pub function: u32,
    /// Where it stands.
    pub span: Span,
    /// How it is to be run.
    pub options: TestOptions,
}

/// What stands in parentheses behind the name of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestOptions {
    /// On the real clock, network and files.
    pub real: bool,
    /// How long it may take by its own clock, in nanoseconds.
    pub timeout: Option<u64>,
    /// It is not run, for this reason; which may be empty.
    pub skip: Option<Arc<str>>,
    /// Of the tests of its file only it, and others that say so, are run.
    pub only: bool,
}

/// What stands for the module of an [`ImportedSlot`] that belongs to an earlier entry of a console.
pub const SESSION: u32 = u32::MAX;

/// A slot of another module of the same program.
#[derive(Clone, Copy, Debug)]
pub struct ImportedSlot {
    /// Index into [`Program::modules`], or [`SESSION`].
    pub module: u32,
    /// Slot there; for [`SESSION`] the number that the VM knows it by.
    pub slot: u32,
}

/// An exported name.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its name.
    pub name: Arc<str>,
    /// Where its value stands.
    pub slot: u32,
    /// What is known of it.
    pub kind: ExportKind,
    /// The form of an enum.
    pub enumeration: Option<Arc<EnumShape>>,
}

/// What a compiler knows of an enum: by it members and patterns are checked.
#[derive(Debug)]
pub struct EnumShape {
    /// Its name.
    pub name: Arc<str>,
    /// Its variants, in order.
    pub variants: Vec<VariantShape>,
    /// What else is read of the enum itself.
    pub statics: Vec<Arc<str>>,
    /// What is called or read on its values.
    pub methods: Vec<Arc<str>>,
}

/// What a compiler knows of a variant.
#[derive(Debug)]
pub struct VariantShape {
    /// Its name.
    pub name: Arc<str>,
    /// The fields of its payload; none for a variant without one.
    pub fields: Option<Vec<Arc<str>>>,
}

impl VariantShape {
    /// How its values are written: `Rect(w, h)`.
    pub fn form(&self) -> String {
        match &self.fields {
            Some(fields) => format!("{}({})", self.name, fields.join(", ")),
            None => self.name.to_string(),
        }
    }
}

/// The function that every enum has: a list of its variants without payload.
pub const ENUM_VALUES: &str = "values";
/// The property that every value of an enum has: the name of its variant.
pub const VARIANT_NAME: &str = "name";

/// What a compiler may know of a name that it did not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    /// A value.
    Value,
    /// A function that never waits.
    Function,
    /// A function that has to be awaited or spawned.
    AsyncFunction,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// An int beyond 32 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// A duration in nanoseconds.
    Duration(i64),
    /// A string; interned when loaded.
    Str(Arc<str>),
    /// A byte string.
    Bytes(Arc<[u8]>),
    /// A name of the prelude.
    Prelude(Arc<str>),
    /// A module of the standard library or the host, as a value.
    Module(Arc<str>),
    /// A member of such a module.
    Member(Arc<str>, Arc<str>),
    /// A module of this program, as a value: index into [`Program::modules`].
    FileModule(u32),
}

/// A function, method or closure.
#[derive(Debug, Default)]
pub struct FunctionCode {
    /// As traces show it: `area`, `Account.deposit`, `<closure>`, `<module>`.
    pub name: Arc<str>,
    /// Parameters, without `self`.
    pub params: Vec<ParamCode>,
    /// The last parameter collects the rest.
    pub has_rest: bool,
    /// `R[0]` is `self`; parameters start behind it.
    pub has_self: bool,
    /// Has to be awaited or spawned.
    pub is_async: bool,
    /// The class whose body it stands in, also as a closure in a method: there private members
    /// (`x._name`) of that class can be reached.
    pub class: Option<u32>,
    /// Registers of its frame, at most 250.
    pub registers: u8,
    /// The register that receives its closure at entry; 255 if it captures nothing.
    pub closure_register: u8,
    /// The register that holds the generator that the function is the body of.
    pub generator_register: Option<u8>,
    /// What a closure of it captures.
    pub captures: Vec<Capture>,
    /// What it does.
    pub body: Body,
    /// Where it is declared.
    pub span: Span,
}

/// A variable and the register that holds it between two instructions.
#[derive(Clone, Debug)]
pub struct LocalCode {
    /// Its name.
    pub name: Arc<str>,
    /// The register.
    pub register: u8,
    /// The first instruction behind its declaration.
    pub from: u32,
    /// The first instruction that may use the register for something else.
    pub until: u32,
}

/// A parameter as callers know it.
#[derive(Clone, Debug)]
pub struct ParamCode {
    /// Its name; empty for a pattern.
    pub name: Arc<str>,
    /// It may be left out (the callee then finds the mark of a missing argument).
    pub optional: bool,
}

/// Where a closure takes a captured value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// A register of the frame that makes the closure.
    Register(u8),
    /// An upvalue of that frame's own closure.
    Upvalue(u8),
}

/// A protected range of instructions: `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// First instruction.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// What happens when an error or a cut leaves the range.
    pub kind: HandlerKind,
    /// The first register it writes.
    pub register: u8,
    /// Where execution goes on (not for `Guard`).
    pub target: u32,
}

/// What a handler takes and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerKind {
    /// Takes an error: `R[register] := error`, jump.
    Catch,
    /// Takes an error or a cut: pending pair `R[register], R[register+1]` is set, jump.
    CleanUp,
    /// The body of a clean-up whose pending pair is `R[register], R[register+1]`: what leaves it is
    /// merged with what is pending and the merged outcome goes on
    /// outwards.
    Guard,
}

/// A class or an enum.
#[derive(Debug)]
pub struct ClassCode {
    /// Its name.
    pub name: Arc<str>,
    /// Own fields, in order.
    pub fields: Vec<FieldCode>,
    /// Function that sets the fields whose defaults are not plain constants; it has `self` and no
    /// parameters, and reads nothing of other fields.
    pub initializer: Option<u32>,
    /// Methods, getters, operators, statics.
    pub members: Vec<MemberCode>,
    /// The variants of an enum.
    pub variants: Vec<VariantCode>,
    /// Its doc comment.
    pub doc: Option<Arc<str>>,
    /// Where it is declared.
    pub span: Span,
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub struct VariantCode {
    /// Its name.
    pub name: Arc<str>,
    /// The fields of its payload.
    pub fields: Vec<Arc<str>>,
    /// The last field collects the rest of the arguments.
    pub has_rest: bool,
    /// The function that makes its values, with the enum as `self`; none without a payload.
    pub constructor: Option<u32>,
}

/// A field of a class.
#[derive(Clone, Debug)]
pub struct FieldCode {
    /// Its name.
    pub name: Arc<str>,
    /// What it starts as.
    pub default: FieldDefault,
}

/// How a field starts.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldDefault {
    /// No default: null, or required where the class has no `init`.
    Required,
    /// `null`, `true`, `false`, an int.
    Null,
    /// A bool.
    Bool(bool),
    /// An int.
    Int(i64),
    /// Index of a constant of the module.
    Constant(u32),
    /// Set by the initializer.
    Computed,
}

/// A method, getter or static function of a class.
#[derive(Clone, Debug)]
pub struct MemberCode {
    /// Its name; an operator's is its sign.
    pub name: Arc<str>,
    /// Index of its function.
    pub function: u32,
    /// What it is.
    pub kind: MemberKind,
}

/// The kinds of members with code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// Called on an instance.
    Method,
    /// Run when an instance's field of that name is read.
    Getter,
    /// Called on the class.
    Static,
    /// `static name = expr`: run once when the class is made, its result read as a field.
    StaticValue,
    /// `static get`.
    StaticGetter,
}

/// A `select`: its arms have been evaluated into windows of registers.
#[derive(Clone, Debug)]
pub struct SelectCode {
    /// In source order.
    pub arms: Vec<SelectArmCode>,
    /// `select first`.
    pub first: bool,
    /// Has an `else` arm: its number is `arms.len()`.
    pub has_else: bool,
}

/// An arm of a select. `R[register]` is the callee (or the value, or unused for a method);
/// `R[enabled]` says whether its guard allows it; the mark of a missing argument there means that its
/// result is null without waiting.
#[derive(Clone, Copy, Debug)]
pub struct SelectArmCode {
    /// Register of the guard's result.
    pub enabled: u8,
    /// First register of the window.
    pub register: u8,
    /// What is awaited.
    pub kind: SelectArmKind,
}

/// What a select arm awaits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectArmKind {
    /// A task or promise in `R[register]`.
    Value,
    /// A call window with that many arguments.
    Call(u8),
    /// A method window: name constant, number of arguments with the receiver.
    Invoke(u32, u8),
    /// A call window with a list of the positional arguments and a map of the named ones (or null).
    CallSpread,
    /// Like `CallSpread` with the receiver in front: name constant.
    InvokeSpread(u32),
}
