//! What other threads tell the loop: ended jobs, signals, a plain knock.
//!
//! The loop pays for a system call only when it really sleeps: `sleeping` is set before it looks
//! at `pending` for the last time, and a sender sets `pending` before it looks at `sleeping`, so
//! at least one of the two sees the other.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;

/// One thing another thread has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// The job in this slot has ended.
    JobEnded(usize),
    /// The child process in this slot has ended.
    ChildEnded(usize),
    /// The signal of this number arrived.
    Signal(i32),
    /// A waker was used.
    Woken,
}

/// The mailbox of a driver.
pub(crate) struct Remote {
    pending: AtomicBool,
    sleeping: AtomicBool,
    wakes: AtomicU64,
    messages: Mutex<Vec<Message>>,
    waker: mio::Waker,
}

impl Remote {
    pub(super) fn new(registry: &mio::Registry, token: mio::Token) -> io::Result<Remote> {
        Ok(Remote {
            pending: AtomicBool::new(false),
            sleeping: AtomicBool::new(false),
            wakes: AtomicU64::new(0),
            messages: Mutex::new(Vec::new()),
            waker: mio::Waker::new(registry, token)?,
        })
    }

    /// Leaves a message and wakes the loop if it sleeps.
    pub(crate) fn post(&self, message: Message) {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        self.pending.store(true, Ordering::SeqCst);
        if self.sleeping.swap(false, Ordering::SeqCst) {
            self.wakes.fetch_add(1, Ordering::Relaxed);
            // Waking fails only when the descriptor is gone, and then nobody sleeps on it.
            let _ = self.waker.wake();
        }
    }

    /// How often the loop was woken.
    pub(super) fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::Relaxed)
    }

    /// Moves the messages out, in order of arrival.
    pub(super) fn drain(&self, into: &mut Vec<Message>) {
        // Looked at before it is taken back: nearly always there is nothing, and looking is cheap.
        if self.pending.load(Ordering::SeqCst) && self.pending.swap(false, Ordering::SeqCst) {
            into.append(&mut self.messages.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Says that the loop is about to sleep. False if it must not, as a message is there.
    pub(super) fn may_sleep(&self) -> bool {
        self.sleeping.store(true, Ordering::SeqCst);
        let free = !self.pending.load(Ordering::SeqCst);
        if !free {
            self.sleeping.store(false, Ordering::SeqCst);
        }
        free
    }

    /// Says that the loop has woken up.
    pub(super) fn awake(&self) {
        self.sleeping.store(false, Ordering::SeqCst);
    }
}

impl Wake for Remote {
    fn wake(self: Arc<Self>) {
        self.post(Message::Woken);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.post(Message::Woken);
    }
}
