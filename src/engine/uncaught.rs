//! Makes the [`Report`] of an error while its VM is at hand.

use super::error::Error;
use super::foreign;
use super::handle;
use super::library::Sources;
use super::report::{Entered, Entry, Frame, Relation, Report};
use crate::vm::display::display_short;
use crate::vm::error::{CAUSE, DATA, ErrorKind, MESSAGE, SUPPRESSED};
use crate::vm::object::TraceKind;
use crate::vm::{TraceFrame, Value, Vm as Machine};

/// More errors than this are not shown.
const ERRORS_SHOWN_MAX: usize = 16;
/// Suppressed errors of suppressed errors are indented only so far.
const DEPTH_MAX: usize = 6;
/// Of a message that is no str this many bytes are shown.
const MESSAGE_MAX: usize = 1000;
/// Of the data of an error this many bytes are shown.
const DATA_MAX: usize = 200;

/// The error that a host gets for one that a script has thrown.
pub fn error(vm: &Machine, error: Value, sources: &Sources, status: i32) -> Error {
    let report = Box::new(report(vm, error, sources));
    Error::Uncaught { report, status, thrown: handle::Value::hold(&vm.heap, error) }
}

/// All that is known of an error: its trace, its causes, what it suppressed, each error once.
pub fn report(vm: &Machine, error: Value, sources: &Sources) -> Report {
    let mut entries = Vec::new();
    let mut seen: Vec<Value> = Vec::new();
    let mut rest = vec![(error, Relation::Main, 0)];
    // An explicit stack: chains of causes can be as long as memory allows.
    while let Some((error, relation, depth)) = rest.pop() {
        if seen.iter().any(|known| known.same(error)) {
            continue;
        }
        if entries.len() == ERRORS_SHOWN_MAX {
            return Report { entries, is_cut: true, sources: sources.map() };
        }
        seen.push(error);
        entries.push(Entry { relation, depth, ..entry(vm, error, sources) });
        if let Some(suppressed) = vm.heap.list_ref(vm.error_slot(error, SUPPRESSED)) {
            let deeper = (depth + 1).min(DEPTH_MAX);
            rest.extend(suppressed.items.iter().rev().map(|&e| (e, Relation::Suppressed, deeper)));
        }
        let cause = vm.error_slot(error, CAUSE);
        if vm.is_error(cause) {
            rest.push((cause, Relation::Cause, depth));
        }
    }
    Report { entries, is_cut: false, sources: sources.map() }
}

fn entry(vm: &Machine, error: Value, sources: &Sources) -> Entry {
    let class = match vm.heap.instance_ref(error) {
        Some(instance) => instance.class().name.to_string(),
        None => "Error".to_owned(),
    };
    let message = vm.error_slot(error, MESSAGE);
    let message = match vm.heap.str(message) {
        Some(text) => text.to_owned(),
        None if message.is_null() => String::new(),
        // A message may be any value, of any size.
        None => display_short(&vm.heap, message, MESSAGE_MAX),
    };
    let foreign = foreign::of(vm, error);
    // Of an error of the host the message says all.
    let details = if foreign.is_some() { Vec::new() } else { details(vm, error) };
    let frames = vm.error_trace(error).into_iter().map(|trace| frame(trace, sources)).collect();
    Entry { relation: Relation::Main, depth: 0, class, message, details, frames, foreign }
}

/// What an error brings along: of a failed assertion the values of its parts, else its data.
fn details(vm: &Machine, error: Value) -> Vec<(String, String)> {
    let data = vm.error_slot(error, DATA);
    if data.is_null() {
        return Vec::new();
    }
    let text = |value: Value| vm.heap.str(value).map(str::to_owned);
    match vm.heap.map_ref(data) {
        Some(parts) if vm.is_error_kind(error, ErrorKind::AssertError) => {
            parts.iter().filter_map(|(part, value)| Some((text(part)?, text(value)?))).collect()
        }
        // Its message ends with the value already.
        _ if vm.is_error_kind(error, ErrorKind::MatchError) => Vec::new(),
        _ => vec![("data".to_owned(), display_short(&vm.heap, data, DATA_MAX))],
    }
}

fn frame(frame: TraceFrame, sources: &Sources) -> Frame {
    Frame {
        source: sources.locate(&frame),
        function: frame.function.to_string(),
        span: frame.span,
        entered: match frame.kind {
            TraceKind::Call => Entered::Called,
            TraceKind::Await => Entered::Awaited,
            TraceKind::Spawn => Entered::Spawned,
        },
        left_out: frame.left_out,
        is_library: frame.is_library(),
    }
}
