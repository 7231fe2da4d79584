//! Enums: the instruction that makes one, the functions that make its values, and the patterns that
//! take those apart.

use super::Emitter;
use super::pattern::Miss;
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::{NO_REGISTER, Opcode};
use crate::bytecode::program::{ClassCode, VariantCode};
use crate::compile::resolve::member_name;
use crate::diagnostics::Code;
use crate::syntax::ast::{Enum, Function, PatternField, PatternId, PatternKind, TypePath, Variant};

impl Emitter<'_> {
    /// Makes an enum and sets its variable.
    pub(super) fn enum_statement(&mut self, declaration: &Enum) {
        let Some(var) = self.names.declared_at(declaration.name.span) else { return };
        self.declare(var);
        let mark = self.mark();
        let before = self.f.asm.set_span(declaration.name.span);
        let dst = match self.direct(var) {
            Some(register) => register,
            None => self.alloc(),
        };
        let index = self.enum_code(declaration);
        let closure = self.closure_operand();
        self.f.asm.emit(Opcode::Enum, dst.0, 0, closure, index as i32);
        self.set_first(var, dst);
        self.static_values(var, &declaration.members, index);
        self.f.asm.set_span(before);
        self.release(mark);
    }

    fn enum_code(&mut self, declaration: &Enum) -> u32 {
        let index = self.class_index(declaration.name.span);
        let enum_name = self.ast.text(declaration.name.symbol).to_owned();
        let mut variants = Vec::new();
        for (variant, number) in declaration.variants.iter().zip(0..) {
            variants.push(self.variant_code(&enum_name, variant, number));
        }
        let mut members = Vec::new();
        for member in &declaration.members {
            let Some(name) = member_name(member) else { continue };
            let full = format!("{enum_name}.{}", self.ast.text(name.symbol));
            members.extend(self.member(member, name, &full));
        }
        self.classes[index as usize] = Some(ClassCode {
            name: enum_name.into(),
            fields: Vec::new(),
            initializer: None,
            members,
            variants,
            doc: self.doc(declaration.doc),
            span: declaration.name.span,
        });
        index
    }

    fn variant_code(&mut self, enum_name: &str, variant: &Variant, number: i32) -> VariantCode {
        let name = self.ast.text(variant.name.symbol);
        let full = format!("{enum_name}.{name}");
        let constructor = variant
            .constructor
            .as_ref()
            .and_then(|function| self.constructor(function, &full, number));
        let params = variant.constructor.as_ref().map_or(&[][..], |function| &function.params);
        let fields = params.iter().map(|param| match self.ast[param.pattern].kind {
            PatternKind::Bind(name) => self.ast.text(name.symbol).into(),
            _ => "".into(),
        });
        VariantCode {
            name: name.into(),
            fields: fields.collect(),
            has_rest: params.last().is_some_and(|param| param.rest),
            constructor,
        }
    }

    /// The function that makes the values of a variant: its receiver is the enum.
    fn constructor(&mut self, function: &Function, full: &str, number: i32) -> Option<u32> {
        let &id = self.names.function_of.get(&std::ptr::from_ref(function))?;
        self.write_function(id, full, function.span, Some(function), |this| {
            this.body(id, Some(function), |this, _, _| {
                let made = this.alloc();
                this.move_to(made, Reg(0));
                let count = u8::try_from(function.params.len()).unwrap_or(NO_REGISTER);
                let first = this.alloc_many(count);
                for (param, place) in function.params.iter().zip(0..count) {
                    let PatternKind::Bind(name) = this.ast[param.pattern].kind else { continue };
                    if let Some(var) = this.names.declared_at(name.span) {
                        this.load_variable(var, first.plus(place));
                    }
                }
                this.f.asm.emit(Opcode::NewVariant, made.0, first.0, count, number);
                this.op1(Opcode::Return, made);
            });
        });
        Some(self.function_index(id))
    }

    // ---- patterns

    /// Jumps away unless a value is of the variant that a path is known to name; false if nothing is
    /// known of the path.
    pub(super) fn fit_case(&mut self, path: &TypePath, value: Reg, miss: &mut Miss) -> bool {
        let Some((_, number)) = self.names.variants.get(&path.span) else { return false };
        let Ok(number) = u8::try_from(*number) else { return false };
        let Some((binding, _)) = self.names.paths.get(&path.span).cloned() else { return false };
        let mark = self.mark();
        let enumeration = self.alloc();
        self.load_binding(&binding, enumeration, path.span);
        miss.used = true;
        self.f.asm.jump(Opcode::JumpNotCase, value.0, enumeration.0, number, miss.label);
        self.release(mark);
        true
    }

    /// `Path(…)`
    pub(super) fn fit_variant(
        &mut self,
        path: &TypePath,
        fields: &[PatternField],
        value: Reg,
        miss: &mut Miss,
    ) {
        let names = self.names;
        let shape = names.variants.get(&path.span);
        let known = shape.and_then(|(shape, number)| shape.variants[*number].fields.as_ref());
        if !self.fit_case(path, value, miss) {
            let is_open = fields.iter().any(|field| !matches!(field, PatternField::Value(_)));
            let count = if is_open { None } else { u8::try_from(fields.len()).ok() };
            let maker = self.alloc();
            self.path(path, maker);
            miss.used = true;
            let count = count.unwrap_or(NO_REGISTER);
            self.f.asm.jump(Opcode::JumpNotVariant, value.0, maker.0, count, miss.label);
        }
        for (index, field) in fields.iter().enumerate() {
            let Ok(place) = u8::try_from(index) else { return self.too_many_parts() };
            match *field {
                PatternField::Value(pattern) => self.payload(pattern, value, place, miss),
                PatternField::Named { name, pattern } => {
                    let text = self.ast.text(name.symbol);
                    let place = known.and_then(|all| all.iter().position(|field| **field == *text));
                    if let Some(place) = place.and_then(|place| u8::try_from(place).ok()) {
                        self.payload(pattern, value, place, miss);
                        continue;
                    }
                    let constant = self.symbol_constant(name.symbol);
                    self.part(pattern, miss, |this, dst| {
                        let write = |this: &mut Self| {
                            this.op_imm(Opcode::GetField, dst, value, constant);
                        };
                        this.at(name.span, write);
                        false
                    });
                }
                PatternField::Rest(Some(name)) => self.rest(name, |this, dst| {
                    this.f.asm.emit(Opcode::PayloadRest, dst.0, value.0, place, 0);
                }),
                PatternField::Rest(None) => {}
            }
        }
    }

    fn payload(&mut self, pattern: PatternId, value: Reg, place: u8, miss: &mut Miss) {
        if let PatternKind::Wildcard = self.ast[pattern].kind {
            return;
        }
        self.part(pattern, miss, |this, dst| {
            this.f.asm.emit(Opcode::Payload, dst.0, value.0, place, 0);
            false
        });
    }

    fn too_many_parts(&mut self) {
        let span = self.f.asm.span();
        let title = "a pattern takes at most 255 parts of a payload";
        self.report.fault(Code::E0802, span, title, "too long", "");
    }
}
