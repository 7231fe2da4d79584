//! From the tables to a VM and to the compiler, which ask for one name after the other: nothing is made
//! of what a program does not use.

use std::borrow::Cow;

use super::index::{self, Place};
use super::{Body, Declaration, Role, TABLES, shortcut, stdlib};
use crate::bytecode::program::ExportKind;
use crate::compile;
use crate::runtime::{LoopFn, LoopTable, ShortOp};
use crate::vm::object::TypeKind;
use crate::vm::{ErrorKind, Library, Native, NativeBody, Offer, Offered, Shortcut};

/// The module of what only the library itself may use.
const PRIVATE_MODULE: &str = "core";

/// Types that the prelude names, those without a conversion too.
const PRELUDE_TYPES: [TypeKind; 12] = [
    TypeKind::Str,
    TypeKind::Int,
    TypeKind::Float,
    TypeKind::Bool,
    TypeKind::Bytes,
    TypeKind::Buffer,
    TypeKind::List,
    TypeKind::Set,
    TypeKind::Map,
    TypeKind::Duration,
    TypeKind::Range,
    TypeKind::Iterator,
];

/// Types whose own members, and whose values' methods, the tables name by a word before a dot.
pub(super) const MEMBER_TYPES: [TypeKind; 13] = [
    TypeKind::Int,
    TypeKind::Float,
    TypeKind::Bool,
    TypeKind::Duration,
    TypeKind::Str,
    TypeKind::Bytes,
    TypeKind::Buffer,
    TypeKind::List,
    TypeKind::Map,
    TypeKind::Set,
    TypeKind::Range,
    TypeKind::Enum,
    TypeKind::Iterator,
];

/// Everything that is declared, for documentation and for tests.
pub fn declarations() -> impl Iterator<Item = &'static Declaration> {
    TABLES.iter().copied().flatten()
}

/// The names that scripts may use: the prelude and the modules with their members.
pub fn names() -> compile::Names {
    compile::Names::of_library(&Tables { private: false })
}

/// The names that the library itself may use: all that, and a module of its own, `core`.
pub fn library_names() -> compile::Names {
    compile::Names::of_library(&Tables { private: true })
}

/// What a VM asks for names.
pub const LIBRARY: &dyn Library = &Tables { private: true };

/// The natives of the loop.
pub fn loop_table() -> LoopTable {
    LoopTable::of_library(loop_function)
}

/// The methods of what is read, written and listened to: none of them runs code or asks where its caller
/// stands.
const IN_PLACE: [&str; 15] = [
    "connections.next",
    "datagrams.next",
    "lines.next",
    "listener.accept",
    "socket.recv",
    "socket.recv_from",
    "socket.send",
    "socket.send_to",
    "stream.read",
    "stream.read_exact",
    "stream.read_until",
    "stream.read_all",
    "stream.read_text",
    "stream.write",
    "stream.shutdown",
];

fn loop_function(number: u32) -> Option<(LoopFn, Option<ShortOp>)> {
    let declaration = index::declaration(number)?;
    let Body::Loop(function) = declaration.body else { return None };
    let short = match declaration.signature.path {
        "task.yield" => Some(ShortOp::Yield),
        "channel.send" => Some(ShortOp::Send),
        "channel.recv" => Some(ShortOp::Receive),
        "channel.next" | "channel_iter.next" => Some(ShortOp::Next),
        path if IN_PLACE.contains(&path) => Some(ShortOp::InPlace),
        _ => None,
    };
    Some((function, short))
}

/// All that is declared, with what the library keeps for itself or without.
#[derive(Debug)]
struct Tables {
    private: bool,
}

/// What the compiler asks.
impl compile::Library for Tables {
    fn kind(&self, owner: &str, name: &str) -> Option<ExportKind> {
        if owner.is_empty() {
            let is_type = PRELUDE_TYPES.iter().any(|kind| kind.name() == name);
            if is_type || ErrorKind::named(name).is_some() {
                return Some(ExportKind::Value);
            }
        } else if !self.has_module(owner) {
            return None;
        }
        let (_, declaration) = index::find(Place::Member, owner, name)?;
        let of_prelude = declaration.signature.role == Role::Conversion && owner.is_empty();
        (!of_prelude).then(|| declaration.signature.kind())
    }

    fn has_module(&self, name: &str) -> bool {
        let is_hidden = name == PRIVATE_MODULE && !self.private;
        !is_hidden && (index::module(name).is_some() || stdlib::modules().any(|own| own == name))
    }

    fn modules(&self) -> Vec<&'static str> {
        let all = index::modules().chain(stdlib::modules());
        all.filter(|name| self.has_module(name)).collect()
    }

    fn names(&self, owner: &str) -> Vec<&'static str> {
        if owner.is_empty() {
            let types = PRELUDE_TYPES.iter().map(|kind| kind.name());
            let errors = ErrorKind::ALL.iter().map(|kind| kind.name());
            let functions =
                index::names(Place::Member, owner).filter(|name| self.kind(owner, name).is_some());
            return types.chain(errors).chain(functions).collect();
        }
        self.member_names(owner)
    }
}

/// What a VM asks.
impl Library for Tables {
    fn member(&self, owner: &str, name: &str) -> Option<Offer> {
        if owner.is_empty()
            && let Some(kind) = PRELUDE_TYPES.iter().find(|kind| kind.name() == name)
        {
            return Some(Offer { name: kind.name(), what: Offered::Type(*kind) });
        }
        let (number, declaration) = index::find(Place::Member, owner, name)?;
        let signature = declaration.signature;
        if signature.role == Role::Conversion {
            // A type of a module: `math.bigint`.
            let what = Offered::Type(TypeKind::Host(signature.name()));
            return Some(Offer { name: signature.name(), what });
        }
        offer(number, declaration)
    }

    fn method(&self, owner: &str, name: &str) -> Option<Offer> {
        let (number, declaration) = index::find(Place::Method, owner, name)?;
        offer(number, declaration)
    }

    fn conversion(&self, of: &str) -> Option<Offer> {
        let (number, declaration) = index::find(Place::Conversion, "", of)?;
        offer(number, declaration)
    }

    fn module(&self, name: &str) -> Option<&'static str> {
        index::module(name).or_else(|| stdlib::modules().find(|own| *own == name))
    }

    fn shortcut(&self, path: &str, given: usize) -> Option<Shortcut> {
        shortcut::shortcut(path, given)
    }

    fn member_names(&self, owner: &str) -> Vec<&'static str> {
        let inner = index::modules().filter_map(|module| {
            let (outer, inner) = module.rsplit_once('.')?;
            (outer == owner).then_some(inner)
        });
        index::names(Place::Member, owner).chain(inner).collect()
    }

    fn method_names(&self, owner: &str) -> Vec<&'static str> {
        index::names(Place::Method, owner).collect()
    }
}

/// What a VM gets of a declaration.
fn offer(number: u32, declaration: &'static Declaration) -> Option<Offer> {
    let signature = declaration.signature;
    let body = match declaration.body {
        Body::Inline(body) => NativeBody::Inline(body),
        Body::Loop(_) => NativeBody::Loop(number),
        Body::Value(make) => {
            return Some(Offer { name: signature.name(), what: Offered::Value(make) });
        }
        Body::Core { enter, .. } => NativeBody::Inline(enter),
    };
    let native = Native {
        name: Cow::Borrowed(signature.path),
        params: Cow::Borrowed(signature.shape),
        waits: signature.waits,
        body,
    };
    let what = match signature.role {
        Role::Property => Offered::Property(native),
        _ => Offered::Native(native),
    };
    Some(Offer { name: signature.name(), what })
}

/// Whether values of the library are of a type of that name.
pub fn has_type(name: &str) -> bool {
    index::names(Place::Method, name).next().is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::diagnostics::SourceId;

    #[test]
    fn every_native_is_declared_once_and_documented() {
        let mut seen = HashSet::new();
        for declaration in declarations() {
            let path = declaration.signature.path;
            assert!(seen.insert((path, declaration.signature.role)), "{path} is declared twice");
            assert!(!declaration.doc.is_empty(), "{path} has no documentation");
        }
    }

    /// The names that the core module declares.
    fn core_functions() -> HashSet<String> {
        use crate::syntax::ast::StmtKind;
        let parsed = crate::syntax::parse(super::super::stdlib::CORE, SourceId::default());
        assert!(parsed.diagnostics.is_empty(), "the core module: {:?}", parsed.diagnostics);
        let ast = &parsed.module.ast;
        let names = parsed.module.statements.iter().filter_map(|id| match &ast[*id].kind {
            StmtKind::Function { function, .. } => function.name,
            _ => None,
        });
        names.map(|name| ast.text(name.symbol).to_owned()).collect()
    }

    #[test]
    fn what_is_written_in_kettle_is_there() {
        let functions = core_functions();
        for declaration in declarations() {
            if let Body::Core { function, .. } = declaration.body {
                let path = declaration.signature.path;
                assert!(functions.contains(function), "{path}: the core module has no {function}");
            }
        }
    }

    #[test]
    fn what_natives_hand_over_to_is_there() {
        let functions = core_functions();
        let mut calls = 0;
        let mut folders =
            vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/natives"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the sources are there") {
                let path = entry.expect("the sources can be listed").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(&path).expect("the sources can be read");
                for call in source.split("script::").skip(1) {
                    let Some(name) =
                        call.split('"').nth(1).filter(|_| call.starts_with(['c', 'u']))
                    else {
                        continue;
                    };
                    if call.starts_with("call(vm, \"") || call.starts_with("unhashable(vm,") {
                        calls += 1;
                        assert!(
                            functions.contains(name),
                            "{}: the core module has no {name}",
                            path.display()
                        );
                    }
                }
            }
        }
        assert!(calls > 20, "only {calls} calls were found");
    }

    #[test]
    fn the_compiler_knows_what_scripts_can_name() {
        let names = names();
        assert_eq!(names.prelude("print"), Some(ExportKind::Function));
        assert_eq!(names.prelude("int"), Some(ExportKind::Value));
        assert_eq!(names.prelude("IoError"), Some(ExportKind::Value));
        assert_eq!(names.prelude("prnt"), None);
        assert_eq!(names.member("fs", "read"), Some(ExportKind::AsyncFunction));
        assert_eq!(names.member("str", "repeat"), None, "a type is no module");
        assert!(names.has_module("net.tcp") && names.has_module("net") && !names.has_module("str"));
        assert!(names.members("net").contains("tcp"), "{:?}", names.members("net"));
        assert!(!names.has_module(PRIVATE_MODULE));
        assert_eq!(names.member(PRIVATE_MODULE, "sort_plain"), None);
        let own = library_names();
        assert_eq!(own.member(PRIVATE_MODULE, "sort_plain"), Some(ExportKind::Function));
    }

    #[test]
    fn every_declaration_is_found_by_its_name() {
        for (number, declaration) in declarations().enumerate() {
            let signature = declaration.signature;
            let found = match signature.role {
                Role::Method | Role::Property => {
                    index::find(Place::Method, signature.owner(), signature.name())
                }
                Role::Conversion => index::find(Place::Conversion, "", signature.name()),
                _ => index::find(Place::Member, signature.owner(), signature.name()),
            };
            let found = found.map(|(number, _)| number as usize);
            assert_eq!(found, Some(number), "{}", signature.path);
        }
        assert!(index::find(Place::Method, "str", "no_such_method").is_none());
        assert!(index::find(Place::Member, "str", "trim").is_none(), "it is a method");
    }

    #[test]
    fn signatures_read_like_declarations() {
        let shown = |path: &str| {
            let found = declarations().find(|declaration| declaration.signature.path == path);
            found.expect("it is declared").signature.to_string()
        };
        assert_eq!(shown("str.repeat"), "str.repeat(n: int)");
        assert_eq!(shown("print"), "print(...values: any; sep: str = \" \", end: str = \"\\n\")");
        assert_eq!(shown("str.split"), "str.split(sep: str?; limit: int?)");
        assert_eq!(shown("list.len"), "list.len");
    }
}
