//! Which words are keywords where they stand. A contextual word is one only where its construct
//! begins; a keyword is a name behind a dot, before a colon and in the other places of names.

use super::line::ends_operand;
use super::{FrameKind, Layout};
use crate::syntax::token::Token;
use crate::syntax::word;

impl Layout<'_> {
    /// What a word means where it stands; `owner` is the header of the block just closed.
    pub(super) fn word(&mut self, at: usize, owner: Option<Token>) -> Token {
        let token = self.lexemes[at].token;
        if self.is_plain_name(at) {
            return word::symbol(token).map_or(token, Token::Name);
        }
        match token {
            Token::Name(symbol) if !word::is_contextual(symbol) => token,
            Token::Name(_) => self.contextual(at).unwrap_or(token),
            Token::Else if self.is(at + 1, Token::FatArrow) => Token::ElseArm,
            Token::Else if !matches!(owner, Some(Token::If | Token::Timeout)) => Token::LetElse,
            Token::Try if matches!(self.prev, Token::Spawn | Token::Daemon) => Token::SpawnTry,
            _ => token,
        }
    }

    /// Whether a word is a name here, whatever it means elsewhere.
    fn is_plain_name(&self, at: usize) -> bool {
        let kind = self.frame().kind;
        let token = self.lexemes[at].token;
        let before_colon = self.is(at + 1, Token::Colon);
        match self.prev {
            Token::Dot | Token::QuestionDot | Token::Get => return true,
            Token::Fn if kind.has_members() => return true,
            Token::ParenOpen | Token::Comma if kind == FrameKind::Paren && before_colon => {
                return true;
            }
            Token::MapOpen | Token::Comma if kind == FrameKind::Map && before_colon => {
                return !is_value_word(token);
            }
            Token::Is | Token::NotIs | Token::Bar if self.in_types => {
                return matches!(token, Token::Fn | Token::Null | Token::Scope);
            }
            _ => {}
        }
        if token == Token::Import && self.is(at + 1, Token::ParenOpen) {
            return true;
        }
        let at_member = matches!(self.prev, Token::Semicolon | Token::BraceOpen | Token::Static);
        let ends = match self.lexemes.get(at + 1) {
            None => true,
            Some(next) => {
                next.newline
                    || matches!(next.token, Token::Eq | Token::Semicolon | Token::BraceClose)
            }
        };
        kind == FrameKind::Class && at_member && ends
    }

    /// The keyword that a contextual word is here, if it is one.
    fn contextual(&self, at: usize) -> Option<Token> {
        let in_members = self.frame().kind.has_members();
        let header = self.waiting_header();
        let next = self.lexemes.get(at + 1).filter(|next| !next.newline);
        let next_word = next.is_some_and(|next| next.word);
        let ended = ends_operand(self.prev);
        match self.source(at) {
            "from" => {
                (self.prev == Token::BraceClose && !self.lexemes[at].newline).then_some(Token::From)
            }
            "as" => ended.then_some(Token::As),
            "extends" => (header == Some(Token::Class) && ended).then_some(Token::Extends),
            "test" => {
                let named = next.is_some_and(|next| matches!(next.token, Token::Str(_)));
                (named && self.at_statement_start()).then_some(Token::Test)
            }
            "timeout" => self.limits(at).then_some(Token::Timeout),
            "shield" => self.limits(at).then_some(Token::Shield),
            "select" => {
                let opens = self.is(at + 1, Token::BraceOpen)
                    || (self.source(at + 1) == "first" && self.is(at + 2, Token::BraceOpen));
                (!ended && header.is_none() && opens && !self.declares()).then_some(Token::Select)
            }
            "first" => (self.prev == Token::Select).then_some(Token::First),
            "daemon" => {
                let starts = next.is_some_and(|next| {
                    use Token::{BraceOpen, Name, SelfWord, Super, Try};
                    matches!(next.token, Name(_) | BraceOpen | Try | SelfWord | Super)
                });
                (self.prev == Token::Spawn && starts).then_some(Token::Daemon)
            }
            "get" => {
                let at_member = self.at_arm_start() || self.prev == Token::Static;
                (in_members && at_member && next_word).then_some(Token::Get)
            }
            "static" => (in_members && self.at_arm_start() && next_word).then_some(Token::Static),
            _ => None,
        }
    }

    /// Directly behind a word that declares a name.
    fn declares(&self) -> bool {
        use Token::{Class, Enum, Fn, Import, Let, Var};
        matches!(self.prev, Fn | Let | Var | Class | Enum | Import)
    }

    /// Whether `timeout` or `shield` begins its construct here.
    fn limits(&self, at: usize) -> bool {
        if ends_operand(self.prev) || self.declares() {
            return false;
        }
        if self.is(at + 1, Token::ParenOpen) {
            let open = self.waiting_header().is_none();
            return open && self.is(self.behind(at + 1), Token::BraceOpen);
        }
        let Some(next) = self.lexemes.get(at + 1).filter(|next| !next.newline) else {
            return false;
        };
        use Token::{Await, Duration, Float, If, Int, Match, Name, SelfWord};
        match next.token {
            Name(_) => self.source(at + 1) != "as",
            Int(_) | Float(_) | Duration(_) | SelfWord | Await | If | Match => true,
            _ => false,
        }
    }
}

/// Words that are values, and so no names of map keys.
fn is_value_word(token: Token) -> bool {
    use Token::{False, Null, SelfWord, Super, True};
    matches!(token, True | False | Null | SelfWord | Super)
}
