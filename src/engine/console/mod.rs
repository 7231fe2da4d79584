//! The console without a terminal: lines in, events out.
//!
//! A [`Console`] owns a VM and keeps one scope of names. Each text that is submitted is an *entry*: a
//! module of its own, run as a task, whose top level may `await`. What entries spawn goes on while
//! nobody submits anything: whoever owns the console turns its loop, [`Console::turn`], and takes
//! what has happened, [`Console::take_events`].
//!
//! - `entry run file`: entries, from a text to how they end; files are entries with a name;
//! - `event view`: what a host sees, and how it wants values to be shown; `shape layout` show them;
//! - `command task describe complete`: what can be asked without running code of the program;
//! - `result`: the names that the console itself gives.
//!
//! The code of an entry is forgotten when it has ended well, unless it made functions, classes or tasks,
//! or caught an error: then it stays as long as the VM does, about three kilobytes for a line. Values are kept
//! by the names of the session alone: those of the last hundred entries, `_N`, among them.

mod command;
mod complete;
mod describe;
mod entry;
mod event;
mod file;
mod layout;
mod result;
mod run;
mod shape;
mod task;
mod view;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::task::Waker;

pub use complete::{Candidate, CandidateKind, Completion};
pub use entry::is_incomplete;
pub use event::{Event, Submitted};
pub use view::{Style, View};

use self::entry::Known as KnownFile;
use self::event::{Ear, Events};
use super::engine::Engine;
use super::error::Error;
use super::graph::Known;
use super::library::Library;
use super::vm::Vm;
use crate::compile::Session;
use crate::natives::listing::Entry;
use crate::runtime::Interrupter;

/// A console: a VM, the names of a session, and the tasks that entries have left running.
///
/// `Send` but not `Sync`, like the VM that it owns. It draws nothing and reads no keys.
pub struct Console {
    vm: Vm,
    /// What names mean.
    names: Session,
    /// The slots of all names that were ever declared.
    slots: HashMap<Arc<str>, u32>,
    /// Modules that were loaded, for imports to come.
    known: Vec<Known>,
    /// Files that names of the session stand for.
    files: Vec<KnownFile>,
    /// Entries that have not ended.
    running: Vec<run::Running>,
    /// The number of the last entry.
    entry: u64,
    /// The entries whose values have names, the oldest first.
    results: VecDeque<result::Kept>,
    /// Slots that no name has any more.
    free_slots: Vec<u32>,
    /// Files that were loaded, in their order.
    loaded: Vec<Arc<str>>,
    /// Those that are to be loaded when the entry in the foreground has ended.
    queue: VecDeque<Arc<str>>,
    view: View,
    /// What the library offers, once somebody has asked.
    library: OnceLock<Vec<Entry>>,
    events: Events,
    has_ended: bool,
}

const _: () = {
    const fn can_move<T: Send>() {}
    can_move::<Console>();
};

impl Console {
    /// A console on a VM of that engine. What programs print becomes events.
    pub fn new(engine: &Engine) -> Result<Console, Error> {
        let mut vm = Vm::new(engine)?;
        let events = Events::default();
        let library = Library::new(engine.clone(), vm.sources.clone(), vm.desk.line());
        let last_error = vm.runtime.vm.add_slot(result::LAST_ERROR.into());
        let ear = Ear::new(library, vm.sources.clone(), events.clone(), last_error);
        vm.runtime.rt.host = Box::new(ear);
        vm.runtime.rt.output = Box::new(event::Printed::new(events.clone()));
        vm.runtime.open_session();
        let mut console = Console {
            vm,
            names: Session::new(),
            slots: HashMap::from([(result::LAST_ERROR.into(), last_error)]),
            known: Vec::new(),
            files: Vec::new(),
            running: Vec::new(),
            entry: 0,
            results: VecDeque::new(),
            free_slots: Vec::new(),
            loaded: Vec::new(),
            queue: VecDeque::new(),
            view: View::default(),
            library: OnceLock::new(),
            events,
            has_ended: false,
        };
        console.clear_names();
        Ok(console)
    }

    /// Says how values and errors are shown from now on.
    pub fn set_view(&mut self, view: View) {
        self.events.set_colour(view.colour);
        self.view = view;
    }

    /// How values and errors are shown.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What has happened since this was last asked, in order.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.events.take()
    }

    /// Ends the wait of [`turn`](Console::turn), from any thread.
    pub fn waker(&self) -> Waker {
        self.vm.runtime.rt.driver.waker()
    }

    /// Does what [`interrupt`](Console::interrupt) does, from any thread, also while an entry
    /// computes.
    pub fn interrupter(&self) -> Interrupter {
        self.vm.interrupter()
    }

    /// How many functions are loaded, for tests that entries leave nothing behind.
    pub fn function_count(&self) -> usize {
        self.vm.runtime.vm.function_count()
    }

    /// Whether an entry runs in the foreground.
    pub fn is_busy(&self) -> bool {
        self.running.iter().any(|entry| entry.is_foreground)
    }

    /// Ends the loop with its threads and processes, and tells what the options of the engine want told at
    /// the end. To drop a console does the same but for that.
    pub fn close(self) {
        self.vm.close();
    }

    /// Whether the session has ended: [`Event::Ended`] was the last event.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }
}
