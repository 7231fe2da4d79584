//! Awaiting: how an op starts, how it ends, and how the task gets what came of it.

use std::task::Poll;

use super::driver::Ticket;
use super::event_loop::Loop;
use super::op::{Arm, Arms, Op, Outcome, Place};
use super::task::{Resume, Stage, Task, TaskId};
use super::timer::TimerId;
use super::tracer::Step;
use super::wait::Wait;
use super::waiters::WaitList;
use crate::vm::{FiberId, Thrown, Value, Vm};

/// What a task does after one of its requests was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Its code goes on.
    Run,
    /// It is another one's turn.
    Switch,
}

/// Which arm of a `select` has happened, and the place where it is remembered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) site: u64,
    pub(super) arm: u32,
}

impl Loop {
    /// Awaits one thing. That the task is not to unwind instead has been checked.
    pub(super) fn await_one(&mut self, vm: &mut Vm, id: TaskId, mut wait: Wait) -> Next {
        if let Wait::Yield = wait {
            return self.finish_at_once(vm, id, Ok(Value::null()), None, true);
        }
        // Who stops a task that it is part of has stopped itself.
        if let Wait::Stop(_) = wait
            && self.effective(id).is_some()
        {
            return self.unwind(vm, id);
        }
        if let Some(Thrown(error)) = self.wait_cycle(vm, id, &wait) {
            return self.deliver(vm, id, Err(error), None);
        }
        match self.attempt(vm, id, &mut wait) {
            Poll::Ready(outcome) => self.finish_at_once(vm, id, outcome, None, false),
            Poll::Pending => self.park_one(vm, id, wait),
        }
    }

    /// `await v` where `v` is no call, or is what a plain function gave: that may be anything, and
    /// only a task or a promise is waited for then.
    pub(super) fn await_object(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        value: Value,
        optional: bool,
    ) -> Next {
        if optional && !super::join::is_awaitable(vm, value) {
            return self.deliver(vm, id, Ok(value), None);
        }
        match super::join::wait_for(vm, value) {
            Err(Thrown(error)) => self.deliver(vm, id, Err(error), None),
            Ok(_) if self.effective(id).is_some() => self.unwind(vm, id),
            Ok(wait) => self.await_one(vm, id, wait),
        }
    }

    /// An op was done without waiting. Now and then the task gives way all the same, so that it
    /// cannot keep the others from running.
    pub(super) fn finish_at_once(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        outcome: Outcome,
        choice: Option<Choice>,
        yields: bool,
    ) -> Next {
        self.tell(|rt| Step::OpAtOnce { task: rt.number_of(Some(id)) });
        let Some(task) = self.tasks.get_mut(id) else { return Next::Switch };
        task.budget = task.budget.saturating_sub(1);
        let gives_way = yields || task.budget == 0;
        if let Some(choice) = choice {
            task.remember(choice);
        }
        give(vm, task.fiber, outcome, choice);
        if gives_way {
            task.resume = Resume::Rested;
            task.stage = Stage::Ready;
            self.ready.push_back(id);
            return Next::Switch;
        }
        Next::Run
    }

    /// The same for an op that has a value, and no arms to choose from.
    #[inline(always)]
    pub(super) fn done_at_once(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        value: Value,
        yields: bool,
    ) -> Next {
        self.tell(|rt| Step::OpAtOnce { task: rt.number_of(Some(id)) });
        let Some(task) = self.tasks.get_mut(id) else { return Next::Switch };
        task.budget = task.budget.saturating_sub(1);
        vm.resume(task.fiber, value);
        if yields || task.budget == 0 {
            task.resume = Resume::Rested;
            task.stage = Stage::Ready;
            self.ready.push_back(id);
            return Next::Switch;
        }
        Next::Run
    }

    /// A task that has its result, or is to unwind, goes on when it is its turn.
    fn rest(&mut self, id: TaskId, resume: Resume) {
        if let Some(task) = self.tasks.get_mut(id) {
            task.resume = resume;
            task.stage = Stage::Ready;
            self.ready.push_back(id);
        }
    }

    /// The task waits for one thing that cannot go on yet.
    pub(super) fn park_one(&mut self, vm: &mut Vm, id: TaskId, wait: Wait) -> Next {
        self.ops += 1;
        let seq = self.ops;
        let mut arm = Arm { number: 0, wait, place: Place::None };
        self.tell(|rt| Step::OpStarts {
            op: seq,
            task: rt.number_of(Some(id)),
            what: rt.describe_arms(vm, std::slice::from_ref(&arm)),
        });
        self.register(vm, id, &mut arm, Ticket { seq, task: id.index(), arm: 0 });
        let Some(task) = self.tasks.get_mut(id) else { return Next::Switch };
        task.op.seq = seq;
        task.op.pending = Some(Arms::One(arm));
        task.stage = Stage::Waiting;
        task.since = self.clock;
        if self.recs.is_cancelled_around(task.rec) {
            self.set_reveal(id);
        }
        Next::Switch
    }

    /// The task that has waited longest in a queue has what it waited for, if it waits for that alone and
    /// nobody looks on. Its code has still to be given the result, and it to run.
    #[inline(always)]
    pub(super) fn take_first(&mut self, queue: &mut WaitList) -> Option<(TaskId, FiberId)> {
        let (id, task) = self.tasks.alone_mut(self.waiters.first_of(queue)?)?;
        // What waits in such a queue alone owns nothing.
        let (fiber, reveal) = (task.fiber, task.has_waited());
        if let Some(reveal) = reveal {
            self.timers.stop(reveal);
        }
        self.waiters.remove_first(queue);
        Some((id, fiber))
    }

    /// The running task, which nothing cancels and nobody looks at, waits for one thing in a queue.
    #[inline]
    pub(super) fn park_unseen(&mut self, id: TaskId, queue: &mut WaitList, wait: Wait) {
        self.ops += 1;
        let seq = self.ops;
        let place =
            Place::Queue(self.waiters.push(queue, Ticket { seq, task: id.index(), arm: 0 }));
        let task = self.tasks.live_mut(id);
        let op = Op { seq, pending: Some(Arms::One(Arm { number: 0, wait, place })) };
        // A task that runs waits for nothing, so there is nothing to be dropped.
        std::mem::forget(std::mem::replace(&mut task.op, op));
        task.stage = Stage::Waiting;
        task.since = self.clock;
    }

    /// An op that waits for one thing alone, and is no longer known where it has registered for that, is
    /// done. Its code gets the value, whatever is cancelled until it runs.
    pub(super) fn hand(&mut self, vm: &mut Vm, ticket: Ticket, value: Value) {
        let Some((id, task)) = self.tasks.waiting_mut(ticket) else { return };
        // What waits so owns nothing.
        let (fiber, number, reveal) = (task.fiber, task.number, task.has_waited());
        if let Some(reveal) = reveal {
            self.timers.stop(reveal);
        }
        self.tell(|_| Step::OpEnds { op: ticket.seq, task: number, how: "done" });
        // Once the code has its result it is no longer where it asked for that.
        self.note_places(vm);
        vm.resume(fiber, value);
        self.ready.push_back(id);
    }

    /// The task waits until one of the arms has happened.
    pub(super) fn park(&mut self, vm: &mut Vm, id: TaskId, mut arms: Arms) -> Next {
        self.ops += 1;
        let seq = self.ops;
        self.tell(|rt| Step::OpStarts {
            op: seq,
            task: rt.number_of(Some(id)),
            what: rt.describe_arms(vm, arms.as_slice()),
        });
        for (arm, number) in arms.as_mut_slice().iter_mut().zip(0..) {
            self.register(vm, id, arm, Ticket { seq, task: id.index(), arm: number });
        }
        let Some(task) = self.tasks.get_mut(id) else { return Next::Switch };
        task.op = Op { seq, pending: Some(arms) };
        task.stage = Stage::Waiting;
        task.since = self.clock;
        self.set_reveal(id);
        Next::Switch
    }

    /// An arm has happened: the op is done, and its code gets the result, whatever is cancelled until
    /// it runs. Nothing if the op has ended already.
    pub fn complete(&mut self, vm: &mut Vm, ticket: Ticket, outcome: Outcome) {
        if let Some(id) = self.pending(ticket) {
            self.complete_pending(vm, id, ticket, outcome);
        }
    }

    /// The same for the op of a ticket that is known to be pending.
    fn complete_pending(&mut self, vm: &mut Vm, id: TaskId, ticket: Ticket, outcome: Outcome) {
        let how = if outcome.is_ok() { "done" } else { "failed" };
        let Some(arms) = self.leave_op(vm, id, how) else { return };
        let choice = match &arms {
            Arms::One(_) => None,
            Arms::Many(choices) => {
                let arm = choices.arms.get(ticket.arm as usize).map_or(0, |arm| arm.number);
                Some(Choice { site: choices.site, arm })
            }
        };
        // Once the code has its result it is no longer where it asked for that.
        self.note_places(vm);
        let Some(task) = self.tasks.get_mut(id) else { return };
        if let Some(choice) = choice {
            task.remember(choice);
        }
        give(vm, task.fiber, outcome, choice);
        task.resume = Resume::Rested;
        task.stage = Stage::Ready;
        self.ready.push_back(id);
    }

    /// A cancel ends a pending op.
    pub(super) fn cancel_op(&mut self, vm: &mut Vm, id: TaskId) {
        if self.leave_op(vm, id, "cancelled").is_some() {
            self.rest(id, Resume::Unwind);
        }
    }

    /// A pending op ends: all its arms are taken back.
    pub(super) fn leave_op(&mut self, vm: &mut Vm, id: TaskId, how: &'static str) -> Option<Arms> {
        let task = self.tasks.get_mut(id)?;
        let mut arms = task.op.pending.take()?;
        let (seq, number) = (task.op.seq, task.number);
        if let Some(reveal) = task.rest.as_mut().and_then(|rest| rest.reveal.take()) {
            self.timers.stop(reveal);
        }
        for (arm, number) in arms.as_mut_slice().iter_mut().zip(0..) {
            self.unregister(vm, id, arm, Ticket { seq, task: id.index(), arm: number });
        }
        self.tell(|_| Step::OpEnds { op: seq, task: number, how });
        Some(arms)
    }

    /// Something may have happened for an arm: it is tried again. Says whether it has.
    pub(super) fn reattempt(&mut self, vm: &mut Vm, ticket: Ticket) -> bool {
        if let Some((id, source)) = self.take_lone_source(ticket) {
            return self.reattempt_source(vm, id, ticket, source);
        }
        let Some((id, arm)) = self.tasks.arm_mut(ticket) else { return false };
        // While it is tried the arm is not in its place, so that it may work with the loop.
        let mut wait = std::mem::replace(&mut arm.wait, Wait::Yield);
        let polled = self.attempt(vm, id, &mut wait);
        let still_pending = match self.tasks.arm_mut(ticket) {
            Some((_, arm)) => {
                arm.wait = wait;
                true
            }
            None => false,
        };
        let Poll::Ready(outcome) = polled else { return false };
        if still_pending {
            self.complete_pending(vm, id, ticket, outcome);
        }
        true
    }

    /// The timer of an arm has fired.
    pub(super) fn ring(&mut self, vm: &mut Vm, ticket: Ticket) {
        let Some((_, task)) = self.tasks.waiting_mut(ticket) else { return };
        match &task.op.pending {
            // Its timer is what it has registered, and has fired.
            Some(Arms::One(Arm { wait: Wait::Sleep(_), .. })) => {
                self.hand(vm, ticket, Value::null());
            }
            _ => self.ring_arm(vm, ticket),
        }
    }

    /// The same for an arm that is not alone, or no sleep.
    fn ring_arm(&mut self, vm: &mut Vm, ticket: Ticket) {
        let Some((_, arm)) = self.tasks.arm_mut(ticket) else { return };
        if matches!(arm.wait, Wait::Sleep(_)) {
            self.complete(vm, ticket, Ok(Value::null()));
        } else {
            self.reattempt(vm, ticket);
        }
    }

    /// The task unwinds from where it is.
    pub(super) fn unwind(&mut self, vm: &mut Vm, id: TaskId) -> Next {
        let cut = self.cut(vm, id);
        if let Some(task) = self.tasks.get(id) {
            vm.resume_cut(task.fiber, cut);
        }
        Next::Run
    }

    /// Gives a result to the suspended code of a task.
    pub(super) fn deliver(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        outcome: Outcome,
        choice: Option<Choice>,
    ) -> Next {
        let Some(task) = self.tasks.get_mut(id) else { return Next::Switch };
        if let Some(choice) = choice {
            task.remember(choice);
        }
        give(vm, task.fiber, outcome, choice);
        Next::Run
    }
}

/// Gives a result to a suspended fiber.
fn give(vm: &mut Vm, fiber: FiberId, outcome: Outcome, choice: Option<Choice>) {
    match (outcome, choice) {
        (Ok(value), None) => vm.resume(fiber, value),
        (Ok(value), Some(choice)) => vm.resume_select(fiber, value, choice.arm),
        (Err(error), _) => vm.resume_throw(fiber, error),
    }
}

impl Task {
    /// What it waited for alone has happened, and owned nothing that would have to be dropped: it is ready.
    /// Gives the timer of a cancel that was hidden from that, which is to be stopped.
    #[inline(always)]
    pub(super) fn has_waited(&mut self) -> Option<TimerId> {
        std::mem::forget(self.op.pending.take());
        self.resume = Resume::Rested;
        self.stage = Stage::Ready;
        self.rest.as_mut().and_then(|rest| rest.reveal.take())
    }
}
