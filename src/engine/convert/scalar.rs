//! Conversions of what holds no other value: numbers, texts, bytes, durations, null.

use std::time::Duration;

use super::{Bytes, FromValue, IntoValue, room};
use crate::vm::heap::Heap;
use crate::vm::{Kind, Value};

macro_rules! ints {
    ($($int:ident)+) => {$(
        impl FromValue for $int {
            fn expected() -> String {
                match (i64::try_from($int::MIN), i64::try_from($int::MAX)) {
                    (Ok(i64::MIN), Ok(i64::MAX)) => "an int".to_owned(),
                    (Ok(low), Ok(high)) => format!("an int from {low} to {high}"),
                    _ => "an int that is not negative".to_owned(),
                }
            }

            fn type_name() -> String {
                "int".to_owned()
            }

            fn from_value(_heap: &Heap, value: Value) -> Option<$int> {
                value.as_int().and_then(|number| $int::try_from(number).ok())
            }
        }

        impl IntoValue for $int {
            fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
                match i64::try_from(self) {
                    Ok(number) => Ok(Value::int(number)),
                    Err(_) => Err(format!("{self} is beyond the ints of Kettle, which have 64 bits")),
                }
            }
        }
    )+};
}

ints! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

impl FromValue for f64 {
    fn expected() -> String {
        "a number".to_owned()
    }

    fn type_name() -> String {
        "float".to_owned()
    }

    /// An int is taken too, as arithmetic does.
    fn from_value(_heap: &Heap, value: Value) -> Option<f64> {
        value.as_number()
    }
}

impl IntoValue for f64 {
    fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
        Ok(Value::float(self))
    }
}

impl FromValue for f32 {
    fn expected() -> String {
        f64::expected()
    }

    fn type_name() -> String {
        f64::type_name()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<f32> {
        f64::from_value(heap, value).map(|number| number as f32)
    }
}

impl IntoValue for f32 {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        f64::from(self).into_value(heap)
    }
}

impl FromValue for bool {
    fn expected() -> String {
        "a bool".to_owned()
    }

    fn from_value(_heap: &Heap, value: Value) -> Option<bool> {
        value.as_bool()
    }
}

impl IntoValue for bool {
    fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
        Ok(Value::bool(self))
    }
}

impl FromValue for () {
    fn expected() -> String {
        "null".to_owned()
    }

    fn from_value(_heap: &Heap, value: Value) -> Option<()> {
        value.is_null().then_some(())
    }
}

impl IntoValue for () {
    fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
        Ok(Value::null())
    }
}

impl FromValue for String {
    fn expected() -> String {
        "a str".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<String> {
        heap.str(value).map(str::to_owned)
    }
}

impl IntoValue for String {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        room(heap, self.len())?;
        Ok(heap.string_owned(self))
    }
}

impl IntoValue for &str {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        room(heap, self.len())?;
        Ok(heap.string(self))
    }
}

impl FromValue for Bytes {
    fn expected() -> String {
        "bytes".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<Bytes> {
        match value.kind() {
            Kind::Buffer => heap.buffer_ref(value).map(|buffer| Bytes(buffer.to_vec())),
            _ => heap.bytes_ref(value).map(|bytes| Bytes(bytes.to_vec())),
        }
    }
}

impl IntoValue for Bytes {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        room(heap, self.0.len())?;
        Ok(heap.bytes(&self.0))
    }
}

impl FromValue for Duration {
    fn expected() -> String {
        "a duration that is not negative".to_owned()
    }

    fn type_name() -> String {
        "duration".to_owned()
    }

    fn from_value(_heap: &Heap, value: Value) -> Option<Duration> {
        let nanoseconds = value.as_duration()?;
        u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
    }
}

impl IntoValue for Duration {
    fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
        match i64::try_from(self.as_nanos()) {
            Ok(nanoseconds) => Ok(Value::duration(nanoseconds)),
            Err(_) => Err(format!("{self:?} is beyond the durations of Kettle (292 years)")),
        }
    }
}

impl FromValue for char {
    fn expected() -> String {
        "a str of one character".to_owned()
    }

    fn type_name() -> String {
        "str".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<char> {
        let mut characters = heap.str(value)?.chars();
        let first = characters.next()?;
        characters.next().is_none().then_some(first)
    }
}

impl IntoValue for char {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        let mut text = [0; 4];
        let text: &str = self.encode_utf8(&mut text);
        text.into_value(heap)
    }
}
