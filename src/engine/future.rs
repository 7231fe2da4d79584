//! Functions of the host that wait: Rust futures, polled by the event loop.
//!
//! The call makes a [`Source`] that holds the closure and its arguments; the first attempt calls
//! the closure and polls the future it gives. The future's waker may be used from any thread: it
//! notes that the future wants to be polled and wakes the loop. When the awaiting task is
//! cancelled the source is dropped, and with it the future, which is how a Rust future learns that
//! nobody wants it any more.
//!
//! There is no Rust executor here: a future that needs one (a Tokio socket) has to bring it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::arity::for_each_arity;
use super::convert::{AsyncParameter, Incoming};
use super::host::{HostBody, MakeBody, Outcome, guarded, panic_error};
use super::remote::Line;
use super::signature::{Misfit, Param, Signature};
use crate::runtime::driver::Ticket;
use crate::runtime::{Answer, Cx, Source, Wait};
use crate::vm::{Args, Thrown, Value, Vm as Machine};

/// A closure that can be registered with
/// [`Engine::async_function`](super::Engine::async_function).
///
/// `Marker` tells closures of different signatures apart and is found by inference.
pub trait AsyncFunction<Marker>: Send + Sync + 'static {
    /// What its future gives.
    type Output: Outcome + 'static;

    /// What it takes.
    fn params() -> Vec<Param>;

    /// Converts the arguments; the closure is called when its future is wanted.
    fn begin(self: &Arc<Self>, input: &Incoming<'_>) -> Result<Begin<Self::Output>, Misfit>;
}

/// Makes the future of one call.
pub type Begin<T> = Box<dyn FnOnce() -> Running<T> + Send>;
type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What is known of a function that waits, and what carries it out.
pub fn waiting<M, F: AsyncFunction<M>>(path: String, function: F) -> (Signature, MakeBody) {
    let signature = Signature { path, params: F::params(), waits: true, ..Signature::default() };
    let function = Arc::new(function);
    let make = move |signature: Arc<Signature>| {
        let body = move |cx: &mut Cx<'_>, args: Args| {
            start(&signature, cx, args, |input| function.begin(input))
        };
        HostBody::Async(Arc::new(body))
    };
    (signature, Box::new(make))
}

/// Reads the arguments of a call. The loop begins what it waits for when it wants it: in a `select`
/// another arm may win before.
pub fn start<T: Outcome + 'static>(
    signature: &Arc<Signature>,
    cx: &mut Cx<'_>,
    args: Args,
    begin: impl FnOnce(&Incoming<'_>) -> Result<Begin<T>, Misfit>,
) -> Result<Answer, Thrown> {
    let defaults = signature.defaults(cx.vm, args)?;
    let line = cx.rt.host.reach().and_then(|reach| reach.downcast_ref::<Line>());
    let begun = begin(&signature.input(cx.vm, args, &defaults).with_line(line));
    match begun {
        Ok(begin) => {
            let call: Call<T> = Call { signature: signature.clone(), stage: Stage::New(begin) };
            Ok(Answer::Wait(Wait::Source(Box::new(call))))
        }
        Err(misfit) => Err(signature.refuse(cx.vm, misfit)),
    }
}

/// One call of a function that waits.
struct Call<T> {
    signature: Arc<Signature>,
    stage: Stage<T>,
}

enum Stage<T> {
    /// Not begun: in a `select` another arm may still win.
    New(Begin<T>),
    /// Begun.
    Running(Running<T>, Arc<Wish>),
    /// Has given its result, or panicked.
    Over,
}

/// Whether a future wants to be polled, and how to tell the loop.
#[derive(Default)]
struct Wish {
    state: Mutex<WishState>,
}

#[derive(Default)]
struct WishState {
    wanted: bool,
    /// Reports the ticket of the op, from when it has one.
    report: Option<Waker>,
}

impl Wish {
    /// Nothing panics under this lock, so a poisoned one still holds a whole state.
    fn state(&self) -> MutexGuard<'_, WishState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wish {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let report = {
            let mut state = self.state();
            if state.wanted {
                return;
            }
            state.wanted = true;
            state.report.clone()
        };
        if let Some(report) = report {
            report.wake();
        }
    }
}

impl<T: Outcome + 'static> Source for Call<T> {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        if matches!(self.stage, Stage::New(_)) {
            let Stage::New(begin) = std::mem::replace(&mut self.stage, Stage::Over) else {
                return Poll::Pending;
            };
            match guarded(begin) {
                Ok(running) => {
                    let wish = Arc::new(Wish::default());
                    wish.state().wanted = true;
                    self.stage = Stage::Running(running, wish);
                }
                Err(payload) => {
                    return Poll::Ready(Err(panic_error(&self.signature.path, &*payload, cx.vm)));
                }
            }
        }
        let Stage::Running(running, wish) = &mut self.stage else { return Poll::Pending };
        if !std::mem::take(&mut wish.state().wanted) {
            return Poll::Pending;
        }
        let waker = Waker::from(wish.clone());
        let polled = guarded(|| running.as_mut().poll(&mut Context::from_waker(&waker)));
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => output.finish(cx.vm),
            Err(payload) => Err(panic_error(&self.signature.path, &*payload, cx.vm)),
        };
        self.stage = Stage::Over;
        Poll::Ready(result)
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Stage::Running(_, wish) = &self.stage {
            let report = cx.rt.remote().waker(ticket);
            let mut state = wish.state();
            // It may have been woken between the first attempt and now.
            if state.wanted {
                report.wake_by_ref();
            }
            state.report = Some(report);
        }
    }

    fn unregister(&mut self, _cx: &mut Cx<'_>, _ticket: Ticket) {
        if let Stage::Running(_, wish) = &self.stage {
            wish.state().report = None;
        }
    }

    fn describe(&self, _: &Machine) -> String {
        format!("the host function `{}`", self.signature.path)
    }

    fn is_external(&self) -> bool {
        true
    }
}

macro_rules! async_functions {
    ($( ($($name:ident $given:ident $index:literal)*) )+) => {$(
        impl<F, T, $($name),*> AsyncFunction<fn($($name),*) -> T> for F
        where
            F: Fn($($name),*) -> T + Send + Sync + 'static,
            T: Future + Send + 'static,
            T::Output: Outcome + 'static,
            $($name: AsyncParameter,)*
        {
            type Output = T::Output;

            fn params() -> Vec<Param> {
                vec![$(Param::of::<$name>($index)),*]
            }

            fn begin(self: &Arc<Self>, input: &Incoming<'_>) -> Result<Begin<T::Output>, Misfit> {
                // A function without parameters reads none.
                let _ = input;
                $(
                    let $given = <$name as AsyncParameter>::take_owned(input, $index)
                        .ok_or_else(|| Misfit::of::<$name>(input, $index))?;
                )*
                let function = self.clone();
                Ok(Box::new(move || Box::pin(function($($given),*))))
            }
        }
    )+};
}

for_each_arity!(async_functions);
