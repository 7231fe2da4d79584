//! The inner loop of sorting by a comparison of a script: where two runs are merged, an answer is taken
//! and the next question asked without leaving the run loop.

use super::{Kind, Value, bits, copy_slot, tag};
use crate::vm::sorting::Sorting;

/// The sorting that merges two runs: the address of its object and its own; zero if there is none.
///
/// Both stay valid until the collector comes by, which forgets them. As long as a register holds the
/// object, it is that one.
#[derive(Clone, Copy, Default)]
pub(in crate::vm) struct Merging {
    object: u64,
    sorting: usize,
}

impl Merging {
    /// Of this object, which is a sorting.
    pub(in crate::vm) fn new(object: Value, sorting: &mut Sorting) -> Merging {
        let sorting = std::ptr::from_mut(sorting).expose_provenance();
        Merging { object: object.bits(), sorting }
    }

    /// The sorting that is the object in a slot.
    #[inline(always)]
    pub(super) unsafe fn get(self, slot: *const Value) -> Option<*mut Sorting> {
        // SAFETY: promised by the caller.
        let is_it = unsafe { tag(slot) == Kind::Object as u64 && bits(slot) == self.object };
        is_it.then(|| std::ptr::with_exposed_provenance_mut(self.sorting))
    }
}

/// Takes the answer to the last question, where neither run ends with that: puts an element to its
/// place, and gives the next two to compare, an earlier and a later one.
#[inline(always)]
pub(super) unsafe fn merge_step(
    sorting: *mut Sorting,
    order: i64,
) -> Option<(*const Value, *const Value)> {
    // SAFETY: the caller has it from `Merging`, so it lives, and nothing else looks at it; while it
    // merges, `left < middle`, `right < stop` and `at` are places in both vectors.
    unsafe {
        let sorting = &mut *sorting;
        let takes_right = if sorting.descending { order < 0 } else { order > 0 };
        let left = sorting.left + usize::from(!takes_right);
        let right = sorting.right + usize::from(takes_right);
        if left >= sorting.middle || right >= sorting.stop {
            return None;
        }
        let source = sorting.source.as_ptr();
        let from = if takes_right { sorting.right } else { sorting.left };
        copy_slot(sorting.target.as_mut_ptr().add(sorting.at), source.add(from));
        sorting.at += 1;
        (sorting.left, sorting.right) = (left, right);
        Some((source.add(left), source.add(right)))
    }
}
