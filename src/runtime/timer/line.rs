//! The timers of the ticks that have come, in the order in which they fire: sorted once, when their ticks
//! come. Many timers of one tick were mostly started in that order, or in the opposite one.

use super::heap::Node;
use super::{Entry, IN_LINE, NONE};

/// The line.
#[derive(Default)]
pub(super) struct Line {
    /// The one at `first` and all behind it; those that were stopped have no entry. It does not begin
    /// with such a one.
    nodes: Vec<Node>,
    first: usize,
    /// From here on they are not sorted yet.
    sorted: usize,
}

impl Line {
    /// The next one.
    pub(super) fn first(&self) -> Option<&Node> {
        self.nodes.get(self.first)
    }

    /// Adds an entry that is due later than all that are in order.
    pub(super) fn add(&mut self, entries: &[Entry], entry: u32) {
        self.nodes.push(Node::of(entries, entry));
    }

    /// Puts those that were added in order.
    pub(super) fn sort(&mut self, entries: &mut [Entry]) {
        let Some(added) = self.nodes.get_mut(self.sorted..) else { return };
        added.sort_by_key(|node| node.key);
        for (node, place) in added.iter().zip(self.sorted..) {
            let entry = &mut entries[node.entry as usize];
            (entry.slot, entry.place) = (IN_LINE, place as u32);
        }
        self.sorted = self.nodes.len();
    }

    /// Takes out the one at a place.
    pub(super) fn take(&mut self, place: usize) {
        self.nodes[place].entry = NONE;
        while self.nodes.get(self.first).is_some_and(|node| node.entry == NONE) {
            self.first += 1;
        }
        if self.first == self.nodes.len() {
            self.nodes.clear();
            (self.first, self.sorted) = (0, 0);
        }
    }
}
