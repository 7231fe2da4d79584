//! The contract of everything that can be awaited: one test for all of it, from one table.
//!
//! Whatever an `await` waits for, it completes at once or later; a cancel before it started, or while
//! it waits, means that it has not happened, and one after it has completed does not take its result
//! away; in a race either it has happened or what it would have given is still there; closing what it
//! waits for wakes it, closing twice is nothing, and using it afterwards is a clear error. Nothing is
//! left behind. `table.rs` has a line for each awaitable, `scenario.rs` what it goes through.

mod scenario;
mod table;

use std::collections::HashSet;

use kettle::engine::{Engine, Input, Output, Permissions, Vm};
use kettle::natives::declarations;
use kettle::runtime::Census;

use scenario::{expected, program};
use table::{Awaitable, TABLE, World};

/// How a program is run; see `tests/scripts.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Normal,
    Torture,
    Fuel,
    /// In an order that this seed chooses, where the rules leave one open.
    Explore(u64),
}

/// What a program prints, or the error that it ends with; and what is left then.
fn run(text: &str, mode: Mode, world: World) -> (String, Census) {
    let mut engine = Engine::new();
    let output = Output::captured();
    let options = engine.options();
    options.stdout = output.clone();
    options.stderr = output.clone();
    options.permissions = Permissions::all();
    options.stdin = Input::text(&"line\n".repeat(100));
    options.signals = world == World::Real && text.contains("signal.on");
    options.virtual_clock = world == World::Virtual;
    match mode {
        Mode::Normal => {}
        Mode::Torture => {
            options.torture = true;
            options.op_budget = 1;
        }
        Mode::Fuel => options.fuel_slice = Some(10),
        Mode::Explore(seed) => (options.seed, options.explore) = (seed, Some(seed)),
    }
    let program = match engine.compile_text("contract.ket", text) {
        Ok(program) => program,
        Err(error) => return (error.render(false), Census::default()),
    };
    let mut vm = Vm::new(&engine).expect("a machine can be made");
    let ended = vm.run_blocking(&program);
    let report = ended.err().map_or_else(String::new, |error| error.report(false));
    (output.text() + &report, vm.census())
}

/// Whether a line is what is allowed; `…` stands for any text.
fn fits(line: &str, allowed: &str) -> bool {
    match allowed.split_once('…') {
        Some((before, after)) => line.starts_with(before) && line.ends_with(after),
        None => line == allowed,
    }
}

/// The worlds that an awaitable is tried in, each with the awaitable as it is there.
fn in_worlds(awaitable: &Awaitable) -> Vec<Awaitable> {
    let worlds = match awaitable.world {
        World::Both => vec![World::Virtual, World::Real],
        world => vec![world],
    };
    worlds.into_iter().map(|world| Awaitable { world, ..*awaitable }).collect()
}

/// The faults of one awaitable in one mode and one world.
fn faults(awaitable: &Awaitable, mode: Mode) -> Vec<String> {
    let text = program(awaitable);
    let (shown, census) = run(&text, mode, awaitable.world);
    let mut faults = Vec::new();
    let mut lines = shown.lines();
    for (scenario, mut allowed) in expected(awaitable) {
        if matches!(mode, Mode::Explore(_)) && scenario == "cancelled after completion" {
            // What is due at the same moment may come in another order.
            allowed.push("cut".to_owned());
        }
        let line = lines.next().unwrap_or("(nothing)");
        let fits = allowed.iter().any(|allowed| fits(line, &format!("{scenario}: {allowed}")));
        if !fits {
            faults.push(format!("  {scenario}: should be {allowed:?}\n  printed {line:?}"));
            break;
        }
    }
    let rest: Vec<&str> = lines.collect();
    if !rest.is_empty() {
        faults.push(format!("  then: {}", rest.join("\n        ")));
    }
    if census != Census::default() {
        faults.push(format!("  left behind: {census:?}"));
    }
    faults
}

fn keeps_the_contract(mode: Mode) {
    let only = std::env::var("KETTLE_TEST").unwrap_or_default();
    let mut found = Vec::new();
    let table = TABLE.iter().filter(|awaitable| awaitable.name.contains(&only));
    for awaitable in table.flat_map(in_worlds) {
        if matches!(mode, Mode::Explore(_)) && awaitable.world == World::Real {
            continue;
        }
        let faults = faults(&awaitable, mode);
        if !faults.is_empty() {
            let (name, text) = (awaitable.name, program(&awaitable));
            let text = if only.is_empty() { String::new() } else { text };
            let (op, world) = (awaitable.op, awaitable.world);
            found.push(format!("{name} ({op}, {world:?}):\n{}\n{text}", faults.join("\n")));
        }
    }
    assert!(found.is_empty(), "{mode:?}: {} break it\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_awaitable_keeps_the_contract() {
    keeps_the_contract(Mode::Normal);
}

#[test]
fn every_awaitable_keeps_the_contract_under_torture() {
    keeps_the_contract(Mode::Torture);
}

#[test]
fn every_awaitable_keeps_the_contract_on_little_fuel() {
    keeps_the_contract(Mode::Fuel);
}

#[test]
fn every_awaitable_keeps_the_contract_in_other_orders() {
    for seed in 1..=3 {
        keeps_the_contract(Mode::Explore(seed));
    }
}

/// Every native that has to be awaited stands in the table.
#[test]
fn the_table_is_complete() {
    let listed: HashSet<&str> =
        TABLE.iter().flat_map(|awaitable| awaitable.name.split_whitespace()).collect();
    let missing: Vec<&str> = declarations()
        .map(|declaration| declaration.signature)
        .filter(|signature| signature.waits && !listed.contains(signature.path))
        .map(|signature| signature.path)
        .collect();
    assert!(
        missing.is_empty(),
        "add a line to tests/contract/table.rs for each of: {}",
        missing.join(", ")
    );
}

/// Running it all leaves no descriptor open. Other tests of this binary open some at the same time, so
/// it runs in a process of its own.
#[test]
#[cfg(target_os = "linux")]
fn no_descriptor_is_left() {
    const ALONE: &str = "KETTLE_CONTRACT_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let this = std::env::current_exe().expect("the test has a path");
        let output = std::process::Command::new(this)
            .args(["no_descriptor_is_left", "--exact", "--nocapture"])
            .env(ALONE, "1")
            .output()
            .expect("the test can be started again");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let count = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let run_all = || {
        for awaitable in TABLE.iter().flat_map(in_worlds) {
            run(&program(&awaitable), Mode::Normal, awaitable.world);
        }
    };
    // What the process keeps for good is opened by the first run.
    run_all();
    let mut leaks = Vec::new();
    for awaitable in TABLE.iter().flat_map(in_worlds) {
        let before = count();
        run(&program(&awaitable), Mode::Normal, awaitable.world);
        // The thread that hears signals ends by itself, soon.
        let gone = (0..100_000).any(|_| {
            std::thread::yield_now();
            count() <= before
        });
        if !gone {
            leaks.push(format!("{}: {before} before, {} after", awaitable.name, count()));
        }
    }
    assert!(leaks.is_empty(), "descriptors are left open:\n{}", leaks.join("\n"));
}
