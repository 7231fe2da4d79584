//! Mutexes: one owner at a time, served in the order of asking.
//!
//! Between two suspensions a task has the heap to itself, so a mutex is only for what must not be
//! interleaved across awaits. It knows its owner, so that a lock that nobody could ever give is an
//! error at once.

use super::driver::Ticket;
use super::event_loop::Loop;
use super::op::Outcome;
use super::task::TaskId;
use super::wait::Wait;
use super::waiters::WaitList;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// A mutex, as scripts hold it.
#[derive(Debug, Default)]
pub struct Mutex {
    name: Option<String>,
    /// What it is called without a name: mutexes are numbered as they are first locked.
    number: Option<u64>,
    pub(super) owner: Option<TaskId>,
    pub(super) waiters: WaitList,
}

impl Mutex {
    /// A mutex that nobody holds. Reports call it by its name.
    pub fn new(name: Option<String>) -> Mutex {
        Mutex { name, ..Mutex::default() }
    }

    /// As messages call it.
    pub fn title(&self) -> String {
        match (&self.name, self.number) {
            (Some(name), _) => format!("mutex {name}"),
            (None, Some(number)) => format!("mutex {number}"),
            (None, None) => "mutex".to_owned(),
        }
    }

    /// Who holds it. That task may have ended.
    pub fn owner(&self) -> Option<TaskId> {
        self.owner
    }

    /// Whether somebody holds it.
    pub fn is_locked(&self) -> bool {
        self.owner.is_some()
    }
}

impl HostObject for Mutex {
    fn type_name(&self) -> &'static str {
        "mutex"
    }

    fn display(&self) -> String {
        format!("<{} {}>", self.title(), if self.is_locked() { "locked" } else { "free" })
    }
}

impl Loop {
    /// Takes a mutex that is free; none if it is not. One whose owner has ended will never be.
    pub fn try_lock(&mut self, vm: &mut Vm, by: TaskId, mutex: Value) -> Option<Outcome> {
        let found = vm.heap.object_mut::<Mutex>(mutex)?;
        if let Some(owner) = found.owner {
            let is_alive = self.tasks.get(owner).is_some();
            return (!is_alive).then(|| Err(abandoned(vm, mutex)));
        }
        if found.number.is_none() {
            self.mutexes += 1;
            found.number = Some(self.mutexes);
        }
        found.owner = Some(by);
        self.count_lock(Some(by), 1);
        Some(Ok(Value::null()))
    }

    /// Gives a mutex to who has waited longest, or nobody.
    pub fn unlock(&mut self, vm: &mut Vm, by: TaskId, mutex: Value) -> Result<(), Thrown> {
        let Some(found) = vm.heap.object_mut::<Mutex>(mutex) else { return Ok(()) };
        if found.owner != Some(by) {
            let owner = found.owner.and_then(|owner| self.tasks.get(owner));
            let title = found.title();
            let message = match (found.owner, owner) {
                (None, _) => format!("unlock: nobody holds {title}"),
                (Some(_), Some(owner)) => {
                    format!("unlock: {} holds {title}", self.tasks.title(owner))
                }
                (Some(_), None) => format!("unlock: the task that holds {title} has ended"),
            };
            return Err(vm.error(ErrorKind::ValueError, message));
        }
        let next = self.waiters.first(&found.waiters);
        found.owner = next.and_then(|ticket| self.pending(ticket));
        let owner = found.owner;
        self.count_lock(Some(by), -1);
        self.count_lock(owner, 1);
        if let Some(ticket) = next {
            self.complete(vm, ticket, Ok(Value::null()));
        }
        Ok(())
    }
    fn count_lock(&mut self, task: Option<TaskId>, change: i32) {
        if let Some(task) = task.and_then(|id| self.tasks.get_mut(id)) {
            let locks = &mut task.rest_mut().locks;
            *locks = locks.saturating_add_signed(change);
        }
    }

    /// A task ends that holds mutexes: nobody who waits for one will ever get it, and is told so.
    pub(super) fn abandon_locks(&mut self, vm: &mut Vm, id: TaskId) {
        let rest = self.tasks.get(id).and_then(|task| task.rest.as_ref());
        if self.lock_waits == 0 || rest.is_none_or(|rest| rest.locks == 0) {
            return;
        }
        let waits = |wait: &Wait| match wait {
            Wait::Lock(mutex) => Some(*mutex),
            _ => None,
        };
        let arms = self.tasks.iter().flat_map(|(_, task)| task.op.arms());
        let mut held: Vec<Value> = arms.filter_map(|arm| waits(&arm.wait)).collect();
        held.retain(|mutex| {
            let mutex = vm.heap.object_ref::<Mutex>(*mutex);
            mutex.is_some_and(|mutex| mutex.owner == Some(id))
        });
        for mutex in held {
            while let Some(ticket) = self.first_in_line(vm, mutex) {
                let error = abandoned(vm, mutex);
                self.complete(vm, ticket, Err(error));
            }
        }
    }

    fn first_in_line(&self, vm: &Vm, mutex: Value) -> Option<Ticket> {
        self.waiters.first(&vm.heap.object_ref::<Mutex>(mutex)?.waiters)
    }
}

/// The error of a wait for a mutex whose owner has ended.
fn abandoned(vm: &mut Vm, mutex: Value) -> Value {
    let title = vm.heap.object_ref::<Mutex>(mutex).map_or_else(String::new, Mutex::title);
    let text = format!("{title} was never unlocked by the task that held it and has ended");
    let Thrown(error) = vm.error(ErrorKind::DeadlockError, text);
    error
}
