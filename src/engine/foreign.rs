//! Errors of the host on their way through a script.
//!
//! A Rust error that a host function gives is thrown as an `Error` of Kettle with its text, and its
//! chain of sources as causes. The Rust error itself travels along as the `data` of that error, an
//! object that scripts can only pass on, so that the host gets it back when nothing catches it:
//! [`Error::downcast_ref`](super::Error::downcast_ref).

use std::error::Error;
use std::sync::Arc;

use super::error::Error as HostError;
use crate::vm::error::DATA;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm as Machine};

/// A chain of sources has no limit of its own, and could be a ring.
const CAUSES_MAX: usize = 32;

/// An error of the host, shared by all that tell of it.
pub type ForeignError = Arc<dyn Error + Send + Sync>;

/// What a script holds of it.
struct Foreign(ForeignError);

impl HostObject for Foreign {
    fn type_name(&self) -> &'static str {
        "host_error"
    }

    fn is_held(&self) -> bool {
        false
    }
}

/// An error of Kettle that says what a Rust error says, with its sources as causes.
pub fn throw(vm: &mut Machine, error: Box<dyn Error + Send + Sync>) -> Thrown {
    // What the script itself has thrown, in a call from this function, is thrown on.
    if let Some(HostError::Uncaught { thrown, .. }) = error.downcast_ref()
        && let Ok(thrown) = thrown.raw(&vm.heap)
    {
        return Thrown(thrown);
    }
    let error: ForeignError = Arc::from(error);
    let mut chain = Vec::new();
    let mut next = error.source();
    while let Some(source) = next.filter(|_| chain.len() < CAUSES_MAX) {
        chain.push(source.to_string());
        next = source.source();
    }
    let mut cause = Value::null();
    for message in chain.into_iter().rev() {
        cause = vm.error_with(ErrorKind::Error, message, &[("cause", cause)]).0;
    }
    let message = error.to_string();
    let data = vm.heap.object(Box::new(Foreign(error)));
    vm.error_with(ErrorKind::Error, message, &[("cause", cause), ("data", data)])
}

/// The error of the host that an error of a script began as.
pub fn of(vm: &Machine, error: Value) -> Option<ForeignError> {
    let data = vm.error_slot(error, DATA);
    vm.heap.object_ref::<Foreign>(data).map(|foreign| foreign.0.clone())
}

/// Looks for an error of a type in the chain of sources of another one.
pub fn downcast<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    for _ in 0..=CAUSES_MAX {
        let error = next?;
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
