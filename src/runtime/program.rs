//! Step 4 of 6: the program: its task, its end, `exit`.
//!
//! The record of the program is that of its task. When its code has ended, the program ends like
//! any scope: its tasks are waited for, daemons are cancelled, errors are combined.

use std::collections::VecDeque;

use super::cancel::CancelKind;
use super::driver::Signal;
use super::event_loop::Loop;
use super::finish::Ended;
use super::generator::After;
use super::op::Outcome;
use super::rec::RecKind;
use super::scope::{Ending, combined};
use super::spawn::Call;
use super::suspend::Next;
use super::task::{Resume, TaskId, TaskKind};
use super::tracer::Step;
use crate::vm::{Value, Vm};

/// The last call of a program: a callee and its arguments.
pub type LastCall = Box<dyn FnOnce(&mut Vm) -> Option<(Value, Vec<Value>)> + Send>;

/// What comes after the first call of a program, each when the one before has ended well.
#[derive(Default)]
pub struct Parts {
    /// Functions that are called without arguments, in this order. The loop keeps them alive.
    pub rest: VecDeque<Value>,
    /// What is called then.
    pub last: Option<LastCall>,
}

impl Parts {
    fn next(&mut self, vm: &mut Vm) -> Option<(Value, Vec<Value>)> {
        match self.rest.pop_front() {
            Some(callee) => Some((callee, Vec::new())),
            None => self.last.take()?(vm),
        }
    }
}

/// What has come of a program.
#[derive(Clone, Copy, Debug)]
pub struct ProgramEnd {
    /// The value of its last part, or the error that nobody caught.
    pub outcome: Outcome,
    /// What `exit` was called with.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<Signal>,
    /// It was left at once, without waiting for its clean-ups.
    pub killed: bool,
    /// The host has asked it to end.
    pub by_host: bool,
}

impl ProgramEnd {
    /// The end of a program that never began.
    pub fn nothing() -> ProgramEnd {
        ProgramEnd {
            outcome: Ok(Value::null()),
            status: None,
            signal: None,
            killed: false,
            by_host: false,
        }
    }
}

impl Loop {
    /// Makes the program's task. It calls `callee` and then what `parts` gives.
    pub(super) fn start_program(&mut self, vm: &mut Vm, call: Call<'_>, parts: Parts) {
        self.force = false;
        self.status = None;
        self.signal = None;
        self.killed = false;
        (self.stopping, self.by_host) = (None, false);
        self.leave_by = None;
        self.parts = parts;
        self.ended = None;
        let main = self.make_task(vm, None, TaskKind::Main, None, call);
        self.main = Some(main);
        self.program = self.tasks.get(main).map(|task| task.own);
    }

    /// The record that owns what a host calls: that of the program, or one for want of it.
    pub(super) fn program_rec(&mut self) -> super::rec::RecId {
        let usable = |rec: &super::rec::Rec| rec.cancel.is_none() || rec.first_child.is_some();
        let running =
            self.program.filter(|id| self.main.is_some() || self.recs.get(*id).is_some_and(usable));
        if let Some(program) = running {
            return program;
        }
        self.force = false;
        self.stopping = None;
        // One that was cancelled and has no tasks any more is of no use to anybody.
        if let Some(old) = self.program.take() {
            self.recs.remove(old);
        }
        let made = self.recs.make(RecKind::Program, None, None);
        if let Some(rec) = self.recs.get_mut(made) {
            rec.isolates = self.session.is_some();
        }
        *self.program.insert(made)
    }

    /// The code of the program's task has ended: on to the next part, or to the end of the program.
    pub(super) fn end_part(&mut self, vm: &mut Vm, id: TaskId, ended: Ended) -> Next {
        if let Ended::Value(_) = ended
            && let Some((callee, args)) = self.parts.next(vm)
            && let Some(task) = self.tasks.get_mut(id)
        {
            vm.free_fiber(task.fiber);
            task.fiber = vm.new_fiber(callee, &args, None);
            if self.parts.last.is_none() {
                self.note_last_part(vm, id, callee);
            }
            return Next::Run;
        }
        self.ended = Some(ended);
        self.finish_program(vm, id)
    }

    /// Steps 1 to 3 of the end of the program's scope; then it has ended.
    pub(super) fn finish_program(&mut self, vm: &mut Vm, id: TaskId) -> Next {
        let Some(program) = self.program else { return Next::Switch };
        let ending = match self.ended {
            Some(Ended::Throw(error)) => Ending::Throw(error),
            Some(Ended::Cut(cut)) => Ending::Cut(cut),
            Some(Ended::Value(_)) | None => Ending::Fall,
        };
        // Code may have waited for the program's tasks before, to run its defers after them.
        if let Some(rec) = self.recs.get_mut(program)
            && std::mem::replace(&mut rec.joined, false)
        {
            rec.leaving = false;
        }
        if self.wait_for_children(vm, id, program, ending, Resume::Finish) == Next::Run {
            return self.close_generators(vm, id, program, After::Program);
        }
        Next::Switch
    }

    pub(super) fn close_program(&mut self, vm: &mut Vm, id: TaskId) {
        self.note_resources(vm, id);
        self.close_resources(vm, id, None, None);
        let Some((_, rec)) = self.program.take().and_then(|rec| self.leave(vm, id, rec)) else {
            return;
        };
        let ended = self.ended.take();
        let how = ended.map_or("cut", |ended| ended.word());
        self.tell(|rt| Step::TaskEnded { task: rt.number_of(Some(id)), how });
        let outcome = match (combined(vm, rec.errors()), ended) {
            (Some(error), _) => Err(error),
            (None, Some(Ended::Value(value))) => Ok(value),
            (None, _) => Ok(Value::null()),
        };
        if let Some(task) = self.tasks.get(id) {
            vm.free_fiber(task.fiber);
        }
        self.tasks.remove(id);
        self.main = None;
        self.parts = Parts::default();
        self.result = Some(outcome);
    }

    /// What has come of the program, once it has ended or was left. It is given once.
    pub(super) fn take_end(&mut self) -> Option<ProgramEnd> {
        let killed = std::mem::take(&mut self.killed);
        let outcome = if killed { Some(Ok(Value::null())) } else { self.result.take() };
        let (status, signal, by_host) = (self.status, self.signal, self.by_host);
        outcome.map(|outcome| ProgramEnd { outcome, status, signal, killed, by_host })
    }

    /// `exit(n)`: the first status stands. The caller then has to unwind to the program, from
    /// clean-ups too; see [`Answer::Unwind`](super::Answer::Unwind).
    pub fn exit(&mut self, vm: &mut Vm, by: TaskId, status: i32) {
        self.status.get_or_insert(status);
        let reason = self.reason_by(vm, CancelKind::Explicit, by);
        let program = self.program_rec();
        self.cancel(vm, program, reason);
    }

    /// The task unwinds to the end of the program.
    pub(super) fn leave_program(&mut self, vm: &mut Vm, id: TaskId) -> Next {
        let program = self.program_rec();
        let cut = self.cut_to(vm, id, program);
        if let Some(task) = self.tasks.get(id) {
            vm.resume_cut(task.fiber, cut);
        }
        Next::Run
    }
}
