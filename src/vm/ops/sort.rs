//! Sorting by a comparison that script code makes.

use super::{Flow, Op, Step};
use crate::vm::dispatch::Merging;
use crate::vm::error::ErrorKind;
use crate::vm::sorting::Sorting;
use crate::vm::value::Kind;

/// `AskOrder`
pub(in crate::vm) fn ask(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let order = op.get(at.a);
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
    let object = op.get(at.b);
    let Some(sorting) = op.vm.heap.object_unseen::<Sorting>(object) else {
        return Err(op.vm.error(ErrorKind::TypeError, "this is no sorting"));
    };
    let question = if order.is_unset() { sorting.begin() } else { sorting.answer(is_le, is_ge) };
    op.vm.merging = match sorting.is_merging() {
        true => Merging::new(object, sorting),
        false => Merging::default(),
    };
    let Some((earlier, later)) = question else { return Ok(Flow::Next) };
    op.set(at.a + 1, earlier);
    op.set(at.a + 2, later);
    op.jump(at.imm)
}
