//! What a host grants and what it bounds, and the ways round it.

mod command;
mod drive;
mod growth;
mod limit;
mod net;
mod path;
mod patience;
mod refusal;
mod right;
mod stop;
mod way;

use kettle::engine::{Engine, Output, Permissions, Vm};

/// What every script here begins with: `tried` prints what came of an attempt.
const HEAD: &str = r#"
import env
import fs
import net
import os
import path
import permissions
import process
import signal
import test

async fn tried(name, f) {
    try {
        print("${name}:", await f())
    } catch error {
        print("${name}: ${type(error)}")
    }
}
"#;

/// Runs a script under these permissions and gives what it has printed.
fn run(permissions: Permissions, script: &str) -> String {
    run_in(permissions, script, false)
}

/// The same in a simulated world.
fn run_simulated(permissions: Permissions, script: &str) -> String {
    run_in(permissions, script, true)
}

fn run_in(permissions: Permissions, script: &str, virtual_clock: bool) -> String {
    let mut engine = Engine::new();
    let output = Output::captured();
    let options = engine.options();
    options.permissions = permissions;
    options.virtual_clock = virtual_clock;
    options.stdout = output.clone();
    let text = format!("{HEAD}{script}");
    let program =
        engine.compile_text("test.ket", text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let mut vm = Vm::new(&engine).expect("a VM can be made");
    if let Err(error) = vm.run_blocking(&program) {
        panic!("{}{}", output.text(), error.report(false));
    }
    output.text()
}

/// Every line that stands in both, in order: what `tried` printed for each name.
fn assert_lines(printed: &str, expected: &[&str]) {
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines, expected);
}
