//! Raw access for the dispatcher: addresses inside objects, without a look at the kind.
//!
//! The dispatcher has compared tags already and must not pay twice. Everybody else uses the views.
#![expect(unsafe_code, reason = "callers promise the kind")]

use crate::vm::object::{
    Bound, BoundRef, Closure, Header, Instance, List, Owned, Str, TypeKind, TypeObject,
    VariableCell,
};
use crate::vm::value::{Kind, Value};

/// The elements of a list. After a change of its capacity the heap has to measure it: grow lists
/// through [`Heap::list_mut`](super::Heap::list_mut) only.
///
/// # Safety
/// `value` is a live list, and no reference into it is in use.
#[inline(always)]
pub(in crate::vm) unsafe fn list_items(value: Value) -> *mut Vec<Value> {
    debug_assert!(value.is(Kind::List));
    // SAFETY: promised by the caller.
    unsafe { &raw mut (*value.address::<Owned<List>>()).body.items }
}

/// The shape of an instance.
///
/// # Safety
/// `value` is a live instance.
#[inline(always)]
pub(in crate::vm) unsafe fn shape_of(value: Value) -> u32 {
    debug_assert!(value.is(Kind::Instance));
    // SAFETY: promised by the caller.
    unsafe { (*value.address::<Header>()).word() }
}

/// The class of an instance.
///
/// # Safety
/// `value` is a live instance.
#[inline(always)]
pub(in crate::vm) unsafe fn class_of(value: Value) -> Value {
    debug_assert!(value.is(Kind::Instance));
    // SAFETY: promised by the caller; an instance keeps its class alive.
    unsafe { Value::from_object(Kind::Class, (*value.address::<Instance>()).class.cast()) }
}

/// The first slot of an instance.
///
/// # Safety
/// `value` is a live instance.
#[inline(always)]
pub(in crate::vm) unsafe fn instance_slots(value: Value) -> *mut Value {
    debug_assert!(value.is(Kind::Instance));
    // SAFETY: promised by the caller; slots follow the fixed part.
    unsafe { value.address::<Instance>().add(1).cast() }
}

/// The number of a closure's function.
///
/// # Safety
/// `value` is a live closure.
#[inline(always)]
pub(in crate::vm) unsafe fn closure_function(value: Value) -> u32 {
    debug_assert!(value.is(Kind::Closure));
    // SAFETY: promised by the caller.
    unsafe { (*value.address::<Header>()).word() }
}

/// The first upvalue of a closure.
///
/// # Safety
/// `value` is a live closure.
#[inline(always)]
pub(in crate::vm) unsafe fn upvalue_slots(value: Value) -> *mut Value {
    debug_assert!(value.is(Kind::Closure));
    // SAFETY: promised by the caller; upvalues follow the fixed part.
    unsafe { value.address::<Closure>().add(1).cast() }
}

/// The content of a cell. Writing to it needs a barrier.
///
/// # Safety
/// `value` is a live cell.
#[inline(always)]
pub(in crate::vm) unsafe fn cell_slot(value: Value) -> *mut Value {
    debug_assert!(value.is(Kind::Cell));
    // SAFETY: promised by the caller.
    unsafe { &raw mut (*value.address::<VariableCell>()).value }
}

/// The number of a native.
///
/// # Safety
/// `value` is a live native.
#[inline(always)]
pub(in crate::vm) unsafe fn native_number(value: Value) -> u32 {
    debug_assert!(value.is(Kind::Native));
    // SAFETY: promised by the caller.
    unsafe { (*value.address::<Header>()).word() }
}

/// The parts of a bound method.
///
/// # Safety
/// `value` is a live bound method.
#[inline(always)]
pub(in crate::vm) unsafe fn bound_parts(value: Value) -> BoundRef {
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
pub(in crate::vm) unsafe fn string_of<'a>(value: Value) -> &'a Str {
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
