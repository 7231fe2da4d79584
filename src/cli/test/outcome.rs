//! What comes of tests: plain data that threads hand to whoever reports it.

use std::time::Duration;

use crate::engine::{Error, Signal, TrialFailure};

/// What comes of a test.
#[derive(Debug)]
pub struct Tested {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
    /// How long it took, in all its runs.
    pub took: Duration,
    /// How much time passed by its own clock in the last run.
    pub time: Duration,
    /// It ran in the real world.
    pub is_real: bool,
    /// How often it ran.
    pub runs: u64,
    /// The seed of the last run.
    pub seed: u64,
    /// What it wrote in its last run.
    pub output: String,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user named it or as it was found.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// How a test has ended.
#[derive(Debug)]
pub enum Verdict {
    /// Well.
    Passed,
    /// It was not run, for this reason.
    Skipped(String),
    /// Badly.
    Failed(TrialFailure),
}

/// What is told while tests run.
#[derive(Debug)]
pub enum Event {
    /// A test is begun.
    Begun(Place, String),
    /// A test has ended, or was skipped.
    Tested(Box<Tested>),
    /// A file cannot be tested: it does not compile, or its top level fails.
    Broken(String, Box<Error>),
    /// All tests of a file have ended.
    FileEnds(Box<FileEnd>),
}

/// What is known when a file has been tested.
#[derive(Debug, Default)]
pub struct FileEnd {
    /// Its snapshots.
    pub snapshots: SnapshotCount,
    /// So many tests were left out since others say `only: true`.
    pub left_out: usize,
}

/// What was done with snapshots.
#[derive(Clone, Debug, Default)]
pub struct SnapshotCount {
    /// New ones.
    pub written: usize,
    /// Changed ones.
    pub updated: usize,
    /// Those that no test asks for any more were taken out.
    pub removed: usize,
    /// They are still there.
    pub obsolete: Vec<String>,
    /// What could not be written, and why.
    pub faults: Vec<String>,
}

impl SnapshotCount {
    /// Adds what happened in another file.
    pub fn add(&mut self, other: SnapshotCount) {
        self.written += other.written;
        self.updated += other.updated;
        self.removed += other.removed;
        self.obsolete.extend(other.obsolete);
        self.faults.extend(other.faults);
    }
}

impl Place {
    /// `FILE:LINE`, as the command takes it.
    pub fn text(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// The kind of a failure, in a word for machines.
pub fn kind(failure: &TrialFailure) -> &'static str {
    match failure {
        TrialFailure::Load(_) | TrialFailure::Error(_) => "error",
        TrialFailure::Exit(_) => "exit",
        TrialFailure::Signal(_) => "signal",
        TrialFailure::Slow { .. } => "timeout",
        TrialFailure::Leaks(_) => "leak",
    }
}

/// A failure in a line.
pub fn message(failure: &TrialFailure) -> String {
    match failure {
        TrialFailure::Load(error) | TrialFailure::Error(error) => {
            error.to_string().lines().next().unwrap_or_default().to_owned()
        }
        TrialFailure::Exit(status) => format!("the test called exit({status})"),
        TrialFailure::Signal(signal) => {
            let name = match signal {
                Signal::Interrupt => "int",
                Signal::Terminate => "term",
                Signal::Quit => "quit",
            };
            format!("the signal \"{name}\" ended the test, which does not listen to it")
        }
        TrialFailure::Slow { limit, is_real, .. } => {
            let clock = if *is_real { "" } else { " of virtual time" };
            format!("the test was not over after {}{clock}", span(*limit))
        }
        TrialFailure::Leaks(left) => match &left[..] {
            [one] => format!("the test has left {} behind", one.what),
            more => format!("the test has left {} things behind", more.len()),
        },
    }
}

/// A failure as it is told to people.
pub fn report(failure: &TrialFailure, colour: bool) -> String {
    let mut text = match failure {
        TrialFailure::Load(error) | TrialFailure::Error(error) => return error.report(colour),
        TrialFailure::Leaks(_) => "the test has left something behind:\n".to_owned(),
        _ => format!("{}\n", message(failure)),
    };
    match failure {
        TrialFailure::Slow { tasks, .. } => {
            text.push_str("what it was doing:\n");
            tasks.lines().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
        TrialFailure::Leaks(left) => {
            for leak in left {
                let place = leak.place.as_deref().unwrap_or("an unknown place");
                let made = if leak.is_task { "spawned" } else { "made" };
                text.push_str(&format!("  {}, {made} at {place}\n", leak.what));
            }
            if left.iter().any(|leak| !leak.is_task) {
                text.push_str("close what the test opens, as in `defer x.close()`\n");
            }
            if left.iter().any(|leak| leak.is_task) {
                text.push_str(
                    "a daemon ends with the `scope` around it: write one, or stop the task\n",
                );
            }
        }
        _ => {}
    }
    text
}

/// A duration as the language writes it.
pub fn span(span: Duration) -> String {
    let mut text = String::new();
    let nanos = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    crate::vm::text::push_duration(&mut text, nanos);
    text
}
