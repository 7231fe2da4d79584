//! Slots, captured variables and closures.

use super::{Flow, Op, Step};
use crate::bytecode::op::{NO_REGISTER, Opcode};
use crate::bytecode::program::Capture;
use crate::vm::error::ErrorKind;
use crate::vm::value::Value;

/// `GetSlotChecked` of a slot that is not set yet
pub(in crate::vm) fn unset_slot(op: &mut Op<'_>) -> Step {
    let slot = op.instruction().imm as usize;
    let name = op.vm.slot_names[slot].clone();
    let text = format!("`{name}` is used before it has been set");
    Err(op.vm.error(ErrorKind::NameError, text))
}

/// `GetCell` and `GetUpvalueCell` of a variable that is not set yet
pub(in crate::vm) fn unset_variable(op: &mut Op<'_>) -> Step {
    let name = op.vm.constants[op.instruction().imm as usize];
    let text = format!("`{}` is used before it has been set", op.text(name));
    Err(op.vm.error(ErrorKind::NameError, text))
}

/// `NewCell`, `NewCellUnset`
pub(in crate::vm) fn new_cell(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let content = if at.op == Opcode::NewCell { op.get(at.b) } else { Value::unset() };
    let cell = op.vm.heap.cell(content);
    op.set(at.a, cell);
    Ok(Flow::Next)
}

/// `Closure`
pub(in crate::vm) fn closure(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let closure = op.make_closure(at.imm as u32, at.c);
    op.set(at.a, closure);
    Ok(Flow::Next)
}

impl Op<'_> {
    /// A closure of a function that captures from this frame, whose own closure is in `own`.
    pub(in crate::vm) fn make_closure(&mut self, function: u32, own: u8) -> Value {
        let info = &self.vm.infos[function as usize];
        let (module, index) = (info.module.clone(), info.index as usize);
        let captures = &module.functions[index].captures;
        if captures.is_empty() {
            return self.vm.heap.closure(function, &[]);
        }
        let outer = if own == NO_REGISTER { Value::null() } else { self.get(own) };
        let outer = self.vm.heap.closure_ref(outer).map_or(&[][..], |outer| outer.upvalues());
        let captured = captures.iter().map(|capture| match capture {
            Capture::Register(register) => self.get(*register),
            Capture::Upvalue(index) => outer.get(usize::from(*index)).copied().unwrap_or_default(),
        });
        let captured: Vec<Value> = captured.collect();
        self.vm.heap.closure(function, &captured)
    }
}
