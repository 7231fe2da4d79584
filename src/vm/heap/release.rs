//! Giving memory back to the system: whole free blocks, and large buffers a few pages at a time.
//!
//! The system takes about a tenth of a microsecond for each page, so a list of tens of megabytes would
//! hold up a program for milliseconds if it went at once.
#![expect(unsafe_code, reason = "the system is told by address")]

use std::cell::Cell;
use std::ptr::NonNull;

use super::mark::buffers_of;
use crate::vm::object::Header;

/// Giving so many bytes back to the system takes about as long as dropping an object: a quarter of a page.
pub(super) const BYTES_PER_DROP: usize = 1024;
/// The pages of the system are at least so large.
const PAGE: usize = 4096;
/// Buffers below this size go at once.
pub(super) const LARGE_MIN: usize = 4 << 20;

/// How much of a large object that is being given back has gone already.
#[derive(Debug, Default)]
pub(super) struct Release {
    done: Cell<usize>,
}

impl Release {
    /// Gives back pages of what a dead object owns, as long as the budget is not used up; `true` if few are
    /// left, so that the object may be dropped.
    pub(super) fn shrink(&self, object: NonNull<Header>, owned: usize, budget: &mut usize) -> bool {
        owned < LARGE_MIN || *budget == usize::MAX || self.shrink_all(&buffers_of(object), budget)
    }

    /// The same of these buffers.
    pub(super) fn shrink_all(&self, buffers: &[(usize, usize)], budget: &mut usize) -> bool {
        if *budget == usize::MAX {
            return true;
        }
        let mut before = 0;
        for (begin, len) in buffers.iter().copied().filter(|(_, len)| *len >= LARGE_MIN) {
            while self.done.get() < before + len {
                if *budget == 0 {
                    return false;
                }
                let from = self.done.get() - before;
                let count = (len - from).min(budget.saturating_mul(BYTES_PER_DROP));
                // A page of which the last slice has had a part goes with this one.
                let first = ((begin + from) / PAGE * PAGE).max(begin);
                release_pages(first, begin + from + count - first);
                self.done.set(before + from + count);
                *budget = budget.saturating_sub(count.div_ceil(BYTES_PER_DROP));
            }
            before += len;
        }
        self.done.set(0);
        true
    }
}

/// Gives the whole pages in a range of memory back to the system but keeps their addresses: nobody reads what
/// was in them.
#[cfg(target_os = "linux")]
pub(super) fn release_pages(begin: usize, len: usize) {
    const MADV_DONTNEED: i32 = 4;
    unsafe extern "C" {
        fn madvise(address: *mut u8, length: usize, advice: i32) -> i32;
    }
    let (first, end) = (begin.next_multiple_of(PAGE), (begin + len) / PAGE * PAGE);
    if first < end {
        // SAFETY: the memory is ours, and nothing in these pages is used any more. Failure only means that
        // they stay.
        unsafe {
            madvise(std::ptr::with_exposed_provenance_mut(first), end - first, MADV_DONTNEED);
        }
    }
}

/// Lets the system find pages for a range of memory that is about to be used, all at once: one at a time, each
/// when it is first written to, they take half as long again.
#[cfg(target_os = "linux")]
pub(super) fn populate_pages(begin: usize, len: usize) {
    const MADV_POPULATE_WRITE: i32 = 23;
    unsafe extern "C" {
        fn madvise(address: *mut u8, length: usize, advice: i32) -> i32;
    }
    let (first, end) = (begin.next_multiple_of(PAGE), (begin + len) / PAGE * PAGE);
    // SAFETY: this changes no content. Systems that do not know it, or have no memory, change nothing.
    unsafe {
        madvise(std::ptr::with_exposed_provenance_mut(first), end - first, MADV_POPULATE_WRITE);
    }
}

/// Other systems find them when they are used.
#[cfg(not(target_os = "linux"))]
pub(super) fn populate_pages(_: usize, _: usize) {}

/// Other systems keep the pages until the memory is freed.
#[cfg(not(target_os = "linux"))]
pub(super) fn release_pages(_: usize, _: usize) {}
