//! Module `math`: constants, and what is no method of one number.

use super::Outcome;
use crate::natives;
use crate::vm::{ErrorKind, Value, Vm};

natives! {
    /// Module `math`.
    pub const MATH;

    /// The circumference of a circle over its diameter.
    value math.pi() => |_| Value::float(std::f64::consts::PI), "import math\nprint(math.pi)" => "3.141592653589793";
    /// Twice pi: a full turn in radians.
    value math.tau() => |_| Value::float(std::f64::consts::TAU), "import math\nprint(math.tau)" => "6.283185307179586";
    /// The base of natural logarithms.
    value math.e() => |_| Value::float(std::f64::consts::E), "import math\nprint(math.e)" => "2.718281828459045";
    /// The greatest int that divides both.
    fn math.gcd(a: int, b: int) => gcd, "import math\nprint(math.gcd(12, 18))" => "6";
    /// The least positive int that both divide; 0 if one of them is 0.
    fn math.lcm(a: int, b: int) => lcm, "import math\nprint(math.lcm(4, 6))" => "12";
    /// The length of the vector (x, y).
    fn math.hypot(x: number, y: number) => |_: &mut Vm, x: f64, y: f64| Ok(Value::float(x.hypot(y))),
        "import math\nprint(math.hypot(3, 4))" => "5.0";
    /// The greatest int whose square is not above `n`.
    fn math.isqrt(n: int) => isqrt, "import math\nprint(math.isqrt(17))" => "4";
}

fn divisor(a: i64, b: i64) -> u64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn fitting(vm: &mut Vm, path: &str, number: Option<u64>) -> Outcome {
    match number.and_then(|number| i64::try_from(number).ok()) {
        Some(number) => Ok(Value::int(number)),
        None => {
            let message = format!("{path}: the result does not fit in 64 bits");
            Err(vm.error(ErrorKind::OverflowError, message))
        }
    }
}

fn gcd(vm: &mut Vm, a: i64, b: i64) -> Outcome {
    fitting(vm, "math.gcd", Some(divisor(a, b)))
}

fn lcm(vm: &mut Vm, a: i64, b: i64) -> Outcome {
    let multiple = match divisor(a, b) {
        0 => Some(0),
        divisor => (a.unsigned_abs() / divisor).checked_mul(b.unsigned_abs()),
    };
    fitting(vm, "math.lcm", multiple)
}

fn isqrt(vm: &mut Vm, n: i64) -> Outcome {
    match n.checked_isqrt() {
        Some(root) => Ok(Value::int(root)),
        None => Err(super::argument::bad_value(
            vm,
            "math.isqrt",
            "n must not be negative",
            Value::int(n),
        )),
    }
}
