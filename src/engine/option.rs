//! What a host can choose for its VMs.

pub use crate::natives::world::{Capture, Input, Output};

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
    /// The most bytes that a heap may use; a script that wants more gets a `MemoryError`.
    pub memory_limit: usize,
    /// The most calls inside each other; a script that goes deeper gets a `StackOverflowError`.
    pub depth_max: usize,
    /// Signals of the operating system end the program: for hosts that are the program.
    pub signals: bool,
    /// Time does not pass but jumps to the next timer. There are no sockets then.
    pub virtual_clock: bool,
    /// For tests of the engine: the VM stops after that many calls and turns of loops, and goes
    /// on.
    pub fuel_slice: Option<i64>,
    /// For tests of the engine: how many operations that need no waiting a task may do before it
    /// lets the others run.
    pub op_budget: u32,
    /// For tests of the engine: collect garbage at every chance and move stacks at every call.
    pub torture: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            args: Vec::new(),
            stdin: Input::default(),
            stdout: Output::default(),
            stderr: Output::default(),
            memory_limit: usize::MAX,
            depth_max: 200_000,
            signals: false,
            virtual_clock: false,
            fuel_slice: None,
            op_budget: 128,
            torture: false,
        }
    }
}
