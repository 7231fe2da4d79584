//! Where the program's output goes: a door of its own, so that a host can put something else there.
//!
//! `print` writes here and never waits. The loop calls [`Output::flush`] whenever it is about to
//! wait and [`Output::finish`] at the end. Nothing here knows terminals or pipes; the command's
//! implementation is in `natives::stdio`.

use std::io;
use std::time::Duration;

use super::event_loop::Loop;
use super::task::TaskId;
use super::wait::Answer;
use crate::vm::{Value, Vm};

/// The status of a program that nobody reads any more: what a shell shows for SIGPIPE.
const BROKEN_STATUS: i32 = 141;

/// Which of the two streams of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Work that ends when something has been written out. It blocks the thread it runs on.
pub type Drained = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// A place for output.
pub trait Output: Send {
    /// Takes bytes; they come out in the order in which they were given.
    fn write(&mut self, target: Target, bytes: &[u8]);

    /// Begins to write out what is buffered. Blocks only if it certainly takes no time.
    fn flush(&mut self) {}

    /// Begins to write everything out. Work to wait for, if it is not out already.
    fn drain(&mut self, _target: Target) -> Option<Drained> {
        None
    }

    /// Writes everything out, waiting at most `patience` for the readers; nothing if that was too
    /// short, and then it can be called again. An error is one that nobody has heard of.
    fn finish(&mut self, _patience: Duration) -> Option<io::Result<()>> {
        Some(Ok(()))
    }

    /// The program is being ended: from now on no write waits for a reader for long.
    fn hurry(&mut self) {}

    /// Whether a write has stopped waiting for its reader since the last time this was asked, as
    /// somebody wants the attention of the loop.
    fn take_distraction(&mut self) -> bool {
        false
    }

    /// Nobody reads standard output any more: the program should end (status 141).
    fn is_broken(&self) -> bool {
        false
    }

    /// Whether `write` would come back at once: not so much is waiting for a slow reader.
    fn has_room(&self, _target: Target) -> bool {
        true
    }

    /// The size of the terminal that a stream goes to; none if it goes elsewhere.
    fn terminal(&self, _target: Target) -> Option<Size> {
        None
    }

    /// Keeps all that is written from now on, until [`Output::captured`] takes it. Says whether it does.
    fn capture(&mut self) -> bool {
        false
    }

    /// What was kept of each stream, which ends it.
    fn captured(&mut self) -> (Vec<u8>, Vec<u8>) {
        (Vec::new(), Vec::new())
    }

    /// Keeps these lines below all other output of a terminal until others are given. Does nothing
    /// where standard error is no terminal.
    fn set_status(&mut self, _lines: Vec<String>) {}
}

/// The size of a terminal in characters; zero where it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// Output that goes nowhere: what a loop has until its host says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Output for Discard {
    fn write(&mut self, _: Target, _: &[u8]) {}
}

impl Loop {
    /// What a native answers that has written for a task: null, unless nobody reads the program's
    /// output any more, and it ends. Where it had to wait for a reader and the program was asked to end
    /// meanwhile, it does not go on, either.
    pub fn after_output(&mut self, vm: &mut Vm, by: TaskId) -> Answer {
        if self.output.take_distraction() {
            self.take_interrupts(vm);
            if self.program.is_some() && self.effective(by) == self.program {
                return Answer::Unwind;
            }
        }
        // Clean-ups that still print must not be ended by that.
        if self.output.is_broken() && self.status.is_none() {
            self.exit(vm, by, BROKEN_STATUS);
            return Answer::Unwind;
        }
        Answer::Value(Value::null())
    }

    /// The loop is about to wait: what was printed goes out.
    pub(super) fn flush_output(&mut self, vm: &mut Vm) {
        self.output.flush();
        if self.status.is_none()
            && let Some(main) = self.main
            && self.output.is_broken()
        {
            self.exit(vm, main, BROKEN_STATUS);
        }
    }
}
