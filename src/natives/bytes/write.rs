//! What adds to a buffer or takes from it.

use crate::natives::Outcome;
use crate::natives::argument::{bad_value, wrong_type};
use crate::natives::kind::{BytesLikeValue, DataValue};
use crate::vm::{Kind, Thrown, Value, Vm};

/// Adds bytes at the end.
fn append(vm: &mut Vm, buffer: BytesLikeValue, bytes: &[u8]) -> Outcome {
    let content = vm.heap.buffer_ref(buffer.0).expect("the argument was checked");
    let wanted = content.len() + bytes.len();
    if wanted > content.capacity() {
        let grown = wanted.max(content.capacity() * 2);
        vm.reserve(grown)?;
    }
    vm.heap.buffer_mut(buffer.0).expect("the argument was checked").extend_from_slice(bytes);
    Ok(Value::null())
}

pub(super) fn push(vm: &mut Vm, buffer: BytesLikeValue, value: Value) -> Outcome {
    match value.kind() {
        Kind::Int => push_byte(vm, "buffer.push", buffer, value.as_int().unwrap_or(-1)),
        Kind::Str | Kind::Bytes | Kind::Buffer => {
            let bytes = DataValue(value).get(&vm.heap).to_vec();
            append(vm, buffer, &bytes)
        }
        _ => {
            let expected = "a str, bytes or an int from 0 to 255";
            Err(wrong_type(vm, "buffer.push", "value", expected, value, None))
        }
    }
}

/// The error of a number that does not fit.
fn out_of_range(vm: &mut Vm, path: &str, least: i64, greatest: i64, n: i64) -> Thrown {
    let rule = format!("n must be from {least} to {greatest}");
    bad_value(vm, path, &rule, Value::int(n))
}

/// One writer for each type of int.
macro_rules! writers {
    ($($name:ident $path:literal $number:ty;)*) => {$(
        pub(super) fn $name(vm: &mut Vm, buffer: BytesLikeValue, n: i64, le: bool) -> Outcome {
            match <$number>::try_from(n) {
                Ok(number) if le => append(vm, buffer, &number.to_le_bytes()),
                Ok(number) => append(vm, buffer, &number.to_be_bytes()),
                Err(_) => {
                    let (least, greatest) = (<$number>::MIN, <$number>::MAX);
                    let (least, greatest) = (i64::try_from(least), i64::try_from(greatest));
                    let (least, greatest) = (least.unwrap_or(0), greatest.unwrap_or(i64::MAX));
                    Err(out_of_range(vm, $path, least, greatest, n))
                }
            }
        }
    )*};
}

writers! {
    push_u16 "buffer.push_u16" u16;
    push_i16 "buffer.push_i16" i16;
    push_u32 "buffer.push_u32" u32;
    push_i32 "buffer.push_i32" i32;
    push_u64 "buffer.push_u64" u64;
}

pub(super) fn push_i64(vm: &mut Vm, buffer: BytesLikeValue, n: i64, le: bool) -> Outcome {
    append(vm, buffer, &if le { n.to_le_bytes() } else { n.to_be_bytes() })
}

pub(super) fn push_u8(vm: &mut Vm, buffer: BytesLikeValue, n: i64) -> Outcome {
    push_byte(vm, "buffer.push_u8", buffer, n)
}

fn push_byte(vm: &mut Vm, path: &str, buffer: BytesLikeValue, n: i64) -> Outcome {
    match u8::try_from(n) {
        Ok(byte) => append(vm, buffer, &[byte]),
        Err(_) => Err(out_of_range(vm, path, 0, 255, n)),
    }
}

pub(super) fn push_i8(vm: &mut Vm, buffer: BytesLikeValue, n: i64) -> Outcome {
    match i8::try_from(n) {
        Ok(byte) => append(vm, buffer, &byte.to_be_bytes()),
        Err(_) => Err(out_of_range(vm, "buffer.push_i8", -128, 127, n)),
    }
}

pub(super) fn push_f32(vm: &mut Vm, buffer: BytesLikeValue, x: f64, le: bool) -> Outcome {
    let x = x as f32;
    append(vm, buffer, &if le { x.to_le_bytes() } else { x.to_be_bytes() })
}

pub(super) fn push_f64(vm: &mut Vm, buffer: BytesLikeValue, x: f64, le: bool) -> Outcome {
    append(vm, buffer, &if le { x.to_le_bytes() } else { x.to_be_bytes() })
}

pub(super) fn clear(vm: &mut Vm, buffer: BytesLikeValue) -> Outcome {
    vm.heap.buffer_mut(buffer.0).expect("the argument was checked").clear();
    Ok(Value::null())
}

pub(super) fn take(vm: &mut Vm, buffer: BytesLikeValue, n: i64) -> Outcome {
    let Ok(n) = usize::try_from(n) else {
        return Err(bad_value(vm, "buffer.take", "n must not be negative", Value::int(n)));
    };
    let content = vm.heap.buffer_mut(buffer.0).expect("the argument was checked");
    let taken: Vec<u8> = content.drain(..n.min(content.len())).collect();
    Ok(vm.heap.bytes(&taken))
}
