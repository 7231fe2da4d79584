//! `throw`, failed assertions, and the ends of clean-ups.

use super::{Flow, Op, Step};
use crate::vm::display::display_short;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::map::Map;
use crate::vm::unwind::Outcome;
use crate::vm::value::Value;

/// `Throw`
pub(in crate::vm) fn throw(op: &mut Op<'_>) -> Step {
    let value = op.get(op.instruction().a);
    if op.vm.is_error(value) {
        return Err(Thrown(value));
    }
    let shown = op.vm.show(value);
    let inner = if op.vm.heap.str(value).is_some() { &*shown } else { "…" };
    let text = format!("only errors can be thrown, not {shown}: write `throw Error({inner})`");
    Err(op.vm.error(ErrorKind::TypeError, text))
}

/// Of the value of a part about as many bytes are shown.
const PART_MAX: usize = 200;

/// `AssertFail`: the values of the parts become the error's data.
pub(in crate::vm) fn assert_fail(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let message = op.get(at.a);
    let source = op.text(op.vm.constants[at.imm as usize]);
    let mut pieces = source.split('\0');
    let condition = pieces.next().unwrap_or_default();
    let mut parts: Vec<(String, String)> = Vec::new();
    for piece in pieces {
        let mut numbers = piece.split(' ').map(|number| number.parse::<usize>().unwrap_or(0));
        let mut number = || numbers.next().unwrap_or(0);
        let (index, start, end) = (number(), number(), number());
        let value = op.get(at.b + index as u8);
        let text = condition.get(start..end).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if value.is_unset() || text.is_empty() {
            continue;
        }
        let shown = display_short(&op.vm.heap, value, PART_MAX);
        // What prints as it is written is no news, nor is a part that comes twice.
        let bare = text.trim_start_matches('(').trim_end_matches(')');
        if shown != bare && !parts.iter().any(|part| part.0 == text && part.1 == shown) {
            parts.push((text, shown));
        }
    }
    let text = match op.vm.heap.str(message) {
        Some(message) => message.to_owned(),
        None if message.is_null() => format!("assertion failed: {condition}"),
        None => op.vm.show(message),
    };
    let data = if parts.is_empty() { Value::null() } else { op.vm.heap.map(Map::default()) };
    for (text, shown) in parts {
        let (key, value) = (op.vm.heap.string_owned(text), op.vm.heap.string_owned(shown));
        let inserted = op.vm.heap.map_insert(data, key, value);
        debug_assert!(inserted.is_ok(), "a text can be a key");
    }
    Err(op.vm.error_with(ErrorKind::AssertError, text, &[("data", data)]))
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
