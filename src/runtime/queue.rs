//! Waiting in the queue of an object, for objects that the loop does not know: semaphores, events.
//!
//! Such an op is a [`Gate`]: it says whether it can go now, given whether it is its turn. [`Waiting`]
//! makes a [`Source`] of it, which stands in the queue of the object, leaves it when the op ends, and
//! then lets the next one try. An object that has changed is [notified](Loop::notify): once the change is
//! over, and before anybody else runs, those who wait for it are tried, first come first served, until
//! one cannot go. That happens from a list and not at once, so that no op is completed in the middle of
//! another one, and chains of any length need no native stack.

use std::task::Poll;

use super::driver::Ticket;
use super::event_loop::Loop;
use super::wait::{Cx, Source, Wait};
use super::waiters::{WaitList, WaiterId};
use crate::vm::heap::Marker;
use crate::vm::{Thrown, Value, Vm};

/// The queue of an object, or one of its queues.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// The object.
    pub object: Value,
    /// Where in it the queue is.
    pub list: fn(&mut Vm, Value) -> Option<&mut WaitList>,
}

/// An op that waits in the queue of an object.
pub trait Gate: Send + 'static {
    /// Where it waits.
    fn queue(&self) -> Queue;

    /// Goes on if it can; nothing has happened if it cannot. `in_turn` says that nobody has waited
    /// longer.
    fn pass(&mut self, cx: &mut Cx<'_>, in_turn: bool) -> Option<Result<Value, Thrown>>;

    /// It begins to wait.
    fn enter(&mut self, _cx: &mut Cx<'_>, _ticket: Ticket) {}

    /// It waits no more, whether it has gone on or not.
    fn leave(&mut self, _cx: &mut Cx<'_>) {}

    /// Marks the values it holds, but for the object itself.
    fn trace(&self, _marker: &mut Marker) {}

    /// What it waits for, for reports.
    fn describe(&self) -> String;
}

/// A gate as the loop waits for it.
struct Waiting<G> {
    gate: G,
    place: Option<(WaiterId, Ticket)>,
}

impl Wait {
    /// Waits at a gate.
    pub fn at(gate: impl Gate) -> Wait {
        Wait::Source(Box::new(Waiting { gate, place: None }))
    }
}

impl<G: Gate> Source for Waiting<G> {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let first = cx.rt.first_waiter(cx.vm, self.gate.queue());
        let in_turn = first == self.place.map(|(_, ticket)| ticket);
        self.gate.pass(cx, in_turn).map_or(Poll::Pending, Poll::Ready)
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        let queue = self.gate.queue();
        if let Some(list) = (queue.list)(cx.vm, queue.object) {
            self.place = Some((cx.rt.waiters.push(list, ticket), ticket));
        }
        self.gate.enter(cx, ticket);
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, _: Ticket) {
        let queue = self.gate.queue();
        if let Some((place, _)) = self.place.take()
            && let Some(list) = (queue.list)(cx.vm, queue.object)
        {
            cx.rt.waiters.remove(list, place);
        }
        self.gate.leave(cx);
        cx.rt.notify(queue);
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.gate.queue().object);
        self.gate.trace(marker);
    }

    fn describe(&self, _: &Vm) -> String {
        self.gate.describe()
    }
}

impl Loop {
    /// Whether somebody waits in a queue.
    pub fn has_waiters(&self, vm: &mut Vm, queue: Queue) -> bool {
        self.first_waiter(vm, queue).is_some()
    }

    /// An object has changed: those who wait in this queue of it may be able to go on.
    pub fn notify(&mut self, queue: Queue) {
        self.changed.push_back(queue);
    }

    /// Lets those go on who wait for what has changed. Nobody's code runs between a change and this.
    #[inline]
    pub(super) fn serve_queues(&mut self, vm: &mut Vm) {
        if !self.changed.is_empty() {
            self.serve_changed(vm);
        }
    }

    #[inline(never)]
    fn serve_changed(&mut self, vm: &mut Vm) {
        while let Some(queue) = self.changed.pop_front() {
            while let Some(ticket) = self.first_waiter(vm, queue) {
                if !self.reattempt(vm, ticket) {
                    break;
                }
            }
        }
    }

    fn first_waiter(&self, vm: &mut Vm, queue: Queue) -> Option<Ticket> {
        let list = (queue.list)(vm, queue.object)?;
        self.waiters.first(list)
    }
}
