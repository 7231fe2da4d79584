//! What each piece of a text is, for editors that show it in colours while it is typed.
//!
//! The lexer and the layout filter of the parser itself say it, so that `match` after a dot, a `#` in
//! a string or an interpolation are shown as what they mean. Any text can be asked about, however
//! unfinished.

use std::ops::Range;

use super::ast::Ast;
use super::token::Token;
use super::{bracket, layout, lexer, word};
use crate::diagnostics::SourceId;

/// A piece of a text and what it is. Spaces and punctuation without a meaning of their own are no piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes.
    pub range: Range<usize>,
    /// What it is.
    pub kind: PieceKind,
}

/// What a piece of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// A word of the language.
    Keyword,
    /// `true`, `false`, `null`.
    Constant,
    /// An int, a float, a duration.
    Number,
    /// A string, or a part of one beside its interpolations.
    Text,
    /// What begins and ends an interpolation, and the format in it.
    Interpolation,
    /// A name that is called.
    Function,
    /// A name behind a dot that is not called.
    Field,
    /// A name that begins with a capital letter, as classes do.
    Class,
    /// Any other name.
    Name,
    /// An operator.
    Operator,
    /// A comment.
    Comment,
}

/// The pieces of a text, in its order.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut ast = Ast::with_words(word::known(), text.len());
    let lexed = lexer::lex(text, SourceId(0), &mut ast);
    let paired = bracket::pair(lexed.lexemes.clone(), text, SourceId(0));
    let tokens = match paired.too_deep {
        true => lexed.lexemes.iter().map(|it| (it.span.start, it.token, it.span.end)).collect(),
        false => layout::filter(text, &paired),
    };
    let mut pieces = Vec::with_capacity(tokens.len());
    let (mut before, mut end) = (Token::Semicolon, 0);
    for (index, &(start, token, stop)) in tokens.iter().enumerate() {
        let range = start as usize..stop as usize;
        if range.is_empty() || range.start < end {
            continue;
        }
        comments(text, end..range.start, &mut pieces);
        end = range.end;
        let next = tokens.get(index + 1).map(|&(_, token, _)| token);
        if let Some(kind) = kind_of(token, &text[range.clone()], before, next) {
            pieces.push(Piece { range, kind });
        }
        before = token;
    }
    comments(text, end..text.len(), &mut pieces);
    pieces
}

/// The two brackets, if one stands right before `cursor` or right behind it and has a partner.
pub fn brackets_at(text: &str, cursor: usize) -> Option<[usize; 2]> {
    let lexed = lexer::lex(text, SourceId(0), &mut Ast::with_words(word::known(), text.len()));
    let paired = bracket::pair(lexed.lexemes, text, SourceId(0));
    let mut found = None;
    for (opener, &partner) in paired.lexemes.iter().zip(&paired.partner) {
        let is_written = matches!(
            opener.token,
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen | Token::QuestionBracket
        );
        let Some(closer) = paired.lexemes.get(partner as usize).filter(|_| is_written) else {
            continue;
        };
        if partner == 0 || closer.span.start == closer.span.end {
            continue;
        }
        // Of `?[` the bracket is the last byte.
        let pair = [opener.span.end as usize - 1, closer.span.start as usize];
        if pair.iter().any(|&at| at + 1 == cursor) {
            return Some(pair);
        }
        if pair.contains(&cursor) {
            found = Some(pair);
        }
    }
    found
}

/// How many brackets are open at the end of a text; none if it ends inside a string, where a space
/// counts.
pub fn open_brackets(text: &str) -> Option<usize> {
    let lexed = lexer::lex(text, SourceId(0), &mut Ast::with_words(word::known(), text.len()));
    if lexed.incomplete {
        return None;
    }
    let mut depth = 0usize;
    for lexeme in &lexed.lexemes {
        if bracket::closer(lexeme.token).is_some() {
            depth += 1;
        } else if bracket::is_closer(lexeme.token) {
            depth = depth.saturating_sub(1);
        }
    }
    Some(depth)
}

/// The comments between two tokens.
fn comments(text: &str, gap: Range<usize>, pieces: &mut Vec<Piece>) {
    let mut at = gap.start;
    while let Some(found) = text[at..gap.end].find('#') {
        let start = at + found;
        let length = text[start..gap.end].find('\n').unwrap_or(gap.end - start);
        let range = start..start + length;
        at = range.end;
        pieces.push(Piece { range, kind: PieceKind::Comment });
    }
}

fn kind_of(token: Token, text: &str, before: Token, next: Option<Token>) -> Option<PieceKind> {
    Some(match token {
        Token::Name(_) if next == Some(Token::ParenOpen) && !is_capital(text) => {
            PieceKind::Function
        }
        Token::Name(_) if is_capital(text) => PieceKind::Class,
        Token::Name(_) if matches!(before, Token::Dot | Token::QuestionDot) => PieceKind::Field,
        Token::Name(_) => PieceKind::Name,
        Token::Int(_) | Token::IntMin | Token::Float(_) | Token::Duration(_) => PieceKind::Number,
        Token::Str(_) | Token::Bytes(_) | Token::Text(_) => PieceKind::Text,
        Token::StrOpen | Token::StrClose => PieceKind::Text,
        Token::Spec(_) | Token::InterpolationOpen | Token::InterpolationClose => {
            PieceKind::Interpolation
        }
        Token::True | Token::False | Token::Null => PieceKind::Constant,
        _ if text.starts_with(char::is_alphabetic) => PieceKind::Keyword,
        Token::Comma | Token::Semicolon | Token::Colon | Token::Dot => return None,
        _ if text.starts_with(['(', ')', '[', ']', '{', '}']) => return None,
        _ => PieceKind::Operator,
    })
}

fn is_capital(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(&str, PieceKind)> {
        pieces(text).into_iter().map(|piece| (&text[piece.range], piece.kind)).collect()
    }

    #[test]
    fn pieces_are_what_they_mean() {
        use PieceKind::{
            Class, Comment, Constant, Field, Function, Interpolation, Keyword, Name, Number,
            Operator, Text,
        };
        assert_eq!(
            shown("let x = f(true) # note\nr.match = Ab(\"a${x:>3}\")"),
            [
                ("let", Keyword),
                ("x", Name),
                ("=", Operator),
                ("f", Function),
                ("true", Constant),
                ("# note", Comment),
                ("r", Name),
                ("match", Field),
                ("=", Operator),
                ("Ab", Class),
                ("\"", Text),
                ("a", Text),
                ("${", Interpolation),
                ("x", Name),
                (">3", Interpolation),
                ("}", Interpolation),
                ("\"", Text),
            ]
        );
        assert_eq!(
            shown("10ms # a # b\n#c"),
            [("10ms", Number), ("# a # b", Comment), ("#c", Comment)]
        );
        assert_eq!(shown("\"not # one"), [("\"not # one", Text)]);
        assert_eq!(shown("timeout 1s {"), [("timeout", Keyword), ("1s", Number)]);
        assert_eq!(shown("timeout(1)"), [("timeout", Function), ("1", Number)]);
    }

    #[test]
    fn any_text_can_be_asked_about() {
        for text in ["", "\"", "${", "}}}", "\"${\"${", "'a", "r#\"", "§ ü", "a\u{0}b", "fn f("] {
            let mut end = 0;
            for piece in pieces(text) {
                assert!(piece.range.start >= end && piece.range.end <= text.len(), "{text:?}");
                assert!(text.get(piece.range.clone()).is_some(), "{text:?}");
                end = piece.range.end;
            }
        }
        assert_eq!(pieces(&"(".repeat(1000)), []);
    }

    #[test]
    fn brackets_find_each_other() {
        assert_eq!(brackets_at("f([1])", 6), Some([1, 5]));
        assert_eq!(brackets_at("f([1])", 5), Some([2, 4]));
        assert_eq!(brackets_at("f([1])", 1), Some([1, 5]));
        assert_eq!(brackets_at("f([1])", 0), None);
        assert_eq!(brackets_at("a?[1]", 5), Some([2, 4]));
        assert_eq!(brackets_at("f(\")\"", 5), None);
        assert_eq!(brackets_at("(", 1), None);
    }

    #[test]
    fn open_brackets_are_counted_outside_strings() {
        assert_eq!(open_brackets("fn f() { g(["), Some(3));
        assert_eq!(open_brackets("f(\"(${1}\")"), Some(0));
        assert_eq!(open_brackets("f(\"\"\"("), None);
        assert_eq!(open_brackets("))"), Some(0));
    }
}
