//! Looking for a value in a list by `==`.

use crate::vm::Value;
use crate::vm::equal::{Equality, equal};
use crate::vm::heap::Heap;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// At this index.
    At(usize),
    /// Nowhere.
    Nowhere,
    /// A class on the way defines `==`: script code has to be asked.
    AskScript,
}

/// The first index, from `from` on, of an element that equals `value`.
pub fn position_of(heap: &Heap, items: &[Value], value: Value, from: usize) -> Found {
    for (index, item) in items.iter().enumerate().skip(from) {
        match equal(heap, *item, value) {
            Equality::Yes => return Found::At(index),
            Equality::No => {}
            Equality::NeedsCall { .. } => return Found::AskScript,
        }
    }
    Found::Nowhere
}
