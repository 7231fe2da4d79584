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
        if bytes < ALLOCATION_MAX && self.heap.reserve(bytes).is_ok() {
            return Ok(());
        }
        Err(self.out_of_memory())
    }

    /// The error of memory that would pass the limit. Garbage is looked for at the next safepoint,
    /// so that whoever catches the error finds what room there is.
    #[cold]
    pub fn out_of_memory(&mut self) -> Thrown {
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
