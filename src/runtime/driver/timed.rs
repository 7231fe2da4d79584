//! Jobs that note when they began and ended, for timelines.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Instant;

use super::{JobSpan, Lane, Moment, Runnable, Ticket};

/// What is noted of the jobs of a driver.
pub(super) struct Stopwatch {
    /// Moment zero of the driver.
    start: Instant,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    spans: Vec<JobSpan>,
    /// Threads that have done a job, each with its lane.
    threads: Vec<(Lane, ThreadId)>,
}

impl Stopwatch {
    pub(super) fn new(start: Instant) -> Stopwatch {
        Stopwatch { start, notes: Mutex::default() }
    }

    /// Moves the notes out.
    pub(super) fn take(&self, into: &mut Vec<JobSpan>) {
        // Nothing panics under this lock, so a poisoned one still holds whole notes.
        into.append(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner).spans);
    }

    fn now(&self) -> Moment {
        Moment::default().after(self.start.elapsed())
    }

    fn note(&self, lane: Lane, begun: Moment) {
        let ended = self.now();
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of_lane = notes.threads.iter().filter(|(other, _)| *other == lane);
        let here = thread::current().id();
        let thread = match of_lane.clone().position(|(_, thread)| *thread == here) {
            Some(known) => known,
            None => {
                let count = of_lane.by_ref().count();
                notes.threads.push((lane, here));
                count
            }
        };
        notes.spans.push(JobSpan { lane, thread, begun, ended });
    }
}

/// The same job, timed if there is what times it.
pub(super) fn timed(
    by: Option<&Arc<Stopwatch>>,
    lane: Lane,
    job: Arc<dyn Runnable>,
) -> Arc<dyn Runnable> {
    match by.cloned() {
        Some(stopwatch) => Arc::new(Timed { job, lane, stopwatch }),
        None => job,
    }
}

struct Timed {
    job: Arc<dyn Runnable>,
    lane: Lane,
    stopwatch: Arc<Stopwatch>,
}

impl Runnable for Timed {
    fn run(&self) {
        let begun = self.stopwatch.now();
        self.job.run();
        self.stopwatch.note(self.lane, begun);
    }

    fn ticket(&self) -> Option<Ticket> {
        self.job.ticket()
    }
}
