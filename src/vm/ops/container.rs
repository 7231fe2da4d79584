//! Literals of lists, maps and ranges, piece by piece.

use super::lookup::Found;
use super::{Flow, Op, Step};
use crate::vm::Elements;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::exit::Exit;
use crate::vm::object::Range;
use crate::vm::value::{Kind, Value};

/// `NewList`
pub(in crate::vm) fn new_list(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let list = op.new_list(usize::from(at.b), usize::from(at.c));
    op.set(at.a, list);
    Ok(Flow::Next)
}

/// `ListPush`
pub(in crate::vm) fn list_push(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let items = op.window(usize::from(at.b), usize::from(at.c)).to_vec();
    append(op, op.get(at.a), &items)?;
    Ok(Flow::Next)
}

/// `ListExtend`
pub(in crate::vm) fn list_extend(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (list, source) = (op.get(at.a), op.get(at.b));
    if at.c == 1 && source.kind() == Kind::Map {
        let text =
            "a map cannot be spread into arguments: named arguments are written `name: value`";
        return Err(op.vm.error(ErrorKind::TypeError, text));
    }
    match source.kind() {
        Kind::List
        | Kind::Map
        | Kind::Set
        | Kind::Str
        | Kind::Bytes
        | Kind::Buffer
        | Kind::Range => {
            let items = op.elements(source)?;
            append(op, list, &items)?;
            Ok(Flow::Next)
        }
        _ => extend_by_iterator(op, list, source),
    }
}

/// Appends what an object gives whose class has `iter` or `next`.
fn extend_by_iterator(op: &mut Op<'_>, list: Value, source: Value) -> Step {
    let mut iterates = false;
    for name in ["iter", "next"] {
        let name = op.vm.heap.intern(name);
        iterates |= matches!(op.find(source, name)?, Found::Method(_) | Found::Native(_));
    }
    if !iterates {
        let name = op.vm.type_name(source);
        let text = format!("`...` needs a list or another iterable, not {name}");
        return Err(op.vm.error(ErrorKind::TypeError, text));
    }
    match op.vm.core_function("list_extend")? {
        Some(function) => op.call_operator(function, &[list, source]),
        None => op.leave(Exit::NeedCore),
    }
}

fn append(op: &mut Op<'_>, list: Value, items: &[Value]) -> Result<(), Thrown> {
    op.vm.reserve(size_of_val(items))?;
    op.vm.heap.list_extend(list, items);
    Ok(())
}

/// `NewMap`
pub(in crate::vm) fn new_map(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let map = op.vm.heap.map_with_room(at.imm.max(0) as usize);
    op.set(at.a, map);
    Ok(Flow::Next)
}

/// `MapPut`
pub(in crate::vm) fn map_put(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    op.map_write(op.get(at.a), op.get(at.b), op.get(at.c))
}

/// `MapExtend`
pub(in crate::vm) fn map_extend(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (map, source) = (op.get(at.a), op.get(at.b));
    let Some(entries) = op.vm.heap.map_ref(source).map(|map| map.iter().collect::<Vec<_>>()) else {
        let name = op.vm.type_name(source);
        let text = format!("`...` in a map needs a map, not {name}");
        return Err(op.vm.error(ErrorKind::TypeError, text));
    };
    for (index, (key, value)) in entries.iter().enumerate() {
        if let Err(problem) = op.vm.heap.map_insert(map, *key, *value) {
            let rest = entries[index..].iter();
            let rest: Vec<Value> =
                rest.map(|(key, value)| op.vm.heap.list(vec![*key, *value])).collect();
            let rest = op.vm.heap.list(rest);
            return op.by_hash(problem, "map_extend", &[map, rest, map]);
        }
    }
    Ok(Flow::Next)
}

/// `NewRange`
pub(in crate::vm) fn new_range(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let start = if at.imm & 2 == 0 { Some(bound(op, op.get(at.b))?) } else { None };
    let end = if at.imm & 4 == 0 { Some(bound(op, op.get(at.c))?) } else { None };
    let range = Range { start, end, inclusive: at.imm & 1 != 0, step: 1 };
    let range = op.vm.heap.range(range);
    op.set(at.a, range);
    Ok(Flow::Next)
}

fn bound(op: &mut Op<'_>, value: Value) -> Result<i64, Thrown> {
    value.as_int().ok_or_else(|| op.no_bound(value))
}

impl Op<'_> {
    /// The error of a range whose bound is no int.
    #[cold]
    pub(in crate::vm) fn no_bound(&mut self, value: Value) -> Thrown {
        let name = self.vm.type_name(value);
        let hint = if value.is_float() { ": round it first" } else { "" };
        let text = format!("the bounds of a range have to be ints, not {name}{hint}");
        self.vm.error(ErrorKind::TypeError, text)
    }

    /// The elements of a built-in iterable, at once.
    pub(in crate::vm) fn elements(&mut self, source: Value) -> Result<Vec<Value>, Thrown> {
        match self.vm.elements(source)? {
            Elements::Known(items) => Ok(items),
            Elements::AskScript | Elements::None => {
                let name = self.vm.type_name(source);
                let text = format!("`...` needs a list or another iterable, not {name}");
                Err(self.vm.error(ErrorKind::TypeError, text))
            }
        }
    }
}
