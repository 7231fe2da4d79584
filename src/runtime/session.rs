//! A loop that a console drives: entries are run one after the other, beside tasks that go on.
//!
//! There is no main task. What entries spawn belongs to the program, whose record isolates its tasks:
//! an error of one is told and ends nobody else. One call of the host at a time is the *foreground*:
//! who interrupts means that one, and at rest nothing is a deadlock unless it waits.

use std::sync::Arc;
use std::time::Duration;

use super::cancel::{CancelKind, Reason};
use super::event_loop::Loop;
use super::handle::task_of;
use super::rec::RecId;
use super::report::TaskReport;
use super::task::{Stage, TaskId};
use super::{CallId, Runtime};
use crate::bytecode::program::ModuleCode;
use crate::vm::{Value, Vm};

/// A task that has held the loop for so long is what an interrupt means when nothing is in the
/// foreground.
const HELD_MIN: Duration = Duration::from_millis(200);

/// What a loop knows of its console.
#[derive(Default)]
pub(super) struct Session {
    /// The call that the console waits for.
    foreground: Option<CallId>,
    /// Where the foreground was when it was first interrupted.
    stopped: Option<TaskReport>,
    /// A task that held the loop, and where, when it was first interrupted.
    ousted: Option<TaskReport>,
    /// A task from which nothing hides its cancel.
    forced: Option<TaskId>,
    /// Tasks have run in this turn: the console looks what has come of it before the loop waits.
    pub(super) has_run: bool,
}

impl Runtime {
    /// From now on a console drives this loop.
    pub fn open_session(&mut self) {
        self.rt.session = Some(Session::default());
    }

    /// Says which call the console waits for.
    pub fn set_foreground(&mut self, call: Option<CallId>) {
        if let Some(session) = &mut self.rt.session {
            session.foreground = call;
            session.stopped = None;
        }
    }

    /// Where the foreground was when an interrupt asked it to end, if one did since this was last asked.
    pub fn take_stopped(&mut self) -> Option<TaskReport> {
        self.rt.session.as_mut()?.stopped.take()
    }

    /// Who held the loop, and where, when an interrupt asked it to end, if one did since this was last
    /// asked.
    pub fn take_ousted(&mut self) -> Option<TaskReport> {
        self.rt.session.as_mut()?.ousted.take()
    }

    /// The task of a call, as scripts see it.
    pub fn call_handle(&self, call: CallId) -> Option<Value> {
        self.rt.calls.get(call.0).copied()
    }

    /// What the task of a call is doing.
    pub fn call_report(&self, call: CallId) -> Option<TaskReport> {
        let task = task_of(&self.vm, self.call_handle(call)?)?;
        Some(self.rt.report_of(&self.vm, task))
    }

    /// Cancels the task of that number. Says whether there is one.
    pub fn cancel_number(&mut self, number: u64) -> bool {
        let found = self.rt.tasks.iter().find(|(_, task)| task.number == number);
        let Some(id) = found.map(|(id, _)| id) else { return false };
        let own = self.rt.own_record(id);
        self.rt.cancel(&mut self.vm, own, Reason::new(CancelKind::Host));
        true
    }

    /// Asks all tasks to end: like `exit(status)`, by nobody. Asked again nothing hides that from them, and
    /// the third time they are left.
    pub fn end_session(&mut self, status: i32) {
        if self.is_session_ending() {
            return self.rt.hurry_session(&mut self.vm);
        }
        self.rt.status = Some(status);
        let program = self.rt.program_rec();
        self.rt.cancel(&mut self.vm, program, Reason::new(CancelKind::Shutdown));
    }

    /// Forgets the code of an entry that has ended well, as far as that can be told. Says whether it is gone.
    pub fn unload_entry(&mut self, code: &Arc<ModuleCode>) -> bool {
        let gone = self.vm.unload_entry(code);
        if let Some(function) = gone {
            self.rt.tasks.unlearn(function);
        }
        gone.is_some()
    }

    /// Collects all garbage.
    pub fn collect(&mut self) {
        let Runtime { vm, rt } = self;
        vm.collect_full(&mut |marker| rt.trace(marker));
    }

    /// Whether everybody has been asked to end.
    pub fn is_session_ending(&self) -> bool {
        self.rt.status.is_some() || self.rt.signal.is_some()
    }

    /// Whether everybody has been asked to end, and has.
    pub fn has_session_ended(&self) -> bool {
        self.is_session_ending() && (self.rt.killed || !self.has_tasks())
    }

    /// Whether there are tasks that have not ended.
    pub fn has_tasks(&self) -> bool {
        let program = self.rt.program.and_then(|program| self.rt.recs.get(program));
        program.is_some_and(|program| program.first_child.is_some())
    }

    /// What `exit` was called with, and the signal that has ended the session.
    pub fn session_status(&self) -> (Option<i32>, Option<super::driver::Signal>) {
        (self.rt.status, self.rt.signal)
    }
}

impl Loop {
    /// The task that the console waits for.
    pub(super) fn foreground(&self, vm: &Vm) -> Option<TaskId> {
        let call = self.session.as_ref()?.foreground?;
        task_of(vm, self.calls.get(call.0).copied()?)
    }

    /// A console that waits for nobody: that nothing will happen by itself is no deadlock.
    pub(super) fn is_at_prompt(&self, vm: &Vm) -> bool {
        self.session.is_some() && self.foreground(vm).is_none()
    }

    /// Somebody wants the foreground to end, or a task of another entry that keeps it from running. The
    /// second time nothing hides that from it, not even that it never waits.
    pub(super) fn interrupt_session(&mut self, vm: &mut Vm) {
        if self.status.is_some() {
            return self.hurry_session(vm);
        }
        let foreground = self.foreground(vm);
        let holder = self.holder();
        let holder = holder.filter(|holder| !self.is_part_of(*holder, foreground));
        let Some(id) = holder.or(foreground) else { return };
        let own = self.own_record(id);
        if self.recs.get(own).is_some_and(|rec| rec.cancel.is_some()) {
            self.force = true;
            if let Some(session) = &mut self.session {
                session.forced = Some(id);
            }
            return self.visit(vm, own);
        }
        let report = self.report_of(vm, id);
        if let Some(session) = &mut self.session {
            let place =
                if Some(id) == foreground { &mut session.stopped } else { &mut session.ousted };
            *place = Some(report);
        }
        self.cancel(vm, own, Reason::new(CancelKind::Interrupt));
    }

    /// The session is ending, and that takes somebody too long.
    fn hurry_session(&mut self, vm: &mut Vm) {
        self.killed = self.force;
        self.force = true;
        let program: RecId = self.program_rec();
        self.visit(vm, program);
    }

    /// The task that holds the loop, if one has for long.
    fn holder(&self) -> Option<TaskId> {
        if self.driver.now().since(self.clock) < HELD_MIN {
            return None;
        }
        let running = self.tasks.iter().find(|(_, task)| task.stage == Stage::Running);
        // One that was stopped for want of fuel is the first to go on.
        let stopped = || self.ready.first().filter(|_| self.turn_left > 0);
        running.map(|(id, _)| id).or_else(stopped)
    }

    /// Whether a task ends with another one.
    fn is_part_of(&mut self, id: TaskId, whole: Option<TaskId>) -> bool {
        let Some(whole) = whole.map(|whole| self.own_record(whole)) else { return false };
        let own = self.own_record(id);
        let above = |rec: &RecId| self.recs.get(*rec).and_then(|rec| rec.parent);
        std::iter::successors(Some(own), above).any(|rec| rec == whole)
    }

    /// What was forced has ended: cancels hide again.
    pub(super) fn end_force(&mut self) {
        let Some(session) = &mut self.session else { return };
        let is_over = session.forced.is_some_and(|id| self.tasks.get(id).is_none());
        if is_over && self.status.is_none() {
            session.forced = None;
            self.force = false;
        }
    }
}
