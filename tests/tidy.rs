//! What must not be in the tree: the absences of ARCHITECTURE.md, file sizes, forbidden words.
//!
//! Reads every source file as text, so it also covers code behind features and other targets.

use std::fs;
use std::path::{Path, PathBuf};

/// Files that may be longer than `LINES_MAX`, each with its reason.
const LONG_FILES: &[(&str, &str)] =
    &[("src/syntax/ast.rs", "the tree is one declaration, read from top to bottom")];

const LINES_MAX: usize = 500;

/// A word that may stand only under some paths.
struct Absence {
    word: &'static str,
    allowed: &'static [&'static str],
    why: &'static str,
}

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
        allowed: &["src/runtime/driver/"],
        why: "the operating system's events come through the Driver",
    },
    Absence {
        word: "println!",
        allowed: &["src/cli/", "src/main.rs", "examples/", "benches/", "tests/"],
        why: "only the command line prints",
    },
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

/// A layer and what it must not use.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "src/diagnostics/",
        &["syntax", "bytecode", "compile", "vm", "runtime", "natives", "engine", "tools", "cli"],
    ),
    ("src/syntax/", &["bytecode", "compile", "vm", "runtime", "natives", "engine", "tools", "cli"]),
    ("src/bytecode/", &["syntax", "compile", "vm", "runtime", "natives", "engine", "tools", "cli"]),
    ("src/compile/", &["vm", "runtime", "natives", "engine", "tools", "cli"]),
    ("src/vm/", &["syntax", "compile", "runtime", "natives", "engine", "tools", "cli"]),
    ("src/runtime/", &["syntax", "compile", "natives", "engine", "tools", "cli"]),
    ("src/natives/", &["engine", "tools", "cli"]),
    ("src/engine/", &["tools", "cli"]),
    ("src/tools/", &["cli"]),
];

/// Where `unsafe` may stand.
const UNSAFE_FILES: &[&str] =
    &["src/vm/value.rs", "src/vm/heap/", "src/vm/object/", "src/vm/stack.rs", "src/vm/dispatch"];

/// File and module names that say nothing.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "types"];

#[test]
fn the_tree_is_tidy() {
    let mut faults = Vec::new();
    for file in sources() {
        let text = fs::read_to_string(root().join(&file)).expect("a listed file can be read");
        check_size(&file, &text, &mut faults);
        check_name(&file, &mut faults);
        if file == "tests/tidy.rs" {
            continue;
        }
        check_absences(&file, &text, &mut faults);
        check_layers(&file, &text, &mut faults);
        check_unsafe(&file, &text, &mut faults);
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_reason_for_a_long_file_is_needed() {
    for (file, reason) in LONG_FILES {
        let text = fs::read_to_string(root().join(file))
            .unwrap_or_else(|error| panic!("{file} ({reason}): {error}"));
        assert!(text.lines().count() > LINES_MAX, "{file} is short enough by now: drop its entry");
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

fn check_layers(file: &str, text: &str, faults: &mut Vec<String>) {
    let Some((layer, above)) = LAYERS.iter().find(|(layer, _)| file.starts_with(layer)) else {
        return;
    };
    let mut in_tests = false;
    for (index, line) in code_lines(text) {
        in_tests |= line.trim() == "#[cfg(test)]" || file.contains("/tests");
        if in_tests {
            continue;
        }
        for name in *above {
            if line.contains(&format!("crate::{name}::"))
                || line.contains(&format!("crate::{name};"))
            {
                faults
                    .push(format!("{file}:{}: {layer} uses the layer above it, {name}", index + 1));
            }
        }
    }
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

/// Every Rust file of the project, relative to its root, sorted.
fn sources() -> Vec<String> {
    let mut files = Vec::new();
    for folder in ["src", "grammar", "tests", "benches", "examples", "macros"] {
        collect(&root().join(folder), &mut files);
    }
    let mut names: Vec<String> = files
        .iter()
        .filter_map(|path| path.strip_prefix(root()).ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
