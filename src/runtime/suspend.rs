//! Awaiting: how an op starts, how it ends, and how the task gets what came of it.

use std::task::Poll;

use super::driver::Ticket;
use super::event_loop::Loop;
use super::op::{Arm, Arms, NO_SITE, Op, OpState, Outcome, Place};
use super::task::{Resume, Stage, TaskId};
use super::tracer::Step;
use super::wait::Wait;
use crate::vm::{Thrown, Value, Vm};

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
            Poll::Ready(outcome) => {
                let yields = matches!(wait, Wait::Yield);
                self.finish_at_once(vm, id, outcome, None, yields)
            }
            Poll::Pending => {
                let arm = Arm { number: 0, wait, place: Place::None };
                self.park(vm, id, Arms::One(arm), NO_SITE)
            }
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
    /// cannot keep the others from running; its result then waits with it.
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
        if task.budget > 0 && !yields {
            return self.deliver(vm, id, outcome, choice);
        }
        task.op = Op {
            state: OpState::Done(outcome),
            arm: choice.map_or(0, |choice| choice.arm),
            is_select: choice.is_some(),
            site: choice.map_or(NO_SITE, |choice| choice.site),
            ..Op::none()
        };
        task.resume = Resume::Op;
        self.wake(id);
        Next::Switch
    }

    /// The task waits until one of the arms has happened. `site` is where it is remembered.
    pub(super) fn park(&mut self, vm: &mut Vm, id: TaskId, mut arms: Arms, site: u64) -> Next {
        let is_select = matches!(arms, Arms::Many(_));
        self.ops += 1;
        let seq = self.ops;
        self.tell(|rt| Step::OpStarts {
            op: seq,
            task: rt.number_of(Some(id)),
            what: rt.describe_arms(vm, arms.as_slice()),
        });
        for (arm, number) in arms.as_mut_slice().iter_mut().zip(0..) {
            self.register(vm, id, arm, Ticket { seq, task: id.index, arm: number });
        }
        let Some(task) = self.tasks.get_mut(id) else { return Next::Switch };
        task.op = Op { seq, state: OpState::Pending(arms), is_select, site, ..Op::none() };
        task.stage = Stage::Waiting;
        task.since = self.clock;
        task.resume = Resume::Op;
        self.set_reveal(id);
        Next::Switch
    }

    /// An arm has happened: the op is done. Nothing if it has ended already.
    pub fn complete(&mut self, vm: &mut Vm, ticket: Ticket, outcome: Outcome) {
        let Some(id) = self.pending(ticket) else { return };
        let Some(task) = self.tasks.get_mut(id) else { return };
        let arm = task.op.arms().get(ticket.arm as usize);
        task.op.arm = arm.map_or(0, |arm| arm.number);
        self.leave_op(vm, id, OpState::Done(outcome));
    }

    /// A pending op ends, and all its arms with it.
    pub(super) fn leave_op(&mut self, vm: &mut Vm, id: TaskId, state: OpState) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        let how = state.word();
        let OpState::Pending(mut arms) = std::mem::replace(&mut task.op.state, state) else {
            return;
        };
        let seq = task.op.seq;
        let number = task.number;
        if let Some(reveal) = task.op.reveal.take() {
            self.timers.stop(reveal);
        }
        for (arm, number) in arms.as_mut_slice().iter_mut().zip(0..) {
            self.unregister(vm, id, arm, Ticket { seq, task: id.index, arm: number });
        }
        self.tell(|_| Step::OpEnds { op: seq, task: number, how });
        self.wake(id);
    }

    /// Something may have happened for an arm: it is tried again. Says whether it has.
    pub(super) fn reattempt(&mut self, vm: &mut Vm, ticket: Ticket) -> bool {
        let Some(id) = self.pending(ticket) else { return false };
        // While it is tried the arm is not in its place, so that it may work with the loop.
        let Some(mut wait) = self.exchange_wait(id, ticket, Wait::Yield) else { return false };
        let polled = self.attempt(vm, id, &mut wait);
        if self.pending(ticket).is_some() {
            self.exchange_wait(id, ticket, wait);
        }
        let Poll::Ready(outcome) = polled else { return false };
        self.complete(vm, ticket, outcome);
        true
    }

    fn exchange_wait(&mut self, id: TaskId, ticket: Ticket, wait: Wait) -> Option<Wait> {
        let arms = self.tasks.get_mut(id)?.op.arms_mut();
        let arm = arms.get_mut(ticket.arm as usize)?;
        Some(std::mem::replace(&mut arm.wait, wait))
    }

    /// The timer of an arm has fired.
    pub(super) fn ring(&mut self, vm: &mut Vm, ticket: Ticket) {
        let Some(id) = self.pending(ticket) else { return };
        let Some(task) = self.tasks.get_mut(id) else { return };
        let Some(arm) = task.op.arms_mut().get_mut(ticket.arm as usize) else { return };
        if matches!(arm.wait, Wait::Sleep(_)) {
            self.complete(vm, ticket, Ok(Value::null()));
        } else {
            self.reattempt(vm, ticket);
        }
    }

    /// The task gets what came of its op: a result, whatever has been cancelled meanwhile, or a cut.
    pub(super) fn take_op(&mut self, vm: &mut Vm, id: TaskId) -> Next {
        let Some(task) = self.tasks.get_mut(id) else { return Next::Switch };
        let op = std::mem::replace(&mut task.op, Op::none());
        if let OpState::Done(outcome) = op.state {
            let choice = op.is_select.then_some(Choice { site: op.site, arm: op.arm });
            return self.deliver(vm, id, outcome, choice);
        }
        self.unwind(vm, id)
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
        match (outcome, choice) {
            (Ok(value), None) => vm.resume(task.fiber, value),
            (Ok(value), Some(choice)) => vm.resume_select(task.fiber, value, choice.arm),
            (Err(error), _) => vm.resume_throw(task.fiber, error),
        }
        Next::Run
    }
}
