//! Records: maps with names for keys, as natives give them.

use crate::vm::Value;
use crate::vm::heap::Heap;
use crate::vm::map::Map;

/// A map from names to values.
pub(in crate::natives) fn record(heap: &mut Heap, fields: &[(&str, Value)]) -> Value {
    let map = heap.map(Map::default());
    for (name, value) in fields {
        let name = heap.intern(name);
        heap.map_insert(map, name, *value).expect("text can be a key");
    }
    map
}
