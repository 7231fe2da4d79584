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
use crate::natives::argument::wrong_type;
use crate::runtime::LoopClosure;
use crate::vm::{
    Args, ErrorKind, HostFn, NOT_OF_LIBRARY, Native, NativeBody, NativeParam, ParamKind, Thrown,
    Value, Vm as Machine,
};

/// A function of the host as an [`Engine`](super::Engine) keeps it.
#[derive(Clone)]
pub struct HostFunction {
    /// `name`, or `module.name`.
    pub path: Arc<str>,
    /// How its arguments are passed.
    pub params: Vec<ParamKind>,
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

/// A closure that can be registered with [`Engine::function`](super::Engine::function).
///
/// `Marker` tells closures of different signatures apart and is found by inference.
pub trait Function<Marker>: Send + Sync + 'static {
    /// How its arguments are passed.
    fn params() -> Vec<ParamKind>;

    /// Converts the arguments, calls the closure, converts the result.
    fn call(&self, path: &str, vm: &mut Machine, args: Args) -> Result<Value, Thrown>;
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
            Err(error) => Err(throw(vm, error.into().as_ref())),
        }
    }
}

/// An error of Kettle that says what a Rust error says, with its sources as causes.
fn throw(vm: &mut Machine, error: &dyn Error) -> Thrown {
    // A chain of sources has no limit of its own, and could be a ring.
    const CAUSES_MAX: usize = 32;
    let mut chain = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next.filter(|_| chain.len() < CAUSES_MAX) {
        chain.push(error.to_string());
        next = error.source();
    }
    let mut cause = None;
    for message in chain.into_iter().rev() {
        let error = match cause {
            None => vm.error(ErrorKind::Error, message),
            Some(Thrown(inner)) => vm.error_with(ErrorKind::Error, message, &[("cause", inner)]),
        };
        cause = Some(error);
    }
    cause.expect("a chain begins with the error itself")
}

impl HostFunction {
    /// A plain function.
    pub fn plain<M, F: Function<M>>(path: &str, function: F) -> HostFunction {
        let path: Arc<str> = path.into();
        let name = path.clone();
        let body = move |vm: &mut Machine, args: Args| function.call(&name, vm, args);
        HostFunction { path, params: F::params(), body: HostBody::Plain(Arc::new(body)) }
    }

    /// The module that it belongs to, if it is not in the prelude, and its name there.
    pub fn place(&self) -> (Option<&str>, &str) {
        match self.path.split_once('.') {
            Some((module, name)) => (Some(module), name),
            None => (None, &self.path),
        }
    }

    /// What the VM is told of it.
    pub fn native(&self) -> Native {
        let params = PARAM_NAMES.iter().zip(&self.params);
        let params = params.map(|(&name, &kind)| NativeParam { name, kind });
        Native {
            name: Cow::Owned(self.path.to_string()),
            params: params.collect(),
            waits: matches!(self.body, HostBody::Async(_)),
            body: match &self.body {
                HostBody::Plain(function) => NativeBody::Host(function.clone()),
                HostBody::Async(_) => NativeBody::Loop(NOT_OF_LIBRARY),
            },
        }
    }
}

/// What parameters are called, as Rust keeps no names of them. No function of a host has more.
const PARAM_NAMES: [&str; 6] =
    ["argument 1", "argument 2", "argument 3", "argument 4", "argument 5", "argument 6"];

/// How an argument for `P` is passed.
pub fn param_kind<P: Parameter>() -> ParamKind {
    match () {
        () if P::IS_REST => ParamKind::Rest,
        () if P::is_optional() => ParamKind::Optional,
        () => ParamKind::Required,
    }
}

/// Where an argument did not fit.
pub struct Misfit {
    /// Which one.
    pub index: usize,
    /// What it has to be.
    pub expected: String,
}

impl Misfit {
    /// Finds that argument `index` is not what `P` expects.
    pub fn of<P: Parameter>(index: usize) -> Misfit {
        Misfit { index, expected: P::wanted() }
    }

    /// The error for the script.
    pub fn throw(self, path: &str, vm: &mut Machine, args: Args) -> Thrown {
        let value = vm.arg(args, self.index);
        wrong_type(vm, path, PARAM_NAMES[self.index], &self.expected, value, None)
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
            fn params() -> Vec<ParamKind> {
                vec![$(param_kind::<$name>()),*]
            }

            fn call(&self, path: &str, vm: &mut Machine, args: Args) -> Result<Value, Thrown> {
                /// Names one of the two signatures that `F` is known by.
                fn apply<R, $($name),*>(f: impl Fn($($name),*) -> R, $($given: $name),*) -> R {
                    f($($given),*)
                }
                let call = || {
                    $(
                        let $given = <$name as Parameter>::take(vm, args, $index)
                            .ok_or_else(|| Misfit::of::<$name>($index))?;
                    )*
                    Ok(catch_unwind(AssertUnwindSafe(|| apply(self, $($given),*))))
                };
                let called = call();
                match called {
                    Ok(Ok(result)) => result.finish(vm),
                    Ok(Err(payload)) => Err(panic_error(path, &*payload, vm)),
                    Err(misfit) => Err(Misfit::throw(misfit, path, vm, args)),
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
}
