//! Comparisons that come out the same whatever the values are.

use super::Context;
use super::kind::Kind;
use crate::compile::report::Report;
use crate::diagnostics::{Code, Edit};
use crate::syntax::ast::{
    Ast, BinaryOp, ExprId, ExprKind, MatchArm, PatternId, PatternKind, UnaryOp,
};
use crate::syntax::walk::{self, Node};

/// Looks at comparisons, and at the literals of `match` arms.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    for id in cx.tree.exprs() {
        match &cx.ast()[id].kind {
            ExprKind::Binary { op, lhs, rhs } if is_comparison(*op) => {
                let (op, lhs, rhs) = (*op, *lhs, *rhs);
                if !searched(cx, id, op, lhs, rhs, report) && !same(cx, id, op, lhs, rhs, report) {
                    kinds(cx, id, op, lhs, rhs, report);
                }
            }
            ExprKind::Match { subject, arms } => matched(cx, *subject, arms, report),
            _ => {}
        }
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}

/// `x.len == "3"`
fn kinds(
    cx: &Context<'_>,
    id: ExprId,
    op: BinaryOp,
    lhs: ExprId,
    rhs: ExprId,
    report: &mut Report,
) {
    let (Some(left), Some(right)) = (cx.kind(lhs), cx.kind(rhs)) else { return };
    if !matches!(op, BinaryOp::Eq | BinaryOp::Ne) || left.may_equal(right) {
        return;
    }
    let answer = if op == BinaryOp::Eq { "never equal" } else { "always different" };
    let title = format!("{} and {} are {answer}", left.name(), right.name());
    let found = cx
        .warning(Code::W0301, cx.ast()[id].span, title, "the answer is always the same")
        .see(cx.source(), cx.ast()[lhs].span, left.name())
        .see(cx.source(), cx.ast()[rhs].span, right.name());
    report.add(match convert(cx, (lhs, left), (rhs, right)) {
        Some(help) => found.help(help),
        None => found,
    });
}

/// How the two could be compared.
fn convert(cx: &Context<'_>, left: (ExprId, Kind), right: (ExprId, Kind)) -> Option<String> {
    let ((lhs, left), (rhs, right)) = (left, right);
    if left == Kind::Type && right == Kind::Str {
        let ExprKind::Str(name) = cx.ast()[rhs].kind else { return None };
        let subject = match &cx.ast()[lhs].kind {
            ExprKind::Call { arguments, .. } => match arguments.as_slice() {
                [crate::syntax::ast::Argument::Value(value)] => cx.quote(*value),
                _ => "x",
            },
            _ => "x",
        };
        let name = match cx.ast().text(name) {
            "string" => "str",
            "number" | "integer" => "int",
            "boolean" => "bool",
            "array" => "list",
            "object" | "dict" => "map",
            "function" => "fn",
            other => other,
        };
        return Some(format!("types are no texts: write `{subject} is {name}`"));
    }
    match (left, right) {
        (Kind::Str, Kind::Int | Kind::Float | Kind::Number) => {
            Some("texts and numbers are never equal: convert one with `int(…)` or `str(…)`".into())
        }
        (Kind::Int | Kind::Float | Kind::Number, Kind::Str) => {
            Some("texts and numbers are never equal: convert one with `int(…)` or `str(…)`".into())
        }
        (Kind::Function, _) => Some(format!("call it: `{}()`", cx.quote(lhs))),
        (_, Kind::Function) => Some(format!("call it: `{}()`", cx.quote(rhs))),
        _ => None,
    }
}

/// `x == x`. That `x != x` asks for nan is known.
fn same(
    cx: &Context<'_>,
    id: ExprId,
    op: BinaryOp,
    lhs: ExprId,
    rhs: ExprId,
    report: &mut Report,
) -> bool {
    let plain = is_place(cx.ast(), lhs) && is_place(cx.ast(), rhs);
    let equal = cx.slice(cx.ast()[lhs].span) == cx.slice(cx.ast()[rhs].span);
    if op == BinaryOp::Ne || !plain || !equal {
        return false;
    }
    let title = format!("`{}` is compared with itself", cx.quote(lhs));
    let span = cx.ast()[id].span;
    let found = cx.warning(Code::W0302, span, title, "both sides are the same");
    report.add(found.help("one of the sides is probably meant to be something else"));
    true
}

/// A name, or fields and elements of one, by names and literals: to ask twice gives the same.
pub fn is_place(ast: &Ast, id: ExprId) -> bool {
    let mut todo = vec![Node::Expr(id)];
    while let Some(node) = todo.pop() {
        let Node::Expr(id) = node else { return false };
        match ast[id].kind {
            ExprKind::Name(_)
            | ExprKind::SelfValue
            | ExprKind::Member { .. }
            | ExprKind::Index { .. } => walk::children(ast, node, &mut todo),
            ExprKind::Int(_) | ExprKind::Str(_) => {}
            _ => return false,
        }
    }
    !matches!(ast[id].kind, ExprKind::Int(_) | ExprKind::Str(_))
}

/// `s.find(x) == -1`, `s.find(x) >= 0`: what is not found is null.
fn searched(
    cx: &Context<'_>,
    id: ExprId,
    op: BinaryOp,
    lhs: ExprId,
    rhs: ExprId,
    report: &mut Report,
) -> bool {
    const SEARCHES: &[&str] = &["find", "rfind", "index_of", "find_index", "binary_search"];
    let ast = cx.ast();
    let ExprKind::Call { callee, .. } = ast[lhs].kind else { return false };
    let Some((_, _, method)) = cx.method(callee) else { return false };
    if !SEARCHES.contains(&method) {
        return false;
    }
    let number = match ast[rhs].kind {
        ExprKind::Int(value) => value,
        ExprKind::Unary { op: UnaryOp::Neg, operand } => match ast[operand].kind {
            ExprKind::Int(value) => -value,
            _ => return false,
        },
        _ => return false,
    };
    let (missing, call) = (cx.slice(ast[lhs].span), ast[id].span);
    let sign = match (op, number) {
        (BinaryOp::Eq, -1) | (BinaryOp::Lt, 0) => "==",
        (BinaryOp::Ne | BinaryOp::Gt, -1) | (BinaryOp::Ge, 0) => "!=",
        _ => return false,
    };
    let title = format!("`{method}` gives null, not -1, when there is nothing");
    let written = format!("{missing} {sign} null");
    let found = cx.warning(Code::W0303, call, title, "null is no number");
    let short = if written.len() <= 60 { written.clone() } else { format!("… {sign} null") };
    let found = found.help(format!("write `{short}`"));
    report.add(found.edit(Edit::new(cx.source(), call, written)));
    true
}

/// Literals of arms that are no value of the subject's kind.
fn matched(cx: &Context<'_>, subject: ExprId, arms: &[MatchArm], report: &mut Report) {
    let Some(kind) = cx.kind(subject) else { return };
    let mut todo: Vec<PatternId> = arms.iter().rev().map(|arm| arm.pattern).collect();
    while let Some(pattern) = todo.pop() {
        let other = match &cx.ast()[pattern].kind {
            PatternKind::Or(alternatives) => {
                todo.extend(alternatives.iter().rev());
                continue;
            }
            PatternKind::Literal(value) => cx.kind(*value),
            PatternKind::Range { .. } => Some(Kind::Number),
            _ => None,
        };
        // A range fits durations and texts as well as numbers.
        let is_range = matches!(cx.ast()[pattern].kind, PatternKind::Range { .. });
        let Some(other) = other.filter(|other| !is_range && !kind.may_equal(*other)) else {
            continue;
        };
        let title = format!("{} is never {}", kind.name(), other.name());
        let found = cx.warning(Code::W0301, cx.ast()[pattern].span, title, "fits nothing").see(
            cx.source(),
            cx.ast()[subject].span,
            kind.name(),
        );
        report.add(found);
    }
}
