//! Methods and constants of `float`, and those functions of numbers that give a float, which ints
//! have too.

use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::bad_value;
use crate::vm::{ErrorKind, Value, Vm};

natives! {
    /// Methods and constants of `float`.
    pub const REAL;

    /// Beyond every number.
    value float.inf() => |_| Value::float(f64::INFINITY), "float.inf" => "inf";
    /// What is not a number; it is not even equal to itself.
    value float.nan() => |_| Value::float(f64::NAN), "float.nan" => "nan";
    /// The step from 1.0 to the next float.
    value float.epsilon() => |_| Value::float(f64::EPSILON), "float.epsilon" => "2.220446049250313e-16";
    /// The greatest finite float.
    value float.max() => |_| Value::float(f64::MAX), "float.max" => "1.7976931348623157e308";
    /// The least finite float.
    value float.min() => |_| Value::float(f64::MIN), "float.min" => "-1.7976931348623157e308";

    /// The greatest int that is not above.
    method float.floor() => floor, "(-1.5).floor()" => "-2";
    /// The least int that is not below.
    method float.ceil() => ceil, "1.2.ceil()" => "2";
    /// The int before the point.
    method float.trunc() => trunc, "(-1.5).trunc()" => "-1";
    /// The nearest int, half away from zero; with `digits`, a float with so many decimals.
    method float.round(digits: int?) => round_float, "2.5.round()" => "3", "3.14159.round(2)" => "3.14";
    /// The float without its sign.
    method float.abs() => abs, "(-1.5).abs()" => "1.5";
    /// -1, 0 or 1; of nan, nan.
    method float.sign() => sign, "(-1.5).sign()" => "-1";
    /// The float, or the nearer of the bounds it lies outside of.
    method float.clamp(low: number, high: number) => clamp, "1.5.clamp(0, 1)" => "1.0";
    /// Whether it is nan.
    method float.is_nan() => is_nan, "float.nan.is_nan()" => "true";
    /// Whether it is neither nan nor infinite.
    method float.is_finite() => is_finite, "float.inf.is_finite()" => "false";

    /// The square root.
    method float.sqrt() => |_: &mut Vm, x: f64| real(x.sqrt()), "6.25.sqrt()" => "2.5";
    /// The cube root.
    method float.cbrt() => |_: &mut Vm, x: f64| real(x.cbrt()), "8.0.cbrt()" => "2.0";
    /// The float raised to a power.
    method float.pow(exponent: number) => |_: &mut Vm, x: f64, e: f64| real(x.powf(e)), "2.0.pow(0.5).round(3)" => "1.414";
    /// The logarithm: natural, or to a base.
    method float.log(base: number?) => |_: &mut Vm, x: f64, base| real(logarithm(x, base)), "1.0.log()" => "0.0";
    /// e raised to the float.
    method float.exp() => |_: &mut Vm, x: f64| real(x.exp()), "0.0.exp()" => "1.0";
    /// The sine of an angle in radians.
    method float.sin() => |_: &mut Vm, x: f64| real(x.sin()), "0.0.sin()" => "0.0";
    /// The cosine of an angle in radians.
    method float.cos() => |_: &mut Vm, x: f64| real(x.cos()), "0.0.cos()" => "1.0";
    /// The tangent of an angle in radians.
    method float.tan() => |_: &mut Vm, x: f64| real(x.tan()), "0.0.tan()" => "0.0";
    /// The angle with that sine.
    method float.asin() => |_: &mut Vm, x: f64| real(x.asin()), "0.0.asin()" => "0.0";
    /// The angle with that cosine.
    method float.acos() => |_: &mut Vm, x: f64| real(x.acos()), "1.0.acos()" => "0.0";
    /// The angle with that tangent; with `x`, that of the point (x, self).
    method float.atan(x: number?) => |_: &mut Vm, y: f64, x| real(angle(y, x)), "0.0.atan()" => "0.0";

    /// The square root.
    method int.sqrt() => |_: &mut Vm, n: i64| real((n as f64).sqrt()), "16.sqrt()" => "4.0";
    /// The cube root.
    method int.cbrt() => |_: &mut Vm, n: i64| real((n as f64).cbrt()), "27.cbrt()" => "3.0";
    /// The int raised to a power, as a float; `**` gives an int.
    method int.pow(exponent: number) => |_: &mut Vm, n: i64, e: f64| real((n as f64).powf(e)), "2.pow(10)" => "1024.0";
    /// The logarithm: natural, or to a base.
    method int.log(base: number?) => |_: &mut Vm, n: i64, base| real(logarithm(n as f64, base)), "8.log(2)" => "3.0";
    /// e raised to the int.
    method int.exp() => |_: &mut Vm, n: i64| real((n as f64).exp()), "0.exp()" => "1.0";
    /// The sine of an angle in radians.
    method int.sin() => |_: &mut Vm, n: i64| real((n as f64).sin()), "0.sin()" => "0.0";
    /// The cosine of an angle in radians.
    method int.cos() => |_: &mut Vm, n: i64| real((n as f64).cos()), "0.cos()" => "1.0";
    /// The tangent of an angle in radians.
    method int.tan() => |_: &mut Vm, n: i64| real((n as f64).tan()), "0.tan()" => "0.0";
    /// The angle with that sine.
    method int.asin() => |_: &mut Vm, n: i64| real((n as f64).asin()), "0.asin()" => "0.0";
    /// The angle with that cosine.
    method int.acos() => |_: &mut Vm, n: i64| real((n as f64).acos()), "1.acos()" => "0.0";
    /// The angle with that tangent; with `x`, that of the point (x, self).
    method int.atan(x: number?) => |_: &mut Vm, n: i64, x| real(angle(n as f64, x)), "0.atan(1)" => "0.0";
}

fn real(x: f64) -> Outcome {
    Ok(Value::float(x))
}

fn logarithm(x: f64, base: Option<f64>) -> f64 {
    match base {
        None => x.ln(),
        // These two are exact where the quotient of logarithms is not.
        Some(2.0) => x.log2(),
        Some(10.0) => x.log10(),
        Some(base) => x.log(base),
    }
}

fn angle(y: f64, x: Option<f64>) -> f64 {
    x.map_or_else(|| y.atan(), |x| y.atan2(x))
}

/// A float without fraction as an int.
pub fn float_to_int(vm: &mut Vm, path: &str, x: f64) -> Outcome {
    if x.is_nan() {
        return Err(vm.error(ErrorKind::ValueError, format!("{path}: nan has no int")));
    }
    // 2 ** 63 is a float, the greatest int is none.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&x) {
        return Ok(Value::int(x as i64));
    }
    let shown = vm.show(Value::float(x));
    let message = if x.is_infinite() {
        return Err(vm.error(ErrorKind::ValueError, format!("{path}: {shown} has no int")));
    } else {
        format!("{path}: {shown} does not fit in an int (64 bits)")
    };
    Err(vm.error(ErrorKind::OverflowError, message))
}

fn floor(vm: &mut Vm, x: f64) -> Outcome {
    float_to_int(vm, "float.floor", x.floor())
}

fn ceil(vm: &mut Vm, x: f64) -> Outcome {
    float_to_int(vm, "float.ceil", x.ceil())
}

fn trunc(vm: &mut Vm, x: f64) -> Outcome {
    float_to_int(vm, "float.trunc", x.trunc())
}

/// The nearest int, or a float with so many decimals.
pub fn round_float(vm: &mut Vm, x: f64, digits: Option<i64>) -> Outcome {
    match digits {
        None => float_to_int(vm, "float.round", x.round()),
        Some(digits) => real(round_to(x, digits)),
    }
}

/// Half away from zero, of the number that `x` is: 2.675 lies below the middle and gives 2.67.
fn round_to(x: f64, digits: i64) -> f64 {
    // Beyond these, nothing or everything is cut off.
    if !x.is_finite() || digits > 330 {
        return x;
    }
    if digits < -308 {
        return 0.0_f64.copysign(x);
    }
    let Ok(places) = usize::try_from(digits) else {
        // Powers of ten are exact as text only: above 10 ** 22 no float is one.
        let zeros = digits.unsigned_abs();
        let unit: f64 = format!("1e{zeros}").parse().unwrap_or(f64::INFINITY);
        return format!("{}e{zeros}", (x / unit).round()).parse().unwrap_or(x);
    };
    // Only a number with at most `places + 1` binary places can lie in the middle, and then so
    // many decimals show it exactly. The formatting rounds the middle to even: push it off.
    let binary_places = i32::try_from(places + 1).unwrap_or(i32::MAX);
    let exact = (x * 2f64.powi(binary_places)).fract() == 0.0;
    let mut text = format!("{x:.*}", places + 1);
    if exact && text.ends_with('5') {
        text.push('1');
        let above: f64 = text.parse().unwrap_or(x);
        return decimal(above, places);
    }
    decimal(x, places)
}

/// The number that the decimal text of `x` with so many places stands for.
fn decimal(x: f64, places: usize) -> f64 {
    format!("{x:.places$}").parse().unwrap_or(x)
}

fn abs(_vm: &mut Vm, x: f64) -> Outcome {
    real(x.abs())
}

fn sign(_vm: &mut Vm, x: f64) -> Outcome {
    if x.is_nan() {
        return real(x);
    }
    Ok(Value::int(if x > 0.0 { 1 } else { -i64::from(x < 0.0) }))
}

fn clamp(vm: &mut Vm, x: f64, low: f64, high: f64) -> Outcome {
    if low > high || low.is_nan() || high.is_nan() {
        let rule = format!("low must not be greater than high ({high})");
        return Err(bad_value(vm, "float.clamp", &rule, Value::float(low)));
    }
    real(x.clamp(low, high))
}

fn is_nan(_vm: &mut Vm, x: f64) -> Outcome {
    Ok(Value::bool(x.is_nan()))
}

fn is_finite(_vm: &mut Vm, x: f64) -> Outcome {
    Ok(Value::bool(x.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::round_to;

    #[test]
    fn the_middle_goes_away_from_zero() {
        assert_eq!(round_to(0.25, 1), 0.3);
        assert_eq!(round_to(-0.25, 1), -0.3);
        assert_eq!(round_to(2.5, 0), 3.0);
        assert_eq!(round_to(0.125, 2), 0.13);
        assert_eq!(round_to(15.0, -1), 20.0);
    }

    #[test]
    fn what_only_looks_like_the_middle_does_not() {
        assert_eq!(round_to(2.675, 2), 2.67);
        assert_eq!(round_to(0.15, 1), 0.1);
        assert_eq!(round_to(1.005, 2), 1.0);
    }

    #[test]
    fn extremes_stay_numbers() {
        assert_eq!(round_to(f64::MAX, 2), f64::MAX);
        assert_eq!(round_to(5e-324, 400), 5e-324);
        assert_eq!(round_to(1e300, -400), 0.0);
    }
}
