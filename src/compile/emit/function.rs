//! Functions: their frames, parameters and bodies, and the closures made of them.

use std::sync::Arc;

use super::builder::Builder;
use super::cleanup::Defers;
use super::{Emitter, Storage, Want};
use crate::bytecode::assembler::Reg;
use crate::bytecode::body::BodyCode;
use crate::bytecode::op::{NO_REGISTER, Opcode, ScopeKind};
use crate::bytecode::program::{CLOSURE_NAME, FunctionCode, ParamCode};
use crate::compile::resolve::{FnId, OwnerKey};
use crate::diagnostics::Span;
use crate::syntax::ast::{Block, ExprId, Function, FunctionBody, PatternKind, Symbol};

impl Emitter<'_> {
    /// The number of a function, which may not have been written yet.
    pub(super) fn function_index(&mut self, id: FnId) -> u32 {
        let next = self.functions.len() as u32;
        let index = *self.function_index.entry(id).or_insert(next);
        if index == next {
            self.functions.push(None);
        }
        index
    }

    /// Makes the closure of a hoisted `fn` and sets its variable.
    pub(super) fn named_function(&mut self, function: &Function) {
        let Some(name) = function.name else { return };
        let Some(var) = self.names.declared_at(name.span) else { return };
        let Some(&id) = self.names.function_of.get(&std::ptr::from_ref(function)) else { return };
        let text = self.ast.text(name.symbol);
        let text = if self.is_core { method_name(text) } else { text.to_owned() };
        self.declare(var);
        self.function(id, &text, function);
        let mark = self.mark();
        let register = match self.direct(var) {
            Some(register) => register,
            None => self.alloc(),
        };
        self.at(name.span, |this| {
            this.make_closure(id, register);
            this.set_first(var, register);
        });
        self.release(mark);
    }

    pub(super) fn closure(&mut self, function: &Function, dst: Reg) {
        let Some(&id) = self.names.function_of.get(&std::ptr::from_ref(function)) else { return };
        self.function(id, CLOSURE_NAME, function);
        self.make_closure(id, dst);
    }

    /// The block of a `spawn` becomes a function without parameters.
    pub(super) fn spawn_block(&mut self, operand: ExprId, block: &Block, dst: Reg) {
        let Some(&id) = self.names.value_functions.get(&operand) else { return };
        let line = self.text_of(Span::new(0, block.span.start)).matches('\n').count() + 1;
        let file = self.source.name.rsplit('/').next().unwrap_or("");
        let name = format!("block@{file}:{line}");
        self.write_function(id, &name, block.span, None, |this| {
            this.body(id, None, |this, want, defers| {
                if want == Want::Return && this.has_defers(&this.ast[block.statements]) {
                    // A value that is returned at once would go around the defers.
                    let value = this.alloc();
                    this.statements(&this.ast[block.statements], Want::In(value), defers);
                    return this.op1(Opcode::Return, value);
                }
                this.statements(&this.ast[block.statements], want, defers);
            });
        });
        self.make_closure(id, dst);
    }

    /// A function whose value is that of an expression.
    pub(super) fn value_function(&mut self, id: FnId, name: &str, value: ExprId) {
        let span = self.ast[value].span;
        self.write_function(id, name, span, None, |this| this.value(value, Want::Return));
    }

    fn make_closure(&mut self, id: FnId, dst: Reg) {
        let index = self.function_index(id) as i32;
        let closure = self.closure_operand();
        self.f.asm.emit(Opcode::Closure, dst.0, 0, closure, index);
    }

    /// The register of this frame's closure, for those who capture from it.
    pub(super) fn closure_operand(&self) -> u8 {
        self.f.closure.map_or(NO_REGISTER, |closure| closure.0)
    }

    /// Writes a function of the tree.
    pub(super) fn function(&mut self, id: FnId, name: &str, function: &Function) {
        if self.is_core && name == "list.sort_asking" {
            let span = function.span;
            return self.write_function(id, "list.sort", span, Some(function), Self::sort_asking);
        }
        self.write_function(id, name, function.span, Some(function), |this| {
            this.body(id, Some(function), |this, want, defers| match &function.body {
                FunctionBody::Block(block) => {
                    this.statements(&this.ast[block.statements], want, defers)
                }
                FunctionBody::Simple(statement) => {
                    this.statement_value(*statement, want);
                    this.close_defers(defers);
                }
            });
        });
    }

    /// The one function of the core module whose code no source says: its parameters are a sorting
    /// and a comparison, which is called, and awaited if the sorting is, until the order is known.
    fn sort_asking(&mut self) {
        let (sorting, compare) = (Reg(0), Reg(1));
        let window = self.alloc_many(3);
        let (top, first) = (self.label(), self.label());
        self.op1(Opcode::LoadUnset, window);
        self.jump(first);
        self.bind(top);
        self.f.asm.emit(Opcode::CallEither, window.0, compare.0, 2, 0);
        self.bind(first);
        self.f.asm.jump(Opcode::AskOrder, window.0, sorting.0, 0, top);
    }

    /// Writes a function in a frame of its own.
    pub(super) fn write_function(
        &mut self,
        id: FnId,
        name: &str,
        span: Span,
        declaration: Option<&Function>,
        write: impl FnOnce(&mut Self),
    ) {
        let index = self.function_index(id) as usize;
        let captures = match self.names.function(id).parent {
            Some(_) => self.captures_of(id),
            None => Vec::new(),
        };
        let asm = self.idle.pop().unwrap_or_default();
        let outer = std::mem::replace(&mut self.f, Builder::new(id, asm));
        self.f.asm.set_span(span);
        let info = self.names.function(id);
        if let Some(var) = info.self_var {
            let register = self.alloc();
            self.place(var, Storage::Register(register));
        }
        let params = declaration.map_or(&[][..], |function| &function.params[..]);
        let count = u8::try_from(params.len()).unwrap_or(NO_REGISTER);
        self.alloc_many(count);
        if !captures.is_empty() {
            let closure = self.alloc();
            self.f.closure = Some(closure);
        }
        write(self);
        if !self.unreachable() {
            self.f.asm.emit(Opcode::ReturnNull, 0, 0, 0, 0);
        }
        self.report_registers(&format!("`{name}`"));
        let closure_register = self.closure_operand();
        let mut done = std::mem::replace(&mut self.f, outer);
        let registers = done.registers();
        let generator_register = done.generator.map(|register| register.0);
        let locals = done.locals;
        let (code, places, handlers) = done.asm.finish();
        self.idle.push(done.asm);
        let class = info.class.map(|class| self.class_index(class));
        let doc = self.doc(declaration.and_then(|function| function.doc));
        self.functions[index] = Some(FunctionCode {
            name: name.into(),
            params: self.params(declaration),
            has_rest: params.last().is_some_and(|param| param.rest),
            has_self: info.self_var.is_some(),
            is_async: info.must_be_awaited(),
            class,
            registers,
            closure_register,
            generator_register,
            captures,
            body: BodyCode { code, places, handlers, locals, doc }.into(),
            span,
        });
    }

    pub(super) fn doc(&self, doc: Option<Symbol>) -> Option<Arc<str>> {
        doc.map(|doc| self.ast.text(doc).into())
    }

    fn params(&self, declaration: Option<&Function>) -> Vec<ParamCode> {
        let params = declaration.map_or(&[][..], |function| &function.params[..]);
        let code = params.iter().map(|param| ParamCode {
            name: match self.ast[param.pattern].kind {
                PatternKind::Bind(name) => self.ast.text(name.symbol).into(),
                _ => "".into(),
            },
            optional: param.default.is_some(),
        });
        code.collect()
    }

    /// Parameters and body, in a scope record if tasks are spawned that the body owns.
    pub(super) fn body(
        &mut self,
        id: FnId,
        declaration: Option<&Function>,
        write: impl FnOnce(&mut Self, Want, &mut Defers),
    ) {
        if self.names.function(id).is_generator {
            self.prologue(declaration);
            self.begin_generator();
            return write(self, Want::Nothing, &mut Defers::of_block());
        }
        let owner = self.names.owners.get(&OwnerKey::Body(id)).map(|owner| owner.var);
        let Some(var) = owner else {
            self.prologue(declaration);
            // A value that is returned at once would go around the body's defers.
            let value = match declaration.is_some_and(|function| self.defers_in(function)) {
                true => Some(self.alloc()),
                false => None,
            };
            let want = value.map_or(Want::Return, Want::In);
            write(self, want, &mut Defers::of_block());
            if let Some(value) = value {
                self.op1(Opcode::Return, value);
            }
            return;
        };
        let value = self.alloc();
        let options = (Reg(0), 0);
        self.scope_region(ScopeKind::Body, var, options, Some(value), None, |this, defers| {
            this.prologue(declaration);
            write(this, Want::In(value), defers);
        });
        self.op1(Opcode::Return, value);
    }

    /// The place where a call of the function ends with a generator, which goes on behind it.
    fn begin_generator(&mut self) {
        let generator = self.alloc();
        self.f.generator = Some(generator);
        let is_async = u8::from(self.names.function(self.f.id).is_async);
        let live = self.live();
        self.f.asm.emit(Opcode::Generator, generator.0, is_async, live, 0);
    }

    pub(super) fn yield_value(&mut self, value: Option<ExprId>, want: Want) {
        let Some(generator) = self.f.generator else { return };
        let mark = self.mark();
        let live = self.live();
        let register = match value {
            Some(value) => self.any(value),
            None => self.alloc(),
        };
        if value.is_none() {
            self.load_null(register);
        }
        self.f.asm.emit(Opcode::Yield, register.0, generator.0, live, 0);
        self.release(mark);
        self.null(want);
    }

    /// How many registers are in use.
    fn live(&self) -> u8 {
        u8::try_from(self.mark()).unwrap_or(NO_REGISTER)
    }

    fn defers_in(&self, function: &Function) -> bool {
        match &function.body {
            FunctionBody::Block(block) => self.has_defers(&self.ast[block.statements]),
            FunctionBody::Simple(_) => false,
        }
    }

    /// Defaults, cells and patterns of the parameters, from left to right.
    fn prologue(&mut self, declaration: Option<&Function>) {
        let Some(function) = declaration else { return };
        let first = u8::from(self.names.function(self.f.id).self_var.is_some());
        for (index, param) in function.params.iter().enumerate() {
            let register = Reg(first.saturating_add(u8::try_from(index).unwrap_or(NO_REGISTER)));
            if let Some(default) = param.default {
                let set = self.label();
                self.jump_on(Opcode::JumpIfSet, register, set);
                self.expr(default, register);
                self.bind(set);
            }
            if let PatternKind::Bind(name) = self.ast[param.pattern].kind {
                let Some(var) = self.names.declared_at(name.span) else { continue };
                let cell = self.names.variable(var).needs_cell();
                let storage =
                    if cell { Storage::Cell(register) } else { Storage::Register(register) };
                self.place(var, storage);
                self.set_first(var, register);
                continue;
            }
            self.declare_pattern(param.pattern);
            self.take_apart(param.pattern, register, None);
        }
    }
}

/// How errors name a function of the core module, which scripts know as a method: `list_map` is
/// `list.map`.
fn method_name(text: &str) -> String {
    match text.split_once('_') {
        Some((owner @ ("list" | "map" | "set" | "range" | "iterator"), method)) => {
            format!("{owner}.{method}")
        }
        _ => text.to_owned(),
    }
}
