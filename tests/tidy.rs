//! What must not be in the tree: the absences of ARCHITECTURE.md, file sizes, forbidden words.
//!
//! Reads every source file as text, so it also covers code behind features and other targets.

use std::fs;
use std::path::{Path, PathBuf};

/// Files that may be longer than `LINES_MAX`, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[
    ("src/syntax/ast.rs", "the tree is one declaration, read from top to bottom"),
    ("src/vm/dispatch/body.rs", "the arms are one list, which each backend takes as a whole"),
    ("src/bytecode/op.rs", "the opcodes are one table"),
];

const LINES_MAX: usize = 500;

/// A function has fewer lines, its signature and its end included.
const FUNCTION_LINES_MAX: usize = 70;

/// The way of a program through the source: each of these files begins with its step.
const STEPS: &[&str] = &[
    "src/syntax/mod.rs",
    "src/compile/mod.rs",
    "src/vm/load.rs",
    "src/runtime/program.rs",
    "src/runtime/turn.rs",
    "src/vm/dispatch/mod.rs",
];

/// The function that leads along the steps, and how long it may be.
const SPINE: (&str, usize) = ("src/engine/spine.rs", 40);

/// A word that may stand only under some paths.
struct Absence {
    word: &'static str,
    allowed: &'static [&'static str],
    why: &'static str,
}

const PRINTING: &[&str] = &["src/cli/", "src/main.rs", "examples/", "benches/", "tests/"];

const ABSENCES: &[Absence] = &[
    Absence {
        word: "lalrpop_util",
        allowed: &["src/syntax/parser"],
        why: "the generated parser is an implementation detail of syntax",
    },
    Absence {
        word: "ariadne::",
        allowed: &["src/diagnostics/render.rs"],
        why: "diagnostics are data until the very end",
    },
    Absence { word: "rustyline::", allowed: &["src/cli/"], why: "only the REPL edits lines" },
    Absence {
        word: "mio::",
        allowed: &["src/runtime/driver/", "tests/embed/"],
        why: "the operating system's events come through the Driver",
    },
    Absence { word: "println!", allowed: PRINTING, why: "only the command line prints" },
    Absence { word: "print!", allowed: PRINTING, why: "only the command line prints" },
    Absence { word: "eprintln!", allowed: PRINTING, why: "only the command line prints" },
    Absence { word: "eprint!", allowed: PRINTING, why: "only the command line prints" },
    Absence {
        word: "Instant::now",
        allowed: &["src/runtime/driver/", "src/cli/", "tests/", "benches/"],
        why: "the clock is the Driver's; only the command line tells how long its tests took",
    },
    Absence {
        word: "SystemTime::now",
        allowed: &["src/runtime/driver/", "examples/", "tests/", "benches/"],
        why: "the clock is the Driver's",
    },
    Absence {
        word: "std::env",
        allowed: &[
            "src/runtime/driver/",
            "src/natives/fs/",
            "src/natives/os.rs",
            "src/cli/",
            "src/main.rs",
            "examples/",
            "grammar/",
            "tests/",
            "benches/",
        ],
        why: "the environment is the Driver's; only the folder for temporary files is not",
    },
    Absence {
        word: "std::fs",
        allowed: &[
            "src/runtime/driver/",
            "src/natives/",
            "src/engine/loader",
            "src/cli/",
            "examples/",
            "tests/",
            "benches/",
        ],
        why: "files are read by natives, by the loader of modules and by the command line",
    },
    Absence {
        word: "std::net",
        allowed: &["src/runtime/driver/", "src/natives/", "tests/", "benches/"],
        why: "sockets belong to the driver and to the natives",
    },
    Absence {
        word: "std::thread",
        allowed: &[
            "src/engine/object/shared.rs",
            "src/engine/remote/worker.rs",
            "src/runtime/",
            "src/vm/heap/root.rs",
            "src/vm/object/local.rs",
            "src/natives/stdio/",
            "src/cli/test/",
            "src/cli/repl/",
            "examples/",
            "tests/",
            "benches/",
        ],
        why: "threads belong to the event loop, and to the command: tests side by side, the prompt",
    },
    Absence { word: ".unwrap()", allowed: &["tests/"], why: "say why it cannot happen: expect" },
    Absence {
        word: "process::exit",
        allowed: &["src/cli/", "src/main.rs", "tests/", "benches/"],
        why: "a library does not end its host",
    },
    Absence {
        word: "thread_local!",
        allowed: &[],
        why: "a Vm may move between threads: nothing of it lives in thread-locals",
    },
    Absence { word: "static mut", allowed: &[], why: "no globals" },
    Absence {
        word: "#[allow(", allowed: &["src/syntax/parser"], why: "use #[expect(…, reason)]"
    },
    Absence { word: "todo!(", allowed: &[], why: "unfinished" },
    Absence { word: "unimplemented!(", allowed: &[], why: "unfinished" },
    Absence { word: "#[ignore", allowed: &[], why: "a test that does not run is no test" },
    Absence { word: "dbg!(", allowed: &[], why: "left over" },
];

/// The layers, each with those below it that it may use. `tools` and `cli` may use all below them.
const LAYERS: &[(&str, &[&str])] = &[
    ("diagnostics", &[]),
    ("syntax", &["diagnostics"]),
    ("bytecode", &["diagnostics"]),
    ("compile", &["diagnostics", "syntax", "bytecode"]),
    ("vm", &["diagnostics", "bytecode"]),
    ("runtime", &["diagnostics", "bytecode", "vm"]),
    ("natives", &["diagnostics", "syntax", "bytecode", "compile", "vm", "runtime"]),
    ("engine", &["diagnostics", "syntax", "bytecode", "compile", "vm", "runtime", "natives"]),
    (
        "tools",
        &["diagnostics", "syntax", "bytecode", "compile", "vm", "runtime", "natives", "engine"],
    ),
];

/// Where `unsafe` may stand.
const UNSAFE_FILES: &[&str] =
    &["src/vm/value.rs", "src/vm/heap/", "src/vm/object/", "src/vm/stack.rs", "src/vm/dispatch"];

/// File and module names that say nothing.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "types"];

#[test]
fn the_tree_is_tidy() {
    let mut faults = Vec::new();
    for file in files(&["src", "derive", "grammar", "tests", "benches", "examples"], "rs") {
        let text = read(&file);
        check_size(&file, &text, &mut faults);
        check_name(&file, &mut faults);
        check_story(&file, &text, &mut faults);
        check_functions(&file, &text, &mut faults);
        if file == "tests/tidy.rs" {
            continue;
        }
        check_absences(&file, &text, &mut faults);
        check_layers(&file, &text, &mut faults);
        check_unsafe(&file, &text, &mut faults);
    }
    for file in files(&["stdlib", "examples"], "ket").iter().chain(&files(&["grammar"], "lalrpop"))
    {
        check_size(file, &read(file), &mut faults);
        check_name(file, &mut faults);
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_way_of_a_program_is_marked() {
    for (index, file) in STEPS.iter().enumerate() {
        let step = format!("//! Step {} of {}: ", index + 1, STEPS.len());
        assert!(read(file).starts_with(&step), "{file} does not begin with `{step}`");
    }
    let (file, lines_max) = SPINE;
    let text = read(file);
    let lengths: Vec<usize> = functions(&text).map(|(_, length)| length).collect();
    assert_eq!(lengths.len(), 1, "{file} is one function");
    assert!(lengths[0] < lines_max, "the function of {file} has {} lines", lengths[0]);
    for step in 1..=STEPS.len() {
        assert!(text.contains(&format!("// Step {step}")), "{file} does not name step {step}");
    }
}

#[test]
fn layers_are_found_however_they_are_named() {
    let used = |file: &str, line: &str| {
        let mut found: Vec<String> = layers_used(file, line).map(|(_, layer)| layer).collect();
        found.sort();
        found.join(" ")
    };
    assert_eq!(used("src/vm/load.rs", "use crate::runtime::Loop;"), "runtime");
    assert_eq!(used("src/vm/load.rs", "use crate::{engine, cli::{a, b}, vm};"), "cli engine vm");
    assert_eq!(used("src/vm/load.rs", "let x = super::super::natives::names();"), "natives");
    assert_eq!(used("src/vm/load.rs", "use super::code::Function;"), "");
    assert_eq!(used("src/vm/mod.rs", "use super::{tools, syntax as s};"), "syntax tools");
    assert_eq!(used("src/vm/heap/mod.rs", "pub(in super::super) fn f() {}"), "");
    assert_eq!(used("src/vm/heap/raw.rs", "use super::super::super::engine;"), "engine");
    assert_eq!(used("src/vm/load.rs", "use crate as kettle;"), "crate");
}

/// Methods are found by the name of the type: two types of one name would have each other's.
#[test]
fn every_host_type_has_a_name_of_its_own() {
    let mut names: Vec<(String, String)> = Vec::new();
    for file in files(&["src"], "rs") {
        let text = read(&file);
        // Types of tests stand deeper.
        for part in text.split("\n    fn type_name(&self) -> &'static str {").skip(1) {
            let body = part.split("\n    }").next().unwrap_or_default();
            for name in body.split('"').skip(1).step_by(2) {
                if let Some((_, other)) = names.iter().find(|(known, _)| known == name) {
                    panic!("{file} and {other} both have a host type {name:?}");
                }
                names.push((name.to_owned(), file.clone()));
            }
        }
    }
    assert!(names.len() > 20, "only {} names were found", names.len());
}

#[test]
fn every_reason_for_a_long_file_is_needed() {
    for (file, reason) in LONG_FILES {
        assert!(
            read(file).lines().count() > LINES_MAX,
            "{file} is short enough by now, drop its entry: {reason}"
        );
    }
}

fn check_size(file: &str, text: &str, faults: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > LINES_MAX && !LONG_FILES.iter().any(|(long, _)| *long == file) {
        faults.push(format!("{file}: {lines} lines, more than {LINES_MAX}"));
    }
}

fn check_name(file: &str, faults: &mut Vec<String>) {
    let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = Path::new(file).parent().and_then(Path::file_name).and_then(|name| name.to_str());
    if EMPTY_NAMES.iter().any(|name| stem == *name || folder == Some(*name)) {
        faults.push(format!("{file}: a name that says nothing"));
    }
}

fn check_absences(file: &str, text: &str, faults: &mut Vec<String>) {
    for absence in ABSENCES {
        if absence.allowed.iter().any(|prefix| file.starts_with(prefix)) {
            continue;
        }
        for (index, line) in code_lines(text) {
            if contains_word(line, absence.word) {
                faults.push(format!("{file}:{}: `{}`: {}", index + 1, absence.word, absence.why));
            }
        }
    }
}

/// A file begins with what it is for.
fn check_story(file: &str, text: &str, faults: &mut Vec<String>) {
    if !text.starts_with("//! ") {
        faults.push(format!("{file}: it does not begin with what it is for (`//! …`)"));
    }
}

fn check_functions(file: &str, text: &str, faults: &mut Vec<String>) {
    for (line, length) in functions(text) {
        if length > FUNCTION_LINES_MAX {
            faults.push(format!(
                "{file}:{line}: a function of {length} lines, more than {FUNCTION_LINES_MAX}"
            ));
        }
    }
}

/// The line and the number of lines of each function. The formatter sees to it that a function
/// ends with a brace as far to the right as it begins.
fn functions(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    (0..lines.len()).filter_map(move |first| {
        let line = lines[first];
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start();
        let is_head = words.split("fn ").next().is_some_and(|before| {
            words != before
                && before.split_whitespace().all(|word| {
                    word.starts_with("pub")
                        || matches!(word, "const" | "async" | "unsafe" | "in" | "extern")
                        || word.ends_with(')')
                })
        });
        if !is_head || words.ends_with(['}', ';', ',']) {
            return None;
        }
        let ends = |line: &&str| line.len() == indent + 1 && line.ends_with('}');
        let length = lines[first..].iter().position(ends)? + 1;
        // A text in a test may look like a function; it ends where the next one begins.
        let is_text = lines[first..first + length].iter().any(|line| line.ends_with("\\n\\"));
        (!is_text).then_some((first + 1, length))
    })
}

fn check_layers(file: &str, text: &str, faults: &mut Vec<String>) {
    let layer = file.strip_prefix("src/").and_then(|path| path.split_once('/'));
    let Some((layer, path)) = layer else { return };
    let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == layer) else { return };
    if path.contains("tests") || path.ends_with("_test.rs") {
        return;
    }
    // What follows this line is the tests of the file: they may use what they like.
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    for (line, used) in layers_used(file, code) {
        if used != layer && !below.contains(&used.as_str()) {
            faults.push(format!("{file}:{line}: {layer} must not use {used}"));
        }
    }
}

/// The modules at the root of the crate that a file names, with their lines: by `crate::…`, or by
/// as many `super::` as lead there.
fn layers_used(file: &str, text: &str) -> impl Iterator<Item = (usize, String)> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let depth = path.split('/').count();
    let code: String = text
        .lines()
        .map(|line| if line.trim_start().starts_with("//") { "" } else { line })
        .flat_map(|line| [line, "\n"])
        .collect();
    let root = "super::".repeat(depth);
    let mut found = Vec::new();
    for (at, start) in code.match_indices("crate").chain(code.match_indices(root.as_str())) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '$' | '(')) {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let behind = &code[at + start.len()..];
        let behind = if start == "crate" { behind.strip_prefix("::") } else { Some(behind) };
        // `use crate as …` would hide everything from this check.
        let names = behind.map_or(vec!["crate".to_owned()], first_names);
        found.extend(names.into_iter().map(|name| (line, name)));
    }
    found.into_iter()
}

/// `a` of `a::b`, `a` and `c` of `{a::{b, d}, c as e}`.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut names = vec![word(group)];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(word(&group[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn check_unsafe(file: &str, text: &str, faults: &mut Vec<String>) {
    if !file.starts_with("src/") || UNSAFE_FILES.iter().any(|allowed| file.starts_with(allowed)) {
        return;
    }
    for (index, line) in code_lines(text) {
        if line.contains("unsafe {") || line.contains("unsafe fn") || line.contains("unsafe impl") {
            faults
                .push(format!("{file}:{}: unsafe outside the modules that may hold it", index + 1));
        }
    }
}

/// Lines that are not comments, with their indices.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// `println!` is not found in `eprintln!`.
fn contains_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !line[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}

/// The files below some folders whose names end so, relative to the root of the project, sorted.
fn files(folders: &[&str], extension: &str) -> Vec<String> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), extension, &mut files);
    }
    let mut names: Vec<String> = files
        .iter()
        .filter_map(|path| path.strip_prefix(root()).ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
