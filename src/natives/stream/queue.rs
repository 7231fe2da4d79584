//! Whose turn it is: ops on one side of a stream go one after the other, first come, first served.
//!
//! Two tasks may write to one stream, or read from it, at the same time; what each writes stays in
//! one piece and what each reads is whole. Only an op that has to wait gets a place here.

use std::collections::VecDeque;

use crate::runtime::driver::Ticket;

/// Names an op on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpId(pub u64);

/// The ops that wait on one side of a stream.
#[derive(Debug, Default)]
pub struct Queue {
    places: VecDeque<(OpId, Ticket)>,
}

impl Queue {
    /// Whether `op` may go on now: nobody waits before it.
    pub fn is_turn_of(&self, op: OpId) -> bool {
        self.places.front().is_none_or(|(first, _)| *first == op)
    }

    /// Whether `op` waits.
    pub fn contains(&self, op: OpId) -> bool {
        self.places.iter().any(|(waiting, _)| *waiting == op)
    }

    /// Gives `op` a place at the end.
    pub fn enter(&mut self, op: OpId, ticket: Ticket) {
        if !self.contains(op) {
            self.places.push_back((op, ticket));
        }
    }

    /// Takes `op` out. The ticket of the op that is first now, if that has changed.
    pub fn leave(&mut self, op: OpId) -> Option<Ticket> {
        let place = self.places.iter().position(|(waiting, _)| *waiting == op)?;
        self.places.remove(place);
        if place > 0 {
            return None;
        }
        self.places.front().map(|(_, ticket)| *ticket)
    }

    /// Takes all out, for a stream that is closed.
    pub fn take_all(&mut self) -> impl Iterator<Item = Ticket> {
        std::mem::take(&mut self.places).into_iter().map(|(_, ticket)| ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(seq: u64) -> Ticket {
        Ticket { seq, task: 0, arm: 0 }
    }

    #[test]
    fn first_come_first_served() {
        let mut queue = Queue::default();
        assert!(queue.is_turn_of(OpId(7)), "nobody waits");
        for number in 1..=3 {
            queue.enter(OpId(number), ticket(number));
        }
        assert!(queue.is_turn_of(OpId(1)) && !queue.is_turn_of(OpId(2)));
        assert!(!queue.is_turn_of(OpId(7)), "newcomers go to the end");
        assert_eq!(queue.leave(OpId(2)), None, "the first stays the first");
        assert_eq!(queue.leave(OpId(1)), Some(ticket(3)));
        assert_eq!(queue.leave(OpId(3)), None);
        assert_eq!(queue.leave(OpId(3)), None, "leaving twice is harmless");
    }
}
