//! Bytes: what is in use, what is allowed, and when the collector has to work.
//!
//! Cells count by the block, large objects and external memory by the byte. External memory is what
//! owning objects have allocated outside their cells; as Rust code changes it behind the heap's
//! back, the last object that was handed out for writing is measured again at the next occasion.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use super::block::BLOCK_SIZE;
use super::{Heap, mark};
use crate::vm::object::Header;
use std::ptr::NonNull;

/// A cycle begins after at least so many bytes.
const CYCLE_MIN: usize = 2 << 20;
/// While a cycle runs, a step is due each time so many bytes were allocated.
pub(super) const STEP_BYTES: usize = 32 << 10;
/// A step is no longer than so many ordinary ones.
const STEPS_MAX: usize = 2;
/// While less than so many bytes are in use, or few times as many as when the cycle began, steps stay short
/// even if the program makes more than the collector can keep up with.
const GROWTH_MIN: usize = 32 << 20;
/// At most so many bytes of blocks are kept for a program that had them in use once.
const PEAK_KEPT_MAX: usize = 16 << 20;
/// Requests from this size on are tried out: the system may refuse them.
const TRIAL_MIN: usize = 64 << 20;

/// How many bytes more may be used than the limit says, asked each time it would be passed; 0 for none.
pub type More = Arc<dyn Fn() -> usize + Send + Sync>;

/// There is not enough memory within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// The bytes that were wanted.
    pub wanted: usize,
    /// The bytes that may be used in all.
    pub limit: usize,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.limit == usize::MAX {
            write!(out, "cannot get {} bytes of memory", self.wanted)
        } else {
            write!(out, "{} more bytes would pass the limit of {} bytes", self.wanted, self.limit)
        }
    }
}

impl std::error::Error for OutOfMemory {}

/// The counters.
pub(super) struct Account {
    pub(super) block_bytes: usize,
    pub(super) large_bytes: usize,
    pub(super) external_bytes: usize,
    /// Of these, what belongs to no object: the collector can give none of it back.
    lasting: usize,
    limit: Cell<usize>,
    /// Says how much more there may be where the limit would be passed.
    more: Option<More>,
    /// In use when the last cycle ended: of all that, none may be garbage by now, but all that came
    /// later may.
    survivors: usize,
    /// Allocated since the last cycle ended.
    pub(super) allocated: usize,
    /// What `allocated` has to reach for the next step.
    trigger: usize,
    /// What `allocated` has to reach for the next cycle.
    next_cycle: usize,
    /// In use when the cycle began.
    began_with: usize,
    /// The bytes of blocks that were in use when the last cycle ended, what was dead included.
    peak: usize,
    /// Steps that were due and not done.
    owed: usize,
    /// The next safepoint has to call the collector.
    pub(super) due: bool,
    /// And a step will not do.
    pub(super) is_urgent: bool,
    refusal: Refusal,
}

/// Requests for memory that are refused although there is some, for tests of the engine.
#[derive(Debug)]
struct Refusal {
    /// So many requests there were.
    requests: Cell<u64>,
    /// The next one to be refused, counted from 1.
    at: Cell<u64>,
    /// After that every such one; 0 for none.
    every: u64,
    /// One was refused that nobody could be told of: the next safepoint does.
    is_owed: Cell<bool>,
}

impl Refusal {
    /// A request is made. Says whether it is refused.
    #[inline]
    fn meets(&self) -> bool {
        let number = self.requests.get() + 1;
        self.requests.set(number);
        number == self.at.get() && {
            self.at.set(if self.every == 0 { u64::MAX } else { number.saturating_add(self.every) });
            true
        }
    }
}

impl Account {
    pub(super) fn new(limit: usize) -> Account {
        Account {
            block_bytes: 0,
            large_bytes: 0,
            external_bytes: 0,
            lasting: 0,
            limit: Cell::new(limit),
            more: None,
            survivors: 0,
            allocated: 0,
            trigger: CYCLE_MIN.min(limit / 4),
            next_cycle: CYCLE_MIN.min(limit / 4),
            began_with: 0,
            peak: 0,
            owed: 0,
            due: false,
            is_urgent: false,
            refusal: Refusal {
                requests: Cell::new(0),
                at: Cell::new(u64::MAX),
                every: 0,
                is_owed: Cell::new(false),
            },
        }
    }

    /// Memory grows where nobody can be refused any.
    #[inline]
    fn grows(&mut self) {
        if self.refusal.meets() {
            self.refusal.is_owed.set(true);
            (self.due, self.is_urgent) = (true, true);
        }
    }

    #[inline]
    pub(super) fn in_use(&self) -> usize {
        self.block_bytes.saturating_add(self.large_bytes).saturating_add(self.external_bytes)
    }

    /// Counts new memory towards the next step.
    #[inline]
    pub(super) fn allocate(&mut self, bytes: usize) {
        self.allocated = self.allocated.saturating_add(bytes);
        if self.allocated >= self.trigger {
            self.due = true;
        }
    }

    /// A cycle begins.
    pub(super) fn begin_cycle(&mut self) {
        self.began_with = self.in_use();
    }

    /// The next step is due after `STEP_BYTES` more; sooner if this one was not enough.
    pub(super) fn after_step(&mut self) {
        let distance = if self.owed > 0 { STEP_BYTES / 8 } else { STEP_BYTES };
        self.trigger = self.allocated.saturating_add(distance);
        self.due = false;
    }

    /// How many ordinary steps the one that is being done stands for. Scripts may have allocated a lot
    /// at once: what would make the step too long is owed to later ones, unless memory grows so fast
    /// that the collector would never catch up.
    pub(super) fn take_steps(&mut self, is_marking: bool) -> usize {
        let overdue = self.allocated.saturating_sub(self.trigger) / STEP_BYTES;
        self.owed = self.owed.saturating_add(overdue);
        let most = match self.in_use() / self.began_with.max(GROWTH_MIN) {
            // What is not reclaimed now is when its room is wanted.
            _ if !is_marking => STEPS_MAX,
            0 | 1 => STEPS_MAX,
            2 | 3 => 4 * STEPS_MAX,
            _ => usize::MAX,
        };
        let now = self.owed.min(most - 1);
        self.owed -= now;
        now + 1
    }

    /// Everything is reclaimed: nothing is due until the next cycle.
    pub(super) fn after_sweep(&mut self) {
        self.owed = 0;
        self.trigger = self.next_cycle;
        self.due = self.allocated >= self.trigger;
    }

    /// The next cycle begins when as much has been allocated as survived, or earlier if the limit
    /// is near: half of what is left, so that garbage does not count as a breach.
    pub(super) fn after_cycle(&mut self, live: usize) {
        self.allocated = 0;
        self.owed = 0;
        self.survivors = live;
        self.peak = self.block_bytes;
        let room = self.limit.get().saturating_sub(live) / 2;
        self.next_cycle = live.max(CYCLE_MIN).min(room).max(2 * STEP_BYTES);
        self.trigger = STEP_BYTES;
        self.due = false;
    }

    /// Blocks that will be wanted before the next cycle gives any back, as far as one can know: as much as
    /// has survived, or what a program takes that makes much now and little then. A block whose pages went
    /// to the system costs more when it is wanted again than anything else that is done with it. But what
    /// was a peak once may be none again, so not all of a large one is kept.
    pub(super) fn blocks_to_come(&self) -> usize {
        8 + self.next_cycle.max((self.peak / 2).min(PEAK_KEPT_MAX)) / BLOCK_SIZE
    }

    /// Counts blocks taken from or given back to the pool.
    pub(super) fn grow_blocks(&mut self, bytes: isize) {
        self.block_bytes = self.block_bytes.saturating_add_signed(bytes);
        if bytes > 0 {
            self.grows();
        }
        self.due |= self.in_use() > self.limit.get();
    }

    /// Counts a new large object.
    pub(super) fn grow_large(&mut self, bytes: usize) {
        self.large_bytes = self.large_bytes.saturating_add(bytes);
        self.grows();
        self.allocate(bytes);
        self.due |= self.in_use() > self.limit.get();
    }

    /// Counts a large object that is gone.
    pub(super) fn shrink_large(&mut self, bytes: usize) {
        self.large_bytes = self.large_bytes.saturating_sub(bytes);
    }

    /// Counts what a dropped object owned.
    pub(super) fn release_external(&mut self, bytes: usize) {
        self.external_bytes = self.external_bytes.saturating_sub(bytes);
    }

    fn change_lasting(&mut self, delta: isize) {
        self.lasting = self.lasting.saturating_add_signed(delta);
        self.external_bytes = self.external_bytes.saturating_add_signed(delta);
        if delta > 0 {
            self.grows();
        }
        self.due |= self.in_use() > self.limit.get();
    }

    fn set_external(&mut self, old: usize, new: usize) {
        self.external_bytes = self.external_bytes.saturating_sub(old).saturating_add(new);
        if new > old {
            self.allocate(new - old);
            self.grows();
        }
        if self.in_use() > self.limit.get() {
            self.due = true;
        }
    }
}

impl Heap {
    /// Bytes in use: blocks, large objects and external memory.
    #[inline]
    pub fn bytes_in_use(&self) -> usize {
        self.account.in_use()
    }

    /// Bytes that may be used.
    #[inline]
    pub fn limit(&self) -> usize {
        self.account.limit.get()
    }

    /// Changes the limit; `usize::MAX` for none.
    pub fn set_limit(&mut self, limit: usize) {
        self.account.limit.set(limit);
        let near = (limit / 4).max(STEP_BYTES);
        self.account.next_cycle = self.account.next_cycle.min(near);
        self.account.trigger = self.account.trigger.min(near);
        self.account.due |= self.over_limit();
    }

    /// Whether more memory is in use than allowed. Makers of small objects do not fail; the VM asks
    /// at its next safepoint, collects everything, and throws MemoryError if it is still so.
    pub fn over_limit(&self) -> bool {
        self.account.in_use() > self.account.limit.get()
    }

    /// For tests of the engine: refuses a request for memory, counted from 1, as if there were none, and
    /// every so many after that; 0 for no more. What grows without asking is refused at the next safepoint.
    pub fn refuse(&mut self, first: u64, every: u64) {
        let requests = self.account.refusal.requests.get();
        self.account.refusal.at.set(requests.saturating_add(first.max(1)));
        self.account.refusal.every = every;
    }

    /// Whom to ask for more than the limit.
    pub fn set_more(&mut self, more: Option<More>) {
        self.account.more = more;
    }

    /// Asks for more than the limit. Says whether there is any.
    #[cold]
    fn raise(&self) -> bool {
        let more = self.account.more.as_ref().map_or(0, |more| more());
        self.account.limit.set(self.limit().saturating_add(more));
        more > 0
    }

    /// Whether a collection has left more in use than there may be.
    pub(in crate::vm) fn is_starved(&self) -> bool {
        let is_owed = self.account.refusal.is_owed.take();
        while self.over_limit() {
            if !self.raise() {
                return true;
            }
        }
        is_owed
    }

    /// Whether `bytes` more would be allowed and can be had. To be asked before anything of a size
    /// that a script decides is made.
    ///
    /// Garbage must not count, and nobody knows how much there is without a collection, for which
    /// this is no place. So where garbage may be all that is in the way, the limit may be passed
    /// once; the next safepoint then collects everything and throws if it is still passed.
    pub fn reserve(&self, bytes: usize) -> Result<(), OutOfMemory> {
        let refused = OutOfMemory { wanted: bytes, limit: self.limit() };
        if self.account.refusal.meets() {
            return Err(refused);
        }
        let total = self.account.in_use().checked_add(bytes).ok_or(refused)?;
        let can_be_had = || bytes < TRIAL_MIN || Vec::<u8>::new().try_reserve_exact(bytes).is_ok();
        while total > self.limit() && !self.may_be_garbage(bytes) {
            if self.account.more.is_none() || !can_be_had() || !self.raise() {
                return Err(refused);
            }
        }
        if can_be_had() { Ok(()) } else { Err(refused) }
    }

    /// Whether it may be only garbage that is in the way of so many bytes more.
    fn may_be_garbage(&self, bytes: usize) -> bool {
        let Account { survivors, lasting, .. } = self.account;
        let kept = survivors.saturating_add(lasting);
        !self.over_limit() && kept.saturating_add(bytes) <= self.limit()
    }

    /// Counts memory that belongs to the VM but not to an object. It says nothing of how much garbage
    /// there may be.
    pub fn external(&mut self, delta: isize) {
        self.account.change_lasting(delta);
    }

    /// Whether the collector wants to run at the next safepoint.
    #[inline(always)]
    pub fn due(&mut self) -> bool {
        if self.touched.is_some() {
            self.settle();
        }
        self.account.due | self.torture
    }

    /// Whether the next safepoint has to collect everything.
    pub fn is_urgent(&self) -> bool {
        self.account.is_urgent
    }

    /// Makes the next safepoint collect everything, for instance after [`Heap::reserve`] failed.
    pub fn request_collection(&mut self) {
        self.account.due = true;
        self.account.is_urgent = true;
    }

    /// Remembers that what `object` owns may change, after measuring the one before.
    #[inline]
    pub(super) fn touch(&mut self, object: NonNull<Header>) {
        if self.touched != Some(object) {
            self.settle();
            self.touched = Some(object);
        }
    }

    /// Measures the object that was handed out for writing last.
    pub(super) fn settle(&mut self) {
        if let Some(object) = self.touched.take() {
            self.measure(object);
        }
    }

    /// Counts what an owning object has outside its cell.
    pub(super) fn measure(&mut self, object: NonNull<Header>) {
        let (old, new) = mark::measure(object);
        if old != new {
            self.account.set_external(old, new);
        }
    }
}
