//! Being stopped by the host: what it can ask for from any thread, and what is left where clean-ups do
//! not come to an end.
//!
//! An *interrupt* is gentle: what waits is cancelled, what computes goes on until it waits, and clean-ups
//! have their grace. A *stop* is not: what computes is cut at its next call or turn of a loop, nothing
//! hides the cancel from clean-ups, and when their little time is over the program is left where it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::task::Waker;
use std::time::Duration;

use super::Runtime;
use super::cancel::{CancelKind, Reason};
use super::driver::Moment;
use super::event_loop::Loop;
use super::handle::{End, set_end};
use super::interrupt::INTERRUPT_HOST;
use super::limit::GRACE_TIME;
use super::program::Parts;
use crate::vm::{INTERRUPT_STOP, Vm};

/// So often clean-ups of a program that was stopped may use up what they get at a time: some ten
/// million calls or turns of loops. It is what ends them where no time passes.
const SLICES: u32 = 1_000;

/// Fuel after which a task is looked at again while force is on.
const FORCED_SLICE: i64 = 10_000;

/// A program that the host has stopped.
pub(super) struct Stopping {
    until: Moment,
    slices: u32,
}

/// Asks a program to end from any thread.
///
/// What is asked for while nothing runs is meant for what runs next: a host whose alarm may ring too late
/// takes it back with [`clear`](Interrupter::clear).
#[derive(Clone)]
pub struct Interrupter {
    flag: Arc<AtomicU8>,
    added_fuel: Arc<AtomicI64>,
    waker: Waker,
}

impl Interrupter {
    /// Asks gently: what waits is cancelled, and clean-ups have time for what they do. Code that computes
    /// goes on until it waits. Asked again nothing hides that and computing ends, too; the third time the
    /// program is left as it is.
    pub fn interrupt(&self) {
        self.ask(INTERRUPT_HOST);
    }

    /// Stops what runs, at once and for good: in the middle of a loop and while it waits. Nothing in a script
    /// can catch that. `defer` and `finally` run, but whatever they wait for is cancelled, and what is not
    /// done after half a second ([`Limits::grace`](super::Limits::grace)) is left. Asking again changes nothing.
    ///
    /// A function of the library or of the host that is under way comes to its end first, but for sorting,
    /// reading and writing JSON, searching and what else of the library takes long with much data.
    ///
    /// ```
    /// use kettle::{Engine, Error, Vm};
    ///
    /// let engine = Engine::new();
    /// let program = engine.compile_text("endless.ket", "pub fn spin() { loop { try { loop { } } catch { } } }")?;
    /// let mut vm = Vm::new(&engine)?;
    /// vm.load_blocking(&program)?;
    /// let interrupter = vm.interrupter();
    /// std::thread::spawn(move || interrupter.stop());
    /// assert!(matches!(vm.call_blocking::<()>("spin", ()), Err(Error::Cancelled(_))));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn stop(&self) {
        self.ask(INTERRUPT_STOP);
    }

    /// Takes back what was asked for and nobody has heeded yet.
    pub fn clear(&self) {
        self.flag.fetch_and(!(INTERRUPT_HOST | INTERRUPT_STOP), Ordering::AcqRel);
    }

    /// Gives the programs more fuel, also while they run. Without a limit of fuel it means nothing.
    pub fn add_fuel(&self, units: u64) {
        let units = i64::try_from(units).unwrap_or(i64::MAX);
        let add = |before: i64| Some(before.saturating_add(units));
        // It always succeeds, as the closure always gives a value.
        let _ = self.added_fuel.fetch_update(Ordering::AcqRel, Ordering::Relaxed, add);
    }

    fn ask(&self, what: u8) {
        self.flag.fetch_or(what, Ordering::AcqRel);
        self.waker.wake_by_ref();
    }
}

impl Runtime {
    /// What asks the program to end from any thread, even while it computes.
    pub fn interrupter(&self) -> Interrupter {
        self.rt.interrupter(&self.vm)
    }

    /// Leaves a program that was killed, unless somebody still wants to look at what it was doing.
    pub(super) fn leave_killed(&mut self) {
        let Runtime { vm, rt } = self;
        let is_watched = rt.trial.is_some() || rt.session.is_some() || rt.signal.is_some();
        if rt.killed && !is_watched {
            rt.abandon(vm);
        }
    }
}

impl Loop {
    /// What asks the program of this loop to end.
    pub fn interrupter(&self, vm: &Vm) -> Interrupter {
        Interrupter {
            flag: vm.interrupt.clone(),
            added_fuel: self.added_fuel.clone(),
            waker: self.driver.waker(),
        }
    }

    /// The host stops what runs.
    pub(super) fn stop(&mut self, vm: &mut Vm) {
        if self.session.is_some() {
            // The second time nothing hides it.
            self.interrupt_session(vm);
            return self.interrupt_session(vm);
        }
        let Some(program) = self.program.filter(|id| self.recs.get(*id).is_some()) else { return };
        if self.tasks.count() == 0 || self.stopping.is_some() {
            return;
        }
        let grace = self.meter.as_ref().map_or(GRACE_TIME, |meter| meter.grace_time());
        let until = self.driver.now().after(grace);
        self.output.hurry();
        self.leave_by = Some(until);
        self.stopping = Some(Stopping { until, slices: SLICES });
        self.force = true;
        self.by_host = true;
        if self.recs.get(program).is_some_and(|rec| rec.cancel.is_some()) {
            self.visit(vm, program);
        } else {
            self.cancel(vm, program, Reason::new(CancelKind::Host));
        }
        if let Some(id) = self.dry.take() {
            self.stop_computing(vm, id);
        }
    }

    /// How long a program that was stopped still has; none if none was.
    pub(super) fn stops_in(&self) -> Option<Duration> {
        let stopping = self.stopping.as_ref().filter(|_| self.tasks.count() > 0)?;
        Some(stopping.until.since(self.driver.now()))
    }

    /// While force is on, a task gets its fuel in slices, so that it can be stopped.
    pub(super) fn ration(&mut self, vm: &mut Vm) {
        let fuel = vm.fuel_left().saturating_add(self.withheld);
        let slice = fuel.min(FORCED_SLICE);
        self.withheld = fuel - slice;
        vm.set_fuel(slice);
    }

    /// The fuel that was withheld is there again.
    pub(super) fn end_rations(&mut self, vm: &mut Vm) {
        if self.withheld > 0 {
            vm.set_fuel(vm.fuel_left().saturating_add(std::mem::take(&mut self.withheld)));
        }
    }

    /// A look at a program that was stopped: it is left when its time is over.
    pub(super) fn mind_stopping(&mut self) {
        let Some(stopping) = &mut self.stopping else { return };
        stopping.slices = stopping.slices.saturating_sub(1);
        if stopping.slices == 0 || self.driver.now() >= stopping.until {
            self.stopping = None;
            self.killed = self.tasks.count() > 0;
        }
    }

    /// All tasks end where they are, without another step of their code. What they own is closed.
    fn abandon(&mut self, vm: &mut Vm) {
        let reason = Arc::new(Reason::new(CancelKind::Host));
        let all: Vec<_> = self.tasks.iter().map(|(id, _)| id).collect();
        for &id in &all {
            self.leave_op(vm, id, "left");
        }
        for id in all {
            self.close_resources(vm, id, None, None);
            let Some(task) = self.tasks.get(id) else { continue };
            let (handle, fiber) = (task.handle, task.fiber);
            if !handle.is_null() {
                set_end(vm, handle, End::Cancelled(reason.clone()));
            }
            vm.free_fiber(fiber);
            self.tasks.remove(id);
        }
        for id in self.recs.ids() {
            let left = self.recs.remove(id);
            if let Some(timer) = left.and_then(|rec| rec.timer) {
                self.timers.stop(timer);
            }
        }
        while self.ready.pop_front().is_some() {}
        self.changed.clear();
        self.turn_left = 0;
        (self.dry, self.main, self.program) = (None, None, None);
        (self.parts, self.ended, self.result) = (Parts::default(), None, None);
        (self.force, self.stopping) = (false, None);
    }
}
