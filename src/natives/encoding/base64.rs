//! Base64, by the crate of that name.

use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, alphabet};

use super::{fault, shown};
use crate::natives::Outcome;
use crate::natives::kind::DataValue;
use crate::vm::Vm;

fn engine(url: bool, padding: bool, lossy: bool) -> GeneralPurpose {
    let alphabet = if url { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(padding)
        .with_decode_allow_trailing_bits(lossy)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

pub(in crate::natives) fn encode(
    vm: &mut Vm,
    data: DataValue,
    url: bool,
    padding: bool,
) -> Outcome {
    let length = data.get(&vm.heap).len();
    vm.reserve(length.saturating_mul(4) / 3 + 4)?;
    let engine = engine(url, padding, false);
    let mut text = String::with_capacity(length.saturating_mul(4) / 3 + 4);
    // A part has no padding, as three bytes are four characters.
    for part in data.get(&vm.heap).chunks(3 << 18) {
        if vm.gives_up() {
            break;
        }
        engine.encode_string(part, &mut text);
    }
    vm.goes_on()?;
    Ok(vm.heap.string_owned(text))
}

pub(super) fn decode(vm: &mut Vm, text: DataValue, url: bool, lossy: bool) -> Outcome {
    let length = text.get(&vm.heap).len();
    vm.reserve(length.saturating_mul(2))?;
    let content = text.get(&vm.heap);
    let in_alphabet = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || if url { matches!(byte, b'-' | b'_') } else { matches!(byte, b'+' | b'/') }
    };
    let mut symbols: Vec<u8> = match lossy {
        true => vm.patiently(content).copied().filter(in_alphabet).collect(),
        false => {
            vm.patiently(content).copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
        }
    };
    vm.goes_on()?;
    let content = text.get(&vm.heap);
    if lossy && symbols.len() % 4 == 1 {
        // Six bits are no byte.
        symbols.pop();
    }
    let error = match engine(url, true, lossy).decode(&symbols) {
        Ok(bytes) => return Ok(vm.heap.bytes(&bytes)),
        Err(error) => error,
    };
    // The place of the symbol among all bytes of the text.
    let place = |symbol: usize| {
        let mut places = (0..length).filter(|at| !content[*at].is_ascii_whitespace());
        places.nth(symbol).unwrap_or(length)
    };
    let (offset, reason) = match error {
        DecodeError::InvalidByte(symbol, byte) => {
            let offset = place(symbol);
            let hint = match byte {
                b'-' | b'_' if !url => ": it is of the alphabet for URLs, pass `url: true`;",
                b'+' | b'/' if url => ": it is of the standard alphabet, leave `url: true` out;",
                _ => "",
            };
            (offset, format!("{} is no Base64{hint}", shown(content, offset)))
        }
        DecodeError::InvalidLastSymbol { offset: symbol, .. } => {
            let offset = place(symbol);
            (offset, format!("{} has bits beyond the last byte", shown(content, offset)))
        }
        DecodeError::InvalidLength(_) => (length, "the last byte is incomplete".to_owned()),
        _ => (length, "the padding is wrong".to_owned()),
    };
    Err(fault(vm, "encoding.base64.decode", text, offset, &reason))
}
