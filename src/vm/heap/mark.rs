//! Marking: what is reachable, with a stack of objects that still have to be scanned.
#![expect(unsafe_code, reason = "objects are read by the layout that their header names")]

use std::ptr::NonNull;

use super::block::BlockRef;
use crate::vm::map::Map;
use crate::vm::object::{
    Body, Bound, Buffers, Class, Closure, Cut, Enum, Generator, Header, Hosted, Instance, List,
    Module, Owned, RangeObject, Str, Trace, TypeObject, VariableCell, Variant,
};
use crate::vm::value::{Kind, Value};

/// Why the roots are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Pass {
    /// A cycle begins.
    #[default]
    First,
    /// It goes on: some of the roots of which there may be many, see [`Unseen`](super::Unseen).
    Some,
    /// It ends: what may have changed since it was reported is reported again.
    Last,
}

/// Collects what is reachable.
#[derive(Default)]
pub struct Marker {
    marking: bool,
    /// Epoch of the bitmap that is being filled.
    pub(super) epoch: u64,
    pass: Pass,
    /// Reached, not scanned yet.
    gray: Vec<NonNull<Header>>,
    /// Large objects that were scanned up to an index.
    partial: Vec<(NonNull<Header>, usize)>,
    /// Those of them whose content has moved since, so that they have to be scanned from the beginning.
    moved: Vec<NonNull<Header>>,
    /// Written to after they had been reached.
    remembered: Vec<NonNull<Header>>,
    /// Those of them that are being scanned again.
    again: Vec<NonNull<Header>>,
    /// Work done in this step, in objects.
    spent: usize,
    /// The work after which the step ends.
    budget: usize,
    /// Not all roots that have to be looked at were reached before that.
    roots_left: bool,
    /// How often what was written to has been taken up in this cycle although it was not much less than
    /// the time before.
    rounds: usize,
    /// How much it was the time before.
    last_round: usize,
    pub(super) live_objects: usize,
    pub(super) live_bytes: usize,
    pub(super) live_external: usize,
}

/// Elements of a container that are scanned at once.
const SLICE: usize = 1024;
/// What is written to while marking is scanned again as long as it gets less, and so many times when it does
/// not, then once more when the cycle ends: a program that always writes to the same large container must
/// not keep a cycle from ending.
const ROUNDS_MAX: usize = 4;
/// Elements of a container that count as much as an object.
const VALUES_PER_OBJECT: usize = 4;

impl Marker {
    /// Reports a value that is in use.
    #[inline(always)]
    pub fn value(&mut self, value: Value) {
        let Some(object) = value.object() else { return };
        match value.kind() {
            // Most of what is reached holds nothing and is done with its mark.
            Kind::Bytes | Kind::Range | Kind::Native | Kind::Type => {
                self.reach(object);
            }
            Kind::Str => {
                // SAFETY: as in `reach`.
                let block = unsafe { BlockRef::of(object) };
                // Strings whose bytes are elsewhere have one size: those in other cells are not looked at.
                if self.reach_in(block, object) && block.cell_size() == Str::SHARED_SIZE {
                    // SAFETY: the tag says that it is a string.
                    let string = unsafe { object.cast::<Str>().as_ref() };
                    if let Some(holder) = string.holder() {
                        self.object(holder);
                    }
                }
            }
            _ => self.object(object),
        }
    }

    /// Reports several values.
    pub fn values(&mut self, values: &[Value]) {
        self.spent += values.len() / VALUES_PER_OBJECT;
        for value in values {
            self.value(*value);
        }
    }

    /// Counts work that is not seen otherwise, in objects.
    pub fn spend(&mut self, objects: usize) {
        self.spent += objects;
    }

    /// Why the roots are being asked.
    pub fn pass(&self) -> Pass {
        self.pass
    }

    /// Whether the step has work left for one of many roots; if not, the cycle goes on with the next step.
    pub(super) fn goes_on(&mut self) -> bool {
        let goes_on = self.pass == Pass::Last || self.spent < self.budget;
        self.roots_left |= !goes_on;
        goes_on
    }

    /// Begins with a step of so much work, in objects.
    pub(super) fn begin_step(&mut self, budget: usize) {
        (self.spent, self.budget) = (0, budget);
    }

    /// The roots are going to be asked again.
    pub(super) fn begin_pass(&mut self, pass: Pass) {
        (self.pass, self.roots_left) = (pass, false);
    }

    /// Whether roots have to be looked at that were not in the last pass.
    pub(super) fn has_roots_left(&self) -> bool {
        self.roots_left
    }

    #[inline(always)]
    pub(super) fn is_marking(&self) -> bool {
        self.marking
    }

    /// Reports an object.
    #[inline(always)]
    pub(super) fn object(&mut self, object: NonNull<Header>) {
        if self.reach(object) {
            self.gray.push(object);
        }
    }

    /// Marks an object; `true` if it was not marked yet.
    #[inline(always)]
    fn reach(&mut self, object: NonNull<Header>) -> bool {
        // SAFETY: values hold addresses of live cells (heap/mod.rs, invariants 1 and 2).
        self.reach_in(unsafe { BlockRef::of(object) }, object)
    }

    /// The same for an object whose block is known.
    #[inline(always)]
    fn reach_in(&mut self, block: BlockRef, object: NonNull<Header>) -> bool {
        let fresh = block.mark(object, self.epoch);
        if fresh {
            self.live_objects += 1;
            self.live_bytes += block.cell_size();
        }
        fresh
    }

    /// An object made while marking: it survives this cycle, and what it holds is reached at once, so
    /// that marking gets on however fast new ones are made.
    #[cold]
    pub(super) fn made(&mut self, object: NonNull<Header>) {
        if self.reach(object) {
            self.scan(object, 0);
        }
    }

    /// The write barrier: an object that was reached has to be scanned again.
    pub(super) fn remember(&mut self, object: NonNull<Header>) {
        // SAFETY: as in `object`.
        let (block, header) = unsafe { (BlockRef::of(object), object.as_ref()) };
        if !header.has(Header::REMEMBERED) && block.is_marked(object, self.epoch) {
            header.add(Header::REMEMBERED);
            self.remembered.push(object);
        }
    }

    /// The write barrier where no value is stored but those that are there may stand elsewhere than
    /// where a scan has left off.
    pub(super) fn rearrange(&mut self, object: NonNull<Header>) {
        // SAFETY: as in `object`.
        let header = unsafe { object.as_ref() };
        if header.has(Header::PARTIAL) && !header.has(Header::REMEMBERED) {
            header.add(Header::REMEMBERED);
            self.moved.push(object);
        }
    }

    /// Begins a cycle that fills the bitmap of `epoch`.
    pub(super) fn begin(&mut self, epoch: u64) {
        debug_assert!(self.gray.is_empty() && self.remembered.is_empty());
        self.marking = true;
        self.epoch = epoch;
        self.begin_pass(Pass::First);
        (self.rounds, self.last_round) = (0, usize::MAX);
        (self.live_objects, self.live_bytes, self.live_external) = (0, 0, 0);
    }

    /// The cycle has ended, or is given up.
    pub(super) fn end(&mut self) {
        self.marking = false;
        self.gray.clear();
        let partial = self.partial.drain(..).map(|(object, _)| object);
        let written = self.remembered.drain(..).chain(self.again.drain(..));
        for object in partial.chain(self.moved.drain(..)).chain(written) {
            // SAFETY: nothing is reclaimed while a cycle marks, so the object is still there.
            unsafe { object.as_ref() }.remove(Header::REMEMBERED | Header::PARTIAL);
        }
    }

    /// Whether nothing is known that has still to be scanned, but what was written to.
    pub(super) fn is_clean(&self) -> bool {
        self.gray.is_empty() && self.partial.is_empty()
    }

    /// Scans until the work of the step is done; `true` if nothing is left, or only what is written to
    /// again and again.
    pub(super) fn work(&mut self) -> bool {
        while self.spent < self.budget {
            self.spent += 1;
            if let Some(object) = self.gray.pop() {
                self.scan(object, 0);
            } else if let Some((object, from)) = self.partial.pop() {
                // SAFETY: as in `end`.
                if !unsafe { object.as_ref() }.has(Header::REMEMBERED) {
                    self.scan(object, from);
                }
            } else if let Some(object) = self.moved.pop().or_else(|| self.again.pop()) {
                // SAFETY: as in `end`.
                unsafe { object.as_ref() }.remove(Header::REMEMBERED);
                self.scan(object, 0);
            } else if self.remembered.is_empty() || self.rounds == ROUNDS_MAX {
                return true;
            } else {
                let size = self.remembered.len();
                self.rounds += usize::from(size > self.last_round / 2);
                self.last_round = size;
                std::mem::swap(&mut self.again, &mut self.remembered);
            }
        }
        false
    }

    /// The same for the last pass, after which really nothing is left.
    pub(super) fn last_work(&mut self) -> bool {
        self.rounds = 0;
        self.begin_step(usize::MAX);
        self.work() && self.remembered.is_empty()
    }

    /// Reports what an object holds, from an index on if it is large.
    fn scan(&mut self, object: NonNull<Header>, from: usize) {
        // SAFETY: reached objects are live, and the layout is that of the kind in their header.
        unsafe {
            match object.as_ref().kind() {
                Kind::Str => {
                    if let Some(holder) = object.cast::<Str>().as_ref().holder() {
                        self.object(holder);
                    }
                }
                Kind::Closure => self.scan_slots(object.cast::<Closure>()),
                Kind::Cell => self.value(object.cast::<VariableCell>().as_ref().value),
                Kind::Bound => {
                    let bound = object.cast::<Bound>().as_ref();
                    self.value(bound.receiver);
                    self.value(bound.callee);
                }
                Kind::Instance => {
                    self.object(object.cast::<Instance>().as_ref().class.cast());
                    self.scan_slots(object.cast::<Instance>());
                }
                Kind::Variant => {
                    self.object(object.cast::<Variant>().as_ref().enumeration.cast());
                    self.scan_slots(object.cast::<Variant>());
                }
                Kind::List => self.scan_owned::<List>(object, from),
                Kind::Map | Kind::Set => self.scan_owned::<Map>(object, from),
                Kind::Buffer => self.scan_owned::<Vec<u8>>(object, from),
                Kind::Class => self.scan_owned::<Class>(object, from),
                Kind::Enum => self.scan_owned::<Enum>(object, from),
                Kind::Module => self.scan_owned::<Module>(object, from),
                Kind::Cut => self.scan_owned::<Cut>(object, from),
                Kind::Trace => self.scan_owned::<Trace>(object, from),
                Kind::Generator => self.scan_owned::<Generator>(object, from),
                Kind::Object => {
                    let slot = object.as_ref().count();
                    if slot != 0 {
                        self.value(object.byte_add(slot).cast::<Value>().read());
                    }
                    self.scan_owned::<Hosted>(object, from);
                }
                Kind::Bytes | Kind::Range | Kind::Native | Kind::Type | Kind::Room => {}
                kind => unreachable!("{kind:?} is not a kind of object"),
            }
        }
    }

    /// # Safety
    /// `object` is live and has as many slots behind its fixed part as its header says.
    unsafe fn scan_slots<T>(&mut self, object: NonNull<T>) {
        // SAFETY: promised by the caller.
        unsafe {
            let count = object.cast::<Header>().as_ref().count();
            let slots = object.add(1).cast::<Value>();
            for index in 0..count {
                self.value(slots.add(index).read());
            }
        }
    }

    /// # Safety
    /// `object` is live and an `Owned<T>`.
    unsafe fn scan_owned<T: Body>(&mut self, object: NonNull<Header>, from: usize) {
        // SAFETY: promised by the caller. Scanning happens inside the collector, so nobody holds a
        // reference for writing.
        let owned = unsafe { object.cast::<Owned<T>>().as_ref() };
        if from == 0 {
            self.live_external += owned.counted.get();
        }
        match owned.body.trace_slice(self, from, SLICE) {
            Some(next) => {
                owned.header.add(Header::PARTIAL);
                self.partial.push((object, next));
            }
            None if owned.header.has(Header::PARTIAL) => owned.header.remove(Header::PARTIAL),
            None => {}
        }
    }
}

/// Old and new external bytes of an owning object; the new ones are noted in it.
pub(super) fn measure(object: NonNull<Header>) -> (usize, usize) {
    /// # Safety
    /// `object` is live and an `Owned<T>`.
    unsafe fn note<T: Body>(object: NonNull<Header>) -> (usize, usize) {
        // SAFETY: promised by the caller.
        let owned = unsafe { object.cast::<Owned<T>>().as_ref() };
        let new = owned.body.external_bytes();
        let old = owned.counted.replace(new);
        if T::LAZY && (old == 0) != (new == 0) {
            // SAFETY: the object is in a cell.
            let block = unsafe { BlockRef::of(object) };
            if new > 0 { block.add_owner() } else { block.remove_owner() }
        }
        (old, new)
    }
    // SAFETY: the object was just made or handed out for writing since the last collection, and
    // the layout is that of the kind in its header.
    unsafe {
        match object.as_ref().kind() {
            Kind::List => note::<List>(object),
            Kind::Map | Kind::Set => note::<Map>(object),
            Kind::Buffer => note::<Vec<u8>>(object),
            Kind::Class => note::<Class>(object),
            Kind::Enum => note::<Enum>(object),
            Kind::Module => note::<Module>(object),
            Kind::Cut => note::<Cut>(object),
            Kind::Trace => note::<Trace>(object),
            Kind::Generator => note::<Generator>(object),
            Kind::Object => note::<Hosted>(object),
            _ => (0, 0),
        }
    }
}

/// The large buffers of an owning object.
pub(super) fn buffers_of(object: NonNull<Header>) -> Buffers {
    // SAFETY: the cell has not been dropped, and the layout is that of the kind in its header.
    unsafe {
        match object.as_ref().kind() {
            Kind::List => object.cast::<Owned<List>>().as_ref().body.buffers(),
            Kind::Map | Kind::Set => object.cast::<Owned<Map>>().as_ref().body.buffers(),
            Kind::Buffer => object.cast::<Owned<Vec<u8>>>().as_ref().body.buffers(),
            _ => Buffers::default(),
        }
    }
}

/// What the heap has counted for the object in a cell of an owning block, if there is one.
pub(super) fn counted(cell: NonNull<Header>) -> usize {
    // SAFETY: cells of owning blocks begin with a header that says what is in them; where an object is, it
    // is some `Owned`, whose count stands at the same place whatever its body is.
    unsafe {
        let free = cell.as_ref().kind_byte() == Header::FREE;
        if free { 0 } else { cell.cast::<Owned<()>>().as_ref().counted.get() }
    }
}

/// Drops the object in a cell of an owning block, if there is one that owns something, and marks the
/// cell as free. Gives the external bytes that were counted for it.
///
/// # Safety
/// The cell is dead: nothing refers to it any more.
pub(super) unsafe fn drop_cell(mut cell: NonNull<Header>) -> Option<usize> {
    /// # Safety
    /// As for `drop_cell`, and the object is an `Owned<T>`.
    unsafe fn drop_owned<T: Body>(cell: NonNull<Header>) -> Option<usize> {
        let owned = cell.cast::<Owned<T>>();
        // SAFETY: promised by the caller.
        unsafe {
            let counted = owned.as_ref().counted.get();
            if T::LAZY && counted == 0 {
                return None;
            }
            owned.drop_in_place();
            BlockRef::of(cell).remove_owner();
            Some(counted)
        }
    }
    // SAFETY: cells of owning blocks begin with a header that says what is in them.
    unsafe {
        if cell.as_ref().kind_byte() == Header::FREE {
            return None;
        }
        let counted = match cell.as_ref().kind() {
            Kind::List => drop_owned::<List>(cell),
            Kind::Map | Kind::Set => drop_owned::<Map>(cell),
            Kind::Buffer => drop_owned::<Vec<u8>>(cell),
            Kind::Class => drop_owned::<Class>(cell),
            Kind::Enum => drop_owned::<Enum>(cell),
            Kind::Module => drop_owned::<Module>(cell),
            Kind::Cut => drop_owned::<Cut>(cell),
            Kind::Trace => drop_owned::<Trace>(cell),
            Kind::Generator => drop_owned::<Generator>(cell),
            Kind::Object => drop_owned::<Hosted>(cell),
            kind => unreachable!("{kind:?} owns nothing"),
        };
        cell.as_mut().set_free();
        counted
    }
}

const _: () = {
    // Inline objects have their slots right behind the fixed part.
    assert!(size_of::<Closure>() == 8);
    assert!(
        std::mem::offset_of!(Owned<()>, counted) == std::mem::offset_of!(Owned<Map>, counted)
            && std::mem::offset_of!(Owned<()>, counted)
                == std::mem::offset_of!(Owned<Hosted>, counted)
    );
    assert!(size_of::<Instance>() == 16);
    assert!(size_of::<Variant>() == 16);
    assert!(size_of::<VariableCell>() == 24);
    assert!(align_of::<RangeObject>() == 8 && align_of::<TypeObject>() == 8);
};
