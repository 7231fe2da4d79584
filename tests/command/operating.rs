//! What operators of a program see: timelines, and tasks that hold the loop.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::process::{Kettle, command, run, stderr, stdout};

/// A program with a bit of everything that a timeline shows.
const BUSY: &str = r#"
import fs
async fn send(c, n) { await sleep(5ms * n); await c.send(n) }
let c = channel(0)
scope {
    for n in 0..3 { spawn send(c, n) }
    for n in 0..3 { await c.recv() }
    await fs.exists("/")
    timeout 5ms { await sleep(1h) } else { null }
    var texts = []
    for n in 0..200_000 { texts.push("${n}") }
}
"#;

/// Runs a program that writes its timeline into a file there.
fn traced(folder: &Path, code: &str) -> (Option<i32>, Vec<Value>) {
    let file = folder.join("timeline.json");
    let name = file.to_str().expect("it is text");
    let output = run(&["--trace", name, "-e", code]);
    (output.status.code(), events(&file))
}

/// The entries of a timeline, which has to be a whole document.
fn events(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).expect("it was written");
    let document: Value = serde_json::from_str(&text).expect("it is JSON");
    document["traceEvents"].as_array().expect("it is a list").clone()
}

fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event[key].as_str().unwrap_or_default()
}

/// A name, and a begin and an end in nanoseconds.
type Slice = (String, u64, u64);

/// The slices of each track.
fn tracks(events: &[Value]) -> BTreeMap<(u64, u64), Vec<Slice>> {
    let mut tracks: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let number = |key: &str| event[key].as_u64().expect("it is a number");
        let nanos =
            |key: &str| (event[key].as_f64().expect("it is a time") * 1000.0).round() as u64;
        let slice = (text(event, "name").to_owned(), nanos("ts"), nanos("ts") + nanos("dur"));
        tracks.entry((number("pid"), number("tid"))).or_default().push(slice);
    }
    tracks
}

#[test]
fn a_timeline_shows_turns_tasks_ops_collections_and_jobs() {
    let folder = tempfile::tempdir().expect("a place for files");
    let (status, events) = traced(folder.path(), BUSY);
    assert_eq!(status, Some(0));
    let names: BTreeSet<&str> = events
        .iter()
        .filter(|event| event["ph"] == "M")
        .map(|event| event["args"]["name"].as_str().expect("it is text"))
        .collect();
    for name in
        ["loop", "tasks", "pool", "turns", "task 1 <module>", "task 2 send", "task 4 send", "fs 1"]
    {
        assert!(names.contains(name), "{name} is missing in {names:?}");
    }
    let tracks = tracks(&events);
    for (track, slices) in &tracks {
        for (name, begin, end) in slices {
            let crosses = |(_, other_begin, other_end): &&(String, u64, u64)| {
                begin < other_begin && other_begin < end && end < other_end
            };
            assert_eq!(slices.iter().find(crosses), None, "{name} on {track:?}");
        }
    }
    let turns = &tracks[&(1, 0)];
    for kind in ["turn", "poll", "collect"] {
        assert!(turns.iter().any(|(name, ..)| name == kind), "{kind}: {turns:?}");
    }
    let is_inside = |inner: &(String, u64, u64), outer: &str| {
        turns.iter().any(|(name, begin, end)| name == outer && *begin <= inner.1 && inner.2 <= *end)
    };
    for slice in turns.iter().filter(|(name, ..)| name != "turn") {
        assert!(is_inside(slice, "turn"), "{slice:?}");
    }
    // Each task ran three times: to its sleep, to the channel, and to its end (or it did not wait there).
    for task in 2..=4 {
        let runs = &tracks[&(2, task)];
        assert!(
            matches!(runs.len(), 2..=3) && runs.iter().all(|run| is_inside(run, "turn")),
            "{runs:?}"
        );
    }
    let ends = |phase: &str| -> BTreeMap<u64, &str> {
        let of_phase = events.iter().filter(|event| event["ph"] == phase && event["cat"] == "op");
        of_phase
            .map(|event| (event["id"].as_u64().expect("a number"), text(event, "name")))
            .collect()
    };
    assert_eq!(ends("b"), ends("e"), "each op begins and ends under one name");
    assert!(ends("b").values().any(|what| what.starts_with("a value from <channel")));
    let cut = events.iter().any(|event| event["ph"] == "e" && event["args"]["how"] == "cancelled");
    assert!(cut, "the op that a timeout cut");
}

#[test]
fn a_timeline_is_whole_however_the_program_ends() {
    let folder = tempfile::tempdir().expect("a place for files");
    let wait = "scope { spawn { await sleep(1h) }; await sleep(2ms); ";
    for (end, status) in [("exit(3) }", 3), ("throw Error(\"no\") }", 1)] {
        let (code, events) = traced(folder.path(), &format!("{wait}{end}"));
        assert_eq!(code, Some(status));
        assert!(events.iter().any(|event| event["ph"] == "e"), "{end}");
    }
    for (signal, status) in [("TERM", Some(143)), ("KILL", None)] {
        let file = folder.path().join(format!("{signal}.json"));
        let name = file.to_str().expect("it is text").to_owned();
        let code = "spawn { await sleep(1h) }\nawait sleep(1ms)\nprint(\"ready\")\nawait sleep(1h)";
        let mut kettle = Kettle::start(&["--trace", &name, "-e", code]);
        assert_eq!(kettle.line(), "ready\n");
        // It writes before it sleeps, which may be a moment later.
        let sleeps = || events(&file).iter().any(|event| text(event, "name") == "1h to pass");
        while !sleeps() {
            std::thread::yield_now();
        }
        kettle.signal(signal);
        assert_eq!(kettle.finish().0, status);
        assert!(sleeps(), "{signal}");
    }
}

#[test]
fn a_timeline_can_go_into_a_pipe_and_nowhere_else() {
    let output = run(&["--trace", "/dev/stdout", "-e", "await sleep(1ms)"]);
    let document: Value = serde_json::from_str(&stdout(&output)).expect("it is JSON");
    assert!(document["traceEvents"].as_array().is_some_and(|events| events.len() > 5));
    let output = run(&["--trace", "/nowhere/at/all", "-e", "print(1)"]);
    assert_eq!((output.status.code(), &*stdout(&output)), (Some(2), ""));
    assert!(
        stderr(&output).starts_with("kettle: --trace /nowhere/at/all: "),
        "{}",
        stderr(&output)
    );
}

/// Runs a program with the watchdog; gives what it wrote to standard error.
fn watched(limit: &str, code: &str) -> String {
    let output = command(&["--watchdog", limit, "-e", code]).output().expect("kettle runs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stderr(&output)
}

#[test]
fn a_task_that_holds_the_loop_is_told_once_for_each_place() {
    let code = "fn count(n) { var i = 0; while i < n { i += 1 }; i }\n\
        async fn crunch() {\n    for _ in 0..3 {\n        count(3_000_000)\n        await sleep(1ms)\n    }\n}\n\
        spawn crunch()\nspawn { await sleep(1ms) }\n";
    let told = watched("20ms", code);
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("kettle: task 2 (crunch) has held the event loop for "), "{told}");
    assert!(lines[0].ends_with("ms, and 2 other tasks have to wait"), "{told}");
    assert!(lines[1].starts_with("  in count <eval>:1:"), "{told}");
    assert!(lines[2].starts_with("  called in crunch <eval>:4:"), "{told}");
    assert!(lines[3].starts_with("  spawned in <module> <eval>:8:"), "{told}");
    assert!(lines[4].contains("task.yield()"), "{told}");
    // The loop has two places at its turns, and no more than that is told.
    assert!(told.matches("has held the event loop").count() <= 3, "{told}");
    assert_eq!(watched("off", code), "");
    assert_eq!(
        watched("20ms", "var i = 0\nwhile i < 3_000_000 { i += 1 }"),
        "",
        "nobody has to wait"
    );
}

#[test]
fn a_native_function_that_holds_the_loop_is_told_when_it_has_returned() {
    let code = "async fn sort() { (0..500_000).list().map(|n| (n * 7919) % 1_000_003).sorted() }\n\
        spawn { await sleep(1ms) }\nspawn sort()\n";
    let told = watched("20ms", code);
    assert!(told.contains("task 3 (sort) has held the event loop for "), "{told}");
    assert!(told.contains(" <eval>:1:"), "{told}");
    let code = "spawn { await sleep(1ms) }\nspawn \"x\".repeat(300_000_000)\n";
    let told = watched("5ms", code);
    assert!(told.contains("spawned in <module> <eval>:2:"), "its task has ended with it: {told}");
}

#[test]
fn a_watchdog_takes_a_time() {
    let output = run(&["--watchdog", "soon", "-e", "1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("kettle: the watchdog takes a duration"),
        "{}",
        stderr(&output)
    );
    let output =
        command(&["-e", "1"]).env("KETTLE_WATCHDOG", "soon").output().expect("kettle runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("kettle: KETTLE_WATCHDOG: "), "{}", stderr(&output));
}

/// A program may open as many files as the system allows it, not as few as it allows the careless; where
/// that is not enough the message says what to do.
#[test]
#[cfg(unix)]
fn descriptors_go_to_the_hard_limit_and_their_end_names_the_way_out() {
    let code = "import fs\nlet files = []\ntry { for _ in 0..150 { files.push(await fs.open(\"/dev/null\")) } } \
        catch e { print(e.kind, e.message) }\nprint(files.len)";
    let limited = |limits: &str| {
        let mut shell = std::process::Command::new("sh");
        shell.args([
            "-c",
            &format!("{limits} && exec \"$0\" -e \"$1\""),
            env!("CARGO_BIN_EXE_kettle"),
            code,
        ]);
        stdout(&shell.output().expect("sh runs"))
    };
    assert_eq!(limited("ulimit -Sn 60"), "150\n");
    let told = limited("ulimit -n 60");
    assert!(
        told.starts_with("too_many_files cannot open \"/dev/null\": this program has as many"),
        "{told}"
    );
    assert!(told.contains("`ulimit -n`"), "{told}");
}
