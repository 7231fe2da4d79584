//! Constants and functions of floats.

use std::cmp::Ordering;

use super::exact::Exact;
use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::{Rest, bad_value, wrong_type};
use crate::natives::describe::describe;
use crate::natives::kind::ListValue;
use crate::vm::order::{Order, compare};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Constants and functions of module `math`.
    pub const REAL;

    /// The circumference of a circle over its diameter.
    value math.pi() => |_| Value::float(std::f64::consts::PI), "import math\nprint(math.pi)" => "3.141592653589793";
    /// Twice pi: a full turn in radians.
    value math.tau() => |_| Value::float(std::f64::consts::TAU), "import math\nprint(math.tau)" => "6.283185307179586";
    /// The base of natural logarithms.
    value math.e() => |_| Value::float(std::f64::consts::E), "import math\nprint(math.e)" => "2.718281828459045";
    /// The length of the vector with these coordinates, without overflow on the way.
    fn math.hypot(coordinates: number...) => hypot,
        "import math\nprint(math.hypot(3, 4))" => "5.0", "import math\nprint(math.hypot(2, 3, 6))" => "7.0";
    /// The distance of two points, given as lists of coordinates.
    fn math.dist(a: list, b: list) => dist,
        "import math\nprint(math.dist([1, 1], [4, 5]))" => "5.0";
    /// The logarithm: natural, or to a base. Of bigints of any size too; not of 0 and below, which
    /// is a ValueError (the method `x.log()` of floats gives -inf and nan there).
    fn math.log(x: any, base: any?) => log,
        "import math\nprint(math.log(8, 2))" => "3.0",
        "import math\nprint(math.log(math.bigint(10) ** 1000, 10).round(9))" => "1000.0";
    /// The logarithm of 1 + `x`, exact for small `x`.
    fn math.log1p(x: number) => |_: &mut Vm, x: f64| real(x.ln_1p()), "import math\nprint(math.log1p(1e-20))" => "1e-20";
    /// e raised to `x`, less 1: exact for small `x`.
    fn math.expm1(x: number) => |_: &mut Vm, x: f64| real(x.exp_m1()), "import math\nprint(math.expm1(1e-20))" => "1e-20";
    /// The hyperbolic sine.
    fn math.sinh(x: number) => |_: &mut Vm, x: f64| real(x.sinh()), "import math\nprint(math.sinh(0))" => "0.0";
    /// The hyperbolic cosine.
    fn math.cosh(x: number) => |_: &mut Vm, x: f64| real(x.cosh()), "import math\nprint(math.cosh(0))" => "1.0";
    /// The hyperbolic tangent.
    fn math.tanh(x: number) => |_: &mut Vm, x: f64| real(x.tanh()), "import math\nprint(math.tanh(0))" => "0.0";
    /// The number with that hyperbolic sine.
    fn math.asinh(x: number) => |_: &mut Vm, x: f64| real(x.asinh()), "import math\nprint(math.asinh(0))" => "0.0";
    /// The number with that hyperbolic cosine.
    fn math.acosh(x: number) => |_: &mut Vm, x: f64| real(x.acosh()), "import math\nprint(math.acosh(1))" => "0.0";
    /// The number with that hyperbolic tangent.
    fn math.atanh(x: number) => |_: &mut Vm, x: f64| real(x.atanh()), "import math\nprint(math.atanh(0))" => "0.0";
    /// An angle in radians as degrees.
    fn math.degrees(radians: number) => |_: &mut Vm, x: f64| real(x.to_degrees()), "import math\nprint(math.degrees(math.pi))" => "180.0";
    /// An angle in degrees as radians.
    fn math.radians(degrees: number) => |_: &mut Vm, x: f64| real(x.to_radians()), "import math\nprint(math.radians(180))" => "3.141592653589793";
    /// `x` with the sign of `sign`, that of -0.0 too.
    fn math.copy_sign(x: number, sign: number) => |_: &mut Vm, x: f64, sign: f64| real(x.copysign(sign)),
        "import math\nprint(math.copy_sign(3, -0.0))" => "-3.0";
    /// The float that follows `x` on the way to `toward`.
    fn math.next_after(x: number, toward: number) => next_after,
        "import math\nprint(math.next_after(1, 2) - 1 == float.epsilon)" => "true";
    /// Whether two numbers differ by at most `relative` times the larger, or by `absolute`.
    fn math.is_close(a: number, b: number, named relative: number = 1e-9, named absolute: number = 0.0) => is_close,
        "import math\nprint(math.is_close(0.1 + 0.2, 0.3))" => "true";
    /// The number at `t` on the way from `a` (0) to `b` (1).
    fn math.lerp(a: number, b: number, t: number) => |_: &mut Vm, a: f64, b: f64, t: f64| real(lerp(a, b, t)),
        "import math\nprint(math.lerp(10, 20, 0.25))" => "12.5";
    /// `x`, or the nearer of the bounds it lies outside of: for all values that have an order.
    fn math.clamp(x: any, low: any, high: any) => clamp,
        "import math\nprint(math.clamp(5s, 1s, 3s))" => "3s";
}

fn real(x: f64) -> Outcome {
    Ok(Value::float(x))
}

/// The numbers of some values; an error names the first that is none.
fn numbers(vm: &mut Vm, path: &str, what: &str, values: &[Value]) -> Result<Vec<f64>, Thrown> {
    let mut numbers = Vec::with_capacity(values.len());
    for value in values {
        match value.as_number() {
            Some(number) => numbers.push(number),
            None => return Err(wrong_type(vm, path, what, "a number", *value, None)),
        }
    }
    Ok(numbers)
}

fn hypot(vm: &mut Vm, coordinates: Rest) -> Outcome {
    let coordinates = coordinates.to_vec(vm);
    let coordinates = numbers(vm, "math.hypot", "a coordinate", &coordinates)?;
    real(length(&coordinates))
}

/// Scaled by the largest coordinate, so that no square overflows.
fn length(coordinates: &[f64]) -> f64 {
    match coordinates {
        [x, y] => x.hypot(*y),
        _ if coordinates.iter().any(|x| x.is_infinite()) => f64::INFINITY,
        _ => {
            let largest = coordinates.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
            if largest == 0.0 {
                return coordinates.iter().sum::<f64>().abs();
            }
            let squares = coordinates.iter().map(|x| (x / largest).powi(2));
            largest * super::statistic::compensated_sum(squares).sqrt()
        }
    }
}

fn dist(vm: &mut Vm, a: ListValue, b: ListValue) -> Outcome {
    let (a, b) = (a.get(&vm.heap).items.to_vec(), b.get(&vm.heap).items.to_vec());
    let from = numbers(vm, "math.dist", "a coordinate", &a)?;
    let to = numbers(vm, "math.dist", "a coordinate", &b)?;
    if from.len() != to.len() {
        let message = format!(
            "math.dist: the points must have as many coordinates, not {} and {}",
            from.len(),
            to.len()
        );
        return Err(vm.error(ErrorKind::ValueError, message));
    }
    let differences: Vec<f64> = from.iter().zip(&to).map(|(x, y)| x - y).collect();
    real(length(&differences))
}

fn log(vm: &mut Vm, x: Value, base: Option<Value>) -> Outcome {
    let natural = natural_log(vm, "x", x)?;
    let Some(base) = base else { return real(natural) };
    match (base.as_number(), x.as_number()) {
        // These two are exact where the quotient of logarithms is not.
        (Some(2.0), Some(x)) => return real(x.log2()),
        (Some(10.0), Some(x)) => return real(x.log10()),
        _ => {}
    }
    let below = natural_log(vm, "base", base)?;
    if below == 0.0 {
        let message = "math.log: there are no logarithms to the base 1";
        return Err(vm.error(ErrorKind::ValueError, message));
    }
    real(natural / below)
}

/// The natural logarithm of any number above zero.
fn natural_log(vm: &mut Vm, name: &str, x: Value) -> Result<f64, Thrown> {
    if let Some(float) = x.as_float()
        && !float.is_finite()
        && float != f64::NEG_INFINITY
    {
        return Ok(float);
    }
    let Some(exact) = Exact::of(&vm.heap, x).or_else(|| x.as_float().and(Some(Exact::zero())))
    else {
        return Err(wrong_type(vm, "math.log", name, "a number", x, None));
    };
    match exact.natural_log() {
        Some(log) => Ok(log),
        None => Err(bad_value(vm, "math.log", &format!("{name} must be above 0"), x)),
    }
}

fn next_after(_: &mut Vm, x: f64, toward: f64) -> Outcome {
    real(if x.is_nan() || toward.is_nan() {
        f64::NAN
    } else if x == toward {
        toward
    } else if toward > x {
        x.next_up()
    } else {
        x.next_down()
    })
}

fn is_close(vm: &mut Vm, a: f64, b: f64, relative: f64, absolute: f64) -> Outcome {
    for (name, tolerance) in [("relative", relative), ("absolute", absolute)] {
        if tolerance < 0.0 {
            let rule = format!("{name} must not be negative");
            return Err(bad_value(vm, "math.is_close", &rule, Value::float(tolerance)));
        }
    }
    let difference = (a - b).abs();
    let close = difference <= relative * a.abs().max(b.abs()) || difference <= absolute;
    Ok(Value::bool(a == b || a.is_finite() && b.is_finite() && close))
}

/// Meets both ends exactly and never goes beyond them between.
fn lerp(a: f64, b: f64, t: f64) -> f64 {
    if t == 1.0 { b } else { a + (b - a) * t }
}

fn clamp(vm: &mut Vm, x: Value, low: Value, high: Value) -> Outcome {
    if ordered(vm, low, high)? == Ordering::Greater {
        let rule = format!("low must not be greater than high ({})", vm.show(high));
        return Err(bad_value(vm, "math.clamp", &rule, low));
    }
    Ok(if ordered(vm, x, low)? == Ordering::Less {
        low
    } else if ordered(vm, x, high)? == Ordering::Greater {
        high
    } else {
        x
    })
}

fn ordered(vm: &mut Vm, left: Value, right: Value) -> Result<Ordering, Thrown> {
    match compare(&vm.heap, left, right) {
        Order::Known(order) => Ok(order),
        Order::Nan => {
            Err(vm.error(ErrorKind::ValueError, "math.clamp: nan has no place in an order"))
        }
        Order::None { left, right } | Order::NeedsCall { left, right, .. } => {
            let (left, right) = (describe(vm, left), describe(vm, right));
            let message = format!("math.clamp: {left} and {right} have no order of their own");
            Err(vm.error(ErrorKind::TypeError, message))
        }
    }
}
