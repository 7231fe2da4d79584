//! What may stand where somebody types: names, members, named arguments, paths, commands. No code of
//! the program is run for that.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Console;
use super::command::COMMANDS;
use super::describe::{Meaning, signature};
use crate::bytecode::program::{ExportKind, MemberKind};
use crate::compile::{DeclaredKind, SessionName};
use crate::natives::listing::Entry;
use crate::runtime::driver::FileKind;
use crate::syntax::{self, PieceKind};
use crate::vm::Value;
use crate::vm::object::Member;
use crate::vm::text::is_name;

/// The words of the language.
const KEYWORDS: &[&str] = &[
    "let", "var", "fn", "async", "await", "spawn", "scope", "class", "enum", "match", "if", "else",
    "while", "for", "in", "loop", "break", "continue", "return", "yield", "throw", "try", "catch",
    "finally", "defer", "import", "from", "pub", "is", "true", "false", "null", "self", "super",
    "assert", "timeout", "shield", "select", "daemon", "static", "extends",
];

/// More candidates than this help nobody.
const CANDIDATES_MAX: usize = 500;

/// What may stand where somebody types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The byte of the text from which on a candidate replaces what stands before the cursor.
    pub start: usize,
    /// What may stand there, the most likely first.
    pub candidates: Vec<Candidate>,
}

/// Something that may stand where somebody types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text.
    pub text: String,
    /// What it is.
    pub kind: CandidateKind,
    /// A little more of it: a signature, a type; may be empty.
    pub detail: String,
}

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateKind {
    /// A variable of the session, or a name of the entry itself.
    Name,
    /// A function or a method.
    Function,
    /// A class or an enum.
    Class,
    /// A field, a property, a key of a map.
    Field,
    /// A module.
    Module,
    /// A word of the language.
    Keyword,
    /// The name of an argument.
    Argument,
    /// A file or a folder.
    Path,
    /// A command of the console.
    Command,
}

impl Completion {
    fn add(&mut self, text: impl Into<String>, kind: CandidateKind, detail: impl Into<String>) {
        let text = text.into();
        let is_known = self.candidates.iter().any(|known| known.text == text);
        if !is_known && self.candidates.len() < CANDIDATES_MAX {
            self.candidates.push(Candidate { text, kind, detail: detail.into() });
        }
    }
}

impl Console {
    /// What may stand at a byte of a text that somebody types. Runs no code of the program.
    pub fn complete(&self, text: &str, cursor: usize) -> Completion {
        let before = before(text, cursor);
        if let Some(word) = before.trim_start().strip_prefix(':')
            && word.chars().all(char::is_alphabetic)
        {
            return commands(before, word);
        }
        if let Some(path) = before.trim_start().strip_prefix(":load ") {
            return self.paths(before, path.trim_start());
        }
        if let Some(path) = open_string(before) {
            return self.paths(before, path);
        }
        let path = dotted(before);
        match path.rsplit_once('.') {
            Some((owner, prefix)) => self.members(before, owner, prefix),
            None => self.plain(text, before, path),
        }
    }

    /// How the function is called inside of whose call the cursor stands.
    pub fn signature(&self, text: &str, cursor: usize) -> Option<String> {
        let callee = callee(before(text, cursor))?;
        match self.meaning(callee)? {
            Meaning::Library(path) => {
                let entry = self.library().iter().find(|entry| entry.path == path)?;
                Some(entry.signature.clone())
            }
            Meaning::Value(value) => self.signature_of(value),
        }
    }

    fn signature_of(&self, value: Value) -> Option<String> {
        let vm = &self.vm.runtime.vm;
        if let Some((_, code)) = vm.function_of(value) {
            return Some(signature(code));
        }
        if let Some(native) = vm.heap.native_id(value) {
            let name = &vm.native(native).name;
            let entry = self.library().iter().find(|entry| entry.path == **name)?;
            return Some(entry.signature.clone());
        }
        let class = vm.heap.class_ref(value)?;
        if let Some((_, init)) = class.method("init").and_then(|init| vm.function_of(init.value)) {
            let text = signature(init);
            let params = text.split_once('(').map_or("", |(_, params)| params);
            return Some(format!("{}({params}", class.name));
        }
        Some(format!("{}({})", class.name, class.fields.join(", ")))
    }

    /// Members of what stands before the dot.
    fn members(&self, before: &str, owner: &str, prefix: &str) -> Completion {
        let mut found = Completion { start: before.len() - prefix.len(), ..Completion::default() };
        let is_literal = owner.is_empty() && !before.ends_with("..");
        let meaning = if is_literal { literal(before, prefix) } else { self.meaning(owner) };
        match meaning {
            Some(Meaning::Value(value)) => self.members_of(value, prefix, &mut found),
            Some(Meaning::Library(path)) => self.library_members(&path, prefix, &mut found),
            None => {}
        }
        found
    }

    fn members_of(&self, value: Value, prefix: &str, found: &mut Completion) {
        let is_private = |name: &str| name.starts_with('_') && !prefix.starts_with('_');
        let mut members = self.own_members(value);
        members.retain(|(name, ..)| name.starts_with(prefix) && !is_private(name));
        members.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, kind, detail) in members {
            found.add(name, kind, detail);
        }
        self.library_members(&self.vm.runtime.vm.type_name(value), prefix, found);
    }

    /// What a value has besides what all of its type have.
    fn own_members(&self, value: Value) -> Vec<(String, CandidateKind, String)> {
        let vm = &self.vm.runtime.vm;
        let heap = &vm.heap;
        let field = |name: &str, detail: String| (name.to_owned(), CandidateKind::Field, detail);
        let member = |(name, it): (&Arc<str>, &Member)| {
            let code = vm.function_of(it.value).map(|(_, code)| signature(code));
            let kind = match it.kind {
                MemberKind::Method | MemberKind::Static => CandidateKind::Function,
                _ => CandidateKind::Field,
            };
            (name.to_string(), kind, code.unwrap_or_else(|| vm.type_name(it.value)))
        };
        let mut members = Vec::new();
        if let Some(instance) = heap.instance_ref(value) {
            let class = instance.class();
            let fields = class.fields.iter().zip(instance.slots());
            members.extend(fields.map(|(name, slot)| field(name, vm.type_name(*slot))));
            members.extend(class.methods.iter().filter(|(name, _)| is_name(name)).map(member));
        } else if let Some(class) = heap.class_ref(value) {
            members.extend(class.statics.iter().map(member));
        } else if let Some(found) = heap.enum_ref(value) {
            members.extend(found.statics.iter().map(member));
        } else if let Some(variant) = heap.variant_ref(value) {
            let fields = variant.info().map_or(&[][..], |info| &info.fields);
            members.extend(fields.iter().map(|name| field(name, String::new())));
            members.extend(variant.enumeration().methods.iter().map(member));
        } else if let Some(map) = heap.map_ref(value) {
            let names = map.iter().take(CANDIDATES_MAX).filter_map(|(key, it)| {
                let key = heap.str(key).filter(|key| is_name(key))?;
                Some(field(key, vm.type_name(it)))
            });
            members.extend(names);
        } else if let Some(module) = heap.module_ref(value) {
            members.extend(module.exports.keys().filter_map(|name| {
                let Some(Meaning::Value(it)) = self.member(value, name) else { return None };
                let (kind, detail) = match vm.function_of(it) {
                    Some((_, code)) => (CandidateKind::Function, signature(code)),
                    None => (CandidateKind::Name, vm.type_name(it)),
                };
                Some((name.to_string(), kind, detail))
            }));
        }
        members
    }

    /// What stands in a module of the library, or on the values of a type.
    fn library_members(&self, path: &str, prefix: &str, found: &mut Completion) {
        let mut inside: Vec<&Entry> = Vec::new();
        for entry in self.library() {
            let rest = entry.path.strip_prefix(path).and_then(|rest| rest.strip_prefix('.'));
            match rest.map(|rest| rest.split_once('.').map_or(rest, |(first, _)| first)) {
                Some(name) if !name.starts_with(prefix) => {}
                Some(name) if entry.path.len() == path.len() + 1 + name.len() => inside.push(entry),
                Some(name) => found.add(name, CandidateKind::Module, ""),
                None => {}
            }
        }
        inside.sort_by(|a, b| a.path.cmp(&b.path));
        for entry in inside {
            let name = &entry.path[path.len() + 1..];
            found.add(name, kind_of_entry(entry), entry.signature.clone());
        }
    }

    /// A name on its own.
    fn plain(&self, text: &str, before: &str, prefix: &str) -> Completion {
        let mut found = Completion { start: before.len() - prefix.len(), ..Completion::default() };
        let head = before[..found.start].trim_end();
        if head.ends_with("import") || (head.contains("import") && head.ends_with("from")) {
            for module in self.vm.engine.names().modules() {
                if module.starts_with(prefix) {
                    found.add(module, CandidateKind::Module, "");
                }
            }
            return found;
        }
        self.named_arguments(before, prefix, &mut found);
        if prefix.is_empty() {
            return found;
        }
        self.session_names(prefix, &mut found);
        let start = found.start;
        let here = syntax::pieces(text).into_iter().filter(|piece| {
            let is_name =
                matches!(piece.kind, PieceKind::Name | PieceKind::Function | PieceKind::Class);
            is_name && piece.range.start != start
        });
        for piece in here {
            let name = &text[piece.range];
            if name.starts_with(prefix) && name != prefix {
                found.add(name, CandidateKind::Name, "");
            }
        }
        for name in self.vm.engine.names().prelude_names() {
            if name.starts_with(prefix) {
                let entry = self.library().iter().find(|entry| entry.path == name);
                let kind = match (entry, self.vm.engine.names().prelude(name)) {
                    (Some(entry), _) => kind_of_entry(entry),
                    (None, Some(ExportKind::Value) | None) => CandidateKind::Class,
                    (None, Some(_)) => CandidateKind::Function,
                };
                let detail = entry.map_or(String::new(), |entry| entry.signature.clone());
                found.add(name, kind, detail);
            }
        }
        for word in KEYWORDS.iter().filter(|word| word.starts_with(prefix)) {
            found.add(*word, CandidateKind::Keyword, "");
        }
        found
    }

    fn session_names(&self, prefix: &str, found: &mut Completion) {
        let mut names: Vec<_> =
            self.names.iter().filter(|(name, _)| name.starts_with(prefix)).collect();
        names.sort_by(|a, b| a.0.cmp(b.0));
        for (name, meaning) in names {
            if name.starts_with('_') && !prefix.starts_with('_') {
                continue;
            }
            let value = match meaning {
                SessionName::Slot(slot, _) => self.vm.runtime.vm.slot(*slot),
                _ => None,
            };
            let (kind, detail) = match meaning {
                SessionName::Slot(_, declared) => match declared.kind {
                    DeclaredKind::Class | DeclaredKind::Enum => (CandidateKind::Class, None),
                    DeclaredKind::Function => {
                        (CandidateKind::Function, value.and_then(|it| self.signature_of(it)))
                    }
                    _ => {
                        let vm = &self.vm.runtime.vm;
                        (CandidateKind::Name, value.map(|it| vm.type_name(it)))
                    }
                },
                SessionName::Member(..) => (CandidateKind::Function, None),
                SessionName::Module(_) | SessionName::File(_) => (CandidateKind::Module, None),
            };
            found.add(&**name, kind, detail.unwrap_or_default());
        }
    }

    /// The names of the arguments of the function that is called around the cursor.
    fn named_arguments(&self, before: &str, prefix: &str, found: &mut Completion) {
        let Some(shown) = self.signature(before, before.len()) else { return };
        let Some((_, params)) = shown.split_once('(') else { return };
        for param in params.split([',', ';']) {
            let name = param.split([':', '=', '?', ')']).next().unwrap_or_default().trim();
            let name = name.trim_start_matches("...");
            if is_name(name) && name.starts_with(prefix) && !param.trim().starts_with("...") {
                found.add(format!("{name}: "), CandidateKind::Argument, shown.clone());
            }
        }
    }

    /// Files that a path in a string may mean.
    fn paths(&self, before: &str, path: &str) -> Completion {
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut found = Completion { start: before.len() - name.len(), ..Completion::default() };
        let folder = &path[..path.len() - name.len()];
        let folder = if folder.is_empty() { PathBuf::from(".") } else { PathBuf::from(folder) };
        let entries = self.vm.runtime.rt.driver.files().entries(Path::new(&folder));
        let mut names: Vec<String> = Vec::new();
        // A folder that cannot be read has nothing to offer.
        for entry in entries.unwrap_or_default() {
            let Some(file) = entry.path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let is_hidden = file.starts_with('.') && !name.starts_with('.');
            if file.starts_with(name) && !is_hidden && !file.contains(['"', '\\']) {
                let slash = if entry.kind == FileKind::Dir { "/" } else { "" };
                names.push(format!("{file}{slash}"));
            }
        }
        names.sort();
        for name in names {
            found.add(name, CandidateKind::Path, "");
        }
        found
    }
}

fn kind_of_entry(entry: &Entry) -> CandidateKind {
    use crate::natives::Role;
    match entry.role {
        Role::Function | Role::Method => CandidateKind::Function,
        Role::Property => CandidateKind::Field,
        Role::Value => CandidateKind::Name,
        Role::Conversion | Role::Class => CandidateKind::Class,
    }
}

fn commands(before: &str, word: &str) -> Completion {
    let mut found = Completion { start: before.len() - word.len(), ..Completion::default() };
    for (name, takes, _) in COMMANDS.iter().filter(|(name, ..)| name.starts_with(word)) {
        found.add(*name, CandidateKind::Command, *takes);
    }
    found
}

/// The text up to the cursor, which may be anywhere.
fn before(text: &str, cursor: usize) -> &str {
    let end = (0..=cursor.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// The names with dots between them at the end of a text.
fn dotted(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let start = text
        .rfind(|c| !is_part(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    &text[start..]
}

/// What the literal before a dot is: its type is known.
fn literal(before: &str, prefix: &str) -> Option<Meaning> {
    let owner = before[..before.len() - prefix.len()].trim_end_matches('.');
    let name = match owner.chars().last()? {
        '"' => "str",
        ']' => "list",
        '}' => "map",
        _ => return None,
    };
    Some(Meaning::Library(name.to_owned()))
}

/// What stands in the string that a text ends in; none if it ends in none.
fn open_string(text: &str) -> Option<&str> {
    let last = syntax::pieces(text).pop()?;
    let piece = &text[last.range.clone()];
    let is_string = last.kind == PieceKind::Text && last.range.end >= text.trim_end().len();
    let inside = piece.strip_prefix('"').filter(|_| is_string)?;
    (!inside.ends_with('"') && !inside.contains('\n')).then(|| &text[last.range.start + 1..])
}

/// The name of the function inside of whose call a text ends.
fn callee(text: &str) -> Option<&str> {
    let hidden: Vec<_> = syntax::pieces(text)
        .into_iter()
        .filter(|piece| matches!(piece.kind, PieceKind::Text | PieceKind::Comment))
        .map(|piece| piece.range)
        .collect();
    let mut depth = 0usize;
    for (at, sign) in text.char_indices().rev() {
        if hidden.iter().any(|range| range.contains(&at)) {
            continue;
        }
        match sign {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' if depth > 0 => depth -= 1,
            '(' => {
                let name = dotted(&text[..at]);
                return (!name.is_empty()).then_some(name);
            }
            '[' | '{' => return None,
            _ => {}
        }
    }
    None
}
