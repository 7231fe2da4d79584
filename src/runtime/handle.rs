//! What scripts hold of tasks and scopes.
//!
//! A task's handle outlives it: the result is kept here, so a task whose handle nobody holds is
//! forgotten when it ends.

use std::sync::Arc;
use std::time::Duration;

use super::cancel::{CancelKind, Reason};
use super::event_loop::Loop;
use super::rec::RecId;
use super::task::TaskId;
use super::waiters::WaitList;
use crate::vm::heap::{Heap, Marker};
use crate::vm::object::HostObject;
use crate::vm::{TraceFrame, Value, Vm};

/// How a task has ended.
#[derive(Clone, Debug)]
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

/// Whether a task has ended, and how. What it has come to is kept by the heap, beside the handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Running,
    Value,
    Failed,
    Cancelled,
}

/// A task, as scripts hold it. It owns nothing, since there are many of them.
#[derive(Debug)]
pub struct TaskHandle {
    /// Its number.
    pub number: u64,
    /// Its name, a string, if it is not called after a function.
    name: Value,
    /// The function that it is called after, by its number.
    function: u32,
    progress: Progress,
    /// It, as long as it runs; the name of none if it has not begun, and is no more than noted.
    task: TaskId,
    /// An await has handed out its error.
    pub awaited: bool,
    /// Who waits for its end.
    pub(super) joiners: WaitList,
}

/// Why a task was cancelled, as the heap keeps it.
struct Grounds(Arc<Reason>);

impl HostObject for Grounds {
    fn type_name(&self) -> &'static str {
        "reason"
    }
}

impl TaskHandle {
    /// That of a new task, which goes by the name of a function.
    #[inline]
    pub(super) fn new(number: u64, function: u32, task: TaskId) -> TaskHandle {
        TaskHandle {
            number,
            name: Value::null(),
            function,
            progress: Progress::Running,
            task,
            awaited: false,
            joiners: WaitList::default(),
        }
    }

    /// That of a task that has not begun, of which no more is known.
    #[inline]
    pub(super) fn newborn(number: u64, function: u32) -> TaskHandle {
        TaskHandle::new(number, function, TaskId::default())
    }

    /// Whether it is that of such a task.
    #[inline]
    pub(super) fn is_newborn(&self) -> bool {
        self.progress == Progress::Running && self.task == TaskId::default()
    }

    /// It is a task like all others now.
    #[inline]
    pub(super) fn grow_up(&mut self, task: TaskId) {
        self.task = task;
    }

    /// Its name.
    pub fn name<'a>(&'a self, vm: &'a Vm) -> &'a str {
        self.name_in(&vm.heap)
    }

    fn name_in<'a>(&'a self, heap: &'a Heap) -> &'a str {
        heap.str(self.name).unwrap_or_else(|| heap.name_of(self.function))
    }

    /// The state that scripts see.
    pub fn state(&self) -> &'static str {
        match self.progress {
            Progress::Running => "running",
            Progress::Value => "done",
            Progress::Failed => "failed",
            Progress::Cancelled => "cancelled",
        }
    }
}

impl HostObject for TaskHandle {
    fn type_name(&self) -> &'static str {
        "task"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.name);
    }

    fn display_in(&self, heap: &Heap) -> String {
        format!("<task {} {}>", self.number, self.name_in(heap))
    }
}

/// How the task of a handle has ended.
pub(super) fn end_of(vm: &Vm, handle: Value) -> Option<End> {
    let kept = || vm.heap.kept(handle);
    let found = vm.heap.object_ref::<TaskHandle>(handle)?;
    Some(match found.progress {
        Progress::Running => End::Running(found.task),
        Progress::Value => End::Value(kept()),
        Progress::Failed => End::Failed(kept()),
        Progress::Cancelled => {
            let reason = vm.heap.object_ref::<Grounds>(kept()).map(|grounds| grounds.0.clone());
            End::Cancelled(reason.unwrap_or_else(|| Arc::new(Reason::new(CancelKind::Explicit))))
        }
    })
}

/// The task of a handle has ended with a value. Gives who waits for that.
#[inline]
pub(super) fn end_with(vm: &mut Vm, handle: Value, value: Value) -> WaitList {
    vm.heap.keep(handle, value, true);
    match vm.heap.object_unseen::<TaskHandle>(handle) {
        Some(found) => {
            found.progress = Progress::Value;
            found.joiners
        }
        None => WaitList::default(),
    }
}

/// The task of a handle has ended.
pub(super) fn set_end(vm: &mut Vm, handle: Value, end: End) {
    let (progress, kept) = match end {
        End::Running(_) => (Progress::Running, Value::null()),
        End::Value(value) => (Progress::Value, value),
        End::Failed(error) => (Progress::Failed, error),
        End::Cancelled(reason) => (Progress::Cancelled, vm.heap.object(Box::new(Grounds(reason)))),
    };
    vm.heap.keep(handle, kept, matches!(progress, Progress::Value));
    if let Some(found) = vm.heap.object_unseen::<TaskHandle>(handle) {
        found.progress = progress;
    }
}

/// The task of a handle, if it has not ended.
pub(super) fn task_of(vm: &Vm, handle: Value) -> Option<TaskId> {
    let found = vm.heap.object_ref::<TaskHandle>(handle)?;
    (found.progress == Progress::Running).then_some(found.task)
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
        let name = task.own_name().map(|name| vm.heap.string(&name)).unwrap_or_default();
        let handle = vm.heap.awaited_object(TaskHandle { name, ..new });
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
        let name = vm.heap.string(&name);
        if let Some(handle) = vm.heap.object_in_place::<TaskHandle>(handle) {
            handle.name = name;
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
