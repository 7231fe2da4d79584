//! What the end of one line and the beginning of the next say about whether a statement ends.

use crate::syntax::token::Token;

/// Whether an operand can end with this token.
pub fn ends_operand(token: Token) -> bool {
    use Token::*;
    let literal = matches!(
        token,
        Int(_) | IntMin | Float(_) | Duration(_) | Str(_) | Bytes(_) | True | False | Null
    );
    let closer =
        matches!(token, ParenClose | BracketClose | BraceClose | StrClose | InterpolationClose);
    literal || closer || matches!(token, Name(_) | SelfWord | Super)
}

/// Whether a newline behind this token can end a statement.
pub fn ends_statement(token: Token) -> bool {
    use Token::{Break, Continue, Return, Yield};
    ends_operand(token) || matches!(token, Return | Break | Continue | Yield)
}

/// Signs with which a line always goes on with the one before.
pub fn joins(token: Token) -> bool {
    use Token::*;
    let punctuation =
        matches!(token, Dot | QuestionDot | QuestionBracket | Comma | Colon | FatArrow | Semicolon);
    let closer = matches!(token, ParenClose | BracketClose | BraceClose);
    let assignment = matches!(
        token,
        Eq | PlusEq
            | MinusEq
            | StarEq
            | SlashEq
            | SlashSlashEq
            | PercentEq
            | StarStarEq
            | AndEq
            | BarEq
            | CaretEq
            | ShlEq
            | ShrEq
            | CoalesceEq
            | AndAndEq
            | OrOrEq
    );
    let arithmetic = matches!(
        token,
        Plus | Star | StarStar | Slash | SlashSlash | Percent | And | Caret | Shl | Shr
    );
    let comparison = matches!(token, EqEq | BangEq | Less | LessEq | Greater | GreaterEq);
    let other = matches!(token, DotDot | DotDotEq | AndAnd | Coalesce);
    punctuation || closer || assignment || arithmetic || comparison || other
}
