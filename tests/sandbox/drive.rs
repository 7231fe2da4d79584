//! The four ways to drive a VM, for tests that must come to the same in each.

use std::time::Duration;

use kettle::engine::{Engine, Error, Program, Progress};
use kettle::{Ctx, Func, Value, Vm};

/// Who drives.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// A thread that blocks.
    Blocking,
    /// Tokio, with several threads.
    Tokio,
    /// A loop of the host.
    Turn,
    /// A thread of the VM's own.
    Worker,
}

pub const WAYS: [Way; 4] = [Way::Blocking, Way::Tokio, Way::Turn, Way::Worker];

/// A VM that is driven in one way.
pub enum Driven {
    Here(Way, Box<Vm>),
    Worker(kettle::engine::Worker),
}

impl Driven {
    pub fn new(way: Way, engine: &Engine, program: &Program) -> Driven {
        if let Way::Worker = way {
            return Driven::Worker(Vm::spawn_thread(engine, program).expect("it loads"));
        }
        let mut vm = Vm::new(engine).expect("a VM can be made");
        vm.load_blocking(program).expect("it loads");
        Driven::Here(way, Box::new(vm))
    }

    pub fn interrupter(&self) -> kettle::engine::Interrupter {
        match self {
            Driven::Here(_, vm) => vm.interrupter(),
            Driven::Worker(worker) => worker.interrupter(),
        }
    }

    /// Calls a function without arguments.
    pub fn call(&mut self, name: &str) -> Result<i64, Error> {
        match self {
            Driven::Worker(worker) => worker.call_blocking(name, ()),
            Driven::Here(Way::Tokio, vm) => {
                let mut runtime = tokio::runtime::Builder::new_multi_thread();
                let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
                runtime.block_on(vm.call(name, ()))
            }
            Driven::Here(Way::Turn, vm) => {
                let task = vm.start::<i64>(name, ())?;
                while vm.turn(Duration::from_millis(2)) != Progress::Idle && !task.is_done(vm) {
                    let wait = vm.next_timeout().unwrap_or(Duration::from_millis(1));
                    std::thread::sleep(wait.min(Duration::from_millis(1)));
                }
                task.join_blocking(vm)
            }
            Driven::Here(_, vm) => vm.call_blocking(name, ()),
        }
    }
}

/// An engine with functions that call the script back: one hands errors on, one looks away.
pub fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.function("back", |cx: &mut Ctx, f: Func| f.call::<Value>(cx, ()));
    engine.function("deaf", |cx: &mut Ctx, f: Func| {
        for _ in 0..3 {
            let _ = f.call::<Value>(cx, ());
        }
    });
    engine
}
