//! Blocks and statements.

use std::collections::HashSet;

use super::{Emitter, Want};
use crate::bytecode::op::Opcode;
use crate::compile::leave::Leave;
use crate::compile::resolve::{Binding, VarId, bound_names};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{Block, Class, ExprId, PatternId, PatternKind, StmtId, StmtKind};

use super::cleanup::Defers;

impl Emitter<'_> {
    /// A block with its variables.
    pub(super) fn block(&mut self, block: &Block, want: Want) {
        let mark = self.mark();
        if want == Want::Return && self.has_defers(&self.ast[block.statements]) {
            let value = self.alloc();
            self.statements(&self.ast[block.statements], Want::In(value), &mut Defers::of_block());
            self.op1(Opcode::Return, value);
        } else {
            self.statements(&self.ast[block.statements], want, &mut Defers::of_block());
        }
        self.release(mark);
    }

    pub(super) fn has_defers(&self, statements: &[StmtId]) -> bool {
        statements.iter().any(|&id| matches!(self.ast[id].kind, StmtKind::Defer(_)))
    }

    /// Statements, with what they defer.
    pub(super) fn statements(&mut self, statements: &[StmtId], want: Want, defers: &mut Defers) {
        self.hoist(statements);
        for (index, &id) in statements.iter().enumerate() {
            let last = index + 1 == statements.len();
            match self.ast[id].kind {
                StmtKind::Expr(value) if last => {
                    self.value(value, want);
                    break;
                }
                StmtKind::Defer(clean_up) => self.open_defer(id, clean_up, defers),
                _ => self.statement(id),
            }
            if last {
                self.null(want);
            }
        }
        if statements.is_empty() {
            self.null(want);
        }
        self.close_defers(defers);
    }

    /// Makes the cells that functions of the block share with it, then its functions and classes.
    fn hoist(&mut self, statements: &[StmtId]) {
        let ast = self.ast;
        let (mut functions, mut enums, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        for &id in statements {
            match &ast[id].kind {
                StmtKind::Let { pattern, .. } => {
                    if let PatternKind::Bind(name) = ast[*pattern].kind {
                        self.early_name(Some(name.span));
                        continue;
                    }
                    for span in bound_names(ast, *pattern) {
                        self.names
                            .declared_at(span)
                            .into_iter()
                            .for_each(|v| self.declare_early(v));
                    }
                }
                StmtKind::Function { function, .. } => {
                    let span = function.name.map(|name| name.span);
                    self.early_name(span);
                    functions.push(&**function);
                }
                StmtKind::Class { class, .. } => {
                    self.early_name(Some(class.name.span));
                    classes.push(&**class);
                }
                StmtKind::Enum { declaration, .. } => {
                    self.early_name(Some(declaration.name.span));
                    enums.push(&**declaration);
                }
                _ => {}
            }
        }
        functions.into_iter().for_each(|function| self.named_function(function));
        enums.retain(|declared| !self.names.late_classes.contains(&declared.name.span));
        enums.into_iter().for_each(|declaration| self.enum_statement(declaration));
        classes.retain(|class| !self.names.late_classes.contains(&class.name.span));
        if !classes.is_empty() {
            self.hoist_classes(&classes);
        }
    }

    fn early_name(&mut self, span: Option<Span>) {
        let var = span.and_then(|span| self.names.declared_at(span));
        var.into_iter().for_each(|var| self.declare_early(var));
    }

    /// Makes classes, parents before children.
    fn hoist_classes(&mut self, classes: &[&Class]) {
        let var_of = |class: &Class| self.names.declared_at(class.name.span);
        let vars: Vec<Option<VarId>> = classes.iter().map(|class| var_of(class)).collect();
        let mut made: HashSet<usize> = HashSet::new();
        for start in 0..classes.len() {
            let mut path = vec![start];
            while let Some(&at) = path.last() {
                let parent = self
                    .parent_variable(classes[at])
                    .and_then(|parent| vars.iter().position(|var| *var == Some(parent)))
                    .filter(|parent| !made.contains(parent));
                match parent {
                    Some(parent) if path.contains(&parent) => {
                        self.cycle_of_classes(classes[at]);
                        return;
                    }
                    Some(parent) => path.push(parent),
                    None => {
                        path.pop();
                        if made.insert(at) {
                            self.class_statement(classes[at]);
                        }
                    }
                }
            }
        }
    }

    fn parent_variable(&self, class: &Class) -> Option<VarId> {
        match self.names.paths.get(&class.parent.as_ref()?.span)? {
            (Binding::Variable(var), _) => Some(*var),
            _ => None,
        }
    }

    fn cycle_of_classes(&mut self, class: &Class) {
        let span = class.parent.as_ref().map_or(class.name.span, |parent| parent.span);
        self.report.fault(
            Code::E0204,
            span,
            "classes extend each other in a circle",
            "this parent is made from the class itself",
            "",
        );
    }

    pub(super) fn statement(&mut self, id: StmtId) {
        let ast = self.ast;
        let before = self.f.asm.set_span(ast[id].span);
        match &ast[id].kind {
            StmtKind::Expr(value) => self.value(*value, Want::Nothing),
            StmtKind::Let { pattern, value, otherwise, .. } => {
                if let Some(block) = otherwise {
                    self.must_leave(block);
                }
                self.let_statement(*pattern, *value, otherwise.as_deref());
            }
            StmtKind::Assign { target, op, value } => {
                let mark = self.mark();
                self.assign(*target, *op, *value);
                self.release(mark);
            }
            StmtKind::Class { class, .. } => {
                if self.names.late_classes.contains(&class.name.span) {
                    self.class_statement(class);
                }
            }
            StmtKind::Enum { declaration, .. } => {
                if self.names.late_classes.contains(&declaration.name.span) {
                    self.enum_statement(declaration);
                }
            }
            StmtKind::While { condition, body, .. } => self.while_loop(id, *condition, body),
            StmtKind::For { is_await, pattern, iterable, body, .. } => {
                let mark = self.mark();
                match is_await {
                    true => self.for_await(id, *pattern, *iterable, body),
                    false => self.for_loop(id, *pattern, *iterable, body),
                }
                self.release(mark);
            }
            StmtKind::Defer(clean_up) => {
                // A `defer` that is a body by itself runs at once.
                let mut defers = Defers::of_block();
                self.open_defer(id, *clean_up, &mut defers);
                self.close_defers(&mut defers);
            }
            StmtKind::Assert { condition, message } => self.assert(*condition, *message),
            StmtKind::Function { .. }
            | StmtKind::Test { .. }
            | StmtKind::Import(_)
            | StmtKind::Error => {}
        }
        self.f.asm.set_span(before);
    }

    /// Behind the `else` of a `let` the names of its pattern would have no values.
    fn must_leave(&mut self, block: &Block) {
        let leave = Leave { ast: self.ast, resolution: self.names };
        if leave.block(block) {
            return;
        }
        self.report.fault(
            Code::E0215,
            block.span,
            "the `else` of a `let` has to leave the block around it",
            "may come to its end, where the names have no values",
            "end it with `return`, `throw`, `break`, `continue` or `exit(…)`",
        );
    }

    fn let_statement(&mut self, pattern: PatternId, value: ExprId, otherwise: Option<&Block>) {
        self.declare_pattern(pattern);
        let mark = self.mark();
        match self.ast[pattern].kind {
            PatternKind::Wildcard => self.value(value, Want::Nothing),
            PatternKind::Bind(name) => {
                let Some(var) = self.names.declared_at(name.span) else { return };
                let register = match self.direct(var) {
                    Some(register) => {
                        self.expr(value, register);
                        register
                    }
                    None => self.any(value),
                };
                self.set_first(var, register);
            }
            _ => {
                let value = self.any(value);
                self.take_apart(pattern, value, otherwise);
            }
        }
        self.release(mark);
    }
}
