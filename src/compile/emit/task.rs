//! `await`, `spawn`, `scope`, `timeout`, `shield`, `for await`.

use super::builder::LoopFrame;
use super::call::CallMode;
use super::{Emitter, Want};
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::{Opcode, SPAWN_DAEMON, SPAWN_TRY, SPAWN_UNNAMED, ScopeKind};
use crate::compile::resolve::{LoopKey, OwnerKey, VarId};
use crate::syntax::ast::{Argument, Block, ExprId, ExprKind, PatternId, StmtId};

impl Emitter<'_> {
    /// `await f()` is a call; `await v` joins a task or waits for a promise.
    pub(super) fn await_operand(&mut self, operand: ExprId, dst: Reg) {
        if let ExprKind::Call { .. } = self.ast[operand].kind {
            return self.chain(operand, dst, CallMode::Await);
        }
        let span = self.f.asm.span();
        let value = self.any(operand);
        if !self.is_optional_chain(operand) {
            return self.at(span, |this| this.op2(Opcode::AwaitValue, dst, value));
        }
        // What `?.` made null is not awaited.
        let done = self.label();
        self.move_to(dst, value);
        self.jump_on(Opcode::JumpIfNull, dst, done);
        self.at(span, |this| this.op2(Opcode::AwaitValue, dst, dst));
        self.bind(done);
    }

    /// Whether a `?.` stands in a chain.
    pub(super) fn is_optional_chain(&self, id: ExprId) -> bool {
        let mut at = id;
        loop {
            at = match self.ast[at].kind {
                ExprKind::Member { optional: true, .. }
                | ExprKind::Index { optional: true, .. } => {
                    return true;
                }
                ExprKind::Member { object, .. } | ExprKind::Index { object, .. } => object,
                ExprKind::Call { callee, .. } => callee,
                _ => return false,
            };
        }
    }

    /// `spawn f()`; the handle goes to a register if it is wanted.
    pub(super) fn spawn(
        &mut self,
        id: ExprId,
        daemon: bool,
        attempt: bool,
        operand: ExprId,
        dst: Option<Reg>,
    ) {
        let flags = if daemon { SPAWN_DAEMON } else { 0 }
            | if attempt { SPAWN_TRY } else { 0 }
            | if dst.is_none() { SPAWN_UNNAMED } else { 0 };
        let owner = self.spawn_owner(id);
        let ast = self.ast;
        if let ExprKind::Block(block) = &ast[operand].kind {
            let base = self.spawn_window(dst);
            self.spawn_block(operand, block, base);
            self.f.asm.emit(Opcode::Spawn, base.0, owner.0, 0, flags);
            if let Some(dst) = dst {
                self.move_to(dst, base);
            }
            return;
        }
        let result = self.spawn_window(dst);
        self.chain(operand, result, CallMode::Spawn { owner, flags });
        if let Some(dst) = dst {
            self.move_to(dst, result);
        }
    }

    /// The register of the scope that a spawned task belongs to.
    fn spawn_owner(&mut self, id: ExprId) -> Reg {
        let var = self.names.spawn_owners.get(&id).copied().flatten();
        let in_place = var.filter(|var| !self.can_change(*var));
        if let Some(register) = in_place.and_then(|var| self.register_of(var)) {
            return register;
        }
        let owner = self.alloc();
        match var {
            Some(var) => self.load_variable(var, owner),
            None => self.op1(Opcode::ProgramScope, owner),
        }
        owner
    }

    /// Where the call of a spawn stands: where its result goes to, if that is the last register in use.
    fn spawn_window(&mut self, dst: Option<Reg>) -> Reg {
        match dst.filter(|dst| self.is_top(*dst)) {
            Some(dst) => dst,
            None => self.alloc(),
        }
    }

    fn owner_variable(&self, id: ExprId) -> Option<VarId> {
        self.names.owners.get(&OwnerKey::Expr(id)).map(|owner| owner.var)
    }

    /// The register that a scope's value goes to, and whether it is then returned.
    fn scope_value(&mut self, want: Want) -> (Option<Reg>, Want) {
        match want {
            Want::Nothing => (None, Want::Nothing),
            Want::In(register) => (Some(register), want),
            Want::Return => {
                let register = self.alloc();
                (Some(register), Want::In(register))
            }
        }
    }

    fn return_scope_value(&mut self, want: Want, value: Option<Reg>) {
        if let (Want::Return, Some(value)) = (want, value) {
            self.op1(Opcode::Return, value);
        }
    }

    pub(super) fn scope(&mut self, id: ExprId, options: &[Argument], body: &Block, want: Want) {
        let Some(var) = self.owner_variable(id) else { return };
        let mark = self.mark();
        let (value, inner) = self.scope_value(want);
        let base = self.alloc_many(3);
        let names = ["timeout", "grace", "on_error"];
        for (index, wanted) in names.iter().enumerate() {
            let given = options.iter().any(|option| self.option_is(option, wanted));
            if !given {
                self.load_null(base.plus(index as u8));
            }
        }
        for option in options {
            let Argument::Named { value, .. } = option else { continue };
            if let Some(index) = names.iter().position(|name| self.option_is(option, name)) {
                self.expr(*value, base.plus(index as u8));
            }
        }
        self.scope_region(ScopeKind::Scope, var, (base, 3), value, None, |this, defers| {
            this.statements(&this.ast[body.statements], inner, defers);
        });
        self.return_scope_value(want, value);
        self.release(mark);
    }

    fn option_is(&self, option: &Argument, wanted: &str) -> bool {
        matches!(option, Argument::Named { name, .. } if self.ast.text(name.symbol) == wanted)
    }

    pub(super) fn timeout(
        &mut self,
        id: ExprId,
        duration: ExprId,
        body: &Block,
        otherwise: Option<&Block>,
        want: Want,
    ) {
        let Some(var) = self.owner_variable(id) else { return };
        let mark = self.mark();
        let (value, inner) = self.scope_value(want);
        let limit = self.alloc();
        self.expr(duration, limit);
        let expired = otherwise.map(|_| self.label());
        self.scope_region(ScopeKind::Timeout, var, (limit, 1), value, expired, |this, defers| {
            this.statements(&this.ast[body.statements], inner, defers);
        });
        if let Some((expired, block)) = expired.zip(otherwise) {
            let done = self.label();
            self.jump(done);
            self.bind(expired);
            self.block(block, inner);
            self.bind(done);
        }
        self.return_scope_value(want, value);
        self.release(mark);
    }

    pub(super) fn shield(&mut self, id: ExprId, duration: ExprId, body: &Block, want: Want) {
        let Some(var) = self.owner_variable(id) else { return };
        let mark = self.mark();
        let (value, inner) = self.scope_value(want);
        let limit = self.alloc();
        self.expr(duration, limit);
        self.scope_region(ScopeKind::Shield, var, (limit, 1), value, None, |this, defers| {
            this.statements(&this.ast[body.statements], inner, defers);
        });
        self.return_scope_value(want, value);
        self.release(mark);
    }

    /// `it := await src.iter()`, then `await it.next(end)` until that gives the end mark; however
    /// the loop is left, `await it.close()`.
    pub(super) fn for_await(
        &mut self,
        id: StmtId,
        pattern: PatternId,
        iterable: ExprId,
        body: &Block,
    ) {
        let span = self.ast[iterable].span;
        let cursor = self.alloc();
        let source = self.alloc();
        self.expr(iterable, source);
        self.at(span, |this| this.await_method(cursor, "iter", 1));
        self.release(u16::from(cursor.0) + 1);
        let pair = self.alloc_many(2);
        self.push_clean_up(pair);
        let start = self.f.asm.here();
        let (on_break, on_continue) = (self.label(), self.label());
        let depth = self.f.cleanups.len();
        let key = LoopKey::Stmt(id);
        let inside = depth;
        let frame = LoopFrame { key, on_break, on_continue, depth, inside, value: None };
        self.f.loops.push(frame);
        let top = self.label();
        self.bind(top);
        self.declare_pattern(pattern);
        let mark = self.mark();
        let element = self.alloc();
        let arguments = self.alloc_many(2);
        self.move_to(arguments, cursor);
        self.op1(Opcode::LoadEnd, arguments.plus(1));
        self.at(span, |this| this.await_method(element, "next", 2));
        self.jump_on(Opcode::JumpIfEnd, element, on_break);
        self.release(u16::from(element.0) + 1);
        self.take_apart(pattern, element, None);
        self.release(mark);
        self.block(body, Want::Nothing);
        self.jump_back(on_continue, top);
        self.f.loops.pop();
        self.bind(on_break);
        let var = self.owner_variable_of(id);
        self.run_clean_up(start, |this| {
            let Some(var) = var else { return };
            this.scope_region(ScopeKind::CleanUp, var, (Reg(0), 0), None, None, |this, defers| {
                let result = this.alloc();
                let receiver = this.alloc();
                this.move_to(receiver, cursor);
                this.at(span, |this| this.await_method(result, "close", 1));
                this.close_defers(defers);
            });
        });
    }

    fn owner_variable_of(&self, id: StmtId) -> Option<VarId> {
        self.names.owners.get(&OwnerKey::Stmt(id)).map(|owner| owner.var)
    }

    fn await_method(&mut self, base: Reg, name: &str, count: u8) {
        let name = self.name_constant(name);
        self.f.asm.emit(Opcode::InvokeAwait, base.0, 0, count, name);
        self.op1(Opcode::AwaitResult, base);
    }
}
