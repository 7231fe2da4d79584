//! What a host lends to a script for the length of a call, although it does not live any longer.

use std::borrow::Cow;
use std::sync::Arc;

use super::call::Callee;
use super::context::inner;
use super::convert::{Arguments, FromValue, Incoming, Parameter};
use super::error::Error;
use super::handle::{Func, Value};
use super::host::{Outcome, guarded, panic_error};
use super::object::{Object, Shared};
use super::signature::{Misfit, Param, Signature};
use super::vm::Vm;
use crate::vm::object::{HostObject, Lender, LentFn, Loan, Local, Refused};
use crate::vm::{
    Args, ErrorKind, Native, NativeBody, NativeParam, ParamKind, Thrown, Value as Raw,
    Vm as Machine,
};

/// What a function that is lent is called in errors and traces.
const NAME: &str = "a function that the host has lent";

/// A [`Vm`] for the length of [`Vm::scope`], which lends scripts what does not live longer than that.
pub struct Scope<'s, 'env> {
    vm: &'s mut Vm,
    lender: &'s mut Lender<'env>,
}

impl Vm {
    /// Lends scripts what lives only as long as this call: objects that the host keeps in a place of its
    /// own, and closures that borrow.
    ///
    /// ```
    /// use kettle::{Engine, Error, Vm};
    ///
    /// #[derive(kettle::Object)]
    /// struct World {
    ///     #[kettle(get, set)]
    ///     score: i64,
    /// }
    ///
    /// let mut engine = Engine::new();
    /// engine.globals(|m| {
    ///     m.object::<World>();
    /// })?;
    /// let text = "
    ///     var kept = null
    ///     pub fn tick(world, say) {
    ///         kept = world
    ///         world.score += 1
    ///         say(\"the score is ${world.score}\")
    ///     }
    ///     pub fn later() { kept.score }
    /// ";
    /// let mut vm = Vm::new(&engine)?;
    /// vm.load_blocking(&engine.compile_text("game.ket", text)?)?;
    ///
    /// let mut world = World { score: 41 };
    /// let mut said = Vec::new();
    /// vm.scope(|s| {
    ///     let lent = s.lend_mut(&mut world);
    ///     let say = s.function(|text: &str| said.push(text.to_owned()))?;
    ///     s.call::<()>("tick", (lent, say))
    /// })?;
    /// assert_eq!((world.score, said), (42, vec!["the score is 42".to_owned()]));
    ///
    /// // What a script has kept is an error from then on.
    /// let error = vm.call_blocking::<i64>("later", ()).unwrap_err();
    /// assert!(error.to_string().contains("was lent by the host for a call that has ended"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// What is lent has to live as long as the scope, and cannot be used by the host meanwhile:
    ///
    /// ```compile_fail,E0597
    /// # #[derive(kettle::Object)]
    /// # struct World { score: i64 }
    /// # let mut vm = kettle::Vm::new(&kettle::Engine::new()).unwrap();
    /// vm.scope(|s| {
    ///     let mut world = World { score: 1 };
    ///     s.lend_mut(&mut world);
    /// });
    /// ```
    ///
    /// ```compile_fail,E0499
    /// # #[derive(kettle::Object)]
    /// # struct World { score: i64 }
    /// # let mut vm = kettle::Vm::new(&kettle::Engine::new()).unwrap();
    /// let mut world = World { score: 1 };
    /// vm.scope(|s| {
    ///     s.lend_mut(&mut world);
    ///     world.score += 1;
    ///     s.lend_mut(&mut world);
    /// });
    /// ```
    pub fn scope<'env, R>(&mut self, body: impl FnOnce(&mut Scope<'_, 'env>) -> R) -> R {
        Lender::scope(|lender| body(&mut Scope { vm: self, lender }))
    }
}

impl<'env> Scope<'_, 'env> {
    /// Lends an object of the host. The handle is an argument for [`call`](Scope::call).
    pub fn lend_mut<T: Object>(&mut self, object: &'env mut T) -> Shared<T> {
        Shared::lent(self.lender.lend(object))
    }

    /// Lends a closure, which may change what it borrows, as a function of the script.
    ///
    /// # Errors
    /// When memory has ended.
    pub fn function<M, F: Lendable<'env, M>>(&mut self, function: F) -> Result<Func, Error> {
        let loan = self.lender.lend_function(function.into_function());
        let callee = self.vm.lent_native();
        let heap = &mut self.vm.runtime.vm.heap;
        heap.reserve(size_of::<LentFunction>())
            .map_err(|_| Error::Call("a function would pass the memory limit".to_owned()))?;
        let receiver = heap.object(Box::new(LentFunction(Local::new(loan))));
        let bound = heap.bound(receiver, callee);
        Ok(Func::of(Value::hold(heap, bound)))
    }

    /// Calls a function of the script, as [`Vm::call_blocking`] does.
    ///
    /// # Errors
    /// As there.
    pub fn call<R: FromValue>(
        &mut self,
        callee: impl Callee,
        args: impl Arguments,
    ) -> Result<R, Error> {
        self.vm.call_blocking(callee, args)
    }
}

impl inner::Access for Scope<'_, '_> {
    fn machine(&self) -> &Machine {
        self.vm.machine()
    }

    fn machine_mut(&mut self) -> &mut Machine {
        self.vm.machine_mut()
    }

    fn call_raw(&mut self, callee: Raw, args: &[Raw]) -> Result<Raw, Error> {
        self.vm.call_raw(callee, args)
    }
}

impl Vm {
    /// What carries out every function that is lent.
    fn lent_native(&mut self) -> Raw {
        const PARAMS: &[NativeParam] = &[NativeParam { name: "args", kind: ParamKind::Rest }];
        let vm = &mut self.runtime.vm;
        let id = *self.lent_native.get_or_insert_with(|| {
            vm.add_native(Native {
                name: Cow::Borrowed(NAME),
                params: Cow::Borrowed(PARAMS),
                waits: false,
                body: NativeBody::Inline(call_lent),
            })
        });
        vm.native_value(id)
    }
}

/// What the heap holds of a function that is lent.
///
/// The function need not be `Send`: it is called inside its scope, which does not leave its thread.
struct LentFunction(Local<Arc<Loan<LentFn<'static>>>>);

impl HostObject for LentFunction {
    fn type_name(&self) -> &'static str {
        "lent_function"
    }

    fn is_held(&self) -> bool {
        false
    }
}

fn call_lent(vm: &mut Machine, args: Args) -> Result<Raw, Thrown> {
    let receiver = vm.arg(args, 0);
    let loan = vm.heap.object_ref::<LentFunction>(receiver).and_then(|held| held.0.get().cloned());
    let called = loan.map_or(Err(Refused::Ended), |loan| {
        // Elsewhere than on the thread of its scope that has ended for sure.
        loan.try_with_mut(|function| function(vm, args))
    });
    match called {
        Ok(result) => result,
        Err(Refused::Ended) => {
            let message = "the function was lent by the host for a call that has ended";
            Err(vm.error(ErrorKind::Error, message))
        }
        Err(Refused::Busy) => {
            Err(vm.error(ErrorKind::Error, "the function is in use by a call further out"))
        }
    }
}

/// A closure that can be lent with [`Scope::function`]: over the same types as those of
/// [`Engine::function`](super::Engine::function), and free to borrow and to change what it borrows.
///
/// `Marker` tells closures of different signatures apart and is found by inference.
pub trait Lendable<'env, Marker>: self::lendable::Lendable<'env, Marker> {}

impl<'env, M, F: lendable::Lendable<'env, M>> Lendable<'env, M> for F {}

mod lendable {
    use super::LentFn;

    pub trait Lendable<'env, Marker> {
        fn into_function(self) -> Box<LentFn<'env>>;
    }
}

/// The arguments of a call of a function that is lent, if there are as many as it takes.
fn check_count(vm: &mut Machine, args: Args, signature: &Signature) -> Result<(), Thrown> {
    let given = args.count() - 1;
    let count = |kind| signature.params.iter().filter(|param| param.kind == kind).count();
    let is_open = count(ParamKind::Rest) > 0;
    if given >= count(ParamKind::Required) && (is_open || given <= signature.params.len()) {
        return Ok(());
    }
    let message = format!("{NAME} takes {} arguments, not {given}", signature.params.len());
    Err(vm.error(ErrorKind::ArityError, message))
}

macro_rules! lendable {
    ($( ($($name:ident $given:ident $index:literal)*) )+) => {$(
        impl<'env, F, R, $($name),*> lendable::Lendable<'env, fn($($name),*) -> R> for F
        where
            R: Outcome,
            $($name: Parameter,)*
            F: FnMut($($name),*) -> R + 'env,
            F: for<'a> FnMut($(<$name as Parameter>::Given<'a>),*) -> R,
        {
            fn into_function(mut self) -> Box<LentFn<'env>> {
                /// Names one of the two signatures that `F` is known by.
                fn apply<R, $($name),*>(mut f: impl FnMut($($name),*) -> R, $($given: $name),*) -> R {
                    f($($given),*)
                }
                let params = vec![$(Param::of::<$name>($index)),*];
                let signature = Signature { path: NAME.to_owned(), params, ..Signature::default() };
                Box::new(move |vm: &mut Machine, args: Args| {
                    check_count(vm, args, &signature)?;
                    let mut call = || {
                        let input = Incoming::new(vm, args, 1, &[]);
                        // A function without parameters reads none.
                        let _ = input;
                        $(
                            let $given = <$name as Parameter>::take(&input, $index)
                                .ok_or_else(|| Misfit::of::<$name>(&input, $index))?;
                        )*
                        Ok(guarded(|| apply(&mut self, $($given),*)))
                    };
                    let called = call();
                    match called {
                        Ok(Ok(result)) => result.finish(vm),
                        Ok(Err(payload)) => Err(panic_error(NAME, &*payload, vm)),
                        Err(misfit) => Err(signature.refuse(vm, misfit)),
                    }
                })
            }
        }
    )+};
}

lendable! {
    ()
    (A a 0)
    (A a 0 B b 1)
    (A a 0 B b 1 C c 2)
    (A a 0 B b 1 C c 2 D d 3)
    (A a 0 B b 1 C c 2 D d 3 E e 4)
    (A a 0 B b 1 C c 2 D d 3 E e 4 G g 5)
}
