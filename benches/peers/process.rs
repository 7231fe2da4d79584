//! The process: hello world, how large the binary is, how long the collector stops a program.

use std::process::Command;

use super::Wanted;
use super::beside::Bench;
use super::hello;
use super::program::{binary, program};
use super::table::{Table, at_most};
use super::target::{BINARY, PAUSE};

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
        hello::measure(bench, &mut table);
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
