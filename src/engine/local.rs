//! VMs that stay on their thread, whose host functions and futures need not be `Send`.
//!
//! What belongs to the thread stands in [`Local`]s, which show their content there and nowhere else. So
//! everything below this is the same for both kinds of VM.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::arity::for_each_arity;
use super::context::inner;
use super::convert::{AsyncParameter, Incoming, IntoValue};
use super::engine::Engine;
use super::error::Error;
use super::future::{AsyncFunction, Begin};
use super::host::{self, Function, OfThread, Outcome};
use super::loader::Loader;
use super::module::{FunctionBuilder, ModuleBuilder};
use super::object::Object;
use super::option::Options;
use super::program::{CompileError, Program};
use super::signature::{Misfit, Param};
use super::vm::Vm;
use crate::vm::object::Local;
use crate::vm::{ErrorKind, Thrown, Value as Raw, Vm as Machine};

/// An [`Engine`] for [`LocalVm`]s: its functions, and the futures they give, may hold what is not
/// `Send`, such as an `Rc` or a window.
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use kettle::{LocalEngine, LocalVm};
///
/// let lines = Rc::new(RefCell::new(Vec::new()));
/// let mut engine = LocalEngine::new();
/// let log = lines.clone();
/// engine.function("log", move |line: &str| log.borrow_mut().push(line.to_owned()));
/// let program = engine.compile_text("log.ket", "pub fn greet(name) { log(\"hello ${name}\") }")?;
/// let mut vm = LocalVm::new(&engine)?;
/// vm.load_blocking(&program)?;
/// vm.call_blocking::<()>("greet", ("ann",))?;
/// assert_eq!(*lines.borrow(), ["hello ann"]);
/// # Ok::<(), kettle::Error>(())
/// ```
///
/// The engine of a [`Vm`] takes only what may move to another thread:
///
/// ```compile_fail,E0277
/// use std::rc::Rc;
/// use kettle::Engine;
///
/// let counted = Rc::new(1);
/// Engine::new().function("one", move || *counted);
/// ```
///
/// ```compile_fail,E0277
/// use std::rc::Rc;
/// use kettle::Engine;
///
/// Engine::new().async_function("one", || async {
///     let counted = Rc::new(1);
///     std::future::ready(()).await;
///     *counted
/// });
/// ```
#[derive(Default)]
pub struct LocalEngine {
    engine: Engine,
}

impl LocalEngine {
    /// An engine with the standard library.
    pub fn new() -> LocalEngine {
        LocalEngine::default()
    }

    /// Changes the options of VMs that are made from now on.
    pub fn options(&mut self) -> &mut Options {
        self.engine.options()
    }

    /// Says where modules come from.
    pub fn set_loader(&mut self, loader: impl Loader + 'static) -> &mut LocalEngine {
        self.engine.set_loader(loader);
        self
    }

    /// Gives scripts a function, as [`Engine::function`] does.
    pub fn function<M, F>(&mut self, path: &str, function: F) -> &mut LocalEngine
    where
        Local<F>: Function<M>,
    {
        self.engine.function(path, Local::new(function));
        self
    }

    /// Gives scripts a function that they have to await, as [`Engine::async_function`] does.
    pub fn async_function<M, F>(&mut self, path: &str, function: F) -> &mut LocalEngine
    where
        Local<F>: AsyncFunction<M>,
    {
        self.engine.async_function(path, Local::new(function));
        self
    }

    /// Gives scripts a module, as [`Engine::module`] does.
    ///
    /// # Errors
    /// As there.
    pub fn module(
        &mut self,
        name: &str,
        build: impl FnOnce(&mut LocalModule<'_>),
    ) -> Result<&mut LocalEngine, Error> {
        self.engine.module(name, |builder| build(&mut LocalModule { builder }))?;
        Ok(self)
    }

    /// Gives scripts functions, types and constants that they need not import.
    ///
    /// # Errors
    /// As [`Engine::module`].
    pub fn globals(
        &mut self,
        build: impl FnOnce(&mut LocalModule<'_>),
    ) -> Result<&mut LocalEngine, Error> {
        self.module("", build)
    }

    /// Compiles a text, as [`Engine::compile_text`] does.
    ///
    /// # Errors
    /// When it is no program.
    pub fn compile_text(
        &self,
        name: &str,
        text: impl Into<Vec<u8>>,
    ) -> Result<Program, CompileError> {
        self.engine.compile_text(name, text)
    }

    /// Compiles a module, as [`Engine::compile_file`] does.
    ///
    /// # Errors
    /// When it cannot be read or is no program.
    pub fn compile_file(&self, name: impl AsRef<Path>) -> Result<Program, CompileError> {
        self.engine.compile_file(name)
    }
}

impl From<Engine> for LocalEngine {
    /// An engine that has all that another one has.
    fn from(engine: Engine) -> LocalEngine {
        LocalEngine { engine }
    }
}

/// A module of a [`LocalEngine`]; [`ModuleBuilder`] says more.
pub struct LocalModule<'m> {
    builder: &'m mut ModuleBuilder,
}

impl LocalModule<'_> {
    /// Says what the module is for.
    pub fn doc(&mut self, text: &str) -> &mut Self {
        self.builder.doc(text);
        self
    }

    /// Adds a function.
    pub fn function<M, F>(&mut self, name: &str, function: F) -> FunctionBuilder<'_>
    where
        Local<F>: Function<M>,
    {
        self.builder.function(name, Local::new(function))
    }

    /// Adds a function that gives a future: scripts have to await it.
    pub fn async_function<M, F>(&mut self, name: &str, function: F) -> FunctionBuilder<'_>
    where
        Local<F>: AsyncFunction<M>,
    {
        self.builder.async_function(name, Local::new(function))
    }

    /// Adds a type of the host. What its objects hold that is not `Send` stands in a [`Local`].
    pub fn object<T: Object>(&mut self) -> &mut Self {
        self.builder.object::<T>();
        self
    }

    /// Adds a constant.
    pub fn value<T>(&mut self, name: &str, value: T) -> &mut Self
    where
        T: IntoValue + Clone + Send + Sync + 'static,
    {
        self.builder.value(name, value);
        self
    }
}

/// A [`Vm`] that stays on its thread: all that one can do, with the functions of a [`LocalEngine`].
///
/// ```compile_fail,E0277
/// use kettle::{LocalEngine, LocalVm};
///
/// let vm = LocalVm::new(&LocalEngine::new()).unwrap();
/// std::thread::spawn(move || drop(vm));
/// ```
pub struct LocalVm {
    vm: Vm,
    stays: PhantomData<Rc<()>>,
}

impl LocalVm {
    /// A VM that has not loaded anything.
    ///
    /// # Errors
    /// As [`Vm::new`].
    pub fn new(engine: &LocalEngine) -> Result<LocalVm, Error> {
        Ok(LocalVm { vm: Vm::new(&engine.engine)?, stays: PhantomData })
    }
}

impl Deref for LocalVm {
    type Target = Vm;

    fn deref(&self) -> &Vm {
        &self.vm
    }
}

impl DerefMut for LocalVm {
    fn deref_mut(&mut self) -> &mut Vm {
        &mut self.vm
    }
}

impl inner::Access for LocalVm {
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

/// A future that is polled on its own thread alone.
struct LocalFuture<T>(Local<Pin<Box<dyn Future<Output = T>>>>);

impl<T> Future for LocalFuture<T> {
    type Output = AtHome<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<AtHome<T>> {
        match self.0.get_mut() {
            Some(future) => future.as_mut().poll(cx).map(|output| AtHome(Some(output))),
            None => Poll::Ready(AtHome(None)),
        }
    }
}

/// What a future has given, or nothing on a thread that it does not belong to.
pub struct AtHome<T>(Option<T>);

impl<T: Outcome> host::inner::Outcome for AtHome<T> {
    fn finish(self, vm: &mut Machine) -> Result<Raw, Thrown> {
        match self.0 {
            Some(output) => output.finish(vm),
            None => {
                let message = "a future of the host belongs to the thread that has made it";
                Err(vm.error(ErrorKind::Error, message))
            }
        }
    }
}

macro_rules! local_async_functions {
    ($( ($($name:ident $given:ident $index:literal)*) )+) => {$(
        impl<F, T, $($name),*> AsyncFunction<OfThread<fn($($name),*) -> T>> for Local<F>
        where
            F: Fn($($name),*) -> T + 'static,
            T: Future + 'static,
            T::Output: Outcome + 'static,
            $($name: AsyncParameter,)*
        {
            type Output = AtHome<T::Output>;

            fn params() -> Vec<Param> {
                vec![$(Param::of::<$name>($index)),*]
            }

            fn begin(
                self: &Arc<Self>,
                input: &Incoming<'_>,
            ) -> Result<Begin<AtHome<T::Output>>, Misfit> {
                // A function without parameters reads none.
                let _ = input;
                $(
                    let $given = <$name as AsyncParameter>::take_owned(input, $index)
                        .ok_or_else(|| Misfit::of::<$name>(input, $index))?;
                )*
                let function = self.clone();
                Ok(Box::new(move || match function.get() {
                    Some(function) => {
                        let future: Pin<Box<dyn Future<Output = T::Output>>> =
                            Box::pin(function($($given),*));
                        Box::pin(LocalFuture(Local::new(future)))
                    }
                    None => Box::pin(async { AtHome(None) }),
                }))
            }
        }
    )+};
}

for_each_arity!(local_async_functions);
