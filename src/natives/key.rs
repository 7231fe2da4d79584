//! Keys whose class defines `hash`: the core module asks the class for hash and equality, then reads or
//! changes the map or set by place.

use std::collections::HashMap;

use super::Outcome;
use super::kind::ListValue;
use super::list::{list_of_lists, writable};
use crate::natives;
use crate::vm::hasher::{Hashed, Hasher};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

natives! {
    /// What the core module needs of maps, sets and lists beyond their methods.
    pub const KEY;

    /// For the core module: begins to hash a key.
    fn core.hash_form(key: any) => begin;
    /// For the core module: the next instance whose `hash` is needed; null if the key is hashed.
    fn core.hash_next(form: any) => next;
    /// For the core module: what `hash` gave for it.
    fn core.hash_answer(form: any, given: any) => answer;
    /// For the core module: the hash.
    fn core.hash_result(form: any) => result;
    /// For the core module: pairs of place and key of all entries whose hash is that.
    fn core.candidates(map: any, hash: int) => candidates;
    /// For the core module: removes the entry at a place and gives its value.
    fn core.remove_place(map: any, place: int) => remove_place;
    /// For the core module: the value at a place.
    fn core.value_at(map: any, place: int) => value_at;
    /// For the core module: changes the value at a place.
    fn core.set_place(map: any, place: int, value: any) => set_place;
    /// For the core module: adds an entry whose key is not there, with its hash.
    fn core.add_hashed(map: any, key: any, value: any, hash: int) => add_hashed;
    /// For the core module: puts the elements that a list had, in another order, in its first
    /// places. What a callback has added meanwhile stays behind them.
    fn core.reorder(list: list, items: list) => reorder;
    /// For the core module: takes those out of a list that it had before and that are not kept. What
    /// a callback has added meanwhile stays.
    fn core.retain(list: list, before: list, kept: list) => retain;
}

/// Hashing under way, as a value that the core module holds.
struct HashForm {
    hasher: Hasher,
    hash: u32,
}

impl HostObject for HashForm {
    fn type_name(&self) -> &'static str {
        "hash_form"
    }

    fn trace(&self, marker: &mut Marker) {
        self.hasher.trace(marker);
    }
}

fn begin(vm: &mut Vm, key: Value) -> Outcome {
    Ok(vm.heap.object(Box::new(HashForm { hasher: Hasher::new(key), hash: 0 })))
}

/// The form, for writing.
fn form(vm: &mut Vm, form: Value) -> Result<&mut HashForm, Thrown> {
    if vm.heap.object_ref::<HashForm>(form).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is no key that is being hashed"));
    }
    Ok(vm.heap.object_mut::<HashForm>(form).expect("it was looked at"))
}

fn next(vm: &mut Vm, key: Value) -> Outcome {
    // The hasher is taken out meanwhile, since it reads the heap that its object stands in.
    let mut hasher = std::mem::replace(&mut form(vm, key)?.hasher, Hasher::new(Value::null()));
    let hashed = hasher.run(&vm.heap).map_err(|unhashable| vm.unhashable(unhashable))?;
    let form = form(vm, key)?;
    form.hasher = hasher;
    Ok(match hashed {
        Hashed::NeedsCall(instance) => instance,
        Hashed::Known(hash) => {
            form.hash = hash;
            Value::null()
        }
    })
}

fn answer(vm: &mut Vm, key: Value, answer: Value) -> Outcome {
    form(vm, key)?.hasher.answer(answer);
    Ok(Value::null())
}

fn result(vm: &mut Vm, key: Value) -> Outcome {
    Ok(Value::int(i64::from(form(vm, key)?.hash)))
}

fn candidates(vm: &mut Vm, map: Value, hash: i64) -> Outcome {
    let found = vm.heap.map_candidates(map, hash.cast_unsigned());
    let pairs = found.into_iter().map(|(place, key)| vec![Value::int(place as i64), key]).collect();
    list_of_lists(vm, pairs)
}

fn remove_place(vm: &mut Vm, map: Value, place: i64) -> Outcome {
    if !matches!(map.kind(), Kind::Map | Kind::Set) {
        return Err(vm.error(ErrorKind::TypeError, "this is no map"));
    }
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    Ok(vm.heap.map_remove_at(map, place).unwrap_or_default())
}

fn value_at(vm: &mut Vm, map: Value, place: i64) -> Outcome {
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    Ok(vm.heap.map_at(map, place).map_or(Value::null(), |(_, value)| value))
}

fn set_place(vm: &mut Vm, map: Value, place: i64, value: Value) -> Outcome {
    vm.heap.map_set_at(map, usize::try_from(place).unwrap_or(usize::MAX), value);
    Ok(Value::null())
}

fn add_hashed(vm: &mut Vm, map: Value, key: Value, value: Value, hash: i64) -> Outcome {
    vm.heap.map_push(map, hash.cast_unsigned(), key, value);
    Ok(Value::null())
}

fn reorder(vm: &mut Vm, list: ListValue, items: ListValue) -> Outcome {
    let items = items.get(&vm.heap).items.to_vec();
    let list = writable(vm, list, &items)?;
    let places = items.len().min(list.items.len());
    list.items.splice(..places, items);
    Ok(Value::null())
}

fn retain(vm: &mut Vm, list: ListValue, before: ListValue, kept: ListValue) -> Outcome {
    let (before, kept) = (&before.get(&vm.heap).items, &kept.get(&vm.heap).items);
    let items = &list.get(&vm.heap).items;
    let same = |(one, other): (&Value, &Value)| one.same(*other);
    if items.len() >= before.len() && items.iter().zip(before).all(same) {
        let (count, kept) = (before.len(), kept.to_vec());
        writable(vm, list, &kept)?.items.splice(..count, kept);
        return Ok(Value::null());
    }
    // The callback has moved elements: each that is to go is taken out once, wherever it stands.
    let identity = |value: &Value| (value.tag(), value.bits());
    let mut going: HashMap<(u64, u64), isize> = HashMap::new();
    before.iter().for_each(|value| *going.entry(identity(value)).or_default() += 1);
    kept.iter().for_each(|value| *going.entry(identity(value)).or_default() -= 1);
    writable(vm, list, &[])?.items.retain(|value| match going.get_mut(&identity(value)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    Ok(Value::null())
}
