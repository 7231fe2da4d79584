//! Everything that the standard library offers, native or written in Kettle, in one form: what the
//! documentation is generated from, and whose examples a test runs.
//!
//! A module written in Kettle documents itself: what it declares with `pub` is listed with its
//! `##` comment. In such a comment an example is a line `example: EXPRESSION => WHAT IT PRINTS`; a
//! longer one is indented below `example:`, and lines `=> WHAT IT PRINTS` end it.

use super::declaration::{Declaration, Role};
use super::registry::declarations;
use super::stdlib;
use crate::diagnostics::{SourceId, Span};
use crate::syntax::ast::{
    Ast, Class, Function, ImportKind, ImportSource, Member, MemberKind, Module, Param, PatternKind,
    StmtKind, Symbol,
};

/// A function, method, property, constant or class of the library.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its full name: `print`, `fs.read`, `str.repeat`, `collections.deque.push`.
    pub path: String,
    /// What it is.
    pub role: Role,
    /// It has to be awaited or spawned.
    pub waits: bool,
    /// As documentation shows it: `async fs.read(path: str)`.
    pub signature: String,
    /// The lines of its documentation.
    pub doc: Vec<String>,
    /// Its examples. Those of a module written in Kettle take it as imported.
    pub examples: Vec<Example>,
}

/// An example in a documentation.
#[derive(Clone, Debug)]
pub struct Example {
    /// An expression, or a program that prints.
    pub code: String,
    /// What the expression, or the program, prints.
    pub printed: String,
}

/// The whole library: what is native in the order of its tables, then the modules written in Kettle.
pub fn listing() -> Vec<Entry> {
    let native = declarations().map(entry);
    let modules =
        stdlib::modules().flat_map(|name| File::read(&format!("{name}.ket")).entries(name));
    native.chain(modules).collect()
}

/// What a module that is written in Kettle says about itself; empty for others.
pub fn about(module: &str) -> Vec<String> {
    File::read(&format!("{module}.ket")).about()
}

fn entry(declaration: &Declaration) -> Entry {
    let signature = declaration.signature;
    let example = |(code, printed): &(&str, &str)| Example {
        code: (*code).to_owned(),
        printed: (*printed).to_owned(),
    };
    Entry {
        path: signature.path.to_owned(),
        role: signature.role,
        waits: signature.waits,
        signature: signature.to_string(),
        doc: declaration.doc.lines().map(|line| line.trim().to_owned()).collect(),
        examples: declaration.examples.iter().map(example).collect(),
    }
}

/// What a file says of itself, and what it exports as members of a module of that name.
pub fn of_file(module: &str, text: &str) -> (Vec<String>, Vec<Entry>) {
    let file = File { text, module: crate::syntax::parse(text, SourceId::default()).module };
    (file.about(), file.entries(module))
}

/// A file of the library, or of a program.
struct File<'a> {
    text: &'a str,
    module: Module,
}

impl File<'static> {
    /// The file of that name, relative to `stdlib/`; an empty one if there is none.
    fn read(name: &str) -> File<'static> {
        let text =
            stdlib::FILES.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
        File { text, module: crate::syntax::parse(text, SourceId::default()).module }
    }
}

impl File<'_> {
    /// Its own comment.
    fn about(&self) -> Vec<String> {
        let doc = self.module.doc.map(|doc| self.ast().text(doc).lines().map(str::to_owned));
        doc.map_or(Vec::new(), Iterator::collect)
    }

    fn ast(&self) -> &Ast {
        &self.module.ast
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// What it exports, as members of a module.
    fn entries(&self, module: &str) -> Vec<Entry> {
        let mut entries = Vec::new();
        for id in &self.module.statements {
            match &self.ast()[*id].kind {
                StmtKind::Function { function, public: true } => {
                    entries.extend(self.function(module, Role::Function, function, function.doc));
                }
                StmtKind::Class { class, public: true } => self.class(module, class, &mut entries),
                StmtKind::Let { pattern, public: true, doc, .. } => {
                    if let PatternKind::Bind(name) = self.ast()[*pattern].kind {
                        let path = format!("{module}.{}", self.ast().text(name.symbol));
                        let signature = path.clone();
                        entries.push(self.make(path, Role::Value, false, signature, *doc));
                    }
                }
                StmtKind::Import(import) if import.public => {
                    if let ImportKind::Names { items, from: ImportSource::File(file) } =
                        &import.kind
                    {
                        let file = self.ast().text(file.symbol).trim_start_matches("./");
                        let named = |entry: &Entry| {
                            let rest = entry
                                .path
                                .strip_prefix(module)
                                .and_then(|rest| rest.strip_prefix('.'));
                            let name = rest.and_then(|rest| rest.split('.').next());
                            items.iter().any(|item| Some(self.ast().text(item.name.symbol)) == name)
                        };
                        entries.extend(File::read(file).entries(module).into_iter().filter(named));
                    }
                }
                _ => {}
            }
        }
        entries
    }

    fn class(&self, module: &str, class: &Class, entries: &mut Vec<Entry>) {
        let path = format!("{module}.{}", self.ast().text(class.name.symbol));
        let init = class.members.iter().find_map(|member| match &member.kind {
            MemberKind::Method(function) if self.name(function) == "init" => {
                Some(&function.params[..])
            }
            _ => None,
        });
        let params = init.map_or_else(|| self.fields(class), |params| self.params(params));
        let signature = format!("{path}({params})");
        entries.push(self.make(path.clone(), Role::Class, false, signature, class.doc));
        for member in &class.members {
            entries.extend(self.member(&path, member));
        }
    }

    /// The parameters of a class without `init`.
    fn fields(&self, class: &Class) -> String {
        let fields = class.members.iter().filter(|member| !member.is_static);
        let public = fields.filter_map(|member| match member.kind {
            MemberKind::Field { name, .. } if !self.ast().text(name.symbol).starts_with('_') => {
                Some(self.slice(member.span))
            }
            _ => None,
        });
        public.collect::<Vec<_>>().join(", ")
    }

    /// Private members are not listed, nor are operators and the like without a comment.
    fn member(&self, path: &str, member: &Member) -> Option<Entry> {
        let role = if member.is_static { Role::Function } else { Role::Method };
        match &member.kind {
            MemberKind::Method(function) => self.function(path, role, function, member.doc),
            MemberKind::Getter(function) => {
                self.function(path, Role::Property, function, member.doc)
            }
            MemberKind::Field { name, .. } => {
                let path = format!("{path}.{}", self.ast().text(name.symbol));
                let role = if member.is_static { Role::Value } else { Role::Property };
                member.doc.map(|doc| self.make(path.clone(), role, false, path, Some(doc)))
            }
        }
    }

    fn function(
        &self,
        owner: &str,
        role: Role,
        function: &Function,
        doc: Option<Symbol>,
    ) -> Option<Entry> {
        const PROTOCOL: [&str; 9] =
            ["in", "init", "iter", "next", "str", "hash", "call", "format", "neg"];
        let name = self.name(function);
        let is_special = PROTOCOL.contains(&name) || !name.starts_with(char::is_alphabetic);
        if name.starts_with('_') || (is_special && doc.is_none()) {
            return None;
        }
        let path = format!("{owner}.{name}");
        let shown = match role {
            Role::Property => path.clone(),
            _ => format!("{path}({})", self.params(&function.params)),
        };
        let signature = if function.is_async { format!("async {shown}") } else { shown };
        Some(self.make(path, role, function.is_async, signature, doc))
    }

    fn name(&self, function: &Function) -> &str {
        function.name.map_or("", |name| self.ast().text(name.symbol))
    }

    fn params(&self, params: &[Param]) -> String {
        params.iter().map(|param| self.slice(param.span)).collect::<Vec<_>>().join(", ")
    }

    fn make(
        &self,
        path: String,
        role: Role,
        waits: bool,
        signature: String,
        doc: Option<Symbol>,
    ) -> Entry {
        let text = doc.map_or("", |doc| self.ast().text(doc));
        let (doc, examples) = take_apart(text);
        Entry { path, role, waits, signature, doc, examples }
    }
}

/// The lines of a comment, and the examples that stand in it.
fn take_apart(comment: &str) -> (Vec<String>, Vec<Example>) {
    let (mut doc, mut examples) = (Vec::new(), Vec::new());
    let mut lines = comment.lines().peekable();
    while let Some(line) = lines.next() {
        let (code, printed) = match line.strip_prefix("example:").map(str::trim) {
            None => {
                doc.push(line.to_owned());
                continue;
            }
            Some("") => {
                let mut code = Vec::new();
                while let Some(line) = lines.next_if(|line| !line.starts_with("=>")) {
                    code.push(line.strip_prefix("    ").unwrap_or(line));
                }
                let mut printed = Vec::new();
                while let Some(line) = lines.next_if(|line| line.starts_with("=>")) {
                    printed.push(line.strip_prefix("=> ").unwrap_or(""));
                }
                (code.join("\n"), printed.join("\n"))
            }
            Some(example) => {
                let (code, printed) = example.rsplit_once(" => ").unwrap_or((example, ""));
                (code.to_owned(), printed.to_owned())
            }
        };
        examples.push(Example { code, printed });
    }
    (doc, examples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_taken_out_of_comments() {
        let comment = "Says it.\nexample: f(1) => 2\nMore.\nexample:\n    let x = 1\n    print(x)\n=> 1\n=> 2\nEnd.";
        let (doc, examples) = take_apart(comment);
        assert_eq!(doc, ["Says it.", "More.", "End."]);
        let shown: Vec<_> = examples.iter().map(|found| (&*found.code, &*found.printed)).collect();
        assert_eq!(shown, [("f(1)", "2"), ("let x = 1\nprint(x)", "1\n2")]);
    }

    #[test]
    fn modules_written_in_kettle_are_documented() {
        for entry in listing() {
            assert!(!entry.doc.is_empty(), "{} has no documentation", entry.path);
        }
        for module in stdlib::modules() {
            assert!(!about(module).is_empty(), "{module} does not say what it is for (##!)");
        }
    }

    #[test]
    fn signatures_are_those_of_the_source() {
        let all = listing();
        let shown = |path: &str| {
            let found = all.iter().find(|entry| entry.path == path);
            found.expect("it is listed").signature.clone()
        };
        assert_eq!(shown("str.repeat"), "str.repeat(n: int)");
        assert_eq!(
            shown("collections.heap"),
            "collections.heap(items = [], by = null, reverse = false)"
        );
        assert_eq!(shown("collections.heap.push"), "collections.heap.push(...items)");
    }
}
