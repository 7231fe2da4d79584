//! The timers of later ticks: lists in a wheel of wheels, so that starting and stopping one costs the
//! same however many there are.
//!
//! A slot of the first wheel holds the timers of one tick, one of the second those of 64 ticks, and so
//! on. A timer lies in the wheel of the highest digit (of base 64) in which its tick differs from the
//! *horizon*, the tick up to which everything has been taken out; so all of a wheel come before all of
//! the next one. When the horizon reaches a slot, its timers move to the wheels below.

use super::{Entry, NONE};

/// A tick is about a millisecond.
const TICK_BITS: u32 = 20;
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// Enough for the ticks of all deadlines there are.
const WHEELS: usize = (u64::BITS - TICK_BITS).div_ceil(DIGIT_BITS) as usize;

/// The wheels.
#[derive(Default)]
pub(super) struct Wheel {
    horizon: u64,
    /// The first entry of each slot, wheel by wheel; empty as long as there was no timer.
    heads: Vec<u32>,
    /// Which slots of each wheel have entries.
    occupied: [u64; WHEELS],
    /// Which wheels have any.
    in_use: u32,
    /// No deadline is before this one; it may be that of a timer which was stopped.
    earliest: Option<u64>,
}

impl Wheel {
    /// Whether a deadline is in a later tick than those that have been taken out.
    pub(super) fn is_later(&self, deadline: u64) -> bool {
        deadline >> TICK_BITS > self.horizon
    }

    /// Adds an entry with a later deadline.
    pub(super) fn put(&mut self, entries: &mut [Entry], entry: u32) {
        let deadline = entries[entry as usize].deadline;
        if self.in_use == 0 {
            self.earliest = Some(deadline);
        } else if let Some(earliest) = &mut self.earliest {
            *earliest = deadline.min(*earliest);
        }
        self.place(entries, entry);
    }

    fn place(&mut self, entries: &mut [Entry], entry: u32) {
        if self.heads.is_empty() {
            self.heads.resize(WHEELS * SLOTS, NONE);
        }
        let tick = entries[entry as usize].deadline >> TICK_BITS;
        let wheel = (tick ^ self.horizon).ilog2() / DIGIT_BITS;
        let digit = (tick >> (wheel * DIGIT_BITS)) as usize % SLOTS;
        let slot = wheel as usize * SLOTS + digit;
        let next = std::mem::replace(&mut self.heads[slot], entry);
        self.occupied[wheel as usize] |= 1 << digit;
        self.in_use |= 1 << wheel;
        if let Some(next) = entries.get_mut(next as usize) {
            next.place = entry;
        }
        let entry = &mut entries[entry as usize];
        (entry.slot, entry.place, entry.next) = (slot as u16, NONE, next);
    }

    /// Takes an entry out of its slot.
    pub(super) fn take(&mut self, entries: &mut [Entry], entry: u32) {
        let Entry { slot, place, next, .. } = entries[entry as usize];
        if let Some(next) = entries.get_mut(next as usize) {
            next.place = place;
        }
        if let Some(previous) = entries.get_mut(place as usize) {
            previous.next = next;
            return;
        }
        let slot = usize::from(slot);
        self.heads[slot] = next;
        if next == NONE {
            self.empty(slot);
        }
    }

    /// A slot has no entries any more.
    fn empty(&mut self, slot: usize) {
        let wheel = slot / SLOTS;
        self.occupied[wheel] &= !(1 << (slot % SLOTS));
        if self.occupied[wheel] == 0 {
            self.in_use &= !(1 << wheel);
        }
    }

    /// A moment before which no timer fires; none if there is no timer.
    pub(super) fn earliest(&mut self, entries: &[Entry]) -> Option<u64> {
        let (_, slot) = self.first_slot()?;
        if self.earliest.is_none() {
            self.earliest = deadlines(entries, self.heads[slot]).min();
        }
        self.earliest
    }

    /// Moves the horizon to `now`; what comes out on the way is given to `due`. Says whether it has moved.
    pub(super) fn advance(
        &mut self,
        entries: &mut [Entry],
        now: u64,
        mut due: impl FnMut(&mut [Entry], u32),
    ) -> bool {
        let now = now >> TICK_BITS;
        if self.horizon >= now {
            return false;
        }
        while self.horizon < now {
            let Some((start, slot)) = self.first_slot().filter(|(start, _)| *start <= now) else {
                self.horizon = now;
                break;
            };
            self.horizon = start;
            let mut next = std::mem::replace(&mut self.heads[slot], NONE);
            self.empty(slot);
            while next != NONE {
                let entry = next;
                let Entry { deadline, next: behind, .. } = entries[entry as usize];
                next = behind;
                if self.is_later(deadline) {
                    self.place(entries, entry);
                } else {
                    due(entries, entry);
                }
            }
        }
        if self.earliest.is_some_and(|earliest| !self.is_later(earliest)) {
            self.earliest = None;
        }
        true
    }

    /// The slot with the earliest entries, and its first tick.
    fn first_slot(&self) -> Option<(u64, usize)> {
        if self.in_use == 0 {
            return None;
        }
        let wheel = self.in_use.trailing_zeros() as usize;
        let digit = self.occupied[wheel].trailing_zeros();
        let bits = wheel as u32 * DIGIT_BITS;
        let above = self.horizon >> bits >> DIGIT_BITS << DIGIT_BITS | u64::from(digit);
        Some((above << bits, wheel * SLOTS + digit as usize))
    }
}

/// The deadlines of the entries of a slot.
fn deadlines(entries: &[Entry], first: u32) -> impl Iterator<Item = u64> {
    let entry = |place: u32| entries.get(place as usize);
    let list = std::iter::successors(entry(first), move |found| entry(found.next));
    list.map(|found| found.deadline)
}
