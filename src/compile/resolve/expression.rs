//! Expressions. Chains that lean to the left (operators, calls, else-if) are walked with loops.

use super::{FnKind, LoopKey, OwnerKey, Region, Resolver, VarKind};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{
    Argument, Element, Entry, ExprId, ExprKind, MatchArm, Name, PatternId, PatternKind, Piece, Try,
};

impl Resolver<'_> {
    /// Resolves an expression, and notes whether a variable is assigned in it.
    pub(super) fn expr(&mut self, id: ExprId) {
        let before = self.assignments;
        self.expr_inner(id);
        if self.assignments != before {
            self.out.assigning.insert(id);
        }
    }

    fn exprs(&mut self, ids: impl IntoIterator<Item = ExprId>) {
        ids.into_iter().for_each(|id| self.expr(id));
    }

    fn expr_inner(&mut self, id: ExprId) {
        let ast = self.ast;
        let span = ast[id].span;
        match &ast[id].kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Duration(_)
            | ExprKind::Str(_)
            | ExprKind::Bytes(_)
            | ExprKind::Error => {}
            ExprKind::Interpolation(pieces) => pieces.iter().for_each(|piece| self.piece(piece)),
            ExprKind::Name(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Call { .. } => self.chain(id, false),
            ExprKind::SelfValue => self.self_value(id, span),
            ExprKind::Super => self.report.fault(
                Code::E0124,
                span,
                "`super` without a method",
                "stands alone",
                "name a member of the parent class: `super.name(…)`",
            ),
            ExprKind::List(elements) => {
                for element in elements {
                    let (Element::Value(value) | Element::Spread(value)) = *element;
                    self.expr(value);
                }
            }
            ExprKind::Map(entries) => entries.iter().for_each(|entry| self.entry(entry)),
            ExprKind::Block(block) => self.block(block),
            ExprKind::If { .. } => self.if_chain(id),
            ExprKind::Match { subject, arms } => self.match_arms(*subject, arms),
            ExprKind::Loop { label, body } => {
                self.enter_loop(LoopKey::Expr(id), label.as_deref().copied());
                self.block(body);
                self.leave_region();
            }
            ExprKind::Try(parts) => self.try_parts(id, parts),
            ExprKind::Scope { .. }
            | ExprKind::Timeout { .. }
            | ExprKind::Shield { .. }
            | ExprKind::Select { .. }
            | ExprKind::Await(_)
            | ExprKind::Spawn { .. } => self.task_form(id, span),
            ExprKind::Group(operand) | ExprKind::Unary { operand, .. } => self.expr(*operand),
            ExprKind::Binary { .. } => self.binary(id),
            ExprKind::Range { start, end, .. } => self.exprs(start.iter().chain(end).copied()),
            ExprKind::Is { value, types, .. } => {
                self.expr(*value);
                types.iter().for_each(|path| self.path(path));
            }
            ExprKind::Closure(function) => self.closure(function),
            ExprKind::Return(value) => {
                self.exprs(*value);
                self.return_from(span, value.is_some());
            }
            ExprKind::Yield(value) => {
                self.exprs(*value);
                self.yield_at(span);
            }
            ExprKind::Throw(value) => self.expr(*value),
            ExprKind::Break { label, value } => self.break_from(id, *label, *value),
            ExprKind::Continue { label } => self.jump_target(id, *label, span),
        }
    }

    /// The forms that wait, own tasks or start them.
    fn task_form(&mut self, id: ExprId, span: Span) {
        let ast = self.ast;
        match &ast[id].kind {
            ExprKind::Scope { head, body } => {
                self.scope_options(&head.options);
                self.waits(span, "`scope`");
                self.named_scope_body(id, head.name, body);
            }
            ExprKind::Timeout { duration, body, otherwise } => {
                self.expr(*duration);
                self.waits(span, "`timeout`");
                self.named_scope_body(id, None, body);
                otherwise.iter().for_each(|block| self.block(block));
            }
            ExprKind::Shield { duration, body } => {
                self.expr(*duration);
                self.waits(span, "`shield`");
                self.named_scope_body(id, None, body);
            }
            ExprKind::Select { arms, .. } => {
                self.waits(span, "`select`");
                self.select(arms);
            }
            ExprKind::Await(operand) => {
                self.waits(span, "`await`");
                self.chain(*operand, true);
            }
            ExprKind::Spawn { operand, .. } => self.spawn(id, *operand),
            _ => {}
        }
    }

    fn piece(&mut self, piece: &Piece) {
        if let Piece::Value { value, spec } = piece {
            self.expr(*value);
            spec.iter().flat_map(|spec| &spec.pieces).for_each(|piece| self.piece(piece));
        }
    }

    fn self_value(&mut self, id: ExprId, span: Span) {
        if let Some(var) = self.find_self(span, "self") {
            self.use_variable(var, true);
            self.out.receivers.insert(id, var);
        }
    }

    fn entry(&mut self, entry: &Entry) {
        match *entry {
            Entry::Short(name) => {
                self.note_use(name.symbol, name.span);
            }
            Entry::Named { value, .. } | Entry::Spread(value) => self.expr(value),
            Entry::Computed { key, value } => self.exprs([key, value]),
        }
    }

    pub(super) fn argument(&mut self, argument: &Argument) {
        let (Argument::Value(value) | Argument::Spread(value) | Argument::Named { value, .. }) =
            *argument;
        self.expr(value);
    }

    /// `if … else if … else …`, however long.
    fn if_chain(&mut self, id: ExprId) {
        let ast = self.ast;
        let mut at = id;
        while let ExprKind::If { condition, then, otherwise } = &ast[at].kind {
            self.expr(*condition);
            self.block(then);
            match otherwise {
                Some(next) => at = *next,
                None => return,
            }
        }
        self.expr(at);
    }

    /// Operators: down the left side, then the right operands on the way up.
    fn binary(&mut self, id: ExprId) {
        let ast = self.ast;
        let mut right = Vec::new();
        let mut at = id;
        while let ExprKind::Binary { lhs, rhs, .. } = ast[at].kind {
            right.push(rhs);
            at = lhs;
        }
        self.expr(at);
        self.exprs(right.into_iter().rev());
    }

    fn match_arms(&mut self, subject: ExprId, arms: &[MatchArm]) {
        self.expr(subject);
        let mut all_fit: Option<PatternId> = None;
        for arm in arms {
            if let Some(pattern) = all_fit {
                let help = self.variant_meant(pattern);
                self.report.fault_with(
                    Code::E0210,
                    arm.span,
                    "this arm never runs",
                    "never reached",
                    (self.ast[pattern].span, "this one fits every value"),
                    help,
                );
            }
            // With a condition it is bound on purpose.
            if arm.guard.is_none() {
                self.warn_hidden(arm.pattern, subject);
            }
            self.push_scope();
            self.bind_pattern(arm.pattern, VarKind::Bound);
            self.exprs(arm.guard);
            self.statement(arm.body);
            self.pop_scope();
            if arm.guard.is_none() && self.always_fits(arm.pattern) {
                all_fit = all_fit.or(Some(arm.pattern));
            }
        }
    }

    /// What helps who wrote the bare name of a variant, which binds; empty for other patterns.
    fn variant_meant(&self, pattern: PatternId) -> String {
        let PatternKind::Bind(name) = self.ast[pattern].kind else { return String::new() };
        let text = self.ast.text(name.symbol);
        let path = self.variant_named(text);
        path.map_or(String::new(), |path| {
            format!("`{text}` is a new name there; for the variant write `{path}`")
        })
    }

    fn always_fits(&self, pattern: PatternId) -> bool {
        match &self.ast[pattern].kind {
            PatternKind::Wildcard | PatternKind::Bind(_) => true,
            PatternKind::As { pattern, .. } => self.always_fits(*pattern),
            PatternKind::Or(alternatives) => alternatives.iter().any(|&p| self.always_fits(p)),
            _ => false,
        }
    }

    fn try_parts(&mut self, id: ExprId, parts: &Try) {
        let Try { body, catches, finally } = parts;
        self.block(body);
        for catch in catches {
            catch.types.iter().for_each(|path| self.path(path));
            self.push_scope();
            if let Some(name) = catch.name {
                if catch.types.is_empty() {
                    self.warn_hidden_class(name);
                }
                self.declare(name, VarKind::Bound, true);
            }
            self.exprs(catch.guard);
            self.block(&catch.body);
            self.pop_scope();
        }
        if let Some(finally) = finally {
            self.enter_owner(OwnerKey::Expr(id), true);
            self.block(finally);
            self.leave_region();
        }
    }

    fn return_from(&mut self, span: Span, has_value: bool) {
        let id = self.current();
        if has_value && self.out.function(id).is_generator {
            self.report.fault(
                Code::E0130,
                span,
                "a generator cannot return a value",
                "nobody would get it",
                "`yield` it before a bare `return`",
            );
        }
        if self
            .regions()
            .iter()
            .any(|region| matches!(region, Region::Owner { clean_up: true, .. }))
        {
            self.jump_out_of_clean_up(span, "return");
        }
        if self.out.function(id).kind == FnKind::Value {
            self.report.fault(Code::E0119, span, "`return` in a default", "no function around", "");
        }
        self.out.returning.insert(id);
    }

    fn jump_out_of_clean_up(&mut self, span: Span, word: &str) {
        self.report.fault(
            Code::E0118,
            span,
            format!("`{word}` out of a clean-up"),
            "`defer` and `finally` run to their end",
            "",
        );
    }

    fn break_from(&mut self, id: ExprId, label: Option<Name>, value: Option<ExprId>) {
        let ast = self.ast;
        let span = ast[id].span;
        if label.is_none()
            && let Some(value) = value
            && let ExprKind::Name(symbol) = ast[value].kind
            && self.has_label(symbol)
        {
            self.out.label_breaks.insert(id);
            self.jump_target(id, Some(Name { symbol, span: ast[value].span }), span);
            return;
        }
        self.exprs(value);
        self.jump_target(id, label, span);
        if let Some(value) = value
            && matches!(self.out.targets.get(&id), Some(LoopKey::Stmt(_)))
        {
            self.report.fault(
                Code::E0211,
                ast[value].span,
                "`break` with a value out of a loop that has none",
                "this value goes nowhere",
                "only `loop` has a value; assign a variable instead",
            );
        }
    }

    fn has_label(&mut self, symbol: crate::syntax::ast::Symbol) -> bool {
        self.regions()
            .iter()
            .any(|region| matches!(region, Region::Loop { label: Some(l), .. } if *l == symbol))
    }

    /// Finds the loop that a jump means.
    fn jump_target(&mut self, id: ExprId, label: Option<Name>, span: Span) {
        let is_break = matches!(self.ast[id].kind, ExprKind::Break { .. });
        let word = if is_break { "break" } else { "continue" };
        let mut crossed = false;
        let mut found = None;
        for region in self.regions().iter().rev() {
            match region {
                Region::Owner { clean_up, .. } => crossed |= clean_up,
                Region::Loop { key, label: name } => {
                    if label.is_none_or(|label| Some(label.symbol) == *name) {
                        found = Some(*key);
                        break;
                    }
                }
            }
        }
        match (found, label) {
            (Some(_), _) if crossed => self.jump_out_of_clean_up(span, word),
            (Some(key), _) => {
                self.out.targets.insert(id, key);
            }
            (None, Some(label)) => {
                let text = self.ast.text(label.symbol);
                let title = format!("no loop here has the label `{text}`");
                self.report.fault(Code::E0206, label.span, title, "unknown label", "");
            }
            (None, None) => {
                let title = format!("`{word}` outside of a loop");
                let help = "a closure is left with `return`";
                self.report.fault(Code::E0119, span, title, "no loop to leave", help);
            }
        }
    }
}
