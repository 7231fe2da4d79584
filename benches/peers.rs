//! Kettle beside its peers: the same programs, interleaved.
//!
//! `cargo bench --bench peers [-- NAME…]`. Prints medians of user plus system time and the ratio of
//! Kettle to each peer found on this machine; a ratio below 1 means that Kettle is faster. Then how
//! long hello world takes and how much memory sleeping tasks need.

#[path = "shared/cost.rs"]
mod cost;
#[path = "shared/program.rs"]
mod program;
#[path = "shared/spread.rs"]
mod spread;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use cost::{Cost, Line, can_measure, cost, kettle};
use program::{is_installed, program};
use spread::spread;

const ROUNDS: usize = 5;
/// Hello world is so short that it needs more of them.
const HELLO_ROUNDS: usize = 31;
const SLEEPERS: usize = 100_000;

/// Programs whose CPU time is compared.
const ROWS: &[&str] = &["fib", "loop", "method", "binarytrees", "jsonrt", "spawn_join"];

/// A peer.
struct Peer {
    runner: &'static str,
    /// How its programs end.
    ending: &'static str,
    /// Makes it print its version.
    question: &'static str,
}

const PEERS: &[Peer] = &[
    Peer { runner: "lua5.4", ending: "lua", question: "-v" },
    Peer { runner: "python3", ending: "py", question: "--version" },
];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|other| other == name);
    let mut peers = Vec::new();
    for peer in PEERS {
        if is_installed(peer.runner, peer.question) {
            peers.push(peer);
        } else {
            println!("{} is not installed: no ratio to it", peer.runner);
        }
    }
    let can_measure = can_measure();
    if can_measure {
        println!("median CPU seconds of {ROUNDS} interleaved runs; ratio = kettle / peer");
        for row in ROWS.iter().filter(|row| is_wanted(row)) {
            let cpu = |line: &Line| cost(line).cpu;
            compare(row, "s", &lines(row, &peers), ROUNDS, cpu);
        }
    }
    if is_wanted("hello") {
        println!(
            "median wall milliseconds of {HELLO_ROUNDS} interleaved runs, process start to end"
        );
        compare("hello", "ms", &lines("hello", &peers), HELLO_ROUNDS, wall_milliseconds);
    }
    if can_measure && is_wanted("sleepers") {
        sleepers();
    }
}

/// What runs a program, and how: Kettle first.
fn lines(name: &str, peers: &[&Peer]) -> Vec<(&'static str, Line)> {
    let mut lines = vec![("kettle", kettle(&program(&format!("{name}.ket")), &[]))];
    for peer in peers {
        let file = program(&format!("{name}.{}", peer.ending));
        if file.exists() {
            lines.push((peer.runner, vec![PathBuf::from(peer.runner), file]));
        }
    }
    lines
}

fn compare(
    name: &str,
    unit: &str,
    lines: &[(&str, Line)],
    rounds: usize,
    measure: impl Fn(&Line) -> f64,
) {
    let mut numbers = vec![Vec::new(); lines.len()];
    for _ in 0..rounds {
        for ((_, line), numbers) in lines.iter().zip(&mut numbers) {
            numbers.push(measure(line));
        }
    }
    let [least, own, largest] = spread(&numbers[0]);
    print!("{name:<12} kettle {own:.2} {unit} ({least:.2} to {largest:.2})");
    for ((peer, _), numbers) in lines.iter().zip(&numbers).skip(1) {
        let [_, theirs, _] = spread(numbers);
        print!("   {peer} {theirs:.2} {unit} (ratio {:.2})", own / theirs);
    }
    println!();
}

/// Many sleeping tasks: peak memory, and what each adds to that of a single one.
fn sleepers() {
    let script = program("sleepers.ket");
    let one = cost(&kettle(&script, &["1"])).peak;
    let Cost { peak: all, wall, .. } = cost(&kettle(&script, &[&SLEEPERS.to_string()]));
    let each = (all - one) / SLEEPERS as f64;
    println!(
        "sleepers     {SLEEPERS} tasks: {wall:.2} s, peak {:.1} MB, {each:.0} bytes each",
        all / 1e6
    );
}

/// Runs a program to its end; only how long that takes is measured, with nothing in between.
fn wall_milliseconds(line: &Line) -> f64 {
    let begin = Instant::now();
    let mut command = Command::new(&line[0]);
    let status = command.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let elapsed = begin.elapsed().as_secs_f64() * 1e3;
    assert!(status.is_ok_and(|status| status.success()), "{line:?} failed");
    elapsed
}
