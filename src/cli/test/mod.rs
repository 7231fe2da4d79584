//! `kettle test`: finds the `test` blocks of files, runs each in a VM and a world of its own, and tells how
//! they ended.
//!
//! ```text
//!   search ─► runner ─► events ─┬─► screen, or record (JSON lines)
//!               └ snapshot      └─► junit
//! ```

mod interrupt;
mod junit;
mod outcome;
mod record;
mod runner;
mod screen;
mod search;
mod snapshot;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use self::interrupt::Running;
use self::junit::Junit;
use self::outcome::{Event, SnapshotCount, Tested, Verdict};
use self::record::Record;
use self::runner::{Listed, Settings};
use self::screen::Screen;
use self::search::Found;
use self::snapshot::Mode;
use super::flag::Test;
use super::limit;
use super::profile::Profiling;
use super::{STATUS_FAULTS, STATUS_MISUSE, terminal};
use crate::engine::Engine;

/// How long a test may take by a real clock, unless the user says otherwise.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a test may hold in memory. One that wants more is more likely to have gone astray.
const MEMORY_MAX: usize = 1 << 30;
/// No machine tests more files at the same time.
const JOBS_MAX: usize = 256;

/// What is told to those who read results. Each gives what is to be printed.
trait Reporter {
    /// So many files are going to be tested.
    fn begin(&mut self, _files: usize, _seed: u64) -> String {
        String::new()
    }
    /// Something has happened.
    fn event(&mut self, event: &Event) -> String;
    /// That was all.
    fn end(&mut self, totals: &Totals) -> String;
}

/// How all tests ended.
#[derive(Debug, Default)]
struct Totals {
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Since others say `only: true`.
    left_out: usize,
    /// Files that do not compile, or whose top level fails.
    broken: usize,
    snapshots: SnapshotCount,
    took: Duration,
    status: i32,
}

impl Totals {
    fn add(&mut self, event: &mut Event) {
        match event {
            Event::Begun(..) => {}
            Event::Tested(tested) => match tested.verdict {
                Verdict::Passed => self.passed += 1,
                Verdict::Failed(_) => self.failed += 1,
                Verdict::Skipped(_) => self.skipped += 1,
            },
            Event::Broken(..) => self.broken += 1,
            Event::FileEnds(end) => {
                self.left_out += end.left_out;
                self.snapshots.add(std::mem::take(&mut end.snapshots));
            }
        }
    }

    fn are_none(&self) -> bool {
        self.passed + self.failed + self.skipped + self.left_out + self.broken == 0
    }

    /// Where results count, what was left out by `only` must not be taken for a success.
    fn have_failed(&self, strict: bool) -> bool {
        let faults = self.snapshots.faults.len();
        self.failed + self.broken + faults > 0 || (strict && self.left_out > 0)
    }
}

/// Runs the tests of files and folders, of this folder if none is named; gives the exit status.
pub fn test(wanted: &Test) -> i32 {
    limit::raise_descriptors();
    let here = [".".to_owned()];
    let paths = if wanted.paths.is_empty() { &here[..] } else { &wanted.paths[..] };
    let found = match search::search(paths) {
        Ok(found) => found,
        Err(message) => return misuse(&message),
    };
    let mut settings = settings(wanted);
    if wanted.list {
        return list(&found, &settings, wanted);
    }
    let begin = |name: &String| Profiling::begin(name, "kettle test");
    let profiling = match wanted.profile.as_ref().map(begin).transpose() {
        Ok(profiling) => profiling,
        Err(message) => return misuse(&message),
    };
    settings.profiler = profiling.as_ref().map(|profiling| profiling.profiler.clone());
    let status = run(&found, &settings, wanted);
    if let Some(profiling) = profiling {
        profiling.finish();
    }
    status
}

fn settings(wanted: &Test) -> Settings {
    let snapshots = match (wanted.update, is_ci()) {
        (true, _) => Mode::Update,
        (false, true) => Mode::Strict,
        (false, false) => Mode::Compare,
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let jobs = wanted.jobs.unwrap_or(cores).min(JOBS_MAX);
    Settings {
        filter: wanted.filter.clone(),
        fail_fast: wanted.fail_fast,
        patience: Some(wanted.timeout.unwrap_or(PATIENCE)).filter(|span| !span.is_zero()),
        snapshots,
        seed: wanted.seed.unwrap_or_default(),
        runs: wanted.explore.or(wanted.repeat).unwrap_or(1),
        explore: wanted.explore.is_some(),
        memory_limit: (limit::memory() / jobs).min(MEMORY_MAX),
        jobs,
        profiler: None,
    }
}

fn run(found: &Found, settings: &Settings, wanted: &Test) -> i32 {
    let begun = Instant::now();
    let again = again(wanted);
    if let Some(file) = &wanted.junit
        && let Err(error) = fs::write(file, "")
    {
        // Better now than after all tests have run.
        return misuse(&format!("`{file}` cannot be written: {error}"));
    }
    let mut engine = Engine::new();
    let files: Vec<&str> = found.files.iter().map(|wanted| &*wanted.file).collect();
    if let Err(message) = wanted.sandbox.clone().apply_to(&mut engine, &files) {
        return misuse(&message);
    }
    let mut reporter: Box<dyn Reporter> = match wanted.json {
        true => Box::new(Record { again }),
        false => Box::new(Screen::new(terminal::out_has_colour(), again)),
    };
    let mut junit = Junit::default();
    let mut totals = Totals::default();
    let mut written = terminal::out(&reporter.begin(found.files.len(), settings.seed));
    let running = Arc::new(Running::default());
    let listener = running.listen();
    runner::run(&found.files, engine, settings, &running, &mut |mut event| {
        totals.add(&mut event);
        junit.event(&event);
        let text = reporter.event(&event);
        if written == 0 && !text.is_empty() {
            written = terminal::out(&text);
        }
        // With nobody left who reads there is no use in going on.
        written == 0
    });
    // From here on there is nothing left to clean up.
    drop(listener);
    let interrupted = running.status();
    if totals.are_none() {
        return interrupted.unwrap_or_else(|| nothing(found, wanted));
    }
    orphans(found, settings, &mut totals);
    totals.took = begun.elapsed();
    let status = if totals.have_failed(is_ci()) { STATUS_FAULTS } else { 0 };
    totals.status = interrupted.unwrap_or(status);
    if let Some(file) = &wanted.junit
        && let Err(error) = fs::write(file, junit.document(&totals))
    {
        return misuse(&format!("`{file}` cannot be written: {error}"));
    }
    if written == 0 {
        written = terminal::out(&reporter.end(&totals));
    }
    if totals.status == 0 { written } else { totals.status }
}

/// Snapshots whose files of tests are gone.
fn orphans(found: &Found, settings: &Settings, totals: &mut Totals) {
    for file in &found.orphans {
        if settings.snapshots != Mode::Update {
            totals.snapshots.obsolete.push(file.clone());
        } else if let Err(error) = snapshot::remove(Path::new(file)) {
            totals.snapshots.faults.push(format!("`{file}` cannot be removed: {error}"));
        } else {
            totals.snapshots.removed += 1;
        }
    }
}

fn list(found: &Found, settings: &Settings, wanted: &Test) -> i32 {
    let (mut count, mut broken) = (0, 0);
    runner::list(&found.files, settings, &mut |listed| {
        let text = match &listed {
            _ if wanted.json => record::listed(&listed),
            Listed::Test(place, test) => format!("{}  {}\n", place.text(), test.name),
            Listed::Broken(_, error) => {
                terminal::err(&error.report(terminal::has_colour()));
                String::new()
            }
        };
        match listed {
            Listed::Test(..) => count += 1,
            Listed::Broken(..) => broken += 1,
        }
        terminal::out(&text);
    });
    match (count, broken) {
        (0, 0) => nothing(found, wanted),
        (_, 0) => 0,
        _ => STATUS_FAULTS,
    }
}

/// No test was found: that is no success.
fn nothing(found: &Found, wanted: &Test) -> i32 {
    misuse(&match (&wanted.filter, &found.files[..]) {
        (Some(filter), [_, ..]) => format!("no test has a name that contains {filter:?}"),
        (_, [file]) => format!("there are no tests in `{}`: write `test \"…\" {{ … }}`", file.file),
        _ => "there are no tests here: write `test \"…\" { … }` in a .ket file".to_owned(),
    })
}

fn misuse(message: &str) -> i32 {
    terminal::err(&format!("kettle: {message}\n"));
    STATUS_MISUSE
}

/// Whether a machine runs the tests, and nobody looks at what is new.
fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(&*value, "" | "0" | "false"))
}

/// What of a command line has to be said again to run a test like that.
fn again(wanted: &Test) -> String {
    let timeout = wanted.timeout.map(|span| format!(" --timeout {}", outcome::span(span)));
    let explore = if wanted.explore.is_some() { " --explore 1" } else { "" };
    timeout.unwrap_or_default() + explore
}

/// The command that runs a test as it ran last, and no other.
fn rerun(tested: &Tested, again: &str) -> String {
    let place = tested.place.text();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-:+@".contains(c);
    let place = match place.chars().all(is_plain) {
        true => place,
        false => format!("'{}'", place.replace('\'', "'\\''")),
    };
    let seed = if tested.seed == 0 || tested.is_real {
        String::new()
    } else {
        format!(" --seed {}", tested.seed)
    };
    format!("kettle test {place}{seed}{again}")
}
