//! What may wait, and who owns what is spawned.

use super::{FnId, FnKind, Owner, OwnerKey, PlainReason, Region, Resolver, VarKind};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{Argument, ExprId, ExprKind, Name, SelectArm, SelectArmKind};

impl Resolver<'_> {
    /// Notes that the current function waits: it makes a closure async, and is a fault where nothing
    /// may wait.
    pub(super) fn waits(&mut self, span: Span, what: &str) {
        self.need_clean_up_records();
        let context = self.contexts.last().expect("a function is being resolved");
        let (id, plain) = (context.id, context.plain);
        let info = &mut self.out.functions[id.0 as usize];
        match plain {
            None => {
                if info.kind == FnKind::Closure {
                    info.is_async = true;
                }
            }
            Some(PlainReason::Function) => self.report.fault(
                Code::E0301,
                span,
                format!("{what} in a plain function"),
                "this may wait",
                "write `async fn`, and `await` where it is called",
            ),
            Some(PlainReason::SpecialMember | PlainReason::FieldDefault) => self.report.fault(
                Code::E0302,
                span,
                format!("{what} where nothing may wait"),
                "this may wait",
                "use a `static async fn` that makes the object",
            ),
        }
    }

    /// The clean-ups around get a scope record: what is in them waits or spawns.
    fn need_clean_up_records(&mut self) {
        let context = self.contexts.last().expect("a function is being resolved");
        for region in &context.regions {
            if let Region::Owner { key, clean_up: true } = region
                && let Some(owner) = self.out.owners.get_mut(key)
            {
                owner.needed = true;
            }
        }
    }

    /// Enters a piece of code that has, or may get, a scope record.
    pub(super) fn enter_owner(&mut self, key: OwnerKey, clean_up: bool) {
        let var = self.hidden(self.current());
        self.out.owners.insert(key, Owner { var, needed: !clean_up });
        self.regions().push(Region::Owner { key, clean_up });
    }

    pub(super) fn spawn(&mut self, id: ExprId, operand: ExprId) {
        let ast = self.ast;
        let function = self.current();
        let plain = self.contexts.last().and_then(|context| context.plain);
        let in_scope = self.innermost_owner().is_some();
        if plain.is_some() && !in_scope {
            self.report.fault(
                Code::E0304,
                ast[id].span,
                "`spawn` in a plain function",
                "no scope around it could own the task",
                "take a scope as a parameter and write `s.spawn(f, …)`, or make it an `async fn`",
            );
            self.out.spawn_owners.insert(id, None);
        } else {
            self.need_clean_up_records();
            self.own_spawn(id, function);
        }
        match &ast[operand].kind {
            ExprKind::Block(block) => self.spawn_block(operand, block),
            _ => self.chain(operand, true),
        }
    }

    fn innermost_owner(&self) -> Option<OwnerKey> {
        let context = self.contexts.last().expect("a function is being resolved");
        context.regions.iter().rev().find_map(|region| match region {
            Region::Owner { key, .. } => Some(*key),
            Region::Loop { .. } => None,
        })
    }

    /// Finds the owner of a spawn of `function`, seen from the current function: the innermost scope
    /// here, or else whatever the function turns out to be when it is left.
    pub(super) fn own_spawn(&mut self, spawn: ExprId, function: FnId) {
        let Some(key) = self.innermost_owner() else {
            let context = self.contexts.last_mut().expect("a function is being resolved");
            if context.plain.is_some() {
                self.report.fault(
                    Code::E0304,
                    self.ast[spawn].span,
                    "`spawn` in a closure of a plain function",
                    "no scope around it could own the task",
                    "take a scope as a parameter and write `s.spawn(f, …)`, or make the function \
                     async",
                );
                self.out.spawn_owners.insert(spawn, None);
            } else {
                context.spawns.push((spawn, function));
            }
            return;
        };
        self.need_clean_up_records();
        let Some(owner) = self.out.owners.get_mut(&key) else { return };
        owner.needed = true;
        let var = owner.var;
        self.capture(function, var);
        self.out.spawn_owners.insert(spawn, Some(var));
    }

    pub(super) fn scope_options(&mut self, options: &[Argument]) {
        let ast = self.ast;
        let mut seen: Vec<&str> = Vec::new();
        for option in options {
            self.argument(option);
            let (span, name) = match option {
                Argument::Named { name, .. } => (name.span, Some(ast.text(name.symbol))),
                Argument::Value(value) | Argument::Spread(value) => (ast[*value].span, None),
            };
            let known = name.is_some_and(|n| matches!(n, "timeout" | "grace" | "on_error"));
            let again = name.is_some_and(|name| seen.contains(&name));
            if !known || again {
                let title = match name {
                    Some(name) if again => format!("`{name}` is given twice"),
                    Some(name) => format!("a scope has no option `{name}`"),
                    None => "options of a scope are given by name".into(),
                };
                let help = "a scope takes `timeout`, `grace` and `on_error`";
                self.report.fault(Code::E0305, span, title, "", help);
            }
            seen.extend(name);
        }
    }

    pub(super) fn named_scope_body(
        &mut self,
        id: ExprId,
        name: Option<Name>,
        body: &crate::syntax::ast::Block,
    ) {
        let key = OwnerKey::Expr(id);
        self.enter_owner(key, false);
        self.push_scope();
        if let Some(name) = name {
            let var = self.declare(name, VarKind::Bound, true);
            if let Some(owner) = self.out.owners.get_mut(&key) {
                owner.var = var;
            }
        }
        self.block(body);
        self.pop_scope();
        self.leave_region();
    }

    pub(super) fn select(&mut self, arms: &[SelectArm]) {
        for arm in arms {
            self.push_scope();
            if let SelectArmKind::Await { pattern, operand, guard } = &arm.kind {
                guard.iter().for_each(|&guard| self.expr(guard));
                self.chain(*operand, true);
                if let Some(pattern) = pattern {
                    self.bind_pattern(*pattern, VarKind::Bound);
                }
            }
            self.statement(arm.body);
            self.pop_scope();
        }
    }
}
