//! What the loop does, step by step, told to whoever wants to know.
//!
//! Nobody does unless the host says so ([`Loop::set_tracer`]); then a step costs one branch, and
//! nothing is put together for it. `--trace` draws a timeline from the steps. In virtual time the
//! same program, arguments and seed give the same steps at the same moments.

use std::sync::Arc;
use std::time::Duration;

use super::driver::{Event, JobSpan, Moment};
use super::event_loop::Loop;
use super::finish::Ended;
use super::output::Target;
use super::task::TaskId;

/// Is told of every step.
pub trait Tracer: Send {
    /// A step, and when it was made.
    fn record(&mut self, at: Moment, step: Step);
}

/// What the loop has done. Tasks go by their numbers, as scripts see them, ops by those of
/// [`Ticket`](super::Ticket)s.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A turn begins with so many ready tasks.
    TurnBegins {
        /// How many.
        ready: usize,
    },
    /// It has ended.
    TurnEnds,
    /// The driver is asked, and may wait so long.
    PollBegins {
        /// None: as long as it takes.
        timeout: Option<Duration>,
    },
    /// It has answered.
    PollEnds {
        /// What has happened.
        events: Vec<Event>,
    },
    /// A task was made.
    TaskSpawned {
        /// Which.
        task: u64,
        /// What it is called.
        name: Arc<str>,
        /// The task in whose scope it is; 0 for none.
        parent: u64,
    },
    /// A task gets its turn.
    TaskRuns {
        /// Which.
        task: u64,
    },
    /// Its turn is over.
    TaskRests {
        /// Which.
        task: u64,
    },
    /// A task has ended.
    TaskEnded {
        /// Which.
        task: u64,
        /// "value", "failed" or "cut".
        how: &'static str,
    },
    /// A task begins to wait.
    OpStarts {
        /// Which op.
        op: u64,
        /// Of which task.
        task: u64,
        /// For what.
        what: String,
    },
    /// It has what it waited for, or was cancelled.
    OpEnds {
        /// Which op.
        op: u64,
        /// Of which task.
        task: u64,
        /// "done", "failed" or "cancelled".
        how: &'static str,
    },
    /// A task had what it wanted without waiting.
    OpAtOnce {
        /// Which task.
        task: u64,
    },
    /// A timer is due.
    TimerFires,
    /// A scope is cancelled.
    Cancelled {
        /// The task that runs it; 0 for none.
        task: u64,
        /// Why.
        reason: &'static str,
    },
    /// Garbage is collected.
    CollectBegins,
    /// It was.
    CollectEnds {
        /// How many bytes are in use now.
        bytes: usize,
    },
    /// A job has ended; told when the loop hears of it.
    Job {
        /// When it was done, and where.
        span: JobSpan,
    },
    /// Something was written to standard output or standard error.
    Written {
        /// Which of them.
        target: Target,
        /// What.
        bytes: Vec<u8>,
    },
}

impl Loop {
    /// From now on `tracer` is told of every step; none for nobody.
    pub fn set_tracer(&mut self, tracer: Option<Box<dyn Tracer>>) {
        self.tracer = tracer;
        if self.tracer.is_some() {
            self.driver.watch_jobs();
        }
    }

    /// Tells of a step, which is put together only if somebody listens.
    #[inline]
    pub(super) fn tell(&mut self, step: impl FnOnce(&Loop) -> Step) {
        if self.tracer.is_some() {
            let step = step(self);
            self.record(step);
        }
    }

    #[cold]
    fn record(&mut self, step: Step) {
        let at = self.driver.now();
        if let Some(tracer) = &mut self.tracer {
            tracer.record(at, step);
        }
    }

    /// Tells of the jobs that have ended.
    pub(super) fn tell_of_jobs(&mut self) {
        if self.tracer.is_some() {
            let mut spans = Vec::new();
            self.driver.take_jobs(&mut spans);
            for span in spans {
                self.record(Step::Job { span });
            }
        }
    }

    /// The number of a task; 0 if there is none.
    pub(super) fn number_of(&self, id: Option<TaskId>) -> u64 {
        id.and_then(|id| self.tasks.get(id)).map_or(0, |task| task.number)
    }

    /// Writes to standard output or standard error.
    pub fn write(&mut self, target: Target, bytes: &[u8]) {
        self.tell(|_| Step::Written { target, bytes: bytes.to_vec() });
        // A write may have to wait for whoever reads.
        if self.is_deaf && (!self.output.has_room(target) || self.output.terminal(target).is_some())
        {
            self.hear();
        }
        self.output.write(target, bytes);
    }
}

impl Ended {
    /// As [`Step::TaskEnded`] says it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Ended::Value(_) => "value",
            Ended::Throw(_) => "failed",
            Ended::Cut(_) => "cut",
        }
    }
}
