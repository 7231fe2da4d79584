//! Step 1 of 6: source text to syntax tree (layer 2): lexer, layout, generated parser, validation.
//!
//! It does no IO and never fails: [`parse`] always returns a tree, with diagnostics
//! for what is wrong with the text. On the way lie the lexer (text to lexemes), the pairing of
//! brackets, the layout filter (what newlines and braces mean), the generated parser, and the
//! checks that no grammar can make.

pub mod ast;

mod bracket;
mod build;
mod dump;
mod explain;
mod habit;
mod highlight;
mod layout;
mod lexer;
mod number;
mod operator;
mod parser;
mod raw;
mod string;
pub mod table;
mod token;
mod validate;
pub mod walk;
mod word;

pub use ast::Module;
pub use dump::dump;
pub use highlight::{Piece, PieceKind, brackets_at, open_brackets, pieces};

use std::fmt::Write as _;

use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// A parsed text.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The tree; where the text is wrong it has gaps.
    pub module: Module,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The text is right as far as it goes but ends inside a construct: a REPL reads on.
    pub is_incomplete: bool,
}

impl Parsed {
    /// Whether the program cannot be run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Texts from this size on are refused, since places in them would not fit a span.
const TEXT_BYTES_MAX: usize = 1 << 31;

/// Parses a source text.
pub fn parse(text: &str, source: SourceId) -> Parsed {
    if text.len() >= TEXT_BYTES_MAX {
        let diagnostic = Diagnostic::new(Code::E0125, "this file is larger than two gigabytes");
        let diagnostics = vec![diagnostic.at(source, Span::default(), "")];
        return Parsed { diagnostics, ..Parsed::default() };
    }
    let mut ast = ast::Ast::with_words(word::known(), text.len());
    let mut lexed = lexer::lex(text, source, &mut ast);
    let paired = bracket::pair(std::mem::take(&mut lexed.lexemes), text, source);
    let doc = lexed.module_doc;
    let mut diagnostics = lexed.diagnostics.clone();
    // A string without an end takes brackets along; it is the fault to show.
    let news = paired.diagnostics.iter().filter(|found| !explain::follows(found, &lexed, text));
    diagnostics.extend(news.cloned());
    if paired.too_deep {
        let module = Module { ast, statements: Vec::new(), doc };
        return Parsed { module, diagnostics, is_incomplete: false };
    }
    let outcome = parser::parse(|| layout::stream(text, &paired), &lexed, source, ast);
    // Nobody asks for the tokens of a text in which nothing is wrong.
    let tokens = match outcome.faults.is_empty() && outcome.diagnostics.is_empty() {
        true => Vec::new(),
        false => layout::filter(text, &paired),
    };
    let earlier = diagnostics.len();
    for fault in &outcome.faults {
        diagnostics.extend(explain::explain(fault, &tokens, text, &diagnostics[..earlier], source));
    }
    explain::drop_followers(&mut diagnostics, earlier, text);
    let said = |fault: &Diagnostic| explain::is_foreign_catch(fault, &tokens, text);
    diagnostics.extend(outcome.diagnostics.into_iter().filter(|fault| !said(fault)));
    let ends_early = outcome.faults.len() == 1 && outcome.faults[0].at == tokens.len();
    let module = Module { ast: outcome.ast, statements: outcome.statements, doc };
    diagnostics.extend(validate::validate(&module, text, source));
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary().map(|label| label.span.start));
    if let Some(last) = diagnostics.last_mut() {
        let left_out = lexed.left_out + paired.left_out;
        if left_out > 0 {
            last.and_more(left_out, "error");
        }
        if outcome.gave_up {
            last.notes.push("there may be more errors: so many are shown at a time".to_owned());
        }
    }
    let is_incomplete = (lexed.incomplete || paired.incomplete || ends_early)
        && diagnostics.iter().all(|diagnostic| !diagnostic.is_error() || more_may_help(diagnostic));
    Parsed { module, diagnostics, is_incomplete }
}

/// Faults that text to come may mend.
fn more_may_help(diagnostic: &Diagnostic) -> bool {
    matches!(diagnostic.code, Some(Code::E0102 | Code::E0106 | Code::E0121 | Code::E0122))
}

/// A token as it leaves the layout filter, for tools and tests that look at layout alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayoutToken {
    /// How it is written, or what it is if it carries a value.
    pub text: &'static str,
    /// Its first byte.
    pub start: usize,
    /// One past its last byte; inserted separators are empty.
    pub end: usize,
}

/// The tokens of a text behind the layout filter.
pub fn layout_tokens(text: &str) -> Vec<LayoutToken> {
    let mut ast = ast::Ast::with_words(word::known(), text.len());
    let lexed = lexer::lex(text, SourceId(0), &mut ast);
    let paired = bracket::pair(lexed.lexemes, text, SourceId(0));
    let tokens = layout::filter(text, &paired);
    let plain = |(start, token, end): (u32, token::Token, u32)| LayoutToken {
        text: token.text(),
        start: start as usize,
        end: end as usize,
    };
    tokens.into_iter().map(plain).collect()
}

/// What the parser sees of a text: one token a line, with its place, after the layout filter.
pub fn dump_tokens(text: &str) -> String {
    let mut out = String::new();
    for LayoutToken { text: name, start, end } in layout_tokens(text) {
        let written = text.get(start..end).unwrap_or_default();
        writeln!(out, "{start}..{end} {name} {written:?}")
            .expect("writing to a string does not fail");
    }
    out
}

/// Parses a source of which it is not known whether it is text. Gives the text that places in the
/// diagnostics refer to.
pub fn parse_bytes(bytes: &[u8], source: SourceId) -> (String, Parsed) {
    let (text, diagnostic) = decode(bytes, source);
    let parsed = match diagnostic {
        None => parse(&text, source),
        Some(diagnostic) => Parsed { diagnostics: vec![diagnostic], ..Parsed::default() },
    };
    (text, parsed)
}

/// The text of a source file; if it is not UTF-8, with a diagnostic and with replacement
/// characters in the place of what is no text.
pub fn decode(bytes: &[u8], source: SourceId) -> (String, Option<Diagnostic>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_string(), None),
        Err(error) => {
            // Up to the first fault the lossy text has the bytes of the source.
            let at = error.valid_up_to() as u32;
            let title = format!("byte {at} is not UTF-8 (0x{:02x})", bytes[at as usize]);
            let diagnostic = Diagnostic::new(Code::E0108, title)
                .at(source, Span::new(at, at + 3), "")
                .help("save the file as UTF-8; bytes that are no text are written b\"\\xff\"");
            (String::from_utf8_lossy(bytes).into_owned(), Some(diagnostic))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The notes of all faults of a text.
    fn notes(text: &str) -> Vec<String> {
        let found = parse(text, SourceId(0)).diagnostics;
        found.iter().flat_map(|diagnostic| diagnostic.notes.clone()).collect()
    }

    #[test]
    fn the_last_fault_says_how_many_are_not_shown() {
        assert_eq!(notes(&"§\n".repeat(50)), [""; 0]);
        assert_eq!(notes(&"§\n".repeat(51)), ["1 more error is not shown"]);
        assert_eq!(notes(&"§\n".repeat(70)), ["20 more errors are not shown"]);
        assert_eq!(notes(&")\n".repeat(8)), ["3 more errors are not shown"]);
        let more = "there may be more errors: so many are shown at a time";
        assert_eq!(notes(&"let = 1\n".repeat(40)), [more]);
        assert_eq!(notes(&"let = 1\n".repeat(4)), [""; 0]);
    }
}
