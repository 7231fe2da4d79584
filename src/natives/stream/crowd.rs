//! How many connections of a listener are open: for those who limit them, or wait for their end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::runtime::driver::{Driver, Ticket};

/// The open connections of one listener.
#[derive(Debug, Default)]
pub(in crate::natives) struct Crowd {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    waiting: Vec<Ticket>,
}

/// The place of one connection in its crowd.
#[derive(Debug)]
pub(in crate::natives) struct Member(Arc<Crowd>);

impl Crowd {
    /// One more.
    pub(in crate::natives) fn enter(self: &Arc<Crowd>) -> Member {
        self.lock().open += 1;
        Member(self.clone())
    }

    /// How many there are.
    pub(in crate::natives) fn open(&self) -> usize {
        self.lock().open
    }

    /// Reports `ticket` whenever one has gone, until [`Crowd::unwait`].
    pub(in crate::natives) fn wait(&self, ticket: Ticket) {
        self.lock().waiting.push(ticket);
    }

    /// Takes [`Crowd::wait`] back.
    pub(in crate::natives) fn unwait(&self, ticket: Ticket) {
        self.lock().waiting.retain(|waiting| *waiting != ticket);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    /// It has been closed.
    pub(super) fn leave(self, driver: &mut dyn Driver) {
        let mut state = self.0.lock();
        state.open -= 1;
        for ticket in &state.waiting {
            driver.notify(*ticket);
        }
    }
}
