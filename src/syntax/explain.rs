//! Turns a place where the parser stopped into a message for people: what stands there, what could
//! stand there in words, the bracket around it, and the Kettle form where `habit` knows what was
//! meant.

use super::habit;
use super::layout::Spanned;
use super::lexer::Lexed;
use super::parser::{self, Fault};
use super::token::Token;
use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// The diagnostic of a fault; none where it only follows from one of the `earlier` ones.
pub fn explain(
    fault: &Fault,
    tokens: &[Spanned],
    text: &str,
    earlier: &[Diagnostic],
    source: SourceId,
) -> Option<Diagnostic> {
    let found = tokens.get(fault.at).copied();
    let place = found.map_or(text.len() as u32, |(start, ..)| start);
    if earlier.iter().any(|diagnostic| causes(diagnostic, place, text)) {
        return None;
    }
    let view = habit::View::new(tokens, fault, text);
    if view.ends_do_while() {
        return None;
    }
    let expected = describe(&fault.expected);
    let diagnostic = match found {
        None => {
            let at = text.trim_end().len() as u32;
            let title = "the text ends too early";
            Diagnostic::new(Code::E0121, title).at(source, Span::new(at, at), expected)
        }
        Some((start, Token::Semicolon, end)) if start == end => {
            // The separator stands before the next line; the fault is at the end of this one.
            let at = fault.at.checked_sub(1).map_or(start, |before| tokens[before].2);
            Diagnostic::new(Code::E0101, "unexpected end of the line").at(
                source,
                Span::new(at, at),
                expected,
            )
        }
        Some((start, _, end)) => {
            let title = format!("unexpected {}", shown(text, start, end));
            Diagnostic::new(Code::E0101, title).at(source, Span::new(start, end), expected)
        }
    };
    let diagnostic = match habit::recognize(&view) {
        Some(habit) => {
            let mut diagnostic = diagnostic;
            diagnostic.code = habit.code.or(diagnostic.code);
            if let Some(&(start, _, end)) = view.spanned(habit.place) {
                diagnostic.labels.iter_mut().for_each(|label| label.span = Span::new(start, end));
            }
            if let Some(title) = habit.title {
                diagnostic.title = title;
                diagnostic.labels.iter_mut().for_each(|label| label.text.clear());
            }
            diagnostic.help(habit.help)
        }
        None => diagnostic,
    };
    let foreign = diagnostic.code == Some(Code::E0126);
    if !foreign && earlier.iter().any(|other| stands_behind(other, place, text)) {
        return None;
    }
    Some(with_bracket(diagnostic, fault, tokens, source))
}

/// Whether a sign of another language follows on the line: it says more than what token was unexpected.
fn stands_behind(diagnostic: &Diagnostic, place: u32, text: &str) -> bool {
    let start = diagnostic.primary().map(|label| label.span.start);
    diagnostic.code == Some(Code::E0126)
        && start.is_some_and(|start| place < start && near(text, place, start))
}

/// Whether an unpaired bracket is but a consequence of a string without an end on its line.
pub fn follows(bracket: &Diagnostic, lexed: &Lexed, text: &str) -> bool {
    if bracket.code != Some(Code::E0106) {
        return false;
    }
    let Some(place) = bracket.primary().map(|label| label.span.start) else { return false };
    lexed.diagnostics.iter().any(|diagnostic| {
        matches!(diagnostic.code, Some(Code::E0102 | Code::E0122))
            && diagnostic.primary().is_some_and(|label| near(text, label.span.start, place))
    })
}

/// Of a line that is written as in another language the first fault says what was meant: signs that
/// the lexer did not know, among the `earlier` ones, go where the parser stopped before them.
pub fn drop_followers(diagnostics: &mut Vec<Diagnostic>, earlier: usize, text: &str) {
    let start = |diagnostic: &Diagnostic| diagnostic.primary().map(|label| label.span.start);
    let stops: Vec<u32> = diagnostics[earlier..]
        .iter()
        .filter(|fault| fault.code == Some(Code::E0126))
        .filter_map(start)
        .collect();
    diagnostics.retain(|diagnostic| {
        let follows = |place: u32| stops.iter().any(|&at| at < place && near(text, at, place));
        diagnostic.code != Some(Code::E0126) || !start(diagnostic).is_some_and(follows)
    });
}

/// Whether a `try` lacks its `catch` only because that has the word of another language.
pub fn is_foreign_catch(fault: &Diagnostic, tokens: &[Spanned], text: &str) -> bool {
    let (Some(Code::E0113), Some(label)) = (fault.code, fault.primary()) else { return false };
    let at = tokens.partition_point(|&(start, ..)| start <= label.span.start);
    let mut depth = 0usize;
    let end = tokens[at..].iter().position(|&(_, token, _)| match token {
        Token::BraceOpen | Token::BlockOpen | Token::MapOpen | Token::ArmsOpen => {
            depth += 1;
            false
        }
        Token::BraceClose => {
            depth = depth.saturating_sub(1);
            depth == 0
        }
        _ => false,
    });
    let mut behind = tokens[end.map_or(tokens.len(), |end| at + end + 1)..].iter();
    let next = behind.find(|&&(_, token, _)| token != Token::Semicolon);
    next.is_some_and(|&(start, _, end)| {
        matches!(&text[start as usize..end as usize], "except" | "rescue")
    })
}

/// Whether a fault at `place` is but a consequence of `diagnostic`.
fn causes(diagnostic: &Diagnostic, place: u32, text: &str) -> bool {
    let Some(label) = diagnostic.primary() else { return false };
    let start = label.span.start;
    match diagnostic.code {
        // What the lexer leaves out or replaces does no harm to what stands before it.
        Some(Code::E0126) if place < start => false,
        // Behind a bracket that was mended nothing is certain.
        Some(Code::E0106 | Code::E0122) => place >= start,
        _ => diagnostic.labels.iter().any(|label| near(text, label.span.start, place)),
    }
}

/// On one line.
fn near(text: &str, a: u32, b: u32) -> bool {
    let (from, to) = (a.min(b) as usize, a.max(b) as usize);
    text.get(from..to).is_some_and(|between| !between.contains('\n'))
}

const SHOWN_MAX: usize = 30;

fn shown(text: &str, start: u32, end: u32) -> String {
    let slice = &text[start as usize..end as usize];
    let line = slice.lines().next().unwrap_or("");
    if line.len() == slice.len() && line.chars().count() <= SHOWN_MAX {
        return format!("`{line}`");
    }
    let head: String = line.chars().take(SHOWN_MAX).collect();
    format!("`{head}…`")
}

/// Adds the bracket in which the fault lies, if that is what could have been closed.
fn with_bracket(
    diagnostic: Diagnostic,
    fault: &Fault,
    tokens: &[Spanned],
    source: SourceId,
) -> Diagnostic {
    let Some(open) = parser::enclosing(tokens, fault.at) else { return diagnostic };
    let (start, token, end) = tokens[open];
    let closer = match token {
        Token::ParenOpen => ")",
        Token::BracketOpen | Token::QuestionBracket => "]",
        Token::MapOpen => "}",
        _ => return diagnostic,
    };
    let quoted = format!("\"{closer}\"");
    let far = tokens.get(fault.at).is_some_and(|&(place, ..)| place > end);
    if !far || !fault.expected.contains(&quoted) || !diagnostic.help.is_empty() {
        return diagnostic;
    }
    diagnostic.see(
        source,
        Span::new(start, end),
        format!("inside what begins here, up to a `{closer}`"),
    )
}

// ---- what could stand there

const EXPRESSION: [&str; 12] = [
    "\"await\"",
    "\"spawn\"",
    "\"match\"",
    "\"if\"",
    "\"return\"",
    "\"throw\"",
    "\"-\"",
    "\"!\"",
    "\"{block\"",
    "\"|(\"",
    "\"|()\"",
    "\"str_open\"",
];
const EXPRESSION_ALSO: [&str; 31] = [
    "name",
    "int",
    "int_min",
    "float",
    "duration",
    "str",
    "bytes",
    "\"async\"",
    "\"scope\"",
    "\"loop\"",
    "\"break\"",
    "\"continue\"",
    "\"yield\"",
    "\"try\"",
    "\"true\"",
    "\"false\"",
    "\"null\"",
    "\"self\"",
    "\"super\"",
    "\"(\"",
    "\"[\"",
    "\"~\"",
    "\"timeout\"",
    "\"shield\"",
    "\"select\"",
    "\"{map\"",
    "\"..\"",
    "\"..=\"",
    "\"...\"",
    "broken",
    "\"broken\"",
];
/// What an operand can begin with, if not a whole expression is wanted.
const OPERAND: [&str; 7] = ["name", "int", "float", "\"self\"", "\"(\"", "\"[\"", "\"{map\""];
const STATEMENT: [&str; 12] = [
    "\"let\"",
    "\"var\"",
    "\"fn\"",
    "\"class\"",
    "\"enum\"",
    "\"while\"",
    "\"for\"",
    "\"defer\"",
    "\"import\"",
    "\"pub\"",
    "\"assert\"",
    "\"test\"",
];
const PATTERN: [&str; 17] = [
    "name",
    "int",
    "int_min",
    "float",
    "duration",
    "str",
    "bytes",
    "\"is\"",
    "\"true\"",
    "\"false\"",
    "\"null\"",
    "\"(\"",
    "\"[\"",
    "\"-\"",
    "\"{map\"",
    "\"...\"",
    "\"broken\"",
];
const OPERATOR: [&str; 24] = [
    "\"in\"", "\"is\"", "\"..=\"", "\"..\"", "\"??\"", "\"==\"", "\"!=\"", "\"<=\"", "\">=\"",
    "\"<<\"", "\">>\"", "\"<\"", "\">\"", "\"+\"", "\"-\"", "\"**\"", "\"*\"", "\"//\"", "\"/\"",
    "\"%\"", "\"&\"", "\"^\"", "\"!in\"", "\"!is\"",
];
const OPERATOR_ALSO: [&str; 25] = [
    "\"&&\"", "\"||\"", "\"|\"", "\".\"", "\"?.\"", "\"?[\"", "\"(\"", "\"[\"", "\"=\"", "\"+=\"",
    "\"-=\"", "\"*=\"", "\"/=\"", "\"//=\"", "\"%=\"", "\"**=\"", "\"&=\"", "\"|=\"", "\"^=\"",
    "\"<<=\"", "\">>=\"", "\"??=\"", "\"&&=\"", "\"||=\"", "\":\"",
];

/// The grammar's names in words, the more general ones first.
fn describe(names: &[String]) -> String {
    let has_all = |set: &[&str]| set.iter().all(|name| names.iter().any(|known| known == name));
    let mut words: Vec<String> = Vec::new();
    let mut covered: Vec<&str> = vec!["\"let_else\"", "\"broken\""];
    if has_all(&EXPRESSION) {
        let is_statement = has_all(&STATEMENT);
        words.push(if is_statement { "a statement" } else { "an expression" }.into());
        covered.extend(EXPRESSION.iter().chain(&EXPRESSION_ALSO));
        if is_statement {
            covered.extend(STATEMENT);
        }
    } else if has_all(&OPERAND) {
        words.push("a value".into());
        covered.extend(EXPRESSION.iter().chain(&EXPRESSION_ALSO));
    } else if has_all(&PATTERN[..12]) {
        words.push("a pattern".into());
        covered.extend(PATTERN);
    }
    if has_all(&OPERATOR) {
        words.push("an operator".into());
        covered.extend(OPERATOR.iter().chain(&OPERATOR_ALSO));
    }
    for name in names.iter().filter(|name| !covered.contains(&name.as_str())) {
        let word = word(name);
        if !words.contains(&word) {
            words.push(word);
        }
    }
    join(&words)
}

fn word(name: &str) -> String {
    match name {
        "name" => "a name".into(),
        "int" | "int_min" | "float" => "a number".into(),
        "duration" => "a duration".into(),
        "str" | "\"str_open\"" => "a string".into(),
        "bytes" => "a byte string".into(),
        "spec" => "a format".into(),
        "\";\"" => "the end of the statement".into(),
        "\"}$\"" => "the `}` of the interpolation".into(),
        "\"{arms\"" | "\"{map\"" | "\"{block\"" => "`{`".into(),
        "\"|(\"" | "\"|)\"" => "`|`".into(),
        "\"|()\"" => "`||`".into(),
        "\"else_arm\"" => "`else`".into(),
        "\"spawn_try\"" => "`try`".into(),
        quoted => format!("`{}`", quoted.trim_matches('"')),
    }
}

const WORDS_MAX: usize = 6;

fn join(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("expected {only}"),
        [..] if words.len() > WORDS_MAX => {
            format!("expected {}, …", words[..WORDS_MAX].join(", "))
        }
        [first @ .., last] => format!("expected {} or {last}", first.join(", ")),
    }
}
