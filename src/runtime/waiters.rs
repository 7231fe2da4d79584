//! Queues of tickets: who waits for a task, a channel, a promise, first come first served.
//!
//! A queue is two numbers and lives in the object that is waited for; the links are here. Leaving a
//! queue costs the same wherever one stands in it, so ten thousand waiters can be cancelled at once.

use slab::Slab;

use super::driver::Ticket;

const NONE: u32 = u32::MAX;

/// A queue. It must be empty when it is dropped, which holds because whoever waits keeps the
/// object alive.
#[derive(Clone, Copy, Debug)]
pub struct WaitList {
    first: u32,
    last: u32,
}

impl Default for WaitList {
    fn default() -> WaitList {
        WaitList { first: NONE, last: NONE }
    }
}

impl WaitList {
    /// Whether nobody waits in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first == NONE
    }
}

/// A place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaiterId(u32);

struct Waiter {
    ticket: Ticket,
    previous: u32,
    next: u32,
}

/// The links of all queues of a loop.
#[derive(Default)]
pub struct Waiters {
    slots: Slab<Waiter>,
}

impl Waiters {
    /// Goes to the end of a queue.
    #[inline]
    pub fn push(&mut self, list: &mut WaitList, ticket: Ticket) -> WaiterId {
        let index = self.slots.insert(Waiter { ticket, previous: list.last, next: NONE }) as u32;
        match self.slots.get_mut(list.last as usize) {
            Some(last) => last.next = index,
            None => list.first = index,
        }
        list.last = index;
        WaiterId(index)
    }

    /// Leaves a queue.
    #[inline]
    pub fn remove(&mut self, list: &mut WaitList, waiter: WaiterId) {
        let Some(gone) = self.slots.try_remove(waiter.0 as usize) else { return };
        match self.slots.get_mut(gone.previous as usize) {
            Some(previous) => previous.next = gone.next,
            None => list.first = gone.next,
        }
        match self.slots.get_mut(gone.next as usize) {
            Some(next) => next.previous = gone.previous,
            None => list.last = gone.previous,
        }
    }

    /// Whoever has waited longest leaves the queue.
    #[inline]
    pub fn remove_first(&mut self, list: &mut WaitList) {
        let first = WaiterId(list.first);
        self.remove(list, first);
    }

    /// How many wait in all queues together.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Who has waited longest.
    #[inline]
    pub fn first(&self, list: &WaitList) -> Option<Ticket> {
        self.slots.get(list.first as usize).map(|waiter| waiter.ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(seq: u64) -> Ticket {
        Ticket { seq, task: 0, arm: 0 }
    }

    fn drain(waiters: &mut Waiters, list: &mut WaitList) -> Vec<u64> {
        let mut seen = Vec::new();
        while let Some(ticket) = waiters.first(list) {
            seen.push(ticket.seq);
            let first = WaiterId(list.first);
            waiters.remove(list, first);
        }
        seen
    }

    #[test]
    fn waiters_leave_from_anywhere_and_the_order_stays() {
        let mut waiters = Waiters::default();
        let mut list = WaitList::default();
        let mut other = WaitList::default();
        let ids: Vec<_> = (0..5).map(|seq| waiters.push(&mut list, ticket(seq))).collect();
        waiters.push(&mut other, ticket(9));
        waiters.remove(&mut list, ids[2]);
        waiters.remove(&mut list, ids[0]);
        waiters.remove(&mut list, ids[4]);
        waiters.push(&mut list, ticket(7));
        assert_eq!(drain(&mut waiters, &mut list), [1, 3, 7]);
        assert_eq!(list.first, NONE);
        assert_eq!(list.last, NONE);
        assert_eq!(drain(&mut waiters, &mut other), [9]);
    }
}
