//! Asking before a native makes something large.

use crate::vm::{ErrorKind, Thrown, Vm};

/// A `MemoryError` if so many bytes more would pass the limit of the VM.
pub fn reserve(vm: &mut Vm, bytes: usize) -> Result<(), Thrown> {
    // Below this the collector's own accounting is exact enough.
    const SMALL: usize = 4096;
    // No allocation of Rust may be larger than this, whatever the limit says.
    const GREATEST: usize = isize::MAX as usize;
    if bytes <= SMALL || (bytes < GREATEST && vm.heap.reserve(bytes).is_ok()) {
        return Ok(());
    }
    Err(out_of_memory(vm))
}

/// The error of what would pass the limit.
#[cold]
pub fn out_of_memory(vm: &mut Vm) -> Thrown {
    vm.heap.request_collection();
    vm.error(ErrorKind::MemoryError, "the memory limit would be passed")
}
