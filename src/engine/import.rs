//! `await import(path)`: modules that are loaded while the program runs.
//!
//! Reading and compiling is done on the pool, beside the modules that the VM has loaded already;
//! those are the same modules for whoever imports them. What has to run then is told to the core
//! module (`stdlib/core/import.ket`), which runs the top levels in the task that imports.

use std::sync::Arc;

use super::engine::Engine;
use super::graph::{Graph, Known};
use super::library::Sources;
use super::loader::{Loader, Permitted, ReadError};
use super::program::{CompileError, Program};
use crate::bytecode::program::ModuleCode;
use crate::compile::Purpose;
use crate::diagnostics::{Diagnostic, SourceMap};
use crate::natives::refused;
use crate::runtime::driver::Policy;
use crate::vm::{ErrorKind, Thrown, Value, Vm as Machine};

/// What has come of an import.
pub enum Imported {
    /// A module that is loaded.
    Known(Arc<ModuleCode>),
    /// One that is not, with all that it imports.
    Fresh(Program),
    /// It cannot be read.
    Unreadable(String, ReadError),
    /// It does not compile.
    Broken(String, CompileError),
}

impl Engine {
    /// Looks for the module that `importer` calls by this path. `sources` has the texts of the
    /// modules that are known, `policy` what the program may do.
    pub(super) fn import(
        &self,
        importer: &str,
        path: &str,
        known: Vec<Known>,
        mut sources: SourceMap,
        policy: Option<Arc<Policy>>,
    ) -> Imported {
        let loader = Permitted::new(self.loader(), policy);
        let name = loader.resolve(importer, path);
        let identity = loader.identity(&name);
        if let Some(loaded) = known.iter().find(|known| known.identity == identity) {
            return Imported::Known(loaded.code.clone());
        }
        let text = match loader.read(&name) {
            Ok(text) => text,
            Err(error) => return Imported::Unreadable(name, error),
        };
        let start = (name.as_str(), text);
        let graph = Graph::read_beside(known, &loader, self.names(), &mut sources, start);
        let program = self
            .imports(&graph)
            .and_then(|imports| Program::compile(graph, imports, sources, Purpose::Run));
        match program {
            Ok(program) => Imported::Fresh(program),
            Err(error) => Imported::Broken(name, error),
        }
    }
}

impl Imported {
    /// Loads what is new. Gives a list for the core module: the module, pairs of number and
    /// top-level function of what has to run, and the numbers of what has to have run before.
    pub fn plan(self, vm: &mut Machine, sources: &Sources) -> Result<Value, Thrown> {
        let (module, fresh, needed) = match self {
            Imported::Unreadable(name, error) => return Err(unreadable(vm, &name, &error)),
            Imported::Broken(name, error) => return Err(broken(vm, &name, &error)),
            Imported::Known(code) => (code.clone(), Vec::new(), vec![code]),
            Imported::Fresh(program) => {
                let last = program.code().modules.last().cloned().unwrap_or_else(|| {
                    unreachable!("a compiled program has the module that was started")
                });
                sources.extend(&program);
                let refused = |vm: &mut Machine, why| vm.error(ErrorKind::ValueError, why);
                sources.load_library(vm, &program).map_err(|why| refused(vm, why))?;
                let closures = vm.load(program.code(), program.base());
                let closures = closures.map_err(|error| refused(vm, error.to_string()))?;
                let own = program.own_modules().map(|known| known.code);
                let fresh: Vec<_> = own.zip(closures).collect();
                (last, fresh, program.needed().cloned().collect())
            }
        };
        let mut runs = Vec::with_capacity(fresh.len());
        for (code, closure) in fresh {
            let number = number_of(vm, &code);
            runs.push(vm.heap.list(vec![number, closure]));
        }
        let needed = needed.iter().map(|code| number_of(vm, code)).collect();
        let (runs, needed) = (vm.heap.list(runs), vm.heap.list(needed));
        let module = vm.loaded_module(&module).map(|(_, value)| value).unwrap_or_default();
        Ok(vm.heap.list(vec![module, runs, needed]))
    }
}

fn number_of(vm: &Machine, code: &Arc<ModuleCode>) -> Value {
    vm.loaded_module(code).map_or(Value::null(), |(number, _)| Value::int(i64::from(number)))
}

fn unreadable(vm: &mut Machine, name: &str, error: &ReadError) -> Thrown {
    if let ReadError::NotGranted(refusal) = error {
        return refused(vm, refusal, "import", &format!("{name:?}"));
    }
    let kind = match error {
        ReadError::Missing => "not_found",
        ReadError::Directory => "is_directory",
        ReadError::TooLarge => "too_large",
        ReadError::Refused(why) if why == "permission denied" => "denied",
        ReadError::Refused(_) | ReadError::NotGranted(_) => "other",
    };
    let fields = [("kind", kind), ("path", name), ("op", "import")];
    let fields = fields.map(|(field, text)| (field, vm.heap.string(text)));
    let message = format!("cannot import {name:?}: {error}");
    vm.error_with(ErrorKind::IoError, message, &fields)
}

fn broken(vm: &mut Machine, name: &str, error: &CompileError) -> Thrown {
    let first = error.diagnostics.iter().find(|diagnostic| diagnostic.is_error());
    let place = first
        .and_then(Diagnostic::primary)
        .map(|label| error.sources.describe(label.source, label.span));
    let place = place.map_or(String::new(), |place| format!(" ({place})"));
    let message = format!("{name:?} is no program: {error}{place}");
    let data = vm.heap.string(&error.render(false));
    vm.error_with(ErrorKind::ParseError, message, &[("data", data)])
}
