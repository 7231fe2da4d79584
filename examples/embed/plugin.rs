//! A plugin host: it runs a stranger's script under limits, lets it do what plugins may do, and shows
//! what it was refused.
//!
//! Run it with `cargo run --example plugin`, or with the file of a plugin as an argument. Limits in one
//! process stop scripts that run away; against somebody who looks for a hole in the engine itself, run the
//! host in a process of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kettle::engine::{AuditHook, Limits, Output, Permissions};
use kettle::{Engine, Error, Vm};

/// A plugin that tries what it should not.
pub const STRANGER: &str = r#"
import fs
import net
import process
import plugin

async fn tries(what, f) {
    try { await f(); print("${what}: it worked") } catch error { print("${what}: ${error.message}") }
}

pub async fn shorten(text) {
    await tries("passwords", || { await fs.read("/etc/passwd") })
    await tries("a way round", || { await fs.read("./../../../../../etc/passwd") })
    await tries("a message home", || { await net.tcp.connect("127.0.0.1", 9) })
    await tries("a program", || { await process.run("id") })
    text[0..plugin.width]
}

pub fn endless(text) { loop { try { loop { } } catch { } } }

pub fn greedy(text) { let hoard = []; loop { hoard.push(text.repeat(1000)) } }

pub fn deep(text) { 1 + deep(text) }

pub async fn idle(text) { loop { await sleep(1h) } }
"#;

/// What came of a stranger's script.
pub struct Account {
    /// What each of its functions gave, or why it was stopped.
    pub results: Vec<(String, Result<String, Error>)>,
    /// What it wanted and did not get, in the order in which it asked.
    pub refused: Vec<String>,
    /// What it printed.
    pub printed: String,
}

/// What a plugin may use of the machine.
fn limits() -> Limits {
    Limits::new().memory(16 << 20).depth(1_000).deadline(Duration::from_millis(300)).output(10_000)
}

/// Public so that a test can call it.
pub fn run(name: &str, text: &str, functions: &[&str]) -> Result<Account, Error> {
    let refused = Arc::new(Mutex::new(Vec::new()));
    let notes = refused.clone();
    let output = Output::captured();
    let mut engine = Engine::new();
    engine.module("plugin", |m| {
        m.doc("What a plugin may use.");
        m.value("width", 5);
    })?;
    let options = engine.options();
    options.permissions = Permissions::none().fs_read("plugins/shared");
    options.audit = Some(AuditHook::new(move |entry| {
        if !entry.allowed {
            let line = format!("{} {}", entry.right.name(), entry.what);
            notes.lock().expect("nobody panics").push(line);
        }
    }));
    options.stdout = output.clone();
    options.limits = limits();
    let program = engine.compile_text(name, text)?;
    let mut results = Vec::new();
    for function in functions {
        // A VM each, so that none pays for what another one has used up.
        let mut vm = Vm::new(&engine)?;
        vm.load_blocking(&program)?;
        results.push((function.to_string(), vm.call_blocking(*function, ("too long",))));
    }
    let refused = std::mem::take(&mut *refused.lock().expect("nobody panics"));
    Ok(Account { results, refused, printed: output.text() })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = match std::env::args().nth(1) {
        Some(path) => run(&path, &std::fs::read_to_string(&path)?, &["shorten"])?,
        None => {
            let functions = ["shorten", "endless", "greedy", "deep", "idle"];
            run("stranger.ket", STRANGER, &functions)?
        }
    };
    for (name, result) in &account.results {
        match result {
            Ok(text) => println!("{name} gave {text:?}"),
            Err(error) => println!("{name} was stopped: {error}"),
        }
    }
    let shown: String = account.printed.chars().take(600).collect();
    println!("\nIt said:\n{shown}");
    println!("It was refused:");
    account.refused.iter().for_each(|line| println!("  {line}"));
    Ok(())
}
