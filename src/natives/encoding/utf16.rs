//! UTF-16, as Windows, Java and old protocols write text.

use super::fault;
use crate::natives::Outcome;
use crate::natives::kind::{BytesLikeValue, DataValue, TextValue};
use crate::vm::Vm;

pub(super) fn encode(vm: &mut Vm, text: TextValue, le: bool, bom: bool) -> Outcome {
    let source = text.get(&vm.heap);
    let size = source.len().saturating_mul(2).saturating_add(2);
    vm.reserve(size)?;
    let mark = bom.then_some('\u{feff}');
    let mut bytes = Vec::with_capacity(size);
    for character in vm.patiently(mark.into_iter().chain(text.get(&vm.heap).chars())) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            bytes.extend_from_slice(&if le { unit.to_le_bytes() } else { unit.to_be_bytes() });
        }
    }
    vm.goes_on()?;
    Ok(vm.heap.bytes(&bytes))
}

pub(super) fn decode(vm: &mut Vm, data: BytesLikeValue, le: Option<bool>, lossy: bool) -> Outcome {
    const PATH: &str = "encoding.utf16.decode";
    let length = data.get(&vm.heap).len();
    vm.reserve(length.saturating_mul(2))?;
    let content = data.get(&vm.heap);
    let marked = match content {
        [0xff, 0xfe, ..] => Some(true),
        [0xfe, 0xff, ..] => Some(false),
        _ => None,
    };
    let le = le.or(marked).unwrap_or(false);
    let skip = if marked == Some(le) { 2 } else { 0 };
    let (pairs, last) = content[skip..].as_chunks::<2>();
    let unit =
        |pair: &[u8; 2]| if le { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
    let mut text = String::with_capacity(content.len());
    let mut at = skip;
    for decoded in vm.patiently(char::decode_utf16(pairs.iter().map(unit))) {
        match decoded {
            Ok(character) => {
                text.push(character);
                at += 2 * character.len_utf16();
            }
            Err(_) if lossy => {
                text.push(char::REPLACEMENT_CHARACTER);
                at += 2;
            }
            Err(error) => {
                let half = error.unpaired_surrogate();
                let reason = format!("half of a surrogate pair (0x{half:04x}) stands alone");
                return Err(fault(vm, PATH, DataValue(data.0), at, &reason));
            }
        }
    }
    let is_cut = !last.is_empty();
    vm.goes_on()?;
    if is_cut {
        if !lossy {
            let reason = "the last character has only one byte";
            return Err(fault(vm, PATH, DataValue(data.0), at, reason));
        }
        text.push(char::REPLACEMENT_CHARACTER);
    }
    Ok(vm.heap.string_owned(text))
}
