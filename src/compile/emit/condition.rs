//! Conditions: jumps on comparisons, without a bool in between.

use super::Emitter;
use super::operator::is_logical;
use crate::bytecode::assembler::Label;
use crate::bytecode::op::Opcode;
use crate::syntax::ast::{BinaryOp, ExprId, ExprKind, UnaryOp};

impl Emitter<'_> {
    /// Jumps if the truth of an expression is `on`, falls through otherwise.
    pub(super) fn jump_if(&mut self, id: ExprId, on: bool, target: Label) {
        let before = self.f.asm.set_span(self.ast[id].span);
        let mark = self.mark();
        self.condition(id, on, target);
        self.release(mark);
        self.f.asm.set_span(before);
    }

    fn condition(&mut self, id: ExprId, on: bool, target: Label) {
        match self.ast[id].kind {
            ExprKind::Bool(value) => {
                if value == on {
                    self.jump(target);
                }
            }
            ExprKind::Unary { op: UnaryOp::Not, operand } => self.jump_if(operand, !on, target),
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), .. } => {
                self.logical(id, op, on, target);
            }
            ExprKind::Binary { op, lhs, rhs } if !is_logical(op) && comparison(op).is_some() => {
                self.compare(op, lhs, rhs, on, target);
            }
            _ => {
                let value = self.any(id);
                let op = if on { Opcode::JumpIf } else { Opcode::JumpIfNot };
                self.jump_on(op, value, target);
            }
        }
    }

    /// `a && b && c`, however long.
    fn logical(&mut self, id: ExprId, wanted: BinaryOp, on: bool, target: Label) {
        let mut parts = Vec::new();
        let mut at = id;
        while let ExprKind::Binary { op, lhs, rhs } = self.ast[at].kind
            && op == wanted
        {
            parts.push(rhs);
            at = lhs;
        }
        parts.push(at);
        parts.reverse();
        // The truth of one part that decides the whole.
        let decides = wanted == BinaryOp::Or;
        if decides == on {
            parts.into_iter().for_each(|part| self.jump_if(part, on, target));
            return;
        }
        let over = self.label();
        let last = parts.pop();
        parts.into_iter().for_each(|part| self.jump_if(part, decides, over));
        last.into_iter().for_each(|part| self.jump_if(part, on, target));
        self.bind(over);
    }

    fn compare(&mut self, op: BinaryOp, lhs: ExprId, rhs: ExprId, on: bool, target: Label) {
        let Some(forms) = comparison(op) else { return };
        let span = self.f.asm.span();
        let left = self.operand(lhs, &[rhs]);
        let small = self.int_literal(rhs).and_then(|value| i16::try_from(value).ok());
        if let Some(value) = small {
            let op = if on { forms.int.0 } else { forms.int.1 };
            self.jump_on_int(op, left, value, target);
            return;
        }
        let right = self.any(rhs);
        let op = if on { forms.registers.0 } else { forms.registers.1 };
        let (a, b) = if forms.swapped { (right, left) } else { (left, right) };
        self.at(span, |this| this.f.asm.jump(op, a.0, b.0, u8::from(forms.swapped), target));
    }
}

/// The jumps of a comparison: if it holds, and if it does not.
struct Forms {
    registers: (Opcode, Opcode),
    swapped: bool,
    int: (Opcode, Opcode),
}

fn comparison(op: BinaryOp) -> Option<Forms> {
    let equal = (Opcode::JumpEq, Opcode::JumpNe);
    let equal_int = (Opcode::JumpEqInt, Opcode::JumpNeInt);
    let less = (Opcode::JumpLt, Opcode::JumpNotLt);
    let less_equal = (Opcode::JumpLe, Opcode::JumpNotLe);
    let flip = |(yes, no): (Opcode, Opcode)| (no, yes);
    let (registers, swapped, int) = match op {
        BinaryOp::Eq => (equal, false, equal_int),
        BinaryOp::Ne => (flip(equal), false, flip(equal_int)),
        BinaryOp::Lt => (less, false, (Opcode::JumpLtInt, Opcode::JumpNotLtInt)),
        BinaryOp::Le => (less_equal, false, (Opcode::JumpLeInt, Opcode::JumpNotLeInt)),
        BinaryOp::Gt => (less, true, (Opcode::JumpGtInt, Opcode::JumpNotGtInt)),
        BinaryOp::Ge => (less_equal, true, (Opcode::JumpGeInt, Opcode::JumpNotGeInt)),
        _ => return None,
    };
    Some(Forms { registers, swapped, int })
}
