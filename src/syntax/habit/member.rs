//! Bodies of classes as other languages write them.

use super::{Habit, View, foreign, help};
use crate::syntax::parser;
use crate::syntax::token::Token;

/// Members that are no members.
pub(super) fn member(view: &View<'_>) -> Option<Habit> {
    match view.token(0)? {
        Token::BraceOpen | Token::BlockOpen | Token::MapOpen
            if view.is(-2, Token::Fn) && view.expects("\"(\"") =>
        {
            help(format!("parameters stand in parentheses: `fn {}() {{ … }}`", view.name(-1)))
        }
        Token::SelfWord if in_parameters(view) => {
            foreign("`self` is no parameter", "leave it out: every method has it")
        }
        Token::Name(_) if view.is(-1, Token::Async) && view.name(0) == "get" => {
            help("a getter cannot wait: write `async fn name() { … }`")
        }
        Token::BangEq if view.is(-1, Token::Fn) => help("`!=` follows from `fn ==(other)`"),
        Token::Greater | Token::LessEq | Token::GreaterEq if view.is(-1, Token::Fn) => {
            help("`>`, `<=` and `>=` follow from `fn <(other)`")
        }
        sign if view.is(-1, Token::Fn) && is_operator(sign) => help(
            "a class may define + - * / // % ** == < [] []= and the methods `neg`, `in`, `call`, \
             `iter`, `hash`, `str` and `format`",
        ),
        Token::Name(_) if view.name(-1) == "implements" || view.name(0) == "implements" => {
            help("a class has one parent, `class Name extends Parent { … }`, and no interfaces")
        }
        found if in_class(view) => in_body(view, found),
        _ => None,
    }
}

/// Directly in the braces of a class.
fn in_body(view: &View<'_>, found: Token) -> Option<Habit> {
    match found {
        Token::ParenOpen if matches!(view.name(-1), "constructor" | "init" | "__init__") => {
            help("the constructor is `fn init(…) { … }`")
        }
        Token::ParenOpen if !view.name(-1).is_empty() => {
            help(format!("a method is declared with `fn`: `fn {}(…) {{ … }}`", view.name(-1)))
        }
        Token::Name(_) if view.name(-1) == "set" => foreign(
            "there are no setters",
            "let the field be assigned, or write a method: `fn set_name(value) { … }`",
        ),
        Token::Colon => foreign("fields have no declared type", "leave the type out: `name = 0`"),
        Token::Pub => help("members need no `pub`: all can be used outside but those like `_name`"),
        Token::Comma => help("fields stand on lines of their own, or with a `;` between them"),
        _ => None,
    }
}

/// Whether the innermost bracket is that of a class.
fn in_class(view: &View<'_>) -> bool {
    let Some(open) = parser::enclosing(view.tokens, view.fault.at) else { return false };
    let before = view.tokens[..open].iter().rev().map(|&(_, token, _)| token);
    let head = before.into_iter().find(|token| !matches!(token, Token::Name(_) | Token::Dot));
    view.tokens[open].1 == Token::BraceOpen && matches!(head, Some(Token::Class | Token::Extends))
}

/// Whether the innermost bracket holds the parameters of a `fn`.
fn in_parameters(view: &View<'_>) -> bool {
    let Some(open) = parser::enclosing(view.tokens, view.fault.at) else { return false };
    let declares = open.checked_sub(2).is_some_and(|at| view.tokens[at].1 == Token::Fn);
    view.tokens[open].1 == Token::ParenOpen && declares
}

fn is_operator(token: Token) -> bool {
    use Token::{And, AndAnd, Bang, Bar, Caret, Coalesce, NotIn, OrOr, Shl, Shr, Tilde};
    matches!(token, And | AndAnd | Bang | Bar | Caret | Coalesce | NotIn | OrOr | Shl | Shr | Tilde)
}
