//! `kettle doc`: the manual of the standard library, and of files.

use std::path::Path;

use super::{STATUS_MISUSE, terminal};
use crate::diagnostics::nearest;
use crate::engine::read_api;
use crate::tools::manual::{self, Found};

/// Words of the language, with the page of the reference that tells of them.
const WORDS: &[(&str, &str)] = &[
    ("let var if else while for loop break continue defer assert", "statements"),
    ("match as", "patterns"),
    ("fn return", "functions"),
    ("class extends static get self super init", "classes"),
    ("enum", "enums"),
    ("throw try catch finally", "errors"),
    ("yield", "iteration"),
    ("async await spawn timeout shield select daemon", "waiting"),
    ("import pub from main", "modules"),
    ("test", "testing"),
    ("in is", "expressions"),
    ("null true false", "values"),
];

/// Prints what there is to know of a name or a file; all pages without one.
pub fn doc(name: Option<&str>) -> i32 {
    let Some(name) = name else {
        let contents = manual::contents(&manual::pages());
        return terminal::out(&format!("{contents}\n`kettle doc NAME` shows more.\n"));
    };
    if Path::new(name).extension().is_some_and(|extension| extension == "ket") {
        return file(name);
    }
    if Path::new(name).extension().is_some_and(|extension| extension == "json") {
        return api(name);
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
            let hint =
                match WORDS.iter().find(|(words, _)| words.split(' ').any(|word| word == name)) {
                    Some((_, page)) => {
                        format!("; it is a word of the language: docs/reference/{page}.md")
                    }
                    None => hint,
                };
            terminal::err(&format!("kettle: the library has nothing called `{name}`{hint}\n"));
            STATUS_MISUSE
        }
    }
}

fn read(path: &str) -> Result<String, i32> {
    std::fs::read_to_string(path).map_err(|error| {
        terminal::err(&format!("kettle: {path} cannot be read: {error}\n"));
        STATUS_MISUSE
    })
}

/// What a host has written of itself.
fn api(path: &str) -> i32 {
    let text = match read(path) {
        Ok(text) => text,
        Err(status) => return status,
    };
    match read_api(&text) {
        Ok(entries) => {
            let shown: Vec<String> = entries.iter().map(manual::entry).collect();
            terminal::out(&shown.join("\n"))
        }
        Err(why) => {
            terminal::err(&format!("kettle: {path} does not describe a host: {why}\n"));
            STATUS_MISUSE
        }
    }
}

fn file(path: &str) -> i32 {
    let text = match read(path) {
        Ok(text) => text,
        Err(status) => return status,
    };
    let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
    let page = manual::page_of_file(&stem, &text);
    let shown: Vec<String> = page.entries.iter().map(manual::entry).collect();
    terminal::out(format!("{}\n\n{}", page.about.join("\n"), shown.join("\n")).trim_start())
}
