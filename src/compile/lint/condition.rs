//! Conditions that are the same whatever happens. Only `null` and `false` count as false, so many a
//! condition that is written out of habit never is.

use super::Context;
use super::kind::Kind;
use crate::compile::report::Report;
use crate::diagnostics::{Code, Edit, Span};
use crate::syntax::ast::{BinaryOp, ExprId, ExprKind, StmtKind, UnaryOp};
use crate::syntax::walk::Node;

/// Looks at what `if`, `while` and guards ask, and at the left sides of `&&` and `||`.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    for &node in &cx.tree.nodes {
        match node {
            Node::Expr(id) => match &cx.ast()[id].kind {
                ExprKind::If { condition, .. } => ask(cx, *condition, false, report),
                ExprKind::Match { arms, .. } => {
                    arms.iter()
                        .filter_map(|arm| arm.guard)
                        .for_each(|guard| ask(cx, guard, false, report));
                }
                ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, lhs, .. }
                    if !is_asked(cx, id) =>
                {
                    ask(cx, *lhs, false, report);
                }
                ExprKind::Unary { op: UnaryOp::Not, operand } if !is_asked(cx, id) => {
                    ask(cx, *operand, true, report);
                }
                _ => {}
            },
            Node::Stmt(id) => match cx.ast()[id].kind {
                // `while true` is how a loop without end is written elsewhere, and does no harm.
                StmtKind::While { condition, .. }
                    if !matches!(cx.ast()[condition].kind, ExprKind::Bool(true)) =>
                {
                    ask(cx, condition, false, report);
                }
                StmtKind::Assert { condition, .. }
                    if !matches!(cx.ast()[condition].kind, ExprKind::Bool(false)) =>
                {
                    ask(cx, condition, false, report);
                }
                _ => {}
            },
            Node::Pattern(_) => {}
        }
    }
}

/// Whether an operand of `&&`, `||` or `!` is looked at as a part of the condition around it.
fn is_asked(cx: &Context<'_>, id: ExprId) -> bool {
    let mut below = Node::Expr(id);
    for node in cx.tree.ancestors(below) {
        match node {
            Node::Expr(around) => match &cx.ast()[around].kind {
                ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. }
                | ExprKind::Unary { op: UnaryOp::Not, .. } => below = node,
                ExprKind::If { condition, .. } => return below == Node::Expr(*condition),
                ExprKind::Match { arms, .. } => {
                    return arms.iter().any(|arm| arm.guard.map(Node::Expr) == Some(below));
                }
                _ => return false,
            },
            Node::Stmt(around) => match cx.ast()[around].kind {
                StmtKind::While { condition, .. } | StmtKind::Assert { condition, .. } => {
                    return below == Node::Expr(condition);
                }
                _ => return false,
            },
            Node::Pattern(_) => return false,
        }
    }
    false
}

/// Looks at a condition, and at the operands of `&&`, `||` and `!` in it.
fn ask(cx: &Context<'_>, id: ExprId, negated: bool, report: &mut Report) {
    let mut todo = vec![(id, negated)];
    while let Some((id, negated)) = todo.pop() {
        match &cx.ast()[id].kind {
            ExprKind::Unary { op: UnaryOp::Not, operand } => todo.push((*operand, !negated)),
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, lhs, rhs } => {
                todo.extend([(*lhs, false), (*rhs, false)]);
            }
            ExprKind::Bool(value) => always(cx, id, *value, report),
            ExprKind::Null => always(cx, id, false, report),
            ExprKind::Binary { op, lhs, rhs } => match literal_answer(cx, *op, *lhs, *rhs) {
                Some(value) => always(cx, id, value, report),
                None => never_false(cx, id, negated, report),
            },
            _ => never_false(cx, id, negated, report),
        }
    }
}

fn always(cx: &Context<'_>, id: ExprId, value: bool, report: &mut Report) {
    let title = format!("this condition is always {value}");
    let label = if value { "never false" } else { "never true" };
    let found = cx.warning(Code::W0202, cx.ast()[id].span, title, label);
    report.add(found.help("remove the condition, or ask for what can change"));
}

/// What a comparison of two literals comes to.
fn literal_answer(cx: &Context<'_>, op: BinaryOp, lhs: ExprId, rhs: ExprId) -> Option<bool> {
    let order = match (&cx.ast()[lhs].kind, &cx.ast()[rhs].kind) {
        (ExprKind::Int(a), ExprKind::Int(b)) => a.cmp(b),
        (ExprKind::Str(a), ExprKind::Str(b)) => cx.ast().text(*a).cmp(cx.ast().text(*b)),
        _ => return None,
    };
    match op {
        BinaryOp::Eq => Some(order.is_eq()),
        BinaryOp::Ne => Some(order.is_ne()),
        BinaryOp::Lt => Some(order.is_lt()),
        BinaryOp::Le => Some(order.is_le()),
        BinaryOp::Gt => Some(order.is_gt()),
        BinaryOp::Ge => Some(order.is_ge()),
        _ => None,
    }
}

fn never_false(cx: &Context<'_>, id: ExprId, negated: bool, report: &mut Report) {
    let kind = cx.kind(id);
    let arithmetic = matches!(
        cx.ast()[id].kind,
        ExprKind::Binary {
            op: BinaryOp::Add
                | BinaryOp::Sub
                | BinaryOp::Mul
                | BinaryOp::Div
                | BinaryOp::FloorDiv
                | BinaryOp::Mod
                | BinaryOp::Pow
                | BinaryOp::BitAnd
                | BinaryOp::BitOr
                | BinaryOp::BitXor
                | BinaryOp::Shl
                | BinaryOp::Shr,
            ..
        }
    );
    if !(arithmetic || kind.is_some_and(Kind::is_true)) {
        return;
    }
    let span = cx.ast()[id].span;
    let text = cx.quote(id);
    let label = match kind {
        Some(kind) => format!("{}, which counts as true", kind.name()),
        None => "a number counts as true, 0 as well".to_owned(),
    };
    let title = "this condition is never false";
    let found = cx.warning(Code::W0203, span, title, label);
    let found = found.note("only `null` and `false` count as false: 0, \"\" and [] do not");
    let compare = |zero: &str| match negated {
        true => format!("{text} == {zero}"),
        false if matches!(cx.ast()[id].kind, ExprKind::Member { .. }) => format!("{text} > {zero}"),
        false => format!("{text} != {zero}"),
    };
    let found = match kind {
        Some(Kind::Function) => found.help(format!("call it: `{text}()`")),
        Some(Kind::Int | Kind::Float | Kind::Number) => {
            suggest(cx, found, id, compare("0"), negated)
        }
        None => suggest(cx, found, id, compare("0"), negated),
        Some(Kind::Str | Kind::List | Kind::Map | Kind::Set) if text != "…" => {
            let sign = if negated { "==" } else { ">" };
            found.help(format!("to ask whether it is empty write `{text}.len {sign} 0`"))
        }
        _ => found,
    };
    report.add(found);
}

/// The comparison that was meant. Behind a `!` it stands in place of the whole operand, sign
/// included.
fn suggest(
    cx: &Context<'_>,
    found: crate::diagnostics::Diagnostic,
    id: ExprId,
    written: String,
    negated: bool,
) -> crate::diagnostics::Diagnostic {
    if written.contains('…') {
        return found.help("compare it with 0");
    }
    let place = match (negated, cx.tree.parent(Node::Expr(id))) {
        (true, Some(Node::Expr(sign))) => cx.ast()[sign].span,
        _ => cx.ast()[id].span,
    };
    let place = Span::new(place.start, place.end);
    found.help(format!("write `{written}`")).edit(Edit::new(cx.source(), place, written))
}
