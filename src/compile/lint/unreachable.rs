//! Statements behind one that is always left.

use super::Context;
use crate::compile::leave::Leave;
use crate::compile::report::Report;
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{ExprKind, StmtId, StmtKind};

/// Looks through all lists of statements.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    let leave = Leave { ast: cx.ast(), resolution: cx.resolution };
    for statements in &cx.tree.lists {
        let Some(at) = statements.iter().position(|&id| leave.statement(id)) else {
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
