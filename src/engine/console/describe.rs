//! What a name means, and what there is to know of it: `x?`, `x??`, `:doc`. No code of the program is
//! run for that.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Console, layout};
use crate::bytecode::program::{ClassCode, FunctionCode, MemberKind, ModuleCode};
use crate::compile::SessionName;
use crate::diagnostics::{Source, SourceId, Span, nearest};
use crate::natives::listing::{self, Entry};
use crate::syntax::{self, ast::ExprKind, ast::StmtKind};
use crate::vm::object::{ModuleMember, TraceKind};
use crate::vm::text::is_name;
use crate::vm::{Kind, TraceFrame, Value};

/// What a dotted name stands for.
pub(super) enum Meaning {
    /// A value of the program.
    Value(Value),
    /// A name of the library or of the host.
    Library(String),
}

impl Console {
    /// What a dotted name or a member of a literal, as in `"a".len`, stands for; none if nothing is known
    /// of it without running code.
    pub(super) fn meaning(&self, path: &str) -> Option<Meaning> {
        if !path.split('.').all(is_name) {
            let path = member_of_literal(path).filter(|path| self.is_in_library(path))?;
            return Some(Meaning::Library(path));
        }
        let mut parts = path.split('.');
        let mut meaning = self.meaning_of_name(parts.next()?)?;
        for part in parts {
            meaning = match meaning {
                Meaning::Value(value) => self.member(value, part)?,
                Meaning::Library(path) => Meaning::Library(format!("{path}.{part}")),
            };
        }
        match &meaning {
            Meaning::Library(path) if !self.is_in_library(path) => None,
            _ => Some(meaning),
        }
    }

    fn meaning_of_name(&self, name: &str) -> Option<Meaning> {
        Some(match self.names.get(name) {
            Some(SessionName::Slot(slot, _)) => Meaning::Value(self.vm.runtime.vm.slot(*slot)?),
            Some(SessionName::Module(module)) => Meaning::Library(module.to_string()),
            Some(SessionName::Member(module, name, _)) => {
                Meaning::Library(format!("{module}.{name}"))
            }
            Some(SessionName::File(name)) => {
                let file = self.files.iter().find(|file| file.name == *name)?;
                Meaning::Value(self.vm.runtime.vm.loaded_module(&file.code)?.1)
            }
            None => Meaning::Library(name.to_owned()),
        })
    }

    /// A member of a value, as far as that can be told without running code.
    pub(super) fn member(&self, value: Value, name: &str) -> Option<Meaning> {
        let vm = &self.vm.runtime.vm;
        let heap = &vm.heap;
        let found = match value.kind() {
            Kind::Instance => {
                let instance = heap.instance_ref(value)?;
                let method = || instance.class().method(name).map(|member| member.value);
                instance.field(name).or_else(method)
            }
            Kind::Variant => heap.variant_ref(value)?.field(name),
            Kind::Class => {
                let class = heap.class_ref(value)?;
                class.statics.get(name).or_else(|| class.methods.get(name)).map(|it| it.value)
            }
            Kind::Enum => {
                let found = heap.enum_ref(value)?;
                found.statics.get(name).or_else(|| found.methods.get(name)).map(|it| it.value)
            }
            Kind::Module => match heap.module_ref(value)?.exports.get(name)? {
                ModuleMember::Value(value) => Some(*value),
                ModuleMember::Slot(slot) => vm.slot(*slot),
            },
            Kind::Map => {
                let mut entries = heap.map_ref(value)?.iter();
                entries.find(|(key, _)| heap.str(*key) == Some(name)).map(|(_, value)| value)
            }
            _ => None,
        };
        match found {
            Some(found) if !found.is_unset() => Some(Meaning::Value(found)),
            _ => Some(Meaning::Library(format!("{}.{name}", vm.type_name(value)))),
        }
    }

    /// All that the library offers, read once.
    pub(super) fn library(&self) -> &[Entry] {
        self.library.get_or_init(listing::listing)
    }

    fn is_in_library(&self, path: &str) -> bool {
        let is_inside = |entry: &Entry| {
            entry.path == path
                || entry.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
        };
        self.library().iter().any(is_inside) || self.vm.engine.names().has_module(path)
    }

    /// What there is to know of a name, with an example if the library has one.
    pub(super) fn document(&self, path: &str) -> String {
        match self.meaning(path) {
            Some(Meaning::Library(path)) => self.document_library(&path),
            Some(Meaning::Value(value)) => self.document_value(path, value),
            None if !path.split('.').all(is_name) => format!(
                "`?` asks about names and members of literals, since it runs no code: give `{path}` a \
                 name with `let`, or ask for its type with `:type {path}`"
            ),
            None => {
                let names = self.names.keys().map(|name| &**name);
                let library = self.library().iter().map(|entry| entry.path.as_str());
                let meant = nearest(path, names.chain(library));
                let hint = meant.map_or(String::new(), |it| format!("; did you mean `{it}`?"));
                format!("nothing is known of `{path}`{hint}")
            }
        }
    }

    fn document_library(&self, path: &str) -> String {
        let entries = self.library();
        let own: Vec<String> =
            entries.iter().filter(|entry| entry.path == path).map(documentation).collect();
        if !own.is_empty() {
            return own.join("\n\n");
        }
        let mut text = format!("{path}\n");
        for line in listing::about(path) {
            let _ = writeln!(text, "    {line}");
        }
        let inside = entries.iter().filter(|entry| {
            let rest = entry.path.strip_prefix(path).and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(|rest| !rest.contains('.'))
        });
        for entry in inside {
            let _ = write!(text, "\n{}", entry.signature);
        }
        text
    }

    fn document_value(&self, path: &str, value: Value) -> String {
        let vm = &self.vm.runtime.vm;
        if let Some((module, function)) = vm.function_of(value) {
            let mut text = signature(function);
            push_doc(&mut text, function.body.doc.as_deref());
            let place = self.place(module, function.span);
            let _ = write!(text, "\n    declared at {place}");
            return text;
        }
        if let Some(native) = vm.heap.native_id(value) {
            let name = vm.native(native).name.to_string();
            if self.is_in_library(&name) {
                return self.document_library(&name);
            }
        }
        if let (Kind::Class | Kind::Enum, Some((module, class))) =
            (value.kind(), self.class_code(value))
        {
            let mut text = self.class_text(value, class);
            let _ = write!(text, "\n    declared at {}", self.place(module, class.span));
            return text;
        }
        let shown = layout::show(
            &vm.heap,
            value,
            &super::View { depth: 2, items: 10, ..self.view.clone() },
        );
        let mut text = format!("{path}: {}\n", vm.type_name(value));
        for line in shown.lines() {
            let _ = writeln!(text, "    {line}");
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn class_code(&self, value: Value) -> Option<(&Arc<ModuleCode>, &ClassCode)> {
        let vm = &self.vm.runtime.vm;
        let name = match value.kind() {
            Kind::Class => vm.heap.class_ref(value)?.name.clone(),
            Kind::Enum => vm.heap.enum_ref(value)?.name.clone(),
            _ => return None,
        };
        vm.class_of(&name)
    }

    fn class_text(&self, value: Value, class: &ClassCode) -> String {
        let vm = &self.vm.runtime.vm;
        let word = if value.kind() == Kind::Enum { "enum" } else { "class" };
        let mut text = format!("{word} {}", class.name);
        push_doc(&mut text, class.doc.as_deref());
        for field in &class.fields {
            let _ = write!(text, "\n    {}", field.name);
        }
        for variant in &class.variants {
            let fields = variant.fields.join(", ");
            let payload = if fields.is_empty() { fields } else { format!("({fields})") };
            let _ = write!(text, "\n    {}{payload}", variant.name);
        }
        let module = vm.class_of(&class.name).map(|(module, _)| module.clone());
        for member in &class.members {
            let Some(code) =
                module.as_ref().and_then(|it| it.functions.get(member.function as usize))
            else {
                continue;
            };
            let head = signature(code);
            let head = head.split_once('.').map_or(head.as_str(), |(_, name)| name);
            let word = match member.kind {
                MemberKind::Method => "fn ",
                MemberKind::Getter => "get ",
                MemberKind::Static => "static fn ",
                MemberKind::StaticValue => "static ",
                MemberKind::StaticGetter => "static get ",
            };
            let head = match member.kind {
                MemberKind::Method | MemberKind::Static => head,
                _ => &member.name,
            };
            let _ = write!(text, "\n    {word}{head}");
        }
        text
    }

    /// The text that declares what a name stands for: `x??`.
    pub(super) fn source_of(&self, path: &str) -> String {
        let Some(Meaning::Value(value)) = self.meaning(path) else { return self.document(path) };
        let vm = &self.vm.runtime.vm;
        let function = vm.function_of(value).map(|(module, code)| (module, code.span));
        let class = || self.class_code(value).map(|(module, code)| (module, code.span));
        let Some((module, span)) = function.or_else(class) else {
            return self.document_value(path, value);
        };
        let frame = self.frame(module, span);
        let map = self.vm.sources.map();
        let source = map.get(self.vm.sources.locate(&frame));
        let text = source.map_or(String::new(), |source| declaration_at(source, span));
        format!("# {}\n{text}", self.vm.sources.describe(&frame))
    }

    fn frame(&self, module: &ModuleCode, span: Span) -> TraceFrame {
        TraceFrame {
            function: module.name.clone(),
            module: module.name.clone(),
            source: module.source,
            span,
            kind: TraceKind::Call,
            left_out: 0,
        }
    }

    fn place(&self, module: &ModuleCode, span: Span) -> String {
        self.vm.sources.describe(&self.frame(module, span))
    }
}

/// How a function is called.
pub(super) fn signature(function: &FunctionCode) -> String {
    let last = function.params.len().wrapping_sub(1);
    let params = function.params.iter().enumerate().map(|(index, param)| {
        let name = if param.name.is_empty() { "_" } else { &param.name };
        match (function.has_rest && index == last, param.optional) {
            (true, _) => format!("...{name}"),
            (false, true) => format!("{name}?"),
            (false, false) => name.to_owned(),
        }
    });
    let word = if function.is_async { "async " } else { "" };
    format!("{word}{}({})", function.name, params.collect::<Vec<_>>().join(", "))
}

/// The library's name of a literal or of its member: `str.len` for `"a".len`, `list` for `[1]`.
fn member_of_literal(text: &str) -> Option<String> {
    let whole = literal_type(text).map(str::to_owned);
    whole.or_else(|| {
        let (object, name) = text.rsplit_once('.').filter(|(_, name)| is_name(name))?;
        Some(format!("{}.{name}", literal_type(object)?))
    })
}

/// The type of a text that is a literal.
pub(super) fn literal_type(text: &str) -> Option<&'static str> {
    let parsed = syntax::parse(text, SourceId::default());
    let [statement] = parsed.module.statements[..] else { return None };
    let StmtKind::Expr(expression) = parsed.module.ast[statement].kind else { return None };
    if parsed.has_errors() {
        return None;
    }
    Some(match parsed.module.ast[expression].kind {
        ExprKind::Str(_) | ExprKind::Interpolation(_) => "str",
        ExprKind::Int(_) => "int",
        ExprKind::Float(_) => "float",
        ExprKind::Bool(_) => "bool",
        ExprKind::Duration(_) => "duration",
        ExprKind::Bytes(_) => "bytes",
        ExprKind::List(_) => "list",
        ExprKind::Map(_) => "map",
        ExprKind::Range { .. } => "range",
        _ => return None,
    })
}

fn push_doc(text: &mut String, doc: Option<&str>) {
    for line in doc.unwrap_or_default().lines() {
        let _ = write!(text, "\n    {}", line.trim());
    }
}

/// An entry of the library: its signature, its documentation, its examples.
fn documentation(entry: &Entry) -> String {
    let mut text = entry.signature.clone();
    for line in &entry.doc {
        let _ = write!(text, "\n    {line}");
    }
    for example in &entry.examples {
        text.push('\n');
        for line in example.code.lines() {
            let _ = write!(text, "\n    > {line}");
        }
        for line in example.printed.lines() {
            let _ = write!(text, "\n    {line}");
        }
    }
    text
}

/// The text of a declaration, with its documentation: of a function that is its own place, of a class that
/// of its name.
fn declaration_at(source: &Source, span: Span) -> String {
    let module = syntax::parse(&source.text, SourceId::default()).module;
    let is_meant = |kind: &StmtKind| match kind {
        StmtKind::Class { class, .. } => class.name.span == span,
        StmtKind::Enum { declaration, .. } => declaration.name.span == span,
        _ => false,
    };
    let whole = module.statements.iter().map(|id| &module.ast[*id]).find(|it| is_meant(&it.kind));
    let span = whole.map_or(span, |statement| statement.span);
    let first = source.position(span.start).0;
    let is_doc = |line: &u32| source.line(*line).trim_start().starts_with("##");
    let doc = (1..first).rev().take_while(is_doc).last().unwrap_or(first);
    let above: Vec<&str> = (doc..first).map(|line| source.line(line)).collect();
    let above = above.iter().map(|line| format!("{}\n", line.trim_start()));
    format!("{}{}", above.collect::<String>(), source.slice(span))
}
