//! Work that may block, done elsewhere: on the pool's threads, or in line in virtual time.
//!
//! A [`Job`] is the handle of the op that waits; the driver sees the other side, [`Runnable`].
//! The result travels in the job itself. Dropping the handle abandons the job: if it has not
//! started it never will, otherwise its result is dropped where it is made.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Driver, Moment, Ticket};

/// Which threads do a job. Lanes do not wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Looking at files and directories. A pipe with a name can take forever.
    Fs,
    /// Changing files and directories: what has begun is waited for at the end.
    FsChange,
    /// Starting other programs.
    Process,
    /// Looking names up.
    Dns,
    /// Long computations.
    Cpu,
    /// Reading standard input: one thread, which nobody waits for at the end.
    Input,
    /// Writing standard output and error: one thread, so that order is kept.
    Output,
}

impl Lane {
    /// What its threads and its timeline are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Lane::Fs => "fs",
            Lane::FsChange => "fs-change",
            Lane::Process => "process",
            Lane::Dns => "dns",
            Lane::Cpu => "cpu",
            Lane::Input => "input",
            Lane::Output => "output",
        }
    }
}

/// When a job was done, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobSpan {
    /// Its lane.
    pub lane: Lane,
    /// Which of the threads did it, counted from 0 in the order in which they first did one.
    pub thread: usize,
    /// When it began.
    pub begun: Moment,
    /// When it ended.
    pub ended: Moment,
}

/// What a thread of a driver sees of a job.
pub trait Runnable: Send + Sync {
    /// Does the work, unless the job was abandoned before.
    fn run(&self);
    /// Who waits for the job now.
    fn ticket(&self) -> Option<Ticket>;
}

/// The handle of a job that gives a `T`.
pub struct Job<T> {
    shared: Arc<Shared<T>>,
}

/// Why a job gave no result: it panicked, with this message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobError(pub String);

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the job panicked: {}", self.0)
    }
}

impl std::error::Error for JobError {}

/// Starts `work` on a lane of `driver`.
pub fn submit<T: Send + 'static>(
    driver: &mut dyn Driver,
    lane: Lane,
    work: impl FnOnce() -> T + Send + 'static,
) -> Job<T> {
    let shared = Arc::new(Shared {
        state: Mutex::new(State { stage: Stage::Waiting(Box::new(work)), ticket: None }),
    });
    driver.run(lane, shared.clone());
    Job { shared }
}

impl<T> Job<T> {
    /// The result, if the job has ended and nobody has taken it.
    pub fn take(&self) -> Option<Result<T, JobError>> {
        let mut state = self.shared.lock();
        if !matches!(state.stage, Stage::Done(_)) {
            return None;
        }
        match std::mem::replace(&mut state.stage, Stage::Over) {
            Stage::Done(result) => Some(result),
            _ => None,
        }
    }

    /// Whether the job has not ended yet.
    pub fn is_running(&self) -> bool {
        matches!(self.shared.lock().stage, Stage::Waiting(_) | Stage::Running)
    }

    /// Reports `ticket` when the job ends. One waiter at a time: the last one counts.
    pub fn wait(&self, ticket: Ticket) {
        self.shared.lock().ticket = Some(ticket);
    }

    /// The same, for a job that may have ended while nobody waited for it: that is not reported
    /// again by itself.
    pub fn wait_or_notify(&self, driver: &mut dyn Driver, ticket: Ticket) {
        if self.is_running() { self.wait(ticket) } else { driver.notify(ticket) }
    }

    /// Takes [`Job::wait`] back. The job goes on.
    pub fn unwait(&self, ticket: Ticket) {
        let mut state = self.shared.lock();
        if state.ticket == Some(ticket) {
            state.ticket = None;
        }
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.ticket = None;
        let stage = std::mem::replace(&mut state.stage, Stage::Over);
        // What is dropped may be large or run code of its own: not under the lock.
        drop(state);
        drop(stage);
    }
}

struct Shared<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    stage: Stage<T>,
    ticket: Option<Ticket>,
}

enum Stage<T> {
    Waiting(Box<dyn FnOnce() -> T + Send>),
    Running,
    Done(Result<T, JobError>),
    /// The result was taken, or nobody wants it any more.
    Over,
}

impl<T> Shared<T> {
    /// No code of ours panics under this lock, so a poisoned one still holds a whole state.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send> Runnable for Shared<T> {
    fn run(&self) {
        let work = {
            let mut state = self.lock();
            match std::mem::replace(&mut state.stage, Stage::Running) {
                Stage::Waiting(work) => work,
                other => {
                    state.stage = other;
                    return;
                }
            }
        };
        let result = catch_unwind(AssertUnwindSafe(work))
            .map_err(|payload| JobError(panic_message(payload.as_ref())));
        let mut state = self.lock();
        if matches!(state.stage, Stage::Running) {
            state.stage = Stage::Done(result);
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        self.lock().ticket
    }
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_string()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "no message".to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::SimDriver;
    use super::*;

    const TICKET: Ticket = Ticket { seq: 1, task: 0, arm: 0 };

    #[test]
    fn an_abandoned_job_never_starts() {
        let mut driver = SimDriver::new(1);
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let job = submit(&mut driver, Lane::Fs, move || sender.send(()));
        drop(job);
        driver.poll(Some(std::time::Duration::from_secs(1)), &mut Vec::new());
        assert!(receiver.recv().is_err(), "the work was dropped without being run");
    }

    #[test]
    fn a_panic_is_a_result() {
        let mut driver = SimDriver::new(1);
        let job = submit(&mut driver, Lane::Cpu, || -> u8 { panic!("seven") });
        job.wait(TICKET);
        let mut events = Vec::new();
        driver.poll(None, &mut events);
        assert_eq!(events, [super::super::Event::Completed(TICKET)]);
        assert_eq!(job.take(), Some(Err(JobError("seven".to_string()))));
        assert_eq!(job.take(), None, "a result is handed out once");
    }
}
