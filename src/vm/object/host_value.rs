//! Host objects that are values: moments, numbers of any size, and whatever a host adds.
//!
//! A handle (a task, a socket) is equal to itself and to nothing else. A *value* is compared by its
//! content, can be a key, may be ordered, and may take part in arithmetic on either side of an
//! operator. An object says that it is one by [`HostObject::as_value`].

use std::cmp::Ordering;

use super::HostObject;
use crate::vm::equal::float_as_int;
use crate::vm::error::ErrorKind;
use crate::vm::heap::Heap;
use crate::vm::value::Value;

/// An arithmetic operator of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `%`
    Mod,
    /// `**`
    Pow,
    /// `&`
    BitAnd,
    /// `|`
    BitOr,
    /// `^`
    BitXor,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
}

impl Operator {
    /// How it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Sub => "-",
            Operator::Mul => "*",
            Operator::Div => "/",
            Operator::FloorDiv => "//",
            Operator::Mod => "%",
            Operator::Pow => "**",
            Operator::BitAnd => "&",
            Operator::BitOr => "|",
            Operator::BitXor => "^",
            Operator::Shl => "<<",
            Operator::Shr => ">>",
        }
    }

    /// What it gives for two floats; `None` where it is not defined for them.
    pub fn of_floats(self, x: f64, y: f64) -> Option<f64> {
        Some(match self {
            Operator::Add => x + y,
            Operator::Sub => x - y,
            Operator::Mul => x * y,
            Operator::Div => x / y,
            Operator::FloorDiv => floor_quotient(x, y),
            Operator::Mod => floor_rest(x, y),
            Operator::Pow => x.powf(y),
            Operator::BitAnd
            | Operator::BitOr
            | Operator::BitXor
            | Operator::Shl
            | Operator::Shr => return None,
        })
    }
}

/// The rest that has the sign of the divisor, a zero too.
fn floor_rest(x: f64, y: f64) -> f64 {
    let rest = x % y;
    if rest == 0.0 {
        return 0.0_f64.copysign(y);
    }
    if (rest < 0.0) != (y < 0.0) { rest + y } else { rest }
}

/// The whole number of times that `y` goes into `x`: the one to which `floor_rest` is the rest,
/// which the rounded quotient may have passed, as in `1 // 0.1`.
fn floor_quotient(x: f64, y: f64) -> f64 {
    let quotient = x / y;
    if !quotient.is_finite() || !x.is_finite() {
        return quotient.floor();
    }
    let rest = x % y;
    let mut count = (x - rest) / y;
    if rest != 0.0 && (rest < 0.0) != (y < 0.0) {
        count -= 1.0;
    }
    if count == 0.0 { 0.0_f64.copysign(quotient) } else { count.round() }
}

/// What is asked of one value alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// `-x`
    Neg,
    /// `~x`
    BitNot,
    /// `abs(x)`
    Abs,
    /// `round(x)`, or `round(x, digits)`
    Round(Option<i64>),
    /// `int(x)`
    Int,
    /// `float(x)`
    Float,
}

/// What an operator gives.
pub enum Computed {
    /// It is not defined for the types of the operands.
    Undefined,
    /// An int, a float, a duration.
    Value(Value),
    /// A new object.
    Object(Box<dyn HostObject>),
    /// It is defined, but these operands have no result.
    Failed(ErrorKind, String),
}

/// Why two values are in no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoOrder {
    /// One of them is nan.
    Nan,
    /// Their types have none.
    Types,
}

/// What makes a value the key that it is: equal values have equal forms.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyForm {
    /// It equals this int.
    Int(i64),
    /// It equals this float, and no int.
    Float(f64),
    /// It equals only objects with the same bytes.
    Bytes(Vec<u8>),
}

/// The digits of a number in some form, for the format specs of interpolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digits {
    /// It is below zero.
    pub negative: bool,
    /// The digits without a sign.
    pub text: String,
}

/// A host object that is compared by what it holds. What it does not implement it does not have.
pub trait HostValue {
    /// Whether it equals another value of any type. Never asked about the object itself.
    fn equals(&self, heap: &Heap, other: Value) -> bool;

    /// What it is as a key. Values that are equal have the same form.
    fn key(&self) -> KeyForm;

    /// Where it stands relative to another value of any type.
    fn compare(&self, heap: &Heap, other: Value) -> Result<Ordering, NoOrder> {
        let _ = (heap, other);
        Err(NoOrder::Types)
    }

    /// `left operator right`, of which at least one is this object.
    fn binary(&self, heap: &Heap, operator: Operator, left: Value, right: Value) -> Computed {
        let _ = (heap, operator, left, right);
        Computed::Undefined
    }

    /// What an operator or a conversion of this object alone gives.
    fn unary(&self, operator: Unary) -> Computed {
        let _ = operator;
        Computed::Undefined
    }

    /// Its text by a format spec with a language of its own; `None` where the common one applies.
    fn format(&self, spec: &str) -> Option<Result<String, String>> {
        let _ = spec;
        None
    }

    /// Its digits in the form of a format letter, if it is a number.
    fn digits(
        &self,
        letter: Option<char>,
        precision: Option<usize>,
    ) -> Option<Result<Digits, String>> {
        let _ = (letter, precision);
        None
    }
}

impl Heap {
    /// What a host object is as a value; `None` for handles and everything else.
    #[inline]
    pub fn host_value(&self, value: Value) -> Option<&dyn HostValue> {
        self.host_ref(value)?.as_value()
    }

    /// The int that a number of any type equals.
    pub fn equal_int(&self, value: Value) -> Option<i64> {
        let of_object = |object: &dyn HostValue| match object.key() {
            KeyForm::Int(number) => Some(number),
            _ => None,
        };
        let of_float = || value.as_float().and_then(float_as_int);
        value.as_int().or_else(of_float).or_else(|| self.host_value(value).and_then(of_object))
    }

    /// Whether two values, of which at least one is a host object, are equal.
    pub(in crate::vm) fn host_equal(&self, left: Value, right: Value) -> bool {
        if let Some(found) = self.host_value(left) {
            return found.equals(self, right);
        }
        self.host_value(right).is_some_and(|found| found.equals(self, left))
    }

    /// The order of two values, of which at least one is a host object.
    pub(in crate::vm) fn host_order(&self, left: Value, right: Value) -> Result<Ordering, NoOrder> {
        let found = match self.host_value(left) {
            Some(found) => found.compare(self, right),
            None => Err(NoOrder::Types),
        };
        match (found, self.host_value(right)) {
            (Err(NoOrder::Types), Some(other)) => other.compare(self, left).map(Ordering::reverse),
            (found, _) => found,
        }
    }

    /// `left operator right`, of which at least one is a host object: the left one is asked first.
    pub(in crate::vm) fn host_binary(
        &self,
        operator: Operator,
        left: Value,
        right: Value,
    ) -> Computed {
        for side in [left, right] {
            let found = self.host_value(side);
            match found.map(|found| found.binary(self, operator, left, right)) {
                None | Some(Computed::Undefined) => {}
                Some(computed) => return computed,
            }
        }
        Computed::Undefined
    }
}

#[cfg(test)]
mod tests {
    use super::{floor_quotient, floor_rest};

    #[test]
    fn quotient_and_rest_belong_together() {
        for (x, y, quotient, rest) in [
            (7.5, 2.0, 3.0, 1.5),
            (-7.5, 2.0, -4.0, 0.5),
            (7.5, -2.0, -4.0, -0.5),
            (1.0, 0.1, 9.0, 0.099_999_999_999_999_95),
            (0.3, 0.1, 2.0, 0.099_999_999_999_999_98),
            (5.0, f64::INFINITY, 0.0, 5.0),
            (-5.0, f64::INFINITY, -1.0, f64::INFINITY),
            (1e300, 3.0, (1e300_f64 / 3.0).floor(), 1e300 % 3.0),
            (f64::INFINITY, 2.0, f64::INFINITY, f64::NAN),
            (1.0, 0.0, f64::INFINITY, f64::NAN),
        ] {
            assert_eq!(floor_quotient(x, y), quotient, "{x} // {y}");
            let found = floor_rest(x, y);
            assert!(found == rest || found.is_nan() && rest.is_nan(), "{x} % {y} is {found}");
        }
        assert!(floor_rest(-4.0, 2.0).is_sign_positive());
        assert!(floor_rest(4.0, -2.0).is_sign_negative());
    }
}
