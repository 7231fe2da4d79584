//! The heap: makes objects, hands out views of them, and reclaims what nothing reaches.
//!
//! A non-moving mark-sweep collector. Objects live in cells of 64 KiB blocks (`block.rs`), one size
//! per block, found by bumping a pointer through the holes between survivors (`space.rs`). A cycle
//! (`collect.rs`) marks in small steps between which scripts run, then reclaims block by block.
//!
//! # Invariants, which all `unsafe` of the VM's object layer rests on
//! 1. *Tag and object agree.* A [`Value`] of an object kind is only made by the makers of this
//!    module (or copied), so its payload is the address of a cell whose header says the same kind.
//! 2. *Values in use are live.* Cycles begin and end only inside [`Heap::collect_step`] and
//!    [`Heap::collect_full`], which need `&mut Heap`: views cannot outlive them. ([`Heap::assist`] marks in
//!    between, and reclaims what was dead when the last cycle ended.) Values kept across
//!    them have to be reported by the roots or be held by an object that is. (Debug builds check
//!    the header's kind at every view; torture mode poisons dead cells.)
//! 3. *Objects do not move*, so addresses and pointers into the own cell stay valid.
//! 4. *Who stores a value into an object tells the heap*: the `…_mut` views do, raw stores call
//!    [`Heap::write_barrier`] or [`Heap::store_barrier`]. While marking, an object that was already
//!    reached is put on the list of those to be scanned again, or the value that is stored is marked, so
//!    that no live object stays unmarked. Where values only change places within a container, what counts
//!    is whether it has been scanned in part (`Heap::move_barrier`). Objects made while marking are marked and scanned at once.
//! 5. *Values of different heaps never meet.*
//! 6. *Cells of owning blocks say in their header's kind whether there is an object*, and the block
//!    counts those that own something; only blocks that have such ones are searched for dead ones. All
//!    other dead cells may hold anything.
//!
//! The heap must not know fibers, tasks or operators. Nothing here recurses on the native stack.
#![expect(unsafe_code, reason = "this module is the memory manager")]

mod account;
mod append;
mod block;
mod collect;
mod digits;
mod huge;
mod make;
mod mark;
mod name;
mod place;
mod raw;
mod release;
mod root;
mod settle;
mod space;
mod stats;
mod string;
mod unseen;
mod view;

pub use account::{More, OutOfMemory};
pub use digits::push_int;
pub(in crate::vm) use huge::advise;
pub use mark::{Marker, Pass};
pub(in crate::vm) use raw::fetch_ahead;
pub use raw::push_text;
pub use root::Root;
pub use stats::{HeapStats, Part, PartTime};
pub use unseen::Unseen;

use std::cell::Cell;
use std::ptr::NonNull;
use std::time::Duration;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use self::account::Account;
use self::collect::Phase;
use self::name::FunctionNames;
use self::place::Place;
use self::space::Space;
use super::hash::IntHasher;
use super::object::Header;
use super::value::Value;

/// What a heap starts with.
#[derive(Clone, Copy, Debug)]
pub struct HeapOptions {
    /// Bytes that it may use, external memory included.
    pub limit: usize,
    /// Collect at every safepoint and poison what is dead.
    pub torture: bool,
}

impl Default for HeapOptions {
    fn default() -> HeapOptions {
        HeapOptions { limit: usize::MAX, torture: false }
    }
}

/// All objects of one VM.
pub struct Heap {
    space: Space,
    marker: Marker,
    phase: Phase,
    account: Account,
    /// The owning object that was handed out for writing last: what it owns may have changed.
    touched: Option<NonNull<Header>>,
    stats: HeapStats,
    /// Times the steps, for who wants to know.
    clock: Option<fn() -> Duration>,
    torture: bool,
    hasher: RandomState,
    int_hasher: IntHasher,
    /// Strings of source code, by content.
    interned: HashTable<Value>,
    /// The strings of one ASCII character.
    characters: [Value; 128],
    names: FunctionNames,
    /// The character of a text that was looked for last.
    place: Cell<Option<Place>>,
    /// Natives by number, so that each is one object.
    natives: Vec<Value>,
    /// Built-in types.
    types: Vec<Value>,
    /// What hosts hold.
    roots: root::Roots,
    /// The last shape that was given to a class.
    last_shape: u32,
}

// SAFETY: the addresses in a heap are its own: nothing outside it but values that travel with the
// same VM refer to them, and host objects are `Send`.
unsafe impl Send for Heap {}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new(HeapOptions::default())
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // What objects own is told by what was measured last.
        self.settle();
    }
}

impl Heap {
    /// An empty heap.
    pub fn new(options: HeapOptions) -> Heap {
        let hasher = RandomState::default();
        Heap {
            space: Space::default(),
            marker: Marker::default(),
            phase: Phase::Idle,
            account: Account::new(options.limit),
            touched: None,
            stats: HeapStats::default(),
            clock: None,
            torture: options.torture,
            int_hasher: IntHasher::from_hasher(&hasher),
            hasher,
            interned: HashTable::new(),
            characters: [Value::null(); 128],
            names: FunctionNames::default(),
            place: Cell::new(None),
            natives: Vec::new(),
            types: Vec::new(),
            roots: root::Roots::default(),
            last_shape: 0,
        }
    }

    /// Collect at every safepoint and poison what is dead: finds values that no root reports.
    pub fn set_torture(&mut self, torture: bool) {
        self.torture = torture;
    }

    /// The hasher of this heap's maps: seeded, so that nobody outside can make keys collide.
    pub(in crate::vm) fn hasher(&self) -> &RandomState {
        &self.hasher
    }

    /// The same for ints.
    #[inline(always)]
    pub(in crate::vm) fn int_hasher(&self) -> IntHasher {
        self.int_hasher
    }

    /// Whether the collector has to be told of what is stored.
    #[inline(always)]
    pub(in crate::vm) fn is_marking(&self) -> bool {
        self.marker.is_marking()
    }

    /// Tells the collector that a value was or will be stored into `object` before the next
    /// safepoint.
    #[inline(always)]
    pub fn write_barrier(&mut self, object: Value) {
        if self.marker.is_marking() {
            self.write_barrier_slow(object);
        }
    }

    /// The same for a store of this value alone, into whatever object: the value is marked, and the object
    /// needs no second look, however large it is.
    #[inline(always)]
    pub fn store_barrier(&mut self, value: Value) {
        if self.marker.is_marking() && value.is_object() {
            self.store_barrier_slow(value);
        }
    }

    /// The same for an object in which nothing is stored, but whose content may stand elsewhere afterwards.
    #[inline]
    pub(in crate::vm) fn move_barrier(&mut self, object: Value) {
        if self.marker.is_marking()
            && let Some(object) = object.object()
        {
            self.marker.rearrange(object);
        }
    }

    #[cold]
    #[inline(never)]
    fn store_barrier_slow(&mut self, value: Value) {
        self.marker.value(value);
    }

    #[cold]
    #[inline(never)]
    fn write_barrier_slow(&mut self, object: Value) {
        if let Some(object) = object.object() {
            self.marker.remember(object);
        }
    }
}

impl std::fmt::Debug for Heap {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Heap").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
