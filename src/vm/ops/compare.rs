//! Comparison, membership, and jumps by them.
//!
//! Deep comparisons keep their state in the fiber while an operator method of a class runs.

use std::cmp::Ordering;

use super::work::Work;
use super::{Flow, Op, Step};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::{Opcode, Operand};
use crate::vm::equal::{Comparison, Equality, equal};
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::exit::Exit;
use crate::vm::order::{Order, Ordered, compare as order};
use crate::vm::value::{Kind, Value};

/// `Eq`, `Ne`, `Lt`, `Le`
pub(in crate::vm) fn compare(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    question(op, op.get(at.b), op.get(at.c))
}

/// All jumps by a comparison
pub(in crate::vm) fn jump(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let lhs = op.get(at.a);
    let rhs = match at.op.layout().b {
        Operand::Small => Value::int(i64::from(at.small())),
        Operand::Half => Value::float(at.half()),
        Operand::None => Value::null(),
        _ => op.get(at.b),
    };
    if is_greater(at.op) { question(op, rhs, lhs) } else { question(op, lhs, rhs) }
}

/// Whether a jump asks if a register is greater than the constant in it: that is asked as `less` the
/// other way round.
fn is_greater(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::JumpGtInt
            | Opcode::JumpNotGtInt
            | Opcode::JumpGeInt
            | Opcode::JumpNotGeInt
            | Opcode::JumpGtFloat
            | Opcode::JumpNotGtFloat
            | Opcode::JumpGeFloat
            | Opcode::JumpNotGeFloat
            | Opcode::LoopGtInt
            | Opcode::LoopGeInt
    )
}

/// What a comparison asks of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    Equal,
    Less,
    LessOrEqual,
}

/// What an instruction asks, and whether the answer is turned round.
fn asked(op: Opcode) -> (Asks, bool) {
    match op {
        Opcode::Eq | Opcode::JumpEq | Opcode::JumpEqInt => (Asks::Equal, false),
        Opcode::JumpEqNull => (Asks::Equal, false),
        Opcode::Ne | Opcode::JumpNe | Opcode::JumpNeInt | Opcode::JumpNeNull => (Asks::Equal, true),
        Opcode::LoopNe | Opcode::LoopNeInt | Opcode::LoopNeNull => (Asks::Equal, true),
        Opcode::Lt | Opcode::JumpLt | Opcode::JumpLtInt | Opcode::JumpGtInt => (Asks::Less, false),
        Opcode::JumpLtFloat | Opcode::JumpGtFloat => (Asks::Less, false),
        Opcode::LoopLt | Opcode::LoopLtInt | Opcode::LoopGtInt => (Asks::Less, false),
        Opcode::JumpNotLt | Opcode::JumpNotLtInt | Opcode::JumpNotGtInt => (Asks::Less, true),
        Opcode::JumpNotLtFloat | Opcode::JumpNotGtFloat => (Asks::Less, true),
        Opcode::JumpNotLe | Opcode::JumpNotLeInt | Opcode::JumpNotGeInt => {
            (Asks::LessOrEqual, true)
        }
        Opcode::JumpNotLeFloat | Opcode::JumpNotGeFloat => (Asks::LessOrEqual, true),
        _ => (Asks::LessOrEqual, false),
    }
}

/// Whether the operands of an instruction stand the other way round than in the source: `a > b` is
/// compiled as `b < a`.
fn is_swapped(at: Instruction) -> bool {
    match at.op {
        Opcode::Lt | Opcode::Le => at.imm != 0,
        Opcode::JumpLt
        | Opcode::JumpNotLt
        | Opcode::JumpLe
        | Opcode::JumpNotLe
        | Opcode::LoopLt
        | Opcode::LoopLe => at.c != 0,
        op => is_greater(op),
    }
}

fn question(op: &mut Op<'_>, lhs: Value, rhs: Value) -> Step {
    if asked(op.instruction().op).0 == Asks::Equal {
        return match equal(&op.vm.heap, lhs, rhs) {
            Equality::Yes => conclude(op, true),
            Equality::No => conclude(op, false),
            Equality::NeedsCall { .. } => resume_equal(op, Comparison::new(lhs, rhs)),
        };
    }
    // From here on as written, since an operator belongs to what stands on its left.
    let (lhs, rhs) = if is_swapped(op.instruction()) { (rhs, lhs) } else { (lhs, rhs) };
    match order(&op.vm.heap, lhs, rhs) {
        Order::Known(order) => conclude_order(op, order),
        Order::Nan => conclude(op, false),
        Order::None { left, right } => Err(no_order(op, left, right)),
        Order::NeedsCall { left, right, .. } => {
            if left.same(lhs) && right.same(rhs) {
                return ask_instance(op, lhs, rhs);
            }
            resume_order(op, Ordered::new(lhs, rhs))
        }
    }
}

/// Asks the operator `<` once if that is enough: `a > b` is `b < a`, `a >= b` is `!(a < b)` and
/// `a <= b` is `!(b < a)`, if the class of `b` has a `<` where it is asked.
fn ask_instance(op: &mut Op<'_>, lhs: Value, rhs: Value) -> Step {
    let at = op.instruction();
    let or_equal = asked(at.op).0 == Asks::LessOrEqual;
    let (left, right) = if is_swapped(at) == or_equal { (lhs, rhs) } else { (rhs, lhs) };
    match op.method_of(left, "<") {
        Some(method) => op.call_operator(method, &[left, right]),
        None => resume_order(op, Ordered::new(lhs, rhs)),
    }
}

fn resume_equal(op: &mut Op<'_>, mut comparison: Comparison) -> Step {
    match comparison.run(&op.vm.heap) {
        Equality::Yes => conclude(op, true),
        Equality::No => conclude(op, false),
        Equality::NeedsCall { left, right } => {
            let Some(method) = op.method_of(left, "==") else { return conclude(op, false) };
            op.put_off(Work::Equal(comparison));
            op.call_operator(method, &[left, right])
        }
    }
}

fn resume_order(op: &mut Op<'_>, mut ordered: Ordered) -> Step {
    match ordered.run(&op.vm.heap) {
        Order::Known(order) => conclude_order(op, order),
        Order::Nan => conclude(op, false),
        Order::None { left, right } => Err(no_order(op, left, right)),
        Order::NeedsCall { operator, left, right } => {
            let Some(method) = op.method_of(left, operator) else {
                return Err(no_order(op, left, right));
            };
            op.put_off(Work::Order(ordered));
            op.call_operator(method, &[left, right])
        }
    }
}

/// Takes what an operator method has answered.
pub(super) fn deliver(op: &mut Op<'_>, result: Value) -> Step {
    match op.take_up() {
        Some(Work::Equal(mut comparison)) => {
            comparison.answer(result.truthy());
            resume_equal(op, comparison)
        }
        Some(Work::Order(mut ordered)) => {
            ordered.answer(result.truthy());
            resume_order(op, ordered)
        }
        _ => {
            let less_or_equal = asked(op.instruction().op).0 == Asks::LessOrEqual;
            conclude(op, result.truthy() != less_or_equal)
        }
    }
}

fn conclude_order(op: &mut Op<'_>, order: Ordering) -> Step {
    let at = op.instruction();
    let order = if is_swapped(at) { order.reverse() } else { order };
    let holds = match asked(at.op).0 {
        Asks::Less => order == Ordering::Less,
        _ => order != Ordering::Greater,
    };
    conclude(op, holds)
}

/// Does what the instruction does with the answer.
fn conclude(op: &mut Op<'_>, answer: bool) -> Step {
    let at = op.instruction();
    let answer = answer != asked(at.op).1;
    if matches!(at.op, Opcode::Eq | Opcode::Ne | Opcode::Lt | Opcode::Le) {
        op.set(at.a, Value::bool(answer));
        return Ok(Flow::Next);
    }
    op.jump_if(answer)
}

#[cold]
fn no_order(op: &mut Op<'_>, left: Value, right: Value) -> Thrown {
    let vm = &mut *op.vm;
    let (one, other) = (vm.type_name(left), vm.type_name(right));
    let mut text = if one == other {
        format!("values of type {one} have no order")
    } else {
        format!("{one} and {other} cannot be ordered")
    };
    if left.is_null() || right.is_null() {
        text.push_str(": one side is null");
    }
    vm.error(ErrorKind::TypeError, text)
}

/// `In`
pub(in crate::vm) fn contains(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (item, container) = (op.get(at.b), op.get(at.c));
    let heap = &op.vm.heap;
    let found = match container.kind() {
        Kind::List => return search(op, 0, None),
        Kind::Map | Kind::Set => match heap.map_has(container, item) {
            Ok(found) => found,
            Err(problem) => return op.by_hash(problem, "map_has", &[container, item]),
        },
        Kind::Range => {
            let range = heap.range_ref(container).expect("the kind was looked at");
            heap.equal_int(item).is_some_and(|number| range.contains(number))
        }
        Kind::Str if item.is_str() => {
            let (text, part) = (heap.str(container), heap.str(item));
            text.unwrap_or_default().contains(part.unwrap_or_default())
        }
        Kind::Bytes | Kind::Buffer => match in_bytes(op, container, item) {
            Some(found) => found,
            None => return Err(not_searchable(op, item, container)),
        },
        Kind::Generator => {
            return match op.vm.core_function("list_contains")? {
                Some(function) => op.call_operator(function, &[container, item]),
                None => op.leave(Exit::NeedCore),
            };
        }
        _ => {
            if let Some(method) = op.method_of(container, "in") {
                return op.call_operator(method, &[container, item]);
            }
            return Err(not_searchable(op, item, container));
        }
    };
    op.set(at.a, Value::bool(found));
    Ok(Flow::Next)
}

fn in_bytes(op: &Op<'_>, container: Value, item: Value) -> Option<bool> {
    let heap = &op.vm.heap;
    let bytes =
        heap.bytes_ref(container).or_else(|| heap.buffer_ref(container).map(Vec::as_slice))?;
    if let Some(number) = item.as_int() {
        return Some(u8::try_from(number).is_ok_and(|byte| bytes.contains(&byte)));
    }
    let part = heap
        .bytes_ref(item)
        .or_else(|| heap.buffer_ref(item).map(Vec::as_slice))
        .or_else(|| heap.str(item).map(str::as_bytes))?;
    Some(memchr::memmem::find(bytes, part).is_some())
}

/// Looks for an element of a list from an index on; `under_way` is the comparison with that one.
fn search(op: &mut Op<'_>, from: usize, under_way: Option<Comparison>) -> Step {
    let at = op.instruction();
    let (item, list) = (op.get(at.b), op.get(at.c));
    let mut under_way = under_way;
    let mut index = from;
    loop {
        let Some(element) = op.vm.heap.list_ref(list).and_then(|list| list.items.get(index)) else {
            op.set(at.a, Value::bool(false));
            return Ok(Flow::Next);
        };
        let element = *element;
        let mut comparison = match under_way.take() {
            Some(comparison) => comparison,
            None => match equal(&op.vm.heap, item, element) {
                Equality::Yes => break,
                Equality::No => {
                    index += 1;
                    continue;
                }
                Equality::NeedsCall { .. } => Comparison::new(item, element),
            },
        };
        match comparison.run(&op.vm.heap) {
            Equality::Yes => break,
            Equality::No => index += 1,
            Equality::NeedsCall { left, right } => {
                let Some(method) = op.method_of(left, "==") else {
                    index += 1;
                    continue;
                };
                op.put_off(Work::Search(index, comparison));
                return op.call_operator(method, &[left, right]);
            }
        }
    }
    op.set(at.a, Value::bool(true));
    Ok(Flow::Next)
}

/// Takes what an operator method has answered for `In`.
pub(super) fn deliver_contains(op: &mut Op<'_>, result: Value) -> Step {
    match op.take_up() {
        Some(Work::Search(index, mut comparison)) => {
            comparison.answer(result.truthy());
            search(op, index, Some(comparison))
        }
        _ => {
            op.set(op.instruction().a, Value::bool(result.truthy()));
            Ok(Flow::Next)
        }
    }
}

#[cold]
fn not_searchable(op: &mut Op<'_>, item: Value, container: Value) -> Thrown {
    let vm = &mut *op.vm;
    let (item, container) = (vm.type_name(item), vm.type_name(container));
    let text = format!("`in` cannot look for {item} in {container}");
    vm.error(ErrorKind::TypeError, text)
}
