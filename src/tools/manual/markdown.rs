//! The manual as Markdown: a page each, and the index of all.

use super::{Page, program};
use crate::natives::Role;
use crate::natives::listing::Entry;

/// A page.
pub fn markdown(page: &Page) -> String {
    let mut text = format!("# {}\n\n{}\n", page.title, page.about.join("\n"));
    if let Some(module) = &page.import {
        text.push_str(&format!("\n```kettle\nimport {module}\n```\n"));
    }
    for entry in &page.entries {
        text.push_str(&format!("\n## `{}`\n\n{}\n", entry.signature, said(entry)));
        for example in &entry.examples {
            text.push_str(&format!("\n```kettle\n{}```\n", program(example, module_of(page))));
        }
    }
    text
}

/// The index.
pub fn index(pages: &[Page]) -> String {
    let mut text = String::from(
        "# The standard library\n\n\
         These pages are made from the declarations of the library; `kettle doc NAME` shows the same in\n\
         a terminal. In a signature `name: type?` may be left out, `name: type = value` says what it is\n\
         then, `...name` takes any number, and what stands behind a `;` is passed by name. What begins\n\
         with `async` has to be awaited.\n\n\
         | page | |\n|---|---|\n",
    );
    for page in pages {
        let first = page.about.join(" ");
        let first = first.split_inclusive(['.', ':', ';']).next().unwrap_or_default();
        let first = first.trim_end_matches([':', ';']).replace('|', "\\|");
        text.push_str(&format!("| [{}]({}.md) | {first} |\n", page.name, page.name));
    }
    text
}

/// What an entry says of itself; what is no function says so first.
fn said(entry: &Entry) -> String {
    let doc = entry.doc.join("\n");
    match entry.role {
        Role::Property => format!("*A property.* {doc}"),
        Role::Value => format!("*A value.* {doc}"),
        Role::Class => format!("*A class.* {doc}"),
        Role::Function | Role::Method | Role::Conversion => doc,
    }
}

/// The module that the examples of a page take as imported: native ones import it themselves.
fn module_of(page: &Page) -> Option<&str> {
    let written = |module: &&str| crate::natives::stdlib::modules().any(|name| name == *module);
    page.import.as_deref().filter(written)
}

#[cfg(test)]
mod tests {
    use super::super::page_of_file;
    use super::*;

    #[test]
    fn a_page_shows_signature_text_and_example() {
        let page = page_of_file(
            "m",
            "##! What it is.\n\n## Twice.\n## example: m.twice(2) => 4\npub fn twice(n) { n * 2 }\n",
        );
        let expected = "# Module `m`\n\nWhat it is.\n\n## `m.twice(n)`\n\nTwice.\n\n```kettle\nprint(m.twice(2))   # expect: 4\n```\n";
        assert_eq!(markdown(&page), expected);
    }
}
