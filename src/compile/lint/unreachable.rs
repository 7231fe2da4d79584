//! Statements behind one that is always left.

use super::Context;
use crate::compile::report::Report;
use crate::compile::resolve::Binding;
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{Block, ExprId, ExprKind, StmtId, StmtKind};
use crate::syntax::walk::Node;

/// Looks through all lists of statements.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    for statements in &cx.tree.lists {
        let Some(at) = statements.iter().position(|&id| statement_leaves(cx, id)) else {
            continue;
        };
        let behind = &statements[at + 1..];
        // Declarations hold in the whole block, and a `yield` makes a function a generator wherever
        // it stands.
        let runs = |id: &&StmtId| !is_declaration(cx, **id);
        let Some(&first) = behind.iter().find(runs) else { continue };
        let leaving = statements[at];
        let last = behind.iter().rfind(runs).copied().unwrap_or(first);
        let span = cx.ast()[first].span.to(cx.ast()[last].span);
        let one_line = !cx.slice(span).contains('\n');
        let span = if one_line { span } else { cx.ast()[first].span };
        let found = cx.warning(Code::W0201, span, "this never runs", "never reached");
        let found = found.see(cx.source(), head(cx, leaving), "the block is always left here");
        report.add(found.help("remove it, or put a condition around what leaves"));
    }
}

/// The first line of a statement: a label over many lines hides more than it shows.
fn head(cx: &Context<'_>, id: StmtId) -> Span {
    let span = cx.ast()[id].span;
    let line = cx.slice(span).split(['\n', '\r']).next().unwrap_or("").trim_end();
    Span::new(span.start, span.start + line.len() as u32)
}

fn is_declaration(cx: &Context<'_>, id: StmtId) -> bool {
    match &cx.ast()[id].kind {
        StmtKind::Function { .. }
        | StmtKind::Class { .. }
        | StmtKind::Enum { .. }
        | StmtKind::Import(_)
        | StmtKind::Test { .. }
        | StmtKind::Error => true,
        StmtKind::Expr(value) => matches!(cx.ast()[*value].kind, ExprKind::Yield(None)),
        _ => false,
    }
}

fn statement_leaves(cx: &Context<'_>, id: StmtId) -> bool {
    match &cx.ast()[id].kind {
        StmtKind::Expr(value) | StmtKind::Let { value, .. } => leaves(cx, *value),
        // `??=` and its like may have nothing to do.
        StmtKind::Assign { op: None, value, .. } => leaves(cx, *value),
        _ => false,
    }
}

fn block_leaves(cx: &Context<'_>, block: &Block) -> bool {
    block.statements.iter().any(|&id| statement_leaves(cx, id))
}

/// Whether an expression never comes to a value.
fn leaves(cx: &Context<'_>, id: ExprId) -> bool {
    match &cx.ast()[id].kind {
        ExprKind::Return(_)
        | ExprKind::Throw(_)
        | ExprKind::Break { .. }
        | ExprKind::Continue { .. } => true,
        ExprKind::Call { callee, .. } => {
            matches!(cx.binding(*callee), Some(Binding::Prelude(name)) if &**name == "exit")
        }
        ExprKind::Block(body) | ExprKind::Scope { body, .. } | ExprKind::Shield { body, .. } => {
            block_leaves(cx, body)
        }
        ExprKind::If { .. } => if_leaves(cx, id),
        ExprKind::Match { arms, .. } => {
            !arms.is_empty() && arms.iter().all(|arm| statement_leaves(cx, arm.body))
        }
        ExprKind::Loop { .. } => !is_broken(cx, id),
        ExprKind::Try { body, catches, finally } => {
            finally.as_ref().is_some_and(|block| block_leaves(cx, block))
                || (block_leaves(cx, body)
                    && catches.iter().all(|catch| block_leaves(cx, &catch.body)))
        }
        _ => false,
    }
}

/// `if … else if … else …`, however long.
fn if_leaves(cx: &Context<'_>, id: ExprId) -> bool {
    let mut at = id;
    while let ExprKind::If { then, otherwise, .. } = &cx.ast()[at].kind {
        let Some(next) = otherwise else { return false };
        if !block_leaves(cx, then) {
            return false;
        }
        at = *next;
    }
    leaves(cx, at)
}

/// Whether a `break` leaves the loop.
fn is_broken(cx: &Context<'_>, id: ExprId) -> bool {
    cx.resolution.targets.iter().any(|(jump, target)| {
        cx.loop_node(*target) == Node::Expr(id)
            && matches!(cx.ast()[*jump].kind, ExprKind::Break { .. })
    })
}
