//! Programs: compiled modules with their sources.
//!
//! A [`Program`] is plain data behind an `Arc`: it can be compiled once and run by any number of
//! VMs on any threads. Nothing of it is changed by running it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::graph::{Graph, Known, Node};
use super::stdlib::{Imports, Module};
use crate::bytecode::disassemble;
use crate::bytecode::program::{ModuleCode, Program as Code, TestCode};
use crate::compile::{self, Dependency, NewNames, Purpose, Session};
use crate::diagnostics::{Diagnostic, SourceMap, render, silence};

/// A program that can be run.
#[derive(Clone, Debug)]
pub struct Program {
    content: Arc<Content>,
}

#[derive(Debug)]
struct Content {
    code: Code,
    library: Vec<Module>,
    sources: Arc<SourceMap>,
    warnings: Vec<Diagnostic>,
    /// What makes each of its modules the same module.
    identities: Vec<String>,
    /// How many of its modules were loaded before.
    base: usize,
    /// Which of those the others import.
    needed: Vec<usize>,
}

/// What an entry of a console finds.
#[derive(Clone, Copy)]
pub struct Entered<'a> {
    /// The names of earlier entries.
    pub names: &'a Session,
    /// The files that they have imported, with their numbers among the known modules.
    pub files: &'a [(Arc<str>, usize)],
}

impl Entered<'_> {
    /// What an entry imports, and what earlier ones have imported.
    fn with_files(
        self,
        mut files: HashMap<String, Dependency>,
        compiled: &[Option<Arc<ModuleCode>>],
    ) -> HashMap<String, Dependency> {
        files.extend(self.files.iter().filter_map(|(name, module)| {
            let code = compiled.get(*module)?.as_ref()?;
            Some((name.to_string(), dependency(*module, code)))
        }));
        files
    }
}

/// What keeps a text from becoming a program.
#[derive(Clone, Debug)]
pub struct CompileError {
    /// What is wrong; warnings may be among it.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub sources: Arc<SourceMap>,
}

/// What was found in a text and in all that it imports.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Errors and warnings, in the order of the sources.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that they point into.
    pub sources: Arc<SourceMap>,
}

impl From<Result<Program, CompileError>> for Findings {
    fn from(outcome: Result<Program, CompileError>) -> Findings {
        match outcome {
            Ok(program) => Findings {
                diagnostics: program.warnings().to_vec(),
                sources: program.sources().clone(),
            },
            Err(CompileError { diagnostics, sources }) => Findings { diagnostics, sources },
        }
    }
}

impl Program {
    /// The modules, dependencies first.
    pub fn code(&self) -> &Code {
        &self.content.code
    }

    /// The texts of its modules.
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.content.sources
    }

    /// What the compiler found odd.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.content.warnings
    }

    /// The standard modules written in Kettle that it needs, each after those it needs itself.
    pub(super) fn library(&self) -> &[Module] {
        &self.content.library
    }

    /// The `test` blocks of the module that is started, in source order: none unless it was compiled
    /// with them, by [`Engine::compile_tests`](super::Engine::compile_tests).
    pub fn tests(&self) -> &[TestCode] {
        self.content.code.modules.last().map_or(&[], |module| &module.tests)
    }

    /// The modules that it brings, with what makes them the same modules.
    pub(super) fn own_modules(&self) -> impl Iterator<Item = Known> {
        let Content { code, identities, base, .. } = &*self.content;
        let modules = code.modules.iter().zip(identities).skip(*base);
        modules.map(|(code, identity)| Known { identity: identity.clone(), code: code.clone() })
    }

    /// How many of its modules were loaded before.
    pub(super) fn base(&self) -> usize {
        self.content.base
    }

    /// Of the modules that were loaded before, those that the others import.
    pub(super) fn needed(&self) -> impl Iterator<Item = &Arc<ModuleCode>> {
        self.content.needed.iter().map(|number| &self.content.code.modules[*number])
    }

    /// A listing of its bytecode.
    pub fn listing(&self) -> String {
        let text = |module: &ModuleCode| {
            self.content.sources.get(module.source).map(|source| &*source.text)
        };
        let modules = self.content.code.modules.iter();
        modules
            .map(|module| disassemble::disassemble(module, text(module)))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Modules of the library that have been compiled before.
    pub(super) fn carried(
        modules: Vec<Arc<ModuleCode>>,
        library: Vec<Module>,
        sources: SourceMap,
    ) -> Program {
        let content = Content {
            identities: modules.iter().map(|module| module.name.to_string()).collect(),
            code: Code { modules },
            library,
            sources: Arc::new(sources),
            warnings: Vec::new(),
            base: 0,
            needed: Vec::new(),
        };
        Program { content: Arc::new(content) }
    }

    /// Compiles the modules of a graph, each after those it imports.
    pub(super) fn compile(
        graph: Graph,
        imports: Imports,
        sources: SourceMap,
        purpose: Purpose,
    ) -> Result<Program, CompileError> {
        Program::compile_with(graph, imports, sources, purpose, None).map(|(program, _)| program)
    }

    /// Compiles the entry of a console with the modules that it imports. Files that earlier entries
    /// have imported are known by the names that the session has for them, which are `files`.
    pub(super) fn compile_entry(
        graph: Graph,
        imports: Imports,
        sources: SourceMap,
        session: Entered<'_>,
    ) -> Result<(Program, NewNames), CompileError> {
        Program::compile_with(graph, imports, sources, Purpose::Run, Some(session))
    }

    fn compile_with(
        graph: Graph,
        imports: Imports,
        sources: SourceMap,
        purpose: Purpose,
        entered: Option<Entered<'_>>,
    ) -> Result<(Program, NewNames), CompileError> {
        let Graph { known, modules, mut diagnostics, .. } = graph;
        let Imports { names, modules: library } = imports;
        let sources = Arc::new(sources);
        let mut compiled: Vec<Option<Arc<ModuleCode>>> =
            known.iter().map(|known| Some(known.code.clone())).collect();
        let base = known.len();
        let imported = modules.iter().flat_map(|node| node.files.values().copied());
        let needed: BTreeSet<usize> = imported.filter(|number| *number < base).collect();
        let mut declared = NewNames::new();
        for (number, node) in modules.iter().enumerate() {
            let entered = entered.filter(|_| number + 1 == modules.len());
            // The tests of an imported module are its own business.
            let purpose = match purpose {
                Purpose::Test if number + 1 < modules.len() => Purpose::Run,
                purpose => purpose,
            };
            // A tree with gaps is not looked at: without the names in the gaps there would only be
            // more errors. A module that did not compile is just unknown to those that import it.
            let mut code = None;
            if node.is_whole {
                let files = dependencies(node, &compiled);
                let text = sources.get(node.source).map_or("", |source| &*source.text);
                let Node { module, name, source, .. } = node;
                let (made, found) = match entered {
                    Some(entered) => {
                        let files = entered.with_files(files, &compiled);
                        let place = (&**name, *source, text);
                        let (made, found) =
                            compile::compile_entry(module, place, &names, &files, entered.names);
                        let (code, names) = made.unzip();
                        declared = names.unwrap_or_default();
                        (code, found)
                    }
                    None => compile::compile(module, name, *source, text, &names, &files, purpose),
                };
                diagnostics.extend(found);
                code = made;
            }
            compiled.push(code.map(Arc::new));
        }
        let identities: Vec<String> = modules.into_iter().map(|node| node.identity).collect();
        silence(&mut diagnostics, &sources);
        diagnostics.sort_by_key(|diagnostic| {
            diagnostic.primary().map(|label| (label.source, label.span.start))
        });
        let compiled: Option<Vec<_>> = compiled.into_iter().collect();
        match compiled {
            Some(modules) if !diagnostics.iter().any(Diagnostic::is_error) => {
                let known = known.into_iter().map(|known| known.identity);
                let content = Content {
                    code: Code { modules },
                    library,
                    sources,
                    warnings: diagnostics,
                    identities: known.chain(identities).collect(),
                    base,
                    needed: needed.into_iter().collect(),
                };
                Ok((Program { content: Arc::new(content) }, declared))
            }
            _ => Err(CompileError { diagnostics, sources }),
        }
    }
}

/// What a module's imports of files offer, as far as they compiled.
fn dependencies(node: &Node, compiled: &[Option<Arc<ModuleCode>>]) -> HashMap<String, Dependency> {
    let known = |(text, &index): (&String, &usize)| {
        let code = compiled[index].as_ref()?;
        Some((text.clone(), dependency(index, code)))
    };
    node.files.iter().filter_map(known).collect()
}

fn dependency(index: usize, code: &ModuleCode) -> Dependency {
    Dependency { index: index as u32, exports: code.exports.clone() }
}

impl CompileError {
    /// The diagnostics as text, drawn with their places in the source.
    pub fn render(&self, colour: bool) -> String {
        render(&self.diagnostics, &self.sources, colour)
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut titles = self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        match titles.next() {
            Some(first) => f.write_str(&first.title)?,
            None => f.write_str("the program has errors")?,
        }
        match titles.count() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl std::error::Error for CompileError {}
