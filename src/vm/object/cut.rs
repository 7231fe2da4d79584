//! What travels along the stack besides errors: cancellations and traces.

use super::Body;
use crate::vm::heap::Marker;
use crate::vm::value::Value;

/// A cancellation that unwinds frames up to its target.
#[derive(Clone, Debug, Default)]
pub struct Cut {
    /// The scope record where it ends.
    pub target: u64,
    /// Errors thrown by clean-ups on its way.
    pub errors: Vec<Value>,
}

impl Body for Cut {
    fn trace(&self, marker: &mut Marker) {
        marker.values(&self.errors);
    }

    fn external_bytes(&self) -> usize {
        self.errors.capacity() * size_of::<Value>()
    }
}

/// Why a frame of a trace was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceKind {
    /// By a call.
    Call,
    /// By an awaited call.
    Await,
    /// As the first function of a task.
    Spawn,
}

/// One frame of a trace, as cheap to take as an error is to throw; the VM knows the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    /// Number of the function in the VM's table.
    pub function: u32,
    /// Index of the instruction.
    pub instruction: u32,
    /// How it was entered.
    pub kind: TraceKind,
    /// How many frames between it and the one before are left out, of a very deep stack.
    pub left_out: u32,
}

/// The stack trace of an error, innermost frame first.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Its frames.
    pub entries: Vec<TraceEntry>,
}

impl Body for Trace {
    fn trace(&self, _: &mut Marker) {}

    fn external_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<TraceEntry>()
    }
}
