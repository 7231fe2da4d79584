//! A call of a method of a host type: what the code that the macros make works with.

use std::future::Future;

use super::held::Held;
use super::{Busy, Object, Shared, element};
use crate::engine::context::Ctx;
use crate::engine::convert::{Incoming, IntoValue, Parameter};
use crate::engine::host::{Outcome, guarded, inner, panic_error};
use crate::engine::signature::{Misfit, Signature};
use crate::vm::{Args, ErrorKind, Thrown, Value, Vm as Machine};

pub use crate::engine::future::Begin;

/// A call of a method, a static function or a constructor.
pub struct Call<'c> {
    pub(super) signature: &'c Signature,
    pub(super) vm: &'c mut Machine,
    pub(super) args: Args,
}

/// The answer of a call: only a [`Call`] makes one.
pub struct Reply(pub(super) Result<Value, Thrown>);

/// What a method gives that borrows other objects of the host for the length of the call.
pub struct Borrowed<R>(Result<R, Busy>);

impl<R> From<Result<R, Busy>> for Borrowed<R> {
    fn from(result: Result<R, Busy>) -> Borrowed<R> {
        Borrowed(result)
    }
}

impl<R: Outcome> inner::Outcome for Borrowed<R> {
    fn finish(self, vm: &mut Machine) -> Result<Value, Thrown> {
        match self.0 {
            Ok(result) => result.finish(vm),
            Err(busy) => Err::<(), Busy>(busy).finish(vm),
        }
    }
}

/// Makes the future of a call when it is wanted.
pub fn begin<F, T>(make: F) -> Begin<T::Output>
where
    F: FnOnce() -> T + Send + 'static,
    T: Future + Send + 'static,
{
    Box::new(move || Box::pin(make()))
}

impl Incoming<'_> {
    /// The argument of a number as a parameter of this type.
    ///
    /// # Errors
    /// [`Misfit`] if it is not of the type.
    pub fn take<P: Parameter>(&self, index: usize) -> Result<P::Given<'_>, Misfit> {
        P::take(self, index).ok_or_else(|| Misfit::of::<P>(self, index))
    }

    /// The same, as it is kept while the function may call back.
    ///
    /// # Errors
    /// [`Misfit`] if it is not of the type.
    pub fn hold<P: Parameter>(&self, index: usize) -> Result<P::Held, Misfit> {
        P::hold(self, index).ok_or_else(|| Misfit::of::<P>(self, index))
    }
}

impl Call<'_> {
    /// Answers with what a function makes of the arguments.
    pub fn with<R: Outcome>(self, f: impl FnOnce(&Incoming<'_>) -> Result<R, Misfit>) -> Reply {
        self.reply(|input| Ok(f(input)))
    }

    /// Answers with what a function makes of the receiver and the arguments.
    pub fn with_ref<T: Object, R: Outcome>(
        self,
        f: impl FnOnce(&T, &Incoming<'_>) -> Result<R, Misfit>,
    ) -> Reply {
        self.receive(|receiver, input| receiver.with(|this: &T| f(this, input)))
    }

    /// Answers with what a function makes of a handle of the receiver and the arguments.
    pub fn with_handle<T: Object, R: Outcome>(
        self,
        f: impl FnOnce(Shared<T>, &Incoming<'_>) -> Result<R, Misfit>,
    ) -> Reply {
        self.receive(|receiver, input| Ok(f(receiver.clone(), input)))
    }

    /// Answers with what a function that changes the receiver makes of it and the arguments.
    pub fn with_mut<T: Object, R: Outcome>(
        self,
        f: impl FnOnce(&mut T, &Incoming<'_>) -> Result<R, Misfit>,
    ) -> Reply {
        self.receive(|receiver, input| receiver.with_mut(|this: &mut T| f(this, input)))
    }
}

impl Call<'_> {
    /// Answers with the elements of what a function makes of the receiver: an iterator.
    pub fn elements<T: Object, I>(self, f: impl FnOnce(&T) -> I) -> Reply
    where
        I: IntoIterator<IntoIter: Send + 'static, Item: IntoValue>,
    {
        let path = &self.signature.path;
        let items = match receiver::<T>(self.vm, self.args) {
            Some(receiver) => guarded(|| receiver.with(f)),
            None => return Reply(Err(no_receiver::<T>(self.vm, path))),
        };
        Reply(match items {
            Ok(Ok(items)) => Ok(element::elements(&mut self.vm.heap, items)),
            Ok(Err(busy)) => Err(refuse_busy(self.vm, path, busy)),
            Err(payload) => Err(panic_error(path, &*payload, self.vm)),
        })
    }

    fn receive<T: Object, R: Outcome>(
        self,
        f: impl FnOnce(&Shared<T>, &Incoming<'_>) -> Result<Result<R, Misfit>, Busy>,
    ) -> Reply {
        let Some(receiver) = receiver::<T>(self.vm, self.args) else {
            return Reply(Err(no_receiver::<T>(self.vm, &self.signature.path)));
        };
        self.reply(|input| f(&receiver, input))
    }

    fn reply<R: Outcome>(
        self,
        f: impl FnOnce(&Incoming<'_>) -> Result<Result<R, Misfit>, Busy>,
    ) -> Reply {
        let Call { signature, vm, args } = self;
        let defaults = match signature.defaults(vm, args) {
            Ok(defaults) => defaults,
            Err(thrown) => return Reply(Err(thrown)),
        };
        let input = signature.input(vm, args, &defaults);
        let called = guarded(|| f(&input));
        Reply(match called {
            Ok(Ok(Ok(result))) => result.finish(vm),
            Ok(Ok(Err(misfit))) => Err(signature.refuse(vm, misfit)),
            Ok(Err(busy)) => Err(refuse_busy(vm, &signature.path, busy)),
            Err(payload) => Err(panic_error(&signature.path, &*payload, vm)),
        })
    }
}

/// A call of a method, a static function or a constructor that may call back.
pub struct CallWith<'c, 'x> {
    pub(super) signature: &'c Signature,
    pub(super) cx: &'c mut Ctx<'x>,
    pub(super) args: Args,
}

impl CallWith<'_, '_> {
    /// Answers with what a function makes of the arguments, which are read first.
    pub fn with<H, R: Outcome>(
        self,
        read: impl FnOnce(&Incoming<'_>) -> Result<H, Misfit>,
        f: impl FnOnce(&mut Ctx<'_>, H) -> R,
    ) -> Reply {
        self.reply(read, |cx, held| Ok(f(cx, held)))
    }

    /// Answers with what a function makes of the receiver and the arguments.
    pub fn with_ref<T: Object, H, R: Outcome>(
        self,
        read: impl FnOnce(&Incoming<'_>) -> Result<H, Misfit>,
        f: impl FnOnce(&T, &mut Ctx<'_>, H) -> R,
    ) -> Reply {
        self.receive(read, |receiver, cx, held| receiver.with(|this: &T| f(this, cx, held)))
    }

    /// Answers with what a function makes of a handle of the receiver and the arguments.
    pub fn with_handle<T: Object, H, R: Outcome>(
        self,
        read: impl FnOnce(&Incoming<'_>) -> Result<H, Misfit>,
        f: impl FnOnce(Shared<T>, &mut Ctx<'_>, H) -> R,
    ) -> Reply {
        self.receive(read, |receiver: Shared<T>, cx, held| Ok(f(receiver, cx, held)))
    }

    /// Answers with what a function that changes the receiver makes of it and the arguments.
    pub fn with_mut<T: Object, H, R: Outcome>(
        self,
        read: impl FnOnce(&Incoming<'_>) -> Result<H, Misfit>,
        f: impl FnOnce(&mut T, &mut Ctx<'_>, H) -> R,
    ) -> Reply {
        self.receive(read, |receiver, cx, held| receiver.with_mut(|this: &mut T| f(this, cx, held)))
    }

    fn receive<T: Object, H, R: Outcome>(
        self,
        read: impl FnOnce(&Incoming<'_>) -> Result<H, Misfit>,
        f: impl FnOnce(Shared<T>, &mut Ctx<'_>, H) -> Result<R, Busy>,
    ) -> Reply {
        let Some(receiver) = receiver::<T>(self.cx.vm(), self.args) else {
            return Reply(Err(no_receiver::<T>(self.cx.vm_mut(), &self.signature.path)));
        };
        self.reply(read, |cx, held| f(receiver, cx, held))
    }

    fn reply<H, R: Outcome>(
        self,
        read: impl FnOnce(&Incoming<'_>) -> Result<H, Misfit>,
        f: impl FnOnce(&mut Ctx<'_>, H) -> Result<R, Busy>,
    ) -> Reply {
        let CallWith { signature, cx, args } = self;
        let defaults = match signature.defaults(cx.vm_mut(), args) {
            Ok(defaults) => defaults,
            Err(thrown) => return Reply(Err(thrown)),
        };
        let held = read(&signature.input(cx.vm(), args, &defaults));
        let held = match held {
            Ok(held) => held,
            Err(misfit) => return Reply(Err(signature.refuse(cx.vm_mut(), misfit))),
        };
        let called = guarded(|| f(cx, held));
        let vm = cx.vm_mut();
        Reply(match called {
            Ok(Ok(result)) => result.finish(vm),
            Ok(Err(busy)) => Err(refuse_busy(vm, &signature.path, busy)),
            Err(payload) => Err(panic_error(&signature.path, &*payload, vm)),
        })
    }
}

/// The handle of the object that a method is called on.
pub(super) fn receiver<T: Object>(vm: &Machine, args: Args) -> Option<Shared<T>> {
    vm.heap.object_ref::<Held<T>>(vm.arg(args, 0)).map(|held| held.0.clone())
}

pub(super) fn no_receiver<T: Object>(vm: &mut Machine, path: &str) -> Thrown {
    vm.error(ErrorKind::TypeError, format!("{path}: it is a method of {}", T::NAME))
}

fn refuse_busy(vm: &mut Machine, path: &str, busy: Busy) -> Thrown {
    vm.error(ErrorKind::Error, format!("{path}: {busy}"))
}
