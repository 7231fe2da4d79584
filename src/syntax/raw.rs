//! What logos recognises: everything but the insides of strings and numbers, which `lexer` scans. A
//! keyword is a word here; `word` knows better.

use logos::Logos;

use super::token::Token;

/// A piece of source text as logos sees it.
#[derive(Logos, Clone, Copy, Debug, PartialEq)]
#[logos(skip(r"[ \t\r]+"))]
pub enum Raw {
    #[token("\n")]
    Newline,
    #[regex(r"#[^\n]*", allow_greedy = true)]
    Comment,
    #[regex(r"[\p{XID_Start}_]\p{XID_Continue}*")]
    Word,
    #[regex("[0-9]")]
    Digit,
    #[token("\"")]
    Quote,
    #[token("\"\"\"")]
    TripleQuote,
    #[regex("r#*\"")]
    VerbatimQuote,
    #[token("r\"\"\"")]
    VerbatimTripleQuote,
    #[token("b\"")]
    BytesQuote,
    #[token("...", |_| Token::DotDotDot)]
    #[token("..=", |_| Token::DotDotEq)]
    #[token("..", |_| Token::DotDot)]
    #[token(".", |_| Token::Dot)]
    #[token("?.", |_| Token::QuestionDot)]
    #[token("?[", |_| Token::QuestionBracket)]
    #[token("?", |_| Token::Question)]
    #[token("??=", |_| Token::CoalesceEq)]
    #[token("??", |_| Token::Coalesce)]
    #[token(",", |_| Token::Comma)]
    #[token(":", |_| Token::Colon)]
    #[token(";", |_| Token::Semicolon)]
    #[token("(", |_| Token::ParenOpen)]
    #[token(")", |_| Token::ParenClose)]
    #[token("[", |_| Token::BracketOpen)]
    #[token("]", |_| Token::BracketClose)]
    #[token("{", |_| Token::BraceOpen)]
    #[token("}", |_| Token::BraceClose)]
    #[token("+=", |_| Token::PlusEq)]
    #[token("-=", |_| Token::MinusEq)]
    #[token("**=", |_| Token::StarStarEq)]
    #[token("*=", |_| Token::StarEq)]
    #[token("//=", |_| Token::SlashSlashEq)]
    #[token("/=", |_| Token::SlashEq)]
    #[token("%=", |_| Token::PercentEq)]
    #[token("&=", |_| Token::AndEq)]
    #[token("|=", |_| Token::BarEq)]
    #[token("^=", |_| Token::CaretEq)]
    #[token("<<=", |_| Token::ShlEq)]
    #[token(">>=", |_| Token::ShrEq)]
    #[token("&&=", |_| Token::AndAndEq)]
    #[token("||=", |_| Token::OrOrEq)]
    #[token("==", |_| Token::EqEq)]
    #[token("!=", |_| Token::BangEq)]
    #[token("<=", |_| Token::LessEq)]
    #[token(">=", |_| Token::GreaterEq)]
    #[token("<<", |_| Token::Shl)]
    #[token(">>", |_| Token::Shr)]
    #[token("<", |_| Token::Less)]
    #[token(">", |_| Token::Greater)]
    #[token("=>", |_| Token::FatArrow)]
    #[token("=", |_| Token::Eq)]
    #[token("+", |_| Token::Plus)]
    #[token("-", |_| Token::Minus)]
    #[token("**", |_| Token::StarStar)]
    #[token("*", |_| Token::Star)]
    #[token("//", |_| Token::SlashSlash)]
    #[token("/", |_| Token::Slash)]
    #[token("%", |_| Token::Percent)]
    #[token("&&", |_| Token::AndAnd)]
    #[token("&", |_| Token::And)]
    #[token("||", |_| Token::OrOr)]
    #[token("|", |_| Token::Bar)]
    #[token("^", |_| Token::Caret)]
    #[token("!", |_| Token::Bang)]
    #[token("~", |_| Token::Tilde)]
    Fixed(Token),
    /// Signs of other languages that no Kettle text can contain.
    #[token("===")]
    #[token("!==")]
    #[token("++")]
    #[token(":=")]
    #[token("->")]
    #[token("/*")]
    #[token("*/")]
    #[token("|>")]
    Foreign,
    /// Quotes that are not Kettle's.
    #[token("'")]
    #[token("`")]
    #[token("“")]
    #[token("”")]
    #[token("‘")]
    #[token("’")]
    ForeignQuote,
    #[regex(".", priority = 0)]
    Other,
}
