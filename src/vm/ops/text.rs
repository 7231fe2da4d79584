//! Interpolation: values as text, joined or formatted.

use super::format::{self, Spec};
use super::work::Work;
use super::{Flow, Op, Step};
use crate::bytecode::op::Opcode;
use crate::vm::display::{Printed, Printer};
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::value::{Kind, Value};

/// `Concat`
pub(in crate::vm) fn concat(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    match op.interpolated(usize::from(at.b), usize::from(at.c)) {
        Ok(Some(value)) => {
            op.set(at.a, value);
            Ok(Flow::Next)
        }
        Ok(None) => join(op, String::new(), 0, None),
        Err(_) => Err(op.vm.out_of_memory()),
    }
}

/// Joins the parts from one on; `printer` is under way with that part.
fn join(op: &mut Op<'_>, mut text: String, from: u8, printer: Option<Printer>) -> Step {
    let at = op.instruction();
    let mut printer = printer;
    for part in from..at.c {
        let value = op.get(at.b + part);
        let mut running = printer.take().unwrap_or_else(|| Printer::new(value));
        match running.run(&op.vm.heap) {
            Err(_) => return Err(op.vm.out_of_memory()),
            Ok(Printed::Done) => {
                text.push_str(&running.into_text());
                if text.len() > LARGE {
                    op.vm.reserve(text.len())?;
                }
            }
            Ok(Printed::NeedsCall(instance)) => {
                let method = op.method_of(instance, "str");
                let Some(method) = method else { return Err(no_text(op, instance)) };
                op.put_off(Work::Join(text, part, running));
                return op.call_operator(method, &[instance]);
            }
        }
    }
    let value = op.vm.heap.string_owned(text);
    op.set(at.a, value);
    Ok(Flow::Next)
}

/// Takes what a method `str` gave for `Concat`.
pub(super) fn deliver_concat(op: &mut Op<'_>, result: Value) -> Step {
    let Some(answer) = op.answered_text(result) else { return Err(no_text(op, result)) };
    match op.take_up() {
        Some(Work::Join(text, part, mut printer)) => {
            printer.answer(&answer);
            join(op, text, part, Some(printer))
        }
        _ => join(op, String::new(), 0, None),
    }
}

/// `Format`, `FormatBy`
pub(in crate::vm) fn format(op: &mut Op<'_>) -> Step {
    let value = op.get(op.instruction().b);
    let text = spec(op);
    if let Some(method) = op.method_of(value, "format") {
        return op.call_operator(method, &[value, text]);
    }
    if let Some(text) = format_object(op, value)? {
        return formatted(op, text);
    }
    let spec = parsed(op)?;
    let text = match value.kind() {
        Kind::Int | Kind::Float => format::number(&spec, value),
        Kind::Duration => format::duration(&spec, value.bits() as i64),
        _ => match format::check_text(&spec, &op.vm.type_name(value)) {
            Ok(()) if spec.letter == Some('?') => return print(op, Printer::quoted(value)),
            Ok(()) => return print(op, Printer::new(value)),
            Err(problem) => Err(problem),
        },
    };
    formatted(op, text)
}

/// The text of a host object that has a format language of its own, or is a number.
fn format_object(op: &mut Op<'_>, value: Value) -> Result<Option<Result<String, String>>, Thrown> {
    if op.vm.heap.host_value(value).is_none() {
        return Ok(None);
    }
    let text = op.text(spec(op));
    let own = op.vm.heap.host_value(value).and_then(|object| object.format(&text));
    if own.is_some() {
        return Ok(own);
    }
    let spec = parsed(op)?;
    let number = op.vm.heap.host_value(value).filter(|_| spec.letter != Some('?'));
    Ok(number.and_then(|object| format::object(&spec, object)))
}

fn formatted(op: &mut Op<'_>, text: Result<String, String>) -> Step {
    match text {
        Ok(text) => finish_format(op, text),
        Err(problem) => Err(op.vm.error(ErrorKind::ValueError, problem)),
    }
}

/// The format of the instruction.
fn spec(op: &Op<'_>) -> Value {
    let at = op.instruction();
    match at.op {
        Opcode::Format => op.vm.constants[at.imm as usize],
        _ => op.get(at.c),
    }
}

fn parsed(op: &mut Op<'_>) -> Result<Spec, Thrown> {
    let text = op.text(spec(op));
    format::parse(&text).map_err(|problem| op.vm.error(ErrorKind::ValueError, problem))
}

fn print(op: &mut Op<'_>, mut printer: Printer) -> Step {
    match printer.run(&op.vm.heap) {
        Err(_) => Err(op.vm.out_of_memory()),
        Ok(Printed::Done) => {
            let spec = parsed(op)?;
            finish_format(op, format::pad_text(&spec, printer.into_text()))
        }
        Ok(Printed::NeedsCall(instance)) => {
            let method = op.method_of(instance, "str");
            let Some(method) = method else { return Err(no_text(op, instance)) };
            op.put_off(Work::Print(printer));
            op.call_operator(method, &[instance])
        }
    }
}

/// Takes what a method `str` or `format` gave for `Format`.
pub(super) fn deliver_format(op: &mut Op<'_>, result: Value) -> Step {
    let Some(answer) = op.answered_text(result) else { return Err(no_text(op, result)) };
    match op.take_up() {
        Some(Work::Print(mut printer)) => {
            printer.answer(&answer);
            print(op, printer)
        }
        _ => finish_format(op, answer),
    }
}

fn finish_format(op: &mut Op<'_>, text: String) -> Step {
    let value = op.vm.heap.string_owned(text);
    op.set(op.instruction().a, value);
    Ok(Flow::Next)
}

#[cold]
fn no_text(op: &mut Op<'_>, value: Value) -> Thrown {
    let name = op.vm.type_name(value);
    let text = format!("`str` and `format` methods have to return a str, this one returned {name}");
    op.vm.error(ErrorKind::TypeError, text)
}

/// Texts from this length on are weighed against the memory limit before they are made.
const LARGE: usize = 1 << 16;
