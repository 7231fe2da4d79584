//! Kettle beside its peers: the same programs, interleaved, whole-process CPU time.
//!
//! `cargo bench --bench peers [-- NAME…]`. Prints medians of user plus system time and the ratio of
//! Kettle to each peer found on this machine. A ratio below 1 means that Kettle is faster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;

/// A peer: how its programs end and what runs them.
const PEERS: &[(&str, &str)] = &[("lua", "lua5.4"), ("py", "python3")];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/programs");
    println!("median CPU seconds of {ROUNDS} interleaved runs; ratio = kettle / peer");
    for program in programs(&folder, &wanted) {
        compare(&program);
    }
    hello(&folder);
    sleepers(&folder);
}

/// The programs that have a peer beside them, or are asked for by name.
fn programs(folder: &Path, wanted: &[String]) -> Vec<PathBuf> {
    let mut programs: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the programs are there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ket"))
        .filter(|path| PEERS.iter().any(|(ending, _)| path.with_extension(ending).exists()))
        .filter(|path| {
            wanted.is_empty() || wanted.iter().any(|name| path.ends_with(format!("{name}.ket")))
        })
        .collect();
    programs.sort();
    programs
}

fn compare(program: &Path) {
    let mut commands: Vec<(&str, Vec<PathBuf>)> =
        vec![("kettle", vec![PathBuf::from(env!("CARGO_BIN_EXE_kettle")), program.to_path_buf()])];
    for (ending, runner) in PEERS {
        let file = program.with_extension(ending);
        if file.exists() && available(runner) {
            commands.push((runner, vec![PathBuf::from(runner), file]));
        }
    }
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (name, command) in &commands {
            times.entry(name).or_default().push(cpu_seconds(command));
        }
    }
    let own = median(&times["kettle"]);
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    print!("{name:<12} kettle {own:.3}");
    for (peer, seconds) in times.iter().filter(|(peer, _)| **peer != "kettle") {
        let theirs = median(seconds);
        print!("   {peer} {theirs:.3} (ratio {:.2})", own / theirs);
    }
    println!();
}

/// Hello world, wall time from process start.
fn hello(folder: &Path) {
    let command = [PathBuf::from(env!("CARGO_BIN_EXE_kettle")), folder.join("hello.ket")];
    let mut times: Vec<f64> = (0..20).map(|_| wall(&command).as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    println!("hello        {:.2} ms wall (median of 20)", times[10]);
}

/// A hundred thousand sleeping tasks: peak memory beyond that of hello world.
fn sleepers(folder: &Path) {
    let kettle = PathBuf::from(env!("CARGO_BIN_EXE_kettle"));
    let count = 100_000;
    let one = peak_kilobytes(&[kettle.clone(), folder.join("sleepers.ket"), "1".into()]);
    let many = peak_kilobytes(&[kettle, folder.join("sleepers.ket"), count.to_string().into()]);
    let each = (many.saturating_sub(one)) * 1024 / count;
    println!("sleepers     {count} tasks: peak {:.1} MB, {each} bytes each", many as f64 / 1024.0);
}

fn available(runner: &str) -> bool {
    Command::new(runner).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn wall(command: &[PathBuf]) -> Duration {
    let begin = Instant::now();
    let status = Command::new(&command[0]).args(&command[1..]).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?} failed");
    begin.elapsed()
}

/// User plus system time of a finished child, from the shell's own accounting.
fn cpu_seconds(command: &[PathBuf]) -> f64 {
    let report = timed(command, "%U %S");
    report.split_whitespace().filter_map(|field| field.parse::<f64>().ok()).sum()
}

fn peak_kilobytes(command: &[PathBuf]) -> u64 {
    timed(command, "%M").trim().parse().unwrap_or(0)
}

fn timed(command: &[PathBuf], format: &str) -> String {
    let output = Command::new("/usr/bin/time")
        .args(["-f", format])
        .args(command)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .expect("/usr/bin/time is installed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned()
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
