//! What changes a list in place.

use crate::natives::Outcome;
use crate::natives::argument::{Rest, bad_value, wrong_type};
use crate::natives::describe::describe;
use crate::natives::equality::{Found, position_of};
use crate::natives::kind::{ListValue, RangeValue};
use crate::natives::script;
use crate::vm::error::past_end;
use crate::vm::object::List;
use crate::vm::{Elements, ErrorKind, Thrown, Value, Vm};

/// The list, for storing these values alone, taking some out and moving them; a TypeError if it is frozen
/// because it is a key.
pub fn writable<'a>(
    vm: &'a mut Vm,
    list: ListValue,
    stored: &[Value],
) -> Result<&'a mut List, Thrown> {
    check(vm, list)?;
    Ok(vm.heap.list_for(list.0, stored).expect("the argument was checked"))
}

/// A TypeError if the list is frozen because it is a key.
pub(super) fn check(vm: &mut Vm, list: ListValue) -> Result<(), Thrown> {
    if list.get(&vm.heap).frozen { Err(frozen(vm)) } else { Ok(()) }
}

#[cold]
fn frozen(vm: &mut Vm) -> Thrown {
    let message = "this list is a key of a map or a member of a set, so it cannot be changed; \
                   `copy()` gives one that can";
    vm.error(ErrorKind::TypeError, message)
}

/// Makes room for more elements; growing doubles, so the limit has to allow for that.
fn grow(vm: &mut Vm, list: ListValue, more: usize) -> Result<(), Thrown> {
    let items = &list.get(&vm.heap).items;
    let (length, capacity) = (items.len(), items.capacity());
    if length + more <= capacity {
        return Ok(());
    }
    let grown = (capacity * 2).max(length + more);
    vm.reserve(grown.saturating_mul(size_of::<Value>()))
}

pub(super) fn push(vm: &mut Vm, list: ListValue, values: Rest) -> Outcome {
    let count = values.len(vm);
    grow(vm, list, count)?;
    for index in 0..count {
        let value = values.get(vm, index);
        if !vm.heap.list_push(list.0, value) {
            return Err(frozen(vm));
        }
    }
    Ok(Value::null())
}

pub(super) fn insert(vm: &mut Vm, list: ListValue, i: i64, value: Value) -> Outcome {
    let length = list.get(&vm.heap).items.len();
    let at = if i < 0 { i + length as i64 } else { i };
    let Some(at) = usize::try_from(at).ok().filter(|at| *at <= length) else {
        return Err(
            vm.error(ErrorKind::IndexError, format!("list.insert: {}", past_end(i, length)))
        );
    };
    grow(vm, list, 1)?;
    writable(vm, list, &[value])?.items.insert(at, value);
    Ok(Value::null())
}

pub(super) fn extend(vm: &mut Vm, list: ListValue, iterable: Value) -> Outcome {
    match add_all(vm, list, iterable)? {
        Some(outcome) => Ok(outcome),
        None => Err(wrong_type(vm, "list.extend", "iterable", "an iterable", iterable, None)),
    }
}

/// Adds the elements of what the callback of `flat_map` has returned.
pub(super) fn extend_flat(vm: &mut Vm, list: ListValue, returned: Value) -> Outcome {
    match add_all(vm, list, returned)? {
        Some(outcome) => Ok(outcome),
        None => {
            let came = describe(vm, returned);
            let message = format!("flat_map: f must return an iterable, not {came}");
            Err(vm.error(ErrorKind::TypeError, message))
        }
    }
}

/// Adds the elements of an iterable; `None` if it is none.
fn add_all(vm: &mut Vm, list: ListValue, iterable: Value) -> Result<Option<Value>, Thrown> {
    check(vm, list)?;
    match vm.elements(iterable)? {
        Elements::Known(items) => {
            grow(vm, list, items.len())?;
            if !vm.heap.list_extend(list.0, &items) {
                return Err(frozen(vm));
            }
            Ok(Some(Value::null()))
        }
        Elements::AskScript => script::call(vm, "list_extend", &[list.0, iterable]).map(Some),
        Elements::None => Ok(None),
    }
}

pub(super) fn splice(vm: &mut Vm, list: ListValue, range: RangeValue, iterable: Value) -> Outcome {
    check(vm, list)?;
    let items = match vm.elements(iterable)? {
        Elements::Known(items) => items,
        Elements::AskScript => {
            return script::call(vm, "list_splice", &[list.0, range.0, iterable]);
        }
        Elements::None => {
            return Err(wrong_type(vm, "list.splice", "iterable", "an iterable", iterable, None));
        }
    };
    let length = list.get(&vm.heap).items.len();
    let Some(places) = range.get(&vm.heap).places(length) else {
        return Err(bad_value(vm, "list.splice", "range must have no step", range.0));
    };
    grow(vm, list, items.len())?;
    let taken = writable(vm, list, &items)?.items.splice(places, items);
    Ok(vm.heap.list(taken))
}

pub(super) fn clear(vm: &mut Vm, list: ListValue) -> Outcome {
    writable(vm, list, &[])?.items.clear();
    Ok(Value::null())
}

pub(super) fn fill(vm: &mut Vm, list: ListValue, value: Value) -> Outcome {
    writable(vm, list, &[value])?.items.fill(value);
    Ok(Value::null())
}

pub(super) fn pop(vm: &mut Vm, list: ListValue) -> Outcome {
    match vm.heap.list_pop(list.0) {
        Some(last) => Ok(last.unwrap_or_default()),
        None => Err(frozen(vm)),
    }
}

pub(super) fn remove(vm: &mut Vm, list: ListValue, value: Value) -> Outcome {
    check(vm, list)?;
    match position_of(&vm.heap, &list.get(&vm.heap).items, value, 0) {
        Found::At(index) => {
            writable(vm, list, &[])?.items.remove(index);
            Ok(Value::bool(true))
        }
        Found::Nowhere => Ok(Value::bool(false)),
        Found::AskScript => script::call(vm, "list_remove", &[list.0, value]),
    }
}

pub(super) fn remove_at(vm: &mut Vm, list: ListValue, i: i64) -> Outcome {
    let length = list.get(&vm.heap).items.len();
    let at = if i < 0 { i + length as i64 } else { i };
    match usize::try_from(at).ok().filter(|at| *at < length) {
        Some(at) => Ok(writable(vm, list, &[])?.items.remove(at)),
        None => {
            let message = format!("list.remove_at: {}", past_end(i, length));
            Err(vm.error(ErrorKind::IndexError, message))
        }
    }
}

pub(super) fn reverse(vm: &mut Vm, list: ListValue) -> Outcome {
    writable(vm, list, &[])?.items.reverse();
    Ok(Value::null())
}
