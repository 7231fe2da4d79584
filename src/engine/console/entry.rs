//! Entries: from a text to a task.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::Submitted;
use super::run::Running;
use super::{Console, Event};
use crate::bytecode::program::{ModuleCode, SESSION};
use crate::compile::{Declared, DeclaredKind, NewName, NewNames, SessionName};
use crate::engine::graph::{Graph, Known as KnownModule};
use crate::engine::program::{CompileError, Entered, Program};
use crate::syntax::{self, PieceKind};

/// A file that a name of the session stands for.
pub(super) struct Known {
    pub(super) name: Arc<str>,
    pub(super) code: Arc<ModuleCode>,
}

/// What the end of an entry's text asks for.
struct Ending {
    /// It ends with `;`: its value is not shown.
    is_hidden: bool,
    /// It ends with `&`: it runs in the background.
    is_background: bool,
}

/// Whether a text is right as far as it goes and goes on: a terminal then asks for more lines. The
/// parser decides.
pub fn is_incomplete(text: &str) -> bool {
    let (text, _) = ending(text);
    !is_command(text) && syntax::parse(text, Default::default()).is_incomplete
}

/// Whether a line is for the console and not for the language.
pub(super) fn is_command(text: &str) -> bool {
    text.trim_start().starts_with(':')
}

/// A text without the `&` behind it, and what its end asks for.
fn ending(text: &str) -> (&str, Ending) {
    let trimmed = text.trim_end();
    let before = trimmed.strip_suffix('&').filter(|before| !before.ends_with('&'));
    let is_background = before.is_some_and(|before| !before.trim().is_empty());
    let text = if is_background { before.unwrap_or(text) } else { text };
    let pieces = syntax::pieces(text);
    let comments = pieces.iter().rev().take_while(|piece| piece.kind == PieceKind::Comment);
    let end = comments.last().map_or(text.len(), |first| first.range.start);
    let is_hidden = text[..end].trim_end().ends_with(';');
    (text, Ending { is_hidden, is_background })
}

impl Console {
    /// Takes a text: a line that begins with `:` is a command, all else is an entry and is started.
    pub fn submit(&mut self, text: &str) -> Submitted {
        if self.has_ended {
            return Submitted::Nothing;
        }
        let (text, ending) = ending(text);
        let parsed = syntax::parse(text, Default::default());
        if parsed.is_incomplete {
            return Submitted::Incomplete;
        }
        if !parsed.has_errors() && parsed.module.statements.is_empty() {
            return Submitted::Nothing;
        }
        let name = format!("<{}>", self.entry + 1);
        match self.start(&name, text, ending.is_background) {
            Ok(number) => {
                if let Some(entry) = self.running.last_mut() {
                    entry.shows = !ending.is_hidden;
                }
                Submitted::Started(number)
            }
            Err(error) => Submitted::Rejected(error.render(false).trim_end().to_owned()),
        }
    }

    /// Compiles an entry and makes its task.
    pub(super) fn start(
        &mut self,
        name: &str,
        text: &str,
        is_background: bool,
    ) -> Result<u64, CompileError> {
        let (program, declared) = self.compile(name, text)?;
        self.vm.sources.extend(&program);
        let loaded = self.load_program(&program);
        self.entry += 1;
        let number = self.entry;
        match loaded {
            Ok(parts) => {
                self.declare(&program, declared);
                let entry = Running::new(number, parts, !is_background);
                self.run(entry);
            }
            Err(text) => {
                self.events.push(Event::Failed { entry: number, text });
                self.events.push(Event::Finished { entry: number });
            }
        }
        Ok(number)
    }

    fn compile(&self, name: &str, text: &str) -> Result<(Program, NewNames), CompileError> {
        let engine = &self.vm.engine;
        let mut sources = (*self.vm.sources.map()).clone();
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
