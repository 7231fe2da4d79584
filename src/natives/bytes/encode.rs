//! Bytes as text.

use crate::natives::Outcome;
use crate::natives::encoding;
use crate::natives::kind::{BytesLikeValue, DataValue};
use crate::vm::{ErrorKind, Vm};

pub(super) fn hex(vm: &mut Vm, bytes: BytesLikeValue) -> Outcome {
    encoding::hex(vm, DataValue(bytes.0), false)
}

pub(super) fn base64(vm: &mut Vm, bytes: BytesLikeValue) -> Outcome {
    encoding::base64(vm, DataValue(bytes.0), false, true)
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
