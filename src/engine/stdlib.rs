//! The standard modules that are written in Kettle, compiled when a program first imports them.
//!
//! They can name only what is built in, so each is compiled once for all VMs of an engine. To the
//! program that imports it such a module looks like a native one: its members stand among the
//! [`Names`] of the compiler, and a VM makes them members of the module before the program runs.

use std::sync::{Arc, OnceLock};

use super::graph::Graph;
use super::loader::Memory;
use super::program::{CompileError, Program};
use crate::bytecode::program::{CORE_MODULE_NAME, LIBRARY_PREFIX};
use crate::compile::{Names, Purpose};
use crate::diagnostics::SourceMap;
use crate::natives::{self, stdlib};

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

/// The modules written in Kettle that have been compiled so far.
pub struct Stdlib {
    core: Compiled,
    /// By their files' places in [`stdlib::FILES`].
    modules: [Compiled; stdlib::FILES.len()],
}

impl Stdlib {
    /// Nothing is compiled yet.
    pub fn new() -> Stdlib {
        Stdlib { core: OnceLock::new(), modules: [const { OnceLock::new() }; _] }
    }

    /// The methods of the core types.
    pub fn core(&self) -> &Result<Program, CompileError> {
        self.core.get_or_init(|| self.compile(None, CORE_MODULE_NAME, stdlib::CORE, Purpose::Run))
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
        for wanted in &graph.standard {
            let Some((place, name)) = stdlib::find(wanted) else { continue };
            if Some(name) == module {
                continue;
            }
            let program = self.modules[place]
                .get_or_init(|| self.compile_module(name, Purpose::Run))
                .clone()?;
            let exports = program.code().modules.last().map_or(&[][..], |code| &code.exports);
            let names = Arc::make_mut(&mut imports.names);
            for export in exports {
                names.add_member(wanted, &export.name, export.kind);
            }
            for needed in
                program.library().iter().cloned().chain([Module { name, program: program.clone() }])
            {
                if !imports.modules.iter().any(|known| known.name == needed.name) {
                    imports.modules.push(needed);
                }
            }
        }
        Ok(imports)
    }

    fn compile_module(
        &self,
        name: &'static str,
        purpose: Purpose,
    ) -> Result<Program, CompileError> {
        let file = format!("{name}.ket");
        let text =
            stdlib::FILES.iter().find(|(known, _)| *known == file).map_or("", |(_, text)| text);
        self.compile(Some(name), &stdlib::file_name(name), text, purpose)
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
