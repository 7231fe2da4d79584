//! What scripts hold of tasks and scopes.
//!
//! A task's handle outlives it: the result is kept here, so a task whose handle nobody holds is
//! forgotten when it ends.

use std::sync::Arc;
use std::time::Duration;

use super::cancel::Reason;
use super::event_loop::Loop;
use super::rec::RecId;
use super::task::TaskId;
use super::waiters::WaitList;
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{TraceFrame, Value, Vm};

/// How a task has ended.
#[derive(Debug)]
pub enum End {
    /// Not yet.
    Running(TaskId),
    /// With a value.
    Value(Value),
    /// With an error.
    Failed(Value),
    /// It was cancelled.
    Cancelled(Arc<Reason>),
}

/// A task, as scripts hold it.
#[derive(Debug)]
pub struct TaskHandle {
    /// Its number.
    pub number: u64,
    /// Its name, if it is not called after a function.
    name: Option<Arc<str>>,
    /// The function that it is called after, by its number.
    function: u32,
    /// How it has ended.
    pub end: End,
    /// An await has handed out its error.
    pub awaited: bool,
    /// Who waits for its end.
    pub(super) joiners: WaitList,
}

impl TaskHandle {
    /// That of a new task, which goes by the name of a function.
    #[inline]
    pub(super) fn new(number: u64, function: u32, task: TaskId) -> TaskHandle {
        TaskHandle {
            number,
            name: None,
            function,
            end: End::Running(task),
            awaited: false,
            joiners: WaitList::default(),
        }
    }

    /// Its name.
    pub fn name<'a>(&'a self, vm: &'a Vm) -> &'a str {
        self.name.as_deref().unwrap_or_else(|| vm.heap.name_of(self.function))
    }

    /// The state that scripts see.
    pub fn state(&self) -> &'static str {
        match self.end {
            End::Running(_) => "running",
            End::Value(_) => "done",
            End::Failed(_) => "failed",
            End::Cancelled(_) => "cancelled",
        }
    }
}

impl HostObject for TaskHandle {
    fn type_name(&self) -> &'static str {
        "task"
    }

    fn trace(&self, marker: &mut Marker) {
        if let End::Value(value) | End::Failed(value) = self.end {
            marker.value(value);
        }
    }

    fn display(&self) -> String {
        self.display_as(self.name.as_deref().unwrap_or_default())
    }

    fn goes_by(&self) -> Option<u32> {
        self.name.is_none().then_some(self.function)
    }

    fn display_as(&self, name: &str) -> String {
        format!("<task {} {name}>", self.number)
    }

    fn settled(&self) -> Option<Value> {
        match self.end {
            End::Value(value) => Some(value),
            _ => None,
        }
    }
}

/// The task of a handle, if it has not ended.
pub(super) fn task_of(vm: &Vm, handle: Value) -> Option<TaskId> {
    match vm.heap.object_ref::<TaskHandle>(handle)?.end {
        End::Running(id) => Some(id),
        _ => None,
    }
}

/// A scope, as scripts hold it: `scope s { }`.
#[derive(Debug)]
pub struct ScopeHandle {
    /// Its record.
    pub rec: RecId,
    /// What it is called in reports: the function it stands in.
    pub name: Arc<str>,
}

impl HostObject for ScopeHandle {
    fn type_name(&self) -> &'static str {
        "scope"
    }

    fn display(&self) -> String {
        format!("<scope {}>", self.name)
    }
}

/// The record that a register names: those of scopes with a name hold a handle, all others a
/// number.
pub(super) fn rec_of(vm: &Vm, value: Value) -> Option<RecId> {
    if let Some(bits) = value.as_int() {
        return Some(RecId::from_bits(bits as u64));
    }
    vm.heap.object_ref::<ScopeHandle>(value).map(|handle| handle.rec)
}

impl Loop {
    /// The handle of a task, made when somebody wants it.
    pub fn handle_of(&mut self, vm: &mut Vm, id: TaskId) -> Value {
        let Some(task) = self.tasks.get(id) else { return Value::null() };
        if !task.handle.is_null() {
            return task.handle;
        }
        let new = TaskHandle::new(task.number, task.function, id);
        let handle = vm.heap.small_object(TaskHandle { name: task.own_name(), ..new });
        if let Some(task) = self.tasks.get_mut(id) {
            task.handle = handle;
        }
        handle
    }

    /// What the task-locals of a task are.
    pub fn locals(&self, id: TaskId) -> Value {
        let rest = self.tasks.get(id).and_then(|task| task.rest.as_ref());
        rest.map(|rest| rest.locals).unwrap_or_default()
    }

    /// Changes them.
    pub fn set_locals(&mut self, id: TaskId, locals: Value) {
        if let Some(task) = self.tasks.get_mut(id)
            && (task.rest.is_some() || !locals.is_null())
        {
            task.rest_mut().locals = locals;
        }
    }

    /// The innermost record that a task is in: what it spawns can belong to that.
    pub fn innermost(&mut self, id: TaskId) -> Option<RecId> {
        self.own_record(id);
        self.tasks.get(id).map(|task| task.rec)
    }

    /// How long it is until the nearest deadline cuts what a task does.
    pub fn time_left(&self, id: TaskId) -> Option<Duration> {
        let deadline = self.recs.deadline(self.tasks.get(id)?.rec)?;
        Some(deadline.since(self.driver.now()))
    }

    /// Gives the task of a handle another name.
    pub fn rename(&mut self, vm: &mut Vm, handle: Value, name: Arc<str>) {
        if let Some(task) = task_of(vm, handle) {
            self.tasks.rename(task, name.clone());
        }
        if let Some(handle) = vm.heap.object_mut::<TaskHandle>(handle) {
            handle.name = Some(name);
        }
    }

    /// The module whose code a task runs, as imports name it.
    pub fn importer(&self, vm: &Vm, id: TaskId) -> Arc<str> {
        let frames = self.tasks.get(id).map(|task| vm.trace(task.fiber)).unwrap_or_default();
        frames.into_iter().next().map_or_else(|| Arc::from(""), |frame| frame.module)
    }

    /// Whether the top level of a module, by its number, runs in a task.
    pub fn runs_top_level(&self, vm: &Vm, id: TaskId, module: u32) -> bool {
        self.tasks.get(id).is_some_and(|task| vm.runs_top_level(task.fiber, module))
    }

    /// What the task of a handle is doing, a line for each function it is in, innermost first.
    /// Nothing if it has ended.
    pub fn trace_of(&self, vm: &Vm, handle: Value) -> Vec<String> {
        let Some(task) = task_of(vm, handle).and_then(|id| self.tasks.get(id)) else {
            return Vec::new();
        };
        self.trace_lines(&vm.trace(task.fiber))
    }

    /// Frames as scripts see them: `fetch at app.ket:12:5`.
    pub fn trace_lines(&self, frames: &[TraceFrame]) -> Vec<String> {
        let line = |frame: &TraceFrame| format!("{} at {}", frame.function, self.host.place(frame));
        frames.iter().map(line).collect()
    }
}
