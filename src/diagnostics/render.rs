//! Draws diagnostics with ariadne, the only place that knows of it.
//!
//! ariadne panics on spans outside the text and draws megabytes for very long lines, so spans are
//! clamped first and a long line is cut to a window around the labels.

use std::fmt::Write as _;
use std::ops::Range;

use ariadne::{Color, Config, IndexType, Label as Drawn, Report, ReportKind, Source as Text};

use super::{Diagnostic, Severity, Source, SourceMap, Span};

/// The diagnostics as text for a terminal, one after the other.
pub fn render(diagnostics: &[Diagnostic], sources: &SourceMap, colour: bool) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        draw(diagnostic, sources, colour, &mut out);
    }
    out
}

fn draw(diagnostic: &Diagnostic, sources: &SourceMap, colour: bool, out: &mut String) {
    let excerpts = excerpts(diagnostic, sources);
    let Some(first) = excerpts.first() else {
        return plain(diagnostic, out);
    };
    let (kind, tint) = match diagnostic.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
    };
    let config = Config::new().with_index_type(IndexType::Byte).with_color(colour);
    let anchor = first.marks.first().map_or(0..0, |mark| mark.range.clone());
    let mut report = Report::build(kind, (first.name.clone(), anchor))
        .with_config(config)
        .with_message(&diagnostic.title);
    if let Some(code) = diagnostic.code {
        report = report.with_code(code);
    }
    for excerpt in &excerpts {
        for mark in &excerpt.marks {
            let tint = if mark.primary { tint } else { Color::Cyan };
            let span = (excerpt.name.clone(), mark.range.clone());
            let mut label = Drawn::new(span).with_color(tint);
            if !mark.text.is_empty() {
                label = label.with_message(&mark.text);
            }
            report = report.with_label(label.with_priority(i32::from(mark.primary)));
        }
    }
    for help in &diagnostic.help {
        report = report.with_help(help);
    }
    for note in &diagnostic.notes {
        report = report.with_note(note);
    }
    let mut bytes = Vec::new();
    let written = report.finish().write(Excerpts(&excerpts).cache(), &mut bytes);
    match written {
        Ok(()) => out.push_str(&String::from_utf8_lossy(&bytes)),
        Err(_) => plain(diagnostic, out),
    }
}

fn plain(diagnostic: &Diagnostic, out: &mut String) {
    let kind = match diagnostic.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
    };
    let code = diagnostic.code.map_or(String::new(), |code| format!("[{code}] "));
    writeln!(out, "{code}{kind}: {}", diagnostic.title).expect("writing to a string does not fail");
    for text in diagnostic.help.iter().chain(&diagnostic.notes) {
        writeln!(out, "  {text}").expect("writing to a string does not fail");
    }
}

/// Longer stretches of a source are not handed to ariadne whole.
const WINDOW_BYTES: usize = 160;

/// Lines up to this length are shown whole.
const LINE_BYTES_MAX: usize = 400;

struct Mark {
    range: Range<usize>,
    text: String,
    primary: bool,
}

struct Excerpt {
    name: String,
    text: String,
    line_offset: usize,
    marks: Vec<Mark>,
}

/// Groups labels by source; each label gets the lines it needs, cut where they are long.
fn excerpts(diagnostic: &Diagnostic, sources: &SourceMap) -> Vec<Excerpt> {
    let mut excerpts: Vec<(super::SourceId, Excerpt)> = Vec::new();
    for label in &diagnostic.labels {
        let Some(source) = sources.get(label.source) else { continue };
        let span = source.clamp(label.span);
        let mark = Mark {
            range: span.start as usize..span.end as usize,
            text: label.text.clone(),
            primary: label.primary,
        };
        match excerpts.iter_mut().find(|(id, _)| *id == label.source) {
            Some((_, excerpt)) => excerpt.marks.push(mark),
            None => excerpts.push((label.source, whole(source, mark))),
        }
    }
    let map = |(id, excerpt): (super::SourceId, Excerpt)| match sources.get(id) {
        Some(source) => cut(source, excerpt),
        None => excerpt,
    };
    excerpts.into_iter().map(map).collect()
}

fn whole(source: &Source, mark: Mark) -> Excerpt {
    Excerpt {
        name: source.name.to_string(),
        text: String::new(),
        line_offset: 0,
        marks: vec![mark],
    }
}

/// Takes the lines from the first mark to the last; if one of them is long, only a window.
fn cut(source: &Source, mut excerpt: Excerpt) -> Excerpt {
    let first = excerpt.marks.iter().map(|mark| mark.range.start).min().unwrap_or(0);
    let last = excerpt.marks.iter().map(|mark| mark.range.end).max().unwrap_or(0);
    let (first_line, _) = source.position(first as u32);
    let (last_line, _) = source.position(last as u32);
    let long = (first_line..=last_line).any(|line| source.line(line).len() > LINE_BYTES_MAX);
    let start = source.line_start(first_line) as usize;
    let end = source.line_start(last_line) as usize + source.line(last_line).len();
    if !long {
        for mark in &mut excerpt.marks {
            mark.range = mark.range.start - start..mark.range.end - start;
        }
        excerpt.text = source.text[start..end].to_string();
        excerpt.line_offset = first_line as usize - 1;
        return excerpt;
    }
    window(source, excerpt, first_line)
}

/// Shows the neighbourhood of the first mark of a long line; marks further off become notes of
/// their own only if they lie inside it.
fn window(source: &Source, mut excerpt: Excerpt, first_line: u32) -> Excerpt {
    let main = excerpt.marks.iter().position(|mark| mark.primary).unwrap_or(0);
    let at = excerpt.marks[main].range.clone();
    let (line, _) = source.position(at.start as u32);
    let line_start = source.line_start(line) as usize;
    let line_end = line_start + source.line(line).len();
    let from = at.start.saturating_sub(WINDOW_BYTES / 2).max(line_start);
    let to = (at.start + WINDOW_BYTES).min(line_end);
    let shown = source.clamp(Span::new(from as u32, to as u32));
    let (from, to) = (shown.start as usize, shown.end as usize);
    let lead = if from > line_start { "…" } else { "" };
    let tail = if to < line_end { "…" } else { "" };
    excerpt.text = format!("{lead}{}{tail}", &source.text[from..to]);
    excerpt.line_offset = line.max(first_line) as usize - 1;
    excerpt.marks.retain(|mark| mark.range.start >= from && mark.range.start <= to);
    for mark in &mut excerpt.marks {
        let start = mark.range.start - from + lead.len();
        let end = mark.range.end.min(to) - from + lead.len();
        mark.range = start..end;
    }
    excerpt
}

struct Excerpts<'a>(&'a [Excerpt]);

impl Excerpts<'_> {
    fn cache(&self) -> Cache {
        let sources = self.0.iter().map(|excerpt| {
            let text = Text::from(excerpt.text.clone());
            (excerpt.name.clone(), text.with_display_line_offset(excerpt.line_offset))
        });
        Cache(sources.collect())
    }
}

struct Cache(Vec<(String, Text<String>)>);

impl ariadne::Cache<String> for Cache {
    type Storage = String;

    fn fetch(&mut self, id: &String) -> Result<&Text<String>, impl std::fmt::Debug> {
        let found = self.0.iter().find(|(name, _)| name == id).map(|(_, text)| text);
        found.ok_or_else(|| format!("no source {id}"))
    }

    fn display<'a>(&self, id: &'a String) -> Option<impl std::fmt::Display + 'a> {
        Some(id)
    }
}
