//! How a map changes its form: entries with an index or without, values in an array, tombstones
//! squeezed out.

use super::dense::Dense;
use super::index::Index;
use super::{DENSE_MIN, Entry, LINEAR_MAX, Map};
use crate::vm::hash::IntHasher;
use crate::vm::heap::advise;
use crate::vm::object::Items;
use crate::vm::value::Value;

impl Map {
    /// Before there have to be more places: squeezes tombstones out if they are more than half, or makes the map
    /// dense if that is what its keys and a new one are.
    #[cold]
    pub(super) fn make_room(&mut self, key: Value, hasher: IntHasher) {
        let (len, live) = (self.entries.len(), self.live as usize);
        if len - live > len / 2 {
            self.squeeze(hasher);
        } else if live >= DENSE_MIN {
            self.make_dense(key, hasher);
        }
        if !self.is_dense() {
            self.entries.reserve(1);
            advise(self.entries.as_ptr(), self.entries.capacity() * size_of::<Entry>());
        }
    }

    fn make_dense(&mut self, key: Value, hasher: IntHasher) {
        let Some(new) = key.as_int() else { return };
        let (mut first, mut last) = (new, new);
        for entry in self.entries.iter().filter(|entry| entry.is_live()) {
            let Some(key) = entry.key.value().as_int() else { return };
            first = first.min(key);
            last = last.max(key);
        }
        let Some(mut dense) = Dense::new(first, last, self.live as usize) else { return };
        self.squeeze(hasher);
        for (live, entry) in self.entries.iter().enumerate() {
            dense.push(entry.key.value(), entry.value, live);
        }
        self.entries = Items::default();
        let table = self.table_mut();
        table.index.drop_slots();
        table.dense = Some(dense);
    }

    /// Makes a dense map one of entries.
    pub(super) fn list(&mut self, hasher: IntHasher) {
        let Some(dense) = self.table.as_mut().and_then(|table| table.dense.take()) else { return };
        let entry = |position| match dense.entry(position) {
            None => Entry::GONE,
            Some((key, value)) => Entry::new(hasher.hash(key.bits().cast_signed()), key, value),
        };
        self.entries.reserve(dense.len() + 1);
        self.entries.extend((0..dense.len()).map(entry));
        self.build_index();
    }

    /// Squeezes tombstones out.
    pub(super) fn squeeze(&mut self, hasher: IntHasher) {
        let positions = self.positions();
        if self.len() == positions {
            return;
        }
        let serials = (0..positions).filter(|position| self.is_live(*position));
        let serials = serials.map(|position| self.serial(position)).collect();
        self.table_mut().serials = Some(serials);
        self.head = 0;
        if let Some(dense) = self.dense_mut() {
            if !dense.squeeze() {
                self.list(hasher);
            }
            return;
        }
        self.entries.retain(Entry::is_live);
        if self.entries.capacity() > 64 + 4 * self.entries.len() {
            self.entries.shrink_to(2 * self.entries.len());
        }
        self.build_index();
    }

    pub(super) fn build_index(&mut self) {
        let mut index = Index::default();
        if self.entries.len() > LINEAR_MAX {
            index = Index::with_room(self.entries.len(), &self.entries);
            for (position, _) in self.entries.iter().enumerate().filter(|(_, e)| e.is_live()) {
                index.insert(position, &self.entries);
            }
        }
        self.table_mut().index = index;
    }
}
