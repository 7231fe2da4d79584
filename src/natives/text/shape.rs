//! Order, length and width of a str.

use super::search::char_count;
use crate::natives::Outcome;
use crate::natives::argument::bad_value;
use crate::natives::kind::TextValue;
use crate::vm::{Thrown, Value, Vm};

pub(super) fn reversed(vm: &mut Vm, text: TextValue) -> Outcome {
    let turned = vm.patiently(text.get(&vm.heap).chars().rev()).collect();
    vm.goes_on()?;
    Ok(vm.heap.string_owned(turned))
}

/// After so many bytes a long text is left if the program has to end.
const PART: usize = 1 << 20;

pub(super) fn repeat(vm: &mut Vm, text: TextValue, n: i64) -> Outcome {
    let Ok(times) = usize::try_from(n) else {
        return Err(bad_value(vm, "str.repeat", "n must not be negative", Value::int(n)));
    };
    let size = text.get(&vm.heap).len().saturating_mul(times);
    vm.reserve(size)?;
    let source = text.get(&vm.heap);
    let mut repeated = String::with_capacity(size);
    let part = source.repeat(times.min(PART / source.len().max(1) + 1));
    while repeated.len() < size {
        if vm.has_to_stop() {
            return Err(vm.stopped());
        }
        repeated.push_str(&part[..part.len().min(size - repeated.len())]);
    }
    Ok(vm.heap.string_owned(repeated))
}

pub(super) fn pad_start(vm: &mut Vm, text: TextValue, n: i64, fill: TextValue) -> Outcome {
    let missing = missing(vm, "str.pad_start", text, n, fill)?;
    padded(vm, text, fill, missing, 0)
}

pub(super) fn pad_end(vm: &mut Vm, text: TextValue, n: i64, fill: TextValue) -> Outcome {
    let missing = missing(vm, "str.pad_end", text, n, fill)?;
    padded(vm, text, fill, 0, missing)
}

pub(super) fn center(vm: &mut Vm, text: TextValue, n: i64, fill: TextValue) -> Outcome {
    let missing = missing(vm, "str.center", text, n, fill)?;
    padded(vm, text, fill, missing / 2, missing - missing / 2)
}

/// How many code points are missing to a width of `n`.
fn missing(
    vm: &mut Vm,
    path: &str,
    text: TextValue,
    n: i64,
    fill: TextValue,
) -> Result<usize, Thrown> {
    if fill.get(&vm.heap).is_empty() {
        return Err(bad_value(vm, path, "fill must not be empty", fill.0));
    }
    let missing = usize::try_from(n).unwrap_or(0).saturating_sub(char_count(vm, text));
    vm.reserve(missing.saturating_mul(4))?;
    Ok(missing)
}

/// The text with so many code points of `fill` before and behind it.
fn padded(vm: &mut Vm, text: TextValue, fill: TextValue, before: usize, behind: usize) -> Outcome {
    if before + behind == 0 {
        return Ok(text.0);
    }
    let source = text.get(&vm.heap);
    let mut shaped = String::with_capacity(source.len() + before + behind);
    shaped.extend(vm.patiently(fill.get(&vm.heap).chars().cycle().take(before)));
    shaped.push_str(source);
    shaped.extend(vm.patiently(fill.get(&vm.heap).chars().cycle().take(behind)));
    vm.goes_on()?;
    Ok(vm.heap.string_owned(shaped))
}
