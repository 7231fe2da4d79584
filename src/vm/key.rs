//! Maps and sets by key: hashing and comparing need the heap, storing needs the map.
//!
//! All of these take a map or a set as a value. A list that becomes a key is copied and frozen
//!, lists in it too. A key whose class, or that of a part of it, defines `hash` cannot be looked up
//! without running script code: the caller lets a [`Hasher`](super::hasher::Hasher) ask for it, then
//! goes through [`Heap::map_candidates`] with `==`, then reads, replaces or appends by position.

use super::equal::same_key;
use super::hash::{AddressMap, Unhashable};
use super::heap::Heap;
use super::map::{Entry, Map};
use super::value::{Kind, Value};

/// A string key with its hash.
#[derive(Clone, Copy, Debug)]
pub struct TextKey {
    hash: u32,
    key: Value,
}

impl TextKey {
    /// The string.
    pub fn value(self) -> Value {
        self.key
    }
}

/// The string keys that were met lately, so that maps with the same keys share their strings. Valid
/// until the next collection.
#[derive(Debug)]
pub struct KeyCache {
    slots: Vec<Value>,
}

/// The most keys that a cache remembers: a power of two.
const CACHED_MAX: usize = 512;

impl KeyCache {
    /// A cache for about so many keys.
    pub fn with_room(count: usize) -> KeyCache {
        KeyCache { slots: vec![Value::null(); count.clamp(8, CACHED_MAX).next_power_of_two()] }
    }
}

impl Heap {
    /// A string as a key: the one that was met before, or a new one.
    pub fn text_key(&mut self, cache: &mut KeyCache, text: &str) -> TextKey {
        let hash = self.text_hash(text);
        let place = hash as usize & (cache.slots.len() - 1);
        let slot = &mut cache.slots[place];
        if self.str(*slot) != Some(text) {
            *slot = self.string(text);
            if let Some(string) = self.string_ref(*slot) {
                string.header().set_word(hash);
            }
        }
        TextKey { hash, key: *slot }
    }

    /// A map of these entries. Of several with the same key the last one counts, at the place of
    /// the first.
    pub fn map_of(&mut self, entries: &[(TextKey, Value)]) -> Value {
        let mut map = Map::with_capacity(entries.len());
        let hasher = self.int_hasher();
        for (TextKey { hash, key }, value) in entries {
            match self.find_key(&map, *hash, *key) {
                Some(position) => map.set_at(position, *value),
                None => map.push(*hash, *key, *value, hasher),
            }
        }
        self.map(map)
    }

    /// A map of entries whose keys are different from each other.
    pub fn map_of_different(&mut self, entries: &[(TextKey, Value)]) -> Value {
        if entries.len() <= Map::INLINE_MAX {
            let entry = |(key, value): &(TextKey, Value)| Entry::new(key.hash, key.key, *value);
            return self.short_map(Kind::Map, entries.len(), entries.iter().map(entry));
        }
        let mut map = Map::with_capacity(entries.len());
        let hasher = self.int_hasher();
        for (TextKey { hash, key }, value) in entries {
            map.push(*hash, *key, *value, hasher);
        }
        self.map(map)
    }

    /// The value at a key; `None` if there is none.
    #[inline]
    pub fn map_get(&self, map: Value, key: Value) -> Result<Option<Value>, Unhashable> {
        let Some(table) = self.table_ref(map) else { return Ok(None) };
        if let Some(number) = key.as_int()
            && let Some(found) = table.get_dense(number)
        {
            return Ok(found);
        }
        let hash = self.hash_in(table, key)?;
        Ok(self.find_key(table, hash, key).and_then(|place| table.at(place)).map(second))
    }

    /// The value at a string key.
    #[inline]
    pub fn map_get_str(&self, map: Value, key: &str) -> Option<Value> {
        let table = self.table_ref(map)?;
        let place = self.find_text(table, key)?;
        table.at(place).map(second)
    }

    /// Whether a map or set has a key.
    pub fn map_has(&self, map: Value, key: Value) -> Result<bool, Unhashable> {
        let Some(table) = self.table_ref(map) else { return Ok(false) };
        let hash = self.hash_in(table, key)?;
        Ok(self.find_key(table, hash, key).is_some())
    }

    /// Sets the value at a key; gives the old one. A key that is there keeps its place and spelling.
    pub fn map_insert(
        &mut self,
        map: Value,
        key: Value,
        value: Value,
    ) -> Result<Option<Value>, Unhashable> {
        let Some(table) = self.table_ref(map) else { return Ok(None) };
        let hash = self.hash_in(table, key)?;
        if let Some(place) = self.find_key(table, hash, key) {
            return Ok(self.map_set_at(map, place, value));
        }
        let key = self.frozen(key);
        self.map_push_hashed(map, hash, key, value);
        Ok(None)
    }

    /// Sets the value at a key. A key that is there keeps its place and spelling.
    #[inline]
    pub(in crate::vm) fn map_put(
        &mut self,
        map: Value,
        key: Value,
        value: Value,
    ) -> Result<(), Unhashable> {
        if let Some(number) = key.as_int()
            && let Some(table) = self.table_for(map, [value, Value::null()], false)
            && let Some(place) = table.place_dense(number)
        {
            *place = value;
            return Ok(());
        }
        let Some(table) = self.table_ref(map) else { return Ok(()) };
        let hash = self.hash_in(table, key)?;
        match self.find_key(table, hash, key) {
            None => {
                let key = self.frozen(key);
                self.map_push_hashed(map, hash, key, value);
            }
            Some(place) => {
                if let Some(table) = self.table_for(map, [value, Value::null()], false) {
                    table.set_at(place, value);
                }
            }
        }
        Ok(())
    }

    /// Sets the value at a string key.
    pub fn map_insert_str(&mut self, map: Value, key: &str, value: Value) {
        let hash = self.text_hash(key);
        match self.table_ref(map).and_then(|table| self.find_text(table, key)) {
            Some(place) => {
                self.map_set_at(map, place, value);
            }
            None => {
                let key = self.string(key);
                self.map_push_hashed(map, hash, key, value);
            }
        }
    }

    /// Adds a member to a set; `false` if it is in it already.
    pub fn set_add(&mut self, set: Value, member: Value) -> Result<bool, Unhashable> {
        Ok(self.map_insert(set, member, Value::null())?.is_none())
    }

    /// Removes a key; gives its value.
    pub fn map_remove(&mut self, map: Value, key: Value) -> Result<Option<Value>, Unhashable> {
        let Some(table) = self.table_ref(map) else { return Ok(None) };
        let hash = self.hash_in(table, key)?;
        let place = self.find_key(table, hash, key);
        Ok(place.and_then(|place| self.map_remove_at(map, place)))
    }

    /// Adds an entry to a map that is not in the heap yet. `key` has to be hashable.
    pub fn fill(&mut self, map: &mut Map, key: Value, value: Value) -> Result<(), Unhashable> {
        let hash = self.hash_in(map, key)?;
        match self.find_key(map, hash, key) {
            Some(place) => map.set_at(place, value),
            None => map.push(hash, self.frozen(key), value, self.int_hasher()),
        }
        Ok(())
    }

    /// Adds an entry with a string key to a map that is not in the heap yet.
    pub fn fill_str(&mut self, map: &mut Map, key: &str, value: Value) {
        match self.find_text(map, key) {
            Some(place) => map.set_at(place, value),
            None => {
                let hash = self.text_hash(key);
                let key = self.string(key);
                map.push(hash, key, value, self.int_hasher());
            }
        }
    }

    /// Places and keys of a map that may equal a key with this hash, in order: for keys that
    /// only script code can compare. Places are valid until the map changes.
    pub fn map_candidates(&self, map: Value, hash: u64) -> Vec<(usize, Value)> {
        let Some(table) = self.table_ref(map) else { return Vec::new() };
        let places = table.candidates(hash as u32).into_iter();
        places.filter_map(|at| Some((at, table.at(at)?.0))).collect()
    }

    /// Key and value at a place.
    pub fn map_at(&self, map: Value, place: usize) -> Option<(Value, Value)> {
        self.table_ref(map)?.at(place)
    }

    /// Replaces the value at a place; gives the old one.
    pub fn map_set_at(&mut self, map: Value, place: usize, value: Value) -> Option<Value> {
        let table = self.table_for(map, [value, Value::null()], false)?;
        let old = table.at(place).map(second)?;
        table.set_at(place, value);
        Some(old)
    }

    /// Removes the entry at a place; gives its value.
    pub fn map_remove_at(&mut self, map: Value, place: usize) -> Option<Value> {
        let hasher = self.int_hasher();
        let table = self.table_for(map, [Value::null(); 2], true)?;
        let before = layout(table);
        let removed = table.remove_at(place, hasher).map(second);
        if layout(table) != before {
            // Entries stand elsewhere than where a scan left off.
            self.move_barrier(map);
        }
        removed
    }

    /// Appends an entry whose key is not in the map, with the hash that script code gave (its low
    /// 32 bits count).
    pub fn map_push(&mut self, map: Value, hash: u64, key: Value, value: Value) {
        let key = self.frozen(key);
        self.map_push_hashed(map, hash as u32, key, value);
    }

    /// A new map with those entries of another one whose keys `wanted` accepts.
    pub(in crate::vm) fn map_part(
        &mut self,
        map: Value,
        wanted: impl Fn(&Heap, Value) -> bool,
    ) -> Value {
        let mut part = Map::new();
        let hasher = self.int_hasher();
        if let Some(table) = self.table_ref(map) {
            let entries = table.hashed(hasher).filter(|(_, key, _)| wanted(self, *key));
            for (hash, key, value) in entries {
                part.push(hash, key, value, hasher);
            }
        }
        self.map(part)
    }

    fn map_push_hashed(&mut self, map: Value, hash: u32, key: Value, value: Value) {
        let hasher = self.int_hasher();
        let grows = self.table_ref(map).is_some_and(|table| table.would_grow(key));
        // Only growth changes what the map owns, and where entries stand.
        let Some(table) = self.table_for(map, [key, value], grows) else { return };
        let (positions, is_dense) = layout(table);
        table.push(hash, key, value, hasher);
        if grows && layout(table) != (positions + 1, is_dense) {
            self.move_barrier(map);
        }
    }

    /// The hash of a key, as far as the map needs it: a dense one does not if the key is an int.
    #[inline]
    fn hash_in(&self, table: &Map, key: Value) -> Result<u32, Unhashable> {
        if table.is_dense() && key.is_int() { Ok(0) } else { self.key_hash(key) }
    }

    /// The place of a key whose hash is known.
    #[inline]
    pub(in crate::vm) fn find_key(&self, table: &Map, hash: u32, key: Value) -> Option<usize> {
        if table.is_dense() {
            return table.find_dense(self.key_int(key)?);
        }
        table.find(hash, |stored| stored.same(key) || same_key(self, stored, key))
    }

    #[inline]
    fn find_text(&self, table: &Map, key: &str) -> Option<usize> {
        if table.is_dense() {
            return None;
        }
        table.find(self.text_hash(key), |stored| self.str(stored) == Some(key))
    }

    /// A key as a map keeps it: lists are copied and frozen, those in them too; shared ones once.
    fn frozen(&mut self, key: Value) -> Value {
        if !self.has_loose_list(key) {
            return key;
        }
        let mut copies: AddressMap<Value> = AddressMap::default();
        let mut stack = vec![key];
        while let Some(&node) = stack.last() {
            if copies.contains_key(&node.bits()) {
                stack.pop();
                continue;
            }
            let parts = self.parts(node).to_vec();
            let before = stack.len();
            stack.extend(parts.iter().copied().filter(|part| {
                is_node(*part) && self.has_loose_list(*part) && !copies.contains_key(&part.bits())
            }));
            if stack.len() > before {
                continue;
            }
            stack.pop();
            let parts: Vec<Value> = parts
                .iter()
                .map(|part| copies.get(&part.bits()).filter(|_| is_node(*part)).unwrap_or(part))
                .copied()
                .collect();
            let copy = self.frozen_node(node, parts);
            copies.insert(node.bits(), copy);
        }
        copies.get(&key.bits()).copied().unwrap_or(key)
    }

    /// A copy of a list or enum value whose parts are frozen.
    fn frozen_node(&mut self, node: Value, parts: Vec<Value>) -> Value {
        let variant = self.variant_ref(node).map(|variant| (variant.enum_value(), variant.index()));
        match variant {
            Some((enumeration, index)) => self.variant(enumeration, index, &parts),
            None => self.frozen_list(&parts),
        }
    }

    /// Whether a key has to be copied: it is a list that is not frozen, or an enum value. Frozen
    /// lists hold frozen lists only.
    fn has_loose_list(&self, key: Value) -> bool {
        match key.kind() {
            Kind::List => self.list_ref(key).is_some_and(|list| !list.frozen),
            Kind::Variant => self.parts(key).iter().any(|part| is_node(*part)),
            _ => false,
        }
    }
}

fn is_node(value: Value) -> bool {
    matches!(value.kind(), Kind::List | Kind::Variant)
}

/// How many positions a map has, and whether its values are in an array: as long as that stays, or one
/// position comes behind the others, entries stay where they are.
#[inline]
fn layout(map: &Map) -> (usize, bool) {
    (map.positions(), map.is_dense())
}

fn second<A, B>(pair: (A, B)) -> B {
    pair.1
}
