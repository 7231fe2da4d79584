//! Ordered maps: the table behind maps and sets.
//!
//! Entries stand in a vector in the order of insertion; removing one leaves a tombstone. Up to
//! `LINEAR_MAX` entries are searched one after another, more get an index: a hash table of
//! positions in the vector (`map/index.rs`). When a map grows whose keys are ints that lie close
//! together, it becomes *dense*: values in an array addressed by the key (`map/dense.rs`), until a key
//! comes that does not fit.
//!
//! A *place* says where an entry is kept: its position in the vector, or its offset in the array. It
//! is valid until the map changes. Iteration goes by position in the order of insertion and holds a
//! *cursor*, the serial number of the next entry to visit. Entries are numbered in the order of
//! insertion and keep their number when tombstones are squeezed out, so a cursor stays valid whatever
//! happens to the map meanwhile: entries removed before the cursor reaches them are skipped, entries
//! added are visited. Until the first squeeze an entry's number is its position (plus `base`),
//! afterwards `serials` holds the numbers.
//!
//! A map knows nothing of the heap: hashes and comparisons are handed in. See `key.rs` for what
//! equals what.

mod body;
mod dense;
mod index;

use self::dense::Dense;
use self::index::Index;
use super::hash::IntHasher;
use super::heap::advise;
use super::value::{HashedKey, Value};

/// Maps of up to so many entries (tombstones included) have no index.
const LINEAR_MAX: usize = 8;
/// Maps of fewer entries are not worth being made dense.
const DENSE_MIN: usize = 32;

/// A key with its value: half a line of memory. The key of a tombstone is unset.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: HashedKey,
    value: Value,
}

impl Entry {
    const GONE: Entry = Entry { key: HashedKey::new(Value::unset(), 0), value: Value::null() };

    #[inline]
    fn is_live(&self) -> bool {
        !self.key.value().is_unset()
    }

    #[inline]
    fn pair(&self) -> (Value, Value) {
        (self.key.value(), self.value)
    }
}

/// An insertion-ordered hash map.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// Empty while the map is dense.
    entries: Vec<Entry>,
    /// Positions in `entries` by hash; none while the map is small.
    index: Index,
    /// What takes the place of both.
    dense: Option<Box<Dense>>,
    /// Entries that are not tombstones.
    live: usize,
    /// Position of the first entry that is not a tombstone, or an earlier one.
    head: usize,
    /// Serial number of position 0 as long as `serials` is none.
    base: u64,
    /// Serial numbers by position, once they are not consecutive any more.
    serials: Option<Vec<u64>>,
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
            map.index = Index::with_room(capacity);
        }
        map
    }

    /// The number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Whether this is a dense map, in which only ints are to be found.
    #[inline]
    pub(in crate::vm) fn is_dense(&self) -> bool {
        self.dense.is_some()
    }

    /// The place of an int in a dense map.
    #[inline]
    pub(in crate::vm) fn find_dense(&self, key: i64) -> Option<usize> {
        self.dense.as_ref()?.find(key)
    }

    /// The value of an int in a dense map; no answer from others.
    #[inline]
    pub(in crate::vm) fn get_dense(&self, key: i64) -> Option<Option<Value>> {
        Some(self.dense.as_ref()?.get(key))
    }

    /// Sets the value of an int in a dense map; `false` if that is not as simple as that.
    #[inline]
    pub(in crate::vm) fn put_dense(&mut self, key: i64, value: Value) -> bool {
        let Some(dense) = &mut self.dense else { return false };
        match dense.put(key, value, self.serials.is_none()) {
            None => false,
            Some(is_new) => {
                self.live += usize::from(is_new);
                true
            }
        }
    }

    /// The place of the entry whose key has this hash and of which `equal` says yes, in a map that is
    /// not dense.
    #[inline]
    pub(in crate::vm) fn find(
        &self,
        hash: u32,
        mut equal: impl FnMut(Value) -> bool,
    ) -> Option<usize> {
        if self.index.is_none() {
            let from = self.head.min(self.entries.len());
            let found = self.entries[from..].iter().position(|entry| {
                entry.key.hash() == hash && entry.is_live() && equal(entry.key.value())
            });
            return found.map(|position| from + position);
        }
        let entries = &self.entries;
        self.index.find(hash, |position| equal(entries[position].key.value()))
    }

    /// All places whose keys have this hash, in order, for keys that only a script can compare:
    /// no int equals such a one.
    pub(in crate::vm) fn candidates(&self, hash: u32) -> Vec<usize> {
        let fits = |position: &usize| {
            let entry = &self.entries[*position];
            entry.key.hash() == hash && entry.is_live()
        };
        if self.index.is_none() {
            return (0..self.entries.len()).filter(fits).collect();
        }
        let mut found = Vec::new();
        self.index.find(hash, |position| {
            found.push(position);
            false
        });
        found.sort_unstable();
        found
    }

    /// Key and value at a place.
    #[inline]
    pub(in crate::vm) fn at(&self, place: usize) -> Option<(Value, Value)> {
        match &self.dense {
            None => self.entry(place),
            Some(dense) => dense.at(place),
        }
    }

    /// Replaces the value at a place that was found.
    #[inline]
    pub(in crate::vm) fn set_at(&mut self, place: usize, value: Value) {
        if let Some(dense) = &mut self.dense {
            dense.set_at(place, value);
        } else if let Some(entry) = self.entries.get_mut(place) {
            entry.value = value;
        }
    }

    /// Whether one more entry would make the map allocate.
    #[inline]
    pub(in crate::vm) fn would_grow(&self, key: Value) -> bool {
        if self.serials.is_some() {
            return true;
        }
        match &self.dense {
            Some(dense) => !key.is_int() || dense.would_grow(key),
            None => {
                let len = self.entries.len();
                let room =
                    if self.index.is_none() { len >= LINEAR_MAX } else { self.index.is_full() };
                len == self.entries.capacity() || room
            }
        }
    }

    /// Appends an entry whose key is not in the map yet. The hash of an int does not count if the map
    /// is dense.
    #[inline]
    pub(in crate::vm) fn push(&mut self, hash: u32, key: Value, value: Value, hasher: IntHasher) {
        if self.entries.len() == self.entries.capacity() && !self.is_dense() {
            self.make_room(key, hasher);
        }
        if let Some(serials) = &mut self.serials {
            let last = serials.last().copied().map_or(self.base, |serial| serial + 1);
            serials.push(last.max(self.base));
        }
        let live = self.live;
        self.live += 1;
        let mut hash = hash;
        if let Some(dense) = &mut self.dense {
            if dense.push(key, value, live) {
                return;
            }
            self.list(hasher);
            hash = key.as_int().map_or(hash, |key| hasher.hash(key));
        }
        let position = self.entries.len();
        self.entries.push(Entry { key: HashedKey::new(key, hash), value });
        if !self.index.is_none() {
            self.index.insert(hash, position);
        } else if self.entries.len() > LINEAR_MAX {
            self.build_index();
        }
    }

    /// Removes the entry at a place that was found, and returns its key and value.
    pub(in crate::vm) fn remove_at(
        &mut self,
        place: usize,
        hasher: IntHasher,
    ) -> Option<(Value, Value)> {
        let pair = if let Some(dense) = &mut self.dense {
            dense.remove_at(place)?
        } else {
            let entry = *self.entries.get(place).filter(|entry| entry.is_live())?;
            if !self.index.is_none() {
                self.index.remove(entry.key.hash(), place);
            }
            self.entries[place] = Entry::GONE;
            entry.pair()
        };
        self.live -= 1;
        while self.head < self.positions() && !self.is_live(self.head) {
            self.head += 1;
        }
        if self.live == 0 {
            self.clear();
        } else if self.positions() > 32 + 4 * self.live {
            self.squeeze(hasher);
        }
        Some(pair)
    }

    /// Removes all entries; cursors go on with what is added later.
    pub fn clear(&mut self) {
        self.base = self.end();
        self.serials = None;
        self.dense = None;
        self.entries.clear();
        self.index.drop_slots();
        self.live = 0;
        self.head = 0;
    }

    /// The entry that a cursor stands before, with the cursor behind it. Iteration begins at 0.
    pub fn next(&self, cursor: u64) -> Option<(u64, Value, Value)> {
        let mut position = self.position(cursor).max(self.head);
        while position < self.positions() {
            if let Some((key, value)) = self.entry(position) {
                return Some((self.serial(position) + 1, key, value));
            }
            position += 1;
        }
        None
    }

    /// The entry in front of a cursor, with the cursor that stands before it. Backward iteration
    /// begins at [`Map::end`].
    pub fn previous(&self, cursor: u64) -> Option<(u64, Value, Value)> {
        let mut position = self.position(cursor).min(self.positions());
        while position > 0 {
            position -= 1;
            if let Some((key, value)) = self.entry(position) {
                return Some((self.serial(position), key, value));
            }
        }
        None
    }

    /// The cursor behind the last entry.
    pub fn end(&self) -> u64 {
        match &self.serials {
            None => self.base + self.positions() as u64,
            Some(serials) => serials.last().map_or(self.base, |serial| serial + 1),
        }
    }

    /// All entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Value, Value)> + '_ {
        (0..self.positions()).filter_map(|position| self.entry(position))
    }

    /// All entries in order, each with the hash of its key.
    pub(in crate::vm) fn hashed(
        &self,
        hasher: IntHasher,
    ) -> impl Iterator<Item = (u32, Value, Value)> + '_ {
        let hashed = move |position| {
            let (key, value) = self.entry(position)?;
            Some((self.hash_at(position, key, hasher), key, value))
        };
        (0..self.positions()).filter_map(hashed)
    }

    /// All keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = Value> + '_ {
        self.iter().map(|(key, _)| key)
    }

    /// All values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = Value> + '_ {
        self.iter().map(|(_, value)| value)
    }

    /// The hash of the entry that [`Map::next`] has just passed.
    pub(in crate::vm) fn hash_before(&self, cursor: u64, hasher: IntHasher) -> Option<u32> {
        let position = self.position(cursor).checked_sub(1)?;
        let (key, _) = self.entry(position)?;
        Some(self.hash_at(position, key, hasher))
    }

    fn hash_at(&self, position: usize, key: Value, hasher: IntHasher) -> u32 {
        match self.entries.get(position) {
            Some(entry) => entry.key.hash(),
            None => hasher.hash(key.bits().cast_signed()),
        }
    }

    /// The number of positions, those of tombstones included.
    #[inline]
    pub(in crate::vm) fn positions(&self) -> usize {
        self.dense.as_ref().map_or(self.entries.len(), |dense| dense.len())
    }

    /// Key and value at a position.
    #[inline]
    fn entry(&self, position: usize) -> Option<(Value, Value)> {
        match &self.dense {
            None => self.entries.get(position).filter(|entry| entry.is_live()).map(Entry::pair),
            Some(dense) => dense.entry(position),
        }
    }

    #[inline]
    fn is_live(&self, position: usize) -> bool {
        match &self.dense {
            None => self.entries.get(position).is_some_and(Entry::is_live),
            Some(dense) => dense.is_live(position),
        }
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

    /// Before the vector grows: squeezes tombstones out if they are more than half, or makes the map
    /// dense if that is what its keys and a new one are.
    #[cold]
    fn make_room(&mut self, key: Value, hasher: IntHasher) {
        let len = self.entries.len();
        if len - self.live > len / 2 {
            self.squeeze(hasher);
        } else if self.live >= DENSE_MIN {
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
        let Some(mut dense) = Dense::new(first, last, self.live) else { return };
        self.squeeze(hasher);
        self.index.drop_slots();
        for (live, entry) in self.entries.iter().enumerate() {
            dense.push(entry.key.value(), entry.value, live);
        }
        (self.entries, self.dense) = (Vec::new(), Some(Box::new(dense)));
    }

    /// Makes a dense map one of entries.
    fn list(&mut self, hasher: IntHasher) {
        let Some(dense) = self.dense.take() else { return };
        let entry = |position| match dense.entry(position) {
            None => Entry::GONE,
            Some((key, value)) => {
                let hash = hasher.hash(key.bits().cast_signed());
                Entry { key: HashedKey::new(key, hash), value }
            }
        };
        self.entries.reserve(dense.len() + 1);
        self.entries.extend((0..dense.len()).map(entry));
        self.build_index();
    }

    /// Squeezes tombstones out.
    fn squeeze(&mut self, hasher: IntHasher) {
        let positions = self.positions();
        if self.live == positions {
            return;
        }
        let serials = (0..positions).filter(|position| self.is_live(*position));
        self.serials = Some(serials.map(|position| self.serial(position)).collect());
        self.head = 0;
        if let Some(dense) = &mut self.dense {
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

    fn build_index(&mut self) {
        self.index.drop_slots();
        if self.entries.len() <= LINEAR_MAX {
            return;
        }
        self.index = Index::with_room(self.entries.len());
        for (position, entry) in self.entries.iter().enumerate().filter(|(_, e)| e.is_live()) {
            self.index.insert(entry.key.hash(), position);
        }
    }
}

#[cfg(test)]
#[path = "map_test.rs"]
mod tests;
