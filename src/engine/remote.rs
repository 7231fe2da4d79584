//! Calls from other threads and other tasks of the host.
//!
//! A [`Remote`] leaves requests on the desk of a VM and wakes whoever drives it. The VM takes them up at
//! its next pass and answers when the calls have ended. A [`Worker`] is a remote of a VM that has a
//! thread of its own.

#[cfg(feature = "driver")]
mod worker;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use super::convert::{Arguments, FromValue};
use super::error::Error;
use super::handle::Func;
use super::vm::Vm;
use crate::runtime::{CallId, Interrupter};
use crate::vm::Value as Raw;

/// Begins a call on the VM's own thread and says what to do with the result.
type Begin = Box<dyn FnOnce(&mut Vm) -> Option<(CallId, Answer)> + Send>;
/// Gives the result of a call to whoever has asked for it.
type Answer = Box<dyn FnOnce(&mut Vm, Result<Raw, Error>) + Send>;

/// Where others leave what they want of a VM.
#[derive(Clone)]
pub(super) struct Desk {
    shared: Arc<Shared>,
}

struct Shared {
    wishes: Mutex<Wishes>,
    /// Somebody has rung since the VM has looked.
    is_rung: AtomicBool,
    /// Rung when a wish comes while the VM has nothing else to wait for.
    came: Condvar,
    /// Wakes the VM out of its poll.
    waker: Waker,
    interrupter: Interrupter,
    /// How many remotes there are.
    remotes: AtomicUsize,
}

#[derive(Default)]
struct Wishes {
    begin: Vec<(u64, Begin)>,
    cancel: Vec<u64>,
    made: u64,
    /// The VM is gone: nobody will take anything up.
    closed: bool,
}

/// A way to the desk of a VM that does not count as somebody who may still want something.
#[derive(Default)]
pub(super) struct Line(OnceLock<Weak<Shared>>);

impl Line {
    pub(super) fn connect(&self, desk: &Desk) {
        // It is connected once, when the VM is made.
        let _ = self.0.set(Arc::downgrade(&desk.shared));
    }

    /// Calls functions of the VM; none if that is gone.
    pub(super) fn remote(&self) -> Option<Remote> {
        let shared = self.0.get()?.upgrade()?;
        Some(Desk { shared }.remote())
    }
}

/// A call that somebody else waits for.
pub(super) struct Asked {
    number: u64,
    call: CallId,
    answer: Answer,
}

impl Desk {
    pub(super) fn new(waker: Waker, interrupter: Interrupter) -> Desk {
        let shared = Shared {
            wishes: Mutex::default(),
            is_rung: AtomicBool::new(false),
            came: Condvar::new(),
            waker,
            interrupter,
            remotes: AtomicUsize::new(0),
        };
        Desk { shared: Arc::new(shared) }
    }

    /// Nothing panics under this lock, so a poisoned one still holds a whole state.
    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.shared.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        self.shared.is_rung.store(true, Ordering::Release);
        self.shared.came.notify_all();
        self.shared.waker.wake_by_ref();
    }

    /// The VM ends: what was not begun never will be.
    pub(super) fn close(&self) {
        let dropped = {
            let mut wishes = self.wishes();
            wishes.closed = true;
            std::mem::take(&mut wishes.begin)
        };
        // Dropping what a call would have answered with tells who waits for it.
        drop(dropped);
    }

    /// A line to it.
    pub(super) fn line(&self) -> Arc<Line> {
        let line = Line::default();
        line.connect(self);
        Arc::new(line)
    }

    fn remote(&self) -> Remote {
        self.shared.remotes.fetch_add(1, Ordering::Relaxed);
        Remote { desk: self.clone() }
    }
}

/// Calls functions of a VM from anywhere. They go on while something drives that VM.
pub struct Remote {
    desk: Desk,
}

impl Clone for Remote {
    fn clone(&self) -> Remote {
        self.desk.remote()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // Under the lock, so that a thread that is about to wait for wishes sees it.
        let wishes = self.desk.wishes();
        let left = self.desk.shared.remotes.fetch_sub(1, Ordering::AcqRel) - 1;
        drop(wishes);
        if left == 0 {
            self.desk.ring();
        }
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Remote")
    }
}

/// What a remote can call: a public function by its name, or a [`Func`].
#[derive(Clone, Debug)]
pub enum RemoteCallee {
    /// By its name.
    Name(String),
    /// This one.
    Func(Func),
}

impl From<&str> for RemoteCallee {
    fn from(name: &str) -> RemoteCallee {
        RemoteCallee::Name(name.to_owned())
    }
}

impl From<&Func> for RemoteCallee {
    fn from(f: &Func) -> RemoteCallee {
        RemoteCallee::Func(f.clone())
    }
}

impl Remote {
    /// Calls a function. Dropping the future cancels the call.
    pub fn call<R, A>(&self, callee: impl Into<RemoteCallee>, args: A) -> RemoteCall<R>
    where
        R: FromValue + Send + 'static,
        A: Arguments + Send + 'static,
    {
        let reply = Arc::new(Reply::default());
        let number = self.ask(callee.into(), args, Sender(Some(reply.clone())));
        self.desk.ring();
        RemoteCall { reply, desk: self.desk.clone(), number }
    }

    /// Calls a function and blocks until it has ended. Not to be used on the thread that drives the VM.
    pub fn call_blocking<R, A>(&self, callee: impl Into<RemoteCallee>, args: A) -> Result<R, Error>
    where
        R: FromValue + Send + 'static,
        A: Arguments + Send + 'static,
    {
        let call = self.call(callee, args);
        let mut state = call.reply.state();
        loop {
            if let Some(result) = state.result.take() {
                state.is_taken = true;
                return result;
            }
            state = call.reply.came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What stops the VM from any thread.
    pub fn interrupter(&self) -> Interrupter {
        self.desk.shared.interrupter.clone()
    }

    fn ask<R, A>(&self, callee: RemoteCallee, args: A, mut sender: Sender<R>) -> u64
    where
        R: FromValue + Send + 'static,
        A: Arguments + Send + 'static,
    {
        let begin: Begin = Box::new(move |vm| {
            let begun = match &callee {
                RemoteCallee::Name(name) => vm.begin_call(name, args),
                RemoteCallee::Func(f) => vm.begin_call(f, args),
            };
            match begun {
                Ok(call) => {
                    let answer: Answer = Box::new(move |vm, end| {
                        sender.send(end.and_then(|value| vm.to_rust(value)));
                    });
                    Some((call, answer))
                }
                Err(error) => {
                    sender.send(Err(error));
                    None
                }
            }
        });
        let mut wishes = self.desk.wishes();
        wishes.made += 1;
        let number = wishes.made;
        if !wishes.closed {
            wishes.begin.push((number, begin));
        }
        number
    }
}

/// A call on its way; see [`Remote::call`].
#[must_use = "dropping this cancels the call"]
pub struct RemoteCall<R> {
    reply: Arc<Reply<R>>,
    desk: Desk,
    number: u64,
}

struct Reply<R> {
    state: Mutex<ReplyState<R>>,
    came: Condvar,
}

struct ReplyState<R> {
    result: Option<Result<R, Error>>,
    waker: Option<Waker>,
    is_taken: bool,
}

impl<R> Default for Reply<R> {
    fn default() -> Reply<R> {
        let state = ReplyState { result: None, waker: None, is_taken: false };
        Reply { state: Mutex::new(state), came: Condvar::new() }
    }
}

impl<R> Reply<R> {
    fn state(&self) -> MutexGuard<'_, ReplyState<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the result to who waits for it; dropped without one it says that there will be none.
struct Sender<R>(Option<Arc<Reply<R>>>);

impl<R> Sender<R> {
    fn send(&mut self, result: Result<R, Error>) {
        let Some(reply) = self.0.take() else { return };
        let waker = {
            let mut state = reply.state();
            state.result = Some(result);
            state.waker.take()
        };
        reply.came.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<R> Drop for Sender<R> {
    fn drop(&mut self) {
        self.send(Err(Error::Cancelled("the VM has ended".to_owned())));
    }
}

impl<R> Future for RemoteCall<R> {
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R, Error>> {
        let mut state = self.reply.state();
        match state.result.take() {
            Some(result) => {
                state.is_taken = true;
                Poll::Ready(result)
            }
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<R> Drop for RemoteCall<R> {
    fn drop(&mut self) {
        let is_open = {
            let state = self.reply.state();
            !state.is_taken && state.result.is_none()
        };
        if is_open {
            self.desk.wishes().cancel.push(self.number);
            self.desk.ring();
        }
    }
}

impl Vm {
    /// Calls functions of this VM from other threads and tasks of the host, while something drives it.
    pub fn remote(&self) -> Remote {
        self.desk.remote()
    }

    /// Takes up what others have asked for.
    pub(super) fn serve_remote(&mut self) {
        // Whoever leaves a wish rings afterwards.
        if !self.desk.shared.is_rung.load(Ordering::Acquire) {
            return;
        }
        self.desk.shared.is_rung.store(false, Ordering::Release);
        let (begin, cancel) = {
            let mut wishes = self.desk.wishes();
            (std::mem::take(&mut wishes.begin), std::mem::take(&mut wishes.cancel))
        };
        for (number, begin) in begin {
            if let Some((call, answer)) = begin(self) {
                self.asked.push(Asked { number, call, answer });
            }
        }
        for number in cancel {
            if let Some(asked) = self.asked.iter().find(|asked| asked.number == number) {
                self.runtime.cancel_call(asked.call);
            }
        }
    }

    /// Answers those whose calls have ended.
    pub(super) fn answer_remote(&mut self) {
        let mut index = 0;
        while let Some(asked) = self.asked.get(index) {
            match self.end_of(asked.call, false, None) {
                Some(end) => {
                    let Asked { answer, .. } = self.asked.swap_remove(index);
                    answer(self, end);
                }
                None => index += 1,
            }
        }
    }
}

/// A remote of a VM that has a thread of its own; see [`Vm::spawn_thread`].
pub type Worker = Remote;
