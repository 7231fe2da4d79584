//! Indexing: `a[i]` of lists, maps, strings, bytes and ranges, slices, and operator methods.

use super::lookup::Found;
use super::{Flow, Op, Step};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;
use crate::vm::error::{ErrorKind, Thrown, past_end};
use crate::vm::hash::Unhashable;
use crate::vm::object::Range;
use crate::vm::value::{Kind, Value};

/// What an index gives.
enum Read {
    /// A value.
    Value(Value),
    /// There is nothing: the error that says so, for who wants one.
    Missing(Missing),
    /// The operator method of a class has to be called.
    Call(Value),
    /// The class of the key has to be asked for its hash.
    Hash(Unhashable),
}

/// Why there is nothing.
enum Missing {
    Index(i64, usize),
    Key,
}

/// `GetIndex`, `GetIndexInt`
pub(in crate::vm) fn get(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let container = op.get(at.b);
    let with_number = at.op == Opcode::GetIndexInt;
    let index = if with_number { Value::int(i64::from(at.imm)) } else { op.get(at.c) };
    match read(op, container, index)? {
        Read::Value(value) => op.set(at.a, value),
        Read::Call(method) => return op.call_operator(method, &[container, index]),
        Read::Hash(problem) => return op.by_hash(problem, "key_read", &[container, index]),
        Read::Missing(missing) => return Err(missing_error(op, container, index, missing)),
    }
    Ok(Flow::Next)
}

/// `GetIndexOrNull`
pub(in crate::vm) fn get_or_null(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (container, index) = (op.get(at.b), op.get(at.c));
    if container.is_null() {
        op.set(at.a, Value::null());
        return Ok(Flow::Next);
    }
    match read(op, container, index)? {
        Read::Value(value) => op.set(at.a, value),
        Read::Call(method) => return op.call_operator(method, &[container, index]),
        Read::Hash(problem) => return op.by_hash(problem, "key_read_or_null", &[container, index]),
        Read::Missing(_) => op.set(at.a, Value::null()),
    }
    Ok(Flow::Next)
}

/// Takes what an operator method gave for `GetIndexOrNull`.
pub(super) fn deliver_or_null(op: &mut Op<'_>, result: Value) -> Step {
    op.set(op.instruction().a, result);
    Ok(Flow::Next)
}

/// `SetIndex`, `SetIndexInt`
pub(in crate::vm) fn set(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let container = op.get(at.a);
    let (index, value) = match at.op {
        Opcode::SetIndexInt => (Value::int(i64::from(at.imm)), op.get(at.b)),
        _ => (op.get(at.b), op.get(at.c)),
    };
    quicken(op, container);
    match container.kind() {
        Kind::Map => return op.map_write(container, index, value),
        Kind::List => set_item(op, container, index, value)?,
        Kind::Buffer => set_byte(op, container, index, value)?,
        _ => {
            if let Some(method) = op.method_of(container, "[]=") {
                return op.call_operator(method, &[container, index, value]);
            }
            let name = op.vm.type_name(container);
            let hint = if matches!(container.kind(), Kind::Str | Kind::Bytes | Kind::Range) {
                ", it never changes"
            } else {
                ""
            };
            let text = if container.is_null() {
                let origin = op.origin(at.a).map(|origin| format!("{origin} is null, which"));
                format!("{} has no elements to set", origin.as_deref().unwrap_or("null"))
            } else {
                format!("the elements of a {name} cannot be set{hint}")
            };
            return Err(op.vm.error(ErrorKind::TypeError, text));
        }
    }
    Ok(Flow::Next)
}

/// Writes over a `SetIndex` what its container asks for: a map with its values in an array, or another.
fn quicken(op: &mut Op<'_>, container: Value) {
    let at = op.instruction();
    let is_dense = op.vm.heap.map_ref(container).is_some_and(|map| map.is_dense());
    let wanted = if is_dense { Opcode::SetEntry } else { Opcode::SetIndex };
    if at.op != wanted && matches!(at.op, Opcode::SetIndex | Opcode::SetEntry) {
        op.patch(Instruction::new(wanted, at.a, at.b, at.c, at.imm));
    }
}

fn set_item(op: &mut Op<'_>, list: Value, index: Value, value: Value) -> Result<(), Thrown> {
    let length = op.vm.heap.list_ref(list).map_or(0, |list| list.items.len());
    let place = place(op, list, index, length)?;
    let Some(place) = place else {
        let missing = Missing::Index(index.bits() as i64, length);
        return Err(missing_error(op, list, index, missing));
    };
    if op.vm.heap.list_ref(list).is_some_and(|list| list.frozen) {
        return Err(op.frozen());
    }
    if let Some(list) = op.vm.heap.list_for(list, &[value]) {
        list.items[place] = value;
    }
    Ok(())
}

fn set_byte(op: &mut Op<'_>, buffer: Value, index: Value, value: Value) -> Result<(), Thrown> {
    let length = op.vm.heap.buffer_ref(buffer).map_or(0, Vec::len);
    let Some(place) = place(op, buffer, index, length)? else {
        let missing = Missing::Index(index.bits() as i64, length);
        return Err(missing_error(op, buffer, index, missing));
    };
    let Some(byte) = value.as_int().and_then(|number| u8::try_from(number).ok()) else {
        let kind = if value.is_int() { ErrorKind::ValueError } else { ErrorKind::TypeError };
        let text = format!("{} is no byte: an int from 0 to 255", op.vm.show(value));
        return Err(op.vm.error(kind, text));
    };
    if let Some(bytes) = op.vm.heap.buffer_mut(buffer) {
        bytes[place] = byte;
    }
    Ok(())
}

fn read(op: &mut Op<'_>, container: Value, index: Value) -> Result<Read, Thrown> {
    match container.kind() {
        Kind::Map => match op.vm.heap.map_get(container, index) {
            Ok(Some(value)) => Ok(Read::Value(value)),
            Ok(None) => Ok(Read::Missing(Missing::Key)),
            Err(problem) => Ok(Read::Hash(problem)),
        },
        Kind::List | Kind::Str | Kind::Bytes | Kind::Buffer | Kind::Range => {
            if let Some(range) = op.vm.heap.range_ref(index).copied() {
                return slice(op, container, range).map(Read::Value);
            }
            element(op, container, index)
        }
        Kind::Object => match op.vm.builtin_member(container, "at") {
            // What has a method `at` can be indexed.
            Found::Native(id) => Ok(Read::Call(op.vm.native_value(id))),
            _ => Err(not_indexable(op, container)),
        },
        _ => match op.method_of(container, "[]") {
            Some(method) => Ok(Read::Call(method)),
            None => Err(not_indexable(op, container)),
        },
    }
}

fn element(op: &mut Op<'_>, container: Value, index: Value) -> Result<Read, Thrown> {
    let length = length(op, container);
    let Some(place) = place(op, container, index, length)? else {
        return Ok(Read::Missing(Missing::Index(index.bits() as i64, length)));
    };
    let heap = &mut op.vm.heap;
    let value = match container.kind() {
        Kind::List => heap.list_ref(container).map(|list| list.items[place]),
        Kind::Bytes => heap.bytes_ref(container).map(|bytes| Value::int(i64::from(bytes[place]))),
        Kind::Buffer => heap.buffer_ref(container).map(|bytes| Value::int(i64::from(bytes[place]))),
        Kind::Range => {
            heap.range_ref(container).and_then(|range| range.get(place as u64)).map(Value::int)
        }
        _ => {
            let character = heap.char_at(container, place);
            character.map(|character| heap.character_string(character))
        }
    };
    Ok(Read::Value(value.unwrap_or_default()))
}

/// How many elements a sequence has.
fn length(op: &Op<'_>, container: Value) -> usize {
    let heap = &op.vm.heap;
    match container.kind() {
        Kind::List => heap.list_ref(container).map_or(0, |list| list.items.len()),
        Kind::Bytes => heap.bytes_ref(container).map_or(0, <[u8]>::len),
        Kind::Buffer => heap.buffer_ref(container).map_or(0, Vec::len),
        Kind::Str => heap.string_ref(container).map_or(0, |string| string.char_count()),
        Kind::Range => {
            let length = heap.range_ref(container).and_then(|range| range.len());
            length.map_or(usize::MAX >> 1, |length| length.min(u64::MAX >> 1) as usize)
        }
        _ => 0,
    }
}

/// The place that an index means; `None` if it lies outside.
fn place(
    op: &mut Op<'_>,
    container: Value,
    index: Value,
    length: usize,
) -> Result<Option<usize>, Thrown> {
    let Some(number) = index.as_int() else {
        let (name, given) = (op.vm.type_name(container), op.vm.type_name(index));
        let article = if container.kind() == Kind::Bytes { "" } else { "a " };
        let text = format!("the index of {article}{name} has to be an int, not {given}");
        return Err(op.vm.error(ErrorKind::TypeError, text));
    };
    let place = if number < 0 { number + length as i64 } else { number };
    Ok(usize::try_from(place).ok().filter(|place| *place < length))
}

/// A part of a sequence; bounds beyond its ends are moved to them.
fn slice(op: &mut Op<'_>, container: Value, range: Range) -> Result<Value, Thrown> {
    let Some(places) = range.places(length(op, container)) else {
        let text = "a slice cannot have a step: take the slice first".to_owned();
        return Err(op.vm.error(ErrorKind::ValueError, text));
    };
    let (start, end) = (places.start, places.end);
    let heap = &mut op.vm.heap;
    Ok(match container.kind() {
        Kind::List => {
            let items = heap.list_ref(container).map(|list| list.items[start..end].to_vec());
            heap.list(items.unwrap_or_default())
        }
        Kind::Bytes => {
            let bytes = heap.bytes_ref(container).map(|bytes| bytes[start..end].to_vec());
            heap.bytes(&bytes.unwrap_or_default())
        }
        Kind::Buffer => {
            let bytes = heap.buffer_ref(container).map(|bytes| bytes[start..end].to_vec());
            heap.bytes(&bytes.unwrap_or_default())
        }
        Kind::Str => {
            let start = heap.byte_offset(container, start).unwrap_or(0);
            let end = heap.byte_offset(container, end).unwrap_or(start);
            let text = heap.str(container).map_or_else(String::new, |text| text[start..end].into());
            heap.string_owned(text)
        }
        _ => {
            let whole = heap.range_ref(container).copied();
            let at = |place: usize| whole.and_then(|whole| whole.get(place as u64));
            let step = whole.map_or(1, |whole| whole.step);
            let part = match (at(start), end.checked_sub(1).filter(|last| *last >= start)) {
                (Some(first), Some(last)) => {
                    Range { start: Some(first), end: at(last), inclusive: true, step }
                }
                _ => Range { start: Some(0), end: Some(0), inclusive: false, step },
            };
            heap.range(part)
        }
    })
}

/// What `m[key] += 1` lacks where there is no such key.
pub(super) const BEGIN_WITH_DEFAULT: &str =
    "; to begin with a default write `m[key] = m.get(key, 0) + 1`";

#[cold]
fn missing_error(op: &mut Op<'_>, container: Value, index: Value, missing: Missing) -> Thrown {
    match missing {
        Missing::Index(number, length) => {
            op.vm.error(ErrorKind::IndexError, past_end(number, length))
        }
        Missing::Key => {
            let mut text = format!("the map has no key {}", op.vm.show(index));
            let name = op.vm.heap.str(index).map(str::to_owned);
            if let Some(near) = name.and_then(|name| op.near_key(container, &name)) {
                text.push_str(&format!("; did you mean \"{near}\"?"));
            } else if op.is_update() {
                text.push_str(BEGIN_WITH_DEFAULT);
            }
            op.vm.error(ErrorKind::KeyError, text)
        }
    }
}

#[cold]
fn not_indexable(op: &mut Op<'_>, container: Value) -> Thrown {
    let name = op.vm.type_name(container);
    let text = if container.is_null() {
        match op.origin(op.instruction().b) {
            Some(origin) => format!("{origin} is null, which has no elements"),
            None => "null has no elements".to_owned(),
        }
    } else {
        format!("a value of type {name} has no elements to index")
    };
    op.vm.error(ErrorKind::TypeError, text)
}

impl Op<'_> {
    /// The error of a change to a list that is a key.
    #[cold]
    pub(in crate::vm) fn frozen(&mut self) -> Thrown {
        let text = "this list is a key, so it cannot be changed: `copy()` gives one that can";
        self.vm.error(ErrorKind::TypeError, text)
    }
}
