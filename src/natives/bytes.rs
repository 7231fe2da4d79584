//! Methods of `bytes` and `buffer`. A buffer has all readers of `bytes`, and can be written to.

mod encode;
mod read;
mod write;

use super::Outcome;
use super::argument::bad_value;
use super::kind::{BytesLikeValue, DataValue};
use crate::natives;
use crate::vm::{Value, Vm};
use encode::{base64, hex, utf8};
use read::{f32_at, f64_at, i8_at, i16_at, i32_at, i64_at, u8_at, u16_at, u32_at, u64_at};
use write::{
    clear, push, push_f32, push_f64, push_i8, push_i16, push_i32, push_i64, push_u8, push_u16,
    push_u32, push_u64, take,
};

natives! {
    /// Methods of `bytes` and `buffer`.
    pub const BYTES;

    /// How many bytes there are.
    get bytes.len() => len, r#"b"abc".len"# => "3";
    /// Where bytes or text first stand, at `from` or later; null if they do not.
    method bytes.find(s: data, named from: int = 0) => find, r#"b"a\r\nb".find("\r\n")"# => "1";
    /// The pieces between the places where `sep` stands.
    method bytes.split(sep: data) => split, r#"b"a,b".split(",")"# => r#"[b"a", b"b"]"#;
    /// Whether they start with `prefix`.
    method bytes.starts_with(prefix: data) => starts_with, r#"b"abc".starts_with("ab")"# => "true";
    /// Whether they end with `suffix`.
    method bytes.ends_with(suffix: data) => ends_with, r#"b"abc".ends_with(b"bc")"# => "true";
    /// Whether `s` stands in them.
    method bytes.contains(s: data) => contains, r#"b"abc".contains("b")"# => "true";
    /// Two hexadecimal digits for each byte.
    method bytes.hex() => hex, r#"b"\x00\xff".hex()"# => "00ff";
    /// The bytes as Base64.
    method bytes.base64() => base64, r#"b"hello".base64()"# => "aGVsbG8=";
    /// The text that they are as UTF-8. What is no UTF-8 is a ParseError, or is replaced by `�` if
    /// `lossy` is true.
    method bytes.utf8(named lossy: bool = false) => utf8, r#"b"\xc3\xa9".utf8()"# => "é", r#"b"a\xff".utf8(lossy: true)"# => "a�";
    /// The byte at offset `at`.
    method bytes.u8(at: int) => u8_at, r#"b"\x01".u8(0)"# => "1";
    /// The signed 8-bit int at offset `at`.
    method bytes.i8(at: int) => i8_at, r#"b"\xff".i8(0)"# => "-1";
    /// The 16-bit int at offset `at`, big end first, or little end first if `le` is true.
    method bytes.u16(at: int, named le: bool = false) => u16_at, r#"b"\x01\x02".u16(0)"# => "258";
    /// The signed 16-bit int at offset `at`.
    method bytes.i16(at: int, named le: bool = false) => i16_at, r#"b"\xff\xfe".i16(0)"# => "-2";
    /// The 32-bit int at offset `at`.
    method bytes.u32(at: int, named le: bool = false) => u32_at, r#"b"\x01\x00\x00\x00".u32(0, le: true)"# => "1";
    /// The signed 32-bit int at offset `at`.
    method bytes.i32(at: int, named le: bool = false) => i32_at, r#"b"\xff\xff\xff\xff".i32(0)"# => "-1";
    /// The 64-bit int at offset `at`; an OverflowError if it is beyond the greatest int.
    method bytes.u64(at: int, named le: bool = false) => u64_at, "bytes(buffer(8)).u64(0)" => "0";
    /// The signed 64-bit int at offset `at`.
    method bytes.i64(at: int, named le: bool = false) => i64_at, "bytes(buffer(8)).i64(0)" => "0";
    /// The 32-bit float at offset `at`.
    method bytes.f32(at: int, named le: bool = false) => f32_at, r#"b"\x3f\x80\x00\x00".f32(0)"# => "1.0";
    /// The 64-bit float at offset `at`.
    method bytes.f64(at: int, named le: bool = false) => f64_at, "bytes(buffer(8)).f64(0)" => "0.0";

    /// How many bytes there are.
    get buffer.len() => len, "buffer(2).len" => "2";
    /// Where bytes or text first stand, at `from` or later; null if they do not.
    method buffer.find(s: data, named from: int = 0) => find, r#"buffer(b"abc").find("c")"# => "2";
    /// The pieces between the places where `sep` stands, as bytes.
    method buffer.split(sep: data) => split, r#"buffer(b"a,b").split(",")"# => r#"[b"a", b"b"]"#;
    /// Whether they start with `prefix`.
    method buffer.starts_with(prefix: data) => starts_with, r#"buffer(b"abc").starts_with("ab")"# => "true";
    /// Whether they end with `suffix`.
    method buffer.ends_with(suffix: data) => ends_with, r#"buffer(b"abc").ends_with("c")"# => "true";
    /// Whether `s` stands in them.
    method buffer.contains(s: data) => contains, r#"buffer(b"abc").contains("b")"# => "true";
    /// Two hexadecimal digits for each byte.
    method buffer.hex() => hex, "buffer(1).hex()" => "00";
    /// The bytes as Base64.
    method buffer.base64() => base64, r#"buffer(b"a").base64()"# => "YQ==";
    /// The text that they are as UTF-8; see `bytes.utf8`.
    method buffer.utf8(named lossy: bool = false) => utf8, r#"buffer(b"a").utf8()"# => "a";
    /// The byte at offset `at`.
    method buffer.u8(at: int) => u8_at, "buffer(1).u8(0)" => "0";
    /// The signed 8-bit int at offset `at`.
    method buffer.i8(at: int) => i8_at, "buffer(1).i8(0)" => "0";
    /// The 16-bit int at offset `at`, big end first, or little end first if `le` is true.
    method buffer.u16(at: int, named le: bool = false) => u16_at, "buffer(2).u16(0)" => "0";
    /// The signed 16-bit int at offset `at`.
    method buffer.i16(at: int, named le: bool = false) => i16_at, "buffer(2).i16(0)" => "0";
    /// The 32-bit int at offset `at`.
    method buffer.u32(at: int, named le: bool = false) => u32_at, "buffer(4).u32(0)" => "0";
    /// The signed 32-bit int at offset `at`.
    method buffer.i32(at: int, named le: bool = false) => i32_at, "buffer(4).i32(0)" => "0";
    /// The 64-bit int at offset `at`; an OverflowError if it is beyond the greatest int.
    method buffer.u64(at: int, named le: bool = false) => u64_at, "buffer(8).u64(0)" => "0";
    /// The signed 64-bit int at offset `at`.
    method buffer.i64(at: int, named le: bool = false) => i64_at, "buffer(8).i64(0)" => "0";
    /// The 32-bit float at offset `at`.
    method buffer.f32(at: int, named le: bool = false) => f32_at, "buffer(4).f32(0)" => "0.0";
    /// The 64-bit float at offset `at`.
    method buffer.f64(at: int, named le: bool = false) => f64_at, "buffer(8).f64(0)" => "0.0";

    /// Adds text as UTF-8, bytes, or one byte.
    method buffer.push(value: any) => push, "let b = buffer()\nb.push(\"a\")\nb.push(98)\nprint(bytes(b))" => r#"b"ab""#;
    /// Adds a byte.
    method buffer.push_u8(n: int) => push_u8, "let b = buffer()\nb.push_u8(255)\nprint(b.hex())" => "ff";
    /// Adds a signed 8-bit int.
    method buffer.push_i8(n: int) => push_i8, "let b = buffer()\nb.push_i8(-1)\nprint(b.hex())" => "ff";
    /// Adds a 16-bit int, big end first, or little end first if `le` is true.
    method buffer.push_u16(n: int, named le: bool = false) => push_u16, "let b = buffer()\nb.push_u16(1)\nprint(b.hex())" => "0001";
    /// Adds a signed 16-bit int.
    method buffer.push_i16(n: int, named le: bool = false) => push_i16, "let b = buffer()\nb.push_i16(-2)\nprint(b.hex())" => "fffe";
    /// Adds a 32-bit int.
    method buffer.push_u32(n: int, named le: bool = false) => push_u32, "let b = buffer()\nb.push_u32(1, le: true)\nprint(b.hex())" => "01000000";
    /// Adds a signed 32-bit int.
    method buffer.push_i32(n: int, named le: bool = false) => push_i32, "let b = buffer()\nb.push_i32(-1)\nprint(b.hex())" => "ffffffff";
    /// Adds a 64-bit int that is not negative.
    method buffer.push_u64(n: int, named le: bool = false) => push_u64, "let b = buffer()\nb.push_u64(1)\nprint(b.hex())" => "0000000000000001";
    /// Adds a signed 64-bit int.
    method buffer.push_i64(n: int, named le: bool = false) => push_i64, "let b = buffer()\nb.push_i64(-1)\nprint(b.hex())" => "ffffffffffffffff";
    /// Adds a 32-bit float.
    method buffer.push_f32(x: number, named le: bool = false) => push_f32, "let b = buffer()\nb.push_f32(1)\nprint(b.hex())" => "3f800000";
    /// Adds a 64-bit float.
    method buffer.push_f64(x: number, named le: bool = false) => push_f64, "let b = buffer()\nb.push_f64(0)\nprint(b.len)" => "8";
    /// Removes all bytes.
    method buffer.clear() => clear, "let b = buffer(3)\nb.clear()\nprint(b.len)" => "0";
    /// Takes the first `n` bytes out and gives them, or all if there are fewer.
    method buffer.take(n: int) => take, "let b = buffer(b\"abc\")\nprint(b.take(2), b.len)" => "b\"ab\" 1";
}

/// After so many pieces a long list is left if the program has to end.
const PART: usize = 1 << 16;

fn len(vm: &mut Vm, bytes: BytesLikeValue) -> Outcome {
    Ok(Value::int(bytes.get(&vm.heap).len() as i64))
}

fn find(vm: &mut Vm, bytes: BytesLikeValue, s: DataValue, from: i64) -> Outcome {
    let content = bytes.get(&vm.heap);
    let from = if from < 0 { from + content.len() as i64 } else { from };
    let from = usize::try_from(from).unwrap_or(0);
    let found = vm.places(content, s.get(&vm.heap), from).next();
    vm.goes_on()?;
    Ok(found.map_or(Value::null(), |at| Value::int(at as i64)))
}

fn split(vm: &mut Vm, bytes: BytesLikeValue, sep: DataValue) -> Outcome {
    let (content, separator) = (bytes.get(&vm.heap), sep.get(&vm.heap));
    if separator.is_empty() {
        return Err(bad_value(vm, "bytes.split", "sep must not be empty", sep.0));
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in vm.patiently(vm.places(content, separator, 0)) {
        pieces.push(content[start..at].to_vec());
        start = at + separator.len();
    }
    pieces.push(content[start..].to_vec());
    vm.goes_on()?;
    let size: usize = pieces.iter().map(|piece| piece.len() + 48).sum();
    vm.reserve(size)?;
    let mut items = Vec::with_capacity(pieces.len());
    for some in pieces.chunks(PART) {
        vm.goes_on()?;
        items.extend(some.iter().map(|piece| vm.heap.bytes(piece)));
    }
    Ok(vm.heap.list(items))
}

fn starts_with(vm: &mut Vm, bytes: BytesLikeValue, prefix: DataValue) -> Outcome {
    Ok(Value::bool(bytes.get(&vm.heap).starts_with(prefix.get(&vm.heap))))
}

fn ends_with(vm: &mut Vm, bytes: BytesLikeValue, suffix: DataValue) -> Outcome {
    Ok(Value::bool(bytes.get(&vm.heap).ends_with(suffix.get(&vm.heap))))
}

fn contains(vm: &mut Vm, bytes: BytesLikeValue, s: DataValue) -> Outcome {
    let found = vm.places(bytes.get(&vm.heap), s.get(&vm.heap), 0).next();
    vm.goes_on()?;
    Ok(Value::bool(found.is_some()))
}
