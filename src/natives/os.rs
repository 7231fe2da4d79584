//! Modules `os` and `env`: what the program is told by whoever started it.
//!
//! `os.args`, `os.stdin`, `os.stdout` and `os.stderr` are values that come from the host's world;
//! [`stdio::install`](super::stdio::install) makes them. They are declared here so that the
//! compiler and the documentation know them.

use super::kind::TextValue;
use crate::natives;
use crate::runtime::{Answer, Cx};
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// The members of modules `os` and `env`.
    pub const OS;

    /// The arguments of the program, without its own name.
    value os.args() => later;
    /// Standard input, a stream.
    value os.stdin() => later;
    /// Standard output, a stream.
    value os.stdout() => later;
    /// Standard error, a stream.
    value os.stderr() => later;
    /// The environment variable `name`, or `default` if there is none.
    loop fn env.get(name: str, default: any?) => get;
}

/// Stands until the host's world is known.
fn later(_: &mut Vm) -> Value {
    Value::null()
}

fn get(cx: &mut Cx<'_>, name: TextValue, default: Option<Value>) -> Result<Answer, Thrown> {
    let found = cx.rt.driver.variable(name.get(&cx.vm.heap));
    let value = match found {
        Some(found) => cx.vm.heap.string(&found),
        None => default.unwrap_or_default(),
    };
    Ok(Answer::Value(value))
}
