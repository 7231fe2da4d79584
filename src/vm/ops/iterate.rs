//! `for` loops: over lists, maps, sets, ranges, strings and bytes without an iterator object, over
//! everything else by `iter` and `next`.
//!
//! ```text
//!   R[a]     what is iterated over; its kind says what the next register means
//!   R[a+1]   list, bytes: the next index · map, set: a cursor · str: a byte offset
//!            range: how many numbers have been taken · iterators: not used
//! ```
//! A collection that changes meanwhile is no error.

use super::lookup::Found;
use super::{Flow, Op, Step};
use crate::bytecode::op::Opcode;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::value::{Kind, Value};

/// `Iter`
pub(in crate::vm) fn iter(op: &mut Op<'_>) -> Step {
    let source = op.get(op.instruction().b);
    if begin(op, source)? {
        return Ok(Flow::Next);
    }
    let name = op.vm.heap.intern("iter");
    match op.find(source, name)? {
        Found::Method(method) => op.call_operator(method, &[source]),
        Found::Native(id) => {
            let native = op.vm.native_value(id);
            op.call_operator(native, &[source])
        }
        _ => begin_iterator(op, source),
    }
}

/// Takes what a method `iter` gave.
pub(super) fn deliver_iter(op: &mut Op<'_>, result: Value) -> Step {
    if begin(op, result)? { Ok(Flow::Next) } else { begin_iterator(op, result) }
}

/// Begins with a built-in collection or a generator.
fn begin(op: &mut Op<'_>, source: Value) -> Result<bool, Thrown> {
    if op.vm.heap.generator_ref(source).is_some_and(|generator| generator.is_async) {
        return Err(super::generator::needs_for_await(op, source));
    }
    let built_in = matches!(
        source.kind(),
        Kind::List
            | Kind::Map
            | Kind::Set
            | Kind::Range
            | Kind::Str
            | Kind::Bytes
            | Kind::Buffer
            | Kind::Generator
    );
    if built_in {
        let at = op.instruction();
        op.set(at.a, source);
        op.set(at.a + 1, Value::int(0));
        op.set(at.a + 2, Value::null());
    }
    Ok(built_in)
}

/// Begins with something that has a method `next`.
fn begin_iterator(op: &mut Op<'_>, source: Value) -> Step {
    let at = op.instruction();
    let name = op.vm.heap.intern("next");
    match op.find(source, name)? {
        Found::Method(_) | Found::Native(_) => {}
        _ => {
            let shown = op.vm.type_name(source);
            let hint = match source.kind() {
                Kind::Int => ": a range is written `0..n`".to_owned(),
                Kind::Enum => format!(": its variants are in `{}.values()`", op.vm.show(source)),
                _ => String::new(),
            };
            let text = match op.origin(at.b).filter(|_| source.is_null()) {
                Some(origin) => format!("{origin} is null, which cannot be iterated over"),
                None => format!("a value of type {shown} cannot be iterated over{hint}"),
            };
            return Err(op.vm.error(ErrorKind::TypeError, text));
        }
    }
    op.set(at.a, source);
    op.set(at.a + 1, Value::null());
    op.set(at.a + 2, Value::null());
    Ok(Flow::Next)
}

/// What an iteration gives.
enum Element {
    One(Value),
    Pair(Value, Value),
    End,
    /// A method has to be asked.
    Ask,
}

/// `Next`
pub(in crate::vm) fn next(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let element = match advance(op) {
        Element::One(value) => value,
        Element::Pair(key, value) => op.vm.heap.list(vec![key, value]),
        Element::End => return Ok(Flow::Next),
        Element::Ask => return ask(op),
    };
    op.set(at.b, element);
    op.jump(at.imm)
}

/// `NextPair`
pub(in crate::vm) fn next_pair(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    match advance(op) {
        Element::One(value) => take_apart(op, value),
        Element::Pair(key, value) => {
            op.set(at.b, key);
            op.set(at.b + 1, value);
            op.jump(at.imm)
        }
        Element::End => Ok(Flow::Next),
        Element::Ask => ask(op),
    }
}

/// Takes what a method `next` gave.
pub(super) fn deliver_next(op: &mut Op<'_>, result: Value) -> Step {
    let at = op.instruction();
    if result.is_end() {
        return Ok(Flow::Next);
    }
    if at.op == Opcode::NextPair {
        return take_apart(op, result);
    }
    op.set(at.b, result);
    op.jump(at.imm)
}

/// The two elements of a list.
fn take_apart(op: &mut Op<'_>, element: Value) -> Step {
    let at = op.instruction();
    let items = op.vm.heap.list_ref(element).map(|list| &list.items[..]);
    if let Some(&[first, second]) = items {
        op.set(at.b, first);
        op.set(at.b + 1, second);
        return op.jump(at.imm);
    }
    let mut text = format!("{} is no list of two elements", op.vm.show(element));
    let counted = matches!(op.get(at.a).kind(), Kind::List | Kind::Set | Kind::Range);
    if counted && element.kind() != Kind::List {
        text.push_str("; `.enumerate()` gives each element with its index");
    }
    Err(op.vm.error_with(ErrorKind::MatchError, text, &[("data", element)]))
}

fn advance(op: &mut Op<'_>) -> Element {
    let at = op.instruction();
    let (source, state) = (op.get(at.a), op.get(at.a + 1));
    let heap = &mut op.vm.heap;
    let place = state.bits() as usize;
    let (element, next) = match source.kind() {
        Kind::List => {
            let item = heap.list_ref(source).and_then(|list| list.items.get(place)).copied();
            (item.map(Element::One), place + 1)
        }
        Kind::Map => match heap.map_ref(source).and_then(|map| map.next(place as u64)) {
            Some((cursor, key, value)) => (Some(Element::Pair(key, value)), cursor as usize),
            None => (None, 0),
        },
        Kind::Set => match heap.set_ref(source).and_then(|set| set.next(place as u64)) {
            Some((cursor, member, _)) => (Some(Element::One(member)), cursor as usize),
            None => (None, 0),
        },
        Kind::Range => {
            let number = heap.range_ref(source).and_then(|range| range.get(place as u64));
            (number.map(|number| Element::One(Value::int(number))), place + 1)
        }
        Kind::Str => {
            let character = heap.str(source).and_then(|text| text[place..].chars().next());
            let length = character.map_or(0, char::len_utf8);
            let character = character.map(|character| heap.character_string(character));
            (character.map(Element::One), place + length)
        }
        Kind::Bytes | Kind::Buffer => {
            let bytes = heap.bytes_ref(source);
            let bytes = bytes.or_else(|| heap.buffer_ref(source).map(Vec::as_slice));
            let byte = bytes.and_then(|bytes| bytes.get(place)).map(|byte| i64::from(*byte));
            (byte.map(|byte| Element::One(Value::int(byte))), place + 1)
        }
        _ => return Element::Ask,
    };
    match element {
        Some(element) => {
            op.set(at.a + 1, Value::int(next as i64));
            element
        }
        None => Element::End,
    }
}

/// Asks the method `next` of the iterator, with the end mark where it takes a default.
fn ask(op: &mut Op<'_>) -> Step {
    let iterator = op.get(op.instruction().a);
    if iterator.is(Kind::Generator) {
        return super::generator::next(op);
    }
    let name = op.vm.heap.intern("next");
    match op.find(iterator, name)? {
        Found::Method(method) => {
            let function = op.vm.heap.closure_ref(method).map(|closure| closure.function());
            let code = function.map(|function| op.vm.infos[function as usize].code());
            let params = code.map_or(0, |code| code.params.len() + usize::from(code.has_self));
            let args = [iterator, Value::end()];
            op.call_operator(method, &args[..params.clamp(1, 2)])
        }
        Found::Native(id) => {
            let native = op.vm.native_value(id);
            op.call_operator(native, &[iterator, Value::end()])
        }
        _ => Err(op.missing_method(iterator, name)),
    }
}

/// `RangePrep`
pub(in crate::vm) fn range_prep(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (start, end) = (op.get(at.a), op.get(at.a + 1));
    let Some(first) = start.as_int() else { return Err(op.no_bound(start)) };
    let count = if end.is_null() {
        i128::from(i64::MAX) - i128::from(first) + 1
    } else {
        let Some(last) = end.as_int() else { return Err(op.no_bound(end)) };
        i128::from(last) - i128::from(first) + i128::from(at.b)
    };
    if count <= 0 {
        return op.jump(at.imm);
    }
    // The count is kept as an unsigned number, so it always fits.
    op.set(at.a + 1, Value::int((count - 1) as u64 as i64));
    op.set(at.a + 2, start);
    Ok(Flow::Next)
}
