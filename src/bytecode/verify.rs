//! The verifier: what the VM takes for granted of compiled code is checked here, once.
//!
//! It reads the operand kinds of the opcode table and knows nothing of what instructions do. The
//! VM runs it on load in debug builds; code that passes cannot make it read outside a frame, a
//! table or the code itself.

use std::fmt;

use super::body::BodyCode;
use super::instruction::Instruction;
use super::op::{Immediate, NO_REGISTER, Opcode, Operand};
use super::program::{
    Capture, Constant, FieldDefault, FunctionCode, HandlerKind, ModuleCode, SESSION, SelectArmKind,
};

/// Registers that a frame has at most.
pub const REGISTERS_MAX: u8 = 250;

/// The rule that a module breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// Index of the function, if it is about one.
    pub function: Option<usize>,
    /// Index of the instruction, if it is about one.
    pub pc: Option<usize>,
    /// The broken rule.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = self.function {
            write!(out, "function {function}")?;
            if let Some(pc) = self.pc {
                write!(out, ", instruction {pc}")?;
            }
            out.write_str(": ")?;
        }
        out.write_str(&self.message)
    }
}

impl std::error::Error for VerifyError {}

impl VerifyError {
    fn of(function: usize, (pc, message): (Option<usize>, String)) -> VerifyError {
        VerifyError { function: Some(function), pc, message }
    }
}

/// Checks a module; the first broken rule is reported.
pub fn verify(module: &ModuleCode) -> Result<(), VerifyError> {
    verify_outline(module)?;
    (0..module.functions.len()).try_for_each(|index| verify_body(module, index))
}

/// Checks all of a module but what its functions do.
pub fn verify_outline(module: &ModuleCode) -> Result<(), VerifyError> {
    let fail = |message: String| Err(VerifyError { function: None, pc: None, message });
    if module.functions.is_empty() {
        return fail("a module has at least its top-level function".into());
    }
    if let Some(export) = module.exports.iter().find(|e| e.slot as usize >= module.slots.len()) {
        return fail(format!("export `{}` names slot {} of none", export.name, export.slot));
    }
    if module.main.is_some_and(|slot| slot as usize >= module.slots.len()) {
        return fail("`main` names a slot that is none".into());
    }
    let is_function = |function: u32| (function as usize) < module.functions.len();
    if let Some(test) = module.tests.iter().find(|test| !is_function(test.function)) {
        return fail(format!("test `{}` names function {} of none", test.name, test.function));
    }
    for class in &module.classes {
        let functions = class.members.iter().map(|member| member.function);
        let made = class.variants.iter().filter_map(|variant| variant.constructor);
        if let Some(function) =
            functions.chain(class.initializer).chain(made).find(|function| !is_function(*function))
        {
            return fail(format!("class `{}` names function {function} of none", class.name));
        }
        for field in &class.fields {
            if let FieldDefault::Constant(index) = field.default
                && index as usize >= module.constants.len()
            {
                return fail(format!("class `{}` names constant {index} of none", class.name));
            }
        }
    }
    module.functions.iter().enumerate().try_for_each(|(index, function)| {
        Frame { module, function }.check().map_err(|broken| VerifyError::of(index, *broken))
    })
}

/// Checks what a function of a module does whose outline is sound.
pub fn verify_body(module: &ModuleCode, index: usize) -> Result<(), VerifyError> {
    let function = &module.functions[index];
    let check = FunctionCheck { module, function, body: &function.body, pc: None };
    check.run().map_err(|broken| VerifyError::of(index, *broken))
}

/// Whether `await_result` of the same register has to follow.
fn is_awaited_call(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::CallAwait
            | Opcode::CallKnownAwait
            | Opcode::InvokeAwait
            | Opcode::CallSpreadAwait
            | Opcode::InvokeSpreadAwait
            | Opcode::SuperAwait
            | Opcode::SuperSpreadAwait
    )
}

/// Where a rule is broken, and how. In a box, as nearly always there is none of it.
type Broken = Box<(Option<usize>, String)>;

/// Goes on if a rule holds.
#[inline(always)]
fn ensure(holds: bool, pc: Option<usize>, message: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(broken(pc, message)) }
}

#[cold]
fn broken(pc: Option<usize>, message: impl FnOnce() -> String) -> Broken {
    Box::new((pc, message()))
}

/// What is known of a function before it is looked at what it does.
struct Frame<'a> {
    module: &'a ModuleCode,
    function: &'a FunctionCode,
}

impl Frame<'_> {
    fn check(self) -> Result<(), Broken> {
        let Frame { module, function } = self;
        let registers = function.registers;
        let ensure = |holds, message: &str| ensure(holds, None, || message.to_owned());
        let few = registers <= REGISTERS_MAX;
        ensure(few, "so many registers are too many")?;
        let taken = function.params.len() + usize::from(function.has_self);
        ensure(taken <= usize::from(registers), "parameters need registers")?;
        ensure(
            !function.has_rest || !function.params.is_empty(),
            "a rest parameter is a parameter",
        )?;
        let captures = !function.captures.is_empty();
        let closure = function.closure_register;
        let has_register = captures == (closure != NO_REGISTER);
        ensure(has_register, "a function has a closure register if it captures, and only then")?;
        ensure(!captures || closure < registers, "the closure register is one of the frame")?;
        let of_module = |class: u32| (class as usize) < module.classes.len();
        ensure(
            function.class.is_none_or(of_module),
            "a function belongs to a class of the module",
        )?;
        let generator = function.generator_register;
        let in_frame = generator.is_none_or(|register| register < registers);
        ensure(in_frame, "a generator has a register")
    }
}

/// What a function does.
struct FunctionCheck<'a> {
    module: &'a ModuleCode,
    function: &'a FunctionCode,
    body: &'a BodyCode,
    pc: Option<usize>,
}

impl FunctionCheck<'_> {
    fn run(mut self) -> Result<(), Broken> {
        self.ends()?;
        for pc in 0..self.body.code.len() {
            self.pc = Some(pc);
            self.instruction(pc)?;
        }
        self.pc = None;
        self.handlers()
    }

    #[inline(always)]
    fn ensure(&self, holds: bool, message: impl FnOnce() -> String) -> Result<(), Broken> {
        ensure(holds, self.pc, message)
    }

    fn ends(&self) -> Result<(), Broken> {
        let body = self.body;
        self.ensure(body.places.len() == body.code.len(), || {
            "each instruction has a place".into()
        })?;
        let last = body.code.last().map(|instruction| instruction.op);
        let ends = matches!(
            last,
            Some(
                Opcode::Return
                    | Opcode::ReturnNull
                    | Opcode::Jump
                    | Opcode::Loop
                    | Opcode::Throw
                    | Opcode::AssertFail
                    | Opcode::MatchError
            )
        );
        self.ensure(ends, || "code ends in a return, jump or throw".into())
    }

    fn instruction(&self, pc: usize) -> Result<(), Broken> {
        let instruction = self.body.code[pc];
        self.ensure(!instruction.op.is_quickened(), || {
            format!("{} is written by the VM alone", instruction.op.text())
        })?;
        let layout = instruction.op.layout();
        self.operand(layout.a, instruction.a, instruction, "a")?;
        self.operand(layout.b, instruction.b, instruction, "b")?;
        self.operand(layout.c, instruction.c, instruction, "c")?;
        self.immediate(layout.imm, instruction, pc)?;
        self.extra(instruction, pc)
    }

    fn operand(
        &self,
        kind: Operand,
        value: u8,
        instruction: Instruction,
        place: &str,
    ) -> Result<(), Broken> {
        let end = match kind {
            Operand::None => {
                return self.ensure(value == 0, || format!("unused operand {place} is {value}"));
            }
            Operand::Swapped => {
                return self.ensure(value <= 1, || format!("flag {place} is {value}"));
            }
            Operand::Byte | Operand::Small | Operand::Half => return Ok(()),
            Operand::SrcOrNone if value == NO_REGISTER => return Ok(()),
            Operand::Dst | Operand::Src | Operand::Mut | Operand::SrcOrNone => 1,
            Operand::Window => usize::from(instruction.c) + 1,
            Operand::Base => usize::from(instruction.c),
            Operand::Pair => 2,
            Operand::Triple => 3,
            Operand::Quad => 4,
        };
        let registers = self.function.registers;
        self.ensure(usize::from(value) + end <= usize::from(registers), || {
            format!("operand {place}: {end} registers from {value} on, of {registers}")
        })
    }

    fn immediate(
        &self,
        kind: Immediate,
        instruction: Instruction,
        pc: usize,
    ) -> Result<(), Broken> {
        let imm = instruction.imm;
        let module = self.module;
        let index = |count: usize, what: &str| {
            let fits = usize::try_from(imm).is_ok_and(|index| index < count);
            self.ensure(fits, || format!("{what} {imm} of {count}"))
        };
        match kind {
            Immediate::None => self.ensure(imm == 0, || format!("unused immediate is {imm}")),
            Immediate::Int => Ok(()),
            Immediate::Swapped => self.ensure(imm == 0 || imm == 1, || format!("flag is {imm}")),
            Immediate::JumpOrNone if imm == 0 => Ok(()),
            Immediate::Jump | Immediate::JumpOrNone => {
                let target = pc as i64 + i64::from(imm);
                self.ensure((0..self.body.code.len() as i64).contains(&target), || {
                    format!("jump to {target}, outside the code")
                })?;
                let costs_fuel = matches!(
                    instruction.op,
                    Opcode::Loop
                        | Opcode::LoopIf
                        | Opcode::LoopNe
                        | Opcode::LoopLt
                        | Opcode::LoopLe
                        | Opcode::LoopNeNull
                        | Opcode::LoopNeInt
                        | Opcode::LoopLtInt
                        | Opcode::LoopLeInt
                        | Opcode::LoopGtInt
                        | Opcode::LoopGeInt
                        | Opcode::Next
                        | Opcode::NextPair
                        | Opcode::RangeLoop
                        | Opcode::AskOrder
                );
                self.ensure(imm > 0 || costs_fuel, || {
                    format!("{} jumps back without cost", instruction.op.text())
                })
            }
            Immediate::Const => index(module.constants.len(), "constant"),
            Immediate::Name => {
                index(module.constants.len(), "constant")?;
                self.name(imm as usize)
            }
            Immediate::Float => {
                index(module.constants.len(), "constant")?;
                let is_float =
                    matches!(module.constants.get(imm as usize), Some(Constant::Float(_)));
                self.ensure(is_float, || format!("constant {imm} is no float"))
            }
            Immediate::Slot => index(module.slots.len() + module.imports.len(), "slot"),
            Immediate::Function => index(module.functions.len(), "function"),
            Immediate::Class => index(module.classes.len(), "class"),
            Immediate::Select => index(module.selects.len(), "select"),
        }
    }

    fn name(&self, constant: usize) -> Result<(), Broken> {
        let is_name = matches!(self.module.constants.get(constant), Some(Constant::Str(_)));
        self.ensure(is_name, || format!("constant {constant} is no name"))
    }

    /// What the operand kinds cannot say.
    fn extra(&self, instruction: Instruction, pc: usize) -> Result<(), Broken> {
        let Instruction { op, a, b, c, imm } = instruction;
        let captures = self.function.captures.len();
        if is_awaited_call(op) {
            let next = self.body.code.get(pc + 1);
            let follows = next.is_some_and(|next| next.op == Opcode::AwaitResult && next.a == a);
            self.ensure(follows, || "an awaited call is followed by await_result".into())?;
        }
        match op {
            Opcode::GetUpvalue | Opcode::GetUpvalueCell | Opcode::SetUpvalueCell => self
                .ensure(usize::from(b) < captures && c == self.function.closure_register, || {
                    format!("upvalue {b} of {captures}")
                }),
            Opcode::SetSlot => {
                let own = self.module.slots.len();
                let import =
                    (imm as usize).checked_sub(own).and_then(|at| self.module.imports.get(at));
                let may = (imm as usize) < own || import.is_some_and(|it| it.module == SESSION);
                self.ensure(may, || format!("slot {imm} of another module is written"))
            }
            Opcode::Closure => self.captures(imm as u32, c),
            Opcode::Class | Opcode::Enum | Opcode::Statics => {
                let class = &self.module.classes[imm as usize];
                let members = class.members.iter().map(|member| member.function);
                let made = class.variants.iter().filter_map(|variant| variant.constructor);
                let functions = members.chain(class.initializer).chain(made);
                functions.into_iter().try_for_each(|f| self.captures(f, c))
            }
            Opcode::CallKnown | Opcode::CallKnownAwait => self.known_call(imm as usize, c),
            Opcode::Invoke | Opcode::InvokeAwait | Opcode::Super | Opcode::SuperAwait => {
                self.ensure(c >= 1, || "a method call has a receiver".into())
            }
            Opcode::NewRange => self.ensure((0..8).contains(&imm), || format!("range flags {imm}")),
            Opcode::ScopeEnter => self.scope_enter(imm, c),
            Opcode::Spawn | Opcode::SpawnSpread => {
                self.ensure((0..8).contains(&imm), || format!("spawn flags {imm}"))
            }
            Opcode::Format | Opcode::AssertFail => self.name(imm as usize),
            Opcode::Select => self.select(imm as usize),
            Opcode::Generator => self.generator(a, c),
            Opcode::Yield => self.generator(b, c),
            _ => Ok(()),
        }
    }

    fn known_call(&self, function: usize, count: u8) -> Result<(), Broken> {
        let callee = &self.module.functions[function];
        let fits = callee.params.len() == usize::from(count)
            && !callee.has_rest
            && !callee.has_self
            && callee.captures.is_empty();
        self.ensure(fits, || format!("function {function} cannot be called with {count} arguments"))
    }

    fn generator(&self, register: u8, live: u8) -> Result<(), Broken> {
        self.ensure(self.function.generator_register == Some(register), || {
            format!("register {register} does not hold the generator")
        })?;
        let fits = register < live && live <= self.function.registers;
        self.ensure(fits, || format!("a generator keeps {live} registers"))
    }

    fn scope_enter(&self, kind: i32, options: u8) -> Result<(), Broken> {
        let wanted = match kind {
            0 => 3,
            1 | 2 => 1,
            3 | 4 => 0,
            _ => return self.ensure(false, || format!("scope kind {kind}")),
        };
        self.ensure(options == wanted, || format!("scope kind {kind} with {options} options"))
    }

    /// Captures of function `made` fit this frame, whose closure is in `closure`.
    fn captures(&self, made: u32, closure: u8) -> Result<(), Broken> {
        for capture in &self.module.functions[made as usize].captures {
            let fits = match *capture {
                Capture::Register(register) => register < self.function.registers,
                Capture::Upvalue(index) => {
                    usize::from(index) < self.function.captures.len()
                        && closure == self.function.closure_register
                }
            };
            self.ensure(fits, || format!("function {made} captures {capture:?}, which is none"))?;
        }
        Ok(())
    }

    fn select(&self, index: usize) -> Result<(), Broken> {
        let registers = u16::from(self.function.registers);
        for arm in &self.module.selects[index].arms {
            let more = match arm.kind {
                SelectArmKind::Value => 0,
                SelectArmKind::Call(count) => u16::from(count),
                SelectArmKind::Invoke(name, count) => {
                    self.name(name as usize)?;
                    u16::from(count)
                }
                SelectArmKind::CallSpread => 2,
                SelectArmKind::InvokeSpread(name) => {
                    self.name(name as usize)?;
                    3
                }
            };
            let fits =
                u16::from(arm.enabled) < registers && u16::from(arm.register) + more < registers;
            self.ensure(fits, || format!("an arm of select {index} needs more registers"))?;
        }
        Ok(())
    }

    fn handlers(&self) -> Result<(), Broken> {
        let length = self.body.code.len() as u32;
        let handlers = &self.body.handlers;
        for (index, handler) in handlers.iter().enumerate() {
            self.ensure(handler.start < handler.end && handler.end <= length, || {
                format!("handler {index} protects {}..{}", handler.start, handler.end)
            })?;
            let written = if handler.kind == HandlerKind::Catch { 1 } else { 2 };
            let end = u16::from(handler.register) + written;
            self.ensure(end <= u16::from(self.function.registers), || {
                format!("handler {index} writes register {}", handler.register)
            })?;
            let jumps = handler.kind != HandlerKind::Guard;
            self.ensure(!jumps || handler.target < length, || {
                format!("handler {index} goes on at {}", handler.target)
            })?;
            for (earlier, inner) in handlers[..index].iter().enumerate() {
                let apart = inner.end <= handler.start || handler.end <= inner.start;
                let nested = handler.start <= inner.start && inner.end <= handler.end;
                self.ensure(apart || nested, || {
                    format!("handler {earlier} is not inside handler {index}, which comes later")
                })?;
            }
        }
        Ok(())
    }
}
