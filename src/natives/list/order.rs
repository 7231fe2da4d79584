//! Sorting and searching by order.
//!
//! Keys and comparisons that are script functions are called by the core module, which then sorts here
//! by the keys it got, or by itself.

use std::cmp::Ordering;

use super::change::{check, writable};
use crate::natives::Outcome;
use crate::natives::describe::describe;
use crate::natives::kind::ListValue;
use crate::natives::script;
use crate::natives::sort::{GivenUp, merge_sort, sort_patiently};
use crate::vm::heap::Heap;
use crate::vm::order::{Order, compare};
use crate::vm::sorting::Sorting;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// Why values could not be put in order here.
enum Failure {
    Nan,
    Unordered(Value, Value),
    AskScript,
    /// The program has to end.
    GivenUp,
}

impl From<GivenUp> for Failure {
    fn from(_: GivenUp) -> Failure {
        Failure::GivenUp
    }
}

/// Comparisons between two looks at whether the program has to end.
const LOOK_EVERY: u32 = 1 << 14;
/// So many ints are sorted in no time.
const UNLOOKED_MAX: usize = 1 << 17;

/// Sorts the list if its elements need no script code to compare, and says whether it did.
pub(super) fn sort_plain(vm: &mut Vm, list: ListValue, reverse: bool) -> Outcome {
    check(vm, list)?;
    let mut items = list.get(&vm.heap).items.to_vec();
    match sort_values(vm, &mut items, reverse) {
        Ok(()) => {
            writable(vm, list, &[])?.items.set(items);
            Ok(Value::bool(true))
        }
        Err(Failure::AskScript) => Ok(Value::bool(false)),
        Err(failure) => Err(failed(vm, "list.sort", &failure)),
    }
}

/// Sorts the list by keys, of which the second list has one for each element.
pub(super) fn sort_keyed(vm: &mut Vm, list: ListValue, keys: ListValue, reverse: bool) -> Outcome {
    check(vm, list)?;
    let heap = &vm.heap;
    let mut items = list.get(heap).items.to_vec();
    let keys = &keys.get(heap).items;
    let sorted = match sort_alike(vm, keys, &mut items, reverse) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let mut pairs: Vec<_> = keys.iter().copied().zip(items.iter().copied()).collect();
            let mut less = looking(vm, reverse);
            let sorted = merge_sort(&mut pairs, |a, b| less(a.0, b.0));
            items = pairs.into_iter().map(|(_, item)| item).collect();
            sorted
        }
        Err(failure) => Err(failure.into()),
    };
    match sorted {
        Ok(()) => {
            writable(vm, list, &[])?.items.set(items);
            Ok(Value::bool(true))
        }
        Err(Failure::AskScript) => Ok(Value::bool(false)),
        Err(failure) => Err(failed(vm, "list.sort", &failure)),
    }
}

fn sort_values(vm: &Vm, items: &mut Vec<Value>, reverse: bool) -> Result<(), Failure> {
    let heap = &vm.heap;
    // One value alone has no order with itself to ask for, but nan is refused all the same.
    if let [only] = items[..] {
        return less(heap, only, only, reverse).map(|_| ()).or_else(|failure| match failure {
            Failure::Nan => Err(failure),
            _ => Ok(()),
        });
    }
    let ints: Option<Vec<i64>> = items.iter().map(|item| item.as_int()).collect();
    if let Some(mut ints) = ints {
        if ints.len() > UNLOOKED_MAX {
            sort_patiently(&mut ints, i64::cmp, || vm.has_to_stop())?;
        } else {
            // Which of two equal ints comes first cannot be seen.
            ints.sort_unstable();
        }
        if reverse {
            ints.reverse();
        }
        *items = ints.into_iter().map(Value::int).collect();
        return Ok(());
    }
    let keys = items.clone();
    if sort_alike(vm, &keys, items, reverse)? {
        return Ok(());
    }
    merge_sort(items, looking(vm, reverse))
}

/// A comparison that looks now and then whether the program has to end.
fn looking(vm: &Vm, reverse: bool) -> impl FnMut(Value, Value) -> Result<bool, Failure> {
    let mut count = 0_u32;
    move |a, b| {
        count = count.wrapping_add(1);
        if count.is_multiple_of(LOOK_EVERY) && vm.has_to_stop() {
            return Err(Failure::GivenUp);
        }
        less(&vm.heap, a, b, reverse)
    }
}

/// Sorts items by keys that are all ints, all strings or all floats and not nan; `false` if they are
/// something else. Their order is total, so the standard sort may be used.
fn sort_alike(
    vm: &Vm,
    keys: &[Value],
    items: &mut Vec<Value>,
    reverse: bool,
) -> Result<bool, GivenUp> {
    let heap = &vm.heap;
    let ints: Option<Vec<i64>> = keys.iter().map(|key| key.as_int()).collect();
    if let Some(ints) = ints {
        sort_by_keys(vm, ints, items, reverse, i64::cmp)?;
        return Ok(true);
    }
    let floats: Option<Vec<f64>> =
        keys.iter().map(|key| key.as_float().filter(|key| !key.is_nan())).collect();
    if let Some(floats) = floats {
        let order = |a: &f64, b: &f64| a.partial_cmp(b).unwrap_or(Ordering::Equal);
        sort_by_keys(vm, floats, items, reverse, order)?;
        return Ok(true);
    }
    let texts: Option<Vec<(u64, &str)>> =
        keys.iter().map(|key| heap.str(*key).map(|text| (beginning(text), text))).collect();
    if let Some(texts) = texts {
        sort_by_keys(vm, texts, items, reverse, Ord::cmp)?;
        return Ok(true);
    }
    Ok(false)
}

/// The first bytes of a text as a number: most texts differ in them, and then no text is read.
fn beginning(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let count = text.len().min(8);
    bytes[..count].copy_from_slice(&text.as_bytes()[..count]);
    u64::from_be_bytes(bytes)
}

fn sort_by_keys<K: Copy>(
    vm: &Vm,
    keys: Vec<K>,
    items: &mut Vec<Value>,
    reverse: bool,
    order: impl Fn(&K, &K) -> Ordering,
) -> Result<(), GivenUp> {
    let mut pairs: Vec<(K, Value)> = keys.into_iter().zip(items.iter().copied()).collect();
    let has_to_stop = || vm.has_to_stop();
    if reverse {
        sort_patiently(&mut pairs, |a, b| order(&b.0, &a.0), has_to_stop)?;
    } else {
        sort_patiently(&mut pairs, |a, b| order(&a.0, &b.0), has_to_stop)?;
    }
    *items = pairs.into_iter().map(|(_, item)| item).collect();
    Ok(())
}

/// A sorting of the elements that a list has now, for a comparison of the script.
pub(super) fn sort_begin(vm: &mut Vm, list: ListValue, reverse: bool) -> Outcome {
    let count = list.get(&vm.heap).items.len();
    vm.reserve(count.saturating_mul(3 * size_of::<Value>()))?;
    let items = list.get(&vm.heap).items.to_vec();
    let kept = vm.heap.list(items.clone());
    Ok(vm.heap.object(Box::new(Sorting::new(kept, items, reverse))))
}

/// Puts the elements of a sorting in the first places of the list.
pub(super) fn sort_end(vm: &mut Vm, sorting: Value, list: ListValue) -> Outcome {
    let items = vm.heap.object_ref::<Sorting>(sorting).map(|sorting| sorting.items().to_vec());
    let items = items.unwrap_or_default();
    let list = writable(vm, list, &items)?;
    let places = items.len().min(list.items.len());
    list.items.splice(..places, items);
    Ok(Value::null())
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
        Failure::GivenUp => vm.stopped(),
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
