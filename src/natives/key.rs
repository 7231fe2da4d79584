//! Keys whose class defines `hash`: the core module asks the class for hash and equality, then reads or
//! changes the map or set by place.

use super::Outcome;
use super::kind::ListValue;
use super::list::{list_of_lists, writable};
use crate::natives;
use crate::vm::{ErrorKind, Kind, Value, Vm};

natives! {
    /// What the core module needs of maps, sets and lists beyond their methods.
    pub const KEY;

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
    /// For the core module: gives a list the elements of another one.
    fn core.assign(list: list, items: list) => assign;
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

fn assign(vm: &mut Vm, list: ListValue, items: ListValue) -> Outcome {
    let items = items.get(&vm.heap).items.clone();
    writable(vm, list)?.items = items;
    Ok(Value::null())
}
