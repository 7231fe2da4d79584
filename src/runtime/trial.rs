//! What the loop knows of the test that it runs: what the test leaves behind, and who examines it.
//!
//! A task closes what it owns at its end, so nothing leaks for long; but a test that leaves something
//! open has forgotten it, and says so here, with the place where that was made. What its file made at
//! the top level is not the test's.

use std::collections::HashMap;

use super::event_loop::Loop;
use super::rec::{RecId, RecKind};
use super::task::{TaskId, TaskKind};
use crate::vm::display::display_short;
use crate::vm::{TraceFrame, Value, Vm};

/// How much of an object a report shows.
const DISPLAY_MAX: usize = 80;

/// Who runs a test, as the natives of module `test` see them.
pub trait Examiner: Send {
    /// Compares a text with what is stored under that name, or stores it; without a name it is the next
    /// one of the test. The error says how they differ.
    fn snapshot(&mut self, name: Option<&str>, text: &str) -> Result<(), String>;
}

/// The test that a loop runs.
pub struct Trial {
    /// Who runs it.
    pub examiner: Box<dyn Examiner>,
    /// It runs in the simulated world.
    pub is_simulated: bool,
    /// It has asked for the real one.
    pub wants_real: bool,
    /// Its own body has begun; before that the top level of its file runs.
    pub has_begun: bool,
    /// What it has left behind.
    pub leaks: Vec<Leak>,
    /// What was made since the places were noted last.
    fresh: Vec<Value>,
    /// Where resources were made, by the address of their objects.
    places: HashMap<u64, TraceFrame>,
}

/// Something that was left behind.
#[derive(Clone, Debug)]
pub struct Leak {
    /// What it is.
    pub what: String,
    /// It is a task, which runs on.
    pub is_task: bool,
    /// Where it was made.
    pub made: Option<TraceFrame>,
}

impl Trial {
    /// A test that has not begun.
    pub fn new(examiner: Box<dyn Examiner>, is_simulated: bool) -> Trial {
        Trial {
            examiner,
            is_simulated,
            wants_real: false,
            has_begun: false,
            leaks: Vec::new(),
            fresh: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// A resource was made.
    pub(super) fn made(&mut self, resource: Value) {
        if self.has_begun {
            self.fresh.push(resource);
        }
    }
}

impl Loop {
    /// The test is to be begun again on the real driver. Says whether it has to be: it may be there.
    /// The simulated world, in which everything so far has happened, is left as it is.
    pub fn ask_for_real(&mut self) -> bool {
        let Some(trial) = self.trial.as_mut().filter(|trial| trial.is_simulated) else {
            return false;
        };
        trial.wants_real = true;
        self.killed = true;
        true
    }

    /// The program is at its last part, which is the body of the test: reports call its task so.
    pub(super) fn note_last_part(&mut self, vm: &Vm, id: TaskId, body: Value) {
        if let Some(trial) = &mut self.trial {
            trial.has_begun = true;
            self.tasks.rename(id, vm.callee_name(body));
        }
    }

    /// Notes where what is new was made: whose it is has not gone on since.
    #[inline]
    pub(super) fn note_places(&mut self, vm: &Vm) {
        if self.trial.is_some() {
            self.note_fresh_places(vm);
        }
    }

    #[cold]
    fn note_fresh_places(&mut self, vm: &Vm) {
        let Some(trial) = self.trial.as_mut().filter(|trial| !trial.fresh.is_empty()) else {
            return;
        };
        for resource in std::mem::take(&mut trial.fresh) {
            let owner = self.resources.owner(resource).and_then(|owner| self.tasks.get(owner));
            let frames = owner.map(|owner| vm.trace(owner.fiber)).unwrap_or_default();
            if let Some(place) = frames.into_iter().find(|frame| !frame.is_library()) {
                trial.places.insert(resource.bits(), place);
            }
        }
    }

    /// The end of a scope has come, and its daemons are going to be cancelled: those that stand in the
    /// body of the test itself have been forgotten. A `scope` in it is there to end them.
    pub(super) fn note_daemons(&mut self, vm: &Vm, id: RecId) {
        if !self.trial.as_ref().is_some_and(|trial| trial.has_begun) {
            return;
        }
        let Some(rec) = self.recs.get(id).filter(|rec| rec.kind == RecKind::Body) else { return };
        let main = self.main.filter(|main| rec.host == Some(*main));
        let Some(main) = main.and_then(|main| self.tasks.get(main)) else { return };
        // A function that it has called has a scope of its own.
        if vm.trace_entries(main.fiber).len() > 1 {
            return;
        }
        let mut leaks = Vec::new();
        let mut next = rec.first_child;
        while let Some(id) = next
            && let Some(task) = self.tasks.get(id)
        {
            next = self.tasks.linked(task.next);
            if task.kind == TaskKind::Daemon {
                let what = format!("{}, a daemon", self.tasks.title(task));
                leaks.push(Leak { what, is_task: true, made: self.report_of(vm, id).spawned });
            }
        }
        if let Some(trial) = &mut self.trial {
            trial.leaks.append(&mut leaks);
        }
    }

    /// The program's task has ended and is going to close what it still owns.
    pub(super) fn note_resources(&mut self, vm: &Vm, main: TaskId) {
        let Some(trial) = &mut self.trial else { return };
        for resource in self.resources.of(main) {
            if let Some(place) = trial.places.get(&resource.bits())
                && vm.heap.host_ref(*resource).is_some_and(|object| object.is_held())
            {
                let what = display_short(&vm.heap, *resource, DISPLAY_MAX);
                trial.leaks.push(Leak { what, is_task: false, made: Some(place.clone()) });
            }
        }
    }
}
