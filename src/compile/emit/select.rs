//! `select`: guards and operands are evaluated into windows, one instruction waits for all arms,
//! and the number of the one that fired picks the code that goes on.

use super::call::CallMode;
use super::{Emitter, Want};
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::{SelectArmCode, SelectArmKind as ArmForm, SelectCode};
use crate::syntax::ast::{ExprId, ExprKind, SelectArm, SelectArmKind};

impl Emitter<'_> {
    pub(super) fn select(&mut self, first: bool, arms: &[SelectArm], want: Want) {
        let mark = self.mark();
        let span = self.f.asm.span();
        let result = self.alloc_many(2);
        let windows = self.mark();
        let mut forms = Vec::new();
        let mut bodies: Vec<&SelectArm> = Vec::new();
        let mut otherwise = None;
        for arm in arms {
            match &arm.kind {
                SelectArmKind::Else => otherwise = Some(arm),
                SelectArmKind::Await { operand, guard, .. } => {
                    forms.push(self.arm_window(*operand, *guard));
                    bodies.push(arm);
                }
            }
        }
        let index = self.selects.len() as i32;
        self.selects.push(SelectCode { arms: forms, first, has_else: otherwise.is_some() });
        self.at(span, |this| this.op_imm(Opcode::Select, result, Reg(0), index));
        self.release(windows);
        let done = self.label();
        bodies.extend(otherwise);
        for (number, arm) in bodies.iter().enumerate() {
            let next = self.label();
            let last = number + 1 == bodies.len();
            if !last {
                let number = i16::try_from(number).unwrap_or(i16::MAX);
                self.jump_on_int(Opcode::JumpNeInt, result.plus(1), number, next);
            }
            let inner = self.mark();
            if let SelectArmKind::Await { pattern: Some(pattern), .. } = arm.kind {
                self.declare_pattern(pattern);
                self.take_apart(pattern, result, None);
            }
            self.statement_value(arm.body, want);
            if !last && !self.unreachable() {
                self.jump(done);
            }
            self.bind(next);
            self.release(inner);
        }
        self.bind(done);
        self.release(mark);
    }

    /// Evaluates the guard and the operand of an arm; the registers stay taken.
    fn arm_window(&mut self, operand: ExprId, guard: Option<ExprId>) -> SelectArmCode {
        let enabled = self.alloc();
        let skip = self.label();
        match guard {
            Some(guard) => {
                self.expr(guard, enabled);
                self.jump_on(Opcode::JumpIfNot, enabled, skip);
            }
            None => self.op2(Opcode::LoadBool, enabled, Reg(1)),
        }
        let is_optional = self.is_optional_chain(operand);
        // Null if a `?.` has skipped the rest.
        let value = self.alloc();
        let mut form = (value, ArmForm::Value);
        if let ExprKind::Call { .. } = self.ast[operand].kind {
            if is_optional {
                self.op2(Opcode::LoadBool, value, Reg(1));
                // The window has to stand behind it.
                self.alloc();
            }
            self.arm = None;
            self.chain(operand, value, CallMode::Arm);
            form = self.arm.take().unwrap_or(form);
        } else {
            self.expr(operand, value);
        }
        if is_optional {
            self.jump_on(Opcode::JumpIfNotNull, value, skip);
            self.op1(Opcode::LoadUnset, enabled);
        }
        self.bind(skip);
        SelectArmCode { enabled: enabled.0, register: form.0.0, kind: form.1 }
    }
}
