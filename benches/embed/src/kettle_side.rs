//! Kettle.

use std::any::Any;

use kettle::engine::{Engine, Func, Vm};

use crate::{CALLS, Side};

const SCRIPT: &str = "
pub fn next(n) { n + 1 }
pub fn run(count) {
    var sum = 0
    for i in 0..count { sum += host_next(i) }
    sum
}
pub async fn run_later(count) {
    var sum = 0
    for i in 0..count { sum += await host_later(i) }
    sum
}
";

pub struct Kettle {
    engine: Engine,
    vm: Vm,
    next: Func,
}

impl Kettle {
    pub fn new() -> Kettle {
        let mut engine = Engine::new();
        engine.function("host_next", |n: i64| n + 1);
        engine.async_function("host_later", async |n: i64| n + 1);
        let program = engine.compile_text("bench.ket", SCRIPT).expect("the script compiles");
        let mut vm = Vm::new(&engine).expect("a VM can be made");
        vm.run_blocking(&program).expect("the script runs");
        let next = vm.global("next").expect("it is public");
        Kettle { engine, vm, next }
    }
}

impl Side for Kettle {
    fn name(&self) -> &'static str {
        "kettle"
    }

    fn call_script(&mut self) -> i64 {
        (0..CALLS)
            .map(|n| self.next.call::<i64>(&mut self.vm, (n,)).expect("it gives an int"))
            .sum()
    }

    fn call_host(&mut self) -> i64 {
        self.vm.call_blocking("run", (CALLS,)).expect("it gives an int")
    }

    fn call_async_host(&mut self) -> Option<i64> {
        Some(self.vm.call_blocking("run_later", (CALLS,)).expect("it gives an int"))
    }

    fn make(&self) -> Box<dyn Any> {
        Box::new(Vm::new(&self.engine).expect("a VM can be made"))
    }
}
