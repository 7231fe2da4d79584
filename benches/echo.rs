//! Kettle's echo server beside a bare epoll server in C, under the same load generator.
//!
//! `cargo bench --bench echo`. 64 connections, each sends 64 bytes and waits for them. The C programs
//! (`epollsrv.c`, `echoload.c`) are read from the folder in `KETTLE_BENCH_LOAD`, by default
//! `../shared/bench/load`; without them or a C compiler the bench says so and ends. The servers run on
//! one processor and the load on another, where there are two and `taskset`.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const ROUNDS: usize = 5;

fn main() {
    let sources = std::env::var_os("KETTLE_BENCH_LOAD").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bench/load"),
        PathBuf::from,
    );
    let folder = std::env::temp_dir().join(format!("kettle-echo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    match (build(&sources, &folder, "epollsrv"), build(&sources, &folder, "echoload")) {
        (Some(server), Some(load)) => measure(&server, &load, can_pin()),
        _ => println!("skipped: no C programs in {} or no C compiler", sources.display()),
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

/// Whether programs can be kept to a processor each; says so if not.
fn can_pin() -> bool {
    let pinned = Command::new("taskset").args(["-c", "1", "true"]).stderr(Stdio::null()).status();
    let can = pinned.is_ok_and(|status| status.success());
    if !can {
        println!("no `taskset` or only one processor: server and load are not kept apart");
    }
    can
}

fn measure(epoll: &Path, load: &Path, pin: bool) {
    let kettle = env!("CARGO_BIN_EXE_kettle");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/programs/echo.ket");
    let mut own = Vec::new();
    let mut bare = Vec::new();
    for round in 1..=ROUNDS {
        let mut command = on_processor("0", kettle, pin);
        command.arg(&script);
        own.push(requests_per_second(command, load, pin));
        let mut command = on_processor("0", epoll, pin);
        command.arg("echo");
        bare.push(requests_per_second(command, load, pin));
        println!(
            "round {round}: kettle {:.0}, epoll in C {:.0} requests/s",
            own[round - 1],
            bare[round - 1]
        );
    }
    own.sort_by(f64::total_cmp);
    bare.sort_by(f64::total_cmp);
    let (own, bare) = (own[ROUNDS / 2], bare[ROUNDS / 2]);
    println!("medians: kettle {own:.0}, epoll in C {bare:.0}; ratio {:.2}", own / bare);
}

/// A command that runs on one processor only, if that can be.
fn on_processor(processor: &str, program: impl AsRef<std::ffi::OsStr>, pin: bool) -> Command {
    if !pin {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", processor]).arg(program);
    command
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

fn requests_per_second(mut server: Command, load: &Path, pin: bool) -> f64 {
    let port = free_port().to_string();
    let child = server
        .arg(&port)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let _server = Server(child);
    wait_for(&port);
    let mut load = on_processor("1", load, pin);
    let output = load.args([&port, "64", "64", "3", "1"]).stdout(Stdio::piped()).spawn();
    let output = output.expect("the load generator starts").stdout.take().expect("a pipe");
    let mut rate = None;
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        rate = rate.or_else(|| first_number(&line));
    }
    rate.expect("the load generator prints its rate")
}

fn first_number(line: &str) -> Option<f64> {
    line.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| word.parse().ok())
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
