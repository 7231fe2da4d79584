//! From the tables to a VM and to the compiler.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Body, Declaration, Role, Signature, TABLES, shortcut};
use crate::bytecode::program::ExportKind;
use crate::compile::Names;
use crate::runtime::LoopTable;
use crate::vm::object::TypeKind;
use crate::vm::{ErrorKind, Kind, MethodOwner, Native, NativeBody, Value, Vm};

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

/// Everything that is declared, for documentation and for tests.
pub fn declarations() -> impl Iterator<Item = &'static Declaration> {
    TABLES.iter().copied().flatten()
}

/// The type whose values, or whose own members, a word before a dot names.
fn type_named(word: &str) -> Option<(TypeKind, Kind)> {
    Some(match word {
        "int" => (TypeKind::Int, Kind::Int),
        "float" => (TypeKind::Float, Kind::Float),
        "bool" => (TypeKind::Bool, Kind::Bool),
        "duration" => (TypeKind::Duration, Kind::Duration),
        "str" => (TypeKind::Str, Kind::Str),
        "bytes" => (TypeKind::Bytes, Kind::Bytes),
        "buffer" => (TypeKind::Buffer, Kind::Buffer),
        "list" => (TypeKind::List, Kind::List),
        "map" => (TypeKind::Map, Kind::Map),
        "set" => (TypeKind::Set, Kind::Set),
        "range" => (TypeKind::Range, Kind::Range),
        "enum" => (TypeKind::Enum, Kind::Enum),
        "iterator" => (TypeKind::Iterator, Kind::Generator),
        _ => return None,
    })
}

/// What scripts can name: the prelude and the modules with their members.
pub fn names() -> Names {
    let mut names = Names::default();
    for kind in ErrorKind::ALL {
        names.prelude.insert(Cow::Borrowed(kind.name()), ExportKind::Value);
    }
    for kind in PRELUDE_TYPES {
        names.prelude.insert(Cow::Borrowed(kind.name()), ExportKind::Value);
    }
    for declaration in declarations() {
        add_name(&mut names, declaration.signature);
    }
    names.modules.remove(PRIVATE_MODULE);
    // What is written in Kettle is known when it is imported.
    for module in super::stdlib::modules() {
        names.modules.entry(Arc::from(module)).or_default();
    }
    names
}

/// What the library itself can name: all that, and a module of its own, `core`.
pub fn library_names() -> Names {
    let mut names = names();
    for declaration in declarations() {
        let signature = declaration.signature;
        if signature.owner() == PRIVATE_MODULE {
            add_name(&mut names, signature);
        }
    }
    names
}

fn add_name(names: &mut Names, signature: &Signature) {
    let owner = signature.owner();
    let of_prelude = signature.role == Role::Conversion && owner.is_empty();
    if signature.has_receiver() || of_prelude {
        return;
    }
    if owner.is_empty() {
        names.prelude.insert(Cow::Borrowed(signature.name()), signature.kind());
    } else if type_named(owner).is_none() {
        let member = Cow::Borrowed(signature.name());
        if let Some(members) = names.modules.get_mut(owner) {
            members.insert(member, signature.kind());
            return;
        }
        names.modules.insert(Arc::from(owner), [(member, signature.kind())].into());
        if let Some((outer, inner)) = owner.rsplit_once('.') {
            let members = names.modules.entry(Arc::from(outer)).or_default();
            members.insert(Cow::Borrowed(inner), ExportKind::Value);
        }
    }
}

/// Makes everything declared known to a VM and to the loop that runs it.
pub fn install(vm: &mut Vm, natives: &mut LoopTable) {
    for kind in ErrorKind::ALL {
        let class = vm.error_class(*kind);
        vm.define_prelude(kind.name(), class);
    }
    for kind in PRELUDE_TYPES {
        let value = vm.type_value(kind);
        vm.define_prelude(kind.name(), value);
    }
    for declaration in declarations() {
        install_one(vm, natives, declaration);
    }
    vm.set_shortcuts(shortcut::shortcut);
}

fn install_one(vm: &mut Vm, natives: &mut LoopTable, declaration: &'static Declaration) {
    let signature = declaration.signature;
    let body = match declaration.body {
        Body::Inline(body) => NativeBody::Inline(body),
        Body::Loop(_) => NativeBody::Loop,
        Body::Value(make) => {
            let value = make(vm);
            define(vm, signature, value);
            return;
        }
        Body::Core { enter, .. } => NativeBody::Inline(enter),
    };
    let native = Native {
        name: Cow::Borrowed(signature.path),
        params: Cow::Borrowed(signature.shape),
        waits: signature.waits,
        body,
    };
    let id = vm.add_native(native);
    if let Body::Loop(function) = declaration.body {
        natives.set(id, function);
    }
    match (signature.role, owner_of(signature)) {
        (Role::Method, Some(owner)) => vm.add_method(owner, signature.name(), id),
        (Role::Property, Some(owner)) => vm.add_property(owner, signature.name(), id),
        (Role::Conversion, _) => match type_named(signature.path) {
            Some((kind, _)) => vm.set_conversion(kind, id),
            None => {
                // A type of a module: `math.bigint`.
                let kind = TypeKind::Host(signature.name());
                vm.set_conversion(kind, id);
                let value = vm.type_value(kind);
                define(vm, signature, value);
            }
        },
        _ => {
            let value = vm.native_value(id);
            define(vm, signature, value);
        }
    }
}

/// Whose method or property it is.
fn owner_of(signature: &'static Signature) -> Option<MethodOwner> {
    if !signature.has_receiver() {
        return None;
    }
    let owner = signature.owner();
    Some(type_named(owner).map_or(MethodOwner::Host(owner), |(_, kind)| MethodOwner::Kind(kind)))
}

/// Gives a name of the prelude, of a type or of a module its value.
fn define(vm: &mut Vm, signature: &Signature, value: Value) {
    let (owner, name) = (signature.owner(), signature.name());
    if owner.is_empty() {
        vm.define_prelude(name, value);
    } else if let Some((kind, _)) = type_named(owner) {
        vm.add_static(kind, name, value);
    } else {
        vm.define_member(owner, name, value);
        if let Some((outer, inner)) = owner.rsplit_once('.') {
            let module = vm.module_value(owner);
            vm.define_member(outer, inner, module);
        }
    }
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
        assert_eq!(names.prelude.get("print"), Some(&ExportKind::Function));
        assert_eq!(names.prelude.get("int"), Some(&ExportKind::Value));
        assert_eq!(names.prelude.get("IoError"), Some(&ExportKind::Value));
        assert!(!names.modules.contains_key(PRIVATE_MODULE));
        assert!(library_names().modules[PRIVATE_MODULE].contains_key("sort_plain"));
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
