//! Shortcuts of the methods that inner loops call.
//!
//! Each does what the method of that name does in its usual case; see [`Shortcut`].

use crate::vm::heap::Heap;
use crate::vm::{Shortcut, Value};

/// The shortcut of a method with so many arguments.
pub fn shortcut(name: &str, given: usize) -> Option<Shortcut> {
    Some(match (name, given) {
        ("list.push", 1) => push,
        ("list.pop", 0) => pop,
        ("map.get", 1) => get,
        ("map.has", 1) | ("set.contains", 1) => has,
        ("set.add", 1) => add,
        _ => return None,
    })
}

/// Only where there is room: growth is weighed against the limit of memory.
fn push(heap: &mut Heap, list: Value, item: Value) -> Option<Value> {
    let items = &heap.list_ref(list)?.items;
    let has_room = items.len() < items.capacity();
    (has_room && heap.list_push(list, item)).then(Value::null)
}

fn pop(heap: &mut Heap, list: Value, _: Value) -> Option<Value> {
    Some(heap.list_pop(list)?.unwrap_or_default())
}

fn get(heap: &mut Heap, map: Value, key: Value) -> Option<Value> {
    Some(heap.map_get(map, key).ok()?.unwrap_or_default())
}

fn has(heap: &mut Heap, map: Value, key: Value) -> Option<Value> {
    heap.map_has(map, key).ok().map(Value::bool)
}

fn add(heap: &mut Heap, set: Value, member: Value) -> Option<Value> {
    heap.set_add(set, member).ok().map(Value::bool)
}
