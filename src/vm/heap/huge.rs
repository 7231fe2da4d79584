//! Large pages for the tables of large maps. A look-up goes anywhere in them, and the processor knows the
//! addresses of few pages at a time: with small ones, finding out where a page is takes as long as the
//! look-up. (A tenth of the time of a map of a million strings. What is filled and read in order gains
//! nothing, and loses where the system has to put a large page together first: so blocks of objects, lists
//! and texts have none.)

/// What the system's allocator notes in front of memory that it maps.
#[cfg(target_os = "linux")]
const HEAD: usize = 16;

/// Tells the system that a range of memory will be read all over, if it is large enough for large pages.
/// This changes how quick the memory is, nothing else.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the system is asked by address")]
pub(in crate::vm) fn advise<T>(memory: *const T, bytes: usize) {
    const HUGE: usize = 2 << 20;
    const PAGE: usize = 4096;
    const MADV_HUGEPAGE: i32 = 14;
    unsafe extern "C" {
        fn madvise(address: *mut u8, length: usize, advice: i32) -> i32;
    }
    if bytes >= 2 * HUGE {
        // All pages that hold some of it, and what the allocator notes in front of it: memory of which the
        // system has been told different things cannot grow by moving, but would have to be copied.
        let begin = (memory.addr() - HEAD) / PAGE * PAGE;
        let end = (memory.addr() + bytes).next_multiple_of(PAGE);
        let address = memory.cast_mut().cast::<u8>().with_addr(begin);
        // SAFETY: the advice changes no content, wherever the range lies.
        unsafe {
            madvise(address, end - begin, MADV_HUGEPAGE);
        }
    }
}

/// Other systems find out by themselves.
#[cfg(not(target_os = "linux"))]
pub(in crate::vm) fn advise<T>(_: *const T, _: usize) {}
