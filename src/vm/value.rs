//! A value: two words, the first says what the second is.
//!
//! ```text
//! tag   63 ……………………………………………… 8 7 ……… 0      bits 63 ……………………… 0
//!       zero (frame words use it)    kind         payload or address of a heap object
//! ```
//!
//! Values are `Copy` and know nothing of the heap: what a heap value contains is asked of
//! [`Heap`](super::heap::Heap). A value that is kept while the collector may run has to be
//! reachable from a root (see `heap/mod.rs`).
//!
//! A value is copied as two scalar words, never as one 16-byte vector: a vector load from a slot
//! that was just written by two scalar stores misses store forwarding. [`copy_slot`] is the one
//! place that knows.
#![expect(unsafe_code, reason = "values hold addresses of heap objects, and slots are copied raw")]

use std::fmt;
use std::ptr::NonNull;

use super::object::Header;

/// What a value is: the low byte of its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// 64-bit signed integer.
    Int = 0,
    /// IEEE 754 double.
    Float = 1,
    /// `null`.
    Null = 2,
    /// `true` or `false`.
    Bool = 3,
    /// A frame word on a fiber's stack; scripts never see it.
    Frame = 4,
    /// A duration in nanoseconds.
    Duration = 5,
    /// A missing argument or key, a tombstone, a binding that is not set yet; scripts never see it.
    Unset = 6,
    /// The end of a source, and other marks of the dispatcher; scripts never see it.
    End = 7,
    /// String. The kinds from here on are heap objects.
    Str = 8,
    /// Immutable byte string.
    Bytes = 9,
    /// Growable bytes.
    Buffer = 10,
    /// List.
    List = 11,
    /// Map.
    Map = 12,
    /// Set.
    Set = 13,
    /// Range.
    Range = 14,
    /// Function of a script, with what it captured.
    Closure = 15,
    /// Function of the host.
    Native = 16,
    /// A method with its receiver.
    Bound = 17,
    /// Class.
    Class = 18,
    /// Instance of a class.
    Instance = 19,
    /// Enum.
    Enum = 20,
    /// Value of an enum.
    Variant = 21,
    /// Module.
    Module = 22,
    /// Built-in type.
    Type = 23,
    /// Captured variable.
    Cell = 24,
    /// Cancellation on its way outwards.
    Cut = 25,
    /// Stack trace of an error.
    Trace = 26,
    /// Object of the runtime or the host.
    Object = 27,
    /// Shared bytes behind strings that grow; never a value of its own.
    Room = 28,
    /// Generator: a function that is suspended at a `yield`.
    Generator = 29,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Kind; 30] = [
        Kind::Int,
        Kind::Float,
        Kind::Null,
        Kind::Bool,
        Kind::Frame,
        Kind::Duration,
        Kind::Unset,
        Kind::End,
        Kind::Str,
        Kind::Bytes,
        Kind::Buffer,
        Kind::List,
        Kind::Map,
        Kind::Set,
        Kind::Range,
        Kind::Closure,
        Kind::Native,
        Kind::Bound,
        Kind::Class,
        Kind::Instance,
        Kind::Enum,
        Kind::Variant,
        Kind::Module,
        Kind::Type,
        Kind::Cell,
        Kind::Cut,
        Kind::Trace,
        Kind::Object,
        Kind::Room,
        Kind::Generator,
    ];

    /// The first kind whose payload is an address.
    pub const FIRST_OBJECT: u8 = Kind::Str as u8;

    /// Whether values of this kind are heap objects.
    #[inline(always)]
    pub const fn is_object(self) -> bool {
        self as u8 >= Kind::FIRST_OBJECT
    }
}

/// Any value of a script, or a mark of the VM.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Value {
    tag: u64,
    bits: u64,
}

impl Default for Value {
    fn default() -> Value {
        Value::null()
    }
}

impl Value {
    /// An int.
    #[inline(always)]
    pub const fn int(number: i64) -> Value {
        Value { tag: Kind::Int as u64, bits: number as u64 }
    }

    /// A float.
    #[inline(always)]
    pub const fn float(number: f64) -> Value {
        Value { tag: Kind::Float as u64, bits: number.to_bits() }
    }

    /// A bool.
    #[inline(always)]
    pub const fn bool(truth: bool) -> Value {
        Value { tag: Kind::Bool as u64, bits: truth as u64 }
    }

    /// `null`.
    #[inline(always)]
    pub const fn null() -> Value {
        Value { tag: Kind::Null as u64, bits: 0 }
    }

    /// A duration in nanoseconds.
    #[inline(always)]
    pub const fn duration(nanoseconds: i64) -> Value {
        Value { tag: Kind::Duration as u64, bits: nanoseconds as u64 }
    }

    /// The mark of something missing.
    #[inline(always)]
    pub const fn unset() -> Value {
        Value { tag: Kind::Unset as u64, bits: 0 }
    }

    /// The mark of the end of a source.
    #[inline(always)]
    pub const fn end() -> Value {
        Value { tag: Kind::End as u64, bits: 0 }
    }

    /// A mark of the dispatcher, by its number: 0 is that of an end.
    #[inline(always)]
    pub const fn mark(number: u64) -> Value {
        Value { tag: Kind::End as u64, bits: number }
    }

    /// A frame word: `upper` fills the tag above its kind byte.
    #[inline(always)]
    pub const fn frame(upper: u64, bits: u64) -> Value {
        Value { tag: (upper << 8) | Kind::Frame as u64, bits }
    }

    /// The value for a heap object.
    ///
    /// # Safety
    /// `object` is a live object of the heap whose header says `kind`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn from_object(kind: Kind, object: NonNull<Header>) -> Value {
        Value { tag: kind as u64, bits: object.as_ptr().expose_provenance() as u64 }
    }

    /// The whole tag; its low byte is the kind.
    #[inline(always)]
    pub const fn tag(self) -> u64 {
        self.tag
    }

    /// The payload.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.bits
    }

    /// The number of the kind.
    #[inline(always)]
    pub const fn kind_byte(self) -> u8 {
        self.tag as u8
    }

    /// What this is.
    #[inline(always)]
    pub const fn kind(self) -> Kind {
        Kind::ALL[self.tag as u8 as usize]
    }

    /// Whether this is of `kind`.
    #[inline(always)]
    pub const fn is(self, kind: Kind) -> bool {
        self.tag as u8 == kind as u8
    }

    /// Whether the payload is the address of a heap object.
    #[inline(always)]
    pub const fn is_object(self) -> bool {
        self.tag as u8 >= Kind::FIRST_OBJECT
    }

    /// The address of the heap object, if this is one.
    #[inline(always)]
    pub(in crate::vm) fn object(self) -> Option<NonNull<Header>> {
        if self.is_object() {
            NonNull::new(std::ptr::with_exposed_provenance_mut(self.bits as usize))
        } else {
            None
        }
    }

    /// The address of the heap object; null or senseless if this is none.
    #[inline(always)]
    pub(in crate::vm) fn address<T>(self) -> *mut T {
        std::ptr::with_exposed_provenance_mut(self.bits as usize)
    }

    /// Whether this is an int.
    #[inline(always)]
    pub const fn is_int(self) -> bool {
        self.is(Kind::Int)
    }

    /// Whether this is a float.
    #[inline(always)]
    pub const fn is_float(self) -> bool {
        self.is(Kind::Float)
    }

    /// Whether this is an int or a float.
    #[inline(always)]
    pub const fn is_number(self) -> bool {
        self.tag as u8 <= Kind::Float as u8
    }

    /// Whether this is `null`.
    #[inline(always)]
    pub const fn is_null(self) -> bool {
        self.is(Kind::Null)
    }

    /// Whether this is a bool.
    #[inline(always)]
    pub const fn is_bool(self) -> bool {
        self.is(Kind::Bool)
    }

    /// Whether this is a duration.
    #[inline(always)]
    pub const fn is_duration(self) -> bool {
        self.is(Kind::Duration)
    }

    /// Whether this is the mark of something missing.
    #[inline(always)]
    pub const fn is_unset(self) -> bool {
        self.is(Kind::Unset)
    }

    /// Whether this is the mark of the end of a source.
    #[inline(always)]
    pub const fn is_end(self) -> bool {
        self.is(Kind::End) && self.bits == 0
    }

    /// Whether this is any mark of the dispatcher.
    #[inline(always)]
    pub const fn is_mark(self) -> bool {
        self.is(Kind::End)
    }

    /// Whether this is a string.
    #[inline(always)]
    pub const fn is_str(self) -> bool {
        self.is(Kind::Str)
    }

    /// Whether this is a list.
    #[inline(always)]
    pub const fn is_list(self) -> bool {
        self.is(Kind::List)
    }

    /// Whether this is a map.
    #[inline(always)]
    pub const fn is_map(self) -> bool {
        self.is(Kind::Map)
    }

    /// Whether this is an instance of a class.
    #[inline(always)]
    pub const fn is_instance(self) -> bool {
        self.is(Kind::Instance)
    }

    /// The int.
    #[inline(always)]
    pub const fn as_int(self) -> Option<i64> {
        if self.is_int() { Some(self.bits as i64) } else { None }
    }

    /// The float; not an int's value as a float, see [`Value::as_number`].
    #[inline(always)]
    pub const fn as_float(self) -> Option<f64> {
        if self.is_float() { Some(f64::from_bits(self.bits)) } else { None }
    }

    /// An int or a float, as a float.
    #[inline(always)]
    pub const fn as_number(self) -> Option<f64> {
        match self.kind() {
            Kind::Int => Some(self.bits as i64 as f64),
            Kind::Float => Some(f64::from_bits(self.bits)),
            _ => None,
        }
    }

    /// The bool.
    #[inline(always)]
    pub const fn as_bool(self) -> Option<bool> {
        if self.is_bool() { Some(self.bits != 0) } else { None }
    }

    /// The nanoseconds of a duration.
    #[inline(always)]
    pub const fn as_duration(self) -> Option<i64> {
        if self.is_duration() { Some(self.bits as i64) } else { None }
    }

    /// Only `null` and `false` are falsy.
    #[inline(always)]
    pub const fn truthy(self) -> bool {
        !(self.is_null() || (self.is_bool() && self.bits == 0))
    }

    /// Identity: the same object, or the same immediate value bit for bit.
    #[inline(always)]
    pub const fn same(self, other: Value) -> bool {
        self.tag == other.tag && self.bits == other.bits
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            Kind::Int => write!(out, "{}", self.bits as i64),
            Kind::Float => write!(out, "{:?}", f64::from_bits(self.bits)),
            Kind::Bool => write!(out, "{}", self.bits != 0),
            Kind::Duration => write!(out, "{}ns", self.bits as i64),
            Kind::Null => write!(out, "null"),
            kind => write!(out, "{kind:?}@{:x}", self.bits),
        }
    }
}

/// A value with its hash, in the room of a value: the hash stands in the unused part of the tag.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct HashedKey {
    word: u64,
    bits: u64,
}

impl HashedKey {
    /// A value with its hash. Frame words are no keys.
    #[inline(always)]
    pub(in crate::vm) const fn new(value: Value, hash: u32) -> HashedKey {
        HashedKey { word: value.tag as u8 as u64 | (hash as u64) << 32, bits: value.bits }
    }

    /// The value.
    #[inline(always)]
    pub(in crate::vm) const fn value(self) -> Value {
        Value { tag: self.word as u8 as u64, bits: self.bits }
    }

    /// The hash.
    #[inline(always)]
    pub(in crate::vm) const fn hash(self) -> u32 {
        (self.word >> 32) as u32
    }
}

/// Copies a value from one slot to another as two scalar words.
///
/// # Safety
/// `src` is readable and `dst` writable as a `Value`, both aligned.
#[inline(always)]
pub unsafe fn copy_slot(dst: *mut Value, src: *const Value) {
    // SAFETY: promised by the caller. Volatile keeps the compiler from merging the two words into
    // one vector move; nothing else is volatile about them.
    unsafe {
        let tag = (&raw const (*src).tag).read_volatile();
        let bits = (&raw const (*src).bits).read_volatile();
        (&raw mut (*dst).tag).write_volatile(tag);
        (&raw mut (*dst).bits).write_volatile(bits);
    }
}

/// Reads a slot as two scalar words, which were mostly written just before.
///
/// # Safety
/// `src` is readable as a `Value` and aligned.
#[inline(always)]
pub unsafe fn read_slot(src: *const Value) -> Value {
    // SAFETY: promised by the caller. Volatile for the reason of `copy_slot`.
    let (tag, bits) = unsafe {
        ((&raw const (*src).tag).read_volatile(), (&raw const (*src).bits).read_volatile())
    };
    Value { tag, bits }
}

/// Writes a value that is in registers into a slot, as two scalar words.
///
/// # Safety
/// `dst` is writable as a `Value` and aligned.
#[inline(always)]
pub unsafe fn write_slot(dst: *mut Value, value: Value) {
    // SAFETY: promised by the caller.
    unsafe {
        (&raw mut (*dst).tag).write_volatile(value.tag);
        (&raw mut (*dst).bits).write_volatile(value.bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_numbered_in_order() {
        for (number, kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, number);
        }
    }

    #[test]
    fn only_null_and_false_are_falsy() {
        assert!(!Value::null().truthy());
        assert!(!Value::bool(false).truthy());
        for value in [Value::bool(true), Value::int(0), Value::float(0.0), Value::duration(0)] {
            assert!(value.truthy(), "{value:?}");
        }
    }

    #[test]
    fn slots_keep_all_bits() {
        let values = [Value::int(i64::MIN), Value::float(-0.0), Value::frame(7, 9), Value::end()];
        for value in values {
            let mut slot = Value::null();
            // SAFETY: both are slots on this function's own stack.
            unsafe { copy_slot(&raw mut slot, &raw const value) };
            assert!(slot.same(value));
        }
    }
}
