//! Every script in `tests/diagnostics/` is wrong in one way; the `.snap` beside it is what the
//! command line says about that, word for word. `KETTLE_UPDATE=1` writes the snapshots anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kettle::engine::{Engine, Error, Output, Vm};

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

/// What the command line says about a script, without colour.
fn said_of(script: &Path) -> String {
    let mut engine = Engine::new();
    let options = engine.options();
    options.stdout = Output::captured();
    let stderr = Output::captured();
    options.stderr = stderr.clone();
    options.virtual_clock = true;
    let program = match engine.compile_file(script) {
        Ok(program) => program,
        Err(error) => return error.render(false),
    };
    let warnings = kettle::diagnostics::render(program.warnings(), program.sources(), false);
    let report = match Vm::new(&engine).and_then(|mut vm| vm.run(&program)) {
        Ok(_) => String::new(),
        Err(error @ Error::Uncaught { .. }) => error.report(false),
        Err(error) => panic!("{}: {error}", script.display()),
    };
    warnings + &stderr.text() + &report
}

fn scripts() -> Vec<PathBuf> {
    let entries = fs::read_dir("tests/diagnostics").expect("the folder is there");
    let mut scripts: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ket"))
        .collect();
    scripts.sort();
    scripts
}
