//! What makes new lists of a list's elements.

use std::collections::{HashMap, HashSet};

use crate::natives::Outcome;
use crate::natives::argument::{Rest, bad_value, wrong_type};
use crate::natives::kind::ListValue;
use crate::natives::script;
use crate::vm::heap::Heap;
use crate::vm::{Elements, ErrorKind, Kind, Thrown, Value, Vm};

/// After so many lists a long list of them is left if the program has to end.
const PART: usize = 1 << 15;

/// A list of lists, after asking for the memory.
pub fn list_of_lists(vm: &mut Vm, lists: Vec<Vec<Value>>) -> Outcome {
    let elements: usize = lists.iter().map(Vec::len).sum();
    let cells = elements.saturating_add(lists.len().saturating_mul(6));
    vm.reserve(cells.saturating_mul(size_of::<Value>()))?;
    vm.goes_on()?;
    let mut items = Vec::with_capacity(lists.len());
    let mut lists = lists.into_iter();
    while lists.len() > 0 {
        vm.goes_on()?;
        items.extend(lists.by_ref().take(PART).map(|items| vm.heap.list(items)));
    }
    Ok(vm.heap.list(items))
}

fn new_list(vm: &mut Vm, items: Vec<Value>) -> Outcome {
    vm.reserve(items.len().saturating_mul(size_of::<Value>()))?;
    Ok(vm.heap.list(items))
}

pub(super) fn reversed(vm: &mut Vm, list: ListValue) -> Outcome {
    let items = list.get(&vm.heap).items.iter().rev().copied().collect();
    new_list(vm, items)
}

pub(super) fn take(vm: &mut Vm, list: ListValue, n: i64) -> Outcome {
    let n = not_negative(vm, "list.take", n)?;
    let items = list.get(&vm.heap).items.iter().take(n).copied().collect();
    new_list(vm, items)
}

pub(super) fn skip(vm: &mut Vm, list: ListValue, n: i64) -> Outcome {
    let n = not_negative(vm, "list.skip", n)?;
    let items = list.get(&vm.heap).items.iter().skip(n).copied().collect();
    new_list(vm, items)
}

fn not_negative(vm: &mut Vm, path: &str, n: i64) -> Result<usize, Thrown> {
    usize::try_from(n).map_err(|_| bad_value(vm, path, "n must not be negative", Value::int(n)))
}

fn positive(vm: &mut Vm, path: &str, n: i64) -> Result<usize, Thrown> {
    let n_usize = usize::try_from(n).ok().filter(|n| *n > 0);
    n_usize.ok_or_else(|| bad_value(vm, path, "n must be at least 1", Value::int(n)))
}

pub(super) fn chunk(vm: &mut Vm, list: ListValue, n: i64) -> Outcome {
    let n = positive(vm, "list.chunk", n)?;
    let lists = vm.patiently(list.get(&vm.heap).items.chunks(n)).map(<[Value]>::to_vec).collect();
    list_of_lists(vm, lists)
}

pub(super) fn window(vm: &mut Vm, list: ListValue, n: i64) -> Outcome {
    let n = positive(vm, "list.window", n)?;
    let items = &list.get(&vm.heap).items;
    let total = items.len().saturating_sub(n - 1).saturating_mul(n);
    vm.reserve(total.saturating_mul(size_of::<Value>()))?;
    let lists = vm.patiently(list.get(&vm.heap).items.windows(n)).map(<[Value]>::to_vec).collect();
    list_of_lists(vm, lists)
}

pub(super) fn enumerate(vm: &mut Vm, list: ListValue, start: i64) -> Outcome {
    let items = &list.get(&vm.heap).items;
    let last = items.len().saturating_sub(1) as i64;
    if start.checked_add(last).is_none() {
        return Err(
            vm.error(ErrorKind::OverflowError, "list.enumerate: an index does not fit in 64 bits")
        );
    }
    let pair = |(index, item): (i64, &Value)| vec![Value::int(index), *item];
    let pairs = vm.patiently((start..=i64::MAX).zip(items)).map(pair).collect();
    list_of_lists(vm, pairs)
}

pub(super) fn zip(vm: &mut Vm, list: ListValue, lists: Rest) -> Outcome {
    let others = lists.to_vec(vm);
    let mut columns = vec![list.get(&vm.heap).items.to_vec()];
    for other in &others {
        // Of a range, which may be endless, only as much as is needed.
        if let Some(range) = vm.heap.range_ref(*other) {
            let rows = columns[0].len() as u64;
            columns.push((0..rows).map_while(|i| range.get(i)).map(Value::int).collect());
            continue;
        }
        match vm.elements(*other)? {
            Elements::Known(items) => columns.push(items),
            Elements::AskScript => {
                let others = vm.heap.list(others);
                return script::call(vm, "list_zip", &[list.0, others]);
            }
            Elements::None => {
                return Err(wrong_type(vm, "list.zip", "lists", "iterables", *other, None));
            }
        }
    }
    let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
    let row = |index: usize| columns.iter().map(|column| column[index]).collect();
    let rows = vm.patiently(0..rows).map(row).collect();
    list_of_lists(vm, rows)
}

/// A list that is being flattened, and how far it is done.
struct Level {
    list: Value,
    next: usize,
}

pub(super) fn flat(vm: &mut Vm, list: ListValue, depth: i64) -> Outcome {
    let depth = match usize::try_from(depth) {
        Ok(depth) => depth,
        Err(_) => {
            return Err(bad_value(
                vm,
                "list.flat",
                "depth must not be negative",
                Value::int(depth),
            ));
        }
    };
    let mut flat = Vec::new();
    let mut levels = vec![Level { list: list.0, next: 0 }];
    let mut on_path = HashSet::from([list.0.bits()]);
    while let Some(level) = levels.last_mut() {
        let items = vm.heap.list_ref(level.list).map_or(&[][..], |list| &list.items);
        let Some(item) = items.get(level.next).copied() else {
            on_path.remove(&level.list.bits());
            levels.pop();
            continue;
        };
        level.next += 1;
        if item.kind() != Kind::List || levels.len() > depth {
            if flat.len() == flat.capacity() {
                vm.reserve(flat.len().saturating_mul(2 * size_of::<Value>()))?;
            }
            flat.push(item);
            continue;
        }
        if !on_path.insert(item.bits()) {
            return Err(vm.error(ErrorKind::ValueError, "list.flat: the list contains itself"));
        }
        levels.push(Level { list: item, next: 0 });
    }
    Ok(vm.heap.list(flat))
}

pub(super) fn copy(vm: &mut Vm, list: ListValue, deep: bool) -> Outcome {
    if deep {
        return deep_copy(vm, list.0);
    }
    let items = list.get(&vm.heap).items.to_vec();
    new_list(vm, items)
}

/// Copies lists, maps, sets and buffers all the way down. What was one object stays one object, so
/// cycles are copied as cycles; everything else is shared with the original.
pub fn deep_copy(vm: &mut Vm, value: Value) -> Outcome {
    let mut copies: HashMap<Identity, Value> = HashMap::new();
    let mut open = Vec::new();
    let copied = copy_of(vm, value, &mut copies, &mut open)?;
    while let Some((original, copy)) = open.pop() {
        if let Some(list) = vm.heap.list_ref(original) {
            let mut items = list.items.to_vec();
            for item in &mut items {
                *item = copy_of(vm, *item, &mut copies, &mut open)?;
            }
            vm.heap.list_mut(copy).expect("a list was copied to a list").items.set(items);
        } else if let Some(map) = vm.heap.map_ref(original) {
            // Keys cannot be changed, so they may be shared. In the copy the entries stand one
            // after the other.
            let values: Vec<Value> = map.values().collect();
            for (place, value) in values.into_iter().enumerate() {
                let value = copy_of(vm, value, &mut copies, &mut open)?;
                vm.heap.map_set_at(copy, place, value);
            }
        }
    }
    Ok(copied)
}

/// An object as a key of a Rust map.
type Identity = (Kind, u64);

fn copy_of(
    vm: &mut Vm,
    value: Value,
    copies: &mut HashMap<Identity, Value>,
    open: &mut Vec<(Value, Value)>,
) -> Outcome {
    let identity = (value.kind(), value.bits());
    if let Some(copy) = copies.get(&identity) {
        return Ok(*copy);
    }
    vm.reserve(shallow_size(&vm.heap, value))?;
    let copy = match value.kind() {
        Kind::List => vm.heap.list(Vec::new()),
        Kind::Map => {
            let map = vm.heap.map_ref(value).expect("the kind says so").clone();
            vm.heap.map(map)
        }
        Kind::Set => {
            let set = vm.heap.set_ref(value).expect("the kind says so").clone();
            vm.heap.set(set)
        }
        Kind::Buffer => {
            let buffer = vm.heap.buffer_ref(value).expect("the kind says so").clone();
            vm.heap.buffer(buffer)
        }
        _ => return Ok(value),
    };
    copies.insert(identity, copy);
    open.push((value, copy));
    Ok(copy)
}

fn shallow_size(heap: &Heap, value: Value) -> usize {
    let length = match value.kind() {
        Kind::List => heap.list_ref(value).map_or(0, |list| list.items.len() * 2),
        Kind::Map => heap.map_ref(value).map_or(0, |map| map.len() * 6),
        Kind::Set => heap.set_ref(value).map_or(0, |set| set.len() * 6),
        Kind::Buffer => heap.buffer_ref(value).map_or(0, |buffer| buffer.len() / 16),
        _ => 0,
    };
    length.saturating_mul(size_of::<Value>())
}
