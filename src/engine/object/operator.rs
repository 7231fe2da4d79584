//! Operators on objects of the host.

use super::held::Held;
use super::{Busy, Object, Shared};
use crate::engine::convert::{FromValue, Given};
use crate::vm::heap::Heap;
use crate::vm::object::{Computed as Raw, Operator};
use crate::vm::{ErrorKind, Value};

/// `left operator right`, of which at least one is an object of the host.
pub struct OperatorCall<'a> {
    pub(super) heap: &'a Heap,
    pub(super) operator: Operator,
    pub(super) left: Value,
    pub(super) right: Value,
}

/// What an operator gives: only an [`OperatorResult`] makes one.
pub struct Computed(pub(super) Raw);

impl Computed {
    /// There is no such operator for these operands.
    pub fn undefined() -> Computed {
        Computed(Raw::Undefined)
    }
}

impl OperatorCall<'_> {
    /// Carries an operator out if it is this one, its left operand is a `T` and its right one fits.
    pub fn try_binary<T: Object, P: FromValue, R: OperatorResult>(
        &self,
        operator: Operator,
        compute: impl FnOnce(&T, P) -> R,
    ) -> Option<Computed> {
        self.attempt(operator, (self.left, self.right), compute)
    }

    /// The same where the right operand is an object, too, and is borrowed.
    pub fn try_binary_ref<T: Object, U: Object, R: OperatorResult>(
        &self,
        operator: Operator,
        compute: impl FnOnce(&T, &U) -> R,
    ) -> Option<Computed> {
        let both = |this: &T, that: Shared<U>| that.with(|that| compute(this, that));
        self.try_binary(operator, both)
    }

    /// Carries an operator out if it is this one, its right operand is a `T` and its left one fits.
    pub fn try_right<T: Object, P: FromValue, R: OperatorResult>(
        &self,
        operator: Operator,
        compute: impl FnOnce(&T, P) -> R,
    ) -> Option<Computed> {
        self.attempt(operator, (self.right, self.left), compute)
    }

    /// The same where the left operand is an object, too, and is borrowed.
    pub fn try_right_ref<T: Object, U: Object, R: OperatorResult>(
        &self,
        operator: Operator,
        compute: impl FnOnce(&T, &U) -> R,
    ) -> Option<Computed> {
        let both = |this: &T, that: Shared<U>| that.with(|that| compute(this, that));
        self.try_right(operator, both)
    }

    fn attempt<T: Object, P: FromValue, R: OperatorResult>(
        &self,
        operator: Operator,
        (this, other): (Value, Value),
        compute: impl FnOnce(&T, P) -> R,
    ) -> Option<Computed> {
        if operator != self.operator {
            return None;
        }
        let this = self.heap.object_ref::<Held<T>>(this)?;
        let other = P::from_value(Given::new(self.heap, other))?;
        Some(done(this.0.with(|this| compute(this, other))))
    }
}

fn done<R: OperatorResult>(result: Result<R, Busy>) -> Computed {
    result.map_or_else(
        |busy| Computed(Raw::Failed(ErrorKind::Error, busy.to_string())),
        OperatorResult::computed,
    )
}

/// What an operator of a host object can give: a number, a truth, or an object of the host.
#[diagnostic::on_unimplemented(
    message = "an operator cannot give `{Self}`",
    note = "it gives an int, a float, a bool, a type with `#[derive(kettle::Object)]`, or a `Result` of one"
)]
pub trait OperatorResult {
    /// The result for the VM.
    fn computed(self) -> Computed;
}

impl OperatorResult for i64 {
    fn computed(self) -> Computed {
        Computed(Raw::Value(Value::int(self)))
    }
}

impl OperatorResult for f64 {
    fn computed(self) -> Computed {
        Computed(Raw::Value(Value::float(self)))
    }
}

impl OperatorResult for bool {
    fn computed(self) -> Computed {
        Computed(Raw::Value(Value::bool(self)))
    }
}

impl<T: Object> OperatorResult for T {
    fn computed(self) -> Computed {
        Computed(Raw::Object(Box::new(Held(Shared::new(self)))))
    }
}

impl<R: OperatorResult, E: std::fmt::Display> OperatorResult for Result<R, E> {
    fn computed(self) -> Computed {
        match self {
            Ok(result) => result.computed(),
            Err(error) => Computed(Raw::Failed(ErrorKind::Error, error.to_string())),
        }
    }
}
