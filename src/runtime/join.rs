//! Joining: waiting for the end of a task, and refusing to where nobody would ever wake.

use super::event_loop::Loop;
use super::handle::{End, TaskHandle, task_of};
use super::op::{Arms, OpState, Outcome};
use super::promise::Promise;
use super::task::TaskId;
use super::wait::Wait;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// What awaiting an object means.
pub(super) fn wait_for(vm: &mut Vm, value: Value) -> Result<Wait, Thrown> {
    if vm.heap.object_ref::<TaskHandle>(value).is_some() {
        Ok(Wait::Join(value))
    } else if vm.heap.object_ref::<Promise>(value).is_some() {
        Ok(Wait::Promise(value))
    } else {
        let kind = vm.type_name(value);
        let message =
            format!("cannot await a {kind}: only calls, tasks and promises can be awaited");
        Err(vm.error(ErrorKind::TypeError, message))
    }
}

/// Whether an object is a task or a promise.
pub(super) fn is_awaitable(vm: &Vm, value: Value) -> bool {
    vm.heap.object_ref::<TaskHandle>(value).is_some()
        || vm.heap.object_ref::<Promise>(value).is_some()
}

impl Loop {
    /// What a join of an ended task gives. Handing out its error is what makes the task awaited.
    pub(super) fn try_join(&mut self, vm: &mut Vm, handle: Value, stop: bool) -> Option<Outcome> {
        let found = vm.heap.object_mut::<TaskHandle>(handle)?;
        let reason = match &found.end {
            End::Running(_) => return None,
            End::Value(value) => return Some(Ok(*value)),
            End::Failed(error) => {
                let error = *error;
                found.awaited = true;
                return Some(Err(error));
            }
            End::Cancelled(_) if stop => return Some(Ok(Value::null())),
            End::Cancelled(reason) => reason.clone(),
        };
        let mut message = format!("{} was cancelled", describe(found));
        if let Some((_, by)) = &reason.by {
            message.push_str(&format!(" by {by}"));
        }
        match &reason.message {
            Some(text) => message.push_str(&format!(": {text}")),
            None => message.push_str(&format!(" ({})", reason.kind.name())),
        }
        let reason = self.reason_map(vm, &reason);
        let fields = [("reason", reason)];
        let Thrown(error) = vm.error_with(ErrorKind::TaskCancelledError, message, &fields);
        Some(Err(error))
    }

    /// The error of a join that nobody could ever wake: of the task itself, of one it lives in, or
    /// of one that waits for it by a chain of joins.
    pub(super) fn join_cycle(&self, vm: &mut Vm, id: TaskId, handle: Value) -> Option<Thrown> {
        let target = task_of(vm, handle)?;
        let me = self.tasks.get(id)?;
        let name = |id| self.tasks.get(id).map_or_else(String::new, |task| task.title());
        if target == id {
            let message = format!("{} would wait for itself", me.title());
            return Some(vm.error(ErrorKind::DeadlockError, message));
        }
        if self.recs.chain(me.rec).any(|(_, rec)| rec.host == Some(target)) {
            let (me, around) = (me.title(), name(target));
            let message =
                format!("{me} would wait for {around}, which it is part of and which waits for it");
            return Some(vm.error(ErrorKind::DeadlockError, message));
        }
        let mut path = vec![me.title(), name(target)];
        let mut next = self.joined_by(vm, target);
        while let Some(waiting_for) = next {
            path.push(name(waiting_for));
            if waiting_for == id {
                let message =
                    format!("these tasks would wait for each other: {}", path.join(" → "));
                return Some(vm.error(ErrorKind::DeadlockError, message));
            }
            if path.len() > self.tasks.count() + 1 {
                break;
            }
            next = self.joined_by(vm, waiting_for);
        }
        None
    }

    /// The task for whose end alone a task waits.
    fn joined_by(&self, vm: &Vm, id: TaskId) -> Option<TaskId> {
        let op = &self.tasks.get(id)?.op;
        match &op.arms {
            Arms::One(arm) if op.state == OpState::Pending => match arm.wait {
                Wait::Join(handle) | Wait::Stop(handle) => task_of(vm, handle),
                _ => None,
            },
            _ => None,
        }
    }
}

fn describe(handle: &TaskHandle) -> String {
    format!("task {} ({})", handle.number, handle.name)
}
