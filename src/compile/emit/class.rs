//! Classes: fields with what they start as, members, and the instruction that makes the class.

use super::{Emitter, Storage};
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::{NO_REGISTER, Opcode};
use crate::bytecode::program::{
    ClassCode, Constant, FieldCode, FieldDefault, MemberCode, MemberKind as CodeKind,
};
use crate::compile::resolve::{VarId, is_plain, member_name};
use crate::diagnostics::Span;
use crate::syntax::ast::{Class, ExprId, ExprKind, Function, Member, MemberKind, Name};

impl Emitter<'_> {
    /// The number of a class, by the place of its name.
    pub(super) fn class_index(&mut self, place: Span) -> u32 {
        let next = self.classes.len() as u32;
        let index = *self.class_index.entry(place).or_insert(next);
        if index == next {
            self.classes.push(None);
        }
        index
    }

    /// Makes a class and sets its variable.
    pub(super) fn class_statement(&mut self, class: &Class) {
        let Some(var) = self.names.declared_at(class.name.span) else { return };
        self.declare(var);
        let mark = self.mark();
        let before = self.f.asm.set_span(class.name.span);
        let dst = match self.direct(var) {
            Some(register) => register,
            None => self.alloc(),
        };
        let mut parent = NO_REGISTER;
        if let Some(path) = &class.parent {
            let register = self.alloc();
            self.path(path, register);
            if let Some(&hidden) = self.names.parents.get(&class.name.span) {
                self.place(hidden, Storage::Register(register));
            }
            parent = register.0;
        }
        let index = self.class_code(class) as i32;
        let closure = self.closure_operand();
        self.f.asm.emit(Opcode::Class, dst.0, parent, closure, index);
        self.set_first(var, dst);
        self.static_values(var, &class.members, index as u32);
        self.f.asm.set_span(before);
        self.release(mark);
    }

    /// Works out the static values of a class or enum, which may name it.
    pub(super) fn static_values(&mut self, var: VarId, members: &[Member], index: u32) {
        let is_value = |member: &Member| {
            member.is_static && matches!(member.kind, MemberKind::Field { default: Some(_), .. })
        };
        if !members.iter().any(is_value) {
            return;
        }
        let owner = self.alloc();
        self.load_variable(var, owner);
        let closure = self.closure_operand();
        self.f.asm.emit(Opcode::Statics, owner.0, 0, closure, index as i32);
    }

    fn class_code(&mut self, class: &Class) -> u32 {
        let index = self.class_index(class.name.span);
        let class_name = self.ast.text(class.name.symbol).to_owned();
        let mut fields = Vec::new();
        let mut computed = Vec::new();
        let mut members = Vec::new();
        for member in &class.members {
            let Some(name) = member_name(member) else { continue };
            let text = self.ast.text(name.symbol);
            let full = format!("{class_name}.{text}");
            match &member.kind {
                MemberKind::Field { default, .. } if !member.is_static => {
                    let start = self.field_default(*default);
                    if start == FieldDefault::Computed {
                        computed.extend(default.map(|value| (name, value)));
                    }
                    fields.push(FieldCode { name: text.into(), default: start });
                }
                _ => members.extend(self.member(member, name, &full)),
            }
        }
        let initializer = self.initializer(class, &class_name, &computed);
        self.classes[index as usize] = Some(ClassCode {
            name: class_name.into(),
            fields,
            initializer,
            members,
            variants: Vec::new(),
            doc: self.doc(class.doc),
            span: class.name.span,
        });
        index
    }

    fn field_default(&mut self, default: Option<ExprId>) -> FieldDefault {
        let Some(value) = default else { return FieldDefault::Required };
        if !is_plain(self.ast, value) {
            return FieldDefault::Computed;
        }
        match (&self.ast[value].kind, self.literal_constant(value)) {
            (ExprKind::Null, _) => FieldDefault::Null,
            (ExprKind::Bool(value), _) => FieldDefault::Bool(*value),
            (_, Some(Constant::Int(value))) => FieldDefault::Int(value),
            (_, Some(constant)) => FieldDefault::Constant(self.constant(constant) as u32),
            (_, None) => FieldDefault::Computed,
        }
    }

    pub(super) fn member(&mut self, member: &Member, name: Name, full: &str) -> Option<MemberCode> {
        let is_static = member.is_static;
        let (function, kind) = match &member.kind {
            MemberKind::Method(function) => {
                let kind = if is_static { CodeKind::Static } else { CodeKind::Method };
                (self.method(function, full)?, kind)
            }
            MemberKind::Getter(function) => {
                let kind = if is_static { CodeKind::StaticGetter } else { CodeKind::Getter };
                (self.method(function, full)?, kind)
            }
            MemberKind::Field { default, .. } => {
                let value = (*default)?;
                let &id = self.names.value_functions.get(&value)?;
                self.value_function(id, full, value);
                (self.function_index(id), CodeKind::StaticValue)
            }
        };
        Some(MemberCode { name: self.ast.text(name.symbol).into(), function, kind })
    }

    fn method(&mut self, function: &Function, full: &str) -> Option<u32> {
        let &id = self.names.function_of.get(&std::ptr::from_ref(function))?;
        self.function(id, full, function);
        Some(self.function_index(id))
    }

    /// The function that sets the fields whose defaults need code.
    fn initializer(
        &mut self,
        class: &Class,
        class_name: &str,
        computed: &[(Name, ExprId)],
    ) -> Option<u32> {
        let &id = self.names.initializers.get(&class.name.span)?;
        self.write_function(id, class_name, class.name.span, None, |this| {
            for &(name, value) in computed {
                let mark = this.mark();
                let value = this.any(value);
                let constant = this.symbol_constant(name.symbol);
                this.at(name.span, |this| this.op_imm(Opcode::SetField, Reg(0), value, constant));
                this.release(mark);
            }
        });
        Some(self.function_index(id))
    }
}
