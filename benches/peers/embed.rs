//! Kettle inside a Rust program: new VMs, calls in both directions, how quickly text becomes bytecode.
//!
//! What is measured here is the library that the bench is linked with, not the binary.

use std::fmt::Write;
use std::time::Instant;

use kettle::engine::{Engine, Error, Vm};

use super::Wanted;
use super::spread::spread;
use super::table::{Table, at_least, at_most};
use super::target::{COMPILE, NEW_VM};

/// So many VMs are alive at the same time.
const VMS: usize = 200;
const CALLS: i64 = 1_000_000;
const LINES: [usize; 2] = [10_000, 100_000];

/// Measures the wanted rows.
pub fn measure(wanted: &Wanted) {
    if cfg!(debug_assertions) {
        println!("\nembedding: skipped, since the library was built for debugging");
        return;
    }
    let mut table = Table::new(&["embedding", "kettle", "target"]);
    let mut is_wanted = false;
    type Part = fn(&mut Table) -> Result<(), Error>;
    let parts: [(&str, Part); 3] = [("vm", new_vms), ("calls", calls), ("compile", compile)];
    for (name, part) in parts {
        if wanted.has("process", name) {
            is_wanted = true;
            part(&mut table).expect("the programs of this file are right");
        }
    }
    if is_wanted {
        print!("\n{}", table.text(wanted.markdown));
    }
}

/// Bytes of this process that no file backs.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? * 1024.0)
}

fn new_vms(table: &mut Table) -> Result<(), Error> {
    let engine = Engine::new();
    // What the first one makes for all of them is no part of it.
    let first = Vm::new(&engine)?;
    let before = resident();
    let mut times = Vec::new();
    let mut vms = Vec::new();
    for _ in 0..VMS {
        let begin = Instant::now();
        vms.push(Vm::new(&engine)?);
        times.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    let [least, time, _] = spread(&times);
    let shown = format!("{time:.0} (least {least:.0})");
    table.push(vec!["new VM, µs".to_owned(), shown, at_most(time.round(), NEW_VM.0)]);
    if let Some((before, after)) = before.zip(resident()) {
        let each = ((after - before) / VMS as f64 / 1024.0).round();
        table.push(vec!["new VM, KB".to_owned(), format!("{each}"), at_most(each, NEW_VM.1)]);
    }
    drop((first, vms));
    Ok(())
}

fn calls(table: &mut Table) -> Result<(), Error> {
    let text = "
        pub fn next(n) { n + 1 }
        pub fn nothing(n) { for i in 0..n { } }
        pub fn calls(n) { for i in 0..n { twice(i) } }
    ";
    let mut engine = Engine::new();
    engine.function("twice", |n: i64| n.wrapping_mul(2));
    let program = engine.compile_text("calls.ket", text)?;
    let mut vm = Vm::new(&engine)?;
    vm.run_blocking(&program)?;
    let begin = Instant::now();
    let mut number = 0;
    for _ in 0..CALLS {
        number = vm.call_blocking::<i64>("next", (number,))?;
    }
    let into = begin.elapsed().as_secs_f64() * 1e9 / number as f64;
    let mut seconds = |name: &str| -> Result<f64, Error> {
        let begin = Instant::now();
        vm.call_blocking::<()>(name, (CALLS,))?;
        Ok(begin.elapsed().as_secs_f64())
    };
    let out_of = (seconds("calls")? - seconds("nothing")?) * 1e9 / CALLS as f64;
    let row = |name: &str, nanos: f64, target: &str| {
        vec![name.to_owned(), format!("{nanos:.0}"), target.to_owned()]
    };
    table.push(row("host calls script (i64) → i64, ns", into, "≤ 0.5 × mlua"));
    table.push(row("script calls host (i64) → i64, ns", out_of, "≤ 0.7 × mlua"));
    Ok(())
}

/// A program of so many lines, of the kind that people write.
pub fn source(lines: usize) -> String {
    let mut text = String::new();
    for part in 0..lines / 10 {
        let _ = write!(
            text,
            "# Part {part} of a long program.\n\
             fn work{part}(items, limit = {part}) {{\n\
             \x20   var sum = 0\n\
             \x20   for item in items {{\n\
             \x20       if item > limit && item % 3 != 0 {{ sum += item * 2 - {part} }}\n\
             \x20   }}\n\
             \x20   let name = \"part {part}: ${{sum}}\"\n\
             \x20   {{name, sum, half: sum / 2.5, tags: [\"a\", \"b\"]}}\n\
             }}\n\
             let result{part} = work{part}([1, 2, {part}], limit: 1).sum\n",
        );
    }
    text
}

fn compile(table: &mut Table) -> Result<(), Error> {
    let engine = Engine::new();
    let mut rates = Vec::new();
    for lines in LINES {
        let text = source(lines);
        let mut times = Vec::new();
        for _ in 0..5 {
            let begin = Instant::now();
            engine.compile_text("long.ket", text.as_str())?;
            times.push(begin.elapsed().as_secs_f64());
        }
        let [least, middle, _] = spread(&times);
        let (rate, best) = (lines as f64 / middle / 1e6, lines as f64 / least / 1e6);
        rates.push(rate);
        let name = format!("parse and compile {lines} lines, million lines/s");
        let verdict = at_least((rate * 100.0).round() / 100.0, COMPILE / 1e6);
        table.push(vec![name, format!("{rate:.2} (best {best:.2})"), verdict]);
    }
    Ok(())
}
