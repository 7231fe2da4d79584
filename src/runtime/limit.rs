//! What a host bounds its programs to, and what comes of it where a bound is reached.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::vm::{Decide, Limit};

/// How much fuel clean-ups get after a limit was reached, unless the host says otherwise.
const GRACE_FUEL: u64 = 100_000;
/// How much time they get.
pub(super) const GRACE_TIME: Duration = Duration::from_millis(500);

/// The limits of a VM. Without any, a program may use what it wants.
///
/// A limit that is reached ends the program: it cannot be caught, the clean-ups (`defer`, `finally`) get a
/// small grace, and the host gets [`Error::Limit`](crate::engine::Error::Limit). The host is never
/// aborted, and the VM stays usable.
///
/// ```
/// use kettle::engine::{Engine, Error, Limit, Limits, Vm};
///
/// let mut engine = Engine::new();
/// engine.options().limits = Limits::new().fuel(100_000).memory(16 << 20).tasks(1_000);
/// let program = engine.compile_text("endless.ket", "loop { try { loop { } } catch { } }")?;
/// let error = Vm::new(&engine)?.run_blocking(&program).unwrap_err();
/// assert!(matches!(error, Error::Limit(Limit::Fuel)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the heap: values, texts, buffers, stacks, objects of the host as far as they tell their size.
    pub memory: Option<usize>,
    /// Calls inside each other.
    pub depth: Option<usize>,
    /// Units of fuel: a call or a turn of a loop is one. It is counted over all runs and calls of the VM.
    pub fuel: Option<u64>,
    /// Time from the beginning of a run or call of the host, by the clock of the VM.
    pub deadline: Option<Duration>,
    /// Tasks at the same time.
    pub tasks: Option<usize>,
    /// Sockets, and pipes to other programs, that are open at the same time.
    pub sockets: Option<usize>,
    /// Files that are open at the same time.
    pub files: Option<usize>,
    /// Bytes printed to standard output and standard error together.
    pub output: Option<u64>,
    /// What comes of a limit that is reached.
    pub on_limit: OnLimit,
    /// Fuel of the clean-ups after that.
    pub grace_fuel: u64,
    /// Time of the clean-ups after that.
    pub grace_time: Duration,
}

/// What comes of a limit that is reached.
#[derive(Clone, Default)]
pub enum OnLimit {
    /// The program ends.
    #[default]
    Stop,
    /// A program without fuel gives the thread back to the host, and goes on with as much fuel again when
    /// it is driven on. All other limits end it.
    Yield,
    /// The host decides, on the thread that drives the VM, or that is about to open a file. With
    /// [`Verdict::Again`] nothing is refused, and the program sees nothing of it.
    Ask(Arc<dyn Fn(Limit) -> Verdict + Send + Sync>),
}

/// What a host decides when a limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The program ends.
    Stop,
    /// It may use as much again.
    Again,
}

impl OnLimit {
    /// Asks the host.
    pub fn ask(decide: impl Fn(Limit) -> Verdict + Send + Sync + 'static) -> OnLimit {
        OnLimit::Ask(Arc::new(decide))
    }

    /// Whom to ask where something would be refused.
    pub fn decide(&self) -> Option<Decide> {
        let OnLimit::Ask(decide) = self else { return None };
        let decide = decide.clone();
        Some(Arc::new(move |limit| decide(limit) == Verdict::Again))
    }
}

impl fmt::Debug for OnLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OnLimit::Stop => "Stop",
            OnLimit::Yield => "Yield",
            OnLimit::Ask(_) => "Ask",
        })
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory: None,
            depth: None,
            fuel: None,
            deadline: None,
            tasks: None,
            sockets: None,
            files: None,
            output: None,
            on_limit: OnLimit::Stop,
            grace_fuel: GRACE_FUEL,
            grace_time: GRACE_TIME,
        }
    }
}

impl Limits {
    /// No limits.
    #[must_use]
    pub fn new() -> Limits {
        Limits::default()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let Limits { memory, depth, fuel, deadline, tasks, sockets, files, output, .. } = self;
        let sizes = [memory, depth, tasks, sockets, files];
        let is_free = fuel.is_none() && deadline.is_none() && output.is_none();
        is_free && sizes.iter().all(|size| size.is_none())
    }

    /// Bytes of the heap.
    #[must_use]
    pub fn memory(self, bytes: usize) -> Limits {
        Limits { memory: Some(bytes), ..self }
    }

    /// Calls inside each other.
    #[must_use]
    pub fn depth(self, calls: usize) -> Limits {
        Limits { depth: Some(calls), ..self }
    }

    /// Units of fuel: a call or a turn of a loop is one.
    #[must_use]
    pub fn fuel(self, units: u64) -> Limits {
        Limits { fuel: Some(units), ..self }
    }

    /// Time from the beginning of a run or call.
    #[must_use]
    pub fn deadline(self, span: Duration) -> Limits {
        Limits { deadline: Some(span), ..self }
    }

    /// Tasks at the same time.
    #[must_use]
    pub fn tasks(self, count: usize) -> Limits {
        Limits { tasks: Some(count), ..self }
    }

    /// Sockets and pipes that are open.
    #[must_use]
    pub fn sockets(self, count: usize) -> Limits {
        Limits { sockets: Some(count), ..self }
    }

    /// Files that are open.
    #[must_use]
    pub fn files(self, count: usize) -> Limits {
        Limits { files: Some(count), ..self }
    }

    /// Bytes that are printed.
    #[must_use]
    pub fn output(self, bytes: u64) -> Limits {
        Limits { output: Some(bytes), ..self }
    }

    /// What comes of a limit that is reached.
    #[must_use]
    pub fn on_limit(self, on_limit: OnLimit) -> Limits {
        Limits { on_limit, ..self }
    }

    /// Fuel and time of the clean-ups after a limit was reached.
    #[must_use]
    pub fn grace(self, fuel: u64, time: Duration) -> Limits {
        Limits { grace_fuel: fuel, grace_time: time, ..self }
    }
}
