//! The parser's goldens, and properties that hold for every snippet among them.
//!
//! A file under `tests/syntax/` is a row of cases: a line `%%`, the snippet, a line `%>`, and what
//! the parser makes of it: the tree, one statement a line, then its diagnostics with line and
//! column. `KETTLE_UPDATE=1 cargo test --test syntax` writes what it finds; read the difference
//! before you believe it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use kettle::diagnostics::{Diagnostic, Source, SourceId};
use kettle::syntax::{self, Parsed};

#[path = "syntax/property.rs"]
mod property;

#[path = "syntax/layout.rs"]
mod layout;

#[path = "syntax/limit.rs"]
mod limit;

struct Case {
    snippet: String,
    expected: String,
}

fn parse(text: &str) -> Parsed {
    syntax::parse(text, SourceId(0))
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/syntax");
    let entries = fs::read_dir(folder).expect("the folder is part of the repository");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be read to its end").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    files.sort();
    files
}

fn cases(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).expect("goldens are text");
    let mut cases = Vec::new();
    for part in text.split("%% \n").skip(1) {
        let (snippet, expected) = part.split_once("%> \n").expect("a case has two parts");
        let snippet = snippet.strip_suffix('\n').unwrap_or(snippet);
        cases.push(Case { snippet: snippet.into(), expected: expected.into() });
    }
    cases
}

fn report(text: &str, parsed: &Parsed) -> String {
    let source = Source::new("case", text);
    let mut out = syntax::dump(&parsed.module);
    for diagnostic in &parsed.diagnostics {
        describe(diagnostic, &source, &mut out);
    }
    out
}

fn describe(diagnostic: &Diagnostic, source: &Source, out: &mut String) {
    let label = diagnostic.primary().expect("syntax errors have a place");
    let (line, column) = source.position(label.span.start);
    let code = diagnostic.code.expect("syntax errors have a code");
    write!(out, "{code} {line}:{column} {}", diagnostic.title).expect("a string takes it");
    if !label.text.is_empty() {
        write!(out, " [{}]", label.text).expect("a string takes it");
    }
    out.push('\n');
    for label in diagnostic.labels.iter().filter(|label| !label.primary) {
        let (line, column) = source.position(label.span.start);
        writeln!(out, "  see {line}:{column} {}", label.text).expect("a string takes it");
    }
    for help in &diagnostic.help {
        writeln!(out, "  help: {help}").expect("a string takes it");
    }
}

#[test]
fn goldens() {
    let update = std::env::var_os("KETTLE_UPDATE").is_some();
    let (mut count, mut wrong) = (0, String::new());
    for path in files() {
        let mut written = String::new();
        for case in cases(&path) {
            count += 1;
            let found = report(&case.snippet, &parse(&case.snippet));
            if found != case.expected {
                let name = path.file_name().expect("a file has a name").display();
                writeln!(
                    wrong,
                    "{name}:\n{}\n-- expected\n{}-- found\n{found}",
                    case.snippet, case.expected
                )
                .expect("a string takes it");
            }
            write!(written, "%% \n{}\n%> \n{found}", case.snippet).expect("a string takes it");
        }
        if update {
            fs::write(&path, written).expect("goldens can be written");
        }
    }
    assert!(count >= 300, "only {count} cases");
    assert!(update || wrong.is_empty(), "{wrong}");
}
