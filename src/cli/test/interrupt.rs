//! Ctrl-C and requests to end while tests run: the tests that run are cancelled, with their clean-ups, as any
//! program would be, no more are begun, and what is known by then is told. Asked again clean-ups have no time
//! left; the third time the process ends.

use std::process;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::{Interrupter, Signal, Vm};
use crate::runtime::signal::Listener;

/// What shells say of a process that a signal has ended is its number and this.
const STATUS_SIGNAL: i32 = 128;
/// Asked more often than this the process ends, whatever it is doing.
const ASKED_MAX: u32 = 2;

/// The tests that run, and who asked them to end.
#[derive(Default)]
pub struct Running {
    asked: AtomicU32,
    /// The number of the signal that has asked first; 0 for none.
    signal: AtomicI32,
    next: AtomicU64,
    vms: Mutex<Vec<(u64, Interrupter)>>,
}

/// A test runs as long as this lives.
pub struct Entered<'a> {
    running: &'a Running,
    number: u64,
}

impl Running {
    /// Hears signals as long as what it gives lives. None: the system does not let us, so they end the process
    /// as they would any other.
    pub fn listen(self: &Arc<Running>) -> Option<Listener> {
        let running = self.clone();
        let signals = [Signal::Interrupt, Signal::Terminate];
        let mut listener = Listener::new(&signals, move |number| running.ask(number)).ok()?;
        listener.begin().then_some(listener)
    }

    /// The signal that has asked to end.
    pub fn signal(&self) -> Option<Signal> {
        Signal::of_number(self.signal.load(Ordering::Acquire))
    }

    /// The exit status that follows from that.
    pub fn status(&self) -> Option<i32> {
        self.signal().map(|signal| STATUS_SIGNAL + signal.number())
    }

    /// Notes that a test runs in a VM.
    pub fn enter(&self, vm: &Vm) -> Entered<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let interrupter = vm.interrupter();
        self.vms().push((number, interrupter.clone()));
        if self.signal().is_some() {
            // It was asked for before this one could hear it.
            interrupter.interrupt();
        }
        Entered { running: self, number }
    }

    fn ask(&self, number: i32) {
        // Only the first one counts.
        let _ = self.signal.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire);
        if self.asked.fetch_add(1, Ordering::Relaxed) >= ASKED_MAX {
            process::exit(STATUS_SIGNAL + number);
        }
        for (_, interrupter) in self.vms().iter() {
            interrupter.interrupt();
        }
    }

    /// Nothing panics under this lock, so a poisoned one still holds the whole list.
    fn vms(&self) -> MutexGuard<'_, Vec<(u64, Interrupter)>> {
        self.vms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.running.vms().retain(|(number, _)| *number != self.number);
    }
}
