//! Module `sync`: what tasks wait for each other with, besides channels.
//!
//! Each type is a file here and a host object. Promises and mutexes are known to the loop; the others
//! wait in queues of their own ([`Gate`](crate::runtime::Gate)): the one who has waited longest goes
//! first, and a waiter that is cancelled has taken nothing and passes its turn on.

pub mod barrier;
pub mod broadcast;
pub mod event;
pub mod mutex;
pub mod promise;
pub mod semaphore;
pub mod subscription;
pub mod watch;

use super::argument::Rest;
use crate::runtime::Cx;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// What there is at the end of a source, for those who wait for its next value.
#[derive(Clone, Copy, Debug)]
enum End {
    /// ClosedError.
    Closed,
    /// StopIteration.
    Stop,
    /// This value.
    Value(Value),
}

impl End {
    /// What the arguments of `next(default)` ask for.
    fn of(vm: &Vm, default: Rest) -> End {
        default.first(vm).map_or(End::Stop, End::Value)
    }

    /// The value to be kept, if there is one.
    fn value(self) -> Value {
        if let End::Value(value) = self { value } else { Value::null() }
    }

    /// What the one who waits gets; `what` has ended.
    fn reached(self, cx: &mut Cx<'_>, what: &str) -> Result<Value, Thrown> {
        let kind = match self {
            End::Value(value) => return Ok(value),
            End::Closed => ErrorKind::ClosedError,
            End::Stop => ErrorKind::StopIteration,
        };
        Err(cx.vm.error(kind, format!("the {what} is closed")))
    }
}
