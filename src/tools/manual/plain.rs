//! The manual in a terminal: what `kettle doc` prints.

use super::Page;
use crate::natives::listing::Entry;

/// All pages with what each is for.
pub fn contents(pages: &[Page]) -> String {
    let width = pages.iter().map(|page| page.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for page in pages {
        let first: Vec<&str> = page
            .about
            .iter()
            .map(String::as_str)
            .skip_while(|line| line.is_empty())
            .take_while(|line| !line.is_empty())
            .collect();
        let first = first.join(" ");
        let about = first_sentence(&first).split("; [").next().unwrap_or("").trim_end_matches('.');
        text.push_str(&format!("{:width$}  {about}\n", page.name));
    }
    text
}

/// A page: what it is for, and the first sentence of each of its entries.
pub fn whole(page: &Page) -> String {
    let mut text = format!("{}\n\n{}\n\n", page.title.replace('`', ""), page.about.join("\n"));
    for entry in &page.entries {
        text.push_str(&format!(
            "{}\n    {}\n",
            entry.signature,
            first_sentence(&entry.doc.join(" "))
        ));
    }
    text
}

/// An entry, whole.
pub fn entry(entry: &Entry) -> String {
    let mut text = format!("{}\n", entry.signature);
    for line in &entry.doc {
        text.push_str(&format!("    {line}\n"));
    }
    for example in &entry.examples {
        text.push('\n');
        for line in example.code.lines() {
            text.push_str(&format!("    > {line}\n"));
        }
        for line in example.printed.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

fn first_sentence(text: &str) -> &str {
    text.find(". ").map_or(text, |end| &text[..=end])
}

#[cfg(test)]
mod tests {
    use super::super::page_of_file;
    use super::*;

    #[test]
    fn a_page_is_short_and_an_entry_is_whole() {
        let text = "##! What.\n\n## Twice. More\n## of it.\n## example: m.twice(2) => 4\npub fn twice(n) { n * 2 }\n";
        let page = page_of_file("m", text);
        assert_eq!(whole(&page), "Module m\n\nWhat.\n\nm.twice(n)\n    Twice.\n");
        let shown = "m.twice(n)\n    Twice. More\n    of it.\n\n    > m.twice(2)\n    4\n";
        assert_eq!(entry(&page.entries[0]), shown);
    }
}
