//! Classes: members, `self`, and the hidden variable that holds the parent.

use std::collections::HashMap;

use super::block::is_plain;
use super::{FnId, FnKind, PlainReason, Resolver};
use crate::diagnostics::Code;
use crate::syntax::ast::{Class, ExprId, Function, Member, MemberKind, Name, Symbol};

impl Resolver<'_> {
    pub(super) fn class(&mut self, class: &Class) {
        if let Some(parent) = &class.parent {
            self.extending = !self.is_late(class);
            self.path(parent);
            self.extending = false;
            let var = self.hidden(self.current());
            self.out.parents.insert(class.name.span, var);
        }
        self.check_members(class);
        self.classes.push(class.name.span);
        self.members.push((class.name, class.members.iter().filter_map(named).collect()));
        for member in &class.members {
            self.member(member);
        }
        self.initializer(class);
        self.members.pop();
        self.classes.pop();
    }

    fn check_members(&mut self, class: &Class) {
        let ast = self.ast;
        let mut seen: HashMap<(Symbol, bool), Name> = HashMap::new();
        for member in &class.members {
            let Some(name) = member_name(member) else { continue };
            let Some(before) = seen.insert((name.symbol, member.is_static), name) else { continue };
            let text = ast.text(name.symbol);
            self.report.fault_with(
                Code::E0208,
                name.span,
                format!("`{text}` is declared twice in class `{}`", ast.text(class.name.symbol)),
                "declared again",
                (before.span, "declared first"),
                "",
            );
        }
    }

    pub(super) fn member(&mut self, member: &Member) {
        match &member.kind {
            MemberKind::Method(function) => self.method(function, member.is_static, false),
            MemberKind::Getter(function) => self.method(function, member.is_static, true),
            MemberKind::Field { default: Some(value), .. } if member.is_static => {
                self.static_value(*value);
            }
            MemberKind::Field { .. } => {}
        }
    }

    fn method(&mut self, function: &Function, is_static: bool, getter: bool) {
        let kind = if is_static { FnKind::Static } else { FnKind::Method };
        let special = !is_static && (getter || function.name.is_some_and(|n| self.is_special(n)));
        if function.is_async && (special || getter) {
            self.async_special(function, getter);
        }
        let id = self.new_function(kind, function.is_async);
        self.note_generator(id, function);
        if special && !getter && self.out.function(id).is_generator {
            self.generating_special(function);
        }
        self.out.function_of.insert(std::ptr::from_ref(function), id);
        let plain = match function.is_async {
            true => None,
            false if special || getter => Some(PlainReason::SpecialMember),
            false => Some(PlainReason::Function),
        };
        self.enter_function(id, plain);
        if !is_static {
            self.set_self(id);
        }
        self.function_body(function);
        self.leave_function();
    }

    /// Constructors and operators run in the middle of other code.
    fn is_special(&self, name: Name) -> bool {
        let text = self.ast.text(name.symbol);
        text == "init" || !text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }

    fn async_special(&mut self, function: &Function, getter: bool) {
        let what = if getter { "a getter" } else { "a constructor or operator" };
        let span = function.name.map_or(function.span, |name| name.span);
        self.report.fault(
            Code::E0302,
            span,
            format!("{what} cannot be async"),
            "declared async",
            "use a `static async fn`, or a method with a name",
        );
    }

    fn generating_special(&mut self, function: &Function) {
        let span = function.name.map_or(function.span, |name| name.span);
        self.report.fault(
            Code::E0120,
            span,
            "a constructor or operator cannot be a generator",
            "its body has a `yield`",
            "yield in a method with a name, such as `fn iter()`",
        );
    }

    pub(super) fn set_self(&mut self, id: FnId) {
        let var = self.hidden(id);
        self.out.functions[id.0 as usize].self_var = Some(var);
    }

    fn static_value(&mut self, value: ExprId) {
        let id = self.value_context(value);
        self.out.value_functions.insert(value, id);
    }

    fn value_context(&mut self, value: ExprId) -> FnId {
        let id = self.new_function(FnKind::Value, false);
        self.enter_function(id, Some(PlainReason::FieldDefault));
        self.push_scope();
        self.expr(value);
        self.pop_scope();
        self.leave_function();
        id
    }

    /// The function that sets the fields whose defaults need code.
    fn initializer(&mut self, class: &Class) {
        let ast = self.ast;
        let computed: Vec<ExprId> = class.members.iter().filter_map(computed_default).collect();
        if computed.iter().all(|&value| is_plain(ast, value)) {
            return;
        }
        let id = self.new_function(FnKind::Value, false);
        self.out.initializers.insert(class.name.span, id);
        self.enter_function(id, Some(PlainReason::FieldDefault));
        self.set_self(id);
        self.push_scope();
        for value in computed {
            if !is_plain(ast, value) {
                self.expr(value);
            }
        }
        self.pop_scope();
        self.leave_function();
    }
}

fn computed_default(member: &Member) -> Option<ExprId> {
    match member.kind {
        MemberKind::Field { default, .. } if !member.is_static => default,
        _ => None,
    }
}

/// The name of a member, and whether it is static.
pub(super) fn named(member: &Member) -> Option<(Symbol, bool)> {
    Some((member_name(member)?.symbol, member.is_static))
}

/// The name of a member.
pub(in crate::compile) fn member_name(member: &Member) -> Option<Name> {
    match &member.kind {
        MemberKind::Field { name, .. } => Some(*name),
        MemberKind::Method(function) | MemberKind::Getter(function) => function.name,
    }
}
