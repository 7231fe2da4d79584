//! The standard modules that are written in Kettle, read when a program first imports them.
//!
//! They can name only what is built in, so each is made once for all VMs of an engine. To the
//! program that imports it such a module looks like a native one: its members stand among the
//! [`Names`] of the compiler, and a VM makes them members of the module before the program runs.
//!
//! The program carries their bytecode (`carried`). Where it does not, since they or the compiler have changed,
//! they are compiled from their texts.

use std::sync::{Arc, OnceLock};

use super::graph::Graph;
use super::loader::Memory;
use super::program::{CompileError, Program};
use crate::bytecode::program::{CORE_MODULE_NAME, LIBRARY_PREFIX};
use crate::compile::{Names, Purpose};
use crate::diagnostics::SourceMap;
use crate::natives::{self, stdlib};

mod carried;

pub use carried::library_archive;

/// A standard module that is written in Kettle.
#[derive(Clone, Debug)]
pub struct Module {
    /// What imports call it.
    pub name: &'static str,
    /// Its code; the last module is the one whose exports are its members.
    pub program: Program,
}

/// What a program imports of the standard library.
pub struct Imports {
    /// All names that the compiler may know.
    pub names: Arc<Names>,
    /// The modules written in Kettle, each after those it needs itself.
    pub modules: Vec<Module>,
}

type Compiled = OnceLock<Result<Program, CompileError>>;

/// The modules written in Kettle that have been needed so far.
pub struct Stdlib {
    core: Compiled,
    /// By their files' places in [`stdlib::FILES`].
    modules: [Compiled; stdlib::FILES.len()],
    /// Whether they are compiled, although there is bytecode of them.
    from_text: bool,
}

impl Stdlib {
    /// Nothing is read yet.
    pub fn new() -> Stdlib {
        Stdlib { core: OnceLock::new(), modules: [const { OnceLock::new() }; _], from_text: false }
    }

    /// One that makes nothing of bytecode.
    fn from_text() -> Stdlib {
        Stdlib { from_text: true, ..Stdlib::new() }
    }

    /// The methods of the core types.
    pub fn core(&self) -> &Result<Program, CompileError> {
        self.core.get_or_init(|| match self.carried(CORE_MODULE_NAME) {
            Some(program) => Ok(program),
            None => self.compile(None, CORE_MODULE_NAME, stdlib::CORE, Purpose::Run),
        })
    }

    /// A standard module, if it is written in Kettle.
    fn module(&self, name: &str) -> Option<Result<Module, CompileError>> {
        let (place, name) = stdlib::find(name)?;
        let program = self.modules[place].get_or_init(|| match self.carried(name) {
            Some(program) => Ok(program),
            None => self.compile_module(name, Purpose::Run),
        });
        Some(program.clone().map(|program| Module { name, program }))
    }

    /// What the modules of a graph import; `names` is what they may name otherwise.
    pub fn imports(&self, graph: &Graph, names: &Arc<Names>) -> Result<Imports, CompileError> {
        self.imports_of(None, graph, names)
    }

    /// `module` is the standard module that the graph is of: there its own name means its native
    /// part.
    fn imports_of(
        &self,
        module: Option<&str>,
        graph: &Graph,
        names: &Arc<Names>,
    ) -> Result<Imports, CompileError> {
        let mut imports = Imports { names: names.clone(), modules: Vec::new() };
        for wanted in graph.standard.iter().filter(|wanted| Some(&***wanted) != module) {
            let Some(found) = self.module(wanted) else { continue };
            let found = found?;
            let exports = found.program.code().modules.last().map_or(&[][..], |code| &code.exports);
            let names = Arc::make_mut(&mut imports.names);
            for export in exports {
                names.add_member(wanted, &export.name, export.kind);
            }
            add_needed(found, &mut imports.modules);
        }
        Ok(imports)
    }

    fn compile_module(
        &self,
        name: &'static str,
        purpose: Purpose,
    ) -> Result<Program, CompileError> {
        let file = stdlib::file_name(name);
        self.compile(Some(name), &file, stdlib::text(&file).unwrap_or_default(), purpose)
    }

    fn compile(
        &self,
        module: Option<&str>,
        file: &str,
        text: &str,
        purpose: Purpose,
    ) -> Result<Program, CompileError> {
        let mut loader = Memory::new();
        for (name, text) in stdlib::FILES {
            loader.insert(format!("{LIBRARY_PREFIX}{name}"), *text);
        }
        let names = Arc::new(natives::library_names());
        let mut sources = SourceMap::new();
        let graph = Graph::read(&loader, &names, &mut sources, file, text.into());
        let imports = self.imports_of(module, &graph, &names)?;
        Program::compile(graph, imports, sources, purpose)
    }
}

/// Adds a module behind those that it needs, each of which stands there once.
fn add_needed(module: Module, modules: &mut Vec<Module>) {
    let needed = module.program.library().to_vec();
    for needed in needed.into_iter().chain([module]) {
        if !modules.iter().any(|known| known.name == needed.name) {
            modules.push(needed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Code, render};
    use crate::engine::Findings;

    #[test]
    fn the_library_gets_no_warning() {
        let library = Stdlib::new();
        // Of the core module the natives name the functions.
        let named = |code| code == Some(Code::W0104);
        let core = library.compile(None, CORE_MODULE_NAME, stdlib::CORE, Purpose::Check);
        let modules = stdlib::modules().map(|name| library.compile_module(name, Purpose::Check));
        let mut said = String::new();
        for (number, compiled) in [core].into_iter().chain(modules).enumerate() {
            let mut found = Findings::from(compiled);
            found.diagnostics.retain(|found| number > 0 || !named(found.code));
            said += &render(&found.diagnostics, &found.sources, false);
        }
        assert!(said.is_empty(), "{said}");
    }
}
