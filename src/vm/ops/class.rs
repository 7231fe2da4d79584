//! `class` declarations: a class is made of its code, its parent and what its methods capture.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Flow, Op, Step};
use crate::bytecode::op::NO_REGISTER;
use crate::bytecode::program::{ClassCode, FieldDefault, MemberKind, ModuleCode};
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::object::{Class, Member};
use crate::vm::value::{Kind, Value};

/// The compiled class or enum of an instruction, and where its module's numbers begin.
pub(super) struct MadeOf {
    module: Arc<ModuleCode>,
    index: usize,
    first_function: u32,
    first_constant: u32,
    pub(super) number: u32,
}

impl MadeOf {
    /// That of the instruction that runs.
    pub(super) fn instruction(op: &Op<'_>) -> MadeOf {
        let info = &op.vm.infos[op.function() as usize];
        let module = info.module_index.expect("the VM's own code declares no classes");
        let loaded = &op.vm.modules[module as usize];
        let index = op.instruction().imm as usize;
        MadeOf {
            module: loaded.code.clone(),
            index,
            first_function: loaded.first_function,
            first_constant: loaded.first_constant,
            number: loaded.first_class + index as u32,
        }
    }

    pub(super) fn code(&self) -> &ClassCode {
        &self.module.classes[self.index]
    }

    pub(super) fn module_name(&self) -> Arc<str> {
        self.module.name.clone()
    }

    /// The VM's number of a function of the module.
    pub(super) fn function(&self, index: u32) -> u32 {
        self.first_function + index
    }
}

/// `Class`
pub(in crate::vm) fn class(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let source = MadeOf::instruction(op);
    let code = source.code();
    let mut class = extend(op, at.b, code)?;
    class.module = source.module_name();
    add_fields(op, &mut class, &source)?;
    if let Some(initializer) = code.initializer {
        class.initializer = Some(op.make_closure(source.function(initializer), at.c));
    }
    add_members(op, &source, &mut class.methods, &mut class.statics);
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
    Ok(Flow::Next)
}

/// The members of a class or enum, by name.
pub(super) type Members = HashMap<Arc<str>, Member, foldhash::fast::FixedState>;

/// Adds the declared members to those of a parent. Static values are not set yet.
pub(super) fn add_members(
    op: &mut Op<'_>,
    source: &MadeOf,
    methods: &mut Members,
    statics: &mut Members,
) {
    for member in &source.code().members {
        let value = match member.kind {
            MemberKind::StaticValue => Value::unset(),
            _ => op.make_closure(source.function(member.function), op.instruction().c),
        };
        let table = match member.kind {
            MemberKind::Method | MemberKind::Getter => &mut *methods,
            MemberKind::Static | MemberKind::StaticValue | MemberKind::StaticGetter => {
                &mut *statics
            }
        };
        table.insert(member.name.clone(), Member { kind: member.kind, value });
    }
}

/// `Statics`
pub(in crate::vm) fn statics(op: &mut Op<'_>) -> Step {
    let Some((_, function)) = pending_static(op) else { return Ok(Flow::Next) };
    let closure = op.make_closure(function, op.instruction().c);
    let site = op.operator_site();
    op.call_value(closure, site, 0, None, false)
}

/// Takes the result of a `static name = expr` and goes on with the next one.
pub(super) fn deliver_static(op: &mut Op<'_>, result: Value) -> Step {
    let owner = op.get(op.instruction().a);
    if let Some((name, _)) = pending_static(op) {
        let heap = &mut op.vm.heap;
        let table = match owner.kind() {
            Kind::Enum => heap.enum_mut(owner).map(|found| &mut found.statics),
            _ => heap.class_mut(owner).map(|found| &mut found.statics),
        };
        if let Some(member) = table.and_then(|table| table.get_mut(&name)) {
            member.value = result;
        }
    }
    statics(op)
}

/// The next `static name = expr` that has no value yet, with its function.
fn pending_static(op: &Op<'_>) -> Option<(Arc<str>, u32)> {
    let source = MadeOf::instruction(op);
    let owner = op.get(op.instruction().a);
    let known = match op.vm.heap.enum_ref(owner) {
        Some(found) => &found.statics,
        None => &op.vm.heap.class_ref(owner)?.statics,
    };
    let unset = source.code().members.iter().find(|member| {
        let known = known.get(&member.name);
        member.kind == MemberKind::StaticValue && known.is_some_and(|known| known.value.is_unset())
    });
    unset.map(|member| (member.name.clone(), source.function(member.function)))
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
fn add_fields(op: &mut Op<'_>, class: &mut Class, source: &MadeOf) -> Result<(), Thrown> {
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
