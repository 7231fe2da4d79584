//! Entries of a console: loading them, their slots, and forgetting their code.

use std::collections::HashMap;
use std::sync::Arc;

use super::Vm;
use super::dispatch::LastSpawn;
use super::load::LoadError;
use super::value::Value;
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::{ModuleCode, Program};

impl Vm {
    /// Loads the entry of a console, the last module of the program. Its names have the slots that
    /// `slots` gives them; those that have none get one, which is added there. The modules that it
    /// imports have been loaded.
    ///
    /// # Errors
    /// When a name is not registered, or the code is not valid.
    pub fn load_entry(
        &mut self,
        program: &Program,
        slots: &mut HashMap<Arc<str>, u32>,
    ) -> Result<(), LoadError> {
        let Some((entry, before)) = program.modules.split_last() else { return Ok(()) };
        for name in &entry.slots {
            if !slots.contains_key(name) {
                slots.insert(name.clone(), self.add_slot(name.clone()));
            }
        }
        let known = |module: &Arc<ModuleCode>| {
            let known = self.modules.iter().rposition(|known| Arc::ptr_eq(&known.code, module));
            known.ok_or_else(|| LoadError::MissingModule(module.name.to_string()))
        };
        let numbers = before.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        self.load_module(entry, &numbers, Some(slots))?;
        Ok(())
    }

    /// Forgets the entry of a console that has ended well, if nothing can refer to its code any more: it
    /// was loaded last, made no function and no class, caught no error and spawned nothing. Gives the
    /// number of the function that is gone.
    pub fn unload_entry(&mut self, code: &Arc<ModuleCode>) -> Option<u32> {
        let last = self.modules.last().filter(|last| Arc::ptr_eq(&last.code, code))?;
        let [function] = &code.functions[..] else { return None };
        let leaves_nothing = |at: &Instruction| {
            !matches!(
                at.op,
                Opcode::Spawn
                    | Opcode::SpawnSpread
                    | Opcode::Closure
                    | Opcode::Class
                    | Opcode::Enum
                    | Opcode::Statics
                    | Opcode::Generator
                    | Opcode::ScopeEnter
            )
        };
        let (first_function, first_constant) = (last.first_function, last.first_constant as usize);
        // Behind its constants stands the module as a value.
        let is_last = self.functions.len() == first_function as usize + 1
            && self.constants.len() == first_constant + code.constants.len() + 1;
        if !is_last
            || !function.body.handlers.is_empty()
            || !function.body.code.iter().all(leaves_nothing)
        {
            return None;
        }
        self.last_spawn = LastSpawn::default();
        self.functions.truncate(first_function as usize);
        self.infos.truncate(first_function as usize);
        self.constants.truncate(first_constant);
        self.modules.pop();
        Some(first_function)
    }

    /// How many functions are loaded.
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// A closure of the top-level code of a module that has been loaded.
    pub fn top_level(&mut self, code: &Arc<ModuleCode>) -> Option<Value> {
        let module = self.modules.iter().rfind(|known| Arc::ptr_eq(&known.code, code))?;
        let function = module.first_function;
        Some(self.heap.closure(function, &[]))
    }

    /// A new slot for a top-level name; gives its number.
    pub fn add_slot(&mut self, name: Arc<str>) -> u32 {
        self.slots.push(Value::unset());
        self.slot_names.push(name);
        self.slots.len() as u32 - 1
    }

    /// Gives a slot another name, for messages.
    pub fn rename_slot(&mut self, slot: u32, name: Arc<str>) {
        if let Some(place) = self.slot_names.get_mut(slot as usize) {
            *place = name;
        }
    }

    /// The value in a slot, if it has been set.
    pub fn slot(&self, slot: u32) -> Option<Value> {
        self.slots.get(slot as usize).copied().filter(|value| !value.is_unset())
    }

    /// Sets a slot; nothing makes it a slot that has not been set.
    pub fn set_slot(&mut self, slot: u32, value: Option<Value>) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = value.unwrap_or(Value::unset());
        }
    }

    /// The number of a slot of a module that has been loaded.
    pub fn slot_number(&self, code: &Arc<ModuleCode>, slot: u32) -> Option<u32> {
        let module = self.modules.iter().rfind(|known| Arc::ptr_eq(&known.code, code))?;
        Some(module.first_slot + slot)
    }
}
