//! Allocation of cells: size classes, bumping through holes, sweeping of blocks.
//!
//! A class has its blocks in three lists. When a cycle ends, all are *pending*: their dead cells
//! are known (what the bitmap does not show) but not reclaimed. Reclaiming a block drops the dead
//! objects of owning classes and makes it *ready*, or gives it back if nothing lives in it. A block
//! that has been bumped through is *used* until the next cycle ends. Nothing is allocated in
//! pending blocks, so whatever their bitmap does not show is dead.
#![expect(unsafe_code, reason = "cells are raw memory")]

use std::ptr::NonNull;

use super::account::Account;
use super::block::{BLOCK_SIZE, BlockPool, BlockRef};
use super::mark::{counted, drop_cell};
use super::release::{BYTES_PER_DROP, LARGE_MIN, Release};
use super::stats::HeapStats;
use crate::vm::object::{Header, Str};

/// Cell sizes: steps of 8 up to 160, then four to a doubling.
const SIZES: [usize; 35] = [
    16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144, 152, 160, 192, 224,
    256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1792, 1920, 2048,
];
const CLASSES: usize = SIZES.len();
/// Up to this size there is a class for every eight bytes.
const FINE_MAX: usize = 160;
/// What is reclaimed of a block where a cell of it is wanted at once, in objects that are dropped.
const RECLAIM_MAX: usize = 4000;
/// Larger objects have blocks of their own.
pub(super) const CELL_MAX: usize = 2048;
/// Classes for sizes above 160, by size in steps of 32.
const COARSE: [u8; CELL_MAX / 32 + 1] = coarse_table();

const fn coarse_table() -> [u8; CELL_MAX / 32 + 1] {
    let mut table = [0; CELL_MAX / 32 + 1];
    let mut step = 0;
    while step < table.len() {
        let mut class = 0;
        while SIZES[class] < step * 32 {
            class += 1;
        }
        table[step] = class as u8;
        step += 1;
    }
    table
}

/// The size class for objects of so many bytes, and the bytes of its cells.
#[inline(always)]
const fn class_of(size: usize) -> (usize, usize) {
    if size <= FINE_MAX {
        let steps = if size <= 16 { 2 } else { size.div_ceil(8) };
        (steps - 2, steps * 8)
    } else {
        let class = COARSE[size.div_ceil(32)] as usize;
        (class, SIZES[class])
    }
}

// The collector knows strings whose bytes are elsewhere by the size of their cells.
const _: () = assert!(class_of(Str::SHARED_SIZE).1 == Str::SHARED_SIZE);

/// The hole that a class allocates from.
#[derive(Clone, Copy)]
struct Bump {
    next: *mut u8,
    end: *mut u8,
}

const NO_HOLE: Bump = Bump { next: std::ptr::null_mut(), end: std::ptr::null_mut() };

/// The blocks of a class.
#[derive(Default)]
struct ClassBlocks {
    /// The block that the hole is in, and the index of the first cell behind the hole.
    current: Option<(BlockRef, usize)>,
    pending: Vec<BlockRef>,
    ready: Vec<BlockRef>,
    used: Vec<BlockRef>,
}

/// All cells of a heap.
pub(super) struct Space {
    bumps: [Bump; 2 * CLASSES],
    classes: [ClassBlocks; 2 * CLASSES],
    pool: BlockPool,
    large: Vec<BlockRef>,
    /// Large blocks from here on have not been looked at since the last cycle ended.
    large_pending: usize,
    /// The class from which on blocks may be pending.
    sweep_class: usize,
    release: Release,
    /// Epoch of the bitmaps that say what survived the last cycle.
    pub(super) epoch: u64,
    /// Fill dead cells with rubbish, to find whoever still uses them.
    pub(super) poison: bool,
}

impl Default for Space {
    fn default() -> Space {
        Space {
            bumps: [NO_HOLE; 2 * CLASSES],
            classes: std::array::from_fn(|_| ClassBlocks::default()),
            pool: BlockPool::default(),
            large: Vec::new(),
            large_pending: 0,
            sweep_class: 2 * CLASSES,
            release: Release::default(),
            epoch: 1,
            poison: false,
        }
    }
}

impl Space {
    /// A cell for an object of `size` bytes. Its content is undefined, except that an owning cell
    /// says it is free.
    #[inline(always)]
    pub(super) fn allocate(
        &mut self,
        size: usize,
        owns: bool,
        account: &mut Account,
        stats: &mut HeapStats,
    ) -> NonNull<Header> {
        if size > CELL_MAX {
            return self.allocate_large(size, owns, account);
        }
        match self.bump(size, owns) {
            Some(cell) => cell,
            None => self.allocate_slow(size, owns, account, stats),
        }
    }

    /// The next cell of the hole that the class of `size`, at most `CELL_MAX`, allocates from; none
    /// if the hole is used up.
    #[inline(always)]
    pub(super) fn bump(&mut self, size: usize, owns: bool) -> Option<NonNull<Header>> {
        let (class, cell_size) = class_of(size);
        let bump = &mut self.bumps[class + if owns { CLASSES } else { 0 }];
        if bump.next >= bump.end {
            return None;
        }
        let cell = bump.next;
        bump.next = cell.wrapping_add(cell_size);
        // SAFETY: a hole lies within a block, so its addresses are not 0.
        Some(unsafe { NonNull::new_unchecked(cell.cast()) })
    }

    #[cold]
    #[inline(never)]
    fn allocate_slow(
        &mut self,
        size: usize,
        owns: bool,
        account: &mut Account,
        stats: &mut HeapStats,
    ) -> NonNull<Header> {
        let (class, size) = class_of(size);
        let class = class + if owns { CLASSES } else { 0 };
        loop {
            if let Some((block, from)) = self.classes[class].current {
                if let Some((start, end)) = find_hole(block, from, self.epoch) {
                    let end = block.make_ready(end);
                    self.classes[class].current = Some((block, end));
                    let (next, end) = (block.cell(start), block.cell(end));
                    account.allocate(end.as_ptr().addr() - next.as_ptr().addr());
                    let rest = next.as_ptr().cast::<u8>().wrapping_add(size);
                    self.bumps[class] = Bump { next: rest, end: end.as_ptr().cast() };
                    return next;
                }
                self.classes[class].used.push(block);
                self.classes[class].current = None;
            }
            let block = self.next_block(class, account, stats);
            self.classes[class].current = Some((block, 0));
        }
    }

    /// A block with room, if possible one that is in use already.
    fn next_block(
        &mut self,
        class: usize,
        account: &mut Account,
        stats: &mut HeapStats,
    ) -> BlockRef {
        if let Some(block) = self.classes[class].ready.pop() {
            return block;
        }
        if let Some(block) = self.classes[class].pending.pop() {
            let mut budget = RECLAIM_MAX;
            if self.reclaim(block, &mut budget, account, stats) {
                return block;
            }
            self.classes[class].pending.push(block);
        }
        let owns = class >= CLASSES;
        account.grow_blocks(BLOCK_SIZE as isize);
        let memory = self.pool.take();
        // SAFETY: the pool's memory belongs to nobody else.
        unsafe { BlockRef::format(memory, class as u8, SIZES[class % CLASSES], owns) }
    }

    fn allocate_large(
        &mut self,
        size: usize,
        owns: bool,
        account: &mut Account,
    ) -> NonNull<Header> {
        let block = BlockRef::large(size, owns);
        account.grow_large(block.size());
        self.large.push(block);
        let object = block.cell(0);
        // It must not look dead to a sweep that is under way.
        block.mark(object, self.epoch);
        object
    }

    /// Drops the dead objects of a block that own something, until the budget is used up; `true` if all
    /// are dropped.
    fn reclaim(
        &self,
        mut block: BlockRef,
        budget: &mut usize,
        account: &mut Account,
        stats: &mut HeapStats,
    ) -> bool {
        *budget = budget.saturating_sub(1);
        if !block.has_owners() && !self.poison {
            return true;
        }
        for index in block.take_swept()..block.ready_count() {
            let cell = block.cell(index);
            if block.is_marked(cell, self.epoch) {
                continue;
            }
            let owned = if block.head().owns { counted(cell) } else { 0 };
            if *budget == 0 || !self.release.shrink(cell, owned, budget) {
                block.set_swept(index);
                return false;
            }
            // SAFETY: the block was pending, so cells that the last cycle did not reach are dead.
            unsafe {
                if block.head().owns
                    && let Some(counted) = drop_cell(cell)
                {
                    account.release_external(counted);
                    stats.dropped += 1;
                    // What is large has been shrunk before.
                    let small = if counted < LARGE_MIN { counted / BYTES_PER_DROP } else { 0 };
                    *budget = budget.saturating_sub(1 + small);
                }
                if self.poison {
                    cell.cast::<u8>().add(1).write_bytes(0xdb, block.cell_size() - 1);
                    cell.cast::<u8>().write(Header::FREE);
                }
            }
        }
        true
    }

    /// A cycle has ended: what the bitmaps of `epoch` do not show is dead.
    pub(super) fn begin_sweep(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.bumps = [NO_HOLE; 2 * CLASSES];
        for class in &mut self.classes {
            class.pending.append(&mut class.ready);
            class.pending.append(&mut class.used);
            class.pending.extend(class.current.take().map(|(block, _)| block));
        }
        self.large_pending = self.large.len();
        self.sweep_class = 0;
    }

    /// Reclaims blocks; `true` if none is left. The budget counts objects that are dropped, and what
    /// takes as long.
    pub(super) fn sweep(
        &mut self,
        mut budget: usize,
        account: &mut Account,
        stats: &mut HeapStats,
    ) -> bool {
        while self.sweep_class < 2 * CLASSES {
            let Some(&block) = self.classes[self.sweep_class].pending.last() else {
                self.sweep_class += 1;
                continue;
            };
            if !self.reclaim(block, &mut budget, account, stats) {
                return false;
            }
            self.classes[self.sweep_class].pending.pop();
            if block.is_current(self.epoch) {
                self.classes[self.sweep_class].ready.push(block);
            } else {
                account.grow_blocks(-(BLOCK_SIZE as isize));
                if self.pool.give(block.memory(), account.blocks_to_come()) {
                    budget = budget.saturating_sub(BLOCK_SIZE / BYTES_PER_DROP);
                }
            }
            if budget == 0 {
                return false;
            }
        }
        while self.large_pending > 0 {
            self.large_pending -= 1;
            let block = self.large[self.large_pending];
            budget = budget.saturating_sub(1);
            if !block.is_marked(block.cell(0), self.epoch) {
                if !self.release.shrink_all(&[block.large_part()], &mut budget) {
                    self.large_pending += 1;
                    return false;
                }
                self.large.swap_remove(self.large_pending);
                let small =
                    if block.size() < LARGE_MIN { block.size() / BYTES_PER_DROP } else { 0 };
                budget = budget.saturating_sub(small);
                // SAFETY: the last cycle did not reach the object.
                unsafe { release_large(block, account, stats) };
            }
            if budget == 0 {
                return false;
            }
        }
        true
    }
}

/// Drops and frees a large object.
///
/// # Safety
/// It is dead.
unsafe fn release_large(block: BlockRef, account: &mut Account, stats: &mut HeapStats) {
    // SAFETY: promised by the caller.
    unsafe {
        if block.head().owns
            && let Some(counted) = drop_cell(block.cell(0))
        {
            account.release_external(counted);
            stats.dropped += 1;
        }
        account.shrink_large(block.size());
        block.release_large();
    }
}

/// The next run of dead cells in a block, as indices.
fn find_hole(block: BlockRef, from: usize, epoch: u64) -> Option<(usize, usize)> {
    let count = block.count();
    if !block.is_current(epoch) {
        return (from < count).then_some((from, count));
    }
    let start = block.next_dead(from, epoch);
    (start < count).then(|| (start, block.next_live(start, epoch)))
}

impl Drop for Space {
    /// Drops every object of an owning kind; the memory of blocks goes with the pool.
    fn drop(&mut self) {
        // No bitmap has this epoch, so everything counts as dead.
        self.begin_sweep(u64::MAX);
        self.poison = false;
        let (mut account, mut stats) = (Account::new(usize::MAX), HeapStats::default());
        for class in &self.classes[CLASSES..] {
            for block in &class.pending {
                let (mut block, mut budget) = (*block, usize::MAX);
                block.set_swept(0);
                self.reclaim(block, &mut budget, &mut account, &mut stats);
            }
        }
        for block in std::mem::take(&mut self.large) {
            // SAFETY: the heap is going, and nothing refers to its objects any more.
            unsafe { release_large(block, &mut account, &mut stats) };
        }
    }
}
