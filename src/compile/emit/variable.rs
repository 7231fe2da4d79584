//! Variables: where they live, how they are read, set and captured.

use super::{Emitter, Storage};
use crate::bytecode::assembler::Reg;
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::{Capture, Constant};
use crate::compile::resolve::{Binding, FnId, VarId, VarKind};
use crate::diagnostics::Span;

impl Emitter<'_> {
    pub(super) fn storage(&self, var: VarId) -> Option<Storage> {
        self.storage[var.0 as usize]
    }

    pub(super) fn place(&mut self, var: VarId, storage: Storage) {
        self.storage[var.0 as usize] = Some(storage);
    }

    /// Gives a variable its place, unless it has one.
    pub(super) fn declare(&mut self, var: VarId) {
        if self.storage(var).is_some() {
            return;
        }
        let storage = if let Some(&slot) = self.slot_of.get(&var) {
            Storage::Slot(slot)
        } else {
            let register = self.alloc();
            let variable = self.names.variable(var);
            if variable.kind != VarKind::Hidden {
                self.note_local(register, variable.name);
            }
            match variable.needs_cell() {
                true => Storage::Cell(register),
                false => Storage::Register(register),
            }
        };
        self.place(var, storage);
    }

    /// Makes the cell of an early variable, not set yet.
    pub(super) fn declare_early(&mut self, var: VarId) {
        let variable = self.names.variable(var);
        if variable.early && variable.needs_cell() && self.storage(var).is_none() {
            let cell = self.alloc();
            self.op1(Opcode::NewCellUnset, cell);
            self.place(var, Storage::Cell(cell));
        }
    }

    /// The register into which the first value of a declared variable may be written directly;
    /// [`Emitter::set_first`] has to follow.
    pub(super) fn direct(&self, var: VarId) -> Option<Reg> {
        match self.storage(var)? {
            Storage::Register(register) => Some(register),
            Storage::Cell(register) if !self.names.variable(var).early => Some(register),
            Storage::Cell(_) | Storage::Slot(_) => None,
        }
    }

    /// Sets a declared variable for the first time.
    pub(super) fn set_first(&mut self, var: VarId, src: Reg) {
        match self.storage(var) {
            Some(Storage::Register(register)) => self.move_to(register, src),
            Some(Storage::Cell(cell)) if self.names.variable(var).early => {
                self.op2(Opcode::SetCell, cell, src);
            }
            Some(Storage::Cell(cell)) => self.op2(Opcode::NewCell, cell, src),
            Some(Storage::Slot(slot)) => self.op_imm(Opcode::SetSlot, src, Reg(0), slot as i32),
            None => debug_assert!(false, "a variable is declared before it is set"),
        }
    }

    /// The register that holds a variable of this function, if it is in one as it is.
    pub(super) fn register_of(&self, var: VarId) -> Option<Reg> {
        match self.storage(var)? {
            Storage::Register(register) if self.names.variable(var).function == self.f.id => {
                Some(register)
            }
            _ => None,
        }
    }

    /// Whether a variable can change after its declaration.
    pub(super) fn can_change(&self, var: VarId) -> bool {
        self.names.variable(var).assigned
    }

    pub(super) fn load_variable(&mut self, var: VarId, dst: Reg) {
        let variable = self.names.variable(var);
        if variable.function != self.f.id && !variable.top_level {
            return self.load_upvalue(var, dst);
        }
        match self.storage(var) {
            Some(Storage::Register(register)) => self.move_to(dst, register),
            Some(Storage::Cell(cell)) => {
                let set = self.f.asm.last().filter(|at| at.op == Opcode::SetCell && at.a == cell.0);
                if let Some(set) = set {
                    return self.move_to(dst, Reg(set.b));
                }
                let name = self.symbol_constant(variable.name);
                self.op_imm(Opcode::GetCell, dst, cell, name);
            }
            Some(Storage::Slot(slot)) => self.load_slot(var, slot, dst),
            None => match self.slot_of.get(&var) {
                // A function may be written before the declaration of what it uses.
                Some(&slot) => self.load_slot(var, slot, dst),
                None => debug_assert!(self.report.has_errors(), "a variable without a place"),
            },
        }
    }

    fn load_slot(&mut self, var: VarId, slot: u32, dst: Reg) {
        let variable = self.names.variable(var);
        let set = variable.function == self.f.id || matches!(variable.kind, VarKind::Function(_));
        let op = if set { Opcode::GetSlot } else { Opcode::GetSlotChecked };
        self.op_imm(op, dst, Reg(0), slot as i32);
    }

    fn load_upvalue(&mut self, var: VarId, dst: Reg) {
        let Some((index, closure)) = self.upvalue(var) else { return };
        let variable = self.names.variable(var);
        // What has just been set need not be read.
        let sets = |at: &Instruction| at.op == Opcode::SetUpvalueCell && at.b == index;
        if let Some(set) = self.f.asm.last().filter(sets) {
            return self.move_to(dst, Reg(set.a));
        }
        if variable.needs_cell() {
            let name = self.symbol_constant(variable.name);
            self.f.asm.emit(Opcode::GetUpvalueCell, dst.0, index, closure.0, name);
        } else {
            let name = match variable.kind {
                VarKind::Hidden => self.name_constant("self"),
                _ => self.symbol_constant(variable.name),
            };
            self.f.asm.emit(Opcode::GetUpvalue, dst.0, index, closure.0, name);
        }
    }

    /// Number of an upvalue of this function, and the register of its closure.
    fn upvalue(&self, var: VarId) -> Option<(u8, Reg)> {
        let index = self.names.function(self.f.id).upvalue(var);
        let found = index.and_then(|index| u8::try_from(index).ok()).zip(self.f.closure);
        debug_assert!(found.is_some() || self.report.has_errors(), "an upvalue that is none");
        found
    }

    /// Sets a variable again.
    pub(super) fn store_variable(&mut self, var: VarId, src: Reg) {
        let variable = self.names.variable(var);
        if variable.function != self.f.id && !variable.top_level {
            let Some((index, closure)) = self.upvalue(var) else { return };
            self.f.asm.emit(Opcode::SetUpvalueCell, src.0, index, closure.0, 0);
            return;
        }
        match self.storage(var).or(self.slot_of.get(&var).map(|&slot| Storage::Slot(slot))) {
            Some(Storage::Register(register)) => self.move_to(register, src),
            Some(Storage::Cell(cell)) => self.op2(Opcode::SetCell, cell, src),
            Some(Storage::Slot(slot)) => self.op_imm(Opcode::SetSlot, src, Reg(0), slot as i32),
            None => debug_assert!(self.report.has_errors(), "a variable without a place"),
        }
    }

    /// Loads what a name stands for.
    pub(super) fn load_binding(&mut self, binding: &Binding, dst: Reg, span: Span) {
        self.at(span, |this| match binding {
            Binding::Variable(var) => this.load_variable(*var, dst),
            Binding::Prelude(name) => this.load_constant(dst, Constant::Prelude(name.clone())),
            Binding::Module(name) => this.load_constant(dst, Constant::Module(name.clone())),
            Binding::Member(module, name, _) => {
                this.load_constant(dst, Constant::Member(module.clone(), name.clone()));
            }
            Binding::FileModule(file) => {
                let index = this.source.files.get(&**file).map_or(0, |found| found.index);
                this.load_constant(dst, Constant::FileModule(index));
            }
            Binding::Imported(index, _) => {
                let slot = this.slots.len() as i32 + *index as i32;
                this.op_imm(Opcode::GetSlotChecked, dst, Reg(0), slot);
            }
            Binding::Unknown => debug_assert!(this.report.has_errors()),
        });
    }

    /// From where in this frame a closure of `function` takes what it captures.
    pub(super) fn captures_of(&self, function: FnId) -> Vec<Capture> {
        let captures = &self.names.function(function).captures;
        let sources = captures.iter().map(|&var| {
            if self.names.variable(var).function != self.f.id {
                let upvalue = self.names.function(self.f.id).upvalue(var).unwrap_or(0);
                return Capture::Upvalue(upvalue as u8);
            }
            match self.storage(var) {
                Some(Storage::Register(register) | Storage::Cell(register)) => {
                    Capture::Register(register.0)
                }
                Some(Storage::Slot(_)) | None => {
                    debug_assert!(self.report.has_errors(), "a captured variable without a place");
                    Capture::Register(0)
                }
            }
        });
        sources.collect()
    }
}
