//! The names that a console itself gives: `_`, `_err`, and `_N` for the value of entry N.
//!
//! Only the values of the last entries are kept, and those that a later entry has used.

use std::sync::Arc;

use super::Console;
use crate::bytecode::program::{Program, SESSION};
use crate::compile::{Declared, SessionName};
use crate::vm::Value;

/// So many values keep their names.
const KEPT_MAX: usize = 100;

/// The value that was shown last; null before.
pub(super) const LAST_VALUE: &str = "_";
/// The error that was shown last, of an entry or of a task in the background; null before.
pub(super) const LAST_ERROR: &str = "_err";

/// A value that has a name of its own.
pub(super) struct Kept {
    name: Arc<str>,
    slot: u32,
}

impl Console {
    /// Gives one of the console's own names a value.
    pub(super) fn set_name(&mut self, name: &str, value: Value) {
        let name: Arc<str> = name.into();
        let vm = &mut self.vm.runtime.vm;
        let free = &mut self.free_slots;
        let slot = *self.slots.entry(name.clone()).or_insert_with(|| match free.pop() {
            Some(slot) => {
                vm.rename_slot(slot, name.clone());
                slot
            }
            None => vm.add_slot(name.clone()),
        });
        vm.set_slot(slot, Some(value));
        self.names.insert(name, SessionName::Slot(slot, Declared::plain()));
    }

    /// Forgets all names but the console's own, which are there from the beginning.
    pub(super) fn clear_names(&mut self) {
        for slot in self.slots.values() {
            self.vm.runtime.vm.set_slot(*slot, None);
        }
        self.names.clear();
        self.results.clear();
        self.set_name(LAST_VALUE, Value::null());
        self.set_name(LAST_ERROR, Value::null());
    }

    /// Keeps the value of an entry.
    pub(super) fn keep_result(&mut self, number: u64, value: Value) {
        let name: Arc<str> = format!("_{number}").into();
        self.set_name(&name, value);
        if self.results.iter().any(|kept| kept.name == name) {
            return;
        }
        if let Some(slot) = self.slots.get(&name) {
            self.results.push_back(Kept { name, slot: *slot });
        }
        if self.results.len() > KEPT_MAX
            && let Some(oldest) = self.results.pop_front()
        {
            self.names.remove(&oldest.name);
            self.slots.remove(&oldest.name);
            self.vm.runtime.vm.set_slot(oldest.slot, None);
            self.free_slots.push(oldest.slot);
        }
    }

    /// The values that an entry uses stay: its functions may read them at any time.
    pub(super) fn pin_results(&mut self, program: &Program) {
        let Some(entry) = program.modules.last() else { return };
        let used = |slot: u32| {
            entry.imports.iter().any(|import| import.module == SESSION && import.slot == slot)
        };
        self.results.retain(|kept| !used(kept.slot));
    }
}
