//! Source text to lexemes. Never fails: what is wrong becomes a diagnostic and a token that lets
//! the parser go on.
//!
//! A stack of modes says whether the text at hand belongs to a string or to code: a string may hold
//! an interpolation, which may hold a string. Newlines are not tokens but a mark on the lexeme
//! behind them; what they mean is for the layout filter to say.

mod text;

use std::ops::Range;

use logos::Logos;

use super::ast::{Ast, ROOM_MAX, Symbol};
use super::number::{self, Number};
use super::raw::Raw;
use super::string::EscapeError;
use super::table::Table;
use super::token::{Lexeme, Token};
use super::word;
use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// What the lexer found.
#[derive(Debug, Default)]
pub struct Lexed {
    /// The lexemes in source order.
    pub lexemes: Vec<Lexeme>,
    /// The bits of the numbers, which [`Token::Int`] and the like number.
    pub numbers: Vec<u64>,
    /// The byte strings that [`Token::Bytes`] numbers.
    pub bytes: Vec<Box<[u8]>>,
    /// Doc comments by the first byte of the lexeme below them.
    pub docs: Table<u32, Symbol>,
    /// The module's own doc comment.
    pub module_doc: Option<Symbol>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// How much more is wrong.
    pub left_out: usize,
    /// The text ends inside a string or interpolation that more text could end.
    pub incomplete: bool,
}

/// More faults than this are only counted.
const DIAGNOSTICS_MAX: usize = 50;

/// Splits `text` into lexemes; names and texts are interned in `ast`.
pub fn lex(text: &str, source: SourceId, ast: &mut Ast) -> Lexed {
    let mut raw = Raw::lexer(text);
    if text.starts_with('\u{feff}') {
        raw.bump('\u{feff}'.len_utf8());
    }
    let mut lexer = Lexer {
        text,
        source,
        ast,
        raw,
        modes: Vec::new(),
        out: Lexed {
            lexemes: Vec::with_capacity(text.len().min(ROOM_MAX) / 3),
            ..Lexed::default()
        },
        newline: true,
        doc: Vec::new(),
        module_doc: Vec::new(),
        quote_is_open: false,
    };
    lexer.run();
    lexer.out
}

enum Mode {
    /// Inside a string, whose opening lexeme has this number.
    Text { triple: bool, open: usize, segments: Vec<(usize, Range<usize>)> },
    /// Inside `${…}`, with the number of brackets open in it.
    Code { depth: usize, open: Span },
    /// Behind the colon of `${value:spec}`.
    Spec { colon: Span },
}

struct Lexer<'s, 'a> {
    text: &'s str,
    source: SourceId,
    ast: &'a mut Ast,
    raw: logos::Lexer<'s, Raw>,
    modes: Vec<Mode>,
    out: Lexed,
    newline: bool,
    doc: Vec<&'s str>,
    module_doc: Vec<&'s str>,
    /// A plain string had no end, so the next one without an end is likely to be what closes it.
    quote_is_open: bool,
}

impl<'s> Lexer<'s, '_> {
    fn run(&mut self) {
        loop {
            if let Some(Mode::Text { triple, .. }) = self.modes.last() {
                self.literal_text(*triple);
                continue;
            }
            if let Some(Mode::Spec { colon }) = self.modes.last() {
                let (colon, start) = (*colon, self.raw.span().end);
                self.format_spec(colon, start);
                continue;
            }
            if self.plain() {
                continue;
            }
            let Some(found) = self.raw.next() else { break };
            self.code(found.unwrap_or(Raw::Other));
        }
        self.end_of_input();
        if !self.module_doc.is_empty() {
            let text = self.module_doc.join("\n");
            self.out.module_doc = Some(self.ast.intern(&text));
        }
    }

    /// Reads a word of ASCII or a sign that begins no longer one, which is most of a text; false if
    /// something else comes, which is left to logos.
    fn plain(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let before = self.raw.span().end;
        let mut start = before;
        loop {
            match bytes.get(start) {
                Some(b' ' | b'\t' | b'\r') => {}
                Some(b'\n') => self.newline = true,
                _ => break,
            }
            start += 1;
        }
        let sign = match bytes.get(start) {
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => None,
            Some(b',') => Some(Token::Comma),
            Some(b';') => Some(Token::Semicolon),
            Some(b'(') => Some(Token::ParenOpen),
            Some(b')') => Some(Token::ParenClose),
            Some(b'[') => Some(Token::BracketOpen),
            Some(b']') => Some(Token::BracketClose),
            Some(b'{') => Some(Token::BraceOpen),
            Some(b'}') => Some(Token::BraceClose),
            _ => {
                self.raw.bump(start - before);
                return false;
            }
        };
        let mut end = start + 1;
        if sign.is_none() {
            while bytes.get(end).is_some_and(|&b| b.is_ascii_alphanumeric() || b == b'_') {
                end += 1;
            }
            // Letters beyond ASCII go on with the word; `r"`, `r#` and `b"` may begin a string.
            let goes_on = bytes.get(end).is_some_and(|b| !b.is_ascii() || matches!(b, b'"' | b'#'));
            if goes_on {
                self.raw.bump(start - before);
                return false;
            }
        }
        self.raw.bump(end - before);
        let span = Span::new(start as u32, end as u32);
        match sign {
            Some(token) => self.fixed(token, span),
            None => self.word(span),
        }
        true
    }

    fn word(&mut self, span: Span) {
        let symbol = self.ast.intern(&self.text[span.start as usize..span.end as usize]);
        let keyword = word::keyword(symbol);
        if keyword.is_none() && word::is_contextual(symbol) {
            self.ast.note_written(symbol);
        }
        self.add(keyword.unwrap_or(Token::Name(symbol)), span, true);
    }

    fn code(&mut self, found: Raw) {
        let span = self.span();
        match found {
            Raw::Newline => self.newline = true,
            Raw::Comment => self.comment(),
            Raw::Word => self.word(span),
            Raw::Digit => self.number(),
            Raw::Quote | Raw::TripleQuote => {
                let open = self.out.lexemes.len();
                self.push(Token::StrOpen, span);
                let triple = found == Raw::TripleQuote;
                self.modes.push(Mode::Text { triple, open, segments: Vec::new() });
            }
            Raw::VerbatimQuote => self.raw_string(),
            Raw::VerbatimTripleQuote => self.raw_triple_string(),
            Raw::BytesQuote => self.byte_string(),
            Raw::Fixed(token) => self.fixed(token, span),
            Raw::Foreign => self.foreign(),
            Raw::ForeignQuote => self.foreign_quote(),
            Raw::Other => self.other(),
        }
    }

    // ---- words, numbers, punctuation

    fn push(&mut self, token: Token, span: Span) {
        self.add(token, span, false);
    }

    fn add(&mut self, token: Token, span: Span, word: bool) {
        let newline = std::mem::take(&mut self.newline);
        if !self.doc.is_empty() {
            self.attach_doc(token, span);
        }
        self.out.lexemes.push(Lexeme { token, span, newline, word });
    }

    #[cold]
    fn attach_doc(&mut self, token: Token, span: Span) {
        let lines = std::mem::take(&mut self.doc);
        let leads = self.out.lexemes.is_empty() && token == Token::Import;
        if leads && self.module_doc.is_empty() {
            self.module_doc = lines;
            return;
        }
        let symbol = self.ast.intern(&lines.join("\n"));
        self.out.docs.insert(span.start, symbol);
    }

    fn comment(&mut self) {
        let text = self.raw.slice().trim_end();
        if !self.newline {
            return;
        }
        if let Some(line) = text.strip_prefix("##!") {
            self.module_doc.push(line.strip_prefix(' ').unwrap_or(line));
        } else if let Some(line) = text.strip_prefix("##").filter(|line| !line.starts_with('#')) {
            self.doc.push(line.strip_prefix(' ').unwrap_or(line));
        }
    }

    fn number(&mut self) {
        let start = self.raw.span().start;
        let (length, result) = number::scan(&self.text[start..]);
        self.raw.bump(length - 1);
        let span = self.span();
        let token = match result {
            Ok(Number::Int(value)) => Token::Int(self.keep(value as u64)),
            Ok(Number::IntMin) => Token::IntMin,
            Ok(Number::Float(value)) => Token::Float(self.keep(value.to_bits())),
            Ok(Number::Duration(value)) => Token::Duration(self.keep(value as u64)),
            Err(error) => {
                let diagnostic = Diagnostic::new(Code::E0105, error.title);
                self.report(diagnostic.at(self.source, span, "").help(error.help));
                Token::Int(self.keep(0))
            }
        };
        self.push(token, span);
    }

    /// Keeps the bits of a number, so that tokens stay small.
    fn keep(&mut self, bits: u64) -> u32 {
        self.out.numbers.push(bits);
        self.out.numbers.len() as u32 - 1
    }

    fn fixed(&mut self, token: Token, span: Span) {
        let Some(Mode::Code { depth, .. }) = self.modes.last_mut() else {
            return self.push(token, span);
        };
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen | Token::QuestionBracket => {
                *depth += 1;
            }
            Token::BraceClose if *depth == 0 => {
                self.modes.pop();
                return self.push(Token::InterpolationClose, span);
            }
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                *depth = depth.saturating_sub(1);
            }
            Token::Colon if *depth == 0 && !self.in_spec() => {
                return self.modes.push(Mode::Spec { colon: span });
            }
            _ => {}
        }
        self.push(token, span);
    }

    /// Whether the code that is read stands inside a format: there a colon begins no other one.
    fn in_spec(&self) -> bool {
        let outer = self.modes.len().checked_sub(2).map(|outer| &self.modes[outer]);
        matches!(outer, Some(Mode::Spec { .. }))
    }

    /// The text of a format from `start` on, up to its end or to a value in braces.
    fn format_spec(&mut self, colon: Span, start: usize) {
        let rest = self.raw.remainder();
        let length = rest.find(['{', '}', '\n', '"']).unwrap_or(rest.len());
        let end = self.raw.span().end + length;
        let span = Span::new(start as u32, end as u32);
        let symbol = self.ast.intern(&self.text[start..end]);
        self.push(Token::Spec(symbol), span);
        self.raw.bump(length);
        if rest[length..].starts_with('{') {
            self.raw.bump(1);
            let open = Span::new(end as u32, end as u32 + 1);
            self.push(Token::InterpolationOpen, open);
            return self.modes.push(Mode::Code { depth: 0, open });
        }
        self.modes.pop();
        if !rest[length..].starts_with('}') {
            let diagnostic = Diagnostic::new(Code::E0122, "this format spec has no end");
            let diagnostic = diagnostic.at(self.source, colon.to(span), "begins with this colon");
            self.report(diagnostic.help(
                "a `:` outside brackets begins the format: `${x:>8}`; put the expression in \
                 parentheses if the colon belongs to it",
            ));
        }
    }

    // ---- what does not belong here

    fn foreign(&mut self) {
        let span = self.span();
        let slice = self.raw.slice();
        let in_code = matches!(self.modes.last(), Some(Mode::Code { depth: 0, .. }));
        if slice == ":=" && in_code {
            // Of `${x:=8}` only the colon is read so far; the spec begins with the sign.
            let colon = Span::new(span.start, span.start + 1);
            self.modes.push(Mode::Spec { colon });
            return self.format_spec(colon, colon.end as usize);
        }
        let (help, token) = match slice {
            "===" => ("`==` compares by value; `same(a, b)` asks for identity", Some(Token::EqEq)),
            "!==" => ("write `!=`", Some(Token::BangEq)),
            "++" => ("write `x += 1`", None),
            ":=" => ("write `let x = …` for a new name, `x = …` to assign", Some(Token::Eq)),
            "->" if self.follows_parameters() => {
                ("functions declare no result type: leave it out", Some(Token::FatArrow))
            }
            "->" => (
                "an arm is written `pattern => value`, a closure `|x| x + 1`, a field `x.name`",
                Some(Token::FatArrow),
            ),
            "|>" => ("write a method chain: `xs.map(f).filter(g)`", Some(Token::Bar)),
            _ => ("comments begin with `#` and end with the line", None),
        };
        if slice == "/*" {
            let rest = self.raw.remainder();
            let length = rest.find("*/").map_or(rest.len(), |length| length + 2);
            self.raw.bump(length);
        }
        let title = format!("`{slice}` is not part of Kettle");
        self.report(Diagnostic::new(Code::E0126, title).at(self.source, span, "").help(help));
        if let Some(token) = token {
            self.push(token, span);
        }
    }

    /// Whether the line so far is the head of a function up to its parameters' end.
    fn follows_parameters(&self) -> bool {
        let mut before = self.out.lexemes.iter().rev();
        before.clone().next().is_some_and(|last| last.token == Token::ParenClose)
            && before.any(|lexeme| lexeme.token == Token::Fn)
    }

    /// A text in quotes of another kind is read as a string, so that only the quotes are wrong.
    fn foreign_quote(&mut self) {
        let open = self.raw.slice();
        let close = match open {
            "“" | "”" => "”",
            "‘" | "’" => "’",
            same => same,
        };
        let rest = self.raw.remainder();
        let line = &rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
        let help = "strings stand in double quotes: \"text ${value}\"";
        let Some(length) = line.find(close) else {
            return self.unexpected(self.span(), help);
        };
        let symbol = self.ast.intern(&line[..length]);
        self.raw.bump(length + close.len());
        let span = self.span();
        let title = format!("`{open}` does not begin a string");
        self.report(Diagnostic::new(Code::E0126, title).at(self.source, span, "").help(help));
        self.push(Token::Str(symbol), span);
    }

    fn other(&mut self) {
        let help = match self.raw.slice() {
            "@" => "Kettle has no decorators: call the function, `f = wrap(f)`",
            "$" => "an interpolation stands in a string: \"${name}\"",
            "\\" => "a line goes on by itself where an operator, a comma or a bracket is open",
            "\u{a0}" | "\u{2009}" | "\u{202f}" | "\u{200b}" => "replace it by a plain space",
            "\0" => "a NUL byte: is this a text file?",
            "…" => "write three dots: `...`",
            "−" | "–" | "—" => "write a plain minus: `-`",
            _ => "",
        };
        self.unexpected(self.span(), help);
    }

    /// A row of unexpected characters is one fault.
    fn unexpected(&mut self, span: Span, help: &str) {
        if let Some(last) = self.out.diagnostics.last_mut()
            && last.code == Some(Code::E0103)
            && let Some(label) = last.labels.first_mut()
            && label.span.end == span.start
        {
            label.span.end = span.end;
            return;
        }
        let c = self.text[span.start as usize..].chars().next().unwrap_or('\0');
        let title = if c.is_control() || c.is_whitespace() {
            format!("unexpected character U+{:04X}", c as u32)
        } else {
            format!("unexpected character `{c}`")
        };
        let mut diagnostic = Diagnostic::new(Code::E0103, title).at(self.source, span, "");
        if !help.is_empty() {
            diagnostic = diagnostic.help(help);
        }
        self.report(diagnostic);
    }

    // ---- reporting

    fn span(&self) -> Span {
        let range = self.raw.span();
        Span::new(range.start as u32, range.end as u32)
    }

    fn escape_errors(&mut self, errors: Vec<EscapeError>) {
        for error in errors {
            let span = Span::new(error.range.start as u32, error.range.end as u32);
            let diagnostic = Diagnostic::new(Code::E0104, error.title).at(self.source, span, "");
            self.report(diagnostic.help(error.help));
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.out.diagnostics.len() < DIAGNOSTICS_MAX {
            self.out.diagnostics.push(diagnostic);
        } else {
            self.out.left_out += 1;
        }
    }
}
