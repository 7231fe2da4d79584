//! Recognises what people write out of habit from other languages, and says how Kettle writes it.
//!
//! It is asked only where the parser has stopped, so a name like `def` or `elif` stays an ordinary
//! name everywhere else.

mod form;
mod member;
mod word;

use self::word::LEADING;
use super::layout::Spanned;
use super::parser::{self, Fault};
use super::token::Token;
use crate::diagnostics::Code;

/// What was meant.
pub struct Habit {
    /// The code, if it is not that of an unexpected token.
    pub code: Option<Code>,
    /// A title that says more than what token was unexpected.
    pub title: Option<String>,
    /// The Kettle form.
    pub help: String,
    /// Which token is at fault, counted from the one that did not fit.
    pub place: isize,
}

/// The tokens around a fault.
pub struct View<'a> {
    tokens: &'a [Spanned],
    fault: &'a Fault,
    text: &'a str,
}

impl<'a> View<'a> {
    /// The view of a fault.
    pub fn new(tokens: &'a [Spanned], fault: &'a Fault, text: &'a str) -> View<'a> {
        View { tokens, fault, text }
    }

    /// The token `offset` tokens behind the fault; before it if negative.
    fn token(&self, offset: isize) -> Option<Token> {
        self.spanned(offset).map(|&(_, token, _)| token)
    }

    /// That token with its place.
    pub fn spanned(&self, offset: isize) -> Option<&'a Spanned> {
        self.tokens.get(self.fault.at.checked_add_signed(offset)?)
    }

    fn is(&self, offset: isize, token: Token) -> bool {
        self.token(offset) == Some(token)
    }

    fn source(&self, offset: isize) -> &'a str {
        let Some(&(start, _, end)) = self.spanned(offset) else { return "" };
        &self.text[start as usize..end as usize]
    }

    /// The text of a name; empty for other tokens.
    fn name(&self, offset: isize) -> &'a str {
        if matches!(self.token(offset), Some(Token::Name(_))) { self.source(offset) } else { "" }
    }

    /// Whether the token there touches the one before it.
    fn touches(&self, offset: isize) -> bool {
        let ends = self.spanned(offset - 1).map(|&(_, _, end)| end);
        ends.is_some() && ends == self.spanned(offset).map(|&(start, ..)| start)
    }

    fn expects(&self, name: &str) -> bool {
        self.fault.expected.iter().any(|known| known == name)
    }

    fn expects_operand(&self) -> bool {
        self.expects("\"await\"")
    }

    fn ends_here(&self) -> bool {
        matches!(self.token(0), None | Some(Token::Semicolon | Token::BraceClose))
    }

    fn bracket(&self) -> Option<Token> {
        parser::enclosing(self.tokens, self.fault.at).map(|open| self.tokens[open].1)
    }
}

/// The habit behind a fault, if it is a known one.
pub fn recognize(view: &View<'_>) -> Option<Habit> {
    comment(view)
        .or_else(|| form::recognize(view))
        .or_else(|| infix_word(view))
        .or_else(|| leading_word(view))
        .or_else(|| member::member(view))
        .or_else(|| function(view))
        .or_else(|| header(view))
        .or_else(|| access(view))
        .or_else(|| brace(view))
        .or_else(|| operator(view))
        .or_else(|| list(view))
        .or_else(|| form::comma(view))
        .or_else(|| ending(view))
        .or_else(|| body(view))
}

fn help(text: impl Into<String>) -> Option<Habit> {
    Some(Habit { code: None, title: None, help: text.into(), place: 0 })
}

fn foreign(title: impl Into<String>, help: impl Into<String>) -> Option<Habit> {
    let (title, help) = (Some(title.into()), help.into());
    Some(Habit { code: Some(Code::E0126), title, help, place: 0 })
}

/// `// text` is read as a division.
fn comment(view: &View<'_>) -> Option<Habit> {
    let place = view.spanned(0).or(view.tokens.last())?.0 as usize;
    let line_start = view.text[..place].rfind('\n').map_or(0, |at| at + 1);
    let before = &view.text[line_start..place];
    let starts = before.trim_start().starts_with("//") || view.is(0, Token::SlashSlash);
    let trailing = before.contains("// ") && matches!(view.token(0), Some(Token::Name(_)));
    (starts || trailing).then_some(())?;
    foreign("`//` does not begin a comment", "comments begin with `#`; `//` divides and floors")
}

/// Words between two operands.
fn infix_word(view: &View<'_>) -> Option<Habit> {
    let word = view.source(0);
    match (word, view.token(0)?) {
        ("and", _) => foreign("`and` is not an operator", "write `a && b`"),
        ("or", _) => foreign("`or` is not an operator", "write `a || b`; `a ?? b` replaces null"),
        ("not", _) if view.is(1, Token::In) => {
            foreign("`not in` is not an operator", "write `a !in b`")
        }
        ("not", _) => foreign("`not` is not an operator", "write `a !is T` or `!a`"),
        ("instanceof", _) => foreign("`instanceof` is not an operator", "write `x is T`"),
        ("mod", _) => foreign("`mod` is not an operator", "write `a % b`"),
        ("div", _) => foreign("`div` is not an operator", "write `a // b`"),
        ("xor", _) => foreign("`xor` is not an operator", "write `a ^ b`, or `a != b` for bools"),
        ("then", _) => foreign("there is no `then`", "a block stands in braces: `if c { … }`"),
        ("do", _) if view.is(1, Token::BarOpen) => {
            foreign("there is no `do`", "a block for a method is a closure: `xs.each(|x| { … })`")
        }
        ("do", _) => foreign("there is no `do`", "a block stands in braces: `while c { … }`"),
        ("elif" | "elsif" | "elseif", _) => {
            foreign(format!("`{word}` is no keyword of Kettle"), "write `else if c { … }`")
        }
        (_, Token::As) => help("`as` names things in imports and patterns; convert with `int(x)`"),
        (_, Token::If) if view.expects("\"+\"") => {
            foreign("`if` cannot follow a value", "write `if c { a } else { b }`")
        }
        (_, Token::For) if view.bracket() == Some(Token::BracketOpen) => {
            foreign("there are no list comprehensions", "write `xs.map(|x| …)`, `xs.filter(|x| …)`")
        }
        ("from", _) if view.token(-2) == Some(Token::Import) => help(
            "names from a module stand in braces: `import {get} from http`; a file is imported \
                 with `import \"./name.ket\"`",
        ),
        _ => None,
    }
}

/// Words that begin a statement elsewhere; the parser stops behind them.
fn leading_word(view: &View<'_>) -> Option<Habit> {
    let second = view.name(0);
    if view.is(-1, Token::Async) && matches!(second, "def" | "function" | "func") {
        return foreign(
            format!("`{second}` is no keyword of Kettle"),
            "write `async fn name(…) { … }`",
        );
    }
    if matches!(view.token(0), Some(Token::Str(_) | Token::StrOpen)) && view.touches(0) {
        return match view.name(-1) {
            "f" | "F" | "fr" | "rf" | "s" => {
                foreign("strings need no prefix to interpolate", "write \"text ${value}\"")
            }
            "" => None,
            _ => help("prefixes of strings are `r` (raw) and `b` (bytes)"),
        };
    }
    if view.is(-1, Token::Let) || (view.token(-2) == Some(Token::Let) && view.name(-1) == "mut") {
        return (view.name(-1) == "mut" || second == "mut")
            .then(|| foreign("there is no `let mut`", "write `var x = …`"))
            .flatten();
    }
    let word = view.name(-1);
    if word == "not" && view.is(-2, Token::Is) {
        return foreign("`is not` is not an operator", "write `x !is T`");
    }
    let form = LEADING.iter().find(|(words, _)| words.contains(&word)).map(|(_, form)| *form)?;
    let habit = foreign(format!("`{word}` is no keyword of Kettle"), form)?;
    Some(Habit { place: -1, ..habit })
}

/// Functions without a name, arrows, types of parameters.
fn function(view: &View<'_>) -> Option<Habit> {
    let closure = "a function without a name is written `|x| x + 1` or `|x| { … }`";
    match view.token(0)? {
        Token::Async if view.is(-1, Token::Spawn) => {
            help("a task needs no `async`: `spawn f()` or `spawn { … }`")
        }
        Token::Eq if view.bracket() == Some(Token::ArmsOpen) && view.expects("\"(\"") => {
            help("variants have no numbers; one that carries a value is written `Circle(radius)`")
        }
        Token::Fn if view.expects_operand() => help(closure),
        Token::ParenOpen if view.is(-1, Token::Fn) => help(closure),
        Token::FatArrow if view.is(-1, Token::BarClose) || view.is(-1, Token::BarsEmpty) => {
            help("the body follows the bars directly: `|x| x + 1`")
        }
        Token::FatArrow if view.bracket() == Some(Token::ArmsOpen) => help(
            "arms are separated by a comma or a new line; a `[` or `(` goes on with the arm before",
        ),
        Token::FatArrow if view.expects("\"{\"") && !view.expects("\"+\"") => foreign(
            "`=>` does not begin the body of a function",
            "the body stands in braces: `fn f(x) { x + 1 }`",
        ),
        Token::FatArrow => foreign(
            "`=>` stands only in arms of `match` and `select`",
            "a closure is written `|x, y| x + y`",
        ),
        Token::BraceOpen | Token::BlockOpen | Token::MapOpen
            if view.is(-1, Token::ParenClose) && !view.expects("\"{\"") =>
        {
            help("a function is declared with `fn name(…) { … }`; a closure is `|x| { … }`")
        }
        Token::BraceOpen | Token::BlockOpen | Token::MapOpen if view.is(-1, Token::Async) => {
            help("a block runs as a task with `spawn { … }`")
        }
        Token::Colon if view.bracket() == Some(Token::ParenOpen) && view.expects("\"=\"") => {
            foreign(
                "parameters have no declared type",
                "leave the type out: `fn f(x, y = 1) { … }`",
            )
        }
        Token::Colon if view.token(-2).is_some_and(|t| matches!(t, Token::Let | Token::Var)) => {
            foreign("variables have no declared type", "leave the type out: `let x = 1`")
        }
        Token::Let | Token::Var if view.expects("\"static\"") => {
            help("a field is declared by its name alone: `owner` or `balance = 0`")
        }
        Token::ParenOpen if view.is(-2, Token::Class) => help(
            "fields stand in the body, `class Name { x; y = 0 }`; a parent is named with `class Name \
             extends Parent { … }`",
        ),
        Token::Colon | Token::Less if view.is(-2, Token::Class) => {
            help("write `class Name extends Parent { … }`")
        }
        Token::Eq if view.expects("\"{\"") && !view.expects("\"+\"") => {
            help("the body of a function stands in braces: `fn f(x) { x + 1 }`")
        }
        _ => None,
    }
}

/// Heads of `if`, `for`, `while`, `try`.
fn header(view: &View<'_>) -> Option<Habit> {
    match view.token(0)? {
        Token::Comma if view.is(-2, Token::For) => {
            let names = (view.name(-1), view.name(1));
            let (a, b) = if names.0.is_empty() || names.1.is_empty() { ("k", "v") } else { names };
            help(format!("pairs are taken apart: `for [{a}, {b}] in xs {{ … }}`"))
        }
        Token::Comma if view.is(-2, Token::ParenOpen) && view.is(-3, Token::For) => {
            help("pairs are taken apart: `for [k, v] in m { … }`")
        }
        Token::Let | Token::Var if view.is(-1, Token::ParenOpen) && view.is(-2, Token::For) => {
            foreign("there is no `for` with three parts", "write `for i in 0..n { … }`")
        }
        Token::Let if matches!(view.token(-1), Some(Token::If | Token::While)) => {
            foreign("there is no `if let`", "write `let pattern = value else { … }`, or `match`")
        }
        Token::For if view.is(-1, Token::Await) => help("write `for await x in xs { … }`"),
        Token::Eq if view.expects("\"{\"") => {
            help("an assignment is not an expression; to compare write `==`")
        }
        Token::Colon if view.expects("\"{\"") => {
            foreign("a block does not begin with `:`", "blocks stand in braces: `if c { … }`")
        }
        Token::Catch if view.expects("\"let\"") || spawned_try(view) => {
            if spawned_try(view) {
                return help("write `spawn { try { … } catch e { … } }`");
            }
            help("`catch` follows the block of a `try`: `try { … } catch e { … }`")
        }
        Token::Finally if view.expects("\"let\"") => help("`finally` follows the block of a `try`"),
        Token::Else | Token::LetElse if view.expects("\"let\"") => {
            help("`else` follows the block of an `if`")
        }
        _ if matches!(view.token(-1), Some(Token::Try | Token::SpawnTry)) => {
            help("write `try { f() } catch e { … }`")
        }
        _ => None,
    }
}

/// Bodies without braces.
fn body(view: &View<'_>) -> Option<Habit> {
    if !view.expects("\"{\"") || view.token(0).is_none() {
        return None;
    }
    if view.expects("\"+\"") {
        return help("the block behind a condition stands in braces: `if c { … }`");
    }
    let head_goes_on = view.expects("\"extends\"") || view.expects("\"(\"");
    (!head_goes_on).then(|| help("blocks stand in braces: `if c { … }`, `fn f(x) { … }`")).flatten()
}

/// `spawn try { … } catch`
fn spawned_try(view: &View<'_>) -> bool {
    let before = &view.tokens[..view.fault.at.min(view.tokens.len())];
    let from = before.iter().rposition(|&(_, token, _)| token == Token::Semicolon).unwrap_or(0);
    before[from..].iter().any(|&(_, token, _)| token == Token::SpawnTry)
}

/// `?.[`, `x.0`, slices.
fn access(view: &View<'_>) -> Option<Habit> {
    match view.token(0)? {
        Token::BracketOpen if view.is(-1, Token::QuestionDot) => help("write `a?[i]`"),
        Token::ParenOpen if view.is(-1, Token::QuestionDot) => {
            help("a call has no `?.` form: `if f != null { f() }`")
        }
        Token::Int(_) if matches!(view.token(-1), Some(Token::Dot | Token::QuestionDot)) => {
            help("elements are taken with brackets: `x[0]`")
        }
        Token::Dot if matches!(view.token(1), Some(Token::Int(_))) => {
            help("a number begins with a digit: `0.5`")
        }
        Token::Dot if view.token(-2) == Some(Token::Import) => {
            help("import the module whole and use its parts: `import net`, then `net.tcp`")
        }
        Token::Star if view.is(-1, Token::Import) => {
            help("there are no star imports: `import module`, or `import {a, b} from module`")
        }
        Token::DotDot
            if matches!(view.token(-1), Some(Token::BracketOpen | Token::Comma))
                && view.bracket() == Some(Token::BracketOpen)
                && !view.expects_operand() =>
        {
            help("the rest of a list is written `...` or `...rest`, and stands last")
        }
        Token::Colon if view.is(-1, Token::Colon) => help("write a dot: `Shape.Circle`"),
        Token::Colon
            if matches!(view.bracket(), Some(Token::BracketOpen | Token::QuestionBracket)) =>
        {
            help("a slice is a range: `xs[1..3]`")
        }
        _ => None,
    }
}

/// Maps that are blocks and blocks that are maps.
fn brace(view: &View<'_>) -> Option<Habit> {
    let after_label =
        view.is(-1, Token::Colon) && view.expects("\"loop\"") && !view.expects_operand();
    if after_label {
        return help("this `{` opens a block; a map stands in parentheses there: `({a: 1})`");
    }
    let value = matches!(
        view.token(0)?,
        Token::True | Token::False | Token::Null | Token::SelfWord | Token::Super
    );
    if value && view.bracket() == Some(Token::MapOpen) && view.is(1, Token::Colon) {
        let word = view.source(0);
        return Some(Habit {
            code: Some(Code::E0123),
            title: Some(format!("`{word}` is no name of a key")),
            help: format!("write `[{word}]: …` for the value, `\"{word}\": …` for the text"),
            place: 0,
        });
    }
    if view.bracket() == Some(Token::MapOpen) && view.expects("\",\"") {
        return help("entries of a map need a comma between them: `{a: 1, b: 2}`");
    }
    None
}

/// Signs that Kettle has not, or not there.
fn operator(view: &View<'_>) -> Option<Habit> {
    match view.token(0)? {
        Token::Question => foreign("`?` is not an operator", "write `if c { a } else { b }`"),
        Token::Plus if view.expects_operand() => help("there is no sign `+`: leave it out"),
        Token::And | Token::Star if view.expects_operand() => {
            help("there are no references or pointers: leave the sign out")
        }
        Token::Eq if view.expects("\"+\"") => {
            help("an assignment is a statement of its own: `b = c` and then `a = b`")
        }
        Token::Str(_) | Token::StrOpen
            if matches!(view.token(-1), Some(Token::Str(_) | Token::StrClose)) =>
        {
            help("join strings with `+`, or write one string")
        }
        _ => None,
    }
}

/// Commas where there is no list.
fn list(view: &View<'_>) -> Option<Habit> {
    if !view.is(0, Token::Comma) {
        if view.is(0, Token::ParenClose) && view.is(-1, Token::ParenOpen) && view.expects_operand()
        {
            return help("there is no empty value but `null`, and no tuples");
        }
        return None;
    }
    match view.bracket() {
        Some(Token::ParenOpen) if !view.expects("\",\"") => {
            help("there are no tuples: write a list, `[a, b]`")
        }
        None | Some(Token::BraceOpen | Token::BlockOpen) => {
            let declares = (1..=view.fault.at as isize)
                .map(|back| view.token(-back))
                .take_while(|token| !matches!(token, Some(Token::Semicolon | Token::BraceOpen)))
                .any(|token| matches!(token, Some(Token::Let | Token::Var)));
            if declares {
                return help("one variable a statement; take a list apart with `let [a, b] = …`");
            }
            help("several values stand in a list: `[a, b] = [b, a]`")
        }
        _ => None,
    }
}

/// Statements that stop too early.
fn ending(view: &View<'_>) -> Option<Habit> {
    if !view.ends_here() {
        let two = view.expects("\";\"") && view.expects("\"+\"");
        return two.then(|| help("two statements on one line need a `;` between them")).flatten();
    }
    match view.token(-1)? {
        Token::Minus if view.is(-2, Token::Minus) => help("write `x -= 1`"),
        Token::Throw => help("`throw` needs an error: `throw Error(\"…\")`"),
        Token::Dot if matches!(view.token(-2), Some(Token::Int(_))) => {
            help("a digit follows the dot of a number: `5.0`")
        }
        _ if view.expects("\"=\"") && (view.is(-2, Token::Let) || view.is(-2, Token::Var)) => {
            let (word, name) = (view.source(-2), view.source(-1));
            Some(Habit {
                code: None,
                title: Some(format!("`{word} {name}` has no value")),
                help: format!(
                    "write `{word} {name} = …`; one that gets its value later begins as \
                     `var {name} = null`"
                ),
                place: -1,
            })
        }
        _ => None,
    }
}
