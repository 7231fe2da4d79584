//! The short ways: what nearly every spawn, end of a task and end of a scope comes to.
//!
//! Each looks first whether this is the usual case, and has changed nothing if it is not: then
//! `spawn.rs`, `finish.rs` and `scope.rs` do the same with all that may be to do besides.

use std::time::Duration;

use super::event_loop::Loop;
use super::handle::{TaskHandle, end_with, rec_of};
use super::rec::{RecId, RecKind};
use super::switch::Calm;
use super::task::{Link, Stage, Task, TaskId, TaskKind};
use super::timer::Alarm;
use crate::bytecode::op::{SPAWN_DAEMON, SPAWN_UNNAMED, ScopeKind};
use crate::vm::{FiberId, Left, SpawnAsked, Value, Vm};

const TIMEOUT: i32 = ScopeKind::Timeout as i32;
const BODY: i32 = ScopeKind::Body as i32;
const CLEAN_UP: i32 = ScopeKind::CleanUp as i32;

impl Loop {
    /// Whether nobody looks on, and no task owns anything.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.tracer.is_none() && self.watch_limit.is_none() && self.resources.len() == 0
    }

    /// Carries out what the code of a task has halted for, and lets it go on until it leaves or halts.
    #[inline]
    pub(super) fn carry_out_halted(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        left: Left,
        calm: &mut Calm,
    ) -> Left {
        match left {
            Left::Spawn => {
                return self.spawn_on(vm, id, calm);
            }
            Left::Scope => {
                if let Some(handle) = self.enter_quick(vm, id) {
                    return vm.move_on_with(handle);
                }
            }
            Left::Leave => {
                let scope = vm.halted_leave().and_then(|handle| rec_of(vm, handle));
                if scope.is_some_and(|scope| self.leave_quick(id, scope)) {
                    return vm.move_on(2);
                }
            }
            _ => {}
        }
        vm.settle()
    }

    /// Ends a task whose code has halted at its end. Says whether it is a [usual](Loop::end_quick) one.
    #[inline]
    pub(super) fn end_halted(&mut self, vm: &mut Vm, id: TaskId) -> bool {
        let Some(value) = vm.halted_return() else { return false };
        let ended = !self.is_late() && self.end_quick(vm, id, value);
        self.serve_queues(vm);
        ended
    }

    /// Carries out the spawn that the code of `by` has halted for, and those that follow with nothing asked
    /// in between.
    #[inline(never)]
    fn spawn_on(&mut self, vm: &mut Vm, by: TaskId, calm: &mut Calm) -> Left {
        let mut goes_on = false;
        loop {
            let Some(asked) = vm.halted_spawn() else { return vm.settle() };
            let left = if self.makes_newborns(vm, by, &asked, goes_on, calm) {
                self.note_newborns(vm, &asked)
            } else {
                let Some(handle) = self.spawn_quick(vm, by, &asked, goes_on) else {
                    return vm.settle();
                };
                vm.move_on_with(handle)
            };
            if left != Left::Spawn || !vm.is_halted() {
                return left;
            }
            goes_on = true;
        }
    }

    /// Carries out a spawn of a function of the script that was spawned before, by a task without
    /// task-locals. Gives the handle if it is such a one. Where only such spawns were carried out since the
    /// last one at the same place, for the same scope, it is.
    #[inline(always)]
    fn spawn_quick(
        &mut self,
        vm: &mut Vm,
        by: TaskId,
        asked: &SpawnAsked,
        goes_on: bool,
    ) -> Option<Value> {
        let SpawnAsked { callee, owner, flags, function, site, repeats } = *asked;
        let is_known = goes_on && repeats && self.last_owner.0.same(owner);
        let owner = self.rec_at(vm, owner)?;
        if !is_known && !self.may_spawn(by, flags, function) {
            return None;
        }
        let rec = self.recs.get_unseen(owner).filter(|rec| !rec.closed)?;
        let (id, task) = self.tasks.take();
        task.fiber = vm.new_fiber_halted(task.fiber, callee);
        task.rec = owner;
        (task.function, task.site) = (function, site);
        task.budget = self.op_budget;
        task.kind = TaskKind::from_flags(flags);
        let handle = if flags & SPAWN_UNNAMED == 0 {
            vm.heap.awaited_object(TaskHandle::new(task.number, function, id))
        } else {
            Value::null()
        };
        rec.live += 1;
        let before = rec.last_child.replace(id);
        (task.handle, task.previous, task.next) = (handle, before.into(), Link::NONE);
        match before {
            Some(before) => self.tasks.live_unseen(before).next = id.into(),
            None => rec.first_child = Some(id),
        }
        self.ready.push_back(id);
        Some(handle)
    }

    /// Whether nobody has to hear of a spawn, and the task has nothing to pass on to the new one.
    #[inline]
    pub(super) fn may_spawn(&self, by: TaskId, flags: i32, function: u32) -> bool {
        flags & SPAWN_DAEMON == 0
            && self.is_plain()
            && self.meter.is_none()
            && self.tasks.knows(function)
            && self.tasks.live(by).rest.is_none()
    }

    /// The record of a scope's handle, which may have been left: nearly always it is that of the last spawn.
    #[inline]
    fn rec_at(&mut self, vm: &Vm, handle: Value) -> Option<RecId> {
        let (last, rec) = self.last_owner;
        if last.same(handle) {
            return Some(rec);
        }
        let rec = rec_of(vm, handle)?;
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
        self.call_has_ended |= task.kind == TaskKind::Call;
        let Task { rec: owner, fiber, handle, previous: before, next: behind, .. } = *task;
        if !handle.is_null() && !end_with(vm, handle, value).is_empty() {
            self.complete_joiners(vm, handle);
        }
        self.leave_slot(vm, id, fiber);
        self.close_gap(owner, before, behind);
        self.lose_children(owner, 1);
        true
    }

    /// A task without op, record and what else few tasks have has ended; its place keeps the fiber, if that is
    /// small.
    #[inline(always)]
    fn leave_slot(&mut self, vm: &mut Vm, id: TaskId, fiber: FiberId) {
        if !vm.end_fiber(fiber) || self.tasks.has_spare_fibers() {
            vm.give_back_fiber(fiber);
            self.tasks.live_unseen(id).fiber = FiberId::NONE;
        }
        self.tasks.give_back(id);
    }

    /// So many children of a record have ended that are no daemons and are no more among its children: the
    /// task that leaves it may go on.
    pub(super) fn lose_children(&mut self, owner: RecId, count: u32) {
        let Some(rec) = self.recs.get_unseen(owner) else { return };
        rec.live -= count;
        let goes_on = if rec.closed { rec.first_child.is_none() } else { rec.live == 0 };
        if goes_on && let Some(host) = rec.host {
            self.wake_leaving(host, owner);
        }
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

    /// Enters the scope that the code of `id` has halted for: a timeout, a clean-up or the body of a
    /// function, which need no object. Gives what stands for it if it is such a one.
    #[inline]
    fn enter_quick(&mut self, vm: &Vm, id: TaskId) -> Option<Value> {
        let (kind, limit) = vm.halted_enter()?;
        let kind = match (kind, limit) {
            (TIMEOUT, Some(_)) => RecKind::Timeout,
            (BODY, None) => RecKind::Body,
            (CLEAN_UP, None) => RecKind::CleanUp,
            _ => return None,
        };
        let rec = self.open(id, kind);
        if let Some(span) = limit {
            let deadline = self.driver.now().after(Duration::from_nanos(span));
            let timer = self.timers.start(deadline, Alarm::Deadline(rec));
            let made = self.recs.get_mut(rec)?;
            made.span = span;
            (made.timer, made.deadline) = (Some(timer), Some(deadline));
        }
        Some(Value::int(rec.to_bits() as i64))
    }

    /// A new record inside those that a task is in.
    #[inline]
    pub(super) fn open(&mut self, id: TaskId, kind: RecKind) -> RecId {
        if self.tasks.live(id).own == RecId::default() {
            self.own_record(id);
        }
        let task = self.tasks.live_mut(id);
        let rec = self.recs.make(kind, Some(task.rec), Some(id));
        task.rec = rec;
        rec
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
