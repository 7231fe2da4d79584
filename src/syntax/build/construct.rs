//! The actions for expressions with blocks or arms, and for `spawn`.

use super::Builder;
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::*;

impl Builder<'_> {
    /// `spawn`
    pub fn spawn(
        &mut self,
        daemon: bool,
        attempt: bool,
        operand: ExprId,
        l: u32,
        r: u32,
    ) -> ExprId {
        let operand = self.ungrouped(operand);
        if !matches!(self.ast[operand].kind, ExprKind::Call { .. } | ExprKind::Block(_)) {
            let span = self.ast[operand].span;
            let help = "write `spawn f(x)` or `spawn { … }`";
            self.fault(Code::E0112, "`spawn` takes a call or a block", span, help);
        }
        self.expr(ExprKind::Spawn { daemon, attempt, operand }, l, r)
    }

    /// `match`
    pub fn matching(
        &mut self,
        subject: ExprId,
        arms: Vec<Option<MatchArm>>,
        l: u32,
        r: u32,
    ) -> ExprId {
        let arms = arms.into_iter().flatten().collect();
        self.expr(ExprKind::Match { subject, arms }, l, r)
    }

    /// `select`
    pub fn select(&mut self, first: bool, arms: Vec<Option<SelectArm>>, l: u32, r: u32) -> ExprId {
        let arms = arms.into_iter().flatten().collect();
        self.expr(ExprKind::Select { first, arms }, l, r)
    }

    /// An arm of `select`.
    pub fn select_arm(
        &mut self,
        mut kind: SelectArmKind,
        body: StmtId,
        l: u32,
        r: u32,
    ) -> SelectArm {
        if let SelectArmKind::Await { operand, .. } = &mut kind {
            *operand = self.ungrouped(*operand);
        }
        SelectArm { kind, body, span: Span::new(l, r) }
    }

    /// `try`
    #[expect(clippy::vec_box, reason = "what lies on the parser's stack is small")]
    pub fn attempt(
        &mut self,
        body: Block,
        catches: Vec<Box<Catch>>,
        finally: Option<Block>,
        l: u32,
        r: u32,
    ) -> ExprId {
        if catches.is_empty() && finally.is_none() {
            let help = "add `catch e { … }` or `finally { … }`; `catch { }` drops every error";
            let span = Span::new(l, l + 3);
            self.fault(Code::E0113, "`try` needs `catch` or `finally`", span, help);
        }
        let catches = catches.into_iter().map(|catch| *catch).collect();
        self.expr(ExprKind::Try(Box::new(Try { body, catches, finally })), l, r)
    }

    /// `scope`
    pub fn scope(
        &mut self,
        name: Option<Name>,
        options: Vec<Argument>,
        body: Block,
        l: u32,
        r: u32,
    ) -> ExprId {
        let head = Box::new(ScopeHead { name, options });
        self.expr(ExprKind::Scope { head, body }, l, r)
    }

    /// `timeout`
    pub fn timeout(
        &mut self,
        duration: ExprId,
        body: Block,
        otherwise: Option<Block>,
        l: u32,
        r: u32,
    ) -> ExprId {
        let otherwise = otherwise.map(Box::new);
        self.expr(ExprKind::Timeout { duration, body, otherwise }, l, r)
    }
}
