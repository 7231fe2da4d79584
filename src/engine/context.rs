//! What a function of the host gets of the VM that calls it.
//!
//! A [`Ctx`] lives as long as that one call. It makes and reads values, and calls functions of the
//! script. [`Access`] is what it has in common with a [`Vm`](super::Vm): handles are read and made
//! through either.

use std::sync::Arc;

use super::convert::{Arguments, FromValue, IntoValue, raw_of};
use super::error::Error;
use super::handle::{Func, Value};
use super::library::Sources;
use super::uncaught;
use crate::runtime::{Answer, Cx, Interrupter, LoopClosure, Stop};
use crate::vm::heap::Root;
use crate::vm::{Args, Thrown, Value as Raw, Vm as Machine};

/// A function of the host that may call back.
pub type ContextFn = Arc<dyn Fn(&mut Ctx<'_>, Args) -> Result<Raw, Thrown> + Send + Sync>;

/// A VM, or what a function of the host gets of one: what handles are read and made with.
pub trait Access: inner::Access {
    /// Makes a value of the script.
    ///
    /// # Errors
    /// When it does not fit: a number too large, more than the memory limit allows, or a handle of
    /// another VM.
    fn value(&mut self, value: impl IntoValue) -> Result<Value, Error> {
        let heap = &mut self.machine_mut().heap;
        let raw = raw_of(heap, value).map_err(Error::Call)?;
        Ok(Value::hold(heap, raw))
    }
}

impl<T: inner::Access> Access for T {}

/// What nobody outside can call, so that no address of a heap gets out.
pub(super) mod inner {
    use super::{Error, Machine, Raw};

    pub trait Access {
        fn machine(&self) -> &Machine;
        fn machine_mut(&mut self) -> &mut Machine;
        /// Calls something and runs it to its end.
        fn call_raw(&mut self, callee: Raw, args: &[Raw]) -> Result<Raw, Error>;
    }
}

/// The VM, for the length of one call of a function of the host.
///
/// A closure that is given to [`Engine::function`](super::Engine::function) gets one if its first
/// parameter is `&mut Ctx`:
///
/// ```
/// use kettle::{Ctx, Engine, Error, Func, Value, Vm};
///
/// let mut engine = Engine::new();
/// engine.function("each", |cx: &mut Ctx, items: Vec<Value>, f: Func| -> Result<(), Error> {
///     for item in items {
///         f.call::<()>(cx, (item,))?;
///     }
///     Ok(())
/// });
/// let program = engine.compile_text("each.ket", "pub fn total() { var n = 0; each([1, 2], |x| { n += x; null }); n }")?;
/// let mut vm = Vm::new(&engine)?;
/// vm.run_blocking(&program)?;
/// assert_eq!(vm.call_blocking::<i64>("total", ())?, 3);
/// # Ok::<(), Error>(())
/// ```
///
/// It cannot be kept:
///
/// ```compile_fail,E0521
/// use std::sync::Mutex;
/// use kettle::{Ctx, Engine};
///
/// static KEPT: Mutex<Vec<&'static mut Ctx<'static>>> = Mutex::new(Vec::new());
/// let mut engine = Engine::new();
/// engine.function("keep", |cx: &mut Ctx| KEPT.lock().unwrap().push(cx));
/// ```
///
/// Neither can a text that is lent for the call:
///
/// ```compile_fail,E0521
/// use std::sync::Mutex;
/// use kettle::Engine;
///
/// static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
/// let mut engine = Engine::new();
/// engine.function("keep", |text: &str| KEPT.lock().unwrap().push(text));
/// ```
pub struct Ctx<'a> {
    cx: Cx<'a>,
    sources: &'a Sources,
    /// What a function of the script was cut with, which then cuts the caller, too.
    cut: Option<Root>,
}

impl Ctx<'_> {
    /// Calls a function of the script; see [`Func::call`].
    pub fn call<R: FromValue>(&mut self, f: &Func, args: impl Arguments) -> Result<R, Error> {
        f.call(self, args)
    }

    /// What stops the program that calls, from any thread and also later; for a function that takes long and
    /// wants to stop by itself there is [`is_stopped`](Ctx::is_stopped).
    pub fn interrupter(&self) -> Interrupter {
        self.cx.rt.interrupter(self.cx.vm)
    }

    /// Whether the program has to end, as it was [stopped](Interrupter::stop): a function that takes
    /// long asks now and then, and returns any error.
    pub fn is_stopped(&self) -> bool {
        self.cx.vm.has_to_stop()
    }

    pub(super) fn vm(&self) -> &Machine {
        self.cx.vm
    }

    pub(super) fn vm_mut(&mut self) -> &mut Machine {
        self.cx.vm
    }
}

impl inner::Access for Ctx<'_> {
    fn machine(&self) -> &Machine {
        self.cx.vm
    }

    fn machine_mut(&mut self) -> &mut Machine {
        self.cx.vm
    }

    fn call_raw(&mut self, callee: Raw, args: &[Raw]) -> Result<Raw, Error> {
        if self.cut.is_some() {
            return Err(cancelled());
        }
        match self.cx.call_nested(callee, args) {
            Ok(value) => Ok(value),
            Err(Stop::Thrown(error)) => Err(uncaught::error(self.cx.vm, error, self.sources, 1)),
            Err(Stop::Cut(cut)) => {
                self.cut = Some(self.cx.vm.heap.root(cut));
                Err(cancelled())
            }
        }
    }
}

fn cancelled() -> Error {
    Error::Cancelled("the task that called the host function ends".to_owned())
}

/// What the loop calls for a function that may call back.
pub fn closure(function: ContextFn, sources: Sources) -> LoopClosure {
    Arc::new(move |cx: &mut Cx<'_>, args: Args| {
        let Cx { vm, rt, task, at_once } = cx;
        let cx = Cx { vm, rt, task: *task, at_once: *at_once };
        let mut cx = Ctx { cx, sources: &sources, cut: None };
        let result = function(&mut cx, args);
        let cut = cx.cut.take().and_then(|root| cx.vm().heap.rooted(&root));
        match cut {
            Some(cut) => Ok(Answer::Cut(cut)),
            None => result.map(Answer::Value),
        }
    })
}
