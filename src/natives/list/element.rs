//! What asks a list for elements, or makes one value of all of them.

use crate::natives::Outcome;
use crate::natives::describe::describe;
use crate::natives::equality::{Found, position_of};
use crate::natives::kind::{ListValue, TextValue};
use crate::natives::math::compensated_sum;
use crate::natives::script;
use crate::natives::text_form::{Joined, join_text};
use crate::vm::{ErrorKind, Kind, Value, Vm};

pub(super) fn len(vm: &mut Vm, list: ListValue) -> Outcome {
    Ok(Value::int(list.get(&vm.heap).items.len() as i64))
}

pub(super) fn count(vm: &mut Vm, list: ListValue) -> Outcome {
    len(vm, list)
}

pub(super) fn first(vm: &mut Vm, list: ListValue) -> Outcome {
    Ok(list.get(&vm.heap).items.first().copied().unwrap_or_default())
}

pub(super) fn last(vm: &mut Vm, list: ListValue) -> Outcome {
    Ok(list.get(&vm.heap).items.last().copied().unwrap_or_default())
}

pub(super) fn contains(vm: &mut Vm, list: ListValue, value: Value) -> Outcome {
    match position_of(&vm.heap, &list.get(&vm.heap).items, value, 0) {
        Found::At(_) => Ok(Value::bool(true)),
        Found::Nowhere => Ok(Value::bool(false)),
        Found::AskScript => script::call(vm, "list_contains", &[list.0, value]),
    }
}

pub(super) fn index_of(vm: &mut Vm, list: ListValue, value: Value, from: i64) -> Outcome {
    let items = &list.get(&vm.heap).items;
    let from = if from < 0 { from + items.len() as i64 } else { from };
    let from = usize::try_from(from).unwrap_or(0);
    match position_of(&vm.heap, items, value, from) {
        Found::At(index) => Ok(Value::int(index as i64)),
        Found::Nowhere => Ok(Value::null()),
        Found::AskScript => {
            script::call(vm, "list_index_of", &[list.0, value, Value::int(from as i64)])
        }
    }
}

/// Numbers and durations are added here; what else has a `+` is added by script code.
pub(super) fn sum(vm: &mut Vm, list: ListValue) -> Outcome {
    let items = &list.get(&vm.heap).items;
    let mut kinds = items.iter().map(|item| item.kind());
    if kinds.clone().all(|kind| kind == Kind::Int) {
        let total: i128 = items.iter().filter_map(|item| item.as_int()).map(i128::from).sum();
        return match i64::try_from(total) {
            Ok(total) => Ok(Value::int(total)),
            Err(_) => {
                Err(vm.error(ErrorKind::OverflowError, "list.sum: the sum does not fit in 64 bits"))
            }
        };
    }
    if kinds.clone().all(|kind| matches!(kind, Kind::Int | Kind::Float)) {
        let number = |item: &Value| item.as_float().or_else(|| item.as_int().map(|n| n as f64));
        return Ok(Value::float(compensated_sum(items.iter().filter_map(number))));
    }
    if kinds.clone().all(|kind| kind == Kind::Duration) {
        let total: i128 = items.iter().filter_map(|item| item.as_duration()).map(i128::from).sum();
        return match i64::try_from(total) {
            Ok(total) => Ok(Value::duration(total)),
            Err(_) => Err(vm.error(ErrorKind::OverflowError, "list.sum: the sum is too long")),
        };
    }
    if kinds.any(|kind| matches!(kind, Kind::Instance | Kind::Variant | Kind::Object)) {
        return script::call(vm, "list_sum", &[list.0]);
    }
    let wrong = items
        .iter()
        .copied()
        .find(|item| !matches!(item.kind(), Kind::Int | Kind::Float | Kind::Duration));
    let message = match wrong {
        Some(wrong) if wrong.kind() == Kind::Str => {
            "list.sum: strings are joined with `join()`, not added up".to_owned()
        }
        Some(wrong) => format!("list.sum: {} cannot be added up", describe(vm, wrong)),
        None => "list.sum: numbers and durations cannot be added".to_owned(),
    };
    Err(vm.error(ErrorKind::TypeError, message))
}

pub(super) fn join(vm: &mut Vm, list: ListValue, sep: TextValue) -> Outcome {
    let items = list.get(&vm.heap).items.clone();
    match join_text(vm, &items, sep.get(&vm.heap).to_owned().as_str())? {
        Joined::Text(text) => Ok(vm.heap.string_owned(text)),
        Joined::AskScript => script::call(vm, "list_join", &[list.0, sep.0]),
    }
}
