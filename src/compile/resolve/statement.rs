//! Statements, and what may stand left of an assignment.

use super::{Binding, LoopKey, OwnerKey, Region, Resolver, VarKind};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{
    BinaryOp, Element, Entry, ExprId, ExprKind, Name, PatternId, PatternKind, StmtId, StmtKind,
    Symbol,
};

impl Resolver<'_> {
    pub(super) fn statement(&mut self, id: StmtId) {
        let ast = self.ast;
        match &ast[id].kind {
            StmtKind::Expr(value) => self.expr(*value),
            StmtKind::Let { pattern, value, otherwise, .. } => {
                self.expr(*value);
                if let Some(block) = otherwise {
                    self.block(block);
                }
                self.settle_pattern(*pattern);
            }
            StmtKind::Assign { target, op, value } => self.assign(*target, *op, *value),
            StmtKind::Class { class, .. } => {
                if self.is_late(class) {
                    self.class(class);
                    self.set_declared(class.name);
                }
            }
            StmtKind::Enum { declaration, .. } => {
                if self.is_late_enum(declaration) {
                    self.enumeration(declaration);
                    self.set_declared(declaration.name);
                }
            }
            StmtKind::While { label, condition, body } => {
                let key = LoopKey::Stmt(id);
                self.enter_loop(key, label.as_deref().copied());
                self.expr(*condition);
                self.block(body);
                self.leave_region();
            }
            StmtKind::For { label, is_await, pattern, iterable, body } => {
                self.expr(*iterable);
                if *is_await {
                    self.waits(ast[id].span, "`for await`");
                    // The clean-up that closes the source waits, and stands in no region.
                    self.enter_owner(OwnerKey::Stmt(id), true);
                    self.leave_region();
                }
                self.enter_loop(LoopKey::Stmt(id), label.as_deref().copied());
                self.push_scope();
                self.bind_pattern(*pattern, VarKind::Bound);
                self.block(body);
                self.pop_scope();
                self.leave_region();
            }
            StmtKind::Defer(clean_up) => {
                self.enter_owner(OwnerKey::Stmt(id), true);
                self.push_scope();
                self.statement(*clean_up);
                self.pop_scope();
                self.leave_region();
            }
            StmtKind::Assert { condition, message } => {
                self.expr(*condition);
                message.iter().for_each(|&message| self.expr(message));
            }
            StmtKind::Test { name, options, body } => self.test(id, *name, options, body),
            StmtKind::Function { .. } | StmtKind::Import(_) | StmtKind::Error => {}
        }
    }

    pub(super) fn enter_loop(&mut self, key: LoopKey, label: Option<Name>) {
        if let Some(label) = label {
            self.check_label(label);
        }
        let label = label.map(|label| label.symbol);
        self.regions().push(Region::Loop { key, label });
    }

    /// `break name` must not have two meanings.
    fn check_label(&mut self, label: Name) {
        let seen = self.scopes.meaning(label.symbol);
        if let Some(entry) = seen.filter(|entry| entry.declared) {
            let text = self.ast.text(label.symbol);
            let place = entry.span;
            self.report.fault_with(
                Code::E0207,
                label.span,
                format!("the label `{text}` has the name of a variable"),
                "a label",
                (place, "the variable"),
                "give the label another name",
            );
        }
    }

    pub(super) fn regions(&mut self) -> &mut Vec<Region> {
        &mut self.contexts.last_mut().expect("a function is being resolved").regions
    }

    pub(super) fn leave_region(&mut self) {
        self.regions().pop();
    }

    /// `pattern` of `for`, `match`, parameters: declared and set at once.
    pub(super) fn bind_pattern(&mut self, pattern: PatternId, kind: VarKind) {
        match self.ast[pattern].kind {
            PatternKind::Bind(name) => {
                self.declare(name, kind, true);
            }
            _ => {
                self.declare_pattern(pattern, kind);
                self.settle_pattern(pattern);
            }
        }
    }

    fn assign(&mut self, target: ExprId, op: Option<BinaryOp>, value: ExprId) {
        self.target(target, op.is_some());
        self.expr(value);
    }

    /// What stands left of `=`.
    fn target(&mut self, target: ExprId, compound: bool) {
        let ast = self.ast;
        let span = ast[target].span;
        match &ast[target].kind {
            // What is assigned to `_` is dropped.
            ExprKind::Name(symbol) if ast.text(*symbol) == "_" && !compound => {}
            ExprKind::Name(symbol) => self.assign_name(*symbol, span),
            ExprKind::Member { optional: false, .. } | ExprKind::Index { optional: false, .. } => {
                self.expr(target);
                if self.out.members.contains_key(&target) {
                    self.report.fault(
                        Code::E0203,
                        span,
                        "what a module exports cannot be assigned",
                        "belongs to another module",
                        "call a function of that module which changes it",
                    );
                }
            }
            ExprKind::List(elements) if !compound => {
                for (index, element) in elements.iter().enumerate() {
                    match *element {
                        Element::Value(inner) => self.target(inner, false),
                        Element::Spread(inner) => {
                            self.target(inner, false);
                            if index + 1 != elements.len() {
                                self.rest_not_last(ast[inner].span);
                            }
                        }
                    }
                }
            }
            ExprKind::Map(entries) if !compound => {
                for (index, entry) in entries.iter().enumerate() {
                    match *entry {
                        Entry::Short(name) => self.assign_name(name.symbol, name.span),
                        Entry::Named { value, .. } => self.target(value, false),
                        Entry::Computed { key, value } => {
                            self.expr(key);
                            self.target(value, false);
                        }
                        Entry::Spread(inner) => {
                            self.target(inner, false);
                            if index + 1 != entries.len() {
                                self.rest_not_last(ast[inner].span);
                            }
                        }
                    }
                }
            }
            ExprKind::Error => {}
            _ => self.report.fault(
                Code::E0110,
                span,
                "this cannot be assigned",
                "not a name, field or element",
                "",
            ),
        }
    }

    fn rest_not_last(&mut self, span: Span) {
        self.report.fault(Code::E0110, span, "the rest stands last", "has something behind it", "");
    }

    fn assign_name(&mut self, symbol: Symbol, span: Span) {
        self.assigning = true;
        let binding = self.look_up(symbol, span);
        self.assigning = false;
        self.out.uses.insert(span, binding.clone());
        self.assignments += 1;
        let ast = self.ast;
        let text = ast.text(symbol);
        match binding {
            Binding::Variable(var) if self.out.variable(var).session.is_some() => {
                self.assign_session(var, text, span);
            }
            Binding::Variable(var) => {
                let variable = self.variable_mut(var);
                variable.assigned = true;
                let (kind, place) = (variable.kind, variable.span);
                let (what, help) = match kind {
                    VarKind::Var | VarKind::Param => return,
                    VarKind::Let => {
                        ("declared with `let` here", format!("declare it with `var {text}`"))
                    }
                    VarKind::Function(_) => ("a function", String::new()),
                    VarKind::Class => ("a class", String::new()),
                    VarKind::Enum => ("an enum", String::new()),
                    VarKind::Bound | VarKind::Hidden => (
                        "bound here",
                        format!("assign a variable of your own: `var value = {text}`"),
                    ),
                };
                self.report.fault_with(
                    Code::E0203,
                    span,
                    format!("`{text}` cannot be assigned"),
                    "assigned here",
                    (place, what),
                    help,
                );
            }
            Binding::Unknown => {}
            Binding::Prelude(_) => self.report.fault(
                Code::E0203,
                span,
                format!("`{text}` cannot be assigned"),
                "belongs to the language",
                format!("declare a variable of that name: `var {text} = …`"),
            ),
            _ => self.report.fault(
                Code::E0203,
                span,
                format!("`{text}` cannot be assigned"),
                "imported names are read-only",
                format!("declare a variable of your own: `var value = {text}`"),
            ),
        }
    }
}
