//! Methods of `str`. Indexes and lengths count code points; bytes are an implementation matter
//! except where a name says `byte`.

mod case;
mod piece;
mod search;
mod shape;

use super::Outcome;
use super::argument::bad_value;
use super::kind::TextValue;
use crate::natives;
use crate::vm::error::past_end;
use crate::vm::{ErrorKind, Value, Vm};
use case::{casefold, lower, normalize, title, upper};
use piece::{chars, graphemes, lines, rsplit, split, words};
use search::{char_count, contains, count, find, partition, replace, rfind};
use shape::{center, pad_end, pad_start, repeat, reversed};

natives! {
    /// Methods of `str`.
    pub const TEXT;

    /// How many code points the text has.
    get str.len() => len, r#""naïve".len"# => "5";
    /// How many bytes the text has as UTF-8.
    get str.byte_len() => byte_len, r#""naïve".byte_len"# => "6";

    /// The pieces between the places where `sep` stands; without `sep`, the pieces between runs of
    /// blanks, and no empty ones. With `limit`, at most that many pieces: the last keeps the rest.
    method str.split(sep: str?, named limit: int?) => split,
        r#""a,b,,c".split(",")"# => r#"["a", "b", "", "c"]"#,
        r#"" to  be ".split()"# => r#"["to", "be"]"#,
        r#""k=v=w".split("=", limit: 2)"# => r#"["k", "v=w"]"#;
    /// Like `split`, but with `limit` the first piece keeps the rest.
    method str.rsplit(sep: str?, named limit: int?) => rsplit,
        r#""a.tar.gz".rsplit(".", limit: 2)"# => r#"["a.tar", "gz"]"#;
    /// The lines, without their ends (`\n` or `\r\n`).
    method str.lines() => lines, r#""a\nb\n".lines()"# => r#"["a", "b"]"#;
    /// The code points, each as a str.
    method str.chars() => chars, r#""añ".chars()"# => r#"["a", "ñ"]"#;
    /// What a reader takes for characters, each as a str.
    method str.graphemes() => graphemes, r#""e\u{301}a".graphemes().len"# => "2";
    /// The words, by the rules of Unicode: without blanks and punctuation.
    method str.words() => words, r#""Don't panic!".words()"# => r#"["Don't", "panic"]"#;
    /// The text as UTF-8.
    method str.bytes() => bytes, r#""é".bytes()"# => r#"b"\xc3\xa9""#;

    /// The text without blanks at both ends.
    method str.trim() => trim, r#"" a b ".trim()"# => "a b";
    /// The text without blanks at its start.
    method str.trim_start() => trim_start, r#""  a".trim_start()"# => "a";
    /// The text without blanks at its end.
    method str.trim_end() => trim_end, r#""a  ".trim_end() + "|""# => "a|";
    /// The text without `prefix`, if it starts with it.
    method str.strip_prefix(prefix: str) => strip_prefix, r#""v1.2".strip_prefix("v")"# => "1.2";
    /// The text without `suffix`, if it ends with it.
    method str.strip_suffix(suffix: str) => strip_suffix, r#""a.ket".strip_suffix(".ket")"# => "a";
    /// The text in upper case.
    method str.upper() => upper, r#""straße".upper()"# => "STRASSE";
    /// The text in lower case.
    method str.lower() => lower, r#""ÀB".lower()"# => "àb";
    /// The text with each word's first letter in upper case and the others in lower case.
    method str.title() => title, r#""it's a DAY".title()"# => "It's A Day";
    /// The text in the form in which texts are compared without regard to case: `lower` leaves
    /// differences that readers do not see, this does not.
    method str.casefold() => casefold, r#""Straße".casefold() == "STRASSE".casefold()"# => "true";
    /// The text in a normal form of Unicode: `"NFC"` (one code point where there is one), `"NFD"`
    /// (letters and marks apart), `"NFKC"` or `"NFKD"` (the same, and look-alikes made one).
    method str.normalize(form: str = "NFC") => normalize,
        r#""e\u{301}".normalize() == "é""# => "true", r#""ﬁ".normalize("NFKC")"# => "fi";
    /// The code points in reverse order; `graphemes().reversed().join()` keeps letters and their
    /// marks together.
    method str.reversed() => reversed, r#""abc".reversed()"# => "cba";
    /// The text `n` times in a row.
    method str.repeat(n: int) => repeat, r#""ab".repeat(2)"# => "abab";
    /// The text with `fill` before it until it has `n` code points.
    method str.pad_start(n: int, fill: str = " ") => pad_start, r#""7".pad_start(3, "0")"# => "007";
    /// The text with `fill` behind it until it has `n` code points.
    method str.pad_end(n: int, fill: str = " ") => pad_end, r#""ab".pad_end(4, ".")"# => "ab..";
    /// The text with `fill` on both sides until it has `n` code points.
    method str.center(n: int, fill: str = " ") => center, r#""ab".center(5, "-")"# => "-ab--";

    /// The text with `old` replaced by `new`: everywhere, or the first `count` times.
    method str.replace(old: str, new: str, named count: int?) => replace,
        r#""aaa".replace("a", "b")"# => "bbb", r#""aaa".replace("a", "b", count: 1)"# => "baa";
    /// The index where `s` first stands, at `from` or later; null if it does not.
    method str.find(s: str, named from: int = 0) => find,
        r#""hello".find("l")"# => "2", r#""hello".find("z")"# => "null";
    /// The index where `s` last stands; null if it does not.
    method str.rfind(s: str) => rfind, r#""hello".rfind("l")"# => "3";
    /// Whether `s` stands in the text.
    method str.contains(s: str) => contains, r#""hello".contains("ell")"# => "true";
    /// Whether the text starts with `prefix`.
    method str.starts_with(prefix: str) => starts_with, r#""hello".starts_with("he")"# => "true";
    /// Whether the text ends with `suffix`.
    method str.ends_with(suffix: str) => ends_with, r#""hello".ends_with("he")"# => "false";
    /// How often `s` stands in the text, not counting places that overlap.
    method str.count(s: str) => count, r#""banana".count("an")"# => "2";
    /// What stands before the first `sep`, `sep`, and what stands after it; the text and two empty
    /// strings if it is not there.
    method str.partition(sep: str) => partition,
        r#""k=v=w".partition("=")"# => r#"["k", "=", "v=w"]"#;
    /// The number of the code point at index `i`.
    method str.code_at(i: int) => code_at, r#""añ".code_at(1)"# => "241";
    /// The text of the code point with that number.
    fn str.from_code(code: int) => from_code, r#"str.from_code(0x1f375)"# => "🍵";

    /// Whether there are only decimal digits, and at least one.
    method str.is_digit() => is_digit, r#""42".is_digit()"# => "true", r#""".is_digit()"# => "false";
    /// Whether there are only letters, and at least one.
    method str.is_alpha() => is_alpha, r#""né".is_alpha()"# => "true";
    /// Whether there are only letters and digits, and at least one.
    method str.is_alnum() => is_alnum, r#""a1".is_alnum()"# => "true";
    /// Whether there are only blanks, and at least one.
    method str.is_space() => is_space, r#"" \t".is_space()"# => "true";
    /// Whether there are only upper-case letters, and at least one.
    method str.is_upper() => is_upper, r#""AB".is_upper()"# => "true";
    /// Whether there are only lower-case letters, and at least one.
    method str.is_lower() => is_lower, r#""aB".is_lower()"# => "false";
}

fn len(vm: &mut Vm, text: TextValue) -> Outcome {
    Ok(Value::int(char_count(vm, text) as i64))
}

fn byte_len(vm: &mut Vm, text: TextValue) -> Outcome {
    Ok(Value::int(text.get(&vm.heap).len() as i64))
}

fn bytes(vm: &mut Vm, text: TextValue) -> Outcome {
    let content = text.get(&vm.heap).as_bytes().to_vec();
    vm.reserve(content.len())?;
    Ok(vm.heap.bytes(&content))
}

/// A part of the text: the same value if it is all of it.
fn part(vm: &mut Vm, text: TextValue, cut: impl FnOnce(&str) -> &str) -> Outcome {
    let source = text.get(&vm.heap);
    let piece = cut(source);
    if piece.len() == source.len() {
        return Ok(text.0);
    }
    let piece = piece.to_owned();
    Ok(vm.heap.string_owned(piece))
}

fn trim(vm: &mut Vm, text: TextValue) -> Outcome {
    part(vm, text, str::trim)
}

fn trim_start(vm: &mut Vm, text: TextValue) -> Outcome {
    part(vm, text, str::trim_start)
}

fn trim_end(vm: &mut Vm, text: TextValue) -> Outcome {
    part(vm, text, str::trim_end)
}

fn strip_prefix(vm: &mut Vm, text: TextValue, prefix: TextValue) -> Outcome {
    let prefix = prefix.get(&vm.heap).to_owned();
    part(vm, text, |source| source.strip_prefix(&*prefix).unwrap_or(source))
}

fn strip_suffix(vm: &mut Vm, text: TextValue, suffix: TextValue) -> Outcome {
    let suffix = suffix.get(&vm.heap).to_owned();
    part(vm, text, |source| source.strip_suffix(&*suffix).unwrap_or(source))
}

fn starts_with(vm: &mut Vm, text: TextValue, prefix: TextValue) -> Outcome {
    Ok(Value::bool(text.get(&vm.heap).starts_with(prefix.get(&vm.heap))))
}

fn ends_with(vm: &mut Vm, text: TextValue, suffix: TextValue) -> Outcome {
    Ok(Value::bool(text.get(&vm.heap).ends_with(suffix.get(&vm.heap))))
}

fn code_at(vm: &mut Vm, text: TextValue, i: i64) -> Outcome {
    let length = char_count(vm, text);
    let at = if i < 0 { i + length as i64 } else { i };
    match usize::try_from(at).ok().and_then(|at| vm.heap.char_at(text.0, at)) {
        Some(c) => Ok(Value::int(i64::from(u32::from(c)))),
        None => {
            let message = format!("str.code_at: {}", past_end(i, length));
            Err(vm.error(ErrorKind::IndexError, message))
        }
    }
}

fn from_code(vm: &mut Vm, code: i64) -> Outcome {
    match u32::try_from(code).ok().and_then(char::from_u32) {
        Some(c) => Ok(vm.heap.string(c.encode_utf8(&mut [0; 4]))),
        None => {
            let rule = "code must be the number of a code point (0 to 0x10ffff without surrogates)";
            Err(bad_value(vm, "str.from_code", rule, Value::int(code)))
        }
    }
}

/// Whether the text is not empty and all its characters pass.
fn all(vm: &mut Vm, text: TextValue, test: impl Fn(char) -> bool) -> Outcome {
    let source = text.get(&vm.heap);
    let passes = !source.is_empty() && vm.patiently(source.chars()).all(test);
    vm.goes_on()?;
    Ok(Value::bool(passes))
}

fn is_digit(vm: &mut Vm, text: TextValue) -> Outcome {
    all(vm, text, |c| c.is_ascii_digit())
}

fn is_alpha(vm: &mut Vm, text: TextValue) -> Outcome {
    all(vm, text, char::is_alphabetic)
}

fn is_alnum(vm: &mut Vm, text: TextValue) -> Outcome {
    all(vm, text, char::is_alphanumeric)
}

fn is_space(vm: &mut Vm, text: TextValue) -> Outcome {
    all(vm, text, char::is_whitespace)
}

fn is_upper(vm: &mut Vm, text: TextValue) -> Outcome {
    all(vm, text, char::is_uppercase)
}

fn is_lower(vm: &mut Vm, text: TextValue) -> Outcome {
    all(vm, text, char::is_lowercase)
}
