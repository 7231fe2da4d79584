//! Format specs: what stands behind the `:` of an interpolation.
//!
//! `[[fill]< ^ >][+][#][0][width][,|_][.precision][d x X o b e f g % ?]`

use crate::vm::object::{Digits, HostValue};
use crate::vm::text::{float_text, push_duration};
use crate::vm::value::Value;

/// A spec taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spec {
    /// As it is written.
    text: String,
    fill: Option<char>,
    align: Option<char>,
    plus: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    /// The letter of the form.
    pub(super) letter: Option<char>,
}

/// A width beyond this is a mistake.
const WIDTH_MAX: usize = 1 << 20;

/// A precision beyond this is a mistake: no float has as many digits.
const PRECISION_MAX: usize = 10_000;

/// Takes a spec apart, or says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Spec, String> {
    let mut spec = Spec { text: text.to_owned(), ..Spec::default() };
    let chars: Vec<char> = text.chars().collect();
    let mut rest = &chars[..];
    let is_align = |c: &char| matches!(c, '<' | '^' | '>');
    if let [fill, align, ..] = rest
        && is_align(align)
    {
        (spec.fill, spec.align) = (Some(*fill), Some(*align));
        rest = &rest[2..];
    } else if let [align, ..] = rest
        && is_align(align)
    {
        spec.align = Some(*align);
        rest = &rest[1..];
    }
    let mut flag = |expected: char| match rest {
        [first, ..] if *first == expected => {
            rest = &rest[1..];
            true
        }
        _ => false,
    };
    spec.plus = flag('+');
    spec.alternate = flag('#');
    // A `0` alone is a width, as a computed one may be.
    spec.zero = matches!(rest, ['0', next, ..] if next.is_ascii_digit());
    spec.width = number_at(&mut rest, text, WIDTH_MAX)?.unwrap_or(0);
    if let [mark @ (',' | '_'), ..] = rest {
        spec.grouping = Some(*mark);
        rest = &rest[1..];
    }
    if let ['.', ..] = rest {
        rest = &rest[1..];
        let precision = number_at(&mut rest, text, PRECISION_MAX)?;
        let missing = || format!("the format `{text}` has no number behind its `.`");
        spec.precision = Some(precision.ok_or_else(missing)?);
    }
    match rest {
        [] => Ok(spec),
        [letter @ ('d' | 'x' | 'X' | 'o' | 'b' | 'e' | 'f' | 'g' | '%' | '?')] => {
            spec.letter = Some(*letter);
            Ok(spec)
        }
        [wrong, ..] => Err(format!("`{wrong}` is not understood in the format `{text}`")),
    }
}

fn number_at(rest: &mut &[char], text: &str, most: usize) -> Result<Option<usize>, String> {
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let shown: String = rest[..digits].iter().collect();
    *rest = &rest[digits..];
    if digits == 0 {
        return Ok(None);
    }
    match shown.parse() {
        Ok(number) if number <= most => Ok(Some(number)),
        _ => Err(format!("{shown} is too large a number in the format `{text}`")),
    }
}

/// An int or a float in its form, padded.
pub(super) fn number(spec: &Spec, value: Value) -> Result<String, String> {
    check_number(spec)?;
    let (negative, finite) = match (value.as_int(), value.as_float()) {
        (Some(number), _) => (number < 0, true),
        (_, Some(number)) => (number.is_sign_negative() && !number.is_nan(), number.is_finite()),
        _ => (false, false),
    };
    let digits = Digits { negative, text: digits(spec, value)? };
    Ok(finish(spec, digits, finite))
}

/// The digits of a host object in their form, padded; `None` if it is no number.
pub(super) fn object(spec: &Spec, object: &dyn HostValue) -> Option<Result<String, String>> {
    let digits = object.digits(spec.letter, spec.precision)?;
    let checked = check_number(spec).and(digits);
    Some(checked.map(|digits| finish(spec, digits, true)))
}

/// Flags that a form does not have.
fn check_number(spec: &Spec) -> Result<(), String> {
    let of_digits = is_of_digits(spec);
    if spec.alternate && !of_digits {
        return Err(misplaced(spec, "#", "goes with `x`, `X`, `o` and `b`"));
    }
    if spec.precision.is_some() && (of_digits || spec.letter == Some('d')) {
        return Err(misplaced(spec, ".", "goes with no whole number: write `f`"));
    }
    Ok(())
}

/// Whether the form shows the digits of a base that is a power of two.
fn is_of_digits(spec: &Spec) -> bool {
    matches!(spec.letter, Some('x' | 'X' | 'o' | 'b'))
}

/// Sign, prefix, groups and padding.
fn finish(spec: &Spec, digits: Digits, finite: bool) -> String {
    let Digits { negative, text: digits } = digits;
    let mut sign = sign(spec, negative).to_owned();
    if spec.alternate {
        sign.push_str(match spec.letter {
            Some('o') => "0o",
            Some('b') => "0b",
            _ => "0x",
        });
    }
    let digits = match spec.grouping {
        Some(mark) => grouped(&digits, mark, is_of_digits(spec)),
        None => digits,
    };
    let missing = spec.width.saturating_sub(sign.chars().count() + digits.chars().count());
    if spec.zero && spec.align.is_none() && finite {
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    pad(spec, format!("{sign}{digits}"), '>')
}

fn sign(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.plus) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) => "",
    }
}

fn misplaced(spec: &Spec, part: &str, why: &str) -> String {
    format!("`{part}` in the format `{}` {why}", spec.text)
}

/// The digits of a number without its sign.
fn digits(spec: &Spec, value: Value) -> Result<String, String> {
    let precision = spec.precision;
    let whole = value.as_int().map(i64::unsigned_abs);
    let float = value.as_number().unwrap_or(f64::NAN).abs();
    let only_ints = |letter: char| format!("a float cannot be formatted as `{letter}`");
    Ok(match (spec.letter, whole) {
        (Some('d'), Some(whole)) => whole.to_string(),
        (Some('x'), Some(whole)) => format!("{whole:x}"),
        (Some('X'), Some(whole)) => format!("{whole:X}"),
        (Some('o'), Some(whole)) => format!("{whole:o}"),
        (Some('b'), Some(whole)) => format!("{whole:b}"),
        (Some(letter @ ('d' | 'x' | 'X' | 'o' | 'b')), None) => return Err(only_ints(letter)),
        // Ints keep all their digits, which a float would not.
        (Some('f'), Some(whole)) => with_zeros(whole.into(), precision.unwrap_or(6)),
        (Some('%'), Some(whole)) => {
            with_zeros(u128::from(whole) * 100, precision.unwrap_or(0)) + "%"
        }
        (None | Some('?'), Some(whole)) => with_zeros(whole.into(), precision.unwrap_or(0)),
        _ if !float.is_finite() => if float.is_nan() { "nan" } else { "inf" }.to_owned(),
        (Some('e'), _) => match precision {
            Some(precision) => format!("{float:.precision$e}"),
            None => format!("{float:e}"),
        },
        (Some('f'), _) => format!("{float:.*}", precision.unwrap_or(6)),
        (Some('%'), _) => format!("{:.*}%", precision.unwrap_or(0), float * 100.0),
        (Some('g'), _) => general(float, precision.unwrap_or(6)),
        _ => match precision {
            Some(precision) => format!("{float:.precision$}"),
            None => float_text(float),
        },
    })
}

fn with_zeros(whole: u128, decimals: usize) -> String {
    let point = if decimals > 0 { "." } else { "" };
    format!("{whole}{point}{}", "0".repeat(decimals))
}

/// A duration, rounded to so many decimals of its last unit and padded.
pub(super) fn duration(spec: &Spec, nanoseconds: i64) -> Result<String, String> {
    if let Some(letter) = spec.letter.filter(|letter| *letter != '?') {
        return Err(format!(
            "a duration cannot be formatted as `{letter}`: divide it by a unit first, `d / 1s`"
        ));
    }
    only_for_numbers(spec, "a duration")?;
    let mut text = String::new();
    let rounded = match spec.precision {
        Some(decimals) => rounded(nanoseconds, decimals),
        None => nanoseconds,
    };
    if spec.plus && rounded >= 0 {
        text.push('+');
    }
    push_duration(&mut text, rounded);
    Ok(pad(spec, text, '>'))
}

/// A count of nanoseconds with so many decimals in the unit that its text ends with.
fn rounded(nanoseconds: i64, decimals: usize) -> i64 {
    let length = i128::from(nanoseconds).abs();
    let digits: usize = match length {
        1_000_000_000.. => 9,
        1_000_000.. => 6,
        1000.. => 3,
        _ => 0,
    };
    let step = 10_i128.pow(digits.saturating_sub(decimals) as u32);
    let nearest = (length + step / 2) / step * step;
    let length = if nearest > i128::from(i64::MAX) { nearest - step } else { nearest };
    let length = if nanoseconds < 0 { -length } else { length };
    i64::try_from(length).expect("it is not longer than the longest duration")
}

/// Says what is wrong with the spec of anything that is neither a number nor a duration.
pub(super) fn check_text(spec: &Spec, type_name: &str) -> Result<(), String> {
    if let Some(letter) = spec.letter.filter(|letter| *letter != '?') {
        return Err(format!("a value of type {type_name} cannot be formatted as `{letter}`"));
    }
    let what = format!("a value of type {type_name}");
    if spec.plus {
        return Err(misplaced(spec, "+", &format!("is for numbers, not for {what}")));
    }
    only_for_numbers(spec, &what)
}

fn only_for_numbers(spec: &Spec, what: &str) -> Result<(), String> {
    let mark = spec.grouping.map(String::from);
    let part = match (spec.alternate, spec.zero, &mark) {
        (true, ..) => "#",
        (_, true, _) => "0",
        (.., Some(mark)) => mark,
        _ => return Ok(()),
    };
    Err(misplaced(spec, part, &format!("is for numbers, not for {what}")))
}

/// The shorter of plain and exponent form with so many significant digits.
fn general(number: f64, precision: usize) -> String {
    let precision = precision.max(1);
    let scientific = format!("{number:.*e}", precision - 1);
    let exponent: i32 = scientific.rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    if exponent < -5 || exponent >= precision as i32 {
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        return format!("{}e{exponent}", trimmed(mantissa));
    }
    let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
    trimmed(&format!("{number:.decimals$}")).to_owned()
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// Marks between groups of digits of the whole part: of three, or of four in other bases.
fn grouped(digits: &str, mark: char, of_four: bool) -> String {
    let size = if of_four { 4 } else { 3 };
    let end = if of_four { None } else { digits.find(['.', 'e', '%', 'i', 'n']) };
    let whole = end.unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(whole);
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(size) {
            text.push(mark);
        }
        text.push(digit);
    }
    text + rest
}

/// A text cut to the precision and padded to the width.
pub(super) fn pad_text(spec: &Spec, text: String) -> String {
    let text = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    };
    pad(spec, text, '<')
}

fn pad(spec: &Spec, text: String, usual: char) -> String {
    let missing = spec.width.saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    let before = match spec.align.unwrap_or(usual) {
        '<' => 0,
        '>' => missing,
        _ => missing / 2,
    };
    let fill = |count: usize| spec.fill.unwrap_or(' ').to_string().repeat(count);
    format!("{}{text}{}", fill(before), fill(missing - before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(spec: &str, value: Value) -> String {
        parse(spec).and_then(|spec| number(&spec, value)).unwrap_or_else(|problem| problem)
    }

    #[test]
    fn numbers_take_their_form() {
        for (spec, value, text) in [
            ("", Value::int(-5), "-5"),
            ("5", Value::int(42), "   42"),
            ("<5", Value::int(42), "42   "),
            ("*^6", Value::int(42), "**42**"),
            ("05", Value::int(-42), "-0042"),
            ("+", Value::int(3), "+3"),
            ("#x", Value::int(255), "0xff"),
            ("08b", Value::int(5), "00000101"),
            (",", Value::int(1_234_567), "1,234,567"),
            ("_", Value::int(-1000), "-1_000"),
            ("_x", Value::int(0xdead_beef), "dead_beef"),
            (",", Value::float(f64::INFINITY), "inf"),
            (".2f", Value::int(2), "2.00"),
            (".2", Value::float(2.345), "2.35"),
            (",.1f", Value::float(12345.67), "12,345.7"),
            (".1%", Value::float(0.256), "25.6%"),
            ("e", Value::float(1500.0), "1.5e3"),
            ("g", Value::float(0.000_001_5), "1.5e-6"),
            ("g", Value::float(1500.0), "1500"),
            ("x", Value::float(1.5), "a float cannot be formatted as `x`"),
            ("q", Value::int(1), "`q` is not understood in the format `q`"),
            (".3f", Value::int(i64::MAX), "9223372036854775807.000"),
            ("%", Value::int(7), "700%"),
            ("08", Value::float(f64::NEG_INFINITY), "    -inf"),
            ("#", Value::int(1), "`#` in the format `#` goes with `x`, `X`, `o` and `b`"),
            (".1x", Value::int(1), "`.` in the format `.1x` goes with no whole number: write `f`"),
        ] {
            assert_eq!(formatted(spec, value), text, "{spec}");
        }
    }

    #[test]
    fn durations_are_rounded_in_their_last_unit() {
        let formatted = |spec: &str, nanoseconds: i64| {
            parse(spec)
                .and_then(|spec| duration(&spec, nanoseconds))
                .unwrap_or_else(|problem| problem)
        };
        for (spec, nanoseconds, text) in [
            ("8", 1_500_000_000, "    1.5s"),
            ("<6", 0, "0s    "),
            (".1", 90_126_000_000, "1m30.1s"),
            (".0", 1_500_000, "2ms"),
            (".0", 999_999_999, "1s"),
            (".2", -1_239_999, "-1.24ms"),
            ("+.1", 1_260, "+1.3us"),
            (".0", i64::MAX, "106751d23h47m16s"),
            ("05", 1, "`0` in the format `05` is for numbers, not for a duration"),
            ("f", 1, "a duration cannot be formatted as `f`: divide it by a unit first, `d / 1s`"),
        ] {
            assert_eq!(formatted(spec, nanoseconds), text, "{spec} {nanoseconds}");
        }
    }

    #[test]
    fn texts_are_cut_and_padded() {
        let padded = |spec: &str, text: &str| {
            parse(spec).map(|spec| pad_text(&spec, text.to_owned())).unwrap_or_default()
        };
        assert_eq!(padded("6", "äb"), "äb    ");
        assert_eq!(padded(".2", "abc"), "ab");
        assert_eq!(padded("->4", "ab"), "--ab");
    }
}
