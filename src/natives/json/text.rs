//! Text of the values that hold no others.

use super::read::string_stop;
use crate::vm::heap::{Heap, push_int, push_text};
use crate::vm::text::push_float;
use crate::vm::{Kind, Value};

/// Appends a value that holds no other ones and has a form; `false` if it is none.
#[inline]
pub(super) fn push_plain(heap: &Heap, out: &mut String, value: Value) -> bool {
    match value.kind() {
        Kind::Str => push_string(out, heap.str(value).unwrap_or_default()),
        Kind::Int => push_int(out, value.bits() as i64),
        Kind::Bool => push_text(out, if value.truthy() { "true" } else { "false" }),
        Kind::Null => push_text(out, "null"),
        Kind::Float if f64::from_bits(value.bits()).is_finite() => {
            push_number(out, f64::from_bits(value.bits()));
        }
        _ => return false,
    }
    true
}

/// Appends a float as `print` shows it.
fn push_number(out: &mut String, number: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(number);
    // The two differ in how exponents are written, and from where on.
    if text.bytes().any(|byte| byte == b'e') {
        push_float(out, number)
    } else {
        push_text(out, text)
    }
}

/// Appends a string in quotes.
pub(super) fn push_string(out: &mut String, mut text: &str) {
    push_text(out, "\"");
    // What cannot stand in a string as it is has to be escaped.
    while let Some(at) = string_stop(text.as_bytes(), 0) {
        out.push_str(&text[..at]);
        match text.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            byte => {
                out.push_str("\\u00");
                for digit in [byte >> 4, byte & 15] {
                    out.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
                }
            }
        }
        text = &text[at + 1..];
    }
    push_text(out, text);
    push_text(out, "\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_back_and_are_json() {
        for number in [
            0.0,
            -0.0,
            0.1,
            1e-4,
            1e-5,
            1.5e-5,
            9e-6,
            1e-7,
            1e15,
            123456789012345680.0,
            1e16,
            1e17,
            1e21,
            1e300,
            5e-324,
            f64::MAX,
        ] {
            let mut text = String::new();
            push_number(&mut text, number);
            assert_eq!(text, crate::vm::text::float_text(number));
            assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(number.to_bits()), "{text}");
            let read: Result<f64, _> = serde_json::from_str(&text);
            assert_eq!(read.ok().map(f64::to_bits), Some(number.to_bits()), "{text}");
        }
    }

    #[test]
    fn strings_are_escaped_as_little_as_possible() {
        let mut out = String::new();
        push_string(&mut out, "a\"\\/\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f}é\u{2028}");
        assert_eq!(out, "\"a\\\"\\\\/\\n\\r\\t\\b\\f\\u0001\\u001f\u{7f}é\u{2028}\"");
    }
}
