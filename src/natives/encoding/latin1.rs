//! Latin-1: the first 256 characters of Unicode, a byte each.

use crate::natives::Outcome;
use crate::natives::kind::{BytesLikeValue, TextValue};
use crate::vm::{ErrorKind, Vm};

pub(super) fn encode(vm: &mut Vm, text: TextValue, lossy: bool) -> Outcome {
    let length = text.get(&vm.heap).len();
    vm.reserve(length)?;
    let mut bytes = Vec::with_capacity(length);
    for (index, character) in vm.patiently(text.get(&vm.heap).chars()).enumerate() {
        match u8::try_from(u32::from(character)) {
            Ok(byte) => bytes.push(byte),
            Err(_) if lossy => bytes.push(b'?'),
            Err(_) => {
                let message = format!(
                    "encoding.latin1.encode: Latin-1 has no `{character}`, which stands at index \
                     {index}; `lossy: true` writes `?`"
                );
                return Err(vm.error(ErrorKind::ValueError, message));
            }
        }
    }
    vm.goes_on()?;
    Ok(vm.heap.bytes(&bytes))
}

pub(super) fn decode(vm: &mut Vm, data: BytesLikeValue) -> Outcome {
    let length = data.get(&vm.heap).len();
    vm.reserve(length.saturating_mul(2))?;
    let text: String = vm.patiently(data.get(&vm.heap)).map(|byte| char::from(*byte)).collect();
    vm.goes_on()?;
    Ok(vm.heap.string_owned(text))
}
