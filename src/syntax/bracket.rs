//! Finds the partner of every bracket before anything else looks at them, and mends what has none,
//! so that one missing bracket is one fault.

use super::token::{Lexeme, Token};
use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// Brackets may be nested this deep.
pub const DEPTH_MAX: usize = 200;

/// Faults beyond this number are only counted.
const DIAGNOSTICS_MAX: usize = 5;

/// Lexemes whose brackets all have partners.
#[derive(Debug, Default)]
pub struct Paired {
    /// The lexemes, mended.
    pub lexemes: Vec<Lexeme>,
    /// For every lexeme that opens a bracket the number of the one that closes it.
    pub partner: Vec<u32>,
    /// What was mended.
    pub diagnostics: Vec<Diagnostic>,
    /// How much more was mended.
    pub left_out: usize,
    /// The only thing wrong is that the text ends inside a bracket.
    pub incomplete: bool,
    /// Brackets are nested too deeply; nothing is parsed then.
    pub too_deep: bool,
}

/// Pairs the brackets of the lexemes of `text`.
pub fn pair(lexemes: Vec<Lexeme>, text: &str, source: SourceId) -> Paired {
    match balanced(&lexemes) {
        Some(partner) => Paired { lexemes, partner, ..Paired::default() },
        None => mend(&lexemes, text, source),
    }
}

/// The partner of every bracket, if there is nothing to mend.
fn balanced(lexemes: &[Lexeme]) -> Option<Vec<u32>> {
    let mut partner = vec![0; lexemes.len()];
    let mut open = Vec::new();
    for (index, lexeme) in lexemes.iter().enumerate() {
        if let Some(wanted) = closer(lexeme.token) {
            if open.len() >= DEPTH_MAX {
                return None;
            }
            open.push((index, wanted));
        } else if is_closer(lexeme.token) {
            let (opener, wanted): (usize, Token) = open.pop()?;
            if wanted != lexeme.token {
                return None;
            }
            partner[opener] = index as u32;
        }
    }
    open.is_empty().then_some(partner)
}

/// Pairs brackets of which some have no partner.
fn mend(lexemes: &[Lexeme], text: &str, source: SourceId) -> Paired {
    let mut pairing = Pairing {
        text,
        source,
        misaligned: None,
        open: Vec::new(),
        out: Paired {
            lexemes: Vec::with_capacity(lexemes.len()),
            partner: Vec::with_capacity(lexemes.len()),
            ..Paired::default()
        },
    };
    for (index, &lexeme) in lexemes.iter().enumerate() {
        if closer(lexeme.token).is_some() {
            if pairing.open.len() >= DEPTH_MAX {
                pairing.too_deep(lexeme.span);
                return pairing.out;
            }
            pairing.open.push(pairing.out.lexemes.len());
            pairing.put(lexeme);
        } else if is_closer(lexeme.token) {
            pairing.close(lexeme, &lexemes[index + 1..]);
        } else {
            pairing.put(lexeme);
        }
    }
    pairing.end(text.len() as u32);
    pairing.out
}

/// The bracket that closes one that `token` opens.
pub fn closer(token: Token) -> Option<Token> {
    Some(match token {
        Token::ParenOpen => Token::ParenClose,
        Token::BracketOpen | Token::QuestionBracket => Token::BracketClose,
        Token::BraceOpen => Token::BraceClose,
        Token::StrOpen => Token::StrClose,
        Token::InterpolationOpen => Token::InterpolationClose,
        _ => return None,
    })
}

/// Whether `token` closes a bracket.
pub fn is_closer(token: Token) -> bool {
    matches!(
        token,
        Token::ParenClose
            | Token::BracketClose
            | Token::BraceClose
            | Token::StrClose
            | Token::InterpolationClose
    )
}

struct Pairing<'a> {
    text: &'a str,
    source: SourceId,
    /// The first brace whose closing partner stands further left than its own line does.
    misaligned: Option<(Span, Span)>,
    /// The brackets open here, by their number in the output.
    open: Vec<usize>,
    out: Paired,
}

impl Pairing<'_> {
    fn put(&mut self, lexeme: Lexeme) {
        self.out.lexemes.push(lexeme);
        self.out.partner.push(0);
    }

    fn opened(&self, depth: usize) -> Lexeme {
        self.out.lexemes[self.open[depth]]
    }

    fn close(&mut self, lexeme: Lexeme, rest: &[Lexeme]) {
        let fits = |depth: &usize| closer(self.opened(*depth).token) == Some(lexeme.token);
        // A bracket inside an interpolation does not close one outside it.
        let walls = |depth: &usize| {
            let inner = self.opened(*depth).token;
            let outer = matches!(lexeme.token, Token::StrClose | Token::InterpolationClose);
            !outer && matches!(inner, Token::InterpolationOpen | Token::StrOpen)
        };
        let found = (0..self.open.len()).rev().take_while(|depth| !walls(depth)).find(fits);
        let Some(depth) = found else {
            return match self.mistaken(lexeme, rest) {
                Some(opener) => self.mistake(opener, lexeme),
                None => self.stray(lexeme),
            };
        };
        while self.open.len() > depth + 1 {
            self.unclosed(Some(lexeme));
        }
        self.pop(lexeme);
    }

    /// The `(` or `[` that `lexeme`, a bracket of another kind, was to close: nothing else on the rest
    /// of the line closes it.
    fn mistaken(&self, lexeme: Lexeme, rest: &[Lexeme]) -> Option<Lexeme> {
        let opener = self.opened(self.open.len().checked_sub(1)?);
        let wanted = match opener.token {
            Token::ParenOpen => Token::ParenClose,
            Token::BracketOpen | Token::QuestionBracket => Token::BracketClose,
            _ => return None,
        };
        let is_written = lexeme.span.end > lexeme.span.start;
        let mut line = rest.iter().take_while(|next| !next.newline);
        (is_written && !line.any(|next| next.token == wanted)).then_some(opener)
    }

    fn mistake(&mut self, opener: Lexeme, lexeme: Lexeme) {
        let Some(token) = closer(opener.token) else { return };
        let title = format!("`{}` is closed by `{}`", opener.token.text(), lexeme.token.text());
        let diagnostic = Diagnostic::new(Code::E0106, title)
            .at(self.source, lexeme.span, format!("must be a `{}`", token.text()))
            .see(self.source, opener.span, "opened here");
        self.report(diagnostic);
        self.pop(Lexeme { token, ..lexeme });
    }

    fn pop(&mut self, lexeme: Lexeme) {
        if let Some(opener) = self.open.pop() {
            self.compare(self.out.lexemes[opener], lexeme);
            self.out.partner[opener] = self.out.lexemes.len() as u32;
        }
        self.put(lexeme);
    }

    /// Notes a closing brace that by its indentation belongs to an outer one.
    fn compare(&mut self, opener: Lexeme, closer: Lexeme) {
        let braces = opener.token == Token::BraceOpen && closer.token == Token::BraceClose;
        if braces && closer.newline && self.misaligned.is_none() {
            let indent = |place: Span| {
                let before = &self.text[..place.start as usize];
                let line = &self.text[before.rfind('\n').map_or(0, |at| at + 1)..];
                line.len() - line.trim_start_matches([' ', '\t']).len()
            };
            if indent(closer.span) < indent(opener.span) {
                self.misaligned = Some((opener.span, closer.span));
            }
        }
    }

    /// Closes the innermost bracket, which has no partner, before `before` or the end.
    fn unclosed(&mut self, before: Option<Lexeme>) {
        let opener = self.opened(self.open.len() - 1);
        let Some(token) = closer(opener.token) else { return };
        let at = before.map_or(opener.span.end, |lexeme| lexeme.span.start);
        if !matches!(opener.token, Token::StrOpen | Token::InterpolationOpen) {
            let title = format!("`{}` is never closed", opener.token.text());
            let mut diagnostic = Diagnostic::new(Code::E0106, title).at(
                self.source,
                opener.span,
                format!("needs a `{}`", token.text()),
            );
            if let Some(lexeme) = before.filter(|lexeme| lexeme.span.end > lexeme.span.start) {
                let text = format!("this closes an outer bracket before its `{}`", token.text());
                diagnostic = diagnostic.see(self.source, lexeme.span, text);
            }
            self.report(diagnostic);
        }
        let span = Span::new(at, at);
        self.pop(Lexeme { token, span, newline: false, word: false });
    }

    fn stray(&mut self, lexeme: Lexeme) {
        if lexeme.span.end == lexeme.span.start {
            return;
        }
        let title = format!("`{}` closes nothing", lexeme.token.text());
        let diagnostic = Diagnostic::new(Code::E0106, title).at(
            self.source,
            lexeme.span,
            "no bracket is open here that this could close",
        );
        self.report(diagnostic);
    }

    fn end(&mut self, end: u32) {
        self.out.incomplete = !self.open.is_empty() && self.out.diagnostics.is_empty();
        if let Some(depth) = self.suspect() {
            let opener = self.opened(depth);
            let needed = closer(opener.token).map_or("", Token::text);
            let title = format!("`{}` is never closed", opener.token.text());
            let diagnostic = Diagnostic::new(Code::E0106, title);
            let diagnostic =
                match self.misaligned.filter(|_| opener.token == Token::BraceOpen) {
                    Some((inner, closer)) => diagnostic
                        .at(self.source, inner, "this one seems to lack its `}`")
                        .see(self.source, closer, "closes it, but stands further left"),
                    None => diagnostic
                        .at(self.source, opener.span, format!("needs a `{needed}`"))
                        .see(self.source, Span::new(end, end), "the text ends here"),
                };
            self.report(diagnostic);
        }
        while let Some(opener) = self.open.last().map(|&index| self.out.lexemes[index]) {
            let Some(token) = closer(opener.token) else { break };
            let span = Span::new(end, end);
            self.pop(Lexeme { token, span, newline: false, word: false });
        }
    }

    /// Which of the brackets open at the end is shown: the innermost one.
    fn suspect(&self) -> Option<usize> {
        let shown = |depth: &usize| {
            !matches!(self.opened(*depth).token, Token::StrOpen | Token::InterpolationOpen)
        };
        (0..self.open.len()).rev().find(shown)
    }

    fn too_deep(&mut self, span: Span) {
        self.out.too_deep = true;
        let title = format!("brackets are nested more than {DEPTH_MAX} deep");
        let diagnostic = Diagnostic::new(Code::E0107, title)
            .at(self.source, span, "one too many")
            .help("give the inner part a name with `let`, or move it into a function");
        self.out.diagnostics.push(diagnostic);
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.out.diagnostics.len() < DIAGNOSTICS_MAX {
            self.out.diagnostics.push(diagnostic);
        } else {
            self.out.left_out += 1;
        }
    }
}
