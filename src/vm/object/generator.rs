//! Generators: a function that is suspended at a `yield`.
//!
//! While it is suspended, its one frame is kept here. While it runs, the frame lies on the stack of
//! whoever asked for the next element, and what is kept here does not count.

use super::Body;
use crate::vm::exit::FiberId;
use crate::vm::heap::Marker;
use crate::vm::value::Value;

/// Where a generator stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneratorState {
    /// At a `yield`, or before its beginning.
    Suspended,
    /// Its frame is on a stack.
    Running,
    /// It gives nothing more.
    Finished,
}

/// A generator.
#[derive(Debug)]
pub struct Generator {
    /// Where it stands.
    pub state: GeneratorState,
    /// Its `next` has to be awaited.
    pub is_async: bool,
    /// A loop that is left early does not close it.
    pub stays_open: bool,
    /// The scope that closes it when it ends, as the loop knows it; 0 for none.
    pub home: u64,
    /// The fiber that is known to be in that scope.
    pub consumer: Option<FiberId>,
    /// Its function, as a number in the VM's table.
    pub(in crate::vm) function: u32,
    /// Address of the instruction that it goes on with.
    pub(in crate::vm) pc: usize,
    /// How many of the registers are in use while it is suspended.
    pub(in crate::vm) live: usize,
    /// Room for all registers of its frame; it never changes its size.
    pub(in crate::vm) frame: Box<[Value]>,
    /// An element that was asked for and put back, or the mark of something missing.
    pub ahead: Value,
    /// What the `next` that runs it gives at the end; the mark of something missing if it throws.
    pub(in crate::vm) at_end: Value,
}

impl Body for Generator {
    fn trace(&self, marker: &mut Marker) {
        if self.state == GeneratorState::Suspended {
            marker.values(&self.frame[..self.live]);
        }
        marker.values(&[self.at_end, self.ahead]);
    }

    fn external_bytes(&self) -> usize {
        size_of_val(&*self.frame)
    }
}
