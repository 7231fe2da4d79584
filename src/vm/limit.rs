//! The bounds that a host sets to its programs, and the bell that rings where one is reached.
//!
//! Whoever finds that a bound is reached rings the bell, on whatever thread; the loop hears it at the
//! next look at the interrupt flag and decides what comes of it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use super::Vm;
use super::error::{ErrorKind, Thrown};

/// Bit of the VM's interrupt flag: a limit is reached.
pub const INTERRUPT_LIMIT: u8 = 8;
/// Bit of the VM's interrupt flag: the host stops what runs.
pub const INTERRUPT_STOP: u8 = 16;

/// Something that a host bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Bytes of memory.
    Memory,
    /// Calls inside each other.
    Depth,
    /// Calls and turns of loops.
    Fuel,
    /// Time by the clock.
    Deadline,
    /// Tasks at the same time.
    Tasks,
    /// Sockets and pipes that are open.
    Sockets,
    /// Files that are open.
    Files,
    /// Bytes that are printed.
    Output,
}

impl Limit {
    /// All of them.
    pub const ALL: [Limit; 8] = [
        Limit::Memory,
        Limit::Depth,
        Limit::Fuel,
        Limit::Deadline,
        Limit::Tasks,
        Limit::Sockets,
        Limit::Files,
        Limit::Output,
    ];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Limit::Memory => "memory",
            Limit::Depth => "nested calls",
            Limit::Fuel => "fuel",
            Limit::Deadline => "time",
            Limit::Tasks => "tasks",
            Limit::Sockets => "open sockets",
            Limit::Files => "open files",
            Limit::Output => "output",
        })
    }
}

/// Says whether the program may use as much again of what it has used up.
pub type Decide = Arc<dyn Fn(Limit) -> bool + Send + Sync>;

/// Rings where a limit is reached.
pub struct Bell {
    rung: AtomicU8,
    interrupt: Arc<AtomicU8>,
    /// Asked where something would be refused, if the host wants to be.
    decide: Option<Decide>,
    /// The program is being ended: nobody is asked for anything any more.
    is_ending: AtomicBool,
    /// Bytes that may still be printed.
    pub output_left: AtomicU64,
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").field("rung", &self.rung).finish_non_exhaustive()
    }
}

impl Bell {
    /// A bell that is heard by the VM with this interrupt flag.
    #[must_use]
    pub fn new(interrupt: Arc<AtomicU8>, output_max: u64) -> Bell {
        let (rung, output_left) = (AtomicU8::new(0), AtomicU64::new(output_max));
        Bell { rung, interrupt, decide: None, is_ending: AtomicBool::new(false), output_left }
    }

    /// The same, and somebody is asked before something is refused.
    #[must_use]
    pub fn asking(self, decide: Option<Decide>) -> Bell {
        Bell { decide, ..self }
    }

    /// Whether the program may have more than its limit of something that would be refused now. Who has
    /// said no is not asked again.
    pub fn allows_more(&self, limit: Limit) -> bool {
        let is_over = self.is_ending.load(Ordering::Relaxed)
            || self.rung.load(Ordering::Relaxed) & limit.bit() != 0;
        !is_over && self.decide.as_ref().is_some_and(|decide| decide(limit))
    }

    /// From now on nobody is asked, or is again.
    pub fn set_ending(&self, is_ending: bool) {
        self.is_ending.store(is_ending, Ordering::Relaxed);
    }

    /// A limit is reached.
    pub fn ring(&self, limit: Limit) {
        self.rung.fetch_or(limit.bit(), Ordering::AcqRel);
        self.interrupt.fetch_or(INTERRUPT_LIMIT, Ordering::AcqRel);
    }

    /// The limits that were reached since the last time.
    pub fn take(&self) -> impl Iterator<Item = Limit> + use<> {
        let rung = match self.rung.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.rung.swap(0, Ordering::AcqRel),
        };
        Limit::ALL.into_iter().filter(move |limit| rung & limit.bit() != 0)
    }

    /// Whether this limit was reached since the last time.
    pub fn take_only(&self, limit: Limit) -> bool {
        self.rung.fetch_and(!limit.bit(), Ordering::AcqRel) & limit.bit() != 0
    }

    /// How many of so many bytes may be printed.
    pub fn print(&self, bytes: usize) -> usize {
        let wanted = u64::try_from(bytes).unwrap_or(u64::MAX);
        let left = self.output_left.load(Ordering::Relaxed);
        let printed = wanted.min(left);
        self.output_left.store(left - printed, Ordering::Relaxed);
        usize::try_from(printed).unwrap_or(bytes)
    }
}

impl Vm {
    /// Whether the host has stopped the running code, and the loop has not heard of it yet. Natives that
    /// take long ask now and then, and give up with any error: nobody sees it.
    #[inline]
    pub fn has_to_stop(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed) & INTERRUPT_STOP != 0
    }

    /// Whether the loop has to decide first what becomes of an error: it may be that of a limit.
    #[inline]
    pub(super) fn may_have_to_end(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed) & (INTERRUPT_LIMIT | INTERRUPT_STOP) != 0
    }

    /// The error with which a native gives up that has to stop.
    #[cold]
    pub fn stopped(&mut self) -> Thrown {
        self.has_given_up.set(false);
        self.error(ErrorKind::Error, "the program has to end")
    }

    /// Gives the VM a bell for its own limits: memory and depth.
    pub fn set_bell(&mut self, bell: Arc<Bell>) {
        self.bell = Some(bell);
    }

    /// Whether the host allows more frames inside each other than there may be.
    #[cold]
    pub(super) fn may_go_deeper(&mut self) -> bool {
        let more = self.options.stack_depth_more;
        let may = more > 0 && self.bell.as_ref().is_some_and(|bell| bell.allows_more(Limit::Depth));
        if may {
            self.options.stack_depth_max = self.options.stack_depth_max.saturating_add(more);
        }
        may
    }

    /// Rings it, if there is one, and lets the running code stop at its next call or turn of a loop.
    #[cold]
    pub fn ring(&mut self, limit: Limit) {
        let Some(bell) = &self.bell else { return };
        bell.ring(limit);
        self.fuel_reserve = self.fuel_reserve.saturating_add(self.fuel.max(0));
        self.fuel = 0;
    }
}
