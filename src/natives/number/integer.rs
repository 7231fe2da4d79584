//! Methods and constants of `int`.

use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::bad_value;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Methods and constants of `int`.
    pub const INTEGER;

    /// The greatest int.
    value int.max() => |_| Value::int(i64::MAX), "int.max" => "9223372036854775807";
    /// The least int.
    value int.min() => |_| Value::int(i64::MIN), "int.min" => "-9223372036854775808";

    /// The int itself: it has no fraction.
    method int.floor() => itself, "7.floor()" => "7";
    /// The int itself: it has no fraction.
    method int.ceil() => itself, "7.ceil()" => "7";
    /// The int itself: it has no fraction.
    method int.trunc() => itself, "7.trunc()" => "7";
    /// The int itself, or rounded to tens, hundreds … for negative `digits`.
    method int.round(digits: int = 0) => round_int, "1250.round(-2)" => "1300", "7.round()" => "7";
    /// The int without its sign.
    method int.abs() => abs, "(-3).abs()" => "3";
    /// -1, 0 or 1.
    method int.sign() => sign, "(-3).sign()" => "-1";
    /// The int, or the nearer of the bounds it lies outside of.
    method int.clamp(low: int, high: int) => clamp, "12.clamp(0, 9)" => "9";
    /// The digits of the int in a base from 2 to 36.
    method int.to_base(base: int) => to_base, "255.to_base(16)" => "ff";

    /// The bits moved right by `k`, zeros following from the left (`>>` keeps the sign).
    method int.shr(k: int) => shr, "(-1).shr(60)" => "15";
    /// How many of the 64 bits are set.
    method int.count_ones() => count_ones, "255.count_ones()" => "8";
    /// How many zero bits stand before the first set one.
    method int.leading_zeros() => leading_zeros, "1.leading_zeros()" => "63";
    /// How many zero bits stand after the last set one.
    method int.trailing_zeros() => trailing_zeros, "8.trailing_zeros()" => "3";

    /// The sum, wrapped around at 64 bits.
    method int.wrapping_add(other: int) => wrapping_add,
        "int.max.wrapping_add(1)" => "-9223372036854775808";
    /// The difference, wrapped around at 64 bits.
    method int.wrapping_sub(other: int) => wrapping_sub,
        "int.min.wrapping_sub(1)" => "9223372036854775807";
    /// The product, wrapped around at 64 bits.
    method int.wrapping_mul(other: int) => wrapping_mul, "int.max.wrapping_mul(2)" => "-2";
    /// The sum, or null beyond 64 bits.
    method int.checked_add(other: int) => checked_add, "int.max.checked_add(1)" => "null";
    /// The difference, or null beyond 64 bits.
    method int.checked_sub(other: int) => checked_sub, "5.checked_sub(7)" => "-2";
    /// The product, or null beyond 64 bits.
    method int.checked_mul(other: int) => checked_mul, "int.max.checked_mul(2)" => "null";
    /// The sum, or the bound it goes beyond.
    method int.saturating_add(other: int) => saturating_add,
        "int.max.saturating_add(1) == int.max" => "true";
    /// The difference, or the bound it goes beyond.
    method int.saturating_sub(other: int) => saturating_sub,
        "int.min.saturating_sub(1) == int.min" => "true";
    /// The product, or the bound it goes beyond.
    method int.saturating_mul(other: int) => saturating_mul,
        "int.max.saturating_mul(2) == int.max" => "true";
    /// False: an int is always a number.
    method int.is_nan() => is_nan, "1.is_nan()" => "false";
    /// True: an int is always finite.
    method int.is_finite() => is_finite, "1.is_finite()" => "true";
}

fn itself(_vm: &mut Vm, n: i64) -> Outcome {
    Ok(Value::int(n))
}

/// The error of a result that does not fit.
fn overflow(vm: &mut Vm, what: &str) -> Thrown {
    vm.error(ErrorKind::OverflowError, format!("{what} does not fit in 64 bits"))
}

/// Rounds to tens, hundreds … for negative `digits`.
pub fn round_int(vm: &mut Vm, n: i64, digits: i64) -> Outcome {
    if digits >= 0 {
        return Ok(Value::int(n));
    }
    // Half away from zero, as for floats; beyond 10 ** 19 every int is nearer to zero.
    let Some(unit) =
        u32::try_from(digits.unsigned_abs()).ok().and_then(|digits| 10i128.checked_pow(digits))
    else {
        return Ok(Value::int(0));
    };
    let n = i128::from(n);
    let rounded = (n.abs() + unit / 2) / unit * unit * n.signum();
    match i64::try_from(rounded) {
        Ok(rounded) => Ok(Value::int(rounded)),
        Err(_) => Err(overflow(vm, &format!("int.round: {n} rounded to {digits} digits"))),
    }
}

fn abs(vm: &mut Vm, n: i64) -> Outcome {
    match n.checked_abs() {
        Some(n) => Ok(Value::int(n)),
        None => Err(overflow(vm, &format!("int.abs: {n} without its sign"))),
    }
}

fn sign(_vm: &mut Vm, n: i64) -> Outcome {
    Ok(Value::int(n.signum()))
}

fn clamp(vm: &mut Vm, n: i64, low: i64, high: i64) -> Outcome {
    if low > high {
        let rule = format!("low must not be greater than high ({high})");
        return Err(bad_value(vm, "int.clamp", &rule, Value::int(low)));
    }
    Ok(Value::int(n.clamp(low, high)))
}

fn to_base(vm: &mut Vm, n: i64, base: i64) -> Outcome {
    let Some(base) = u64::try_from(base).ok().filter(|base| (2..=36).contains(base)) else {
        return Err(bad_value(vm, "int.to_base", "base must be from 2 to 36", Value::int(base)));
    };
    let mut rest = n.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % base).expect("a digit is less than 36");
        digits.push(char::from_digit(digit, 36).expect("a digit is less than 36"));
        rest /= base;
        if rest == 0 {
            break;
        }
    }
    if n < 0 {
        digits.push('-');
    }
    let text: String = digits.into_iter().rev().collect();
    Ok(vm.heap.string_owned(text))
}

fn shr(vm: &mut Vm, n: i64, k: i64) -> Outcome {
    match u32::try_from(k).ok().and_then(|k| n.cast_unsigned().checked_shr(k)) {
        Some(bits) => Ok(Value::int(bits.cast_signed())),
        None => Err(bad_value(vm, "int.shr", "k must be from 0 to 63", Value::int(k))),
    }
}

fn count_ones(_vm: &mut Vm, n: i64) -> Outcome {
    Ok(Value::int(i64::from(n.count_ones())))
}

fn leading_zeros(_vm: &mut Vm, n: i64) -> Outcome {
    Ok(Value::int(i64::from(n.leading_zeros())))
}

fn trailing_zeros(_vm: &mut Vm, n: i64) -> Outcome {
    Ok(Value::int(i64::from(n.trailing_zeros())))
}

fn wrapping_add(_vm: &mut Vm, n: i64, other: i64) -> Outcome {
    Ok(Value::int(n.wrapping_add(other)))
}

fn wrapping_sub(_vm: &mut Vm, n: i64, other: i64) -> Outcome {
    Ok(Value::int(n.wrapping_sub(other)))
}

fn wrapping_mul(_vm: &mut Vm, n: i64, other: i64) -> Outcome {
    Ok(Value::int(n.wrapping_mul(other)))
}

fn checked_add(_vm: &mut Vm, n: i64, other: i64) -> Outcome {
    Ok(n.checked_add(other).map_or(Value::null(), Value::int))
}

fn checked_sub(_vm: &mut Vm, n: i64, other: i64) -> Outcome {
    Ok(n.checked_sub(other).map_or(Value::null(), Value::int))
}

fn checked_mul(_vm: &mut Vm, n: i64, other: i64) -> Outcome {
    Ok(n.checked_mul(other).map_or(Value::null(), Value::int))
}

fn saturating_add(_vm: &mut Vm, n: i64, other: i64) -> Outcome {
    Ok(Value::int(n.saturating_add(other)))
}

fn saturating_sub(_vm: &mut Vm, n: i64, other: i64) -> Outcome {
    Ok(Value::int(n.saturating_sub(other)))
}

fn saturating_mul(_vm: &mut Vm, n: i64, other: i64) -> Outcome {
    Ok(Value::int(n.saturating_mul(other)))
}

fn is_nan(_vm: &mut Vm, _n: i64) -> Outcome {
    Ok(Value::bool(false))
}

fn is_finite(_vm: &mut Vm, _n: i64) -> Outcome {
    Ok(Value::bool(true))
}
