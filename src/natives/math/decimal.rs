//! `math.decimal`: numbers with decimals that are exact, for money and measured values.

use std::cmp::Ordering;

use num_bigint::BigInt;
use rust_decimal::{Decimal as Number, RoundingStrategy};

use super::exact::{self, Exact, decimal_digits, nearest, power_of_ten};
use super::integer::{floor_divided, whole};
use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::{bad_value, wrong_type};
use crate::vm::heap::Heap;
use crate::vm::object::{
    Computed, Digits, HostObject, HostValue, KeyForm, NoOrder, Operator, Unary,
};
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

natives! {
    /// The type `decimal`.
    pub const DECIMAL;

    /// A number with up to 28 decimals, exact: from a text, an int or a bigint, or a float as it
    /// prints. It keeps the zeros it was written with. With ints it makes decimals; with a float it
    /// is a TypeError, because floats are not exact. What has more than 28 decimals is rounded,
    /// half to even; what is too large is an OverflowError.
    convert math.decimal(value: any) => decimal_of,
        "import {decimal} from math\nprint(decimal(\"0.1\") + decimal(\"0.2\"))" => "0.3",
        "import {decimal} from math\nprint(decimal(\"19.90\") * 3)" => "59.70";
    /// The nearest int, half away from zero; with `digits`, a decimal with so many decimals.
    host method decimal.round(digits: int?) => round,
        "import {decimal} from math\nprint(decimal(\"2.675\").round(2))" => "2.68";
    /// The greatest int that is not above.
    host method decimal.floor() => |vm: &mut Vm, x: Value| to_int(vm, x, |x| x.floor()),
        "import {decimal} from math\nprint(decimal(\"-1.5\").floor())" => "-2";
    /// The least int that is not below.
    host method decimal.ceil() => |vm: &mut Vm, x: Value| to_int(vm, x, |x| x.ceil()),
        "import {decimal} from math\nprint(decimal(\"1.2\").ceil())" => "2";
    /// The int before the point.
    host method decimal.trunc() => |vm: &mut Vm, x: Value| to_int(vm, x, |x| x.trunc()),
        "import {decimal} from math\nprint(decimal(\"-1.5\").trunc())" => "-1";
    /// The decimal without its sign.
    host method decimal.abs() => |vm: &mut Vm, x: Value| changed(vm, x, |x| x.abs()),
        "import {decimal} from math\nprint(decimal(\"-1.50\").abs())" => "1.50";
    /// -1, 0 or 1.
    host method decimal.sign() => sign, "import {decimal} from math\nprint(decimal(\"-1.5\").sign())" => "-1";
    /// The same number without zeros at its end.
    host method decimal.trimmed() => |vm: &mut Vm, x: Value| changed(vm, x, |x| x.normalize()),
        "import {decimal} from math\nprint(decimal(\"1.500\").trimmed())" => "1.5";
    /// How many digits stand behind its point.
    host method decimal.decimals() => decimals,
        "import {decimal} from math\nprint(decimal(\"1.50\").decimals())" => "2";
}

/// An exact number with decimals, as scripts hold it.
pub struct Decimal(Number);

impl HostObject for Decimal {
    fn type_name(&self) -> &'static str {
        "decimal"
    }

    fn display(&self) -> String {
        self.0.to_string()
    }

    fn as_value(&self) -> Option<&dyn HostValue> {
        Some(self)
    }
}

impl Decimal {
    /// The number as a fraction.
    pub fn exact(&self) -> Exact {
        let number = self.0.normalize();
        let numerator = BigInt::from(number.mantissa());
        Exact { numerator, denominator: power_of_ten(number.scale()) }
    }

    /// The int before the point.
    pub fn truncated(&self) -> BigInt {
        BigInt::from(self.0.trunc().mantissa())
    }
}

impl HostValue for Decimal {
    fn equals(&self, heap: &Heap, other: Value) -> bool {
        match heap.object_ref::<Decimal>(other) {
            Some(other) => self.0 == other.0,
            None => exact::equals(heap, &self.exact(), other),
        }
    }

    fn key(&self) -> KeyForm {
        self.exact().key()
    }

    fn compare(&self, heap: &Heap, other: Value) -> Result<Ordering, NoOrder> {
        match heap.object_ref::<Decimal>(other) {
            Some(other) => Ok(self.0.cmp(&other.0)),
            None => exact::compare(heap, &self.exact(), other),
        }
    }

    fn binary(&self, heap: &Heap, operator: Operator, left: Value, right: Value) -> Computed {
        if left.is_float() || right.is_float() {
            let message = format!(
                "`{}` does not mix decimals and floats: convert one of them with `decimal(…)` or \
                 `float(…)`",
                operator.text()
            );
            return Computed::Failed(ErrorKind::TypeError, message);
        }
        match (operand(heap, left), operand(heap, right)) {
            (Some(Ok(x)), Some(Ok(y))) => compute(operator, x, y),
            (Some(Err(())), Some(_)) | (Some(_), Some(Err(()))) => too_large(),
            _ => Computed::Undefined,
        }
    }

    fn unary(&self, operator: Unary) -> Computed {
        match operator {
            Unary::Neg if self.0.is_zero() => finish(self.0),
            Unary::Neg => finish(-self.0),
            Unary::BitNot => Computed::Undefined,
            Unary::Abs => finish(self.0.abs()),
            Unary::Round(digits) => rounded(self.0, digits),
            Unary::Int => int(self.0.trunc()),
            Unary::Float => {
                let Exact { numerator, denominator } = self.exact();
                Computed::Value(Value::float(nearest(&numerator, &denominator)))
            }
        }
    }

    fn digits(
        &self,
        letter: Option<char>,
        precision: Option<usize>,
    ) -> Option<Result<Digits, String>> {
        let text = self.0.abs().to_string();
        let parts = text.split_once('.').unwrap_or((&text, ""));
        Some(decimal_digits(
            self.0.is_sign_negative() && !self.0.is_zero(),
            parts,
            letter,
            precision,
        ))
    }
}

/// The decimal that an operand stands for; an error if it is a whole number too large for one.
fn operand(heap: &Heap, value: Value) -> Option<Result<Number, ()>> {
    if let Some(decimal) = heap.object_ref::<Decimal>(value) {
        return Some(Ok(decimal.0));
    }
    whole(heap, value).map(|number| from_whole(&number).ok_or(()))
}

fn from_whole(number: &BigInt) -> Option<Number> {
    let number = i128::try_from(number).ok()?;
    Number::try_from_i128_with_scale(number, 0).ok()
}

fn finish(number: Number) -> Computed {
    Computed::Object(Box::new(Decimal(number)))
}

fn too_large() -> Computed {
    let message = "the result is too large for a decimal, which has 28 digits";
    Computed::Failed(ErrorKind::OverflowError, message.to_owned())
}

fn int(whole: Number) -> Computed {
    match i64::try_from(whole.mantissa()) {
        Ok(number) if whole.scale() == 0 => Computed::Value(Value::int(number)),
        _ => {
            let message = format!("{whole} does not fit in an int (64 bits)");
            Computed::Failed(ErrorKind::OverflowError, message)
        }
    }
}

fn compute(operator: Operator, x: Number, y: Number) -> Computed {
    let divides = matches!(operator, Operator::Div | Operator::FloorDiv | Operator::Mod);
    if divides && y.is_zero() {
        let message = format!("{x} {} 0 is division by zero", operator.text());
        return Computed::Failed(ErrorKind::ZeroDivisionError, message);
    }
    let result = match operator {
        Operator::Add => x.checked_add(y),
        Operator::Sub => x.checked_sub(y),
        Operator::Mul => x.checked_mul(y),
        Operator::Div => quotient(x, y),
        Operator::FloorDiv => from_whole(&divided(x, y).0),
        Operator::Mod => rest(x, y),
        Operator::Pow => return power(x, y),
        _ => return Computed::Undefined,
    };
    result.map_or_else(too_large, finish)
}

/// The quotient, with no more zeros at its end than the operands have.
fn quotient(x: Number, y: Number) -> Option<Number> {
    let quotient = x.checked_div(y)?.normalize();
    Some(widened(quotient, x.scale().saturating_sub(y.scale())))
}

/// With at least so many decimals, if there is room for them.
fn widened(mut x: Number, decimals: u32) -> Number {
    if x.scale() < decimals {
        x.rescale(decimals);
    }
    x
}

/// Quotient rounded down, and the rest in units of the finer of the two scales; both exact.
fn divided(x: Number, y: Number) -> (BigInt, BigInt) {
    let scale = x.scale().max(y.scale());
    let aligned = |x: Number| BigInt::from(x.mantissa()) * power_of_ten(scale - x.scale());
    floor_divided(&aligned(x), &aligned(y))
}

fn rest(x: Number, y: Number) -> Option<Number> {
    let rest = i128::try_from(divided(x, y).1).ok()?;
    Number::try_from_i128_with_scale(rest, x.scale().max(y.scale())).ok()
}

/// A whole power, by squaring.
fn power(x: Number, y: Number) -> Computed {
    if !y.is_integer() {
        let message = "a decimal has only whole powers: use `float(…)` for others";
        return Computed::Failed(ErrorKind::ValueError, message.to_owned());
    }
    let mut exponent = y.trunc().mantissa().unsigned_abs();
    let mut base = x;
    if y.is_sign_negative() && exponent > 0 {
        match Some(x).filter(|x| !x.is_zero()).and_then(|x| quotient(Number::ONE, x)) {
            Some(inverse) => base = inverse,
            None => {
                let message = format!("{x} ** {y} is division by zero");
                return Computed::Failed(ErrorKind::ZeroDivisionError, message);
            }
        }
    }
    let mut result = Number::ONE;
    while exponent > 0 {
        if exponent & 1 == 1 {
            let Some(product) = result.checked_mul(base) else { return too_large() };
            result = product;
        }
        exponent >>= 1;
        if exponent > 0 {
            let Some(square) = base.checked_mul(base) else { return too_large() };
            base = square;
        }
    }
    finish(result)
}

fn rounded(x: Number, digits: Option<i64>) -> Computed {
    let half_away = RoundingStrategy::MidpointAwayFromZero;
    match digits {
        None => int(x.round_dp_with_strategy(0, half_away)),
        Some(digits @ 0..) => {
            let places = u32::try_from(digits).unwrap_or(u32::MAX).min(Number::MAX_SCALE);
            finish(widened(x.round_dp_with_strategy(places, half_away), places))
        }
        Some(digits) => {
            let Some(unit) =
                u32::try_from(digits.unsigned_abs()).ok().filter(|places| *places <= 28)
            else {
                return finish(Number::ZERO);
            };
            let unit = Number::from_i128_with_scale(10_i128.pow(unit), 0);
            let count = x.checked_div(unit).map(|x| x.round_dp_with_strategy(0, half_away));
            count.and_then(|count| count.checked_mul(unit)).map_or_else(too_large, finish)
        }
    }
}

fn decimal_of(vm: &mut Vm, value: Value) -> Outcome {
    if vm.heap.object_ref::<Decimal>(value).is_some() {
        return Ok(value);
    }
    if let Some(number) = whole(&vm.heap, value) {
        return match from_whole(&number) {
            Some(number) => Ok(vm.heap.object(Box::new(Decimal(number)))),
            None => Err(too_many_digits(vm)),
        };
    }
    match value.kind() {
        Kind::Float => {
            let float = value.as_float().unwrap_or_default();
            if !float.is_finite() {
                return Err(bad_value(vm, "math.decimal", "the float must be finite", value));
            }
            parse(vm, &crate::vm::text::float_text(float))
        }
        Kind::Str => {
            let text = vm.heap.str(value).unwrap_or_default().to_owned();
            parse(vm, text.trim())
        }
        _ => Err(wrong_type(vm, "math.decimal", "value", "a number or a str", value, None)),
    }
}

fn too_many_digits(vm: &mut Vm) -> Thrown {
    let message = "math.decimal: the number has more digits than a decimal, which has 28";
    vm.error(ErrorKind::OverflowError, message)
}

/// Reads `12`, `-0.50`, `1.5e-3`.
fn parse(vm: &mut Vm, text: &str) -> Outcome {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (number, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (before, after) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if !is_digits(before) || !is_digits(after) || !is_digits(exponent_digits) {
        let shown = vm.heap.string(text);
        let shown = vm.show(shown);
        return Err(vm.error(ErrorKind::ParseError, format!("{shown} is not a decimal")));
    }
    let after = if number.contains('.') { after } else { "" };
    match assembled(text.starts_with('-'), before, after, exponent) {
        Some(number) => Ok(vm.heap.object(Box::new(Decimal(number)))),
        None => Err(too_many_digits(vm)),
    }
}

/// The number with these digits before and behind the point, times ten to a power; `None` if it
/// has too many.
fn assembled(negative: bool, before: &str, after: &str, exponent: &str) -> Option<Number> {
    let exponent: i64 = exponent.parse().ok()?;
    let mut digits = format!("{before}{after}").trim_start_matches('0').to_owned();
    let mut scale = i64::try_from(after.len()).ok()?.checked_sub(exponent)?;
    if digits.is_empty() {
        return Some(Number::new(0, u32::try_from(scale).unwrap_or(0).min(Number::MAX_SCALE)));
    }
    // Zeros at the end are dropped where there is no room for them.
    while (digits.len() > 28 || scale > 28) && scale > 0 && digits.ends_with('0') {
        digits.pop();
        scale -= 1;
    }
    while scale < 0 && digits.len() < 30 {
        digits.push('0');
        scale += 1;
    }
    if digits.len() > 30 {
        return None;
    }
    let mantissa: i128 = digits.parse().ok()?;
    let mantissa = if negative { -mantissa } else { mantissa };
    Number::try_from_i128_with_scale(mantissa, u32::try_from(scale).ok()?).ok()
}

/// The receiver of a method.
fn receiver(vm: &mut Vm, value: Value) -> Result<Number, Thrown> {
    match vm.heap.object_ref::<Decimal>(value) {
        Some(number) => Ok(number.0),
        None => Err(vm.error(ErrorKind::TypeError, "this is a method of decimals")),
    }
}

fn computed(vm: &mut Vm, computed: Computed) -> Outcome {
    match computed {
        Computed::Value(value) => Ok(value),
        Computed::Object(object) => Ok(vm.heap.object(object)),
        Computed::Failed(kind, message) => Err(vm.error(kind, message)),
        Computed::Undefined => Ok(Value::null()),
    }
}

fn changed(vm: &mut Vm, value: Value, change: fn(&Number) -> Number) -> Outcome {
    let number = change(&receiver(vm, value)?);
    Ok(vm.heap.object(Box::new(Decimal(number))))
}

fn to_int(vm: &mut Vm, value: Value, change: fn(&Number) -> Number) -> Outcome {
    let number = receiver(vm, value)?;
    computed(vm, int(change(&number)))
}

fn round(vm: &mut Vm, value: Value, digits: Option<i64>) -> Outcome {
    let number = receiver(vm, value)?;
    computed(vm, rounded(number, digits))
}

fn sign(vm: &mut Vm, value: Value) -> Outcome {
    let number = receiver(vm, value)?;
    let above = i64::from(number > Number::ZERO);
    Ok(Value::int(above - i64::from(number < Number::ZERO)))
}

fn decimals(vm: &mut Vm, value: Value) -> Outcome {
    Ok(Value::int(i64::from(receiver(vm, value)?.scale())))
}
