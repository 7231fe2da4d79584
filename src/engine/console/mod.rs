//! The console without a terminal: lines in, events out.
//!
//! A [`Console`] owns a VM and keeps one scope of names. Each text that is submitted is an *entry*: a
//! module of its own, run as a task, whose top level may `await`. What entries spawn goes on while
//! nobody submits anything: whoever owns the console turns its loop, [`Console::turn`], and takes
//! what has happened, [`Console::take_events`].
//!
//! `entry` compiles and starts entries, `run` follows them; `event` is what a host sees.

mod entry;
mod event;
mod run;

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Waker;

pub use entry::is_incomplete;
pub use event::{Event, Submitted};

use self::entry::Known as KnownFile;
use self::event::{Ear, Events};
use super::engine::Engine;
use super::error::Error;
use super::graph::Known;
use super::library::Library;
use super::vm::Vm;
use crate::compile::Session;
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
        let library = Library::new(engine.clone(), vm.sources.clone());
        vm.runtime.rt.host = Box::new(Ear::new(library, vm.sources.clone(), events.clone()));
        vm.runtime.rt.output = Box::new(event::Printed::new(events.clone()));
        vm.runtime.open_session();
        Ok(Console {
            vm,
            names: Session::new(),
            slots: HashMap::new(),
            known: Vec::new(),
            files: Vec::new(),
            running: Vec::new(),
            entry: 0,
            events,
            has_ended: false,
        })
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

    /// Whether an entry runs in the foreground.
    pub fn is_busy(&self) -> bool {
        self.running.iter().any(|entry| entry.is_foreground)
    }

    /// Whether the session has ended: [`Event::Ended`] was the last event.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }
}
