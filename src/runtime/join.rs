//! Joining: waiting for the end of a task, and refusing to where nobody would ever wake.

use super::driver::Ticket;
use super::event_loop::Loop;
use super::handle::{End, TaskHandle, end_of, task_of};
use super::mutex::Mutex;
use super::op::{Arms, Outcome};
use super::promise::Promise;
use super::task::TaskId;
use super::wait::Wait;
use super::waiters::WaiterId;
use crate::vm::display::display_short;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// How much of a value an error quotes.
const DISPLAY_MAX: usize = 60;

/// A place among those who wait for the end of a task.
#[derive(Debug)]
pub struct JoinPlace(Option<WaiterId>);

/// What awaiting an object means.
pub(super) fn wait_for(vm: &mut Vm, value: Value) -> Result<Wait, Thrown> {
    if vm.heap.object_ref::<TaskHandle>(value).is_some() {
        Ok(Wait::Join(value))
    } else if vm.heap.object_ref::<Promise>(value).is_some() {
        Ok(Wait::Promise(value))
    } else {
        let shown = display_short(&vm.heap, value, DISPLAY_MAX);
        let message = format!("{shown} cannot be awaited: only calls, tasks and promises are");
        Err(vm.error(ErrorKind::TypeError, message))
    }
}

/// Whether an object is a task or a promise.
pub(super) fn is_awaitable(vm: &Vm, value: Value) -> bool {
    vm.heap.object_ref::<TaskHandle>(value).is_some()
        || vm.heap.object_ref::<Promise>(value).is_some()
}

impl Loop {
    /// What a join of an ended task gives. Handing out its error is what makes the task awaited.
    pub(super) fn try_join(&mut self, vm: &mut Vm, handle: Value, stop: bool) -> Option<Outcome> {
        let reason = match end_of(vm, handle)? {
            End::Running(_) => return None,
            End::Value(value) => return Some(Ok(value)),
            End::Failed(error) => {
                let found = vm.heap.object_unseen::<TaskHandle>(handle)?;
                found.awaited = true;
                return Some(Err(error));
            }
            End::Cancelled(_) if stop => return Some(Ok(Value::null())),
            End::Cancelled(reason) => reason,
        };
        let found = vm.heap.object_ref::<TaskHandle>(handle)?;
        let mut message = format!("task {} ({}) was cancelled", found.number, found.name(vm));
        if let Some((_, by)) = &reason.by {
            message.push_str(&format!(" by {by}"));
        }
        match &reason.message {
            Some(text) => message.push_str(&format!(": {text}")),
            None => message.push_str(&format!(" ({})", reason.kind.name())),
        }
        let reason = self.reason_map(vm, &reason);
        let fields = [("reason", reason)];
        let Thrown(error) = vm.error_with(ErrorKind::TaskCancelledError, message, &fields);
        Some(Err(error))
    }

    /// Makes a ticket be attempted again when the task of a handle has ended.
    pub fn join_queue(&mut self, vm: &mut Vm, handle: Value, ticket: Ticket) -> JoinPlace {
        let found = vm.heap.object_in_place::<TaskHandle>(handle);
        JoinPlace(found.map(|found| self.waiters.push(&mut found.joiners, ticket)))
    }

    /// Takes [`join_queue`](Loop::join_queue) back.
    pub fn leave_join_queue(&mut self, vm: &mut Vm, handle: Value, place: JoinPlace) {
        if let (Some(found), Some(place)) = (vm.heap.object_in_place::<TaskHandle>(handle), place.0)
        {
            self.waiters.remove(&mut found.joiners, place);
        }
    }

    /// The error of a wait that nobody could ever end: for the task itself, for one it lives in,
    /// for a mutex it holds, or for a task that waits for it by a chain of joins and locks.
    pub(super) fn wait_cycle(&self, vm: &mut Vm, id: TaskId, wait: &Wait) -> Option<Thrown> {
        let target = self.depends_on(vm, wait)?;
        let me = self.tasks.get(id)?;
        let is_lock = matches!(wait, Wait::Lock(_));
        if target == id {
            let message = match is_lock {
                true => {
                    format!("{} holds {} already", self.tasks.title(me), self.title_of(vm, wait))
                }
                false => format!("{} would wait for itself", self.tasks.title(me)),
            };
            return Some(vm.error(ErrorKind::DeadlockError, message));
        }
        let name = |id| self.tasks.get(id).map_or_else(String::new, |task| self.tasks.title(task));
        // What a task lives in was spawned before it.
        let is_older = self.tasks.get(target).is_some_and(|task| task.number < me.number);
        if !is_lock && is_older && self.recs.chain(me.rec).any(|(_, rec)| rec.host == Some(target))
        {
            let (me, around) = (self.tasks.title(me), name(target));
            let message =
                format!("{me} would wait for {around}, which it is part of and which waits for it");
            return Some(vm.error(ErrorKind::DeadlockError, message));
        }
        if !self.is_waited_for(vm, me.handle) {
            return None;
        }
        let next = |waited_for: &TaskId| self.waits_alone_for(vm, *waited_for);
        let chain = || std::iter::successors(Some(target), next).take(self.tasks.count() + 1);
        let length = chain().position(|waited_for| waited_for == id)?;
        let mut path = format!("{}{}", self.tasks.title(me), self.link(vm, wait));
        for waiter in chain().take(length) {
            let link = self.single_wait(waiter).map_or_else(String::new, |w| self.link(vm, w));
            path.push_str(&link);
        }
        let message = format!("these tasks would wait for each other: {path}");
        Some(vm.error(ErrorKind::DeadlockError, message))
    }

    /// Whether somebody may wait for what a task does. If not, no wait of its own closes a cycle,
    /// and a long chain of joins need not be followed link by link as each one is added.
    fn is_waited_for(&self, vm: &Vm, handle: Value) -> bool {
        let joiners = vm.heap.object_ref::<TaskHandle>(handle).map(|handle| handle.joiners);
        self.lock_waits > 0 || joiners.is_some_and(|joiners| self.waiters.first(&joiners).is_some())
    }

    /// The task whose doing alone ends a wait: the one that is joined, or the owner of the mutex.
    fn depends_on(&self, vm: &Vm, wait: &Wait) -> Option<TaskId> {
        match wait {
            Wait::Join(handle) | Wait::Stop(handle) => task_of(vm, *handle),
            Wait::Lock(mutex) => vm.heap.object_ref::<Mutex>(*mutex)?.owner,
            _ => None,
        }
    }

    /// The task for whose doing alone a task waits.
    fn waits_alone_for(&self, vm: &Vm, id: TaskId) -> Option<TaskId> {
        self.depends_on(vm, self.single_wait(id)?)
    }

    /// What alone a task waits for. Arms of a `select` are not followed: another one may happen.
    fn single_wait(&self, id: TaskId) -> Option<&Wait> {
        match &self.tasks.get(id)?.op.pending {
            Some(Arms::One(arm)) => Some(&arm.wait),
            _ => None,
        }
    }

    /// A link of a cycle: what is waited for, and whose doing that is.
    fn link(&self, vm: &Vm, wait: &Wait) -> String {
        let task = self.depends_on(vm, wait).and_then(|id| self.tasks.get(id));
        let task = task.map_or_else(String::new, |task| self.tasks.title(task));
        match wait {
            Wait::Lock(_) => format!(" → {}, held by {task}", self.title_of(vm, wait)),
            _ => format!(" → {task}"),
        }
    }

    /// The mutex of a lock as messages call it.
    pub(super) fn title_of(&self, vm: &Vm, wait: &Wait) -> String {
        let mutex = match wait {
            Wait::Lock(mutex) => vm.heap.object_ref::<Mutex>(*mutex),
            _ => None,
        };
        mutex.map_or_else(|| "a mutex".to_owned(), Mutex::title)
    }

    /// A lock as reports describe it: the mutex, and who holds it.
    pub(super) fn describe_lock(&self, vm: &Vm, wait: &Wait) -> String {
        let title = self.title_of(vm, wait);
        match self.depends_on(vm, wait).map(|owner| self.tasks.get(owner)) {
            Some(Some(owner)) => format!("{title}, held by {}", self.tasks.title(owner)),
            Some(None) => format!("{title}, which a task that has ended held"),
            None => title,
        }
    }
}
