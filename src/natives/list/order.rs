//! Sorting and searching by order.
//!
//! Keys and comparisons that are script functions are called by the core module, which then sorts here
//! by the keys it got, or by itself.

use std::cmp::Ordering;

use super::change::writable;
use crate::natives::Outcome;
use crate::natives::describe::describe;
use crate::natives::kind::ListValue;
use crate::natives::script;
use crate::natives::sort::merge_sort;
use crate::vm::heap::Heap;
use crate::vm::order::{Order, compare};
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

/// Why values could not be put in order here.
enum Failure {
    Nan,
    Unordered(Value, Value),
    AskScript,
}

/// Sorts the list if its elements need no script code to compare, and says whether it did.
pub(super) fn sort_plain(vm: &mut Vm, list: ListValue, reverse: bool) -> Outcome {
    writable(vm, list)?;
    let mut items = list.get(&vm.heap).items.clone();
    match sort_values(&vm.heap, &mut items, reverse) {
        Ok(()) => {
            writable(vm, list)?.items = items;
            Ok(Value::bool(true))
        }
        Err(Failure::AskScript) => Ok(Value::bool(false)),
        Err(failure) => Err(failed(vm, "list.sort", &failure)),
    }
}

/// Sorts the list by keys, of which the second list has one for each element.
pub(super) fn sort_keyed(vm: &mut Vm, list: ListValue, keys: ListValue, reverse: bool) -> Outcome {
    writable(vm, list)?;
    let heap = &vm.heap;
    let (items, keys) = (&list.get(heap).items, &keys.get(heap).items);
    let mut pairs: Vec<(Value, Value)> = keys.iter().copied().zip(items.iter().copied()).collect();
    match merge_sort(&mut pairs, |a, b| less(heap, a.0, b.0, reverse)) {
        Ok(()) => {
            writable(vm, list)?.items = pairs.into_iter().map(|(_, item)| item).collect();
            Ok(Value::bool(true))
        }
        Err(Failure::AskScript) => Ok(Value::bool(false)),
        Err(failure) => Err(failed(vm, "list.sort", &failure)),
    }
}

fn sort_values(heap: &Heap, items: &mut Vec<Value>, reverse: bool) -> Result<(), Failure> {
    // One value alone has no order with itself to ask for, but nan is refused all the same.
    if let [only] = items[..] {
        return less(heap, only, only, reverse).map(|_| ()).or_else(|failure| match failure {
            Failure::Nan => Err(failure),
            _ => Ok(()),
        });
    }
    // Ints are the common case and have a total order, so the standard sort may be used.
    if items.iter().all(|item| item.kind() == Kind::Int) {
        let key = |item: &Value| item.as_int();
        if reverse {
            items.sort_by_key(|item| std::cmp::Reverse(key(item)));
        } else {
            items.sort_by_key(key);
        }
        return Ok(());
    }
    if items.iter().all(|item| item.kind() == Kind::Str) {
        items.sort_by(|a, b| {
            let ordering = heap.str(*a).cmp(&heap.str(*b));
            if reverse { ordering.reverse() } else { ordering }
        });
        return Ok(());
    }
    merge_sort(items, |a, b| less(heap, a, b, reverse))
}

/// Descending order is not the reverse of ascending order: equal ones keep their places.
fn less(heap: &Heap, a: Value, b: Value, reverse: bool) -> Result<bool, Failure> {
    match compare(heap, a, b) {
        Order::Known(ordering) => {
            Ok(ordering == if reverse { Ordering::Greater } else { Ordering::Less })
        }
        Order::Nan => Err(Failure::Nan),
        Order::None { left, right } => Err(Failure::Unordered(left, right)),
        Order::NeedsCall { .. } => Err(Failure::AskScript),
    }
}

#[cold]
fn failed(vm: &mut Vm, path: &str, failure: &Failure) -> Thrown {
    match failure {
        Failure::Unordered(a, b) => {
            let (a, b) = (describe(vm, *a), describe(vm, *b));
            vm.error(ErrorKind::TypeError, format!("{path}: {a} and {b} have no order"))
        }
        _ => vm.error(ErrorKind::ValueError, format!("{path}: nan has no place in an order")),
    }
}

pub(super) fn min_plain(vm: &mut Vm, list: ListValue) -> Outcome {
    extreme(vm, "list.min", list, false)
}

pub(super) fn max_plain(vm: &mut Vm, list: ListValue) -> Outcome {
    extreme(vm, "list.max", list, true)
}

/// The index of the first of the least (or greatest) elements; null if script code has to be asked.
fn extreme(vm: &mut Vm, path: &str, list: ListValue, greatest: bool) -> Outcome {
    let heap = &vm.heap;
    let items = &list.get(heap).items;
    let mut best = 0;
    for index in 0..items.len() {
        // The first is compared with itself, so that a lone nan is refused too.
        match less(heap, items[index], items[best], greatest) {
            Ok(true) => best = index,
            Ok(false) => {}
            Err(Failure::AskScript) => return Ok(Value::null()),
            Err(Failure::Unordered(..)) if items.len() == 1 => {}
            Err(failure) => return Err(failed(vm, path, &failure)),
        }
    }
    Ok(Value::int(best as i64))
}

pub(super) fn binary_search(vm: &mut Vm, list: ListValue, value: Value) -> Outcome {
    let heap = &vm.heap;
    let items = &list.get(heap).items;
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match compare(heap, items[middle], value) {
            Order::Known(Ordering::Less) => low = middle + 1,
            Order::Known(_) => high = middle,
            Order::NeedsCall { .. } => {
                return script::call(vm, "list_binary_search", &[list.0, value]);
            }
            Order::Nan => return Err(failed(vm, "list.binary_search", &Failure::Nan)),
            Order::None { left, right } => {
                let failure = Failure::Unordered(left, right);
                return Err(failed(vm, "list.binary_search", &failure));
            }
        }
    }
    let equal = |item: &Value| matches!(compare(heap, *item, value), Order::Known(Ordering::Equal));
    let found = items.get(low).is_some_and(equal);
    Ok(if found { Value::int(low as i64) } else { Value::null() })
}
