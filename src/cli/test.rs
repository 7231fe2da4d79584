//! `kettle test`: the `test` blocks of files, each in a VM of its own.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::flag::Test;
use super::{STATUS_MISUSE, terminal};
use crate::diagnostics::render;
use crate::engine::{Engine, Output, Program, Vm};

/// The exit status when a test has failed.
const STATUS_FAILED: i32 = 1;

/// How many tests ended how.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    /// Files that do not compile or cannot be read.
    broken: usize,
}

/// Runs the tests of files and folders, of this folder if none is named.
pub fn test(wanted: &Test) -> i32 {
    let begun = Instant::now();
    let mut count = Count::default();
    let here = [".".to_owned()];
    let paths = if wanted.paths.is_empty() { &here[..] } else { &wanted.paths[..] };
    for path in paths {
        match files(path) {
            Ok(files) => files.iter().for_each(|file| test_file(file, wanted, &mut count)),
            Err(message) => {
                terminal::err(&format!("kettle: {message}\n"));
                count.broken += 1;
            }
        }
    }
    let Count { passed, failed, broken } = count;
    if passed + failed == 0 && broken == 0 {
        let what = match &wanted.filter {
            Some(filter) => format!("no test has a name that contains {filter:?}"),
            None => "there are no tests: write `test \"…\" { … }`".to_owned(),
        };
        terminal::err(&format!("kettle: {what}\n"));
        return STATUS_MISUSE;
    }
    let mut summary = format!("\n{passed} passed, {failed} failed");
    if broken > 0 {
        summary.push_str(&format!(", {broken} could not be run"));
    }
    let written = terminal::out(&format!("{summary} ({})\n", shown(begun.elapsed())));
    match (failed, broken) {
        (0, 0) => written,
        (0, _) => STATUS_MISUSE,
        _ => STATUS_FAILED,
    }
}

/// The file, or the sources in a folder and those inside it, by name. What is hidden is left out.
fn files(path: &str) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        if !Path::new(&path).is_dir() {
            files.push(path);
            continue;
        }
        let unreadable = |error| format!("`{path}` cannot be read: {error}");
        for entry in fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // A link may lead back to where we came from.
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if name.starts_with('.') || (is_link && entry.path().is_dir()) {
                continue;
            }
            if name.ends_with(".ket") || entry.path().is_dir() {
                let inside = Path::new(&path).join(name);
                let inside = inside.strip_prefix(".").unwrap_or(&inside);
                open.push(inside.to_string_lossy().into_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Runs the tests of a file. One without tests is not mentioned.
fn test_file(file: &str, wanted: &Test, count: &mut Count) {
    let colour = terminal::has_colour();
    let program = match Engine::new().compile_tests(file) {
        Ok(program) => program,
        Err(error) => {
            terminal::err(&error.render(colour));
            count.broken += 1;
            return;
        }
    };
    let fits = |name: &str| wanted.filter.as_ref().is_none_or(|filter| name.contains(filter));
    let tests: Vec<usize> = program
        .tests()
        .iter()
        .enumerate()
        .filter(|(_, test)| fits(&test.name))
        .map(|(i, _)| i)
        .collect();
    if tests.is_empty() {
        return;
    }
    terminal::err(&render(program.warnings(), program.sources(), colour));
    terminal::out(&format!("{file}\n"));
    for index in tests {
        test_one(&program, index, count);
    }
}

fn test_one(program: &Program, index: usize, count: &mut Count) {
    let name = &program.tests()[index].name;
    let begun = Instant::now();
    let output = Output::captured();
    let mut engine = Engine::new();
    let options = engine.options();
    // Both go to one place, so that the order in which they were written is kept.
    options.stdout = output.clone();
    options.stderr = output.clone();
    let outcome = Vm::new(&engine).and_then(|mut vm| vm.run_test(program, index));
    let time = shown(begun.elapsed());
    let Err(error) = outcome else {
        count.passed += 1;
        terminal::out(&format!("  ok    {name} ({time})\n"));
        return;
    };
    count.failed += 1;
    let mut text = format!("  FAIL  {name} ({time})\n");
    let written = output.text();
    if !written.is_empty() {
        text.push_str(&indented(&format!("it wrote:\n{written}")));
    }
    text.push_str(&indented(&error.report(false)));
    terminal::out(&text);
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("        {line}").trim_end().to_owned() + "\n").collect()
}

fn shown(time: Duration) -> String {
    match time.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        ms => format!("{}.{:02} s", ms / 1000, ms % 1000 / 10),
    }
}
