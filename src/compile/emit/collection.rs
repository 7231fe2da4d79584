//! Lists, maps, ranges and interpolated strings.

use super::Emitter;
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::Opcode;
use crate::syntax::ast::{Element, Entry, ExprId, ExprKind, Piece};

/// So many elements are put into registers before they go into the collection.
const BATCH: usize = 32;
/// Up to so many registers in use, collections inside a list are put into registers as well.
const FEW_REGISTERS: u16 = 48;

impl Emitter<'_> {
    pub(super) fn list(&mut self, elements: &[Element], dst: Reg) {
        let (first, rest) = elements.split_at(self.batch_length(elements));
        let (base, count) = self.batch(first);
        self.op_range(Opcode::NewList, dst, base, count);
        self.extend_list(dst, rest);
    }

    /// Appends elements to the list in `dst`.
    fn extend_list(&mut self, dst: Reg, elements: &[Element]) {
        let mut rest = elements;
        while let Some((first, others)) = rest.split_first() {
            let mark = self.mark();
            if let Element::Spread(value) = *first {
                let value = self.any(value);
                self.op2(Opcode::ListExtend, dst, value);
                rest = others;
            } else {
                let (now, later) = rest.split_at(self.batch_length(rest).max(1));
                let (base, count) = self.batch(now);
                self.op_range(Opcode::ListPush, dst, base, count);
                rest = later;
            }
            self.release(mark);
        }
    }

    /// How many elements are evaluated before they go into the list. Where many registers are in use, a
    /// list or map inside the list goes in by itself, so that documents nested deeply need one register per level.
    fn batch_length(&self, elements: &[Element]) -> usize {
        let flat = elements.iter().take(BATCH).take_while(|element| match element {
            Element::Value(value) => {
                let is_nested =
                    matches!(self.ast[*value].kind, ExprKind::List(_) | ExprKind::Map(_));
                !is_nested || self.mark() < FEW_REGISTERS
            }
            Element::Spread(_) => false,
        });
        flat.count()
    }

    /// Evaluates elements into registers in a row, which are given back.
    fn batch(&mut self, elements: &[Element]) -> (Reg, u8) {
        let mark = self.mark();
        let mut base = None;
        for element in elements {
            let Element::Value(value) = *element else { continue };
            let register = self.alloc();
            base.get_or_insert(register);
            self.expr(value, register);
        }
        self.release(mark);
        (base.unwrap_or(Reg(0)), elements.len() as u8)
    }

    pub(super) fn map(&mut self, entries: &[Entry], dst: Reg) {
        let room = i32::try_from(entries.len()).unwrap_or(i32::MAX);
        self.op_imm(Opcode::NewMap, dst, Reg(0), room);
        for entry in entries {
            let mark = self.mark();
            match *entry {
                Entry::Short(name) => {
                    let value = self.alloc();
                    if let Some(binding) = self.names.uses.get(name.span).cloned() {
                        self.load_binding(&binding, value, name.span);
                    }
                    self.put(dst, name.symbol, value);
                }
                Entry::Named { name, value } => {
                    let value = self.any(value);
                    self.put(dst, name.symbol, value);
                }
                Entry::Computed { key, value } => {
                    let span = self.ast[key].span;
                    let key = self.operand(key, &[value]);
                    let value = self.any(value);
                    self.at(span, |this| this.op(Opcode::MapPut, dst, key, value));
                }
                Entry::Spread(value) => {
                    let value = self.any(value);
                    self.op2(Opcode::MapExtend, dst, value);
                }
            }
            self.release(mark);
        }
    }

    /// Puts a value under a name.
    pub(super) fn put(&mut self, map: Reg, name: crate::syntax::ast::Symbol, value: Reg) {
        let key = self.alloc();
        let name = self.symbol_constant(name);
        self.op_imm(Opcode::LoadConst, key, Reg(0), name);
        self.op(Opcode::MapPut, map, key, value);
    }

    pub(super) fn range(
        &mut self,
        start: Option<ExprId>,
        end: Option<ExprId>,
        inclusive: bool,
        dst: Reg,
    ) {
        let span = self.f.asm.span();
        let later: Vec<ExprId> = end.into_iter().collect();
        let mut bound = |bound: Option<ExprId>, later: &[ExprId]| match bound {
            Some(bound) => self.operand(bound, later),
            None => {
                let none = self.alloc();
                self.load_null(none);
                none
            }
        };
        let first = bound(start, &later);
        let last = bound(end, &[]);
        let flags = i32::from(inclusive)
            | if start.is_none() { 2 } else { 0 }
            | if end.is_none() { 4 } else { 0 };
        self.at(span, |this| {
            this.f.asm.emit(Opcode::NewRange, dst.0, first.0, last.0, flags);
        });
    }

    pub(super) fn interpolation(&mut self, pieces: &[Piece], dst: Reg) {
        let mark = self.mark();
        let base = self.alloc();
        let mut count: u8 = 0;
        for piece in pieces {
            if usize::from(count) == BATCH {
                self.op_range(Opcode::Concat, base, base, count);
                self.release(mark + 1);
                count = 1;
            }
            let register = if count == 0 { base } else { self.alloc() };
            count += 1;
            self.piece(piece, register);
        }
        self.op_range(Opcode::Concat, dst, base, count);
        self.release(mark);
    }

    fn piece(&mut self, piece: &Piece, dst: Reg) {
        match piece {
            &Piece::Text(text) => {
                let text = self.symbol_constant(text);
                self.op_imm(Opcode::LoadConst, dst, Reg(0), text);
            }
            Piece::Value { value, spec } => {
                self.expr(*value, dst);
                let Some(spec) = spec else { return };
                let span = self.ast[*value].span.to(spec.span);
                if let &[Piece::Text(text)] = &spec.pieces[..] {
                    let text = self.symbol_constant(text);
                    return self.at(span, |this| this.op_imm(Opcode::Format, dst, dst, text));
                }
                let mark = self.mark();
                let text = self.alloc();
                self.interpolation(&spec.pieces, text);
                self.at(span, |this| this.op(Opcode::FormatBy, dst, dst, text));
                self.release(mark);
            }
        }
    }
}
