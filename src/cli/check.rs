//! `kettle check`: mistakes in programs, found without running them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::flag::Check;
use super::{STATUS_FAULTS, STATUS_MISUSE, terminal};
use crate::diagnostics::{Diagnostic, Severity, SourceId, SourceMap, Span, render};
use crate::engine::{Engine, Findings};

/// Folders may be nested so deep; links may go round in a circle.
const FOLDERS_MAX: usize = 64;

/// Looks for mistakes in each file, in the files of each folder, and in all that they import. `-` is
/// standard input.
pub fn check(wanted: &Check) -> i32 {
    let files = match files(&wanted.files) {
        Ok(files) => files,
        Err(message) => {
            terminal::err(&format!("kettle: {message}\n"));
            return STATUS_MISUSE;
        }
    };
    let engine = Engine::new();
    let mut outcome = Outcome { files: files.len(), ..Outcome::default() };
    for file in &files {
        let found = match file.as_str() {
            "-" => match terminal::input() {
                Ok(text) => engine.check_text("<stdin>", text),
                Err(message) => {
                    terminal::err(&format!("kettle: {message}\n"));
                    return STATUS_MISUSE;
                }
            },
            file => engine.check_file(file),
        };
        outcome.add(found, wanted.json);
    }
    if wanted.json {
        terminal::out(&outcome.to_document());
    } else {
        terminal::err(&outcome.summary());
    }
    let failed = outcome.errors > 0 || (wanted.deny_warnings && outcome.warnings > 0);
    if failed { STATUS_FAULTS } else { 0 }
}

/// What has been found so far.
#[derive(Default)]
struct Outcome {
    files: usize,
    errors: usize,
    warnings: usize,
    /// Modules that several files import are looked at several times.
    seen: HashSet<(String, Span, String)>,
    documents: Vec<Value>,
}

impl Outcome {
    fn add(&mut self, found: Findings, as_json: bool) {
        let Findings { mut diagnostics, sources } = found;
        diagnostics.retain(|diagnostic| self.seen.insert(identity(diagnostic, &sources)));
        let errors = diagnostics.iter().filter(|found| found.is_error()).count();
        self.errors += errors;
        self.warnings += diagnostics.len() - errors;
        if as_json {
            self.documents.extend(diagnostics.iter().map(|found| document(found, &sources)));
        } else {
            terminal::err(&render(&diagnostics, &sources, terminal::has_colour()));
        }
    }

    fn summary(&self) -> String {
        let files = count(self.files, "file");
        match (self.errors, self.warnings) {
            (0, 0) => format!("{files} checked: nothing to report\n"),
            (errors, warnings) => {
                let parts = [(errors, "error"), (warnings, "warning")];
                let parts = parts.iter().filter(|(number, _)| *number > 0);
                let parts: Vec<String> = parts.map(|(number, what)| count(*number, what)).collect();
                format!("{files} checked: {}\n", parts.join(", "))
            }
        }
    }

    fn to_document(&self) -> String {
        let document = json!({
            "version": 1,
            "files": self.files,
            "errors": self.errors,
            "warnings": self.warnings,
            "diagnostics": self.documents,
        });
        format!("{document:#}\n")
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What tells a diagnostic from others, whichever program it was found in.
fn identity(diagnostic: &Diagnostic, sources: &SourceMap) -> (String, Span, String) {
    let label = diagnostic.primary();
    let name = label.and_then(|label| sources.get(label.source)).map(|source| &*source.name);
    let code = diagnostic.code.map_or("", |code| code.name());
    (
        name.unwrap_or_default().to_owned(),
        label.map_or(Span::default(), |label| label.span),
        format!("{code} {}", diagnostic.title),
    )
}

fn document(diagnostic: &Diagnostic, sources: &SourceMap) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let primary = diagnostic.primary();
    let place = |source: SourceId, span: Span| place(sources, source, span);
    json!({
        "code": diagnostic.code.map(|code| code.name()),
        "severity": severity,
        "message": diagnostic.title,
        "place": primary.map(|label| place(label.source, label.span)),
        "labels": diagnostic.labels.iter().map(|label| json!({
            "primary": label.primary,
            "message": label.text,
            "place": place(label.source, label.span),
        })).collect::<Vec<_>>(),
        "help": diagnostic.help,
        "notes": diagnostic.notes,
        "edits": diagnostic.edits.iter().map(|edit| json!({
            "place": place(edit.source, edit.span),
            "text": edit.text,
        })).collect::<Vec<_>>(),
    })
}

/// Lines and columns from 1, columns in characters; offsets from 0, in bytes. The end is the first
/// place behind.
fn place(sources: &SourceMap, id: SourceId, span: Span) -> Value {
    let Some(source) = sources.get(id) else { return Value::Null };
    let span = source.clamp(span);
    let point = |offset: u32| {
        let (line, column) = source.position(offset);
        json!({ "line": line, "column": column, "offset": offset })
    };
    json!({ "file": &*source.name, "start": point(span.start), "end": point(span.end) })
}

/// The files named, and those that end in `.ket` in the folders named, in order.
fn files(names: &[String]) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    for name in names {
        if name != "-" && Path::new(name).is_dir() {
            let before = files.len();
            files_of(Path::new(name), 0, &mut files)
                .map_err(|error| format!("`{name}` cannot be read: {error}"))?;
            if files.len() == before {
                return Err(format!("there is no .ket file in `{name}`"));
            }
        } else {
            files.push(name.clone());
        }
    }
    Ok(files)
}

fn files_of(folder: &Path, depth: usize, files: &mut Vec<String>) -> std::io::Result<()> {
    if depth > FOLDERS_MAX {
        return Ok(());
    }
    let mut entries: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            files_of(&path, depth + 1, files)?;
        } else if path.extension().is_some_and(|extension| extension == "ket") {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
