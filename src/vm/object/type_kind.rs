//! Built-in types as values: what `type(x)` gives and `is` asks.

use super::Header;
use crate::vm::value::Kind;

/// A built-in type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// `null`
    Null,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `duration`
    Duration,
    /// `str`
    Str,
    /// `bytes`
    Bytes,
    /// `buffer`
    Buffer,
    /// `list`
    List,
    /// `map`
    Map,
    /// `set`
    Set,
    /// `range`
    Range,
    /// `iterator`: generators, and what is made of them.
    Iterator,
    /// `fn`: closures, natives, bound methods.
    Function,
    /// `class`
    Class,
    /// `enum`
    Enum,
    /// `module`
    Module,
    /// `type`: the type of these.
    Type,
    /// A type of the runtime or the host, by the name its objects give.
    Host(&'static str),
}

impl TypeKind {
    /// How it prints.
    pub const fn name(self) -> &'static str {
        match self {
            TypeKind::Null => "null",
            TypeKind::Bool => "bool",
            TypeKind::Int => "int",
            TypeKind::Float => "float",
            TypeKind::Duration => "duration",
            TypeKind::Str => "str",
            TypeKind::Bytes => "bytes",
            TypeKind::Buffer => "buffer",
            TypeKind::List => "list",
            TypeKind::Map => "map",
            TypeKind::Set => "set",
            TypeKind::Range => "range",
            TypeKind::Iterator => "iterator",
            TypeKind::Function => "fn",
            TypeKind::Class => "class",
            TypeKind::Enum => "enum",
            TypeKind::Module => "module",
            TypeKind::Type => "type",
            TypeKind::Host(name) => name,
        }
    }

    /// The type of all values of a kind; `None` where the value itself decides (instances,
    /// variants, host objects) and for marks of the VM.
    pub const fn of(kind: Kind) -> Option<TypeKind> {
        Some(match kind {
            Kind::Null => TypeKind::Null,
            Kind::Bool => TypeKind::Bool,
            Kind::Int => TypeKind::Int,
            Kind::Float => TypeKind::Float,
            Kind::Duration => TypeKind::Duration,
            Kind::Str => TypeKind::Str,
            Kind::Bytes => TypeKind::Bytes,
            Kind::Buffer => TypeKind::Buffer,
            Kind::List => TypeKind::List,
            Kind::Map => TypeKind::Map,
            Kind::Set => TypeKind::Set,
            Kind::Range => TypeKind::Range,
            Kind::Generator => TypeKind::Iterator,
            Kind::Closure | Kind::Native | Kind::Bound => TypeKind::Function,
            Kind::Class => TypeKind::Class,
            Kind::Enum => TypeKind::Enum,
            Kind::Module => TypeKind::Module,
            Kind::Type => TypeKind::Type,
            _ => return None,
        })
    }
}

/// The object of a built-in type.
#[repr(C)]
pub(in crate::vm) struct TypeObject {
    pub(in crate::vm) header: Header,
    pub(in crate::vm) kind: TypeKind,
}
