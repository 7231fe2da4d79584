//! The words for types in `natives!` tables.
//!
//! Each is a type that implements [`Argument`]; what a native's body gets is its `Given`. Heap
//! values come as newtypes that were checked once and borrow their content from the heap.

use super::argument::{Argument, Literal};
use crate::vm::heap::Heap;
use crate::vm::{Kind, Value};

/// Any value.
#[derive(Debug)]
pub struct Any;

impl Argument for Any {
    type Given = Value;
    const EXPECTED: &'static str = "a value";
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<Value> {
        (!value.is_unset()).then_some(value)
    }
}

/// A 64-bit integer.
#[derive(Debug)]
pub struct Int;

impl Argument for Int {
    type Given = i64;
    const EXPECTED: &'static str = "an int";
    fn hint(heap: &Heap, value: Value) -> Option<String> {
        match value.kind() {
            Kind::Float => Some("round it with `.round()` or `.trunc()`".to_owned()),
            Kind::Str if heap.str(value)?.trim().parse::<i64>().is_ok() => {
                Some("convert it with `int(…)`".to_owned())
            }
            _ => None,
        }
    }
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<i64> {
        value.as_int()
    }
}

impl Literal<Int> for i64 {
    fn given(self, _heap: &mut Heap) -> i64 {
        self
    }
}

/// A float.
#[derive(Debug)]
pub struct Float;

impl Argument for Float {
    type Given = f64;
    const EXPECTED: &'static str = "a float";
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<f64> {
        value.as_float()
    }
}

/// An int or a float, as a float.
#[derive(Debug)]
pub struct Number;

impl Argument for Number {
    type Given = f64;
    const EXPECTED: &'static str = "a number";
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<f64> {
        value.as_float().or_else(|| value.as_int().map(|n| n as f64))
    }
}

impl Literal<Number> for f64 {
    fn given(self, _heap: &mut Heap) -> f64 {
        self
    }
}

/// True or false.
#[derive(Debug)]
pub struct Bool;

impl Argument for Bool {
    type Given = bool;
    const EXPECTED: &'static str = "true or false";
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<bool> {
        value.as_bool()
    }
}

impl Literal<Bool> for bool {
    fn given(self, _heap: &mut Heap) -> bool {
        self
    }
}

/// A duration, in nanoseconds.
#[derive(Debug)]
pub struct Duration;

impl Argument for Duration {
    type Given = i64;
    const EXPECTED: &'static str = "a duration";
    fn hint(_heap: &Heap, value: Value) -> Option<String> {
        match (value.as_int(), value.as_float()) {
            (Some(n), _) => Some(format!("write {n}s")),
            (_, Some(x)) if x.is_finite() => Some(format!("write {x}s")),
            _ => None,
        }
    }
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<i64> {
        value.as_duration()
    }
}

/// A function, a class, a type, or anything else that can be called.
#[derive(Debug)]
pub struct Function;

impl Argument for Function {
    type Given = Value;
    const EXPECTED: &'static str = "a function";
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<Value> {
        use Kind::{Bound, Class, Closure, Instance, Native, Type, Variant};
        matches!(value.kind(), Closure | Native | Bound | Class | Type | Variant | Instance)
            .then_some(value)
    }
}

/// What may stand behind `is`.
#[derive(Debug)]
pub struct Type;

impl Argument for Type {
    type Given = Value;
    const EXPECTED: &'static str = "a type";
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<Value> {
        matches!(value.kind(), Kind::Class | Kind::Type | Kind::Enum).then_some(value)
    }
}

/// Text or bytes: what a stream or a hash takes.
#[derive(Debug)]
pub struct Data;

/// A value that was checked to be a str, bytes or a buffer.
#[derive(Clone, Copy, Debug)]
pub struct DataValue(pub Value);

impl Argument for Data {
    type Given = DataValue;
    const EXPECTED: &'static str = "a str or bytes";
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<DataValue> {
        matches!(value.kind(), Kind::Str | Kind::Bytes | Kind::Buffer).then_some(DataValue(value))
    }
}

impl DataValue {
    /// Its bytes.
    #[inline]
    pub fn get(self, heap: &Heap) -> &[u8] {
        match self.0.kind() {
            Kind::Str => heap.str(self.0).expect("the argument was checked").as_bytes(),
            Kind::Bytes => heap.bytes_ref(self.0).expect("the argument was checked"),
            _ => heap.buffer_ref(self.0).expect("the argument was checked"),
        }
    }
}

/// Data, or a list of it: what a stream writes.
#[derive(Debug)]
pub struct Pieces;

/// A value that was checked to be a str, bytes, a buffer or a list; of what is in the list nothing is known yet.
#[derive(Clone, Copy, Debug)]
pub struct PiecesValue(pub Value);

impl PiecesValue {
    /// What it is, unless it is a list.
    #[inline]
    pub fn single(self) -> Option<DataValue> {
        (self.0.kind() != Kind::List).then_some(DataValue(self.0))
    }
}

impl From<DataValue> for PiecesValue {
    fn from(data: DataValue) -> PiecesValue {
        PiecesValue(data.0)
    }
}

impl Argument for Pieces {
    type Given = PiecesValue;
    const EXPECTED: &'static str = "a str, bytes or a list of them";
    #[inline]
    fn take(heap: &Heap, value: Value) -> Option<PiecesValue> {
        let is_list = value.kind() == Kind::List;
        (is_list || Data::take(heap, value).is_some()).then_some(PiecesValue(value))
    }
}

/// Bytes or a buffer: the receiver of what both have.
#[derive(Debug)]
pub struct BytesLike;

/// A value that was checked to be bytes or a buffer.
#[derive(Clone, Copy, Debug)]
pub struct BytesLikeValue(pub Value);

impl Argument for BytesLike {
    type Given = BytesLikeValue;
    const EXPECTED: &'static str = "bytes";
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<BytesLikeValue> {
        matches!(value.kind(), Kind::Bytes | Kind::Buffer).then_some(BytesLikeValue(value))
    }
}

impl BytesLikeValue {
    /// Its bytes.
    pub fn get(self, heap: &Heap) -> &[u8] {
        DataValue(self.0).get(heap)
    }
}

/// A buffer.
#[derive(Debug)]
pub struct Buffer;

impl Argument for Buffer {
    type Given = BytesLikeValue;
    const EXPECTED: &'static str = "a buffer";
    #[inline]
    fn take(_heap: &Heap, value: Value) -> Option<BytesLikeValue> {
        (value.kind() == Kind::Buffer).then_some(BytesLikeValue(value))
    }
}

/// Makes the word, the checked newtype and its `get`.
macro_rules! heap_types {
    ($($(#[doc = $doc:literal])+ $word:ident $given:ident $kind:ident $expected:literal $view:ident -> $content:ty;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub struct $word;

        #[doc = concat!("A value that was checked: ", $expected, ".")]
        #[derive(Clone, Copy, Debug)]
        pub struct $given(pub Value);

        impl Argument for $word {
            type Given = $given;
            const EXPECTED: &'static str = $expected;
            #[inline]
            fn take(_heap: &Heap, value: Value) -> Option<$given> {
                (value.kind() == Kind::$kind).then_some($given(value))
            }
        }

        impl $given {
            /// Its content.
            #[inline]
            pub fn get(self, heap: &Heap) -> &$content {
                heap.$view(self.0).expect("the argument was checked")
            }
        }
    )*};
}

heap_types! {
    /// Text.
    Text TextValue Str "a str" str -> str;
    /// A list.
    List ListValue List "a list" list_ref -> crate::vm::object::List;
    /// A map.
    Map MapValue Map "a map" map_ref -> crate::vm::map::Map;
    /// A set.
    Set SetValue Set "a set" set_ref -> crate::vm::map::Map;
    /// A range.
    Range RangeValue Range "a range" range_ref -> crate::vm::object::Range;
}

impl Literal<Any> for &str {
    fn given(self, heap: &mut Heap) -> Value {
        heap.intern(self)
    }
}

impl Literal<Text> for &str {
    fn given(self, heap: &mut Heap) -> TextValue {
        TextValue(heap.intern(self))
    }
}
