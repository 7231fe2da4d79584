//! Enums: what is known of one by its declaration, and what is said about members and payloads that
//! are not there.

use std::collections::HashMap;
use std::sync::Arc;

use super::class::{member_name, named};
use super::{Binding, FnKind, PlainReason, Resolver};
use crate::bytecode::program::{ENUM_VALUES, EnumShape, VARIANT_NAME, VariantShape};
use crate::diagnostics::{Code, Span, nearest};
use crate::syntax::ast::{
    Argument, Ast, Enum, Function, Member, Name, PatternField, PatternKind, Symbol, TypePath,
};

/// So many names are listed in a help text.
const LISTED_MAX: usize = 12;

impl Resolver<'_> {
    /// Variants and members of an enum.
    pub(super) fn enumeration(&mut self, declaration: &Enum) {
        self.check_enum(declaration);
        self.classes.push(declaration.name.span);
        let variants = declaration.variants.iter().map(|variant| (variant.name.symbol, true));
        let members = variants.chain(declaration.members.iter().filter_map(named)).collect();
        self.members.push((declaration.name, members));
        for variant in &declaration.variants {
            variant.constructor.iter().for_each(|function| self.constructor(function));
        }
        for member in &declaration.members {
            self.member(member);
        }
        self.members.pop();
        self.classes.pop();
    }

    /// The function that makes the values of a variant, with the enum as its receiver.
    fn constructor(&mut self, function: &Function) {
        let id = self.new_function(FnKind::Static, false);
        self.out.function_of.insert(std::ptr::from_ref(function), id);
        self.enter_function(id, Some(PlainReason::FieldDefault));
        self.set_self(id);
        self.function_body(function);
        self.leave_function();
    }

    /// The form of an enum, for checking what is said of it.
    pub(super) fn enum_shape(&self, declaration: &Enum) -> EnumShape {
        let ast = self.ast;
        let text = |name: Name| Arc::<str>::from(ast.text(name.symbol));
        let variants = declaration.variants.iter().map(|variant| VariantShape {
            name: text(variant.name),
            fields: variant.constructor.as_ref().map(|function| {
                field_names(ast, function).into_iter().flatten().map(text).collect()
            }),
        });
        let members = |is_static: bool| {
            let of_kind = declaration.members.iter().filter(move |m| m.is_static == is_static);
            of_kind.filter_map(member_name).map(text).collect()
        };
        EnumShape {
            name: text(declaration.name),
            variants: variants.collect(),
            statics: members(true),
            methods: members(false),
        }
    }

    /// What is known of a name that stands for an enum.
    pub(super) fn shape_of(&self, binding: &Binding) -> Option<Arc<EnumShape>> {
        match binding {
            Binding::Variable(var) => self.out.enums.get(var).cloned(),
            Binding::Imported(index, _) => self.out.imported_enums.get(index).cloned(),
            _ => None,
        }
    }

    // ---- the declaration

    fn check_enum(&mut self, declaration: &Enum) {
        let ast = self.ast;
        // What is read of the enum, and what is read of its values.
        let mut on_enum: HashMap<Symbol, Name> = HashMap::new();
        let mut on_value: HashMap<Symbol, Name> = HashMap::new();
        for variant in &declaration.variants {
            self.reserved(variant.name, ENUM_VALUES, "a function that every enum has");
            self.twice(
                declaration,
                on_enum.insert(variant.name.symbol, variant.name),
                variant.name,
            );
        }
        for member in &declaration.members {
            let Some(name) = member_name(member) else { continue };
            if member.is_static {
                self.reserved(name, ENUM_VALUES, "a function that every enum has");
                self.twice(declaration, on_enum.insert(name.symbol, name), name);
            } else {
                self.check_member(member, name);
                self.twice(declaration, on_value.insert(name.symbol, name), name);
            }
        }
        for variant in &declaration.variants {
            let Some(function) = &variant.constructor else { continue };
            if function.params.is_empty() {
                let text = ast.text(variant.name.symbol);
                self.report.fault(
                    Code::E0213,
                    variant.span,
                    format!("the payload of `{text}` has no fields"),
                    "empty parentheses",
                    format!("write `{text}`"),
                );
            }
            for (param, name) in function.params.iter().zip(field_names(ast, function)) {
                let Some(name) = name else {
                    self.report.fault(
                        Code::E0115,
                        param.span,
                        "a field of a payload is a name",
                        "a pattern",
                        "give the field a name, and take its value apart where it is used",
                    );
                    continue;
                };
                self.reserved(name, VARIANT_NAME, "the name of the variant, for every value");
                self.twice(declaration, on_value.get(&name.symbol).copied(), name);
            }
        }
    }

    fn check_member(&mut self, member: &Member, name: Name) {
        self.reserved(name, VARIANT_NAME, "the name of the variant, for every value");
        let text = self.ast.text(name.symbol);
        let why = match text {
            "==" | "hash" => "values of an enum are compared by variant and payload",
            "init" => "values of an enum are made by naming a variant",
            _ => return,
        };
        let title = format!("an enum defines no `{text}`");
        let help = format!("{why}; for more than that use a class");
        self.report.fault(Code::E0214, member.span, title, "defined here", help);
    }

    fn reserved(&mut self, name: Name, reserved: &str, meaning: &str) {
        if self.ast.text(name.symbol) == reserved {
            let title = format!("`{reserved}` has a meaning in every enum");
            let label = format!("this would hide {meaning}");
            self.report.fault(Code::E0214, name.span, title, label, "choose another name");
        }
    }

    fn twice(&mut self, declaration: &Enum, before: Option<Name>, name: Name) {
        let Some(before) = before else { return };
        let text = self.ast.text(name.symbol);
        let owner = self.ast.text(declaration.name.symbol);
        self.report.fault_with(
            Code::E0208,
            name.span,
            format!("`{text}` is declared twice in enum `{owner}`"),
            "declared again",
            (before.span, "declared first"),
            "",
        );
    }

    // ---- uses

    /// The enum that can be seen and has a variant of that name, as a path.
    pub(super) fn variant_named(&self, text: &str) -> Option<String> {
        let bindings = self.scopes.all().flatten();
        let mut paths: Vec<String> = bindings
            .filter_map(|(symbol, entry)| {
                let shape = self.shape_of(&entry.binding)?;
                let variant = shape.variants.iter().find(|variant| *variant.name == *text)?;
                Some(format!("{}.{}", self.ast.text(symbol), variant.name))
            })
            .collect();
        paths.sort_unstable();
        paths.into_iter().next()
    }

    /// Reports a member that an enum does not have; gives the number of the variant, if it is one.
    pub(super) fn enum_member(&mut self, shape: &EnumShape, name: Name) -> Option<usize> {
        let text = self.ast.text(name.symbol);
        let found = shape.variants.iter().position(|variant| *variant.name == *text);
        let is_static = text == ENUM_VALUES || shape.statics.iter().any(|known| **known == *text);
        if found.is_some() || is_static {
            return found;
        }
        let owner = &shape.name;
        if shape.methods.iter().any(|method| **method == *text) {
            let title = format!("`{text}` belongs to the values of enum `{owner}`");
            let help = "call it on a value, not on the enum itself";
            self.report.fault(Code::E0212, name.span, title, "not on the enum", help);
            return None;
        }
        let title = format!("enum `{owner}` has no variant `{text}`");
        let known = shape.variants.iter().map(|variant| &*variant.name);
        let all =
            known.clone().chain(shape.statics.iter().map(|name| &**name)).chain([ENUM_VALUES]);
        let help = self.near_or_list(text, all.collect(), known.collect(), "its variants are");
        self.report.fault(Code::E0212, name.span, title, "no such variant", help);
        None
    }

    fn near_or_list(&self, text: &str, near: Vec<&str>, listed: Vec<&str>, what: &str) -> String {
        let found = if self.report.may_search() { nearest(text, near) } else { None };
        match found {
            Some(near) => format!("did you mean `{near}`?"),
            None if !listed.is_empty() && listed.len() <= LISTED_MAX => {
                format!("{what} {}", listed.join(", "))
            }
            None => String::new(),
        }
    }

    /// Reports named arguments of a variant's call that are no fields of its payload.
    pub(super) fn check_payload(&mut self, variant: &VariantShape, arguments: &[Argument]) {
        let Some(fields) = &variant.fields else { return };
        for argument in arguments {
            if let Argument::Named { name, .. } = argument {
                self.payload_field(variant, fields, *name);
            }
        }
    }

    fn payload_field(&mut self, variant: &VariantShape, fields: &[Arc<str>], name: Name) {
        let text = self.ast.text(name.symbol);
        if fields.iter().any(|field| **field == *text) {
            return;
        }
        let title = format!("the payload of `{}` has no field `{text}`", variant.name);
        let known: Vec<&str> = fields.iter().map(|field| &**field).collect();
        let help = self.near_or_list(text, known.clone(), known, "its fields are");
        self.report.fault(Code::E0213, name.span, title, "no such field", help);
    }

    /// `Path(…)` in a pattern: what is known to be wrong is reported.
    pub(super) fn variant_pattern(&mut self, path: &TypePath, fields: &[PatternField]) {
        self.path(path);
        for field in fields {
            match *field {
                PatternField::Value(pattern) | PatternField::Named { pattern, .. } => {
                    self.settle_pattern(pattern);
                }
                PatternField::Rest(name) => self.settle_rest(name),
            }
        }
        self.check_names(fields);
        let written = self.source(path.span).to_owned();
        if let Some((shape, number)) = self.out.variants.get(&path.span).cloned() {
            self.check_parts(&shape.variants[number], path.span, &written, fields);
            return;
        }
        let Some((binding, taken)) = self.out.paths.get(&path.span).cloned() else { return };
        if taken != path.parts.len() {
            return;
        }
        let Some(shape) = self.shape_of(&binding) else { return };
        let first = shape.variants.first().map_or("Name".into(), VariantShape::form);
        let title = format!("enum `{written}` has no parts that a pattern could take");
        let help =
            format!("name a variant: `{written}.{first}`; to test for the enum: `is {written}`");
        self.report.fault(Code::E0213, path.span, title, "no variant", help);
    }

    fn check_names(&mut self, fields: &[PatternField]) {
        let mut seen: HashMap<Symbol, Name> = HashMap::new();
        for field in fields {
            let PatternField::Named { name, .. } = field else { continue };
            let Some(before) = seen.insert(name.symbol, *name) else { continue };
            let title = format!("the field `{}` is taken twice", self.ast.text(name.symbol));
            let other = (before.span, "taken first");
            self.report.fault_with(Code::E0114, name.span, title, "taken again", other, "");
        }
    }

    /// The parts of a pattern against the payload that is there.
    fn check_parts(
        &mut self,
        variant: &VariantShape,
        place: Span,
        written: &str,
        parts: &[PatternField],
    ) {
        let Some(fields) = &variant.fields else {
            let title = format!("`{written}` has no payload");
            let help = format!("write `{written}`");
            self.report.fault(Code::E0213, place, title, "nothing in it", help);
            return;
        };
        let positional = parts.iter().filter(|p| matches!(p, PatternField::Value(_))).count();
        let is_open = positional < parts.len();
        if positional > fields.len() || (!is_open && positional < fields.len()) {
            let has = match fields.len() {
                1 => "1 field".to_owned(),
                count => format!("{count} fields"),
            };
            let title = format!("the payload of `{written}` has {has}, the pattern {positional}");
            let form = variant.form();
            let help = match is_open || positional > fields.len() {
                true => format!("it is declared as `{form}`"),
                false => format!("it is declared as `{form}`; `...` stands for the other fields"),
            };
            self.report.fault(Code::E0213, place, title, "does not fit", help);
        }
        for part in parts {
            let PatternField::Named { name, .. } = part else { continue };
            self.payload_field(variant, fields, *name);
            let text = self.ast.text(name.symbol);
            if fields.iter().take(positional).any(|field| **field == *text) {
                let title = format!("the field `{text}` is taken twice");
                let label = "taken by its position before";
                self.report.fault(Code::E0114, name.span, title, label, "");
            }
        }
    }

    /// A dotted path as a pattern compares; a variant with a payload is equal to no value.
    pub(super) fn path_pattern(&mut self, path: &TypePath) {
        self.path(path);
        let Some((shape, number)) = self.out.variants.get(&path.span) else { return };
        let variant = &shape.variants[*number];
        if variant.fields.is_none() {
            return;
        }
        let written = self.source(path.span);
        let owner = path.parts.iter().rev().nth(1).map_or("", |part| self.ast.text(part.symbol));
        let title = format!("`{written}` has a payload, so no value is equal to it");
        let help = format!("write `{owner}.{}`, or `is {written}`", variant.form());
        self.report.fault(Code::E0213, path.span, title, "the payload is missing", help);
    }
}

/// The names of a payload's fields; none where something else than a name stands.
fn field_names(ast: &Ast, constructor: &Function) -> Vec<Option<Name>> {
    let name = |param: &crate::syntax::ast::Param| match ast[param.pattern].kind {
        PatternKind::Bind(name) => Some(name),
        _ => None,
    };
    constructor.params.iter().map(name).collect()
}
