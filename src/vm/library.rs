//! What the layers above give every VM, asked for by name.
//!
//! The library declares more than a thousand functions, and a program uses a few. So a new VM has none
//! of them: it asks for a name when it meets it first, and keeps what it got in its registry.

use std::fmt::Debug;

use super::Vm;
use super::native::{Native, Shortcut};
use super::object::TypeKind;
use super::value::Value;

/// Where a VM asks for names. It is the same for all VMs: constants of the program.
pub trait Library: Debug + Send + Sync {
    /// A member of a module or of a built-in type; of the prelude if `owner` is empty.
    fn member(&self, owner: &str, name: &str) -> Option<Offer>;

    /// What a name means on values of a type.
    fn method(&self, owner: &str, name: &str) -> Option<Offer>;

    /// What calling a type does.
    fn conversion(&self, of: &str) -> Option<Offer>;

    /// The name of a module, if there is one.
    fn module(&self, name: &str) -> Option<&'static str>;

    /// The shortcut of a method with so many arguments. A place that calls one asks once.
    fn shortcut(&self, path: &str, given: usize) -> Option<Shortcut>;

    /// All names that `member` knows of an owner, modules inside it too.
    fn member_names(&self, owner: &str) -> Vec<&'static str>;

    /// All names that `method` knows of a type.
    fn method_names(&self, owner: &str) -> Vec<&'static str>;
}

/// What stands behind a name.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The name.
    pub name: &'static str,
    /// What it is.
    pub what: Offered,
}

/// A member of the library.
#[derive(Clone, Debug)]
pub enum Offered {
    /// A function or a method.
    Native(Native),
    /// A native that is called to read the name.
    Property(Native),
    /// A constant, made when it is asked for.
    Value(fn(&mut Vm) -> Value),
    /// A built-in type.
    Type(TypeKind),
}
