//! Clean-ups: `defer`, `finally`, `catch`, and the ways out through them.
//!
//! A clean-up is written once. Whoever goes through it says in its pending pair how it goes on:
//! the end of the protected code with `PendingNone`, an error or a cut through the handler, and a
//! jump with the place of a few instructions behind the clean-up that take the jump further, which
//! may be through the next clean-up out.
//!
//! The direct defers of a scope are different: they run after the scope's tasks have ended, and
//! what they throw is merged with the outcome of the scope.

use super::builder::{CleanUp, Exit};
use super::{Emitter, Storage, Want};
use crate::bytecode::assembler::{Label, Reg};
use crate::bytecode::op::{Opcode, ScopeKind};
use crate::bytecode::program::HandlerKind;
use crate::compile::resolve::{OwnerKey, VarId};
use crate::syntax::ast::{Block, Catch, ExprId, ExprKind, StmtId, StmtKind, Try};

/// The defers of a block that are open.
pub(super) struct Defers {
    scope: Option<ScopeBody>,
    open: Vec<OpenDefer>,
    /// The clean-up that is the end of the scope; known when its defers are closed.
    closed: Option<CleanUp>,
}

/// The body of a scope, for its direct defers.
struct ScopeBody {
    scope: Reg,
    /// Where its clean-up begins if no defer is open.
    end: Label,
    /// Since when the handlers stay the same.
    since: u32,
}

struct OpenDefer {
    id: StmtId,
    body: StmtId,
    start: u32,
    entry: Label,
}

impl Defers {
    /// Those of an ordinary block.
    pub(super) fn of_block() -> Defers {
        Defers { scope: None, open: Vec::new(), closed: None }
    }

    fn of_scope(scope: Reg, end: Label, since: u32) -> Defers {
        let scope = Some(ScopeBody { scope, end, since });
        Defers { scope, open: Vec::new(), closed: None }
    }
}

impl Emitter<'_> {
    /// Goes where an exit leads, through the clean-ups in between.
    pub(super) fn leave(&mut self, exit: Exit) {
        let depth = match exit {
            Exit::Return => 0,
            Exit::Jump(_, depth) => depth,
        };
        for at in (depth..self.f.cleanups.len()).rev() {
            let around = &self.f.cleanups[at];
            if let Some(state) = around.iteration {
                self.op1(Opcode::EndIter, state);
                continue;
            }
            let (pair, entry) = (around.pair, around.entry);
            let known =
                around.exits.iter().find(|(known, _)| *known == exit).map(|(_, label)| *label);
            let onward = match known {
                Some(label) => label,
                None => {
                    let label = self.label();
                    self.f.cleanups[at].exits.push((exit, label));
                    label
                }
            };
            self.jump_on(Opcode::Pending, pair, onward);
            self.jump(entry);
            return;
        }
        match exit {
            Exit::Return => {
                let value = self.f.return_register.unwrap_or(Reg(0));
                self.op1(Opcode::Return, value);
            }
            Exit::Jump(label, _) => self.jump(label),
        }
    }

    /// Opens a clean-up; the outermost one of a function gets a register for a returned value.
    pub(super) fn push_clean_up(&mut self, pair: Reg) -> Label {
        let returns = self.names.returning.contains(&self.f.id);
        let outermost = returns && self.f.return_register.is_none();
        if outermost {
            self.f.return_register = Some(self.alloc());
        }
        let entry = self.label();
        let exits = Vec::new();
        self.f.cleanups.push(CleanUp { pair, entry, exits, outermost, iteration: None });
        entry
    }

    /// Opens the clean-up of a loop over something that may be a generator.
    pub(super) fn push_iteration(&mut self, state: Reg) -> Label {
        let (entry, pair, exits) = (self.label(), state.plus(1), Vec::new());
        let iteration = Some(state);
        self.f.cleanups.push(CleanUp { pair, entry, exits, outermost: false, iteration });
        entry
    }

    /// Closes it: an error or a cut that leaves the body, which began at `start`, ends the
    /// iteration on its way. Code goes on at `done`.
    pub(super) fn close_iteration(&mut self, start: u32, end: u32, done: Label) {
        let Some(CleanUp { pair, entry, iteration: Some(state), .. }) = self.f.cleanups.pop()
        else {
            return;
        };
        if start == end {
            return;
        }
        self.jump(done);
        self.f.asm.handler(start, end, HandlerKind::CleanUp, pair, Some(entry));
        self.bind(entry);
        let guarded = self.f.asm.here();
        self.op1(Opcode::EndIter, state);
        let end = self.f.asm.here();
        self.f.asm.handler(guarded, end, HandlerKind::Guard, pair, None);
        self.op1(Opcode::EndCleanup, pair);
    }

    /// Writes the ways out of a clean-up that has been closed.
    fn finish_exits(&mut self, closed: Option<CleanUp>) {
        let Some(CleanUp { exits, outermost, .. }) = closed else { return };
        if !exits.is_empty() {
            let done = self.label();
            self.jump(done);
            for (exit, label) in exits {
                self.bind(label);
                self.leave(exit);
            }
            self.bind(done);
        }
        if outermost {
            self.f.return_register = None;
        }
    }

    /// Ends the code that the innermost clean-up protects since `start`, and writes the clean-up.
    pub(super) fn run_clean_up(&mut self, start: u32, run: impl FnOnce(&mut Self)) {
        let Some(top) = self.f.cleanups.last() else { return };
        let (pair, entry) = (top.pair, top.entry);
        if !self.unreachable() {
            self.op1(Opcode::PendingNone, pair);
        }
        let end = self.f.asm.here();
        self.f.asm.handler(start, end, HandlerKind::CleanUp, pair, Some(entry));
        self.bind(entry);
        let closed = self.f.cleanups.pop();
        let guarded = self.f.asm.here();
        run(self);
        let end = self.f.asm.here();
        self.f.asm.handler(guarded, end, HandlerKind::Guard, pair, None);
        self.op1(Opcode::EndCleanup, pair);
        self.finish_exits(closed);
    }

    pub(super) fn open_defer(&mut self, id: StmtId, body: StmtId, defers: &mut Defers) {
        let here = self.f.asm.here();
        if let Some(scope) = &mut defers.scope {
            let fresh = self.f.asm.label();
            let Some(top) = self.f.cleanups.last_mut() else { return };
            let (pair, entry) = (top.pair, top.entry);
            self.f.asm.handler(scope.since, here, HandlerKind::CleanUp, pair, Some(entry));
            top.entry = fresh;
            scope.since = here;
            defers.open.push(OpenDefer { id, body, start: here, entry: fresh });
            return;
        }
        let pair = self.alloc_many(2);
        let entry = self.push_clean_up(pair);
        let start = self.f.asm.here();
        defers.open.push(OpenDefer { id, body, start, entry });
    }

    /// Ends a block: its defers run, last first.
    pub(super) fn close_defers(&mut self, defers: &mut Defers) {
        let Some(scope) = defers.scope.take() else {
            while let Some(defer) = defers.open.pop() {
                self.run_clean_up(defer.start, |this| this.deferred(&defer));
            }
            return;
        };
        let Some(top) = self.f.cleanups.last() else { return };
        let (pair, entry) = (top.pair, top.entry);
        if !self.unreachable() {
            self.op1(Opcode::PendingNone, pair);
        }
        let here = self.f.asm.here();
        self.f.asm.handler(scope.since, here, HandlerKind::CleanUp, pair, Some(entry));
        defers.closed = self.f.cleanups.pop();
        while let Some(defer) = defers.open.pop() {
            self.bind(defer.entry);
            self.op1(Opcode::ScopeJoin, scope.scope);
            self.absorbed(scope.scope, &defer);
        }
        self.bind(scope.end);
        self.op1(Opcode::ScopeJoin, scope.scope);
    }

    /// A direct defer of a scope: however it ends, that is merged with the scope's outcome.
    fn absorbed(&mut self, scope: Reg, defer: &OpenDefer) {
        let mark = self.mark();
        let pair = self.alloc_many(2);
        let merge = self.label();
        let start = self.f.asm.here();
        self.deferred(defer);
        self.op1(Opcode::PendingNone, pair);
        let end = self.f.asm.here();
        self.f.asm.handler(start, end, HandlerKind::CleanUp, pair, Some(merge));
        self.bind(merge);
        self.op2(Opcode::ScopeAbsorb, scope, pair);
        self.release(mark);
    }

    fn deferred(&mut self, defer: &OpenDefer) {
        let ast = self.ast;
        let before = self.f.asm.set_span(ast[defer.body].span);
        let key = OwnerKey::Stmt(defer.id);
        if let StmtKind::Expr(value) = ast[defer.body].kind
            && let ExprKind::Block(block) = &ast[value].kind
        {
            self.clean_up_block(key, block);
        } else if let Some(var) = self.needed_owner(key) {
            self.scope_region(ScopeKind::CleanUp, var, (Reg(0), 0), None, None, |this, defers| {
                this.statement_value(defer.body, Want::Nothing);
                this.close_defers(defers);
            });
        } else {
            self.statement_value(defer.body, Want::Nothing);
        }
        self.f.asm.set_span(before);
    }

    /// The block of a clean-up, in a scope record if it may wait or spawn.
    fn clean_up_block(&mut self, key: OwnerKey, block: &Block) {
        match self.needed_owner(key) {
            Some(var) => {
                let options = (Reg(0), 0);
                self.scope_region(ScopeKind::CleanUp, var, options, None, None, |this, defers| {
                    this.statements(&this.ast[block.statements], Want::Nothing, defers);
                });
            }
            None => self.block(block, Want::Nothing),
        }
    }

    fn needed_owner(&self, key: OwnerKey) -> Option<VarId> {
        self.names.owners.get(&key).filter(|owner| owner.needed).map(|owner| owner.var)
    }

    /// Code in a scope record. `body` writes it and closes its defers. The value in `value` becomes
    /// null if the scope is cancelled; `otherwise` is where a timeout that ran out goes on.
    pub(super) fn scope_region(
        &mut self,
        kind: ScopeKind,
        var: VarId,
        (options, count): (Reg, u8),
        value: Option<Reg>,
        otherwise: Option<Label>,
        body: impl FnOnce(&mut Self, &mut Defers),
    ) {
        let mark = self.mark();
        let scope = self.alloc_many(3);
        self.f.asm.emit(Opcode::ScopeEnter, scope.0, options.0, count, kind as i32);
        self.place(var, Storage::Register(scope));
        let end = self.push_clean_up(scope.plus(1));
        let mut defers = Defers::of_scope(scope, end, self.f.asm.here());
        body(self, &mut defers);
        let value = match value {
            Some(value) => value,
            None => self.alloc(),
        };
        match otherwise {
            Some(label) => self.jump_on2(Opcode::ScopeEnd, scope, value, label),
            None => self.op2(Opcode::ScopeEnd, scope, value),
        }
        self.finish_exits(defers.closed.take());
        self.release(mark);
    }

    pub(super) fn try_parts(&mut self, id: ExprId, parts: &Try, want: Want) {
        let Try { body, catches, finally } = parts;
        let mark = self.mark();
        let Some(finally) = finally else {
            self.try_catch(body, catches, want);
            self.release(mark);
            return;
        };
        let inner = match want {
            Want::Return => Want::In(self.alloc()),
            other => other,
        };
        let pair = self.alloc_many(2);
        self.push_clean_up(pair);
        let start = self.f.asm.here();
        self.try_catch(body, catches, inner);
        self.run_clean_up(start, |this| this.clean_up_block(OwnerKey::Expr(id), finally));
        if let (Want::Return, Want::In(value)) = (want, inner) {
            self.op1(Opcode::Return, value);
        }
        self.release(mark);
    }

    fn try_catch(&mut self, body: &Block, catches: &[Catch], want: Want) {
        if catches.is_empty() {
            return self.block(body, want);
        }
        let error = self.alloc();
        let (done, caught) = (self.label(), self.label());
        let start = self.f.asm.here();
        self.block(body, want);
        let end = self.f.asm.here();
        self.f.asm.handler(start, end, HandlerKind::Catch, error, Some(caught));
        if !self.unreachable() {
            self.jump(done);
        }
        self.bind(caught);
        let mut open = true;
        for catch in catches {
            let next = self.label();
            let mark = self.mark();
            self.catch(catch, error, next);
            self.block(&catch.body, want);
            if !self.unreachable() {
                self.jump(done);
            }
            self.bind(next);
            self.release(mark);
            open = !catch.types.is_empty() || catch.guard.is_some();
            if !open {
                break;
            }
        }
        if open {
            self.op1(Opcode::Throw, error);
        }
        self.bind(done);
    }

    /// Tests whether a clause takes an error, and binds its name.
    fn catch(&mut self, catch: &Catch, error: Reg, next: Label) {
        if !catch.types.is_empty() {
            let fits = self.label();
            let result = self.alloc();
            for path in &catch.types {
                self.is_of_type(error, path, result);
                self.jump_on(Opcode::JumpIf, result, fits);
            }
            self.jump(next);
            self.bind(fits);
        }
        if let Some(var) = catch.name.and_then(|name| self.names.declared_at(name.span)) {
            if self.names.variable(var).needs_cell() {
                self.declare(var);
                self.set_first(var, error);
            } else {
                self.place(var, Storage::Register(error));
            }
        }
        if let Some(guard) = catch.guard {
            self.jump_if(guard, false, next);
        }
    }
}
