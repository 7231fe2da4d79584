//! Values that have no JSON form, and the path to them: `$.items[3].price`.

use super::write::{Frame, Writer, key_text};
use crate::natives::describe::describe;
use crate::vm::heap::Heap;
use crate::vm::text::{is_name, push_quoted};
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

/// What cannot be written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Problem {
    /// Nan or infinity.
    NotFinite(Value),
    /// A list, a map or an object that contains itself.
    Cycle(Value),
    /// A value that JSON has no form for.
    NoForm(Value),
    /// A key that has no text.
    Key(Value),
    /// The text does not fit into memory.
    Memory,
}

/// The error of a value that cannot be written.
#[cold]
pub(super) fn problem(vm: &mut Vm, writer: &Writer, problem: Problem) -> Thrown {
    let (kind, text) = match problem {
        Problem::Memory => return vm.out_of_memory(),
        Problem::NotFinite(value) => {
            let text = format!("{} is no JSON number; write null in its place", vm.show(value));
            (ErrorKind::ValueError, text)
        }
        Problem::Cycle(value) => {
            let text = format!("{} contains itself", describe(vm, value));
            (ErrorKind::ValueError, text)
        }
        Problem::NoForm(value) => {
            let way = way_out(vm, value);
            (ErrorKind::TypeError, format!("JSON has no form for {}: {way}", describe(vm, value)))
        }
        Problem::Key(key) => {
            let text = format!("a key of a JSON object is a str, not {}", describe(vm, key));
            (ErrorKind::TypeError, text + ": write `str(key)`")
        }
    };
    let place = path(&vm.heap, &writer.frames);
    vm.error(kind, format!("{}: at {place}: {text}", writer.layout.path))
}

/// What to write in place of a value that JSON has no form for.
fn way_out(vm: &Vm, value: Value) -> String {
    match value.kind() {
        Kind::Duration => "write `d / 1s` for seconds, or `str(d)`".to_owned(),
        Kind::Bytes | Kind::Buffer => "write `b.base64()`, `b.hex()` or `b.utf8()`".to_owned(),
        Kind::Set => "write `list(s)`".to_owned(),
        Kind::Range => "write `list(r)`".to_owned(),
        Kind::Instance => format!("give the class {} a method `json`", vm.type_name(value)),
        Kind::Variant => {
            let name = vm.heap.variant_ref(value).map(|variant| variant.enumeration().name.clone());
            format!("give the enum {} a method `json`", name.unwrap_or_default())
        }
        _ => "write `str(x)`, or leave it out".to_owned(),
    }
}

/// The way to what is being written.
fn path(heap: &Heap, frames: &[Frame]) -> String {
    let mut path = "$".to_owned();
    for frame in frames {
        match frame {
            Frame::List { next: 0, .. } | Frame::Sorted { key: None, .. } | Frame::Object(_) => {}
            Frame::Map { cursor: 0, .. } => {}
            Frame::List { next, .. } => path.push_str(&format!("[{}]", next - 1)),
            Frame::Sorted { key: Some(key), .. } => push_key(&mut path, key),
            Frame::Map { key, .. } => match heap.str(*key) {
                Some(text) => push_key(&mut path, text),
                None => {
                    let text = key_text(heap, *key).unwrap_or_else(|_| "…".to_owned());
                    path.push_str(&format!("[{text}]"));
                }
            },
        }
        // The way through a value that is nested very deep says nothing more.
        if path.len() > 200 {
            path.push('…');
            break;
        }
    }
    path
}

fn push_key(path: &mut String, key: &str) {
    if is_name(key) {
        path.push('.');
        path.push_str(key);
    } else {
        path.push('[');
        push_quoted(path, key);
        path.push(']');
    }
}
