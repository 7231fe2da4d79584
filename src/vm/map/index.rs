//! The index of a map: a hash table of positions.
//!
//! Open addressing with linear probing. A slot holds hash and position together, so that a look-up
//! touches one line of memory before the entry itself, and growing reads the slots in order and no
//! entry at all: the place of a slot is the upper bits of its hash.
//!
//! A look-up in a large map waits for memory: for the slot, for the entry that it names, and for the text of
//! that entry's key, one after the other. So the index of a large map of strings is *wide*: behind each slot
//! stands the address of the key, and the text is fetched while the entry is.

use super::Entry;
use crate::vm::heap::{advise, fetch_ahead};

/// Positions by hash.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// `spread hash << 32 | position + 1`, or 0; as many as a power of two, or none. In a wide index each
    /// is followed by the payload of the key.
    slots: Vec<u64>,
    /// 1 if it is wide, else 0.
    wide: u32,
    /// How far a spread hash is shifted to give a slot.
    shift: u32,
    /// Slots that are taken.
    used: usize,
}

/// The fewest slots.
const SLOTS_MIN: usize = 32;
/// The fewest slots of a wide index: as long as a map is in the processor's caches, less memory is better.
const WIDE_MIN: usize = 1 << 16;

/// Spreads a hash over all 32 bits, of which the upper ones count: what the class of a key gives as
/// its hash need not be spread. Different hashes stay different.
#[inline]
fn spread(hash: u32) -> u32 {
    hash.wrapping_mul(0x9e37_79b9)
}

fn slot(spread: u32, position: usize) -> u64 {
    let position = u32::try_from(position + 1).expect("a map of 2^32 entries needs 200 GiB");
    u64::from(spread) << 32 | u64::from(position)
}

/// The spread hash in a slot.
#[inline]
fn spread_of(slot: u64) -> u32 {
    (slot >> 32) as u32
}

/// How far a spread hash is shifted to give one of so many slots.
fn shift_of(len: usize) -> u32 {
    32 - len.trailing_zeros().min(32)
}

/// Whether the index of so many slots is wide in a map whose last entry is known.
fn is_wide(len: usize, entries: &[Entry]) -> bool {
    len >= WIDE_MIN && entries.last().is_some_and(|entry| entry.key.value().is_str())
}

impl Index {
    /// An index with room for so many positions, of a map with these entries.
    pub(super) fn with_room(count: usize, entries: &[Entry]) -> Index {
        let len = (count + count / 2 + 1).next_power_of_two().max(SLOTS_MIN);
        let wide = u32::from(is_wide(len, entries));
        Index { slots: vec![0; len << wide], wide, shift: shift_of(len), used: 0 }
    }

    /// The number of slots.
    #[inline]
    fn len(&self) -> usize {
        self.slots.len() >> self.wide
    }

    /// Whether there is none, because the map is small.
    #[inline]
    pub(super) fn is_none(&self) -> bool {
        self.slots.is_empty()
    }

    /// Gives up all slots.
    pub(super) fn drop_slots(&mut self) {
        *self = Index::default();
    }

    /// Whether one more position needs more slots: at most two of three are taken.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        (self.used + 1) * 3 > self.len() * 2
    }

    /// The bytes of its slots.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }

    /// Where they are, and their bytes.
    pub(super) fn buffer(&self) -> (usize, usize) {
        super::body::buffer_of(&self.slots)
    }

    #[inline]
    fn home(&self, spread: u32) -> usize {
        // A shift by 32 would be too far; there is one slot only then, and that never happens.
        (spread >> self.shift) as usize
    }

    /// The first position with this hash that fits.
    #[inline]
    pub(super) fn find(&self, hash: u32, mut fits: impl FnMut(usize) -> bool) -> Option<usize> {
        let spread = spread(hash);
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = self.home(spread) << self.wide;
        loop {
            let slot = *self.slots.get(at & mask)?;
            if slot == 0 {
                return None;
            }
            if spread_of(slot) == spread {
                if self.wide != 0
                    && let Some(key) = self.slots.get((at & mask) + 1)
                {
                    fetch_ahead(*key);
                }
                let position = slot as u32 as usize - 1;
                if fits(position) {
                    return Some(position);
                }
            }
            at += 1 << self.wide;
        }
    }

    /// Adds the position of one of these entries. There has to be an index.
    #[inline]
    pub(super) fn insert(&mut self, position: usize, entries: &[Entry]) {
        if self.is_full() {
            self.grow(entries);
        }
        let key = entries[position].key;
        let at = self.put(slot(spread(key.hash()), position));
        if self.wide != 0 {
            self.slots[at + 1] = key.value().bits();
        }
        self.used += 1;
    }

    /// Writes a slot; says where.
    #[inline(always)]
    fn put(&mut self, slot: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.home(spread_of(slot)) << self.wide;
        while self.slots[at & mask] != 0 {
            at += 1 << self.wide;
        }
        self.slots[at & mask] = slot;
        at & mask
    }

    #[cold]
    fn grow(&mut self, entries: &[Entry]) {
        let len = (self.len() * 2).max(SLOTS_MIN);
        let wide = u32::from(is_wide(len, entries));
        let new = vec![0; len << wide];
        advise(new.as_ptr(), size_of_val(&*new));
        let old = std::mem::replace(&mut self.slots, new);
        let was_wide = std::mem::replace(&mut self.wide, wide);
        self.shift = shift_of(len);
        // Slots that have run over the end come first; they are few.
        if was_wide == 0 {
            for slot in old.into_iter().filter(|slot| *slot != 0) {
                let at = self.put(slot);
                if wide != 0 {
                    self.slots[at + 1] = entries[slot as u32 as usize - 1].key.value().bits();
                }
            }
            return;
        }
        for [slot, key] in old.as_chunks().0.iter().filter(|[slot, _]| *slot != 0) {
            let at = self.put(*slot);
            if wide != 0 {
                self.slots[at + 1] = *key;
            }
        }
    }

    /// Removes a position with its hash.
    pub(super) fn remove(&mut self, hash: u32, position: usize) {
        let wanted = slot(spread(hash), position);
        let mask = self.len().wrapping_sub(1);
        let mut hole = self.home(spread(hash));
        loop {
            match self.slots.get((hole & mask) << self.wide) {
                None | Some(0) => return,
                Some(slot) if *slot == wanted => break,
                Some(_) => hole += 1,
            }
        }
        hole &= mask;
        self.used -= 1;
        // What was pushed on by the one that is gone moves back, so that there are no tombstones.
        let mut place = hole;
        loop {
            place = (place + 1) & mask;
            let at = place << self.wide;
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            let home = self.home(spread_of(slot));
            if place.wrapping_sub(home) & mask >= place.wrapping_sub(hole) & mask {
                self.slots.copy_within(at..at + (1 << self.wide), hole << self.wide);
                hole = place;
            }
        }
        self.slots[hole << self.wide] = 0;
    }
}
