//! What asks a list for elements, or makes one value of all of them.

use crate::natives::Outcome;
use crate::natives::equality::{Found, position_of};
use crate::natives::kind::{ListValue, TextValue};
use crate::natives::script;
use crate::natives::text_form::{Joined, join_text};
use crate::natives::total::{Refused, Total, refused};
use crate::vm::{Value, Vm};

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
    let mut total = Total::default();
    for &item in &list.get(&vm.heap).items {
        match total.add(item) {
            Ok(()) => {}
            Err(Refused::AskScript) => return script::call(vm, "list_sum", &[list.0]),
            Err(why) => return Err(refused(vm, "list.sum", why, item)),
        }
    }
    total.result(vm, "list.sum")
}

pub(super) fn join(vm: &mut Vm, list: ListValue, sep: TextValue) -> Outcome {
    if let Some(joined) = vm.heap.joined_list(list.0, sep.0).map_err(|_| vm.out_of_memory())? {
        return Ok(joined);
    }
    let items = list.get(&vm.heap).items.to_vec();
    match join_text(vm, &items, sep.get(&vm.heap).to_owned().as_str())? {
        Joined::Text(text) => Ok(vm.heap.string_owned(text)),
        Joined::AskScript => script::call(vm, "list_join", &[list.0, sep.0]),
    }
}
