//! Binary operators as values. Chains lean to the left and are walked with a loop.

use super::Emitter;
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::Constant;
use crate::syntax::ast::{BinaryOp, ExprId, ExprKind};

/// Whether the right side may be left out.
pub(super) fn is_logical(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Coalesce)
}

/// The jump that skips the right side of `&& || ??`.
pub(super) fn skip_jump(op: BinaryOp) -> Opcode {
    match op {
        BinaryOp::And => Opcode::JumpIfNot,
        BinaryOp::Or => Opcode::JumpIf,
        _ => Opcode::JumpIfNotNull,
    }
}

/// One operator of a chain.
struct Link {
    id: ExprId,
    op: BinaryOp,
    rhs: ExprId,
}

impl Emitter<'_> {
    pub(super) fn binary(&mut self, id: ExprId, dst: Reg) {
        let mut links = Vec::new();
        let mut leaf = id;
        while let ExprKind::Binary { op, lhs, rhs } = self.ast[leaf].kind {
            links.push(Link { id: leaf, op, rhs });
            leaf = lhs;
        }
        links.reverse();
        // Intermediate results get a register of their own, so that the last one alone is written
        // to the wanted place, unless that is written early by the next operator in any case.
        let between = if links.len() > 1 { self.alloc() } else { dst };
        let place = |index: usize| {
            let next_is_last = index + 2 == links.len();
            let next_is_logical = links.get(index + 1).is_some_and(|next| is_logical(next.op));
            if index + 1 == links.len() || (next_is_last && next_is_logical) {
                dst
            } else {
                between
            }
        };
        let mark = self.mark();
        let turned = links.first().and_then(|first| self.turned_form(leaf, first));
        let mut value = match links.first() {
            // It is written with the number on its left.
            Some(_) if turned.is_some() => dst,
            Some(first) if is_logical(first.op) => {
                let out = place(0);
                self.expr(leaf, out);
                out
            }
            Some(first) => self.operand(leaf, &[first.rhs]),
            None => return,
        };
        for (index, link) in links.iter().enumerate() {
            let out = place(index);
            self.f.asm.set_span(self.ast[link.id].span);
            if let (0, Some((op, swapped, number))) = (index, turned) {
                let rhs = self.any(link.rhs);
                self.f.asm.set_span(self.ast[link.id].span);
                self.f.asm.emit(op, out.0, rhs.0, swapped, number);
            } else if is_logical(link.op) {
                self.move_to(out, value);
                let done = self.label();
                self.jump_on(skip_jump(link.op), out, done);
                self.expr(link.rhs, out);
                self.bind(done);
            } else {
                self.apply(link.op, value, link.rhs, out);
            }
            if index + 1 < links.len() {
                self.keep(link.id, out);
            }
            value = out;
            self.release(mark);
        }
    }

    /// The instruction for a number on the left, the flag that it stands there, and the number.
    fn turned_form(&mut self, number: ExprId, link: &Link) -> Option<(Opcode, u8, i32)> {
        let by_int = match link.op {
            BinaryOp::Add => (Opcode::AddInt, Opcode::AddConst, 1),
            BinaryOp::Mul => (Opcode::MulInt, Opcode::MulConst, 1),
            BinaryOp::Sub => (Opcode::IntSub, Opcode::ConstSub, 0),
            BinaryOp::Div => (Opcode::IntDiv, Opcode::ConstDiv, 0),
            _ => return None,
        };
        let (int, float, swapped) = by_int;
        if let Some(value) = self.int_literal(number) {
            return Some((int, swapped, i32::try_from(value).ok()?));
        }
        let value = self.float_literal(number)?;
        Some((float, swapped, self.constant(Constant::Float(value))))
    }

    /// `R[out] := R[lhs] op rhs`
    pub(super) fn apply(&mut self, op: BinaryOp, lhs: Reg, rhs: ExprId, out: Reg) {
        let small = self.int_literal(rhs).and_then(|value| i32::try_from(value).ok());
        if let Some((op, value)) = int_form(op).zip(small) {
            self.op_imm(op, out, lhs, value);
            return;
        }
        if let Some((op, value)) = float_form(op).zip(self.float_literal(rhs)) {
            let constant = self.constant(Constant::Float(value));
            self.op_imm(op, out, lhs, constant);
            return;
        }
        let span = self.f.asm.span();
        let rhs = self.any(rhs);
        self.at(span, |this| this.apply_registers(op, lhs, rhs, out));
    }

    fn apply_registers(&mut self, op: BinaryOp, lhs: Reg, rhs: Reg, out: Reg) {
        match op {
            BinaryOp::Gt => self.f.asm.emit(Opcode::Lt, out.0, rhs.0, lhs.0, 1),
            BinaryOp::Ge => self.f.asm.emit(Opcode::Le, out.0, rhs.0, lhs.0, 1),
            BinaryOp::NotIn => {
                self.op(Opcode::In, out, lhs, rhs);
                self.op2(Opcode::Not, out, out);
            }
            _ => match plain_form(op) {
                Some(op) => self.op(op, out, lhs, rhs),
                None => debug_assert!(false, "logical operators jump"),
            },
        }
    }
}

fn int_form(op: BinaryOp) -> Option<Opcode> {
    Some(match op {
        BinaryOp::Add => Opcode::AddInt,
        BinaryOp::Sub => Opcode::SubInt,
        BinaryOp::Mul => Opcode::MulInt,
        BinaryOp::Div => Opcode::DivInt,
        BinaryOp::FloorDiv => Opcode::FloorDivInt,
        BinaryOp::Mod => Opcode::ModInt,
        BinaryOp::BitAnd => Opcode::BitAndInt,
        BinaryOp::BitOr => Opcode::BitOrInt,
        BinaryOp::BitXor => Opcode::BitXorInt,
        BinaryOp::Shl => Opcode::ShlInt,
        BinaryOp::Shr => Opcode::ShrInt,
        _ => return None,
    })
}

fn float_form(op: BinaryOp) -> Option<Opcode> {
    Some(match op {
        BinaryOp::Add => Opcode::AddConst,
        BinaryOp::Sub => Opcode::SubConst,
        BinaryOp::Mul => Opcode::MulConst,
        BinaryOp::Div => Opcode::DivConst,
        _ => return None,
    })
}

fn plain_form(op: BinaryOp) -> Option<Opcode> {
    Some(match op {
        BinaryOp::Add => Opcode::Add,
        BinaryOp::Sub => Opcode::Sub,
        BinaryOp::Mul => Opcode::Mul,
        BinaryOp::Div => Opcode::Div,
        BinaryOp::FloorDiv => Opcode::FloorDiv,
        BinaryOp::Mod => Opcode::Mod,
        BinaryOp::Pow => Opcode::Pow,
        BinaryOp::BitAnd => Opcode::BitAnd,
        BinaryOp::BitOr => Opcode::BitOr,
        BinaryOp::BitXor => Opcode::BitXor,
        BinaryOp::Shl => Opcode::Shl,
        BinaryOp::Shr => Opcode::Shr,
        BinaryOp::Eq => Opcode::Eq,
        BinaryOp::Ne => Opcode::Ne,
        BinaryOp::Lt => Opcode::Lt,
        BinaryOp::Le => Opcode::Le,
        BinaryOp::In => Opcode::In,
        BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::NotIn
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Coalesce => return None,
    })
}
