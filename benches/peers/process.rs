//! The process: how long hello world takes, how much memory, how large the binary is, how long the
//! collector stops a program.

use std::process::{Command, Stdio};
use std::time::Instant;

use super::Wanted;
use super::beside::Bench;
use super::cost::{Line, cost, kettle};
use super::program::{binary, program};
use super::spread::spread;
use super::table::{Table, at_most};
use super::target::{BINARY, HELLO, HELLO_MEMORY, PAUSE};

/// Hello world is so short that it needs more rounds.
const HELLO_ROUNDS: usize = 31;

/// Measures the wanted rows.
pub fn measure(bench: &Bench, wanted: &Wanted) {
    let mut table = Table::new(&["process", "kettle", "peers", "target"]);
    let mut is_wanted = false;
    let mut has = |row: &str| {
        let has = wanted.has("process", row);
        is_wanted |= has;
        has
    };
    if has("hello") {
        hello(bench, &mut table);
    }
    if has("binary") {
        table.push(binary_size(bench));
    }
    if has("pause") {
        table.push(pause());
    }
    if is_wanted {
        print!("\n{}", table.text(wanted.markdown));
    }
}

/// From the start of the process to its end, and the memory it takes.
fn hello(bench: &Bench, table: &mut Table) {
    let mut lines = vec![("kettle", bench.pinned(kettle(&program("hello.ket"), &[])))];
    lines.extend(bench.lines("hello", &[]));
    let mut walls = vec![Vec::new(); lines.len()];
    for _ in 0..HELLO_ROUNDS {
        for ((_, line), walls) in lines.iter().zip(&mut walls) {
            walls.extend(milliseconds(line));
        }
    }
    let seen: Vec<_> = lines
        .iter()
        .zip(&walls)
        .filter(|(_, walls)| !walls.is_empty())
        .map(|((name, _), walls)| (*name, spread(walls)))
        .collect();
    let [least, own, largest] = seen[0].1;
    let peers: Vec<_> =
        seen[1..].iter().map(|(peer, wall)| format!("{peer} {:.2}", wall[1])).collect();
    let lua = seen.iter().find(|(name, _)| *name == "lua5.4").map(|(_, wall)| wall[1]);
    let verdict = lua.map_or(String::new(), |lua| {
        format!("{:.2} × lua5.4 {}; ", own / lua, at_most(own / lua, HELLO.0))
    });
    table.push(vec![
        format!("hello, ms, {HELLO_ROUNDS} runs"),
        format!("{own:.2} ({least:.2}–{largest:.2})"),
        peers.join(", "),
        format!("{verdict}ms {}", at_most(own, HELLO.1)),
    ]);
    let memory = |line: &Line| cost(line).ok().map(|cost| cost.peak / 1e6);
    let own = memory(&kettle(&program("hello.ket"), &[])).unwrap_or(f64::INFINITY);
    let peers = bench.lines("hello", &[]);
    let peers = peers.iter().filter_map(|(name, line)| Some((name, memory(line)?)));
    let peers: Vec<_> = peers.map(|(peer, memory)| format!("{peer} {memory:.1}")).collect();
    let verdict = at_most(own, HELLO_MEMORY);
    table.push(vec!["hello, MB".to_owned(), format!("{own:.1}"), peers.join(", "), verdict]);
}

/// Runs a program to its end; only how long that takes is measured, with nothing in between.
fn milliseconds(line: &Line) -> Option<f64> {
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begin = Instant::now();
    let status = command.status();
    let elapsed = begin.elapsed().as_secs_f64() * 1e3;
    status.is_ok_and(|status| status.success()).then_some(elapsed)
}

fn binary_size(bench: &Bench) -> Vec<String> {
    let stripped = bench.scratch.path().join("stripped");
    let status = Command::new("strip").arg("-o").arg(&stripped).arg(binary()).status();
    let (file, how) = match status {
        Ok(status) if status.success() => (stripped, "binary, stripped, MB"),
        _ => (binary(), "binary, MB (no `strip` here)"),
    };
    let size = std::fs::metadata(file).map_or(f64::INFINITY, |data| data.len() as f64 / 1e6);
    vec![how.to_owned(), format!("{size:.2}"), String::new(), at_most(size, BINARY)]
}

/// What `--gc-stats` says of a program with two million live objects.
fn pause() -> Vec<String> {
    let name = "longest pause, ms".to_owned();
    let output = Command::new(binary()).arg("--gc-stats").arg(program("live.ket")).output();
    let said =
        output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stderr).into());
    let longest = said.lines().find(|line| line.contains("longest")).and_then(|line| {
        let rest = line.split("longest").nth(1)?;
        let mut words = rest.split_whitespace();
        let number: f64 = words.find_map(|word| word.trim_matches(',').parse().ok())?;
        let unit = words.next().unwrap_or("ms");
        Some(if unit.starts_with("us") || unit.starts_with('µ') { number / 1e3 } else { number })
    });
    match longest {
        Some(pause) => vec![name, format!("{pause:.3}"), String::new(), at_most(pause, PAUSE)],
        None => vec![name, "not told".to_owned(), String::new(), format!("≤ {PAUSE}")],
    }
}
