//! Lists.

use std::cell::Cell;

use super::{Body, Buffers, Items, Owned};
use crate::vm::heap::Marker;

/// A list. Whoever writes to one has to ask `frozen` first.
#[derive(Debug)]
#[repr(C)]
pub struct List {
    /// Its elements.
    pub items: Items,
    /// It is a map's key or a set's member, so it cannot be changed any more.
    pub frozen: bool,
    /// Its hash once it is frozen and known, else 0.
    pub(in crate::vm) hash: Cell<u32>,
}

impl List {
    /// A list of these elements.
    #[inline(always)]
    pub(in crate::vm) fn new(items: Items, frozen: bool) -> List {
        List { items, frozen, hash: Cell::new(0) }
    }
}

impl Body for List {
    const LAZY: bool = true;

    fn trace(&self, marker: &mut Marker) {
        marker.values(&self.items);
    }

    fn trace_slice(&self, marker: &mut Marker, from: usize, count: usize) -> Option<usize> {
        let rest = self.items.get(from..).unwrap_or_default();
        marker.values(&rest[..rest.len().min(count)]);
        (rest.len() > count).then_some(from + count)
    }

    fn external_bytes(&self) -> usize {
        self.items.buffer_bytes()
    }

    fn buffers(&self) -> Buffers {
        let buffer = (self.items.as_ptr().addr(), self.items.buffer_bytes());
        [buffer, Default::default(), Default::default(), Default::default()]
    }
}

const _: () = {
    // Elements in a list's own cell stand right behind its fixed part, and `Items` knows that.
    assert!(std::mem::offset_of!(List, items) == 0);
    assert!(
        std::mem::offset_of!(Owned<List>, body) + size_of::<List>() == size_of::<Owned<List>>()
    );
};
