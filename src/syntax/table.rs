//! Hash tables whose keys are numbers of nodes and names, or places in a text.
//!
//! Such keys are asked for in about the order in which they were made. Their hash keeps neighbours
//! together, so that a pass over a large module stays in the caches. No text can be made for which
//! that is slow: keys that meet in a bucket are as far from each other as the table is large, and a
//! text has to be as long as that.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Span;
    use crate::syntax::ast::ExprId;

    #[test]
    fn numbers_and_places_are_found_again() {
        let mut numbers = Table::default();
        let mut places = Table::default();
        for number in 0..10_000u32 {
            numbers.insert(ExprId(number), number);
            places.insert(Span::new(number / 2, number), number);
        }
        for number in 0..10_000 {
            assert_eq!(numbers.get(&ExprId(number)), Some(&number));
            assert_eq!(places.get(&Span::new(number / 2, number)), Some(&number));
        }
        assert_eq!(numbers.get(&ExprId(10_000)), None);
        assert_eq!(places.get(&Span::new(1, 9)), None);
    }
}
