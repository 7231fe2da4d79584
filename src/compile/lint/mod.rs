//! Warnings: what compiles, and is probably not meant. One file a family; each looks at the resolved
//! tree of a module that has no errors.
//!
//! A lint speaks only where the text itself shows that it is right: a warning that is wrong once is
//! not read the next time. Its codes stand in `diagnostics/code.rs`, its function in [`LINTS`].

mod comparison;
mod condition;
mod coverage;
mod duplicate;
mod kind;
mod result;
mod shadow;
mod task;
mod tree;
mod unreachable;
mod unused;
mod usage;

use std::collections::{HashMap, HashSet};

use self::tree::Tree;
use self::usage::Usage;
use super::report::Report;
use super::resolve::{Binding, LoopKey, Resolution, VarId};
use crate::diagnostics::{Code, Diagnostic, SourceId, Span};
use crate::syntax::Module;
use crate::syntax::ast::{Ast, ExprId, ExprKind, MemberKind, Name, PatternKind, StmtKind};
use crate::syntax::walk::Node;

/// Everything that is looked for.
const LINTS: &[fn(&Context<'_>, &mut Report)] = &[
    unused::find,
    unreachable::find,
    shadow::find,
    condition::find,
    comparison::find,
    result::find,
    task::find,
    duplicate::find,
    coverage::find,
];

/// What a lint knows of the module.
pub struct Context<'a> {
    /// The tree.
    pub tree: Tree<'a>,
    /// What its names mean.
    pub resolution: &'a Resolution,
    /// Where variables are read and written.
    pub usage: Usage,
    text: &'a str,
    source: SourceId,
    values: HashMap<VarId, ExprId>,
    members: HashSet<&'a str>,
}

/// Looks for everything in a module.
pub fn lint(
    module: &Module,
    text: &str,
    source: SourceId,
    resolution: &Resolution,
    report: &mut Report,
) {
    let tree = Tree::new(module);
    let usage = Usage::new(&tree, text, resolution);
    let values = values(&tree, resolution);
    let members = members(&tree);
    let context = Context { tree, resolution, usage, text, source, values, members };
    for find in LINTS {
        find(&context, report);
    }
}

impl<'a> Context<'a> {
    /// The nodes of the tree.
    pub fn ast(&self) -> &'a Ast {
        self.tree.ast
    }

    /// A warning with its place.
    pub fn warning(
        &self,
        code: Code,
        span: Span,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(code, title).at(self.source, span, label)
    }

    /// The source of the module, for further places.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The text of a place.
    pub fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("…")
    }

    /// The text of an expression for a message: short, and on one line.
    pub fn quote(&self, id: ExprId) -> &'a str {
        const QUOTE_MAX: usize = 40;
        let text = self.slice(self.ast()[id].span);
        if text.len() <= QUOTE_MAX && !text.contains('\n') { text } else { "…" }
    }

    /// What a name in an expression means.
    pub fn binding(&self, id: ExprId) -> Option<&'a Binding> {
        let ExprKind::Name(_) = self.ast()[id].kind else { return None };
        self.resolution.uses.get(self.ast()[id].span)
    }

    /// Whether an expression names a module, so that a method of it is nobody's method.
    pub fn is_module(&self, id: ExprId) -> bool {
        let of_module = |binding: &Binding| {
            matches!(binding, Binding::Module(_) | Binding::FileModule(_) | Binding::Unknown)
        };
        self.binding(id).is_some_and(of_module)
            || self.resolution.members.get(&id).is_some_and(of_module)
    }

    /// The receiver and the name of a method, if neither a module nor this program's own classes may
    /// be meant.
    pub fn method(&self, callee: ExprId) -> Option<(ExprId, Name, &'a str)> {
        let ExprKind::Member { object, name, .. } = self.ast()[callee].kind else { return None };
        let text = self.ast().text(name.symbol);
        (!self.is_member(text) && !self.is_module(object)).then_some((object, name, text))
    }

    /// The variable that a name in an expression means.
    pub fn variable(&self, id: ExprId) -> Option<VarId> {
        match self.binding(id)? {
            Binding::Variable(var) => Some(*var),
            _ => None,
        }
    }

    /// The value that a variable has from its declaration to its end.
    pub fn value_of(&self, var: VarId) -> Option<ExprId> {
        if self.resolution.variable(var).assigned {
            return None;
        }
        self.values.get(&var).copied()
    }

    /// The node of a loop that a jump means.
    pub fn loop_node(&self, target: LoopKey) -> Node {
        match target {
            LoopKey::Expr(id) => Node::Expr(id),
            LoopKey::Stmt(id) => Node::Stmt(id),
        }
    }

    /// Whether a class of this module has a member of that name: then nothing is evident from the
    /// name alone.
    pub fn is_member(&self, name: &str) -> bool {
        self.members.contains(name)
    }
}

/// The values of variables that are declared by their name alone.
fn values(tree: &Tree<'_>, resolution: &Resolution) -> HashMap<VarId, ExprId> {
    let mut values = HashMap::new();
    for id in tree.statements() {
        if let StmtKind::Let { pattern, value, otherwise: None, .. } = &tree.ast[id].kind
            && let PatternKind::Bind(name) = tree.ast[*pattern].kind
            && let Some(var) = resolution.declared_at(name.span)
        {
            values.insert(var, *value);
        }
    }
    values
}

/// The names of all members of classes and enums in the module.
fn members<'a>(tree: &Tree<'a>) -> HashSet<&'a str> {
    let ast = tree.ast;
    let mut names = HashSet::new();
    for id in tree.statements() {
        let members = match &ast[id].kind {
            StmtKind::Class { class, .. } => &class.members,
            StmtKind::Enum { declaration, .. } => &declaration.members,
            _ => continue,
        };
        names.extend(members.iter().filter_map(|member| match &member.kind {
            MemberKind::Field { name, .. } => Some(ast.text(name.symbol)),
            MemberKind::Method(function) | MemberKind::Getter(function) => {
                function.name.map(|name| ast.text(name.symbol))
            }
        }));
    }
    names
}
