//! Runs the generated parser, and runs it again past every fault: the statement, arm or member in
//! which it stopped is replaced by one token that stands for broken code. So each fault is
//! reported once, and none hides the next.

use lalrpop_util::{ParseError, lalrpop_mod};

use super::ast::{Ast, StmtId};
use super::build::Builder;
use super::layout::Spanned;
use super::lexer::Lexed;
use super::token::Token;
use crate::diagnostics::{Diagnostic, SourceId};

lalrpop_mod!(
    #[expect(warnings, clippy::all, clippy::pedantic, reason = "generated code")]
    kettle
);

/// A place where the parser could not go on.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The number of the token that did not fit; the count of tokens if the text ended.
    pub at: usize,
    /// What could have stood there, as the grammar names it.
    pub expected: Vec<String>,
}

/// What a parse gives.
pub struct Outcome {
    /// The tree's nodes.
    pub ast: Ast,
    /// The top-level statements.
    pub statements: Vec<StmtId>,
    /// What the grammar's actions found.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the parser stopped, each in the tokens as they were given.
    pub faults: Vec<Fault>,
    /// It gave up: behind the last fault there may be more.
    pub gave_up: bool,
}

/// So many faults are looked for.
const FAULTS_MAX: usize = 20;

/// So many tokens are read again, at most, to find further faults.
const AGAIN_MAX: usize = 2_000_000;

/// Parses a module whose tokens are given whenever they are asked for: the first time they are taken
/// as they are made.
pub fn parse<I: Iterator<Item = Spanned>>(
    tokens: impl Fn() -> I,
    lexed: &Lexed,
    source: SourceId,
    ast: Ast,
) -> Outcome {
    let mut builder = Builder::new(ast, source, lexed);
    let result = kettle::ModuleParser::new().parse(&mut builder, tokens());
    let (mut ast, diagnostics) = builder.finish();
    if let Ok(statements) = result {
        return Outcome { ast, statements, diagnostics, faults: Vec::new(), gave_up: false };
    }
    ast.clear();
    parse_again(&tokens().collect::<Vec<_>>(), lexed, source, ast)
}

/// Parses tokens among which there is a fault.
fn parse_again(tokens: &[Spanned], lexed: &Lexed, source: SourceId, mut ast: Ast) -> Outcome {
    let mut faults: Vec<Fault> = Vec::new();
    let mut broken: Vec<(usize, usize)> = Vec::new();
    let mut budget = AGAIN_MAX;
    loop {
        let mut builder = Builder::new(ast, source, lexed);
        let input = Input { tokens, broken: &broken, next: 0 };
        let result = kettle::ModuleParser::new().parse(&mut builder, input);
        let (built, diagnostics) = builder.finish();
        ast = built;
        let error = match result {
            Ok(statements) => {
                return Outcome { ast, statements, diagnostics, faults, gave_up: false };
            }
            Err(error) => error,
        };
        let fault = fault(error, tokens);
        let region = region(tokens, &broken, fault.at);
        faults.push(fault);
        budget = budget.saturating_sub(tokens.len());
        let give_up = faults.len() >= FAULTS_MAX || budget == 0;
        ast.clear();
        match region {
            Some(region) if !give_up => {
                broken.retain(|old| old.1 <= region.0 || old.0 >= region.1);
                broken.push(region);
                broken.sort_unstable();
            }
            _ => {
                let gave_up = region.is_some();
                return Outcome { ast, statements: Vec::new(), diagnostics, faults, gave_up };
            }
        }
    }
}

fn fault(error: ParseError<u32, Token, ()>, tokens: &[Spanned]) -> Fault {
    let index = |place: u32, token: Token| {
        let from = tokens.partition_point(|&(start, ..)| start < place);
        let same = |found: &Spanned| found.0 == place && found.1 == token;
        from + tokens[from..].iter().position(same).unwrap_or(0)
    };
    match error {
        ParseError::UnrecognizedToken { token: (start, token, _), expected } => {
            Fault { at: index(start, token), expected }
        }
        ParseError::ExtraToken { token: (start, token, _) } => {
            Fault { at: index(start, token), expected: Vec::new() }
        }
        ParseError::UnrecognizedEof { expected, .. } => Fault { at: tokens.len(), expected },
        ParseError::InvalidToken { .. } | ParseError::User { .. } => {
            Fault { at: tokens.len(), expected: Vec::new() }
        }
    }
}

/// The tokens without the broken regions.
struct Input<'a> {
    tokens: &'a [Spanned],
    broken: &'a [(usize, usize)],
    next: usize,
}

impl Iterator for Input<'_> {
    type Item = Result<Spanned, ()>;

    fn next(&mut self) -> Option<Result<Spanned, ()>> {
        if let Some(&(from, to)) = self.broken.first()
            && from == self.next
        {
            self.broken = &self.broken[1..];
            self.next = to;
            let start = self.tokens[from].0;
            let end = self.tokens[to - 1].2;
            return Some(Ok((start, Token::Broken, end)));
        }
        let token = self.tokens.get(self.next)?;
        self.next += 1;
        Some(Ok(*token))
    }
}

/// A bracket around the fault.
struct Frame {
    /// Its parts are separated, so one of them can be left out.
    has_parts: bool,
    /// A comma separates them too.
    has_arms: bool,
    /// Where the part at hand begins.
    part: usize,
}

/// The part to leave out: the innermost statement, arm or member around the fault that is not
/// left out already. None if there is nothing to leave out.
fn region(tokens: &[Spanned], broken: &[(usize, usize)], at: usize) -> Option<(usize, usize)> {
    let mut frames = vec![Frame { has_parts: true, has_arms: false, part: 0 }];
    for (index, &(_, token, _)) in tokens.iter().enumerate().take(at) {
        match token {
            Token::Semicolon | Token::Comma => {
                let frame = frames.last_mut()?;
                if token == Token::Semicolon || frame.has_arms {
                    frame.part = index + 1;
                }
            }
            _ if closes(token) && frames.len() > 1 => {
                frames.pop();
            }
            _ if opens(token) => {
                let list = index > 0 && tokens[index - 1].1 == Token::Import;
                let body = matches!(token, Token::BraceOpen | Token::ArmsOpen | Token::BlockOpen);
                frames.push(Frame {
                    has_parts: body && !list,
                    has_arms: token == Token::ArmsOpen,
                    part: index + 1,
                });
            }
            _ => {}
        }
    }
    while let Some(frame) = frames.pop() {
        let end = part_end(tokens, &frame);
        let known = broken.contains(&(frame.part, end));
        if frame.has_parts && frame.part < end && end >= at.min(tokens.len()) && !known {
            return Some((frame.part, end));
        }
    }
    None
}

/// The number of the token that opens the innermost bracket around a place; none at the top.
pub fn enclosing(tokens: &[Spanned], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    let before = &tokens[..at.min(tokens.len())];
    before.iter().rposition(|&(_, token, _)| {
        if closes(token) {
            depth += 1;
            return false;
        }
        if !opens(token) {
            return false;
        }
        match depth.checked_sub(1) {
            Some(outer) => depth = outer,
            None => return true,
        }
        false
    })
}

/// Where the part that begins at `frame.part` ends.
fn part_end(tokens: &[Spanned], frame: &Frame) -> usize {
    let mut depth = 0usize;
    for (index, &(_, token, _)) in tokens.iter().enumerate().skip(frame.part) {
        match token {
            Token::Semicolon if depth == 0 => return index,
            Token::Comma if depth == 0 && frame.has_arms => return index,
            _ if closes(token) => match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return index,
            },
            _ if opens(token) => depth += 1,
            _ => {}
        }
    }
    tokens.len()
}

fn opens(token: Token) -> bool {
    use Token::*;
    matches!(
        token,
        ParenOpen
            | BracketOpen
            | QuestionBracket
            | BraceOpen
            | MapOpen
            | BlockOpen
            | ArmsOpen
            | StrOpen
            | InterpolationOpen
    )
}

fn closes(token: Token) -> bool {
    use Token::*;
    matches!(token, ParenClose | BracketClose | BraceClose | StrClose | InterpolationClose)
}
