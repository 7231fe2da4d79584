//! What calling a type does: `int("12")`, `list(1..4)`.

mod number;

use super::Outcome;
use super::argument::{bad_value, wrong_type};
use super::map::extend_map;
use super::script;
use super::set::extend_set;
use super::text_form::{Joined, join_text};
use crate::natives;
use crate::vm::map::Map;
use crate::vm::{Elements, ErrorKind, Kind, Thrown, Value, Vm};
use number::{duration_of, float_of, int_of};
pub use number::{prefixed, read_duration};

natives! {
    /// Conversions.
    pub const CONVERT;

    /// The text of a value, as `print` shows it.
    convert str(value: any) => str_of, "str([1, 2.0]).len" => "8";
    /// The int that a text stands for, in a base from 2 to 36 (0: as its prefix says); a float
    /// without its fraction; 1 or 0 for a bool.
    convert int(value: any, named base: int = 10) => int_of,
        r#"int(" -12 ")"# => "-12", r#"int("ff", base: 16)"# => "255", "int(-1.9)" => "-1";
    /// The float that a text stands for, or that is nearest to an int.
    convert float(value: any) => float_of, r#"float("1e3")"# => "1000.0";
    /// Whether a value counts as true: all do, except null and false.
    convert bool(value: any) => bool_of, "bool(0)" => "true", "bool(null)" => "false";
    /// The duration that a text stands for.
    convert duration(value: any) => duration_of, r#"duration("1h30m")"# => "1h30m";
    /// The elements of an iterable; the pairs of a map.
    convert list(iterable: any = "") => list_of, "list(1..4)" => "[1, 2, 3]", r#"list("ab")"# => r#"["a", "b"]"#;
    /// The elements of an iterable, each once.
    convert set(iterable: any = "") => set_of, "set([1, 2, 1])" => "set([1, 2])";
    /// The entries that pairs of key and value make.
    convert map(pairs: any = "") => map_of, r#"map([["a", 1]])"# => "{a: 1}";
    /// The bytes of a text as UTF-8, of a buffer, or of a list of ints from 0 to 255.
    convert bytes(value: any = "") => bytes_of, r#"bytes("é").len"# => "2", "bytes([104, 105])" => r#"b"hi""#;
    /// A buffer with the same bytes, or with so many zeros.
    convert buffer(value: any = "") => buffer_of, "buffer(3).len" => "3";
}

fn str_of(vm: &mut Vm, value: Value) -> Outcome {
    if value.kind() == Kind::Str {
        return Ok(value);
    }
    match join_text(vm, &[value], "")? {
        Joined::Text(text) => Ok(vm.heap.string_owned(text)),
        Joined::AskScript => script::call(vm, "to_text", &[value]),
    }
}

fn bool_of(_vm: &mut Vm, value: Value) -> Outcome {
    Ok(Value::bool(value.truthy()))
}

fn list_of(vm: &mut Vm, iterable: Value) -> Outcome {
    match vm.elements(iterable)? {
        Elements::Known(items) => Ok(vm.heap.list(items)),
        Elements::AskScript => script::call(vm, "to_list", &[iterable]),
        Elements::None => Err(wrong_type(vm, "list", "iterable", "an iterable", iterable, None)),
    }
}

fn set_of(vm: &mut Vm, iterable: Value) -> Outcome {
    let set = vm.heap.set(Map::new());
    extend_set(vm, "set", set, iterable, set)
}

fn map_of(vm: &mut Vm, pairs: Value) -> Outcome {
    let map = vm.heap.map(Map::new());
    extend_map(vm, "map", map, pairs, map)
}

/// The bytes that a value stands for; `None` if script code has to iterate over it.
fn byte_string(vm: &mut Vm, path: &str, value: Value) -> Result<Option<Vec<u8>>, Thrown> {
    let content = match value.kind() {
        Kind::Str => vm.heap.str(value).map(|text| text.as_bytes().to_vec()),
        Kind::Bytes => vm.heap.bytes_ref(value).map(<[u8]>::to_vec),
        Kind::Buffer => vm.heap.buffer_ref(value).cloned(),
        _ => None,
    };
    if let Some(content) = content {
        vm.reserve(content.len())?;
        return Ok(Some(content));
    }
    let expected = "a str, a buffer or a list of ints";
    let items = match vm.elements(value)? {
        Elements::Known(items) if value.kind() != Kind::Map => items,
        Elements::AskScript => return Ok(None),
        _ => return Err(wrong_type(vm, path, "value", expected, value, None)),
    };
    let mut bytes = Vec::with_capacity(items.len());
    for item in items {
        match item.as_int().map(u8::try_from) {
            Some(Ok(byte)) => bytes.push(byte),
            Some(Err(_)) => return Err(bad_value(vm, path, "a byte must be from 0 to 255", item)),
            None => return Err(wrong_type(vm, path, "an element", "an int", item, None)),
        }
    }
    Ok(Some(bytes))
}

fn bytes_of(vm: &mut Vm, value: Value) -> Outcome {
    if value.kind() == Kind::Bytes {
        return Ok(value);
    }
    if value.kind() == Kind::Int {
        let hint = "`bytes([n])` makes one byte, `bytes(buffer(n))` n zeros".to_owned();
        let expected = "a str, a buffer or a list of ints";
        return Err(wrong_type(vm, "bytes", "value", expected, value, Some(hint)));
    }
    match byte_string(vm, "bytes", value)? {
        Some(bytes) => Ok(vm.heap.bytes(&bytes)),
        None => script::call(vm, "to_bytes", &[value]),
    }
}

fn buffer_of(vm: &mut Vm, value: Value) -> Outcome {
    if let Some(length) = value.as_int() {
        let Ok(length) = usize::try_from(length) else {
            return Err(bad_value(vm, "buffer", "the length must not be negative", value));
        };
        vm.reserve(length)?;
        return Ok(vm.heap.buffer(vec![0; length]));
    }
    match byte_string(vm, "buffer", value)? {
        Some(bytes) => Ok(vm.heap.buffer(bytes)),
        None => script::call(vm, "to_buffer", &[value]),
    }
}

/// The error of a text that stands for no value of a type.
#[cold]
fn unreadable(vm: &mut Vm, what: &str, text: &str, why: &str) -> Thrown {
    let source = vm.heap.string(text);
    let shown = vm.show(source);
    let message = format!("{shown} is not {what}{why}");
    vm.error_with(ErrorKind::ParseError, message, &[("source", source)])
}
