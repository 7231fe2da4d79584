//! Objects of the runtime and of the host: tasks, channels, sockets, user types.

use std::any::Any;

use super::{Body, HostValue};
use crate::vm::heap::Marker;

/// A Rust value that scripts can hold.
pub trait HostObject: Any + Send {
    /// What `type(x)` prints.
    fn type_name(&self) -> &'static str;

    /// Reports the values it holds. A host object that is changed has to be fetched through
    /// [`Heap::object_mut`](crate::vm::heap::Heap::object_mut) each time, never through a lock or
    /// cell behind the heap's back: the collector learns of the change there.
    fn trace(&self, marker: &mut Marker) {
        let _ = marker;
    }

    /// How it prints.
    fn display(&self) -> String {
        format!("<{}>", self.type_name())
    }

    /// The memory it owns, for the limit and the pace of collection.
    fn external_bytes(&self) -> usize {
        0
    }

    /// It holds something of the world outside, which somebody has to give back. A test that leaves
    /// it open fails.
    fn is_held(&self) -> bool {
        true
    }

    /// What it is as a value; `None` for a handle, which equals only itself.
    fn as_value(&self) -> Option<&dyn HostValue> {
        None
    }
}

impl Body for Box<dyn HostObject> {
    fn trace(&self, marker: &mut Marker) {
        HostObject::trace(self.as_ref(), marker);
    }

    fn external_bytes(&self) -> usize {
        size_of_val(self.as_ref()) + HostObject::external_bytes(self.as_ref())
    }
}

/// What a buffer is made of.
impl Body for Vec<u8> {
    fn trace(&self, _: &mut Marker) {}

    fn external_bytes(&self) -> usize {
        self.capacity()
    }
}
