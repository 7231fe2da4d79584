//! Calls of the host into a script: at once, as futures, and as tasks of which it keeps a handle.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use super::convert::{Arguments, FromValue, Given};
use super::drive::Pass;
use super::error::Error;
use super::handle::{Func, Value};
use super::program::Program;
use super::vm::Vm;
use crate::runtime::{CallEnd, CallId, Called};
use crate::vm::display::display_short;
use crate::vm::{Limit, Value as Raw, Vm as Machine};

/// More of a value than this is not quoted in an error.
const QUOTED_MAX: usize = 60;
/// A call that is dropped has so many passes at once for its clean-ups; what is left of them goes on when
/// the VM is driven next.
const CLEANUP_PASSES: u32 = 64;

/// What a host can call: a public function by its name, or a [`Func`].
pub trait Callee: inner::Callee {}

impl<T: inner::Callee> Callee for T {}

mod inner {
    use super::{Error, Func, Raw, Vm};

    pub trait Callee {
        fn find(&self, vm: &Vm) -> Result<Raw, Error>;
    }

    impl Callee for str {
        fn find(&self, vm: &Vm) -> Result<Raw, Error> {
            vm.find(self)
        }
    }

    impl Callee for String {
        fn find(&self, vm: &Vm) -> Result<Raw, Error> {
            vm.find(self)
        }
    }

    impl Callee for Func {
        fn find(&self, vm: &Vm) -> Result<Raw, Error> {
            self.as_value().raw(&vm.runtime.vm.heap)
        }
    }

    impl<T: Callee + ?Sized> Callee for &T {
        fn find(&self, vm: &Vm) -> Result<Raw, Error> {
            (**self).find(vm)
        }
    }
}

/// Calls whose handles were dropped, on any thread: nobody asks for their results.
#[derive(Clone, Debug, Default)]
pub(super) struct Forgotten(Arc<Mutex<Vec<CallId>>>);

impl Forgotten {
    /// Nothing panics under this lock, so a poisoned one still holds a whole state.
    fn list(&self) -> MutexGuard<'_, Vec<CallId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that goes on while its VM is driven by anybody; see [`Vm::start`].
#[derive(Debug)]
pub struct Task<R> {
    call: Option<CallId>,
    forgotten: Forgotten,
    result: PhantomData<fn() -> R>,
}

impl<R> Drop for Task<R> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.forgotten.list().push(call);
        }
    }
}

impl<R: FromValue> Task<R> {
    /// Drives the VM until the call has ended. Dropping that future cancels the call.
    pub fn join(mut self, vm: &mut Vm) -> CallFuture<'_, R> {
        let state = match self.own(vm) {
            Ok(call) => {
                self.call = None;
                State::Running(call)
            }
            Err(error) => State::Refused(error),
        };
        CallFuture { vm, state, result: PhantomData }
    }

    /// Like [`join`](Task::join), and blocks meanwhile.
    pub fn join_blocking(mut self, vm: &mut Vm) -> Result<R, Error> {
        let call = self.own(vm)?;
        self.call = None;
        let value = vm.wait_for(call, None)?;
        vm.to_rust(value)
    }

    /// Whether the call has ended.
    pub fn is_done(&self, vm: &Vm) -> bool {
        self.own(vm).is_ok_and(|call| vm.runtime.has_ended(call))
    }

    /// Cancels the call. It ends in its own time, after its clean-ups.
    pub fn cancel(&self, vm: &mut Vm) -> Result<(), Error> {
        let call = self.own(vm)?;
        vm.runtime.cancel_call(call);
        Ok(())
    }

    fn own(&self, vm: &Vm) -> Result<CallId, Error> {
        let is_own = Arc::ptr_eq(&self.forgotten.0, &vm.forgotten.0);
        let call = self.call.filter(|_| is_own);
        call.ok_or_else(|| Error::Call("this task belongs to another VM".to_owned()))
    }
}

impl Vm {
    /// Calls a function and drives the VM until that has ended. The future is `Send` and can be awaited in any
    /// executor; dropping it cancels the call, whose clean-ups still run, and nothing else.
    ///
    /// The call begins at once; it goes on when the future is polled.
    pub fn call<R: FromValue>(
        &mut self,
        callee: impl Callee,
        args: impl Arguments,
    ) -> CallFuture<'_, R> {
        let state = match self.begin_call(callee, args) {
            Ok(call) => State::Running(call),
            Err(error) => State::Refused(error),
        };
        CallFuture { vm: self, state, result: PhantomData }
    }

    /// Calls a function and blocks until that has ended.
    pub fn call_blocking<R: FromValue>(
        &mut self,
        callee: impl Callee,
        args: impl Arguments,
    ) -> Result<R, Error> {
        let raw = callee.find(self)?;
        let args = args.into_values(&mut self.runtime.vm.heap).map_err(Error::Call)?;
        let value = self.call_to_end(raw, args.as_ref())?;
        R::from_value(Given::new(&self.runtime.vm.heap, value))
            .ok_or_else(|| unfit::<R>(&self.runtime.vm, Some(raw), value))
    }

    /// Begins a call and gives a handle to it. It goes on while the VM is driven, whatever for: several
    /// calls can be under way at once.
    pub fn start<R: FromValue>(
        &mut self,
        callee: impl Callee,
        args: impl Arguments,
    ) -> Result<Task<R>, Error> {
        let call = self.begin_call(callee, args)?;
        Ok(Task { call: Some(call), forgotten: self.forgotten.clone(), result: PhantomData })
    }

    /// Runs the top level of a program, the modules that it imports first. What it has begun goes on while
    /// the VM is driven, and what it has opened stays open; its `main` is not called.
    pub fn load(&mut self, program: &Program) -> LoadFuture<'_> {
        let state = match self.add(program) {
            Ok(closures) => {
                let rest = closures.iter().rev();
                let heap = &self.runtime.vm.heap;
                Ok(rest.map(|&closure| Value::hold(heap, closure)).collect())
            }
            Err(error) => Err(Some(error)),
        };
        LoadFuture { vm: self, rest: state, running: None }
    }

    /// Like [`load`](Vm::load), and blocks meanwhile.
    pub fn load_blocking(&mut self, program: &Program) -> Result<(), Error> {
        let closures = self.add(program)?;
        let held: Vec<Value> =
            closures.iter().map(|&raw| Value::hold(&self.runtime.vm.heap, raw)).collect();
        for closure in held {
            let callee = closure.raw(&self.runtime.vm.heap)?;
            self.run_top_level(callee)?;
        }
        Ok(())
    }

    /// Runs a program to its end, as [`run_blocking`](Vm::run_blocking) does.
    pub fn run(&mut self, program: &Program) -> RunFuture<'_> {
        let refused = match self.add(program) {
            Ok(closures) => {
                self.finished = None;
                self.begin_program(program, closures);
                None
            }
            Err(error) => Some(error),
        };
        RunFuture { vm: self, refused, is_over: false }
    }

    /// Loads a program, whose functions are those that calls look for from now on.
    fn add(&mut self, program: &Program) -> Result<Vec<Raw>, Error> {
        let closures = self.add_program(program)?;
        self.started = program.code().modules.last().cloned();
        Ok(closures)
    }

    pub(super) fn begin_call(
        &mut self,
        callee: impl Callee,
        args: impl Arguments,
    ) -> Result<CallId, Error> {
        let callee = callee.find(self)?;
        let args = args.into_values(&mut self.runtime.vm.heap).map_err(Error::Call)?;
        self.forget();
        Ok(self.runtime.call(callee, args.as_ref()))
    }

    /// Forgets the calls whose handles were dropped.
    pub(super) fn forget(&mut self) {
        let forgotten = std::mem::take(&mut *self.forgotten.list());
        for call in forgotten {
            self.runtime.forget_call(call);
        }
    }

    /// How a call has ended, if it has.
    pub(super) fn end_of(
        &mut self,
        call: CallId,
        is_over: bool,
        callee: Option<Raw>,
    ) -> Option<Result<Raw, Error>> {
        Some(match self.runtime.call_end(call) {
            Some(CallEnd::Outcome(Ok(value))) => match self.runtime.take_overprinted() {
                Some(limit) => Err(Error::Limit(limit)),
                None => Ok(value),
            },
            Some(CallEnd::Outcome(Err(_)) | CallEnd::Cancelled(_))
                if let Some(limit) = self.runtime.take_limit(true) =>
            {
                Err(Error::Limit(limit))
            }
            Some(CallEnd::Outcome(Err(error))) => {
                if let Some(callee) = callee {
                    self.place_call(error, callee);
                }
                Err(self.uncaught(error, None))
            }
            Some(CallEnd::Cancelled(reason)) => Err(match self.take_finished_limit() {
                Some(limit) => Error::Limit(limit),
                None => Error::Cancelled(reason.kind.name().to_owned()),
            }),
            None if is_over => {
                // The host has insisted so often that its own call was left, too.
                self.runtime.forget_call(call);
                Err(match self.runtime.take_limit(true) {
                    Some(limit) => Error::Limit(limit),
                    None => Error::Cancelled("host".to_owned()),
                })
            }
            None => return None,
        })
    }

    /// The limit by which all that ran was left, calls of the host among it.
    fn take_finished_limit(&mut self) -> Option<Limit> {
        let Some(Err(Error::Limit(limit))) = &self.finished else { return None };
        let limit = *limit;
        self.finished = None;
        Some(limit)
    }

    /// Calls something and turns the loop until that has ended.
    #[inline]
    pub(super) fn call_to_end(&mut self, callee: Raw, args: &[Raw]) -> Result<Raw, Error> {
        #[cfg(feature = "tokio")]
        if self.engine.settings().tokio.is_some() {
            return self.call_inside(callee, args);
        }
        let value = self.runtime.call_to_value(callee, args);
        if value.is_end() { self.call_further(callee, args) } else { Ok(value) }
    }

    /// The same in a runtime of Tokio.
    #[cfg(feature = "tokio")]
    fn call_inside(&mut self, callee: Raw, args: &[Raw]) -> Result<Raw, Error> {
        let handle = self.engine.settings().tokio.clone();
        let _inside = handle.as_ref().map(|handle| handle.enter());
        let value = self.runtime.call_to_value(callee, args);
        if value.is_end() { self.call_further(callee, args) } else { Ok(value) }
    }

    /// Goes on with a call that has not ended at once.
    #[cold]
    fn call_further(&mut self, callee: Raw, args: &[Raw]) -> Result<Raw, Error> {
        match self.runtime.call_further(callee, args) {
            Called::Ended(value) => Ok(value),
            Called::Running(call) => self.wait_for(call, Some(callee)),
        }
    }

    /// Turns the loop until a call has ended. Its function, if that is kept alive, tells where it stands.
    pub(super) fn wait_for(&mut self, call: CallId, callee: Option<Raw>) -> Result<Raw, Error> {
        let mut is_over = false;
        loop {
            if let Some(end) = self.end_of(call, is_over, callee) {
                return end;
            }
            is_over = self.pass_blocking().is_some();
        }
    }

    /// The Rust value of a result.
    pub(super) fn to_rust<R: FromValue>(&self, value: Raw) -> Result<R, Error> {
        R::from_value(Given::new(&self.runtime.vm.heap, value))
            .ok_or_else(|| unfit::<R>(&self.runtime.vm, None, value))
    }

    /// Nobody wants a call any more: it is cancelled and cleans up.
    fn abandon(&mut self, call: CallId) {
        self.runtime.cancel_call(call);
        for _ in 0..CLEANUP_PASSES {
            if self.runtime.has_ended(call) || self.pass(Some(Duration::ZERO)) != Pass::Busy {
                break;
            }
        }
        self.runtime.forget_call(call);
    }
}

/// What a function has given is not what the host expects.
#[cold]
pub(super) fn unfit<R: FromValue>(vm: &Machine, callee: Option<Raw>, value: Raw) -> Error {
    let name = callee
        .map_or_else(|| "the script".to_owned(), |callee| format!("`{}`", vm.callee_name(callee)));
    let shown = display_short(&vm.heap, value, QUOTED_MAX);
    let fault =
        R::fault(Given::new(&vm.heap, value)).map_or(String::new(), |fault| format!(": {fault}"));
    Error::Call(format!("{name} gave {shown} where the host expects {}{fault}", R::expected()))
}

/// A call under way; see [`Vm::call`].
#[must_use = "a call goes on only when its future is awaited"]
pub struct CallFuture<'vm, R> {
    vm: &'vm mut Vm,
    state: State,
    result: PhantomData<fn() -> R>,
}

enum State {
    Refused(Error),
    Running(CallId),
    Over,
}

impl<R: FromValue> Future for CallFuture<'_, R> {
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R, Error>> {
        let this = self.get_mut();
        let call = match std::mem::replace(&mut this.state, State::Over) {
            State::Running(call) => call,
            State::Refused(error) => return Poll::Ready(Err(error)),
            State::Over => {
                return Poll::Ready(Err(Error::Call("the call has ended already".to_owned())));
            }
        };
        let polled = this.vm.poll_until(cx, |vm, is_over| {
            let end = vm.end_of(call, is_over, None)?;
            Some(end.and_then(|value| vm.to_rust(value)))
        });
        if polled.is_pending() {
            this.state = State::Running(call);
        }
        polled
    }
}

impl<R> Drop for CallFuture<'_, R> {
    fn drop(&mut self) {
        if let State::Running(call) = self.state {
            self.vm.abandon(call);
        }
    }
}

/// The top level of a program under way; see [`Vm::load`].
#[must_use = "a program is loaded only when this future is awaited"]
pub struct LoadFuture<'vm> {
    vm: &'vm mut Vm,
    /// The top levels that are left, last one first; or why there are none.
    rest: Result<Vec<Value>, Option<Error>>,
    running: Option<CallId>,
}

impl Future for LoadFuture<'_> {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        loop {
            let call = match this.running {
                Some(call) => call,
                None => {
                    let next = match &mut this.rest {
                        Ok(rest) => rest.pop(),
                        Err(error) => return Poll::Ready(error.take().map_or(Ok(()), Err)),
                    };
                    let Some(next) = next else { return Poll::Ready(Ok(())) };
                    let callee = next.raw(&this.vm.runtime.vm.heap)?;
                    let call = this.vm.runtime.call(callee, &[]);
                    this.vm.runtime.leave_open(call);
                    *this.running.insert(call)
                }
            };
            match this.vm.poll_until(cx, |vm, is_over| vm.end_of(call, is_over, None)) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(end) => {
                    this.running = None;
                    end?;
                }
            }
        }
    }
}

impl Drop for LoadFuture<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.running {
            self.vm.abandon(call);
        }
    }
}

/// A program under way; see [`Vm::run`].
#[must_use = "a program runs only when this future is awaited"]
pub struct RunFuture<'vm> {
    vm: &'vm mut Vm,
    refused: Option<Error>,
    is_over: bool,
}

impl Future for RunFuture<'_> {
    type Output = Result<i32, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<i32, Error>> {
        let this = self.get_mut();
        if let Some(error) = this.refused.take() {
            this.is_over = true;
            return Poll::Ready(Err(error));
        }
        let polled = this.vm.poll_until(cx, |vm, is_over| match vm.finished.take() {
            Some(end) => Some(end),
            None => is_over.then_some(Ok(0)),
        });
        this.is_over = polled.is_ready();
        polled
    }
}

impl Drop for RunFuture<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.vm.interrupter().interrupt();
            for _ in 0..CLEANUP_PASSES {
                if self.vm.pass(Some(Duration::ZERO)) != Pass::Busy {
                    break;
                }
            }
        }
    }
}
