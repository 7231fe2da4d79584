//! Bytes as text.

use crate::natives::Outcome;
use crate::natives::kind::BytesLikeValue;
use crate::vm::{ErrorKind, Vm};

pub(super) fn hex(vm: &mut Vm, bytes: BytesLikeValue) -> Outcome {
    let length = bytes.get(&vm.heap).len();
    vm.reserve(length.saturating_mul(2))?;
    let mut text = String::with_capacity(length * 2);
    for byte in bytes.get(&vm.heap) {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).expect("four bits are a digit"));
        }
    }
    Ok(vm.heap.string_owned(text))
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn base64(vm: &mut Vm, bytes: BytesLikeValue) -> Outcome {
    let length = bytes.get(&vm.heap).len();
    vm.reserve(length.saturating_mul(4) / 3 + 4)?;
    let text = to_base64(bytes.get(&vm.heap));
    Ok(vm.heap.string_owned(text))
}

fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place > chunk.len() {
                text.push('=');
            } else {
                let digit = bits >> (18 - 6 * place) & 63;
                text.push(char::from(BASE64[digit as usize]));
            }
        }
    }
    text
}

pub(super) fn utf8(vm: &mut Vm, bytes: BytesLikeValue, lossy: bool) -> Outcome {
    let content = bytes.get(&vm.heap).to_vec();
    vm.reserve(content.len())?;
    if lossy {
        let text = String::from_utf8_lossy(&content).into_owned();
        return Ok(vm.heap.string_owned(text));
    }
    match String::from_utf8(content) {
        Ok(text) => Ok(vm.heap.string_owned(text)),
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[offset];
            let message = format!(
                "the bytes are no UTF-8: 0x{byte:02x} at offset {offset}; \
                 `utf8(lossy: true)` replaces what is wrong"
            );
            let offset = crate::vm::Value::int(offset as i64);
            Err(vm.error_with(ErrorKind::ParseError, message, &[("offset", offset)]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::to_base64;

    #[test]
    fn pads_base64() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(to_base64(bytes.as_bytes()), text);
        }
    }
}
