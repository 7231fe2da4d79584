//! Hexadecimal digits.

use super::{fault, shown};
use crate::natives::Outcome;
use crate::natives::kind::DataValue;
use crate::vm::Vm;

/// Appends the two digits of a byte.
pub(super) fn push(out: &mut String, byte: u8, upper: bool) {
    let digits = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    out.push(char::from(digits[usize::from(byte >> 4)]));
    out.push(char::from(digits[usize::from(byte & 15)]));
}

/// The value of a digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

pub(in crate::natives) fn encode(vm: &mut Vm, data: DataValue, upper: bool) -> Outcome {
    let length = data.get(&vm.heap).len();
    vm.reserve(length.saturating_mul(2))?;
    let mut out = String::with_capacity(length * 2);
    for byte in vm.patiently(data.get(&vm.heap)) {
        push(&mut out, *byte, upper);
    }
    vm.goes_on()?;
    Ok(vm.heap.string_owned(out))
}

pub(super) fn decode(vm: &mut Vm, text: DataValue, lossy: bool) -> Outcome {
    let content = text.get(&vm.heap);
    let mut bytes = Vec::with_capacity(content.len() / 2);
    let mut high: Option<(usize, u8)> = None;
    for (offset, byte) in vm.patiently(content).enumerate() {
        match (digit(*byte), high) {
            (Some(digit), None) => high = Some((offset, digit)),
            (Some(digit), Some((_, first))) => {
                bytes.push(first << 4 | digit);
                high = None;
            }
            (None, None) if byte.is_ascii_whitespace() => {}
            (None, _) if lossy => {}
            (None, _) => {
                let reason = format!("{} is no hexadecimal digit", shown(content, offset));
                return Err(fault(vm, "encoding.hex.decode", text, offset, &reason));
            }
        }
    }
    vm.goes_on()?;
    match high {
        Some((offset, _)) if !lossy => {
            let reason = "the last byte has only one digit";
            Err(fault(vm, "encoding.hex.decode", text, offset, reason))
        }
        _ => Ok(vm.heap.bytes(&bytes)),
    }
}
