//! Modules `os` and `env`: what the program is told by whoever started it, and by the machine.
//!
//! `os.args`, `os.stdin`, `os.stdout` and `os.stderr` are values that come from the host's world;
//! [`stdio::install`](super::stdio::install) makes them. They are declared here so that the
//! compiler and the documentation know them.

use std::path::Path;

use super::argument::bad_value;
use super::io_error::{Subject, permit};
use super::kind::TextValue;
use crate::natives;
use crate::runtime::driver::{Facts, Need};
use crate::runtime::{Answer, Cx};
use crate::vm::map::Map;
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
    /// The operating system: `"linux"`, `"macos"`, `"windows"` or what it calls itself.
    value os.platform() => |vm: &mut Vm| vm.heap.string(std::env::consts::OS);
    /// The processor: `"x86_64"`, `"aarch64"` or what it is called.
    value os.arch() => |vm: &mut Vm| vm.heap.string(std::env::consts::ARCH);
    /// The name of this machine; null if it has none.
    loop fn os.hostname() => |cx: &mut Cx<'_>| fact(cx, "the name of this machine", |facts| facts.hostname);
    /// The name of the user whom the program runs for; null if that is not known.
    loop fn os.user() => |cx: &mut Cx<'_>| fact(cx, "the name of the user", |facts| facts.user);
    /// The folder of that user; null if that is not known.
    loop fn os.home() => |cx: &mut Cx<'_>| fact(cx, "the folder of the user", |facts| facts.home);
    /// The folder that relative paths start from; null if it has been removed.
    loop fn os.cwd() => cwd;
    /// The number of this process.
    loop fn os.pid() => |cx: &mut Cx<'_>| {
        system(cx, "the number of this process")?;
        let pid = cx.rt.driver.facts().pid;
        Ok(Answer::Value(Value::int(pid.into())))
    };
    /// How many things this machine can do at the same time.
    loop fn os.cpu_count() => |cx: &mut Cx<'_>| {
        let count = cx.rt.driver.facts().cpu_count;
        Ok(Answer::Value(Value::int(i64::try_from(count).unwrap_or(i64::MAX))))
    };

    /// The environment variable `name`, or `default` if there is none. What is no UTF-8 in it is
    /// replaced.
    loop fn env.get(name: str, default: any?) => get;
    /// The same as bytes, whatever they are; null if there is none.
    loop fn env.bytes(name: str) => bytes;
    /// Sets an environment variable for this program and for those it starts from now on; null takes
    /// it out.
    loop fn env.set(name: str, value: str?) => set,
        "import env\nenv.set(\"TEA\", \"green\")\nprint(env.get(\"TEA\"))\nenv.set(\"TEA\", null)\nprint(env.get(\"TEA\", \"none\"))" => "green\nnone";
    /// All environment variables, sorted by name; in a sandbox those that are granted.
    loop fn env.all() => all;
}

/// Stands until the host's world is known.
fn later(_: &mut Vm) -> Value {
    Value::null()
}

/// What is only told to those who may know of machine and user.
fn system(cx: &mut Cx<'_>, what: &str) -> Result<(), Thrown> {
    permit(cx, &Need::System(what), "tell", Subject::Named(what))
}

/// The folder that relative paths start from: its name is known to those who may look at it.
fn cwd(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    let found = known_cwd(cx)?;
    Ok(Answer::Value(found.map_or(Value::null(), |text| cx.vm.heap.string(&text))))
}

/// The same as text, for those who make paths of it.
pub(super) fn known_cwd(cx: &mut Cx<'_>) -> Result<Option<String>, Thrown> {
    let found = cx.rt.driver.facts().cwd;
    if found.is_none() {
        // It is hidden, or it is gone.
        let here = Path::new(".");
        permit(cx, &Need::Look(here), "tell", Subject::Named("the current folder"))?;
    }
    Ok(found)
}

fn variable(cx: &mut Cx<'_>, name: TextValue, doing: &str) -> Result<(), Thrown> {
    let name = name.get(&cx.vm.heap).to_owned();
    let about = format!("the environment variable {name}");
    permit(cx, &Need::Env(&name), doing, Subject::Named(&about))
}

fn fact(cx: &mut Cx<'_>, what: &str, which: fn(Facts) -> Option<String>) -> Result<Answer, Thrown> {
    system(cx, what)?;
    let found = which(cx.rt.driver.facts());
    Ok(Answer::Value(found.map_or(Value::null(), |text| cx.vm.heap.string(&text))))
}

fn get(cx: &mut Cx<'_>, name: TextValue, default: Option<Value>) -> Result<Answer, Thrown> {
    variable(cx, name, "read")?;
    let found = cx.rt.driver.variable(name.get(&cx.vm.heap));
    let value = match found {
        Some(found) => cx.vm.heap.string(&found.to_string_lossy()),
        None => default.unwrap_or_default(),
    };
    Ok(Answer::Value(value))
}

fn bytes(cx: &mut Cx<'_>, name: TextValue) -> Result<Answer, Thrown> {
    variable(cx, name, "read")?;
    let found = cx.rt.driver.variable(name.get(&cx.vm.heap));
    let value = found.map_or(Value::null(), |found| cx.vm.heap.bytes(found.as_encoded_bytes()));
    Ok(Answer::Value(value))
}

fn set(cx: &mut Cx<'_>, name: TextValue, value: Option<TextValue>) -> Result<Answer, Thrown> {
    variable(cx, name, "set")?;
    let heap = &cx.vm.heap;
    let text = name.get(heap);
    if text.is_empty() || text.contains(['=', '\0']) {
        let rule = "name must not be empty nor contain `=` or a NUL";
        return Err(bad_value(cx.vm, "env.set", rule, name.0));
    }
    let given = value.map(|value| value.get(heap));
    if let (Some(given), Some(value)) = (given, value)
        && given.contains('\0')
    {
        return Err(bad_value(cx.vm, "env.set", "value must not contain a NUL", value.0));
    }
    cx.rt.driver.set_variable(text, given);
    Ok(Answer::Value(Value::null()))
}

fn all(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    permit(cx, &Need::AnyEnv, "read", Subject::Named("the environment"))?;
    let variables = cx.rt.driver.variables();
    let map = cx.vm.heap.map(Map::default());
    for (name, value) in variables {
        let name = cx.vm.heap.string(&name.to_string_lossy());
        let value = cx.vm.heap.string(&value.to_string_lossy());
        cx.vm.heap.map_insert(map, name, value).expect("text can be a key");
    }
    Ok(Answer::Value(map))
}
