//! A map as the collector sees it.

use super::dense::Dense;
use super::{Map, Table};
use crate::vm::heap::Marker;
use crate::vm::object::{Body, Buffers};

/// Where a vector has its elements, and how many bytes it has for them.
pub(super) fn buffer_of<T: Copy>(elements: &Vec<T>) -> (usize, usize) {
    (elements.as_ptr().addr(), elements.capacity() * size_of::<T>())
}

impl Body for Map {
    const LAZY: bool = true;

    fn trace(&self, marker: &mut Marker) {
        self.trace_slice(marker, 0, usize::MAX);
    }

    fn trace_slice(&self, marker: &mut Marker, from: usize, count: usize) -> Option<usize> {
        if let Some(dense) = self.dense() {
            let rest = dense.values().get(from..).unwrap_or_default();
            marker.values(&rest[..rest.len().min(count)]);
            return (rest.len() > count).then(|| from + count);
        }
        let rest = self.entries.get(from..).unwrap_or_default();
        for entry in &rest[..rest.len().min(count)] {
            marker.values(&[entry.key.value(), entry.value]);
        }
        marker.spend(rest.len().min(count) / 2);
        (rest.len() > count).then(|| from + count)
    }

    fn external_bytes(&self) -> usize {
        let table = self.table.as_ref().map_or(0, |table| {
            let serials = table.serials.as_ref().map_or(0, Vec::capacity) * size_of::<u64>();
            let dense = table.dense.as_ref().map_or(0, Dense::bytes);
            size_of::<Table>() + table.index.bytes() + serials + dense
        });
        self.entries.buffer_bytes() + table
    }

    fn buffers(&self) -> Buffers {
        let entries = (self.entries.as_ptr().addr(), self.entries.buffer_bytes());
        let Some(table) = &self.table else { return [entries, (0, 0), (0, 0), (0, 0)] };
        let serials = table.serials.as_ref().map(buffer_of).unwrap_or_default();
        let dense = table.dense.as_ref().map(Dense::buffer).unwrap_or_default();
        [entries, table.index.buffer(), serials, dense]
    }
}
