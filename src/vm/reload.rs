//! A newer version of a module takes over what the older one has in its variables.

use std::sync::Arc;

use super::Vm;
use super::load::LoadedModule;
use super::value::Value;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::ModuleCode;

impl Vm {
    /// The value of an exported name of a module that was loaded.
    pub fn export_of(&self, code: &Arc<ModuleCode>, name: &str) -> Option<Value> {
        let module = self.loaded(code)?;
        let export = code.exports.iter().find(|export| &*export.name == name)?;
        let value = self.slots[(module.first_slot + export.slot) as usize];
        (!value.is_unset()).then_some(value)
    }

    /// Gives the variables of a module that its functions change the values that they have in an
    /// older version of it.
    pub fn carry_over(&mut self, old: &Arc<ModuleCode>, new: &Arc<ModuleCode>) {
        let (Some(from), Some(to)) = (self.loaded(old), self.loaded(new)) else { return };
        let (from, to) = (from.first_slot as usize, to.first_slot as usize);
        for slot in variables(new) {
            let name = &new.slots[slot];
            let Some(known) = old.slots.iter().position(|known| known == name) else { continue };
            let value = self.slots[from + known];
            if !value.is_unset() {
                self.heap.store_barrier(value);
                self.slots[to + slot] = value;
            }
        }
    }

    fn loaded(&self, code: &Arc<ModuleCode>) -> Option<&LoadedModule> {
        self.modules.iter().rfind(|known| Arc::ptr_eq(&known.code, code))
    }
}

/// The slots of a module that its functions assign to. The first function is its top level.
fn variables(code: &ModuleCode) -> Vec<usize> {
    let instructions = code.functions.iter().skip(1).flat_map(|function| &function.body.code);
    let assigned = instructions.filter(|at| at.op == Opcode::SetSlot).map(|at| at.imm as usize);
    let mut slots: Vec<usize> = assigned.filter(|slot| *slot < code.slots.len()).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}
