//! What the heap tells about itself.

use super::Heap;

/// Counters of a heap.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeapStats {
    /// Finished cycles.
    pub cycles: u64,
    /// Steps, full collections included.
    pub steps: u64,
    /// Objects that the last finished cycle reached.
    pub live_objects: usize,
    /// Bytes of their cells.
    pub live_bytes: usize,
    /// Memory that they owned outside their cells.
    pub live_external: usize,
    /// Objects of owning kinds that were dropped since the heap was made.
    pub dropped: u64,
    /// Memory in blocks, in bytes.
    pub block_bytes: usize,
    /// Memory of large objects, in bytes.
    pub large_bytes: usize,
    /// External memory counted now, in bytes.
    pub external_bytes: usize,
}

impl Heap {
    /// Counters as of now.
    pub fn stats(&self) -> HeapStats {
        HeapStats {
            block_bytes: self.account.block_bytes,
            large_bytes: self.account.large_bytes,
            external_bytes: self.account.external_bytes,
            ..self.stats
        }
    }
}
