//! Expressions: where their value goes, and the forms that need little code.

use super::{Emitter, Want};
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::Opcode;
use crate::compile::resolve::Binding;
use crate::diagnostics::Span;
use crate::syntax::ast::{ExprId, ExprKind, StmtId, StmtKind, TypePath, UnaryOp};

use super::call::CallMode;

impl Emitter<'_> {
    /// Writes an expression; its value goes where it is wanted.
    pub(super) fn value(&mut self, id: ExprId, want: Want) {
        let before = self.f.asm.set_span(self.ast[id].span);
        if !self.control(id, want) {
            self.plain(id, want);
        }
        if let Want::In(dst) = want {
            self.keep(id, dst);
        }
        self.f.asm.set_span(before);
    }

    /// Writes an expression into a register, which it must not read.
    pub(super) fn expr(&mut self, id: ExprId, dst: Reg) {
        self.value(id, Want::In(dst));
    }

    /// The forms that pass on to their parts where the value is wanted.
    fn control(&mut self, id: ExprId, want: Want) -> bool {
        let ast = self.ast;
        match &ast[id].kind {
            ExprKind::If { .. } => self.if_chain(id, want),
            ExprKind::Match { subject, arms } => self.match_arms(*subject, arms, want),
            ExprKind::Block(block) => self.block(block, want),
            ExprKind::Loop { body, .. } => self.loop_forever(id, body, want),
            ExprKind::Try(parts) => self.try_parts(id, parts, want),
            ExprKind::Scope { head, body } => self.scope(id, &head.options, body, want),
            ExprKind::Timeout { duration, body, otherwise } => {
                self.timeout(id, *duration, body, otherwise.as_deref(), want);
            }
            ExprKind::Shield { duration, body } => self.shield(id, *duration, body, want),
            ExprKind::Select { first, arms } => self.select(*first, arms, want),
            ExprKind::Return(value) => self.return_from(*value),
            ExprKind::Throw(value) => {
                let mark = self.mark();
                let error = self.any(*value);
                self.op1(Opcode::Throw, error);
                self.release(mark);
            }
            ExprKind::Break { value, .. } => self.break_from(id, *value),
            ExprKind::Continue { .. } => self.continue_at(id),
            ExprKind::Yield(value) => self.yield_value(*value, want),
            ExprKind::Spawn { daemon, attempt, operand } if want == Want::Nothing => {
                let mark = self.mark();
                self.spawn(id, *daemon, *attempt, *operand, None);
                self.release(mark);
            }
            ExprKind::Error => {}
            _ => return false,
        }
        true
    }

    /// The forms that make a value.
    fn plain(&mut self, id: ExprId, want: Want) {
        let mark = self.mark();
        match want {
            Want::In(dst) => self.into(id, dst),
            Want::Return => {
                let value = self.any(id);
                self.op1(Opcode::Return, value);
            }
            Want::Nothing => {
                let dst = self.alloc();
                self.into(id, dst);
            }
        }
        self.release(mark);
    }

    fn into(&mut self, id: ExprId, dst: Reg) {
        if self.literal(id, dst) {
            return;
        }
        let ast = self.ast;
        match &ast[id].kind {
            ExprKind::Name(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Call { .. } => self.chain(id, dst, CallMode::Plain),
            ExprKind::Group(inner) => self.chain(*inner, dst, CallMode::Plain),
            ExprKind::SelfValue => {
                if let Some(&var) = self.names.receivers.get(&id) {
                    self.load_variable(var, dst);
                }
            }
            ExprKind::Interpolation(pieces) => self.interpolation(pieces, dst),
            ExprKind::List(elements) => self.list(elements, dst),
            ExprKind::Map(entries) => self.map(entries, dst),
            ExprKind::Range { start, end, inclusive } => {
                self.range(*start, *end, *inclusive, dst);
            }
            ExprKind::Unary { op, operand } => self.unary(*op, *operand, dst),
            ExprKind::Binary { .. } => self.binary(id, dst),
            ExprKind::Is { value, types, negated } => self.is(*value, types, *negated, dst),
            ExprKind::Await(operand) => self.await_operand(*operand, dst),
            ExprKind::Spawn { daemon, attempt, operand } => {
                self.spawn(id, *daemon, *attempt, *operand, Some(dst));
            }
            ExprKind::Closure(function) => self.closure(function, dst),
            _ => debug_assert!(self.report.has_errors(), "an expression without code"),
        }
    }

    /// The value of an expression in some register: that of a variable, or a new one.
    pub(super) fn any(&mut self, id: ExprId) -> Reg {
        if let Some((register, _)) = self.in_register(id) {
            self.keep(id, register);
            return register;
        }
        let dst = self.kept_in(id).unwrap_or_else(|| self.alloc());
        self.expr(id, dst);
        dst
    }

    /// Like `any`, for a value that is needed after `later` have been evaluated: a variable that is
    /// assigned in them is copied first.
    pub(super) fn operand(&mut self, id: ExprId, later: &[ExprId]) -> Reg {
        if let Some((register, changes)) = self.in_register(id) {
            self.keep(id, register);
            if !changes || !later.iter().any(|id| self.names.assigning.contains(id)) {
                return register;
            }
            let copy = self.alloc();
            self.move_to(copy, register);
            return copy;
        }
        self.any(id)
    }

    /// The register of a variable that is an expression by itself, and whether it can change.
    pub(super) fn in_register(&self, id: ExprId) -> Option<(Reg, bool)> {
        let expr = &self.ast[id];
        let var = match expr.kind {
            ExprKind::Name(_) => match self.names.uses.get(expr.span)? {
                Binding::Variable(var) => *var,
                _ => return None,
            },
            ExprKind::SelfValue => *self.names.receivers.get(&id)?,
            _ => return None,
        };
        Some((self.register_of(var)?, self.can_change(var)))
    }

    /// Null where a value is wanted.
    pub(super) fn null(&mut self, want: Want) {
        match want {
            Want::Nothing => {}
            Want::In(dst) => self.load_null(dst),
            Want::Return => self.f.asm.emit(Opcode::ReturnNull, 0, 0, 0, 0),
        }
    }

    /// A statement whose value may be wanted: that of an expression, or null.
    pub(super) fn statement_value(&mut self, id: StmtId, want: Want) {
        match self.ast[id].kind {
            StmtKind::Expr(value) => self.value(value, want),
            _ => {
                self.statement(id);
                self.null(want);
            }
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: ExprId, dst: Reg) {
        let value = self.any(operand);
        let op = match op {
            UnaryOp::Neg => Opcode::Neg,
            UnaryOp::Not => Opcode::Not,
            UnaryOp::BitNot => Opcode::BitNot,
        };
        self.op2(op, dst, value);
    }

    fn is(&mut self, value: ExprId, types: &[TypePath], negated: bool, dst: Reg) {
        let value = self.any(value);
        let fits = self.label();
        for (index, path) in types.iter().enumerate() {
            self.is_of_type(value, path, dst);
            if index + 1 < types.len() {
                self.jump_on(Opcode::JumpIf, dst, fits);
            }
        }
        self.bind(fits);
        if negated {
            self.op2(Opcode::Not, dst, dst);
        }
    }

    /// `R[dst] :=` whether a value is of the type that a path names.
    pub(super) fn is_of_type(&mut self, value: Reg, path: &TypePath, dst: Reg) {
        let Some(first) = path.parts.first() else { return };
        let text = self.ast.text(first.symbol);
        if path.parts.len() == 1 && matches!(text, "null" | "fn") {
            let name = self.name_constant(text);
            self.at(path.span, |this| this.op_imm(Opcode::IsNamed, dst, value, name));
            return;
        }
        let mark = self.mark();
        let of_type = self.alloc();
        self.path(path, of_type);
        self.at(path.span, |this| this.op(Opcode::Is, dst, value, of_type));
        self.release(mark);
    }

    /// Loads what a dotted path stands for.
    pub(super) fn path(&mut self, path: &TypePath, dst: Reg) {
        let Some((binding, taken)) = self.names.paths.get(&path.span).cloned() else { return };
        let first = path.parts.first().map_or(path.span, |part| part.span);
        self.load_binding(&binding, dst, first);
        for part in path.parts.iter().skip(taken) {
            let name = self.symbol_constant(part.symbol);
            self.at(part.span, |this| this.op_imm(Opcode::GetField, dst, dst, name));
        }
    }

    /// The source text of a span.
    pub(super) fn text_of(&self, span: Span) -> &str {
        self.source.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}
