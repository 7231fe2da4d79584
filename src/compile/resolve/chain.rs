//! Names, members, elements and calls: chains that lean to the left.

use super::{Binding, Resolver};
use crate::bytecode::program::ExportKind;
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{Argument, ExprId, ExprKind, Name};

impl Resolver<'_> {
    /// Resolves a chain. `awaited`: its outermost call is the operand of `await` or `spawn`.
    pub(super) fn chain(&mut self, id: ExprId, awaited: bool) {
        let before = self.assignments;
        let ast = self.ast;
        let mut links = Vec::new();
        let mut at = id;
        loop {
            let next = match &ast[at].kind {
                ExprKind::Member { object, .. } | ExprKind::Index { object, .. } => *object,
                ExprKind::Call { callee, .. } => *callee,
                _ => break,
            };
            links.push(at);
            at = next;
        }
        let mut meaning = self.root(at, links.last().copied());
        for (place, &link) in links.iter().enumerate().rev() {
            meaning = match &ast[link].kind {
                ExprKind::Member { name, .. } => {
                    let shape = meaning.as_ref().and_then(|object| self.shape_of(object));
                    if let Some(shape) = shape
                        && let Some(number) = self.enum_member(&shape, *name)
                        && let Some(next) = place.checked_sub(1).map(|next| links[next])
                        && let ExprKind::Call { arguments, .. } = &ast[next].kind
                    {
                        self.check_payload(&shape.variants[number], arguments);
                    }
                    let member = meaning.and_then(|object| self.module_member(&object, *name));
                    if let Some(member) = &member {
                        self.out.members.insert(link, member.clone());
                    }
                    member
                }
                ExprKind::Index { indices, .. } => {
                    indices.iter().for_each(|&index| self.expr(index));
                    None
                }
                ExprKind::Call { callee, arguments } => {
                    self.arguments(arguments);
                    if !(awaited && link == id) {
                        self.check_colour(meaning.as_ref(), *callee, link, id);
                    }
                    None
                }
                _ => None,
            };
        }
        if self.assignments != before {
            self.out.assigning.insert(id);
        }
    }

    fn root(&mut self, root: ExprId, first: Option<ExprId>) -> Option<Binding> {
        let ast = self.ast;
        let span = ast[root].span;
        match &ast[root].kind {
            ExprKind::Name(symbol) => Some(self.note_use(*symbol, span)),
            ExprKind::Super => {
                self.super_receiver(root, span, first);
                None
            }
            _ => {
                self.expr(root);
                None
            }
        }
    }

    /// `super` before `.name`.
    fn super_receiver(&mut self, root: ExprId, span: Span, first: Option<ExprId>) {
        let is_member =
            first.is_some_and(|link| matches!(self.ast[link].kind, ExprKind::Member { .. }));
        if !is_member {
            self.expr(root);
            return;
        }
        let Some(self_var) = self.find_self(span, "super") else { return };
        self.use_variable(self_var, true);
        self.out.super_selfs.insert(root, self_var);
        let parent = self.classes.last().and_then(|class| self.out.parents.get(class)).copied();
        match parent {
            Some(parent) => {
                self.use_variable(parent, true);
                self.out.receivers.insert(root, parent);
            }
            None => self.report.fault(
                Code::E0205,
                span,
                "`super` in a class without a parent",
                "nothing to find here",
                "write `class Name extends Parent`",
            ),
        }
    }

    fn arguments(&mut self, arguments: &[Argument]) {
        let ast = self.ast;
        let mut named: Vec<Name> = Vec::new();
        for argument in arguments {
            self.argument(argument);
            let Argument::Named { name, .. } = argument else { continue };
            if let Some(before) = named.iter().find(|before| before.symbol == name.symbol) {
                let text = ast.text(name.symbol);
                self.report.fault_with(
                    Code::E0114,
                    name.span,
                    format!("the argument `{text}` is given twice"),
                    "given again",
                    (before.span, "given first"),
                    "",
                );
            }
            named.push(*name);
        }
    }

    /// A bare call of a function that is known to be async is a fault.
    fn check_colour(
        &mut self,
        callee: Option<&Binding>,
        name: ExprId,
        call: ExprId,
        whole: ExprId,
    ) {
        if callee.is_none_or(|callee| self.colour(callee) != ExportKind::AsyncFunction) {
            return;
        }
        let name = self.source(self.ast[name].span);
        let span = self.ast[call].span;
        let text = self.source(span);
        let text = if text.len() <= 40 { text.to_string() } else { format!("{name}(…)") };
        let help = if let Some(head) = self.thunk_head(span) {
            format!(
                "write `{head} await {text}`, which makes the closure async, too, or `{head} spawn {text}`"
            )
        } else if call == whole {
            format!("write `await {text}` to wait for it, or `spawn {text}` to start a task")
        } else {
            format!("write `(await {text})` and go on from there")
        };
        let title = format!("`{name}` is async: its call needs `await` or `spawn`");
        self.report.fault(Code::E0303, span, title, "called like a plain function", help);
    }

    /// The head of the closure around that consists of nothing but what stands there: `|x|`.
    fn thunk_head(&self, body: Span) -> Option<&str> {
        let thunk = self.contexts.last()?.thunk.filter(|thunk| thunk.end == body.end)?;
        let head = self.source(Span::new(thunk.start, body.start)).trim_end();
        (head.ends_with('|') && head.len() <= 40).then_some(head)
    }

    pub(super) fn source(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("…")
    }
}
