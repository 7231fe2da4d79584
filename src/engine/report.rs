//! The report of an error that nobody caught: plain data, and its text.
//!
//! ```text
//! Error: IoError: connection refused
//!    ╭─[ fetch.ket:14:20 ]
//! 14 │     let conn = await tcp.connect(host, port)
//!    ┆                      ───────────────────────  thrown here
//! trace
//!   in fetch_one           fetch.ket:14:20
//!   awaited in fetch_all   fetch.ket:22:9
//!   spawned in main        main.ket:5:3
//! caused by  ValueError: …
//! suppressed  Error: …
//! ```
//!
//! Errors refer to each other by cause and by lists of suppressed errors, and can do so in a
//! circle: each is shown once. Making the data needs the VM ([`uncaught`](super::uncaught)),
//! reading it does not, so a report can be sent to another thread or outlive its VM.

use std::fmt::Write;
use std::sync::Arc;

use super::foreign::ForeignError;
use crate::diagnostics::{Diagnostic, SourceId, SourceMap, Span, render};

/// More frames than this are cut out of the middle of a trace.
const FRAMES_SHOWN_MAX: usize = 24;

/// An error that left the program, with all that is known of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The error itself first, then causes and suppressed errors in the order they are shown.
    pub entries: Vec<Entry>,
    /// There are more errors than are listed.
    pub is_cut: bool,
    /// The texts that the places lie in.
    pub sources: Arc<SourceMap>,
}

/// One error of a report.
#[derive(Clone, Debug)]
pub struct Entry {
    /// How it belongs to the others.
    pub relation: Relation,
    /// How far it is indented: the depth below the error itself.
    pub depth: usize,
    /// The name of its class.
    pub class: String,
    /// Its message.
    pub message: String,
    /// What else it brings along, by name: the values of the parts of a failed assertion, its data.
    pub details: Vec<(String, String)>,
    /// Where it was thrown and how the program got there, innermost first. The calls inside the
    /// standard library, if it was thrown there, come last.
    pub frames: Vec<Frame>,
    /// The error of the host that it began as.
    pub foreign: Option<ForeignError>,
}

/// How an error of a report belongs to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is the error that left the program.
    Main,
    /// It is the cause of the error above it.
    Cause,
    /// It came up while the error above it was on its way.
    Suppressed,
}

/// A place in the program that was being executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function, as traces name it.
    pub function: String,
    /// The source of the place.
    pub source: SourceId,
    /// The place.
    pub span: Span,
    /// How the function was entered.
    pub entered: Entered,
    /// How many calls between it and the one before are left out, of a very deep stack.
    pub left_out: u32,
    /// The function belongs to the standard library.
    pub is_library: bool,
}

/// How a function of a trace was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It was called.
    Called,
    /// It was called with `await`.
    Awaited,
    /// It was spawned as a task.
    Spawned,
}

impl Entry {
    /// `IndexError: index 5 is past the end`, as the error prints.
    pub fn text(&self) -> String {
        if self.message.is_empty() {
            self.class.clone()
        } else {
            format!("{}: {}", self.class, self.message)
        }
    }

    /// What it brings along, one line each, the values in a column.
    fn details_text(&self) -> String {
        const NAME_MAX: usize = 40;
        let width = |name: &str| name.chars().count();
        let columns = self.details.iter().map(|(name, _)| width(name)).filter(|w| *w <= NAME_MAX);
        let columns = columns.max().unwrap_or(0);
        let line = |(name, value): &(String, String)| format!("{name:columns$} = {value}");
        self.details.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Report {
    /// The error that left the program, as it prints.
    pub fn text(&self) -> String {
        self.entries.first().map_or(String::new(), Entry::text)
    }

    /// The line of the place where it was thrown, counted from 1.
    pub fn line(&self) -> Option<u32> {
        let frame = self.entries.first()?.frames.first()?;
        Some(self.sources.get(frame.source)?.position(frame.span.start).0)
    }

    /// The whole report as text for a terminal.
    pub fn render(&self, colour: bool) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            self.render_entry(entry, colour, &mut text);
        }
        if self.is_cut {
            text.push_str("more errors hang together with these\n");
        }
        text
    }

    fn render_entry(&self, entry: &Entry, colour: bool, text: &mut String) {
        let mut part = String::new();
        if entry.relation == Relation::Main {
            let mut failure = Diagnostic::failure(entry.text());
            if let Some(frame) = entry.frames.first() {
                failure = failure.at(frame.source, frame.span, "thrown here");
            }
            if !entry.details.is_empty() {
                failure = failure.note(entry.details_text());
            }
            part.push_str(&render(&[failure], &self.sources, colour));
        } else {
            let relation = match entry.relation {
                Relation::Cause => "caused by",
                _ => "suppressed",
            };
            writeln!(part, "{relation} {}", entry.text()).expect("a string takes any text");
            for line in entry.details_text().lines() {
                writeln!(part, "  {line}").expect("a string takes any text");
            }
        }
        let trace_is_news = entry.frames.len() > 1 || entry.relation != Relation::Main;
        if trace_is_news {
            self.render_trace(&entry.frames, &mut part);
        }
        let indent = "  ".repeat(entry.depth);
        for line in part.lines() {
            writeln!(text, "{indent}{line}").expect("a string takes any text");
        }
    }

    /// One line per frame, the places in a column; runs of the same frame are counted.
    fn render_trace(&self, frames: &[Frame], text: &mut String) {
        let mut lines: Vec<(String, String, usize)> = Vec::new();
        let mut entered = None;
        // Calls from the library into the program stand where they belong; what comes after the
        // outermost call of the program is the inside of the library function it called.
        let inside = frames.iter().rposition(|frame| !frame.is_library).map_or(0, |last| last + 1);
        for (index, frame) in frames.iter().enumerate() {
            let how = match entered {
                _ if index == inside && index > 0 => "inside the library, in",
                None => "in",
                Some(Entered::Called) => "called in",
                Some(Entered::Awaited) => "awaited in",
                Some(Entered::Spawned) => "spawned in",
            };
            entered = Some(frame.entered);
            if frame.left_out > 0 {
                lines.push((format!("… {} more …", frame.left_out), String::new(), 1));
            }
            let what = format!("{how} {}", frame.function);
            let place = self.sources.describe(frame.source, frame.span);
            match lines.last_mut() {
                Some(last) if last.0 == what && last.1 == place => last.2 += 1,
                _ => lines.push((what, place, 1)),
            }
        }
        let cut = lines.len().saturating_sub(FRAMES_SHOWN_MAX);
        let head = if cut == 0 { lines.len() } else { FRAMES_SHOWN_MAX / 2 };
        let shown = || lines[..head].iter().chain(&lines[head + cut..]);
        let width = shown().map(|(what, ..)| what.chars().count()).max().unwrap_or(0);
        for (index, (what, place, times)) in shown().enumerate() {
            if index == head {
                writeln!(text, "  … {cut} more …").expect("a string takes any text");
            }
            let times = if *times > 1 { format!("  ({times} times)") } else { String::new() };
            let line = format!("  {what:width$}  {place}{times}");
            writeln!(text, "{}", line.trim_end()).expect("a string takes any text");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str, at: u32, entered: Entered) -> Frame {
        let span = Span::new(at, at + 1);
        Frame {
            function: function.to_owned(),
            source: SourceId(0),
            span,
            entered,
            left_out: 0,
            is_library: false,
        }
    }

    fn report(frames: Vec<Frame>) -> Report {
        let mut sources = SourceMap::new();
        sources.add("main.ket", "abc\ndef\nghi\n");
        let entry = Entry {
            relation: Relation::Main,
            depth: 0,
            class: "ValueError".to_owned(),
            message: "no".to_owned(),
            details: Vec::new(),
            frames,
            foreign: None,
        };
        Report { entries: vec![entry], is_cut: false, sources: Arc::new(sources) }
    }

    fn trace(frames: Vec<Frame>) -> String {
        let report = report(frames);
        let mut text = String::new();
        report.render_trace(&report.entries[0].frames, &mut text);
        text
    }

    #[test]
    fn a_frame_says_how_the_one_inside_it_was_entered() {
        let text = trace(vec![
            frame("inner", 0, Entered::Awaited),
            frame("middle", 4, Entered::Spawned),
            frame("<module>", 9, Entered::Called),
        ]);
        let expected = "  in inner             main.ket:1:1\n  awaited in middle    main.ket:2:1\n  spawned in <module>  main.ket:3:2\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_inside_of_the_library_comes_last() {
        let library = |mut frame: Frame| {
            frame.is_library = true;
            frame
        };
        let text = trace(vec![
            frame("main", 0, Entered::Called),
            frame("<module>", 4, Entered::Called),
            library(frame("push", 8, Entered::Called)),
            library(frame("grow", 9, Entered::Called)),
        ]);
        let expected = "  in main                      main.ket:1:1\n  called in <module>           main.ket:2:1\n  inside the library, in push  main.ket:3:1\n  called in grow               main.ket:3:2\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn recursion_is_counted_and_long_traces_are_cut() {
        let same = trace((0..500).map(|_| frame("again", 0, Entered::Called)).collect());
        assert_eq!(
            same,
            "  in again         main.ket:1:1\n  called in again  main.ket:1:1  (499 times)\n"
        );
        let mut deep: Vec<Frame> = (0..4).map(|_| frame("deep", 0, Entered::Called)).collect();
        deep[2].left_out = 900;
        let deep = trace(deep);
        assert!(
            deep.contains("\n  … 900 more …\n  called in deep  main.ket:1:1  (2 times)\n"),
            "{deep}"
        );
        let names: Vec<String> = (0..100).map(|index| format!("f{index}")).collect();
        let long = trace(names.iter().map(|name| frame(name, 0, Entered::Called)).collect());
        assert_eq!(long.lines().count(), FRAMES_SHOWN_MAX + 1);
        assert!(long.contains("  … 76 more …\n  called in f88 "), "{long}");
    }

    #[test]
    fn related_errors_follow_indented() {
        let mut report = report(vec![frame("<module>", 5, Entered::Called)]);
        let related = |relation, depth, message: &str| Entry {
            relation,
            depth,
            class: "Error".to_owned(),
            message: message.to_owned(),
            details: vec![("data".to_owned(), "1".to_owned())],
            frames: vec![frame("f", 0, Entered::Called)],
            foreign: None,
        };
        report.entries.push(related(Relation::Cause, 0, "first"));
        report.entries.push(related(Relation::Suppressed, 1, "second"));
        let text = report.render(false);
        assert!(text.contains("ValueError: no"), "{text}");
        assert!(text.ends_with(
            "caused by Error: first\n  data = 1\n  in f  main.ket:1:1\n  suppressed Error: second\n    data = 1\n    in f  main.ket:1:1\n"
        ), "{text}");
        assert_eq!(report.line(), Some(2));
    }
}
