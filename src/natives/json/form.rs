//! A writer that waits for the `json` method of a class: the core module calls the method and gives
//! what it gave (`stdlib/core/json.ket`).

use super::place::problem;
use super::write::{Writer, Written, write};
use crate::natives;
use crate::natives::Outcome;
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The writing of values that need script code, for the core module.
    pub const JSON_FORM;

    /// For the core module: what the method `json` gave for the object that was asked about; gives
    /// the next object to ask, or null if everything is written.
    fn core.json_answer(form: any, value: any) => answer;
    /// For the core module: what was written.
    fn core.json_result(form: any) => result;
}

/// Writing under way, as a value that the core module holds.
struct JsonForm {
    writer: Option<Writer>,
}

impl HostObject for JsonForm {
    fn type_name(&self) -> &'static str {
        "json_form"
    }

    fn trace(&self, marker: &mut Marker) {
        if let Some(writer) = &self.writer {
            writer.trace(marker);
        }
    }

    fn external_bytes(&self) -> usize {
        self.writer.as_ref().map_or(0, Writer::bytes)
    }
}

/// A writer as a value.
pub(super) fn form(vm: &mut Vm, writer: Writer) -> Value {
    vm.heap.object(Box::new(JsonForm { writer: Some(writer) }))
}

/// The writer, taken out of its object.
fn take(vm: &mut Vm, form: Value) -> Result<Writer, Thrown> {
    let found = vm.heap.object_mut::<JsonForm>(form).and_then(|form| form.writer.take());
    found.ok_or_else(|| vm.error(ErrorKind::TypeError, "this is no JSON that is being written"))
}

fn answer(vm: &mut Vm, form: Value, value: Value) -> Outcome {
    let mut writer = take(vm, form)?;
    writer.answer(value);
    let object = match write(vm, &mut writer) {
        Ok(Written::Done) => Value::null(),
        Ok(Written::NeedsCall(object)) => object,
        Err(found) => return Err(problem(vm, &writer, found)),
    };
    if let Some(form) = vm.heap.object_mut::<JsonForm>(form) {
        form.writer = Some(writer);
    }
    Ok(object)
}

fn result(vm: &mut Vm, form: Value) -> Outcome {
    let text = take(vm, form)?.into_text();
    vm.reserve(text.len())?;
    Ok(vm.heap.string_owned(text))
}
