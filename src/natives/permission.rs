//! Module `permissions`: what the program may do, and giving up what it no longer needs.

use super::argument::{Rest, wrong_type};
use super::kind::{MapValue, TextValue};
use crate::natives;
use crate::runtime::driver::{Guard, LAYERS_MAX, Permissions, Right};
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The members of module `permissions`.
    pub const PERMISSION;

    /// Whether the program has a right: all of what `what` names, or without it anything at all.
    loop fn permissions.has(right: str, what: str?) => has,
        "import permissions\npermissions.drop(\"net_connect\")\nprint(permissions.has(\"net_connect\"))" => "false";
    /// Gives up rights for good, for the whole program: `permissions.drop("net_connect", "process")`.
    /// What is open stays open.
    loop fn permissions.drop(rights: str...) => drop_rights;
    /// Gives up all but these: a map from rights to what they are for, a text or a list of texts, or
    /// `true` for all that the program has of it. `permissions.only({fs_read: ["data"], env: true})`
    /// reads `data` and the environment and does nothing else any more.
    loop fn permissions.only(rights: map) => only,
        "import permissions\npermissions.only({fs_read: [\"/tmp\"]})\nprint(permissions.has(\"fs_read\", \"/tmp/a\"), permissions.has(\"fs_read\", \"/etc\"))" => "true false";
}

fn has(cx: &mut Cx<'_>, right: TextValue, what: Option<TextValue>) -> Result<Answer, Thrown> {
    let right = right_of(cx.vm, "permissions.has", right.0)?;
    let Some(policy) = cx.rt.driver.policy() else { return Ok(Answer::Value(Value::bool(true))) };
    let answer = match what {
        None => policy.has_some(right),
        Some(what) => policy.would_allow(right, what.get(&cx.vm.heap)),
    };
    Ok(Answer::Value(Value::bool(answer)))
}

fn drop_rights(cx: &mut Cx<'_>, rights: Rest) -> Result<Answer, Thrown> {
    let mut dropped = Vec::new();
    for right in rights.to_vec(cx.vm) {
        dropped.push(right_of(cx.vm, "permissions.drop", right)?);
    }
    let policy = Guard::around(&mut cx.rt.driver);
    for right in dropped {
        policy.drop_right(right);
    }
    Ok(Answer::Value(Value::null()))
}

fn only(cx: &mut Cx<'_>, rights: MapValue) -> Result<Answer, Thrown> {
    const PATH: &str = "permissions.only";
    let mut kept = Permissions::none();
    let entries: Vec<(Value, Value)> = rights.get(&cx.vm.heap).iter().collect();
    for (right, what) in entries {
        let right = right_of(cx.vm, PATH, right)?;
        let items = cx.vm.heap.list_ref(what).map(|list| list.items.to_vec());
        match what.as_bool() {
            Some(true) => kept = kept.allow_all(right),
            Some(false) => {}
            None => {
                for item in items.unwrap_or_else(|| vec![what]) {
                    let Some(text) = cx.vm.heap.str(item) else {
                        let expects = "true, a str or a list of str";
                        return Err(wrong_type(cx.vm, PATH, right.name(), expects, item, None));
                    };
                    kept = kept.allow(right, text);
                }
            }
        }
    }
    if let Err(why) = kept.check() {
        return Err(cx.vm.error(ErrorKind::ValueError, format!("{PATH}: {why}")));
    }
    if !Guard::around(&mut cx.rt.driver).restrict(kept) {
        let text = format!("{PATH} can be called {} times", LAYERS_MAX - 2);
        return Err(cx.vm.error(ErrorKind::ValueError, text));
    }
    Ok(Answer::Value(Value::null()))
}

fn right_of(vm: &mut Vm, function: &str, value: Value) -> Result<Right, Thrown> {
    let Some(word) = vm.heap.str(value) else {
        return Err(wrong_type(vm, function, "right", "a str", value, None));
    };
    if let Some(right) = Right::named(word) {
        return Ok(right);
    }
    let names = Right::ALL.map(Right::name);
    let meant = crate::diagnostics::nearest(word, names);
    let hint = match meant {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("the rights are {}", names.join(", ")),
    };
    let text = format!("{function}: there is no right {word:?}; {hint}");
    Err(vm.error(ErrorKind::ValueError, text))
}
