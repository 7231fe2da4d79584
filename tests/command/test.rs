//! `kettle test`: which tests run, what is shown of them, and how it ends.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::process::{command, stderr, stdout};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
    }
    folder
}

fn test(folder: &Path, words: &[&str]) -> Output {
    let mut kettle = command(&[&["test"], words].concat());
    kettle.current_dir(folder).output().expect("it runs")
}

/// What is printed, without the times.
fn lines(output: &Output) -> Vec<String> {
    let text = stdout(output);
    text.lines().map(|line| line.split(" (").next().unwrap_or(line).to_owned()).collect()
}

const MATH: &str = r#"
pub fn add(a, b) { a + b }
var calls = 0
fn main() { print("main is not called") }
test "adds" { calls += 1; print("hidden"); assert add(1, 2) == 3 }
test "is loaded anew" { calls += 1; assert calls == 1 }
test "waits" { await sleep(1ms); let t = spawn { 5 }; assert await t == 5 }
"#;

#[test]
fn passing_tests_are_listed_in_source_order() {
    let folder = folder(&[("math.ket", MATH)]);
    let output = test(folder.path(), &["math.ket"]);
    assert_eq!(
        lines(&output),
        [
            "math.ket",
            "  ok    adds",
            "  ok    is loaded anew",
            "  ok    waits",
            "",
            "3 passed, 0 failed"
        ]
    );
    assert_eq!((stderr(&output).as_str(), output.status.code()), ("", Some(0)));
}

#[test]
fn a_failing_test_shows_its_output_and_its_error() {
    let text = "fn deep() { throw ValueError(\"no\") }\n\
        test \"fails\" { print(\"one\"); eprint(\"two\"); deep() }\n\
        test \"goes on\" { }\ntest \"leaves\" { exit(0) }\n";
    let folder = folder(&[("a.ket", text)]);
    let output = test(folder.path(), &["a.ket"]);
    let shown = stdout(&output);
    assert!(shown.contains("        it wrote:\n        one\n        two\n"), "{shown}");
    assert!(shown.contains("error: ValueError: no"), "{shown}");
    assert!(shown.contains("called in test \"fails\"  a.ket:2:"), "{shown}");
    assert!(shown.contains("  ok    goes on"), "{shown}");
    assert!(shown.contains("the test called exit(0)"), "{shown}");
    assert!(shown.contains("1 passed, 2 failed"), "{shown}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn folders_are_searched_for_files_with_tests() {
    let one = "test \"one\" { }";
    let files = [
        ("b.ket", one),
        ("a/deep/c.ket", one),
        ("plain.ket", "print(1)"),
        (".hidden/d.ket", "nope"),
        ("note.txt", "nope"),
    ];
    let folder = folder(&files);
    let output = test(folder.path(), &[]);
    let expected =
        ["a/deep/c.ket", "  ok    one", "b.ket", "  ok    one", "", "2 passed, 0 failed"];
    assert_eq!(lines(&output), expected);
    assert_eq!(lines(&test(folder.path(), &["a"]))[0], "a/deep/c.ket");
}

#[test]
fn tests_can_be_chosen_by_their_names() {
    let folder = folder(&[("math.ket", MATH)]);
    let output = test(folder.path(), &["--filter", "wait", "math.ket"]);
    assert_eq!(lines(&output), ["math.ket", "  ok    waits", "", "1 passed, 0 failed"]);
    let output = test(folder.path(), &["--filter=nothing"]);
    assert_eq!(stderr(&output), "kettle: no test has a name that contains \"nothing\"\n");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn files_that_are_no_programs_are_told_and_the_others_run() {
    let folder = folder(&[("bad.ket", "let = 1"), ("good.ket", "test \"x\" { }")]);
    let output = test(folder.path(), &["bad.ket", "good.ket", "none.ket"]);
    assert_eq!(
        lines(&output),
        ["good.ket", "  ok    x", "", "1 passed, 0 failed, 2 could not be run"]
    );
    assert!(stderr(&output).contains("E0101"), "{}", stderr(&output));
    assert!(stderr(&output).contains("`none.ket` cannot be read"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(2));
    let output = test(folder.path(), &["bad.ket"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_test_gets_what_its_file_imports() {
    let files = [
        (
            "main.ket",
            "import \"./part.ket\"\ntest \"part\" { part.count(); assert part.count() == 2 }\ntest \"anew\" { assert part.count() == 1 }",
        ),
        (
            "part.ket",
            "var n = 0\npub fn count() { n += 1; n }\ntest \"own\" { assert count() == 1 }",
        ),
    ];
    let folder = folder(&files);
    let output = test(folder.path(), &["main.ket"]);
    assert_eq!(
        lines(&output),
        ["main.ket", "  ok    part", "  ok    anew", "", "2 passed, 0 failed"]
    );
}
