//! The names that a program may use without declaring them: those of the library, and what a host adds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use crate::bytecode::program::ExportKind;

/// The names of the library. They are constants of the program: nothing is made of them.
pub trait Library: Debug + Send + Sync {
    /// What a name of the prelude is; of a module, if `owner` is not empty.
    fn kind(&self, owner: &str, name: &str) -> Option<ExportKind>;

    /// Whether there is a module of that name. One inside another is named with a dot: `net.tcp`.
    fn has_module(&self, name: &str) -> bool;

    /// The names of all modules.
    fn modules(&self) -> Vec<&'static str>;

    /// The names of the prelude; of a module, if `owner` is not empty.
    fn names(&self, owner: &str) -> Vec<&'static str>;
}

/// Names and what they are.
type Members = BTreeMap<Box<str>, ExportKind>;

/// What the natives offer, as plain data.
#[derive(Clone, Debug, Default)]
pub struct Names {
    library: Option<&'static dyn Library>,
    /// What is added to it, by module; those of the prelude stand under an empty name.
    added: BTreeMap<Arc<str>, Members>,
}

/// What is added to the names that are known everywhere.
const PRELUDE: &str = "";

impl Names {
    /// The names of a library.
    pub fn of_library(library: &'static dyn Library) -> Names {
        Names { library: Some(library), added: BTreeMap::new() }
    }

    /// Adds a name that is known everywhere.
    pub fn add(&mut self, name: &str, kind: ExportKind) {
        self.add_member(PRELUDE, name, kind);
    }

    /// Adds a member of a module, and the module.
    pub fn add_member(&mut self, module: &str, name: &str, kind: ExportKind) {
        if let Some(members) = self.added.get_mut(module) {
            members.insert(name.into(), kind);
        } else {
            self.added.insert(module.into(), [(name.into(), kind)].into());
        }
    }

    /// What a name is that is known everywhere.
    pub fn prelude(&self, name: &str) -> Option<ExportKind> {
        self.member(PRELUDE, name)
    }

    /// What a member of a module is.
    pub fn member(&self, module: &str, name: &str) -> Option<ExportKind> {
        let added = self.added.get(module).and_then(|members| members.get(name));
        added.copied().or_else(|| self.library?.kind(module, name))
    }

    /// Whether there is a module of that name.
    pub fn has_module(&self, name: &str) -> bool {
        name != PRELUDE
            && (self.added.contains_key(name)
                || self.library.is_some_and(|library| library.has_module(name)))
    }

    /// The names of all modules, sorted.
    pub fn modules(&self) -> BTreeSet<&str> {
        let added = self.added.keys().map(|name| &**name).filter(|name| *name != PRELUDE);
        added.chain(self.library.map_or(Vec::new(), Library::modules)).collect()
    }

    /// The names that are known everywhere, sorted.
    pub fn prelude_names(&self) -> BTreeSet<&str> {
        self.members(PRELUDE)
    }

    /// The names of a module's members, sorted.
    pub fn members(&self, module: &str) -> BTreeSet<&str> {
        let added = self.added.get(module).into_iter().flat_map(BTreeMap::keys).map(|name| &**name);
        added.chain(self.library.map_or(Vec::new(), |library| library.names(module))).collect()
    }
}
