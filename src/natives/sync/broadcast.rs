//! Broadcasts: every value goes to everybody who has subscribed.
//!
//! Each subscription holds what it has not given yet, so a slow subscriber costs only what it has not
//! taken, and the bound is one for each.

use super::subscription::{self, Subscription};
use crate::natives;
use crate::natives::argument::bad_value;
use crate::natives::kind::TextValue;
use crate::runtime::{Answer, Cx, Gate, Queue, Wait, WaitList};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Broadcasts.
    pub const BROADCAST;

    /// Hands every value to everybody who has subscribed. Each may be up to `n` values behind; when one
    /// is, `send` waits for it (`"wait"`), or drops its oldest value (`"drop_oldest"`), or throws a
    /// BrokenError and gives the value to nobody (`"fail"`).
    fn sync.broadcast(n: int, named on_full: str = "wait") => broadcast,
        "import sync\nprint(sync.broadcast(8))" => "<broadcast to 0>";
    /// Sends a value to all who have subscribed by now; without any it goes to nobody.
    host async method broadcast.send(value: any) => send;
    /// A source of what is sent from now on. It belongs to the task that made it: subscribe before you
    /// `spawn`, and what is sent before the child first runs is not missed.
    host loop method broadcast.subscribe() => subscribe,
        "import sync\nlet b = sync.broadcast(4)\nlet [one, two] = [b.subscribe(), b.subscribe()]\nawait b.send(\"news\")\nprint(await one.recv(), await two.recv())" => "news news";
    /// The same: `for await v in b` subscribes for the loop.
    host loop method broadcast.iter() => subscribe;
    /// Takes no more values. Those that were sent can still be received.
    host loop method broadcast.close() => close;
    /// How many have subscribed.
    host get broadcast.subscribers() => subscribers, "import sync\nprint(sync.broadcast(1).subscribers)" => "0";
}

/// What a send does about a subscriber that is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnFull {
    Wait,
    DropOldest,
    Fail,
}

/// A broadcast, as scripts hold it.
#[derive(Debug)]
pub(super) struct Broadcast {
    capacity: usize,
    on_full: OnFull,
    pub(super) closed: bool,
    pub(super) subscriptions: Vec<Value>,
    senders: WaitList,
}

impl HostObject for Broadcast {
    fn type_name(&self) -> &'static str {
        "broadcast"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.values(&self.subscriptions);
    }

    fn display(&self) -> String {
        format!("<broadcast to {}>", self.subscriptions.len())
    }

    fn external_bytes(&self) -> usize {
        self.subscriptions.capacity() * size_of::<Value>()
    }
}

fn broadcast(vm: &mut Vm, capacity: i64, on_full: TextValue) -> Result<Value, Thrown> {
    let Some(capacity) = usize::try_from(capacity).ok().filter(|capacity| *capacity > 0) else {
        let value = Value::int(capacity);
        return Err(bad_value(vm, "sync.broadcast", "n must be at least 1", value));
    };
    let on_full = match on_full.get(&vm.heap) {
        "wait" => OnFull::Wait,
        "drop_oldest" => OnFull::DropOldest,
        "fail" => OnFull::Fail,
        _ => {
            let rule = "on_full must be \"wait\", \"drop_oldest\" or \"fail\"";
            return Err(bad_value(vm, "sync.broadcast", rule, on_full.0));
        }
    };
    let (subscriptions, senders) = (Vec::new(), WaitList::default());
    let broadcast = Broadcast { capacity, on_full, closed: false, subscriptions, senders };
    Ok(vm.heap.object(Box::new(broadcast)))
}

/// Where senders wait for room.
pub(super) fn senders(broadcast: Value) -> Queue {
    Queue {
        object: broadcast,
        list: |vm, object| {
            vm.heap.object_mut::<Broadcast>(object).map(|broadcast| &mut broadcast.senders)
        },
    }
}

struct Send {
    broadcast: Value,
    value: Value,
}

impl Gate for Send {
    fn queue(&self) -> Queue {
        senders(self.broadcast)
    }

    fn pass(&mut self, cx: &mut Cx<'_>, in_turn: bool) -> Option<Result<Value, Thrown>> {
        let found = cx.vm.heap.object_ref::<Broadcast>(self.broadcast)?;
        if found.closed {
            let text = "broadcast.send: the broadcast is closed";
            return Some(Err(cx.vm.error(ErrorKind::ClosedError, text)));
        }
        let (capacity, on_full) = (found.capacity, found.on_full);
        let subscriptions = found.subscriptions.clone();
        let is_full = |subscription: &Value| {
            let found = cx.vm.heap.object_ref::<Subscription>(*subscription);
            found.is_some_and(|subscription| subscription.values.len() >= capacity)
        };
        let full = subscriptions.iter().filter(|subscription| is_full(subscription)).count();
        match on_full {
            OnFull::Wait if full > 0 || !in_turn => return None,
            OnFull::Fail if full > 0 => {
                let text = format!(
                    "broadcast.send: {full} of {} subscribers are {capacity} values behind",
                    subscriptions.len()
                );
                return Some(Err(cx.vm.error(ErrorKind::BrokenError, text)));
            }
            OnFull::Wait | OnFull::DropOldest | OnFull::Fail => {}
        }
        for subscription in subscriptions {
            if let Some(found) = cx.vm.heap.object_mut::<Subscription>(subscription) {
                found.take(self.value, capacity);
            }
            cx.rt.notify(subscription::receivers(subscription));
        }
        Some(Ok(Value::null()))
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.value);
    }

    fn describe(&self) -> String {
        "the subscribers of a broadcast to make room".to_owned()
    }
}

fn send(_: &mut Cx<'_>, broadcast: Value, value: Value) -> Result<Answer, Thrown> {
    Ok(Answer::Wait(Wait::at(Send { broadcast, value })))
}

fn subscribe(cx: &mut Cx<'_>, broadcast: Value) -> Result<Answer, Thrown> {
    let subscription = cx.vm.heap.object(Box::new(Subscription::new(broadcast)));
    if let Some(found) = cx.vm.heap.object_mut::<Broadcast>(broadcast).filter(|found| !found.closed)
    {
        found.subscriptions.push(subscription);
        cx.rt.own(cx.task, subscription, subscription::end);
    }
    Ok(Answer::Value(subscription))
}

fn close(cx: &mut Cx<'_>, broadcast: Value) -> Result<Answer, Thrown> {
    let Some(found) = cx.vm.heap.object_mut::<Broadcast>(broadcast) else {
        return Ok(Answer::Value(Value::null()));
    };
    found.closed = true;
    for subscription in std::mem::take(&mut found.subscriptions) {
        cx.rt.disown_resource(subscription);
        cx.rt.notify(subscription::receivers(subscription));
    }
    cx.rt.notify(senders(broadcast));
    Ok(Answer::Value(Value::null()))
}

fn subscribers(vm: &mut Vm, broadcast: Value) -> Result<Value, Thrown> {
    let found = vm.heap.object_ref::<Broadcast>(broadcast);
    Ok(Value::int(found.map_or(0, |found| found.subscriptions.len() as i64)))
}
