//! How another thread makes a simulated world go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// Set from any thread, taken by the driver.
#[derive(Default)]
pub(super) struct Flag {
    quick: AtomicBool,
    slow: Mutex<bool>,
    set: Condvar,
    /// Who waits elsewhere for it to be set.
    watcher: Mutex<Option<Waker>>,
}

impl Flag {
    pub(super) fn take(&self) -> bool {
        if !self.quick.swap(false, Ordering::AcqRel) {
            return false;
        }
        *self.slow.lock().unwrap_or_else(PoisonError::into_inner) = false;
        true
    }

    /// Uses the waker when the flag is set. False if it is set already.
    pub(super) fn watch(&self, waker: &Waker) -> bool {
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
        !self.quick.load(Ordering::Acquire)
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
        let watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(watcher) = watcher {
            watcher.wake();
        }
    }
}
