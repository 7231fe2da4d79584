//! What will happen in the simulated network, in the order of time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::datagram::Letter;
use super::link::{LinkId, Side};
use crate::runtime::driver::{Moment, SocketId};

/// Something that happens at a moment.
#[derive(Debug)]
pub(super) enum Happening {
    /// The oldest thing that this side has sent over a link arrives.
    Arrival(LinkId, Side),
    /// This side has waited long enough for an answer.
    GiveUp(LinkId, Side),
    /// A datagram arrives.
    Letter(Box<Letter>),
    /// A sender hears that nobody is there to receive.
    Unreachable(SocketId),
}

/// A heap of happenings. Those of one moment happen by their ties, then in the order of planning.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    entries: BinaryHeap<Entry>,
    planned: u64,
}

#[derive(Debug)]
struct Entry {
    at: Moment,
    tie: u64,
    number: u64,
    happening: Happening,
}

impl Agenda {
    pub(super) fn plan(&mut self, at: Moment, tie: u64, happening: Happening) {
        self.planned += 1;
        self.entries.push(Entry { at, tie, number: self.planned, happening });
    }

    /// What is next, and when.
    pub(super) fn next(&self) -> Option<(Moment, &Happening)> {
        self.entries.peek().map(|entry| (entry.at, &entry.happening))
    }

    /// Takes out what is next.
    pub(super) fn pop(&mut self) -> Option<Happening> {
        self.entries.pop().map(|entry| entry.happening)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Entry {
    fn key(&self) -> (Moment, u64, u64) {
        (self.at, self.tie, self.number)
    }
}

impl Ord for Entry {
    /// The heap has its greatest on top; here that is the earliest.
    fn cmp(&self, other: &Entry) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}
