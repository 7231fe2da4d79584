//! Which code never comes to its end, as far as the tree shows it.

use super::resolve::{Binding, LoopKey, Resolution};
use crate::syntax::ast::{Ast, Block, ExprId, ExprKind, StmtId, StmtKind};

/// What is asked about.
#[derive(Clone, Copy)]
pub(super) struct Leave<'a> {
    pub(super) ast: &'a Ast,
    pub(super) resolution: &'a Resolution,
}

impl Leave<'_> {
    /// Whether a statement is never followed by the next one.
    pub(super) fn statement(self, id: StmtId) -> bool {
        match &self.ast[id].kind {
            StmtKind::Expr(value) | StmtKind::Let { value, .. } => self.expr(*value),
            // `??=` and its like may have nothing to do.
            StmtKind::Assign { op: None, value, .. } => self.expr(*value),
            _ => false,
        }
    }

    /// Whether a block never comes to its end.
    pub(super) fn block(self, block: &Block) -> bool {
        self.ast[block.statements].iter().any(|&id| self.statement(id))
    }

    /// Whether an expression never comes to a value.
    fn expr(self, id: ExprId) -> bool {
        match &self.ast[id].kind {
            ExprKind::Return(_)
            | ExprKind::Throw(_)
            | ExprKind::Break { .. }
            | ExprKind::Continue { .. } => true,
            ExprKind::Call { callee, .. } => self.is_exit(*callee),
            ExprKind::Block(body)
            | ExprKind::Scope { body, .. }
            | ExprKind::Shield { body, .. } => self.block(body),
            ExprKind::If { .. } => self.if_chain(id),
            ExprKind::Match { arms, .. } => {
                !arms.is_empty() && arms.iter().all(|arm| self.statement(arm.body))
            }
            ExprKind::Loop { .. } => !self.is_broken(id),
            ExprKind::Try(parts) => {
                parts.finally.as_ref().is_some_and(|block| self.block(block))
                    || (self.block(&parts.body)
                        && parts.catches.iter().all(|catch| self.block(&catch.body)))
            }
            _ => false,
        }
    }

    /// `exit(…)` of the prelude.
    fn is_exit(self, callee: ExprId) -> bool {
        let binding = self.resolution.uses.get(self.ast[callee].span);
        matches!(self.ast[callee].kind, ExprKind::Name(_))
            && matches!(binding, Some(Binding::Prelude(name)) if &**name == "exit")
    }

    /// `if … else if … else …`, however long.
    fn if_chain(self, id: ExprId) -> bool {
        let mut at = id;
        while let ExprKind::If { then, otherwise, .. } = &self.ast[at].kind {
            let Some(next) = otherwise else { return false };
            if !self.block(then) {
                return false;
            }
            at = *next;
        }
        self.expr(at)
    }

    /// Whether a `break` leaves the loop.
    fn is_broken(self, id: ExprId) -> bool {
        self.resolution.targets.iter().any(|(jump, target)| {
            *target == LoopKey::Expr(id) && matches!(self.ast[*jump].kind, ExprKind::Break { .. })
        })
    }
}
