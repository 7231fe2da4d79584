//! `class` declarations: a class is made of its code, its parent and what its methods capture.

use std::sync::Arc;

use super::{Flow, Op, Step};
use crate::bytecode::op::NO_REGISTER;
use crate::bytecode::program::{ClassCode, FieldDefault, MemberKind, ModuleCode};
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::object::{Class, Member};
use crate::vm::value::{Kind, Value};

/// The compiled class of a `Class` instruction, and where its module's numbers begin.
struct Source {
    module: Arc<ModuleCode>,
    index: usize,
    first_function: u32,
    first_constant: u32,
    number: u32,
}

impl Source {
    fn code(&self) -> &ClassCode {
        &self.module.classes[self.index]
    }
}

/// `Class`
pub(in crate::vm) fn class(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let source = source(op);
    let code = source.code();
    let mut class = extend(op, at.b, code)?;
    class.module = source.module.name.clone();
    add_fields(op, &mut class, &source)?;
    if let Some(initializer) = code.initializer {
        class.initializer = Some(op.make_closure(source.first_function + initializer, at.c));
    }
    for member in &code.members {
        let is_value = member.kind == MemberKind::StaticValue;
        let value = if is_value {
            Value::unset()
        } else {
            op.make_closure(source.first_function + member.function, at.c)
        };
        let table = match member.kind {
            MemberKind::Method | MemberKind::Getter => &mut class.methods,
            MemberKind::Static | MemberKind::StaticValue | MemberKind::StaticGetter => {
                &mut class.statics
            }
        };
        table.insert(member.name.clone(), Member { kind: member.kind, value });
    }
    let has_init = class.methods.contains_key("init");
    for (name, default) in class.fields.iter().zip(&mut class.template) {
        // Only who is made by naming its fields has fields that have to be named.
        if default.is_unset() && (has_init || name.starts_with('_')) {
            *default = Value::null();
        }
    }
    let class = op.vm.heap.class(class);
    if let Some(made) = op.vm.heap.class_ref(class) {
        op.vm.class_of_shape.insert(made.shape, source.number);
    }
    op.set(at.a, class);
    next_static(op)
}

/// Takes the result of a `static name = expr` and goes on with the next one.
pub(super) fn deliver_static(op: &mut Op<'_>, result: Value) -> Step {
    let class = op.get(op.instruction().a);
    if let Some((name, _)) = pending_static(op)
        && let Some(class) = op.vm.heap.class_mut(class)
        && let Some(member) = class.statics.get_mut(&name)
    {
        member.value = result;
    }
    next_static(op)
}

/// Computes the next `static name = expr` that has no value yet.
fn next_static(op: &mut Op<'_>) -> Step {
    let Some((_, function)) = pending_static(op) else { return Ok(Flow::Next) };
    let closure = op.make_closure(function, op.instruction().c);
    let site = op.operator_site();
    op.call_value(closure, site, 0, None, false)
}

fn pending_static(op: &Op<'_>) -> Option<(Arc<str>, u32)> {
    let source = source(op);
    let class = op.vm.heap.class_ref(op.get(op.instruction().a))?;
    let unset = source.code().members.iter().find(|member| {
        let known = class.statics.get(&member.name);
        member.kind == MemberKind::StaticValue && known.is_some_and(|known| known.value.is_unset())
    });
    unset.map(|member| (member.name.clone(), source.first_function + member.function))
}

fn source(op: &Op<'_>) -> Source {
    let info = &op.vm.infos[op.function() as usize];
    let module = info.module_index.expect("the VM's own code declares no classes");
    let loaded = &op.vm.modules[module as usize];
    let index = op.instruction().imm as usize;
    Source {
        module: loaded.code.clone(),
        index,
        first_function: loaded.first_function,
        first_constant: loaded.first_constant,
        number: loaded.first_class + index as u32,
    }
}

/// A class that has all that its parent has.
fn extend(op: &mut Op<'_>, parent: u8, code: &ClassCode) -> Result<Class, Thrown> {
    let name = code.name.clone();
    if parent == NO_REGISTER {
        return Ok(Class { name, ..Class::default() });
    }
    let parent = op.get(parent);
    if !parent.is(Kind::Class) {
        let shown = op.vm.show(parent);
        let text = format!("class {name} cannot extend {shown}, which is no class");
        return Err(op.vm.error(ErrorKind::TypeError, text));
    }
    let base = op.vm.heap.class_ref(parent).expect("the kind was looked at");
    Ok(Class {
        name,
        parent: Some(parent),
        fields: base.fields.clone(),
        field_index: base.field_index.clone(),
        template: base.template.clone(),
        methods: base.methods.clone(),
        statics: base.statics.clone(),
        is_error: base.is_error,
        ..Class::default()
    })
}

/// Adds a class' own fields behind those of its parent. One of the same name takes its place.
fn add_fields(op: &mut Op<'_>, class: &mut Class, source: &Source) -> Result<(), Thrown> {
    for field in &source.code().fields {
        let default = match field.default {
            FieldDefault::Required => Value::unset(),
            FieldDefault::Null | FieldDefault::Computed => Value::null(),
            FieldDefault::Bool(truth) => Value::bool(truth),
            FieldDefault::Int(number) => Value::int(number),
            FieldDefault::Constant(number) => {
                op.vm.constants[(source.first_constant + number) as usize]
            }
        };
        if let Some(slot) = class.field_index.get(&field.name) {
            class.template[usize::from(*slot)] = default;
            continue;
        }
        let Ok(slot) = u16::try_from(class.fields.len()) else {
            let text = format!("class {} has too many fields", class.name);
            return Err(op.vm.error(ErrorKind::TypeError, text));
        };
        class.field_index.insert(field.name.clone(), slot);
        class.fields.push(field.name.clone());
        class.template.push(default);
    }
    Ok(())
}
