//! Newborns: tasks that are spawned and have not begun, as long as nothing but that is known of them.
//!
//! Code often spawns many tasks in a row, waits for them, and each of them gives its value without ever
//! having waited. While nobody else is ready, and nobody looks on, such tasks are only noted, with their
//! handles and arguments: when their spawner rests they run one right behind the other, on one fiber. What
//! ends so has never been in the table of tasks, among the children of its scope, or in the ready queue.
//! Whatever else is asked for first [settles](Loop::settle_newborns) those that are left: they become tasks
//! like all others, in their places. So there are newborns only while
//! [`run_unseen`](Loop::run_unseen) runs, and only it knows of them.

use super::event_loop::Loop;
use super::handle::{TaskHandle, end_with, rec_of};
use super::rec::RecId;
use super::scope::Ending;
use super::suspend::Next;
use super::switch::Calm;
use super::task::{Link, Stage, TaskId, TaskKind};
use super::wait::Wait;
use crate::bytecode::op::SPAWN_UNNAMED;
use crate::vm::heap::Marker;
use crate::vm::{FiberId, Left, Request, SpawnAsked, Start, Value, Vm};

/// So many values are noted at most: who has to be made a task after all takes its time.
const VALUES_MAX: usize = 8192;

/// Tasks that were all spawned at one place, for one scope, and have not begun. They are ready before all
/// that are in the ready queue.
#[derive(Default)]
pub(super) struct Newborns {
    /// Of each the arguments, and the handle, which is null if nobody has asked for it.
    values: Vec<Value>,
    /// How many of these belong to each.
    width: usize,
    /// How many they are.
    count: usize,
    /// The number of the first one; the others follow.
    number: u64,
    /// The record that owns them. Nothing around it is cancelled.
    owner: RecId,
    kind: TaskKind,
    /// What all of them call.
    callee: Value,
    function: u32,
    site: (u32, u32),
    start: Start,
    /// The function of one that had more to do than to give its value: tasks of it are not noted.
    restless: Option<u32>,
}

/// What has come of the newborns.
pub(super) enum Grown {
    /// All have ended.
    Ended,
    /// They are tasks now, and ready.
    Settled,
    /// This one is a task now, and has left its code for something; those behind it are ready.
    Left(TaskId, FiberId, Left),
}

impl Newborns {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first one is about to be noted.
    fn begin(&mut self, number: u64, args: usize, owner: RecId, asked: &SpawnAsked, start: Start) {
        self.number = number;
        self.width = args + 1;
        self.owner = owner;
        self.kind = TaskKind::from_flags(asked.flags);
        self.callee = asked.callee;
        (self.function, self.site) = (asked.function, asked.site);
        self.start = start;
    }

    /// Whether a spawn is one more of them.
    fn go_on_with(&self, vm: &Vm, asked: &SpawnAsked) -> bool {
        self.site == asked.site
            && self.callee.same(asked.callee)
            && rec_of(vm, asked.owner) == Some(self.owner)
            && self.values.len() < VALUES_MAX
    }

    /// Handle and arguments of one.
    fn values_of(&self, index: usize) -> (Value, &[Value]) {
        let place = index * self.width;
        let (args, handle) = self.values[place..place + self.width].split_at(self.width - 1);
        (handle[0], args)
    }

    /// All are tasks now, or have ended.
    fn forget(&mut self) {
        self.values.clear();
        self.callee = Value::null();
        self.count = 0;
    }

    pub(super) fn trace(&self, marker: &mut Marker) {
        marker.values(&self.values);
        marker.value(self.callee);
    }
}

impl Loop {
    /// Whether what is spawned at a place, now and right after that, are newborns: they would be the next to
    /// run, at once and one behind the other, and most likely nothing comes in between.
    #[inline]
    pub(super) fn makes_newborns(
        &mut self,
        vm: &mut Vm,
        by: TaskId,
        asked: &SpawnAsked,
        goes_on: bool,
        calm: &mut Calm,
    ) -> bool {
        if self.newborns.is_empty() {
            return self.ready.is_empty() && !goes_on && self.begins_newborns(vm, by, asked, calm);
        }
        let goes_on = self.newborns.go_on_with(vm, asked);
        if !goes_on {
            self.settle_newborns(vm, 0);
        }
        goes_on
    }

    #[inline(never)]
    fn begins_newborns(
        &mut self,
        vm: &Vm,
        by: TaskId,
        asked: &SpawnAsked,
        calm: &mut Calm,
    ) -> bool {
        let are_next = self.turn_left == 1 && self.timers.is_empty();
        let expected = are_next
            && calm.switches
            && self.newborns.restless != Some(asked.function)
            && self.turns_in_silence(calm)
            && self.may_spawn(by, asked.flags, asked.function);
        let Some(start) = vm.spawn_start().filter(|_| expected) else { return false };
        let owner = rec_of(vm, asked.owner);
        let open = owner.filter(|owner| self.recs.get(*owner).is_some_and(|rec| !rec.closed));
        let Some(owner) = open else { return false };
        let (number, args) = (self.tasks.next_number(), vm.spawn_args().len());
        self.newborns.begin(number, args, owner, asked, start);
        true
    }

    /// Notes the spawn that the running task has halted for, and those that follow at the same place. It goes
    /// on until it leaves, or halts for something else.
    pub(super) fn note_newborns(&mut self, vm: &mut Vm, asked: &SpawnAsked) -> Left {
        let is_named = asked.flags & SPAWN_UNNAMED == 0;
        let newborns = &mut self.newborns;
        let before = newborns.count;
        let mut args = vm.spawn_args();
        let left = loop {
            for arg in args {
                newborns.values.push(*arg);
            }
            let handle = if is_named {
                let number = newborns.number + newborns.count as u64;
                vm.heap.awaited_object(TaskHandle::newborn(number, asked.function))
            } else {
                Value::null()
            };
            newborns.values.push(handle);
            newborns.count += 1;
            let left = vm.move_on_with(handle);
            match vm.halted_again(asked.callee, asked.owner) {
                Some(next) if newborns.values.len() < VALUES_MAX => args = next,
                _ => break left,
            }
        };
        let more = newborns.count - before;
        self.tasks.take_numbers(more as u64);
        if let Some(rec) = self.recs.get_unseen(newborns.owner) {
            rec.live += more as u32;
        }
        left
    }

    /// A task has left its code for something. Whether it is one that it has to wait for, and nothing else is
    /// to be done before the newborns run; then it rests.
    pub(super) fn rests_for_newborns(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        fiber: FiberId,
        left: Left,
    ) -> bool {
        let Request { value, flags, .. } = vm.request();
        match left {
            Left::Await => {
                let found = vm.heap.object_in_place::<TaskHandle>(value);
                let Some(found) = found.filter(|found| found.is_newborn()) else { return false };
                self.park_unseen(id, &mut found.joiners, Wait::Join(value));
                true
            }
            Left::Leave => {
                let is_theirs = rec_of(vm, value) == Some(self.newborns.owner);
                let register = flags as u8;
                is_theirs
                    && matches!(Ending::read(vm, fiber, register + 1), Ending::Fall)
                    && self.join_scope(vm, id, register) == Next::Switch
            }
            _ => false,
        }
    }

    /// Runs the newborns one after the other, now that their spawner rests. It is as if the turn had run all
    /// of them.
    pub(super) fn run_newborns(&mut self, vm: &mut Vm, calm: &mut Calm) -> Grown {
        if !self.beats_in_quiet() || !self.turns_at_once(vm, calm) {
            self.settle_newborns(vm, 0);
            return Grown::Settled;
        }
        let Newborns { start, callee, count, width, .. } = self.newborns;
        // Who is ready by now is part of the turn, too.
        let turn = count + self.ready.len();
        let (_, args) = self.newborns.values_of(0);
        let fiber = vm.new_fiber_in(FiberId::NONE, &start, callee, args);
        vm.at_once = self.op_budget;
        let mut left = vm.run_to_halt(fiber);
        let (mut index, mut place) = (0, 0);
        loop {
            while left == Left::Other && vm.leaves_to_collect() {
                self.collect(vm);
                left = vm.run_to_halt(fiber);
            }
            let handle = self.newborns.values[place + width - 1];
            if left != Left::Return || !self.end_newborn(vm, handle) {
                self.turn_left = turn - index;
                return self.leave_newborn(vm, index, fiber, left);
            }
            index += 1;
            place += width;
            let Some(values) = self.newborns.values.get(place..place + width) else { break };
            vm.at_once = self.op_budget;
            left = vm.run_anew(&start, callee, &values[..width - 1]);
        }
        vm.free_fiber(fiber);
        self.lose_children(self.newborns.owner, count as u32);
        self.newborns.forget();
        self.turn_left = turn - count + 1;
        Grown::Ended
    }

    /// Ends a newborn whose code has halted at its end. Says whether that is all that is to be done; if not,
    /// nothing has happened.
    #[inline(always)]
    fn end_newborn(&mut self, vm: &mut Vm, handle: Value) -> bool {
        let Some(value) = vm.halted_return().filter(|_| self.beats_in_quiet()) else {
            return false;
        };
        if !handle.is_null() && !end_with(vm, handle, value).is_empty() {
            self.complete_joiners(vm, handle);
            self.serve_queues(vm);
        }
        true
    }

    /// A newborn has left its code for something else than its end: it and those behind it are tasks from
    /// now on. It is the one that runs.
    #[inline(never)]
    fn leave_newborn(&mut self, vm: &mut Vm, index: usize, fiber: FiberId, left: Left) -> Grown {
        if !matches!(left, Left::Other | Left::Return) {
            self.newborns.restless = Some(self.newborns.function);
        }
        let id = self.make_of_newborn(vm, index, Some(fiber));
        self.tasks.live_unseen(id).stage = Stage::Running;
        self.settle_newborns(vm, index + 1);
        self.lose_children(self.newborns.owner, index as u32);
        Grown::Left(id, fiber, left)
    }

    /// Those from an index on become tasks. They are ready before all that became ready meanwhile.
    #[inline]
    pub(super) fn settle_newborns(&mut self, vm: &mut Vm, from: usize) {
        if !self.newborns.is_empty() {
            self.settle_from(vm, from);
        }
    }

    #[inline(never)]
    fn settle_from(&mut self, vm: &mut Vm, from: usize) {
        let later = self.ready.len();
        for index in from..self.newborns.count {
            let id = self.make_of_newborn(vm, index, None);
            self.ready.push_back(id);
        }
        self.newborns.forget();
        for _ in 0..later {
            if let Some(first) = self.ready.pop_front() {
                self.ready.push_back(first);
            }
        }
    }

    /// A newborn becomes a task, the last child of its owner, which has counted it already. It runs on a
    /// fiber that has begun, or gets one.
    fn make_of_newborn(&mut self, vm: &mut Vm, index: usize, fiber: Option<FiberId>) -> TaskId {
        let newborns = &self.newborns;
        let (handle, args) = newborns.values_of(index);
        let (id, task) = self.tasks.take_as(newborns.number + index as u64);
        task.fiber = match fiber {
            Some(fiber) => {
                vm.give_back_fiber(task.fiber);
                fiber
            }
            None => vm.new_fiber_in(task.fiber, &newborns.start, newborns.callee, args),
        };
        task.handle = handle;
        (task.previous, task.next) = (Link::NONE, Link::NONE);
        (task.rec, task.kind) = (newborns.owner, newborns.kind);
        (task.function, task.site) = (newborns.function, newborns.site);
        task.budget = self.op_budget;
        if let Some(handle) = vm.heap.object_unseen::<TaskHandle>(handle) {
            handle.grow_up(id);
        }
        self.link_child(id, self.newborns.owner);
        id
    }
}
