//! The lines of a stream as a source.
//!
//! Over a stream it is a cursor: leaving the loop leaves the stream open, so that another loop can
//! go on, or something else be read. Over a file that nobody else has (`fs.lines`) it closes it.

use std::sync::Arc;

use super::read::positive;
use super::{LineWant, ReadOp, Stream, Want, close_stream, stream_mut};
use crate::natives;
use crate::natives::argument::Rest;
use crate::runtime::driver::FileSystem;
use crate::runtime::{Answer, Cx, Loop};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The methods of `stream.lines()`.
    pub const LINES;

    /// Itself.
    host method lines.iter() => |_: &mut Vm, lines: Value| Ok(lines);
    /// The next line without its end; at the end `default`, or StopIteration without one.
    host async method lines.next(default: any...) => |cx: &mut Cx<'_>, lines, default: Rest| {
        let default = default.first(cx.vm);
        next(cx, lines, default)
    };
    /// Closes the file of `fs.lines`. A stream stays open.
    host loop method lines.close() => close_lines;
}

/// The lines of a stream from where it stands.
#[derive(Debug)]
pub struct Lines {
    stream: Value,
    want: LineWant,
    /// Nobody else has the stream.
    owns: bool,
}

impl HostObject for Lines {
    fn type_name(&self) -> &'static str {
        "lines"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.stream);
    }
}

pub(in crate::natives) fn lines(
    vm: &mut Vm,
    stream: Value,
    max: i64,
    lossy: bool,
) -> Result<Value, Thrown> {
    stream_mut(vm, stream)?;
    let max = positive(vm, "stream.lines", "max", max)?;
    let want = LineWant { max, lossy, at_end: Value::unset() };
    Ok(vm.heap.object(Box::new(Lines { stream, want, owns: false })))
}

/// The lines of a file, for `fs.lines`.
pub fn file_lines(
    vm: &mut Vm,
    files: Arc<dyn FileSystem>,
    path: &str,
    max: i64,
    lossy: bool,
) -> Result<Value, Thrown> {
    let max = positive(vm, "fs.lines", "max", max)?;
    let want = LineWant { max, lossy, at_end: Value::unset() };
    let stream = vm.heap.object(Box::new(Stream::file(files, path)));
    Ok(vm.heap.object(Box::new(Lines { stream, want, owns: true })))
}

/// Whether a value is a source of lines.
pub(in crate::natives) fn is_lines(vm: &Vm, value: Value) -> bool {
    vm.heap.object_ref::<Lines>(value).is_some()
}

pub(in crate::natives) fn close_lines(cx: &mut Cx<'_>, lines: Value) -> Result<Answer, Thrown> {
    close_file(cx.vm, cx.rt, lines);
    Ok(Answer::Value(Value::null()))
}

/// Closes the file, if it is one that nobody else has.
fn close_file(vm: &mut Vm, rt: &mut Loop, lines: Value) {
    if let Some(Lines { stream, owns: true, .. }) = vm.heap.object_ref::<Lines>(lines) {
        close_stream(vm, rt, *stream);
    }
    rt.disown_resource(lines);
}

/// Waits for the next line. `default` is there at the end instead of StopIteration.
pub(in crate::natives) fn next(
    cx: &mut Cx<'_>,
    lines: Value,
    default: Option<Value>,
) -> Result<Answer, Thrown> {
    let Some(Lines { stream, want, owns }) = cx.vm.heap.object_ref::<Lines>(lines) else {
        return Err(cx.vm.error(ErrorKind::TypeError, "this is a method of lines"));
    };
    let (stream, mut want, owns) = (*stream, *want, *owns);
    if owns {
        // The file is open from the first line on.
        cx.rt.own(cx.task, lines, close_file);
    }
    want.at_end = default.unwrap_or(Value::unset());
    ReadOp::new(cx.vm, stream, Want::Line(want))?.begin(cx)
}
