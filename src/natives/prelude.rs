//! Names that are known everywhere without an import, besides types and error classes.

use std::cmp::Ordering;

use super::Outcome;
use super::argument::{Rest, wrong_type};
use super::describe::describe;
use super::kind::TextValue;
use super::script;
use super::text_form::{Joined, join_text};
use crate::natives;
use crate::runtime::output::Target;
use crate::runtime::{Answer, Cx};
use crate::vm::object::Unary;
use crate::vm::order::{Order, compare};
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

natives! {
    /// Functions of the prelude.
    pub const PRELUDE;

    /// Writes values to standard output, `sep` between them and `end` behind the last: strings as
    /// they are, everything else as `str(x)` gives it.
    fn print(values: any..., named sep: str = " ", named end: str = "\n") => print,
        r#"print(1, "a", [1, "a"])"# => r#"1 a [1, "a"]"#,
        r#"print(1, 2, sep: "-", end: "!\n")"# => "1-2!";
    /// Like `print`, to standard error.
    fn eprint(values: any..., named sep: str = " ", named end: str = "\n") => eprint;
    /// The type of a value: a built-in type, a class or an enum.
    fn type(value: any) => type_of, "type(1)" => "int", "type([]) == list" => "true";
    /// Whether two values are one and the same.
    fn same(a: any, b: any) => same, "let a = []\nprint(same(a, a), same(a, []))" => "true false";
    /// The least of two or more values.
    fn min(values: any...) => min, "min(3, 1, 2)" => "1";
    /// The greatest of two or more values.
    fn max(values: any...) => max, "max(3, 1, 2)" => "3";
    /// A number or duration without its sign.
    fn abs(x: any) => abs, "abs(-3)" => "3", "abs(-2s)" => "2s";
    /// The nearest int, half away from zero; with `digits`, a float with so many decimals.
    fn round(x: any, digits: int?) => round, "round(2.5)" => "3", "round(3.14159, 2)" => "3.14";

    /// For the core module: writes text to standard output.
    loop fn core.write(text: str) => write;
    /// For the core module: writes text to standard error.
    loop fn core.write_error(text: str) => write_error;
}

fn print(vm: &mut Vm, values: Rest, sep: TextValue, end: TextValue) -> Outcome {
    output(vm, "write", values, sep, end)
}

fn eprint(vm: &mut Vm, values: Rest, sep: TextValue, end: TextValue) -> Outcome {
    output(vm, "write_error", values, sep, end)
}

/// Writing needs the loop and a class's own text needs script code, so this only makes the text,
/// if it can, and hands it over.
fn output(vm: &mut Vm, write: &str, values: Rest, sep: TextValue, end: TextValue) -> Outcome {
    let items = values.to_vec(vm);
    let separator = sep.get(&vm.heap).to_owned();
    let write = vm.member("core", write);
    match join_text(vm, &items, &separator)? {
        Joined::Text(mut text) => {
            text.push_str(end.get(&vm.heap));
            let text = vm.heap.string_owned(text);
            Ok(vm.tail_call(write, &[text]))
        }
        Joined::AskScript => {
            let items = vm.heap.list(items);
            script::call(vm, "output", &[write, items, sep.0, end.0])
        }
    }
}

fn write(cx: &mut Cx<'_>, text: TextValue) -> Result<Answer, Thrown> {
    emit(cx, Target::Out, text)
}

fn write_error(cx: &mut Cx<'_>, text: TextValue) -> Result<Answer, Thrown> {
    emit(cx, Target::Err, text)
}

fn emit(cx: &mut Cx<'_>, target: Target, text: TextValue) -> Result<Answer, Thrown> {
    let text = text.get(&cx.vm.heap);
    cx.rt.write(target, text.as_bytes());
    Ok(cx.rt.after_output(cx.vm, cx.task))
}

fn type_of(vm: &mut Vm, value: Value) -> Outcome {
    Ok(vm.type_of(value))
}

fn same(_vm: &mut Vm, a: Value, b: Value) -> Outcome {
    Ok(Value::bool(a.same(b)))
}

fn min(vm: &mut Vm, values: Rest) -> Outcome {
    extreme(vm, "min", values, Ordering::Less)
}

fn max(vm: &mut Vm, values: Rest) -> Outcome {
    extreme(vm, "max", values, Ordering::Greater)
}

/// The first value to which no other is `better`.
fn extreme(vm: &mut Vm, path: &str, values: Rest, better: Ordering) -> Outcome {
    let items = values.to_vec(vm);
    if items.len() < 2 {
        let mut message = format!("{path} takes two or more values, not {}", items.len());
        if let [only] = items[..]
            && matches!(only.kind(), Kind::List | Kind::Set | Kind::Range)
        {
            message.push_str(&format!("; of the elements of a list it is `xs.{path}()`"));
        }
        return Err(vm.error(ErrorKind::ArityError, message));
    }
    let mut best = items[0];
    for item in &items {
        match compare(&vm.heap, *item, best) {
            Order::Known(ordering) if ordering == better => best = *item,
            Order::Known(_) => {}
            Order::NeedsCall { .. } => {
                let list = vm.heap.list(items);
                return script::call(
                    vm,
                    if path == "min" { "list_min" } else { "list_max" },
                    &[list],
                );
            }
            Order::Nan => {
                let message = format!("{path}: nan has no place in an order");
                return Err(vm.error(ErrorKind::ValueError, message));
            }
            Order::None { left, right } => {
                let (a, b) = (describe(vm, left), describe(vm, right));
                let message = format!("{path}: {a} and {b} have no order");
                return Err(vm.error(ErrorKind::TypeError, message));
            }
        }
    }
    Ok(best)
}

fn abs(vm: &mut Vm, x: Value) -> Outcome {
    if let Some(result) = vm.host_unary(x, Unary::Abs)? {
        return Ok(result);
    }
    let changed = match x.kind() {
        Kind::Int => x.as_int().and_then(i64::checked_abs).map(Value::int),
        Kind::Float => x.as_float().map(|x| Value::float(x.abs())),
        Kind::Duration => x.as_duration().and_then(i64::checked_abs).map(Value::duration),
        _ => return Err(wrong_type(vm, "abs", "x", "a number or a duration", x, None)),
    };
    let overflow = "abs: the result does not fit in 64 bits";
    changed.ok_or_else(|| vm.error(ErrorKind::OverflowError, overflow))
}

fn round(vm: &mut Vm, x: Value, digits: Option<i64>) -> Outcome {
    if let Some(result) = vm.host_unary(x, Unary::Round(digits))? {
        return Ok(result);
    }
    match (x.as_int(), x.as_float()) {
        (Some(n), _) => super::number::round_int(vm, n, digits.unwrap_or(0)),
        (_, Some(x)) => super::number::round_float(vm, x, digits),
        _ => Err(wrong_type(vm, "round", "x", "a number", x, None)),
    }
}
