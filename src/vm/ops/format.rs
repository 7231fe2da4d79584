//! Format specs: what stands behind the `:` of an interpolation.
//!
//! `[[fill]< ^ >][+][#][0][width][,|_][.precision][d x X o b e f g % ?]`

use crate::vm::text::float_text;
use crate::vm::value::Value;

/// A spec taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spec {
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

/// A width or precision beyond this is a mistake.
const SIZE_MAX: usize = 1 << 20;

/// Takes a spec apart, or says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Spec, String> {
    let mut spec = Spec::default();
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
    spec.zero = flag('0');
    spec.width = number_at(&mut rest, text)?.unwrap_or(0);
    if let [mark @ (',' | '_'), ..] = rest {
        spec.grouping = Some(*mark);
        rest = &rest[1..];
    }
    if let ['.', ..] = rest {
        rest = &rest[1..];
        let precision = number_at(&mut rest, text)?;
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

fn number_at(rest: &mut &[char], text: &str) -> Result<Option<usize>, String> {
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let shown: String = rest[..digits].iter().collect();
    *rest = &rest[digits..];
    if digits == 0 {
        return Ok(None);
    }
    match shown.parse() {
        Ok(number) if number <= SIZE_MAX => Ok(Some(number)),
        _ => Err(format!("{shown} is too large a number in the format `{text}`")),
    }
}

/// An int or a float in its form, padded.
pub(super) fn number(spec: &Spec, value: Value) -> Result<String, String> {
    let negative = match (value.as_int(), value.as_float()) {
        (Some(number), _) => number < 0,
        (_, Some(number)) => number.is_sign_negative() && !number.is_nan(),
        _ => false,
    };
    let digits = digits(spec, value)?;
    let mut sign = if negative {
        "-"
    } else if spec.plus {
        "+"
    } else {
        ""
    }
    .to_owned();
    if spec.alternate {
        sign.push_str(match spec.letter {
            Some('x' | 'X') => "0x",
            Some('o') => "0o",
            Some('b') => "0b",
            _ => "",
        });
    }
    let digits = match spec.grouping {
        Some(mark) => grouped(&digits, mark, matches!(spec.letter, Some('x' | 'X' | 'o' | 'b'))),
        None => digits,
    };
    let missing = spec.width.saturating_sub(sign.chars().count() + digits.chars().count());
    if spec.zero && spec.align.is_none() {
        return Ok(format!("{sign}{}{digits}", "0".repeat(missing)));
    }
    Ok(pad(spec, format!("{sign}{digits}"), '>'))
}

/// The digits of a number without its sign.
fn digits(spec: &Spec, value: Value) -> Result<String, String> {
    let precision = spec.precision;
    let whole = value.as_int().map(i64::unsigned_abs);
    let float = value.as_number().unwrap_or(f64::NAN).abs();
    let only_ints = |letter: char| format!("a float cannot be formatted as `{letter}`");
    Ok(match spec.letter {
        Some('d') => whole.ok_or_else(|| only_ints('d'))?.to_string(),
        Some('x') => format!("{:x}", whole.ok_or_else(|| only_ints('x'))?),
        Some('X') => format!("{:X}", whole.ok_or_else(|| only_ints('X'))?),
        Some('o') => format!("{:o}", whole.ok_or_else(|| only_ints('o'))?),
        Some('b') => format!("{:b}", whole.ok_or_else(|| only_ints('b'))?),
        _ if !float.is_finite() => if float.is_nan() { "nan" } else { "inf" }.to_owned(),
        Some('e') => match precision {
            Some(precision) => format!("{float:.precision$e}"),
            None => format!("{float:e}"),
        },
        Some('f') => format!("{float:.*}", precision.unwrap_or(6)),
        Some('%') => format!("{:.*}%", precision.unwrap_or(0), float * 100.0),
        Some('g') => general(float, precision.unwrap_or(6)),
        _ => match (whole, precision) {
            (Some(whole), None) => whole.to_string(),
            (_, Some(precision)) => format!("{float:.precision$}"),
            (None, None) => float_text(float),
        },
    })
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
    let whole = digits.find(['.', 'e', '%']).unwrap_or(digits.len());
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
            (".2f", Value::int(2), "2.00"),
            (".2", Value::float(2.345), "2.35"),
            (",.1f", Value::float(12345.67), "12,345.7"),
            (".1%", Value::float(0.256), "25.6%"),
            ("e", Value::float(1500.0), "1.5e3"),
            ("g", Value::float(0.000_001_5), "1.5e-6"),
            ("g", Value::float(1500.0), "1500"),
            ("x", Value::float(1.5), "a float cannot be formatted as `x`"),
            ("q", Value::int(1), "`q` is not understood in the format `q`"),
        ] {
            assert_eq!(formatted(spec, value), text, "{spec}");
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
