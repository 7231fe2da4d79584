//! Hello world: from the start of the process to its end, and the memory it takes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::beside::Bench;
use super::cost::{Line, kettle, peak};
use super::program::program;
use super::spread::spread;
use super::table::{Table, at_most};
use super::target::{HELLO, HELLO_MEMORY};

/// Hello world is so short that it needs more rounds.
const ROUNDS: usize = 31;

/// Programs that do nothing: name, compiler with flags, text. What they take is what the machine takes to start
/// and end any process, and no part of an interpreter.
const EMPTY: &[(&str, &[&str], &str)] = &[
    ("C", &["cc", "-O2", "-x", "c"], "int main(void) { return 0; }"),
    ("Rust", &["rustc", "-O", "--crate-name", "empty"], "fn main() {}"),
];

/// What a line took in each of the rounds.
type Walls = Vec<(&'static str, Line, Vec<f64>)>;

/// Measures Kettle, its peers and empty programs in turns.
pub fn measure(bench: &Bench, table: &mut Table) {
    let script = program("hello.ket");
    let mut lines = vec![("kettle", kettle(&script, &[]))];
    lines.extend(bench.lines("hello", &[]));
    let peers = lines.len();
    lines.extend(empty(bench.scratch.path()));
    let mut walls: Walls = lines.into_iter().map(|(name, line)| (name, line, Vec::new())).collect();
    for _ in 0..ROUNDS {
        for (_, line, walls) in &mut walls {
            walls.extend(milliseconds(line));
        }
    }
    let (interpreters, empty) = walls.split_at(peers);
    table.push(time(interpreters));
    if !empty.is_empty() {
        let shown = empty.iter().map(|(name, _, walls)| format!("{name} {}", range(walls)));
        let shown: Vec<_> = shown.collect();
        let name = "an empty program, ms".to_owned();
        table.push(vec![name, String::new(), shown.join(", "), String::new()]);
    }
    table.push(memory(interpreters));
}

fn time(walls: &[(&'static str, Line, Vec<f64>)]) -> Vec<String> {
    let middle = |walls: &[f64]| spread(walls)[1];
    let (_, _, kettle) = &walls[0];
    let own = middle(kettle);
    let peers = walls[1..].iter().filter(|(_, _, walls)| !walls.is_empty());
    let peers: Vec<_> = peers.map(|(name, _, walls)| (*name, middle(walls))).collect();
    let shown: Vec<_> = peers.iter().map(|(name, wall)| format!("{name} {wall:.2}")).collect();
    let lua = peers.iter().find(|(name, _)| *name == "lua5.4");
    let verdict = lua.map_or(String::new(), |(_, lua)| {
        format!("{:.2} × lua5.4 {}; ", own / lua, at_most(own / lua, HELLO.0))
    });
    vec![
        format!("hello, ms, {ROUNDS} runs"),
        range(kettle),
        shown.join(", "),
        format!("{verdict}ms {}", at_most(own, HELLO.1)),
    ]
}

fn memory(lines: &[(&'static str, Line, Vec<f64>)]) -> Vec<String> {
    let megabytes = |line: &Line| peak(line).ok().map(|bytes| bytes / 1e6);
    let own = megabytes(&lines[0].1).unwrap_or(f64::INFINITY);
    let peers = lines[1..].iter().filter_map(|(name, line, _)| Some((name, megabytes(line)?)));
    let peers: Vec<_> = peers.map(|(name, memory)| format!("{name} {memory:.1}")).collect();
    let verdict = at_most(own, HELLO_MEMORY);
    vec!["hello, MB".to_owned(), format!("{own:.1}"), peers.join(", "), verdict]
}

fn range(walls: &[f64]) -> String {
    let [least, middle, largest] = spread(walls);
    format!("{middle:.2} ({least:.2}–{largest:.2})")
}

/// Runs a program to its end; only how long that takes is measured, with nothing in between.
fn milliseconds(line: &Line) -> Option<f64> {
    let mut command = line.command();
    let begin = Instant::now();
    let status = command.status();
    let elapsed = begin.elapsed().as_secs_f64() * 1e3;
    status.is_ok_and(|status| status.success()).then_some(elapsed)
}

/// The empty programs whose compilers are here.
fn empty(folder: &Path) -> Vec<(&'static str, Line)> {
    let built = |(name, compiler, text): &(&'static str, &[&str], &str)| {
        let program = folder.join(format!("empty-{name}"));
        let mut command = Command::new(compiler[0]);
        command.args(&compiler[1..]).arg("-o").arg(&program).arg("-");
        let mut compiler = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        compiler.stdin.take()?.write_all(text.as_bytes()).ok()?;
        compiler.wait().ok()?.success().then(|| (*name, Line::new([program])))
    };
    EMPTY.iter().filter_map(built).collect()
}
