//! Scopes, look-up of names, and the path of a capture.

use std::sync::Arc;

use super::{Binding, Context, FnId, FnKind, Resolver, UPVALUES_MAX, VarId, VarKind, Variable};
use crate::bytecode::program::ExportKind;
use crate::diagnostics::{Code, Span, foreign_name, nearest};
use crate::syntax::ast::{Name, Symbol, TypePath};

impl Resolver<'_> {
    pub(super) fn current(&self) -> FnId {
        self.contexts.last().expect("the module's context is there while anything is resolved").id
    }

    pub(super) fn push_scope(&mut self) {
        let function = self.current();
        self.scopes.push(function);
    }

    pub(super) fn pop_scope(&mut self) {
        self.scopes.pop();
    }

    /// Whether names declared now belong to the module's top level.
    pub(super) fn at_top_level(&self) -> bool {
        self.scopes.depth() == 1
    }

    pub(super) fn new_variable(&mut self, name: Symbol, span: Span, kind: VarKind) -> VarId {
        let top_level = self.at_top_level() && kind != VarKind::Hidden;
        self.out.variables.push(Variable {
            name,
            span,
            function: self.current(),
            kind,
            top_level,
            public: false,
            captured: false,
            early: false,
            assigned: false,
            session: None,
        });
        VarId(self.out.variables.len() as u32 - 1)
    }

    pub(super) fn variable_mut(&mut self, var: VarId) -> &mut Variable {
        &mut self.out.variables[var.0 as usize]
    }

    /// Makes a variable that can be looked up; not yet set unless `declared`.
    pub(super) fn declare(&mut self, name: Name, kind: VarKind, declared: bool) -> VarId {
        let var = self.new_variable(name.symbol, name.span, kind);
        self.out.declared.insert(name.span, var);
        self.note_shadow(name.symbol, var);
        self.bind(name, Binding::Variable(var), declared);
        var
    }

    /// Notes which variable of the same function is hidden by a new one.
    fn note_shadow(&mut self, symbol: Symbol, var: VarId) {
        let current = self.current();
        if let Some(entry) = self.scopes.hidden(symbol)
            && let Binding::Variable(hidden) = entry.binding
            && entry.declared
            && entry.function == current
        {
            self.out.shadows.insert(var, hidden);
        }
    }

    /// Gives a name a meaning in the innermost scope.
    pub(super) fn bind(&mut self, name: Name, binding: Binding, declared: bool) {
        let may_repeat = self.session.is_some() && self.at_top_level();
        if let Some(before) = self.scopes.bind(name.symbol, binding, name.span, declared)
            && !may_repeat
        {
            let text = self.ast.text(name.symbol);
            self.report.fault_with(
                Code::E0202,
                name.span,
                format!("`{text}` is bound twice in this block"),
                "bound again here",
                (before, "bound here first"),
                "give it another name, or declare the first one with `var` and assign it",
            );
        }
    }

    /// From here on the variable can be used.
    pub(super) fn set_declared(&mut self, name: Name) {
        let Some(var) = self.out.declared_at(name.span) else { return };
        if self.session.is_some() && self.at_top_level() {
            // Declared twice in an entry: up to the second one the name means the first.
            self.scopes.bind(name.symbol, Binding::Variable(var), name.span, true);
            return;
        }
        if let Some(entry) = self.scopes.innermost_mut(name.symbol)
            && entry.binding == Binding::Variable(var)
        {
            entry.declared = true;
        }
    }

    /// What a name means where it is used; what is unknown is reported.
    pub(super) fn look_up(&mut self, symbol: Symbol, span: Span) -> Binding {
        let current = self.current();
        let mut later = None;
        let found = self.scopes.meanings(symbol).find(|entry| {
            let inside = entry.function == current;
            let too_early = !entry.declared && inside && !self.is_made_before(&entry.binding);
            if too_early {
                later.get_or_insert(entry.span);
            }
            !too_early
        });
        if let Some(entry) = found {
            let (binding, declared) = (entry.binding.clone(), entry.declared);
            if let Binding::Variable(var) = binding {
                self.use_variable(var, declared);
            }
            return binding;
        }
        if let Some(binding) = self.session_name(symbol, span) {
            return binding;
        }
        let ast = self.ast;
        let text = ast.text(symbol);
        if self.names.prelude(text).is_some() {
            return Binding::Prelude(Arc::from(text));
        }
        match later {
            Some(place) => self.report.fault_with(
                Code::E0204,
                span,
                format!("`{text}` is used before it is set"),
                "used here",
                (place, "set here"),
                self.use_too_early(place, span),
            ),
            None => self.unknown(symbol, span),
        }
        Binding::Unknown
    }

    /// What to do about a name that is used at `used` and set by the statement around `place`.
    fn use_too_early(&self, place: Span, used: Span) -> &'static str {
        let before = self.text.get(..used.start as usize).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let goes_on = before[line..].trim_start().starts_with("||");
        match goes_on && (place.start as usize) < line {
            true => {
                "this line begins with `||`, so it goes on with the line before: for a function \
                 write `return || …`"
            }
            false => "move the declaration up",
        }
    }

    /// Whether what is looked up is the parent of a hoisted class, and itself a hoisted class: those
    /// are made parents first.
    fn is_made_before(&self, binding: &Binding) -> bool {
        let Binding::Variable(var) = binding else { return false };
        let variable = self.out.variable(*var);
        let hoisted =
            variable.kind == VarKind::Class && !self.out.late_classes.contains(&variable.span);
        self.extending && hoisted
    }

    /// Notes a use of a variable by the current function.
    pub(super) fn use_variable(&mut self, var: VarId, declared: bool) {
        let current = self.current();
        if self.left_out.is_some_and(|outside| var.0 < outside) {
            return;
        }
        let variable = self.variable_mut(var);
        if variable.function == current {
            return;
        }
        variable.captured = true;
        variable.early |= !declared;
        if !variable.top_level {
            self.capture(current, var);
        }
    }

    /// Makes a variable of a function further out reach `function`.
    pub(super) fn capture(&mut self, function: FnId, var: VarId) {
        let owner = self.out.variable(var).function;
        self.variable_mut(var).captured |= owner != function;
        let mut at = function;
        while at != owner {
            let info = &mut self.out.functions[at.0 as usize];
            if info.upvalues.contains_key(&var) {
                return;
            }
            info.upvalues.insert(var, info.captures.len() as u32);
            info.captures.push(var);
            let parent = info.parent;
            if info.captures.len() == UPVALUES_MAX + 1 {
                let span = self.out.variable(var).span;
                self.report.fault(
                    Code::E0802,
                    span,
                    format!(
                        "a function uses more than {UPVALUES_MAX} variables of the ones around it"
                    ),
                    "this one is too many",
                    "put some of them into a map or an object",
                );
            }
            at = parent.expect("a captured variable belongs to a function around");
        }
    }

    fn unknown(&mut self, symbol: Symbol, span: Span) {
        if self.undeclared.contains(&symbol) {
            return;
        }
        let ast = self.ast;
        let text = ast.text(symbol);
        if self.assigning || self.names.has_module(text) {
            self.undeclared.insert(symbol);
        }
        let title = format!("unknown name `{text}`");
        let help = match self.report.may_search() {
            true if self.assigning => self.declaring_hint(text),
            true => self.hint(text),
            false => String::new(),
        };
        self.report.fault(Code::E0201, span, title, "nothing of this name can be seen here", help);
    }

    /// What may have been meant by assigning to an unknown name.
    fn declaring_hint(&self, text: &str) -> String {
        if let Some(path) = self.member_named(text) {
            return format!("write `{path}`");
        }
        let known = self.declared_names();
        let near = nearest(text, known.iter().map(|name| &**name));
        let way = format!("new variable begins with `let {text} = …`, or `var` to assign again");
        match near {
            Some(near) => format!("did you mean `{near}`? A {way}"),
            None => format!("a {way}"),
        }
    }

    /// What may have been meant by an unknown name.
    fn hint(&self, text: &str) -> String {
        if self.names.has_module(text) {
            return format!("there is a module of that name: write `import {text}` at the top");
        }
        if let Some(path) = self.member_named(text).or_else(|| self.variant_named(text)) {
            return format!("write `{path}`");
        }
        if let Some(ours) = foreign_name(text) {
            return format!("Kettle writes `{ours}`");
        }
        let known = self.visible();
        if let Some(near) = nearest(text, known.iter().map(|name| &**name)) {
            return format!("did you mean `{near}`?");
        }
        match nearest(text, self.names.modules()) {
            Some(near) => {
                format!("did you mean the module `{near}`? Write `import {near}` at the top")
            }
            None => String::new(),
        }
    }

    /// The member of that name of the class around, as it is reached from here.
    fn member_named(&self, text: &str) -> Option<String> {
        let symbol = self.ast.symbol(text)?;
        let (owner, members) = self.members.last()?;
        let &(_, is_static) = members.iter().find(|(member, _)| *member == symbol)?;
        if is_static {
            return Some(format!("{}.{text}", self.ast.text(owner.symbol)));
        }
        let is_method = |context: &Context| self.out.function(context.id).kind == FnKind::Method;
        self.contexts.iter().any(is_method).then(|| format!("self.{text}"))
    }

    /// Names that can be seen, the innermost first.
    fn visible(&self) -> Vec<Arc<str>> {
        let mut names = self.declared_names();
        names.extend(self.session.into_iter().flat_map(|session| session.keys().cloned()));
        names.extend(self.names.prelude_names().into_iter().map(Arc::from));
        names
    }

    /// Of those the ones that the file itself declares or imports.
    fn declared_names(&self) -> Vec<Arc<str>> {
        let scopes = self.scopes.all().flat_map(|scope| {
            let mut names: Vec<&str> = scope.iter().map(|&(s, _)| self.ast.text(s)).collect();
            names.sort_unstable();
            names
        });
        scopes.map(Arc::from).collect()
    }

    /// Looks up the beginning of a dotted path and notes it.
    pub(super) fn path(&mut self, path: &TypePath) {
        let Some(&first) = path.parts.first() else { return };
        let ast = self.ast;
        if path.parts.len() == 1 && matches!(ast.text(first.symbol), "null" | "fn") {
            return;
        }
        let mut binding = self.look_up(first.symbol, first.span);
        let mut taken = 1;
        while let Some(&part) = path.parts.get(taken) {
            match self.module_member(&binding, part) {
                Some(member) => binding = member,
                None => break,
            }
            taken += 1;
        }
        if let (Some(shape), Some(&part)) = (self.shape_of(&binding), path.parts.get(taken))
            && let Some(number) = self.enum_member(&shape, part)
            && taken + 1 == path.parts.len()
        {
            self.out.variants.insert(path.span, (shape, number));
        }
        self.out.paths.insert(path.span, (binding, taken));
    }

    /// What `name` means behind something that may be a module; none if it is no module.
    pub(super) fn module_member(&mut self, object: &Binding, name: Name) -> Option<Binding> {
        let ast = self.ast;
        let text = ast.text(name.symbol);
        match object {
            Binding::Module(module) => Some(self.standard_member(module, text, name.span)),
            Binding::FileModule(file) => {
                let files = self.files;
                let Some(dependency) = files.get(&**file) else { return Some(Binding::Unknown) };
                let Some(export) = dependency.exports.iter().find(|e| &*e.name == text) else {
                    let known: Vec<&str> = dependency.exports.iter().map(|e| &*e.name).collect();
                    self.unknown_export(file, text, name.span, &known);
                    return Some(Binding::Unknown);
                };
                let index = self.imported_slot(dependency.index, export.slot);
                if let Some(shape) = &export.enumeration {
                    self.out.imported_enums.insert(index, shape.clone());
                }
                Some(Binding::Imported(index, export.kind))
            }
            Binding::Unknown => Some(Binding::Unknown),
            _ => None,
        }
    }

    /// A member of a standard module.
    pub(super) fn standard_member(&mut self, module: &Arc<str>, text: &str, span: Span) -> Binding {
        let names = self.names;
        let inner = format!("{module}.{text}");
        if names.has_module(&inner) {
            return Binding::Module(inner.into());
        }
        match names.member(module, text) {
            Some(kind) => Binding::Member(module.clone(), text.into(), kind),
            None => {
                let known: Vec<&str> = names.members(module).into_iter().collect();
                self.unknown_export(module, text, span, &known);
                Binding::Unknown
            }
        }
    }

    pub(super) fn unknown_export(&mut self, module: &str, text: &str, span: Span, known: &[&str]) {
        let near = match self.report.may_search() {
            true => nearest(text, known.iter().copied()),
            false => None,
        };
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.names.prelude(text).is_some() => {
                format!("`{text}` needs no import: write it alone")
            }
            None if !known.is_empty() && known.len() <= 12 => {
                format!("it exports {}", known.join(", "))
            }
            None => String::new(),
        };
        let title = format!("module `{module}` exports no `{text}`");
        self.report.fault(Code::E0405, span, title, "not exported", help);
    }

    /// The colour of what a binding stands for, as far as it is known.
    pub(super) fn colour(&self, binding: &Binding) -> ExportKind {
        match binding {
            Binding::Variable(var) => match self.out.variable(*var).kind {
                VarKind::Function(function) if self.out.function(function).must_be_awaited() => {
                    ExportKind::AsyncFunction
                }
                VarKind::Function(_) => ExportKind::Function,
                _ => self.out.session_colours.get(var).copied().unwrap_or(ExportKind::Value),
            },
            Binding::Prelude(name) => self.names.prelude(name).unwrap_or(ExportKind::Value),
            Binding::Member(_, _, kind) | Binding::Imported(_, kind) => *kind,
            _ => ExportKind::Value,
        }
    }

    /// The function that `self` belongs to where the current one stands: closures and functions
    /// inside a method see its `self`.
    pub(super) fn find_self(&mut self, span: Span, what: &str) -> Option<VarId> {
        for context in self.contexts.iter().rev() {
            let info = self.out.function(context.id);
            match info.kind {
                FnKind::Closure | FnKind::Named | FnKind::SpawnBlock => {}
                FnKind::Method => return info.self_var,
                FnKind::Static | FnKind::Value | FnKind::Module | FnKind::Test => {
                    let (label, help) = match info.kind {
                        FnKind::Static => (
                            "a static function has no object",
                            "remove `static`, or take the object as a parameter",
                        ),
                        FnKind::Value => (
                            "a default is made before the object is complete",
                            "set the field in `init`",
                        ),
                        _ => ("there is no class around", ""),
                    };
                    let title = format!("`{what}` outside of a method");
                    self.report.fault(Code::E0205, span, title, label, help);
                    return None;
                }
            }
        }
        None
    }
}
