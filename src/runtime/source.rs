//! Sources that are awaited alone: nearly every await of the outside.
//!
//! Where nobody looks on, a native that says so is called with the fiber where it stands. What it waits for
//! is tried again, and ends, with one look at the task each.

use std::task::Poll;

use super::driver::Ticket;
use super::event_loop::Loop;
use super::op::{Arm, Arms, Op, Place};
use super::switch::Came;
use super::task::{Stage, TaskId};
use super::wait::{Answer, Cx, LoopFn, Source, Wait};
use crate::vm::{Thrown, Vm};

impl Loop {
    /// Calls the native in front of whose await the running fiber, which nothing cancels, has halted.
    #[inline]
    pub(super) fn await_in_place(&mut self, vm: &mut Vm, id: TaskId, function: LoopFn) -> Came {
        // A test notes where its code has made what.
        if self.trial.is_some() {
            return Came::Nothing;
        }
        let Some(args) = vm.halted_args() else { return Came::Nothing };
        let answer = function(&mut Cx { vm, rt: self, task: id, at_once: true }, args);
        debug_assert!(vm.is_halted(), "it was called in place");
        if let Ok(Answer::Value(value)) = answer {
            // There is nothing in it to be dropped.
            std::mem::forget(answer);
            self.serve_queues(vm);
            return Came::Value(value);
        }
        vm.suspend_halted();
        if let Ok(Answer::Pending(source)) = answer {
            self.park_source(vm, id, source);
            self.serve_queues(vm);
            return Came::Waits;
        }
        self.tasks.live_unseen(id).budget = vm.at_once;
        Came::Answered(self.take_answer(vm, id, answer, true))
    }

    /// The running task, which nothing cancels and nobody looks at, waits for a source.
    fn park_source(&mut self, vm: &mut Vm, id: TaskId, mut source: Box<dyn Source>) {
        self.ops += 1;
        let seq = self.ops;
        let ticket = Ticket { seq, task: id.index(), arm: 0 };
        source.register(&mut Cx { vm, rt: self, task: id, at_once: false }, ticket);
        self.external += usize::from(source.is_external());
        let arm = Arm { number: 0, wait: Wait::Source(source), place: Place::Source };
        let task = self.tasks.live_mut(id);
        // A task that runs waits for nothing, so there is nothing to be dropped.
        std::mem::forget(std::mem::replace(
            &mut task.op,
            Op { seq, pending: Some(Arms::One(arm)) },
        ));
        task.stage = Stage::Waiting;
        task.since = self.clock;
    }

    /// Takes out the source that the op of a ticket waits for, if it waits for nothing else and nobody looks
    /// on. While it is tried it is not in its place, so that it may work with the loop.
    #[inline]
    pub(super) fn take_lone_source(&mut self, ticket: Ticket) -> Option<(TaskId, Box<dyn Source>)> {
        if self.tracer.is_some() {
            return None;
        }
        let (id, task) = self.tasks.waiting_mut(ticket)?;
        let Some(Arms::One(Arm { wait, place: Place::Source, .. })) = &mut task.op.pending else {
            return None;
        };
        match std::mem::replace(wait, Wait::Yield) {
            Wait::Source(source) => Some((id, source)),
            other => {
                *wait = other;
                None
            }
        }
    }

    /// Tries it again. Says whether what it waits for has happened.
    pub(super) fn reattempt_source(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        ticket: Ticket,
        mut source: Box<dyn Source>,
    ) -> bool {
        let polled = source.attempt(&mut Cx { vm, rt: self, task: id, at_once: false });
        let Some((_, task)) = self.tasks.waiting_mut(ticket) else { return polled.is_ready() };
        let Poll::Ready(result) = polled else {
            if let Some(Arms::One(arm)) = &mut task.op.pending {
                arm.wait = Wait::Source(source);
            }
            return false;
        };
        // Its only arm is empty.
        let (fiber, reveal) = (task.fiber, task.has_waited());
        if let Some(reveal) = reveal {
            self.timers.stop(reveal);
        }
        self.external -= usize::from(source.is_external());
        source.finish(&mut Cx { vm, rt: self, task: id, at_once: false }, ticket);
        // Once the code has its result it is no longer where it asked for that.
        self.note_places(vm);
        match result {
            Ok(value) => vm.resume(fiber, value),
            Err(Thrown(error)) => vm.resume_throw(fiber, error),
        }
        self.ready.push_back(id);
        true
    }
}
