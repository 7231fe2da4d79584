//! Literals of lists, maps and ranges, piece by piece.

use super::{Flow, Op, Step};
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::map::Map;
use crate::vm::object::Range;
use crate::vm::value::{Kind, Value};

/// `NewList`
pub(in crate::vm) fn new_list(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let items = op.window(usize::from(at.b), usize::from(at.c)).to_vec();
    let list = op.vm.heap.list(items);
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
    let source = op.get(at.b);
    let items = op.elements(source)?;
    append(op, op.get(at.a), &items)?;
    Ok(Flow::Next)
}

fn append(op: &mut Op<'_>, list: Value, items: &[Value]) -> Result<(), Thrown> {
    op.vm.reserve(size_of_val(items))?;
    if let Some(list) = op.vm.heap.list_mut(list) {
        list.items.extend_from_slice(items);
    }
    Ok(())
}

/// `NewMap`
pub(in crate::vm) fn new_map(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let map = op.vm.heap.map(Map::with_capacity(at.imm.max(0) as usize));
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
    for (key, value) in entries {
        op.map_insert(map, key, value)?;
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
        let heap = &mut self.vm.heap;
        match source.kind() {
            Kind::List => {
                Ok(heap.list_ref(source).map_or_else(Vec::new, |list| list.items.clone()))
            }
            Kind::Set => Ok(heap.set_ref(source).map_or_else(Vec::new, |set| set.keys().collect())),
            Kind::Map => {
                let entries = heap.map_ref(source).map(|map| map.iter().collect::<Vec<_>>());
                let pairs = entries.unwrap_or_default().into_iter();
                Ok(pairs.map(|(key, value)| heap.list(vec![key, value])).collect())
            }
            Kind::Str => {
                let text = heap.str(source).unwrap_or_default().to_owned();
                Ok(text.chars().map(|character| heap.character_string(character)).collect())
            }
            Kind::Bytes | Kind::Buffer => {
                let bytes = heap.bytes_ref(source);
                let bytes = bytes.or_else(|| heap.buffer_ref(source).map(Vec::as_slice));
                let bytes = bytes.unwrap_or_default().iter();
                Ok(bytes.map(|byte| Value::int(i64::from(*byte))).collect())
            }
            Kind::Range => {
                let range = *heap.range_ref(source).expect("the kind was looked at");
                let Some(length) = range.len() else {
                    let text = "an endless range has no last element";
                    return Err(self.vm.error(ErrorKind::ValueError, text));
                };
                let bytes = usize::try_from(length).unwrap_or(usize::MAX).saturating_mul(16);
                self.vm.reserve(bytes.min(isize::MAX as usize))?;
                Ok((0..length).filter_map(|index| range.get(index)).map(Value::int).collect())
            }
            _ => {
                let name = self.vm.type_name(source);
                let text = format!("`...` needs a list or another iterable, not {name}");
                Err(self.vm.error(ErrorKind::TypeError, text))
            }
        }
    }
}
