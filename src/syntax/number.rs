//! Reads number and duration literals. Knows nothing of tokens around them.

use std::borrow::Cow;

/// The value of a number literal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An int; hex, octal and binary ones are bit patterns.
    Int(i64),
    /// 9223372036854775808, which is an int only with a minus before it.
    IntMin,
    /// A float.
    Float(f64),
    /// Nanoseconds.
    Duration(i64),
}

/// What is wrong with a number literal, and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberError {
    /// What is wrong.
    pub title: String,
    /// What to write.
    pub help: String,
}

impl NumberError {
    fn new<T>(title: impl Into<String>, help: impl Into<String>) -> Result<T, NumberError> {
        Err(NumberError { title: title.into(), help: help.into() })
    }
}

/// Units with their nanoseconds, in falling order.
const UNITS: [(&str, i64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const SUFFIXES: &str =
    "a number must not touch a letter, except for a duration's unit: ns us ms s m h d (5m, 1h30m)";

/// The number at the beginning of `text`, which begins with a digit: its length and its value.
/// The length takes in what touches the number, so that a bad one is one fault.
pub fn scan(text: &str) -> (usize, Result<Number, NumberError>) {
    let bytes = text.as_bytes();
    if bytes[0] == b'0' && bytes.len() > 1 && bytes[1].is_ascii_alphabetic() {
        let radix = match bytes[1] {
            b'x' | b'X' => 16,
            b'o' | b'O' => 8,
            b'b' | b'B' => 2,
            _ => 10,
        };
        if radix != 10 {
            let end = word_end(text, 2);
            return (end, bit_pattern(&text[..end], radix));
        }
    }
    let (mantissa, is_float) = decimal_end(bytes);
    let end = word_end(text, mantissa);
    if end > mantissa {
        return duration(text, end);
    }
    (end, decimal(&text[..end], is_float))
}

/// Where the digits, the fraction and the exponent end.
fn decimal_end(bytes: &[u8]) -> (usize, bool) {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = digits_end(bytes, 0);
    let mut is_float = false;
    if bytes.get(at) == Some(&b'.') && digit(at + 1) {
        at = digits_end(bytes, at + 1);
        is_float = true;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        if digit(at + 1 + signed) {
            at = digits_end(bytes, at + 1 + signed);
            is_float = true;
        }
    }
    (at, is_float)
}

fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|&byte| byte.is_ascii_digit() || byte == b'_') {
        at += 1;
    }
    at
}

fn word_end(text: &str, from: usize) -> usize {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text[from..].find(|c| !part(c)).map_or(text.len(), |length| from + length)
}

fn bit_pattern(text: &str, radix: u32) -> Result<Number, NumberError> {
    if text.as_bytes()[1].is_ascii_uppercase() {
        return NumberError::new(
            format!("the prefix `{}` has a capital letter", &text[..2]),
            format!("write `{}`", text.replacen(char::is_uppercase, &text[1..2].to_lowercase(), 1)),
        );
    }
    let digits: String = text[2..].chars().filter(|&c| c != '_').collect();
    if digits.is_empty() {
        return NumberError::new(format!("`{text}` has no digits"), "write for instance `0xff`");
    }
    if let Some(bad) = digits.chars().find(|c| !c.is_digit(radix)) {
        return NumberError::new(
            format!("`{bad}` is no digit of a number with base {radix}"),
            SUFFIXES,
        );
    }
    match u64::from_str_radix(&digits, radix) {
        Ok(bits) => Ok(Number::Int(bits as i64)),
        Err(_) => NumberError::new(
            format!("`{}` needs more than 64 bits", shorten(text)),
            "an int has 64 bits; larger numbers are made with `bigint`",
        ),
    }
}

fn decimal(text: &str, is_float: bool) -> Result<Number, NumberError> {
    let digits: Cow<'_, str> = match text.contains('_') {
        true => text.chars().filter(|&c| c != '_').collect(),
        false => text.into(),
    };
    if is_float {
        return match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Number::Float(value)),
            _ => NumberError::new(
                format!("`{}` is too large for a float", shorten(text)),
                "the largest float is about 1.8e308; infinity is `float.inf`",
            ),
        };
    }
    match digits.parse::<u64>() {
        Ok(value) if value <= i64::MAX as u64 => Ok(Number::Int(value as i64)),
        Ok(value) if value == 1 << 63 => Ok(Number::IntMin),
        _ => NumberError::new(
            format!("`{}` is too large for an int", shorten(text)),
            format!(
                "the largest int is {}; write `{number}.0` for a float, `bigint(\"{number}\")` of \
                 module `math` for an int of any size",
                i64::MAX,
                number = shorten(text)
            ),
        ),
    }
}

/// Reads `1h30m`, `1.5s`: `word_end` is where the first component's letters end.
fn duration(text: &str, word_end_first: usize) -> (usize, Result<Number, NumberError>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut total: i128 = 0;
    let mut last_unit = i64::MAX;
    loop {
        let number_end = fraction_end(bytes, at);
        let letters = bytes[number_end..].iter().take_while(|byte| byte.is_ascii_alphabetic());
        let unit_end = number_end + letters.count();
        let unit = &text[number_end..unit_end];
        let touching = word_end(text, unit_end);
        let Some(&(_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let end = touching.max(word_end_first);
            return (end, bad_suffix(&text[number_end..end]));
        };
        if scale >= last_unit {
            let title = format!("the units of `{}` do not fall", shorten(&text[..touching]));
            return (touching, NumberError::new(title, "write large units first: `1h30m`"));
        }
        last_unit = scale;
        total = total.saturating_add(component(&text[at..number_end], scale));
        if touching == unit_end {
            return (unit_end, in_range(&text[..unit_end], total));
        }
        if !bytes[unit_end].is_ascii_digit() {
            return (touching, bad_suffix(&text[unit_end..touching]));
        }
        at = unit_end;
    }
}

fn fraction_end(bytes: &[u8], from: usize) -> usize {
    let end = digits_end(bytes, from);
    let has_fraction =
        bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    if has_fraction { digits_end(bytes, end + 1) } else { end }
}

fn bad_suffix(suffix: &str) -> Result<Number, NumberError> {
    NumberError::new(format!("`{}` is no suffix of a number", shorten(suffix)), SUFFIXES)
}

/// A component in nanoseconds, exact; parts of nanoseconds are cut off.
fn component(text: &str, scale: i64) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut value: i128 = 0;
    for digit in whole.bytes().filter(u8::is_ascii_digit) {
        value = value.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
    }
    let mut total = value.saturating_mul(i128::from(scale));
    let mut unit = i128::from(scale) * 1_000_000_000;
    for digit in fraction.bytes().filter(u8::is_ascii_digit) {
        unit /= 10;
        total = total.saturating_add(i128::from(digit - b'0') * unit / 1_000_000_000);
    }
    total
}

fn in_range(text: &str, total: i128) -> Result<Number, NumberError> {
    match i64::try_from(total) {
        Ok(value) => Ok(Number::Duration(value)),
        Err(_) => NumberError::new(
            format!("`{}` is too long for a duration", shorten(text)),
            "a duration has at most about 106751 days (292 years)",
        ),
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_string();
    }
    let head: String = text.chars().take(37).collect();
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Number {
        let (length, result) = scan(text);
        assert_eq!(length, text.len(), "{text}");
        result.expect(text)
    }

    #[test]
    fn ints_and_floats() {
        assert_eq!(value("1_000"), Number::Int(1000));
        assert_eq!(value("0xff_ff"), Number::Int(0xffff));
        assert_eq!(value("0xffffffffffffffff"), Number::Int(-1));
        assert_eq!(value("0b1010"), Number::Int(10));
        assert_eq!(value("0o17"), Number::Int(15));
        assert_eq!(value("9223372036854775808"), Number::IntMin);
        assert_eq!(value("1.5e-3"), Number::Float(0.0015));
        assert_eq!(value("1E5"), Number::Float(1e5));
    }

    #[test]
    fn a_dot_needs_a_digit() {
        assert_eq!(scan("1..5"), (1, Ok(Number::Int(1))));
        assert_eq!(scan("1.abs()"), (1, Ok(Number::Int(1))));
        assert_eq!(scan("1.5.floor()"), (3, Ok(Number::Float(1.5))));
    }

    #[test]
    fn durations_compound_in_falling_order() {
        assert_eq!(value("250ms"), Number::Duration(250_000_000));
        assert_eq!(value("1h30m"), Number::Duration(5_400_000_000_000));
        assert_eq!(value("1m1.5s"), Number::Duration(61_500_000_000));
        assert_eq!(value("0.1s"), Number::Duration(100_000_000));
        assert_eq!(scan("5ms..10ms").0, 3);
        for bad in ["30m1h", "5min", "1s1s", "1e3s", "0x1m", "99999999999d", "1h30", "1_s_", "5mé"]
        {
            let (length, result) = scan(bad);
            assert_eq!(length, bad.len(), "{bad}");
            assert!(result.is_err(), "{bad}");
        }
    }
}
