//! What is wrong with a text that is no JSON, and where.
//!
//! serde_json counts lines, and columns in bytes; its column is that of the byte that it refuses,
//! or 0 if that is the newline before.

use serde_json::error::{Category, Error};

use super::parse::{Rules, Stop};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// The error of a text that cannot be read, or of a limit that reading came to. `is_text` says that the
/// script counts in code points.
#[cold]
pub(super) fn error(
    vm: &mut Vm,
    text: &str,
    is_text: bool,
    error: &Error,
    (stop, rules): (Option<Stop>, Rules),
) -> Thrown {
    let mut offset = offset_of(text, error);
    let reason = match stop {
        Some(Stop::Depth) => {
            let depth = rules.depth;
            offset = beyond(text, depth);
            format!("lists and objects are nested more than {depth} deep: pass a larger `depth:`")
        }
        Some(Stop::Digits) => "the int has more digits than a bigint can have".to_owned(),
        Some(Stop::Memory) => "the values do not fit into memory".to_owned(),
        None => {
            let reason = error.to_string();
            let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(text, _)| text);
            if matches!(reason, "expected ident" | "EOF while parsing a value") {
                offset = word_start(text, offset);
            }
            explained(text, offset, reason)
        }
    };
    let before = &text[..offset];
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
    let offset = if is_text { before.chars().count() } else { offset };
    let number = |count: usize| Value::int(i64::try_from(count).unwrap_or(i64::MAX));
    let fields = [("line", number(line)), ("column", number(column)), ("offset", number(offset))];
    let message = format!("{}: line {line}, column {column}: {reason}", rules.path);
    vm.error_with(ErrorKind::ParseError, message, &fields)
}

/// The byte that is refused; the end if something is missing there.
fn offset_of(text: &str, error: &Error) -> usize {
    if error.classify() == Category::Eof {
        return text.len();
    }
    let newlines = memchr::memchr_iter(b'\n', text.as_bytes());
    let start = match error.line().checked_sub(2) {
        Some(index) => newlines.into_iter().nth(index).map_or(text.len(), |newline| newline + 1),
        None => 0,
    };
    let offset = (start + error.column()).saturating_sub(1).min(text.len());
    text.floor_char_boundary(offset)
}

/// The bracket that is one too deep.
fn beyond(text: &str, depth: usize) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut open) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at + 1);
                continue;
            }
            b'[' | b'{' if open == depth => break,
            b'[' | b'{' => open += 1,
            b']' | b'}' => open -= 1,
            _ => {}
        }
        at += 1;
    }
    at
}

/// The place behind the quote that ends a string.
pub(super) fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where the word at a place begins.
fn word_start(text: &str, offset: usize) -> usize {
    text[..offset].trim_end_matches(is_word).len()
}

/// What serde_json says, in the words of a script's author.
fn explained(text: &str, offset: usize, reason: &str) -> String {
    let rest = &text[offset..];
    let came = came(rest);
    let expected = match reason {
        "EOF while parsing a list" => "`,` or `]` after an element of a list",
        "EOF while parsing an object" => "`,` or `}` after an entry of an object",
        "EOF while parsing a string" => "`\"` at the end of a string",
        "expected `:`" => "`:` after a key",
        "expected `,` or `]`" => "`,` or `]` after an element of a list",
        "expected `,` or `}`" => "`,` or `}` after an entry of an object",
        "expected ident" | "expected value" | "EOF while parsing a value" => {
            return format!("expected a value, not {came}{}", hint(rest));
        }
        "trailing comma" => {
            return format!(
                "expected something after the comma, not {came}: JSON has no comma there"
            );
        }
        "key must be a string" => {
            return format!("expected a key in double quotes, not {came}{}", hint(rest));
        }
        "trailing characters" => "the end of the text",
        "invalid escape" => {
            "one of `\" \\ / b f n r t u` after `\\`, or four hexadecimal digits after `\\u`"
        }
        "invalid number" if text[..offset].ends_with('0') && came_digit(rest) => {
            return "a number must not begin with 0".to_owned();
        }
        "invalid number" => "a digit",
        "number out of range" => return "the number is too large for a float".to_owned(),
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            return "half of a surrogate pair stands alone in a string".to_owned();
        }
        "invalid unicode code point" => return "the escape stands for no character".to_owned(),
        "control character (\\u0000-\\u001F) found while parsing a string" => {
            return format!("{came} must be written as an escape in a string");
        }
        other => other,
    };
    format!("expected {expected}, not {came}")
}

fn came_digit(rest: &str) -> bool {
    rest.starts_with(|first: char| first.is_ascii_digit())
}

/// What stands at a place.
fn came(rest: &str) -> String {
    let Some(first) = rest.chars().next() else { return "the end of the text".to_owned() };
    let word: String = rest.chars().take_while(|character| is_word(*character)).take(20).collect();
    if word.is_empty() {
        format!("`{}`", first.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\""))
    } else {
        format!("`{word}`")
    }
}

/// What to write instead of a habit of another language.
fn hint(rest: &str) -> &'static str {
    let word: String = rest.chars().take_while(|character| is_word(*character)).take(20).collect();
    match word.as_str() {
        "None" | "nil" | "undefined" | "NULL" | "Null" => ": write `null`",
        "True" | "TRUE" => ": write `true`",
        "False" | "FALSE" => ": write `false`",
        "NaN" | "nan" | "Infinity" | "inf" => ": JSON has no such number",
        "" => match rest.chars().next() {
            Some('\'') => ": strings and keys stand in double quotes",
            Some('/' | '#') => ": JSON has no comments",
            Some('+') => ": a number has no `+`",
            Some('.') => ": a number begins with a digit",
            _ => "",
        },
        _ => "",
    }
}
