//! Values that nobody takes, and values that are none.

use super::Context;
use super::kind::{Kind, TEXT_ONLY};
use crate::compile::report::Report;
use crate::compile::resolve::{Binding, VarKind};
use crate::diagnostics::{Code, Diagnostic, Edit, Span};
use crate::syntax::ast::{Argument, BinaryOp, ExprId, ExprKind, Name, StmtKind};
use crate::syntax::walk::{self, Node};

/// Looks at statements whose value is dropped, and at the values of methods that only change.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    for id in cx.tree.exprs() {
        if cx.tree.is_dropped(id) {
            match &cx.ast()[id].kind {
                ExprKind::Call { callee, arguments } => {
                    dropped_call(cx, id, *callee, arguments, report);
                }
                _ => without_effect(cx, id, report),
            }
        } else if let ExprKind::Call { callee, arguments } = &cx.ast()[id].kind {
            value_of_change(cx, id, *callee, arguments, report);
        }
    }
}

// ---- statements without effect

fn without_effect(cx: &Context<'_>, id: ExprId, report: &mut Report) {
    let ast = cx.ast();
    if is_arm(cx, id) {
        return;
    }
    let span = ast[id].span;
    let found = |label: &str| cx.warning(Code::W0402, span, "this statement does nothing", label);
    let diagnostic = match &ast[id].kind {
        ExprKind::Str(_) => found("a text that nobody takes")
            .help("comments begin with `#`, doc comments with `##` above what they describe"),
        ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Duration(_) => {
            found("a value that nobody takes").help("remove it, or write `return` in front")
        }
        ExprKind::Name(_) => match callable(cx, id) {
            true => found("the function is named, not called")
                .help(format!("call it: `{}()`", cx.quote(id)))
                .edit(Edit::new(cx.source(), Span::new(span.end, span.end), "()")),
            false => {
                found("a value that nobody takes").help("remove it, or write `return` in front")
            }
        },
        ExprKind::Closure(_) => {
            found("a function that nobody calls").help("give it a name: `let f = |x| …`")
        }
        ExprKind::Binary { op: BinaryOp::Eq, lhs, .. } => {
            let found = found("a comparison whose answer nobody takes");
            match &ast[*lhs].kind {
                ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => {
                    found.help(format!("to assign write `{} = …`", cx.quote(*lhs)))
                }
                _ => found.help("remove it, or write `assert` in front"),
            }
        }
        // Whether it throws may be all that is asked.
        ExprKind::Binary { .. } if cx.tree.is_tried(id) => return,
        ExprKind::Binary { op, .. } if is_pure(*op) && !cx.tree_has_call(id) => {
            found("a value that nobody takes").help("remove it, or write `return` in front")
        }
        ExprKind::List(_) | ExprKind::Map(_) | ExprKind::Interpolation(_)
            if !cx.tree_has_call(id) =>
        {
            found("a value that nobody takes").help("remove it, or write `return` in front")
        }
        ExprKind::Member { object, name, .. } => match uncalled(cx, *object, *name) {
            Some(diagnostic) => diagnostic,
            None => return,
        },
        _ => return,
    };
    report.add(diagnostic);
}

/// An arm needs a body, and `=> 0` is one that does nothing.
fn is_arm(cx: &Context<'_>, id: ExprId) -> bool {
    let Some(statement) = cx.tree.parent(Node::Expr(id)) else { return false };
    matches!(
        cx.tree.parent(statement),
        Some(Node::Expr(around))
            if matches!(cx.ast()[around].kind, ExprKind::Match { .. } | ExprKind::Select { .. })
    )
}

fn is_pure(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Add | Sub | Mul | Ne | Lt | Le | Gt | Ge | In | NotIn)
}

fn callable(cx: &Context<'_>, id: ExprId) -> bool {
    match cx.binding(id) {
        Some(Binding::Variable(var)) => {
            matches!(cx.resolution.variable(*var).kind, VarKind::Function(_))
        }
        Some(Binding::Prelude(_)) => cx.kind(id) != Some(Kind::Type),
        Some(Binding::Member(_, _, kind) | Binding::Imported(_, kind)) => {
            use crate::bytecode::program::ExportKind::{AsyncFunction, Function};
            matches!(kind, Function | AsyncFunction)
        }
        _ => false,
    }
}

/// `xs.sort` without parentheses.
fn uncalled(cx: &Context<'_>, object: ExprId, name: Name) -> Option<Diagnostic> {
    const METHODS: &[&str] = &["sort", "reverse", "clear", "pop", "shuffle", "close", "cancel"];
    let text = cx.ast().text(name.symbol);
    if !METHODS.contains(&text) || cx.is_member(text) || cx.is_module(object) {
        return None;
    }
    let found = cx.warning(
        Code::W0402,
        name.span,
        "this statement does nothing",
        "the method is named, not called",
    );
    let end = Span::new(name.span.end, name.span.end);
    Some(found.help(format!("call it: `.{text}()`")).edit(Edit::new(cx.source(), end, "()")))
}

// ---- results that nobody takes

fn dropped_call(
    cx: &Context<'_>,
    id: ExprId,
    callee: ExprId,
    arguments: &[Argument],
    report: &mut Report,
) {
    let Some((object, name, method)) = cx.method(callee) else { return };
    let kind = cx.kind(object);
    if cx.kind(id) == Some(Kind::Iterator) && kind != Some(Kind::List) {
        let found = cx.warning(
            Code::W0403,
            cx.ast()[id].span,
            "this chain never runs",
            "lazy: it does nothing until somebody asks for values",
        );
        let help = "go through it with `for`, or end it with `.each(f)` or `.list()`";
        report.add(found.help(help));
        return;
    }
    if !is_result_only(kind, method, arguments) {
        return;
    }
    let title = format!("the result of `{method}` goes nowhere");
    let found = cx.warning(Code::W0401, name.span, title, "gives a new value, changes nothing");
    report.add(found.help(take_result(cx, object, method, kind)));
}

/// Whether all that a method does is its result.
fn is_result_only(kind: Option<Kind>, method: &str, arguments: &[Argument]) -> bool {
    const PARTICIPLES: &[&str] = &["sorted", "reversed", "shuffled"];
    let of_text = TEXT_ONLY.contains(&method) || matches!(method, "starts_with" | "ends_with");
    match kind {
        None => {
            (of_text && arguments.len() <= 2)
                || (PARTICIPLES.contains(&method)
                    && arguments.iter().all(|a| matches!(a, Argument::Named { .. })))
        }
        Some(Kind::Str) => {
            of_text
                || matches!(
                    method,
                    "replace"
                        | "split"
                        | "lines"
                        | "chars"
                        | "repeat"
                        | "title"
                        | "center"
                        | "contains"
                        | "find"
                        | "count"
                        | "reversed"
                        | "words"
                )
        }
        Some(Kind::List) => {
            PARTICIPLES.contains(&method)
                || matches!(
                    method,
                    "take"
                        | "skip"
                        | "unique"
                        | "flat"
                        | "zip"
                        | "enumerate"
                        | "chunk"
                        | "window"
                        | "join"
                        | "copy"
                        | "contains"
                        | "index_of"
                        | "first"
                        | "last"
                        | "sum"
                )
        }
        Some(Kind::Map) => matches!(method, "keys" | "values" | "entries" | "has" | "get" | "copy"),
        _ => false,
    }
}

fn take_result(cx: &Context<'_>, object: ExprId, method: &str, kind: Option<Kind>) -> String {
    let text = cx.quote(object);
    match method {
        "sorted" => return format!("to change the list itself write `{text}.sort()`"),
        "reversed" if kind != Some(Kind::Str) => {
            return format!("to change the list itself write `{text}.reverse()`");
        }
        "shuffled" => return format!("to change the list itself write `{text}.shuffle()`"),
        _ => {}
    }
    match cx.variable(object).map(|var| cx.resolution.variable(var).kind) {
        Some(VarKind::Var | VarKind::Param) => format!("write `{text} = {text}.{method}(…)`"),
        _ => "give the result a name: `let result = …`".to_owned(),
    }
}

// ---- values that are none

/// `let s = xs.sort()`
fn value_of_change(
    cx: &Context<'_>,
    id: ExprId,
    callee: ExprId,
    arguments: &[Argument],
    report: &mut Report,
) {
    let Some((object, name, method)) = cx.method(callee) else { return };
    let by_name = arguments.iter().all(|argument| matches!(argument, Argument::Named { .. }));
    let changes_list = match method {
        "sort" | "reverse" | "shuffle" => {
            by_name && matches!(cx.kind(object), None | Some(Kind::List))
        }
        "push" | "insert" | "extend" | "clear" | "fill" => {
            cx.kind(object) == Some(Kind::List) || assigns_receiver(cx, id, object)
        }
        _ => false,
    };
    if !changes_list || !is_taken(cx, id) {
        return;
    }
    let found = cx.warning(
        Code::W0404,
        name.span,
        format!("`{method}` changes the list and has no value"),
        "gives null",
    );
    let participle = match method {
        "sort" => "sorted",
        "reverse" => "reversed",
        "shuffle" => "shuffled",
        _ => {
            let text = cx.quote(object);
            let help = format!("write `{text}.{method}(…)` as a statement of its own");
            return report.add(found.help(help));
        }
    };
    let help = format!("`{participle}` gives a new list that is {participle}");
    report.add(found.help(help).edit(Edit::new(cx.source(), name.span, participle)));
}

/// `xs = xs.push(4)`
fn assigns_receiver(cx: &Context<'_>, id: ExprId, object: ExprId) -> bool {
    let Some(Node::Stmt(around)) = cx.tree.parent(Node::Expr(id)) else { return false };
    let StmtKind::Assign { target, op: None, .. } = cx.ast()[around].kind else { return false };
    cx.slice(cx.ast()[target].span) == cx.slice(cx.ast()[object].span)
}

/// Whether somebody asks for the value; as the last one of a closure or block it may be by chance.
fn is_taken(cx: &Context<'_>, id: ExprId) -> bool {
    match cx.tree.parent(Node::Expr(id)) {
        Some(Node::Stmt(around)) => match &cx.ast()[around].kind {
            StmtKind::Let { value, .. } | StmtKind::Assign { value, .. } => *value == id,
            StmtKind::For { iterable, .. } => *iterable == id,
            _ => false,
        },
        Some(Node::Expr(around)) => match &cx.ast()[around].kind {
            ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Binary { .. } => true,
            ExprKind::Call { arguments, .. } => arguments.iter().any(|argument| {
                matches!(argument, Argument::Value(value) | Argument::Named { value, .. } if *value == id)
            }),
            _ => false,
        },
        _ => false,
    }
}

impl Context<'_> {
    /// Whether evaluating an expression runs code that may do something.
    pub fn tree_has_call(&self, id: ExprId) -> bool {
        let mut todo = vec![Node::Expr(id)];
        while let Some(node) = todo.pop() {
            match node {
                Node::Expr(id) => match self.ast()[id].kind {
                    ExprKind::Call { .. } | ExprKind::Await(_) | ExprKind::Spawn { .. } => {
                        return true;
                    }
                    ExprKind::Return(_) | ExprKind::Throw(_) | ExprKind::Yield(_) => return true,
                    ExprKind::Break { .. } | ExprKind::Continue { .. } => return true,
                    ExprKind::Closure(_) => continue,
                    _ => {}
                },
                // Blocks in an expression may do anything.
                Node::Stmt(_) => return true,
                Node::Pattern(_) => {}
            }
            walk::children(self.ast(), node, &mut todo);
        }
        false
    }
}
