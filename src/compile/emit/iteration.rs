//! Loops.

use super::builder::LoopFrame;
use super::{Emitter, Storage, Want};
use crate::bytecode::assembler::{Label, Reg};
use crate::bytecode::op::Opcode;
use crate::compile::resolve::{LoopKey, VarId};
use crate::syntax::ast::{Block, ExprId, ExprKind, PatternElement, PatternId, PatternKind, StmtId};

impl Emitter<'_> {
    fn enter_loop(&mut self, key: LoopKey, value: Option<Reg>) -> (Label, Label) {
        let (on_break, on_continue) = (self.label(), self.label());
        let depth = self.f.cleanups.len();
        self.f.loops.push(LoopFrame { key, on_break, on_continue, depth, inside: depth, value });
        (on_break, on_continue)
    }

    /// `loop { … }`: its value is that of `break`.
    pub(super) fn loop_forever(&mut self, id: ExprId, body: &Block, want: Want) {
        let mark = self.mark();
        let value = match want {
            Want::Nothing => None,
            Want::In(register) => Some(register),
            Want::Return => Some(self.alloc()),
        };
        let (on_break, on_continue) = self.enter_loop(LoopKey::Expr(id), value);
        let top = self.label();
        self.bind(top);
        self.block(body, Want::Nothing);
        self.jump_back(on_continue, top);
        self.f.loops.pop();
        self.bind(on_break);
        if let (Want::Return, Some(value)) = (want, value) {
            self.op1(Opcode::Return, value);
        }
        self.release(mark);
    }

    /// The end of a round. `continue` leads here and not to the top, so that each round costs fuel
    /// however it ends: a loop that cost none could not be stopped.
    pub(super) fn jump_back(&mut self, on_continue: Label, top: Label) {
        self.bind(on_continue);
        self.f.asm.jump(Opcode::Loop, 0, 0, 0, top);
    }

    /// The condition stands at the bottom, where it jumps back itself.
    pub(super) fn while_loop(&mut self, id: StmtId, condition: ExprId, body: &Block) {
        let (on_break, on_continue) = self.enter_loop(LoopKey::Stmt(id), None);
        if self.is_small_condition(condition) {
            self.jump_if(condition, false, on_break);
        } else {
            self.jump(on_continue);
        }
        let top = self.label();
        self.bind(top);
        self.block(body, Want::Nothing);
        self.bind(on_continue);
        self.loop_if(condition, top, on_break);
        self.f.loops.pop();
        self.bind(on_break);
    }

    pub(super) fn for_loop(
        &mut self,
        id: StmtId,
        pattern: PatternId,
        iterable: ExprId,
        body: &Block,
    ) {
        let simple = self.simple_pattern(pattern);
        if let ExprKind::Range { start: Some(start), end: Some(end), inclusive } =
            self.ast[iterable].kind
            && let Some(name) = simple
        {
            let var = name.and_then(|span| self.names.declared_at(span));
            return self.for_range(id, var, (start, end, inclusive), body);
        }
        let span = self.ast[iterable].span;
        let state = self.alloc_many(3);
        let mark = self.mark();
        let source = self.any(iterable);
        self.at(span, |this| this.op2(Opcode::Iter, state, source));
        self.release(mark);
        let (on_break, on_continue) = self.enter_loop(LoopKey::Stmt(id), None);
        self.push_iteration(state);
        if let Some(frame) = self.f.loops.last_mut() {
            frame.inside += 1;
        }
        let top = self.label();
        self.jump(on_continue);
        self.bind(top);
        let start = self.f.asm.here();
        let (next, element) = match self.pair(pattern) {
            Some((first, second)) => (Opcode::NextPair, self.bind_pair(first, second)),
            None => (Opcode::Next, self.bind_element(pattern)),
        };
        self.block(body, Want::Nothing);
        self.bind(on_continue);
        let end = self.f.asm.here();
        self.at(span, |this| this.jump_on2(next, state, element, top));
        self.f.loops.pop();
        self.close_iteration(start, end, on_break);
        self.bind(on_break);
    }

    /// The two patterns of `for [key, value] in …`.
    fn pair(&self, pattern: PatternId) -> Option<(PatternId, PatternId)> {
        let PatternKind::List(elements) = &self.ast[pattern].kind else { return None };
        match elements[..] {
            [
                PatternElement::Value { pattern: first, default: None },
                PatternElement::Value { pattern: second, default: None },
            ] => Some((first, second)),
            _ => None,
        }
    }

    /// Writes the beginning of a round that sets the variables from the element's register.
    fn bind_element(&mut self, pattern: PatternId) -> Reg {
        self.declare_pattern(pattern);
        let direct = match self.simple_pattern(pattern) {
            Some(Some(span)) => self.names.declared_at(span).and_then(|var| self.direct(var)),
            _ => None,
        };
        let element = match direct {
            Some(register) => register,
            None => self.alloc(),
        };
        self.take_apart(pattern, element, None);
        element
    }

    fn bind_pair(&mut self, first: PatternId, second: PatternId) -> Reg {
        let pair = self.alloc_many(2);
        let parts = [(first, pair), (second, pair.plus(1))];
        for (pattern, register) in parts {
            if let Some(Some(span)) = self.simple_pattern(pattern)
                && let Some(var) = self.names.declared_at(span)
            {
                self.place_in(var, register);
            }
        }
        for (pattern, register) in parts {
            self.declare_pattern(pattern);
            self.take_apart(pattern, register, None);
        }
        pair
    }

    /// A variable that lives where the loop leaves its value; [`Emitter::set_first`] follows.
    fn place_in(&mut self, var: VarId, register: Reg) {
        let variable = self.names.variable(var);
        self.note_local(register, variable.name);
        let storage = match variable.needs_cell() {
            true => Storage::Cell(register),
            false => Storage::Register(register),
        };
        self.place(var, storage);
    }

    fn for_range(
        &mut self,
        id: StmtId,
        var: Option<VarId>,
        (start, end, inclusive): (ExprId, ExprId, bool),
        body: &Block,
    ) {
        let span = self.ast[start].span.to(self.ast[end].span);
        let state = self.alloc_many(3);
        self.expr(start, state);
        self.expr(end, state.plus(1));
        let (on_break, on_continue) = self.enter_loop(LoopKey::Stmt(id), None);
        let top = self.label();
        let inclusive = Reg(u8::from(inclusive));
        self.at(span, |this| this.jump_on2(Opcode::RangePrep, state, inclusive, on_break));
        self.bind(top);
        if let Some(var) = var {
            // It cannot be assigned, so the loop may count it up where it is.
            debug_assert!(
                !self.names.variable(var).needs_cell(),
                "a loop's variable stays as it is"
            );
            self.note_local(state.plus(2), self.names.variable(var).name);
            self.place(var, Storage::Register(state.plus(2)));
        }
        self.block(body, Want::Nothing);
        self.bind(on_continue);
        self.at(span, |this| this.jump_on(Opcode::RangeLoop, state, top));
        self.f.loops.pop();
        self.bind(on_break);
    }
}
