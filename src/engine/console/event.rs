//! What a host hears of a console.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::library::{Library, Sources};
use crate::engine::uncaught;
use crate::runtime::driver::Policy;
use crate::runtime::output::{Output, Target};
use crate::runtime::{Host, ImportWork, Stall, TaskReport};
use crate::vm::{Thrown, TraceFrame, Value, Vm as Machine};

/// Something that has happened in a console. Texts end without a line break, output aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something was printed: text as it is, line breaks included.
    Output {
        /// What was printed.
        text: String,
        /// It went to standard error.
        is_error: bool,
    },
    /// An entry has a value to show.
    Value {
        /// Its number.
        entry: u64,
        /// The value, laid out.
        text: String,
    },
    /// An error that the entry did not catch.
    Failed {
        /// Its number.
        entry: u64,
        /// The error with its place and its trace.
        text: String,
    },
    /// The entry was cancelled.
    Cancelled {
        /// Its number.
        entry: u64,
        /// Where it was.
        text: String,
    },
    /// A task in the background has failed. The session goes on.
    TaskFailed {
        /// The number of the entry, if the task is one.
        entry: Option<u64>,
        /// The error with its place and its trace.
        text: String,
    },
    /// The answer to a command, or something else to be told.
    Text(String),
    /// An entry has gone on in the background, as the task `_N`.
    Background {
        /// Its number.
        entry: u64,
    },
    /// An entry has ended; what came of it was told before.
    Finished {
        /// Its number.
        entry: u64,
    },
    /// The session has ended, with this exit status.
    Ended(i32),
}

/// What has become of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It is right as far as it goes, and goes on: ask for more lines.
    Incomplete,
    /// It is no program: the errors, drawn.
    Rejected(String),
    /// It runs, under this number.
    Started(u64),
    /// There was nothing to run: an empty line, or a command, whose answer is an event.
    Nothing,
}

/// Events on their way to the host.
#[derive(Clone, Default)]
pub(super) struct Events {
    list: Arc<Mutex<Vec<Event>>>,
    is_coloured: Arc<AtomicBool>,
}

impl Events {
    pub(super) fn push(&self, event: Event) {
        let mut list = self.lock();
        match (list.last_mut(), &event) {
            // A print in a loop is one event a turn, not one a line.
            (
                Some(Event::Output { text, is_error }),
                Event::Output { text: more, is_error: also },
            ) if is_error == also => text.push_str(more),
            _ => list.push(event),
        }
    }

    /// Errors that this layer draws are drawn in colours.
    pub(super) fn set_colour(&self, is_coloured: bool) {
        self.is_coloured.store(is_coloured, Ordering::Relaxed);
    }

    fn is_coloured(&self) -> bool {
        self.is_coloured.load(Ordering::Relaxed)
    }

    pub(super) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.lock())
    }

    /// Nothing panics under this lock, so a poisoned one still holds whole events.
    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The output of a console: what is printed becomes events.
pub(super) struct Printed {
    events: Events,
    kept: Option<(Vec<u8>, Vec<u8>)>,
    /// The beginning of a character whose other bytes have not been written yet.
    begun: Vec<u8>,
}

impl Printed {
    pub(super) fn new(events: Events) -> Printed {
        Printed { events, kept: None, begun: Vec::new() }
    }
}

impl Output for Printed {
    fn write(&mut self, target: Target, bytes: &[u8]) {
        if let Some((out, err)) = &mut self.kept {
            return if target == Target::Out { out } else { err }.extend_from_slice(bytes);
        }
        self.begun.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.begun.len(),
        };
        let rest = self.begun.split_off(whole);
        let bytes = std::mem::replace(&mut self.begun, rest);
        if !bytes.is_empty() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.events.push(Event::Output { text, is_error: target == Target::Err });
        }
    }

    fn capture(&mut self) -> bool {
        self.kept.get_or_insert_default();
        true
    }

    fn captured(&mut self) -> (Vec<u8>, Vec<u8>) {
        self.kept.take().unwrap_or_default()
    }
}

/// The layers above the loop, of a console.
pub(super) struct Ear {
    library: Library,
    sources: Sources,
    events: Events,
    /// Where an error that nobody caught is kept.
    last_error: u32,
}

impl Ear {
    pub(super) fn new(library: Library, sources: Sources, events: Events, last_error: u32) -> Ear {
        Ear { library, sources, events, last_error }
    }
}

impl Host for Ear {
    fn isolated(&mut self, vm: &mut Machine, task: &TaskReport, error: Value) -> String {
        let report = uncaught::report(vm, error, &self.sources).render(self.events.is_coloured());
        let text = format!("task {} ({}) failed\n{}", task.number, task.name, report.trim_end());
        self.events.push(Event::TaskFailed { entry: None, text });
        vm.set_slot(self.last_error, Some(error));
        String::new()
    }

    fn report(&mut self, vm: &mut Machine, tasks: &[TaskReport]) -> String {
        self.library.report(vm, tasks)
    }

    fn stalled(&mut self, vm: &mut Machine, stall: &Stall) -> String {
        self.library.stalled(vm, stall)
    }

    fn place(&self, frame: &TraceFrame) -> String {
        self.library.place(frame)
    }

    fn import(&mut self, importer: &str, path: &str, policy: Option<Arc<Policy>>) -> ImportWork {
        self.library.import(importer, path, policy)
    }

    fn imported(&mut self, vm: &mut Machine, found: Box<dyn Any + Send>) -> Result<Value, Thrown> {
        self.library.imported(vm, found)
    }

    fn reach(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.library.reach()
    }

    fn load_core(&mut self, vm: &mut Machine) -> Result<(), Thrown> {
        self.library.load_core(vm)
    }
}
