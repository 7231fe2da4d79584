//! Timers: those of the running tick in a line, sorted when it came, or in a heap if they were started
//! since; all later ones in lists of a wheel.
//!
//! Most timers never fire, because what they guard ends first, so taking one out is the hot path:
//! an entry knows its place, and no other one moves. Timers fire in the order of their deadlines;
//! those of one deadline fire sleeps first, then deadlines of scopes and the ends of hiding, in both
//! groups in the order in which they were made.

mod heap;
mod line;
mod wheel;

use std::num::{NonZeroU32, NonZeroU64};

use self::heap::{Heap, Node};
use self::line::Line;
use self::wheel::Wheel;
use super::driver::{Moment, Ticket};
use super::rec::RecId;

/// The slot of entries that are in the heap.
const IN_HEAP: u16 = u16::MAX;

/// The slot of entries that are in the line.
const IN_LINE: u16 = u16::MAX - 2;

/// In place of an entry: none.
const NONE: u32 = u32::MAX;

/// The slot of places without an entry.
const NOWHERE: u16 = u16::MAX - 1;

/// Names a timer that has not fired and was not stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerId {
    entry: u32,
    /// Tells it from a later timer in the same slot.
    made: NonZeroU32,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// An op's arm: a sleep, an interval, a source.
    Wake(Ticket),
    /// The deadline of a scope.
    Deadline(RecId),
    /// A cancel that was hidden from this op shows itself.
    Reveal(Ticket),
}

impl Alarm {
    fn rank(self) -> u64 {
        match self {
            Alarm::Wake(_) => 0,
            Alarm::Deadline(_) | Alarm::Reveal(_) => 1,
        }
    }
}

/// A timer. There may be a million, so its alarm has no tag of its own: see [`Entry::alarm`].
struct Entry {
    /// The number of the op; of a deadline the record.
    what: u64,
    task: u32,
    deadline: u64,
    /// Rank and number of creation in one word.
    order: NonZeroU64,
    /// Its place in the heap; in a slot of the wheel the entry before it.
    place: u32,
    /// The entry behind it in its slot.
    next: u32,
    /// The arm, or one of the marks below.
    arm: u16,
    slot: u16,
}

/// In place of an arm: the alarm is a deadline.
const DEADLINE: u16 = u16::MAX;
/// In place of an arm: the alarm is the end of hiding. Only whole ops are hidden from.
const REVEAL: u16 = u16::MAX - 1;

impl Entry {
    fn new(alarm: Alarm, deadline: u64, made: u64) -> Entry {
        let (what, task, arm) = match alarm {
            Alarm::Wake(ticket) => (ticket.seq, ticket.task, ticket.arm),
            Alarm::Deadline(rec) => (rec.to_bits(), 0, DEADLINE),
            Alarm::Reveal(ticket) => (ticket.seq, ticket.task, REVEAL),
        };
        let order = NonZeroU64::MIN.saturating_add(made) | alarm.rank() << 63;
        Entry { what, task, arm, deadline, order, place: 0, next: 0, slot: IN_HEAP }
    }

    fn alarm(&self) -> Alarm {
        let ticket = |arm| Ticket { seq: self.what, task: self.task, arm };
        match self.arm {
            DEADLINE => Alarm::Deadline(RecId::from_bits(self.what)),
            REVEAL => Alarm::Reveal(ticket(0)),
            arm => Alarm::Wake(ticket(arm)),
        }
    }

    fn made(&self) -> NonZeroU32 {
        NonZeroU32::new(self.order.get() as u32).unwrap_or(NonZeroU32::MAX)
    }
}

/// All live timers of a loop.
#[derive(Default)]
pub struct Timers {
    entries: Vec<Entry>,
    /// Places without an entry, the last one first.
    free: Vec<u32>,
    line: Line,
    heap: Heap,
    wheel: Wheel,
    made: u64,
}

impl Timers {
    /// Starts a timer.
    #[inline]
    pub fn start(&mut self, deadline: Moment, alarm: Alarm) -> TimerId {
        let deadline = deadline.nanos;
        let entry = Entry::new(alarm, deadline, self.made);
        self.made += 1;
        let made = entry.made();
        let entry = match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = entry;
                place
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        };
        if self.wheel.is_later(deadline) {
            self.wheel.put(&mut self.entries, entry);
        } else {
            self.heap.push(&mut self.entries, entry);
        }
        TimerId { entry, made }
    }

    /// Stops a timer; nothing if it has fired or was stopped.
    pub fn stop(&mut self, timer: TimerId) {
        let index = timer.entry as usize;
        let Some(found) = self.entries.get(index).filter(|found| found.made() == timer.made) else {
            return;
        };
        if found.slot != NOWHERE {
            self.take(timer.entry);
        }
    }

    /// Takes an entry out of where it is.
    #[inline]
    fn take(&mut self, entry: u32) {
        let Entry { slot, place, .. } = self.entries[entry as usize];
        match slot {
            IN_HEAP => self.heap.take(&mut self.entries, place as usize),
            IN_LINE => self.line.take(place as usize),
            _ => self.wheel.take(&mut self.entries, entry),
        }
        self.give_back(entry);
    }

    fn give_back(&mut self, entry: u32) {
        self.entries[entry as usize].slot = NOWHERE;
        self.free.push(entry);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.entries.len() == self.free.len()
    }

    /// When it is worth to look for the next one: when that fires, or earlier.
    pub fn next(&mut self) -> Option<Moment> {
        let first = self.first().map(|node| node.key.0);
        let first = first.or_else(|| self.wheel.earliest(&self.entries));
        first.map(|nanos| Moment { nanos })
    }

    /// The next one of the running tick.
    fn first(&self) -> Option<&Node> {
        match (self.line.first(), self.heap.first()) {
            (Some(line), Some(heap)) => Some(if line.key < heap.key { line } else { heap }),
            (line, heap) => line.or(heap),
        }
    }

    /// Takes out the next one if it is due.
    pub fn pop(&mut self, now: Moment) -> Option<Alarm> {
        let Timers { entries, line, wheel, .. } = self;
        if wheel.advance(entries, now.nanos, |entries, entry| line.add(entries, entry)) {
            line.sort(entries);
        }
        let entry = self.first().filter(|node| node.key.0 <= now.nanos)?.entry;
        self.take(entry);
        Some(self.entries[entry as usize].alarm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Moment {
        Moment { nanos }
    }

    fn wake(seq: u64) -> Alarm {
        Alarm::Wake(Ticket { seq, task: 0, arm: 0 })
    }

    fn fired(timers: &mut Timers, now: u64) -> Vec<u64> {
        std::iter::from_fn(|| timers.pop(at(now)))
            .map(|alarm| match alarm {
                Alarm::Wake(ticket) => ticket.seq,
                Alarm::Deadline(_) => 1000,
                Alarm::Reveal(ticket) => 2000 + ticket.seq,
            })
            .collect()
    }

    #[test]
    fn equal_deadlines_fire_sleeps_first_then_in_order_of_creation() {
        let mut timers = Timers::default();
        timers.start(at(5), Alarm::Deadline(RecId::default()));
        timers.start(at(5), wake(1));
        timers.start(at(5), Alarm::Reveal(Ticket { seq: 7, task: 0, arm: 0 }));
        timers.start(at(4), wake(2));
        timers.start(at(5), wake(3));
        assert_eq!(timers.next(), Some(at(4)));
        assert_eq!(fired(&mut timers, 3), Vec::<u64>::new());
        assert_eq!(fired(&mut timers, 5), [2, 1, 3, 1000, 2007]);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn stopped_timers_never_fire_and_the_rest_keeps_its_order() {
        let mut timers = Timers::default();
        // A multiplicative sequence visits every residue once, in a scrambled order.
        let all: Vec<(u64, TimerId)> =
            (1..1009).map(|i| i * 37 % 1009).map(|t| (t, timers.start(at(t), wake(t)))).collect();
        let mut left = Vec::new();
        for (number, (time, timer)) in all.into_iter().enumerate() {
            if number % 3 == 0 {
                timers.stop(timer);
            } else {
                left.push(time);
            }
        }
        left.sort_unstable();
        assert_eq!(fired(&mut timers, 2000), left);
    }

    /// A generator of numbers that are as good as random here.
    fn scrambled(seed: &mut u64) -> u64 {
        *seed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *seed >> 17
    }

    #[test]
    fn timers_of_all_distances_fire_in_order_whatever_is_stopped_and_started() {
        let mut timers = Timers::default();
        let mut live: Vec<(u64, u64, TimerId)> = Vec::new();
        let (mut seed, mut now, mut seq) = (7, 0, 0);
        for round in 0..3000 {
            // From below a tick to years.
            let far = 1 << (scrambled(&mut seed) % 56);
            let time = now + scrambled(&mut seed) % far;
            seq += 1;
            live.push((time, seq, timers.start(at(time), wake(seq))));
            if round % 3 == 0 {
                let place = scrambled(&mut seed) as usize % live.len();
                timers.stop(live.swap_remove(place).2);
            }
            if round % 5 == 0 {
                let first = live.iter().map(|timer| timer.0).min();
                let next = timers.next().map(|moment| moment.nanos);
                assert!(next <= first && next.is_some() == first.is_some());
                now = now.max(next.unwrap_or(now)) + scrambled(&mut seed) % far;
                let (due, left) = live.into_iter().partition(|timer| timer.0 <= now);
                let mut due: Vec<_> = due;
                live = left;
                due.sort_unstable_by_key(|timer| (timer.0, timer.1));
                let expected: Vec<u64> = due.iter().map(|timer| timer.1).collect();
                assert_eq!(fired(&mut timers, now), expected);
            }
        }
        assert!(timers.is_empty() == live.is_empty());
    }

    #[test]
    fn looking_ahead_comes_to_the_next_timer_in_the_end() {
        let mut timers = Timers::default();
        let first = timers.start(at(60_000_000_000), wake(1));
        timers.start(at(90_000_000_000), wake(2));
        assert_eq!(timers.next(), Some(at(60_000_000_000)));
        timers.stop(first);
        let mut now = 0;
        for _ in 0..3 {
            now = timers.next().expect("one is left").nanos;
            if !fired(&mut timers, now).is_empty() {
                break;
            }
        }
        assert_eq!(now, 90_000_000_000);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_stale_name_stops_no_other_timer() {
        let mut timers = Timers::default();
        let old = timers.start(at(1), wake(1));
        assert_eq!(fired(&mut timers, 1), [1]);
        timers.start(at(2), wake(2));
        timers.stop(old);
        assert_eq!(fired(&mut timers, 2), [2]);
    }
}
