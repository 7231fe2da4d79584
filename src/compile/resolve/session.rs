//! Names of a console: those of earlier entries, and those that an entry declares.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Binding, FnId, Resolution, Resolver, VarId, VarKind, Variable};
use crate::bytecode::program::{ExportKind, SESSION};
use crate::compile::{Declared, DeclaredKind, Dependency, NewName, NewNames, SessionName};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{Ast, Symbol};

impl Resolver<'_> {
    /// What a name means that an earlier entry of the console has declared.
    pub(super) fn session_name(&mut self, symbol: Symbol, span: Span) -> Option<Binding> {
        let session = self.session?;
        if let Some(known) = self.session_variables.get(&symbol) {
            return Some(known.clone());
        }
        let binding = match session.get(self.ast.text(symbol))? {
            SessionName::Slot(slot, declared) => {
                self.session_variable(symbol, span, *slot, declared)
            }
            SessionName::Module(name) => Binding::Module(name.clone()),
            SessionName::Member(module, name, kind) => {
                Binding::Member(module.clone(), name.clone(), *kind)
            }
            SessionName::File(name) => Binding::FileModule(name.clone()),
        };
        self.session_variables.insert(symbol, binding.clone());
        Some(binding)
    }

    fn session_variable(
        &mut self,
        name: Symbol,
        span: Span,
        slot: u32,
        declared: &Declared,
    ) -> Binding {
        let import = self.imported_slot(SESSION, slot);
        let kind = match declared.kind {
            DeclaredKind::Let | DeclaredKind::Function => VarKind::Let,
            DeclaredKind::Var => VarKind::Var,
            DeclaredKind::Class => VarKind::Class,
            DeclaredKind::Enum => VarKind::Enum,
        };
        self.out.variables.push(Variable {
            name,
            span,
            // None of this entry's functions: each of them reads it from its slot.
            function: FnId(u32::MAX),
            kind,
            top_level: true,
            public: false,
            captured: true,
            early: false,
            assigned: true,
            session: Some(import),
        });
        let var = VarId(self.out.variables.len() as u32 - 1);
        self.out.session_colours.insert(var, declared.colour);
        if let Some(shape) = &declared.enumeration {
            self.out.enums.insert(var, shape.clone());
        }
        Binding::Variable(var)
    }

    /// An entry assigns what an earlier one has declared.
    pub(super) fn assign_session(&mut self, var: VarId, text: &str, span: Span) {
        let what = match self.out.variable(var).kind {
            VarKind::Var => return,
            VarKind::Class => "a class",
            VarKind::Enum => "an enum",
            _ if self.colour(&Binding::Variable(var)) != ExportKind::Value => "a function",
            _ => "declared with `let`",
        };
        self.report.fault(
            Code::E0203,
            span,
            format!("`{text}` cannot be assigned"),
            what,
            format!("declare it again: `var {text} = …`"),
        );
    }
}

/// The names that an entry declares for the entries to come.
pub fn new_names(
    ast: &Ast,
    resolution: &Resolution,
    files: &HashMap<String, Dependency>,
) -> NewNames {
    let own = resolution.variables.iter().enumerate().filter_map(|(index, variable)| {
        if !variable.top_level || variable.session.is_some() {
            return None;
        }
        let (kind, colour) = match variable.kind {
            VarKind::Let => (DeclaredKind::Let, ExportKind::Value),
            VarKind::Var => (DeclaredKind::Var, ExportKind::Value),
            VarKind::Class => (DeclaredKind::Class, ExportKind::Value),
            VarKind::Enum => (DeclaredKind::Enum, ExportKind::Value),
            VarKind::Function(id) if resolution.function(id).must_be_awaited() => {
                (DeclaredKind::Function, ExportKind::AsyncFunction)
            }
            VarKind::Function(_) => (DeclaredKind::Function, ExportKind::Function),
            VarKind::Param | VarKind::Bound | VarKind::Hidden => return None,
        };
        let enumeration = resolution.enums.get(&VarId(index as u32)).cloned();
        let declared = Declared { kind, colour, enumeration };
        Some((Arc::from(ast.text(variable.name)), NewName::Own(declared)))
    });
    let imported = resolution.session.iter().flatten().filter_map(|(name, binding)| {
        let meaning = match binding {
            Binding::Module(module) => NewName::Module(module.clone()),
            Binding::Member(module, member, kind) => {
                NewName::Member(module.clone(), member.clone(), *kind)
            }
            Binding::FileModule(file) => NewName::File(files.get(&**file)?.index),
            Binding::Imported(index, kind) => {
                let slot = *resolution.imports.get(*index as usize)?;
                NewName::Imported(slot, *kind, resolution.imported_enums.get(index).cloned())
            }
            Binding::Variable(_) | Binding::Prelude(_) | Binding::Unknown => return None,
        };
        Some((name.clone(), meaning))
    });
    imported.chain(own).collect()
}
