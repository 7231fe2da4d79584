//! A file that a stream reads and writes, one call on the pool at a time.
//!
//! The file is either here or with the job that works on it; whoever comes next waits for that job.
//! A job whose op was cut goes on, and what it brings is taken in by the next op: a piece that was
//! read stays in the buffer, and of a write it is known how much of it there is.

use std::io;

use super::pieces::piece_of;
use super::queue::OpId;
use crate::runtime::driver::{Driver, Job, Lane, OpenFile, Ticket, submit};

/// A file and the job that has it.
pub(super) struct Opened {
    file: Option<Box<dyn OpenFile>>,
    job: Option<Job<(Box<dyn OpenFile>, Done)>>,
    pub(super) may_read: bool,
    pub(super) may_write: bool,
}

/// Why a file is of no use any more.
pub(super) const LOST: &str = "an earlier call has lost it";

/// What a job has done.
pub(super) enum Done {
    /// Read a piece; an empty one is the end.
    Piece(io::Result<Vec<u8>>),
    /// What an op asked for.
    Op(OpId, Outcome),
}

/// The result of a job of an op.
pub(super) struct Outcome {
    /// How many bytes were written, or a position in the file.
    pub(super) count: u64,
    /// Why no more was done.
    pub(super) result: io::Result<()>,
}

impl Opened {
    pub(super) fn new(file: Box<dyn OpenFile>, may_read: bool, may_write: bool) -> Opened {
        Opened { file: Some(file), job: None, may_read, may_write }
    }

    /// What the last job has done, once.
    pub(super) fn take(&mut self) -> Option<Done> {
        let result = self.job.as_ref()?.take()?;
        self.job = None;
        match result {
            Ok((file, done)) => {
                self.file = Some(file);
                Some(done)
            }
            Err(panic) => Some(Done::Piece(Err(io::Error::other(panic)))),
        }
    }

    /// Begins to read a piece, unless another job is under way; reports `ticket` at its end.
    pub(super) fn wait_for_piece(&mut self, driver: &mut dyn Driver, ticket: Ticket) {
        if let Some(mut file) = self.file.take() {
            self.job = Some(submit(driver, Lane::Fs, move || {
                let piece = piece_of(file.as_mut());
                (file, Done::Piece(piece))
            }));
        }
        self.wait(driver, ticket);
    }

    /// A job that had it has panicked.
    pub(super) fn is_lost(&self) -> bool {
        self.file.is_none() && self.job.is_none()
    }

    /// No job has it.
    pub(super) fn is_here(&self) -> bool {
        self.file.is_some()
    }

    /// Begins a job of an op, if the file is here.
    pub(super) fn begin(
        &mut self,
        driver: &mut dyn Driver,
        op: OpId,
        work: impl FnOnce(&mut dyn OpenFile) -> Outcome + Send + 'static,
    ) {
        if let Some(mut file) = self.file.take() {
            self.job = Some(submit(driver, Lane::FsChange, move || {
                let outcome = work(file.as_mut());
                (file, Done::Op(op, outcome))
            }));
        }
    }

    /// Reports `ticket` at the end of the job that is under way.
    pub(super) fn wait(&mut self, driver: &mut dyn Driver, ticket: Ticket) {
        match &self.job {
            Some(job) => job.wait_or_notify(driver, ticket),
            None => driver.notify(ticket),
        }
    }

    /// Takes [`Opened::wait`] back. The job goes on.
    pub(super) fn unwait(&self, ticket: Ticket) {
        if let Some(job) = &self.job {
            job.unwait(ticket);
        }
    }

    /// Closes it, if need be when its job has ended.
    pub(super) fn close(&mut self) {
        self.file = None;
        self.job = None;
    }
}
