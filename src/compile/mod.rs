//! Step 2 of 6: syntax tree to bytecode (layer 4): resolver, register allocation, emission.
//!
//! The tree of a module becomes a [`ModuleCode`] in two passes: `resolve` finds what every name
//! means, what closures capture and who owns spawned tasks; `emit` writes the code. Nothing here knows a heap value, a clock, a file or the environment: the same input gives
//! the same bytes.

mod emit;
mod leave;
mod lint;
mod names;
mod report;
mod resolve;
mod session;

use std::collections::HashMap;

pub use names::{Library, Names};
pub use session::{Declared, DeclaredKind, NewName, NewNames, Session, SessionName};

use crate::bytecode::program::{Export, ModuleCode};
use crate::bytecode::verify::verify;
use crate::diagnostics::{Diagnostic, SourceId};
use crate::syntax::Module;

/// A file that the module imports, compiled before.
#[derive(Clone, Debug, Default)]
pub struct Dependency {
    /// Its index in the program's modules.
    pub index: u32,
    /// What it exports, sorted by name.
    pub exports: Vec<Export>,
}

/// What a module is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be run: nobody asks for advice, and `test` blocks are checked but left out.
    Run,
    /// To be run with its `test` blocks.
    Test,
    /// To be looked at, by `kettle check` and editors: also for what compiles and is probably not meant.
    Check,
}

/// Compiles a module whose source is `text` (assertions quote it). `files` has the dependency for
/// each file's import text; one that is missing there has been reported by whoever looks for files.
/// Code is given if there is no error.
pub fn compile(
    module: &Module,
    name: &str,
    source: SourceId,
    text: &str,
    names: &Names,
    files: &HashMap<String, Dependency>,
    purpose: Purpose,
) -> (Option<ModuleCode>, Vec<Diagnostic>) {
    let mut report = report::Report::new(source);
    let given = resolve::Given { names, files, purpose, session: None };
    let input = emit::Source { module, name, id: source, text, files };
    let made = make(input, given, &mut report);
    if let Some((_, resolution)) = &made
        && purpose == Purpose::Check
    {
        lint::lint(module, text, source, resolution, &mut report);
    }
    (made.map(|(code, _)| code), report.finish())
}

/// Compiles an entry of a console: a module whose top level gives the value of its last expression,
/// uses the names of the `session` and declares some for the entries to come.
pub fn compile_entry(
    module: &Module,
    (name, source, text): (&str, SourceId, &str),
    names: &Names,
    files: &HashMap<String, Dependency>,
    session: &Session,
) -> (Option<(ModuleCode, NewNames)>, Vec<Diagnostic>) {
    let mut report = report::Report::new(source);
    let given = resolve::Given { names, files, purpose: Purpose::Run, session: Some(session) };
    let input = emit::Source { module, name, id: source, text, files };
    let made = make(input, given, &mut report).map(|(code, resolution)| {
        let declared = resolve::new_names(&module.ast, &resolution, files);
        (code, declared)
    });
    (made, report.finish())
}

/// Resolves the names of a module and writes its code; none if the report has errors then.
fn make(
    input: emit::Source<'_>,
    given: resolve::Given<'_>,
    report: &mut report::Report,
) -> Option<(ModuleCode, resolve::Resolution)> {
    let resolution = resolve::resolve(input.module, input.text, given, report);
    if report.has_errors() {
        return None;
    }
    let code = emit::emit(input, &resolution, report);
    if report.has_errors() {
        return None;
    }
    debug_assert_eq!(verify(&code), Ok(()), "the compiler writes code that holds to the rules");
    Some((code, resolution))
}
