//! Comments that silence warnings.
//!
//! ```text
//! let x = 1            # kettle: allow W0101
//! # kettle: allow W0101, W0201
//! let y = 2
//! # kettle: allow-file W0103
//! ```
//!
//! Behind a statement the comment holds for its line, on a line of its own for the next line,
//! and with `allow-file` for the whole file. Errors cannot be silenced.

use std::collections::HashMap;

use super::{Code, Diagnostic, Severity, Source, SourceId, SourceMap, Span, nearest};

/// What begins such a comment.
const MARK: &str = "# kettle: allow";

/// The warnings that a source does without.
#[derive(Default)]
struct Allowed {
    everywhere: Vec<Code>,
    /// Lines, counted from 1.
    lines: Vec<(u32, Code)>,
    unknown: Vec<(Span, String)>,
}

/// Takes away the warnings that the sources do not want; a comment that names no warning gets one.
pub fn silence(diagnostics: &mut Vec<Diagnostic>, sources: &SourceMap) {
    let allowed: HashMap<SourceId, Allowed> =
        sources.iter().filter_map(|(id, source)| Some((id, read(source)?))).collect();
    diagnostics.retain(|diagnostic| {
        let (Some(code), Some(label)) = (diagnostic.code, diagnostic.primary()) else {
            return true;
        };
        let Some(allowed) = allowed.get(&label.source) else { return true };
        if diagnostic.severity == Severity::Error {
            return true;
        }
        let line = sources.get(label.source).map_or(0, |s| s.position(label.span.start).0);
        !allowed.everywhere.contains(&code) && !allowed.lines.contains(&(line, code))
    });
    let mut unknown: Vec<_> = allowed
        .into_iter()
        .flat_map(|(id, allowed)| allowed.unknown.into_iter().map(move |found| (id, found)))
        .collect();
    unknown.sort_by_key(|(id, (span, _))| (*id, span.start));
    diagnostics.extend(unknown.into_iter().map(|(id, (span, word))| no_warning(id, span, &word)));
}

fn no_warning(id: SourceId, span: Span, word: &str) -> Diagnostic {
    let title = format!("there is no warning `{word}`");
    let found = Diagnostic::new(Code::W0001, title).at(id, span, "silences nothing");
    let codes = Code::ALL.iter().filter(|code| code.severity() == Severity::Warning);
    match nearest(word, codes.map(|code| code.name())) {
        Some(_) if word.starts_with('E') => found.help("errors cannot be silenced"),
        Some(near) => found.help(format!("did you mean {near}?")),
        None => found.help("write the code of a warning: `# kettle: allow W0101`"),
    }
}

/// Reads the comments of a source; most have none.
fn read(source: &Source) -> Option<Allowed> {
    if !source.text.contains(MARK) {
        return None;
    }
    let mut allowed = Allowed::default();
    for (index, line) in source.text.lines().enumerate() {
        let Some(at) = line.find(MARK) else { continue };
        let number = index as u32 + 1;
        let alone = line[..at].trim().is_empty();
        let rest = &line[at + MARK.len()..];
        let (whole_file, rest) = match rest.strip_prefix("-file") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if !rest.starts_with([' ', '\t']) {
            continue;
        }
        let begins = source.line_start(number) as usize;
        for word in rest.split([' ', ',', '\t']).take_while(|word| !word.starts_with('#')) {
            if word.is_empty() {
                continue;
            }
            let code = Code::parse(word).filter(|code| code.severity() == Severity::Warning);
            match code {
                Some(code) if whole_file => allowed.everywhere.push(code),
                Some(code) => allowed.lines.push((number + u32::from(alone), code)),
                None => {
                    let start = begins + (word.as_ptr() as usize - line.as_ptr() as usize);
                    let span = Span::new(start as u32, (start + word.len()) as u32);
                    allowed.unknown.push((span, word.to_owned()));
                }
            }
        }
    }
    Some(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the warnings that are left, out of one `W0101` per line.
    fn left(text: &str) -> Vec<u32> {
        let mut sources = SourceMap::new();
        let id = sources.add("a.ket", text);
        let source = sources.get(id).expect("it was added").clone();
        let lines = text.lines().count() as u32;
        let warn = |line: u32| {
            let at = source.line_start(line);
            Diagnostic::new(Code::W0101, "unused").at(id, Span::new(at, at), "")
        };
        let mut found: Vec<Diagnostic> = (1..=lines).map(warn).collect();
        silence(&mut found, &sources);
        let place = |d: &Diagnostic| d.primary().map_or(0, |l| source.position(l.span.start).0);
        found.iter().filter(|d| d.code == Some(Code::W0101)).map(place).collect()
    }

    #[test]
    fn a_comment_holds_for_its_line_or_the_next() {
        assert_eq!(left("a\nb # kettle: allow W0101\nc\n"), [1, 3]);
        assert_eq!(left("a\n  # kettle: allow W0201, w0101\nb\nc\n"), [1, 2, 4]);
        assert_eq!(left("a\nb # kettle: allow W0201\n"), [1, 2]);
    }

    #[test]
    fn a_comment_may_hold_for_the_file() {
        assert_eq!(left("a\n# kettle: allow-file W0101\nb\n"), [0; 0]);
    }

    #[test]
    fn what_is_no_warning_gets_one() {
        let mut sources = SourceMap::new();
        let id = sources.add("a.ket", "é # kettle: allow W9999 E0101\n");
        let mut found = Vec::new();
        silence(&mut found, &sources);
        let words: Vec<&str> =
            found.iter().filter_map(|d| Some(sources.get(id)?.slice(d.primary()?.span))).collect();
        assert_eq!(words, ["W9999", "E0101"]);
        assert!(found.iter().all(|found| found.code == Some(Code::W0001)));
    }
}
