//! How time and memory grow with the work: each program with ten and a hundred times as much.
//!
//! What an item costs must stay about the same; it may rise somewhat when the data no longer fits the
//! caches.

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Wanted;
use super::cost::{Cost, Line, cost, kettle, peak};
use super::embed::source;
use super::program::{binary, program};
use super::table::Table;
use super::task::free_port;

/// Numbers of tasks, timers and messages.
const EVENTS: &[usize] = &[10_000, 100_000, 1_000_000];
/// Numbers of elements.
const ELEMENTS: &[usize] = &[100_000, 1_000_000, 10_000_000];
/// Numbers of bytes.
const BYTES: &[usize] = &[10_000_000, 100_000_000, 1_000_000_000];
const LINES: &[usize] = &[1_000, 10_000, 100_000];
const MODULES: &[usize] = &[10, 100, 1_000];
const CONNECTIONS: &[usize] = &[100, 1_000, 10_000];

const ROWS: &[(&str, &[usize])] = &[
    ("sleepers", EVENTS),
    ("growth/spawn", EVENTS),
    ("growth/timeouts", EVENTS),
    ("growth/channel", EVENTS),
    ("growth/list", ELEMENTS),
    ("growth/map", ELEMENTS),
    ("growth/string", ELEMENTS),
    ("growth/text", BYTES),
];

/// What a run took, and the most memory that another one had.
type Seen = (Cost, f64);

fn measured(line: &Line) -> Result<Seen, String> {
    Ok((cost(line)?, peak(line)?))
}

/// Measures the wanted rows: one run each.
pub fn measure(wanted: &Wanted) {
    let head = ["growth", "items", "ns each", "bytes each", "s CPU", "s wall", "MB"];
    let mut table = Table::new(&head);
    let mut is_wanted = false;
    for (path, counts) in ROWS {
        let name = path.rsplit('/').next().unwrap_or(path);
        if wanted.has("growth", &format!("growth/{name}")) {
            is_wanted = true;
            let script = program(&format!("{path}.ket"));
            let run = |count: usize| measured(&kettle(&script, &[&count.to_string()]));
            rows(&mut table, name, counts, 1, run);
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    if wanted.has("growth", "growth/lines") {
        is_wanted = true;
        rows(&mut table, "lines", LINES, 10, |count| compiled(folder.path(), count));
    }
    if wanted.has("growth", "growth/modules") {
        is_wanted = true;
        rows(&mut table, "modules", MODULES, 1, |count| modules(folder.path(), count));
    }
    if wanted.has("growth", "growth/connections") {
        is_wanted = true;
        connections(&mut table);
    }
    if is_wanted {
        println!(
            "\ngrowth: one run each, another for the memory; what an item costs, beyond a run with hardly any"
        );
        print!("{}", table.text(wanted.markdown));
    }
}

/// A row for each count: what is beyond a run with `least`.
fn rows(
    table: &mut Table,
    name: &str,
    counts: &[usize],
    least: usize,
    run: impl Fn(usize) -> Result<Seen, String>,
) {
    let (one, idle) = match run(least) {
        Ok(one) => one,
        Err(why) => return table.push(vec![name.to_owned(), why]),
    };
    for count in counts {
        let mut row = vec![name.to_owned(), count.to_string()];
        match run(*count) {
            Ok((Cost { cpu, wall }, peak)) => {
                let nanos = (cpu - one.cpu).max(0.0) * 1e9 / *count as f64;
                let bytes = (peak - idle).max(0.0) / *count as f64;
                row.extend([format!("{nanos:.0}"), format!("{bytes:.1}")]);
                row.extend([
                    format!("{cpu:.2}"),
                    format!("{wall:.2}"),
                    format!("{:.1}", peak / 1e6),
                ]);
            }
            Err(why) => row.push(why),
        }
        table.push(row);
    }
}

/// A program of so many lines, run.
fn compiled(folder: &Path, lines: usize) -> Result<Seen, String> {
    let file = folder.join(format!("lines{lines}.ket"));
    std::fs::write(&file, source(lines)).map_err(|error| error.to_string())?;
    measured(&kettle(&file, &[]))
}

/// A program of so many files, each of which imports the two below it.
fn modules(folder: &Path, count: usize) -> Result<Seen, String> {
    let folder = folder.join(format!("modules{count}"));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    for number in 0..count {
        let mut text = String::new();
        let below: Vec<usize> = (number.saturating_sub(2)..number).collect();
        for other in &below {
            let _ = writeln!(text, "import {{value{other}}} from \"./m{other}.ket\"");
        }
        let sum: Vec<String> = below.iter().map(|other| format!("value{other}")).collect();
        let sum = if sum.is_empty() { "1".to_owned() } else { sum.join(" + ") };
        let _ = writeln!(text, "pub let value{number} = ({sum}) % 1_000_003");
        let file = folder.join(format!("m{number}.ket"));
        std::fs::write(file, text).map_err(|error| error.to_string())?;
    }
    measured(&kettle(&folder.join(format!("m{}.ket", count - 1)), &[]))
}

/// Connections that say nothing, to one server: what it says of each.
fn connections(table: &mut Table) {
    for count in CONNECTIONS {
        let port = free_port().to_string();
        let mut command = Command::new(binary());
        command.arg(program("idle.ket")).arg(&port).arg(count.to_string());
        let mut server =
            command.stdout(Stdio::piped()).spawn().expect("the binary that was built starts");
        let report = server.stdout.take().expect("a pipe");
        let mut held = Vec::new();
        let mut failed = None;
        while held.len() < *count && failed.is_none() {
            match TcpStream::connect(format!("127.0.0.1:{port}")) {
                Ok(connection) => held.push(connection),
                Err(_) if held.is_empty() => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                Err(error) => failed = Some(error.to_string()),
            }
        }
        if failed.is_some() {
            // It waits for connections that will not come.
            let _ = server.kill();
        }
        let said = BufReader::new(report).lines().map_while(Result::ok).last();
        let bytes = said.and_then(|line| Some(line.rsplit(": ").next()?.to_owned()));
        let bytes = failed.or(bytes).unwrap_or_default();
        let row = ["connections".to_owned(), count.to_string(), String::new(), bytes];
        table.push(row.to_vec());
        drop(held);
        server.wait().expect("it was started");
    }
}
