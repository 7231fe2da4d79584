//! A newer version of a program takes the place of the one that a VM runs.

use std::sync::Arc;

use super::error::Error;
use super::handle::{Func, Value};
use super::program::Program;
use super::vm::Vm;
use crate::bytecode::program::ModuleCode;

/// The functions `reload` that have to be called, each with the older version of its module.
type Reloads = Vec<(Func, Value)>;

/// A newer version on its way to take over. Dropped before it has succeeded it leaves the older one in use.
struct Attempt<'a> {
    vm: &'a mut Vm,
    program: &'a Program,
    older: Vec<Arc<ModuleCode>>,
    /// What calls have looked in before, until the newer version has succeeded.
    before: Option<Option<Arc<ModuleCode>>>,
}

impl<'a> Attempt<'a> {
    fn new(vm: &'a mut Vm, program: &'a Program) -> Attempt<'a> {
        let (older, before) = (vm.older(), Some(vm.started.clone()));
        Attempt { vm, program, older, before }
    }

    fn succeed(mut self) -> Reloads {
        self.before = None;
        let older = std::mem::take(&mut self.older);
        self.vm.take_over(older, self.program)
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            self.vm.started = before;
            self.vm.sources.withdraw(self.program);
        }
    }
}

impl Vm {
    /// Lets a newer version of the program take the place of the one that was loaded.
    ///
    /// Its modules run their top levels; calls find its functions from then on, while tasks that run
    /// end in the code they began in. A module of the same name keeps its state: the variables that its functions
    /// assign to have the values that they had, everything else is what the new text says. A
    /// module that exports `reload(old)` does that by itself: it is called with the older module.
    ///
    /// ```
    /// use kettle::{Engine, Vm};
    ///
    /// let engine = Engine::new();
    /// let first = engine.compile_text("shop.ket", "var sold = 0\npub fn sell() { sold += 1; \"sold ${sold}\" }")?;
    /// let second = engine.compile_text("shop.ket", "var sold = 0\npub fn sell() { sold += 1; \"${sold} sold\" }")?;
    /// let mut vm = Vm::new(&engine)?;
    /// vm.load_blocking(&first)?;
    /// assert_eq!(vm.call_blocking::<String>("sell", ())?, "sold 1");
    /// vm.swap_blocking(&second)?;
    /// assert_eq!(vm.call_blocking::<String>("sell", ())?, "2 sold");
    /// # Ok::<(), kettle::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a top level or `reload` throws. After the former everything finds the older version, as if
    /// nothing had been tried; so it is when the future is dropped before.
    pub async fn swap(&mut self, program: &Program) -> Result<(), Error> {
        let attempt = Attempt::new(self, program);
        attempt.vm.load(program).await?;
        for (reload, old) in attempt.succeed() {
            self.call::<Value>(&reload, (old,)).await?;
        }
        Ok(())
    }

    /// Like [`swap`](Vm::swap), and blocks meanwhile.
    ///
    /// # Errors
    /// As there.
    pub fn swap_blocking(&mut self, program: &Program) -> Result<(), Error> {
        let attempt = Attempt::new(self, program);
        attempt.vm.load_blocking(program)?;
        for (reload, old) in attempt.succeed() {
            self.call_blocking::<Value>(&reload, (old,))?;
        }
        Ok(())
    }

    /// The modules of the program that calls look in, and those before it; last comes the one that
    /// was started.
    fn older(&self) -> Vec<Arc<ModuleCode>> {
        let known = self.sources.modules().into_iter().map(|known| known.code);
        known.chain(self.started.clone()).collect()
    }

    fn take_over(&mut self, older: Vec<Arc<ModuleCode>>, program: &Program) -> Reloads {
        let mut reloads = Vec::new();
        for new in &program.code().modules {
            // The last one of that name is the version that was in use.
            let Some(old) = older.iter().rfind(|old| old.name == new.name) else { continue };
            if Arc::ptr_eq(old, new) {
                continue;
            }
            let vm = &mut self.runtime.vm;
            match (vm.export_of(new, "reload"), vm.loaded_module(old)) {
                (Some(reload), Some((_, module))) => {
                    let reload = Value::hold(&vm.heap, reload);
                    reloads.push((Func::of(reload), Value::hold(&vm.heap, module)));
                }
                _ => vm.carry_over(old, new),
            }
        }
        reloads
    }
}
