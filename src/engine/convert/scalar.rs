//! Conversions of what holds no other value: numbers, texts, bytes, durations, null.

use std::time::Duration;

use super::{Bytes, FromValue, Given, IntoValue, Made, Maker, room};
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

            #[inline]
            fn from_value(value: Given<'_>) -> Option<$int> {
                value.raw().as_int().and_then(|number| $int::try_from(number).ok())
            }
        }

        impl IntoValue for $int {
            #[inline]
            fn into_value<'v>(self, _maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
                match i64::try_from(self) {
                    Ok(number) => Ok(Made::of(Value::int(number))),
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
    fn from_value(value: Given<'_>) -> Option<f64> {
        value.raw().as_number()
    }
}

impl IntoValue for f64 {
    fn into_value<'v>(self, _maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        Ok(Made::of(Value::float(self)))
    }
}

impl FromValue for f32 {
    fn expected() -> String {
        f64::expected()
    }

    fn type_name() -> String {
        f64::type_name()
    }

    fn from_value(value: Given<'_>) -> Option<f32> {
        f64::from_value(value).map(|number| number as f32)
    }
}

impl IntoValue for f32 {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        f64::from(self).into_value(maker)
    }
}

impl FromValue for bool {
    fn expected() -> String {
        "a bool".to_owned()
    }

    fn from_value(value: Given<'_>) -> Option<bool> {
        value.raw().as_bool()
    }
}

impl IntoValue for bool {
    fn into_value<'v>(self, _maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        Ok(Made::of(Value::bool(self)))
    }
}

impl FromValue for () {
    fn expected() -> String {
        "null".to_owned()
    }

    fn from_value(value: Given<'_>) -> Option<()> {
        value.raw().is_null().then_some(())
    }
}

impl IntoValue for () {
    fn into_value<'v>(self, _maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        Ok(Made::of(Value::null()))
    }
}

impl FromValue for String {
    fn expected() -> String {
        "a str".to_owned()
    }

    fn from_value(value: Given<'_>) -> Option<String> {
        value.as_str().map(str::to_owned)
    }
}

impl IntoValue for String {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        room(maker.heap(), self.len())?;
        Ok(Made::of(maker.heap().string_owned(self)))
    }
}

impl IntoValue for &str {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        room(maker.heap(), self.len())?;
        Ok(Made::of(maker.heap().string(self)))
    }
}

impl FromValue for Bytes {
    fn expected() -> String {
        "bytes".to_owned()
    }

    fn from_value(value: Given<'_>) -> Option<Bytes> {
        let (heap, raw) = (value.heap(), value.raw());
        match raw.kind() {
            Kind::Buffer => heap.buffer_ref(raw).map(|buffer| Bytes(buffer.to_vec())),
            _ => heap.bytes_ref(raw).map(|bytes| Bytes(bytes.to_vec())),
        }
    }
}

impl IntoValue for Bytes {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        room(maker.heap(), self.0.len())?;
        Ok(Made::of(maker.heap().bytes(&self.0)))
    }
}

impl FromValue for Duration {
    fn expected() -> String {
        "a duration that is not negative".to_owned()
    }

    fn type_name() -> String {
        "duration".to_owned()
    }

    fn from_value(value: Given<'_>) -> Option<Duration> {
        let nanoseconds = value.raw().as_duration()?;
        u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
    }
}

impl IntoValue for Duration {
    fn into_value<'v>(self, _maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        match i64::try_from(self.as_nanos()) {
            Ok(nanoseconds) => Ok(Made::of(Value::duration(nanoseconds))),
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

    fn from_value(value: Given<'_>) -> Option<char> {
        let mut characters = value.as_str()?.chars();
        let first = characters.next()?;
        characters.next().is_none().then_some(first)
    }
}

impl IntoValue for char {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        let mut text = [0; 4];
        let text: &str = self.encode_utf8(&mut text);
        text.into_value(maker)
    }
}
