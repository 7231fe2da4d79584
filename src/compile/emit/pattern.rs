//! Patterns: tests that jump away where a value does not fit, and variables that get its parts.

use super::Emitter;
use crate::bytecode::assembler::{Label, Reg};
use crate::bytecode::op::Opcode;
use crate::bytecode::program::Constant;
use crate::compile::resolve::{VarId, bound_names};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{
    Block, ExprId, ExprKind, Name, PatternElement, PatternEntry, PatternId, PatternKind,
};

use super::Want;

/// Where to go on when a value does not fit.
pub(super) struct Miss {
    pub(super) label: Label,
    pub(super) used: bool,
}

impl Emitter<'_> {
    pub(super) fn miss(&mut self) -> Miss {
        Miss { label: self.label(), used: false }
    }

    /// Gives the variables of a pattern their places.
    pub(super) fn declare_pattern(&mut self, pattern: PatternId) {
        if let PatternKind::Bind(name) = self.ast[pattern].kind {
            let var = self.names.declared_at(name.span);
            return var.into_iter().for_each(|var| self.declare(var));
        }
        for span in bound_names(self.ast, pattern) {
            if let Some(var) = self.names.declared_at(span) {
                self.declare(var);
            }
        }
    }

    /// A pattern that has to fit: `otherwise` is what is done if it does not, or a MatchError.
    pub(super) fn take_apart(&mut self, pattern: PatternId, value: Reg, otherwise: Option<&Block>) {
        let mut miss = self.miss();
        self.fit(pattern, value, &mut miss);
        if !miss.used {
            self.bind(miss.label);
            return;
        }
        let done = self.label();
        self.jump(done);
        self.bind(miss.label);
        if let Some(block) = otherwise {
            self.block(block, Want::Nothing);
        }
        // The block of `else` leaves, which need not show in the code: `exit(1)` does.
        if !self.unreachable() {
            let span = self.ast[pattern].span;
            self.at(span, |this| this.op1(Opcode::MatchError, value));
        }
        self.bind(done);
    }

    fn jump_miss(&mut self, op: Opcode, value: Reg, miss: &mut Miss) {
        miss.used = true;
        self.jump_on(op, value, miss.label);
    }

    /// Tests a value against a pattern whose variables have their places, and sets them.
    pub(super) fn fit(&mut self, pattern: PatternId, value: Reg, miss: &mut Miss) {
        let ast = self.ast;
        let before = self.f.asm.set_span(ast[pattern].span);
        let mark = self.mark();
        match &ast[pattern].kind {
            PatternKind::Wildcard | PatternKind::Error => {}
            PatternKind::Bind(name) => self.set_name(*name, value),
            PatternKind::Literal(literal) => self.fit_literal(*literal, value, miss),
            PatternKind::Range { start, end, inclusive } => {
                self.fit_range(*start, *end, *inclusive, value, miss);
            }
            PatternKind::Variant { path, fields } => self.fit_variant(path, fields, value, miss),
            PatternKind::Path(path) if self.fit_case(path, value, miss) => {}
            PatternKind::Path(path) => {
                let wanted = self.alloc();
                self.path(path, wanted);
                miss.used = true;
                self.jump_on2(Opcode::JumpNe, value, wanted, miss.label);
            }
            PatternKind::Is(types) => {
                let fits = self.label();
                let result = self.alloc();
                for (index, path) in types.iter().enumerate() {
                    self.is_of_type(value, path, result);
                    match index + 1 < types.len() {
                        true => self.jump_on(Opcode::JumpIf, result, fits),
                        false => self.jump_miss(Opcode::JumpIfNot, result, miss),
                    }
                }
                self.bind(fits);
            }
            PatternKind::List(elements) => self.fit_list(elements, value, miss),
            PatternKind::Map(entries) => self.fit_map(entries, value, miss),
            PatternKind::Or(alternatives) => self.fit_any(alternatives, value, miss),
            PatternKind::As { pattern, name } => {
                self.fit(*pattern, value, miss);
                self.set_name(*name, value);
            }
        }
        self.release(mark);
        self.f.asm.set_span(before);
    }

    fn set_name(&mut self, name: Name, value: Reg) {
        if let Some(var) = self.names.declared_at(name.span) {
            self.set_first(var, value);
        }
    }

    fn fit_any(&mut self, alternatives: &[PatternId], value: Reg, miss: &mut Miss) {
        let Some((&last, others)) = alternatives.split_last() else { return };
        let fits = self.label();
        for &other in others {
            let mut next = self.miss();
            self.fit(other, value, &mut next);
            self.jump(fits);
            self.bind(next.label);
        }
        self.fit(last, value, miss);
        self.bind(fits);
    }

    fn fit_literal(&mut self, literal: ExprId, value: Reg, miss: &mut Miss) {
        if let ExprKind::Null = self.ast[literal].kind {
            return self.jump_miss(Opcode::JumpIfNotNull, value, miss);
        }
        miss.used = true;
        let int = self.int_literal(literal);
        if let Some(small) = int.and_then(|value| i16::try_from(value).ok()) {
            return self.jump_on_int(Opcode::JumpNeInt, value, small, miss.label);
        }
        let wanted = self.alloc();
        self.expr(literal, wanted);
        self.jump_on2(Opcode::JumpNe, value, wanted, miss.label);
    }

    /// A value of another type does not fit; it must not fail in the comparison.
    fn fit_range(
        &mut self,
        start: ExprId,
        end: Option<ExprId>,
        inclusive: bool,
        value: Reg,
        miss: &mut Miss,
    ) {
        let types: &[&str] = match self.literal_constant(start) {
            Some(Constant::Duration(_)) => &["duration"],
            Some(Constant::Str(_)) => &["str"],
            Some(Constant::Bytes(_)) => &["bytes"],
            _ => &["int", "float"],
        };
        let mark = self.mark();
        let ordered = self.label();
        let of_type = self.alloc();
        for (index, name) in types.iter().enumerate() {
            self.load_constant(of_type, Constant::Prelude((*name).into()));
            self.op(Opcode::Is, of_type, value, of_type);
            match index + 1 < types.len() {
                true => self.jump_on(Opcode::JumpIf, of_type, ordered),
                false => self.jump_miss(Opcode::JumpIfNot, of_type, miss),
            }
        }
        self.bind(ordered);
        self.fit_bound(start, value, (Opcode::JumpNotGeInt, Opcode::JumpNotLe, true), miss);
        if let Some(end) = end {
            let ops = match inclusive {
                true => (Opcode::JumpNotLeInt, Opcode::JumpNotLe, false),
                false => (Opcode::JumpNotLtInt, Opcode::JumpNotLt, false),
            };
            self.fit_bound(end, value, ops, miss);
        }
        self.release(mark);
    }

    fn fit_bound(
        &mut self,
        bound: ExprId,
        value: Reg,
        (int, registers, bound_first): (Opcode, Opcode, bool),
        miss: &mut Miss,
    ) {
        if let Some(small) = self.int_literal(bound).and_then(|value| i16::try_from(value).ok()) {
            return self.jump_on_int(int, value, small, miss.label);
        }
        let limit = self.alloc();
        self.expr(bound, limit);
        let (a, b) = if bound_first { (limit, value) } else { (value, limit) };
        self.jump_on2(registers, a, b, miss.label);
    }

    fn fit_list(&mut self, elements: &[PatternElement], value: Reg, miss: &mut Miss) {
        let rest = elements.iter().position(|e| matches!(e, PatternElement::Rest(_)));
        let (front, back) = match rest {
            Some(at) => (&elements[..at], &elements[at + 1..]),
            None => (elements, &[][..]),
        };
        let optional =
            |e: &&PatternElement| matches!(e, PatternElement::Value { default: Some(_), .. });
        let needed = front.len() - front.iter().filter(optional).count() + back.len();
        let Ok(needed_byte) = u8::try_from(needed) else { return self.too_long() };
        let exact = rest.is_none() && needed == elements.len();
        miss.used = true;
        let at_least = u8::from(!exact);
        self.f.asm.jump(Opcode::JumpNotList, value.0, needed_byte, at_least, miss.label);
        let length = (needed != front.len() + back.len()).then(|| self.length(value));
        if let Some(length) = length
            && rest.is_none()
        {
            let most = i16::try_from(elements.len()).unwrap_or(i16::MAX);
            self.jump_on_int(Opcode::JumpNotLeInt, length, most, miss.label);
        }
        for (index, element) in front.iter().enumerate() {
            let PatternElement::Value { pattern, default } = *element else { continue };
            self.part(pattern, miss, |this, dst| {
                this.element(value, index, length, back.len(), default, dst);
                false
            });
        }
        if let Some(PatternElement::Rest(Some(name))) = rest.map(|at| elements[at]) {
            let (from, without) = (front.len() as u8, back.len() as i32);
            self.rest(name, |this, dst| {
                this.f.asm.emit(Opcode::ListRest, dst.0, value.0, from, without);
            });
        }
        for (index, element) in back.iter().enumerate() {
            let PatternElement::Value { pattern, .. } = *element else { continue };
            let from_end = index as i32 - back.len() as i32;
            self.part(pattern, miss, |this, dst| {
                this.op_imm(Opcode::GetIndexInt, dst, value, from_end);
                false
            });
        }
    }

    fn too_long(&mut self) {
        let span = self.f.asm.span();
        let title = "a list pattern has at most 255 elements";
        self.report.fault(Code::E0802, span, title, "too long", "");
    }

    fn length(&mut self, list: Reg) -> Reg {
        let length = self.alloc();
        let name = self.name_constant("len");
        self.op_imm(Opcode::GetField, length, list, name);
        length
    }

    /// Element `index` of a list, or its default if the list is shorter (`back` more elements
    /// belong to the end of the pattern).
    fn element(
        &mut self,
        list: Reg,
        index: usize,
        length: Option<Reg>,
        back: usize,
        default: Option<ExprId>,
        dst: Reg,
    ) {
        let at = index as i32;
        let Some((default, length)) = default.zip(length) else {
            return self.op_imm(Opcode::GetIndexInt, dst, list, at);
        };
        let (missing, done) = (self.label(), self.label());
        let limit = i16::try_from(index + back).unwrap_or(i16::MAX);
        self.jump_on_int(Opcode::JumpLeInt, length, limit, missing);
        self.op_imm(Opcode::GetIndexInt, dst, list, at);
        self.jump(done);
        self.bind(missing);
        self.expr(default, dst);
        self.bind(done);
    }

    fn fit_map(&mut self, entries: &[PatternEntry], value: Reg, miss: &mut Miss) {
        self.jump_miss(Opcode::JumpNotMap, value, miss);
        let collects = matches!(entries.last(), Some(PatternEntry::Rest(Some(_))));
        let keys = collects.then(|| {
            let keys = self.alloc();
            self.op_range(Opcode::NewList, keys, Reg(0), 0);
            keys
        });
        for entry in entries {
            match *entry {
                PatternEntry::Named { name, pattern, default } => {
                    self.part(pattern, miss, |this, dst| {
                        let key = this.alloc();
                        let text = this.symbol_constant(name.symbol);
                        this.op_imm(Opcode::LoadConst, key, Reg(0), text);
                        this.entry(value, key, keys, default, dst)
                    });
                }
                PatternEntry::Computed { key, pattern, default } => {
                    self.part(pattern, miss, |this, dst| {
                        let wanted = this.alloc();
                        this.expr(key, wanted);
                        this.entry(value, wanted, keys, default, dst)
                    });
                }
                PatternEntry::Rest(Some(name)) => {
                    let Some(keys) = keys else { continue };
                    self.rest(name, |this, dst| this.op(Opcode::MapRest, dst, value, keys));
                }
                PatternEntry::Rest(None) => {}
            }
        }
    }

    /// The entry of a map, or its default. Without one it may be missing.
    fn entry(
        &mut self,
        map: Reg,
        key: Reg,
        keys: Option<Reg>,
        default: Option<ExprId>,
        dst: Reg,
    ) -> bool {
        if let Some(keys) = keys {
            self.op_range(Opcode::ListPush, keys, key, 1);
        }
        self.op(Opcode::TryKey, dst, map, key);
        let Some(default) = default else { return true };
        let set = self.label();
        self.jump_on(Opcode::JumpIfSet, dst, set);
        self.expr(default, dst);
        self.bind(set);
        false
    }

    /// Takes a part out of a value and fits it: straight into a variable where that is possible.
    /// `take` says whether what it gives may be the mark of a missing entry.
    pub(super) fn part(
        &mut self,
        pattern: PatternId,
        miss: &mut Miss,
        take: impl FnOnce(&mut Self, Reg) -> bool,
    ) {
        let mark = self.mark();
        let var = self.bound_variable(pattern);
        let direct = var.and_then(|var| self.direct(var));
        let dst = match direct {
            Some(register) => register,
            None => self.alloc(),
        };
        if take(self, dst) {
            let found = self.label();
            self.jump_on(Opcode::JumpIfSet, dst, found);
            miss.used = true;
            self.jump(miss.label);
            self.bind(found);
        }
        match var {
            Some(var) => self.set_first(var, dst),
            None => self.fit(pattern, dst, miss),
        }
        self.release(mark);
    }

    fn bound_variable(&self, pattern: PatternId) -> Option<VarId> {
        match self.ast[pattern].kind {
            PatternKind::Bind(name) => self.names.declared_at(name.span),
            _ => None,
        }
    }

    pub(super) fn rest(&mut self, name: Name, take: impl FnOnce(&mut Self, Reg)) {
        let Some(var) = self.names.declared_at(name.span) else { return };
        let mark = self.mark();
        let dst = match self.direct(var) {
            Some(register) => register,
            None => self.alloc(),
        };
        take(self, dst);
        self.set_first(var, dst);
        self.release(mark);
    }

    /// The place of a pattern that is a name or nothing, for loops: `None` if it takes apart.
    pub(super) fn simple_pattern(&self, pattern: PatternId) -> Option<Option<Span>> {
        match self.ast[pattern].kind {
            PatternKind::Wildcard => Some(None),
            PatternKind::Bind(name) => Some(Some(name.span)),
            _ => None,
        }
    }
}
