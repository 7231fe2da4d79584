//! One call on the pool, as a source of the loop.
//!
//! The call is handed in when the wait is registered, not before: an arm of a `select` that does
//! not get that far has done nothing.

use std::io;
use std::task::Poll;

use crate::natives::io_error::{Subject, io_error};
use crate::runtime::driver::{Job, Lane, Ticket, submit};
use crate::runtime::{Answer, Cx, Source, Wait};
use crate::vm::{Thrown, Value, Vm};

/// What is being done to which file, in the words of errors and reports.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    /// As `IoError.op` has it: "read".
    pub(super) op: &'static str,
    /// After "cannot": "read".
    pub(super) doing: &'static str,
    /// The path as it was given.
    pub(super) path: String,
    /// It changes something, so a cancel waits for it.
    pub(super) changes: bool,
}

impl Deed {
    /// Something that only looks.
    pub(super) fn look(op: &'static str, doing: &'static str, path: &str) -> Deed {
        Deed { op, doing, path: path.to_string(), changes: false }
    }

    /// Something that changes the file system.
    pub(super) fn change(op: &'static str, doing: &'static str, path: &str) -> Deed {
        Deed { op, doing, path: path.to_string(), changes: true }
    }

    /// The error for a failure.
    #[cold]
    pub(super) fn failed(&self, vm: &mut Vm, error: &io::Error) -> Thrown {
        io_error(vm, error, self.op, self.doing, Subject::Path(&self.path))
    }
}

/// Does `work` on the pool and makes a value of its result with `finish`.
pub(super) fn on_pool<T: Send + 'static>(
    deed: Deed,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
    finish: impl FnOnce(&mut Vm, &Deed, T) -> Result<Value, Thrown> + Send + 'static,
) -> Result<Answer, Thrown> {
    on_pool_of(deed, work, |cx, deed, result| finish(cx.vm, deed, result))
}

/// The same where `finish` needs more than the VM.
pub(super) fn on_pool_of<T: Send + 'static>(
    deed: Deed,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
    finish: impl FnOnce(&mut Cx<'_>, &Deed, T) -> Result<Value, Thrown> + Send + 'static,
) -> Result<Answer, Thrown> {
    let stage = Stage::New(Box::new(work));
    let op = PoolOp { deed, stage, finish: Some(Box::new(finish)) };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

/// A `finish` for what has no result.
pub(super) fn nothing(_: &mut Vm, _: &Deed, (): ()) -> Result<Value, Thrown> {
    Ok(Value::null())
}

type Work<T> = Box<dyn FnOnce() -> io::Result<T> + Send>;
type Finish<T> = Box<dyn FnOnce(&mut Cx<'_>, &Deed, T) -> Result<Value, Thrown> + Send>;

struct PoolOp<T> {
    deed: Deed,
    stage: Stage<T>,
    finish: Option<Finish<T>>,
}

enum Stage<T> {
    New(Work<T>),
    Running(Job<io::Result<T>>),
    Over,
}

impl<T: Send + 'static> Source for PoolOp<T> {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let Stage::Running(job) = &self.stage else { return Poll::Pending };
        let Some(result) = job.take() else { return Poll::Pending };
        self.stage = Stage::Over;
        let result = result.map_err(io::Error::other).flatten();
        Poll::Ready(match (result, self.finish.take()) {
            (Ok(found), Some(finish)) => finish(cx, &self.deed, found),
            (Ok(_), None) => Ok(Value::null()),
            (Err(error), _) => Err(self.deed.failed(cx.vm, &error)),
        })
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Stage::New(_) = &self.stage
            && let Stage::New(work) = std::mem::replace(&mut self.stage, Stage::Over)
        {
            let lane = if self.deed.changes { Lane::FsChange } else { Lane::Fs };
            let job = submit(cx.rt.driver.as_mut(), lane, work);
            job.wait(ticket);
            self.stage = Stage::Running(job);
        }
    }

    fn unregister(&mut self, _: &mut Cx<'_>, _: Ticket) {
        // Dropping the job forgets it: if it has not started, it never will.
        self.stage = Stage::Over;
    }

    fn describe(&self, _: &Vm) -> String {
        format!("fs.{} of {:?}", self.deed.op, self.deed.path)
    }

    fn holds_cancel(&self) -> bool {
        self.deed.changes && matches!(self.stage, Stage::Running(_))
    }
}
