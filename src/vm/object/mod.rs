//! What the heap holds: one Rust type per kind of object.
//!
//! Every object begins with a [`Header`]. Two families:
//! - *inline* objects keep all their data in their cell and own nothing outside it; small fixed
//!   parts are followed by slots or bytes. They die silently.
//! - `Owned` objects wrap a Rust value that may own malloc memory (a long list, a map, a host
//!   object). Their cells live in blocks of their own, whose dead cells are dropped, and what they
//!   own is counted as external memory.
//!
//! This module knows the layouts. It must not know blocks, marking or the memory limit (`heap`),
//! nor what operators do with the objects.
#![expect(unsafe_code, reason = "objects with trailing slots are read through raw addresses")]

mod class;
mod cut;
mod enumeration;
mod function;
mod generator;
mod host;
mod host_value;
mod items;
mod lent;
mod list;
mod local;
mod module;
mod range;
mod string;
mod type_kind;

use std::cell::Cell;

pub use class::{Class, InstanceRef, Member};
pub use cut::{Cut, Trace, TraceEntry, TraceKind};
pub use enumeration::{Enum, VariantInfo, VariantRef};
pub use function::{BoundRef, ClosureRef, NativeId};
pub use generator::{Generator, GeneratorState};
pub use host::HostObject;
pub use host_value::{Computed, Digits, HostValue, KeyForm, NoOrder, Operator, Unary};
pub use items::{Element, Items};
pub use lent::{Lender, LentFn, Loan, Refused};
pub use list::List;
pub use local::Local;
pub use module::{Module, ModuleMember};
pub use range::Range;
pub use string::{Bytes, Str};
pub use type_kind::TypeKind;

pub(in crate::vm) use class::Instance;
pub(in crate::vm) use enumeration::Variant;
pub(in crate::vm) use function::{Bound, Closure, VariableCell};
pub(in crate::vm) use host::Hosted;
pub(in crate::vm) use range::RangeObject;
pub(in crate::vm) use string::{Piece, Room, Shared};
pub(in crate::vm) use type_kind::TypeObject;

use super::heap::Marker;
use super::value::{Kind, Value};

/// The first eight bytes of every object.
///
/// ```text
/// byte 0     1       2      4                     8
///      kind  flags   count  word
/// ```
/// `count` is the number of inline slots, or of the bytes in front of a string's own; `word` is the cached hash of a string, the shape of an
/// instance, the function of a closure, the number of a native or variant. Of an object that awaiting can
/// bring to a value both say where that lies: see `heap/settle.rs`.
#[derive(Debug)]
#[repr(C)]
pub struct Header {
    kind: u8,
    flags: Cell<u8>,
    count: u16,
    word: Cell<u32>,
}

impl Header {
    /// The kind byte of a cell that holds no object.
    pub(in crate::vm) const FREE: u8 = 0;
    /// The object is waiting to be scanned again, because it was written to while marking.
    pub(in crate::vm) const REMEMBERED: u8 = 1;
    /// The object is large, and has been scanned in part.
    pub(in crate::vm) const PARTIAL: u8 = 32;

    /// The header of a new object.
    #[inline(always)]
    pub(in crate::vm) const fn new(kind: Kind, count: u16, word: u32) -> Header {
        Header { kind: kind as u8, flags: Cell::new(0), count, word: Cell::new(word) }
    }

    /// The header of a new object with flags, and no word yet.
    #[inline(always)]
    pub(in crate::vm) const fn flagged(kind: Kind, flags: u8, count: u16) -> Header {
        Header { kind: kind as u8, flags: Cell::new(flags), count, word: Cell::new(0) }
    }

    /// The kind byte.
    #[inline(always)]
    pub(in crate::vm) const fn kind_byte(&self) -> u8 {
        self.kind
    }

    /// What this object is. Only for cells that hold one.
    #[inline(always)]
    pub(in crate::vm) const fn kind(&self) -> Kind {
        Kind::ALL[self.kind as usize]
    }

    /// Says that the cell holds no object any more.
    #[inline(always)]
    pub(in crate::vm) const fn set_free(&mut self) {
        self.kind = Header::FREE;
    }

    /// The number of inline slots.
    #[inline(always)]
    pub(in crate::vm) const fn count(&self) -> usize {
        self.count as usize
    }

    /// The word whose meaning depends on the kind.
    #[inline(always)]
    pub(in crate::vm) fn word(&self) -> u32 {
        self.word.get()
    }

    /// Sets that word.
    #[inline(always)]
    pub(in crate::vm) fn set_word(&self, word: u32) {
        self.word.set(word);
    }

    /// Whether `flag` is set.
    #[inline(always)]
    pub(in crate::vm) fn has(&self, flag: u8) -> bool {
        self.flags.get() & flag != 0
    }

    /// Sets `flag`.
    #[inline(always)]
    pub(in crate::vm) fn add(&self, flag: u8) {
        self.flags.set(self.flags.get() | flag);
    }

    /// Clears `flag`.
    #[inline(always)]
    pub(in crate::vm) fn remove(&self, flag: u8) {
        self.flags.set(self.flags.get() & !flag);
    }
}

/// A Rust value that owns memory outside its cell.
pub(in crate::vm) trait Body {
    /// There is nothing to be dropped as long as `external_bytes` is 0.
    const LAZY: bool = false;

    /// Reports the values it holds.
    fn trace(&self, marker: &mut Marker);

    /// Reports about `count` of the values it holds, from an index on; gives the index to go on
    /// from. Containers that can be long do this, so that one step of the collector stays short.
    fn trace_slice(&self, marker: &mut Marker, from: usize, count: usize) -> Option<usize> {
        let _ = (from, count);
        self.trace(marker);
        None
    }

    /// The bytes it owns outside its cell.
    fn external_bytes(&self) -> usize;

    /// The address and the length of those of its buffers that may be large, in which nothing has to be
    /// dropped: once it is dead, their pages can be given back a few at a time.
    fn buffers(&self) -> Buffers {
        Buffers::default()
    }
}

/// Addresses and lengths of buffers; those that are not there are empty.
pub(in crate::vm) type Buffers = [(usize, usize); 4];

/// The cell of an object that owns memory outside it.
#[repr(C)]
pub(in crate::vm) struct Owned<T> {
    pub(in crate::vm) header: Header,
    /// The external bytes that the heap has counted for it.
    pub(in crate::vm) counted: Cell<usize>,
    pub(in crate::vm) body: T,
}

/// The slots that follow the fixed part `T` of an inline object.
///
/// # Safety
/// `object` is the address of a live object with fixed part `T`, `count` says how many slots were
/// written behind it, and nothing writes to them during `'a`.
#[inline(always)]
unsafe fn trailing<'a, T>(object: *const T, count: usize) -> &'a [Value] {
    const { assert!(size_of::<T>().is_multiple_of(align_of::<Value>())) };
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts(object.add(1).cast::<Value>(), count) }
}
