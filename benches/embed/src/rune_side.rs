//! Rune.

use std::any::Any;
use std::sync::Arc;

use rune::runtime::RuntimeContext;
use rune::{Context, Diagnostics, Module, Source, Sources, Unit, Vm};

use crate::{CALLS, Side};

const SCRIPT: &str = "
pub fn next(n) { n + 1 }
pub fn run(count) {
    let sum = 0;
    for i in 0..count { sum += host_next(i); }
    sum
}
pub async fn run_later(count) {
    let sum = 0;
    for i in 0..count { sum += host_later(i).await; }
    sum
}
";

/// What is compiled once; a VM of Rune is only a stack beside it, and its values are counted.
pub struct Rune {
    runtime: Arc<RuntimeContext>,
    unit: Arc<Unit>,
    vm: Vm,
}

fn context() -> Context {
    let mut context = Context::with_default_modules().expect("the modules fit together");
    let mut module = Module::new();
    module.function("host_next", |n: i64| n + 1).build().expect("the function can be registered");
    module
        .function("host_later", async |n: i64| n + 1)
        .build()
        .expect("the function can be registered");
    context.install(module).expect("the module can be installed");
    context
}

fn compiled() -> (Arc<RuntimeContext>, Arc<Unit>) {
    let context = context();
    let mut sources = Sources::new();
    sources
        .insert(Source::memory(SCRIPT).expect("the script is text"))
        .expect("there is room for one script");
    let mut diagnostics = Diagnostics::new();
    let unit = rune::prepare(&mut sources)
        .with_context(&context)
        .with_diagnostics(&mut diagnostics)
        .build()
        .expect("the script compiles");
    let runtime = context.runtime().expect("the context is complete");
    (Arc::new(runtime), Arc::new(unit))
}

impl Rune {
    pub fn new() -> Rune {
        let (runtime, unit) = compiled();
        let vm = Vm::new(runtime.clone(), unit.clone());
        Rune { runtime, unit, vm }
    }

    fn call(&mut self, name: &str, n: i64) -> i64 {
        let value = self.vm.call([name], (n,)).expect("it gives a value");
        rune::from_value(value).expect("it gives an int")
    }
}

impl Side for Rune {
    fn name(&self) -> &'static str {
        "rune"
    }

    fn call_script(&mut self) -> i64 {
        (0..CALLS).map(|n| self.call("next", n)).sum()
    }

    fn call_host(&mut self) -> i64 {
        self.call("run", CALLS)
    }

    fn call_async_host(&mut self) -> Option<i64> {
        let value = crate::run(self.vm.async_call(["run_later"], (CALLS,)));
        Some(rune::from_value(value.expect("it gives a value")).expect("it gives an int"))
    }

    fn make(&self) -> Box<dyn Any> {
        Box::new(Vm::new(self.runtime.clone(), self.unit.clone()))
    }
}
