//! The manual of the standard library, made from what the library says of itself.
//!
//! A [`Page`] is a module or a type of values with its entries; which page an entry belongs to is
//! said in `page.rs`. It is written for people in a terminal (`plain.rs`) or as Markdown
//! (`markdown.rs`), in which every example is a program that a test runs.

mod markdown;
mod page;
mod plain;

pub use markdown::{index, markdown};
pub use page::{Page, pages};
pub use plain::{contents, entry, whole};

use crate::natives::listing::{Entry, Example, of_file};

/// The page of a file of the user's: what it exports, from its `##` comments.
pub fn page_of_file(name: &str, text: &str) -> Page {
    let (about, entries) = of_file(name, text);
    Page { name: name.to_owned(), title: format!("Module `{name}`"), about, import: None, entries }
}

/// What the word after `kettle doc` names: a page, or entries with that name.
pub enum Found {
    /// A module or a type.
    Page(Page),
    /// Entries, the one that is meant or all that are called so.
    Entries(Vec<Entry>),
}

/// Looks a name up: `fs`, `list`, `fs.read`, `list.map`, `read`.
pub fn find(name: &str) -> Option<Found> {
    let pages = pages();
    if let Some(page) = pages.iter().find(|page| page.name == name) {
        return Some(Found::Page(page.clone()));
    }
    let all = || pages.iter().flat_map(|page| &page.entries);
    let last = |path: &str| path.rsplit('.').next().map(str::to_owned);
    let mut found: Vec<Entry> = all().filter(|entry| entry.path == name).cloned().collect();
    if found.is_empty() {
        let within = format!("{name}.");
        found = all().filter(|entry| entry.path.starts_with(&within)).cloned().collect();
    }
    if found.is_empty() && !name.contains('.') {
        found = all().filter(|entry| last(&entry.path).as_deref() == Some(name)).cloned().collect();
    }
    (!found.is_empty()).then_some(Found::Entries(found))
}

/// All names that [`find`] knows, for proposals.
pub fn names() -> Vec<String> {
    let pages = pages();
    let paths = pages.iter().flat_map(|page| page.entries.iter().map(|entry| entry.path.clone()));
    paths.chain(pages.iter().map(|page| page.name.clone())).collect()
}

/// An example as a program: an expression is printed, a module written in Kettle imported.
fn program(example: &Example, import: Option<&str>) -> String {
    let code = &example.code;
    let is_program = code.contains("print(") || code.contains('\n');
    let mut text = String::new();
    if let Some(module) = import.filter(|_| !code.contains("import ")) {
        text.push_str(&format!("import {module}\n"));
    }
    let mut printed = example.printed.lines();
    if is_program {
        text.push_str(code);
        text.push('\n');
    } else {
        let first = printed.next().unwrap_or_default();
        text.push_str(&format!("print({code})   # expect: {first}\n"));
    }
    for line in printed {
        text.push_str(&format!("# expect: {line}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whole_by_their_owner_and_by_their_end() {
        let paths = |name: &str| match find(name) {
            Some(Found::Page(page)) => vec![format!("page {}", page.name)],
            Some(Found::Entries(entries)) => entries.into_iter().map(|entry| entry.path).collect(),
            None => Vec::new(),
        };
        assert_eq!(paths("list"), ["page list"]);
        assert_eq!(paths("fs.read"), ["fs.read"]);
        assert!(paths("net.tcp").contains(&"net.tcp.connect".to_owned()));
        assert_eq!(
            paths("starts_with"),
            ["str.starts_with", "bytes.starts_with", "buffer.starts_with"]
        );
        assert!(paths("nothing_of_the_kind").is_empty());
    }

    #[test]
    fn a_file_documents_itself() {
        let text = "##! Shapes.\n\n## The area.\n## example: area(2) => 4\npub fn area(w) { w * w }\nfn hidden() { }\n";
        let page = page_of_file("shapes", text);
        assert_eq!(page.about, ["Shapes."]);
        let [entry] = &page.entries[..] else { panic!("one function is exported") };
        assert_eq!(
            (entry.signature.as_str(), &entry.doc[..]),
            ("shapes.area(w)", &["The area.".to_owned()][..])
        );
    }
}
