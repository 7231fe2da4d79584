//! Functions of the host: plain Rust closures that scripts call by name.
//!
//! A closure is registered once, with its Rust types; arguments are checked and converted at every
//! call, the result is converted back, an `Err` is thrown as an error with its chain of causes,
//! and a panic becomes an error that names the function. Functions that wait are in
//! [`future`](super::future).
#![expect(clippy::too_many_arguments, reason = "there is a function for each number of parameters")]

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::arity::for_each_arity;
use super::context::{self, ContextFn, Ctx};
use super::convert::{Incoming, IntoValue, Parameter, raw_of};
use super::foreign;
use super::library::Sources;
use super::signature::{Misfit, Param, Signature};
use crate::runtime::{LoopClosure, LoopTable};
use crate::vm::object::Local;
use crate::vm::{
    Args, ErrorKind, HostFn, NOT_OF_LIBRARY, Native, NativeBody, NativeId, Thrown, Value,
    Vm as Machine,
};

/// A function of the host as an [`Engine`](super::Engine) keeps it.
#[derive(Clone)]
pub struct HostFunction {
    /// Its name, its parameters, its documentation.
    pub signature: Arc<Signature>,
    /// What carries it out.
    pub body: HostBody,
}

/// What carries a function of the host out.
#[derive(Clone)]
pub enum HostBody {
    /// A closure that gives its result at once.
    Plain(HostFn),
    /// The same with what it needs to call back into the script.
    Context(ContextFn),
    /// One that gives a future.
    Async(LoopClosure),
}

/// Makes what carries a function out, when all is known of its signature.
pub type MakeBody = Box<dyn FnOnce(Arc<Signature>) -> HostBody>;

/// A closure that can be registered with [`Engine::function`](super::Engine::function).
///
/// `Marker` tells closures of different signatures apart and is found by inference.
pub trait Function<Marker>: Send + Sync + 'static {
    /// What it takes.
    fn params() -> Vec<Param>;

    /// What converts the arguments, calls the closure and converts the result.
    fn body(self, signature: Arc<Signature>) -> HostBody;
}

/// Tells the signature of a closure that belongs to one thread from that of others.
pub struct OfThread<Marker>(std::marker::PhantomData<Marker>);

/// What a function of the host may give: a value, or a `Result` with any error.
pub trait Outcome: inner::Outcome {}

impl<T: inner::Outcome> Outcome for T {}

/// What nobody outside can call, so that no address of a heap gets out.
pub mod inner {
    use super::{Machine, Thrown, Value};

    pub trait Outcome {
        /// The value, or the error to be thrown.
        fn finish(self, vm: &mut Machine) -> Result<Value, Thrown>;
    }
}

impl<T: IntoValue> inner::Outcome for T {
    #[inline]
    fn finish(self, vm: &mut Machine) -> Result<Value, Thrown> {
        match raw_of(&mut vm.heap, self) {
            Ok(value) => Ok(value),
            Err(message) => Err(vm.error(ErrorKind::ValueError, message)),
        }
    }
}

impl<T, E> inner::Outcome for Result<T, E>
where
    T: IntoValue,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    #[inline]
    fn finish(self, vm: &mut Machine) -> Result<Value, Thrown> {
        match self {
            Ok(value) => value.finish(vm),
            Err(error) => Err(foreign::throw(vm, error.into())),
        }
    }
}

/// What is known of a plain function, and what carries it out.
pub fn plain<M, F: Function<M>>(path: String, function: F) -> (Signature, MakeBody) {
    let signature = Signature { path, params: F::params(), ..Signature::default() };
    (signature, Box::new(move |signature| function.body(signature)))
}

impl HostFunction {
    /// A function that nothing more has to be said about.
    pub fn new((signature, make): (Signature, MakeBody)) -> HostFunction {
        let signature = Arc::new(signature);
        HostFunction { body: make(signature.clone()), signature }
    }

    /// What the VM is told of it.
    pub fn native(&self) -> Native {
        Native {
            name: Cow::Owned(self.signature.path.clone()),
            params: Cow::Owned(self.signature.native_params()),
            waits: self.signature.waits,
            body: self.body.native(),
        }
    }
}

impl HostBody {
    /// What the VM does to carry it out.
    pub fn native(&self) -> NativeBody {
        match self {
            HostBody::Plain(function) => NativeBody::Host(function.clone()),
            HostBody::Context(_) | HostBody::Async(_) => NativeBody::Loop(NOT_OF_LIBRARY),
        }
    }

    /// Tells the loop of it, if the loop has to carry it out.
    pub fn attach(&self, id: NativeId, table: &mut LoopTable, sources: &Sources) {
        match self {
            HostBody::Plain(_) => {}
            HostBody::Context(function) => {
                table.set_closure(id, context::closure(function.clone(), sources.clone()));
            }
            HostBody::Async(closure) => table.set_closure(id, closure.clone()),
        }
    }
}

/// Runs code of the host, whose panics must not get through the VM. A host that is built so that
/// panics abort has none.
#[inline(always)]
pub fn guarded<R>(code: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    if cfg!(panic = "abort") {
        return Ok(code());
    }
    catch_unwind(AssertUnwindSafe(code))
}

/// The error for a function of the host that panicked.
pub fn panic_error(path: &str, payload: &(dyn Any + Send), vm: &mut Machine) -> Thrown {
    let said = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "without a message",
    };
    let mut message = format!("the host function `{path}` panicked: {said}");
    // Tokio has no error for this, it panics.
    if said.contains("there is no reactor running") {
        message.push_str(
            "; its future needs a runtime of Tokio: turn the feature `tokio` of Kettle on and give \
             the engine one, `engine.options().tokio = Some(handle)`",
        );
    }
    vm.error(ErrorKind::Error, message)
}

/// What carries out a closure that gives its result at once. `$own` becomes the closure, or nothing on a
/// thread that it does not belong to.
macro_rules! plain_body {
    ($signature:ident, $apply:ident, $own:expr, $($name:ident $given:ident $index:literal)*) => {{
        let has_defaults = $signature.has_defaults();
        HostBody::Plain(Arc::new(move |vm: &mut Machine, args: Args| {
            let Some(own) = $own else {
                let thrown = elsewhere(vm, &$signature.path);
                return vm.given(Err(thrown));
            };
            let made;
            let mut defaults: &[Value] = &[];
            if has_defaults {
                match $signature.defaults(vm, args) {
                    Ok(values) => made = values,
                    Err(thrown) => return vm.given(Err(thrown)),
                }
                defaults = &made;
            }
            let call = || {
                let input = $signature.input(vm, args, defaults);
                // A function without parameters reads none.
                let _ = input;
                $(
                    let $given = <$name as Parameter>::take(&input, $index)
                        .ok_or((Misfit::of::<$name> as Unfit, $index))?;
                )*
                Ok::<_, (Unfit, usize)>(guarded(|| $apply(own, $($given),*)))
            };
            let result = match call() {
                Ok(Ok(result)) => result.finish(vm),
                Ok(Err(payload)) => Err(panic_error(&$signature.path, &*payload, vm)),
                Err((unfit, index)) => {
                    let misfit = unfit(&$signature.input(vm, args, defaults), index);
                    Err($signature.refuse(vm, misfit))
                }
            };
            vm.given(result)
        }))
    }};
}

/// Says what is wrong with an argument.
type Unfit = fn(&Incoming<'_>, usize) -> Misfit;

/// The same for one that may call back.
macro_rules! context_body {
    ($signature:ident, $apply:ident, $own:expr, $($name:ident $given:ident $index:literal)*) => {
        HostBody::Context(Arc::new(move |cx: &mut Ctx<'_>, args: Args| {
            let Some(own) = $own else { return Err(elsewhere(cx.vm_mut(), &$signature.path)) };
            let defaults = $signature.defaults(cx.vm_mut(), args)?;
            // The call borrows the context, so what is lent out of it is held apart.
            let hold = || {
                let input = $signature.input(cx.vm(), args, &defaults);
                let _ = input;
                Ok::<_, Misfit>(($(
                    <$name as Parameter>::hold(&input, $index)
                        .ok_or_else(|| Misfit::of::<$name>(&input, $index))?,
                )*))
            };
            let held = hold();
            let ($(mut $given,)*) = match held {
                Ok(held) => held,
                Err(misfit) => return Err($signature.refuse(cx.vm_mut(), misfit)),
            };
            let called = guarded(|| {
                $apply(own, cx, $(<$name as Parameter>::lend(&mut $given)),*)
            });
            match called {
                Ok(result) => result.finish(cx.vm_mut()),
                Err(payload) => Err(panic_error(&$signature.path, &*payload, cx.vm_mut())),
            }
        }))
    };
}

/// A closure that belongs to one thread is called on another one.
#[cold]
pub fn elsewhere(vm: &mut Machine, path: &str) -> Thrown {
    let message = format!("the host function `{path}` belongs to the thread that has made it");
    vm.error(ErrorKind::Error, message)
}

macro_rules! functions {
    ($( ($($name:ident $given:ident $index:literal)*) )+) => {$(const _: () = {
        /// Names one of the two signatures that `F` is known by.
        #[inline(always)]
        fn apply<R, $($name),*>(f: impl Fn($($name),*) -> R, $($given: $name),*) -> R {
            f($($given),*)
        }

        /// The same for one that may call back.
        #[inline(always)]
        fn apply_with<R, $($name),*>(
            f: impl Fn(&mut Ctx<'_>, $($name),*) -> R,
            cx: &mut Ctx<'_>,
            $($given: $name),*
        ) -> R {
            f(cx, $($given),*)
        }

        impl<F, R, $($name),*> Function<fn($($name),*) -> R> for F
        where
            R: Outcome,
            $($name: Parameter,)*
            F: Fn($($name),*) -> R + Send + Sync + 'static,
            F: for<'a> Fn($(<$name as Parameter>::Given<'a>),*) -> R,
        {
            fn params() -> Vec<Param> {
                vec![$(Param::of::<$name>($index)),*]
            }

            fn body(self, signature: Arc<Signature>) -> HostBody {
                plain_body!(signature, apply, Some(&self), $($name $given $index)*)
            }
        }

        impl<F, R, $($name),*> Function<fn(&mut Ctx<'_>, $($name),*) -> R> for F
        where
            R: Outcome,
            $($name: Parameter,)*
            F: Fn(&mut Ctx<'_>, $($name),*) -> R + Send + Sync + 'static,
            F: for<'a> Fn(&mut Ctx<'_>, $(<$name as Parameter>::Given<'a>),*) -> R,
        {
            fn params() -> Vec<Param> {
                vec![$(Param::of::<$name>($index)),*]
            }

            fn body(self, signature: Arc<Signature>) -> HostBody {
                context_body!(signature, apply_with, Some(&self), $($name $given $index)*)
            }
        }

        impl<F, R, $($name),*> Function<OfThread<fn($($name),*) -> R>> for Local<F>
        where
            R: Outcome,
            $($name: Parameter,)*
            F: Fn($($name),*) -> R + 'static,
            F: for<'a> Fn($(<$name as Parameter>::Given<'a>),*) -> R,
        {
            fn params() -> Vec<Param> {
                vec![$(Param::of::<$name>($index)),*]
            }

            fn body(self, signature: Arc<Signature>) -> HostBody {
                plain_body!(signature, apply, self.get(), $($name $given $index)*)
            }
        }

        impl<F, R, $($name),*> Function<OfThread<fn(&mut Ctx<'_>, $($name),*) -> R>> for Local<F>
        where
            R: Outcome,
            $($name: Parameter,)*
            F: Fn(&mut Ctx<'_>, $($name),*) -> R + 'static,
            F: for<'a> Fn(&mut Ctx<'_>, $(<$name as Parameter>::Given<'a>),*) -> R,
        {
            fn params() -> Vec<Param> {
                vec![$(Param::of::<$name>($index)),*]
            }

            fn body(self, signature: Arc<Signature>) -> HostBody {
                context_body!(signature, apply_with, self.get(), $($name $given $index)*)
            }
        }
    };)+};
}

for_each_arity!(functions);
