//! The engine: what all programs and VMs of a host have in common.

use std::path::Path;
use std::sync::Arc;

use super::error::Error;
use super::future::{self, AsyncFunction};
use super::graph::Graph;
use super::host::{self, Function, HostFunction};
use super::loader::{Files, Loader, ReadError};
use super::module::{BuiltModule, HostValue, ModuleBuilder, ModuleDocs};
use super::object::HostType;
use super::option::Options;
use super::program::{CompileError, Findings, Program};
use super::spine;
use super::stdlib::{Imports, Stdlib};
use crate::bytecode::program::ExportKind;
use crate::compile::{Names, Purpose};
use crate::diagnostics::{Code, Diagnostic, SourceMap};
use crate::natives;

/// Options, the functions of the host, and where modules come from.
///
/// Cheap to clone; a clone can be changed without changing the original. `Send + Sync`.
///
/// ```
/// use kettle::engine::{Engine, Vm};
///
/// let mut engine = Engine::new();
/// engine.function("twice", |x: i64| x * 2);
/// let program = engine.compile_text("example.ket", "pub fn answer() { twice(21) }")?;
/// let mut vm = Vm::new(&engine)?;
/// vm.run_blocking(&program)?;
/// assert_eq!(vm.call_blocking::<i64>("answer", ())?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    options: Options,
    functions: Vec<HostFunction>,
    types: Vec<HostType>,
    values: Vec<HostValue>,
    module_docs: ModuleDocs,
    loader: Arc<dyn Loader>,
    names: Arc<Names>,
    stdlib: Arc<Stdlib>,
}

impl Engine {
    /// An engine with the standard library, default options and modules that are files.
    pub fn new() -> Engine {
        let names = Arc::new(natives::names());
        let shared = Shared {
            options: Options::default(),
            functions: Vec::new(),
            types: Vec::new(),
            values: Vec::new(),
            module_docs: ModuleDocs::new(),
            loader: Arc::new(Files),
            names,
            stdlib: Arc::new(Stdlib::new()),
        };
        Engine { shared: Arc::new(shared) }
    }

    /// Changes the options of VMs that are made from now on.
    pub fn options(&mut self) -> &mut Options {
        &mut Arc::make_mut(&mut self.shared).options
    }

    /// Says where modules come from.
    pub fn set_loader(&mut self, loader: impl Loader + 'static) -> &mut Engine {
        Arc::make_mut(&mut self.shared).loader = Arc::new(loader);
        self
    }

    /// Gives scripts a function: `path` is its name in the prelude, or `module.name`.
    ///
    /// Parameters and result are Rust types that [`FromValue`](super::FromValue) and
    /// [`IntoValue`](super::IntoValue) know; the result may be a `Result` with any error.
    pub fn function<M, F: Function<M>>(&mut self, path: &str, function: F) -> &mut Engine {
        self.register(HostFunction::new(host::plain(path.to_owned(), function)))
    }

    /// Gives scripts a function that they have to await. Its future is dropped when the task that
    /// awaits it is cancelled.
    pub fn async_function<M, F: AsyncFunction<M>>(
        &mut self,
        path: &str,
        function: F,
    ) -> &mut Engine {
        self.register(HostFunction::new(future::waiting(path.to_owned(), function)))
    }

    /// Gives scripts a module of functions, types and constants, with documentation.
    /// [`ModuleBuilder`] has an example. It can be done several times for one module.
    ///
    /// # Errors
    /// [`Error::Call`] if a name is no name or is given twice, if parameters and their names do not
    /// fit, or if a type has the name of another one. Nothing is added then.
    pub fn module(
        &mut self,
        name: &str,
        build: impl FnOnce(&mut ModuleBuilder),
    ) -> Result<&mut Engine, Error> {
        let mut builder = ModuleBuilder::new(name);
        build(&mut builder);
        let built = builder.finish().map_err(Error::Call)?;
        self.check_types(&built)?;
        let shared = Arc::make_mut(&mut self.shared);
        if !built.doc.is_empty() {
            shared.module_docs.insert(built.name.into(), built.doc.into());
        }
        for function in built.functions {
            self.register(function);
        }
        for added in built.types {
            self.add_name(&added.path(), ExportKind::Value);
            Arc::make_mut(&mut self.shared).types.push(added);
        }
        for value in built.values {
            self.add_name(&value.path, ExportKind::Value);
            let values = &mut Arc::make_mut(&mut self.shared).values;
            values.retain(|known| known.path != value.path);
            values.push(value);
        }
        Ok(self)
    }

    /// Gives scripts functions, types and constants that they need not import.
    ///
    /// # Errors
    /// As [`module`](Engine::module).
    pub fn globals(
        &mut self,
        build: impl FnOnce(&mut ModuleBuilder),
    ) -> Result<&mut Engine, Error> {
        self.module("", build)
    }

    /// Methods are found by the name of the type, so each has a name of its own.
    fn check_types(&self, built: &BuiltModule) -> Result<(), Error> {
        for added in &built.types {
            if self.shared.types.iter().any(|known| known.name() == added.name()) {
                let name = added.name();
                return Err(Error::Call(format!("there is a type `{name}` already")));
            }
        }
        Ok(())
    }

    fn register(&mut self, function: HostFunction) -> &mut Engine {
        let kind = match function.signature.waits {
            false => ExportKind::Function,
            true => ExportKind::AsyncFunction,
        };
        self.add_name(&function.signature.path, kind);
        let functions = &mut Arc::make_mut(&mut self.shared).functions;
        functions.retain(|known| known.signature.path != function.signature.path);
        functions.push(function);
        self
    }

    /// Tells the compiler of a name.
    fn add_name(&mut self, path: &str, kind: ExportKind) {
        let names = Arc::make_mut(&mut Arc::make_mut(&mut self.shared).names);
        match path.rsplit_once('.') {
            Some((module, name)) => names.add_member(module, name, kind),
            None => names.add(path, kind),
        }
    }

    /// The text of a module, as the loader finds it.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, ReadError> {
        self.shared.loader.read(name)
    }

    /// Runs the text of the module `name` with all that it imports, in a VM of its own; gives the
    /// exit status.
    pub fn run_text(&self, name: &str, text: impl Into<Vec<u8>>) -> Result<i32, Error> {
        spine::run(self, name, text.into())
    }

    /// Compiles the module of that name, with all that it imports, as the loader finds them.
    pub fn compile_file(&self, name: impl AsRef<Path>) -> Result<Program, CompileError> {
        let name = name.as_ref().to_string_lossy();
        match self.shared.loader.read(&name) {
            Ok(text) => self.compile_text(&name, text),
            Err(error) => Err(unreadable(&name, &error)),
        }
    }

    /// Compiles a text as the module `name`, with all that it imports.
    pub fn compile_text(
        &self,
        name: &str,
        text: impl Into<Vec<u8>>,
    ) -> Result<Program, CompileError> {
        self.compile(name, text.into(), Purpose::Run)
    }

    /// Compiles the module of that name like [`compile_file`](Engine::compile_file), with its `test`
    /// blocks, which are left out elsewhere.
    pub fn compile_tests(&self, name: impl AsRef<Path>) -> Result<Program, CompileError> {
        let name = name.as_ref().to_string_lossy();
        match self.shared.loader.read(&name) {
            Ok(text) => self.compile(&name, text, Purpose::Test),
            Err(error) => Err(unreadable(&name, &error)),
        }
    }

    /// Looks for mistakes in a text, the module `name`, and in all that it imports: errors, and
    /// warnings about what compiles and is probably not meant. Nothing is run.
    pub fn check_text(&self, name: &str, text: impl Into<Vec<u8>>) -> Findings {
        self.compile(name, text.into(), Purpose::Check).into()
    }

    /// Looks for mistakes in the module of that name, as the loader finds it.
    pub fn check_file(&self, name: impl AsRef<Path>) -> Findings {
        let name = name.as_ref().to_string_lossy();
        match self.shared.loader.read(&name) {
            Ok(text) => self.check_text(&name, text),
            Err(error) => Err(unreadable(&name, &error)).into(),
        }
    }

    fn compile(
        &self,
        name: &str,
        text: Vec<u8>,
        purpose: Purpose,
    ) -> Result<Program, CompileError> {
        let mut sources = SourceMap::new();
        let graph = Graph::read(self.loader(), self.names(), &mut sources, name, text);
        let imports = self.imports(&graph)?;
        Program::compile(graph, imports, sources, purpose)
    }

    /// The names that the compiler may use without an import, and the modules it knows.
    pub(super) fn names(&self) -> &Names {
        &self.shared.names
    }

    pub(super) fn loader(&self) -> &dyn Loader {
        &*self.shared.loader
    }

    pub(super) fn functions(&self) -> &[HostFunction] {
        &self.shared.functions
    }

    pub(super) fn types(&self) -> &[HostType] {
        &self.shared.types
    }

    pub(super) fn values(&self) -> &[HostValue] {
        &self.shared.values
    }

    pub(super) fn module_doc_table(&self) -> &ModuleDocs {
        &self.shared.module_docs
    }

    /// What the modules of a graph import of the standard library.
    pub(super) fn imports(&self, graph: &Graph) -> Result<Imports, CompileError> {
        self.shared.stdlib.imports(graph, &self.shared.names)
    }

    /// The part of the library that is written in Kettle.
    pub(super) fn stdlib(&self) -> &Stdlib {
        &self.shared.stdlib
    }

    pub(super) fn settings(&self) -> &Options {
        &self.shared.options
    }
}

fn unreadable(name: &str, error: &ReadError) -> CompileError {
    let title = format!("`{name}` cannot be read: {error}");
    let diagnostics = vec![Diagnostic::new(Code::E0404, title)];
    CompileError { diagnostics, sources: Arc::new(SourceMap::new()) }
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}
