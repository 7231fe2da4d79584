//! Lists.

use std::cell::Cell;

use super::Body;
use crate::vm::heap::Marker;
use crate::vm::value::Value;

/// A list. Whoever writes to one has to ask `frozen` first.
#[derive(Debug, Default)]
pub struct List {
    /// Its elements.
    pub items: Vec<Value>,
    /// It is a map's key or a set's member, so it cannot be changed any more.
    pub frozen: bool,
    /// Its hash once it is frozen and known, else 0.
    pub(in crate::vm) hash: Cell<u32>,
}

impl Body for List {
    fn trace(&self, marker: &mut Marker) {
        marker.values(&self.items);
    }

    fn trace_slice(&self, marker: &mut Marker, from: usize, count: usize) -> Option<usize> {
        let rest = self.items.get(from..).unwrap_or_default();
        marker.values(&rest[..rest.len().min(count)]);
        (rest.len() > count).then_some(from + count)
    }

    fn external_bytes(&self) -> usize {
        self.items.capacity() * size_of::<Value>()
    }
}
