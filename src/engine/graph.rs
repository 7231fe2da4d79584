//! The modules that a program is made of, in the order in which they run.
//!
//! Beginning with the started module, every top-level import of a file is followed; each module is
//! read and parsed once. A module stands behind all that it imports. What is wrong with the
//! imports themselves is found here: files that are missing, standard modules that do not exist,
//! and cycles. What is imported from a module is checked when it is compiled.
//!
//! The walk keeps its own stack, so a chain of a million imports is no danger to the native one.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use super::loader::{Loader, ReadError};
use crate::bytecode::program::ModuleCode;
use crate::compile::Names;
use crate::diagnostics::{Code, Diagnostic, SourceId, SourceMap, Span, foreign_module, nearest};
use crate::syntax;
use crate::syntax::ast::{ImportKind, ImportSource, Module, StmtKind};

/// The modules of a program, dependencies first; the last is the one that was started.
#[derive(Default)]
pub struct Graph {
    /// Modules that were loaded before. They come first in the numbers of modules.
    pub known: Vec<Known>,
    /// In the order in which they run.
    pub modules: Vec<Node>,
    /// The standard modules that they import.
    pub standard: BTreeSet<Arc<str>>,
    /// What parsing and importing has to say. The modules are of use only if no error is among
    /// them.
    pub diagnostics: Vec<Diagnostic>,
}

/// A module that was loaded before, with what makes it the same module.
#[derive(Clone, Debug)]
pub struct Known {
    /// As [`Loader::identity`] has it.
    pub identity: String,
    /// What the compiler made of it.
    pub code: Arc<ModuleCode>,
}

/// A parsed module.
pub struct Node {
    /// As traces and messages name it.
    pub name: Arc<str>,
    /// Its text.
    pub source: SourceId,
    /// Its syntax tree.
    pub module: Module,
    /// It parsed without errors. A tree with gaps would give complaints about names whose
    /// declarations are in the gaps.
    pub is_whole: bool,
    /// What makes it the same module under another name.
    pub identity: String,
    /// What its imports of files mean: the text of the import, and the number of a module: an
    /// index into [`Graph::known`] and, behind those, [`Graph::modules`].
    pub files: HashMap<String, usize>,
}

/// One import of a file, as it stands in a module.
struct FileImport {
    text: String,
    span: Span,
    /// The names it takes out of that file; empty if it takes the module as a whole.
    names: Vec<String>,
}

/// A module whose imports are being followed.
struct Open {
    node: Node,
    imports: Vec<FileImport>,
    /// How many of the imports have been followed.
    done: usize,
}

/// How far a module has come.
#[derive(Clone, Copy)]
enum State {
    /// Its imports are being followed: to meet it again is a cycle. Its place on the stack.
    Open(usize),
    /// It is in the list.
    Listed(usize),
    /// It could not be read; that has been said.
    Failed,
}

struct Walk<'a> {
    loader: &'a dyn Loader,
    names: &'a Names,
    sources: &'a mut SourceMap,
    stack: Vec<Open>,
    states: HashMap<String, State>,
    graph: Graph,
}

impl Graph {
    /// Follows all imports of the module `name`, whose text is `text`.
    pub fn read(
        loader: &dyn Loader,
        names: &Names,
        sources: &mut SourceMap,
        name: &str,
        text: Vec<u8>,
    ) -> Graph {
        Graph::read_beside(Vec::new(), loader, names, sources, (name, text))
    }

    /// The same, beside modules that were loaded before, which are not read again. `sources` has
    /// their texts.
    pub fn read_beside(
        known: Vec<Known>,
        loader: &dyn Loader,
        names: &Names,
        sources: &mut SourceMap,
        (name, text): (&str, Vec<u8>),
    ) -> Graph {
        let states = known.iter().enumerate();
        let states =
            states.map(|(number, known)| (known.identity.clone(), State::Listed(number))).collect();
        let graph = Graph { known, ..Graph::default() };
        let mut walk = Walk { loader, names, sources, stack: Vec::new(), states, graph };
        walk.open(name.to_owned(), loader.identity(name), text);
        while let Some(open) = walk.stack.last_mut() {
            match open.imports.get(open.done) {
                Some(_) => {
                    open.done += 1;
                    walk.follow();
                }
                None => walk.close(),
            }
        }
        walk.graph
    }
}

impl Walk<'_> {
    /// Parses a module and puts it on the stack.
    fn open(&mut self, name: String, identity: String, bytes: Vec<u8>) {
        let id = SourceId(self.sources.len() as u32);
        let (text, fault) = syntax::decode(&bytes, id);
        let source = self.sources.add(name.as_str(), text.as_str());
        if let Some(fault) = fault {
            self.graph.diagnostics.push(fault);
            self.states.insert(identity, State::Failed);
            return;
        }
        let parsed = syntax::parse(&text, source);
        let is_whole = !parsed.has_errors();
        self.graph.diagnostics.extend(parsed.diagnostics);
        let imports = self.imports(&parsed.module, source);
        self.states.insert(identity.clone(), State::Open(self.stack.len()));
        let node = Node {
            name: name.into(),
            source,
            module: parsed.module,
            is_whole,
            identity,
            files: HashMap::new(),
        };
        self.stack.push(Open { node, imports, done: 0 });
    }

    /// Moves the innermost module, whose imports have all been followed, to the list.
    fn close(&mut self) {
        if let Some(open) = self.stack.pop() {
            let number = self.graph.known.len() + self.graph.modules.len();
            self.states.insert(open.node.identity.clone(), State::Listed(number));
            self.graph.modules.push(open.node);
            self.bind(number);
        }
    }

    /// Follows the import of the innermost module that was counted last.
    fn follow(&mut self) {
        let open = self.stack.last().expect("an import belongs to a module on the stack");
        let import = &open.imports[open.done - 1];
        let name = self.loader.resolve(&open.node.name, &import.text);
        let identity = self.loader.identity(&name);
        match self.states.get(&identity).copied() {
            Some(State::Listed(index)) => self.bind(index),
            Some(State::Open(index)) => self.report_cycle(index),
            Some(State::Failed) => {}
            None => match self.loader.read(&name) {
                Ok(text) => self.open(name, identity, text),
                Err(error) => {
                    self.report_unreadable(&name, &error);
                    self.states.insert(identity, State::Failed);
                }
            },
        }
    }

    /// What the import that is being followed means has been found.
    fn bind(&mut self, index: usize) {
        if let Some(open) = self.stack.last_mut() {
            let text = open.imports[open.done - 1].text.clone();
            open.node.files.insert(text, index);
        }
    }

    /// The imports of files; imports of standard modules are checked on the way.
    fn imports(&mut self, module: &Module, source: SourceId) -> Vec<FileImport> {
        let mut imports = Vec::new();
        for &statement in &module.statements {
            let StmtKind::Import(import) = &module.ast[statement].kind else { continue };
            let (origins, names) = match &import.kind {
                ImportKind::Modules(modules) => {
                    (modules.iter().map(|module| module.source).collect(), Vec::new())
                }
                ImportKind::Names { items, from } => {
                    let text = |symbol| module.ast.text(symbol).to_owned();
                    (vec![*from], items.iter().map(|item| text(item.name.symbol)).collect())
                }
            };
            for origin in origins {
                match origin {
                    ImportSource::File(name) => imports.push(FileImport {
                        text: module.ast.text(name.symbol).to_owned(),
                        span: name.span,
                        names: names.clone(),
                    }),
                    ImportSource::Standard(name) => {
                        self.check_standard(module.ast.text(name.symbol), source, name.span);
                    }
                }
            }
        }
        imports
    }

    fn check_standard(&mut self, name: &str, source: SourceId, span: Span) {
        if self.names.has_module(name) {
            self.graph.standard.insert(name.into());
            return;
        }
        let title = format!("there is no standard module `{name}`");
        let diagnostic = Diagnostic::new(Code::E0403, title).at(source, span, "not a module");
        let ours = foreign_module(name).filter(|ours| self.names.has_module(ours));
        let help = if self.names.prelude(name).is_some() {
            format!("`{name}` can be used in every file: leave the import out")
        } else if let Some(ours) = ours {
            format!("that module is called `{ours}` in Kettle")
        } else if let Some(meant) = nearest(name, self.names.modules()) {
            format!("did you mean `{meant}`?")
        } else {
            format!("a file is imported by its path: `import \"./{name}.ket\"`")
        };
        self.graph.diagnostics.push(diagnostic.help(help));
    }

    fn report_unreadable(&mut self, name: &str, error: &ReadError) {
        let open = self.stack.last().expect("an import belongs to a module on the stack");
        let import = &open.imports[open.done - 1];
        let (code, title) = match error {
            ReadError::Missing => (Code::E0402, format!("there is no file `{name}`")),
            error => (Code::E0404, format!("`{name}` cannot be read: {error}")),
        };
        let mut diagnostic =
            Diagnostic::new(code, title).at(open.node.source, import.span, "imported here");
        if *error == ReadError::Missing {
            let known = self.loader.neighbours(name);
            if let Some(meant) = nearest_file(name, &known) {
                diagnostic = diagnostic.help(format!("did you mean `{meant}`?"));
            } else if !name.ends_with(".ket") && self.loader.read(&format!("{name}.ket")).is_ok() {
                diagnostic =
                    diagnostic.help(format!("write the whole name: \"{}.ket\"", import.text));
            } else {
                let why =
                    format!("the path is relative to `{}`, the importing file", open.node.name);
                diagnostic = diagnostic.note(why);
            }
        }
        self.graph.diagnostics.push(diagnostic);
    }

    /// The innermost module imports the one at `first` on the stack.
    fn report_cycle(&mut self, first: usize) {
        let cycle = &self.stack[first..];
        let (last, start) = (&cycle[cycle.len() - 1], &cycle[0]);
        let import = &last.imports[last.done - 1];
        let mut path: Vec<&str> = cycle.iter().map(|open| &*open.node.name).collect();
        path.push(&start.node.name);
        let (start, end) = (&start.node.name, &last.node.name);
        let diagnostic = if cycle.len() == 1 {
            let title = format!("`{start}` imports itself");
            Diagnostic::new(Code::E0401, title)
                .at(last.node.source, import.span, "this is the file itself")
                .help("leave the import out: what the file declares is known in all of it")
        } else {
            let moved = match &*import.names {
                [] => format!("what `{end}` uses of `{start}`"),
                names => {
                    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                }
            };
            let title = format!("imports go round in a cycle: {}", path.join(" → "));
            let mut diagnostic = Diagnostic::new(Code::E0401, title);
            diagnostic =
                diagnostic.at(last.node.source, import.span, "this import closes the cycle");
            for open in &cycle[..cycle.len() - 1] {
                let span = open.imports[open.done - 1].span;
                diagnostic = diagnostic.see(open.node.source, span, "on the way round");
            }
            diagnostic.help(format!(
                "move {moved} into a file of its own that imports neither, and import that from both"
            ))
        };
        self.graph.diagnostics.push(diagnostic);
    }
}

/// Of the modules in the same folder, the one whose name without its ending is nearest.
fn nearest_file<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let stem = |name: &'a str| Path::new(name).file_stem().and_then(OsStr::to_str);
    let wanted = Path::new(name);
    let beside = |known: &&&String| Path::new(known.as_str()).parent() == wanted.parent();
    let stems = known.iter().filter(|known| beside(&known)).filter_map(|known| stem(known));
    let meant = nearest(wanted.file_stem()?.to_str()?, stems)?;
    known
        .iter()
        .filter(|known| beside(&known))
        .map(String::as_str)
        .find(|known| stem(known) == Some(meant))
}

#[cfg(test)]
mod tests;
