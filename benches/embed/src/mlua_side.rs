//! Lua 5.4 through mlua.

use std::any::Any;

use mlua::{Function, Lua};

use crate::{CALLS, Side};

const SCRIPT: &str = "
function next_of(n) return n + 1 end
function run(count)
  local sum = 0
  for i = 0, count - 1 do sum = sum + host_next(i) end
  return sum
end
function run_later(count)
  local sum = 0
  for i = 0, count - 1 do sum = sum + host_later(i) end
  return sum
end
";

pub struct Mlua {
    /// The functions live as long as it.
    _lua: Lua,
    next: Function,
    run: Function,
    run_later: Function,
}

impl Mlua {
    pub fn new() -> Mlua {
        let lua = Lua::new();
        let host = lua.create_function(|_, n: i64| Ok(n + 1)).expect("a function can be made");
        lua.globals().set("host_next", host).expect("a global can be set");
        let later = lua.create_async_function(|_, n: i64| async move { Ok(n + 1) });
        let later = later.expect("a function can be made");
        lua.globals().set("host_later", later).expect("a global can be set");
        lua.load(SCRIPT).exec().expect("the script runs");
        let global = |name| lua.globals().get(name).expect("it is defined");
        let (next, run, run_later) = (global("next_of"), global("run"), global("run_later"));
        Mlua { _lua: lua, next, run, run_later }
    }
}

impl Side for Mlua {
    fn name(&self) -> &'static str {
        "mlua"
    }

    fn call_script(&mut self) -> i64 {
        (0..CALLS).map(|n| self.next.call::<i64>(n).expect("it gives an int")).sum()
    }

    fn call_host(&mut self) -> i64 {
        self.run.call(CALLS).expect("it gives an int")
    }

    fn call_async_host(&mut self) -> Option<i64> {
        Some(crate::run(self.run_later.call_async(CALLS)).expect("it gives an int"))
    }

    fn make(&self) -> Box<dyn Any> {
        Box::new(Lua::new())
    }
}
