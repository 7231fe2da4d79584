//! The second pass: writes the code of a module.
//!
//! Registers are given out like a stack: variables of a block stay until it ends, intermediate
//! values until their expression ends. An expression is written into a wanted register, which may
//! be overwritten early; so it must not be one that the expression can read. Calls take their
//! window from the top of the stack.

mod assertion;
mod assign;
mod block;
mod builder;
mod call;
mod chain;
mod class;
mod cleanup;
mod collection;
mod condition;
mod constant;
mod control;
mod enumeration;
mod expression;
mod function;
mod iteration;
mod module;
mod operator;
mod pattern;
mod select;
mod task;
mod variable;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use self::builder::Builder;
use self::constant::ConstantKey;
use super::Dependency;
use super::report::Report;
use super::resolve::{FnId, Resolution, VarId};
use crate::bytecode::assembler::{Assembler, Reg};
use crate::bytecode::program::{
    CORE_MODULE_NAME, ClassCode, Constant, FunctionCode, ModuleCode, SelectArmKind, SelectCode,
    TestCode,
};
use crate::diagnostics::{SourceId, Span};
use crate::syntax::Module;
use crate::syntax::ast::{Ast, Function};
use crate::syntax::table::Table;

/// Where the value of an expression is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// Nowhere.
    Nothing,
    /// In that register.
    In(Reg),
    /// As the value of the function. Only where no clean-up stands in between.
    Return,
}

/// Where a variable lives in the frame of its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    /// In a register.
    Register(Reg),
    /// In a cell that is in a register.
    Cell(Reg),
    /// In a slot of the module.
    Slot(u32),
}

/// What is emitted, apart from the code: names and places of the module.
pub(super) struct Source<'a> {
    pub(super) module: &'a Module,
    pub(super) name: &'a str,
    pub(super) id: SourceId,
    pub(super) text: &'a str,
    pub(super) files: &'a HashMap<String, Dependency>,
}

struct Emitter<'a> {
    source: Source<'a>,
    ast: &'a Ast,
    names: &'a Resolution,
    report: &'a mut Report,
    f: Builder,
    /// What has written a function and may write another one.
    idle: Vec<Assembler>,
    storage: Vec<Option<Storage>>,
    functions: Vec<Option<FunctionCode>>,
    function_index: Table<FnId, u32>,
    constants: Vec<Constant>,
    constant_index: HashMap<ConstantKey, u32, RandomState>,
    /// Constants that are texts, by symbol: a short cut.
    symbol_index: Vec<Option<u32>>,
    classes: Vec<Option<ClassCode>>,
    class_index: Table<Span, u32>,
    selects: Vec<SelectCode>,
    tests: Vec<TestCode>,
    slots: Vec<Arc<str>>,
    slot_of: Table<VarId, u32>,
    /// Functions of the top level, for calls by number.
    declarations: Table<FnId, &'a Function>,
    /// The window of the arm of a select that was written last.
    arm: Option<(Reg, SelectArmKind)>,
    /// Calls of parameters and local variables pass on whether they are awaited, and functions are
    /// named as methods: only in the core module.
    is_core: bool,
    /// It is an entry of a console.
    is_entry: bool,
}

/// Writes the code of a resolved module.
pub(super) fn emit<'a>(
    source: Source<'a>,
    names: &'a Resolution,
    report: &'a mut Report,
) -> ModuleCode {
    let ast: &Ast = &source.module.ast;
    let is_core = source.name == CORE_MODULE_NAME;
    let mut emitter = Emitter {
        source,
        ast,
        names,
        report,
        f: Builder::new(FnId(0), Assembler::default()),
        idle: Vec::new(),
        storage: vec![None; names.variables.len()],
        functions: Vec::new(),
        function_index: Table::default(),
        constants: Vec::new(),
        constant_index: HashMap::default(),
        symbol_index: vec![None; ast.symbol_count()],
        classes: Vec::new(),
        class_index: Table::default(),
        selects: Vec::new(),
        tests: Vec::new(),
        slots: Vec::new(),
        slot_of: Table::default(),
        declarations: Table::default(),
        arm: None,
        is_core,
        is_entry: names.session.is_some(),
    };
    emitter.module();
    emitter.finish()
}
