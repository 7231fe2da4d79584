//! What is said about programs.
//!
//! Every script in `tests/diagnostics/` is wrong in one way; the `.snap` beside it is what `kettle
//! check` and then `kettle` say about that, word for word. `KETTLE_UPDATE=1` writes the snapshots
//! anew. The scripts in `tests/lint/` say in comments which lines get a warning, and which do not.
//! The pages of `kettle explain` have an example that is wrong and one that is right.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kettle::diagnostics::{Code, Severity, render};
use kettle::engine::{Engine, Error, Findings, Memory, Output, Vm};
use kettle::tools::expectation::{Conduct, Expectation, Remark, is_part};

#[test]
fn diagnostics_and_reports_are_as_their_snapshots_say() {
    let update = std::env::var_os("KETTLE_UPDATE").is_some();
    let mut faults = Vec::new();
    for script in scripts() {
        let said = said_of(&script);
        let snapshot = script.with_extension("snap");
        if update {
            fs::write(&snapshot, &said).expect("a snapshot can be written");
        }
        let expected = fs::read_to_string(&snapshot).unwrap_or_default();
        if said.is_empty() {
            faults.push(format!("{}: nothing is said about it", script.display()));
        } else if expected.is_empty() {
            faults.push(format!(
                "{}: it has no snapshot; KETTLE_UPDATE=1 writes it",
                script.display()
            ));
        } else if said != expected {
            faults.push(format!("{}\n--- snapshot\n{expected}--- now\n{said}", script.display()));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn at_least_sixty_different_things_are_said() {
    let first_line = |path: PathBuf| {
        let text = fs::read_to_string(path.with_extension("snap")).unwrap_or_default();
        text.lines().next().map(str::to_owned)
    };
    let titles: BTreeSet<String> = scripts().into_iter().filter_map(first_line).collect();
    assert!(titles.len() >= 60, "only {} different first lines", titles.len());
}

#[test]
fn every_code_has_a_snapshot() {
    let mut seen = String::new();
    for script in scripts() {
        seen += &fs::read_to_string(script.with_extension("snap")).unwrap_or_default();
    }
    let lacks = |code: &Code| !seen.contains(&format!("[{code}]"));
    let missing: Vec<Code> = Code::ALL.iter().copied().filter(lacks).collect();
    assert_eq!(missing, WITHOUT_SNAPSHOT);
}

/// E0125 needs a file of two gigabytes.
const WITHOUT_SNAPSHOT: &[Code] = &[Code::E0125];

/// What the command line says about a script, without colour.
fn said_of(script: &Path) -> String {
    let mut engine = Engine::new();
    let options = engine.options();
    options.stdout = Output::captured();
    let stderr = Output::captured();
    options.stderr = stderr.clone();
    options.virtual_clock = true;
    let found = engine.check_file(script);
    let checked = render(&found.diagnostics, &found.sources, false);
    let Ok(program) = engine.compile_file(script) else { return checked };
    let report = match Vm::new(&engine).and_then(|mut vm| vm.run_blocking(&program)) {
        Ok(_) => String::new(),
        Err(error @ Error::Uncaught { .. }) => error.report(false),
        Err(error) => panic!("{}: {error}", script.display()),
    };
    checked + &stderr.text() + &report
}

#[test]
fn lints_find_what_the_scripts_say_and_nothing_else() {
    let mut faults = Vec::new();
    for script in kets("tests/lint") {
        let text = fs::read_to_string(&script).expect("a script can be read");
        if is_part(&text) {
            continue;
        }
        let found = remarks(&Engine::new().check_file(&script));
        let said = match Expectation::read(&text) {
            Ok(expectation) => {
                let exit = if found.iter().any(|r| r.text.starts_with("error")) { 2 } else { 0 };
                expectation.faults(&Conduct { diagnostics: found, exit, ..Conduct::default() })
            }
            Err(message) => vec![message],
        };
        if !said.is_empty() {
            faults.push(format!("{}\n{}", script.display(), said.join("\n")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_projects_own_programs_get_no_warning() {
    for folder in ["examples", "benches/programs", "benches/programs/growth"] {
        for script in kets(folder) {
            let found = Engine::new().check_file(&script);
            let said = render(&found.diagnostics, &found.sources, false);
            assert!(said.is_empty(), "{}\n{said}", script.display());
        }
    }
}

#[test]
fn every_page_has_a_wrong_and_a_right_example() {
    let mut faults = Vec::new();
    for &code in Code::ALL {
        let page = code.explanation();
        let (Some(wrong), Some(right)) = (example(page, "Wrong:"), example(page, "Right:")) else {
            if !WITHOUT_EXAMPLE.contains(&code) {
                faults.push(format!("{code}: its page has no example"));
            }
            continue;
        };
        let found = codes(&wrong);
        if !found.contains(&code) {
            faults.push(format!("{code}: the wrong example gets {found:?}"));
        }
        let found = codes(&right);
        if !found.is_empty() {
            faults.push(format!("{code}: the right example gets {found:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_reference_lists_every_warning() {
    let page = fs::read_to_string("docs/reference/diagnostics.md").expect("the page can be read");
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| W")).collect();
    let warnings = Code::ALL.iter().filter(|code| code.severity() == Severity::Warning);
    let wanted: Vec<String> =
        warnings.map(|code| format!("| {code} | {} |", code.title())).collect();
    assert_eq!(listed, wanted);
}

/// What only very large, very deep or unreadable files get.
const WITHOUT_EXAMPLE: &[Code] = &[Code::E0107, Code::E0108, Code::E0125, Code::E0404, Code::E0802];

/// The code behind a line of an explanation.
fn example(page: &str, heading: &str) -> Option<String> {
    let mut lines = page.lines().skip_while(|line| *line != heading).skip(1).peekable();
    lines.peek()?;
    let code = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    Some(code.map(|line| line.strip_prefix("    ").unwrap_or("")).collect::<Vec<_>>().join("\n"))
}

/// The codes of what is found in an example. A line `# in name.ket` begins another file of it.
fn codes(example: &str) -> Vec<Code> {
    let mut files = vec![("main.ket".to_owned(), String::new())];
    for line in example.lines() {
        match line.strip_prefix("# in ") {
            Some(name) => files.push((name.trim().to_owned(), String::new())),
            None => {
                let (_, text) = files.last_mut().expect("the first one is always there");
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    let main = files[0].1.clone();
    let mut memory = Memory::new();
    files.into_iter().for_each(|(name, text)| memory.insert(name, text));
    let mut engine = Engine::new();
    engine.set_loader(memory);
    let found = engine.check_text("main.ket", main);
    found.diagnostics.iter().filter_map(|found| found.code).collect()
}

fn remarks(found: &Findings) -> Vec<Remark> {
    let remark = |diagnostic: &kettle::diagnostics::Diagnostic| {
        let label = diagnostic.primary();
        let line = label.and_then(|label| {
            Some(found.sources.get(label.source)?.position(label.span.start).0 as usize)
        });
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let code = diagnostic.code.map_or("", Code::name);
        Remark { line, text: format!("{severity}[{code}]: {}", diagnostic.title) }
    };
    found.diagnostics.iter().map(remark).collect()
}

fn scripts() -> Vec<PathBuf> {
    kets("tests/diagnostics")
}

fn kets(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut scripts: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ket"))
        .collect();
    scripts.sort();
    scripts
}
