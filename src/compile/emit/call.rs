//! Calls: the window of callee and arguments, and the instruction that fits it.

use super::Emitter;
use super::chain::Subject;
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::SelectArmKind;
use crate::compile::resolve::{Binding, FnId, VarKind};
use crate::diagnostics::Span;
use crate::syntax::ast::{Argument, ExprId, Name};

/// More arguments than this are passed as a list.
const POSITIONAL_MAX: usize = 32;

/// What is done with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallMode {
    /// Called.
    Plain,
    /// Called and awaited.
    Await,
    /// Started as a task of the scope in that register, with the flags of the instruction.
    Spawn { owner: Reg, flags: i32 },
    /// Left as a window for a `select`.
    Arm,
}

/// How the arguments of a call stand in its window.
enum Arguments {
    /// So many registers.
    Plain(u8),
    /// A list and a map.
    Spread,
}

/// Whether arguments get a register each.
fn are_plain(arguments: &[Argument]) -> bool {
    arguments.len() <= POSITIONAL_MAX
        && arguments.iter().all(|argument| matches!(argument, Argument::Value(_)))
}

impl Emitter<'_> {
    /// Calls what a chain has come to.
    pub(super) fn call(
        &mut self,
        subject: Subject,
        arguments: &[Argument],
        base: Reg,
        out: Reg,
        (mode, span): (CallMode, Span),
    ) {
        if matches!(mode, CallMode::Plain | CallMode::Await)
            && let Some(function) = self.known_callee(&subject, arguments)
        {
            let Arguments::Plain(count) = self.arguments(arguments) else { return };
            let index = self.function_index(function);
            let awaited = mode == CallMode::Await;
            let op = if awaited { Opcode::CallKnownAwait } else { Opcode::CallKnown };
            self.at(span, |this| {
                this.f.asm.emit(op, base.0, 0, count, index as i32);
                this.call_done(base, out, awaited);
            });
            return;
        }
        let passes_on = self.is_core && mode == CallMode::Plain && self.is_local(&subject);
        let callee = match mode {
            CallMode::Plain | CallMode::Await => self.callee_in_place(&subject, arguments),
            CallMode::Spawn { .. } | CallMode::Arm => None,
        };
        if callee.is_none() {
            self.load_subject(subject, base);
        }
        let callee = callee.unwrap_or(base);
        if passes_on && let Arguments::Plain(count) = self.arguments(arguments) {
            self.at(span, |this| {
                this.f.asm.emit(Opcode::CallEither, base.0, callee.0, count, 0);
                this.call_done(base, out, false);
            });
            return;
        }
        self.call_from(callee, base, arguments, out, (mode, span));
    }

    /// The register of a variable that can be called where it is: its arguments do not assign it.
    fn callee_in_place(&self, subject: &Subject, arguments: &[Argument]) -> Option<Reg> {
        let Subject::Binding(Binding::Variable(var), _) = subject else { return None };
        let register = self.register_of(*var)?;
        let keeps = |argument: &Argument| {
            matches!(argument, Argument::Value(id)
                if !self.can_change(*var) || !self.names.assigning.contains(id))
        };
        (are_plain(arguments) && arguments.iter().all(keeps)).then_some(register)
    }

    /// A function of this module that is called by its number: nothing can have changed its name,
    /// it captures nothing, and it takes exactly these arguments.
    fn known_callee(&self, subject: &Subject, arguments: &[Argument]) -> Option<FnId> {
        let Subject::Binding(Binding::Variable(var), _) = subject else { return None };
        if self.is_entry {
            // A later entry may declare the name again.
            return None;
        }
        let variable = self.names.variable(*var);
        let VarKind::Function(function) = variable.kind else { return None };
        let declaration = self.declarations.get(&function)?;
        let exact = arguments.len() == declaration.params.len()
            && are_plain(arguments)
            && !declaration.params.iter().any(|param| param.rest);
        let plain = self.names.function(function).captures.is_empty();
        (exact && plain).then_some(function)
    }

    /// Whether a parameter or a local variable is called.
    fn is_local(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Binding(Binding::Variable(var), _) => !self.names.variable(*var).top_level,
            _ => false,
        }
    }

    /// Calls what is in the first register of a window.
    pub(super) fn call_window(
        &mut self,
        base: Reg,
        arguments: &[Argument],
        out: Reg,
        how: (CallMode, Span),
    ) {
        self.call_from(base, base, arguments, out, how);
    }

    /// Calls what is in a register: in that of the window unless the arguments are plain, and it is a
    /// mere call.
    fn call_from(
        &mut self,
        callee: Reg,
        base: Reg,
        arguments: &[Argument],
        out: Reg,
        (mode, span): (CallMode, Span),
    ) {
        let form = self.arguments(arguments);
        let before = self.f.asm.set_span(span);
        match (form, mode) {
            (Arguments::Plain(count), CallMode::Plain) => {
                self.f.asm.emit(Opcode::Call, base.0, callee.0, count, 0);
            }
            (Arguments::Plain(count), CallMode::Await) => {
                self.f.asm.emit(Opcode::CallAwait, base.0, callee.0, count, 0);
            }
            (Arguments::Plain(count), CallMode::Spawn { owner, flags }) => {
                self.f.asm.emit(Opcode::Spawn, base.0, owner.0, count, flags);
            }
            (Arguments::Plain(count), CallMode::Arm) => {
                self.arm = Some((base, SelectArmKind::Call(count)));
            }
            (Arguments::Spread, CallMode::Plain) => self.op1(Opcode::CallSpread, base),
            (Arguments::Spread, CallMode::Await) => self.op1(Opcode::CallSpreadAwait, base),
            (Arguments::Spread, CallMode::Spawn { owner, flags }) => {
                self.op_imm(Opcode::SpawnSpread, base, owner, flags);
            }
            (Arguments::Spread, CallMode::Arm) => {
                self.arm = Some((base, SelectArmKind::CallSpread));
            }
        }
        if mode != CallMode::Arm {
            self.call_done(base, out, mode == CallMode::Await);
        }
        self.f.asm.set_span(before);
    }

    /// Calls a method of what is in the second register of a window.
    pub(super) fn invoke(
        &mut self,
        name: Name,
        arguments: &[Argument],
        base: Reg,
        out: Reg,
        (mode, span): (CallMode, Span),
    ) {
        let form = self.arguments(arguments);
        let constant = self.symbol_constant(name.symbol);
        let before = self.f.asm.set_span(span);
        let awaited = mode == CallMode::Await;
        match form {
            Arguments::Plain(count) if mode == CallMode::Arm => {
                self.arm = Some((base, SelectArmKind::Invoke(constant as u32, count + 1)));
            }
            Arguments::Plain(count) => {
                let op = if awaited { Opcode::InvokeAwait } else { Opcode::Invoke };
                self.f.asm.emit(op, base.0, 0, count + 1, constant);
            }
            Arguments::Spread if mode == CallMode::Arm => {
                self.arm = Some((base, SelectArmKind::InvokeSpread(constant as u32)));
            }
            Arguments::Spread => {
                let op = if awaited { Opcode::InvokeSpreadAwait } else { Opcode::InvokeSpread };
                self.op_imm(op, base, Reg(0), constant);
            }
        }
        if mode != CallMode::Arm {
            self.call_done(base, out, awaited);
        }
        self.f.asm.set_span(before);
    }

    /// `super.name(…)`: the method of the parent class, on `self`.
    /// `super.name` that is not called: what a getter gives, or a method with its receiver.
    pub(super) fn super_member(&mut self, root: ExprId, name: Name, out: Reg) {
        let Some(&parent) = self.names.receivers.get(&root) else { return };
        let Some(&self_var) = self.names.super_selfs.get(&root) else { return };
        let mark = self.mark();
        let (receiver, class) = (self.alloc(), self.alloc());
        self.load_variable(self_var, receiver);
        self.load_variable(parent, class);
        let constant = self.symbol_constant(name.symbol);
        self.at(name.span, |this| {
            this.f.asm.emit(Opcode::GetSuper, out.0, receiver.0, class.0, constant);
        });
        self.release(mark);
    }

    pub(super) fn super_call(
        &mut self,
        root: ExprId,
        name: Name,
        arguments: &[Argument],
        base: Reg,
        out: Reg,
        (mode, span): (CallMode, Span),
    ) {
        let Some(&parent) = self.names.receivers.get(&root) else { return };
        let Some(&self_var) = self.names.super_selfs.get(&root) else { return };
        if matches!(mode, CallMode::Spawn { .. } | CallMode::Arm) {
            // The method is bound first: a task and an arm begin with a call.
            self.super_member(root, name, base);
            self.call_window(base, arguments, out, (mode, span));
            return;
        }
        let receiver = self.alloc();
        self.load_variable(self_var, receiver);
        let form = self.arguments(arguments);
        let constant = self.symbol_constant(name.symbol);
        let class = self.alloc();
        self.load_variable(parent, class);
        let before = self.f.asm.set_span(span);
        let awaited = mode == CallMode::Await;
        match form {
            Arguments::Plain(count) => {
                let op = if awaited { Opcode::SuperAwait } else { Opcode::Super };
                self.f.asm.emit(op, base.0, class.0, count + 1, constant);
            }
            Arguments::Spread => {
                let op = if awaited { Opcode::SuperSpreadAwait } else { Opcode::SuperSpread };
                self.op_imm(op, base, class, constant);
            }
        }
        self.call_done(base, out, awaited);
        self.f.asm.set_span(before);
    }

    /// The result of a call goes where it is wanted.
    fn call_done(&mut self, base: Reg, out: Reg, awaited: bool) {
        if awaited {
            self.op1(Opcode::AwaitResult, base);
        }
        self.move_to(out, base);
    }

    /// Evaluates arguments into the registers at the top.
    fn arguments(&mut self, arguments: &[Argument]) -> Arguments {
        if are_plain(arguments) {
            for argument in arguments {
                let Argument::Value(value) = *argument else { continue };
                let register = self.alloc();
                self.expr(value, register);
            }
            return Arguments::Plain(arguments.len() as u8);
        }
        let list = self.alloc();
        let map = self.alloc();
        self.op_range(Opcode::NewList, list, Reg(0), 0);
        let named = arguments.iter().filter(|a| matches!(a, Argument::Named { .. })).count();
        match named {
            0 => self.load_null(map),
            count => self.op_imm(Opcode::NewMap, map, Reg(0), count as i32),
        }
        for argument in arguments {
            let mark = self.mark();
            match *argument {
                Argument::Value(value) => {
                    let register = self.alloc();
                    self.expr(value, register);
                    self.op_range(Opcode::ListPush, list, register, 1);
                }
                Argument::Spread(value) => {
                    let register = self.any(value);
                    self.at(self.ast[value].span, |this| {
                        this.f.asm.emit(Opcode::ListExtend, list.0, register.0, 1, 0);
                    });
                }
                Argument::Named { name, value } => {
                    let register = self.any(value);
                    self.put(map, name.symbol, register);
                }
            }
            self.release(mark);
        }
        Arguments::Spread
    }
}
