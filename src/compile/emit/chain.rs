//! Names, members, elements and calls. A chain leans to the left and is written from its root on;
//! a `?.` that meets null skips the rest of it.

use super::Emitter;
use super::call::CallMode;
use crate::bytecode::assembler::{Label, Reg};
use crate::bytecode::op::Opcode;
use crate::compile::resolve::Binding;
use crate::diagnostics::Span;
use crate::syntax::ast::{Argument, ExprId, ExprKind, Name};

/// What the chain has come to.
#[derive(Clone)]
pub(super) enum Subject {
    /// Something with a name that has not been loaded.
    Binding(Binding, Span),
    /// An expression that has not been evaluated.
    Expr(ExprId),
    /// `super`: the variable of the parent class stands behind this expression.
    Super(ExprId),
    /// A value.
    Value(Reg),
}

/// A chain while it is written.
struct Chain {
    subject: Subject,
    /// The register of intermediate values, once there is one.
    between: Option<Reg>,
    /// Where a `?.` that met null goes.
    on_null: Option<Label>,
    dst: Reg,
}

impl Emitter<'_> {
    /// Writes a chain into a register. `mode` is that of its outermost call.
    pub(super) fn chain(&mut self, id: ExprId, dst: Reg, mode: CallMode) {
        let mut links = Vec::new();
        let mut root = id;
        loop {
            let next = match &self.ast[root].kind {
                ExprKind::Member { object, .. } | ExprKind::Index { object, .. } => *object,
                ExprKind::Call { callee, .. } => *callee,
                _ => break,
            };
            links.push(root);
            root = next;
        }
        links.reverse();
        let mut subject = self.root(root);
        if let (Some(slot), Subject::Binding(binding, span), false) =
            (self.kept_in(root), &subject, links.is_empty())
        {
            let (binding, span) = (binding.clone(), *span);
            self.load_binding(&binding, slot, span);
            self.keep(root, slot);
            subject = Subject::Value(slot);
        }
        let known = links.iter().take_while(|link| self.names.members.contains_key(link)).count();
        if let Some(last) = known.checked_sub(1).map(|last| links[last]) {
            subject = Subject::Binding(self.names.members[&last].clone(), self.ast[last].span);
        }
        let before = self.f.asm.span();
        let mut chain = Chain { subject, between: None, on_null: None, dst };
        self.links(&links[known..], &mut chain, mode);
        if links.len() == known {
            self.load_subject(chain.subject, dst);
        }
        if let Some(on_null) = chain.on_null {
            let done = self.label();
            self.jump(done);
            self.bind(on_null);
            self.load_null(dst);
            self.bind(done);
        }
        self.f.asm.set_span(before);
    }

    fn root(&self, root: ExprId) -> Subject {
        let span = self.ast[root].span;
        match self.ast[root].kind {
            ExprKind::Name(_) => match self.names.uses.get(span) {
                Some(binding) => Subject::Binding(binding.clone(), span),
                None => Subject::Binding(Binding::Unknown, span),
            },
            ExprKind::Super => Subject::Super(root),
            _ => Subject::Expr(root),
        }
    }

    fn links(&mut self, links: &[ExprId], chain: &mut Chain, mode: CallMode) {
        let ast = self.ast;
        let mut at = 0;
        while let Some(&link) = links.get(at) {
            let span = ast[link].span;
            self.f.asm.set_span(span);
            let taken = match &ast[link].kind {
                ExprKind::Member { name, optional, .. } => {
                    let call = links.get(at + 1).map(|&next| (next, &ast[next].kind));
                    if let Some((next, ExprKind::Call { arguments, .. })) = call {
                        let mode = if at + 2 == links.len() { mode } else { CallMode::Plain };
                        let out = self.out(chain, at + 2 == links.len());
                        let span = name.span.to(Span::new(name.span.start, ast[next].span.end));
                        self.method_call(chain, *name, *optional, arguments, out, (mode, span));
                        2
                    } else {
                        let out = self.out(chain, at + 1 == links.len());
                        self.field(chain, *name, *optional, out);
                        1
                    }
                }
                ExprKind::Index { indices, optional, .. } => {
                    let out = self.out(chain, at + 1 == links.len());
                    self.index(chain, indices, *optional, out, span);
                    1
                }
                ExprKind::Call { arguments, .. } => {
                    let mode = if at + 1 == links.len() { mode } else { CallMode::Plain };
                    let out = self.out(chain, at + 1 == links.len());
                    let subject = chain.subject.clone();
                    let base = self.window(chain, out);
                    self.call(subject, arguments, base, out, (mode, span));
                    1
                }
                _ => 1,
            };
            at += taken;
            if at < links.len()
                && let Some(between) = chain.between
            {
                self.keep(links[at - 1], between);
                chain.subject = Subject::Value(between);
                self.release(u16::from(between.0) + 1);
            }
        }
    }

    /// The register for the next result.
    fn out(&mut self, chain: &mut Chain, last: bool) -> Reg {
        if last {
            return chain.dst;
        }
        match chain.between {
            Some(between) => between,
            None => {
                let between = self.alloc();
                chain.between = Some(between);
                between
            }
        }
    }

    /// Where the window of a call begins: at the top, in a register that may be overwritten.
    fn window(&mut self, chain: &Chain, out: Reg) -> Reg {
        match chain.between {
            Some(between) if self.is_top(between) => between,
            _ if self.is_top(out) => out,
            _ => self.alloc(),
        }
    }

    /// Writes what a chain has come to into a register.
    pub(super) fn load_subject(&mut self, subject: Subject, dst: Reg) {
        match subject {
            Subject::Binding(binding, span) => self.load_binding(&binding, dst, span),
            Subject::Expr(id) => self.expr(id, dst),
            Subject::Super(_) => debug_assert!(self.report.has_errors()),
            Subject::Value(register) => self.move_to(dst, register),
        }
    }

    /// What a chain has come to, in some register.
    fn subject_register(&mut self, subject: Subject, later: &[ExprId]) -> Reg {
        match subject {
            Subject::Value(register) => register,
            Subject::Expr(id) => self.operand(id, later),
            Subject::Binding(Binding::Variable(var), _) if self.register_of(var).is_some() => {
                let register = self.register_of(var).unwrap_or(Reg(0));
                let changes = self.can_change(var)
                    && later.iter().any(|id| self.names.assigning.contains(id));
                if !changes {
                    return register;
                }
                let copy = self.alloc();
                self.move_to(copy, register);
                copy
            }
            other => {
                let register = self.alloc();
                self.load_subject(other, register);
                register
            }
        }
    }

    fn on_null(&mut self, chain: &mut Chain, value: Reg) {
        let label = match chain.on_null {
            Some(label) => label,
            None => {
                let label = self.label();
                chain.on_null = Some(label);
                label
            }
        };
        self.jump_on(Opcode::JumpIfNull, value, label);
    }

    fn field(&mut self, chain: &mut Chain, name: Name, optional: bool, out: Reg) {
        let subject = chain.subject.clone();
        if let Subject::Super(root) = subject {
            self.super_member(root, name, out);
            return;
        }
        let object = self.subject_register(subject, &[]);
        let constant = self.symbol_constant(name.symbol);
        if optional {
            self.on_null(chain, object);
        }
        let op = if optional { Opcode::GetFieldOrNull } else { Opcode::GetField };
        self.at(name.span, |this| this.op_imm(op, out, object, constant));
    }

    fn index(
        &mut self,
        chain: &mut Chain,
        indices: &[ExprId],
        optional: bool,
        out: Reg,
        span: Span,
    ) {
        let subject = chain.subject.clone();
        let [index] = indices else {
            let base = self.window(chain, out);
            let receiver = self.alloc();
            self.load_subject(subject, receiver);
            if optional {
                self.on_null(chain, receiver);
            }
            for &index in indices {
                let register = self.alloc();
                self.expr(index, register);
            }
            let name = self.name_constant("[]");
            let count = (indices.len() + 1) as u8;
            self.at(span, |this| {
                this.f.asm.emit(Opcode::Invoke, base.0, 0, count, name);
            });
            self.move_to(out, base);
            return;
        };
        let object = self.subject_register(subject, &[*index]);
        if optional {
            self.on_null(chain, object);
            let index = self.any(*index);
            self.at(span, |this| this.op(Opcode::GetIndexOrNull, out, object, index));
            return;
        }
        let small = self.int_literal(*index).and_then(|value| i32::try_from(value).ok());
        if let Some(value) = small {
            self.at(span, |this| this.op_imm(Opcode::GetIndexInt, out, object, value));
            return;
        }
        let index = self.any(*index);
        self.at(span, |this| this.op(Opcode::GetIndex, out, object, index));
    }

    /// `object.name(…)`, `super.name(…)`
    fn method_call(
        &mut self,
        chain: &mut Chain,
        name: Name,
        optional: bool,
        arguments: &[Argument],
        out: Reg,
        (mode, span): (CallMode, Span),
    ) {
        let subject = chain.subject.clone();
        let base = self.window(chain, out);
        if let Subject::Super(root) = subject {
            self.super_call(root, name, arguments, base, out, (mode, span));
            return;
        }
        if let CallMode::Spawn { .. } = mode {
            // The method is bound first: a task begins with a call.
            self.load_subject(subject, base);
            if optional {
                self.on_null(chain, base);
            }
            let constant = self.symbol_constant(name.symbol);
            self.at(name.span, |this| this.op_imm(Opcode::GetMethod, base, base, constant));
            self.call_window(base, arguments, out, (mode, span));
            return;
        }
        let receiver = self.alloc();
        self.load_subject(subject, receiver);
        if optional {
            self.on_null(chain, receiver);
        }
        self.invoke(name, arguments, base, out, (mode, span));
    }
}
