//! Patterns: taking lists, maps and objects apart.

use super::{Flow, Op, Step};
use crate::vm::equal::same_key;
use crate::vm::error::ErrorKind;
use crate::vm::heap::Heap;
use crate::vm::map::Map;
use crate::vm::value::{Kind, Value};

/// `JumpNotList`
pub(in crate::vm) fn jump_not_list(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let length = op.vm.heap.list_ref(op.get(at.a)).map(|list| list.items.len());
    let expected = usize::from(at.b);
    let fits = length.is_some_and(|length| length == expected || (at.c != 0 && length > expected));
    op.jump_if(!fits)
}

/// `JumpNotMap`
pub(in crate::vm) fn jump_not_map(op: &mut Op<'_>) -> Step {
    let value = op.get(op.instruction().a);
    op.jump_if(!matches!(value.kind(), Kind::Map | Kind::Instance | Kind::Variant))
}

/// `TryKey`
pub(in crate::vm) fn try_key(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (value, key) = (op.get(at.b), op.get(at.c));
    let found = match value.kind() {
        Kind::Map => {
            let found = op.vm.heap.map_get(value, key);
            found.map_err(|problem| op.vm.unhashable(problem))?
        }
        _ => {
            let heap = &op.vm.heap;
            heap.str(key).filter(|name| !name.starts_with('_')).and_then(|name| {
                match heap.variant_ref(value) {
                    Some(variant) => variant.field(name),
                    None => heap.instance_ref(value)?.field(name),
                }
            })
        }
    };
    op.set(at.a, found.unwrap_or(Value::unset()));
    Ok(Flow::Next)
}

/// `ListRest`
pub(in crate::vm) fn list_rest(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let items = op.vm.heap.list_ref(op.get(at.b)).map_or(&[][..], |list| &list.items);
    let end = items.len().saturating_sub(at.imm.max(0) as usize);
    let start = usize::from(at.c).min(end);
    let rest = items[start..end].to_vec();
    let rest = op.vm.heap.list(rest);
    op.set(at.a, rest);
    Ok(Flow::Next)
}

/// `MapRest`
pub(in crate::vm) fn map_rest(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (source, taken) = (op.get(at.b), op.get(at.c));
    let taken = op.vm.heap.list_ref(taken).map_or_else(Vec::new, |list| list.items.to_vec());
    let left = |heap: &Heap, key: Value| !taken.iter().any(|taken| same_key(heap, *taken, key));
    let rest = if source.is_map() {
        op.vm.heap.map_part(source, left)
    } else {
        let rest = op.vm.heap.map(Map::new());
        for (key, value) in public_fields(op, source) {
            if left(&op.vm.heap, key) {
                op.map_insert(rest, key, value)?;
            }
        }
        rest
    };
    op.set(at.a, rest);
    Ok(Flow::Next)
}

fn public_fields(op: &mut Op<'_>, source: Value) -> Vec<(Value, Value)> {
    let (names, values) = match (op.vm.heap.instance_ref(source), op.vm.heap.variant_ref(source)) {
        (Some(instance), _) => (&instance.class().fields[..], instance.slots()),
        (_, Some(variant)) => (variant.info().map_or(&[][..], |i| &i.fields), variant.payload()),
        _ => return Vec::new(),
    };
    let fields = names.iter().zip(values);
    let public = fields.filter(|(name, _)| !name.starts_with('_'));
    let public: Vec<_> = public.map(|(name, value)| (name.clone(), *value)).collect();
    public.into_iter().map(|(name, value)| (op.vm.heap.intern(&name), value)).collect()
}

/// `MatchError`
pub(in crate::vm) fn match_error(op: &mut Op<'_>) -> Step {
    let value = op.get(op.instruction().a);
    let text = format!("nothing here fits {}", op.vm.show(value));
    Err(op.vm.error_with(ErrorKind::MatchError, text, &[("data", value)]))
}
