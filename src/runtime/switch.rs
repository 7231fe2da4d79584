//! Switching: from a task that rests to the next one, with nothing in between.
//!
//! A task that gives way or has to wait is nearly always followed by one that has only to go on. Then
//! neither the turn nor the pass of the loop comes to its end ([`Loop::switch`]): the fiber of the next
//! task is run at once. What tasks ask of the loop most often, it does by itself as long as nobody looks
//! on ([`Loop::run_unseen`]), with the fiber where it stands. Each of these looks first whether this is the usual case, and has changed nothing if it is
//! not: then `turn.rs` and `suspend.rs` do the same with all that may be to do besides.

use std::sync::atomic::Ordering;

use super::event_loop::Loop;
use super::newborn::Grown;
use super::rec::RecId;
use super::suspend::Next;
use super::task::{Resume, Stage, TaskId};
use super::wait::{AtEnd, ShortOp};
use crate::vm::{FiberId, Left, Value, Vm};

/// How running a task has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// Its code has left the VM for something that is still to be done.
    Left(FiberId, Left),
    /// Another task is to go on, which has to be looked at first.
    Switched,
    /// It rests, and whoever comes next has to wait for the turn to look around.
    Rests,
    /// What its code has asked for was carried out, and anything may have happened meanwhile.
    Answered(Next),
}

/// What has come of an await.
#[derive(Clone, Copy, Debug)]
pub(super) enum Came {
    /// It is done, and this is its result.
    Value(Value),
    /// The task waits.
    Waits,
    /// The fiber was suspended, and anything may have happened.
    Answered(Next),
    /// Nothing: this is not the usual case.
    Nothing,
}

/// Why a task does not go on.
enum Stop {
    /// It rests.
    Rests,
    /// Its code has left the VM.
    Left(Left),
    /// As [`Ran::Answered`].
    Answered(Next),
}

/// What need not be looked at anew as long as only such requests are carried out as the loop knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    /// There is no more to a switch than running another fiber.
    pub(super) switches: bool,
    /// A turn has nothing to ask of the world, if that has been looked at.
    turns: Option<bool>,
}

/// A task that has taken the place of the one that rests, and what running it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Following {
    pub(super) id: TaskId,
    pub(super) fiber: FiberId,
    pub(super) budget: u32,
    pub(super) rec: RecId,
}

impl Loop {
    /// Runs the code of a task, and of those that come next, until one wants what is not often wanted. The
    /// task is not cancelled, and nobody looks on. `id` is the one that ran last.
    pub(super) fn run_unseen(&mut self, vm: &mut Vm, id: &mut TaskId) -> Ran {
        let mut calm = self.calm();
        let task = self.tasks.live(*id);
        let mut fiber = task.fiber;
        vm.at_once = task.budget;
        let mut left = vm.run_to_halt(fiber);
        loop {
            match self.run_until_rest(vm, *id, fiber, left, &mut calm) {
                Stop::Rests => {}
                Stop::Left(left) => {
                    self.tasks.live_unseen(*id).budget = vm.at_once;
                    return Ran::Left(fiber, left);
                }
                Stop::Answered(next) => return Ran::Answered(next),
            }
            if !self.newborns.is_empty()
                && let Grown::Left(newborn, its, how) = self.run_newborns(vm, &mut calm)
            {
                (*id, fiber, left) = (newborn, its, how);
                continue;
            }
            let Some(next) = self.switch(vm, *id, &mut calm) else { return Ran::Rests };
            *id = next.id;
            fiber = next.fiber;
            vm.at_once = next.budget;
            if self.recs.is_cancelled_around(next.rec) {
                return Ran::Switched;
            }
            left = vm.run_to_halt(fiber);
        }
    }

    /// Carries out what the code of a task asks for, as long as that is what it often does.
    #[inline]
    fn run_until_rest(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        fiber: FiberId,
        mut left: Left,
        calm: &mut Calm,
    ) -> Stop {
        loop {
            left = match left {
                Left::Return if self.end_halted(vm, id) => return Stop::Rests,
                Left::Yield => {
                    self.rest_ready(id);
                    return Stop::Rests;
                }
                Left::Native if vm.is_halted() => match self.await_halted(vm, id, calm) {
                    Came::Value(value) if vm.at_once > 1 => {
                        vm.at_once -= 1;
                        vm.move_on_behind(value)
                    }
                    Came::Value(value) => {
                        vm.suspend_halted();
                        vm.resume(fiber, value);
                        self.rest_ready(id);
                        return Stop::Rests;
                    }
                    Came::Waits => {
                        vm.suspend_halted();
                        return Stop::Rests;
                    }
                    Came::Answered(next) => return Stop::Answered(next),
                    Came::Nothing => vm.settle(),
                },
                _ if vm.is_halted() => self.carry_out_halted(vm, id, left, calm),
                _ if self.newborns.is_empty() => return Stop::Left(left),
                Left::Other if vm.leaves_to_collect() => {
                    self.collect(vm);
                    vm.run_to_halt(fiber)
                }
                _ if self.rests_for_newborns(vm, id, fiber, left) => return Stop::Rests,
                _ => {
                    self.settle_newborns(vm, 0);
                    return Stop::Left(left);
                }
            };
        }
    }

    /// Carries out the await of a native in front of which the running fiber has halted.
    #[inline]
    fn await_halted(&mut self, vm: &mut Vm, id: TaskId, calm: &mut Calm) -> Came {
        let asked = vm.halted_native().and_then(|native| self.natives.short(native));
        let Some((short, function)) = asked else { return Came::Nothing };
        if short == ShortOp::InPlace {
            // It may do anything to the world.
            self.settle_newborns(vm, 0);
            calm.turns = None;
            return self.await_in_place(vm, id, function);
        }
        let Some((source, argument)) = vm.halted_await() else { return Came::Nothing };
        match (short, argument) {
            (ShortOp::Send, Some(value)) => self.send_unseen(vm, id, source, value),
            (ShortOp::Receive, None) => self.receive_unseen(vm, id, source, AtEnd::CLOSED),
            (ShortOp::Next, Some(end)) => {
                let channel = super::channel::channel_of(vm, source);
                self.receive_unseen(vm, id, channel, AtEnd::value(end))
            }
            _ => Came::Nothing,
        }
    }

    /// The task has the result of its op, and lets the others run.
    #[inline]
    fn rest_ready(&mut self, id: TaskId) {
        let task = self.tasks.live_mut(id);
        task.resume = Resume::Rested;
        task.stage = Stage::Ready;
        self.ready.push_back(id);
    }

    /// What is so from now on.
    #[inline]
    fn calm(&self) -> Calm {
        let is_looked_at = self.tracer.is_some()
            || self.trial.is_some()
            || self.stops_computing()
            || self.killed
            || self.result.is_some();
        Calm { switches: !is_looked_at, turns: None }
    }

    /// The running task rests: the next one takes its place, if that is all there is to do. Then it is
    /// as if the turn had run both, one after the other.
    #[inline(always)]
    fn switch(&mut self, vm: &mut Vm, from: TaskId, calm: &mut Calm) -> Option<Following> {
        if !calm.switches {
            return None;
        }
        let next = self.ready.first()?;
        let task = self.tasks.get(next)?;
        let budget = match task.resume {
            Resume::Run => task.budget,
            Resume::Rested => self.op_budget,
            _ => return None,
        };
        if self.turn_left > 1 {
            self.turn_left -= 1;
        } else if self.turn_left == 1 && self.turns_at_once(vm, calm) {
            self.turn_left = self.ready.len();
        } else {
            return None;
        }
        self.change_segment(vm, from);
        self.ready.drop_first();
        let task = self.tasks.live_unseen(next);
        task.stage = Stage::Running;
        task.resume = Resume::Run;
        task.budget = budget;
        Some(Following { id: next, fiber: task.fiber, budget, rec: task.rec })
    }

    /// The same, where anything may have happened before.
    pub(super) fn switch_after(&mut self, vm: &mut Vm, from: TaskId) -> Option<TaskId> {
        let mut calm = self.calm();
        self.switch(vm, from, &mut calm).map(|next| next.id)
    }

    /// Whether a turn has nothing to ask of the world or to tell it, but for how long it takes.
    #[inline]
    pub(super) fn turns_in_silence(&self, calm: &mut Calm) -> bool {
        *calm.turns.get_or_insert_with(|| self.session.is_none() && self.asks_nothing())
    }

    /// Whether the turn that ends here is followed by the next one at once. If so, that has begun.
    #[inline]
    pub(super) fn turns_at_once(&mut self, vm: &Vm, calm: &mut Calm) -> bool {
        self.turns_in_silence(calm) && vm.interrupt.load(Ordering::Relaxed) == 0 && self.hurries()
    }
}
