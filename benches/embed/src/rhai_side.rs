//! Rhai.

use std::any::Any;

use rhai::{AST, Engine, Scope};

use crate::{CALLS, Side};

const SCRIPT: &str = "
fn next(n) { n + 1 }
fn run(count) {
    let sum = 0;
    for i in 0..count { sum += host_next(i); }
    sum
}
";

pub struct Rhai {
    engine: Engine,
    code: AST,
}

impl Rhai {
    pub fn new() -> Rhai {
        let mut engine = Engine::new();
        engine.register_fn("host_next", |n: i64| n + 1);
        let code = engine.compile(SCRIPT).expect("the script compiles");
        Rhai { engine, code }
    }

    fn call(&self, name: &str, n: i64) -> i64 {
        self.engine.call_fn(&mut Scope::new(), &self.code, name, (n,)).expect("it gives an int")
    }
}

impl Side for Rhai {
    fn name(&self) -> &'static str {
        "rhai"
    }

    fn call_script(&mut self) -> i64 {
        (0..CALLS).map(|n| self.call("next", n)).sum()
    }

    fn call_host(&mut self) -> i64 {
        self.call("run", CALLS)
    }

    fn call_async_host(&mut self) -> Option<i64> {
        None
    }

    fn make(&self) -> Box<dyn Any> {
        Box::new(Engine::new())
    }
}
