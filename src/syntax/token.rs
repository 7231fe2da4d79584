//! The tokens of Kettle, from the lexer through the layout filter to the generated parser.
//!
//! One table declares every fixed token with its text; literals carry their value. The layout
//! filter makes the tokens of the last group of the table, the lexer never does.

use super::ast::Symbol;
use crate::diagnostics::Span;

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident $text:literal)*) => {
        /// A token.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Token {
            /// An identifier, or a keyword where it stands for a name.
            Name(Symbol),
            /// An int literal, by its number in the lexer's table.
            Int(u32),
            /// 9223372036854775808, an int only after a minus.
            IntMin,
            /// A float literal, by its number in the same table.
            Float(u32),
            /// A duration literal in nanoseconds, by its number in the same table.
            Duration(u32),
            /// A whole string without interpolation.
            Str(Symbol),
            /// A byte string, by its number in the lexer's table.
            Bytes(u32),
            /// Literal text of a string with interpolation.
            Text(Symbol),
            /// A format spec, without its colon.
            Spec(Symbol),
            $($(#[$doc])* #[doc = concat!("`", $text, "`")] $name,)*
        }

        impl Token {
            /// How the token is written; for tokens that carry a value, what they are.
            pub fn text(self) -> &'static str {
                match self {
                    Token::Name(_) => "name",
                    Token::Int(_) | Token::IntMin | Token::Float(_) => "number",
                    Token::Duration(_) => "duration",
                    Token::Str(_) => "string",
                    Token::Bytes(_) => "byte string",
                    Token::Text(_) => "text",
                    Token::Spec(_) => "format spec",
                    $(Token::$name => $text,)*
                }
            }
        }
    };
}

tokens! {
    Let "let" Var "var" Fn "fn" Async "async" Await "await" Spawn "spawn" Scope "scope"
    Class "class" Enum "enum" Match "match" If "if" Else "else" While "while" For "for" In "in"
    Loop "loop" Break "break" Continue "continue" Return "return" Yield "yield" Throw "throw"
    Try "try" Catch "catch" Finally "finally" Defer "defer" Import "import" Pub "pub" Is "is"
    True "true" False "false" Null "null" SelfWord "self" Super "super" Assert "assert"
    DotDotDot "..." DotDotEq "..=" DotDot ".." Dot "." QuestionDot "?." QuestionBracket "?["
    Question "?" CoalesceEq "??=" Coalesce "??" Comma "," Colon ":" Semicolon ";" ParenOpen "("
    ParenClose ")" BracketOpen "[" BracketClose "]" BraceOpen "{" BraceClose "}" PlusEq "+="
    MinusEq "-=" StarStarEq "**=" StarEq "*=" SlashSlashEq "//=" SlashEq "/=" PercentEq "%="
    AndEq "&=" BarEq "|=" CaretEq "^=" ShlEq "<<=" ShrEq ">>="
    AndAndEq "&&=" OrOrEq "||=" EqEq "==" BangEq "!=" LessEq "<=" GreaterEq ">=" Shl "<<"
    Shr ">>" Less "<" Greater ">" FatArrow "=>" Eq "=" Plus "+" Minus "-" StarStar "**" Star "*"
    SlashSlash "//" Slash "/" Percent "%" AndAnd "&&" And "&" OrOr "||" Bar "|" Caret "^" Bang "!"
    Tilde "~"
    /// The opening quote of a string with interpolation.
    StrOpen "opening quote"
    /// The closing quote of a string with interpolation.
    StrClose "closing quote"
    InterpolationOpen "${"
    /// The end of an interpolation.
    InterpolationClose "} of an interpolation"

    From "from" As "as" Extends "extends" Test "test" Timeout "timeout" Shield "shield"
    Select "select" First "first" Daemon "daemon" Get "get" Static "static"
    /// The arm of a `select`.
    ElseArm "else "
    /// Of `let … else`.
    LetElse "else"
    /// The modifier of `spawn`.
    SpawnTry "try"
    /// Begins the body of a `match`, `select` or `enum`, whose parts a comma may separate.
    ArmsOpen "{ of arms"
    /// Begins a map.
    MapOpen "{ of a map"
    /// Begins a block that is a value.
    BlockOpen "{ of a block"
    BarOpen "opening |"
    BarClose "closing |"
    /// A closure without parameters.
    BarsEmpty "||"
    NotIn "!in" NotIs "!is"
    /// Stands for a statement, member or arm that did not parse.
    Broken "broken code"
}

/// A token with its place, as the lexer gives it.
#[derive(Clone, Copy, Debug)]
pub struct Lexeme {
    /// What it is.
    pub token: Token,
    /// Where it stands.
    pub span: Span,
    /// A line break stands before it.
    pub newline: bool,
    /// It is spelled like a name, keywords included.
    pub word: bool,
}
