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
    pub(super) owner: Option<TaskId>,
    pub(super) waiters: WaitList,
}

impl Mutex {
    /// A mutex that nobody holds.
    pub fn new() -> Mutex {
        Mutex::default()
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
        format!("<mutex {}>", if self.is_locked() { "locked" } else { "free" })
    }
}

impl Loop {
    /// Takes a mutex that is free; none if it is not.
    pub(super) fn try_lock(&mut self, vm: &mut Vm, by: TaskId, mutex: Value) -> Option<Outcome> {
        let found = vm.heap.object_mut::<Mutex>(mutex)?;
        if found.owner.is_some() {
            return None;
        }
        found.owner = Some(by);
        Some(Ok(Value::null()))
    }

    /// Gives a mutex to who has waited longest, or nobody.
    pub fn unlock(&mut self, vm: &mut Vm, by: TaskId, mutex: Value) -> Result<(), Thrown> {
        let Some(found) = vm.heap.object_mut::<Mutex>(mutex) else { return Ok(()) };
        if found.owner != Some(by) {
            let owner = found.owner.and_then(|owner| self.tasks.get(owner));
            let message = match (found.owner, owner) {
                (None, _) => "unlock: nobody holds this mutex".to_owned(),
                (Some(_), Some(owner)) => format!("unlock: {} holds this mutex", owner.title()),
                (Some(_), None) => "unlock: the task that holds this mutex has ended".to_owned(),
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
