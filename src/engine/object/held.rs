//! A host object in the heap of a VM.

use std::cmp::Ordering;

use super::operator::OperatorCall;
use super::{Object, Shared};
use crate::engine::convert::{FromValue, Given, IntoValue, Made, Maker};
use crate::vm::heap::Heap;
use crate::vm::object::{Computed, HostObject, HostValue, KeyForm, NoOrder, Operator, Unary};
use crate::vm::{ErrorKind, Value};

/// What the heap holds of an object of the host.
pub struct Held<T>(pub(super) Shared<T>);

impl<T: Object> HostObject for Held<T> {
    fn type_name(&self) -> &'static str {
        T::NAME
    }

    fn display(&self) -> String {
        let shown = T::TABLE.text.and_then(|text| self.0.with(text).ok());
        shown.unwrap_or_else(|| format!("<{}>", T::NAME))
    }

    fn external_bytes(&self) -> usize {
        size_of::<T>()
    }

    fn is_held(&self) -> bool {
        false
    }

    fn as_value(&self) -> Option<&dyn HostValue> {
        T::TABLE.is_value().then_some(self)
    }
}

impl<T: Object> Held<T> {
    /// Applies a function to this object and another one of the type, if it is one.
    fn with_other<R>(&self, heap: &Heap, other: Value, f: impl FnOnce(&T, &T) -> R) -> Option<R> {
        let other = heap.object_ref::<Held<T>>(other)?;
        self.0.with(|this| other.0.with(|that| f(this, that))).ok()?.ok()
    }
}

impl<T: Object> HostValue for Held<T> {
    fn equals(&self, heap: &Heap, other: Value) -> bool {
        let Some(equals) = T::TABLE.equals else {
            return heap.object_ref::<Held<T>>(other).is_some_and(|it| it.0.is_same(&self.0));
        };
        self.with_other(heap, other, equals).unwrap_or(false)
    }

    fn key(&self) -> KeyForm {
        let text = match T::TABLE.key.and_then(|key| self.0.with(key).ok()) {
            Some(text) => format!("{}={text}", T::NAME),
            None => format!("{}@{:x}", T::NAME, self.0.address()),
        };
        KeyForm::Bytes(text.into_bytes())
    }

    fn compare(&self, heap: &Heap, other: Value) -> Result<Ordering, NoOrder> {
        let compare = T::TABLE.compare.ok_or(NoOrder::Types)?;
        match self.with_other(heap, other, compare) {
            Some(order) => order.ok_or(NoOrder::Nan),
            None => Err(NoOrder::Types),
        }
    }

    fn binary(&self, heap: &Heap, operator: Operator, left: Value, right: Value) -> Computed {
        match T::TABLE.binary {
            Some(binary) => binary(&OperatorCall { heap, operator, left, right }).0,
            None => Computed::Undefined,
        }
    }

    fn unary(&self, operator: Unary) -> Computed {
        let Some(unary) = T::TABLE.unary else { return Computed::Undefined };
        match self.0.with(|this| unary(this, operator)) {
            Ok(result) => result.0,
            Err(busy) => Computed::Failed(ErrorKind::Error, busy.to_string()),
        }
    }
}

impl<T: Object> IntoValue for T {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        Shared::new(self).into_value(maker)
    }
}

impl<T: Object> IntoValue for Shared<T> {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        let heap = maker.heap();
        let room = heap.reserve(size_of::<T>());
        room.map_err(|_| format!("a {} would pass the memory limit", T::NAME))?;
        Ok(Made::of(heap.object(Box::new(Held(self)))))
    }
}

impl<T: Object> FromValue for Shared<T> {
    fn expected() -> String {
        let article =
            if T::NAME.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']) { "an" } else { "a" };
        format!("{article} {}", T::NAME)
    }

    fn from_value(value: Given<'_>) -> Option<Shared<T>> {
        value.heap().object_ref::<Held<T>>(value.raw()).map(|held| held.0.clone())
    }
}
