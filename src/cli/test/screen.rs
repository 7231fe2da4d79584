//! What is shown of tests on a terminal, or in the log of a machine that runs them.

use std::time::Duration;

use super::outcome::{Event, FileEnd, Place, Tested, Verdict, report, span};
use super::{Reporter, Totals, rerun};

/// Tests that took longer are named at the end …
const SLOW: Duration = Duration::from_millis(500);
/// … so many of them.
const SLOW_MAX: usize = 3;
/// A test that waited so long in virtual time says so.
const TIME_MIN: Duration = Duration::from_secs(1);
/// Of the name of a running test so much is shown, so that it fits into a line.
const RUNNING_MAX: usize = 60;
/// So many obsolete snapshots are named.
const OBSOLETE_MAX: usize = 10;

/// Shows what happens, file by file.
pub struct Screen {
    paint: Paint,
    /// What was asked for in the command line and has to be said again to run a test like that.
    again: String,
    /// Of this file something is shown already.
    file: String,
    /// The last line says which test runs.
    is_running: bool,
    failed: Vec<Failed>,
    slow: Vec<(Duration, Place, String)>,
}

struct Failed {
    name: String,
    command: String,
}

impl Screen {
    /// Nothing is shown yet.
    pub fn new(colour: bool, again: String) -> Screen {
        let paint = Paint { on: colour };
        Screen {
            paint,
            again,
            file: String::new(),
            is_running: false,
            failed: Vec::new(),
            slow: Vec::new(),
        }
    }

    /// The name of a file, above what is shown of it.
    fn heading(&mut self, file: &str) -> String {
        if self.file == file {
            return String::new();
        }
        file.clone_into(&mut self.file);
        format!("{}\n", self.paint.bold(file))
    }

    /// On a terminal a person sees which test runs, until it has ended.
    fn begun(&mut self, place: &Place, name: &str) -> String {
        if !self.paint.on {
            return String::new();
        }
        self.is_running = true;
        let name: String = one_line(name).chars().take(RUNNING_MAX).collect();
        let heading = self.heading(&place.file);
        format!("{heading}{}", self.paint.dim(&format!("  …     {name}")))
    }

    /// Takes that line away.
    fn lift(&mut self) -> String {
        let is_running = std::mem::take(&mut self.is_running);
        if is_running { "\r\x1b[2K".to_owned() } else { String::new() }
    }

    fn tested(&mut self, tested: &Tested) -> String {
        let heading = self.heading(&tested.place.file);
        let paint = self.paint;
        let name = one_line(&tested.name);
        let details = paint.dim(&format!("({})", details(tested)));
        let failure = match &tested.verdict {
            Verdict::Passed => {
                self.note_time(tested);
                return format!("{heading}  {}    {name} {details}\n", paint.green("ok"));
            }
            Verdict::Skipped(why) => {
                let why = if why.is_empty() { String::new() } else { format!(": {why}") };
                return format!("{heading}  {}  {name}{}\n", paint.yellow("skip"), paint.dim(&why));
            }
            Verdict::Failed(failure) => failure,
        };
        let mut text = format!("{heading}  {}  {name} {details}\n", paint.red("FAIL"));
        text.push_str(&indented(&report(failure, paint.on)));
        if !tested.output.is_empty() {
            text.push_str(&indented("it wrote:"));
            text.push_str(&indented(&indented_by("  ", &tested.output)));
        }
        self.failed.push(Failed { name, command: rerun(tested, &self.again) });
        text
    }

    fn note_time(&mut self, tested: &Tested) {
        if tested.took >= SLOW {
            self.slow.push((tested.took, tested.place.clone(), one_line(&tested.name)));
        }
    }

    fn file_ends(&mut self, end: &FileEnd) -> String {
        if end.left_out == 0 {
            return String::new();
        }
        let what = format!("{} left out, as others say `only: true`", many(end.left_out, "test"));
        format!("  {}  {what}\n", self.paint.yellow("only"))
    }

    /// Failures again, with what to type: those above may be far away.
    fn failures(&self) -> String {
        if self.failed.is_empty() {
            return String::new();
        }
        let mut text = format!("\n{}\n", self.paint.bold("Failed, to run again:"));
        for Failed { name, command } in &self.failed {
            text.push_str(&format!("  {command}  {}\n", self.paint.dim(&format!("# {name}"))));
        }
        text
    }

    fn slowest(&mut self) -> String {
        // A single slow test says it all in its own line.
        if self.slow.len() < 2 {
            return String::new();
        }
        self.slow.sort_by_key(|(took, ..)| std::cmp::Reverse(*took));
        let mut text = format!("\n{}\n", self.paint.bold("Slowest:"));
        for (took, place, name) in self.slow.iter().take(SLOW_MAX) {
            text.push_str(&format!("  {:>8}  {} {name}\n", shown(*took), place.text()));
        }
        text
    }

    fn snapshots(&self, totals: &Totals) -> String {
        let count = &totals.snapshots;
        let mut text = String::new();
        let parts =
            [(count.written, "written"), (count.updated, "updated"), (count.removed, "removed")];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", many(*number, "snapshot")))
            .collect();
        if !parts.is_empty() {
            text.push_str(&format!("{}\n", parts.join(", ")));
        }
        if !count.obsolete.is_empty() {
            let number = many(count.obsolete.len(), "snapshot");
            let what = format!("{number} no test asks for; `kettle test -u` removes:");
            text.push_str(&format!("{}\n", self.paint.yellow(&what)));
            for one in count.obsolete.iter().take(OBSOLETE_MAX) {
                text.push_str(&format!("  {}\n", one_line(one)));
            }
            if count.obsolete.len() > OBSOLETE_MAX {
                let more = count.obsolete.len() - OBSOLETE_MAX;
                text.push_str(&format!("  … and {more} more\n"));
            }
        }
        for fault in &count.faults {
            text.push_str(&format!("{}\n", self.paint.red(fault)));
        }
        text
    }
}

impl Reporter for Screen {
    fn event(&mut self, event: &Event) -> String {
        let lifted = self.lift();
        let text = match event {
            Event::Begun(place, name) => self.begun(place, name),
            Event::Tested(tested) => self.tested(tested),
            Event::Broken(file, error) => {
                let heading = self.heading(file);
                let mark = self.paint.red("FAIL");
                let report = indented(&error.report(self.paint.on));
                format!("{heading}  {mark}  the file cannot be tested\n{report}")
            }
            Event::FileEnds(end) => self.file_ends(end),
        };
        lifted + &text
    }

    fn end(&mut self, totals: &Totals) -> String {
        let paint = self.paint;
        let mut text = self.lift() + &self.failures() + &self.slowest() + "\n";
        text.push_str(&self.snapshots(totals));
        let part = |number: usize, text: String, colour: fn(Paint, &str) -> String| {
            (number > 0).then(|| colour(paint, &text))
        };
        let Totals { passed, failed, skipped, broken, left_out, .. } = *totals;
        let mut parts = vec![if failed + broken == 0 && passed > 0 {
            paint.green(&format!("{passed} passed"))
        } else {
            format!("{passed} passed")
        }];
        parts.push(match failed {
            0 => "0 failed".to_owned(),
            failed => paint.red(&format!("{failed} failed")),
        });
        parts.extend(part(skipped, format!("{skipped} skipped"), Paint::yellow));
        parts.extend(part(left_out, format!("{left_out} left out"), Paint::yellow));
        let broken_text = format!("{} could not be tested", many(broken, "file"));
        parts.extend(part(broken, broken_text, Paint::red));
        let took = paint.dim(&format!("({})", shown(totals.took)));
        text.push_str(&format!("{} {took}\n", parts.join(", ")));
        text
    }
}

/// How long a test took, and under what it ran.
fn details(tested: &Tested) -> String {
    let mut parts = vec![shown(tested.took)];
    if tested.is_real {
        parts.push("real".to_owned());
    } else if tested.time >= TIME_MIN {
        let millis = u64::try_from(tested.time.as_millis()).unwrap_or(u64::MAX);
        parts.push(format!("{} of virtual time", span(Duration::from_millis(millis))));
    }
    if matches!(tested.verdict, Verdict::Failed(_)) && tested.seed != 0 && !tested.is_real {
        parts.push(format!("seed {}", tested.seed));
    }
    match (&tested.verdict, tested.runs) {
        (_, 0 | 1) => {}
        (Verdict::Failed(_), runs) => parts.push(format!("run {runs}")),
        (_, runs) => parts.push(format!("{runs} runs")),
    }
    parts.join(", ")
}

/// A name that has several lines would look like several tests.
fn one_line(name: &str) -> String {
    name.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = escaped.is_none().then_some(c);
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

fn indented(text: &str) -> String {
    indented_by("        ", text)
}

fn indented_by(indent: &str, text: &str) -> String {
    text.lines().map(|line| format!("{indent}{line}").trim_end().to_owned() + "\n").collect()
}

fn many(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A time in three or four digits.
pub fn shown(time: Duration) -> String {
    match time.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        ms => format!("{}.{:02} s", ms / 1000, ms % 1000 / 10),
    }
}

/// Colours, where they can be seen.
#[derive(Clone, Copy)]
struct Paint {
    on: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    fn red(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }
}
