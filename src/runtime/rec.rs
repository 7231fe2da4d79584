//! Scope records: the tree that says what is inside what, and which cancel reaches where.
//!
//! There is one record per scope, timeout, shield, function body that spawns, clean-up that waits,
//! task and program. A record knows its parent, never its children records; the tasks it owns hang
//! on it as a list. What decides which cancel reaches a place is linked (the nearest cancelled
//! record, shield and clean-up outwards), so asking costs no walk however deep the tree is. Nothing
//! here knows values of the heap except the errors a record collects.
//!
//! ```text
//!   program ── task ── scope ── task ── timeout ── clean-up
//!                        └───── task
//! ```

use std::collections::HashSet;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use super::cancel::Reason;
use super::driver::Moment;
use super::task::TaskId;
use super::timer::TimerId;
use crate::vm::Value;
use crate::vm::heap::{Marker, Unseen};

/// How long clean-ups are shielded from a cancel unless a scope says otherwise.
pub const GRACE_DEFAULT: u64 = 5_000_000_000;

/// Names a record; a stale name finds nothing. One word, as that of a [task](TaskId).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecId(NonZeroU64);

/// The name of no record.
impl Default for RecId {
    #[inline]
    fn default() -> RecId {
        RecId::new(u32::MAX, NonZeroU32::MIN)
    }
}

impl RecId {
    #[inline]
    fn new(index: u32, generation: NonZeroU32) -> RecId {
        let bits = u64::from(generation.get()) << 32 | u64::from(index);
        RecId(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MAX))
    }

    #[inline]
    fn index(self) -> u32 {
        self.0.get() as u32
    }

    #[inline]
    fn generation(self) -> u32 {
        (self.0.get() >> 32) as u32
    }

    /// As scripts' registers hold it.
    pub fn to_bits(self) -> u64 {
        self.0.get()
    }

    /// Back from [`to_bits`](RecId::to_bits).
    pub fn from_bits(bits: u64) -> RecId {
        let generation = NonZeroU32::new((bits >> 32) as u32);
        generation.map_or_else(RecId::default, |generation| RecId::new(bits as u32, generation))
    }
}

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecKind {
    /// The program: the outermost.
    Program,
    /// A task as a whole.
    Task,
    /// `scope`.
    Scope,
    /// `timeout`.
    Timeout,
    /// `shield`.
    Shield,
    /// The body of a function that spawns.
    Body,
    /// A `defer` or `finally` that may wait.
    CleanUp,
}

/// A cancel that has been asked for.
#[derive(Debug)]
pub struct Cancel {
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub time: Moment,
}

/// What has gone wrong in a record.
#[derive(Debug, Default)]
pub struct Failures {
    /// Errors, each object once; the first is the one that is thrown.
    pub errors: Vec<Value>,
    /// The same objects: of many, each is found at once.
    known: HashSet<u64>,
    /// Handles of failed `try` tasks, in the order in which they failed.
    pub unclaimed: Vec<Value>,
    /// With so many of these, those that were asked for meanwhile are taken out.
    pub sweep_at: usize,
}

/// The async generators of a record.
#[derive(Debug, Default)]
pub struct Generators {
    /// Those that have not been seen to have ended.
    pub made: Vec<Value>,
    /// With so many, those that have ended are taken out.
    pub sweep_at: usize,
}

/// A record.
#[derive(Debug)]
pub struct Rec {
    generation: NonZeroU32,
    /// What it is for.
    pub kind: RecKind,
    /// The record around it; none for the program.
    pub parent: Option<RecId>,
    /// The task that runs its body; none for a program that a host drives.
    pub host: Option<TaskId>,
    /// How many records are around it.
    pub depth: u32,
    /// How long clean-ups are shielded after it is cancelled, in nanoseconds.
    pub grace: u64,
    /// The duration of a timeout, a shield, or a scope with a limit.
    pub span: u64,
    /// The timer of its deadline.
    pub timer: Option<TimerId>,
    /// When that is, also when it has passed.
    pub deadline: Option<Moment>,
    /// Set once.
    pub cancel: Option<Box<Cancel>>,
    /// The nearest record outwards that is cancelled, this one included.
    cancelled: Option<RecId>,
    /// The nearest shield outwards, this one included.
    shield: Option<RecId>,
    /// The depth of the nearest clean-up outwards, this one included; 0 if there is none.
    clean_up: u32,
    /// A cancel further out has cut something in it: the depth of the record that cut went to.
    pub cut_through: Option<u32>,
    /// The children that have not ended, in spawn order.
    pub first_child: Option<TaskId>,
    /// The last of them.
    pub last_child: Option<TaskId>,
    /// How many children that are no daemons have not ended.
    pub live: u32,
    /// Errors so far.
    pub failures: Option<Box<Failures>>,
    /// The async generators made in it that may have to be closed, in the order of making.
    pub generators: Option<Box<Generators>>,
    /// The failure of a child does not cancel it.
    pub isolates: bool,
    /// It is the record of a daemon task.
    pub is_daemon: bool,
    /// Its own cancel has cut the body or a child that is no daemon.
    pub own_cut: bool,
    /// It takes no more tasks.
    pub closed: bool,
    /// How its body has ended is known.
    pub leaving: bool,
    /// Its body has ended and its tasks have been waited for.
    pub joined: bool,
}

impl Rec {
    /// A place without a record.
    fn none() -> Rec {
        Rec {
            generation: NO_RECORD,
            kind: RecKind::Task,
            parent: None,
            host: None,
            depth: 0,
            grace: GRACE_DEFAULT,
            span: 0,
            timer: None,
            deadline: None,
            cancel: None,
            cancelled: None,
            shield: None,
            clean_up: 0,
            cut_through: None,
            first_child: None,
            last_child: None,
            live: 0,
            failures: None,
            generators: None,
            isolates: false,
            is_daemon: false,
            own_cut: false,
            closed: false,
            leaving: false,
            joined: false,
        }
    }

    /// Whether it has no tasks, nothing in it has gone wrong or was cancelled, and nothing is still to
    /// be closed: then it can be left with nothing more to do.
    #[inline]
    pub fn is_clear(&self) -> bool {
        self.live == 0
            && self.first_child.is_none()
            && self.cancel.is_none()
            && self.failures.is_none()
            && self.cut_through.is_none()
            && self.generators.is_none()
    }

    /// Adds an error unless that very object is there already.
    pub fn add_error(&mut self, error: Value) {
        let failures = self.failures.get_or_insert_default();
        if failures.known.insert(error.bits()) {
            failures.errors.push(error);
        }
    }

    /// The errors so far.
    pub fn errors(&self) -> &[Value] {
        self.failures.as_ref().map_or(&[], |failures| &failures.errors)
    }
}

/// All records of a loop. One stays where it was made, and leaves its place to the next.
#[derive(Default)]
pub struct Recs {
    slots: Vec<Rec>,
    /// The places of those that have been left, the last one first.
    free: Vec<u32>,
    made: u32,
    /// Those that the collector has to look at.
    unseen: Unseen,
}

/// The generation of a place without a record.
const NO_RECORD: NonZeroU32 = NonZeroU32::MAX;

impl Recs {
    /// A new record inside `parent`, run by `host`.
    pub fn make(&mut self, kind: RecKind, parent: Option<RecId>, host: Option<TaskId>) -> RecId {
        self.made = if self.made < NO_RECORD.get() - 2 { self.made + 1 } else { 0 };
        let generation = NonZeroU32::MIN.saturating_add(self.made);
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(Rec::none());
                self.slots.len() as u32 - 1
            }
        };
        let id = RecId::new(index, generation);
        let (depth, grace, cancelled, shield, clean_up) = match parent.and_then(|id| self.get(id)) {
            Some(Rec { depth, grace, cancelled, shield, clean_up, .. }) => {
                (depth + 1, *grace, *cancelled, *shield, *clean_up)
            }
            None => (0, GRACE_DEFAULT, None, None, 0),
        };
        let rec = &mut self.slots[index as usize];
        rec.generation = generation;
        rec.kind = kind;
        (rec.parent, rec.host) = (parent, host);
        (rec.depth, rec.grace) = (depth, grace);
        rec.cancelled = cancelled;
        rec.shield = if kind == RecKind::Shield { Some(id) } else { shield };
        rec.clean_up = if kind == RecKind::CleanUp { depth } else { clean_up };
        id
    }

    /// The record of that name, if it has not ended.
    #[inline]
    pub fn get(&self, id: RecId) -> Option<&Rec> {
        self.slots.get(id.index() as usize).filter(|rec| rec.generation.get() == id.generation())
    }

    /// The same, to change it.
    #[inline]
    pub fn get_mut(&mut self, id: RecId) -> Option<&mut Rec> {
        let rec = self.slots.get_mut(id.index() as usize)?;
        if rec.generation.get() != id.generation() {
            return None;
        }
        self.unseen.note(id.index() as usize);
        Some(rec)
    }

    /// The same, for changes of what the collector does not ask for.
    #[inline]
    pub fn get_unseen(&mut self, id: RecId) -> Option<&mut Rec> {
        let rec = self.slots.get_mut(id.index() as usize);
        rec.filter(|rec| rec.generation.get() == id.generation())
    }

    /// A record is left for good.
    pub fn remove(&mut self, id: RecId) -> Option<Rec> {
        let left = std::mem::replace(self.get_mut(id)?, Rec::none());
        self.free.push(id.index());
        Some(left)
    }

    /// The same of one that is [clear](Rec::is_clear).
    #[inline]
    pub fn give_back(&mut self, id: RecId) {
        let Some(rec) = self.get_mut(id) else { return };
        rec.generation = NO_RECORD;
        rec.span = 0;
        (rec.timer, rec.deadline) = (None, None);
        (rec.isolates, rec.is_daemon, rec.own_cut) = (false, false, false);
        (rec.closed, rec.leaving, rec.joined) = (false, false, false);
        self.free.push(id.index());
    }

    /// The record as the target of a cut. Of two records around the same place, the outer one has
    /// the smaller number.
    pub fn target(&self, id: RecId) -> u64 {
        let depth = self.get(id).map_or(0, |rec| rec.depth);
        u64::from(depth) << 32 | u64::from(id.index())
    }

    /// The record that a cut goes to. It has not ended: the cut is inside it.
    pub fn at_target(&self, target: u64) -> Option<RecId> {
        let index = target as u32;
        let rec = self.slots.get(index as usize)?;
        (u64::from(rec.depth) == target >> 32 && rec.generation != NO_RECORD)
            .then_some(RecId::new(index, rec.generation))
    }

    /// How many have not ended.
    pub fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Reports what records hold to the collector.
    pub(super) fn trace(&mut self, marker: &mut Marker) {
        while let Some(index) = self.unseen.next(marker, self.slots.len()) {
            let Some(rec) = self.slots.get(index) else { continue };
            if let Some(failures) = &rec.failures {
                marker.values(&failures.errors);
                marker.values(&failures.unclaimed);
            }
            if let Some(generators) = &rec.generators {
                marker.values(&generators.made);
            }
        }
    }

    /// All that have not ended.
    pub(super) fn ids(&self) -> Vec<RecId> {
        let id = |(index, rec): (u32, &Rec)| RecId::new(index, rec.generation);
        (0..).zip(&self.slots).filter(|(_, rec)| rec.generation != NO_RECORD).map(id).collect()
    }

    /// The earliest time at which the deadline of a record around cuts what is in `from`: a clean-up or
    /// a shield further in hides it for a while.
    pub fn deadline(&self, from: RecId) -> Option<Moment> {
        let (mut hidden, mut in_clean_up) = (0, false);
        let mut earliest: Option<Moment> = None;
        for (_, rec) in self.chain(from) {
            if let Some(deadline) = rec.deadline {
                let grace = if in_clean_up { rec.grace } else { 0 };
                let cut = deadline.after(Duration::from_nanos(hidden.max(grace)));
                earliest = Some(earliest.map_or(cut, |earliest| earliest.min(cut)));
            }
            match rec.kind {
                RecKind::Shield => hidden = hidden.max(rec.span),
                RecKind::CleanUp => in_clean_up = true,
                _ => {}
            }
        }
        earliest
    }

    /// From a record outwards to the program.
    pub fn chain(&self, from: RecId) -> impl Iterator<Item = (RecId, &Rec)> {
        let mut next = Some(from);
        std::iter::from_fn(move || {
            let id = next?;
            let rec = self.get(id)?;
            next = rec.parent;
            Some((id, rec))
        })
    }

    /// The outermost record whose cancel can be seen from `from` at `now`: where an unwind that
    /// begins there would go. A cancel hides nothing from its own record, so that a timeout inside
    /// a clean-up works there.
    pub fn effective(&self, from: RecId, now: Moment, force: bool) -> Option<RecId> {
        self.cancels(from)
            .filter(|(_, shows)| force || now.nanos >= *shows)
            .map(|(id, _)| id)
            .last()
    }

    /// When the next cancel that is hidden from `from` shows itself.
    pub fn next_reveal(&self, from: RecId, now: Moment) -> Option<Moment> {
        self.cancels(from)
            .map(|(_, shows)| shows)
            .filter(|shows| *shows > now.nanos)
            .min()
            .map(|nanos| Moment { nanos })
    }

    /// Whether a record from `from` outwards is cancelled, hidden or not.
    #[inline]
    pub fn is_cancelled_around(&self, from: RecId) -> bool {
        self.get(from).is_some_and(|rec| rec.cancelled.is_some())
    }

    /// Lets the records from `from` outwards to `end` know that `end` is cancelled.
    pub fn mark_cancelled(&mut self, from: RecId, end: RecId, cancelled: RecId) {
        let depth = self.get(cancelled).map_or(0, |rec| rec.depth);
        let mut next = Some(from);
        while let Some(current) = next {
            let nearest = self.get(current).and_then(|rec| self.get(rec.cancelled?));
            let nearer = nearest.is_some_and(|nearest| nearest.depth > depth);
            let Some(rec) = self.get_mut(current) else { return };
            if !nearer {
                rec.cancelled = Some(cancelled);
            }
            next = rec.parent.filter(|_| current != end);
        }
    }

    /// The cancelled records from `from` outwards, each with the time from which its cancel shows.
    fn cancels(&self, from: RecId) -> impl Iterator<Item = (RecId, u64)> {
        let start = self.get(from);
        let mut next = start.and_then(|rec| rec.cancelled);
        std::iter::from_fn(move || {
            let id = next?;
            let rec = self.get(id)?;
            next = rec.parent.and_then(|parent| self.get(parent)?.cancelled);
            let cancel = rec.cancel.as_deref()?;
            // The innermost clean-up is strictly inside if any is.
            let in_clean_up = start.is_some_and(|start| start.clean_up > rec.depth);
            let grace = if in_clean_up { rec.grace } else { 0 };
            let hidden = self.shields(from, rec.depth).fold(grace, u64::max);
            Some((id, cancel.time.nanos.saturating_add(hidden)))
        })
    }

    /// How long each shield from `from` outwards hides, of those deeper than `depth`.
    fn shields(&self, from: RecId, depth: u32) -> impl Iterator<Item = u64> {
        let mut next = self.get(from).and_then(|rec| rec.shield);
        std::iter::from_fn(move || {
            let shield = self.get(next?).filter(|shield| shield.depth > depth)?;
            next = shield.parent.and_then(|parent| self.get(parent)?.shield);
            Some(shield.span)
        })
    }
}

#[cfg(test)]
#[path = "rec_test.rs"]
mod tests;
