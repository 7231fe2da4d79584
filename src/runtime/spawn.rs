//! Spawning: how a task comes into a scope.

use super::event_loop::Loop;
use super::rec::{RecId, RecKind};
use super::suspend::Next;
use super::task::{Birth, Link, Name, Task, TaskId, TaskKind};
use super::tracer::Step;
use crate::bytecode::op::{SPAWN_DAEMON, SPAWN_TRY, SPAWN_UNNAMED};
use crate::vm::object::TraceEntry;
use crate::vm::{ErrorKind, FiberId, Limit, Request, Thrown, Value, Vm};

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
    /// Carries out a `spawn` of the code of a task, with arguments that stand on its stack, unless it
    /// is a [usual](Loop::spawn_quick) one.
    pub(super) fn spawn_for(&mut self, vm: &mut Vm, by: TaskId, request: Request) -> Next {
        let Request { value: callee, owner, flags, args, .. } = request;
        let args = vm.args(args).to_vec();
        self.spawn_called(vm, by, owner, flags, Call { callee, args: &args, named: None })
    }

    /// The same, with arguments that stand anywhere.
    pub(super) fn spawn_called(
        &mut self,
        vm: &mut Vm,
        by: TaskId,
        owner: Value,
        flags: i32,
        call: Call<'_>,
    ) -> Next {
        let owner = super::handle::rec_of(vm, owner);
        let handle = match self.spawn(vm, by, owner, TaskKind::from_flags(flags), call) {
            Ok(_) if flags & SPAWN_UNNAMED != 0 => Ok(Value::null()),
            Ok(task) => Ok(self.handle_of(vm, task)),
            Err(Thrown(error)) => Err(error),
        };
        self.deliver(vm, by, handle, None)
    }

    /// Makes a task that belongs to `owner` and runs when those that are ready have run.
    /// Starting is no checkpoint: it runs to its first op even in a cancelled scope.
    pub fn spawn(
        &mut self,
        vm: &mut Vm,
        by: TaskId,
        owner: Option<RecId>,
        kind: TaskKind,
        call: Call<'_>,
    ) -> Result<TaskId, Thrown> {
        let open = owner.filter(|owner| self.recs.get(*owner).is_some_and(|rec| !rec.closed));
        let Some(owner) = open else {
            let message = "this scope has ended, it takes no more tasks";
            return Err(vm.error(ErrorKind::ClosedError, message));
        };
        let site = self.tasks.get(by).and_then(|task| vm.site(task.fiber));
        let named = call.named.and_then(|named| vm.heap.map_ref(named));
        let named: Vec<Value> = named.map(|named| named.values().collect()).unwrap_or_default();
        let child = self.make_task(vm, Some(owner), kind, site, call);
        let locals = self.locals(by);
        if !locals.is_null() {
            self.set_locals(child, locals);
        }
        if self.resources.len() > 0 {
            self.hand_over(by, child, call.args);
            self.hand_over(by, child, &named);
        }
        Ok(child)
    }

    /// Makes a task. Without an owner it is the program's own: its record is that of the program.
    pub(super) fn make_task(
        &mut self,
        vm: &mut Vm,
        owner: Option<RecId>,
        kind: TaskKind,
        site: Option<TraceEntry>,
        call: Call<'_>,
    ) -> TaskId {
        let fiber = vm.new_fiber(call.callee, call.args, call.named);
        self.make_task_of(vm, owner, kind, site, call, fiber)
    }

    /// Makes a task of a fiber that carries the call out.
    pub(super) fn make_task_of(
        &mut self,
        vm: &mut Vm,
        owner: Option<RecId>,
        kind: TaskKind,
        site: Option<TraceEntry>,
        call: Call<'_>,
        fiber: FiberId,
    ) -> TaskId {
        let name = match vm.heap.closure_ref(call.callee).map(|closure| closure.function()) {
            Some(function) => {
                if !self.tasks.knows(function) {
                    self.tasks.learn(function, vm.callee_name(call.callee));
                }
                Name::Function(function)
            }
            None => Name::Own(vm.callee_name(call.callee)),
        };
        if let Some(meter) = &self.meter
            && self.tasks.count() >= meter.tasks_max
        {
            vm.ring(Limit::Tasks);
        }
        let (rec, budget) = (owner.unwrap_or_default(), self.op_budget);
        let (id, spare) = self.tasks.make(Birth { name, kind, fiber, site, rec, budget });
        vm.give_back_fiber(spare);
        if owner.is_none() {
            let program = self.recs.make(RecKind::Program, None, Some(id));
            if let Some(task) = self.tasks.get_mut(id) {
                (task.own, task.rec) = (program, program);
            }
        }
        // Cuts stop at the record of a daemon.
        if kind.is_daemon() {
            let own = self.own_record(id);
            if let Some(rec) = self.recs.get_mut(own) {
                rec.is_daemon = true;
            }
        }
        if self.watch_limit.is_some() && self.tasks.count() > 1 {
            self.start_watchdog(vm);
        }
        self.tell(|rt| rt.spawned(id, owner));
        if let Some(owner) = owner {
            self.adopt(id, owner, kind);
        }
        self.ready.push_back(id);
        id
    }

    /// The own record of a task. Most tasks never enter a scope and are never cancelled alone, so it
    /// is made when it is first needed.
    pub(super) fn own_record(&mut self, id: TaskId) -> RecId {
        let Some(task) = self.tasks.get_mut(id) else { return RecId::default() };
        if task.own == RecId::default() {
            let own = self.recs.make(RecKind::Task, Some(task.rec), Some(id));
            (task.own, task.rec) = (own, own);
        }
        task.own
    }

    /// The record that owns a task; none for the program.
    pub(super) fn owner(&self, task: &Task) -> Option<RecId> {
        match self.recs.get(task.own) {
            Some(own) => own.parent,
            None => Some(task.rec),
        }
    }

    /// A new task, for who traces the loop.
    fn spawned(&self, id: TaskId, owner: Option<RecId>) -> Step {
        let parent = owner.and_then(|owner| self.recs.get(owner)).and_then(|rec| rec.host);
        let name = self.tasks.get(id).map(|task| self.tasks.name(task)).unwrap_or_default();
        let (task, parent) = (self.number_of(Some(id)), self.number_of(parent));
        Step::TaskSpawned { task, name, parent }
    }

    /// Appends a task to the children of its owner.
    fn adopt(&mut self, id: TaskId, owner: RecId, kind: TaskKind) {
        let Some(rec) = self.recs.get_mut(owner) else { return };
        rec.live += u32::from(!kind.is_daemon());
        self.link_child(id, owner);
    }

    /// The same, if it has been counted already.
    pub(super) fn link_child(&mut self, id: TaskId, owner: RecId) {
        let Some(rec) = self.recs.get_mut(owner) else { return };
        let Some(previous) = rec.last_child.replace(id) else {
            rec.first_child = Some(id);
            return;
        };
        if let Some(previous) = self.tasks.get_mut(previous) {
            previous.next = id.into();
        }
        if let Some(task) = self.tasks.get_mut(id) {
            task.previous = previous.into();
        }
    }

    /// Takes a task that has ended out of the children of its owner.
    #[inline]
    pub(super) fn disown(&mut self, id: TaskId, owner: RecId) {
        let Some(gone) = self.tasks.get(id) else { return };
        let (before, behind, is_daemon) = (gone.previous, gone.next, gone.kind.is_daemon());
        self.close_gap(owner, before, behind);
        if let Some(rec) = self.recs.get_mut(owner) {
            rec.live -= u32::from(!is_daemon);
        }
    }

    /// Those on either side of a child of a record are neighbours now.
    #[inline]
    pub(super) fn close_gap(&mut self, owner: RecId, before: Link, behind: Link) {
        self.tasks.unlink(before, behind);
        if !before.is_none() && !behind.is_none() {
            return;
        }
        let (first, last) = (self.tasks.linked(behind), self.tasks.linked(before));
        let Some(rec) = self.recs.get_unseen(owner) else { return };
        if before.is_none() {
            rec.first_child = first;
        }
        if behind.is_none() {
            rec.last_child = last;
        }
    }
}
