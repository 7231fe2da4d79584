//! Subscriptions: what one subscriber of a broadcast has not received yet.

use std::collections::VecDeque;

use super::End;
use super::broadcast::{Broadcast, senders};
use crate::natives;
use crate::natives::argument::Rest;
use crate::runtime::{Answer, Cx, Gate, Loop, Queue, Wait, WaitList};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// Subscriptions.
    pub const SUBSCRIPTION;

    /// Receives a value; waits until there is one. Throws ClosedError at the end.
    host async method subscription.recv() => receive;
    /// The next value; at the end gives `default`, or throws StopIteration if there is none.
    host async method subscription.next(default: any...) => next;
    /// The source itself: leaving a loop over it ends the subscription.
    host method subscription.iter() => itself;
    /// Ends the subscription. What it has not given is forgotten.
    host loop method subscription.close() => close;
    /// How many values wait in it.
    host get subscription.len() => len;
    /// How many values were dropped because it was full.
    host get subscription.missed() => missed;
}

/// A subscription, as scripts hold it.
#[derive(Debug)]
pub(super) struct Subscription {
    broadcast: Value,
    pub(super) values: VecDeque<Value>,
    missed: i64,
    closed: bool,
    receivers: WaitList,
}

impl Subscription {
    /// One that has received nothing.
    pub(super) fn new(broadcast: Value) -> Subscription {
        let (values, receivers) = (VecDeque::new(), WaitList::default());
        Subscription { broadcast, values, missed: 0, closed: false, receivers }
    }

    /// A value was sent; for that the oldest goes if there are `capacity` already.
    pub(super) fn take(&mut self, value: Value, capacity: usize) {
        if self.values.len() >= capacity {
            self.values.pop_front();
            self.missed += 1;
        }
        self.values.push_back(value);
    }
}

impl HostObject for Subscription {
    fn type_name(&self) -> &'static str {
        "subscription"
    }

    fn is_held(&self) -> bool {
        false
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.broadcast);
        for value in &self.values {
            marker.value(*value);
        }
    }

    fn display(&self) -> String {
        format!("<subscription {}>", self.values.len())
    }

    fn external_bytes(&self) -> usize {
        self.values.capacity() * size_of::<Value>()
    }
}

/// Where receivers wait for values.
pub(super) fn receivers(subscription: Value) -> Queue {
    Queue {
        object: subscription,
        list: |vm, object| {
            vm.heap.object_mut::<Subscription>(object).map(|found| &mut found.receivers)
        },
    }
}

struct Receive {
    subscription: Value,
    end: End,
}

impl Gate for Receive {
    fn queue(&self) -> Queue {
        receivers(self.subscription)
    }

    fn pass(&mut self, cx: &mut Cx<'_>, in_turn: bool) -> Option<Result<Value, Thrown>> {
        let found = cx.vm.heap.object_mut::<Subscription>(self.subscription)?;
        let (broadcast, closed) = (found.broadcast, found.closed);
        if !found.values.is_empty() && !in_turn {
            return None;
        }
        if let Some(value) = found.values.pop_front() {
            cx.rt.notify(senders(broadcast));
            return Some(Ok(value));
        }
        let source = cx.vm.heap.object_ref::<Broadcast>(broadcast);
        let ended = closed || source.is_none_or(|source| source.closed);
        ended.then(|| self.end.reached(cx, if closed { "subscription" } else { "broadcast" }))
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.end.value());
    }

    fn describe(&self) -> String {
        "a value of a broadcast".to_owned()
    }
}

fn receive(_: &mut Cx<'_>, subscription: Value) -> Result<Answer, Thrown> {
    Ok(Answer::Wait(Wait::at(Receive { subscription, end: End::Closed })))
}

fn next(cx: &mut Cx<'_>, subscription: Value, default: Rest) -> Result<Answer, Thrown> {
    let end = End::of(cx.vm, default);
    Ok(Answer::Wait(Wait::at(Receive { subscription, end })))
}

fn itself(_: &mut Vm, subscription: Value) -> Result<Value, Thrown> {
    Ok(subscription)
}

fn close(cx: &mut Cx<'_>, subscription: Value) -> Result<Answer, Thrown> {
    end(cx.vm, cx.rt, subscription);
    Ok(Answer::Value(Value::null()))
}

/// Ends a subscription: nobody has to wait for it any more.
pub(super) fn end(vm: &mut Vm, rt: &mut Loop, subscription: Value) {
    rt.disown_resource(subscription);
    let Some(found) = vm.heap.object_mut::<Subscription>(subscription) else { return };
    found.closed = true;
    found.values = VecDeque::new();
    let broadcast = found.broadcast;
    if let Some(source) = vm.heap.object_mut::<Broadcast>(broadcast) {
        source.subscriptions.retain(|other| other.bits() != subscription.bits());
    }
    rt.notify(receivers(subscription));
    rt.notify(senders(broadcast));
}

fn len(vm: &mut Vm, subscription: Value) -> Result<Value, Thrown> {
    let found = vm.heap.object_ref::<Subscription>(subscription);
    Ok(Value::int(found.map_or(0, |found| found.values.len() as i64)))
}

fn missed(vm: &mut Vm, subscription: Value) -> Result<Value, Thrown> {
    let found = vm.heap.object_ref::<Subscription>(subscription);
    Ok(Value::int(found.map_or(0, |found| found.missed)))
}
