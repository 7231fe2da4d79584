//! Whole forms of other languages, known by several tokens: heads, closures, arms, signs.

use super::{Habit, View, foreign, help};
use crate::syntax::parser;
use crate::syntax::token::Token;

/// The form behind a fault, if it is a known one.
pub fn recognize(view: &View<'_>) -> Option<Habit> {
    head(view)
        .or_else(|| arm(view))
        .or_else(|| sign(view))
        .or_else(|| literal(view))
        .or_else(|| task(view))
        .or_else(|| named_argument(view))
}

/// What belongs to tasks: `select`, `spawn`, `timeout`.
fn task(view: &View<'_>) -> Option<Habit> {
    let opens = matches!(view.token(0)?, Token::BraceOpen | Token::BlockOpen | Token::MapOpen);
    match view.name(-1) {
        word @ ("timeout" | "shield") if opens && view.expects("\";\"") => {
            return help(format!("say for how long: `{word} 5s {{ … }}`"));
        }
        _ => {}
    }
    let is_arm = view.bracket() == Some(Token::ArmsOpen);
    match view.token(0)? {
        Token::BarsEmpty | Token::BarOpen if view.is(-1, Token::Spawn) => {
            help("`spawn` takes a call or a block: `spawn f(x)`, `spawn { … }`")
        }
        _ if is_arm && view.is(-1, Token::Eq) && view.expects("\"await\"") => {
            help("an arm of `select` waits for something: `v = await channel.recv() => …`")
        }
        Token::FatArrow if is_arm && view.expects("\"=\"") && !view.expects("\"if\"") => help(
            "an arm of `select` is written `v = await task => …`, or `_ = await sleep(1s) => …`",
        ),
        _ => None,
    }
}

/// Commas left out between elements, arguments and parameters.
pub fn comma(view: &View<'_>) -> Option<Habit> {
    let begins = matches!(
        view.token(0)?,
        Token::Name(_)
            | Token::Int(_)
            | Token::Float(_)
            | Token::Str(_)
            | Token::StrOpen
            | Token::True
            | Token::False
            | Token::Null
            | Token::SelfWord
            | Token::MapOpen
    );
    if !begins || !view.expects("\",\"") {
        return None;
    }
    match view.bracket()? {
        Token::BracketOpen => help("elements of a list need a comma between them: `[1, 2]`"),
        Token::ParenOpen => help("a comma is missing before this: `(a, b)`"),
        _ => None,
    }
}

/// Arguments by name with the sign of another language.
fn named_argument(view: &View<'_>) -> Option<Habit> {
    let first = matches!(view.token(-2), Some(Token::ParenOpen | Token::Comma));
    let is_call = view.bracket() == Some(Token::ParenOpen) && view.expects("\",\"");
    let name = view.name(-1);
    if !view.is(0, Token::Eq) || !first || !is_call || !view.expects("\"+\"") || name.is_empty() {
        return None;
    }
    help(format!("an argument is given by name with a colon: `{name}: value`"))
}

/// Heads of `for`, `match`, `catch`, and calls that look like one.
fn head(view: &View<'_>) -> Option<Habit> {
    let word = view.source(0);
    match view.token(0)? {
        Token::In if view.is(-2, Token::ParenOpen) && view.is(-3, Token::For) => {
            help("the head of a `for` has no parentheses: `for x in xs { … }`")
        }
        Token::Name(_) if word == "of" && view.is(-2, Token::For) => {
            foreign("`of` is no keyword of Kettle", "write `for x in xs { … }`")
        }
        Token::Name(_) if word == "with" && view.is(-2, Token::Match) => {
            foreign("`match` needs no `with`", "write `match x { 1 => …, _ => … }`")
        }
        Token::ParenOpen if view.is(-1, Token::Catch) => help(
            "the head of a `catch` has no parentheses: `catch e { … }`, `catch e is IoError { … }`",
        ),
        Token::As | Token::Colon | Token::Comma | Token::Bar | Token::Name(_)
            if view.is(-2, Token::Catch) && !view.name(-1).is_empty() =>
        {
            help("a type to catch stands behind `is`: `catch e is IoError { … }`")
        }
        Token::BraceOpen | Token::BlockOpen | Token::MapOpen if view.is(-1, Token::ParenClose) => {
            let place = view.callee()?;
            let habit = match view.name(place) {
                "switch" => foreign("there is no `switch`", "write `match x { 1 => …, _ => … }`"),
                "function" | "fun" | "func" | "lambda" => foreign(
                    "a function without a name has no keyword",
                    "write `|x| x + 1` or `|x| { … }`",
                ),
                "unless" => foreign("there is no `unless`", "write `if !c { … }`"),
                "until" => foreign("there is no `until`", "write `while !c { … }`"),
                "foreach" => foreign("there is no `foreach`", "write `for x in xs { … }`"),
                _ => None,
            };
            habit.map(|habit| Habit { place, ..habit })
        }
        Token::Comma if view.closes_before_arrow() => foreign(
            "`=>` stands only in arms of `match` and `select`",
            "a closure is written `|x, y| x + y`",
        ),
        Token::Comma if view.bracket() == Some(Token::ParenOpen) && view.callee_is_assert() => {
            help("`assert` takes no parentheses: `assert condition, \"why\"`")
        }
        Token::Fn if view.name(-1) == "static" => {
            help("`static` stands in classes; a function of a module is just `fn name(…) { … }`")
        }
        Token::For if view.bracket() == Some(Token::ParenOpen) && view.expects("\"+\"") => {
            foreign("there are no comprehensions", "write `xs.map(|x| …)`, `xs.filter(|x| …)`")
        }
        _ => None,
    }
}

/// Arms of `match`.
fn arm(view: &View<'_>) -> Option<Habit> {
    if view.bracket() != Some(Token::ArmsOpen) {
        return None;
    }
    match view.token(0)? {
        Token::Colon => help("an arm is written `pattern => value`"),
        Token::Else | Token::ElseArm => {
            help("the arm for all other values is written `_ => value`")
        }
        Token::Name(_) if matches!(view.source(0), "when" | "where") => {
            let title = format!("`{}` is no keyword of Kettle", view.source(0));
            foreign(title, "a condition of an arm is written `x if x > 1 => value`")
        }
        _ => None,
    }
}

/// Signs.
fn sign(view: &View<'_>) -> Option<Habit> {
    let ends = matches!(view.token(1), None | Some(Token::Semicolon | Token::ParenClose));
    match view.token(0)? {
        Token::Semicolon if view.is(-1, Token::Minus) && view.is(-2, Token::Minus) => {
            foreign("`--` is not part of Kettle", "write `x -= 1`")
        }
        Token::Greater if view.is(-1, Token::Less) && view.touches(0) => {
            foreign("`<>` is not part of Kettle", "write `!=`")
        }
        Token::Greater if view.is(-1, Token::LessEq) && view.touches(0) => foreign(
            "`<=>` is not part of Kettle",
            "sort with a key, `xs.sort(by: f)`, or with `cmp: |a, b| a - b`",
        ),
        Token::Tilde if view.is(1, Token::Eq) && view.touches(1) => {
            foreign("`~=` is not part of Kettle", "write `!=`")
        }
        Token::Less if matches!(view.token(-2), Some(Token::Let | Token::Var)) => {
            foreign("`<-` is not part of Kettle", "write `let x = …`")
        }
        Token::Question if ends => foreign(
            "`?` is not an operator",
            "errors pass on by themselves: leave it out; `a ?? b` replaces null",
        ),
        Token::Star if view.is(-1, Token::Yield) => {
            foreign("there is no `yield*`", "write `for x in xs { yield x }`")
        }
        Token::Bang if view.touches(0) && !view.name(-1).is_empty() => {
            foreign("there are no macros", format!("leave the `!` out: `{}(…)`", view.name(-1)))
        }
        Token::Str(_) | Token::StrOpen if view.is(-1, Token::Dot) => {
            help("join strings with `+`, or write \"${a}${b}\"")
        }
        _ => None,
    }
}

/// Maps and sets.
fn literal(view: &View<'_>) -> Option<Habit> {
    let in_block = matches!(view.bracket(), Some(Token::BlockOpen | Token::MapOpen));
    match view.token(0)? {
        Token::FatArrow if in_block && matches!(view.token(-1), Some(Token::Str(_))) => {
            help("entries of a map are written `key: value`: `{\"a\": 1}`")
        }
        Token::Colon if in_block && view.is(-1, Token::BlockOpen) => {
            help("entries of a map are written `key: value`: `{a: 1}`")
        }
        Token::Comma if view.bracket() == Some(Token::BlockOpen) && view.opens_value() => {
            foreign("there is no literal for sets", "write `set([1, 2, 3])`")
        }
        _ => None,
    }
}

impl View<'_> {
    /// Where the name stands that is called in `name(…)` right before the fault.
    fn callee(&self) -> Option<isize> {
        let mut depth = 0;
        let mut back = -1;
        loop {
            match self.token(back)? {
                Token::ParenClose => depth += 1,
                Token::ParenOpen => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(back - 1);
            }
            back -= 1;
        }
    }

    /// Whether the fault is the end of `do { … } while c`, of which the `do` is reported.
    pub fn ends_do_while(&self) -> bool {
        if !self.ends_here() || !self.expects("\"{\"") {
            return false;
        }
        let starts = |token: Token| matches!(token, Token::Semicolon | Token::BraceClose);
        let before = &self.tokens[..self.fault.at.min(self.tokens.len())];
        let Some(last) = before.iter().rposition(|&(_, token, _)| starts(token)) else {
            return false;
        };
        let Some(close) =
            before[..=last].iter().rposition(|&(_, token, _)| token == Token::BraceClose)
        else {
            return false;
        };
        let Some(open) = parser::enclosing(before, close) else { return false };
        let word = open.checked_sub(1).map(|at| before[at]);
        let is_do = word.is_some_and(|(start, _, end)| {
            matches!(&self.text[start as usize..end as usize], "do" | "repeat")
        });
        is_do && before.get(last + 1).is_some_and(|&(_, token, _)| token == Token::While)
    }

    /// Whether the parentheses around the fault are those of `assert(…)`.
    fn callee_is_assert(&self) -> bool {
        let mut back = -1;
        let mut depth = 0;
        while let Some(token) = self.token(back) {
            match token {
                Token::ParenClose | Token::BracketClose => depth += 1,
                Token::ParenOpen if depth == 0 => return self.is(back - 1, Token::Assert),
                Token::ParenOpen | Token::BracketOpen => depth -= 1,
                Token::Semicolon => return false,
                _ => {}
            }
            back -= 1;
        }
        false
    }

    /// Whether the fault stands between parentheses that an arrow follows: `(a, b) => …`.
    fn closes_before_arrow(&self) -> bool {
        if self.bracket() != Some(Token::ParenOpen) {
            return false;
        }
        let mut ahead = 1;
        while matches!(self.token(ahead), Some(Token::Name(_) | Token::Comma)) {
            ahead += 1;
        }
        self.is(ahead, Token::ParenClose) && self.is(ahead + 1, Token::FatArrow)
    }

    /// Whether the brace around the fault begins a value: behind `=`, `(` or a comma.
    fn opens_value(&self) -> bool {
        let mut back = -1;
        while let Some(token) = self.token(back) {
            match token {
                Token::BlockOpen => {
                    return matches!(
                        self.token(back - 1),
                        Some(Token::Eq | Token::ParenOpen | Token::Comma | Token::Return)
                    );
                }
                Token::Semicolon => return false,
                _ => back -= 1,
            }
        }
        false
    }
}
