//! The function that is being written: its registers, loops and clean-ups.

use super::Emitter;
use super::assertion::Watch;
use crate::bytecode::assembler::{Assembler, Label, Reg};
use crate::bytecode::op::Opcode;
use crate::bytecode::program::LocalCode;
use crate::bytecode::verify::REGISTERS_MAX;
use crate::compile::resolve::{FnId, LoopKey};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::Symbol;

/// A way out of clean-ups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Return the value in the return register.
    Return,
    /// Jump to a place that stands inside so many clean-ups.
    Jump(Label, usize),
}

/// A clean-up that is open where code is being written.
#[derive(Debug)]
pub(super) struct CleanUp {
    /// Its pending pair.
    pub(super) pair: Reg,
    /// Where it begins.
    pub(super) entry: Label,
    /// Where it may go on, with the place that does it.
    pub(super) exits: Vec<(Exit, Label)>,
    /// It is the outermost one: the register for a returned value is given up with it.
    pub(super) outermost: bool,
    /// It only ends the iteration with that state, which every way out does by itself.
    pub(super) iteration: Option<Reg>,
}

/// A loop around the code being written.
#[derive(Debug)]
pub(super) struct LoopFrame {
    pub(super) key: LoopKey,
    pub(super) on_break: Label,
    pub(super) on_continue: Label,
    /// How many clean-ups stand around it.
    pub(super) depth: usize,
    /// How many stand around its body.
    pub(super) inside: usize,
    /// Where the value of `break` goes.
    pub(super) value: Option<Reg>,
}

/// The function that is being written.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) id: FnId,
    pub(super) asm: Assembler,
    next: u16,
    most: u16,
    pub(super) cleanups: Vec<CleanUp>,
    pub(super) loops: Vec<LoopFrame>,
    /// Keeps a returned value while clean-ups run.
    pub(super) return_register: Option<Reg>,
    /// Its own closure, if it captures.
    pub(super) closure: Option<Reg>,
    /// The generator that it is the body of.
    pub(super) generator: Option<Reg>,
    /// The variables in registers so far.
    pub(super) locals: Vec<LocalCode>,
    /// Which of them can still be seen, by register.
    visible: Vec<usize>,
    /// What an assertion around the code being written wants to show.
    pub(super) watch: Watch,
    too_many: Option<Span>,
}

impl Builder {
    pub(super) fn new(id: FnId, asm: Assembler) -> Builder {
        Builder {
            id,
            asm,
            next: 0,
            most: 0,
            cleanups: Vec::new(),
            loops: Vec::new(),
            return_register: None,
            closure: None,
            generator: None,
            locals: Vec::new(),
            visible: Vec::new(),
            watch: Watch::default(),
            too_many: None,
        }
    }

    /// How many registers the frame needs.
    pub(super) fn registers(&self) -> u8 {
        self.most.min(u16::from(REGISTERS_MAX)) as u8
    }

    /// The place where registers ran out.
    pub(super) fn too_many(&self) -> Option<Span> {
        self.too_many
    }
}

impl Emitter<'_> {
    /// A new register at the top.
    pub(super) fn alloc(&mut self) -> Reg {
        self.alloc_many(1)
    }

    /// That many new registers in a row.
    pub(super) fn alloc_many(&mut self, count: u8) -> Reg {
        let first = self.f.next;
        let end = first + u16::from(count);
        if end > u16::from(REGISTERS_MAX) {
            // The code is thrown away; going on finds further faults.
            let span = self.f.asm.span();
            self.f.too_many.get_or_insert(span);
            return Reg(0);
        }
        self.f.next = end;
        self.f.most = self.f.most.max(end);
        Reg(first as u8)
    }

    /// The top of the registers, to come back to.
    pub(super) fn mark(&self) -> u16 {
        self.f.next
    }

    /// Gives back all registers above a mark.
    pub(super) fn release(&mut self, mark: u16) {
        self.f.next = mark;
        let until = self.f.asm.here();
        while let Some(local) = self.f.visible.last().map(|local| &mut self.f.locals[*local])
            && u16::from(local.register) >= mark
        {
            local.until = until;
            self.f.visible.pop();
        }
    }

    /// Notes that a register holds a variable from now on.
    pub(super) fn note_local(&mut self, register: Reg, name: Symbol) {
        self.f.visible.push(self.f.locals.len());
        let (name, from) = (self.ast.text(name).into(), self.f.asm.here());
        self.f.locals.push(LocalCode { name, register: register.0, from, until: u32::MAX });
    }

    /// Whether a register is the topmost one, so that a window may begin with it.
    pub(super) fn is_top(&self, register: Reg) -> bool {
        u16::from(register.0) + 1 == self.f.next
    }

    pub(super) fn report_registers(&mut self, name: &str) {
        if let Some(span) = self.f.too_many() {
            self.report.fault(
                Code::E0802,
                span,
                format!("{name} needs more than {REGISTERS_MAX} registers"),
                "too many variables and intermediate values at a time",
                "move a part into a function of its own, or keep the values in a list or map",
            );
        }
    }

    // What follows writes one instruction each.

    pub(super) fn op(&mut self, op: Opcode, a: Reg, b: Reg, c: Reg) {
        self.f.asm.emit(op, a.0, b.0, c.0, 0);
    }

    pub(super) fn op2(&mut self, op: Opcode, a: Reg, b: Reg) {
        self.f.asm.emit(op, a.0, b.0, 0, 0);
    }

    pub(super) fn op1(&mut self, op: Opcode, a: Reg) {
        self.f.asm.emit(op, a.0, 0, 0, 0);
    }

    pub(super) fn op_imm(&mut self, op: Opcode, a: Reg, b: Reg, imm: i32) {
        self.f.asm.emit(op, a.0, b.0, 0, imm);
    }

    pub(super) fn op_range(&mut self, op: Opcode, a: Reg, base: Reg, count: u8) {
        self.f.asm.emit(op, a.0, base.0, count, 0);
    }

    pub(super) fn move_to(&mut self, dst: Reg, src: Reg) {
        if dst != src {
            self.op2(Opcode::Move, dst, src);
        }
    }

    pub(super) fn load_null(&mut self, dst: Reg) {
        self.op1(Opcode::LoadNull, dst);
    }

    pub(super) fn jump(&mut self, label: Label) {
        self.f.asm.jump(Opcode::Jump, 0, 0, 0, label);
    }

    pub(super) fn jump_on(&mut self, op: Opcode, a: Reg, label: Label) {
        self.f.asm.jump(op, a.0, 0, 0, label);
    }

    pub(super) fn jump_on2(&mut self, op: Opcode, a: Reg, b: Reg, label: Label) {
        self.f.asm.jump(op, a.0, b.0, 0, label);
    }

    pub(super) fn jump_on_int(&mut self, op: Opcode, a: Reg, value: i16, label: Label) {
        let [low, high] = value.to_le_bytes();
        self.f.asm.jump(op, a.0, low, high, label);
    }

    pub(super) fn label(&mut self) -> Label {
        self.f.asm.label()
    }

    pub(super) fn bind(&mut self, label: Label) {
        self.f.asm.bind(label);
    }

    /// Whether nothing can fall through to the next instruction.
    pub(super) fn unreachable(&self) -> bool {
        self.f.asm.ends_here()
    }

    /// Writes with the instructions standing for `span`.
    pub(super) fn at(&mut self, span: Span, write: impl FnOnce(&mut Self)) {
        let before = self.f.asm.set_span(span);
        write(self);
        self.f.asm.set_span(before);
    }
}
