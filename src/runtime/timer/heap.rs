//! The timers that were started within the running tick for the same one: a 4-ary heap, whose entries know their places.

use std::num::NonZeroU64;

use super::Entry;

const ARITY: usize = 4;

/// A timer by when it fires.
#[derive(Clone, Copy)]
pub(super) struct Node {
    /// Deadline, then rank and number of creation in one word.
    pub(super) key: (u64, NonZeroU64),
    pub(super) entry: u32,
}

impl Node {
    /// That of an entry.
    pub(super) fn of(entries: &[Entry], entry: u32) -> Node {
        let Entry { deadline, order, .. } = entries[entry as usize];
        Node { key: (deadline, order), entry }
    }
}

/// The heap.
#[derive(Default)]
pub(super) struct Heap {
    nodes: Vec<Node>,
}

impl Heap {
    /// The earliest one.
    pub(super) fn first(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// Adds an entry.
    pub(super) fn push(&mut self, entries: &mut [Entry], entry: u32) {
        self.nodes.push(Node::of(entries, entry));
        self.rise(entries, self.nodes.len() - 1);
    }

    /// Takes out the entry at a place.
    pub(super) fn take(&mut self, entries: &mut [Entry], place: usize) {
        self.nodes.swap_remove(place);
        if place < self.nodes.len() {
            self.rise(entries, place);
            self.sink(entries, place);
        }
    }

    fn settle(&self, entries: &mut [Entry], place: usize) {
        entries[self.nodes[place].entry as usize].place = place as u32;
    }

    fn rise(&mut self, entries: &mut [Entry], mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / ARITY;
            if self.nodes[parent].key <= self.nodes[place].key {
                break;
            }
            self.nodes.swap(parent, place);
            self.settle(entries, place);
            place = parent;
        }
        self.settle(entries, place);
    }

    fn sink(&mut self, entries: &mut [Entry], mut place: usize) {
        loop {
            let first = place * ARITY + 1;
            let end = (first + ARITY).min(self.nodes.len());
            let Some(least) = (first..end).min_by_key(|&child| self.nodes[child].key) else {
                break;
            };
            if self.nodes[place].key <= self.nodes[least].key {
                break;
            }
            self.nodes.swap(place, least);
            self.settle(entries, place);
            place = least;
        }
        self.settle(entries, place);
    }
}
