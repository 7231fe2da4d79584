//! Being asked to end from outside: signals, and the wishes of the host.
//!
//! The first time the program is cancelled and its clean-ups get their grace; when it is being
//! cancelled already nothing hides that any more; the next time it is left at once. Whoever asked does
//! not wait for readers of the output for longer than that grace, either.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Runtime;
use super::cancel::{CancelKind, Reason};
use super::driver::{Event, Signal};
use super::event_loop::Loop;
use super::host::Silent;
use super::output::Target;
use super::program::ProgramEnd;
use super::rec::GRACE_DEFAULT;
use super::watchdog::INTERRUPT_LATE;
use crate::vm::{INTERRUPT_LIMIT, INTERRUPT_STOP, Vm};

/// Bit of the VM's interrupt flag: a signal has come, look for it. (4 is the watchdog's.)
pub const INTERRUPT_SIGNAL: u8 = 1;
/// Bit of the VM's interrupt flag: the host wants the program to end.
pub const INTERRUPT_HOST: u8 = 2;

/// How long clean-ups may take after a polite request to end.
const SHUTDOWN_GRACE: u64 = 10_000_000_000;
/// While the output is waited for at the end, signals are looked for so often.
const OUTPUT_STEP: Duration = Duration::from_millis(20);
/// However long the clean-ups took, the output then has this time.
const OUTPUT_PATIENCE_MIN: Duration = Duration::from_millis(500);

/// Who asks a program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// The operating system.
    Signal(Signal),
    /// The host.
    Host,
}

impl Interrupt {
    fn reason(self) -> CancelKind {
        match self {
            Interrupt::Host => CancelKind::Host,
            Interrupt::Signal(Signal::Terminate) => CancelKind::Shutdown,
            Interrupt::Signal(_) => CancelKind::Interrupt,
        }
    }

    /// How long clean-ups are shielded from it, if it says so itself.
    fn grace(self) -> Option<u64> {
        (self == Interrupt::Signal(Signal::Terminate)).then_some(SHUTDOWN_GRACE)
    }
}

impl Loop {
    /// Asks the program to end, or shows what it is doing.
    pub fn interrupt(&mut self, vm: &mut Vm, interrupt: Interrupt) {
        if interrupt == Interrupt::Signal(Signal::Quit) {
            return self.show_tasks(vm);
        }
        if self.session.is_some() && interrupt != Interrupt::Signal(Signal::Terminate) {
            return self.interrupt_session(vm);
        }
        let Some(program) = self.program else { return };
        let now = self.driver.now();
        let Some(rec) = self.recs.get_mut(program) else { return };
        self.output.hurry();
        if rec.cancel.is_some() {
            self.killed = self.force;
            self.force = true;
            self.leave_by.get_or_insert(now);
            self.visit(vm, program);
            return;
        }
        rec.grace = interrupt.grace().unwrap_or(rec.grace);
        self.leave_by = Some(now.after(Duration::from_nanos(rec.grace)));
        if let Interrupt::Signal(signal) = interrupt {
            self.signal = Some(signal);
        }
        self.cancel(vm, program, Reason::new(interrupt.reason()));
    }

    /// Signals are heard from now on, if they are caught.
    #[inline]
    pub(super) fn hear(&mut self) {
        if self.is_deaf {
            self.is_deaf = !self.driver.hear();
        }
    }

    /// Lets tasks compute for a moment only: most scripts have ended by then, or wait.
    #[cold]
    pub(super) fn ration_until_heard(&mut self, vm: &mut Vm) {
        match self.meter {
            // It counts what tasks use itself.
            Some(_) => self.hear(),
            None => self.ration(vm),
        }
    }

    /// Writes to standard error what every task is doing.
    fn show_tasks(&mut self, vm: &mut Vm) {
        let (tasks, _) = self.report(vm, usize::MAX);
        let mut host = std::mem::replace(&mut self.host, Box::new(Silent));
        let text = host.report(vm, &tasks);
        self.host = host;
        self.write(Target::Err, text.as_bytes());
    }

    /// Looks for signals and wishes of the host, which may come while a task computes.
    #[inline]
    pub(super) fn take_interrupts(&mut self, vm: &mut Vm) {
        // Reading costs nothing; exchanging is for when there is something to take.
        if vm.interrupt.load(Ordering::Relaxed) != 0 {
            self.exchange_interrupts(vm);
        }
    }

    #[cold]
    fn exchange_interrupts(&mut self, vm: &mut Vm) {
        let flags = vm.interrupt.swap(0, Ordering::AcqRel);
        if flags & INTERRUPT_LATE != 0 {
            self.tell_stall(vm, None);
        }
        if flags & INTERRUPT_LIMIT != 0 {
            self.mind_limits(vm);
        }
        if flags & INTERRUPT_HOST != 0 {
            self.by_host = true;
            self.interrupt(vm, Interrupt::Host);
        }
        if flags & INTERRUPT_STOP != 0 {
            vm.hear_of_stop();
            self.stop(vm);
        }
        if flags & INTERRUPT_SIGNAL == 0 {
            return;
        }
        let mut events = Vec::new();
        self.driver.poll(Some(Duration::ZERO), &mut events);
        for event in events {
            match event {
                Event::Signal(signal) => self.interrupt(vm, Interrupt::Signal(signal)),
                other => self.early.push(other),
            }
        }
    }
}

impl Runtime {
    /// Asks for signals: they end the program, or show what it is doing. `urgent` is called for each on a
    /// thread of its own.
    ///
    /// # Errors
    /// When the system lets nobody catch them, or they are somebody else's.
    pub fn listen(
        &mut self,
        signals: &[Signal],
        urgent: impl Fn(Signal) + Send + 'static,
    ) -> io::Result<()> {
        self.rt.driver.listen(signals, Box::new(urgent))?;
        self.rt.is_deaf = true;
        Ok(())
    }

    /// Writes all output out, for a program that has ended so. An error is one that nobody has heard of.
    ///
    /// However long that takes, unless somebody asks the program to end, or has: then until the end of
    /// the grace, and being asked again ends it at once.
    pub fn finish_output(&mut self, end: &mut ProgramEnd) -> io::Result<()> {
        let leave_by = self.rt.leave_by.take();
        let mut left = leave_by.map(|by| by.since(self.rt.driver.now()).max(OUTPUT_PATIENCE_MIN));
        while !self.rt.force {
            let step = if self.rt.is_deaf { Duration::ZERO } else { OUTPUT_STEP };
            if let Some(result) = self.rt.output.finish(step) {
                return result;
            }
            self.rt.hear();
            left = left.map(|left| left.saturating_sub(step));
            for interrupt in self.take_late_interrupts() {
                if left.is_some() {
                    return Ok(());
                }
                left = Some(Duration::from_nanos(interrupt.grace().unwrap_or(GRACE_DEFAULT)));
                if let Interrupt::Signal(signal) = interrupt {
                    end.signal = Some(signal);
                }
            }
            if left == Some(Duration::ZERO) {
                return Ok(());
            }
        }
        // What goes out without any waiting still does.
        self.rt.output.finish(Duration::ZERO).unwrap_or(Ok(()))
    }

    /// Who has asked the program to end after it has.
    fn take_late_interrupts(&mut self) -> Vec<Interrupt> {
        let flags = self.vm.interrupt.swap(0, Ordering::AcqRel);
        let mut found = Vec::new();
        if flags & (INTERRUPT_HOST | INTERRUPT_STOP) != 0 {
            found.push(Interrupt::Host);
        }
        let mut events = Vec::new();
        self.rt.driver.poll(Some(Duration::ZERO), &mut events);
        found.extend(events.into_iter().filter_map(|event| match event {
            Event::Signal(Signal::Quit) => None,
            Event::Signal(signal) => Some(Interrupt::Signal(signal)),
            _ => None,
        }));
        found
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::sync::{Arc, atomic::AtomicU8};

    use super::super::driver::{Moment, SimDriver};
    use super::super::output::Output;
    use super::super::wait::LoopTable;
    use super::*;
    use crate::vm::{Value, VmOptions};

    /// An output that is out after so many looks; the host interrupts at one of them.
    struct Slow {
        looks: Arc<AtomicU32>,
        out_after: u32,
        interrupt_at: u32,
        flag: Arc<AtomicU8>,
    }

    impl Output for Slow {
        fn write(&mut self, _: Target, _: &[u8]) {}

        fn finish(&mut self, _: Duration) -> Option<io::Result<()>> {
            let looks = self.looks.fetch_add(1, Ordering::Relaxed) + 1;
            if looks == self.interrupt_at {
                self.flag.fetch_or(INTERRUPT_HOST, Ordering::Relaxed);
            }
            (looks > self.out_after).then_some(Ok(()))
        }
    }

    /// How often the output is looked at, and what signal then counts.
    fn looks(out_after: u32, interrupt_at: u32, prepare: impl FnOnce(&mut Runtime)) -> u32 {
        let vm = Vm::new(VmOptions::default());
        let (looks, flag) = (Arc::new(AtomicU32::new(0)), vm.interrupt.clone());
        let driver = Box::new(SimDriver::new(1));
        let mut runtime = Runtime::new(vm, driver, Box::new(Silent), LoopTable::new());
        runtime.rt.output = Box::new(Slow { looks: looks.clone(), out_after, interrupt_at, flag });
        prepare(&mut runtime);
        let outcome = Ok(Value::null());
        let mut end = ProgramEnd { outcome, ..ProgramEnd::nothing() };
        assert!(runtime.finish_output(&mut end).is_ok());
        looks.load(Ordering::Relaxed)
    }

    const STEPS_PER_SECOND: u32 = 50;

    #[test]
    fn nobody_hurries_who_was_not_asked_to() {
        assert_eq!(looks(10_000, u32::MAX, |_| {}), 10_001);
    }

    #[test]
    fn who_was_asked_to_end_waits_for_the_rest_of_the_grace() {
        let ends_in = |seconds: u64| {
            move |runtime: &mut Runtime| {
                runtime.rt.leave_by = Some(Moment { nanos: seconds * 1_000_000_000 });
            }
        };
        assert_eq!(looks(10, u32::MAX, ends_in(3)), 11);
        assert_eq!(looks(10_000, u32::MAX, ends_in(3)), 3 * STEPS_PER_SECOND);
        assert_eq!(
            looks(10_000, u32::MAX, ends_in(0)),
            STEPS_PER_SECOND / 2,
            "there is always a little"
        );
        assert_eq!(looks(10_000, 7, ends_in(3)), 7, "asked again, it ends at once");
        assert_eq!(looks(10_000, u32::MAX, |runtime| runtime.rt.force = true), 1);
    }

    #[test]
    fn who_is_asked_while_the_output_is_waited_for_has_the_grace_of_a_program() {
        assert_eq!(looks(10_000, 100, |_| {}), 100 + 5 * STEPS_PER_SECOND);
    }
}
