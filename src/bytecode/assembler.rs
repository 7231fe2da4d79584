//! Writes the code of one function: instructions with their places, labels, protected ranges.
//!
//! Whatever is emitted is checked against the operand kinds of the opcode table in debug builds,
//! so that a wrong operand shows where it is written. It knows nothing of the syntax tree.

use super::instruction::Instruction;
use super::op::{Immediate, Opcode, Operand};
use super::place::Places;
use super::program::{Handler, HandlerKind};
use crate::diagnostics::Span;

/// A register of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reg(pub u8);

impl Reg {
    /// The register `offset` further up.
    pub fn plus(self, offset: u8) -> Reg {
        Reg(self.0.saturating_add(offset))
    }
}

/// A place in the code that jumps may name before it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label(u32);

const UNBOUND: u32 = u32::MAX;

/// The code of a function while it is written.
#[derive(Debug, Default)]
pub struct Assembler {
    code: Vec<Instruction>,
    spans: Vec<Span>,
    handlers: Vec<(Handler, Option<Label>)>,
    labels: Vec<u32>,
    /// Whether a jump or handler named the label before it was bound.
    awaited: Vec<bool>,
    jumps: Vec<(u32, Label)>,
    /// Where the last label was bound that something leads to.
    last_bound: Option<u32>,
    /// Where the last label was bound.
    last_label: Option<u32>,
    span: Span,
}

impl Assembler {
    /// What is emitted from now on stands for that part of the source; gives the part before.
    pub fn set_span(&mut self, span: Span) -> Span {
        std::mem::replace(&mut self.span, span)
    }

    /// The part of the source that is being emitted.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Index of the next instruction.
    pub fn here(&self) -> u32 {
        self.code.len() as u32
    }

    /// Appends an instruction.
    pub fn emit(&mut self, op: Opcode, a: u8, b: u8, c: u8, imm: i32) {
        debug_assert!(operands_fit(op, a, b, c, imm), "operands of {op:?}: {a} {b} {c} {imm}");
        self.code.push(Instruction::new(op, a, b, c, imm));
        self.spans.push(self.span);
    }

    /// Appends an instruction whose immediate is a jump.
    pub fn jump(&mut self, op: Opcode, a: u8, b: u8, c: u8, label: Label) {
        debug_assert!(matches!(op.layout().imm, Immediate::Jump | Immediate::JumpOrNone));
        self.jumps.push((self.here(), label));
        self.awaited[label.0 as usize] = true;
        self.emit(op, a, b, c, 0);
    }

    /// A new label, not bound yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(UNBOUND);
        self.awaited.push(false);
        Label(self.labels.len() as u32 - 1)
    }

    /// Binds a label to the next instruction.
    pub fn bind(&mut self, label: Label) {
        debug_assert_eq!(self.labels[label.0 as usize], UNBOUND, "a label is bound once");
        self.labels[label.0 as usize] = self.here();
        self.last_label = Some(self.here());
        if self.awaited[label.0 as usize] {
            self.last_bound = Some(self.here());
        }
    }

    /// Protects `start..end`; ranges inside it have been added before. Empty ranges are dropped.
    pub fn handler(
        &mut self,
        start: u32,
        end: u32,
        kind: HandlerKind,
        register: Reg,
        target: Option<Label>,
    ) {
        if let Some(label) = target {
            self.awaited[label.0 as usize] = true;
        }
        if start < end {
            let handler = Handler { start, end, kind, register: register.0, target: 0 };
            self.handlers.push((handler, target));
        }
    }

    /// Whether the last instruction leaves for somewhere else, so that nothing falls through to the
    /// next one (jumps that lead there aside).
    pub fn ends_here(&self) -> bool {
        let leaves = matches!(
            self.code.last().map(|instruction| instruction.op),
            Some(
                Opcode::Return
                    | Opcode::ReturnNull
                    | Opcode::Jump
                    | Opcode::Loop
                    | Opcode::Throw
                    | Opcode::AssertFail
                    | Opcode::MatchError
            )
        );
        leaves && self.last_bound != Some(self.here())
    }

    /// The instruction that is always carried out before the next one, if it is known.
    pub fn last(&self) -> Option<Instruction> {
        self.code.last().copied().filter(|_| self.last_label != Some(self.here()))
    }

    /// The finished code, with all jumps filled in. The assembler is then ready for another function.
    pub fn finish(&mut self) -> (Vec<Instruction>, Places, Vec<Handler>) {
        for &(pc, label) in &self.jumps {
            let target = self.labels[label.0 as usize];
            debug_assert_ne!(target, UNBOUND, "every label is bound");
            self.code[pc as usize].imm = target.wrapping_sub(pc) as i32;
        }
        let labels = &self.labels;
        let handlers = self.handlers.iter().map(|&(handler, target)| Handler {
            target: target.map_or(0, |label| labels[label.0 as usize]),
            ..handler
        });
        let finished = (self.code.clone(), self.spans[..].into(), handlers.collect());
        self.clear();
        finished
    }

    /// Forgets the function but keeps the memory.
    fn clear(&mut self) {
        self.code.clear();
        self.spans.clear();
        self.handlers.clear();
        self.labels.clear();
        self.awaited.clear();
        self.jumps.clear();
        self.last_bound = None;
        self.last_label = None;
        self.span = Span::default();
    }
}

/// Unused operands are zero.
fn operands_fit(op: Opcode, a: u8, b: u8, c: u8, imm: i32) -> bool {
    let layout = op.layout();
    let fits = |kind: Operand, value: u8| kind != Operand::None || value == 0;
    fits(layout.a, a)
        && fits(layout.b, b)
        && fits(layout.c, c)
        && (layout.imm != Immediate::None || imm == 0)
}
