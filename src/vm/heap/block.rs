//! Blocks: 64 KiB of cells of one size, with their bitmaps; and large blocks of a single object.
//!
//! ```text
//! block, 64 KiB aligned                      large block, 64 KiB aligned, any length
//! ┌────────────┬──────────────┬───────────┐  ┌────────────┬──────────┬─────────────────────┐
//! │ head 64 B  │ 2 × 1 KiB    │ cells …   │  │ head 64 B  │ 2 words  │ object …            │
//! └────────────┴──────────────┴───────────┘  └────────────┴──────────┴─────────────────────┘
//! ```
//! One bit of a bitmap stands for eight bytes, so the address of an object gives its block (mask)
//! and its bit (shift) without a division. There are two bitmaps: what survived the last cycle,
//! and what the running cycle has reached; which is which is the parity of the epoch. A bitmap
//! whose epoch is stale counts as empty, so a cycle starts without touching any block.
#![expect(unsafe_code, reason = "blocks are raw memory")]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use super::release::{populate_pages, release_pages};
use crate::vm::object::Header;

/// Size and alignment of a block.
pub(super) const BLOCK_SIZE: usize = 1 << 16;
/// Blocks are taken from the system in chunks of so many.
const CHUNK_BLOCKS: usize = 16;
/// A heap of so many chunks will use all of another one.
const EAGER_FROM: usize = 16;
/// Cells that have never been used are made ready a page of the system at a time: a class of which a
/// program has few objects should not take a whole block's pages.
const PAGE: usize = 4096;
/// Words of a bitmap.
const BITMAP_WORDS: usize = BLOCK_SIZE / 8 / 64;

/// The head of a block, followed by its bitmaps, word by word in pairs.
#[repr(C, align(64))]
pub(super) struct Block {
    /// Epoch of each bitmap.
    epochs: [u64; 2],
    /// Length of the mapping.
    size: usize,
    /// Bytes of a cell.
    cell: u32,
    /// Number of cells.
    count: u32,
    /// Offset of the first cell.
    first: u32,
    /// Number of cells that say what is in them; those behind them have never been used.
    ready: u32,
    /// Number of cells whose object, live or dead, has to be dropped some day.
    owners: u32,
    /// Index of the cell at which reclaiming goes on.
    swept: u32,
    /// Size class, see `space.rs`.
    pub(super) class: u8,
    /// Dead cells have to be dropped.
    pub(super) owns: bool,
    /// Holds one large object.
    pub(super) large: bool,
}

const HEAD: usize = size_of::<Block>();
const SMALL_FIRST: usize = HEAD + BITMAP_WORDS * 2 * size_of::<u64>();
const LARGE_FIRST: usize = HEAD + 2 * size_of::<u64>();

/// A block, by address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockRef(NonNull<Block>);

impl BlockRef {
    /// The block in which an object lies.
    ///
    /// # Safety
    /// `object` is the address of a cell of a heap.
    #[inline(always)]
    pub(super) unsafe fn of(object: NonNull<Header>) -> BlockRef {
        let address = object.as_ptr().expose_provenance() & !(BLOCK_SIZE - 1);
        let block = std::ptr::with_exposed_provenance_mut(address);
        // SAFETY: cells lie behind the head of their block, so the address is not 0.
        BlockRef(unsafe { NonNull::new_unchecked(block) })
    }

    /// Turns fresh or recycled memory of a block into an empty block of cells.
    ///
    /// # Safety
    /// `memory` is a block's memory that nothing else uses.
    pub(super) unsafe fn format(
        memory: NonNull<u8>,
        class: u8,
        cell: usize,
        owns: bool,
    ) -> BlockRef {
        let block = memory.cast::<Block>();
        let count = (BLOCK_SIZE - SMALL_FIRST) / cell;
        // SAFETY: the memory is ours and large enough.
        unsafe {
            block.write(Block {
                epochs: [0; 2],
                size: BLOCK_SIZE,
                cell: cell as u32,
                count: count as u32,
                first: SMALL_FIRST as u32,
                ready: if owns { 0 } else { count as u32 },
                owners: 0,
                swept: 0,
                class,
                owns,
                large: false,
            });
            let _ = memory.as_ptr().expose_provenance();
        }
        BlockRef(block)
    }

    /// Takes memory for one large object from the system.
    pub(super) fn large(size: usize, owns: bool) -> BlockRef {
        let layout = large_layout(size);
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc(layout) };
        let Some(memory) = NonNull::new(memory) else { handle_alloc_error(layout) };
        let block = memory.cast::<Block>();
        // SAFETY: the memory is ours and has room for head and bitmap words.
        unsafe {
            block.write(Block {
                epochs: [0; 2],
                size: layout.size(),
                cell: 0,
                count: 1,
                first: LARGE_FIRST as u32,
                ready: 1,
                owners: 0,
                swept: 0,
                class: u8::MAX,
                owns,
                large: true,
            });
            memory.add(HEAD).write_bytes(0, LARGE_FIRST - HEAD);
        }
        let _ = memory.as_ptr().expose_provenance();
        BlockRef(block)
    }

    /// Gives the memory of a large block back to the system.
    ///
    /// # Safety
    /// It was made by [`BlockRef::large`] and its object is dead and dropped.
    pub(super) unsafe fn release_large(self) {
        let layout = Layout::from_size_align(self.head().size, BLOCK_SIZE)
            .expect("the layout was valid when the block was made");
        // SAFETY: promised by the caller.
        unsafe { dealloc(self.0.as_ptr().cast(), layout) }
    }

    /// Where the large object is that it holds, but for its beginning, and how long that is.
    pub(super) fn large_part(self) -> (usize, usize) {
        let begin = self.0.addr().get() + PAGE;
        (begin, self.size().saturating_sub(PAGE))
    }

    /// Its head.
    #[inline(always)]
    pub(super) fn head(&self) -> &Block {
        // SAFETY: a block in use has a head, and heads are only written through `head_mut`.
        unsafe { self.0.as_ref() }
    }

    #[inline(always)]
    fn head_mut(&mut self) -> &mut Block {
        // SAFETY: as above; the heap has no two references to one head at the same time.
        unsafe { self.0.as_mut() }
    }

    /// Its memory, for recycling.
    pub(super) fn memory(self) -> NonNull<u8> {
        self.0.cast()
    }

    /// Bytes of the mapping.
    pub(super) fn size(self) -> usize {
        self.head().size
    }

    /// Bytes that an object takes in it.
    #[inline(always)]
    pub(super) fn cell_size(self) -> usize {
        let head = self.head();
        if head.large { head.size } else { head.cell as usize }
    }

    /// The index of the cell at which reclaiming goes on. The next cycle begins at 0.
    pub(super) fn take_swept(&mut self) -> usize {
        std::mem::take(&mut self.head_mut().swept) as usize
    }

    /// Reclaiming stops before a cell.
    pub(super) fn set_swept(&mut self, index: usize) {
        self.head_mut().swept = index as u32;
    }

    /// Whether an object in it has to be dropped some day.
    pub(super) fn has_owners(self) -> bool {
        self.head().owners > 0
    }

    /// An object in it owns something from now on.
    #[inline(always)]
    pub(super) fn add_owner(mut self) {
        self.head_mut().owners += 1;
    }

    /// An object in it owns nothing any more.
    #[inline(always)]
    pub(super) fn remove_owner(mut self) {
        self.head_mut().owners -= 1;
    }

    /// Number of cells.
    pub(super) fn count(self) -> usize {
        self.head().count as usize
    }

    /// Number of cells that may have been used.
    pub(super) fn ready_count(self) -> usize {
        self.head().ready as usize
    }

    /// Makes cells of a hole that ends at `end` ready for use: those of an owning block have to
    /// say that they are free. Gives the end of the part that is ready.
    pub(super) fn make_ready(mut self, end: usize) -> usize {
        let ready = self.ready_count();
        if end <= ready {
            return end;
        }
        let cell = self.head().cell as usize;
        let start = self.head().first as usize + ready * cell;
        let on_page = (start + cell).next_multiple_of(PAGE) - start;
        let end = end.min(ready + on_page / cell);
        for index in ready..end {
            // SAFETY: the cell lies within the block, and nothing has been put there yet.
            unsafe { self.cell(index).cast::<u8>().write(Header::FREE) };
        }
        self.head_mut().ready = end as u32;
        end
    }

    /// The cell at an index.
    #[inline(always)]
    pub(super) fn cell(self, index: usize) -> NonNull<Header> {
        let head = self.head();
        debug_assert!(index <= head.count as usize);
        let offset = head.first as usize + index * head.cell as usize;
        // SAFETY: cells (and the end of the last one) lie within the block.
        unsafe { self.0.byte_add(offset).cast() }
    }

    #[inline(always)]
    fn word(self, index: usize, side: usize) -> NonNull<u64> {
        // SAFETY: the bitmap words follow the head; `index` comes from the address of a cell.
        unsafe { self.0.byte_add(HEAD).cast::<u64>().add(index * 2 + side) }
    }

    /// Whether the bitmap of `epoch` has been started.
    #[inline(always)]
    pub(super) fn is_current(self, epoch: u64) -> bool {
        self.head().epochs[(epoch & 1) as usize] == epoch
    }

    #[cold]
    fn start(mut self, epoch: u64) {
        let side = (epoch & 1) as usize;
        let words = if self.head().large { 1 } else { BITMAP_WORDS };
        for index in 0..words {
            // SAFETY: the words belong to this block's bitmap.
            unsafe { self.word(index, side).write(0) };
        }
        self.head_mut().epochs[side] = epoch;
    }

    /// Sets the bit of an object; `true` if it was not set.
    #[inline(always)]
    pub(super) fn mark(self, object: NonNull<Header>, epoch: u64) -> bool {
        if !self.is_current(epoch) {
            self.start(epoch);
        }
        let bit = (object.as_ptr().addr() & (BLOCK_SIZE - 1)) >> 3;
        let word = self.word(bit >> 6, (epoch & 1) as usize);
        let mask = 1 << (bit & 63);
        // SAFETY: the word belongs to this block's bitmap.
        unsafe {
            let old = word.read();
            word.write(old | mask);
            old & mask == 0
        }
    }

    /// Whether the bit of an object is set.
    #[inline(always)]
    pub(super) fn is_marked(self, object: NonNull<Header>, epoch: u64) -> bool {
        let bit = (object.as_ptr().addr() & (BLOCK_SIZE - 1)) >> 3;
        // SAFETY: the word belongs to this block's bitmap.
        self.is_current(epoch)
            && unsafe { self.word(bit >> 6, (epoch & 1) as usize).read() } >> (bit & 63) & 1 != 0
    }
}

impl BlockRef {
    /// The first dead cell at or behind an index in a block whose bitmap is current, or the count.
    pub(super) fn next_dead(self, from: usize, epoch: u64) -> usize {
        let count = self.count();
        (from..count).find(|index| self.bits_from(*index, epoch) & 1 == 0).unwrap_or(count)
    }

    /// The first live cell at or behind an index, or the count.
    pub(super) fn next_live(self, from: usize, epoch: u64) -> usize {
        let (count, cell) = (self.count(), self.head().cell as usize);
        let mut index = from;
        while index < count {
            let bits = self.bits_from(index, epoch);
            if bits & 1 != 0 {
                return index;
            }
            // Eight bytes per bit: cells that begin below the next bit that is set, or within the
            // rest of the word if none is, are dead.
            let offset = self.head().first as usize + index * cell;
            let rest = 64 - (offset >> 3 & 63);
            let skip = (bits.trailing_zeros() as usize).min(rest);
            index += (skip * 8 / cell).max(1);
        }
        count
    }

    /// The bitmap word of a cell, shifted so that the cell's bit is the lowest.
    #[inline(always)]
    fn bits_from(self, index: usize, epoch: u64) -> u64 {
        let head = self.head();
        let bit = (head.first as usize + index * head.cell as usize) >> 3;
        // SAFETY: the word belongs to this block's bitmap.
        unsafe { self.word(bit >> 6, (epoch & 1) as usize).read() >> (bit & 63) }
    }
}

fn large_layout(size: usize) -> Layout {
    let size = size.checked_add(LARGE_FIRST).and_then(|size| size.checked_next_multiple_of(64));
    size.and_then(|size| Layout::from_size_align(size, BLOCK_SIZE).ok())
        .expect("whoever makes a large object asks `reserve` first")
}

/// Memory for blocks: chunks from the system, cut into blocks, and the blocks that nothing uses.
#[derive(Default)]
pub(super) struct BlockPool {
    chunks: Vec<NonNull<u8>>,
    /// Free blocks whose pages are still ours.
    warm: Vec<NonNull<u8>>,
    /// Free blocks whose pages were given back or never touched.
    cold: Vec<NonNull<u8>>,
}

impl BlockPool {
    const CHUNK: Layout = match Layout::from_size_align(CHUNK_BLOCKS * BLOCK_SIZE, BLOCK_SIZE) {
        Ok(layout) => layout,
        Err(_) => panic!("the constants make a valid layout"),
    };

    /// Memory for a block.
    pub(super) fn take(&mut self) -> NonNull<u8> {
        if let Some(memory) = self.warm.pop().or_else(|| self.cold.pop()) {
            return memory;
        }
        // SAFETY: the layout is not empty.
        let chunk = unsafe { alloc(BlockPool::CHUNK) };
        let Some(chunk) = NonNull::new(chunk) else { handle_alloc_error(BlockPool::CHUNK) };
        if self.chunks.len() >= EAGER_FROM {
            populate_pages(chunk.as_ptr().expose_provenance(), BlockPool::CHUNK.size());
        }
        self.chunks.push(chunk);
        for index in (1..CHUNK_BLOCKS).rev() {
            // SAFETY: the offset is within the chunk.
            self.cold.push(unsafe { chunk.add(index * BLOCK_SIZE) });
        }
        chunk
    }

    /// Takes memory back. At most `warm_max` free blocks keep their pages; `true` if those of this one
    /// went to the system.
    pub(super) fn give(&mut self, memory: NonNull<u8>, warm_max: usize) -> bool {
        if self.warm.len() < warm_max {
            self.warm.push(memory);
            return false;
        }
        release_pages(memory.addr().get(), BLOCK_SIZE);
        self.cold.push(memory);
        true
    }
}

impl Drop for BlockPool {
    fn drop(&mut self) {
        for chunk in &self.chunks {
            // SAFETY: the chunk came from `alloc` with this layout, and its heap is gone.
            unsafe { dealloc(chunk.as_ptr(), BlockPool::CHUNK) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_an_owning_block_are_made_ready_as_they_are_needed() {
        const CELL: usize = 64;
        let mut pool = BlockPool::default();
        let memory = pool.take();
        // SAFETY: the pool gave us the memory, in which rubbish from earlier use may be.
        let block = unsafe {
            memory.write_bytes(0xff, BLOCK_SIZE);
            BlockRef::format(memory, 0, CELL, true)
        };
        let mut ready = 0;
        while ready < block.count() {
            assert_eq!(block.ready_count(), ready);
            let end = block.make_ready(block.count());
            assert!(end > ready && (end - ready) * CELL <= PAGE);
            for index in ready..end {
                // SAFETY: the cell lies within the block.
                let kind = unsafe { block.cell(index).cast::<u8>().read() };
                assert_eq!(kind, Header::FREE);
            }
            ready = end;
        }
        assert_eq!(block.make_ready(5), 5);
    }
}
