//! One JSON value per line of a stream, as a source.

use std::task::Poll;

use super::parse::{Rules, parse};
use super::rules;
use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::{Rest, wrong_type};
use crate::natives::stream::{self, Stream};
use crate::runtime::driver::Ticket;
use crate::runtime::{Answer, Cx, Source, Wait};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The methods of `json.lines(…)`.
    pub const JSON_LINES;

    /// Itself.
    host method json_lines.iter() => |_: &mut Vm, lines: Value| Ok(lines);
    /// The value of the next line; at the end `default`, or StopIteration without one.
    host async method json_lines.next(default: any...) => |cx: &mut Cx<'_>, lines, default: Rest| {
        let default = default.first(cx.vm);
        next(cx, lines, default)
    };
    /// Closes the file of `fs.lines`. A stream stays open.
    host loop method json_lines.close() => close;
}

/// The values of the lines of a stream.
#[derive(Debug)]
struct JsonLines {
    /// A source of lines.
    lines: Value,
    rules: Rules,
    /// Lines that have been read.
    count: i64,
}

impl HostObject for JsonLines {
    fn type_name(&self) -> &'static str {
        "json_lines"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.lines);
    }
}

pub(super) fn lines(vm: &mut Vm, source: Value, max: i64, depth: i64, bigints: bool) -> Outcome {
    let rules = rules(vm, "json.lines", depth, bigints)?;
    let lines = if vm.heap.object_ref::<Stream>(source).is_some() {
        stream::lines(vm, source, max, false)?
    } else if stream::is_lines(vm, source) {
        source
    } else {
        let expected = "a stream or its lines";
        return Err(wrong_type(vm, "json.lines", "source", expected, source, None));
    };
    Ok(vm.heap.object(Box::new(JsonLines { lines, rules, count: 0 })))
}

/// The source behind a value: methods can be called on anything once they are values themselves.
fn lines_of(vm: &mut Vm, value: Value) -> Result<&mut JsonLines, Thrown> {
    if vm.heap.object_ref::<JsonLines>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a method of json_lines"));
    }
    Ok(vm.heap.object_mut::<JsonLines>(value).expect("its type was looked at"))
}

fn close(cx: &mut Cx<'_>, lines: Value) -> Result<Answer, Thrown> {
    let inner = lines_of(cx.vm, lines)?.lines;
    stream::close_lines(cx, inner)
}

fn next(cx: &mut Cx<'_>, lines: Value, default: Option<Value>) -> Result<Answer, Thrown> {
    // The line is only a part of what is waited for.
    cx.at_once = false;
    let line = next_line(cx, lines)?;
    Ok(Answer::Wait(Wait::Source(Box::new(NextValue { lines, default, line, ticket: None }))))
}

/// A read of the next line, which gives the end mark at the end.
fn next_line(cx: &mut Cx<'_>, lines: Value) -> Result<Box<dyn Source>, Thrown> {
    let inner = lines_of(cx.vm, lines)?.lines;
    match stream::next_line(cx, inner, Some(Value::end()))? {
        Answer::Wait(Wait::Source(line)) => Ok(line),
        _ => Err(cx.vm.error(ErrorKind::TypeError, "json.lines: the lines cannot be waited for")),
    }
}

/// The wait for the next value.
struct NextValue {
    lines: Value,
    default: Option<Value>,
    line: Box<dyn Source>,
    ticket: Option<Ticket>,
}

impl NextValue {
    /// What a line stands for; `None` if it holds only blanks.
    fn value(&self, vm: &mut Vm, line: Value) -> Result<Option<Value>, Thrown> {
        if line.is_end() {
            return match self.default {
                Some(default) => Ok(Some(default)),
                None => Err(vm.error(ErrorKind::StopIteration, "there are no more lines")),
            };
        }
        let lines = lines_of(vm, self.lines)?;
        lines.count += 1;
        let (rules, count) = (lines.rules, lines.count);
        let text = vm.heap.str(line).unwrap_or_default();
        if text.trim_ascii().is_empty() {
            return Ok(None);
        }
        let text = text.to_owned();
        parse(vm, &text, true, rules).map(Some).map_err(|thrown| at_line(vm, thrown, count))
    }

    /// Begins to read another line in place of the one that was read.
    fn go_on(&mut self, cx: &mut Cx<'_>) -> Result<(), Thrown> {
        let line = next_line(cx, self.lines)?;
        let mut before = std::mem::replace(&mut self.line, line);
        if let Some(ticket) = self.ticket {
            before.unregister(cx, ticket);
            self.line.register(cx, ticket);
        }
        Ok(())
    }
}

/// The error of a line, with the number of that line.
#[cold]
fn at_line(vm: &mut Vm, thrown: Thrown, count: i64) -> Thrown {
    if !vm.is_error_kind(thrown.0, ErrorKind::ParseError) {
        return thrown;
    }
    let message = vm.error_message(thrown.0).replacen("line 1,", &format!("line {count},"), 1);
    let fields = vm.heap.instance_ref(thrown.0);
    let field = |name: &str| fields.and_then(|error| error.field(name)).unwrap_or_default();
    let place =
        [("line", Value::int(count)), ("column", field("column")), ("offset", field("offset"))];
    vm.error_with(ErrorKind::ParseError, message, &place)
}

impl Source for NextValue {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        loop {
            let line = match self.line.attempt(cx) {
                Poll::Ready(Ok(line)) => line,
                other => return other,
            };
            match self.value(cx.vm, line) {
                Ok(Some(value)) => return Poll::Ready(Ok(value)),
                Err(thrown) => return Poll::Ready(Err(thrown)),
                Ok(None) => {}
            }
            if let Err(thrown) = self.go_on(cx) {
                return Poll::Ready(Err(thrown));
            }
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = Some(ticket);
        self.line.register(cx, ticket);
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = None;
        self.line.unregister(cx, ticket);
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.lines);
        if let Some(default) = &self.default {
            marker.value(*default);
        }
        self.line.trace(marker);
    }

    fn describe(&self, vm: &Vm) -> String {
        self.line.describe(vm)
    }
}
