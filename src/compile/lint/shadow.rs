//! A variable that hides another one of the same function, where that is probably a mistake.

use super::Context;
use crate::compile::report::Report;
use crate::compile::resolve::{Binding, VarId, VarKind, bound_names};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{ExprId, PatternId, StmtKind};
use crate::syntax::walk::{self, Node};

/// Looks at what `let`, `var` and `for` bind in inner blocks. Names of closures' parameters, of
/// `catch` and of patterns in arms are short-lived, and often the same on purpose.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    for id in cx.tree.statements() {
        match &cx.ast()[id].kind {
            StmtKind::Let { pattern, value, .. } => names(cx, *pattern, *value, report),
            StmtKind::For { pattern, iterable, .. } => names(cx, *pattern, *iterable, report),
            _ => {}
        }
    }
}

fn names(cx: &Context<'_>, pattern: PatternId, value: ExprId, report: &mut Report) {
    for span in bound_names(cx.ast(), pattern) {
        let Some(var) = cx.resolution.declared_at(span) else { continue };
        let Some(&hidden) = cx.resolution.shadows.get(&var) else { continue };
        let text = cx.slice(span);
        // What is made out of the hidden one takes its place on purpose. One that nobody reads has
        // been reported.
        let is_reported = !cx.usage.is_read(var);
        if text.starts_with('_') || is_reported || reads(cx, value, hidden) {
            continue;
        }
        let outer = cx.resolution.variable(hidden);
        let help = match outer.kind {
            VarKind::Var => {
                format!("to change that one write `{text} = …`; else choose another name")
            }
            _ => "give it another name".to_owned(),
        };
        let title = format!("`{text}` hides another variable of this function");
        let found = cx.warning(Code::W0905, span, title, "a new variable of that name");
        report.add(found.see(cx.source(), outer.span, "hides this one").help(help));
    }
}

/// Whether a variable is used in an expression.
fn reads(cx: &Context<'_>, value: ExprId, var: VarId) -> bool {
    let mut todo = vec![Node::Expr(value)];
    while let Some(node) = todo.pop() {
        if let Node::Expr(id) = node
            && cx.variable(id) == Some(var)
        {
            return true;
        }
        walk::children(cx.ast(), node, &mut todo);
    }
    let short = |span: &Span, binding: &Binding| {
        let place = cx.ast()[value].span;
        *binding == Binding::Variable(var) && place.start <= span.start && span.end <= place.end
    };
    cx.resolution.uses.iter().any(|(span, binding)| short(span, binding))
}
