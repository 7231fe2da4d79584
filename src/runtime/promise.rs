//! Promises: a value that somebody will give once, and everybody may wait for.

use super::event_loop::Loop;
use super::op::Outcome;
use super::waiters::WaitList;
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{Value, Vm};

/// A promise, as scripts hold it.
#[derive(Debug, Default)]
pub struct Promise {
    outcome: Option<Outcome>,
    pub(super) waiters: WaitList,
}

impl Promise {
    /// A promise that has not been kept.
    pub fn new() -> Promise {
        Promise::default()
    }

    /// Whether it has been kept or broken.
    pub fn is_done(&self) -> bool {
        self.outcome.is_some()
    }
}

impl HostObject for Promise {
    fn type_name(&self) -> &'static str {
        "promise"
    }

    fn trace(&self, marker: &mut Marker) {
        if let Some(Ok(value) | Err(value)) = self.outcome {
            marker.value(value);
        }
    }

    fn settled(&self) -> Option<Value> {
        self.outcome.and_then(Result::ok)
    }

    fn display(&self) -> String {
        let state = match self.outcome {
            None => "pending",
            Some(Ok(_)) => "resolved",
            Some(Err(_)) => "rejected",
        };
        format!("<promise {state}>")
    }
}

/// What has come of a promise, if anything has.
pub(super) fn outcome(vm: &Vm, promise: Value) -> Option<Outcome> {
    vm.heap.object_ref::<Promise>(promise)?.outcome
}

impl Loop {
    /// Keeps or breaks a promise. Only the first time counts: says whether this was it.
    pub fn settle(&mut self, vm: &mut Vm, promise: Value, outcome: Outcome) -> bool {
        let Some(found) = vm.heap.object_mut::<Promise>(promise) else { return false };
        if found.outcome.is_some() {
            return false;
        }
        found.outcome = Some(outcome);
        while let Some(ticket) = vm
            .heap
            .object_ref::<Promise>(promise)
            .and_then(|promise| self.waiters.first(&promise.waiters))
        {
            self.complete(vm, ticket, outcome);
        }
        true
    }
}
