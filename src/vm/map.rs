//! Ordered maps: the table behind maps and sets.
//!
//! Entries stand in the order of insertion, in the map's own cell if they were known when it was made and
//! are few; removing one leaves a tombstone. Up to `LINEAR_MAX` entries are searched one after another,
//! more get an index: a hash table of positions (`map/index.rs`). When a map grows whose keys are ints that lie close
//! together, it becomes *dense*: values in an array addressed by the key (`map/dense.rs`), until a key
//! comes that does not fit.
//!
//! A *place* says where an entry is kept: its position among the entries, or its offset in the array. It
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
mod shape;

use self::dense::Dense;
use self::index::Index;
use super::hash::IntHasher;
use super::object::{Element, Items, Owned};
use super::value::{HashedKey, Value};

/// Maps of up to so many entries (tombstones included) have no index.
const LINEAR_MAX: usize = 8;
/// Maps of fewer entries are not worth being made dense.
const DENSE_MIN: usize = 32;

/// A key with its value: half a line of memory. The key of a tombstone is unset.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Entry {
    key: HashedKey,
    value: Value,
}

impl Element for Entry {
    const CONTAINER: usize = size_of::<Map>();
}

impl Entry {
    const GONE: Entry = Entry { key: HashedKey::new(Value::unset(), 0), value: Value::null() };

    /// An entry whose key has this hash.
    #[inline]
    pub(in crate::vm) fn new(hash: u32, key: Value, value: Value) -> Entry {
        Entry { key: HashedKey::new(key, hash), value }
    }

    #[inline]
    fn is_live(&self) -> bool {
        !self.key.value().is_unset()
    }

    #[inline]
    fn pair(&self) -> (Value, Value) {
        (self.key.value(), self.value)
    }
}

/// What only larger maps have.
#[derive(Clone, Debug, Default)]
struct Table {
    /// Positions of entries by hash.
    index: Index,
    /// What takes the place of index and entries.
    dense: Option<Dense>,
    /// Serial numbers by position, once they are not consecutive any more.
    serials: Option<Vec<u64>>,
}

impl Table {
    /// Whether an entry's position is its serial number but for the base.
    #[inline]
    fn is_plain(&self) -> bool {
        self.dense.is_none() && self.serials.is_none()
    }
}

/// An insertion-ordered hash map.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub struct Map {
    /// Empty while the map is dense.
    entries: Items<Entry>,
    /// None while the map is small.
    table: Option<Box<Table>>,
    /// Serial number of position 0 as long as all are consecutive.
    base: u64,
    /// Entries that are not tombstones.
    live: u32,
    /// Position of the first entry that is not a tombstone, or an earlier one.
    head: u32,
}

impl Map {
    /// A new map of up to so many entries has them in its cell.
    pub(in crate::vm) const INLINE_MAX: usize = LINEAR_MAX;

    /// An empty map.
    pub fn new() -> Map {
        Map::default()
    }

    /// An empty map with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Map {
        Map::with_items(Items::buffered(Vec::with_capacity(capacity)))
    }

    /// An empty map with this room for entries.
    #[inline]
    pub(in crate::vm) fn with_items(entries: Items<Entry>) -> Map {
        let mut table = None;
        if entries.capacity() > LINEAR_MAX {
            let index = Index::with_room(entries.capacity(), &[]);
            table = Some(Box::new(Table { index, ..Table::default() }));
        }
        Map { entries, table, base: 0, live: 0, head: 0 }
    }

    /// Its entries, if they may as well stand in a cell.
    pub(in crate::vm) fn short(&self) -> Option<&[Entry]> {
        let is_short =
            self.entries.capacity() <= Map::INLINE_MAX && self.live as usize == self.entries.len();
        (is_short && self.table.is_none() && self.base == 0).then_some(&self.entries)
    }

    /// Appends entries of which there are none, and for which there is room.
    #[inline]
    pub(in crate::vm) fn fill(&mut self, entries: impl Iterator<Item = Entry>) {
        let room = self.entries.capacity();
        for entry in entries.take(room) {
            self.entries.push(entry);
        }
        self.live = self.entries.len() as u32;
    }

    /// The number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.live as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Whether this is a dense map, in which only ints are to be found.
    #[inline]
    pub(in crate::vm) fn is_dense(&self) -> bool {
        self.dense().is_some()
    }

    #[inline]
    fn dense(&self) -> Option<&Dense> {
        self.table.as_ref()?.dense.as_ref()
    }

    #[inline]
    fn dense_mut(&mut self) -> Option<&mut Dense> {
        self.table.as_mut()?.dense.as_mut()
    }

    /// The index, if there is one.
    #[inline]
    fn index(&self) -> Option<&Index> {
        self.table.as_ref().map(|table| &table.index).filter(|index| !index.is_none())
    }

    #[inline]
    fn index_mut(&mut self) -> Option<&mut Index> {
        self.table.as_mut().map(|table| &mut table.index).filter(|index| !index.is_none())
    }

    #[inline]
    fn serials(&self) -> Option<&Vec<u64>> {
        self.table.as_ref()?.serials.as_ref()
    }

    fn table_mut(&mut self) -> &mut Table {
        self.table.get_or_insert_default()
    }

    /// The place of an int in a dense map.
    #[inline]
    pub(in crate::vm) fn find_dense(&self, key: i64) -> Option<usize> {
        self.dense()?.find(key)
    }

    /// The value of an int in a dense map; no answer from others.
    #[inline]
    pub(in crate::vm) fn get_dense(&self, key: i64) -> Option<Option<Value>> {
        Some(self.dense()?.get(key))
    }

    /// Where the value of an int has to be written in a dense map; none if that is not as simple as that.
    #[inline]
    pub(in crate::vm) fn place_dense(&mut self, key: i64) -> Option<&mut Value> {
        let Some(Table { dense: Some(dense), serials, .. }) = self.table.as_deref_mut() else {
            return None;
        };
        let (place, is_new) = dense.place(key, serials.is_none())?;
        self.live += u32::from(is_new);
        Some(place)
    }

    /// The place of the entry whose key has this hash and of which `equal` says yes, in a map that is
    /// not dense.
    #[inline]
    pub(in crate::vm) fn find(
        &self,
        hash: u32,
        mut equal: impl FnMut(Value) -> bool,
    ) -> Option<usize> {
        let Some(index) = self.index() else {
            let from = (self.head as usize).min(self.entries.len());
            let found = self.entries[from..].iter().position(|entry| {
                entry.key.hash() == hash && entry.is_live() && equal(entry.key.value())
            });
            return found.map(|position| from + position);
        };
        let entries = &self.entries;
        index.find(hash, |position| equal(entries[position].key.value()))
    }

    /// All places whose keys have this hash, in order, for keys that only a script can compare:
    /// no int equals such a one.
    pub(in crate::vm) fn candidates(&self, hash: u32) -> Vec<usize> {
        let fits = |position: &usize| {
            let entry = &self.entries[*position];
            entry.key.hash() == hash && entry.is_live()
        };
        let Some(index) = self.index() else {
            return (0..self.entries.len()).filter(fits).collect();
        };
        let mut found = Vec::new();
        index.find(hash, |position| {
            found.push(position);
            false
        });
        found.sort_unstable();
        found
    }

    /// Key and value at a place.
    #[inline]
    pub(in crate::vm) fn at(&self, place: usize) -> Option<(Value, Value)> {
        match self.dense() {
            None => self.entry(place),
            Some(dense) => dense.at(place),
        }
    }

    /// Replaces the value at a place that was found.
    #[inline]
    pub(in crate::vm) fn set_at(&mut self, place: usize, value: Value) {
        if let Some(dense) = self.dense_mut() {
            dense.set_at(place, value);
        } else if let Some(entry) = self.entries.get_mut(place) {
            entry.value = value;
        }
    }

    /// Whether one more entry would make the map allocate.
    #[inline]
    pub(in crate::vm) fn would_grow(&self, key: Value) -> bool {
        let is_full = match self.table.as_deref() {
            Some(Table { serials: Some(_), .. }) => return true,
            Some(Table { dense: Some(dense), .. }) => {
                return !key.is_int() || dense.would_grow(key);
            }
            Some(Table { index, .. }) if !index.is_none() => index.is_full(),
            _ => self.entries.len() >= LINEAR_MAX,
        };
        is_full || self.entries.len() == self.entries.capacity()
    }

    /// Appends an entry whose key is not in the map yet. The hash of an int does not count if the map
    /// is dense.
    #[inline]
    pub(in crate::vm) fn push(&mut self, hash: u32, key: Value, value: Value, hasher: IntHasher) {
        if self.entries.len() == self.entries.capacity() && !self.is_dense() {
            self.make_room(key, hasher);
        }
        let live = self.live as usize;
        self.live += 1;
        let mut hash = hash;
        if let Some(table) = self.table.as_deref_mut() {
            if let Some(serials) = &mut table.serials {
                let last = serials.last().copied().map_or(self.base, |serial| serial + 1);
                serials.push(last.max(self.base));
            }
            if let Some(dense) = &mut table.dense {
                if dense.push(key, value, live) {
                    return;
                }
                self.list(hasher);
                hash = key.as_int().map_or(hash, |key| hasher.hash(key));
            }
        }
        let position = self.entries.len();
        self.entries.push(Entry::new(hash, key, value));
        if let Some(table) = self.table.as_deref_mut().filter(|table| !table.index.is_none()) {
            table.index.insert(position, &self.entries);
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
        let pair = if let Some(dense) = self.dense_mut() {
            dense.remove_at(place)?
        } else {
            let entry = *self.entries.get(place).filter(|entry| entry.is_live())?;
            if let Some(index) = self.index_mut() {
                index.remove(entry.key.hash(), place);
            }
            self.entries[place] = Entry::GONE;
            entry.pair()
        };
        self.live -= 1;
        while (self.head as usize) < self.positions() && !self.is_live(self.head as usize) {
            self.head += 1;
        }
        if self.live == 0 {
            self.clear();
        } else if self.positions() > 32 + 4 * self.live as usize {
            self.squeeze(hasher);
        }
        Some(pair)
    }

    /// Removes all entries; cursors go on with what is added later.
    pub fn clear(&mut self) {
        self.base = self.end();
        self.table = None;
        self.entries.clear();
        self.live = 0;
        self.head = 0;
    }

    /// The entry that a cursor stands before, with the cursor behind it. Iteration begins at 0.
    #[inline]
    pub fn next(&self, cursor: u64) -> Option<(u64, Value, Value)> {
        // What most maps are: entries one behind the other.
        let is_plain = self.table.as_deref().is_none_or(Table::is_plain);
        if is_plain
            && let Ok(position) = usize::try_from(cursor.wrapping_sub(self.base))
            && let Some(entry) = self.entries.get(position)
            && entry.is_live()
        {
            let (key, value) = entry.pair();
            return Some((cursor + 1, key, value));
        }
        self.next_live(cursor)
    }

    #[inline(never)]
    fn next_live(&self, cursor: u64) -> Option<(u64, Value, Value)> {
        let mut position = self.position(cursor).max(self.head as usize);
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
        match self.serials() {
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
        self.dense().map_or(self.entries.len(), Dense::len)
    }

    /// Key and value at a position.
    #[inline]
    fn entry(&self, position: usize) -> Option<(Value, Value)> {
        match self.dense() {
            None => self.entries.get(position).filter(|entry| entry.is_live()).map(Entry::pair),
            Some(dense) => dense.entry(position),
        }
    }

    #[inline]
    fn is_live(&self, position: usize) -> bool {
        match self.dense() {
            None => self.entries.get(position).is_some_and(Entry::is_live),
            Some(dense) => dense.is_live(position),
        }
    }

    fn serial(&self, position: usize) -> u64 {
        match self.serials() {
            None => self.base + position as u64,
            Some(serials) => serials[position],
        }
    }

    /// The first position whose serial number is at least `cursor`.
    fn position(&self, cursor: u64) -> usize {
        match self.serials() {
            None => usize::try_from(cursor.saturating_sub(self.base)).unwrap_or(usize::MAX),
            Some(serials) => serials.partition_point(|serial| *serial < cursor),
        }
    }
}

const _: () = {
    // Entries in a map's own cell stand right behind its fixed part, and `Items` knows that.
    assert!(std::mem::offset_of!(Map, entries) == 0);
    assert!(std::mem::offset_of!(Owned<Map>, body) + size_of::<Map>() == size_of::<Owned<Map>>());
    assert!(size_of::<Owned<Map>>() == 64);
};

#[cfg(test)]
#[path = "map_test.rs"]
mod tests;
