//! Blocks: what is declared in one is collected first, functions and classes are resolved next,
//! the statements last.

use std::sync::Arc;

use super::{Binding, FnKind, Resolver, VarKind};
use crate::diagnostics::Code;
use crate::syntax::ast::{
    Block, Class, Enum, ExprId, ExprKind, Member, MemberKind, PatternKind, Stmt, StmtId, StmtKind,
    UnaryOp,
};

impl Resolver<'_> {
    /// A block with a scope of its own.
    pub(super) fn block(&mut self, block: &Block) {
        self.push_scope();
        self.statements(&self.ast[block.statements]);
        self.pop_scope();
    }

    /// Statements in the scope that is there.
    pub(super) fn statements(&mut self, statements: &[StmtId]) {
        let ast = self.ast;
        // Of a long file only what is hoisted is looked at again.
        let mut hoisted = Vec::new();
        for &id in statements {
            self.collect(&ast[id]);
            if let StmtKind::Function { .. } | StmtKind::Class { .. } | StmtKind::Enum { .. } =
                ast[id].kind
            {
                hoisted.push(id);
            }
        }
        for &id in &hoisted {
            match &ast[id].kind {
                StmtKind::Function { function, .. } => self.named_function(function),
                StmtKind::Class { class, .. } if !self.is_late(class) => self.class(class),
                StmtKind::Enum { declaration, .. } if !self.is_late_enum(declaration) => {
                    self.enumeration(declaration);
                }
                _ => {}
            }
        }
        for &id in &hoisted {
            match &ast[id].kind {
                StmtKind::Function { function, .. } => {
                    function.name.into_iter().for_each(|name| self.set_declared(name));
                }
                StmtKind::Class { class, .. } if !self.is_late(class) => {
                    self.set_declared(class.name);
                }
                StmtKind::Enum { declaration, .. } if !self.is_late_enum(declaration) => {
                    self.set_declared(declaration.name);
                }
                _ => {}
            }
        }
        for &id in statements {
            self.statement(id);
        }
    }

    /// Declares what a statement binds, without setting it.
    fn collect(&mut self, statement: &Stmt) {
        let top_level = self.at_top_level();
        match &statement.kind {
            StmtKind::Function { function, public } => {
                let Some(name) = function.name else { return };
                let id = self.new_function(FnKind::Named, function.is_async);
                self.note_generator(id, function);
                self.out.function_of.insert(&raw const **function, id);
                let var = self.declare(name, VarKind::Function(id), false);
                self.variable_mut(var).public = *public && top_level;
            }
            StmtKind::Class { class, public } => {
                let var = self.declare(class.name, VarKind::Class, false);
                self.variable_mut(var).public = *public && top_level;
            }
            StmtKind::Enum { declaration, public } => {
                let var = self.declare(declaration.name, VarKind::Enum, false);
                self.variable_mut(var).public = *public && top_level;
                let shape = self.enum_shape(declaration);
                self.out.enums.insert(var, Arc::new(shape));
            }
            StmtKind::Let { pattern, mutable, public, .. } => {
                let kind = if *mutable { VarKind::Var } else { VarKind::Let };
                if let PatternKind::Bind(name) = self.ast[*pattern].kind {
                    let var = self.declare(name, kind, false);
                    self.variable_mut(var).public = *public && top_level;
                } else {
                    for var in self.declare_pattern(*pattern, kind) {
                        self.variable_mut(var).public = *public && top_level;
                    }
                }
                if *public && *mutable {
                    self.report.fault(
                        Code::E0127,
                        statement.span,
                        "a `var` cannot be exported",
                        "declared with `var`",
                        "export functions that read and change it",
                    );
                }
            }
            StmtKind::Import(import) if top_level => self.import(import),
            _ => {}
        }
    }

    /// A class is made at the beginning of its block unless that could be too early: when it has
    /// static values to work out, or a parent that is itself set in between.
    pub(super) fn is_late(&mut self, class: &Class) -> bool {
        if self.out.late_classes.contains(&class.name.span) {
            return true;
        }
        let late = self.works_out(&class.members)
            || class.parent.as_ref().is_some_and(|path| {
                let name = path.parts.first();
                let entry = name.and_then(|name| self.scopes.innermost(name.symbol));
                match entry.map(|entry| &entry.binding) {
                    Some(Binding::Variable(var)) => {
                        let parent = self.out.variable(*var);
                        match parent.kind {
                            VarKind::Class => {
                                parent.span == class.name.span
                                    || self.out.late_classes.contains(&parent.span)
                            }
                            _ => true,
                        }
                    }
                    _ => false,
                }
            });
        if late {
            self.out.late_classes.insert(class.name.span);
        }
        late
    }
}

impl Resolver<'_> {
    /// An enum is made at the beginning of its block unless it has static values to work out.
    pub(super) fn is_late_enum(&mut self, declaration: &Enum) -> bool {
        let late = self.works_out(&declaration.members);
        if late {
            self.out.late_classes.insert(declaration.name.span);
        }
        late
    }

    /// Whether there are static values that need code.
    fn works_out(&self, members: &[Member]) -> bool {
        members.iter().any(|member| match &member.kind {
            MemberKind::Field { default: Some(value), .. } if member.is_static => {
                !is_plain(self.ast, *value)
            }
            _ => false,
        })
    }
}

/// Whether a default needs no code: a literal, with its sign.
pub(in crate::compile) fn is_plain(ast: &crate::syntax::ast::Ast, value: ExprId) -> bool {
    match &ast[value].kind {
        kind if kind.is_literal() => true,
        ExprKind::Unary { op: UnaryOp::Neg, operand } => match ast[*operand].kind {
            ExprKind::Int(value) => value != i64::MIN,
            ExprKind::Float(_) => true,
            ExprKind::Duration(value) => value != i64::MIN,
            _ => false,
        },
        _ => false,
    }
}
