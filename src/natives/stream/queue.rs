//! Whose turn it is: ops on one side of a stream go one after the other, first come, first served.
//!
//! Two tasks may write to one stream, or read from it, at the same time; what each writes stays in
//! one piece and what each reads is whole. Only an op that has to wait gets a place here.

use std::collections::VecDeque;

use crate::runtime::driver::Ticket;

/// Names an op on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpId(pub u64);

/// The ops that wait on one side of a stream. The first has its place here; that there are more is
/// rare, and idle connections are many.
#[derive(Debug)]
pub struct Queue {
    /// The first, or [`NOBODY`].
    first: (OpId, Ticket),
    #[expect(clippy::box_collection, reason = "one word in each stream, and hardly ever there")]
    later: Option<Box<VecDeque<(OpId, Ticket)>>>,
}

/// No op has the number 0.
const NOBODY: (OpId, Ticket) = (OpId(0), Ticket { seq: 0, task: 0, arm: 0 });

impl Default for Queue {
    fn default() -> Queue {
        Queue { first: NOBODY, later: None }
    }
}

impl Queue {
    /// Whether `op` may go on now: nobody waits before it.
    #[inline]
    pub fn is_turn_of(&self, op: OpId) -> bool {
        self.first.0 == op || self.is_empty()
    }

    /// Whether nobody waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first.0 == NOBODY.0
    }

    /// Whether `op` waits.
    pub fn contains(&self, op: OpId) -> bool {
        let later = self.later.iter().flat_map(|later| later.iter());
        std::iter::once(&self.first).chain(later).any(|(waiting, _)| *waiting == op)
    }

    /// Gives `op` a place at the end. Says whether it is the first.
    #[inline(always)]
    pub fn enter(&mut self, op: OpId, ticket: Ticket) -> bool {
        let is_first = self.is_turn_of(op);
        if self.is_empty() {
            self.first = (op, ticket);
        } else if !is_first {
            self.enter_later(op, ticket);
        }
        is_first
    }

    #[cold]
    #[inline(never)]
    fn enter_later(&mut self, op: OpId, ticket: Ticket) {
        if !self.contains(op) {
            self.later.get_or_insert_default().push_back((op, ticket));
        }
    }

    /// Takes `op` out. The ticket of the op that is first now, if that has changed.
    #[inline(always)]
    pub fn leave(&mut self, op: OpId) -> Option<Ticket> {
        if self.first.0 == op && self.later.is_none() {
            self.first = NOBODY;
            return None;
        }
        self.leave_others(op)
    }

    #[cold]
    #[inline(never)]
    fn leave_others(&mut self, op: OpId) -> Option<Ticket> {
        let later = self.later.as_mut()?;
        if self.first.0 == op {
            let next = later.pop_front();
            self.first = next.unwrap_or(NOBODY);
            return next.map(|(_, ticket)| ticket);
        }
        later.retain(|(waiting, _)| *waiting != op);
        None
    }

    /// Takes all out, for a stream that is closed.
    pub fn take_all(&mut self) -> impl Iterator<Item = Ticket> {
        let first = std::mem::replace(&mut self.first, NOBODY);
        let later = self.later.take().map(|later| *later).unwrap_or_default();
        let first = (first != NOBODY).then_some(first);
        first.into_iter().chain(later).map(|(_, ticket)| ticket)
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
