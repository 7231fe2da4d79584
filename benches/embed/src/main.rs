//! What crossing between host and script costs, beside mlua (Lua 5.4), rhai and rune in one run:
//! a call of a script function, a call of a host function, one that is awaited, a new VM and its
//! memory. Functions of scripts are called through handles, where a language has such.
//!
//! `cargo run --release --manifest-path benches/embed/Cargo.toml`. Each figure is the median of
//! interleaved rounds; the memory is what the process grows by, measured in a process of its own.

mod kettle_side;
mod mlua_side;
mod rhai_side;
mod rune_side;

use std::any::Any;
use std::pin::pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

const ROUNDS: usize = 7;
/// Calls in one round, in either direction.
pub const CALLS: i64 = 200_000;
/// VMs made in one round.
const MACHINES: usize = 100;
/// VMs whose memory is measured.
const MACHINES_WEIGHED: usize = 500;
/// The word that makes this program weigh the VMs of one language.
const WEIGH: &str = "--weigh";

/// A language with all that is measured of it.
pub trait Side {
    fn name(&self) -> &'static str;
    /// Calls a script function that takes and gives an int, [`CALLS`] times.
    fn call_script(&mut self) -> i64;
    /// Runs a script loop that calls a host function that takes and gives an int, [`CALLS`] times.
    fn call_host(&mut self) -> i64;
    /// The same with a host function that gives a future, which is ready at once. None if there is
    /// no such thing.
    fn call_async_host(&mut self) -> Option<i64>;
    /// A VM that can run scripts with the standard library.
    fn make(&self) -> Box<dyn Any>;
}

fn sides() -> Vec<Box<dyn Side>> {
    vec![
        Box::new(kettle_side::Kettle::new()),
        Box::new(mlua_side::Mlua::new()),
        Box::new(rhai_side::Rhai::new()),
        Box::new(rune_side::Rune::new()),
    ]
}

fn main() {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some(WEIGH) {
        return weigh(&args.next().unwrap_or_default());
    }
    let mut sides = sides();
    for side in &mut sides {
        let sum = (0..CALLS).sum::<i64>() + CALLS;
        assert_eq!(side.call_script(), sum, "{}", side.name());
        assert_eq!(side.call_host(), sum, "{}", side.name());
        assert!(side.call_async_host().is_none_or(|found| found == sum), "{}", side.name());
    }
    print!("{:<26}", "");
    sides.iter().for_each(|side| print!("{:>10}", side.name()));
    println!("   Kettle's target");
    let each = |time: f64| Some(time / CALLS as f64);
    let half = |row: &[Option<f64>]| row[1].map(|mlua| 0.5 * mlua);
    row("host calls script, ns", "0.5 × mlua", half, &mut sides, |side| {
        each(nanoseconds(|| assert!(side.call_script() > 0)))
    });
    let most = |row: &[Option<f64>]| row[1].map(|mlua| 0.7 * mlua);
    row("script calls host, ns", "0.7 × mlua", most, &mut sides, |side| {
        each(nanoseconds(|| assert!(side.call_host() > 0)))
    });
    row(
        "script awaits host, ns",
        "none",
        |_| None,
        &mut sides,
        |side| {
            let mut is_there = false;
            let time = nanoseconds(|| is_there = side.call_async_host().is_some());
            is_there.then_some(time).and_then(each)
        },
    );
    row(
        "new VM, µs",
        "50 µs",
        |_| Some(50.0),
        &mut sides,
        |side| {
            let mut made = Vec::with_capacity(MACHINES);
            let time = nanoseconds(|| made.extend((0..MACHINES).map(|_| side.make())));
            Some(time / MACHINES as f64 / 1e3)
        },
    );
    row("memory of a VM, KB", "64 KB", |_| Some(64.0), &mut sides, |side| weighed(side.name()));
}

fn nanoseconds(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_nanos() as f64
}

/// Prints a row: the median of every side, and whether Kettle has reached its target.
fn row(
    name: &str,
    target: &str,
    most: impl Fn(&[Option<f64>]) -> Option<f64>,
    sides: &mut [Box<dyn Side>],
    mut measure: impl FnMut(&mut dyn Side) -> Option<f64>,
) {
    let mut figures = vec![Vec::new(); sides.len()];
    for _ in 0..ROUNDS {
        for (side, figures) in sides.iter_mut().zip(&mut figures) {
            figures.extend(measure(side.as_mut()));
        }
    }
    let medians: Vec<Option<f64>> = figures.iter_mut().map(|figures| median(figures)).collect();
    print!("{name:<26}");
    for figure in &medians {
        match figure {
            Some(figure) => print!("{figure:>10.1}"),
            None => print!("{:>10}", "–"),
        }
    }
    match (medians[0], most(&medians)) {
        (Some(own), Some(most)) if own <= most => println!("   {target}: reached"),
        (Some(own), Some(most)) => println!("   {target}: missed, {:.2} times that", own / most),
        _ => println!("   {target}"),
    }
}

fn median(figures: &mut [f64]) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// Drives a future that never has to wait for anything outside.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
    }
}

/// The memory of one VM of a language in KB, found by a process of its own.
fn weighed(name: &str) -> Option<f64> {
    let program = std::env::current_exe().expect("a running program has a file");
    let output = Command::new(program).args([WEIGH, name]).output().expect("it can be run again");
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// Prints by how many KB the process grows for each VM.
fn weigh(name: &str) {
    let Some(side) = sides().into_iter().find(|side| side.name() == name) else { return };
    let first = side.make();
    let before = resident();
    let made: Vec<_> = (0..MACHINES_WEIGHED).map(|_| side.make()).collect();
    println!("{:.2}", (resident() - before) / MACHINES_WEIGHED as f64);
    drop((first, made));
}

/// The memory that the process has, in KB.
fn resident() -> f64 {
    let status =
        std::fs::read_to_string("/proc/self/status").expect("the system tells of processes");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN)
}
