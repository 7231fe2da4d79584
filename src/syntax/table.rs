//! Tables whose keys are numbers of nodes and names, or places in a text.
//!
//! Such keys are asked for in about the order in which they were made. Their hash keeps neighbours
//! together, so that a pass over a large module stays in the caches. No text can be made for which
//! that is slow: keys that meet in a bucket are as far from each other as the table is large, and a
//! text has to be as long as that.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::ast::ROOM_MAX;
use crate::diagnostics::Span;

/// A table by number or place.
pub type Table<K, V> = HashMap<K, V, BuildHasherDefault<Neighbours>>;

/// A set of numbers or places.
pub type Marks<K> = HashSet<K, BuildHasherDefault<Neighbours>>;

/// The hash of a number is the number, but for its uppermost bits; that of a place is its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Neighbours(u64);

/// An odd number with bits all over.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
/// The bits that tables compare before they compare keys.
const TAG: u64 = 0x7f << 57;

impl Hasher for Neighbours {
    #[inline]
    fn finish(&self) -> u64 {
        (self.0 & !TAG) | (self.0.wrapping_mul(MIX) & TAG)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(MIX);
        }
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.0 = self.0.rotate_left(32) ^ u64::from(number);
    }
}

/// What is known of places in a text, of which no two begin at the same byte.
///
/// What stands together in the text lies together in memory: a pass over a large module stays in the
/// caches, and no entry is moved when the table grows.
#[derive(Debug)]
pub struct Places<V> {
    /// For each byte the number of the entry that begins there, from 1 on; 0 for none.
    numbers: Vec<u32>,
    entries: Vec<(Span, V)>,
}

impl<V> Default for Places<V> {
    fn default() -> Places<V> {
        Places { numbers: Vec::new(), entries: Vec::new() }
    }
}

impl<V> Places<V> {
    /// Nothing known of a text.
    pub fn of_text(text: &str) -> Places<V> {
        Places { numbers: vec![0; text.len().min(ROOM_MAX) + 1], entries: Vec::new() }
    }

    /// What is known of a place.
    pub fn get(&self, place: Span) -> Option<&V> {
        let number = *self.numbers.get(place.start as usize)?;
        let (known, value) = self.entries.get((number as usize).checked_sub(1)?)?;
        (*known == place).then_some(value)
    }

    /// Notes what is known of a place, instead of what was known of one that begins there.
    pub fn insert(&mut self, place: Span, value: V) {
        let start = place.start as usize;
        if start >= self.numbers.len() {
            self.numbers.resize(start + 1, 0);
        }
        match self.numbers[start] {
            0 => {
                self.entries.push((place, value));
                self.numbers[start] = self.entries.len() as u32;
            }
            number => self.entries[number as usize - 1] = (place, value),
        }
    }

    /// All places, in the order in which they were noted.
    pub fn iter(&self) -> impl Iterator<Item = (&Span, &V)> {
        self.entries.iter().map(|(place, value)| (place, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::ast::ExprId;

    #[test]
    fn numbers_and_places_are_found_again() {
        let mut numbers = Table::default();
        let mut places = Places::default();
        for number in 0..10_000u32 {
            numbers.insert(ExprId(number), number);
            places.insert(Span::new(number, number + 3), number);
        }
        for number in 0..10_000 {
            assert_eq!(numbers.get(&ExprId(number)), Some(&number));
            assert_eq!(places.get(Span::new(number, number + 3)), Some(&number));
        }
        assert_eq!(numbers.get(&ExprId(10_000)), None);
        assert_eq!(places.get(Span::new(1, 9)), None);
        assert_eq!(places.get(Span::new(20_000, 20_003)), None);
    }
}
