//! The end of a task: what it gives, who is told, and in which order.

use std::sync::Arc;

use super::cancel::{CancelKind, Reason};
use super::event_loop::Loop;
use super::handle::{End, TaskHandle};
use super::host::Silent;
use super::output::Target;
use super::rec::RecId;
use super::scope::combined;
use super::task::{TaskId, TaskKind};
use super::tracer::Step;
use super::wait::Wait;
use crate::vm::{Value, Vm};

/// With fewer failed tasks in a scope, those that were asked for are not looked for.
const SWEEP_MIN: usize = 16;

/// How the code of a task has ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ended {
    /// With a value.
    Value(Value),
    /// With an error.
    Throw(Value),
    /// By a cut.
    Cut(Value),
}

impl Loop {
    /// Ends a task that is not the program's own, and not a [usual](Loop::end_quick) one.
    pub(super) fn end_task(&mut self, vm: &mut Vm, id: TaskId, ended: Ended) {
        self.tell(|rt| Step::TaskEnded { task: rt.number_of(Some(id)), how: ended.word() });
        let Some(task) = self.tasks.get(id) else { return };
        let (own, kind, fiber) = (task.own, task.kind, task.fiber);
        let owner = self.owner(task).unwrap_or_default();
        let mut handle = task.handle;
        self.call_has_ended |= kind == TaskKind::Call;
        let result = if let Ended::Value(value) = ended { Some(value) } else { None };
        self.close_resources(vm, id, result, Some(owner));
        let end = match ended {
            Ended::Value(value) => End::Value(value),
            Ended::Throw(error) => End::Failed(error),
            Ended::Cut(cut) => self.end_of_cut(vm, cut),
        };
        let failure = match end {
            End::Failed(error) => Some(error),
            _ => None,
        };
        if let Some(error) = failure {
            self.extend_trace(vm, id, error);
            // Whoever owns a task that failed may have to tell which one it was.
            handle = self.handle_of(vm, id);
        }
        if let Some(handle) = vm.heap.object_in_place::<TaskHandle>(handle) {
            handle.end = end;
        }
        // The scope learns of a failure before those who wait for the task do: it unwinds them if
        // they are in it, so they never see the error.
        if let Some(error) = failure {
            self.fail(vm, id, kind, owner, error);
        }
        self.complete_joiners(vm, handle);
        self.abandon_locks(vm, id);
        if own != RecId::default() {
            self.recs.remove(own);
        }
        self.disown(id, owner);
        self.tasks.remove(id);
        vm.free_fiber(fiber);
        self.wake_leaver(owner);
    }

    fn end_of_cut(&mut self, vm: &mut Vm, cut: Value) -> End {
        let (target, errors) =
            vm.heap.cut_ref(cut).map(|cut| (cut.target, cut.errors.clone())).unwrap_or_default();
        if let Some(error) = combined(vm, &errors) {
            return End::Failed(error);
        }
        let target = self.recs.at_target(target).and_then(|id| self.recs.get(id));
        let reason = target.and_then(|rec| rec.cancel.as_ref()).map(|cancel| cancel.reason.clone());
        End::Cancelled(Arc::new(reason.unwrap_or_else(|| Reason::new(CancelKind::Explicit))))
    }

    fn fail(&mut self, vm: &mut Vm, id: TaskId, kind: TaskKind, owner: RecId, error: Value) {
        let Some(rec) = self.recs.get_mut(owner) else { return };
        match kind {
            TaskKind::Call | TaskKind::Main => {}
            TaskKind::Try | TaskKind::DaemonTry => {
                let handle = self.tasks.get(id).map(|task| task.handle).unwrap_or_default();
                let failures = rec.failures.get_or_insert_default();
                failures.unclaimed.push(handle);
                // A scope that lives long does not keep the errors that were asked for.
                if failures.unclaimed.len() > failures.sweep_at.max(SWEEP_MIN) {
                    failures.unclaimed.retain(|handle| unclaimed_error(vm, *handle).is_some());
                    failures.sweep_at = failures.unclaimed.len() * 2;
                }
            }
            TaskKind::Plain | TaskKind::Daemon if rec.isolates => {
                let report = self.report_of(vm, id);
                let mut host = std::mem::replace(&mut self.host, Box::new(Silent));
                let text = host.isolated(vm, &report, error);
                self.host = host;
                self.write(Target::Err, text.as_bytes());
            }
            TaskKind::Plain | TaskKind::Daemon => {
                rec.add_error(error);
                let mut reason = Reason::new(CancelKind::SiblingFailed);
                reason.by = self.tasks.get(id).map(|task| (task.number, self.tasks.name(task)));
                self.cancel(vm, owner, reason);
            }
        }
    }

    /// Those who wait for the end of a task get it, in the order in which they came.
    pub(super) fn complete_joiners(&mut self, vm: &mut Vm, handle: Value) {
        if handle.is_null() {
            return;
        }
        loop {
            let joiners = vm.heap.object_ref::<TaskHandle>(handle).map(|handle| handle.joiners);
            let Some(ticket) = joiners.and_then(|joiners| self.waiters.first(&joiners)) else {
                return;
            };
            // Who waits for one of several tasks looks for itself.
            if matches!(self.waiting(ticket), Some(Wait::Source(_))) {
                if self.reattempt(vm, ticket) {
                    continue;
                }
                return;
            }
            let stop = matches!(self.waiting(ticket), Some(Wait::Stop(_)));
            let Some(outcome) = self.try_join(vm, handle, stop) else { return };
            self.complete(vm, ticket, outcome);
        }
    }

    /// A child has ended: the task that leaves the scope goes on if that was what it waited for.
    fn wake_leaver(&mut self, owner: RecId) {
        let Some(rec) = self.recs.get(owner) else { return };
        let Some(host) = rec.host else { return };
        let goes_on = if rec.closed { rec.first_child.is_none() } else { rec.live == 0 };
        if goes_on {
            self.wake_leaving(host, owner);
        }
    }
}

/// The error of a failed task that no await has handed out.
pub(super) fn unclaimed_error(vm: &Vm, handle: Value) -> Option<Value> {
    match vm.heap.object_ref::<TaskHandle>(handle) {
        Some(TaskHandle { end: End::Failed(error), awaited: false, .. }) => Some(*error),
        _ => None,
    }
}
