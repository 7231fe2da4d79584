//! Asking before something large is made, and the one error where there is no room for it.
//!
//! Small objects are made without asking: the run loop looks at the limit at its safepoints.

use super::Vm;
use super::error::{ErrorKind, Thrown};
use super::limit::Limit;

/// No allocation of Rust may be larger than this, whatever the limit says.
const ALLOCATION_MAX: usize = isize::MAX as usize;

impl Vm {
    /// Fails if that many more bytes would pass the limit.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), Thrown> {
        if self.has_to_stop() {
            return Err(self.stopped());
        }
        if bytes < ALLOCATION_MAX && self.heap.reserve(bytes).is_ok() {
            return Ok(());
        }
        Err(self.out_of_memory())
    }

    /// Tells the heap of memory that fibers take or have given back.
    #[inline]
    pub(super) fn count_fibers(&mut self) {
        if self.fibers.bytes() != self.fiber_bytes {
            self.tell_of_fibers();
        }
    }

    #[cold]
    fn tell_of_fibers(&mut self) {
        let now = self.fibers.bytes();
        self.heap.external(now as isize - self.fiber_bytes as isize);
        self.fiber_bytes = now;
    }

    /// The error of memory that would pass the limit. Garbage is looked for at the next safepoint,
    /// so that whoever catches the error finds what room there is.
    #[cold]
    pub fn out_of_memory(&mut self) -> Thrown {
        if self.has_to_stop() {
            return self.stopped();
        }
        self.heap.request_collection();
        self.limit_reached()
    }

    /// The error of a limit that is still passed after a collection.
    #[cold]
    pub(super) fn limit_reached(&mut self) -> Thrown {
        self.ring(Limit::Memory);
        let text = match self.heap.limit() {
            usize::MAX => "so much memory cannot be had".to_owned(),
            limit => format!("the memory limit of {limit} bytes is reached"),
        };
        self.error(ErrorKind::MemoryError, text)
    }
}
