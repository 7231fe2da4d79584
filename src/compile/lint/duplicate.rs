//! Things said twice: keys, conditions, arms, assignments of a variable to itself, the call of `main`.

use std::collections::HashMap;

use super::Context;
use super::comparison::is_place;
use crate::compile::report::Report;
use crate::compile::resolve::Binding;
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{
    Argument, Element, Entry, ExprId, ExprKind, MatchArm, PatternId, PatternKind, StmtKind,
};
use crate::syntax::walk::Node;

/// Looks for all of it.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    main_by_hand(cx, report);
    for &node in &cx.tree.nodes {
        match node {
            Node::Expr(id) => match &cx.ast()[id].kind {
                ExprKind::Map(entries) if !is_target(cx, id) => keys(cx, entries, report),
                ExprKind::Call { callee, arguments } => members(cx, *callee, arguments, report),
                ExprKind::If { .. } => conditions(cx, id, report),
                ExprKind::Match { arms, .. } => arm_literals(cx, arms, report),
                _ => {}
            },
            Node::Stmt(id) => {
                if let StmtKind::Assign { target, op: None, value } = cx.ast()[id].kind {
                    to_itself(cx, target, value, cx.ast()[id].span, report);
                }
            }
            Node::Pattern(_) => {}
        }
    }
}

/// A literal as a key: what it is, and its text without quotes and signs of its base.
#[derive(PartialEq, Eq, Hash)]
enum Literal {
    Text(String),
    Int(i64),
    Float(u64),
    Bool(bool),
    Null,
    Bytes(Vec<u8>),
    Duration(i64),
}

fn literal(cx: &Context<'_>, id: ExprId) -> Option<Literal> {
    Some(match &cx.ast()[id].kind {
        ExprKind::Str(text) => Literal::Text(cx.ast().text(*text).to_owned()),
        ExprKind::Int(value) => Literal::Int(*value),
        ExprKind::Float(value) => Literal::Float(value.to_bits()),
        ExprKind::Bool(value) => Literal::Bool(*value),
        ExprKind::Null => Literal::Null,
        ExprKind::Bytes(value) => Literal::Bytes(value.to_vec()),
        ExprKind::Duration(value) => Literal::Duration(*value),
        ExprKind::Unary { op: crate::syntax::ast::UnaryOp::Neg, operand } => {
            match cx.ast()[*operand].kind {
                ExprKind::Int(value) => Literal::Int(value.checked_neg()?),
                ExprKind::Float(value) => Literal::Float((-value).to_bits()),
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// Left of `=` a map takes apart, and may ask for a key twice.
fn is_target(cx: &Context<'_>, id: ExprId) -> bool {
    let mut below = Node::Expr(id);
    for node in cx.tree.ancestors(below) {
        match node {
            Node::Stmt(around) => {
                let StmtKind::Assign { target, .. } = cx.ast()[around].kind else { return false };
                return below == Node::Expr(target);
            }
            _ => below = node,
        }
    }
    false
}

fn keys(cx: &Context<'_>, entries: &[Entry], report: &mut Report) {
    let mut seen: HashMap<Literal, Span> = HashMap::new();
    for entry in entries {
        let (key, span) = match *entry {
            Entry::Short(name) | Entry::Named { name, .. } => {
                (Literal::Text(cx.ast().text(name.symbol).to_owned()), name.span)
            }
            Entry::Computed { key, .. } => match literal(cx, key) {
                Some(literal) => (literal, cx.ast()[key].span),
                None => continue,
            },
            // What is spread in between may be overwritten on purpose.
            Entry::Spread(_) => {
                seen.clear();
                continue;
            }
        };
        if let Some(first) = seen.insert(key, span) {
            let title = format!("the key `{}` is given twice", cx.slice(span));
            let found = cx.warning(Code::W0601, span, title, "the last one counts");
            let found = found.see(cx.source(), first, "this value is lost");
            report.add(found.help("remove one of them"));
        }
    }
}

/// `set([1, 1])`
fn members(cx: &Context<'_>, callee: ExprId, arguments: &[Argument], report: &mut Report) {
    let is_set = matches!(cx.binding(callee), Some(Binding::Prelude(name)) if &**name == "set");
    let [Argument::Value(list)] = arguments else { return };
    let ExprKind::List(elements) = &cx.ast()[*list].kind else { return };
    if !is_set {
        return;
    }
    let mut seen: HashMap<Literal, Span> = HashMap::new();
    for element in elements {
        let Element::Value(value) = *element else { continue };
        let Some(member) = literal(cx, value) else { continue };
        let span = cx.ast()[value].span;
        if let Some(first) = seen.insert(member, span) {
            let title = format!("the member {} is given twice", cx.quote(value));
            let found = cx.warning(Code::W0601, span, title, "a set holds it once");
            report.add(found.see(cx.source(), first, "given first").help("remove one of them"));
        }
    }
}

/// `if a { } else if a { }`. It is looked at from its first `if`.
fn conditions(cx: &Context<'_>, id: ExprId, report: &mut Report) {
    if let Some(Node::Expr(around)) = cx.tree.parent(Node::Expr(id))
        && let ExprKind::If { otherwise, .. } = cx.ast()[around].kind
        && otherwise == Some(id)
    {
        return;
    }
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let mut at = id;
    while let ExprKind::If { condition, otherwise, .. } = &cx.ast()[at].kind {
        let span = cx.ast()[*condition].span;
        let pure = !cx.tree_has_call(*condition);
        if let Some(first) = seen.insert(cx.slice(span), span).filter(|_| pure) {
            let title = "this condition has been asked before";
            let found = cx.warning(Code::W0602, span, title, "false whenever it is asked here");
            let found = found.see(cx.source(), first, "asked here");
            report.add(found.help("ask for something else, or remove the branch"));
        }
        match otherwise {
            Some(next) => at = *next,
            None => return,
        }
    }
}

/// Literals that an arm before has taken.
fn arm_literals(cx: &Context<'_>, arms: &[MatchArm], report: &mut Report) {
    let mut seen: HashMap<Literal, Span> = HashMap::new();
    for arm in arms {
        let mut todo: Vec<PatternId> = vec![arm.pattern];
        while let Some(pattern) = todo.pop() {
            let value = match &cx.ast()[pattern].kind {
                PatternKind::Or(alternatives) => {
                    todo.extend(alternatives.iter().rev());
                    continue;
                }
                PatternKind::Literal(value) => *value,
                _ => continue,
            };
            let Some(value) = literal(cx, value) else { continue };
            let span = cx.ast()[pattern].span;
            if let Some(&first) = seen.get(&value) {
                let title = format!("an arm before has taken {}", cx.slice(span));
                let found = cx.warning(Code::W0604, span, title, "never fits");
                report.add(found.see(cx.source(), first, "taken here").help("remove it"));
            } else if arm.guard.is_none() {
                seen.insert(value, span);
            }
        }
    }
}

/// `x = x`
fn to_itself(cx: &Context<'_>, target: ExprId, value: ExprId, span: Span, report: &mut Report) {
    let same = cx.slice(cx.ast()[target].span) == cx.slice(cx.ast()[value].span);
    if same && is_place(cx.ast(), target) {
        let text = cx.quote(target);
        let title = format!("`{text}` is assigned to itself");
        let found = cx.warning(Code::W0603, span, title, "changes nothing");
        let field =
            cx.tree.is_in_method(target) && matches!(cx.ast()[target].kind, ExprKind::Name(_));
        report.add(match field {
            true => found.help(format!("to set the field write `self.{text} = {text}`")),
            false => found.help("remove it, or assign something else"),
        });
    }
}

/// `main()` at the top level of a file that declares `main`: it is called anyway.
fn main_by_hand(cx: &Context<'_>, report: &mut Report) {
    let ast = cx.ast();
    let Some(&top) = cx.tree.lists.first() else { return };
    let main = top.iter().find_map(|&id| match &ast[id].kind {
        StmtKind::Function { function, .. } => {
            function.name.filter(|name| ast.text(name.symbol) == "main")
        }
        _ => None,
    });
    let Some(main) = main else { return };
    for &id in top {
        let StmtKind::Expr(value) = ast[id].kind else { continue };
        let call = if let ExprKind::Await(operand) = ast[value].kind { operand } else { value };
        let ExprKind::Call { callee, .. } = ast[call].kind else { continue };
        let Some(var) = cx.variable(callee) else { continue };
        if cx.resolution.declared_at(main.span) == Some(var) {
            let title = "`main` runs twice: it is called when the file has run";
            let found = cx.warning(Code::W0605, ast[value].span, title, "called here as well");
            report.add(found.help("leave this call out"));
        }
    }
}
