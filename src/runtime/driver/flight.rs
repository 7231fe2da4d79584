//! Jobs that are shared: who asks for what is being found out already waits for the same job.
//!
//! A [`Flight`] is a job under way, a [`Seat`] the place of one of those who wait for it. The job
//! reports to one of them; that one tells the others. A seat that is given up takes nothing from the
//! others; when the last one goes the job is abandoned.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::job::{Job, JobError, Lane, submit};
use super::{Driver, Ticket};

/// The jobs under way, by what they find out.
pub struct Flights<T> {
    running: HashMap<String, Weak<Flight<T>>>,
    /// From this size on it is looked through for what has ended.
    full: usize,
}

/// A job that several wait for.
struct Flight<T> {
    job: Job<T>,
    state: Mutex<State<T>>,
}

struct State<T> {
    /// The first one is who the job reports to.
    waiting: Vec<Ticket>,
    result: Option<Result<T, JobError>>,
}

/// The place of one who waits.
pub struct Seat<T> {
    flight: Arc<Flight<T>>,
}

/// So many entries are kept before the first look for ended ones.
const FULL_AT_FIRST: usize = 32;

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Flights { running: HashMap::new(), full: FULL_AT_FIRST }
    }
}

impl<T: Clone + Send + 'static> Flights<T> {
    /// Joins the job that finds out `what`, or starts it.
    pub fn join(
        &mut self,
        driver: &mut dyn Driver,
        lane: Lane,
        what: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Seat<T> {
        let running = self.running.get(what).and_then(Weak::upgrade);
        // One that has ended may know what is old by now.
        if let Some(flight) = running.filter(|flight| flight.job.is_running()) {
            return Seat { flight };
        }
        if self.running.len() >= self.full {
            self.running.retain(|_, flight| flight.strong_count() > 0);
            self.full = FULL_AT_FIRST.max(2 * self.running.len());
        }
        let flight = Arc::new(Flight {
            job: submit(driver, lane, work),
            state: Mutex::new(State { waiting: Vec::new(), result: None }),
        });
        self.running.insert(what.to_owned(), Arc::downgrade(&flight));
        Seat { flight }
    }
}

impl<T: Clone> Seat<T> {
    /// Reports `ticket` when there is a result.
    pub fn wait(&self, driver: &mut dyn Driver, ticket: Ticket) {
        let mut state = self.flight.lock();
        if state.result.is_some() {
            driver.notify(ticket);
            return;
        }
        state.waiting.push(ticket);
        if state.waiting.len() == 1 {
            self.flight.job.wait_or_notify(driver, ticket);
        }
    }

    /// Takes [`Seat::wait`] back.
    pub fn unwait(&self, driver: &mut dyn Driver, ticket: Ticket) {
        let mut state = self.flight.lock();
        let Some(place) = state.waiting.iter().position(|waiting| *waiting == ticket) else {
            return;
        };
        state.waiting.remove(place);
        if place == 0 {
            self.flight.job.unwait(ticket);
            if let Some(next) = state.waiting.first() {
                self.flight.job.wait_or_notify(driver, *next);
            }
        }
    }

    /// The result, once the job has ended.
    pub fn take(&self, driver: &mut dyn Driver) -> Option<Result<T, JobError>> {
        let mut state = self.flight.lock();
        if state.result.is_none() {
            state.result = Some(self.flight.job.take()?);
            for other in state.waiting.drain(..) {
                driver.notify(other);
            }
        }
        state.result.clone()
    }
}

impl<T> Flight<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::runtime::driver::{Event, SimDriver};

    fn ticket(seq: u64) -> Ticket {
        Ticket { seq, task: 0, arm: 0 }
    }

    struct Desk {
        driver: SimDriver,
        flights: Flights<u32>,
        calls: Arc<AtomicU32>,
    }

    impl Desk {
        fn new() -> Desk {
            Desk { driver: SimDriver::new(1), flights: Flights::default(), calls: Arc::default() }
        }

        fn ask(&mut self, what: &str) -> Seat<u32> {
            let calls = self.calls.clone();
            let work = move || calls.fetch_add(1, Ordering::Relaxed) + 100;
            self.flights.join(&mut self.driver, Lane::Dns, what, work)
        }

        fn reported(&mut self) -> Vec<u64> {
            let mut events = Vec::new();
            for _ in 0..20 {
                self.driver.poll(Some(std::time::Duration::from_secs(1)), &mut events);
            }
            let seqs = events.into_iter().filter_map(|event| match event {
                Event::Ready(ticket) | Event::Completed(ticket) => Some(ticket.seq),
                _ => None,
            });
            seqs.collect()
        }
    }

    #[test]
    fn who_asks_for_the_same_shares_one_job() {
        let mut desk = Desk::new();
        let seats = [desk.ask("a"), desk.ask("a"), desk.ask("b")];
        for (seat, seq) in seats.iter().zip(1..) {
            seat.wait(&mut desk.driver, ticket(seq));
        }
        let mut told = desk.reported();
        told.sort_unstable();
        assert_eq!(told, [1, 3], "one of those who share hears of the end");
        let results = seats.each_ref().map(|seat| seat.take(&mut desk.driver));
        assert_eq!(results, [Some(Ok(100)), Some(Ok(100)), Some(Ok(101))]);
        assert!(desk.reported().contains(&2), "and tells the others");
        let later = desk.ask("a");
        later.wait(&mut desk.driver, ticket(4));
        assert_eq!(desk.reported(), [4]);
        assert_eq!(later.take(&mut desk.driver), Some(Ok(102)), "a new question, a new answer");
    }

    #[test]
    fn who_goes_takes_nothing_from_the_others() {
        let mut desk = Desk::new();
        let (first, second) = (desk.ask("a"), desk.ask("a"));
        first.wait(&mut desk.driver, ticket(1));
        second.wait(&mut desk.driver, ticket(2));
        first.unwait(&mut desk.driver, ticket(1));
        drop(first);
        assert_eq!(desk.reported(), [2]);
        assert_eq!(second.take(&mut desk.driver), Some(Ok(100)));
    }

    #[test]
    fn who_goes_after_the_end_hands_it_on() {
        let mut desk = Desk::new();
        let (first, second) = (desk.ask("a"), desk.ask("a"));
        first.wait(&mut desk.driver, ticket(1));
        second.wait(&mut desk.driver, ticket(2));
        assert_eq!(desk.reported(), [1]);
        first.unwait(&mut desk.driver, ticket(1));
        assert_eq!(desk.reported(), [2]);
        assert_eq!(second.take(&mut desk.driver), Some(Ok(100)));
    }

    #[test]
    fn what_nobody_waits_for_is_not_done() {
        let mut desk = Desk::new();
        drop(desk.ask("a"));
        assert!(desk.reported().is_empty());
        assert_eq!(desk.calls.load(Ordering::Relaxed), 0);
        for n in 0..1000 {
            drop(desk.ask(&n.to_string()));
        }
        assert!(desk.flights.running.len() <= FULL_AT_FIRST, "ended ones are forgotten");
    }
}
