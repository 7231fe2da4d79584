//! The timers that are due within the running tick: a 4-ary heap, whose entries know their places.

use std::num::NonZeroU64;

use super::Entry;

const ARITY: usize = 4;

#[derive(Clone, Copy)]
struct Node {
    /// Deadline, then rank and number of creation in one word.
    key: (u64, NonZeroU64),
    entry: u32,
}

/// The heap.
#[derive(Default)]
pub(super) struct Heap {
    nodes: Vec<Node>,
}

impl Heap {
    /// The earliest deadline.
    pub(super) fn first(&self) -> Option<u64> {
        self.nodes.first().map(|node| node.key.0)
    }

    /// Adds an entry.
    pub(super) fn push(&mut self, entries: &mut [Entry], entry: u32) {
        let Entry { deadline, order, .. } = entries[entry as usize];
        self.nodes.push(Node { key: (deadline, order), entry });
        self.rise(entries, self.nodes.len() - 1);
    }

    /// Takes the earliest entry out if its deadline is not after `now`.
    pub(super) fn pop(&mut self, entries: &mut [Entry], now: u64) -> Option<u32> {
        let node = *self.nodes.first()?;
        if node.key.0 > now {
            return None;
        }
        self.take(entries, 0);
        Some(node.entry)
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
