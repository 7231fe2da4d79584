//! Assignment: plain, compound and destructuring. The target is evaluated once, before the value.

use super::operator::{is_logical, skip_jump};
use super::{Emitter, Want};
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::Opcode;
use crate::compile::resolve::{Binding, VarId};
use crate::diagnostics::Span;
use crate::syntax::ast::{BinaryOp, Element, Entry, ExprId, ExprKind, Name, Symbol};

/// A target whose parts have been evaluated.
enum Place {
    Variable(VarId),
    Field {
        object: Reg,
        name: Symbol,
        span: Span,
    },
    Element {
        object: Reg,
        index: Reg,
    },
    /// An element whose index is a number in the source.
    Item {
        object: Reg,
        index: i32,
    },
    /// Several indices: a window with room for the receiver and them.
    Elements {
        object: Reg,
        indices: Vec<Reg>,
    },
}

impl Emitter<'_> {
    pub(super) fn assign(&mut self, target: ExprId, op: Option<BinaryOp>, value: ExprId) {
        match (&self.ast[target].kind, op) {
            (ExprKind::List(_) | ExprKind::Map(_), None) => self.destructure(target, value),
            (_, None) => self.assign_plain(target, value),
            (_, Some(op)) => self.assign_compound(target, op, value),
        }
    }

    fn variable_at(&self, span: Span) -> Option<VarId> {
        match self.names.uses.get(span)? {
            Binding::Variable(var) => Some(*var),
            _ => None,
        }
    }

    /// Evaluates the parts of a target.
    fn place_of(&mut self, target: ExprId, later: &[ExprId]) -> Option<Place> {
        let ast = self.ast;
        match &ast[target].kind {
            ExprKind::Name(_) => self.variable_at(ast[target].span).map(Place::Variable),
            ExprKind::Member { object, name, .. } => {
                let object = self.operand(*object, later);
                Some(Place::Field { object, name: name.symbol, span: name.span })
            }
            ExprKind::Index { object, indices, .. } => {
                let all: Vec<ExprId> = indices.iter().chain(later).copied().collect();
                let object = self.operand(*object, &all);
                if let [index] = indices[..] {
                    let small = self.int_literal(index).and_then(|value| i32::try_from(value).ok());
                    if let Some(index) = small {
                        return Some(Place::Item { object, index });
                    }
                    let index = self.operand(index, later);
                    return Some(Place::Element { object, index });
                }
                let indices = indices.iter().map(|&index| self.operand(index, &all)).collect();
                Some(Place::Elements { object, indices })
            }
            _ => None,
        }
    }

    fn assign_plain(&mut self, target: ExprId, value: ExprId) {
        let Some(place) = self.place_of(target, &[value]) else {
            return self.value(value, Want::Nothing);
        };
        if let Place::Variable(var) = place
            && let Some(register) = self.register_of(var)
            && self.writes_last(value)
        {
            return self.expr(value, register);
        }
        let value = self.any(value);
        self.store(&place, value, self.ast[target].span);
    }

    /// Whether an expression reads all it needs before it writes its result, so that the result may
    /// go to a variable that it reads.
    fn writes_last(&self, value: ExprId) -> bool {
        match &self.ast[value].kind {
            kind if kind.is_literal() => true,
            ExprKind::Name(_) | ExprKind::Unary { .. } => true,
            ExprKind::Binary { op, .. } => *op != BinaryOp::NotIn && self.is_plain_chain(value),
            ExprKind::Member { .. } => true,
            ExprKind::Index { indices, .. } => indices.len() == 1,
            _ => false,
        }
    }

    /// Whether none of a chain of operators may leave out its right side.
    fn is_plain_chain(&self, value: ExprId) -> bool {
        let mut at = value;
        while let ExprKind::Binary { op, lhs, .. } = self.ast[at].kind {
            if is_logical(op) {
                return false;
            }
            at = lhs;
        }
        true
    }

    fn store(&mut self, place: &Place, value: Reg, span: Span) {
        match place {
            Place::Variable(var) => self.at(span, |this| this.store_variable(*var, value)),
            Place::Field { object, name, span } => {
                let name = self.symbol_constant(*name);
                self.at(*span, |this| this.op_imm(Opcode::SetField, *object, value, name));
            }
            Place::Element { object, index } => {
                self.at(span, |this| this.op(Opcode::SetIndex, *object, *index, value));
            }
            Place::Item { object, index } => {
                self.at(span, |this| this.op_imm(Opcode::SetIndexInt, *object, value, *index));
            }
            Place::Elements { object, indices } => {
                self.operator_call("[]=", *object, indices, Some(value), span);
            }
        }
    }

    /// Calls the operator method for several indices; gives the register of its result.
    fn operator_call(
        &mut self,
        name: &str,
        object: Reg,
        indices: &[Reg],
        value: Option<Reg>,
        span: Span,
    ) -> Reg {
        let base = self.alloc();
        let arguments = [object].into_iter().chain(indices.iter().copied()).chain(value);
        let mut count = 0;
        for argument in arguments {
            let register = self.alloc();
            self.move_to(register, argument);
            count += 1;
        }
        let name = self.name_constant(name);
        self.at(span, |this| this.f.asm.emit(Opcode::Invoke, base.0, 0, count, name));
        base
    }

    fn assign_compound(&mut self, target: ExprId, op: BinaryOp, value: ExprId) {
        let span = self.ast[target].span;
        let whole = self.f.asm.span();
        let Some(place) = self.place_of(target, &[value]) else { return };
        if is_logical(op) {
            return self.assign_logical(&place, op, value, span);
        }
        if let Place::Variable(var) = place
            && let Some(register) = self.register_of(var)
        {
            let lhs = self.operand(target, &[value]);
            return self.at(whole, |this| this.apply(op, lhs, value, register));
        }
        let current = self.load(&place, span);
        self.at(whole, |this| this.apply(op, current, value, current));
        self.store(&place, current, span);
    }

    /// Reads what a place holds.
    fn load(&mut self, place: &Place, span: Span) -> Reg {
        let current = self.alloc();
        match place {
            Place::Variable(var) => self.at(span, |this| this.load_variable(*var, current)),
            Place::Field { object, name, span } => {
                let name = self.symbol_constant(*name);
                self.at(*span, |this| this.op_imm(Opcode::GetField, current, *object, name));
            }
            Place::Element { object, index } => {
                self.at(span, |this| this.op(Opcode::GetIndex, current, *object, *index));
            }
            Place::Item { object, index } => {
                self.at(span, |this| this.op_imm(Opcode::GetIndexInt, current, *object, *index));
            }
            Place::Elements { object, indices } => {
                return self.operator_call("[]", *object, indices, None, span);
            }
        }
        current
    }

    /// `a ??= b`: what is missing in a map or list counts as null.
    fn load_or_null(&mut self, place: &Place, span: Span) -> Reg {
        match place {
            Place::Field { object, name, span } => {
                let current = self.alloc();
                let there = self.label();
                let name = self.symbol_constant(*name);
                self.at(*span, |this| {
                    // The field of null is an error, as everywhere.
                    this.jump_on(Opcode::JumpIfNotNull, *object, there);
                    this.op_imm(Opcode::GetField, current, *object, name);
                    this.bind(there);
                    this.op_imm(Opcode::GetFieldOrNull, current, *object, name);
                });
                current
            }
            Place::Element { object, index } => {
                let current = self.alloc();
                self.at(span, |this| this.op(Opcode::GetIndexOrNull, current, *object, *index));
                current
            }
            Place::Item { object, index } => {
                let current = self.alloc();
                self.at(span, |this| {
                    this.load_int(current, i64::from(*index));
                    this.op(Opcode::GetIndexOrNull, current, *object, current);
                });
                current
            }
            Place::Variable(_) | Place::Elements { .. } => self.load(place, span),
        }
    }

    fn assign_logical(&mut self, place: &Place, op: BinaryOp, value: ExprId, span: Span) {
        let done = self.label();
        let current = match place {
            Place::Variable(var) if self.register_of(*var).is_some() => {
                self.register_of(*var).unwrap_or(Reg(0))
            }
            _ if op == BinaryOp::Coalesce => self.load_or_null(place, span),
            _ => self.load(place, span),
        };
        self.jump_on(skip_jump(op), current, done);
        let value = self.any(value);
        self.store(place, value, span);
        self.bind(done);
    }

    /// `[a, b] = value`, `{a, b: c.d} = value`
    fn destructure(&mut self, target: ExprId, value: ExprId) {
        if self.swap(target, value) {
            return;
        }
        let value = self.any(value);
        self.take_into(target, value);
    }

    /// `[a, b] = [b, a]` needs no list: all values are read, then all targets set.
    fn swap(&mut self, target: ExprId, value: ExprId) -> bool {
        let ast = self.ast;
        let (ExprKind::List(targets), ExprKind::List(values)) =
            (&ast[target].kind, &ast[value].kind)
        else {
            return false;
        };
        let plain = |elements: &[Element]| elements.iter().all(|e| matches!(e, Element::Value(_)));
        if targets.len() != values.len() || targets.len() > 16 || !plain(targets) || !plain(values)
        {
            return false;
        }
        let mut registers = Vec::new();
        for element in values {
            let Element::Value(value) = *element else { continue };
            let register = self.alloc();
            self.expr(value, register);
            registers.push(register);
        }
        for (element, register) in targets.iter().zip(registers) {
            let Element::Value(target) = *element else { continue };
            self.assign_register(target, register);
        }
        true
    }

    /// Assigns a value that is in a register.
    fn assign_register(&mut self, target: ExprId, value: Reg) {
        let mark = self.mark();
        if matches!(self.ast[target].kind, ExprKind::List(_) | ExprKind::Map(_)) {
            self.take_into(target, value);
        } else if let Some(place) = self.place_of(target, &[]) {
            self.store(&place, value, self.ast[target].span);
        }
        self.release(mark);
    }

    fn take_into(&mut self, target: ExprId, value: Reg) {
        let ast = self.ast;
        let span = ast[target].span;
        let mut miss = self.miss();
        match &ast[target].kind {
            ExprKind::List(elements) => {
                let rest = matches!(elements.last(), Some(Element::Spread(_)));
                let needed = elements.len() - usize::from(rest);
                let Ok(needed) = u8::try_from(needed) else { return };
                miss.used = true;
                let op = Opcode::JumpNotList;
                self.f.asm.jump(op, value.0, needed, u8::from(rest), miss.label);
                for (index, element) in elements.iter().enumerate() {
                    self.take_element(*element, index, value);
                }
            }
            ExprKind::Map(entries) => {
                miss.used = true;
                self.jump_on(Opcode::JumpNotMap, value, miss.label);
                self.take_entries(entries, value, miss.label);
            }
            _ => {}
        }
        let done = self.label();
        self.jump(done);
        self.bind(miss.label);
        self.at(span, |this| this.op1(Opcode::MatchError, value));
        self.bind(done);
    }

    fn take_element(&mut self, element: Element, index: usize, list: Reg) {
        let mark = self.mark();
        let part = self.alloc();
        let target = match element {
            Element::Value(target) => {
                self.op_imm(Opcode::GetIndexInt, part, list, index as i32);
                target
            }
            Element::Spread(target) => {
                self.f.asm.emit(Opcode::ListRest, part.0, list.0, index as u8, 0);
                target
            }
        };
        self.assign_register(target, part);
        self.release(mark);
    }

    fn take_entries(
        &mut self,
        entries: &[Entry],
        map: Reg,
        miss: crate::bytecode::assembler::Label,
    ) {
        let keys = self.alloc();
        self.op_range(Opcode::NewList, keys, Reg(0), 0);
        for entry in entries {
            let mark = self.mark();
            let (key, part) = (self.alloc(), self.alloc());
            if let Entry::Spread(target) = *entry {
                self.op(Opcode::MapRest, part, map, keys);
                self.assign_register(target, part);
                self.release(mark);
                continue;
            }
            match *entry {
                Entry::Short(Name { symbol, .. })
                | Entry::Named { name: Name { symbol, .. }, .. } => {
                    let text = self.symbol_constant(symbol);
                    self.op_imm(Opcode::LoadConst, key, Reg(0), text);
                }
                Entry::Computed { key: wanted, .. } => self.expr(wanted, key),
                Entry::Spread(_) => {}
            }
            self.op_range(Opcode::ListPush, keys, key, 1);
            self.op(Opcode::TryKey, part, map, key);
            let found = self.label();
            self.jump_on(Opcode::JumpIfSet, part, found);
            self.jump(miss);
            self.bind(found);
            match *entry {
                Entry::Short(name) => {
                    if let Some(var) = self.variable_at(name.span) {
                        self.at(name.span, |this| this.store_variable(var, part));
                    }
                }
                Entry::Named { value, .. } | Entry::Computed { value, .. } => {
                    self.assign_register(value, part);
                }
                Entry::Spread(_) => {}
            }
            self.release(mark);
        }
    }
}
