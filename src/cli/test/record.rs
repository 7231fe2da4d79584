//! What is told of tests for machines: a JSON object in each line.

use std::time::Duration;

use serde_json::{Value, json};

use super::outcome::{Event, Tested, Verdict, kind, message, report};
use super::runner::Listed;
use super::{Reporter, Totals, rerun};
use crate::engine::{Error, Report, TrialFailure};

/// Tells each event in a line.
pub struct Record {
    /// What has to be said again to run a test like that.
    pub again: String,
}

impl Record {
    fn tested(&self, tested: &Tested) -> Value {
        let (outcome, reason, failure) = match &tested.verdict {
            Verdict::Passed => ("passed", None, Value::Null),
            Verdict::Skipped(why) => ("skipped", Some(why), Value::Null),
            Verdict::Failed(failure) => ("failed", None, self.failure(tested, failure)),
        };
        json!({
            "event": "test",
            "file": tested.place.file,
            "line": tested.place.line,
            "name": tested.name,
            "outcome": outcome,
            "reason": reason,
            "ms": millis(tested.took),
            "virtual_ms": if tested.is_real { Value::Null } else { json!(millis(tested.time)) },
            "real": tested.is_real,
            "runs": tested.runs,
            "seed": tested.seed,
            "output": tested.output,
            "failure": failure,
        })
    }

    fn failure(&self, tested: &Tested, failure: &TrialFailure) -> Value {
        let place = match failure {
            TrialFailure::Error(error) => place(error),
            _ => Value::Null,
        };
        json!({
            "kind": kind(failure),
            "message": message(failure),
            "place": place,
            "report": report(failure, false),
            "rerun": rerun(tested, &self.again),
        })
    }
}

impl Reporter for Record {
    fn begin(&mut self, files: usize, seed: u64) -> String {
        line(&json!({ "event": "begin", "version": 1, "files": files, "seed": seed }))
    }

    fn event(&mut self, event: &Event) -> String {
        match event {
            Event::Tested(tested) => line(&self.tested(tested)),
            Event::Broken(file, error) => line(&broken(file, error)),
            Event::Begun(..) | Event::FileEnds(_) => String::new(),
        }
    }

    fn end(&mut self, totals: &Totals) -> String {
        let snapshots = &totals.snapshots;
        line(&json!({
            "event": "end",
            "passed": totals.passed,
            "failed": totals.failed,
            "skipped": totals.skipped,
            "left_out": totals.left_out,
            "broken": totals.broken,
            "ms": millis(totals.took),
            "snapshots": {
                "written": snapshots.written,
                "updated": snapshots.updated,
                "removed": snapshots.removed,
                "obsolete": snapshots.obsolete,
                "faults": snapshots.faults,
            },
            "status": totals.status,
        }))
    }
}

/// What is listed, as a line.
pub fn listed(listed: &Listed) -> String {
    line(&match listed {
        Listed::Broken(file, error) => broken(file, error),
        Listed::Test(place, test) => json!({
            "event": "listed",
            "file": place.file,
            "line": place.line,
            "name": &*test.name,
            "real": test.options.real,
            "skip": test.options.skip.as_deref(),
            "only": test.options.only,
        }),
    })
}

fn broken(file: &str, error: &Error) -> Value {
    json!({
        "event": "broken",
        "file": file,
        "message": error.to_string(),
        "place": place(error),
        "report": error.report(false),
    })
}

/// Where an error was thrown.
fn place(error: &Error) -> Value {
    let Error::Uncaught { report, .. } = error else { return Value::Null };
    let Report { entries, sources, .. } = &**report;
    let frame = entries.first().and_then(|entry| entry.frames.first());
    let source = frame.and_then(|frame| sources.get(frame.source));
    let (Some(frame), Some(source)) = (frame, source) else { return Value::Null };
    let (line, column) = source.position(frame.span.start);
    json!({ "file": &*source.name, "line": line, "column": column })
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
