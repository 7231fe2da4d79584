//! Functions of the host: plain Rust closures that scripts call by name.
//!
//! A closure is registered once, with its Rust types; arguments are checked and converted at every
//! call, the result is converted back, an `Err` is thrown as an error with its chain of causes,
//! and a panic becomes an error that names the function. Functions that wait are in
//! [`future`](super::future).

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::convert::{IntoValue, Parameter};
use super::foreign;
use super::signature::{Misfit, Param, Signature};
use crate::runtime::LoopClosure;
use crate::vm::{
    Args, ErrorKind, HostFn, NOT_OF_LIBRARY, Native, NativeBody, Thrown, Value, Vm as Machine,
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

    /// Converts the arguments, calls the closure, converts the result.
    fn call(&self, signature: &Signature, vm: &mut Machine, args: Args) -> Result<Value, Thrown>;
}

/// What a function of the host may give: a value, or a `Result` with any error.
pub trait Outcome {
    /// The value, or the error to be thrown.
    fn finish(self, vm: &mut Machine) -> Result<Value, Thrown>;
}

impl<T: IntoValue> Outcome for T {
    fn finish(self, vm: &mut Machine) -> Result<Value, Thrown> {
        match self.into_value(&mut vm.heap) {
            Ok(value) => Ok(value),
            Err(message) => Err(vm.error(ErrorKind::ValueError, message)),
        }
    }
}

impl<T, E> Outcome for Result<T, E>
where
    T: IntoValue,
    E: Into<Box<dyn Error + Send + Sync>>,
{
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
    let make = move |signature: Arc<Signature>| {
        let body = move |vm: &mut Machine, args: Args| function.call(&signature, vm, args);
        HostBody::Plain(Arc::new(body))
    };
    (signature, Box::new(make))
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
            body: match &self.body {
                HostBody::Plain(function) => NativeBody::Host(function.clone()),
                HostBody::Async(_) => NativeBody::Loop(NOT_OF_LIBRARY),
            },
        }
    }
}

/// The error for a function of the host that panicked.
pub fn panic_error(path: &str, payload: &(dyn Any + Send), vm: &mut Machine) -> Thrown {
    let said = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "without a message",
    };
    vm.error(ErrorKind::Error, format!("the host function `{path}` panicked: {said}"))
}

macro_rules! functions {
    ($( ($($name:ident $given:ident $index:literal)*) )+) => {$(
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

            fn call(
                &self,
                signature: &Signature,
                vm: &mut Machine,
                args: Args,
            ) -> Result<Value, Thrown> {
                /// Names one of the two signatures that `F` is known by.
                fn apply<R, $($name),*>(f: impl Fn($($name),*) -> R, $($given: $name),*) -> R {
                    f($($given),*)
                }
                let defaults = signature.defaults(vm, args)?;
                let call = || {
                    let input = signature.input(vm, args, &defaults);
                    // A function without parameters reads none.
                    let _ = input;
                    $(
                        let $given = <$name as Parameter>::take(&input, $index)
                            .ok_or_else(|| Misfit::of::<$name>(&input, $index))?;
                    )*
                    Ok(catch_unwind(AssertUnwindSafe(|| apply(self, $($given),*))))
                };
                let called = call();
                match called {
                    Ok(Ok(result)) => result.finish(vm),
                    Ok(Err(payload)) => Err(panic_error(&signature.path, &*payload, vm)),
                    Err(misfit) => Err(signature.refuse(vm, misfit)),
                }
            }
        }
    )+};
}

functions! {
    ()
    (A a 0)
    (A a 0 B b 1)
    (A a 0 B b 1 C c 2)
    (A a 0 B b 1 C c 2 D d 3)
    (A a 0 B b 1 C c 2 D d 3 E e 4)
    (A a 0 B b 1 C c 2 D d 3 E e 4 G g 5)
    (A a 0 B b 1 C c 2 D d 3 E e 4 G g 5 H h 6)
    (A a 0 B b 1 C c 2 D d 3 E e 4 G g 5 H h 6 I i 7)
}
