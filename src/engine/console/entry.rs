//! Entries: from a text to a task.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::Submitted;
use super::run::Running;
use super::{Console, Event};
use crate::bytecode::program::{ModuleCode, SESSION};
use crate::compile::{Declared, DeclaredKind, NewName, NewNames, SessionName};
use crate::diagnostics::SourceMap;
use crate::engine::graph::{Graph, Known as KnownModule};
use crate::engine::program::{CompileError, Entered, Program};
use crate::syntax::{self, PieceKind};

/// A file that a name of the session stands for.
pub(super) struct Known {
    pub(super) name: Arc<str>,
    pub(super) code: Arc<ModuleCode>,
}

/// What is shown when an entry has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Its value, unless that is null.
    Value,
    /// Nothing: it ends with `;`.
    Nothing,
    /// The type of its value.
    Type,
    /// Its value, and how long it took.
    Time,
    /// Nothing: it is a file, whose `main` is run, too.
    File,
}

/// Whether a text is right as far as it goes and goes on: a terminal then asks for more lines. The
/// parser decides.
pub fn is_incomplete(text: &str) -> bool {
    let (text, _) = split_background(text);
    !is_command(text)
        && question(text).is_none()
        && syntax::parse(text, Default::default()).is_incomplete
}

/// Whether a line is for the console and not for the language.
pub(super) fn is_command(text: &str) -> bool {
    text.trim_start().starts_with(':')
}

/// What `x?` and `x??` ask about, and whether its source is wanted. No entry ends with a `?` outside of
/// strings and comments.
fn question(text: &str) -> Option<(&str, bool)> {
    let text = text.trim();
    let asked = text.trim_end_matches('?');
    let is_question = text.len() > asked.len() && !asked.is_empty() && !ends_hidden(text);
    is_question.then(|| (asked.trim_end(), text.len() - asked.len() > 1))
}

/// Whether the last sign of a text belongs to a string or a comment.
fn ends_hidden(text: &str) -> bool {
    let last = syntax::pieces(text).pop();
    last.is_some_and(|it| {
        matches!(it.kind, PieceKind::Text | PieceKind::Comment) && it.range.end == text.len()
    })
}

/// A text without the `&` behind it, and whether there is one: it is to run in the background.
fn split_background(text: &str) -> (&str, bool) {
    let before = text.trim_end().strip_suffix('&').filter(|before| !before.ends_with('&'));
    match before.filter(|before| !before.trim().is_empty()) {
        Some(before) => (before, true),
        None => (text, false),
    }
}

/// Whether a text ends with `;`, comments aside.
fn is_silenced(text: &str) -> bool {
    let pieces = syntax::pieces(text);
    let comments = pieces.iter().rev().take_while(|piece| piece.kind == PieceKind::Comment);
    let end = comments.last().map_or(text.len(), |first| first.range.start);
    text[..end].trim_end().ends_with(';')
}

impl Console {
    /// Takes a text: a line that begins with `:` is a command, `NAME?` a question, all else an entry that
    /// is started.
    pub fn submit(&mut self, text: &str) -> Submitted {
        if self.has_ended {
            return Submitted::Nothing;
        }
        if is_command(text) {
            return self.command(text);
        }
        if let Some((name, wants_source)) = question(text) {
            self.tell(if wants_source { self.source_of(name) } else { self.document(name) });
            return Submitted::Nothing;
        }
        let (text, is_background) = split_background(text);
        let shown = if is_silenced(text) { Shown::Nothing } else { Shown::Value };
        self.enter_as(text, is_background, shown)
    }

    /// Starts an entry in the foreground.
    pub(super) fn enter(&mut self, text: &str, shown: Shown) -> Submitted {
        self.enter_as(text, false, shown)
    }

    fn enter_as(&mut self, text: &str, is_background: bool, shown: Shown) -> Submitted {
        let parsed = syntax::parse(text, Default::default());
        if parsed.is_incomplete {
            return Submitted::Incomplete;
        }
        if !parsed.has_errors() && parsed.module.statements.is_empty() {
            return Submitted::Nothing;
        }
        self.start(&self.next_name(), text, is_background, shown)
    }

    /// What the next entry is called in traces.
    pub(super) fn next_name(&self) -> String {
        format!("<{}>", self.entry + 1)
    }

    /// Compiles an entry and makes its task.
    pub(super) fn start(
        &mut self,
        name: &str,
        text: &str,
        is_background: bool,
        shown: Shown,
    ) -> Submitted {
        let (program, declared) = match self.compile(name, text) {
            Ok(compiled) => compiled,
            Err(error) => {
                return Submitted::Rejected(error.render(self.view.colour).trim_end().to_owned());
            }
        };
        self.entry += 1;
        let number = self.entry;
        self.vm.sources.add(&program);
        match self.load_program(&program) {
            Ok(parts) => {
                self.pin_results(program.code());
                let own = |(name, meaning): &(Arc<str>, NewName)| {
                    matches!(meaning, NewName::Own(_)).then(|| name.clone())
                };
                let names = declared.iter().filter_map(own).collect();
                self.declare(&program, declared);
                self.run(Running::new(number, parts, names, shown), is_background);
            }
            Err(text) => {
                self.events.push(Event::Failed { entry: number, text });
                self.events.push(Event::Finished { entry: number });
            }
        }
        Submitted::Started(number)
    }

    pub(super) fn compile(
        &self,
        name: &str,
        text: &str,
    ) -> Result<(Program, NewNames), CompileError> {
        let engine = &self.vm.engine;
        let mut sources = SourceMap::new();
        let start = (name, text.as_bytes().to_vec());
        let known = self.known.clone();
        let graph = Graph::read_beside(known, engine.loader(), engine.names(), &mut sources, start);
        let imports = engine.imports(&graph)?;
        let number = |file: &Known| {
            let at = self.known.iter().position(|known| Arc::ptr_eq(&known.code, &file.code))?;
            Some((file.name.clone(), at))
        };
        let files: Vec<_> = self.files.iter().filter_map(number).collect();
        let entered = Entered { names: &self.names, files: &files };
        Program::compile_entry(graph, imports, sources, entered)
    }

    /// Loads the entry and the modules that it brings along, and gives what has to run. The error is a
    /// text.
    fn load_program(&mut self, program: &Program) -> Result<VecDeque<Arc<ModuleCode>>, String> {
        let vm = &mut self.vm.runtime.vm;
        self.vm.sources.load_library(vm, program)?;
        let code = program.code();
        let entry = code.modules.len().saturating_sub(1);
        let before = crate::bytecode::program::Program { modules: code.modules[..entry].to_vec() };
        vm.load(&before, program.base()).map_err(|error| error.to_string())?;
        vm.load_entry(code, &mut self.slots).map_err(|error| error.to_string())?;
        let mut brought: Vec<KnownModule> = program.own_modules().collect();
        let parts = brought.iter().map(|module| module.code.clone()).collect();
        brought.pop();
        self.known.extend(brought);
        Ok(parts)
    }

    /// Gives the names that an entry declares their meaning.
    fn declare(&mut self, program: &Program, declared: NewNames) {
        for (name, meaning) in declared {
            let meaning = match meaning {
                NewName::Own(declared) => {
                    let Some(slot) = self.slots.get(&name) else { continue };
                    SessionName::Slot(*slot, declared)
                }
                NewName::Imported(import, colour, enumeration) => {
                    let slot = if import.module == SESSION {
                        Some(import.slot)
                    } else {
                        let module = program.code().modules.get(import.module as usize);
                        let vm = &self.vm.runtime.vm;
                        module.and_then(|module| vm.slot_number(module, import.slot))
                    };
                    let Some(slot) = slot else { continue };
                    let declared = Declared { kind: DeclaredKind::Let, colour, enumeration };
                    SessionName::Slot(slot, declared)
                }
                NewName::Module(module) => SessionName::Module(module),
                NewName::Member(module, member, kind) => SessionName::Member(module, member, kind),
                NewName::File(number) => {
                    let module = program.code().modules.get(number as usize);
                    let Some(code) = module.cloned() else { continue };
                    let name = code.name.clone();
                    self.files.retain(|file| file.name != name);
                    self.files.push(Known { name: name.clone(), code });
                    SessionName::File(name)
                }
            };
            self.names.insert(name, meaning);
        }
    }
}
