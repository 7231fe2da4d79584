//! Mutexes: one owner at a time, served in the order of asking.
//!
//! Between two suspensions a task has the heap to itself, so a mutex is only for what must not be
//! interleaved across awaits. It knows its owner, so that a lock that nobody could ever give is an
//! error at once.

use super::event_loop::Loop;
use super::op::Outcome;
use super::task::TaskId;
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
            if self.tasks.get(owner).is_some() {
                return None;
            }
            let title = found.title();
            let text = format!("{title} was never unlocked by the task that held it and has ended");
            let Thrown(error) = vm.error(ErrorKind::DeadlockError, text);
            return Some(Err(error));
        }
        if found.number.is_none() {
            self.mutexes += 1;
            found.number = Some(self.mutexes);
        }
        found.owner = Some(by);
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
                (Some(_), Some(owner)) => format!("unlock: {} holds {title}", owner.title()),
                (Some(_), None) => format!("unlock: the task that holds {title} has ended"),
            };
            return Err(vm.error(ErrorKind::ValueError, message));
        }
        let next = self.waiters.first(&found.waiters);
        found.owner = next.and_then(|ticket| self.pending(ticket));
        if let Some(ticket) = next {
            self.complete(vm, ticket, Ok(Value::null()));
        }
        Ok(())
    }
}
