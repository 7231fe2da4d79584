//! Enums: how they are made, how their values are made and taken apart.

use std::sync::Arc;

use super::class::{self, MadeOf};
use super::{Flow, Op, Step};
use crate::bytecode::op::NO_REGISTER;
use crate::bytecode::program::MemberKind;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::object::{Enum, Member, VariantInfo};
use crate::vm::value::{Kind, Value};

/// `Enum`
pub(in crate::vm) fn enumeration(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let source = MadeOf::instruction(op);
    let code = source.code();
    let value = op.vm.heap.enumeration(Enum {
        name: code.name.clone(),
        module: source.module_name(),
        number: source.number,
        ..Enum::default()
    });
    let mut made = Enum::default();
    for (variant, number) in code.variants.iter().zip(0..) {
        let constructor = variant.constructor.map(|function| source.function(function));
        let variant_value = match constructor {
            Some(function) => {
                let closure = op.make_closure(function, at.c);
                op.vm.heap.bound(value, closure)
            }
            None => op.vm.heap.variant(value, number, &[]),
        };
        let member = Member { kind: MemberKind::StaticValue, value: variant_value };
        made.statics.insert(variant.name.clone(), member);
        made.variants.push(VariantInfo {
            name: variant.name.clone(),
            fields: variant.fields.clone(),
            has_rest: variant.has_rest,
            value: variant_value,
        });
    }
    class::add_members(op, &source, &mut made.methods, &mut made.statics);
    if let Some(body) = op.vm.heap.enum_mut(value) {
        (body.variants, body.methods, body.statics) = (made.variants, made.methods, made.statics);
    }
    op.set(at.a, value);
    Ok(Flow::Next)
}

/// `NewVariant`
pub(in crate::vm) fn new_variant(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let enumeration = op.get(at.a);
    let payload = op.window(usize::from(at.b), usize::from(at.c)).to_vec();
    let value = op.vm.heap.variant(enumeration, at.imm as u32, &payload);
    op.set(at.a, value);
    Ok(Flow::Next)
}

/// `JumpNotCase`
pub(in crate::vm) fn jump_not_case(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (value, enumeration) = (op.get(at.a), op.get(at.b));
    let variant = op.vm.heap.variant_ref(value);
    let fits = variant.is_some_and(|variant| {
        variant.index() == u32::from(at.c) && variant.enum_value().same(enumeration)
    });
    op.jump_if(!fits)
}

/// `JumpNotVariant`
pub(in crate::vm) fn jump_not_variant(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (value, maker) = (op.get(at.a), op.get(at.b));
    let exact = (at.c != NO_REGISTER).then_some(usize::from(at.c));
    let fits = match maker.kind() {
        Kind::Class => {
            if let Some(count) = exact {
                check_class(op, maker, count)?;
            }
            let instance = op.vm.heap.instance_ref(value);
            instance.is_some_and(|instance| op.vm.extends(instance.class_value(), maker))
        }
        _ => {
            let Some((enumeration, number)) = op.vm.variant_made_by(maker) else {
                return Err(no_maker(op, maker));
            };
            if let Some(count) = exact {
                check_count(op, enumeration, number, count)?;
            }
            let variant = op.vm.heap.variant_ref(value);
            variant.is_some_and(|variant| {
                variant.index() == number && variant.enum_value().same(enumeration)
            })
        }
    };
    op.jump_if(!fits)
}

/// `Payload`
pub(in crate::vm) fn payload(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let value = op.get(at.b);
    let Some(part) = parts(op, value).get(usize::from(at.c)).copied() else {
        let shown = op.vm.show(value);
        let text = format!("{shown} has no part {} that the pattern could take", at.c);
        return Err(op.vm.error(ErrorKind::TypeError, text));
    };
    op.set(at.a, part);
    Ok(Flow::Next)
}

/// `PayloadRest`
pub(in crate::vm) fn payload_rest(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let mut rest = parts(op, op.get(at.b));
    let rest = rest.split_off(usize::from(at.c).min(rest.len()));
    let rest = op.vm.heap.list(rest);
    op.set(at.a, rest);
    Ok(Flow::Next)
}

/// What a value was made of: its payload, or its public fields in order.
fn parts(op: &Op<'_>, value: Value) -> Vec<Value> {
    if let Some(variant) = op.vm.heap.variant_ref(value) {
        return variant.payload().to_vec();
    }
    let Some(instance) = op.vm.heap.instance_ref(value) else { return Vec::new() };
    let fields = instance.class().fields.iter().zip(instance.slots());
    fields.filter(|(name, _)| !name.starts_with('_')).map(|(_, value)| *value).collect()
}

/// By position a pattern takes the fields of a class apart that its call puts together.
fn check_class(op: &mut Op<'_>, class: Value, count: usize) -> Result<(), Thrown> {
    let found = op.vm.heap.class_ref(class).expect("callers pass a class");
    let public: Vec<Arc<str>> =
        found.fields.iter().filter(|name| !name.starts_with('_')).cloned().collect();
    let name = found.name.clone();
    if found.method("init").is_some() {
        let text = format!(
            "{name} is made by its `init`, so its fields have no positions: a pattern names them, \
             `{name}(field: …)`"
        );
        return Err(op.vm.error(ErrorKind::TypeError, text));
    }
    if public.len() == count {
        return Ok(());
    }
    Err(wrong_count(op, &format!("{name}({})", public.join(", ")), public.len(), count))
}

fn check_count(op: &mut Op<'_>, of: Value, number: u32, count: usize) -> Result<(), Thrown> {
    let Some(enumeration) = op.vm.heap.enum_ref(of) else { return Ok(()) };
    let Some(info) = enumeration.variants.get(number as usize) else { return Ok(()) };
    let fields = info.fields.len();
    if fields == count {
        return Ok(());
    }
    let form = format!("{}.{}({})", enumeration.name, info.name, info.fields.join(", "));
    Err(wrong_count(op, &form, fields, count))
}

#[cold]
fn wrong_count(op: &mut Op<'_>, form: &str, fields: usize, count: usize) -> Thrown {
    let plural = if fields == 1 { "" } else { "s" };
    let text = format!("{form} has {fields} field{plural}, the pattern takes {count} of them");
    op.vm.error(ErrorKind::TypeError, text)
}

#[cold]
fn no_maker(op: &mut Op<'_>, maker: Value) -> Thrown {
    let shown = op.vm.show(maker);
    let text = match maker.kind() {
        Kind::Variant => format!("{shown} has no payload: the pattern is written `{shown}`"),
        Kind::Type => format!("{shown} has no parts: to test for the type write `is {shown}`"),
        _ => format!("{shown} in a pattern is neither a variant with a payload nor a class"),
    };
    op.vm.error(ErrorKind::TypeError, text)
}

impl crate::vm::Vm {
    /// The enum and the number of the variant whose values a function makes.
    pub(in crate::vm) fn variant_made_by(&self, maker: Value) -> Option<(Value, u32)> {
        let enumeration = self.heap.bound_ref(maker)?.receiver;
        let variants = &self.heap.enum_ref(enumeration)?.variants;
        let number = variants.iter().position(|variant| variant.value.same(maker))?;
        Some((enumeration, number as u32))
    }
}

impl Op<'_> {
    /// Makes a value of the variant `name` at once if the `count` arguments behind the receiver are
    /// exactly its payload.
    pub(in crate::vm) fn make_variant(
        &mut self,
        enumeration: Value,
        name: Value,
        slot: usize,
        count: usize,
    ) -> Option<Value> {
        let found = self.vm.heap.enum_ref(enumeration)?;
        let name = self.vm.heap.str(name)?;
        let number = found.variants.iter().position(|variant| *variant.name == *name)?;
        let info = &found.variants[number];
        if info.fields.is_empty() || info.fields.len() != count || info.has_rest {
            return None;
        }
        let payload = self.window(slot, count).to_vec();
        Some(self.vm.heap.variant(enumeration, number as u32, &payload))
    }
}
