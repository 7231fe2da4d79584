//! What is declared and never used: variables, parameters, imports, functions, classes, labels.
//!
//! A name that begins with `_` says that this is meant. What is exported is used by others.

use std::collections::{HashMap, HashSet};

use super::Context;
use super::tree::Role;
use crate::compile::report::Report;
use crate::compile::resolve::{VarId, VarKind};
use crate::diagnostics::{Code, Diagnostic, Edit, Span};
use crate::syntax::ast::{
    Ast, Block, Catch, ExprKind, Function, FunctionBody, Import, ImportKind, ImportSource, Name,
    PatternElement, PatternEntry, PatternField, PatternId, PatternKind, SelectArmKind, StmtKind,
};
use crate::syntax::walk::Node;

/// Looks for all of it.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    for &node in &cx.tree.nodes {
        match node {
            Node::Stmt(id) => statement(cx, &cx.ast()[id].kind, report),
            Node::Expr(id) => expr(cx, &cx.ast()[id].kind, report),
            Node::Pattern(_) => {}
        }
    }
    for at in &cx.tree.functions {
        if at.role == Role::Named {
            parameters(cx, at.function, report);
        }
    }
    labels(cx, report);
}

fn statement(cx: &Context<'_>, kind: &StmtKind, report: &mut Report) {
    match kind {
        StmtKind::Let { pattern, public: false, .. } => {
            binder(cx, *pattern, Binder::Let, report);
        }
        StmtKind::For { pattern, .. } => binder(cx, *pattern, Binder::Loop, report),
        StmtKind::Function { function, public: false } => {
            if let Some(name) = function.name
                && cx.ast().text(name.symbol) != "main"
            {
                declaration(cx, name, "function", report);
            }
        }
        StmtKind::Class { class, public: false } => declaration(cx, class.name, "class", report),
        StmtKind::Enum { declaration: decl, public: false } => {
            declaration(cx, decl.name, "enum", report);
        }
        StmtKind::Import(import) if !import.public => imports(cx, import, report),
        _ => {}
    }
}

fn expr(cx: &Context<'_>, kind: &ExprKind, report: &mut Report) {
    match kind {
        ExprKind::Match { arms, .. } => {
            arms.iter().for_each(|arm| binder(cx, arm.pattern, Binder::Arm, report));
        }
        ExprKind::Select { arms, .. } => {
            for arm in arms {
                if let SelectArmKind::Await { pattern: Some(pattern), .. } = arm.kind {
                    binder(cx, pattern, Binder::Arm, report);
                }
            }
        }
        ExprKind::Try(parts) => {
            parts.catches.iter().for_each(|catch| caught(cx, catch, report));
        }
        _ => {}
    }
}

/// What binds the names of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binder {
    Let,
    Loop,
    Arm,
}

/// How a name stands in its pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the whole pattern, or the name behind `as`.
    Whole,
    /// An element, whose place says what it is: to leave it unused is usual.
    Element,
    /// The short form of a key.
    Key,
    /// The value of a key.
    Value,
    /// `...name`
    Rest,
}

fn binder(cx: &Context<'_>, pattern: PatternId, binder: Binder, report: &mut Report) {
    let mut names = Vec::new();
    collect(cx.ast(), pattern, Place::Whole, &mut names);
    let mut seen = HashSet::new();
    names.retain(|(name, _)| seen.insert(name.symbol));
    let takes_rest = names.iter().any(|(_, place)| *place == Place::Rest);
    let any_used = names.iter().any(|&(name, _)| !is_unused(cx, name));
    for &(name, place) in &names {
        let usual = match place {
            Place::Element => any_used,
            Place::Key | Place::Value => takes_rest,
            // `for i in 0..3` is how things are done three times in most languages.
            Place::Whole => binder == Binder::Loop,
            Place::Rest => false,
        };
        if !usual && is_unused(cx, name) {
            report.add(unused_name(cx, name, place, binder));
        }
    }
}

fn unused_name(cx: &Context<'_>, name: Name, place: Place, binder: Binder) -> Diagnostic {
    let text = cx.ast().text(name.symbol);
    let var = cx.resolution.declared_at(name.span);
    if let Some(written) = var.and_then(|var| cx.usage.first_write(var)) {
        let title = format!("`{text}` is given values and never read");
        return cx
            .warning(Code::W0105, name.span, title, "nobody asks for its value")
            .see(cx.source(), written, "assigned here")
            .help(format!("remove it with its assignments, or call it `_{text}`"));
    }
    let found = |title: String| cx.warning(Code::W0101, name.span, title, "bound here");
    let edit = |found: Diagnostic, new: &str| found.edit(Edit::new(cx.source(), name.span, new));
    match (binder, place) {
        (Binder::Let | Binder::Loop, Place::Whole) => let_alone(cx, name, var),
        (Binder::Arm, Place::Whole) => {
            let found = found(format!("`{text}` is never used"));
            edit(found.help("write `_` for what is not needed"), "_")
        }
        (Binder::Arm, Place::Key) => {
            let found = found(format!("`{text}` is never used"));
            let new = format!("{text}: _");
            edit(found.help(format!("to ask only whether the key is there write `{new}`")), &new)
        }
        (_, Place::Key) => {
            found(format!("`{text}` is never used")).help("leave it out: other keys are fine")
        }
        (_, Place::Rest) => found(format!("`{text}` is never used")).help("write `...` alone"),
        (_, Place::Element | Place::Value) => {
            edit(found(format!("`{text}` is never used")).help("write `_`"), "_")
        }
    }
}

/// A `let` of one name. It may be meant as an assignment to a variable further out.
fn let_alone(cx: &Context<'_>, name: Name, var: Option<VarId>) -> Diagnostic {
    let text = cx.ast().text(name.symbol);
    let title = format!("`{text}` is never used");
    let hidden = var.and_then(|var| cx.resolution.shadows.get(&var)).copied();
    match hidden.map(|hidden| cx.resolution.variable(hidden)) {
        Some(outer) => {
            let help = match outer.kind {
                VarKind::Var | VarKind::Param => {
                    format!("to change that one write `{text} = …` without `let` or `var`")
                }
                _ => {
                    format!("to change that one declare it with `var` and write `{text} = …` here")
                }
            };
            cx.warning(Code::W0101, name.span, title, "a new variable")
                .see(cx.source(), outer.span, "it does not change this one")
                .help(help)
        }
        None => cx
            .warning(Code::W0101, name.span, title, "nobody asks for its value")
            .help(format!("remove it, or call it `_{text}` if that is meant")),
    }
}

fn caught(cx: &Context<'_>, catch: &Catch, report: &mut Report) {
    let Some(name) = catch.name else { return };
    if !is_unused(cx, name) || !catch.types.is_empty() || catch.guard.is_some() {
        return;
    }
    let text = cx.ast().text(name.symbol);
    // The resolver has said that this is no way to ask for a class.
    if text.starts_with(char::is_uppercase) {
        return;
    }
    let found = cx.warning(Code::W0101, name.span, format!("the error `{text}` is never used"), "");
    let span = Span::new(name.span.start, catch.body.span.start);
    report.add(found.help("write `catch { … }`").edit(Edit::new(cx.source(), span, "")));
}

/// Names of a pattern with the way they stand in it.
fn collect(ast: &Ast, pattern: PatternId, place: Place, out: &mut Vec<(Name, Place)>) {
    match &ast[pattern].kind {
        PatternKind::Bind(name) => out.push((*name, place)),
        PatternKind::As { pattern, name } => {
            collect(ast, *pattern, place, out);
            out.push((*name, Place::Whole));
        }
        PatternKind::Or(alternatives) => {
            alternatives.iter().for_each(|&inner| collect(ast, inner, place, out));
        }
        PatternKind::Variant { fields, .. } => {
            for field in fields {
                match *field {
                    PatternField::Value(pattern) | PatternField::Named { pattern, .. } => {
                        collect(ast, pattern, Place::Element, out);
                    }
                    PatternField::Rest(Some(name)) => out.push((name, Place::Rest)),
                    PatternField::Rest(None) => {}
                }
            }
        }
        PatternKind::List(elements) => {
            for element in elements {
                match *element {
                    PatternElement::Value { pattern, .. } => {
                        collect(ast, pattern, Place::Element, out);
                    }
                    PatternElement::Rest(Some(name)) => out.push((name, Place::Rest)),
                    PatternElement::Rest(None) => {}
                }
            }
        }
        PatternKind::Map(entries) => {
            for entry in entries {
                match *entry {
                    PatternEntry::Named { name, pattern, .. } => {
                        let short = ast[pattern].span == name.span;
                        let place = if short { Place::Key } else { Place::Value };
                        collect(ast, pattern, place, out);
                    }
                    PatternEntry::Computed { pattern, .. } => {
                        collect(ast, pattern, Place::Value, out);
                    }
                    PatternEntry::Rest(Some(name)) => out.push((name, Place::Rest)),
                    PatternEntry::Rest(None) => {}
                }
            }
        }
        _ => {}
    }
}

fn is_unused(cx: &Context<'_>, name: Name) -> bool {
    let var = cx.resolution.declared_at(name.span);
    !cx.ast().text(name.symbol).starts_with('_') && var.is_some_and(|var| !cx.usage.is_read(var))
}

fn declaration(cx: &Context<'_>, name: Name, what: &str, report: &mut Report) {
    if is_unused(cx, name) {
        let text = cx.ast().text(name.symbol);
        let title = format!("the {what} `{text}` is never used");
        let found = cx.warning(Code::W0104, name.span, title, "nothing in this file names it");
        let help = format!("remove it, export it with `pub`, or call it `_{text}`");
        report.add(found.help(help));
    }
}

/// Parameters of functions that are only called, never handed on: nobody else prescribes what they
/// take.
fn parameters(cx: &Context<'_>, function: &Function, report: &mut Report) {
    let Some(name) = function.name else { return };
    let Some(var) = cx.resolution.declared_at(name.span) else { return };
    let variable = cx.resolution.variable(var);
    let FunctionBody::Block(body) = &function.body else { return };
    let known = cx.usage.is_read(var) && cx.usage.is_only_called(var);
    let is_main = variable.top_level && cx.ast().text(name.symbol) == "main";
    // A task keeps what is handed to it: a connection lives as long as a parameter holds it.
    if variable.public || is_main || function.is_async || !known || is_sketch(cx.ast(), body) {
        return;
    }
    for param in &function.params {
        let PatternKind::Bind(param_name) = cx.ast()[param.pattern].kind else { continue };
        if !is_unused(cx, param_name) {
            continue;
        }
        let text = cx.ast().text(param_name.symbol);
        let (function, place) = (cx.ast().text(name.symbol), param_name.span);
        let title = format!("`{function}` does not use its parameter `{text}`");
        let found = cx.warning(Code::W0102, place, title, "never read");
        report.add(found.help(format!("remove it here and in the calls, or call it `_{text}`")));
    }
}

/// A body that is not written yet, or only says that.
fn is_sketch(ast: &Ast, body: &Block) -> bool {
    match &ast[body.statements] {
        [] => true,
        [only] => match ast[*only].kind {
            StmtKind::Expr(value) => matches!(
                ast[value].kind,
                ExprKind::Throw(_) | ExprKind::Null | ExprKind::Bool(_) | ExprKind::Str(_)
            ),
            _ => false,
        },
        _ => false,
    }
}

fn imports(cx: &Context<'_>, import: &Import, report: &mut Report) {
    let mut unused = |name: Name, what: &str| {
        let text = cx.ast().text(name.symbol);
        if text.starts_with('_') || cx.usage.uses_import(text) {
            return;
        }
        let title = format!("the import `{text}` is never used");
        let found = cx.warning(Code::W0103, name.span, title, what);
        report.add(found.help("remove it"));
    };
    match &import.kind {
        ImportKind::Modules(modules) => {
            for module in modules {
                match (module.alias, module.source) {
                    (Some(name), _) => unused(name, "nothing here names this module"),
                    (None, ImportSource::Standard(name)) => {
                        unused(name, "nothing here names this module");
                    }
                    // A file may be imported for what its top level does.
                    (None, ImportSource::File(_)) => {}
                }
            }
        }
        ImportKind::Names { items, .. } => {
            items.iter().for_each(|item| {
                unused(item.alias.unwrap_or(item.name), "nothing here uses this name");
            });
        }
    }
}

/// Labels that no `break` or `continue` names.
fn labels(cx: &Context<'_>, report: &mut Report) {
    let ast = cx.ast();
    let mut labels: HashMap<Node, Name> = HashMap::new();
    for &node in &cx.tree.nodes {
        let label = match node {
            Node::Expr(id) => match &ast[id].kind {
                ExprKind::Loop { label, .. } => label.as_deref().copied(),
                _ => None,
            },
            Node::Stmt(id) => match &ast[id].kind {
                StmtKind::While { label, .. } | StmtKind::For { label, .. } => {
                    label.as_deref().copied()
                }
                _ => None,
            },
            Node::Pattern(_) => None,
        };
        labels.extend(label.map(|label| (node, label)));
    }
    for id in cx.tree.exprs() {
        let named = match ast[id].kind {
            ExprKind::Break { label: Some(_), .. } | ExprKind::Continue { label: Some(_) } => true,
            _ => cx.resolution.label_breaks.contains(&id),
        };
        if let (true, Some(target)) = (named, cx.resolution.targets.get(&id)) {
            labels.remove(&cx.loop_node(*target));
        }
    }
    for name in labels.into_values() {
        let text = ast.text(name.symbol);
        if !text.starts_with('_') {
            let title = format!("the label `{text}` is never used");
            let found = cx.warning(Code::W0106, name.span, title, "no jump names it");
            report.add(found.help("remove it"));
        }
    }
}
