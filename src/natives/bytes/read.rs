//! Numbers at an offset.

use crate::natives::Outcome;
use crate::natives::kind::BytesLikeValue;
use crate::vm::error::past_end;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// The `N` bytes at an offset, big end first, for the reader of that name.
fn at<const N: usize>(
    vm: &mut Vm,
    name: &str,
    bytes: BytesLikeValue,
    offset: i64,
    le: bool,
) -> Result<[u8; N], Thrown> {
    let content = bytes.get(&vm.heap);
    let start = if offset < 0 { offset + content.len() as i64 } else { offset };
    let found = usize::try_from(start)
        .ok()
        .and_then(|start| content.get(start..start.checked_add(N)?))
        .and_then(|part| <[u8; N]>::try_from(part).ok());
    match found {
        Some(mut part) => {
            if le {
                part.reverse();
            }
            Ok(part)
        }
        None => {
            let length = content.len();
            let wrong = match N {
                1 => past_end(offset, length),
                _ if start < 0 => {
                    format!("{N} bytes at offset {offset} begin before the start (length {length})")
                }
                _ => format!("{N} bytes at offset {offset} go past the end (length {length})"),
            };
            let message = format!("{}.{name}: {wrong}", vm.type_name(bytes.0));
            Err(vm.error(ErrorKind::IndexError, message))
        }
    }
}

/// One reader for each type of number.
macro_rules! readers {
    ($($name:ident $number:ty;)*) => {$(
        pub(super) fn $name(vm: &mut Vm, bytes: BytesLikeValue, offset: i64, le: bool) -> Outcome {
            Ok(Value::int(i64::from(<$number>::from_be_bytes(at(vm, stringify!($number), bytes, offset, le)?))))
        }
    )*};
}

readers! {
    u16_at u16;
    i16_at i16;
    u32_at u32;
    i32_at i32;
    i64_at i64;
}

pub(super) fn u8_at(vm: &mut Vm, bytes: BytesLikeValue, offset: i64) -> Outcome {
    Ok(Value::int(i64::from(u8::from_be_bytes(at(vm, "u8", bytes, offset, false)?))))
}

pub(super) fn i8_at(vm: &mut Vm, bytes: BytesLikeValue, offset: i64) -> Outcome {
    Ok(Value::int(i64::from(i8::from_be_bytes(at(vm, "i8", bytes, offset, false)?))))
}

pub(super) fn u64_at(vm: &mut Vm, bytes: BytesLikeValue, offset: i64, le: bool) -> Outcome {
    let number = u64::from_be_bytes(at(vm, "u64", bytes, offset, le)?);
    match i64::try_from(number) {
        Ok(number) => Ok(Value::int(number)),
        Err(_) => {
            let message = format!("{number} does not fit in an int; i64 gives its bits");
            Err(vm.error(ErrorKind::OverflowError, message))
        }
    }
}

pub(super) fn f32_at(vm: &mut Vm, bytes: BytesLikeValue, offset: i64, le: bool) -> Outcome {
    Ok(Value::float(f64::from(f32::from_be_bytes(at(vm, "f32", bytes, offset, le)?))))
}

pub(super) fn f64_at(vm: &mut Vm, bytes: BytesLikeValue, offset: i64, le: bool) -> Outcome {
    Ok(Value::float(f64::from_be_bytes(at(vm, "f64", bytes, offset, le)?)))
}
