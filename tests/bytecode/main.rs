//! The compiler and its bytecode: what source becomes, what the verifier refuses, what is reported.

mod archive;
mod fault;
mod library;
mod listing;
mod verifier;

use std::collections::HashMap;

use kettle::bytecode::program::{Export, ExportKind, ModuleCode};
use kettle::compile::{Dependency, Names, Purpose, compile};
use kettle::diagnostics::{Diagnostic, SourceId};
use kettle::syntax;

/// A prelude and a few modules, enough for the tests.
fn names() -> Names {
    use ExportKind::{AsyncFunction, Function, Value};
    let mut names = Names::default();
    let prelude = [
        ("print", Function),
        ("sleep", AsyncFunction),
        ("channel", Function),
        ("int", Value),
        ("float", Value),
        ("str", Value),
        ("Error", Value),
        ("IoError", Value),
        ("ValueError", Value),
    ];
    for (name, kind) in prelude {
        names.add(name, kind);
    }
    let members = [
        ("fs", "read", AsyncFunction),
        ("fs", "exists", AsyncFunction),
        ("math", "pi", Value),
        ("math", "sqrt", Function),
        ("net", "look_up", AsyncFunction),
        ("net.tcp", "connect", AsyncFunction),
    ];
    for (module, name, kind) in members {
        names.add_member(module, name, kind);
    }
    names
}

/// A file that the tests may import as `./util.ket`.
fn files() -> HashMap<String, Dependency> {
    let export =
        |name: &str, slot, kind| Export { name: name.into(), slot, kind, enumeration: None };
    let exports = vec![
        export("LIMIT", 3, ExportKind::Value),
        export("area", 0, ExportKind::Function),
        export("fetch", 1, ExportKind::AsyncFunction),
    ];
    HashMap::from([("./util.ket".to_owned(), Dependency { index: 4, exports })])
}

fn compile_text(text: &str) -> (Option<ModuleCode>, Vec<Diagnostic>) {
    compile_for(Purpose::Test, text)
}

fn compile_for(purpose: Purpose, text: &str) -> (Option<ModuleCode>, Vec<Diagnostic>) {
    let parsed = syntax::parse(text, SourceId(0));
    assert!(!parsed.has_errors(), "{text}: {:?}", parsed.diagnostics);
    compile(&parsed.module, "test.ket", SourceId(0), text, &names(), &files(), purpose)
}
