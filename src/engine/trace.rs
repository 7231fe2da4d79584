//! What scripts see of `error.trace`: a list of maps `{fn, file, line, column, kind}`,
//! innermost call first.
//!
//! The VM keeps only function and instruction; the places in the text are known here.

use std::borrow::Cow;
use std::sync::Arc;

use super::library::Sources;
use crate::vm::map::Map;
use crate::vm::object::TraceKind;
use crate::vm::{Args, Native, NativeBody, Thrown, TraceFrame, Value, Vm as Machine};

/// Makes `error.trace` readable.
pub fn install(machine: &mut Machine, sources: &Sources) {
    let sources = sources.clone();
    let read = move |vm: &mut Machine, args: Args| {
        let result = read(vm, args, &sources);
        vm.given(result)
    };
    let id = machine.add_native(Native {
        name: Cow::Borrowed("Error.trace"),
        params: Cow::Borrowed(&[]),
        waits: false,
        body: NativeBody::Host(Arc::new(read)),
    });
    machine.set_trace_reader(id);
}

fn read(vm: &mut Machine, args: Args, sources: &Sources) -> Result<Value, Thrown> {
    let frames = vm.error_trace(vm.arg(args, 0));
    let frames: Vec<Value> = frames.iter().map(|frame| entry(vm, frame, sources)).collect();
    Ok(vm.heap.list(frames))
}

fn entry(vm: &mut Machine, frame: &TraceFrame, sources: &Sources) -> Value {
    let map = sources.map();
    let source = map.get(sources.locate(frame));
    let (line, column) = source.map_or((0, 0), |source| source.position(frame.span.start));
    let kind = match frame.kind {
        TraceKind::Call => "call",
        TraceKind::Await => "await",
        TraceKind::Spawn => "spawn",
    };
    let file = vm.heap.string(source.map_or(&*frame.module, |source| &source.name));
    let function = vm.heap.string(&frame.function);
    let kind = vm.heap.intern(kind);
    let mut entry = Map::new();
    vm.heap.fill_str(&mut entry, "fn", function);
    vm.heap.fill_str(&mut entry, "file", file);
    vm.heap.fill_str(&mut entry, "line", Value::int(i64::from(line)));
    vm.heap.fill_str(&mut entry, "column", Value::int(i64::from(column)));
    vm.heap.fill_str(&mut entry, "kind", kind);
    vm.heap.map(entry)
}
