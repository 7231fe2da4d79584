//! How time and memory grow with the work: each program with ten and a hundred times as much.
//!
//! `cargo bench --bench growth [-- NAME…]`. What an item costs must stay about the same; it may
//! rise somewhat when the data no longer fits the caches.

#[path = "shared/cost.rs"]
mod cost;
#[path = "shared/program.rs"]
mod program;

use cost::{can_measure, cost, kettle};
use program::program;

/// Numbers of tasks, timers and messages.
const EVENTS: &[usize] = &[10_000, 100_000, 1_000_000];
/// Numbers of elements.
const ELEMENTS: &[usize] = &[100_000, 1_000_000, 10_000_000];

const ROWS: &[(&str, &[usize])] = &[
    ("sleepers", EVENTS),
    ("growth/spawn", EVENTS),
    ("growth/timeouts", EVENTS),
    ("growth/channel", EVENTS),
    ("growth/list", ELEMENTS),
    ("growth/map", ELEMENTS),
    ("growth/string", ELEMENTS),
];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if !can_measure() {
        return;
    }
    println!("one run each; CPU and memory beyond those of a run with a single item");
    for (path, counts) in ROWS {
        let name = path.rsplit('/').next().unwrap_or(path);
        if wanted.is_empty() || wanted.iter().any(|other| other == name) {
            grow(name, path, counts);
        }
    }
}

fn grow(name: &str, path: &str, counts: &[usize]) {
    let script = program(&format!("{path}.ket"));
    let one = cost(&kettle(&script, &["1"]));
    for count in counts {
        let run = cost(&kettle(&script, &[&count.to_string()]));
        let nanos = (run.cpu - one.cpu).max(0.0) * 1e9 / *count as f64;
        let bytes = (run.peak - one.peak).max(0.0) / *count as f64;
        print!("{name:<10} {count:>9}: {nanos:>6.0} ns and {bytes:>5.0} bytes each; ");
        println!("{:.2} s CPU, {:.2} s wall, {:.1} MB", run.cpu, run.wall, run.peak / 1e6);
    }
}
