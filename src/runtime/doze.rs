//! A loop that somebody else's loop drives: when the next turn is worth it.

use std::task::Waker;
use std::time::Duration;

use super::Runtime;
use super::driver::Doze;

impl Runtime {
    /// How long the next turn would wait if nothing happens: zero if there is something to do, none
    /// if it would wait for as long as it takes.
    pub fn next_timeout(&mut self) -> Option<Duration> {
        let until = self.deadline().map(|until| until.since(self.rt.driver.now()));
        self.timeout().into_iter().chain(until).min()
    }

    /// Whether nothing is left to do and nothing can come.
    pub fn is_idle(&self) -> bool {
        self.rt.is_at_rest()
    }

    /// Prepares for not being turned until something happens.
    pub fn doze(&mut self, waker: &Waker) -> Doze {
        match self.next_timeout() {
            Some(Duration::ZERO) => Doze::Awake,
            timeout => self.rt.driver.doze(timeout, waker),
        }
    }

    /// Whether time is virtual: then a turn never waits for it.
    pub fn is_simulated(&mut self) -> bool {
        self.rt.driver.simulated().is_some()
    }
}
