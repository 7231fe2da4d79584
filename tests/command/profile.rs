//! `--profile`: what takes the time is found, by line and by task, and nothing else changes.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::process::{run, stderr, stdout};

/// A run with a profile: its status and output, what it said, its stacks, its picture.
struct Profiled {
    status: Option<i32>,
    out: String,
    said: String,
    stacks: HashMap<String, u64>,
    picture: String,
}

fn profiled(flags: &[&str], words: &[&str]) -> Profiled {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let name = folder.path().join("seen");
    let flag = format!("--profile={}", name.display());
    let output = run(&[flags, &[&flag], words].concat());
    let text = |ending: &str| {
        fs::read_to_string(name.with_extension(ending)).expect("the file was written")
    };
    let stack = |line: &str| {
        let (names, count) = line.rsplit_once(' ').expect("a count stands last");
        (names.to_owned(), count.parse().expect("it is a number"))
    };
    Profiled {
        status: output.status.code(),
        out: stdout(&output),
        said: stderr(&output),
        stacks: text("folded").lines().map(stack).collect(),
        picture: text("svg"),
    }
}

impl Profiled {
    /// The samples whose stack has this in it.
    fn samples(&self, part: &str) -> u64 {
        self.stacks.iter().filter(|(names, _)| names.contains(part)).map(|(_, count)| count).sum()
    }
}

/// `hot` does twenty times as much as `cold`, and neither calls anything or has a loop.
const UNEQUAL: &str = "
class Sum {
    n = 0
    fn hot(k) {
        let a = (k * 7 + 3) % 11
        let b = (a * a + k) % 13
        let c = (a + b * k) % 17
        self.n += a + b + c
    }
}
fn cold(k) { k + 1 }
let sum = Sum()
for i in 0..400_000 { sum.hot(i) }
var n = 0
for i in 0..10_000 { n = cold(n) }
print(n)
";

#[test]
fn the_function_that_takes_the_time_is_found() {
    let seen = profiled(&[], &["-e", UNEQUAL]);
    assert_eq!((seen.status, seen.out.as_str()), (Some(0), "10000\n"), "{}", seen.said);
    let (hot, cold) = (seen.samples("Sum.hot"), seen.samples("cold"));
    assert!(hot >= 20, "{:?}", seen.stacks);
    assert!(hot > 3 * cold, "{:?}", seen.stacks);
    // Its own place, below the line that calls it.
    assert!(seen.samples("<module> (<eval>:13);Sum.hot (<eval>:4)") * 10 > hot * 9);
    assert!(seen.picture.contains("<title>Sum.hot ("));
    let all: u64 = seen.stacks.values().sum();
    assert!(seen.said.contains(&format!("profile: {all} samples")), "{}", seen.said);
    let hottest = seen.said.lines().find(|line| line.contains("Sum.hot")).expect("it is told");
    assert!(hottest.contains('%'), "{hottest}");
}

#[test]
fn time_in_a_function_of_the_library_has_its_name() {
    // It is the last that the program does: no safepoint comes after it.
    let code = "
let list = []
for i in 0..100_000 { list.push((i * 7919) % 1000003) }
list.sort()
";
    let seen = profiled(&[], &["-e", code]);
    assert_eq!(seen.status, Some(0), "{}", seen.said);
    assert!(seen.samples("list.push") > 0, "{:?}", seen.stacks);
    assert!(seen.samples("<eval>:4") > 0, "{:?}", seen.stacks);
}

#[test]
fn tasks_are_told_apart_with_what_they_waited() {
    let code = "
fn work(n) { var sum = 0; for i in 0..n { sum += i % 7 }; sum }
async fn busy() { await sleep(30m); work(300_000) }
async fn lazy() { await sleep(1h); work(100) }
scope { for _ in 0..2 { spawn busy() }; spawn lazy() }
";
    let seen = profiled(&["--virtual-clock"], &["-e", code]);
    assert_eq!(seen.status, Some(0), "{}", seen.said);
    let (busy, lazy) = (seen.samples("task busy;"), seen.samples("task lazy;"));
    assert!(busy > 3 * lazy.max(1), "{:?}", seen.stacks);
    let rows: Vec<Vec<&str>> =
        seen.said.lines().map(|line| line.split_whitespace().rev().take(3).collect()).collect();
    assert!(rows.contains(&vec!["busy", "2", "3600.00s"]), "{}", seen.said);
    assert!(rows.contains(&vec!["lazy", "1", "3600.00s"]), "{}", seen.said);
}

/// What a short task has taken is told when the next one runs, or a later one.
#[test]
fn tasks_that_have_ended_keep_their_time() {
    let code = "
async fn short(n) { let a = (n * 7 + 3) % 11; let b = (a * a + n) % 13; a + b }
var sum = 0
for _ in 0..200 {
    scope {
        let tasks = []
        for i in 0..200 { tasks.push(spawn short(i)) }
        for task in tasks { sum += await task }
    }
}
";
    let seen = profiled(&[], &["-e", code]);
    assert_eq!(seen.status, Some(0), "{}", seen.said);
    assert_eq!(seen.samples("task main"), 0, "{:?}", seen.stacks);
    let theirs = seen.samples("task short;short (<eval>:2)");
    let own = seen.samples("short (<eval>:2)");
    assert!(theirs > 0 && theirs == own, "{:?}", seen.stacks);
}

#[test]
fn a_deep_stack_is_whole_where_it_begins_and_ends() {
    let code = "
fn down(n) { if n == 0 { work() } else { down(n - 1) + 1 } }
fn work() { var sum = 0; for i in 0..300_000 { sum += i }; sum }
print(down(3000) > 0)
";
    let seen = profiled(&[], &["-e", code]);
    assert_eq!((seen.status, seen.out.as_str()), (Some(0), "true\n"));
    let deepest = seen.stacks.keys().find(|names| names.contains("work")).expect("it is seen");
    assert!(deepest.starts_with("task <module>;<module> (<eval>:4);down"), "{deepest}");
    assert!(deepest.matches("down").count() < 140, "{deepest}");
}

#[test]
fn an_error_is_reported_as_ever_and_the_profile_is_written() {
    let code = "for i in 0..100_000 { }\nthrow ValueError(\"no\")";
    let seen = profiled(&[], &["-e", code]);
    assert_eq!(seen.status, Some(1));
    assert!(seen.said.contains("ValueError: no"), "{}", seen.said);
    assert!(seen.picture.ends_with("</svg>\n"));
    let seen = profiled(&[], &["-e", "exit(3)"]);
    assert_eq!(seen.status, Some(3));
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_program_runs() {
    let output = run(&["--profile=/nowhere/at/all", "-e", "print(1)"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    let said = stderr(&output);
    assert!(said.starts_with("kettle: --profile /nowhere/at/all.folded: "), "{said}");
}

#[test]
fn it_goes_together_with_a_timeline() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("timeline.json");
    let trace = format!("--trace={}", file.display());
    let seen = profiled(&[&trace], &["-e", "scope { spawn sleep(1ms) }; print(1)"]);
    assert_eq!((seen.status, seen.out.as_str()), (Some(0), "1\n"), "{}", seen.said);
    let timeline = fs::read_to_string(file).expect("it was written");
    assert!(timeline.contains("\"turns\"") && timeline.ends_with("]}\n"));
}

#[test]
fn tests_are_profiled_all_together() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("slow.ket");
    let code = "
fn slow(n) { var sum = 0; for i in 0..n { sum += i % 3 }; sum }
test \"one\" { assert slow(200_000) > 0 }
test \"two\" { assert slow(200_000) > 0 }
";
    fs::write(&file, code).expect("the folder takes files");
    let words = ["test", path(&file)];
    let seen = profiled(&words[..1], &words[1..]);
    assert_eq!(seen.status, Some(0), "{}", seen.said);
    assert!(seen.samples("slow") > 0, "{:?}", seen.stacks);
    assert!(seen.out.contains("2 passed"), "{}", seen.out);
}

fn path(path: &Path) -> &str {
    path.to_str().expect("it is text")
}
