//! Queues of tickets: who waits for a task, a channel, a promise, first come first served.
//!
//! A queue is two numbers and lives in the object that is waited for; the links are here. Leaving a
//! queue costs the same wherever one stands in it, so ten thousand waiters can be cancelled at once.

use super::driver::Ticket;

const NONE: u32 = u32::MAX;
/// What a free place has in front of it.
const FREE: u32 = u32::MAX - 1;

/// A queue. It must be empty when it is dropped, which holds because whoever waits keeps the
/// object alive.
#[derive(Clone, Copy, Debug)]
pub struct WaitList {
    first: u32,
    last: u32,
}

impl Default for WaitList {
    #[inline]
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
    /// [`FREE`] says that this place is.
    previous: u32,
    /// Of a free place, the one that is used after it.
    next: u32,
}

/// The links of all queues of a loop.
pub struct Waiters {
    places: Vec<Waiter>,
    /// The free place that was left last.
    free: u32,
    len: usize,
}

impl Default for Waiters {
    fn default() -> Waiters {
        Waiters { places: Vec::new(), free: NONE, len: 0 }
    }
}

impl Waiters {
    /// Goes to the end of a queue.
    #[inline]
    pub fn push(&mut self, list: &mut WaitList, ticket: Ticket) -> WaiterId {
        let waiter = Waiter { ticket, previous: list.last, next: NONE };
        let index = match self.places.get_mut(self.free as usize) {
            Some(place) => {
                let index = std::mem::replace(&mut self.free, place.next);
                *place = waiter;
                index
            }
            None => self.add(waiter),
        };
        match self.places.get_mut(list.last as usize) {
            Some(last) => last.next = index,
            None => list.first = index,
        }
        list.last = index;
        self.len += 1;
        WaiterId(index)
    }

    #[cold]
    fn add(&mut self, waiter: Waiter) -> u32 {
        self.places.push(waiter);
        u32::try_from(self.places.len() - 1).expect("memory ends before places do")
    }

    /// Leaves a queue.
    #[inline]
    pub fn remove(&mut self, list: &mut WaitList, waiter: WaiterId) {
        let Some((previous, next)) = self.leave(waiter.0) else { return };
        match self.places.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => list.first = next,
        }
        match self.places.get_mut(next as usize) {
            Some(next) => next.previous = previous,
            None => list.last = previous,
        }
    }

    /// Whoever has waited longest leaves the queue.
    #[inline]
    pub fn remove_first(&mut self, list: &mut WaitList) {
        let Some((_, next)) = self.leave(list.first) else { return };
        list.first = next;
        match self.places.get_mut(next as usize) {
            Some(next) => next.previous = NONE,
            None => list.last = NONE,
        }
    }

    /// Makes a place free; gives its neighbours. None if it is free already.
    #[inline]
    fn leave(&mut self, index: u32) -> Option<(u32, u32)> {
        let gone = self.places.get_mut(index as usize)?;
        let (previous, next) = (gone.previous, gone.next);
        if previous == FREE {
            return None;
        }
        (gone.previous, gone.next) = (FREE, self.free);
        self.free = index;
        self.len -= 1;
        Some((previous, next))
    }

    /// How many wait in all queues together.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Who has waited longest.
    #[inline]
    pub fn first(&self, list: &WaitList) -> Option<Ticket> {
        self.first_of(list).copied()
    }

    /// The same, where it stands.
    #[inline]
    pub fn first_of(&self, list: &WaitList) -> Option<&Ticket> {
        self.places.get(list.first as usize).map(|waiter| &waiter.ticket)
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
        assert_eq!(waiters.len(), 0);
    }

    #[test]
    fn places_are_used_again_and_left_once() {
        let mut waiters = Waiters::default();
        let mut list = WaitList::default();
        for round in 0..3 {
            let ids: Vec<_> = (0..4).map(|seq| waiters.push(&mut list, ticket(seq))).collect();
            assert!(ids.iter().all(|id| id.0 < 4), "{round}: {ids:?}");
            waiters.remove_first(&mut list);
            waiters.remove(&mut list, ids[0]);
            assert_eq!(waiters.len(), 3);
            waiters.remove(&mut list, ids[2]);
            assert_eq!(drain(&mut waiters, &mut list), [1, 3]);
            waiters.remove_first(&mut list);
            assert!(list.is_empty() && waiters.len() == 0);
        }
    }
}
