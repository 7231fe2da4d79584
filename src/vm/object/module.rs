//! Modules as values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Body;
use crate::vm::heap::Marker;
use crate::vm::value::Value;

/// What stands behind an exported name.
#[derive(Clone, Copy, Debug)]
pub enum ModuleMember {
    /// A value: members of standard and host modules.
    Value(Value),
    /// A slot in the VM's table of module slots: members of modules written in Kettle.
    Slot(u32),
}

/// A module.
#[derive(Debug, Default)]
pub struct Module {
    /// Its name.
    pub name: Arc<str>,
    /// It is one of the library or of the host: what it exports may not be here yet.
    pub is_built_in: bool,
    /// What it exports.
    pub exports: BTreeMap<Arc<str>, ModuleMember>,
}

impl Body for Module {
    fn trace(&self, marker: &mut Marker) {
        for member in self.exports.values() {
            if let ModuleMember::Value(value) = member {
                marker.value(*value);
            }
        }
    }

    fn external_bytes(&self) -> usize {
        self.exports.len() * size_of::<(Arc<str>, ModuleMember)>()
    }
}
