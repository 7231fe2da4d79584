//! Draws diagnostics with ariadne, the only place that knows of it.
//!
//! ariadne panics on spans outside the text and draws megabytes for very long lines, so spans are
//! clamped first and a long line is cut to a window around the labels.

use std::fmt::Write as _;
use std::ops::Range;

use ariadne::{
    Color, Config, Fmt as _, IndexType, Label as Drawn, Report, ReportKind, Source as Text,
};

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
    let mut report = Report::build(kind, (0, anchor)).with_config(config);
    for (number, excerpt) in excerpts.iter().enumerate() {
        for mark in in_source_order(&excerpt.marks) {
            let tint = if mark.primary { tint } else { Color::Cyan };
            let span = (number, mark.range.clone());
            // A label without a message would not be drawn at all.
            let text = if mark.text.is_empty() { "here" } else { &mark.text };
            let label = Drawn::new(span).with_color(tint).with_message(text);
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
    let written = report.finish().write(Cache::new(excerpts), &mut bytes);
    match written {
        Ok(()) => {
            let drawn = String::from_utf8_lossy(&bytes);
            let drawn = placed(&drawn, diagnostic, sources);
            headed(diagnostic, &drawn, colour.then_some(tint), out);
        }
        Err(_) => plain(diagnostic, out),
    }
}

/// ariadne draws a source again for every mark that stands above the one before it.
fn in_source_order(marks: &[Mark]) -> Vec<&Mark> {
    let mut ordered: Vec<&Mark> = marks.iter().collect();
    ordered.sort_by_key(|mark| mark.range.start);
    ordered
}

/// Puts our first line in place of ariadne's, which writes the code in front of the kind.
fn headed(diagnostic: &Diagnostic, drawn: &str, tint: Option<Color>, out: &mut String) {
    let body = drawn.split_once('\n').map_or("", |(_, body)| body);
    let heading = heading(diagnostic);
    let title = &diagnostic.title;
    let written = match tint {
        Some(tint) => writeln!(out, "{}: {title}", heading.fg(tint)),
        None => writeln!(out, "{heading}: {title}"),
    };
    written.expect("writing to a string does not fail");
    out.push_str(body);
}

/// ariadne counts columns in the text that it is given, which of a long line is only a part: puts the
/// column of the source into the frame's first line.
fn placed(drawn: &str, diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let place = diagnostic.labels.first().and_then(|label| {
        let source = sources.get(label.source)?;
        let (line, column) = source.position(label.span.start);
        Some((format!("{}:{line}:", source.name), column))
    });
    let found = place.and_then(|(place, column)| Some((drawn.find(&place)? + place.len(), column)));
    let Some((start, column)) = found else { return drawn.to_owned() };
    let rest = drawn[start..].trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{}{column}{rest}", &drawn[..start])
}

fn plain(diagnostic: &Diagnostic, out: &mut String) {
    writeln!(out, "{}: {}", heading(diagnostic), diagnostic.title)
        .expect("writing to a string does not fail");
    for text in diagnostic.help.iter().chain(&diagnostic.notes) {
        writeln!(out, "  {text}").expect("writing to a string does not fail");
    }
}

/// `error[E0201]`; what has no code is just an `error`.
fn heading(diagnostic: &Diagnostic) -> String {
    let kind = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    diagnostic.code.map_or_else(|| kind.to_owned(), |code| format!("{kind}[{code}]"))
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
    Excerpt { name: source.name.to_string(), text: String::new(), marks: vec![mark] }
}

/// Takes the lines from the first mark to the last; if one of them is long, only a window.
fn cut(source: &Source, mut excerpt: Excerpt) -> Excerpt {
    let first = excerpt.marks.iter().map(|mark| mark.range.start).min().unwrap_or(0);
    let last = excerpt.marks.iter().map(|mark| mark.range.end).max().unwrap_or(0);
    let (first_line, _) = source.position(first as u32);
    let (last_line, _) = source.position(last as u32);
    let long = (first_line..=last_line).any(|line| source.line(line).len() > LINE_BYTES_MAX);
    let start = source.line_start(first_line) as usize;
    // A mark may stand behind the last character of its line, on the line break.
    let end = (source.line_start(last_line) as usize + source.line(last_line).len()).max(last);
    if !long {
        for mark in &mut excerpt.marks {
            mark.range = mark.range.start - start..mark.range.end - start;
        }
        excerpt.text = source.text[start..end].to_string();
        return below(excerpt, first_line);
    }
    window(source, excerpt)
}

/// Shows the neighbourhood of the first mark of a long line; marks further off become notes of
/// their own only if they lie inside it.
fn window(source: &Source, mut excerpt: Excerpt) -> Excerpt {
    let main = excerpt.marks.iter().position(|mark| mark.primary).unwrap_or(0);
    let at = excerpt.marks[main].range.clone();
    let (line, _) = source.position(at.start as u32);
    let line_start = source.line_start(line) as usize;
    let line_end = (line_start + source.line(line).len()).max(at.start);
    let from = at.start.saturating_sub(WINDOW_BYTES / 2).max(line_start);
    let to = (at.start + WINDOW_BYTES).min(line_end);
    let shown = source.clamp(Span::new(from as u32, to as u32));
    let (from, to) = (shown.start as usize, shown.end as usize);
    let lead = if from > line_start { "…" } else { "" };
    let tail = if to < line_end { "…" } else { "" };
    excerpt.text = format!("{lead}{}{tail}", &source.text[from..to]);
    excerpt.marks.retain(|mark| mark.range.start >= from && mark.range.start <= to);
    for mark in &mut excerpt.marks {
        let start = mark.range.start - from + lead.len();
        let end = mark.range.end.clamp(mark.range.start, to) - from + lead.len();
        mark.range = start..end;
    }
    below(excerpt, line)
}

/// Puts empty lines before the excerpt, so that its lines have their numbers.
fn below(mut excerpt: Excerpt, line: u32) -> Excerpt {
    let lead = line as usize - 1;
    excerpt.text.insert_str(0, &"\n".repeat(lead));
    for mark in &mut excerpt.marks {
        mark.range = mark.range.start + lead..mark.range.end + lead;
    }
    excerpt
}

/// Hands the excerpts to ariadne by their number, since two sources may have one name.
struct Cache {
    names: Vec<String>,
    texts: Vec<Text<String>>,
}

impl Cache {
    fn new(excerpts: Vec<Excerpt>) -> Cache {
        let (names, texts) =
            excerpts.into_iter().map(|excerpt| (excerpt.name, Text::from(excerpt.text))).unzip();
        Cache { names, texts }
    }
}

impl ariadne::Cache<usize> for Cache {
    type Storage = String;

    fn fetch(&mut self, id: &usize) -> Result<&Text<String>, impl std::fmt::Debug> {
        self.texts.get(*id).ok_or("the excerpts are numbered without gaps")
    }

    fn display<'a>(&self, id: &'a usize) -> Option<impl std::fmt::Display + 'a> {
        self.names.get(*id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Code, SourceId};

    fn map(text: &str) -> (SourceMap, SourceId) {
        let mut sources = SourceMap::new();
        let id = sources.add("a.ket", text);
        (sources, id)
    }

    fn drawn(text: &str, span: Span) -> String {
        let (sources, id) = map(text);
        let diagnostic = Diagnostic::new(Code::E0101, "wrong").at(id, span, "this").help("do that");
        render(&[diagnostic], &sources, false)
    }

    #[test]
    fn no_span_makes_it_panic() {
        for text in ["", "a", "ä€😀", "a\r\n\tb\n", "\n\n", "x\u{301}y"] {
            for start in 0..12 {
                for end in 0..12 {
                    assert!(drawn(text, Span::new(start, end)).contains("wrong"), "{text:?}");
                }
            }
        }
        drawn("abc", Span::new(u32::MAX, u32::MAX));
    }

    #[test]
    fn lines_keep_their_numbers() {
        let text = drawn("a\nb\n  c d\n", Span::new(6, 7));
        assert!(text.contains("a.ket:3:3"), "{text}");
        assert!(text.contains(" 3 │   c d"), "{text}");
        assert!(text.contains("do that"), "{text}");
    }

    #[test]
    fn a_long_line_is_cut() {
        let text = format!("let x = 1\n{}oops{}", "a ".repeat(500_000), "é".repeat(500_000));
        let at = text.find("oops").expect("it was put there") as u32;
        let report = drawn(&text, Span::new(at, at + 4));
        assert!(report.len() < 4_000, "{} bytes", report.len());
        assert!(report.contains("oops") && report.contains(" 2 │"), "{report}");
    }

    #[test]
    fn a_place_on_a_long_line_is_that_of_the_source() {
        let text = format!("let x = 1\n{}oops", "é ".repeat(1_000));
        let at = text.find("oops").expect("it was put there") as u32;
        let report = drawn(&text, Span::new(at, at + 4));
        assert!(report.contains("[ a.ket:2:2001 ]"), "{report}");
    }

    /// The columns that are underlined, in cells of a terminal.
    fn underlined(text: &str, marked: &str) -> (usize, usize) {
        let at = text.find(marked).expect("it stands in the text");
        let report = drawn(text, Span::new(at as u32, (at + marked.len()) as u32));
        let line = report.lines().find(|line| line.contains('┬')).expect("there is a mark");
        let bar = line.find('│').expect("there is a margin") + "│ ".len();
        let cells = line[bar..].chars();
        let blank = cells.clone().take_while(|c| *c == ' ').count();
        (blank, cells.skip(blank).take_while(|c| *c != ' ').count())
    }

    #[test]
    fn a_mark_stands_under_what_it_marks() {
        assert_eq!(underlined("let x = oops\n", "oops"), (8, 4));
        assert_eq!(underlined("let größe = oops", "oops"), (12, 4));
        assert_eq!(underlined("let s = \"日本\" + oops", "oops"), (17, 4));
        assert_eq!(underlined("\"e\u{301}\" + oops", "oops"), (6, 4));
        assert_eq!(underlined("\"日本\" + 1", "\"日本\""), (0, 6));
        assert_eq!(underlined("let a = 1\r\nprint(oops)\r\n", "oops"), (6, 4));
        assert_eq!(underlined("\n\n  oops", "oops"), (2, 4));
        assert_eq!(underlined("\u{feff}oops", "oops").1, 4);
    }

    #[test]
    fn the_end_of_a_text_can_be_marked() {
        for text in ["", "\n", "let a = (", "let a = (\n", "let a = (\r\n"] {
            let end = text.len() as u32;
            let report = drawn(text, Span::new(end, end));
            assert!(report.contains("this") && report.contains("do that"), "{report}");
        }
    }

    #[test]
    fn a_span_of_several_lines_shows_its_first_and_last() {
        let text = "start {\n  a\n\n\n\n  b\n} end\n";
        let report = drawn(text, Span::new(6, 20));
        assert!(report.contains(" 1 │ ╭─▶ start {"), "{report}");
        assert!(report.contains(" 7 │ ├─▶ } end"), "{report}");
    }

    #[test]
    fn colour_only_if_asked() {
        let (sources, id) = map("abc");
        let diagnostic = Diagnostic::new(Code::W0901, "odd").at(id, Span::new(0, 1), "");
        let diagnostics = [diagnostic.clone(), diagnostic];
        assert!(!render(&diagnostics, &sources, false).contains('\u{1b}'));
        assert!(render(&diagnostics, &sources, true).contains('\u{1b}'));
        assert_eq!(render(&diagnostics, &sources, false).matches("W0901").count(), 2);
    }

    #[test]
    fn two_sources_of_one_name() {
        let (mut sources, first) = map("first text");
        let second = sources.add("a.ket", "second text");
        let diagnostic = Diagnostic::new(Code::E0202, "twice")
            .at(first, Span::new(0, 5), "here")
            .see(second, Span::new(0, 6), "there");
        let text = render(&[diagnostic], &sources, false);
        assert!(text.contains("first text") && text.contains("second text"), "{text}");
    }
}
