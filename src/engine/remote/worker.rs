//! VMs that have a thread of their own.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;

use super::{Desk, Reply, Sender, Worker};
use crate::engine::drive::Pass;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::program::Program;
use crate::engine::vm::Vm;

impl Desk {
    /// Waits for a wish; false if there is nobody left who could have one.
    fn wait(&self) -> bool {
        let mut wishes = self.wishes();
        while wishes.begin.is_empty() && wishes.cancel.is_empty() {
            if self.shared.remotes.load(Ordering::Acquire) == 0 {
                return false;
            }
            wishes = self.shared.came.wait(wishes).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }
}

impl Vm {
    /// Runs a program on a thread of its own, and its functions when they are called. The thread ends when the
    /// last [`Worker`] is gone and what was called has ended.
    ///
    /// ```
    /// use kettle::{Engine, Vm};
    ///
    /// let engine = Engine::new();
    /// let program = engine.compile_text("count.ket", "var n = 0\npub fn add(x) { n += x; n }")?;
    /// let worker = Vm::spawn_thread(&engine, &program)?;
    /// let other = worker.clone();
    /// std::thread::spawn(move || other.call_blocking::<i64, _>("add", (1,))).join().unwrap()?;
    /// assert_eq!(worker.call_blocking::<i64, _>("add", (1,))?, 2);
    /// # Ok::<(), kettle::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the VM cannot be made, the thread cannot be started, or the top level throws.
    pub fn spawn_thread(engine: &Engine, program: &Program) -> Result<Worker, Error> {
        let mut vm = Vm::new(engine)?;
        let remote = vm.remote();
        let program = program.clone();
        let loaded = Arc::new(Reply::default());
        let mut sender = Sender(Some(loaded.clone()));
        let run = move || {
            let end = vm.load_blocking(&program);
            let is_loaded = end.is_ok();
            sender.send(end);
            if is_loaded {
                vm.serve();
            }
        };
        let thread = thread::Builder::new().name("kettle".to_owned()).spawn(run);
        thread.map_err(|error| Error::Os(format!("the thread cannot be started: {error}")))?;
        let mut state = loaded.state();
        loop {
            if let Some(result) = state.result.take() {
                return result.map(|()| remote);
            }
            state = loaded.came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Drives the VM as long as anybody can ask for anything.
    fn serve(&mut self) {
        loop {
            if self.pass(None) == Pass::Over && self.asked.is_empty() && !self.desk.clone().wait() {
                return;
            }
        }
    }
}
