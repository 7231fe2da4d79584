//! Ordered maps: the table behind maps and sets.
//!
//! Entries stand in a vector in the order of insertion; removing one leaves a tombstone. Up to
//! `LINEAR_MAX` entries are searched one after another, more get an index: a hash table of
//! positions in the vector.
//!
//! Iteration holds a *cursor*, the serial number of the next entry to visit. Entries are numbered
//! in the order of insertion and keep their number when tombstones are squeezed out, so a cursor
//! stays valid whatever happens to the map meanwhile: entries removed before the cursor reaches
//! them are skipped, entries added are visited. Until the first squeeze an entry's number is its
//! position (plus `base`), afterwards `serials` holds the numbers.
//!
//! A map knows nothing of the heap: hashes and comparisons are handed in. See `key.rs` for what
//! equals what.

use hashbrown::HashTable;

use super::heap::Marker;
use super::object::Body;
use super::value::Value;

/// Maps of up to so many entries (tombstones included) have no index.
const LINEAR_MAX: usize = 8;

/// A key with its value; the key of a tombstone is unset.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    key: Value,
    value: Value,
}

impl Entry {
    fn is_live(&self) -> bool {
        !self.key.is_unset()
    }
}

/// An insertion-ordered hash map.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<Entry>,
    /// Positions in `entries` by hash; empty while the map is small.
    index: HashTable<u32>,
    /// Entries that are not tombstones.
    live: usize,
    /// Position of the first entry that is not a tombstone, or an earlier one.
    head: usize,
    /// Serial number of position 0 as long as `serials` is none.
    base: u64,
    /// Serial numbers by position, once they are not consecutive any more.
    serials: Option<Vec<u64>>,
}

/// Spreads a 32-bit hash over the 64 bits that the index looks at both ends of.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Map {
    /// An empty map.
    pub fn new() -> Map {
        Map::default()
    }

    /// An empty map with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Map {
        let mut map = Map { entries: Vec::with_capacity(capacity), ..Map::default() };
        if capacity > LINEAR_MAX {
            map.index = HashTable::with_capacity(capacity);
        }
        map
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The position of the entry whose key has this hash and of which `equal` says yes.
    pub(in crate::vm) fn find(
        &self,
        hash: u32,
        mut equal: impl FnMut(Value) -> bool,
    ) -> Option<usize> {
        if self.index.is_empty() {
            let from = self.head.min(self.entries.len());
            let found = self.entries[from..]
                .iter()
                .position(|entry| entry.hash == hash && entry.is_live() && equal(entry.key));
            return found.map(|position| from + position);
        }
        let entries = &self.entries;
        let position = self.index.find(spread(hash), |position| {
            let entry = &entries[*position as usize];
            entry.hash == hash && equal(entry.key)
        });
        position.map(|position| *position as usize)
    }

    /// All positions whose keys have this hash, in order, for keys that only a script can compare.
    pub(in crate::vm) fn candidates(&self, hash: u32) -> Vec<usize> {
        let fits = |position: &usize| {
            let entry = &self.entries[*position];
            entry.hash == hash && entry.is_live()
        };
        if self.index.is_empty() {
            return (0..self.entries.len()).filter(fits).collect();
        }
        let alike = self.index.iter_hash(spread(hash)).map(|position| *position as usize);
        let mut found: Vec<usize> = alike.filter(fits).collect();
        found.sort_unstable();
        found
    }

    /// Key and value at a position.
    pub(in crate::vm) fn at(&self, position: usize) -> Option<(Value, Value)> {
        let entry = self.entries.get(position).filter(|entry| entry.is_live())?;
        Some((entry.key, entry.value))
    }

    /// Replaces the value at a position that [`Map::find`] gave.
    pub(in crate::vm) fn set_at(&mut self, position: usize, value: Value) {
        if let Some(entry) = self.entries.get_mut(position) {
            entry.value = value;
        }
    }

    /// Appends an entry whose key is not in the map yet.
    pub(in crate::vm) fn push(&mut self, hash: u32, key: Value, value: Value) {
        let len = self.entries.len();
        if len == self.entries.capacity() && len - self.live > len / 2 {
            self.squeeze();
        }
        let position = self.entries.len();
        if let Some(serials) = &mut self.serials {
            let last = serials.last().copied().map_or(self.base, |serial| serial + 1);
            serials.push(last.max(self.base));
        }
        self.entries.push(Entry { hash, key, value });
        self.live += 1;
        if !self.index.is_empty() {
            let entries = &self.entries;
            self.index.insert_unique(spread(hash), position_u32(position), |position| {
                spread(entries[*position as usize].hash)
            });
        } else if self.entries.len() > LINEAR_MAX {
            self.build_index();
        }
    }

    /// Removes the entry at a position that [`Map::find`] gave, and returns its key and value.
    pub(in crate::vm) fn remove_at(&mut self, position: usize) -> Option<(Value, Value)> {
        let entry = *self.entries.get(position).filter(|entry| entry.is_live())?;
        if !self.index.is_empty()
            && let Ok(found) =
                self.index.find_entry(spread(entry.hash), |other| *other as usize == position)
        {
            found.remove();
        }
        self.entries[position] = Entry { hash: 0, key: Value::unset(), value: Value::null() };
        self.live -= 1;
        while self.entries.get(self.head).is_some_and(|entry| !entry.is_live()) {
            self.head += 1;
        }
        if self.live == 0 {
            self.clear();
        } else if self.entries.len() > 32 + 4 * self.live {
            self.squeeze();
        }
        Some((entry.key, entry.value))
    }

    /// Removes all entries; cursors go on with what is added later.
    pub fn clear(&mut self) {
        self.base = self.end();
        self.serials = None;
        self.entries.clear();
        self.index.clear();
        self.live = 0;
        self.head = 0;
    }

    /// The entry that a cursor stands before, with the cursor behind it. Iteration begins at 0.
    pub fn next(&self, cursor: u64) -> Option<(u64, Value, Value)> {
        let mut position = self.position(cursor).max(self.head);
        while let Some(entry) = self.entries.get(position) {
            if entry.is_live() {
                return Some((self.serial(position) + 1, entry.key, entry.value));
            }
            position += 1;
        }
        None
    }

    /// The entry in front of a cursor, with the cursor that stands before it. Backward iteration
    /// begins at [`Map::end`].
    pub fn previous(&self, cursor: u64) -> Option<(u64, Value, Value)> {
        let mut position = self.position(cursor).min(self.entries.len());
        while position > 0 {
            position -= 1;
            let entry = &self.entries[position];
            if entry.is_live() {
                return Some((self.serial(position), entry.key, entry.value));
            }
        }
        None
    }

    /// The cursor behind the last entry.
    pub fn end(&self) -> u64 {
        match &self.serials {
            None => self.base + self.entries.len() as u64,
            Some(serials) => serials.last().map_or(self.base, |serial| serial + 1),
        }
    }

    /// All entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Value, Value)> + '_ {
        self.entries.iter().filter(|entry| entry.is_live()).map(|entry| (entry.key, entry.value))
    }

    /// All entries in order, each with the hash of its key.
    pub(in crate::vm) fn hashed(&self) -> impl Iterator<Item = (u32, Value, Value)> + '_ {
        let live = self.entries.iter().filter(|entry| entry.is_live());
        live.map(|entry| (entry.hash, entry.key, entry.value))
    }

    /// All keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = Value> + '_ {
        self.iter().map(|(key, _)| key)
    }

    /// All values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = Value> + '_ {
        self.iter().map(|(_, value)| value)
    }

    /// A map with the same entries and no tombstones, for a map of the same heap.
    pub fn copied(&self) -> Map {
        let mut copy = Map::with_capacity(self.live);
        for (hash, key, value) in self.hashed() {
            copy.push(hash, key, value);
        }
        copy
    }

    /// The stored hash of the entry that [`Map::next`] has just passed.
    pub(in crate::vm) fn hash_before(&self, cursor: u64) -> Option<u32> {
        let position = self.position(cursor).checked_sub(1)?;
        self.entries.get(position).map(|entry| entry.hash)
    }

    fn serial(&self, position: usize) -> u64 {
        match &self.serials {
            None => self.base + position as u64,
            Some(serials) => serials[position],
        }
    }

    /// The first position whose serial number is at least `cursor`.
    fn position(&self, cursor: u64) -> usize {
        match &self.serials {
            None => usize::try_from(cursor.saturating_sub(self.base)).unwrap_or(usize::MAX),
            Some(serials) => serials.partition_point(|serial| *serial < cursor),
        }
    }

    /// Squeezes tombstones out.
    fn squeeze(&mut self) {
        if self.live == self.entries.len() {
            return;
        }
        let serials = (0..self.entries.len()).filter(|position| self.entries[*position].is_live());
        self.serials = Some(serials.map(|position| self.serial(position)).collect());
        self.entries.retain(Entry::is_live);
        self.head = 0;
        if self.entries.capacity() > 64 + 4 * self.entries.len() {
            self.entries.shrink_to(2 * self.entries.len());
        }
        self.build_index();
    }

    fn build_index(&mut self) {
        self.index.clear();
        if self.entries.len() <= LINEAR_MAX {
            return;
        }
        let entries = &self.entries;
        let hasher = |position: &u32| spread(entries[*position as usize].hash);
        self.index.reserve(self.live, hasher);
        for (position, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.is_live()) {
            self.index.insert_unique(spread(entry.hash), position_u32(position), hasher);
        }
    }
}

/// Positions are kept in 32 bits to halve the index.
fn position_u32(position: usize) -> u32 {
    u32::try_from(position).expect("a map of 2^32 entries would need more than 160 GiB")
}

impl Body for Map {
    fn trace(&self, marker: &mut Marker) {
        self.trace_slice(marker, 0, usize::MAX);
    }

    fn trace_slice(&self, marker: &mut Marker, from: usize, count: usize) -> Option<usize> {
        let rest = self.entries.get(from..).unwrap_or_default();
        for entry in &rest[..rest.len().min(count)] {
            marker.values(&[entry.key, entry.value]);
        }
        marker.spend(rest.len().min(count) / 2);
        (rest.len() > count).then(|| from + count)
    }

    fn external_bytes(&self) -> usize {
        // The index takes four bytes and a control byte per bucket, at a load of at most 7/8.
        let index = self.index.capacity() * 8 / 7 * (size_of::<u32>() + 1);
        let serials = self.serials.as_ref().map_or(0, Vec::capacity) * size_of::<u64>();
        self.entries.capacity() * size_of::<Entry>() + index + serials
    }
}

#[cfg(test)]
#[path = "map_test.rs"]
mod tests;
