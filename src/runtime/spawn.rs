//! Spawning: how a task comes into a scope.

use std::sync::Arc;

use super::event_loop::Loop;
use super::handle::{End, TaskHandle};
use super::rec::{RecId, RecKind};
use super::task::{Birth, TaskId, TaskKind};
use super::tracer::Step;
use super::waiters::WaitList;
use crate::bytecode::op::{SPAWN_DAEMON, SPAWN_TRY};
use crate::vm::object::TraceEntry;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// What a new task calls.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Anything that can be called.
    pub callee: Value,
    /// Arguments by position.
    pub args: &'a [Value],
    /// A map of arguments by name.
    pub named: Option<Value>,
}

impl TaskKind {
    /// The kind that the flags of a `Spawn` instruction mean.
    pub(super) fn from_flags(flags: i32) -> TaskKind {
        match (flags & SPAWN_DAEMON != 0, flags & SPAWN_TRY != 0) {
            (false, false) => TaskKind::Plain,
            (true, false) => TaskKind::Daemon,
            (false, true) => TaskKind::Try,
            (true, true) => TaskKind::DaemonTry,
        }
    }
}

impl Loop {
    /// Makes a task that belongs to `owner` and runs when those that are ready have run. Gives its
    /// handle. Starting is no checkpoint: it runs to its first op even in a cancelled scope.
    pub fn spawn(
        &mut self,
        vm: &mut Vm,
        by: TaskId,
        owner: Option<RecId>,
        kind: TaskKind,
        call: Call<'_>,
    ) -> Result<Value, Thrown> {
        let open = owner.filter(|owner| self.recs.get(*owner).is_some_and(|rec| !rec.closed));
        let Some(owner) = open else {
            let message = "this scope has ended, it takes no more tasks";
            return Err(vm.error(ErrorKind::ClosedError, message));
        };
        let site = self.tasks.get(by).and_then(|task| vm.site(task.fiber));
        let named = call.named.and_then(|named| vm.heap.map_ref(named));
        let named: Vec<Value> = named.map(|named| named.values().collect()).unwrap_or_default();
        let handle = self.make_task(vm, Some(owner), kind, site, call);
        if let Some(child) = super::handle::task_of(vm, handle) {
            let locals = self.locals(by);
            self.set_locals(child, locals);
            self.hand_over(by, child, call.args);
            self.hand_over(by, child, &named);
        }
        Ok(handle)
    }

    /// Makes a task. Without an owner it is the program's own: its record is that of the program.
    pub(super) fn make_task(
        &mut self,
        vm: &mut Vm,
        owner: Option<RecId>,
        kind: TaskKind,
        site: Option<TraceEntry>,
        call: Call<'_>,
    ) -> Value {
        let name: Arc<str> = vm.callee_name(call.callee);
        let fiber = vm.new_fiber(call.callee, call.args, call.named);
        let id = self.tasks.make(Birth { name: name.clone(), kind, fiber, site });
        let own = match owner {
            None => self.recs.make(RecKind::Program, None, Some(id)),
            Some(_) => self.recs.make(RecKind::Task, owner, Some(id)),
        };
        if let Some(rec) = self.recs.get_mut(own) {
            rec.is_daemon = kind.is_daemon();
        }
        let Some(task) = self.tasks.get_mut(id) else { return Value::null() };
        task.own = own;
        task.rec = own;
        task.budget = self.op_budget;
        let handle = vm.heap.object(Box::new(TaskHandle {
            number: task.number,
            name,
            end: End::Running(id),
            awaited: false,
            joiners: WaitList::default(),
        }));
        task.handle = handle;
        if self.watch_limit.is_some() && self.tasks.count() > 1 {
            self.start_watchdog(vm);
        }
        self.tell(|rt| rt.spawned(id, owner));
        if let Some(owner) = owner {
            self.adopt(id, owner);
        }
        self.wake(id);
        handle
    }

    /// A new task, for who traces the loop.
    fn spawned(&self, id: TaskId, owner: Option<RecId>) -> Step {
        let parent = owner.and_then(|owner| self.recs.get(owner)).and_then(|rec| rec.host);
        let name = self.tasks.get(id).map_or_else(|| "".into(), |task| task.name.clone());
        let (task, parent) = (self.number_of(Some(id)), self.number_of(parent));
        Step::TaskSpawned { task, name, parent }
    }

    /// Appends a task to the children of its owner.
    fn adopt(&mut self, id: TaskId, owner: RecId) {
        let Some(rec) = self.recs.get_mut(owner) else { return };
        let Some(task) = self.tasks.get_mut(id) else { return };
        rec.live += u32::from(!task.kind.is_daemon());
        task.previous = rec.last_child.replace(id);
        match task.previous {
            None => rec.first_child = Some(id),
            Some(previous) => {
                if let Some(previous) = self.tasks.get_mut(previous) {
                    previous.next = Some(id);
                }
            }
        }
    }

    /// Takes a task out of the children of its owner.
    pub(super) fn disown(&mut self, id: TaskId, owner: RecId) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        let (previous, next) = (task.previous.take(), task.next.take());
        let counted = u32::from(!task.kind.is_daemon());
        if let Some(previous) = previous.and_then(|id| self.tasks.get_mut(id)) {
            previous.next = next;
        }
        if let Some(next) = next.and_then(|id| self.tasks.get_mut(id)) {
            next.previous = previous;
        }
        let Some(rec) = self.recs.get_mut(owner) else { return };
        rec.live -= counted;
        if previous.is_none() {
            rec.first_child = next;
        }
        if next.is_none() {
            rec.last_child = previous;
        }
    }
}
