//! Channels: values handed from task to task, in order.
//!
//! A value goes straight to who has waited longest; only if nobody waits it is buffered, and only
//! if there is no room its sender waits. So nobody who comes later is served earlier.

use std::collections::VecDeque;

use super::driver::Ticket;
use super::event_loop::Loop;
use super::op::Outcome;
use super::switch::Came;
use super::task::TaskId;
use super::wait::{AtEnd, Wait};
use super::waiters::WaitList;
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// A channel, as scripts hold it.
#[derive(Debug, Default)]
pub struct Channel {
    /// How many values it holds without a receiver; none: any number.
    capacity: Option<usize>,
    buffer: VecDeque<Value>,
    /// How many values have been taken out of the buffer: the number of the first one in it.
    taken: usize,
    closed: bool,
    pub(super) receivers: WaitList,
    pub(super) senders: WaitList,
}

impl Channel {
    /// An open channel. Without a capacity it takes any number of values.
    pub fn new(capacity: Option<usize>) -> Channel {
        Channel { capacity, ..Channel::default() }
    }

    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// How many values it holds without a receiver; none: any number.
    pub fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    /// Whether it takes no more values.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The first value that it holds.
    #[inline]
    fn take(&mut self) -> Option<Value> {
        if self.buffer.is_empty() {
            return None;
        }
        self.taken += 1;
        self.buffer.pop_front()
    }

    fn has_room(&self) -> bool {
        self.capacity.is_none_or(|capacity| self.buffer.len() < capacity)
    }
}

impl HostObject for Channel {
    fn type_name(&self) -> &'static str {
        "channel"
    }

    fn trace(&self, marker: &mut Marker) {
        self.trace_slice(marker, 0, usize::MAX);
    }

    /// Goes by the numbers of values, which stay as they are when others are taken out.
    fn trace_slice(&self, marker: &mut Marker, from: usize, count: usize) -> Option<usize> {
        let end = self.taken + self.buffer.len();
        let from = from.max(self.taken);
        let next = end.min(from.saturating_add(count));
        for value in self.buffer.range(from - self.taken..next - self.taken) {
            marker.value(*value);
        }
        marker.spend((next - from) / 4);
        (next < end).then_some(next)
    }

    fn display(&self) -> String {
        match self.capacity {
            Some(capacity) => format!("<channel {}/{capacity}>", self.buffer.len()),
            None => format!("<channel {}>", self.buffer.len()),
        }
    }

    fn external_bytes(&self) -> usize {
        self.buffer.capacity() * size_of::<Value>()
    }
}

/// What `channel.iter()` gives: closing it leaves the channel open.
#[derive(Debug)]
pub struct ChannelCursor {
    /// The channel.
    pub channel: Value,
}

impl HostObject for ChannelCursor {
    fn type_name(&self) -> &'static str {
        "channel_iter"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.channel);
    }
}

/// The channel that is the source of values: the source itself, or that of a cursor.
#[inline]
pub(super) fn channel_of(vm: &Vm, source: Value) -> Value {
    vm.heap.object_ref::<ChannelCursor>(source).map_or(source, |cursor| cursor.channel)
}

impl Loop {
    /// Sends where somebody waits for that alone or there is room, or waits until there is some.
    pub(super) fn send_unseen(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        channel: Value,
        value: Value,
    ) -> Came {
        let found = vm.heap.object_for::<Channel>(channel, &[value]);
        let Some(found) = found.filter(|found| !found.closed) else { return Came::Nothing };
        if !found.receivers.is_empty() {
            let Some((id, fiber)) = self.take_first(&mut found.receivers) else {
                return Came::Nothing;
            };
            self.note_places(vm);
            vm.resume(fiber, value);
            self.ready.push_back(id);
        } else if !found.has_room() {
            self.park_unseen(id, &mut found.senders, Wait::Send(channel, value));
            return Came::Waits;
        } else {
            let grows = found.buffer.len() == found.buffer.capacity();
            found.buffer.push_back(value);
            if grows {
                vm.heap.object_grew(channel);
            }
        }
        Came::Value(Value::null())
    }

    /// Receives what is buffered where nobody waits to send, or waits until somebody sends.
    pub(super) fn receive_unseen(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        channel: Value,
        end: AtEnd,
    ) -> Came {
        let Some(found) = vm.heap.object_for::<Channel>(channel, &[]) else { return Came::Nothing };
        if !found.senders.is_empty() {
            let Some(Ok(value)) = self.try_receive(vm, channel, end) else { return Came::Nothing };
            // A sender in a `select` leaves its other queues, too.
            self.serve_queues(vm);
            return Came::Value(value);
        }
        if let Some(value) = found.take() {
            return Came::Value(value);
        }
        if found.closed {
            return Came::Nothing;
        }
        self.park_unseen(id, &mut found.receivers, Wait::Receive(channel, end));
        Came::Waits
    }

    /// Sends without waiting: hands over, buffers, or does nothing and gives none.
    pub fn try_send(&mut self, vm: &mut Vm, channel: Value, value: Value) -> Option<Outcome> {
        let found = vm.heap.object_for::<Channel>(channel, &[value])?;
        if found.closed {
            return Some(Err(closed(vm, "send on a closed channel")));
        }
        if let Some(ticket) = self.waiters.first(&found.receivers) {
            if self.tasks.waits_alone(ticket) {
                self.waiters.remove_first(&mut found.receivers);
                self.hand(vm, ticket, value);
            } else {
                self.complete(vm, ticket, Ok(value));
            }
            return Some(Ok(Value::null()));
        }
        if !found.has_room() {
            return None;
        }
        let grows = found.buffer.len() == found.buffer.capacity();
        found.buffer.push_back(value);
        if grows {
            vm.heap.object_grew(channel);
        }
        Some(Ok(Value::null()))
    }

    /// Receives without waiting, or does nothing and gives none.
    pub fn try_receive(&mut self, vm: &mut Vm, channel: Value, end: AtEnd) -> Option<Outcome> {
        let found = vm.heap.object_for::<Channel>(channel, &[])?;
        let buffered = found.take();
        let sender = self.waiters.first(&found.senders);
        let sent = sender.and_then(|ticket| self.value_of(ticket));
        let value = match (buffered, sent) {
            (Some(value), _) | (None, Some(value)) => value,
            (None, None) if found.closed => return Some(at_end(vm, end)),
            (None, None) => return None,
        };
        if let Some(ticket) = sender {
            let found = vm.heap.object_for::<Channel>(channel, sent.as_slice())?;
            if buffered.is_some() {
                found.buffer.extend(sent);
            }
            if self.tasks.waits_alone(ticket) {
                self.waiters.remove_first(&mut found.senders);
                self.hand(vm, ticket, Value::null());
            } else {
                self.complete(vm, ticket, Ok(Value::null()));
            }
        }
        Some(Ok(value))
    }

    /// Closes a channel: who waits for it learns of that, receivers first. A sender that learns of
    /// it has not sent.
    pub fn close(&mut self, vm: &mut Vm, channel: Value) {
        let Some(found) = vm.heap.object_mut::<Channel>(channel) else { return };
        if std::mem::replace(&mut found.closed, true) {
            return;
        }
        // Queues are asked anew each time: one select may stand in them more than once.
        while let Some(ticket) = self.first_receiver(vm, channel) {
            let end = self.end_of(ticket);
            let outcome = at_end(vm, end);
            self.complete(vm, ticket, outcome);
        }
        while let Some(ticket) = self.first_sender(vm, channel) {
            let error = closed(vm, "the channel was closed before the value was taken");
            self.complete(vm, ticket, Err(error));
        }
    }

    fn first_receiver(&self, vm: &Vm, channel: Value) -> Option<Ticket> {
        self.waiters.first(&vm.heap.object_ref::<Channel>(channel)?.receivers)
    }

    fn first_sender(&self, vm: &Vm, channel: Value) -> Option<Ticket> {
        self.waiters.first(&vm.heap.object_ref::<Channel>(channel)?.senders)
    }

    /// What a pending arm waits for.
    pub(super) fn waiting(&self, ticket: Ticket) -> Option<&Wait> {
        let task = self.tasks.get(self.pending(ticket)?)?;
        Some(&task.op.arms().get(ticket.arm as usize)?.wait)
    }

    /// The value that a waiting sender holds.
    fn value_of(&self, ticket: Ticket) -> Option<Value> {
        match self.waiting(ticket)? {
            Wait::Send(_, value) => Some(*value),
            _ => None,
        }
    }

    /// What a waiting receiver gets at the end.
    fn end_of(&self, ticket: Ticket) -> AtEnd {
        match self.waiting(ticket) {
            Some(Wait::Receive(_, end)) => *end,
            _ => AtEnd::CLOSED,
        }
    }
}

fn closed(vm: &mut Vm, message: &str) -> Value {
    let Thrown(error) = vm.error(ErrorKind::ClosedError, message);
    error
}

fn at_end(vm: &mut Vm, end: AtEnd) -> Outcome {
    if let Some(value) = end.as_value() {
        return Ok(value);
    }
    let message = "the channel is closed and empty";
    let kind = if end.is_stop() { ErrorKind::StopIteration } else { ErrorKind::ClosedError };
    let Thrown(error) = vm.error(kind, message);
    Err(error)
}
