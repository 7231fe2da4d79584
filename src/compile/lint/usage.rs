//! Where names are read and written.

use std::collections::{HashMap, HashSet};

use super::tree::Tree;
use crate::compile::resolve::{Binding, Resolution, VarId};
use crate::diagnostics::Span;
use crate::syntax::ast::{Element, Entry, ExprId, ExprKind, StmtKind};

/// The uses of the names of a module.
#[derive(Debug, Default)]
pub struct Usage {
    reads: HashMap<VarId, u32>,
    calls: HashMap<VarId, u32>,
    writes: HashMap<VarId, Vec<Span>>,
    /// Names that stand for something imported, or built in, where they are used.
    others: HashSet<String>,
}

impl Usage {
    /// Counts all uses.
    pub fn new(tree: &Tree<'_>, text: &str, resolution: &Resolution) -> Usage {
        let mut usage = Usage::default();
        let written = written(tree);
        let called = called(tree);
        // Parentheses around a name belong to its place.
        let slice = |span: Span| {
            let text = text.get(span.start as usize..span.end as usize).unwrap_or("");
            text.trim_matches(|c: char| matches!(c, '(' | ')') || c.is_whitespace())
        };
        for (span, binding) in resolution.uses.iter() {
            match binding {
                Binding::Variable(var) if written.contains(span) => {
                    usage.writes.entry(*var).or_default().push(*span);
                }
                Binding::Variable(var) => {
                    *usage.reads.entry(*var).or_default() += 1;
                    if called.contains(span) {
                        *usage.calls.entry(*var).or_default() += 1;
                    }
                }
                _ => {
                    usage.others.insert(slice(*span).to_owned());
                }
            }
        }
        for (span, (binding, _)) in &resolution.paths {
            match binding {
                Binding::Variable(var) => *usage.reads.entry(*var).or_default() += 1,
                _ => {
                    let first = slice(*span).split('.').next().unwrap_or("").trim();
                    usage.others.insert(first.to_owned());
                }
            }
        }
        usage
    }

    /// Whether the value of a variable is asked for.
    pub fn is_read(&self, var: VarId) -> bool {
        self.reads.contains_key(&var)
    }

    /// Whether a function is called and never handed on as a value.
    pub fn is_only_called(&self, var: VarId) -> bool {
        self.reads.get(&var) == self.calls.get(&var)
    }

    /// The first place where a variable is assigned.
    pub fn first_write(&self, var: VarId) -> Option<Span> {
        self.writes.get(&var)?.iter().min_by_key(|span| span.start).copied()
    }

    /// Whether an imported name is used.
    pub fn uses_import(&self, name: &str) -> bool {
        self.others.contains(name)
    }
}

/// The places of names that are assigned, also by `+=`: a variable that only grows is not read.
fn written(tree: &Tree<'_>) -> HashSet<Span> {
    let mut places = HashSet::new();
    let mut todo: Vec<ExprId> = Vec::new();
    for id in tree.statements() {
        if let StmtKind::Assign { target, .. } = tree.ast[id].kind {
            todo.push(target);
        }
    }
    while let Some(id) = todo.pop() {
        match &tree.ast[id].kind {
            ExprKind::Name(_) => {
                places.insert(tree.ast[id].span);
            }
            ExprKind::List(elements) => todo.extend(elements.iter().map(|element| {
                let (Element::Value(value) | Element::Spread(value)) = *element;
                value
            })),
            ExprKind::Map(entries) => {
                for entry in entries {
                    match *entry {
                        Entry::Short(name) => {
                            places.insert(name.span);
                        }
                        Entry::Named { value, .. }
                        | Entry::Computed { value, .. }
                        | Entry::Spread(value) => todo.push(value),
                    }
                }
            }
            _ => {}
        }
    }
    places
}

fn called(tree: &Tree<'_>) -> HashSet<Span> {
    let callees = tree.exprs().filter_map(|id| match tree.ast[id].kind {
        ExprKind::Call { callee, .. } => Some(tree.ast[callee].span),
        _ => None,
    });
    callees.collect()
}
