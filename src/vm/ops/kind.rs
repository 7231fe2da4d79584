//! `is`: whether a value is of a type.

use super::{Flow, Op, Step};
use crate::vm::error::ErrorKind;
use crate::vm::object::TypeKind;
use crate::vm::value::{Kind, Value};

/// `Is`
pub(in crate::vm) fn is(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (value, of) = (op.get(at.b), op.get(at.c));
    let heap = &op.vm.heap;
    let answer = match of.kind() {
        Kind::Type => match heap.type_ref(of) {
            Some(TypeKind::Host(name)) => {
                heap.host_ref(value).is_some_and(|object| object.type_name() == name)
            }
            kind => TypeKind::of(value.kind()).is_some() && TypeKind::of(value.kind()) == kind,
        },
        Kind::Class => {
            let instance = heap.instance_ref(value);
            instance.is_some_and(|instance| op.vm.extends(instance.class_value(), of))
        }
        Kind::Enum => {
            let variant = heap.variant_ref(value);
            variant.is_some_and(|variant| variant.enum_value().same(of))
        }
        Kind::Variant => {
            let pair = heap.variant_ref(value).zip(heap.variant_ref(of));
            pair.is_some_and(|(variant, of)| {
                variant.enum_value().same(of.enum_value()) && variant.index() == of.index()
            })
        }
        Kind::Bound if let Some((of, number)) = op.vm.variant_made_by(of) => {
            let variant = heap.variant_ref(value);
            variant
                .is_some_and(|variant| variant.enum_value().same(of) && variant.index() == number)
        }
        _ => {
            let text = format!("`is` needs a type on its right, not {}", op.vm.show(of));
            return Err(op.vm.error(ErrorKind::TypeError, text));
        }
    };
    op.set(at.a, Value::bool(answer));
    Ok(Flow::Next)
}

/// `IsNamed`
pub(in crate::vm) fn is_named(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let value = op.get(at.b);
    let answer = match op.name_text().as_str() {
        "null" => value.is_null(),
        _ => matches!(value.kind(), Kind::Closure | Kind::Native | Kind::Bound),
    };
    op.set(at.a, Value::bool(answer));
    Ok(Flow::Next)
}
