//! The insides of string literals: where they end, their interpolations, and what to do about a
//! string or an interpolation that has no end.

use std::ops::Range;

use super::{Lexer, Mode};
use crate::diagnostics::{Code, Diagnostic, Label, Span};
use crate::syntax::ast::Symbol;
use crate::syntax::string;
use crate::syntax::token::{Lexeme, Token};

/// What ends a stretch of literal text.
enum TextEnd {
    Quote,
    Interpolation,
    LineBreak,
    Input,
}

impl Lexer<'_, '_> {
    pub(super) fn raw_string(&mut self) {
        let open = self.span();
        let hashes = self.raw.slice().len() - 2;
        let close = format!("\"{}", "#".repeat(hashes));
        let text = self.verbatim(open, &close);
        let symbol = self.ast.intern(&self.text[text]);
        let span = self.span();
        self.push(Token::Str(symbol), span);
    }

    /// `r"""`: indentation goes as in a triple string, nothing else is looked at.
    pub(super) fn raw_triple_string(&mut self) {
        let open = self.span();
        let range = self.verbatim(open, "\"\"\"");
        let kept = string::dedent(self.text, &[range]);
        let lines = kept.into_iter().flatten().map(|line| self.text[line].replace("\r\n", "\n"));
        let symbol = self.ast.intern(&lines.collect::<String>());
        let span = self.span();
        self.push(Token::Str(symbol), span);
    }

    /// Takes everything up to `close`, and that as well; says where the text before it stands.
    fn verbatim(&mut self, open: Span, close: &str) -> Range<usize> {
        let rest = self.raw.remainder();
        let found = rest.find(close);
        let length = found.unwrap_or(rest.len());
        let start = open.end as usize;
        self.raw.bump(if found.is_some() { length + close.len() } else { length });
        if found.is_none() {
            self.out.incomplete = true;
            let diagnostic = Diagnostic::new(Code::E0102, "this raw string has no end");
            let diagnostic = diagnostic.at(self.source, open, "begins here");
            self.report(diagnostic.help(format!("it ends with `{close}`")));
        }
        start..start + length
    }

    pub(super) fn byte_string(&mut self) {
        let open = self.span();
        let rest = self.raw.remainder();
        let (length, end) = text_end(rest, false, false);
        let start = open.end as usize;
        let mut errors = Vec::new();
        let bytes = string::unescape_bytes(self.text, start..start + length, &mut errors);
        self.escape_errors(errors);
        self.raw.bump(length + usize::from(matches!(end, TextEnd::Quote)));
        let span = self.span();
        if !matches!(end, TextEnd::Quote) {
            if std::mem::take(&mut self.quote_is_open) {
                self.late_close(span);
            } else {
                let diagnostic = Diagnostic::new(Code::E0102, "this byte string has no end");
                let diagnostic = diagnostic.at(self.source, span, "ends with its line");
                self.report(diagnostic.help("add a `\"`"));
            }
        }
        self.out.bytes.push(bytes);
        self.push(Token::Bytes(self.out.bytes.len() as u32 - 1), span);
    }

    /// Literal text up to the end of the string or the next interpolation.
    pub(super) fn literal_text(&mut self, triple: bool) {
        let rest = self.raw.remainder();
        let start = self.raw.span().end;
        let (length, end) = text_end(rest, triple, true);
        self.raw.bump(length);
        self.segment(start..start + length, triple);
        let at = start + length;
        match end {
            TextEnd::Quote => {
                let width = if triple { 3 } else { 1 };
                self.raw.bump(width);
                self.close_string(Span::new(at as u32, (at + width) as u32));
            }
            TextEnd::Interpolation => {
                self.raw.bump(2);
                let span = Span::new(at as u32, at as u32 + 2);
                self.push(Token::InterpolationOpen, span);
                self.modes.push(Mode::Code { depth: 0, open: span });
            }
            TextEnd::LineBreak => self.line_break_in_string(at),
            TextEnd::Input if triple => {
                self.unterminated(at);
                self.close_string(Span::new(at as u32, at as u32));
            }
            TextEnd::Input => self.line_break_in_string(at),
        }
    }

    /// Adds a text lexeme; of a triple string it is resolved only when the whole is known.
    fn segment(&mut self, range: Range<usize>, triple: bool) {
        if range.is_empty() && !triple {
            return;
        }
        let symbol = if triple { self.ast.intern("") } else { self.unescaped([range.clone()]) };
        let number = self.out.lexemes.len();
        self.push(Token::Text(symbol), Span::new(range.start as u32, range.end as u32));
        if let Some(Mode::Text { segments, .. }) = self.modes.last_mut() {
            segments.push((number, range));
        }
    }

    fn unescaped(&mut self, ranges: impl IntoIterator<Item = Range<usize>>) -> Symbol {
        let (mut text, mut errors) = (String::new(), Vec::new());
        for range in ranges {
            string::unescape(self.text, range, &mut text, &mut errors);
        }
        self.escape_errors(errors);
        self.ast.intern(&text)
    }

    fn close_string(&mut self, quote: Span) {
        let Some(Mode::Text { triple, open, segments }) = self.modes.pop() else { return };
        if triple {
            let ranges: Vec<_> = segments.iter().map(|(_, range)| range.clone()).collect();
            let kept = string::dedent(self.text, &ranges);
            for ((number, _), ranges) in segments.iter().zip(kept) {
                self.out.lexemes[*number].token = Token::Text(self.unescaped(ranges));
            }
        }
        // A string without interpolation is one token.
        let text = match self.out.lexemes[open + 1..] {
            [] => self.ast.intern(""),
            [Lexeme { token: Token::Text(symbol), .. }] => symbol,
            _ => return self.push(Token::StrClose, quote),
        };
        self.out.lexemes.truncate(open + 1);
        self.newline = false;
        let lexeme = &mut self.out.lexemes[open];
        lexeme.token = Token::Str(text);
        lexeme.span = lexeme.span.to(quote);
    }

    /// A plain string ends with its line. If an interpolation was begun on that line, its missing
    /// brace is the likelier fault: then the quote that seemed to open a string closed one.
    fn line_break_in_string(&mut self, at: usize) {
        let same_line = |open: Span, text: &str| !text[open.start as usize..at].contains('\n');
        let begun = self.modes.iter().position(|mode| match mode {
            Mode::Code { open, .. } => same_line(*open, self.text),
            Mode::Text { .. } | Mode::Spec { .. } => false,
        });
        let Some(index) = begun else {
            self.unterminated(at);
            return self.close_string(Span::new(at as u32, at as u32));
        };
        if let Mode::Code { open, .. } = self.modes[index] {
            self.unclosed_interpolation(open);
        }
        let triple = index
            .checked_sub(1)
            .is_some_and(|outer| matches!(self.modes[outer], Mode::Text { triple: true, .. }));
        self.close_modes(if triple { index } else { index.saturating_sub(1) }, at);
    }

    fn close_modes(&mut self, keep: usize, at: usize) {
        let end = Span::new(at as u32, at as u32);
        while self.modes.len() > keep {
            match self.modes.last() {
                Some(Mode::Text { .. }) => self.close_string(end),
                Some(Mode::Spec { .. }) => {
                    self.modes.pop();
                }
                _ => {
                    self.modes.pop();
                    self.push(Token::InterpolationClose, end);
                }
            }
        }
    }

    fn unterminated(&mut self, at: usize) {
        let Some(Mode::Text { triple, open, .. }) = self.modes.last() else { return };
        let (triple, quote) = (*triple, self.out.lexemes[*open].span);
        let diagnostic = Diagnostic::new(Code::E0102, "this string has no end");
        let diagnostic = if triple {
            self.out.incomplete = true;
            diagnostic.at(self.source, quote, "begins here").help("it ends with `\"\"\"`")
        } else if std::mem::take(&mut self.quote_is_open) {
            return self.late_close(quote);
        } else {
            self.quote_is_open = true;
            let line = Span::new(quote.start, at as u32);
            diagnostic
                .at(self.source, line, "ends with its line")
                .help("add a `\"`; a string of several lines stands between `\"\"\"`")
        };
        self.report(diagnostic);
    }

    /// The quote that opens another string without an end may be the one that was missed.
    fn late_close(&mut self, quote: Span) {
        let is_string = |found: &&mut Diagnostic| found.code == Some(Code::E0102);
        if let Some(found) = self.out.diagnostics.iter_mut().rev().find(is_string) {
            let text = "is this where it was to end?".into();
            found.labels.push(Label { source: self.source, span: quote, text, primary: false });
        }
    }

    fn unclosed_interpolation(&mut self, open: Span) {
        let diagnostic = Diagnostic::new(Code::E0122, "this interpolation has no `}`");
        let diagnostic = diagnostic.at(self.source, open, "begins here");
        self.report(diagnostic.help("for the plain characters write `\\${`"));
    }

    pub(super) fn end_of_input(&mut self) {
        let at = self.text.len();
        if let Some(Mode::Code { open, .. }) = self.modes.last() {
            self.out.incomplete = true;
            self.unclosed_interpolation(*open);
        }
        self.close_modes(0, at);
    }
}

/// Where literal text ends, and by what.
fn text_end(text: &str, triple: bool, interpolated: bool) -> (usize, TextEnd) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            // An escaped line break still ends a plain string.
            b'\\' if bytes.get(at + 1).is_some_and(|&byte| byte != b'\n' || triple) => at += 1,
            b'\n' if !triple => return (at, TextEnd::LineBreak),
            b'"' if !triple || bytes[at..].starts_with(b"\"\"\"") => return (at, TextEnd::Quote),
            b'$' if interpolated && bytes.get(at + 1) == Some(&b'{') => {
                return (at, TextEnd::Interpolation);
            }
            _ => {}
        }
        at += 1;
    }
    (bytes.len(), TextEnd::Input)
}
