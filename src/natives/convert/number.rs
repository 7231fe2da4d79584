//! Numbers and durations from text.

use super::unreadable;
use crate::natives::Outcome;
use crate::natives::argument::{bad_value, wrong_type};
use crate::natives::number::float_to_int;
use crate::vm::object::Unary;
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

/// A longer number is not written out in an error.
const DIGITS_SHOWN_MAX: usize = 40;

pub(super) fn int_of(vm: &mut Vm, value: Value, base: i64) -> Outcome {
    if base != 0 && !(2..=36).contains(&base) {
        return Err(bad_value(vm, "int", "base must be 0 or from 2 to 36", Value::int(base)));
    }
    match value.kind() {
        Kind::Int => Ok(value),
        Kind::Float => float_to_int(vm, "int", value.as_float().map_or(0.0, f64::trunc)),
        Kind::Bool => Ok(Value::int(i64::from(value.truthy()))),
        Kind::Str => {
            let text = vm.heap.str(value).unwrap_or_default().to_owned();
            parse_int(vm, &text, base as u32).map(Value::int)
        }
        Kind::Object => object_as(vm, "int", value, Unary::Int),
        Kind::Duration => {
            let hint = Some("`d // 1ms` is the number of milliseconds".to_owned());
            Err(wrong_type(vm, "int", "value", "a number, a str or a bool", value, hint))
        }
        _ => Err(wrong_type(vm, "int", "value", "a number, a str or a bool", value, None)),
    }
}

fn parse_int(vm: &mut Vm, text: &str, base: u32) -> Result<i64, Thrown> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (digits, base) = if base == 0 { prefixed(digits) } else { (digits, base) };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        let base = if base == 10 { String::new() } else { format!(" in base {base}") };
        return Err(unreadable(vm, &format!("an int{base}"), text, ""));
    }
    let sign = if negative { "-" } else { "" };
    // With its sign, so that the least int is read as well.
    i64::from_str_radix(&format!("{sign}{digits}"), base).map_err(|_| {
        let shown = match digits.len() {
            0..=DIGITS_SHOWN_MAX => trimmed.to_owned(),
            count => format!("a number of {count} digits"),
        };
        vm.error(ErrorKind::OverflowError, format!("{shown} does not fit in an int (64 bits)"))
    })
}

pub fn prefixed(digits: &str) -> (&str, u32) {
    let prefixes = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    for (prefix, base) in prefixes {
        if let Some(digits) = digits.strip_prefix(prefix) {
            return (digits, base);
        }
    }
    (digits, 10)
}

/// What a host object is as a number.
fn object_as(vm: &mut Vm, path: &str, value: Value, operator: Unary) -> Outcome {
    match vm.host_unary(value, operator)? {
        Some(number) => Ok(number),
        None => Err(wrong_type(vm, path, "value", "a number, a str or a bool", value, None)),
    }
}

pub(super) fn float_of(vm: &mut Vm, value: Value) -> Outcome {
    match value.kind() {
        Kind::Float => Ok(value),
        Kind::Int => Ok(Value::float(value.as_int().map_or(0.0, |n| n as f64))),
        Kind::Bool => Ok(Value::float(if value.truthy() { 1.0 } else { 0.0 })),
        Kind::Str => {
            let text = vm.heap.str(value).unwrap_or_default().to_owned();
            match parse_float(text.trim()) {
                Some(x) => Ok(Value::float(x)),
                None => Err(unreadable(vm, "a float", &text, "")),
            }
        }
        Kind::Object => object_as(vm, "float", value, Unary::Float),
        Kind::Duration => {
            let hint = Some("`d / 1s` is the number of seconds".to_owned());
            Err(wrong_type(vm, "float", "value", "a number, a str or a bool", value, hint))
        }
        _ => Err(wrong_type(vm, "float", "value", "a number, a str or a bool", value, None)),
    }
}

/// Rust's own reading also takes `infinity` and `NaN`; here only what is printed is read.
fn parse_float(text: &str) -> Option<f64> {
    match text.trim_start_matches(['+', '-']) {
        "inf" | "nan" => text.parse().ok(),
        rest if rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn duration_of(vm: &mut Vm, value: Value) -> Outcome {
    match value.kind() {
        Kind::Duration => Ok(value),
        Kind::Str => {
            let text = vm.heap.str(value).unwrap_or_default().to_owned();
            match parse_duration(text.trim()) {
                Ok(nanoseconds) => Ok(Value::duration(nanoseconds)),
                Err(Unread::TooLong) => Err(vm.error(
                    ErrorKind::OverflowError,
                    format!("{} is too long a time", text.trim()),
                )),
                Err(Unread::Form) => {
                    let why = ": write it like \"1h30m\" or \"1.5s\" (d h m s ms us ns)";
                    Err(unreadable(vm, "a duration", &text, why))
                }
            }
        }
        Kind::Int | Kind::Float => {
            let hint = Some("multiply: `n * 1s`".to_owned());
            Err(wrong_type(vm, "duration", "value", "a str", value, hint))
        }
        _ => Err(wrong_type(vm, "duration", "value", "a str", value, None)),
    }
}

/// The nanoseconds of a duration written as `duration("…")` takes it: `1h30m`, `500ms`.
pub fn read_duration(text: &str) -> Option<i64> {
    parse_duration(text.trim()).ok()
}

#[derive(Debug, PartialEq)]
enum Unread {
    Form,
    TooLong,
}

/// Units in falling order, longer names before those they begin with.
const UNITS: [(&str, i64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("ms", 1_000_000),
    ("m", 60_000_000_000),
    ("us", 1_000),
    ("ns", 1),
    ("s", 1_000_000_000),
];

/// Reads `1h30m`, `-1.5s`, `200ms`: parts in falling order of their units.
fn parse_duration(text: &str) -> Result<i64, Unread> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return Err(Unread::Form);
    }
    let mut total = 0_i128;
    let mut last_unit = i64::MAX;
    while !rest.is_empty() {
        let number_end =
            rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(Unread::Form)?;
        let (number, behind) = rest.split_at(number_end);
        let (unit_name, unit) =
            UNITS.iter().find(|(name, _)| behind.starts_with(name)).ok_or(Unread::Form)?;
        if *unit >= last_unit {
            return Err(Unread::Form);
        }
        last_unit = *unit;
        total += part(number, *unit)?;
        rest = &behind[unit_name.len()..];
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| Unread::TooLong)
}

/// A number of units in nanoseconds; what is less than one is cut off.
fn part(number: &str, unit: i64) -> Result<i128, Unread> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || (number.contains('.') && !is_number(fraction)) {
        return Err(Unread::Form);
    }
    let whole: i64 = whole.parse().map_err(|_| Unread::TooLong)?;
    // More decimals than this are less than a nanosecond of a day.
    let decimals = &fraction[..fraction.len().min(18)];
    let numerator: i128 =
        if decimals.is_empty() { 0 } else { decimals.parse().map_err(|_| Unread::Form)? };
    let denominator = 10_i128.pow(decimals.len() as u32);
    Ok(i128::from(whole) * i128::from(unit) + numerator * i128::from(unit) / denominator)
}

#[cfg(test)]
mod tests {
    use super::{Unread, parse_duration, parse_float};

    #[test]
    fn reads_durations() {
        for (text, nanoseconds) in [
            ("1h30m", 5_400_000_000_000),
            ("1.5s", 1_500_000_000),
            ("-200ms", -200_000_000),
            ("1d", 86_400_000_000_000),
            ("0s", 0),
            ("1m1s1ms", 61_001_000_000),
            ("5ns", 5),
        ] {
            assert_eq!(parse_duration(text), Ok(nanoseconds), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", "-", "5", "s", "1s1h", "1s2s", "1.s", ".5s", "1 s", "1x", "1s-"] {
            assert_eq!(parse_duration(text), Err(Unread::Form), "{text}");
        }
        assert_eq!(parse_duration("200000d"), Err(Unread::TooLong));
        assert_eq!(parse_duration("99999999999999999999s"), Err(Unread::TooLong));
    }

    #[test]
    fn reads_only_floats_that_are_printed() {
        assert_eq!(parse_float("1e3"), Some(1000.0));
        assert_eq!(parse_float("-inf"), Some(f64::NEG_INFINITY));
        for text in ["infinity", "NaN", "", "1_0", "0x1", "--1", "e5"] {
            assert_eq!(parse_float(text), None, "{text}");
        }
    }
}
