//! Task-locals: values that belong to what a task does, and that the tasks it spawns inherit.
//!
//! A task has a chain of what was set, innermost first. It is never changed, so a child shares that of its
//! parent, and leaving `with` is going back to the chain there was before.

use crate::natives;
use crate::runtime::{Answer, Cx};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Task-locals.
    pub const LOCAL;

    /// A value of each task: `default` unless it, or the task that spawned it, is inside a `with`.
    fn task.local(default: any?) => local, "import task\nprint(task.local(1).get())" => "1";
    /// The value here.
    host loop method local.get() => get;
    /// Calls `f`, for which and for whose tasks the value is `value`; gives what `f` gives. Await it if `f`
    /// is async.
    core method local.with(value: any, f: fn) => local_with,
        "import task\nlet user = task.local()\nprint(user.with(\"ada\", || user.get()), user.get())" => "ada null";
    /// For the library: sets a local of this task; gives what was set before.
    loop fn core.set_local(local: any, value: any) => set;
    /// For the library: goes back to what was set before.
    loop fn core.reset_locals(before: any) => reset;
}

#[derive(Debug)]
struct Local {
    default: Value,
}

impl HostObject for Local {
    fn type_name(&self) -> &'static str {
        "local"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.default);
    }
}

/// A link of the chain of a task.
#[derive(Debug)]
struct Link {
    local: Value,
    value: Value,
    outer: Value,
}

impl HostObject for Link {
    fn type_name(&self) -> &'static str {
        "locals"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.values(&[self.local, self.value, self.outer]);
    }
}

fn local(vm: &mut Vm, default: Option<Value>) -> Result<Value, Thrown> {
    let default = default.unwrap_or_default();
    Ok(vm.heap.object(Box::new(Local { default })))
}

fn get(cx: &mut Cx<'_>, local: Value) -> Result<Answer, Thrown> {
    let mut next = cx.rt.locals(cx.task);
    while let Some(link) = cx.vm.heap.object_ref::<Link>(next) {
        if link.local.same(local) {
            return Ok(Answer::Value(link.value));
        }
        next = link.outer;
    }
    let default = cx.vm.heap.object_ref::<Local>(local).map(|local| local.default);
    Ok(Answer::Value(default.unwrap_or_default()))
}

fn set(cx: &mut Cx<'_>, local: Value, value: Value) -> Result<Answer, Thrown> {
    let outer = cx.rt.locals(cx.task);
    let link = cx.vm.heap.object(Box::new(Link { local, value, outer }));
    cx.rt.set_locals(cx.task, link);
    Ok(Answer::Value(outer))
}

fn reset(cx: &mut Cx<'_>, before: Value) -> Result<Answer, Thrown> {
    if !before.is_null() && cx.vm.heap.object_ref::<Link>(before).is_none() {
        return Err(cx.vm.error(ErrorKind::TypeError, "core.reset_locals: this was never set"));
    }
    cx.rt.set_locals(cx.task, before);
    Ok(Answer::Value(Value::null()))
}
