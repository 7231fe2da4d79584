//! Events: a flag that tasks can wait for.

use crate::natives;
use crate::runtime::{Answer, Cx, Gate, Queue, Wait, WaitList};
use crate::vm::object::HostObject;
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// Events.
    pub const EVENT;

    /// An event that is not set.
    fn sync.event() => event, "import sync\nprint(sync.event())" => "<event clear>";
    /// Sets it: everybody who waits goes on, also if it is cleared at once.
    host loop method event.set() => set;
    /// Clears it: who waits from now on waits for the next `set`.
    host loop method event.clear() => clear;
    /// Waits until it is set.
    host async method event.wait() => wait,
        "import sync\nlet e = sync.event()\nscope {\n    spawn { await e.wait(); print(\"ready\") }\n    e.set()\n}" => "ready";
    /// Whether it is set.
    host get event.is_set() => is_set, "import sync\nprint(sync.event().is_set)" => "false";
}

#[derive(Debug, Default)]
struct Event {
    is_set: bool,
    waiters: WaitList,
}

impl HostObject for Event {
    fn type_name(&self) -> &'static str {
        "event"
    }

    fn display(&self) -> String {
        format!("<event {}>", if self.is_set { "set" } else { "clear" })
    }
}

fn event(vm: &mut Vm) -> Result<Value, Thrown> {
    Ok(vm.heap.object(Box::new(Event::default())))
}

fn queue(event: Value) -> Queue {
    Queue {
        object: event,
        list: |vm, object| vm.heap.object_mut::<Event>(object).map(|event| &mut event.waiters),
    }
}

fn put(vm: &mut Vm, event: Value, is_set: bool) {
    if let Some(event) = vm.heap.object_mut::<Event>(event) {
        event.is_set = is_set;
    }
}

fn set(cx: &mut Cx<'_>, event: Value) -> Result<Answer, Thrown> {
    put(cx.vm, event, true);
    cx.rt.notify(queue(event));
    Ok(Answer::Value(Value::null()))
}

fn clear(cx: &mut Cx<'_>, event: Value) -> Result<Answer, Thrown> {
    put(cx.vm, event, false);
    Ok(Answer::Value(Value::null()))
}

fn is_set(vm: &mut Vm, event: Value) -> Result<Value, Thrown> {
    Ok(Value::bool(vm.heap.object_ref::<Event>(event).is_some_and(|event| event.is_set)))
}

struct Set(Value);

impl Gate for Set {
    fn queue(&self) -> Queue {
        queue(self.0)
    }

    fn pass(&mut self, cx: &mut Cx<'_>, _: bool) -> Option<Result<Value, Thrown>> {
        let event = cx.vm.heap.object_ref::<Event>(self.0)?;
        event.is_set.then_some(Ok(Value::null()))
    }

    fn describe(&self) -> String {
        "an event that nobody has set".to_owned()
    }
}

fn wait(_: &mut Cx<'_>, event: Value) -> Result<Answer, Thrown> {
    Ok(Answer::Wait(Wait::at(Set(event))))
}
