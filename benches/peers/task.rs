//! Tasks and I/O: programs beside the peers' own, a million sleepers, idle connections.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use super::Wanted;
use super::beside::Bench;
use super::cost::{Line, cost, kettle, peak};
use super::program::program;
use super::score::scaled;
use super::spread::spread;
use super::table::{Table, at_most};
use super::target::{IDLE, Row, SLEEPERS, TASKS};

const COUNT: usize = 1_000_000;
const SLEEP_SECONDS: f64 = 1.0;
const FILES: usize = 10_000;
const CONNECTIONS: usize = 10_000;

/// Measures the wanted rows.
pub fn measure(bench: &Bench, wanted: &Wanted) {
    let rows: Vec<&Row> = TASKS.iter().filter(|row| wanted.has("tasks", row.name)).collect();
    if !rows.is_empty() {
        for number in 0..FILES {
            let path = bench.scratch.path().join(format!("f{number}"));
            std::fs::write(path, "x".repeat(1024)).expect("the folder takes files");
        }
        println!("\ntasks and I/O: CPU seconds, medians of {} interleaved runs", wanted.rounds);
        let folder = bench.scratch.path().display().to_string();
        print!("{}", bench.rows(&rows, &[&folder], wanted).text(wanted.markdown));
    }
    let mut table = Table::new(&["row", "seen", "peers", "target"]);
    let mut is_wanted = false;
    if wanted.has("tasks", "sleepers") {
        is_wanted = true;
        sleepers(bench, &mut table);
    }
    if wanted.has("tasks", "idle") {
        is_wanted = true;
        table.push(idle());
    }
    if is_wanted {
        print!("\n{}", table.text(wanted.markdown));
    }
}

/// A million tasks that sleep at the same time: wall time beyond the sleep, and memory.
fn sleepers(bench: &Bench, table: &mut Table) {
    let count = COUNT.to_string();
    let script = program("sleepers.ket");
    let own = kettle(&script, &[&count]);
    let memory = |line: &Line| peak(line).expect("Kettle runs its programs");
    let most = (0..3).map(|_| memory(&own)).fold(0.0, f64::max);
    let each = (most - memory(&kettle(&script, &["1"]))) / COUNT as f64;
    // Python and QuickJS take twenty seconds for it.
    let quick = |peer: &str| matches!(peer, "node" | "bun" | "luajit" | "go");
    let peers = bench.lines("sleepers", &[&count]);
    let peers: Vec<_> = peers.into_iter().filter(|(peer, _)| quick(peer)).collect();
    let mut beyond = vec![Vec::new(); 1 + peers.len()];
    for _ in 0..3 {
        let wall = cost(&own).expect("Kettle runs its programs").wall;
        beyond[0].push(wall - SLEEP_SECONDS);
        for ((_, line), beyond) in peers.iter().zip(&mut beyond[1..]) {
            beyond.extend(cost(line).map(|seen| seen.wall - SLEEP_SECONDS));
        }
    }
    let bytes = format!("{each:.0} bytes each");
    table.push(vec!["sleepers".to_owned(), bytes, "bun 542".to_owned(), at_most(each, SLEEPERS.0)]);
    let [least, wall, largest] = spread(&beyond[0]);
    let middles = peers.iter().zip(&beyond[1..]).filter(|(_, beyond)| !beyond.is_empty());
    let seen: Vec<_> =
        middles.map(|((peer, _), beyond)| (*peer, spread(beyond)[1].max(0.001))).collect();
    let measured = seen.iter().find(|(peer, _)| *peer == "bun").map(|(_, wall)| *wall);
    let bun = measured.or_else(|| scaled("sleepers", "bun", &seen));
    let mut shown: Vec<String> =
        seen.iter().map(|(peer, wall)| format!("{peer} {wall:.2}")).collect();
    let verdict = bun.map_or("nothing to compare with".to_owned(), |bun| {
        shown.push(format!("{}bun {bun:.2}", if measured.is_some() { "" } else { "~" }));
        format!("{:.2} {}", wall / bun, at_most(wall / bun, SLEEPERS.1))
    });
    let wall = format!("{wall:.2} s beyond the sleep ({least:.2}–{largest:.2})");
    table.push(vec!["sleepers".to_owned(), wall, shown.join(", "), verdict]);
}

/// Connections that nobody writes to: what each takes in the process that has accepted it.
fn idle() -> Vec<String> {
    let port = free_port().to_string();
    let line = kettle(&program("idle.ket"), &[&port, &CONNECTIONS.to_string()]);
    let mut server =
        line.command().stdout(Stdio::piped()).spawn().expect("the binary that was built starts");
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
    let mut seen = Vec::new();
    for line in BufReader::new(report).lines().map_while(Result::ok) {
        let each = line.rsplit(": ").next().and_then(|rest| rest.split(' ').next()?.parse().ok());
        seen = vec![
            "idle".to_owned(),
            line,
            String::new(),
            at_most(each.unwrap_or(f64::INFINITY), IDLE),
        ];
    }
    drop(held);
    server.wait().expect("it was started");
    seen
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}
