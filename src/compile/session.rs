//! The names of a console: what earlier entries have declared, and what a new one declares.
//!
//! An entry is a module of its own. What it declares at its top level gets slots that the entries
//! after it can read and set: the VM finds them by their numbers, so a name that is declared again
//! keeps its slot, and functions that were made before see what it means now.

use std::collections::HashMap;
use std::sync::Arc;

use crate::bytecode::program::{EnumShape, ExportKind, ImportedSlot};

/// What a name of a console means.
#[derive(Clone, Debug)]
pub enum SessionName {
    /// A variable, in that slot of the VM.
    Slot(u32, Declared),
    /// A module of the library or the host.
    Module(Arc<str>),
    /// A member of such a module.
    Member(Arc<str>, Arc<str>, ExportKind),
    /// A file that was imported: what [`compile_entry`](super::compile_entry) finds it by among the
    /// files.
    File(Arc<str>),
}

/// What is known of a variable.
#[derive(Clone, Debug)]
pub struct Declared {
    /// How it was declared.
    pub kind: DeclaredKind,
    /// Whether it is known to be a function, and one that has to be awaited.
    pub colour: ExportKind,
    /// The form of an enum.
    pub enumeration: Option<Arc<EnumShape>>,
}

/// How a variable was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredKind {
    /// `let`, or a name that the console itself gives a value.
    Let,
    /// `var`
    Var,
    /// `fn`
    Function,
    /// `class`
    Class,
    /// `enum`
    Enum,
}

impl Declared {
    /// A name that is set once.
    pub fn plain() -> Declared {
        Declared { kind: DeclaredKind::Let, colour: ExportKind::Value, enumeration: None }
    }
}

/// The names that an entry may use without declaring them.
pub type Session = HashMap<Arc<str>, SessionName>;

/// What a name means that an entry has declared.
#[derive(Clone, Debug)]
pub enum NewName {
    /// The variable in the entry's own slot of that name.
    Own(Declared),
    /// A slot of a module that it imports.
    Imported(ImportedSlot, ExportKind, Option<Arc<EnumShape>>),
    /// A module of the library or the host.
    Module(Arc<str>),
    /// A member of such a module.
    Member(Arc<str>, Arc<str>, ExportKind),
    /// A file: its number among the modules of the program.
    File(u32),
}

/// The names that an entry declares.
pub type NewNames = Vec<(Arc<str>, NewName)>;
