//! Timers: a slab of entries and a 4-ary heap over them.
//!
//! Most timers never fire, because what they guard ends first, so taking one out is the hot path:
//! an entry knows its place in the heap. Timers fire in the order of their deadlines; those of one
//! deadline fire sleeps first, then deadlines of scopes and the ends of hiding, in both groups in
//! the order in which they were made.

use std::num::NonZeroU32;

use slab::Slab;

use super::driver::{Moment, Ticket};
use super::rec::RecId;

const ARITY: usize = 4;

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

struct Entry {
    alarm: Alarm,
    place: u32,
    made: NonZeroU32,
}

#[derive(Clone, Copy)]
struct Node {
    /// Deadline, then rank and number of creation in one word.
    key: (u64, u64),
    entry: u32,
}

/// All live timers of a loop.
#[derive(Default)]
pub struct Timers {
    entries: Slab<Entry>,
    heap: Vec<Node>,
    made: u64,
}

impl Timers {
    /// Starts a timer.
    pub fn start(&mut self, deadline: Moment, alarm: Alarm) -> TimerId {
        let key = (deadline.nanos, alarm.rank() << 63 | self.made);
        let made = NonZeroU32::new(self.made as u32).unwrap_or(NonZeroU32::MAX);
        self.made += 1;
        let place = self.heap.len();
        let entry = self.entries.insert(Entry { alarm, place: place as u32, made }) as u32;
        self.heap.push(Node { key, entry });
        self.rise(place);
        TimerId { entry, made }
    }

    /// Stops a timer; nothing if it has fired or was stopped.
    pub fn stop(&mut self, timer: TimerId) {
        let entry = timer.entry as usize;
        if self.entries.get(entry).is_some_and(|found| found.made == timer.made) {
            let place = self.entries.remove(entry).place;
            self.take(place as usize);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// When the next one fires.
    pub fn next(&self) -> Option<Moment> {
        self.heap.first().map(|node| Moment { nanos: node.key.0 })
    }

    /// Takes out the next one if it is due.
    pub fn pop(&mut self, now: Moment) -> Option<Alarm> {
        let node = *self.heap.first()?;
        if node.key.0 > now.nanos {
            return None;
        }
        self.take(0);
        Some(self.entries.remove(node.entry as usize).alarm)
    }

    /// Removes the node at `place` from the heap.
    fn take(&mut self, place: usize) {
        self.heap.swap_remove(place);
        if place < self.heap.len() {
            self.settle(place);
            self.rise(place);
            self.sink(place);
        }
    }

    fn settle(&mut self, place: usize) {
        self.entries[self.heap[place].entry as usize].place = place as u32;
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / ARITY;
            if self.heap[parent].key <= self.heap[place].key {
                break;
            }
            self.heap.swap(parent, place);
            self.settle(place);
            place = parent;
        }
        self.settle(place);
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let first = place * ARITY + 1;
            let end = (first + ARITY).min(self.heap.len());
            let Some(least) = (first..end).min_by_key(|&child| self.heap[child].key) else { break };
            if self.heap[place].key <= self.heap[least].key {
                break;
            }
            self.heap.swap(place, least);
            self.settle(place);
            place = least;
        }
        self.settle(place);
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
