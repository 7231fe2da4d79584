//! Tasks: a `catch` that will not see a failure, and async functions that give back a task.

use std::collections::HashMap;

use super::Context;
use super::kind::Kind;
use crate::compile::report::Report;
use crate::compile::resolve::{OwnerKey, VarId};
use crate::diagnostics::{Code, Edit, Span};
use crate::syntax::ast::{ExprId, ExprKind, FunctionBody, StmtKind};
use crate::syntax::walk::Node;

/// Looks for both.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    let owners: HashMap<VarId, OwnerKey> =
        cx.resolution.owners.iter().map(|(key, owner)| (owner.var, *key)).collect();
    for id in cx.tree.exprs() {
        match cx.ast()[id].kind {
            ExprKind::Await(operand) => awaited(cx, id, operand, &owners, report),
            ExprKind::Return(Some(value)) => {
                if let Some(Node::Stmt(function)) = cx.tree.function_around(Node::Expr(id))
                    && let StmtKind::Function { function, .. } = &cx.ast()[function].kind
                    && function.is_async
                {
                    gives_task(cx, value, report);
                }
            }
            _ => {}
        }
    }
    for at in &cx.tree.functions {
        if at.function.is_async
            && let FunctionBody::Block(block) = &at.function.body
            && let Some(&last) = cx.ast()[block.statements].last()
            && let StmtKind::Expr(value) = cx.ast()[last].kind
        {
            gives_task(cx, value, report);
        }
    }
}

/// `let t = spawn f()`, then `try { await t } catch …` in the scope that owns the task: its failure
/// cancels the scope, so the `catch` is never asked.
fn awaited(
    cx: &Context<'_>,
    id: ExprId,
    operand: ExprId,
    owners: &HashMap<VarId, OwnerKey>,
    report: &mut Report,
) {
    let ast = cx.ast();
    let Some(var) = cx.variable(operand) else { return };
    let Some(spawn) = cx.value_of(var) else { return };
    let ExprKind::Spawn { attempt: false, daemon, operand: started } = ast[spawn].kind else {
        return;
    };
    let Some(owner) = cx.resolution.spawn_owners.get(&spawn) else { return };
    let owner = owner.and_then(|var| owners.get(&var)).map(|key| match *key {
        OwnerKey::Expr(id) => Some(Node::Expr(id)),
        OwnerKey::Stmt(id) => Some(Node::Stmt(id)),
        OwnerKey::Body(_) => None,
    });
    let owner = owner.flatten();
    if owner.is_some_and(|owner| isolates(cx, owner)) {
        return;
    }
    let Some(catch) = catch_between(cx, id, owner) else { return };
    let text = cx.slice(ast[operand].span);
    let title = format!("a failure of `{text}` does not come to this `catch`");
    let found = cx
        .warning(Code::W0501, catch, title, "never asked")
        .see(cx.source(), ast[spawn].span, "a failure of this task cancels its scope at once")
        .see(cx.source(), ast[id].span, "this wait is cut short with it");
    let word = if daemon { "spawn daemon try" } else { "spawn try" };
    let call = cx.quote(started);
    let until = Span::new(ast[spawn].span.start, ast[started].span.start);
    let found =
        found.help(format!("write `{word} {call}` to handle the failure where it is awaited"));
    report.add(found.edit(Edit::new(cx.source(), until, format!("{word} "))));
}

/// The `catch` around an `await`, inside of the owner of the task.
fn catch_between(cx: &Context<'_>, id: ExprId, owner: Option<Node>) -> Option<Span> {
    let mut below = Node::Expr(id);
    for node in cx.tree.ancestors(below) {
        if Some(node) == owner || cx.tree.is_function(node) {
            return None;
        }
        if let Node::Expr(around) = node
            && let ExprKind::Try(parts) = &cx.ast()[around].kind
            && let Some(catch) = parts.catches.first()
            && matches!(below, Node::Stmt(id) if cx.ast()[parts.body.statements].contains(&id))
        {
            // The word alone: what follows it may be long.
            return Some(Span::new(catch.span.start, catch.span.start + 5));
        }
        below = node;
    }
    None
}

/// Whether a scope says what a failure does to it.
fn isolates(cx: &Context<'_>, owner: Node) -> bool {
    let Node::Expr(id) = owner else { return false };
    matches!(&cx.ast()[id].kind, ExprKind::Scope { head, .. } if !head.options.is_empty())
}

fn gives_task(cx: &Context<'_>, value: ExprId, report: &mut Report) {
    if cx.kind(value) != Some(Kind::Task) {
        return;
    }
    let span = cx.ast()[value].span;
    let title = "this async function gives back a task, not what the task comes to";
    let found = cx.warning(Code::W0502, span, title, "the function ends when this task has ended");
    let start = Span::new(span.start, span.start);
    let found = found.help("write `await` in front of it, or call the function without `spawn`");
    report.add(found.edit(Edit::new(cx.source(), start, "await ")));
}
