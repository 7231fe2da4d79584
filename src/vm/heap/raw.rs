//! Raw access inside the heap: addresses inside objects, without a look at the kind.
//!
//! The makers and views have compared tags already and must not pay twice; so has the dispatcher,
//! which knows the layouts itself.
#![expect(unsafe_code, reason = "callers promise the kind")]

use crate::vm::object::{Bound, BoundRef, Instance, Str, TypeKind, TypeObject, VariableCell};
use crate::vm::value::{Kind, Value};

/// The first slot of an instance.
///
/// # Safety
/// `value` is a live instance.
#[inline(always)]
pub(super) unsafe fn instance_slots(value: Value) -> *mut Value {
    debug_assert!(value.is(Kind::Instance));
    // SAFETY: promised by the caller; slots follow the fixed part.
    unsafe { value.address::<Instance>().add(1).cast() }
}

/// The content of a cell. Writing to it needs a barrier.
///
/// # Safety
/// `value` is a live cell.
#[inline(always)]
pub(super) unsafe fn cell_slot(value: Value) -> *mut Value {
    debug_assert!(value.is(Kind::Cell));
    // SAFETY: promised by the caller.
    unsafe { &raw mut (*value.address::<VariableCell>()).value }
}

/// The parts of a bound method.
///
/// # Safety
/// `value` is a live bound method.
#[inline(always)]
pub(super) unsafe fn bound_parts(value: Value) -> BoundRef {
    debug_assert!(value.is(Kind::Bound));
    // SAFETY: promised by the caller.
    let bound = unsafe { &*value.address::<Bound>() };
    BoundRef { receiver: bound.receiver, callee: bound.callee }
}

/// A string.
///
/// # Safety
/// `value` is a live string, and stays live during `'a`.
#[inline(always)]
pub(super) unsafe fn string_of<'a>(value: Value) -> &'a Str {
    debug_assert!(value.is(Kind::Str));
    // SAFETY: promised by the caller.
    unsafe { &*value.address::<Str>() }
}

/// The text of an interned string.
pub(super) fn text_of<'a>(value: Value) -> &'a str {
    // SAFETY: the table of interned strings holds strings only, and they are roots.
    unsafe { string_of(value) }.text()
}

/// Sets a flag of a string that was just made.
pub(super) fn add_flag(value: Value, flag: u8) {
    // SAFETY: as the value was just made, it is live.
    unsafe { string_of(value) }.header().add(flag);
}

/// What a type value stands for.
pub(super) fn type_of(value: Value) -> TypeKind {
    // SAFETY: the table of types holds types only, and they are roots.
    unsafe { (*value.address::<TypeObject>()).kind }
}
