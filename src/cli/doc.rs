//! `kettle doc`: the manual of the standard library, and of files.

use std::path::Path;

use super::{STATUS_MISUSE, terminal};
use crate::diagnostics::nearest;
use crate::tools::manual::{self, Found};

/// Prints what there is to know of a name or a file; all pages without one.
pub fn doc(name: Option<&str>) -> i32 {
    let Some(name) = name else {
        let contents = manual::contents(&manual::pages());
        return terminal::out(&format!("{contents}\n`kettle doc NAME` shows more.\n"));
    };
    if Path::new(name).extension().is_some_and(|extension| extension == "ket") {
        return file(name);
    }
    match manual::find(name) {
        Some(Found::Page(page)) => terminal::out(&manual::whole(&page)),
        Some(Found::Entries(entries)) => {
            let shown: Vec<String> = entries.iter().map(manual::entry).collect();
            terminal::out(&shown.join("\n"))
        }
        None => {
            let names = manual::names();
            let meant = nearest(name, names.iter().map(String::as_str));
            let hint = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
            terminal::err(&format!("kettle: the library has nothing called `{name}`{hint}\n"));
            STATUS_MISUSE
        }
    }
}

fn file(path: &str) -> i32 {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            terminal::err(&format!("kettle: {path} cannot be read: {error}\n"));
            return STATUS_MISUSE;
        }
    };
    let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
    let page = manual::page_of_file(&stem, &text);
    let shown: Vec<String> = page.entries.iter().map(manual::entry).collect();
    terminal::out(format!("{}\n\n{}", page.about.join("\n"), shown.join("\n")).trim_start())
}
