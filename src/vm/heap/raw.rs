//! Raw access inside the heap: addresses inside objects, without a look at the kind.
//!
//! The makers and views have compared tags already and must not pay twice; so has the dispatcher,
//! which knows the layouts itself.
#![expect(unsafe_code, reason = "callers promise the kind")]

use std::ptr::NonNull;

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

/// Copies bytes. Few of them, as most strings have, are copied without a call: as two words that overlap.
///
/// # Safety
/// As many bytes may be written at `to`, and nobody reads them meanwhile.
#[inline(always)]
pub(super) unsafe fn copy_bytes(to: NonNull<u8>, bytes: &[u8]) {
    /// # Safety
    /// As above, and there are as many bytes as a `W` has, at most twice as many.
    #[inline(always)]
    unsafe fn copy_words<W: Copy>(to: NonNull<u8>, bytes: &[u8]) {
        let from = NonNull::from(bytes).cast::<u8>();
        let last = bytes.len() - size_of::<W>();
        // SAFETY: both words lie within the bytes.
        unsafe {
            let words: (W, W) =
                (from.cast().read_unaligned(), from.add(last).cast().read_unaligned());
            to.cast().write_unaligned(words.0);
            to.add(last).cast().write_unaligned(words.1);
        }
    }
    // SAFETY: promised by the caller.
    unsafe {
        match bytes.len() {
            0 => {}
            1 => to.write(bytes[0]),
            2..4 => copy_words::<u16>(to, bytes),
            4..8 => copy_words::<u32>(to, bytes),
            8..16 => copy_words::<u64>(to, bytes),
            16..=32 => copy_words::<u128>(to, bytes),
            len => to.copy_from_nonoverlapping(NonNull::from(bytes).cast(), len),
        }
    }
}

/// Lets the processor fetch what stands at an address while it does something else. The address may be any.
#[inline(always)]
pub(in crate::vm) fn fetch_ahead(address: u64) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: this is a hint, which reads nothing.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::without_provenance(address as usize));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Appends bytes.
#[inline(always)]
pub(super) fn push_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    if to.capacity() - to.len() < bytes.len() {
        make_room(to, bytes.len());
    }
    // SAFETY: there is room behind the bytes that are there.
    unsafe {
        copy_bytes(NonNull::new_unchecked(to.as_mut_ptr()).add(to.len()), bytes);
        to.set_len(to.len() + bytes.len());
    }
}

#[cold]
#[inline(never)]
fn make_room(to: &mut Vec<u8>, more: usize) {
    to.reserve(more);
}

/// Appends a text that is short as a rule: without a call if there is room.
#[inline(always)]
pub fn push_text(out: &mut String, text: &str) {
    // SAFETY: what is appended to the bytes of a text is one.
    push_bytes(unsafe { out.as_mut_vec() }, text.as_bytes());
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
