//! `throw`, failed assertions, and the ends of clean-ups.

use super::{Flow, Op, Step};
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::unwind::Outcome;
use crate::vm::value::Value;

/// `Throw`
pub(in crate::vm) fn throw(op: &mut Op<'_>) -> Step {
    let value = op.get(op.instruction().a);
    if op.vm.is_error(value) {
        return Err(Thrown(value));
    }
    let shown = op.vm.show(value);
    let text = format!("only errors can be thrown, not {shown}: write `throw Error(…)`");
    Err(op.vm.error(ErrorKind::TypeError, text))
}

/// `AssertFail`
pub(in crate::vm) fn assert_fail(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let message = op.get(at.a);
    let condition = op.text(op.vm.constants[at.imm as usize]);
    let text = match op.vm.heap.str(message) {
        Some(message) => message.to_owned(),
        None if message.is_null() => format!("assertion failed: {condition}"),
        None => op.vm.show(message),
    };
    Err(op.vm.error(ErrorKind::AssertError, text))
}

/// `Pending`
pub(in crate::vm) fn pending(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let target = op.index() as i64 + i64::from(at.imm);
    op.set(at.a, Value::int(target));
    Ok(Flow::Next)
}

/// `EndCleanup`
pub(in crate::vm) fn end_cleanup(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (how, value) = (op.get(at.a), op.get(at.a + 1));
    match (how.as_int(), how.as_bool()) {
        (Some(target), _) => op.jump_to(target as usize),
        (_, Some(true)) => op.go_unwind(Outcome::Throw(value)),
        (_, Some(false)) => op.go_unwind(Outcome::Cut(value)),
        _ => Ok(Flow::Next),
    }
}
