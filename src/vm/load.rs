//! Step 3 of 6: loading. Compiled modules become code, constants and closures of this VM.
//!
//! Every module is relocated: its constants, slots and functions get numbers in the tables of the
//! VM, and names of natives become their values. The code is copied, since running it changes it;
//! the module itself is shared and stays as it is.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Vm;
use super::code::{Function, FunctionInfo};
use super::error::ErrorKind;
use super::exit::Exit;
use super::frame::FrameWord;
use super::object::{Module, ModuleMember};
use super::pair;
use super::value::Value;
use crate::bytecode::body::{Body, BodyCode};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::{Immediate, Opcode};
use crate::bytecode::program::{Constant, FunctionCode, ModuleCode, ParamCode, Program, SESSION};
use crate::bytecode::verify::{VerifyError, verify_body, verify_outline};
use crate::diagnostics::Span;

/// Why a program could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// A name that no native has: the compiler was given other names than the VM has.
    UnknownName(String),
    /// A module that should have been loaded before.
    MissingModule(String),
    /// The verifier does not accept the code.
    Invalid(String),
    /// A module of the library did not run to its end.
    LibraryFailed(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::UnknownName(name) => write!(out, "nothing is registered as `{name}`"),
            LoadError::MissingModule(name) => write!(out, "module `{name}` has not been loaded"),
            LoadError::Invalid(reason) => write!(out, "invalid code: {reason}"),
            LoadError::LibraryFailed(reason) => write!(out, "its top level failed: {reason}"),
        }
    }
}

impl std::error::Error for LoadError {}

/// A module in the VM.
#[derive(Debug)]
pub(super) struct LoadedModule {
    /// What the compiler made.
    pub(super) code: Arc<ModuleCode>,
    /// Number of its first function.
    pub(super) first_function: u32,
    /// Number of its first constant.
    pub(super) first_constant: u32,
    /// Number of its first slot.
    pub(super) first_slot: u32,
    /// Number of its first class.
    pub(super) first_class: u32,
    /// The numbers of its slots, and of those of other modules that it reads.
    slots: Vec<u32>,
    /// The module as a value.
    pub(super) value: Value,
}

/// What an instruction's numbers have to be changed by.
struct Relocation<'m> {
    first_function: u32,
    first_constant: u32,
    slots: &'m [u32],
}

impl Vm {
    /// Loads the modules of a program from number `base` on; those before it have been loaded
    /// earlier. Gives a closure of each one's top-level code, in order.
    ///
    /// # Errors
    /// When a name is not registered, or the code is not valid.
    pub fn load(&mut self, program: &Program, base: usize) -> Result<Vec<Value>, LoadError> {
        let mut closures = Vec::new();
        let mut numbers = Vec::with_capacity(program.modules.len());
        for (position, module) in program.modules.iter().enumerate() {
            if position < base {
                let known = self.modules.iter().rposition(|known| Arc::ptr_eq(&known.code, module));
                let known =
                    known.ok_or_else(|| LoadError::MissingModule(module.name.to_string()))?;
                numbers.push(known);
                continue;
            }
            numbers.push(self.modules.len());
            let function = self.load_module(module, &numbers, None)?;
            closures.push(self.heap.closure(function, &[]));
        }
        Ok(closures)
    }

    /// The value of any top-level name of a module that was loaded last under that name.
    pub fn global(&self, module: &str, name: &str) -> Option<Value> {
        let module = self.modules.iter().rfind(|known| &*known.code.name == module)?;
        let slot = module.code.slots.iter().position(|slot| &**slot == name)?;
        let value = self.slots[module.first_slot as usize + slot];
        (!value.is_unset()).then_some(value)
    }

    /// The number and the value of a module that has been loaded.
    pub fn loaded_module(&self, code: &Arc<ModuleCode>) -> Option<(u32, Value)> {
        let number = self.modules.iter().rposition(|known| Arc::ptr_eq(&known.code, code))?;
        Some((u32::try_from(number).ok()?, self.modules[number].value))
    }

    /// The closure of a `test` block of a module that was loaded last under that name.
    pub fn test_closure(&mut self, module: &str, test: usize) -> Option<Value> {
        let module = self.modules.iter().rfind(|known| &*known.code.name == module)?;
        let function = module.first_function + module.code.tests.get(test)?.function;
        Some(self.heap.closure(function, &[]))
    }

    /// How many parameters a closure has; nothing for any other value.
    pub fn parameter_count(&self, callee: Value) -> Option<usize> {
        let function = self.heap.closure_ref(callee)?.function();
        let info = self.infos.get(function as usize)?;
        Some(info.code().params.len())
    }

    /// Loads and runs the module of core methods written in Kettle, the last one of the program.
    ///
    /// # Errors
    /// When it cannot be loaded, or its top-level code does not just end.
    pub fn load_core(&mut self, program: &Program) -> Result<(), LoadError> {
        self.load_and_run(program)?;
        let mut functions = HashMap::default();
        if let Some(module) = self.modules.last() {
            for (slot, name) in module.code.slots.iter().enumerate() {
                functions.insert(name.clone(), self.slots[module.first_slot as usize + slot]);
            }
        }
        self.registry.core = Some(functions);
        Ok(())
    }

    /// Loads and runs a standard module written in Kettle, the last one of the program, and makes
    /// what it exports members of the standard module `name`. Gives whether that is news: nothing
    /// happens if it has been loaded before.
    ///
    /// # Errors
    /// When it cannot be loaded, or its top-level code does not just end.
    pub fn load_library(&mut self, name: &str, program: &Program) -> Result<bool, LoadError> {
        let Some(last) = program.modules.last() else { return Ok(false) };
        if self.modules.iter().any(|known| known.code.name == last.name) {
            return Ok(false);
        }
        self.load_and_run(program)?;
        let module = self.modules.last().map(|module| module.value).unwrap_or_default();
        let exports = self.heap.module_ref(module).map(|module| module.exports.clone());
        for (member, place) in exports.unwrap_or_default() {
            let value = match place {
                ModuleMember::Value(value) => value,
                ModuleMember::Slot(slot) => self.slots[slot as usize],
            };
            self.define_member(name, &member, value);
        }
        Ok(true)
    }

    /// Loads modules of the library and runs them. Their top levels need nothing of the loop.
    fn load_and_run(&mut self, program: &Program) -> Result<(), LoadError> {
        // A native may be waiting for this with its tail call.
        let (running, tail) = (self.running, self.tail.take());
        let mut ended = Ok(());
        for closure in self.load(program, 0)? {
            let fiber = self.new_fiber(closure, &[], None);
            let outcome = self.run_plain(fiber);
            self.free_fiber(fiber);
            if !matches!(outcome, Exit::Return(_)) {
                ended = Err(LoadError::LibraryFailed(self.describe_exit(&outcome)));
                break;
            }
        }
        (self.running, self.tail) = (running, tail);
        ended
    }

    /// Why the top level of a module of the library did not come to its end.
    fn describe_exit(&self, exit: &Exit) -> String {
        match exit {
            Exit::Throw(error) => {
                format!("{}: {}", self.type_name(*error), self.error_message(*error))
            }
            exit => format!("{exit:?}"),
        }
    }

    /// Runs a fiber that needs nothing of the loop.
    fn run_plain(&mut self, fiber: super::FiberId) -> Exit {
        let fuel = self.fuel_left();
        let interrupt = self.interrupt.swap(0, Ordering::Relaxed);
        let exit = loop {
            match self.run(fiber) {
                Exit::Collect => {}
                Exit::Budget => {
                    // It is not the program's own code: it neither costs nor waits.
                    self.set_fuel(i64::MAX);
                    self.interrupt.store(0, Ordering::Relaxed);
                }
                exit => break exit,
            }
        };
        self.interrupt.fetch_or(interrupt, Ordering::Relaxed);
        self.set_fuel(fuel);
        exit
    }

    pub(super) fn load_module(
        &mut self,
        code: &Arc<ModuleCode>,
        numbers: &[usize],
        given: Option<&HashMap<Arc<str>, u32>>,
    ) -> Result<u32, LoadError> {
        if cfg!(debug_assertions) {
            verify_loaded(code).map_err(|problem| LoadError::Invalid(problem.to_string()))?;
        }
        let first_function = self.functions.len() as u32;
        let first_constant = self.constants.len() as u32;
        let first_slot = self.slots.len() as u32;
        let first_class = self.class_count;
        for constant in &code.constants {
            let value = self.constant(constant, numbers)?;
            self.constants.push(value);
        }
        self.class_count += code.classes.len() as u32;
        let mut slots: Vec<u32> = match given {
            Some(given) => code.slots.iter().filter_map(|name| given.get(name).copied()).collect(),
            None => code.slots.iter().map(|name| self.add_slot(name.clone())).collect(),
        };
        for import in &code.imports {
            if import.module == SESSION {
                slots.push(import.slot);
                continue;
            }
            let module = numbers.get(import.module as usize).and_then(|n| self.modules.get(*n));
            let has_slot = |known: &&LoadedModule| (import.slot as usize) < known.code.slots.len();
            let module = module.filter(has_slot);
            let module = module.ok_or_else(|| LoadError::MissingModule(code.name.to_string()))?;
            slots.push(module.first_slot + import.slot);
        }
        let exports = code
            .exports
            .iter()
            .map(|export| (export.name.clone(), ModuleMember::Slot(slots[export.slot as usize])));
        let name = Path::new(&*code.name).file_stem().and_then(OsStr::to_str);
        let name = name.map_or_else(|| code.name.clone(), Arc::from);
        let value = Module { name, is_built_in: false, exports: exports.collect() };
        let value = self.heap.module(value);
        // The value is a root from here on.
        self.constants.push(value);
        let module_index = Some(self.modules.len() as u32);
        let relocation = Relocation { first_function, first_constant, slots: &slots };
        self.add_functions(code, module_index, first_class, &relocation);
        self.modules.push(LoadedModule {
            code: code.clone(),
            first_function,
            first_constant,
            first_slot,
            first_class,
            slots,
            value,
        });
        Ok(first_function)
    }

    fn add_functions(
        &mut self,
        module: &Arc<ModuleCode>,
        module_index: Option<u32>,
        first_class: u32,
        relocation: &Relocation<'_>,
    ) {
        for (function, index) in module.functions.iter().zip(0..) {
            let code = match function.body.packed_length() {
                // Wherever it is gone to, its code is read before anything of it is carried out.
                Some(length) => vec![Instruction::new(Opcode::ReadBody, 0, 0, 0, 0); length],
                None => relocated(&function.body.code, relocation),
            };
            self.heap.name_function(self.functions.len() as u32, function.name.clone());
            self.functions.push(Function::new(code, function));
            self.infos.push(FunctionInfo {
                module: module.clone(),
                module_index,
                index,
                class: function.class.map(|class| first_class + class),
            });
        }
    }

    /// Reads the code of a function of the library that is carried out, or unwound, for the first time.
    ///
    /// # Errors
    /// When the code is not valid. None of it is ever carried out then.
    pub(super) fn read_body(&mut self, number: u32) -> Result<(), LoadError> {
        let function = &self.functions[number as usize];
        if function.is_read() {
            return Ok(());
        }
        let info = &self.infos[number as usize];
        let module = info.module_index.and_then(|module| self.modules.get(module as usize));
        let module =
            module.ok_or_else(|| LoadError::MissingModule(info.module.name.to_string()))?;
        let body = &info.code().body.code;
        let invalid = |reason: String| LoadError::Invalid(reason);
        verify_body(&info.module, info.index as usize).map_err(|why| invalid(why.to_string()))?;
        if body.len() != function.code.len() {
            return Err(invalid("it has not the length that it says".to_owned()));
        }
        let relocation = Relocation {
            first_function: module.first_function,
            first_constant: module.first_constant,
            slots: &module.slots,
        };
        for (cell, instruction) in function.code.iter().zip(relocated(body, &relocation)) {
            cell.set(instruction);
        }
        Ok(())
    }

    /// Loads a function that the VM itself has made. Its constants are numbers in the VM's table.
    pub(super) fn load_synthetic(&mut self, functions: Vec<FunctionCode>) -> u32 {
        let first = self.functions.len() as u32;
        let module = ModuleCode {
            name: Arc::from("<kettle>"),
            source: crate::diagnostics::SourceId::default(),
            functions,
            constants: Vec::new(),
            classes: Vec::new(),
            selects: Vec::new(),
            slots: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
            main: None,
            tests: Vec::new(),
        };
        let relocation = Relocation { first_function: first, first_constant: 0, slots: &[] };
        self.add_functions(&Arc::new(module), None, 0, &relocation);
        first
    }

    /// A constant of the VM's own code.
    pub(super) fn add_constant(&mut self, value: Value) -> i32 {
        self.constants.push(value);
        i32::try_from(self.constants.len() - 1).expect("memory ends before constants do")
    }

    fn constant(&mut self, constant: &Constant, numbers: &[usize]) -> Result<Value, LoadError> {
        let unknown = |name: String| LoadError::UnknownName(name);
        Ok(match constant {
            Constant::Int(number) => Value::int(*number),
            Constant::Float(number) => Value::float(*number),
            Constant::Duration(nanoseconds) => Value::duration(*nanoseconds),
            Constant::Str(text) => self.heap.intern(text),
            Constant::Bytes(bytes) => self.heap.bytes(bytes),
            Constant::Prelude(name) => {
                self.prelude(name).ok_or_else(|| unknown(name.to_string()))?
            }
            Constant::Module(name) => {
                self.known_module(name).ok_or_else(|| unknown(name.to_string()))?
            }
            Constant::Member(module, name) => {
                let path = || unknown(format!("{module}.{name}"));
                let module = self.known_module(module).ok_or_else(path)?;
                match self.module_member(module, name) {
                    Some(ModuleMember::Value(value)) => value,
                    _ => return Err(path()),
                }
            }
            Constant::FileModule(number) => {
                let module = numbers.get(*number as usize).and_then(|n| self.modules.get(*n));
                module.ok_or_else(|| LoadError::MissingModule(format!("number {number}")))?.value
            }
        })
    }

    /// Loads what every VM has: the class of errors. The others inherit from it, it brings code with it, and
    /// while a module is loaded no other code may come.
    pub(super) fn load_own_code(&mut self) {
        self.error_class(ErrorKind::Error);
    }

    /// The function that makes errors: it sets the fields that a script may give.
    pub(super) fn make_error_init(&mut self) -> Value {
        let mut fields = Vec::new();
        for name in ["message", "cause", "data"] {
            let constant = self.heap.intern(name);
            fields.push((Arc::from(name), self.add_constant(constant), true));
        }
        let init = setter("Error", &fields, true);
        let init = self.load_synthetic(vec![init]);
        self.heap.closure(init, &[])
    }
}

/// A method that sets fields of `self` from its parameters: name, name constant, may be left out.
/// A parameter that is left out leaves its field alone, or makes it null if `clears`.
pub(super) fn setter(name: &str, fields: &[(Arc<str>, i32, bool)], clears: bool) -> FunctionCode {
    let mut code = Vec::new();
    for ((_, constant, optional), register) in fields.iter().zip(1..) {
        let set = Instruction::new(Opcode::SetField, 0, register, 0, *constant);
        if *optional && clears {
            code.push(Instruction::new(Opcode::JumpIfSet, register, 0, 0, 2));
            code.push(Instruction::new(Opcode::LoadNull, register, 0, 0, 0));
        } else if *optional {
            code.push(Instruction::new(Opcode::JumpIfSet, register, 0, 0, 2));
            code.push(Instruction::new(Opcode::Jump, 0, 0, 0, 2));
        }
        code.push(set);
    }
    code.push(Instruction::new(Opcode::ReturnNull, 0, 0, 0, 0));
    let params = fields
        .iter()
        .map(|(name, _, optional)| ParamCode { name: name.clone(), optional: *optional });
    FunctionCode {
        name: Arc::from(name),
        params: params.collect(),
        has_self: true,
        registers: fields.len() as u8 + 1,
        closure_register: 255,
        body: unplaced(code),
        ..FunctionCode::default()
    }
}

/// Checks what is there. What a function of an archive does is checked when that is read.
fn verify_loaded(code: &ModuleCode) -> Result<(), VerifyError> {
    verify_outline(code)?;
    let read = |index: &usize| code.functions[*index].body.packed_length().is_none();
    (0..code.functions.len()).filter(read).try_for_each(|index| verify_body(code, index))
}

/// Code with the numbers of the VM, and its pairs.
fn relocated(code: &[Instruction], relocation: &Relocation<'_>) -> Vec<Instruction> {
    let mut code: Vec<Instruction> = code.iter().map(|at| relocate(*at, relocation)).collect();
    pair::join(&mut code);
    code
}

/// The body of a function that stands nowhere in the source.
pub(super) fn unplaced(code: Vec<Instruction>) -> Body {
    let places = vec![Span::default(); code.len()][..].into();
    BodyCode { code, places, ..BodyCode::default() }.into()
}

fn relocate(mut at: Instruction, relocation: &Relocation<'_>) -> Instruction {
    at.imm = match at.op.layout().imm {
        Immediate::Const | Immediate::Name | Immediate::Float => {
            at.imm + relocation.first_constant as i32
        }
        Immediate::Function => at.imm + relocation.first_function as i32,
        Immediate::Slot => relocation.slots[at.imm as usize] as i32,
        Immediate::None
        | Immediate::Int
        | Immediate::Swapped
        | Immediate::Jump
        | Immediate::JumpOrNone
        | Immediate::Class
        | Immediate::Select => at.imm,
    };
    FrameWord::into_call(at)
}
