//! A thread that rings when a descriptor can be read, for whoever has no loop that could watch it.
//!
//! An epoll descriptor can itself be watched by another poll. The thread sleeps in that one and uses
//! the waker that was left last.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::{self, JoinHandle};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

const WATCHED: Token = Token(0);
const STOP: Token = Token(1);

/// The thread, which ends with this.
pub struct Bell {
    state: Arc<State>,
    stop: mio::Waker,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    desk: Mutex<Desk>,
    ends: AtomicBool,
}

#[derive(Default)]
struct Desk {
    /// It has rung while nobody listened.
    has_rung: bool,
    waker: Option<Waker>,
}

impl State {
    /// Nothing panics under this lock, so a poisoned one still holds a whole state.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bell {
    /// Watches a descriptor.
    pub fn new(descriptor: OwnedFd) -> io::Result<Bell> {
        let mut poll = Poll::new()?;
        let stop = mio::Waker::new(poll.registry(), STOP)?;
        let watched = &mut SourceFd(&descriptor.as_raw_fd());
        poll.registry().register(watched, WATCHED, Interest::READABLE)?;
        let state = Arc::new(State::default());
        let shared = state.clone();
        let run = move || {
            // It stays open as long as it is watched.
            let _watched = descriptor;
            let mut events = Events::with_capacity(4);
            while !shared.ends.load(Ordering::Acquire) {
                // An error can only be an interruption by a signal.
                if poll.poll(&mut events, None).is_err() {
                    continue;
                }
                if events.iter().any(|event| event.token() == WATCHED) {
                    let waker = {
                        let mut desk = shared.desk();
                        desk.has_rung = true;
                        desk.waker.take()
                    };
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("kettle-bell".to_owned()).spawn(run)?;
        Ok(Bell { state, stop, thread: Some(thread) })
    }

    /// Uses the waker when the descriptor can be read. False if it could since the last time.
    pub fn listen(&self, waker: &Waker) -> bool {
        let mut desk = self.state.desk();
        if std::mem::take(&mut desk.has_rung) {
            return false;
        }
        desk.waker = Some(waker.clone());
        true
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.state.ends.store(true, Ordering::Release);
        // Waking fails only when the poll is gone, and then the thread is, too.
        let _ = self.stop.wake();
        if let Some(thread) = self.thread.take() {
            // The thread cannot panic, and somebody who drops this could not do anything about it.
            let _ = thread.join();
        }
    }
}
