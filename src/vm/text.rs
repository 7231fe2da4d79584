//! Text of single values as scripts would write them: floats, durations, quoted strings, bytes.

use std::fmt::Write;

use unicode_ident::{is_xid_continue, is_xid_start};

/// Appends a float: shortest digits that read back, plain for 1e-5 ≤ |x| < 1e16, else with an
/// exponent; always recognisable as a float.
pub fn push_float(out: &mut String, number: f64) {
    if number.is_nan() {
        out.push_str("nan");
        return;
    }
    if number.is_sign_negative() {
        out.push('-');
    }
    if number.is_infinite() {
        out.push_str("inf");
        return;
    }
    if number == 0.0 {
        out.push_str("0.0");
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let (digits, point) = decimal(buffer.format_finite(number.abs()));
    let count = digits.len() as i32;
    if !(-4..=16).contains(&point) {
        let (first, rest) = digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let _ = write!(out, "e{}", point - 1);
    } else if point <= 0 {
        out.push_str("0.");
        out.extend((point..0).map(|_| '0'));
        out.push_str(&digits);
    } else if point >= count {
        out.push_str(&digits);
        out.extend((count..point).map(|_| '0'));
        out.push_str(".0");
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    }
}

/// Splits the text of a positive number into its significant digits and the position of the point
/// in front of which they stand: 0.0125 is `125` and -1.
fn decimal(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = String::with_capacity(whole.len() + fraction.len());
    digits.push_str(whole);
    digits.push_str(fraction);
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    let point = whole.len() as i32 - zeros as i32 + exponent;
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    (significant.to_owned(), point)
}

/// The text of a float.
pub fn float_text(number: f64) -> String {
    let mut out = String::new();
    push_float(&mut out, number);
    out
}

const SECOND: u64 = 1_000_000_000;

/// Appends a duration as a literal that reads back: `1h1m1s`, `1.5s`, `200ms`, `-5s`.
pub fn push_duration(out: &mut String, nanoseconds: i64) {
    if nanoseconds < 0 {
        out.push('-');
    }
    let mut rest = nanoseconds.unsigned_abs();
    if rest == 0 {
        out.push_str("0s");
        return;
    }
    if rest < SECOND {
        let (unit, name) = match rest {
            1_000_000.. => (1_000_000, "ms"),
            1000.. => (1000, "us"),
            _ => (1, "ns"),
        };
        push_fixed(out, rest, unit);
        out.push_str(name);
        return;
    }
    for (unit, name) in [(86_400 * SECOND, 'd'), (3600 * SECOND, 'h'), (60 * SECOND, 'm')] {
        if rest >= unit {
            let _ = write!(out, "{}{name}", rest / unit);
            rest %= unit;
        }
    }
    if rest > 0 {
        push_fixed(out, rest, SECOND);
        out.push('s');
    }
}

/// Appends `count / unit` as a decimal; `unit` is a power of ten.
fn push_fixed(out: &mut String, count: u64, unit: u64) {
    let _ = write!(out, "{}", count / unit);
    let fraction = count % unit;
    if fraction > 0 {
        let width = unit.ilog10() as usize;
        let digits = format!("{fraction:0width$}");
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
}

/// Appends a string in quotes with the escapes of the grammar.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '$' if characters.peek() == Some(&'{') => out.push_str("\\$"),
            _ if character.is_control() => push_escape(out, character),
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn push_escape(out: &mut String, character: char) {
    let code = u32::from(character);
    let _ =
        if code <= 0x7f { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{{{code:x}}}") };
}

/// Appends a byte string as a literal.
pub fn push_bytes(out: &mut String, bytes: &[u8]) {
    out.push_str("b\"");
    for byte in bytes {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
}

/// Whether a text can stand as a name: a map prints such keys without quotes.
pub fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first == '_' || is_xid_start(first))
        && characters.all(is_xid_continue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_plainly_in_the_middle_and_with_an_exponent_outside() {
        for (number, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (123.456, "123.456"),
            (1e-5, "0.00001"),
            (1.5e-5, "0.000015"),
            (9.999e-6, "9.999e-6"),
            (1.5e-7, "1.5e-7"),
            (1e15, "1000000000000000.0"),
            (9007199254740993.0, "9007199254740992.0"),
            (1e16, "1e16"),
            (1.25e300, "1.25e300"),
            (-2.5, "-2.5"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(float_text(number), text);
        }
    }

    #[test]
    fn floats_read_back() {
        let mut bits: u64 = 0x9e37_79b9;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            let number = f64::from_bits(bits);
            if number.is_finite() {
                let text = float_text(number);
                assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(bits), "{text}");
                assert!(text.contains(['.', 'e']), "{text}");
            }
        }
    }

    #[test]
    fn durations_print_compound() {
        for (nanoseconds, text) in [
            (0, "0s"),
            (3_661_000_000_000, "1h1m1s"),
            (1_500_000_000, "1.5s"),
            (200_000_000, "200ms"),
            (1_500_000, "1.5ms"),
            (10_000, "10us"),
            (1_234, "1.234us"),
            (5, "5ns"),
            (-5_000_000_000, "-5s"),
            (86_400_000_000_000, "1d"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_001, "1h0.000000001s"),
            (i64::MIN, "-106751d23h47m16.854775808s"),
        ] {
            assert_eq!(pushed(|out| push_duration(out, nanoseconds)), text);
        }
    }

    fn pushed(push: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        push(&mut out);
        out
    }

    #[test]
    fn strings_are_quoted_so_that_they_read_back() {
        let quoted = |text: &str| pushed(|out| push_quoted(out, text));
        assert_eq!(quoted("a\"b\\\n\t\0\u{8}\u{c}"), r#""a\"b\\\n\t\0\b\f""#);
        assert_eq!(quoted("$5 ${x} $"), r#""$5 \${x} $""#);
        assert_eq!(quoted("é\u{1b}\u{85}"), "\"é\\x1b\\u{85}\"");
        assert_eq!(pushed(|out| push_bytes(out, b"\x00a\"\xff")), "b\"\\x00a\\\"\\xff\"");
    }

    #[test]
    fn names_need_no_quotes() {
        for (text, name) in [
            ("x", true),
            ("_a1", true),
            ("größe", true),
            ("e\u{301}", true),
            ("日本", true),
            ("x²", false),
            ("Ⓐ", false),
            ("", false),
            ("1a", false),
            ("a b", false),
        ] {
            assert_eq!(is_name(text), name, "{text}");
        }
    }
}
