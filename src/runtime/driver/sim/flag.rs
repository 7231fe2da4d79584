//! How another thread makes a simulated world go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::Wake;

/// Set from any thread, taken by the driver.
#[derive(Default)]
pub(super) struct Flag {
    quick: AtomicBool,
    slow: Mutex<bool>,
    set: Condvar,
}

impl Flag {
    pub(super) fn take(&self) -> bool {
        if !self.quick.swap(false, Ordering::AcqRel) {
            return false;
        }
        *self.slow.lock().unwrap_or_else(PoisonError::into_inner) = false;
        true
    }

    pub(super) fn wait(&self) {
        let mut set = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            set = self.set.wait(set).unwrap_or_else(PoisonError::into_inner);
        }
        *set = false;
        self.quick.store(false, Ordering::Release);
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        *self.slow.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.quick.store(true, Ordering::Release);
        self.set.notify_all();
    }
}
