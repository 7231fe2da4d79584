//! What the loop tells the layers above it, and asks of them.

use std::any::Any;
use std::sync::Arc;

use super::driver::Policy;
use super::report::TaskReport;
use super::watchdog::Stall;
use crate::vm::{Thrown, TraceFrame, Value, Vm};

/// Finds and compiles a module. It may block.
pub type ImportWork = Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>;

/// The layers above, as the loop sees them.
pub trait Host: Send {
    /// What to write to standard error when a task of a scope that isolates its tasks has failed.
    /// The error is an object of `vm`'s heap.
    fn isolated(&mut self, vm: &mut Vm, task: &TaskReport, error: Value) -> String;

    /// What to write there when somebody asks what every task is doing.
    fn report(&mut self, vm: &mut Vm, tasks: &[TaskReport]) -> String;

    /// What to write there when a task has held the loop for too long.
    fn stalled(&mut self, _vm: &mut Vm, _stall: &Stall) -> String {
        String::new()
    }

    /// How a place in the source is written: `server.ket:12:5`. The loop knows no lines.
    fn place(&self, frame: &TraceFrame) -> String {
        frame.module.to_string()
    }

    /// What has to be done on the pool to find the module that `importer` calls by a path. A host
    /// that says nothing else loads no modules while a program runs.
    fn import(&mut self, _importer: &str, _path: &str, _policy: Option<Arc<Policy>>) -> ImportWork {
        Box::new(|| Box::new(()))
    }

    /// Loads what that work has found: a list that tells the core module what to run.
    fn imported(&mut self, vm: &mut Vm, _found: Box<dyn Any + Send>) -> Result<Value, Thrown> {
        let text = "import: this host loads no modules while a program runs";
        Err(vm.error(crate::vm::ErrorKind::NameError, text))
    }

    /// What functions of the host that wait need to reach this layer again.
    fn reach(&self) -> Option<&(dyn Any + Send + Sync)> {
        None
    }

    /// The library functions that are written in Kettle are needed: load them into `vm`.
    fn load_core(&mut self, vm: &mut Vm) -> Result<(), Thrown>;
}

/// A host that listens to nothing and has no library.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Host for Silent {
    fn isolated(&mut self, _: &mut Vm, _: &TaskReport, _: Value) -> String {
        String::new()
    }

    fn report(&mut self, _: &mut Vm, _: &[TaskReport]) -> String {
        String::new()
    }

    fn load_core(&mut self, vm: &mut Vm) -> Result<(), Thrown> {
        Err(vm.error(
            crate::vm::ErrorKind::NameError,
            "this function is part of the library, which this host has not loaded",
        ))
    }
}
