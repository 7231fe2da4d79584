//! Sorting by a comparison that script code makes.

use super::{Flow, Op, Step};
use crate::vm::error::ErrorKind;
use crate::vm::sorting::Sorting;
use crate::vm::value::Kind;

/// `AskOrder`
pub(in crate::vm) fn ask(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (order, callee) = (op.get(at.a), op.get(at.c));
    let (is_le, is_ge) = match order.kind() {
        Kind::Int => (order.bits().cast_signed() <= 0, order.bits().cast_signed() >= 0),
        Kind::Float => {
            let order = f64::from_bits(order.bits());
            (order <= 0.0, order >= 0.0)
        }
        Kind::Unset => (false, false),
        _ => {
            let text = format!("list.sort: cmp must return an int, not {}", op.vm.show(order));
            return Err(op.vm.error(ErrorKind::TypeError, text));
        }
    };
    let Some(sorting) = op.vm.heap.object_unseen::<Sorting>(op.get(at.b)) else {
        return Err(op.vm.error(ErrorKind::TypeError, "this is no sorting"));
    };
    let question = if order.is_unset() { sorting.begin() } else { sorting.answer(is_le, is_ge) };
    let Some((earlier, later)) = question else { return op.jump(at.imm) };
    op.set(at.a, callee);
    op.set(at.a + 1, earlier);
    op.set(at.a + 2, later);
    Ok(Flow::Next)
}
