//! The short ways: what nearly every spawn, end of a task and end of a scope comes to.
//!
//! Each looks first whether this is the usual case, and has changed nothing if it is not: then
//! `spawn.rs`, `finish.rs` and `scope.rs` do the same with all that may be to do besides.

use super::event_loop::Loop;
use super::handle::{End, TaskHandle};
use super::rec::RecId;
use super::task::{Stage, TaskId, TaskKind};
use crate::bytecode::op::{SPAWN_DAEMON, SPAWN_UNNAMED};
use crate::vm::{FiberId, Request, Value, Vm};

impl Loop {
    /// Whether nobody looks on, and no task owns anything.
    #[inline]
    fn is_plain(&self) -> bool {
        self.tracer.is_none() && self.watch_limit.is_none() && self.resources.len() == 0
    }

    /// Carries out the spawn that the code of `by` has asked for: of a function of the script that was
    /// spawned before, by a task without task-locals. Says whether it was such a one.
    #[inline]
    pub(super) fn spawn_quick(&mut self, vm: &mut Vm, by: TaskId, by_fiber: FiberId) -> bool {
        let Request { value: callee, owner, flags, args, .. } = vm.request();
        let Some(owner) = self.rec_at(vm, owner) else { return false };
        let function = vm.heap.closure_ref(callee).map(|closure| closure.function());
        let Some(function) = function.filter(|function| self.tasks.knows(*function)) else {
            return false;
        };
        if flags & SPAWN_DAEMON != 0 || !self.is_plain() || self.tasks.live(by).rest.is_some() {
            return false;
        }
        let Some(rec) = self.recs.get_mut(owner).filter(|rec| !rec.closed) else { return false };
        let site = vm.site(by_fiber);
        let fiber = vm.new_fiber_of(callee, args);
        let (id, task) = self.tasks.take();
        task.function = function;
        task.rec = owner;
        task.set_site(site);
        task.fiber = fiber;
        task.budget = self.op_budget;
        task.kind = TaskKind::from_flags(flags);
        if flags & SPAWN_UNNAMED == 0 {
            task.handle = vm.heap.small_object(TaskHandle::new(task.number, function, id));
        }
        vm.resume(by_fiber, task.handle);
        rec.live += 1;
        let before = rec.last_child.replace(id);
        task.previous = before;
        match before {
            Some(before) => self.tasks.live_mut(before).next = Some(id),
            None => rec.first_child = Some(id),
        }
        self.ready.push_back(id);
        true
    }

    /// The record of a scope's handle: nearly always it is that of the last spawn, and still there.
    #[inline]
    fn rec_at(&mut self, vm: &Vm, handle: Value) -> Option<RecId> {
        let (last, rec) = self.last_owner;
        if last.same(handle) && self.recs.get(rec).is_some() {
            return Some(rec);
        }
        let rec = super::handle::rec_of(vm, handle)?;
        self.last_owner = (handle, rec);
        Some(rec)
    }

    /// Ends a task that gave a value, owns nothing, and never needed a record of its own. Says whether
    /// it is such a one.
    #[inline]
    pub(super) fn end_quick(&mut self, vm: &mut Vm, id: TaskId, value: Value) -> bool {
        let task = self.tasks.live(id);
        if task.own != RecId::default() || task.rest.is_some() || !self.is_plain() {
            return false;
        }
        let (owner, fiber, handle) = (task.rec, task.fiber, task.handle);
        let (before, behind) = (task.previous, task.next);
        if !handle.is_null()
            && let Some(found) = vm.heap.object_in_place::<TaskHandle>(handle)
        {
            found.end = End::Value(value);
            if !found.joiners.is_empty() {
                self.complete_joiners(vm, handle);
            }
        }
        self.tasks.give_back(id);
        vm.free_fiber(fiber);
        if let Some(before) = before {
            self.tasks.live_mut(before).next = behind;
        }
        if let Some(behind) = behind {
            self.tasks.live_mut(behind).previous = before;
        }
        let Some(rec) = self.recs.get_mut(owner) else { return true };
        rec.live -= 1;
        if before.is_none() {
            rec.first_child = behind;
        }
        if behind.is_none() {
            rec.last_child = before;
        }
        let goes_on = if rec.closed { rec.first_child.is_none() } else { rec.live == 0 };
        if goes_on && let Some(host) = rec.host {
            self.wake_leaving(host, owner);
        }
        true
    }

    /// The task that leaves a scope goes on, if that is what it waits for.
    pub(super) fn wake_leaving(&mut self, host: TaskId, scope: RecId) {
        let waits = self
            .tasks
            .get(host)
            .is_some_and(|task| task.stage == Stage::Joining && task.rec == scope);
        if waits {
            self.wake(host);
        }
    }

    /// Leaves a scope whose body has come to its end: it has no tasks, nothing in it has gone wrong, was
    /// cancelled, or is still to be closed. Says whether it is such a one.
    #[inline]
    pub(super) fn leave_quick(&mut self, id: TaskId, scope: RecId) -> bool {
        let Some(rec) = self.recs.get(scope).filter(|rec| rec.is_clear()) else { return false };
        let (timer, parent) = (rec.timer, rec.parent);
        self.recs.give_back(scope);
        if let Some(timer) = timer {
            self.timers.stop(timer);
        }
        if let Some(parent) = parent {
            self.tasks.live_mut(id).rec = parent;
        }
        true
    }
}
