//! The layout filter between lexer and parser: which newlines end a statement, what each `{` and
//! `|` means, and which words are keywords where they stand. The grammar is LR(1) because of it.
//!
//! It walks the lexemes once with a stack of open brackets. Each bracket lists the headers in it
//! (`if`, `for`, `match`, …) that still await their block.

mod line;
mod stream;
mod word;

use super::bracket::Paired;
use super::token::{Lexeme, Token};
use crate::diagnostics::Span;
pub use stream::Stream;

use line::{ends_operand, ends_statement, joins};

/// A token as the generated parser takes it.
pub type Spanned = (u32, Token, u32);

/// All lexemes of `text`, filtered.
pub fn filter(text: &str, paired: &Paired) -> Vec<Spanned> {
    stream(text, paired).collect()
}

/// The lexemes of `text` as they are filtered, a few ahead of whoever takes them.
pub fn stream<'a>(text: &'a str, paired: &'a Paired) -> Stream<'a> {
    let layout = Layout {
        text,
        lexemes: &paired.lexemes,
        partner: &paired.partner,
        out: Vec::with_capacity(stream::AHEAD + 4),
        frames: vec![Frame::new(FrameKind::File)],
        headers: Vec::new(),
        prev: Token::Semicolon,
        closed: Closed::None,
        in_types: false,
    };
    Stream::new(layout)
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum FrameKind {
    File,
    Paren,
    Square,
    Map,
    Block,
    Match,
    Select,
    Class,
    Enum,
    Bars,
    Interpolation,
    ImportList,
}

impl FrameKind {
    /// Newlines count directly inside.
    fn has_lines(self) -> bool {
        use FrameKind::{Block, Class, Enum, File, Match, Select};
        matches!(self, File | Block | Match | Select | Class | Enum)
    }

    fn has_arms(self) -> bool {
        matches!(self, FrameKind::Match | FrameKind::Select)
    }

    fn has_members(self) -> bool {
        matches!(self, FrameKind::Class | FrameKind::Enum)
    }
}

struct Frame {
    kind: FrameKind,
    /// It is part of a pattern.
    pattern: bool,
    /// In a pattern: behind the `=` of a default value.
    default: bool,
    /// In a match or select: before the arm's `=>`.
    head: bool,
    /// In such a head: behind the guard's `if`.
    guard: bool,
    /// Where on the stack of headers its own begin.
    headers: usize,
    /// The header whose block it is.
    owner: Option<Token>,
}

impl Frame {
    fn new(kind: FrameKind) -> Frame {
        Frame {
            kind,
            pattern: false,
            default: false,
            head: kind.has_arms(),
            guard: false,
            headers: 0,
            owner: None,
        }
    }

    fn of_pattern(kind: FrameKind, pattern: bool) -> Frame {
        Frame { pattern, ..Frame::new(kind) }
    }
}

/// What the token before has closed.
#[derive(Clone, Copy, PartialEq)]
enum Closed {
    None,
    /// A block, with the header whose block it was.
    Block(Option<Token>),
}

struct Layout<'a> {
    text: &'a str,
    lexemes: &'a [Lexeme],
    partner: &'a [u32],
    out: Vec<Spanned>,
    frames: Vec<Frame>,
    /// The headers that await their block, those of the innermost bracket last.
    headers: Vec<Token>,
    /// The last token put out; a separator at the beginning.
    prev: Token,
    closed: Closed,
    /// Behind `is`, inside its list of types.
    in_types: bool,
}

impl Layout<'_> {
    /// Handles the lexeme at `at`; gives how many lexemes it was.
    fn step(&mut self, at: usize) -> usize {
        let lexeme = self.lexemes[at];
        if self.needs_separator(at) {
            self.push(Token::Semicolon, Span::new(lexeme.span.start, lexeme.span.start));
            self.begin_statement();
        }
        let owner = match self.closed {
            Closed::Block(owner) => owner,
            Closed::None => None,
        };
        self.closed = Closed::None;
        let token = if lexeme.word { self.word(at, owner) } else { lexeme.token };
        // Only brackets ask whether they are part of a pattern; it does not depend on the bracket itself.
        let pattern = matches!(
            token,
            Token::ParenOpen | Token::BracketOpen | Token::QuestionBracket | Token::BraceOpen
        ) && self.pattern_position();
        self.note_header(token);
        self.bracket(at, token, pattern)
    }

    fn push(&mut self, token: Token, span: Span) {
        self.in_types = match token {
            Token::Is | Token::NotIs => true,
            Token::Name(_) | Token::Dot | Token::Bar => self.in_types,
            _ => false,
        };
        self.out.push((span.start, token, span.end));
        self.prev = token;
    }

    fn frame(&self) -> &Frame {
        self.frames.last().expect("the file's frame is never taken off")
    }

    fn frame_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the file's frame is never taken off")
    }

    fn token(&self, at: usize) -> Option<Token> {
        self.lexemes.get(at).map(|lexeme| lexeme.token)
    }

    fn is(&self, at: usize, token: Token) -> bool {
        self.token(at) == Some(token)
    }

    fn source(&self, at: usize) -> &str {
        self.lexemes
            .get(at)
            .map_or("", |lexeme| &self.text[lexeme.span.start as usize..lexeme.span.end as usize])
    }

    /// The lexeme behind the bracket that opens at `at`.
    fn behind(&self, at: usize) -> usize {
        self.partner.get(at).map_or(at, |&partner| partner as usize) + 1
    }

    fn at_statement_start(&self) -> bool {
        use Token::{ArmsOpen, BlockOpen, BraceOpen, Semicolon};
        matches!(self.prev, Semicolon | BraceOpen | BlockOpen | ArmsOpen)
    }

    fn at_arm_start(&self) -> bool {
        matches!(self.prev, Token::Semicolon | Token::BraceOpen | Token::ArmsOpen | Token::Comma)
    }

    fn waiting_header(&self) -> Option<Token> {
        self.headers[self.frame().headers..].last().copied()
    }

    fn open(&mut self, frame: Frame) {
        self.frames.push(Frame { headers: self.headers.len(), ..frame });
    }

    fn pop_frame(&mut self) -> Option<Frame> {
        let frame = self.frames.pop()?;
        self.headers.truncate(frame.headers);
        Some(frame)
    }

    // ---- newlines

    fn needs_separator(&self, at: usize) -> bool {
        let frame = self.frame();
        let in_head = frame.kind.has_arms() && frame.head;
        if !frame.kind.has_lines() || self.headers.len() > frame.headers || in_head {
            return false;
        }
        if self.lexemes[at].newline {
            return ends_statement(self.prev) && !self.continues(at);
        }
        matches!(self.closed, Closed::Block(_)) && self.begins_statement(at)
    }

    /// Whether the lexeme at the beginning of a line goes on with the line before.
    fn continues(&self, at: usize) -> bool {
        let lexeme = self.lexemes[at];
        let kind = self.frame().kind;
        let next_touches = |token: Token| {
            self.is(at + 1, token) && self.lexemes[at + 1].span.start == lexeme.span.end
        };
        match lexeme.token {
            Token::In | Token::Catch | Token::Finally => kind != FrameKind::Class,
            Token::Is => !matches!(kind, FrameKind::Match | FrameKind::Class),
            Token::Else => kind != FrameKind::Class && !self.is(at + 1, Token::FatArrow),
            Token::Bang => next_touches(Token::In) || next_touches(Token::Is),
            Token::OrOr => !self.is(at + 1, Token::BraceOpen),
            Token::Minus | Token::Bar => {
                self.text[lexeme.span.end as usize..].starts_with([' ', '\t', '\n', '\r'])
            }
            token => joins(token),
        }
    }

    /// Whether the lexeme begins a statement right behind a block on the same line.
    fn begins_statement(&self, at: usize) -> bool {
        use Token::*;
        match self.lexemes[at].token {
            Name(_) | Int(_) | IntMin | Float(_) | Duration(_) | Str(_) | Bytes(_) | StrOpen => {
                true
            }
            Let | Var | Fn | Async | Await | Spawn | Scope | Class | Enum | Match | If | While
            | For | Loop | Break | Continue | Return | Yield | Throw | Try | Defer | Import
            | Pub | True | False | Null | SelfWord | Super | Assert => true,
            Else => self.is(at + 1, FatArrow),
            _ => false,
        }
    }

    fn begin_statement(&mut self) {
        let frame = self.frame_mut();
        frame.head = true;
        frame.guard = false;
        let first = frame.headers;
        self.headers.truncate(first);
    }

    fn drop_separator(&mut self) {
        if self.out.last().is_some_and(|(_, token, _)| *token == Token::Semicolon) {
            self.out.pop();
        }
    }

    // ---- headers, arms, patterns

    fn note_header(&mut self, token: Token) {
        let waiting = self.waiting_header();
        let frame = self.frame_mut();
        let has_arms = frame.kind.has_arms();
        match token {
            Token::If if (has_arms && frame.head) || waiting == Some(Token::Catch) => {
                frame.guard = true;
            }
            Token::If
            | Token::While
            | Token::For
            | Token::Match
            | Token::Scope
            | Token::Select
            | Token::Timeout
            | Token::Shield
            | Token::Catch
            | Token::Class
            | Token::Enum
            | Token::Fn
            | Token::Test => self.headers.push(token),
            Token::Get => self.headers.push(Token::Fn),
            Token::FatArrow => frame.head = false,
            Token::Eq => frame.default = true,
            Token::Comma => {
                frame.default = false;
                if has_arms {
                    frame.head = true;
                    frame.guard = false;
                }
            }
            Token::Semicolon => self.begin_statement(),
            _ => {}
        }
    }

    fn in_arm_pattern(&self) -> bool {
        let frame = self.frame();
        frame.kind == FrameKind::Match && frame.head && !frame.guard
    }

    fn pattern_position(&self) -> bool {
        let frame = self.frame();
        let in_pattern = (frame.pattern || frame.kind == FrameKind::Bars) && !frame.default;
        let of_for = self.waiting_header() == Some(Token::For)
            && matches!(self.prev, Token::For | Token::Await);
        let of_select = frame.kind == FrameKind::Select && frame.head && self.at_arm_start();
        matches!(self.prev, Token::Let | Token::Var)
            || of_for
            || in_pattern
            || self.in_arm_pattern()
            || of_select
    }

    // ---- brackets

    fn bracket(&mut self, at: usize, token: Token, pattern: bool) -> usize {
        let lexeme = self.lexemes[at];
        let ended = ends_operand(self.prev);
        let mut span = lexeme.span;
        let mut taken = 1;
        let mut meaning = token;
        match token {
            Token::Bang if ended && self.touching_word(at).is_some() => {
                meaning = self.touching_word(at).unwrap_or(Token::Bang);
                span = span.to(self.lexemes[at + 1].span);
                taken = 2;
            }
            Token::ParenOpen => self.open_paren(pattern, ended),
            Token::BracketOpen | Token::QuestionBracket => {
                self.open(Frame::of_pattern(FrameKind::Square, pattern && !ended));
            }
            Token::InterpolationOpen => self.open(Frame::new(FrameKind::Interpolation)),
            Token::ParenClose | Token::BracketClose | Token::InterpolationClose => {
                self.close_frame();
            }
            Token::Bar if self.frame().kind == FrameKind::Bars => {
                self.pop_frame();
                meaning = Token::BarClose;
            }
            Token::Bar if !ended && !self.in_arm_pattern() => {
                self.open(Frame::new(FrameKind::Bars));
                meaning = Token::BarOpen;
            }
            Token::OrOr if !ended => meaning = Token::BarsEmpty,
            Token::BraceOpen => meaning = self.open_brace(at, pattern, ended),
            Token::BraceClose => {
                self.drop_separator();
                self.closed = self.close_frame();
            }
            Token::Semicolon if self.at_statement_start() => return 1,
            _ => {}
        }
        self.push(meaning, span);
        taken
    }

    /// `!in` or `!is`, written without a gap.
    fn touching_word(&self, at: usize) -> Option<Token> {
        let next = self.lexemes.get(at + 1)?;
        if next.span.start != self.lexemes[at].span.end {
            return None;
        }
        match next.token {
            Token::In => Some(Token::NotIn),
            Token::Is => Some(Token::NotIs),
            _ => None,
        }
    }

    fn open_paren(&mut self, pattern: bool, ended: bool) {
        let parameters = self.waiting_header() == Some(Token::Fn) && self.frame().kind.has_lines();
        let nested = pattern && (!ended || self.in_arm_pattern() || self.frame().pattern);
        self.open(Frame::of_pattern(FrameKind::Paren, parameters || nested));
    }

    /// Takes the innermost bracket off, with closure bars that were left open in it.
    fn close_frame(&mut self) -> Closed {
        while self.frames.len() > 2 && self.frame().kind == FrameKind::Bars {
            self.pop_frame();
        }
        if self.frames.len() == 1 {
            return Closed::None;
        }
        match self.pop_frame() {
            Some(frame) if frame.kind.has_lines() => Closed::Block(frame.owner),
            _ => Closed::None,
        }
    }

    /// Decides what a `{` opens; the first rule that fits.
    fn open_brace(&mut self, at: usize, pattern: bool, ended: bool) -> Token {
        if pattern && !ended {
            self.open(Frame::of_pattern(FrameKind::Map, true));
            return Token::MapOpen;
        }
        if self.prev == Token::Import {
            self.open(Frame::new(FrameKind::ImportList));
            return Token::BraceOpen;
        }
        if ended || self.opens_body() {
            return self.open_body();
        }
        let block =
            matches!(self.prev, Token::Spawn | Token::Daemon | Token::Defer | Token::SpawnTry);
        if !block && self.looks_like_map(at) {
            self.open(Frame::new(FrameKind::Map));
            return Token::MapOpen;
        }
        self.open(Frame::new(FrameKind::Block));
        Token::BlockOpen
    }

    fn opens_body(&self) -> bool {
        use Token::{Catch, Else, Finally, First, LetElse, Loop, Scope, Select, Try};
        match self.prev {
            Else | LetElse | Loop | Try | Finally | Scope | Select | First | Catch => true,
            Token::DotDot => self.waiting_header().is_some(),
            _ => false,
        }
    }

    fn open_body(&mut self) -> Token {
        use Token::{Else, Finally, LetElse, Loop, Try};
        let of_its_own = matches!(self.prev, Else | LetElse | Loop | Try | Finally);
        let owner = if of_its_own { None } else { self.waiting_header() };
        if owner.is_some() {
            self.headers.pop();
        }
        let kind = match owner {
            Some(Token::Match) => FrameKind::Match,
            Some(Token::Select) => FrameKind::Select,
            Some(Token::Class) => FrameKind::Class,
            Some(Token::Enum) => FrameKind::Enum,
            _ => FrameKind::Block,
        };
        self.open(Frame { owner, ..Frame::new(kind) });
        if kind.has_arms() || kind == FrameKind::Enum { Token::ArmsOpen } else { Token::BraceOpen }
    }

    /// Whether the brace at `at` opens a map rather than a block, by what stands in it.
    fn looks_like_map(&self, at: usize) -> bool {
        let block_is_likelier =
            matches!(self.prev, Token::FatArrow | Token::BarClose | Token::BarsEmpty)
                || self.at_statement_start();
        let first = at + 1;
        let Some(lexeme) = self.lexemes.get(first) else { return false };
        let colon = |at: usize| self.is(at, Token::Colon);
        match lexeme.token {
            Token::BraceClose => !block_is_likelier,
            Token::DotDotDot => true,
            Token::BracketOpen | Token::StrOpen => colon(self.behind(first)),
            Token::Str(_) | Token::Int(_) => colon(first + 1),
            _ if lexeme.word && colon(first + 1) => {
                !matches!(self.token(first + 2), Some(Token::For | Token::While | Token::Loop))
            }
            Token::Name(_) if self.is(first + 1, Token::BraceClose) => !block_is_likelier,
            Token::Name(_) => self.is(first + 1, Token::Comma),
            _ => false,
        }
    }
}
