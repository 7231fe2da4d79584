//! `math.bigint`: ints of any size, up to a bound that keeps every operation short.

use std::borrow::Cow;
use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

use super::decimal::Decimal;
use super::exact::{self, Exact, decimal_digits, nearest};
use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::{bad_value, wrong_type};
use crate::vm::heap::Heap;
use crate::vm::object::{
    Computed, Digits, HostObject, HostValue, KeyForm, NoOrder, Operator, Unary,
};
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

natives! {
    /// The type `bigint`.
    pub const BIGINT;

    /// An int of any size: from an int, a whole part of a number, or a text in a base from 2 to 36
    /// (0: as its prefix says). Beyond 524288 bits, some 157 000 digits, there is an OverflowError.
    /// With an int it makes a bigint, with a float a float; as a key it is the same as that int.
    convert math.bigint(value: any, named base: int = 10) => bigint_of,
        "import {bigint} from math\nprint(bigint(2) ** 100)" => "1267650600228229401496703205376",
        "import {bigint} from math\nprint(bigint(\"ff\", base: 16) == 255)" => "true";
    /// The bigint without its sign.
    host method bigint.abs() => abs,
        "import {bigint} from math\nprint(bigint(-5).abs())" => "5";
    /// -1, 0 or 1.
    host method bigint.sign() => sign, "import {bigint} from math\nprint(bigint(-5).sign())" => "-1";
    /// The digits in a base from 2 to 36.
    host method bigint.to_base(base: int) => to_base,
        "import {bigint} from math\nprint((bigint(2) ** 64).to_base(16))" => "10000000000000000";
    /// How many bits its absolute value has.
    host method bigint.bit_len() => bit_len,
        "import {bigint} from math\nprint((bigint(2) ** 64).bit_len())" => "65";
    /// Its power modulo `modulus`, as cryptography needs it; numbers of up to 4096 bits.
    host method bigint.pow_mod(exponent: bigint, modulus: bigint) => pow_mod,
        "import {bigint} from math\nprint(bigint(3).pow_mod(200, 13))" => "9";
}

/// The most bits of a bigint. Multiplying, dividing and printing such numbers takes a moment, more
/// would keep the other tasks waiting.
pub const BITS_MAX: u64 = 1 << 19;

/// The most bits of what `pow_mod` takes.
const POW_MOD_BITS_MAX: u64 = 4096;

/// An int of any size, as scripts hold it.
pub struct BigInteger(pub BigInt);

impl HostObject for BigInteger {
    fn type_name(&self) -> &'static str {
        "bigint"
    }

    fn display(&self) -> String {
        self.0.to_string()
    }

    fn external_bytes(&self) -> usize {
        usize::try_from(self.0.bits() / 8).unwrap_or(usize::MAX)
    }

    fn as_value(&self) -> Option<&dyn HostValue> {
        Some(self)
    }
}

impl BigInteger {
    fn exact(&self) -> Exact {
        Exact { numerator: self.0.clone(), denominator: BigInt::from(1) }
    }

    fn digits_in(&self, radix: u32) -> String {
        self.0.magnitude().to_str_radix(radix)
    }
}

impl HostValue for BigInteger {
    fn equals(&self, heap: &Heap, other: Value) -> bool {
        match whole(heap, other) {
            Some(other) => self.0 == *other,
            None => exact::equals(heap, &self.exact(), other),
        }
    }

    fn key(&self) -> KeyForm {
        self.exact().key()
    }

    fn compare(&self, heap: &Heap, other: Value) -> Result<Ordering, NoOrder> {
        match whole(heap, other) {
            Some(other) => Ok(self.0.cmp(&other)),
            None => exact::compare(heap, &self.exact(), other),
        }
    }

    fn binary(&self, heap: &Heap, operator: Operator, left: Value, right: Value) -> Computed {
        match (whole(heap, left), whole(heap, right)) {
            (Some(x), Some(y)) => compute(operator, &x, &y),
            (x, y) => {
                let float = |whole: Option<Cow<'_, BigInt>>, value: Value| match whole {
                    Some(whole) => Some(to_float(&whole)),
                    None => value.as_float(),
                };
                let (Some(x), Some(y)) = (float(x, left), float(y, right)) else {
                    return Computed::Undefined;
                };
                let lost = |x: f64, value: Value| x.is_infinite() && !value.is_float();
                if lost(x, left) || lost(y, right) {
                    return too_large_for_float();
                }
                operator
                    .of_floats(x, y)
                    .map_or(Computed::Undefined, |x| Computed::Value(Value::float(x)))
            }
        }
    }

    fn unary(&self, operator: Unary) -> Computed {
        match operator {
            Unary::Neg => finish(-&self.0),
            Unary::BitNot => finish(-&self.0 - 1),
            Unary::Abs => finish(magnitude(&self.0)),
            Unary::Round(digits) => round(&self.0, digits.unwrap_or(0)),
            Unary::Int => match i64::try_from(&self.0) {
                Ok(number) => Computed::Value(Value::int(number)),
                Err(_) => {
                    let message = "int: the bigint does not fit in an int (64 bits)";
                    Computed::Failed(ErrorKind::OverflowError, message.to_owned())
                }
            },
            Unary::Float => match to_float(&self.0) {
                float if float.is_finite() => Computed::Value(Value::float(float)),
                _ => too_large_for_float(),
            },
        }
    }

    fn digits(
        &self,
        letter: Option<char>,
        precision: Option<usize>,
    ) -> Option<Result<Digits, String>> {
        let negative = self.0.sign() == Sign::Minus;
        let text = match letter {
            Some('d') => self.digits_in(10),
            Some('x') => self.digits_in(16),
            Some('X') => self.digits_in(16).to_uppercase(),
            Some('o') => self.digits_in(8),
            Some('b') => self.digits_in(2),
            _ => {
                let digits = self.digits_in(10);
                return Some(decimal_digits(negative, (&digits, ""), letter, precision));
            }
        };
        Some(Ok(Digits { negative, text }))
    }
}

/// The whole number that an int or a bigint is.
pub fn whole(heap: &Heap, value: Value) -> Option<Cow<'_, BigInt>> {
    match value.as_int() {
        Some(number) => Some(Cow::Owned(BigInt::from(number))),
        None => heap.object_ref::<BigInteger>(value).map(|number| Cow::Borrowed(&number.0)),
    }
}

/// A bigint as a value, or the error that it is too large.
pub fn allocate(vm: &mut Vm, number: BigInt) -> Outcome {
    match finish(number) {
        Computed::Failed(kind, message) => Err(vm.error(kind, message)),
        Computed::Object(object) => {
            vm.reserve(object.external_bytes())?;
            Ok(vm.heap.object(object))
        }
        _ => Ok(Value::null()),
    }
}

fn finish(number: BigInt) -> Computed {
    if number.bits() > BITS_MAX {
        return too_large();
    }
    Computed::Object(Box::new(BigInteger(number)))
}

fn failed(kind: ErrorKind, message: &str) -> Computed {
    Computed::Failed(kind, message.to_owned())
}

fn too_large() -> Computed {
    let message =
        format!("the result has more than {BITS_MAX} bits, which is the most of a bigint");
    Computed::Failed(ErrorKind::OverflowError, message)
}

fn too_large_for_float() -> Computed {
    failed(ErrorKind::OverflowError, "the bigint is too large for a float")
}

fn to_float(number: &BigInt) -> f64 {
    nearest(number, &BigInt::from(1))
}

fn magnitude(number: &BigInt) -> BigInt {
    BigInt::from(number.magnitude().clone())
}

fn compute(operator: Operator, x: &BigInt, y: &BigInt) -> Computed {
    let by_zero = y.sign() == Sign::NoSign;
    match operator {
        Operator::Add => finish(x + y),
        Operator::Sub => finish(x - y),
        Operator::Mul => {
            if x.bits() + y.bits() > BITS_MAX + 1 {
                return too_large();
            }
            finish(x * y)
        }
        Operator::Div | Operator::FloorDiv | Operator::Mod if by_zero => {
            let message = format!("a bigint {} 0 is division by zero", operator.text());
            Computed::Failed(ErrorKind::ZeroDivisionError, message)
        }
        Operator::Div => match nearest(x, y) {
            float if float.is_finite() => Computed::Value(Value::float(float)),
            _ => failed(ErrorKind::OverflowError, "the quotient is too large for a float"),
        },
        Operator::FloorDiv => finish(floor_divided(x, y).0),
        Operator::Mod => finish(floor_divided(x, y).1),
        Operator::Pow => power(x, y),
        Operator::BitAnd => finish(x & y),
        Operator::BitOr => finish(x | y),
        Operator::BitXor => finish(x ^ y),
        Operator::Shl | Operator::Shr => shifted(operator, x, y),
    }
}

/// Quotient rounded down, and the rest, which has the sign of `y`.
pub fn floor_divided(x: &BigInt, y: &BigInt) -> (BigInt, BigInt) {
    let quotient = x / y;
    let rest = x - &quotient * y;
    if rest.sign() != Sign::NoSign && rest.sign() != y.sign() {
        return (quotient - 1, rest + y);
    }
    (quotient, rest)
}

fn power(x: &BigInt, y: &BigInt) -> Computed {
    if y.sign() == Sign::Minus {
        if x.sign() == Sign::NoSign {
            return failed(
                ErrorKind::ZeroDivisionError,
                "0 ** a negative number is division by zero",
            );
        }
        let float = to_float(x).powf(to_float(y));
        return Computed::Value(Value::float(float));
    }
    if x.bits() <= 1 {
        // 0, 1 and -1: the exponent may be of any size.
        let even = !y.bit(0);
        let result = match x.sign() {
            _ if y.sign() == Sign::NoSign => 1,
            Sign::NoSign => 0,
            Sign::Minus if !even => -1,
            _ => 1,
        };
        return finish(BigInt::from(result));
    }
    match u32::try_from(y) {
        Ok(exponent) if (x.bits() - 1).saturating_mul(u64::from(exponent)) <= BITS_MAX => {
            finish(x.pow(exponent))
        }
        _ => too_large(),
    }
}

fn shifted(operator: Operator, x: &BigInt, y: &BigInt) -> Computed {
    if y.sign() == Sign::Minus {
        return failed(ErrorKind::ValueError, "a shift by a negative number of bits");
    }
    match (u64::try_from(y), operator) {
        (_, Operator::Shl) if x.sign() == Sign::NoSign => finish(x.clone()),
        (Ok(count), Operator::Shl) if count.saturating_add(x.bits()) <= BITS_MAX => {
            finish(x << count)
        }
        (_, Operator::Shl) => too_large(),
        (Ok(count), _) => finish(x >> count),
        (Err(_), _) => finish(BigInt::from(if x.sign() == Sign::Minus { -1 } else { 0 })),
    }
}

/// Rounded to tens, hundreds … for negative `digits`, half away from zero.
fn round(number: &BigInt, digits: i64) -> Computed {
    if digits >= 0 {
        return finish(number.clone());
    }
    let places = digits.unsigned_abs();
    if places > BITS_MAX / 3 {
        return finish(BigInt::from(0));
    }
    let unit = exact::power_of_ten(places as u32);
    let up = magnitude(number) + &unit / 2;
    let rounded: BigInt = &up / &unit * &unit;
    finish(if number.sign() == Sign::Minus { -rounded } else { rounded })
}

fn bigint_of(vm: &mut Vm, value: Value, base: i64) -> Outcome {
    if base != 0 && !(2..=36).contains(&base) {
        let rule = "base must be 0 or from 2 to 36";
        return Err(bad_value(vm, "math.bigint", rule, Value::int(base)));
    }
    if let Some(number) = whole(&vm.heap, value).map(Cow::into_owned) {
        return allocate(vm, number);
    }
    if let Some(float) = value.as_float() {
        return match exact::exact_float(float.trunc()) {
            Some(exact) => allocate(vm, exact.numerator / exact.denominator),
            None => Err(bad_value(vm, "math.bigint", "the float must be finite", value)),
        };
    }
    if let Some(decimal) = vm.heap.object_ref::<Decimal>(value) {
        let number = decimal.truncated();
        return allocate(vm, number);
    }
    match value.kind() {
        Kind::Bool => allocate(vm, BigInt::from(i64::from(value.truthy()))),
        Kind::Str => {
            let text = vm.heap.str(value).unwrap_or_default().to_owned();
            let number = parse(vm, &text, base as u32)?;
            allocate(vm, number)
        }
        _ => {
            let expected = "a number, a str or a bool";
            Err(wrong_type(vm, "math.bigint", "value", expected, value, None))
        }
    }
}

fn parse(vm: &mut Vm, text: &str, base: u32) -> Result<BigInt, Thrown> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (digits, base) =
        if base == 0 { crate::natives::convert::prefixed(digits) } else { (digits, base) };
    let significant = digits.trim_start_matches('0').len();
    if significant as f64 * f64::from(base).log2() > BITS_MAX as f64 + 8.0 {
        let message = format!("math.bigint: {significant} digits are too many for a bigint");
        return Err(vm.error(ErrorKind::OverflowError, message));
    }
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    let number = if is_number { BigInt::parse_bytes(digits.as_bytes(), base) } else { None };
    match number {
        Some(number) => Ok(if negative { -number } else { number }),
        None => {
            let shown = vm.heap.string(text);
            let shown = vm.show(shown);
            let base = if base == 10 { String::new() } else { format!(" in base {base}") };
            Err(vm.error(ErrorKind::ParseError, format!("{shown} is not an int{base}")))
        }
    }
}

/// The receiver of a method.
fn receiver(vm: &mut Vm, value: Value) -> Result<BigInt, Thrown> {
    match whole(&vm.heap, value).map(Cow::into_owned) {
        Some(number) => Ok(number),
        None => Err(vm.error(ErrorKind::TypeError, "this is a method of bigints")),
    }
}

fn abs(vm: &mut Vm, value: Value) -> Outcome {
    let number = receiver(vm, value)?;
    allocate(vm, magnitude(&number))
}

fn sign(vm: &mut Vm, value: Value) -> Outcome {
    Ok(Value::int(match receiver(vm, value)?.sign() {
        Sign::Minus => -1,
        Sign::NoSign => 0,
        Sign::Plus => 1,
    }))
}

fn to_base(vm: &mut Vm, value: Value, base: i64) -> Outcome {
    let number = receiver(vm, value)?;
    match u32::try_from(base) {
        Ok(base @ 2..=36) => Ok(vm.heap.string_owned(number.to_str_radix(base))),
        _ => Err(bad_value(vm, "bigint.to_base", "base must be from 2 to 36", Value::int(base))),
    }
}

fn bit_len(vm: &mut Vm, value: Value) -> Outcome {
    let number = receiver(vm, value)?;
    Ok(Value::int(number.bits() as i64))
}

fn pow_mod(vm: &mut Vm, value: Value, exponent: Value, modulus: Value) -> Outcome {
    let number = receiver(vm, value)?;
    let operand =
        |vm: &mut Vm, name: &str, value: Value| match whole(&vm.heap, value).map(Cow::into_owned) {
            Some(number) => Ok(number),
            None => Err(wrong_type(vm, "bigint.pow_mod", name, "an int or a bigint", value, None)),
        };
    let (by, by_value) = (operand(vm, "exponent", exponent)?, exponent);
    let modulus = operand(vm, "modulus", modulus)?;
    if by.sign() == Sign::Minus {
        let rule = "exponent must not be negative";
        return Err(bad_value(vm, "bigint.pow_mod", rule, by_value));
    }
    if modulus.sign() == Sign::NoSign {
        let message = "bigint.pow_mod: a rest by 0 is division by zero";
        return Err(vm.error(ErrorKind::ZeroDivisionError, message));
    }
    if [&number, &by, &modulus].iter().any(|part| part.bits() > POW_MOD_BITS_MAX) {
        let message = format!("bigint.pow_mod takes numbers of up to {POW_MOD_BITS_MAX} bits");
        return Err(vm.error(ErrorKind::OverflowError, message));
    }
    allocate(vm, number.modpow(&by, &modulus))
}
