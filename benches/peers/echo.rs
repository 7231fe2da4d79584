//! Kettle's echo server beside a bare epoll server in C, under the same load generator.
//!
//! 64 connections, each sends 64 bytes and waits for them. The C programs (`epollsrv.c`, `echoload.c`)
//! are those of `benches/load`; without a C compiler that is said. The servers run on one processor and the
//! load on another, where there are two and `taskset`.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::processor;
use super::program::{binary, program};
use super::table::{at_least, at_most};
use super::target::ECHO;

const ROUNDS: usize = 5;

/// Measures both and prints the ratio.
pub fn measure() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/load");
    let folder = std::env::temp_dir().join(format!("kettle-echo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    match (build(&sources, &folder, "epollsrv"), build(&sources, &folder, "echoload")) {
        (Some(server), Some(load)) => compare(&server, &load, processor::are_two()),
        _ => println!("\necho skipped: there is no C compiler"),
    }
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

/// Compiles a C program; none if that cannot be done here.
fn build(sources: &Path, folder: &Path, name: &str) -> Option<PathBuf> {
    let source = sources.join(name).with_extension("c");
    let program = folder.join(name);
    let status =
        Command::new("cc").arg("-O2").arg("-o").arg(&program).arg(&source).status().ok()?;
    status.success().then_some(program)
}

fn compare(epoll: &Path, load: &Path, pin: bool) {
    println!("\necho, 64 connections with 64 bytes");
    let (kettle, script) = (binary(), program("echo.ket"));
    let mut own = Vec::new();
    let mut bare = Vec::new();
    for round in 1..=ROUNDS {
        let mut command = processor::on(processor::FIRST, &kettle, pin);
        command.arg(&script);
        own.push(load_of(command, load, pin));
        let mut command = processor::on(processor::FIRST, epoll, pin);
        command.arg("echo");
        bare.push(load_of(command, load, pin));
        let (own, bare) = (own[round - 1], bare[round - 1]);
        println!("round {round}: kettle {own}; epoll in C {bare}");
    }
    let (own, bare) = (medians(&own), medians(&bare));
    println!("medians: kettle {own}; epoll in C {bare}");
    let (rate, late) = (own.rate / bare.rate, own.late / bare.late);
    let (rate_met, late_met) = (at_least(rate, ECHO.0), at_most(late, ECHO.1));
    println!("ratio of requests/s {rate:.2} {rate_met}; of p99 {late:.2} {late_met}");
}

/// What the load generator has seen of a server.
#[derive(Clone, Copy)]
struct Seen {
    /// Requests in a second.
    rate: f64,
    /// Microseconds in which 99 of 100 are answered.
    late: f64,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} requests/s, p99 {:.0} us", self.rate, self.late)
    }
}

fn medians(seen: &[Seen]) -> Seen {
    let middle = |number: fn(&Seen) -> f64| {
        let mut numbers: Vec<f64> = seen.iter().map(number).collect();
        numbers.sort_by(f64::total_cmp);
        numbers[numbers.len() / 2]
    };
    Seen { rate: middle(|seen| seen.rate), late: middle(|seen| seen.late) }
}

/// A server that is ended when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn load_of(mut server: Command, load: &Path, pin: bool) -> Seen {
    let port = free_port().to_string();
    let child = server
        .arg(&port)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let _server = Server(child);
    wait_for(&port);
    let mut load = processor::on(processor::SECOND, load, pin);
    let output = load.args([&port, "64", "64", "3", "1"]).output();
    let report = String::from_utf8(output.expect("the load generator starts").stdout);
    let report = report.expect("it prints text");
    let seen = number(&report, 0).zip(word_after(&report, "p99"));
    let (rate, late) = seen.expect("the load generator prints its rate and its delays");
    Seen { rate, late }
}

fn number(report: &str, place: usize) -> Option<f64> {
    report.split_whitespace().nth(place)?.parse().ok()
}

fn word_after(report: &str, word: &str) -> Option<f64> {
    let place = report.split_whitespace().position(|other| other == word)?;
    number(report, place + 1)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

fn wait_for(port: &str) {
    for _ in 0..100 {
        if TcpStream::connect(format!("127.0.0.1:{port}")).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("nothing listens on port {port}");
}
