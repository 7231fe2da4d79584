//! Module `json`: text to values and back, to the letter of RFC 8259.
//!
//! - `read`: what is JSON beyond doubt becomes values at once;
//! - `parse fault`: all else goes through serde_json; what it refuses becomes an error with a place;
//! - `write text label place`: the writer, which keeps what is still to be written in a work list, the text
//!   of plain values and of keys, and the path to a value that cannot be written;
//! - `form`: a writer that waits for the `json` method of a class;
//! - `lines`: one value per line of a stream.

mod fault;
mod form;
mod label;
mod lines;
mod number;
mod parse;
mod place;
mod read;
mod text;
mod write;

use super::Outcome;
use super::argument::{bad_value, wrong_type};
use super::kind::DataValue;
use super::script;
use crate::natives;
use crate::vm::heap::Heap;
use crate::vm::{Thrown, Value, Vm};
use parse::Rules;
use write::{Layout, Written};

pub use form::JSON_FORM;
pub use lines::JSON_LINES;

natives! {
    /// Module `json`: reads and writes JSON (RFC 8259).
    pub const JSON;

    /// The value that a JSON text stands for: null, a bool, an int, a float, a str, a list or a map.
    /// Bytes have to be UTF-8; a byte order mark at the start is skipped.
    ///
    /// A number with a point or an exponent is a float, and so is an int beyond 64 bits, unless
    /// `bigints` is true: then it keeps its digits as a `bigint`. A float that is too large for 64
    /// bits is an error. Where an object has a key several times, the last value counts, at the
    /// place of the first.
    ///
    /// Lists and objects may be nested `depth` deep, at most 1000. What is no JSON is a ParseError
    /// with the `line`, the `column` and the `offset` (in the code points of a str, in the bytes of
    /// bytes) where it stops being JSON, and what was expected there.
    fn json.parse(text: data, named depth: int = 512, named bigints: bool = false) => parse_data,
        "import json\nprint(json.parse(\"{\\\"a\\\": [1, 2.5, null]}\"))" => "{a: [1, 2.5, null]}";
    /// The JSON text of a value: of null, bools, numbers, strs, lists, maps, and of instances and
    /// enum values whose class or enum has a method `json`, which gives a value to be written in
    /// place of the object.
    ///
    /// With `indent`, an int up to 16 or a str of blanks, every element stands on a line of its own.
    /// With `sort_keys` the keys of maps are in the order of their code points. A key of a map that
    /// is an int, a float, a bool or null is written as its text.
    ///
    /// Nan, infinity and what contains itself are a ValueError, a duration, bytes, a set and whatever
    /// else JSON has no form for a TypeError. The message names the place: `$.items[3].price`.
    fn json.stringify(value: any, named indent: any?, named sort_keys: bool = false) => stringify,
        "import json\nprint(json.stringify({a: [1, 2.0, null]}))" => r#"{"a":[1,2.0,null]}"#,
        "import json\nprint(json.stringify([1], indent: 2))" => "[\n  1\n]";
    /// The JSON text of a value with a newline behind it, for a stream of one value per line:
    /// `await out.write(json.line(value))`.
    fn json.line(value: any, named sort_keys: bool = false) => line,
        "import json\nprint(json.line({a: 1}), end: \"\")" => r#"{"a":1}"#;
    /// A source of the values that the lines of a stream stand for, one per line; lines of blanks
    /// are skipped. `source` is a stream or what gives lines: `stream.lines()`, `fs.lines(path)`.
    /// A line of a stream may have `max` bytes. The ParseError of a line has its number as `line`.
    fn json.lines(source: any, named max: int = 67108864, named depth: int = 512, named bigints: bool = false) => lines::lines;
}

/// What the arguments of a function that reads say.
fn rules(vm: &mut Vm, path: &'static str, depth: i64, bigints: bool) -> Result<Rules, Thrown> {
    match usize::try_from(depth) {
        Ok(depth) if (1..=parse::DEPTH_MAX).contains(&depth) => Ok(Rules { path, depth, bigints }),
        _ => {
            let rule = format!("depth must be from 1 to {}", parse::DEPTH_MAX);
            Err(bad_value(vm, path, &rule, Value::int(depth)))
        }
    }
}

fn parse_data(vm: &mut Vm, data: DataValue, depth: i64, bigints: bool) -> Outcome {
    let rules = rules(vm, "json.parse", depth, bigints)?;
    vm.reserve(data.get(&vm.heap).len())?;
    let parse = |vm: &mut Vm, text: &str| parse::parse(vm, text, true, rules);
    match Heap::reading(vm, |vm| &vm.heap, data.0, parse) {
        Some(result) => result,
        None => {
            // Bytes may change while values are made of them.
            let content = data.get(&vm.heap).to_vec();
            parse::parse_bytes(vm, &content, rules)
        }
    }
}

/// The most blanks that a level is indented by.
const INDENT_MAX: i64 = 16;

/// What one level is indented by.
fn indent_of(vm: &mut Vm, indent: Option<Value>) -> Result<String, Thrown> {
    let Some(indent) = indent else { return Ok(String::new()) };
    if let Some(text) = vm.heap.str(indent) {
        if text.bytes().all(|byte| matches!(byte, b' ' | b'\t')) && text.len() <= 16 {
            return Ok(text.to_owned());
        }
        let rule = "indent must be up to 16 spaces or tabs";
        return Err(bad_value(vm, "json.stringify", rule, indent));
    }
    match indent.as_int() {
        Some(count @ 0..=INDENT_MAX) => Ok(" ".repeat(count as usize)),
        Some(_) => {
            let rule = format!("indent must be from 0 to {INDENT_MAX}");
            Err(bad_value(vm, "json.stringify", &rule, indent))
        }
        None => Err(wrong_type(vm, "json.stringify", "indent", "an int or a str", indent, None)),
    }
}

fn stringify(vm: &mut Vm, value: Value, indent: Option<Value>, sort_keys: bool) -> Outcome {
    let indent = indent_of(vm, indent)?;
    text_of(vm, value, Layout { path: "json.stringify", indent, sort_keys, end: "" })
}

fn line(vm: &mut Vm, value: Value, sort_keys: bool) -> Outcome {
    let layout = Layout { path: "json.line", indent: String::new(), sort_keys, end: "\n" };
    text_of(vm, value, layout)
}

fn text_of(vm: &mut Vm, value: Value, layout: Layout) -> Outcome {
    let mut writer = write::Writer::new(value, layout);
    match write::write(vm, &mut writer) {
        Ok(Written::Done) => {
            let text = writer.into_text();
            vm.reserve(text.len())?;
            Ok(vm.heap.string_owned(text))
        }
        Ok(Written::NeedsCall(object)) => {
            let form = form::form(vm, writer);
            script::call(vm, "json_text", &[form, object])
        }
        Err(problem) => Err(place::problem(vm, &writer, problem)),
    }
}
