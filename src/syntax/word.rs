//! The words that mean something. They are the first symbols of every tree, in this order, so that
//! the lexer and the layout filter know them by their numbers.

use super::ast::Symbol;
use super::token::Token;

/// The keywords with their tokens.
const KEYWORDS: [(&str, Token); 34] = [
    ("let", Token::Let),
    ("var", Token::Var),
    ("fn", Token::Fn),
    ("async", Token::Async),
    ("await", Token::Await),
    ("spawn", Token::Spawn),
    ("scope", Token::Scope),
    ("class", Token::Class),
    ("enum", Token::Enum),
    ("match", Token::Match),
    ("if", Token::If),
    ("else", Token::Else),
    ("while", Token::While),
    ("for", Token::For),
    ("in", Token::In),
    ("loop", Token::Loop),
    ("break", Token::Break),
    ("continue", Token::Continue),
    ("return", Token::Return),
    ("yield", Token::Yield),
    ("throw", Token::Throw),
    ("try", Token::Try),
    ("catch", Token::Catch),
    ("finally", Token::Finally),
    ("defer", Token::Defer),
    ("import", Token::Import),
    ("pub", Token::Pub),
    ("is", Token::Is),
    ("true", Token::True),
    ("false", Token::False),
    ("null", Token::Null),
    ("self", Token::SelfWord),
    ("super", Token::Super),
    ("assert", Token::Assert),
];

/// Words that are keywords only where their construct begins.
const CONTEXTUAL: [&str; 11] = [
    "from", "as", "extends", "test", "timeout", "shield", "select", "first", "daemon", "get",
    "static",
];

/// All of them.
pub fn known() -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().map(|(word, _)| *word).chain(CONTEXTUAL)
}

/// The token of a keyword.
pub fn keyword(symbol: Symbol) -> Option<Token> {
    KEYWORDS.get(symbol.0 as usize).map(|(_, token)| *token)
}

/// The symbol of a word: of a name, or of a keyword that stands for one.
pub fn symbol(token: Token) -> Option<Symbol> {
    if let Token::Name(symbol) = token {
        return Some(symbol);
    }
    let number = KEYWORDS.iter().position(|(_, keyword)| *keyword == token)?;
    Some(Symbol(number as u32))
}

/// Whether a name may be a keyword, where it stands right.
pub fn is_contextual(symbol: Symbol) -> bool {
    (symbol.0 as usize) < KEYWORDS.len() + CONTEXTUAL.len()
}
