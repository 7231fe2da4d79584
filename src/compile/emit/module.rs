//! The module: its slots, its top-level code, what it exports.

use std::sync::Arc;

use super::{Emitter, Want};
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::{Export, ExportKind, ModuleCode, TestCode};
use crate::compile::resolve::{Binding, FnId, VarId, VarKind, Variable};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::StmtKind;

/// So many variables of the top level may live in registers instead of slots.
const REGISTER_VARIABLES_MAX: usize = 60;

impl Emitter<'_> {
    /// Writes the top-level code, and with it everything else.
    pub(super) fn module(&mut self) {
        self.give_slots();
        let module = self.source.module;
        let ast = self.ast;
        for &statement in &module.statements {
            if let StmtKind::Function { function, .. } = &ast[statement].kind
                && let Some(&id) = self.names.function_of.get(&std::ptr::from_ref(&**function))
            {
                self.declarations.insert(id, function);
            }
        }
        let id = FnId(0);
        let end = self.source.text.len() as u32;
        let name = if self.is_entry { self.source.name } else { "<module>" };
        self.write_function(id, name, Span::new(0, end), None, |this| {
            this.reexports();
            this.body(id, None, |this, want, defers| {
                // The value of the last statement is nobody's, unless a console shows it.
                let want = match want {
                    Want::Return if !this.is_entry => Want::Nothing,
                    want => want,
                };
                this.statements(&module.statements, want, defers);
            });
        });
        self.tests();
    }

    /// Writes the bodies of the `test` blocks, which only `kettle test` calls, unless they are left out.
    fn tests(&mut self) {
        let (ast, names, module) = (self.ast, self.names, self.source.module);
        if names.tests.is_empty() {
            return;
        }
        for &statement in &module.statements {
            let StmtKind::Test { name, body, .. } = &ast[statement].kind else { continue };
            let Some((id, options)) = names.tests.get(&statement) else { continue };
            let (id, name, span) = (*id, ast.text(*name), ast[statement].span);
            self.write_function(id, &format!("test {name:?}"), span, None, |this| {
                this.body(id, None, |this, want, defers| {
                    let want = if want == Want::Return { Want::Nothing } else { want };
                    this.statements(&this.ast[body.statements], want, defers);
                });
            });
            let function = self.function_index(id);
            let options = options.clone();
            self.tests.push(TestCode { name: name.into(), function, span, options });
        }
    }

    /// Top-level variables that other functions or modules use get slots. The others may live in
    /// registers, which is faster.
    fn give_slots(&mut self) {
        let names = self.names;
        for (_, binding) in names.reexports.iter().filter(|(_, b)| *b != Binding::Unknown) {
            debug_assert!(!matches!(binding, Binding::Variable(_)), "imports are no variables");
        }
        if self.is_entry {
            return self.give_entry_slots();
        }
        let mut registers = 0;
        for (index, variable) in names.variables.iter().enumerate() {
            if !variable.top_level {
                continue;
            }
            let shared = variable.public
                || variable.captured
                || matches!(variable.kind, VarKind::Function(_));
            if !shared && registers < REGISTER_VARIABLES_MAX {
                registers += 1;
                continue;
            }
            let slot = self.slots.len() as u32;
            self.slots.push(self.ast.text(variable.name).into());
            self.slot_of.insert(VarId(index as u32), slot);
        }
        for (name, _) in &names.reexports {
            self.slots.push(name.clone());
        }
    }

    /// In an entry of a console all top-level variables have slots: entries to come use them. One that
    /// is declared twice has one.
    fn give_entry_slots(&mut self) {
        let names = self.names;
        let is_own = |variable: &&Variable| variable.top_level && variable.session.is_none();
        for variable in names.variables.iter().filter(is_own) {
            let name = self.ast.text(variable.name);
            if !self.slots.iter().any(|known| &**known == name) {
                self.slots.push(name.into());
            }
        }
        for (index, variable) in names.variables.iter().enumerate() {
            let slot = match variable.session {
                Some(import) => Some(self.slots.len() + names.reexports.len() + import as usize),
                None if variable.top_level => {
                    let name = self.ast.text(variable.name);
                    self.slots.iter().position(|known| &**known == name)
                }
                None => None,
            };
            if let Some(slot) = slot {
                self.slot_of.insert(VarId(index as u32), slot as u32);
            }
        }
        self.slots.extend(names.reexports.iter().map(|(name, _)| name.clone()));
    }

    /// The slots behind those of the variables hold what is imported and exported again.
    fn first_reexport(&self) -> usize {
        self.slots.len() - self.names.reexports.len()
    }

    fn reexports(&mut self) {
        let names = self.names;
        let first = self.first_reexport();
        for (index, (_, binding)) in names.reexports.iter().enumerate() {
            let mark = self.mark();
            let value = self.alloc();
            let span = self.f.asm.span();
            self.load_binding(binding, value, span);
            self.op_imm(Opcode::SetSlot, value, Reg(0), (first + index) as i32);
            self.release(mark);
        }
    }

    fn exports(&self) -> Vec<Export> {
        let mut exports: Vec<Export> = Vec::new();
        for (index, variable) in self.names.variables.iter().enumerate() {
            if !variable.public {
                continue;
            }
            let Some(&slot) = self.slot_of.get(&VarId(index as u32)) else { continue };
            let name: Arc<str> = self.ast.text(variable.name).into();
            let enumeration = self.names.enums.get(&VarId(index as u32)).cloned();
            exports.push(Export { name, slot, kind: self.kind_of(variable), enumeration });
        }
        let first = self.first_reexport();
        for (index, (name, binding)) in self.names.reexports.iter().enumerate() {
            let kind = match binding {
                Binding::Member(_, _, kind) | Binding::Imported(_, kind) => *kind,
                _ => ExportKind::Value,
            };
            let enumeration = match binding {
                Binding::Imported(import, _) => self.names.imported_enums.get(import).cloned(),
                _ => None,
            };
            let slot = (first + index) as u32;
            exports.push(Export { name: name.clone(), slot, kind, enumeration });
        }
        exports.sort_by(|a, b| a.name.cmp(&b.name));
        exports
    }

    fn kind_of(&self, variable: &Variable) -> ExportKind {
        match variable.kind {
            VarKind::Function(id) if self.names.function(id).must_be_awaited() => {
                ExportKind::AsyncFunction
            }
            VarKind::Function(_) => ExportKind::Function,
            _ => ExportKind::Value,
        }
    }

    /// The finished module.
    pub(super) fn finish(self) -> ModuleCode {
        let exports = self.exports();
        let main = self.names.variables.iter().enumerate().find_map(|(index, variable)| {
            let is_main = variable.top_level
                && matches!(variable.kind, VarKind::Function(_))
                && self.ast.text(variable.name) == "main";
            is_main.then(|| self.slot_of.get(&VarId(index as u32)).copied())?
        });
        if self.constants.len() > i32::MAX as usize || self.functions.len() > i32::MAX as usize {
            let title = "the module has too many functions or constants";
            self.report.fault(Code::E0802, Span::default(), title, "", "");
        }
        let functions: Option<Vec<_>> = self.functions.into_iter().collect();
        let classes: Option<Vec<_>> = self.classes.into_iter().collect();
        debug_assert!(
            self.report.has_errors() || (functions.is_some() && classes.is_some()),
            "what is numbered is written"
        );
        ModuleCode {
            name: self.source.name.into(),
            source: self.source.id,
            functions: functions.unwrap_or_default(),
            constants: self.constants,
            classes: classes.unwrap_or_default(),
            selects: self.selects,
            slots: self.slots,
            imports: self.names.imports.clone(),
            exports,
            main,
            tests: self.tests,
        }
    }
}
