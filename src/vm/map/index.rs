//! The index of a map: a hash table of positions.
//!
//! Open addressing with linear probing. A slot holds hash and position together, so that a look-up
//! touches one line of memory before the entry itself, and growing reads the slots in order and no
//! entry at all: the place of a slot is the upper bits of its hash.

use crate::vm::heap::advise;

/// Positions by hash.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// `spread hash << 32 | position + 1`, or 0; as many as a power of two, or none.
    slots: Vec<u64>,
    /// How far a spread hash is shifted to give a slot.
    shift: u32,
    /// Slots that are taken.
    used: usize,
}

/// The fewest slots.
const SLOTS_MIN: usize = 32;

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

impl Index {
    /// An index with room for so many positions.
    pub(super) fn with_room(count: usize) -> Index {
        let len = (count + count / 2 + 1).next_power_of_two().max(SLOTS_MIN);
        Index { slots: vec![0; len], shift: 32 - len.trailing_zeros().min(32), used: 0 }
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
        (self.used + 1) * 3 > self.slots.len() * 2
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
        let mut place = self.home(spread);
        loop {
            let slot = *self.slots.get(place & mask)?;
            if slot == 0 {
                return None;
            }
            if spread_of(slot) == spread {
                let position = slot as u32 as usize - 1;
                if fits(position) {
                    return Some(position);
                }
            }
            place += 1;
        }
    }

    /// Adds a position. There has to be an index.
    #[inline]
    pub(super) fn insert(&mut self, hash: u32, position: usize) {
        if self.is_full() {
            self.grow();
        }
        self.put(slot(spread(hash), position));
        self.used += 1;
    }

    #[inline]
    fn put(&mut self, slot: u64) {
        let mask = self.slots.len() - 1;
        let mut place = self.home(spread_of(slot));
        while self.slots[place & mask] != 0 {
            place += 1;
        }
        self.slots[place & mask] = slot;
    }

    #[cold]
    fn grow(&mut self) {
        let len = (self.slots.len() * 2).max(SLOTS_MIN);
        let new = vec![0; len];
        advise(new.as_ptr(), size_of_val(&*new));
        let old = std::mem::replace(&mut self.slots, new);
        self.shift = 32 - len.trailing_zeros().min(32);
        // Slots that have run over the end come first; they are few.
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            self.put(slot);
        }
    }

    /// Removes a position with its hash.
    pub(super) fn remove(&mut self, hash: u32, position: usize) {
        let wanted = slot(spread(hash), position);
        let mask = self.slots.len().wrapping_sub(1);
        let mut hole = self.home(spread(hash));
        loop {
            match self.slots.get(hole & mask) {
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
            let slot = self.slots[place];
            if slot == 0 {
                break;
            }
            let home = self.home(spread_of(slot));
            if place.wrapping_sub(home) & mask >= place.wrapping_sub(hole) & mask {
                self.slots[hole] = slot;
                hole = place;
            }
        }
        self.slots[hole] = 0;
    }
}
