//! What a host can choose for its VMs.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::profile::Profiler;
pub use crate::natives::world::{Capture, Input, Output, Reader};
use crate::runtime::driver::{AuditHook, ClockHook, Permissions, RandomHook, Signal};
use crate::runtime::{Limits, Stall, Tracer};
use crate::vm::heap::HeapStats;

/// Options of the VMs of an engine.
#[derive(Clone, Debug)]
pub struct Options {
    /// What `os.args` is, and what `main` gets.
    pub args: Vec<String>,
    /// What `input` and `os.stdin` read.
    pub stdin: Input,
    /// Where `print` and `os.stdout` write.
    pub stdout: Output,
    /// Where `eprint` and `os.stderr` write.
    pub stderr: Output,
    /// Tells the programs the time of day, in place of the machine's clock.
    pub clock: Option<ClockHook>,
    /// Where random numbers come from, in place of the machine's.
    pub random: Option<RandomHook>,
    /// What the programs may do to the world outside: nothing, unless the host grants it.
    pub permissions: Permissions,
    /// Is told of all that a program asks for, allowed or not.
    pub audit: Option<AuditHook>,
    /// What the programs may use.
    pub limits: Limits,
    /// The most bytes that a heap may use; a script that wants more gets a `MemoryError`.
    pub memory_limit: usize,
    /// The most calls inside each other; a script that goes deeper gets a `StackOverflowError`.
    pub depth_max: usize,
    /// Signals of the operating system end the program: for hosts that are the program.
    pub signals: bool,
    /// The process ends after the program: what its heap holds is left to the operating system, which
    /// takes it back at once, where freeing it piece by piece takes time.
    pub keep_heap: bool,
    /// Called for each signal, at once, on another thread.
    pub on_signal: Option<SignalHook>,
    /// A task that holds the loop for longer, while there are others, is told: once for each place. None:
    /// nobody wants to know.
    pub watchdog: Option<Duration>,
    /// Is told of it; without one it is written to standard error.
    pub on_stall: Option<StallHook>,
    /// Has the steps of the garbage collector timed, and is told of the heap when the program has ended.
    pub heap_report: Option<HeapReport>,
    /// Makes who is told, step by step, what the event loop of a VM does.
    pub tracer: Option<TracerHook>,
    /// Watches where the VMs spend their time.
    pub profiler: Option<Profiler>,
    /// The program runs in a simulated world: time does not pass but jumps to what happens next, and
    /// files and the network are in memory.
    pub virtual_clock: bool,
    /// What happens by chance in a simulated world, and what `random` draws there, follows from this.
    pub seed: u64,
    /// Varies in a simulated world what the documents leave open: how long things take, in which
    /// order happens what is due at the same moment, after how many operations others have their
    /// turn. Each seed varies it in its own way, the same each time.
    pub explore: Option<u64>,
    /// The directory of the machine that is the current one of a simulated world. What is in it can
    /// be read there; what is written stays in memory.
    pub fixtures: Option<PathBuf>,
    /// The runtime of Tokio that futures of the host need, for VMs that are not driven inside one.
    #[cfg(feature = "tokio")]
    pub tokio: Option<tokio::runtime::Handle>,
    /// For tests of the engine: the VM stops after that many calls and turns of loops, and goes
    /// on.
    pub fuel_slice: Option<i64>,
    /// For tests of the engine: how many operations that need no waiting a task may do before it
    /// lets the others run.
    pub op_budget: u32,
    /// For tests of the engine: the request for memory that is refused, counted from 1, and how many
    /// later the next one is, 0 for none.
    pub refuse: Option<(u64, u64)>,
    /// For tests of the engine: collect garbage at every chance and move stacks at every call.
    pub torture: bool,
}

/// The seed unless the host chooses one.
const SEED: u64 = 0x6b65_7474_6c65;

/// What a host does when a signal arrives, besides what the VM does.
#[derive(Clone)]
pub struct SignalHook(Arc<dyn Fn(Signal) + Send + Sync>);

impl SignalHook {
    /// A hook that calls this.
    pub fn new(hook: impl Fn(Signal) + Send + Sync + 'static) -> SignalHook {
        SignalHook(Arc::new(hook))
    }

    /// A signal has arrived.
    pub(super) fn call(&self, signal: Signal) {
        (self.0)(signal);
    }
}

impl fmt::Debug for SignalHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignalHook")
    }
}

type OnStall = dyn Fn(&Stall, &str) + Send + Sync;

/// What a host does when a task holds the event loop for too long.
#[derive(Clone)]
pub struct StallHook(Arc<OnStall>);

impl StallHook {
    /// A hook that calls this with what is known, and with that as text.
    pub fn new(hook: impl Fn(&Stall, &str) + Send + Sync + 'static) -> StallHook {
        StallHook(Arc::new(hook))
    }

    /// A task holds the loop.
    pub(super) fn call(&self, stall: &Stall, text: &str) {
        (self.0)(stall, text);
    }
}

impl fmt::Debug for StallHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StallHook")
    }
}

/// What a host wants to know of the heap of its programs.
#[derive(Clone, Copy, Debug)]
pub struct HeapReport {
    /// The clock that times the steps of the collector.
    pub clock: fn() -> Duration,
    /// Is told when a program has ended.
    pub tell: fn(&HeapStats),
}

/// Makes the tracer of a VM.
#[derive(Clone)]
pub struct TracerHook(Arc<dyn Fn() -> Box<dyn Tracer> + Send + Sync>);

impl TracerHook {
    /// A hook that calls this for each VM that is made.
    pub fn new(make: impl Fn() -> Box<dyn Tracer> + Send + Sync + 'static) -> TracerHook {
        TracerHook(Arc::new(make))
    }

    /// A VM is being made.
    pub(super) fn make(&self) -> Box<dyn Tracer> {
        (self.0)()
    }
}

impl fmt::Debug for TracerHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TracerHook")
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            args: Vec::new(),
            stdin: Input::default(),
            stdout: Output::default(),
            stderr: Output::default(),
            clock: None,
            random: None,
            permissions: Permissions::none(),
            audit: None,
            limits: Limits::new(),
            memory_limit: usize::MAX,
            depth_max: 200_000,
            signals: false,
            keep_heap: false,
            on_signal: None,
            watchdog: None,
            on_stall: None,
            heap_report: None,
            tracer: None,
            profiler: None,
            virtual_clock: false,
            seed: SEED,
            explore: None,
            fixtures: None,
            #[cfg(feature = "tokio")]
            tokio: None,
            fuel_slice: None,
            op_budget: 128,
            refuse: None,
            torture: false,
        }
    }
}
