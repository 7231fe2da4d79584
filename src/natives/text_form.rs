//! The text of values for `print`, `str` and `join`.
//!
//! A class's own `str` method is script code. Where one is met, the core module goes on with a
//! [`TextForm`]: it asks for the next instance, calls `str` and gives the answer.

use super::Outcome;
use crate::natives;
use crate::vm::display::{Printed, Printer};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The printing of values that need script code, for the core module.
    pub const TEXT_FORM;

    /// For the core module: begins to print a value.
    fn core.text_form(value: any) => begin;
    /// For the core module: the next instance whose `str` is needed; null if everything is printed.
    fn core.text_next(form: any) => next;
    /// For the core module: what `str` gave for it.
    fn core.text_answer(form: any, text: any) => answer;
    /// For the core module: what was printed.
    fn core.text_result(form: any) => result;
}

/// The text of some values.
pub enum Joined {
    /// This.
    Text(String),
    /// A class among them has its own `str` method: script code has to be asked.
    AskScript,
}

/// The printed forms of values with a separator between them.
pub fn join_text(vm: &mut Vm, items: &[Value], separator: &str) -> Result<Joined, Thrown> {
    let mut text = String::new();
    let mut checked = 1 << 16;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        if let Some(piece) = vm.heap.str(*item) {
            let size = text.len() + piece.len();
            if size > checked {
                vm.reserve(size)?;
                checked = size * 2;
            }
            text.push_str(vm.heap.str(*item).unwrap_or_default());
            continue;
        }
        let mut printer = Printer::new(*item);
        match printer.run(&vm.heap) {
            Ok(Printed::Done) => text.push_str(&printer.into_text()),
            Ok(Printed::NeedsCall(_)) => return Ok(Joined::AskScript),
            Err(_) => return Err(vm.out_of_memory()),
        }
        if text.len() > checked {
            vm.reserve(text.len())?;
            checked = text.len() * 2;
        }
    }
    Ok(Joined::Text(text))
}

/// Printing under way, as a value that the core module holds.
struct TextForm {
    printer: Option<Printer>,
}

impl HostObject for TextForm {
    fn type_name(&self) -> &'static str {
        "text_form"
    }

    fn trace(&self, marker: &mut Marker) {
        if let Some(printer) = &self.printer {
            printer.trace(marker);
        }
    }
}

fn begin(vm: &mut Vm, value: Value) -> Outcome {
    let printer = Some(Printer::new(value));
    Ok(vm.heap.object(Box::new(TextForm { printer })))
}

/// The printer, taken out of its object.
fn printer(vm: &mut Vm, form: Value) -> Result<Printer, Thrown> {
    let found = vm.heap.object_mut::<TextForm>(form).and_then(|form| form.printer.take());
    found.ok_or_else(|| vm.error(ErrorKind::TypeError, "this is no text that is being printed"))
}

fn put_back(vm: &mut Vm, form: Value, printer: Printer) {
    if let Some(form) = vm.heap.object_mut::<TextForm>(form) {
        form.printer = Some(printer);
    }
}

fn next(vm: &mut Vm, form: Value) -> Outcome {
    let mut printer = printer(vm, form)?;
    let printed = printer.run(&vm.heap);
    put_back(vm, form, printer);
    match printed {
        Ok(Printed::Done) => Ok(Value::null()),
        Ok(Printed::NeedsCall(instance)) => Ok(instance),
        Err(_) => Err(vm.out_of_memory()),
    }
}

fn answer(vm: &mut Vm, form: Value, text: Value) -> Outcome {
    let Some(piece) = vm.heap.str(text).map(str::to_owned) else {
        let came = super::describe::describe(vm, text);
        let message = format!("the method `str` has to return a str, not {came}");
        return Err(vm.error(ErrorKind::TypeError, message));
    };
    let mut printer = printer(vm, form)?;
    printer.answer(&piece);
    put_back(vm, form, printer);
    Ok(Value::null())
}

fn result(vm: &mut Vm, form: Value) -> Outcome {
    let text = printer(vm, form)?.into_text();
    Ok(vm.heap.string_owned(text))
}
