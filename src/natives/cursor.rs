//! Iterators by hand: `xs.iter()` on built-in values. `for` does not come this way.
//!
//! Like `for`, a cursor sees what happens to the collection meanwhile: a list goes by
//! index, maps and sets by the place of their entries.

use super::Outcome;
use crate::natives;
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Kind, Value, Vm};

natives! {
    /// The cursors behind the iterators of the core module.
    pub const CURSOR;

    /// For the core module: whether a value can have a cursor.
    fn core.has_cursor(value: any) => has_cursor;
    /// For the core module: a cursor before the first element.
    fn core.cursor(value: any) => cursor;
    /// For the core module: the next element, or `end`.
    fn core.cursor_next(cursor: any, end: any) => next;
}

/// A place in a collection.
struct Cursor {
    over: Value,
    at: u64,
}

impl HostObject for Cursor {
    fn type_name(&self) -> &'static str {
        "cursor"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.over);
    }
}

fn has_cursor(_vm: &mut Vm, value: Value) -> Outcome {
    use Kind::{Buffer, Bytes, List, Map, Range, Set, Str};
    Ok(Value::bool(matches!(value.kind(), List | Map | Set | Str | Bytes | Buffer | Range)))
}

fn cursor(vm: &mut Vm, value: Value) -> Outcome {
    Ok(vm.heap.object(Box::new(Cursor { over: value, at: 0 })))
}

fn next(vm: &mut Vm, cursor: Value, end: Value) -> Outcome {
    let Some(Cursor { over, at }) = vm.heap.object_ref::<Cursor>(cursor) else {
        return Err(vm.error(ErrorKind::TypeError, "this is no cursor"));
    };
    let (over, at) = (*over, *at);
    let Some((element, at)) = step(vm, over, at) else { return Ok(end) };
    if let Some(cursor) = vm.heap.object_mut::<Cursor>(cursor) {
        cursor.at = at;
    }
    Ok(element)
}

/// The element at a place, and the place behind it.
fn step(vm: &mut Vm, over: Value, at: u64) -> Option<(Value, u64)> {
    let index = usize::try_from(at).ok()?;
    match over.kind() {
        Kind::List => Some((*vm.heap.list_ref(over)?.items.get(index)?, at + 1)),
        Kind::Map => {
            let (at, key, value) = vm.heap.map_ref(over)?.next(at)?;
            Some((vm.heap.list(vec![key, value]), at))
        }
        Kind::Set => {
            let (at, member, _) = vm.heap.set_ref(over)?.next(at)?;
            Some((member, at))
        }
        Kind::Str => {
            let c = vm.heap.str(over)?.get(index..)?.chars().next()?;
            Some((vm.heap.character_string(c), at + c.len_utf8() as u64))
        }
        Kind::Bytes => Some((byte(vm.heap.bytes_ref(over)?, index)?, at + 1)),
        Kind::Buffer => Some((byte(vm.heap.buffer_ref(over)?, index)?, at + 1)),
        Kind::Range => Some((Value::int(vm.heap.range_ref(over)?.get(at)?), at + 1)),
        _ => None,
    }
}

fn byte(bytes: &[u8], index: usize) -> Option<Value> {
    bytes.get(index).map(|byte| Value::int(i64::from(*byte)))
}
