//! Percent encoding, as in URLs and forms.

use super::{fault, hex};
use crate::natives::Outcome;
use crate::natives::kind::{DataValue, TextValue};
use crate::vm::Vm;

pub(super) fn encode(vm: &mut Vm, data: DataValue, keep: TextValue, plus: bool) -> Outcome {
    let kept = keep.get(&vm.heap).to_owned();
    let content = data.get(&vm.heap);
    let stays = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~')
            || byte.is_ascii() && byte != b'%' && kept.as_bytes().contains(&byte)
    };
    let escaped = vm.patiently(content).filter(|byte| !stays(**byte)).count();
    let size = content.len().saturating_add(escaped.saturating_mul(2));
    vm.reserve(size)?;
    let mut out = String::with_capacity(size);
    for byte in vm.patiently(data.get(&vm.heap)) {
        match byte {
            b' ' if plus => out.push('+'),
            byte if stays(*byte) => out.push(char::from(*byte)),
            byte => {
                out.push('%');
                hex::push(&mut out, *byte, true);
            }
        }
    }
    vm.goes_on()?;
    Ok(vm.heap.string_owned(out))
}

pub(super) fn decode(
    vm: &mut Vm,
    text: TextValue,
    plus: bool,
    lossy: bool,
    as_bytes: bool,
) -> Outcome {
    const PATH: &str = "encoding.percent.decode";
    let data = DataValue(text.0);
    let length = text.get(&vm.heap).len();
    vm.reserve(length)?;
    let content = text.get(&vm.heap).as_bytes();
    let mut bytes = Vec::with_capacity(length);
    // Where in the text each byte came from is only asked for when something is wrong.
    let (mut at, mut bad) = (0, false);
    for () in vm.steps() {
        let Some(byte) = content.get(at) else { break };
        let digit = |place: usize| content.get(place).and_then(|byte| hex::digit(*byte));
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(high << 4 | low);
                at += 3;
                continue;
            }
            (b'%', ..) if !lossy => {
                bad = true;
                break;
            }
            (b'+', ..) if plus => bytes.push(b' '),
            _ => bytes.push(*byte),
        }
        at += 1;
    }
    if bad {
        let reason = "a `%` without two hexadecimal digits";
        return Err(fault(vm, PATH, data, at, reason));
    }
    vm.goes_on()?;
    if as_bytes {
        return Ok(vm.heap.bytes(&bytes));
    }
    if lossy {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        return Ok(vm.heap.string_owned(text));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(vm.heap.string_owned(text)),
        Err(error) => {
            let content = text.get(&vm.heap).as_bytes();
            let offset = source_offset(content, error.utf8_error().valid_up_to());
            Err(fault(vm, PATH, data, offset, "the bytes are no UTF-8"))
        }
    }
}

/// Where in a well-formed text the decoded byte of that number begins.
fn source_offset(content: &[u8], number: usize) -> usize {
    let mut at = 0;
    for _ in 0..number {
        at += if content.get(at) == Some(&b'%') { 3 } else { 1 };
    }
    at
}
