//! Tasks and I/O beside the best peers.
//!
//! `cargo bench --bench io [-- NAME…]`. The programs of the peers are read from the folder in
//! `KETTLE_BENCH_PEERS`, by default `../shared/bench/peers`. Medians of interleaved runs on one
//! processor. What the targets name is not on every machine: the score of such a peer, from another
//! machine, is multiplied by how much slower or faster than their own scores those peers are which
//! are here, and marked with `~`. CPU seconds, so that other work on the machine counts for little.

#[path = "shared/cost.rs"]
mod cost;
#[path = "shared/program.rs"]
mod program;
#[path = "shared/spread.rs"]
mod spread;

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use cost::{Cost, Line, can_measure, cost, kettle};
use program::{is_installed, program};
use spread::spread;

const ROUNDS: usize = 5;
const SLEEPERS: usize = 1_000_000;
const SLEEP_SECONDS: f64 = 1.0;
const FILES: usize = 10_000;
const CONNECTIONS: usize = 10_000;

/// A program, what the best peer took on the machine of the scores, and how much of that Kettle may.
struct Row {
    name: &'static str,
    best: (&'static str, f64),
    target: f64,
    /// Peers that may be here, with their scores.
    peers: &'static [(&'static str, f64)],
}

const ROWS: &[Row] = &[
    Row {
        name: "await_call",
        best: ("bun", 0.195),
        target: 0.35,
        peers: &[("node", 0.351), ("luajit", 0.780), ("lua5.4", 0.913)],
    },
    Row {
        name: "spawn_join",
        best: ("bun", 0.102),
        target: 0.5,
        peers: &[("node", 0.228), ("luajit", 0.327), ("lua5.4", 0.559)],
    },
    Row {
        name: "channel",
        best: ("go", 0.117),
        target: 0.6,
        peers: &[("node", 0.200), ("luajit", 0.163), ("lua5.4", 0.393)],
    },
    Row {
        name: "timers",
        best: ("go", 0.185),
        target: 0.6,
        peers: &[("node", 0.879), ("python3", 1.415)],
    },
    Row {
        name: "yield",
        best: ("luajit", 0.075),
        target: 0.6,
        peers: &[("luajit", 0.075), ("lua5.4", 0.175), ("node", 1.390)],
    },
    Row {
        name: "files",
        best: ("bun", 0.119),
        target: 0.9,
        peers: &[("node", 1.135), ("python3", 0.768)],
    },
];

/// What a million sleepers took: seconds beyond the sleep, bytes each.
const SLEEPERS_BUN: (f64, f64) = (0.71, 542.0);
const SLEEPERS_NODE: f64 = 2.69;
const SLEEPERS_TARGET: (f64, f64) = (0.7, 400.0);
const IDLE_TARGET: f64 = 1024.0;

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|other| other == name);
    if !can_measure() {
        return;
    }
    let bench = Bench::new();
    println!("median CPU seconds of {ROUNDS} interleaved runs; ratio = kettle / best peer");
    for row in ROWS.iter().filter(|row| is_wanted(row.name)) {
        bench.compare(row);
    }
    if is_wanted("sleepers") {
        bench.sleepers();
    }
    if is_wanted("idle") {
        bench.idle();
    }
}

/// What all rows need.
struct Bench {
    /// The peers' programs.
    peers: PathBuf,
    /// Small files to be read.
    files: tempfile::TempDir,
    pins: bool,
}

impl Bench {
    fn new() -> Bench {
        let peers = std::env::var_os("KETTLE_BENCH_PEERS").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bench/peers"),
            PathBuf::from,
        );
        let files = tempfile::tempdir().expect("a temporary folder can be made");
        for number in 0..FILES {
            let path = files.path().join(format!("f{number}"));
            std::fs::write(path, "x".repeat(1024)).expect("the folder takes files");
        }
        let pins = is_installed("taskset", "--version");
        Bench { peers, files, pins }
    }

    /// A command on one processor, if that can be.
    fn pinned(&self, line: Line) -> Line {
        let mut all: Line = Vec::new();
        if self.pins {
            all.extend(["taskset", "-c", "0"].map(PathBuf::from));
        }
        let folder = format!("BENCH_DIR={}", self.files.path().display());
        all.extend([PathBuf::from("env"), PathBuf::from(folder)]);
        all.extend(line);
        all
    }

    /// A peer with its program; none if one of them is not here.
    fn peer(&self, name: &str, bench: &str, args: &[&str]) -> Option<Line> {
        let ending = match name {
            "node" => "mjs",
            "python3" => "py",
            _ => "lua",
        };
        let file = self.peers.join(format!("{bench}.{ending}"));
        let question = if name.starts_with("lua") { "-v" } else { "--version" };
        let here = file.exists() && is_installed(name, question);
        let line = [PathBuf::from(name), file].into_iter().chain(args.iter().map(PathBuf::from));
        here.then(|| self.pinned(line.collect()))
    }

    fn compare(&self, row: &Row) {
        let folder = self.files.path().display().to_string();
        let own = self.pinned(kettle(&program(&format!("{}.ket", row.name)), &[&folder]));
        let peers: Vec<_> = row
            .peers
            .iter()
            .filter_map(|(peer, score)| Some((*peer, *score, self.peer(peer, row.name, &[])?)))
            .collect();
        let mut lines = vec![own];
        lines.extend(peers.iter().map(|(.., line)| line.clone()));
        let taken = interleaved(&lines);
        print!("{:<11} kettle {:.3} s", row.name, taken[0]);
        let mut scale = Vec::new();
        let mut best = None;
        for ((peer, score, _), taken) in peers.iter().zip(&taken[1..]) {
            print!("  {peer} {taken:.3}");
            scale.push(taken / score);
            best = best.or((*peer == row.best.0).then_some(*taken));
        }
        let (peer, score) = row.best;
        let mark = if best.is_some() { "" } else { "~" };
        match best.or(mean(&scale).map(|scale| score * scale)) {
            Some(best) => {
                let (ratio, word) = judged(taken[0] / best, row.target);
                println!(
                    "  best: {mark}{peer} {best:.3}, ratio {ratio:.2}, target {} {word}",
                    row.target
                );
            }
            None => println!("  no peer is here; {peer} took {score} s elsewhere"),
        }
    }

    /// A million tasks that sleep at the same time: wall time beyond the sleep, and memory.
    fn sleepers(&self) {
        let count = SLEEPERS.to_string();
        let script = program("sleepers.ket");
        let one = cost(&kettle(&script, &["1"])).peak;
        let own = self.pinned(kettle(&script, &[&count]));
        let node = self.peer("node", "sleepers", &[&count]);
        let mut beyond = (Vec::new(), Vec::new());
        let mut peak = 0.0_f64;
        for _ in 0..3 {
            let Cost { wall, peak: most, .. } = cost(&own);
            beyond.0.push(wall - SLEEP_SECONDS);
            peak = peak.max(most);
            beyond.1.extend(node.as_deref().map(|line| cost(line).wall - SLEEP_SECONDS));
        }
        let [least, wall, _] = spread(&beyond.0);
        let each = (peak - one) / SLEEPERS as f64;
        let (each, word) = judged(each, SLEEPERS_TARGET.1);
        print!("sleepers    {each:.0} bytes each, bun {}, target 400 {word};", SLEEPERS_BUN.1);
        print!("  {wall:.2} s beyond the sleep (least {least:.2})");
        if beyond.1.is_empty() {
            println!("  node is not here");
        } else {
            let node = spread(&beyond.1)[1];
            let bun = SLEEPERS_BUN.0 * node / SLEEPERS_NODE;
            let (ratio, word) = judged(wall / bun, SLEEPERS_TARGET.0);
            println!("  node {node:.2}  ~bun {bun:.2}  ratio {ratio:.2}, target 0.7 {word}");
        }
    }

    /// Connections that nobody writes to: what each takes in the process that has accepted it.
    fn idle(&self) {
        let port = free_port().to_string();
        let line = kettle(&program("idle.ket"), &[&port, &CONNECTIONS.to_string()]);
        let mut server = Command::new(&line[0])
            .args(&line[1..])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary that was built starts");
        let report = server.stdout.take().expect("a pipe");
        let mut held = Vec::new();
        while held.len() < CONNECTIONS {
            match TcpStream::connect(format!("127.0.0.1:{port}")) {
                Ok(connection) => held.push(connection),
                Err(_) if held.is_empty() => std::thread::sleep(Duration::from_millis(10)),
                Err(error) => {
                    println!("idle        skipped: connection {} failed: {error}", held.len());
                    let _ = server.kill();
                    break;
                }
            }
        }
        for line in BufReader::new(report).lines().map_while(Result::ok) {
            let each =
                line.rsplit(": ").next().and_then(|rest| rest.split(' ').next()?.parse().ok());
            let (_, word) = judged(each.unwrap_or(f64::INFINITY), IDLE_TARGET);
            println!("idle        {line}, target 1024 {word}");
        }
        drop(held);
        server.wait().expect("it was started");
    }
}

/// The middle of what each command takes, run in turns.
fn interleaved(lines: &[Line]) -> Vec<f64> {
    let mut taken = vec![Vec::new(); lines.len()];
    for _ in 0..ROUNDS {
        for (line, taken) in lines.iter().zip(&mut taken) {
            taken.push(cost(line).cpu);
        }
    }
    taken.iter().map(|numbers| spread(numbers)[1]).collect()
}

/// The geometric mean.
fn mean(ratios: &[f64]) -> Option<f64> {
    let sum: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    (!ratios.is_empty()).then(|| (sum / ratios.len() as f64).exp())
}

fn judged(number: f64, target: f64) -> (f64, &'static str) {
    (number, if number <= target { "reached" } else { "MISSED" })
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}
