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

    /// Jumps back to `top` if an expression is truthy, and on to `out`, or behind this, otherwise.
    /// The jump costs fuel.
    pub(super) fn loop_if(&mut self, id: ExprId, top: Label, out: Label) {
        let before = self.f.asm.set_span(self.ast[id].span);
        let mark = self.mark();
        match self.ast[id].kind {
            ExprKind::Bool(true) => self.f.asm.jump(Opcode::Loop, 0, 0, 0, top),
            ExprKind::Binary { op: BinaryOp::And, lhs, rhs } => {
                self.jump_if(lhs, false, out);
                self.loop_if(rhs, top, out);
            }
            ExprKind::Binary { op, lhs, rhs } => match comparison(op).and_then(|f| f.back) {
                Some(forms) => self.compare_back(op, forms, (lhs, rhs), top),
                None => {
                    self.jump_if(id, false, out);
                    self.f.asm.jump(Opcode::Loop, 0, 0, 0, top);
                }
            },
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => {
                let value = self.any(id);
                self.jump_on(Opcode::LoopIf, value, top);
            }
            ExprKind::Call { .. } => {
                let value = self.any(id);
                self.jump_on(Opcode::LoopIf, value, top);
            }
            _ => {
                self.jump_if(id, false, out);
                self.f.asm.jump(Opcode::Loop, 0, 0, 0, top);
            }
        }
        self.release(mark);
        self.f.asm.set_span(before);
    }

    fn compare_back(
        &mut self,
        op: BinaryOp,
        (registers, int): (Opcode, Opcode),
        (lhs, rhs): (ExprId, ExprId),
        top: Label,
    ) {
        let span = self.f.asm.span();
        let left = self.operand(lhs, &[rhs]);
        let small = self.int_literal(rhs).and_then(|value| i16::try_from(value).ok());
        if let Some(value) = small {
            self.jump_on_int(int, left, value, top);
            return;
        }
        if op == BinaryOp::Ne && matches!(self.ast[rhs].kind, ExprKind::Null) {
            self.jump_on(Opcode::LoopNeNull, left, top);
            return;
        }
        let right = self.any(rhs);
        let swapped = matches!(op, BinaryOp::Gt | BinaryOp::Ge);
        let (a, b) = if swapped { (right, left) } else { (left, right) };
        self.at(span, |this| this.f.asm.jump(registers, a.0, b.0, u8::from(swapped), top));
    }

    /// Whether a condition costs so little code that a loop may have it at both ends.
    pub(super) fn is_small_condition(&self, id: ExprId) -> bool {
        let small = |id: ExprId| {
            self.int_literal(id).is_some() || matches!(self.ast[id].kind, ExprKind::Name(_))
        };
        match self.ast[id].kind {
            ExprKind::Bool(_) => true,
            ExprKind::Binary { op, lhs, rhs } => {
                comparison(op).is_some() && small(lhs) && small(rhs)
            }
            _ => small(id),
        }
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
        if matches!(op, BinaryOp::Eq | BinaryOp::Ne) && matches!(self.ast[rhs].kind, ExprKind::Null)
        {
            let is_equal = (op == BinaryOp::Eq) == on;
            let op = if is_equal { Opcode::JumpEqNull } else { Opcode::JumpNeNull };
            self.jump_on(op, left, target);
            return;
        }
        if let Some((forms, half)) = forms.float.zip(self.float_literal(rhs).and_then(upper_half)) {
            let op = if on { forms.0 } else { forms.1 };
            self.jump_on_int(op, left, half, target);
            return;
        }
        let right = self.any(rhs);
        let op = if on { forms.registers.0 } else { forms.registers.1 };
        let (a, b) = if forms.swapped { (right, left) } else { (left, right) };
        self.at(span, |this| this.f.asm.jump(op, a.0, b.0, u8::from(forms.swapped), target));
    }
}

/// The upper half of a float of 32 bits, if that is all there is to a number.
fn upper_half(value: f64) -> Option<i16> {
    let bits = (value as f32).to_bits();
    let whole = f64::from(f32::from_bits(bits)).to_bits() == value.to_bits() && bits << 16 == 0;
    whole.then_some((bits >> 16) as i16)
}

/// The jumps of a comparison: if it holds, and if it does not.
struct Forms {
    registers: (Opcode, Opcode),
    swapped: bool,
    int: (Opcode, Opcode),
    float: Option<(Opcode, Opcode)>,
    /// The jumps back if it holds, of registers and with an int.
    back: Option<(Opcode, Opcode)>,
}

fn comparison(op: BinaryOp) -> Option<Forms> {
    let equal = (Opcode::JumpEq, Opcode::JumpNe);
    let equal_int = (Opcode::JumpEqInt, Opcode::JumpNeInt);
    let less = (Opcode::JumpLt, Opcode::JumpNotLt);
    let less_equal = (Opcode::JumpLe, Opcode::JumpNotLe);
    let flip = |(yes, no): (Opcode, Opcode)| (no, yes);
    let plain = |registers, int| Forms { registers, swapped: false, int, float: None, back: None };
    Some(match op {
        BinaryOp::Eq => plain(equal, equal_int),
        BinaryOp::Ne => Forms {
            back: Some((Opcode::LoopNe, Opcode::LoopNeInt)),
            ..plain(flip(equal), flip(equal_int))
        },
        BinaryOp::Lt => Forms {
            float: Some((Opcode::JumpLtFloat, Opcode::JumpNotLtFloat)),
            back: Some((Opcode::LoopLt, Opcode::LoopLtInt)),
            ..plain(less, (Opcode::JumpLtInt, Opcode::JumpNotLtInt))
        },
        BinaryOp::Le => Forms {
            float: Some((Opcode::JumpLeFloat, Opcode::JumpNotLeFloat)),
            back: Some((Opcode::LoopLe, Opcode::LoopLeInt)),
            ..plain(less_equal, (Opcode::JumpLeInt, Opcode::JumpNotLeInt))
        },
        BinaryOp::Gt => Forms {
            swapped: true,
            float: Some((Opcode::JumpGtFloat, Opcode::JumpNotGtFloat)),
            back: Some((Opcode::LoopLt, Opcode::LoopGtInt)),
            ..plain(less, (Opcode::JumpGtInt, Opcode::JumpNotGtInt))
        },
        BinaryOp::Ge => Forms {
            swapped: true,
            float: Some((Opcode::JumpGeFloat, Opcode::JumpNotGeFloat)),
            back: Some((Opcode::LoopLe, Opcode::LoopGeInt)),
            ..plain(less_equal, (Opcode::JumpGeInt, Opcode::JumpNotGeInt))
        },
        _ => return None,
    })
}
