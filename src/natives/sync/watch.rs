//! Watches: a value that changes, of which everybody wants the newest.

use super::End;
use crate::natives;
use crate::natives::argument::Rest;
use crate::runtime::{Answer, Cx, Gate, Queue, Wait, WaitList};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Watches.
    pub const WATCH;

    /// A value that tasks can watch: `for await v in w` gives it and then each newer one. Who is slow
    /// misses what was in between, never the newest.
    fn sync.watch(value: any) => watch, "import sync\nprint(sync.watch(5).get())" => "5";
    /// The value.
    host method watch.get() => get;
    /// Changes it: everybody who waits gets the new value. Setting an equal one counts, too.
    host loop method watch.set(value: any) => set;
    /// Waits until it is set the next time from now on; gives the new value. In a loop, what is set while
    /// the body waits for something else is missed: `for await` misses nothing.
    host async method watch.changed() => changed,
        "import sync\nlet w = sync.watch(1)\nscope {\n    let t = spawn w.changed()\n    await sleep(1ms)\n    w.set(2)\n    print(await t)\n}" => "2";
    /// A source of the value now and of each newer one.
    host method watch.iter() => iterate;
    /// Ends it: it cannot be set any more, and those who watch it come to the end.
    host loop method watch.close() => close;
    /// The newest value, once there is one that this source has not given yet; at the end `default`, or
    /// StopIteration if there is none.
    host async method watch_iter.next(default: any...) => next;
    /// The source itself.
    host method watch_iter.iter() => itself;
    /// Leaves the watch as it is.
    host method watch_iter.close() => leave;
}

#[derive(Debug)]
struct Watch {
    value: Value,
    /// How often it was set; the first value counts.
    version: u64,
    closed: bool,
    waiters: WaitList,
}

impl HostObject for Watch {
    fn type_name(&self) -> &'static str {
        "watch"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.value);
    }
}

/// What `watch.iter()` gives.
#[derive(Debug)]
struct Cursor {
    watch: Value,
    seen: u64,
}

impl HostObject for Cursor {
    fn type_name(&self) -> &'static str {
        "watch_iter"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.watch);
    }
}

fn watch(vm: &mut Vm, value: Value) -> Result<Value, Thrown> {
    let watch = Watch { value, version: 1, closed: false, waiters: WaitList::default() };
    Ok(vm.heap.object(Box::new(watch)))
}

fn queue(watch: Value) -> Queue {
    Queue {
        object: watch,
        list: |vm, object| vm.heap.object_mut::<Watch>(object).map(|watch| &mut watch.waiters),
    }
}

/// The value, its version, and whether it was closed.
fn state(vm: &Vm, watch: Value) -> (Value, u64, bool) {
    let found = vm.heap.object_ref::<Watch>(watch);
    found.map_or((Value::null(), 0, true), |watch| (watch.value, watch.version, watch.closed))
}

fn get(vm: &mut Vm, watch: Value) -> Result<Value, Thrown> {
    Ok(state(vm, watch).0)
}

fn set(cx: &mut Cx<'_>, watch: Value, value: Value) -> Result<Answer, Thrown> {
    let Some(found) = cx.vm.heap.object_mut::<Watch>(watch).filter(|watch| !watch.closed) else {
        return Err(cx.vm.error(ErrorKind::ClosedError, "watch.set: the watch is closed"));
    };
    found.value = value;
    found.version += 1;
    cx.rt.notify(queue(watch));
    Ok(Answer::Value(Value::null()))
}

fn close(cx: &mut Cx<'_>, watch: Value) -> Result<Answer, Thrown> {
    if let Some(found) = cx.vm.heap.object_mut::<Watch>(watch) {
        found.closed = true;
    }
    cx.rt.notify(queue(watch));
    Ok(Answer::Value(Value::null()))
}

/// Waits for a version that is not this one.
struct Newer {
    watch: Value,
    seen: u64,
    /// The source that has then given the version.
    cursor: Option<Value>,
    end: End,
}

impl Gate for Newer {
    fn queue(&self) -> Queue {
        queue(self.watch)
    }

    fn pass(&mut self, cx: &mut Cx<'_>, _: bool) -> Option<Result<Value, Thrown>> {
        let (value, version, closed) = state(cx.vm, self.watch);
        if version == self.seen {
            return closed.then(|| self.end.reached(cx, "watch"));
        }
        let cursor = self.cursor.and_then(|cursor| cx.vm.heap.object_mut::<Cursor>(cursor));
        if let Some(cursor) = cursor {
            cursor.seen = version;
        }
        Some(Ok(value))
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.end.value());
        marker.value(self.cursor.unwrap_or_default());
    }

    fn describe(&self) -> String {
        "a watched value to change".to_owned()
    }
}

fn changed(cx: &mut Cx<'_>, watch: Value) -> Result<Answer, Thrown> {
    let (_, seen, _) = state(cx.vm, watch);
    Ok(Answer::Wait(Wait::at(Newer { watch, seen, cursor: None, end: End::Closed })))
}

fn iterate(vm: &mut Vm, watch: Value) -> Result<Value, Thrown> {
    Ok(vm.heap.object(Box::new(Cursor { watch, seen: 0 })))
}

fn next(cx: &mut Cx<'_>, cursor: Value, default: Rest) -> Result<Answer, Thrown> {
    let found = cx.vm.heap.object_ref::<Cursor>(cursor);
    let (watch, seen) = found.map(|cursor| (cursor.watch, cursor.seen)).unwrap_or_default();
    let end = End::of(cx.vm, default);
    Ok(Answer::Wait(Wait::at(Newer { watch, seen, cursor: Some(cursor), end })))
}

fn itself(_: &mut Vm, cursor: Value) -> Result<Value, Thrown> {
    Ok(cursor)
}

fn leave(_: &mut Vm, _: Value) -> Result<Value, Thrown> {
    Ok(Value::null())
}
