//! `if`, `match`, and the ways out: `return`, `break`, `continue`.

use super::builder::Exit;
use super::{Emitter, Want};
use crate::bytecode::assembler::{Label, Reg};
use crate::bytecode::op::Opcode;
use crate::syntax::ast::{Block, ExprId, ExprKind, MatchArm, StmtKind};

impl Emitter<'_> {
    /// `if … else if … else …`, however long.
    pub(super) fn if_chain(&mut self, id: ExprId, want: Want) {
        let ast = self.ast;
        let done = self.label();
        let mut at = id;
        loop {
            let ExprKind::If { condition, then, otherwise } = &ast[at].kind else {
                self.value(at, want);
                break;
            };
            if otherwise.is_none()
                && want == Want::Nothing
                && let Some(target) = self.way_out(then)
            {
                self.jump_if(*condition, true, target);
                break;
            }
            let next = self.label();
            self.jump_if(*condition, false, next);
            self.block(then, want);
            let ends = otherwise.is_none() && want == Want::Nothing;
            if !ends && !self.unreachable() {
                self.jump(done);
            }
            self.bind(next);
            match otherwise {
                Some(otherwise) => at = *otherwise,
                None => {
                    self.null(want);
                    break;
                }
            }
        }
        self.bind(done);
    }

    /// Where a block leads that is a `break` or `continue` alone and runs no clean-up on its way.
    fn way_out(&self, block: &Block) -> Option<Label> {
        let [statement] = self.ast[block.statements][..] else { return None };
        let StmtKind::Expr(id) = self.ast[statement].kind else { return None };
        let key = self.names.targets.get(&id)?;
        let frame = self.f.loops.iter().rev().find(|frame| frame.key == *key)?;
        let (label, depth) = match self.ast[id].kind {
            ExprKind::Break { value: None, .. } if frame.value.is_none() => {
                (frame.on_break, frame.depth)
            }
            ExprKind::Continue { .. } => (frame.on_continue, frame.inside),
            _ => return None,
        };
        (depth == self.f.cleanups.len()).then_some(label)
    }

    pub(super) fn match_arms(&mut self, subject: ExprId, arms: &[MatchArm], want: Want) {
        let mark = self.mark();
        let bodies: Vec<ExprId> = arms.iter().filter_map(|arm| arm.guard).collect();
        let value = self.operand(subject, &bodies);
        let done = self.label();
        let mut open = true;
        for arm in arms {
            let inner = self.mark();
            let mut miss = self.miss();
            self.declare_pattern(arm.pattern);
            self.fit(arm.pattern, value, &mut miss);
            if let Some(guard) = arm.guard {
                miss.used = true;
                self.jump_if(guard, false, miss.label);
            }
            self.statement_value(arm.body, want);
            if !self.unreachable() {
                self.jump(done);
            }
            self.bind(miss.label);
            self.release(inner);
            open = miss.used;
            if !open {
                break;
            }
        }
        if open {
            self.op1(Opcode::MatchError, value);
        }
        self.bind(done);
        self.release(mark);
    }

    pub(super) fn return_from(&mut self, value: Option<ExprId>) {
        if self.f.cleanups.is_empty() {
            match value {
                Some(value) => self.value(value, Want::Return),
                None => self.null(Want::Return),
            }
            return;
        }
        if self.f.cleanups.iter().all(|around| around.iteration.is_some()) {
            let mark = self.mark();
            let register = match value {
                Some(value) => self.any(value),
                None => self.alloc(),
            };
            if value.is_none() {
                self.load_null(register);
            }
            self.f.return_register = Some(register);
            self.leave(Exit::Return);
            self.f.return_register = None;
            self.release(mark);
            return;
        }
        let register = self.f.return_register.unwrap_or(Reg(0));
        match value {
            Some(value) => self.expr(value, register),
            None => self.load_null(register),
        }
        self.leave(Exit::Return);
    }

    pub(super) fn break_from(&mut self, id: ExprId, value: Option<ExprId>) {
        let Some(&key) = self.names.targets.get(&id) else { return };
        let Some(frame) = self.f.loops.iter().rev().find(|frame| frame.key == key) else { return };
        let (exit, result) = (Exit::Jump(frame.on_break, frame.depth), frame.value);
        let value = value.filter(|_| !self.names.label_breaks.contains(&id));
        match (value, result) {
            (Some(value), Some(result)) => self.expr(value, result),
            (Some(value), None) => self.value(value, Want::Nothing),
            (None, Some(result)) => self.load_null(result),
            (None, None) => {}
        }
        self.leave(exit);
    }

    pub(super) fn continue_at(&mut self, id: ExprId) {
        let Some(&key) = self.names.targets.get(&id) else { return };
        let Some(frame) = self.f.loops.iter().rev().find(|frame| frame.key == key) else { return };
        let exit = Exit::Jump(frame.on_continue, frame.inside);
        self.leave(exit);
    }
}
