//! Patterns: the names they bind, and the expressions in them.

use std::collections::BTreeMap;

use super::{Binding, Resolver, VarId, VarKind};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{
    Ast, ExprId, ExprKind, Name, PatternElement, PatternEntry, PatternField, PatternId,
    PatternKind, Symbol,
};

impl Resolver<'_> {
    /// Declares the names of a pattern without setting them; the alternatives of `|` share theirs.
    pub(super) fn declare_pattern(&mut self, pattern: PatternId, kind: VarKind) -> Vec<VarId> {
        let ast = self.ast;
        let mut vars = BTreeMap::new();
        let mut places = Vec::new();
        collect(ast, pattern, &mut |name, alternative| places.push((name, alternative)));
        for &(name, alternative) in &places {
            match vars.get(&name.symbol) {
                Some(&var) if alternative => {
                    self.out.declared.insert(name.span, var);
                }
                _ => {
                    vars.insert(name.symbol, self.declare(name, kind, false));
                }
            }
        }
        self.check_alternatives(pattern);
        vars.into_values().collect()
    }

    /// All alternatives of `|` bind the same names.
    fn check_alternatives(&mut self, pattern: PatternId) {
        let ast = self.ast;
        let PatternKind::Or(alternatives) = &ast[pattern].kind else {
            children(ast, pattern, &mut |child| self.check_alternatives(child));
            return;
        };
        let names_of = |alternative: PatternId| {
            let mut names: Vec<Symbol> = Vec::new();
            collect(ast, alternative, &mut |name, _| names.push(name.symbol));
            names.sort_unstable();
            names.dedup();
            names
        };
        let Some((&first, others)) = alternatives.split_first() else { return };
        let wanted = names_of(first);
        for &other in others {
            let names = names_of(other);
            if names != wanted {
                let differing = wanted
                    .iter()
                    .find(|name| !names.contains(name))
                    .or(names.iter().find(|name| !wanted.contains(name)));
                let text = differing.map_or("", |&name| ast.text(name));
                self.report.fault_with(
                    Code::E0209,
                    ast[other].span,
                    format!("only one of these alternatives binds `{text}`"),
                    "binds other names",
                    (ast[first].span, "than this one"),
                    "",
                );
            }
        }
        alternatives.iter().for_each(|&alternative| self.check_alternatives(alternative));
    }

    /// Resolves the expressions of a declared pattern; its names can be used from where they stand.
    pub(super) fn settle_pattern(&mut self, pattern: PatternId) {
        let ast = self.ast;
        match &ast[pattern].kind {
            PatternKind::Wildcard | PatternKind::Literal(_) | PatternKind::Error => {}
            PatternKind::Range { .. } => {}
            PatternKind::Bind(name) => self.set_declared(*name),
            PatternKind::Path(path) => self.path_pattern(path),
            PatternKind::Is(types) => types.iter().for_each(|path| self.path(path)),
            PatternKind::Variant { path, fields } => self.variant_pattern(path, fields),
            PatternKind::List(elements) => {
                for element in elements {
                    match *element {
                        PatternElement::Value { pattern, default } => {
                            default.into_iter().for_each(|value| self.expr(value));
                            self.settle_pattern(pattern);
                        }
                        PatternElement::Rest(name) => self.settle_rest(name),
                    }
                }
            }
            PatternKind::Map(entries) => {
                for entry in entries {
                    match *entry {
                        PatternEntry::Named { pattern, default, .. } => {
                            default.into_iter().for_each(|value| self.expr(value));
                            self.settle_pattern(pattern);
                        }
                        PatternEntry::Computed { key, pattern, default } => {
                            self.expr(key);
                            default.into_iter().for_each(|value| self.expr(value));
                            self.settle_pattern(pattern);
                        }
                        PatternEntry::Rest(name) => self.settle_rest(name),
                    }
                }
            }
            PatternKind::Or(alternatives) => {
                alternatives.iter().for_each(|&inner| self.settle_pattern(inner));
            }
            PatternKind::As { pattern, name } => {
                self.settle_pattern(*pattern);
                self.set_declared(*name);
            }
        }
    }

    pub(super) fn settle_rest(&mut self, name: Option<Name>) {
        if let Some(name) = name {
            self.set_declared(name);
        }
    }

    /// Warns about bare names in a match arm that hide a binding which was probably meant.
    /// The value that is taken apart may be bound again by its own name.
    pub(super) fn warn_hidden(&mut self, pattern: PatternId, subject: ExprId) {
        let ast = self.ast;
        let names: Vec<Name> = match &ast[pattern].kind {
            PatternKind::Bind(name) => vec![*name],
            PatternKind::Or(alternatives) => alternatives
                .iter()
                .filter_map(|&inner| match ast[inner].kind {
                    PatternKind::Bind(name) => Some(name),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        for name in names {
            let text = ast.text(name.symbol);
            if let Some(path) = self.variant_named(text) {
                let title = format!("the pattern binds a new `{text}`");
                let help = format!("for the variant write `{path}`");
                self.report.fault(Code::W0904, name.span, title, "fits every value", help);
                continue;
            }
            if matches!(ast[subject].kind, ExprKind::Name(symbol) if symbol == name.symbol) {
                continue;
            }
            let outer = self.scopes.meaning(name.symbol);
            let Some(place) = outer.map(|entry| entry.span) else { continue };
            self.report.fault_with(
                Code::W0904,
                name.span,
                format!("the pattern binds a new `{text}`"),
                "fits every value",
                (place, "it is not compared with this one"),
                format!("to compare write `value if value == {text}`"),
            );
        }
    }

    /// Warns about `catch IoError { … }`, which takes every error and gives it that name.
    pub(super) fn warn_hidden_class(&mut self, name: Name) {
        let text = self.ast.text(name.symbol);
        let outer = self.scopes.meaning(name.symbol);
        let is_class = match outer.map(|entry| &entry.binding) {
            Some(Binding::Variable(var)) => self.out.variable(*var).kind == VarKind::Class,
            Some(Binding::Imported(..) | Binding::Member(..)) => true,
            Some(_) => false,
            None => self.names.prelude(text).is_some(),
        };
        if !is_class || !text.starts_with(char::is_uppercase) {
            return;
        }
        let title = format!("the `catch` binds a new `{text}`");
        let help = format!("for errors of that class alone write `catch e is {text} {{ … }}`");
        self.report.fault(Code::W0904, name.span, title, "takes every error", help);
    }
}

/// Calls `each` with every name that a pattern binds, and whether it may be bound in another
/// alternative as well.
fn collect(ast: &Ast, pattern: PatternId, each: &mut dyn FnMut(Name, bool)) {
    collect_in(ast, pattern, false, each);
}

fn collect_in(ast: &Ast, pattern: PatternId, or: bool, each: &mut dyn FnMut(Name, bool)) {
    match &ast[pattern].kind {
        PatternKind::Bind(name) => each(*name, or),
        PatternKind::As { pattern, name } => {
            collect_in(ast, *pattern, or, each);
            each(*name, or);
        }
        PatternKind::Or(alternatives) => {
            alternatives.iter().for_each(|&inner| collect_in(ast, inner, true, each));
        }
        PatternKind::List(elements) => {
            for element in elements {
                match *element {
                    PatternElement::Value { pattern, .. } => collect_in(ast, pattern, or, each),
                    PatternElement::Rest(Some(name)) => each(name, or),
                    PatternElement::Rest(None) => {}
                }
            }
        }
        PatternKind::Map(entries) => {
            for entry in entries {
                match *entry {
                    PatternEntry::Named { pattern, .. }
                    | PatternEntry::Computed { pattern, .. } => {
                        collect_in(ast, pattern, or, each);
                    }
                    PatternEntry::Rest(Some(name)) => each(name, or),
                    PatternEntry::Rest(None) => {}
                }
            }
        }
        PatternKind::Variant { fields, .. } => {
            for field in fields {
                match *field {
                    PatternField::Value(pattern) | PatternField::Named { pattern, .. } => {
                        collect_in(ast, pattern, or, each);
                    }
                    PatternField::Rest(Some(name)) => each(name, or),
                    PatternField::Rest(None) => {}
                }
            }
        }
        PatternKind::Wildcard
        | PatternKind::Literal(_)
        | PatternKind::Range { .. }
        | PatternKind::Path(_)
        | PatternKind::Is(_)
        | PatternKind::Error => {}
    }
}

/// The names that a pattern binds, in the order of the source.
pub(in crate::compile) fn bound_names(ast: &Ast, pattern: PatternId) -> Vec<Span> {
    let mut names = Vec::new();
    collect(ast, pattern, &mut |name, _| names.push(name.span));
    names
}

fn children(ast: &Ast, pattern: PatternId, each: &mut dyn FnMut(PatternId)) {
    match &ast[pattern].kind {
        PatternKind::Variant { fields, .. } => {
            for field in fields {
                match field {
                    PatternField::Value(pattern) | PatternField::Named { pattern, .. } => {
                        each(*pattern);
                    }
                    PatternField::Rest(_) => {}
                }
            }
        }
        PatternKind::List(elements) => {
            for element in elements {
                if let PatternElement::Value { pattern, .. } = element {
                    each(*pattern);
                }
            }
        }
        PatternKind::Map(entries) => {
            for entry in entries {
                match entry {
                    PatternEntry::Named { pattern, .. }
                    | PatternEntry::Computed { pattern, .. } => {
                        each(*pattern);
                    }
                    PatternEntry::Rest(_) => {}
                }
            }
        }
        PatternKind::As { pattern, .. } => each(*pattern),
        _ => {}
    }
}
