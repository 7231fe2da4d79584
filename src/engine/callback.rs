//! Functions of the script that a function of the host calls while it waits.

use super::convert::{Arguments, AsyncParameter, FromValue, Incoming, Parameter};
use super::handle::Func;
use super::remote::{Remote, RemoteCall};

/// A function of the script, as a parameter of a function of the host that waits.
///
/// What it calls may wait, too. When the future of the host is dropped the call is cancelled.
///
/// ```
/// use kettle::{Callback, Engine, Error, Vm};
///
/// let mut engine = Engine::new();
/// engine.async_function("retry", async |times: u32, f: Callback| -> Result<i64, Error> {
///     for _ in 1..times {
///         if let Ok(found) = f.call(()).await {
///             return Ok(found);
///         }
///     }
///     f.call(()).await
/// });
/// let program = engine.compile_text(
///     "retry.ket",
///     "var tries = 0
///      async fn flaky() {
///          await sleep(1ms)
///          tries += 1
///          if tries < 3 { throw ValueError(\"not yet\") }
///          tries
///      }
///      pub async fn patient() { await retry(5, flaky) }",
/// )?;
/// let mut vm = Vm::new(&engine)?;
/// vm.load_blocking(&program)?;
/// assert_eq!(vm.call_blocking::<i64>("patient", ())?, 3);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Callback {
    func: Func,
    remote: Remote,
}

impl Callback {
    /// Calls it. The future can be awaited on any thread; dropping it cancels the call.
    pub fn call<R>(&self, args: impl Arguments + Send + 'static) -> RemoteCall<R>
    where
        R: FromValue + Send + 'static,
    {
        self.remote.call(&self.func, args)
    }

    /// The function, for a call with a [`Vm`](super::Vm) or a [`Ctx`](super::Ctx).
    pub fn func(&self) -> &Func {
        &self.func
    }
}

impl Parameter for Callback {
    type Given<'a> = Callback;

    fn wanted() -> String {
        Func::expected()
    }

    fn type_name() -> String {
        <Func as FromValue>::type_name()
    }

    fn take(input: &Incoming<'_>, index: usize) -> Option<Callback> {
        let func = <Func as Parameter>::take(input, index)?;
        Some(Callback { func, remote: input.remote()? })
    }

    fn fault(input: &Incoming<'_>, index: usize) -> Option<String> {
        let is_function = <Func as Parameter>::take(input, index).is_some();
        is_function.then(|| "a function of the host that does not wait takes a `Func`".to_owned())
    }

    type Held = Option<Callback>;

    fn hold(input: &Incoming<'_>, index: usize) -> Option<Option<Callback>> {
        Self::take(input, index).map(Some)
    }

    fn lend(held: &mut Option<Callback>) -> Callback {
        held.take().expect("an argument is lent once")
    }
}

impl AsyncParameter for Callback {
    fn take_owned(input: &Incoming<'_>, index: usize) -> Option<Callback> {
        Self::take(input, index)
    }
}
