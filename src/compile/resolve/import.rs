//! Imports: what they bind, and the slots of other modules.

use super::{Binding, Resolver};
use crate::bytecode::program::ImportedSlot;
use crate::diagnostics::Code;
use crate::syntax::ast::{Import, ImportItem, ImportKind, ImportModule, ImportSource, Name};

impl Resolver<'_> {
    pub(super) fn import(&mut self, import: &Import) {
        let public = import.public;
        match &import.kind {
            ImportKind::Modules(modules) => {
                modules.iter().for_each(|module| self.import_module(module, public));
            }
            ImportKind::Names { items, from } => {
                let module = self.source_of(from);
                items.iter().for_each(|item| self.import_item(item, &module, public));
            }
        }
    }

    fn import_module(&mut self, module: &ImportModule, public: bool) {
        let binding = self.source_of(&module.source);
        let name = match (module.alias, module.source) {
            (Some(alias), _) => alias,
            (None, ImportSource::Standard(name)) => name,
            (None, ImportSource::File(path)) => match self.stem(path) {
                Some(name) => name,
                None => return self.keep_for_session(path, binding),
            },
        };
        self.import_as(name, binding, public);
    }

    fn import_as(&mut self, name: Name, binding: Binding, public: bool) {
        if public {
            self.out.reexports.push((self.ast.text(name.symbol).into(), binding.clone()));
        }
        if let Some(imported) = &mut self.out.session {
            imported.push((self.ast.text(name.symbol).into(), binding.clone()));
        }
        self.bind(name, binding, true);
    }

    /// An entry of a console may import a file whose name only later entries write.
    fn keep_for_session(&mut self, path: Name, binding: Binding) {
        let name = stem_of(self.ast.text(path.symbol));
        if let Some(imported) = &mut self.out.session {
            imported.push((name.into(), binding));
        }
    }

    /// The name that a file is bound to: its own without directories and ending. If the module
    /// never writes that name, nobody can use it and it needs no binding.
    fn stem(&mut self, path: Name) -> Option<Name> {
        let text = self.ast.text(path.symbol);
        let stem = stem_of(text);
        let mut chars = stem.chars();
        let begins = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
        if !begins || !chars.all(|c| c.is_alphanumeric() || c == '_') {
            self.report.fault(
                Code::E0406,
                path.span,
                format!("`{stem}` is not a name that a variable can have"),
                "what should the module be called?",
                "write `as name` behind it",
            );
            return None;
        }
        let symbol = self.ast.symbol(stem)?;
        Some(Name { symbol, span: path.span })
    }

    fn source_of(&mut self, source: &ImportSource) -> Binding {
        let ast = self.ast;
        match source {
            ImportSource::Standard(name) => {
                let text = ast.text(name.symbol);
                if self.names.has_module(text) {
                    return Binding::Module(text.into());
                }
                // Whoever looks for modules has reported it.
                self.report.taint();
                Binding::Unknown
            }
            ImportSource::File(path) => {
                let text = ast.text(path.symbol);
                if self.files.contains_key(text) {
                    return Binding::FileModule(text.into());
                }
                self.report.taint();
                Binding::Unknown
            }
        }
    }

    fn import_item(&mut self, item: &ImportItem, module: &Binding, public: bool) {
        let binding = self.module_member(module, item.name).unwrap_or(Binding::Unknown);
        self.import_as(item.alias.unwrap_or(item.name), binding, public);
    }

    /// The number under which this module knows a slot of another one.
    pub(super) fn imported_slot(&mut self, module: u32, slot: u32) -> u32 {
        let next = self.out.imports.len() as u32;
        let index = *self.imported.entry((module, slot)).or_insert(next);
        if index == next {
            self.out.imports.push(ImportedSlot { module, slot });
        }
        index
    }
}

/// The name of a file without directories and ending.
fn stem_of(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".ket").unwrap_or(file)
}
