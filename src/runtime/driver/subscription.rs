//! Signals that a program listens to itself (`signal.on`).
//!
//! While somebody has subscribed to a signal it does not end the program. What comes while nobody
//! waits is kept; the same signal twice is one, as it is in the kernel.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use slab::Slab;

use super::{Event, Ticket};

/// A set of signals that are listened to. Never used twice in the life of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubscriptionId(u64);

/// All subscriptions of a driver.
#[derive(Default)]
pub(super) struct Subscriptions {
    slots: Slab<Subscription>,
    made: u64,
    /// A bit for each signal that somebody listens to; the thread that hears signals looks at it.
    taken: Arc<AtomicU64>,
}

struct Subscription {
    id: SubscriptionId,
    signals: u64,
    pending: VecDeque<i32>,
    waiters: Vec<Ticket>,
}

impl Subscriptions {
    /// Tells, on any thread, whether somebody listens to a signal.
    #[cfg(feature = "driver")]
    pub(super) fn taken(&self) -> impl Fn(i32) -> bool + Send + 'static {
        let taken = self.taken.clone();
        move |signal| taken.load(Ordering::Acquire) & bit(signal) != 0
    }

    pub(super) fn add(&mut self, signals: &[i32]) -> SubscriptionId {
        self.made += 1;
        let id = SubscriptionId(self.made);
        let bits = signals.iter().fold(0, |bits, signal| bits | bit(*signal));
        let pending = VecDeque::new();
        self.slots.insert(Subscription { id, signals: bits, pending, waiters: Vec::new() });
        self.note();
        id
    }

    /// Ends a subscription; its waiters are reported.
    pub(super) fn remove(&mut self, id: SubscriptionId, ready: &mut Vec<Event>) {
        if let Some(slot) = self.slot(id) {
            let gone = self.slots.remove(slot);
            ready.extend(gone.waiters.into_iter().map(Event::Ready));
            self.note();
        }
    }

    /// Gives a signal to those who listen to it. False if nobody does.
    pub(super) fn deliver(&mut self, signal: i32, events: &mut Vec<Event>) -> bool {
        let mut heard = false;
        for (_, subscription) in &mut self.slots {
            if subscription.signals & bit(signal) == 0 {
                continue;
            }
            heard = true;
            if !subscription.pending.contains(&signal) {
                subscription.pending.push_back(signal);
            }
            events.extend(subscription.waiters.iter().copied().map(Event::Ready));
        }
        heard
    }

    /// The next signal that has come.
    pub(super) fn take(&mut self, id: SubscriptionId) -> Option<i32> {
        let slot = self.slot(id)?;
        self.slots[slot].pending.pop_front()
    }

    /// Adds a waiter. It is reported at once if there is something already, or nothing will ever come.
    pub(super) fn wait(&mut self, id: SubscriptionId, ticket: Ticket, ready: &mut Vec<Event>) {
        let is_quiet = self.slot(id).is_some_and(|slot| {
            let subscription = &mut self.slots[slot];
            subscription.waiters.push(ticket);
            subscription.pending.is_empty()
        });
        if !is_quiet {
            ready.push(Event::Ready(ticket));
        }
    }

    /// Takes a waiter back, and what was to be reported to it.
    pub(super) fn unwait(&mut self, id: SubscriptionId, ticket: Ticket, ready: &mut Vec<Event>) {
        if let Some(slot) = self.slot(id) {
            self.slots[slot].waiters.retain(|waiter| *waiter != ticket);
        }
        ready.retain(|event| *event != Event::Ready(ticket));
    }

    /// Whether anybody waits.
    #[cfg(feature = "driver")]
    pub(super) fn is_awaited(&self) -> bool {
        !self.slots.is_empty()
            && self.slots.iter().any(|(_, subscription)| !subscription.waiters.is_empty())
    }

    fn slot(&self, id: SubscriptionId) -> Option<usize> {
        self.slots.iter().find(|(_, subscription)| subscription.id == id).map(|(slot, _)| slot)
    }

    fn note(&self) {
        let all = self.slots.iter().fold(0, |bits, (_, subscription)| bits | subscription.signals);
        self.taken.store(all, Ordering::Release);
    }
}

/// The bit of a signal.
fn bit(signal: i32) -> u64 {
    u32::try_from(signal).ok().and_then(|signal| 1u64.checked_shl(signal)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: Ticket = Ticket { seq: 1, task: 0, arm: 0 };

    #[test]
    fn a_signal_goes_to_all_who_listen_to_it_once() {
        let mut all = Subscriptions::default();
        let (first, second) = (all.add(&[10, 12]), all.add(&[12]));
        let mut events = Vec::new();
        all.wait(second, TICKET, &mut events);
        assert_eq!(events, [], "nothing has come yet");
        assert!(all.deliver(12, &mut events) && all.deliver(12, &mut events));
        assert_eq!(events, [Event::Ready(TICKET), Event::Ready(TICKET)]);
        assert_eq!([first, second].map(|id| all.take(id)), [Some(12), Some(12)]);
        assert_eq!([first, second].map(|id| all.take(id)), [None, None]);
        assert!(!all.deliver(15, &mut events), "nobody listens to it");
        all.remove(second, &mut events);
        all.remove(first, &mut events);
        assert!(!all.deliver(12, &mut events));
        assert_eq!(all.taken.load(Ordering::Relaxed), 0);
    }
}
