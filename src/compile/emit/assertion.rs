//! `assert`: on the way through the condition the values of its parts are kept in a window of
//! registers, so that a failure can show them without asking again.
//!
//! Most parts are evaluated into their register of the window in place of another one, which costs
//! nothing; variables that cannot change meanwhile are only copied when the assertion has failed. A
//! part that may be skipped (behind `&&`, `||`, `??`, `?.`) is marked as not set beforehand.

use std::collections::HashMap;
use std::fmt::Write;

use super::Emitter;
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::Opcode;
use crate::bytecode::verify::REGISTERS_MAX;
use crate::compile::resolve::{Binding, VarKind};
use crate::diagnostics::Span;
use crate::syntax::ast::{Argument, BinaryOp, Element, Entry, ExprId, ExprKind, Piece, UnaryOp};

/// More parts than this are not shown.
const PARTS_MAX: usize = 16;
/// So many registers are left for the condition itself.
const REGISTERS_SPARE: u16 = 100;

/// The parts of a condition whose values are kept.
#[derive(Debug, Default)]
pub(super) struct Watch {
    slots: HashMap<ExprId, Reg>,
    /// Those that code has been written for.
    kept: Vec<ExprId>,
}

/// A part of a condition.
struct Part {
    id: ExprId,
    /// It may be skipped.
    conditional: bool,
}

impl Emitter<'_> {
    pub(super) fn assert(&mut self, condition: ExprId, message: Option<ExprId>) {
        let mark = self.mark();
        let parts = self.parts(condition);
        let base = self.alloc_many(parts.len() as u8);
        let mut watch = Watch::default();
        let mut late = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let slot = Reg(base.0 + index as u8);
            if part.conditional {
                self.op1(Opcode::LoadUnset, slot);
            } else if let Some((register, changes)) = self.in_register(part.id)
                && !(changes && self.names.assigning.contains(&condition))
            {
                late.push((slot, register, part.id));
                continue;
            }
            watch.slots.insert(part.id, slot);
        }
        let holds = self.label();
        let outer = std::mem::replace(&mut self.f.watch, watch);
        self.jump_if(condition, true, holds);
        let watch = std::mem::replace(&mut self.f.watch, outer);
        for &(slot, register, _) in &late {
            self.move_to(slot, register);
        }
        let is_kept =
            |id: &ExprId| watch.kept.contains(id) || late.iter().any(|part| part.2 == *id);
        let text: Reg = self.alloc();
        match message {
            Some(message) => self.expr(message, text),
            None => self.load_null(text),
        }
        let span = self.ast[condition].span;
        let mut source = self.text_of(span).to_owned();
        let shown = parts.iter().enumerate().filter(|(_, part)| is_kept(&part.id));
        for (index, part) in shown {
            let Span { start, end } = self.ast[part.id].span;
            write!(source, "\0{index} {} {}", start - span.start, end - span.start)
                .expect("a string takes any text");
        }
        let source = self.name_constant(&source);
        self.at(span, |this| {
            this.f.asm.emit(Opcode::AssertFail, text.0, base.0, parts.len() as u8, source);
        });
        self.release(mark);
        self.bind(holds);
    }

    /// Notes that the value of a part has come to a register.
    pub(super) fn keep(&mut self, id: ExprId, register: Reg) {
        if let Some(&slot) = self.f.watch.slots.get(&id) {
            self.move_to(slot, register);
            self.f.watch.kept.push(id);
        }
    }

    /// The register of the window that a part is to be evaluated into.
    pub(super) fn kept_in(&self, id: ExprId) -> Option<Reg> {
        self.f.watch.slots.get(&id).copied()
    }

    /// What is worth showing of a condition, in the order of the source.
    fn parts(&self, condition: ExprId) -> Vec<Part> {
        let spare = REGISTERS_MAX as u16;
        if self.mark() + REGISTERS_SPARE > spare {
            return Vec::new();
        }
        let mut parts = Vec::new();
        // That an operator came to false is known.
        let shown = !matches!(self.ast[condition].kind, ExprKind::Binary { .. });
        self.look_into(condition, false, shown, &mut parts);
        let place = |part: &Part| {
            let span = self.ast[part.id].span;
            (span.start, u32::MAX - span.end)
        };
        parts.sort_by_key(place);
        parts.truncate(PARTS_MAX);
        parts
    }

    /// Adds the parts of an expression, itself included unless its value is of no interest.
    fn look_into(&self, id: ExprId, conditional: bool, shown: bool, parts: &mut Vec<Part>) {
        let ast = self.ast;
        let mut add = |shown: bool, conditional: bool| {
            if shown {
                parts.push(Part { id, conditional });
            }
        };
        match &ast[id].kind {
            ExprKind::Name(_) => add(shown && self.is_varying(id), conditional),
            ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Call { .. } => {
                self.look_into_chain(id, conditional, shown, parts);
            }
            ExprKind::Await(operand) => {
                add(shown, conditional);
                self.look_into(*operand, conditional, false, parts);
            }
            ExprKind::Group(operand) => {
                add(shown, conditional);
                self.look_into(*operand, conditional, false, parts);
            }
            ExprKind::Unary { op, operand } => {
                add(shown && *op != UnaryOp::Not && self.int_literal(id).is_none(), conditional);
                self.look_into(*operand, conditional, true, parts);
            }
            ExprKind::Binary { op, .. } => {
                let arithmetic = !is_question(*op);
                self.look_into_binary(id, conditional, shown && arithmetic, parts);
            }
            ExprKind::Interpolation(pieces) => {
                add(shown, conditional);
                for piece in pieces {
                    if let Piece::Value { value, .. } = piece {
                        self.look_into(*value, conditional, true, parts);
                    }
                }
            }
            ExprKind::Is { value, .. } => self.look_into(*value, conditional, true, parts),
            ExprKind::Range { start, end, .. } => {
                for part in start.iter().chain(end) {
                    self.look_into(*part, conditional, true, parts);
                }
            }
            ExprKind::List(elements) => {
                for element in elements {
                    let (Element::Value(value) | Element::Spread(value)) = *element;
                    self.look_into(value, conditional, true, parts);
                }
            }
            ExprKind::Map(entries) => {
                for entry in entries {
                    match *entry {
                        Entry::Short(_) => {}
                        Entry::Named { value, .. }
                        | Entry::Computed { value, .. }
                        | Entry::Spread(value) => self.look_into(value, conditional, true, parts),
                    }
                }
            }
            _ => {}
        }
    }

    /// Operators, down the left side.
    fn look_into_binary(&self, id: ExprId, conditional: bool, shown: bool, parts: &mut Vec<Part>) {
        let mut at = id;
        let mut shown = shown;
        while let ExprKind::Binary { op, lhs, rhs } = self.ast[at].kind {
            if shown {
                parts.push(Part { id: at, conditional });
            }
            let skipped = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Coalesce);
            self.look_into(rhs, conditional || skipped, true, parts);
            at = lhs;
            shown = matches!(self.ast[at].kind, ExprKind::Binary { op, .. } if !is_question(op));
        }
        self.look_into(at, conditional, true, parts);
    }

    /// Members, elements and calls, from the outside to the root. All behind a `?.` may be skipped,
    /// so in a chain with one everything but the root counts as such.
    fn look_into_chain(&self, id: ExprId, conditional: bool, shown: bool, parts: &mut Vec<Part>) {
        let ast = self.ast;
        let skips = conditional || self.has_question_mark(id);
        let mut at = id;
        let mut shown = shown;
        let is_link = |at: ExprId| {
            let kind = &ast[at].kind;
            matches!(kind, ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Call { .. })
        };
        while is_link(at) {
            if shown {
                // The whole is null if something in it is.
                let conditional = if at == id { conditional } else { skips };
                parts.push(Part { id: at, conditional });
            }
            shown = true;
            if self.names.members.contains_key(&at) {
                // A path into a module is one name.
                return;
            }
            match &ast[at].kind {
                ExprKind::Member { object, .. } => at = *object,
                ExprKind::Index { object, indices, .. } => {
                    for &index in indices {
                        self.look_into(index, skips, true, parts);
                    }
                    at = *object;
                }
                ExprKind::Call { callee, arguments } => {
                    for argument in arguments {
                        let (Argument::Value(value)
                        | Argument::Spread(value)
                        | Argument::Named { value, .. }) = *argument;
                        self.look_into(value, skips, true, parts);
                    }
                    // The function itself tells nothing.
                    shown = false;
                    at = *callee;
                }
                _ => break,
            }
        }
        self.look_into(at, conditional, shown, parts);
    }

    fn has_question_mark(&self, id: ExprId) -> bool {
        let mut at = id;
        loop {
            match self.ast[at].kind {
                ExprKind::Member { optional: true, .. }
                | ExprKind::Index { optional: true, .. } => {
                    return true;
                }
                ExprKind::Member { object, .. } | ExprKind::Index { object, .. } => at = object,
                ExprKind::Call { callee, .. } => at = callee,
                _ => return false,
            }
        }
    }

    /// Whether a name stands for a value that the reader of a report does not know.
    fn is_varying(&self, id: ExprId) -> bool {
        match self.names.uses.get(self.ast[id].span) {
            Some(Binding::Variable(var)) => matches!(
                self.names.variable(*var).kind,
                VarKind::Let | VarKind::Var | VarKind::Param | VarKind::Bound
            ),
            Some(Binding::Imported(_, kind)) => {
                *kind == crate::bytecode::program::ExportKind::Value
            }
            _ => false,
        }
    }
}

/// Operators whose answer, a bool, is no news where a condition has failed.
fn is_question(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge | In | NotIn | And | Or)
}
