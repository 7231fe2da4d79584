//! `kettle test`: which tests run, in what world, and how it ends.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::process::{command, stderr, stdout};

/// A folder with these files.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
    }
    folder
}

/// What `kettle test` says in that folder, where no machine is known to run it.
pub fn test(folder: &Path, words: &[&str]) -> Output {
    let mut kettle = command(&[&["test"], words].concat());
    kettle.current_dir(folder).env_remove("CI").output().expect("it runs")
}

/// What is printed, without the times.
pub fn lines(output: &Output) -> Vec<String> {
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
    let expected = [
        "math.ket",
        "  ok    adds",
        "  ok    is loaded anew",
        "  ok    waits",
        "",
        "3 passed, 0 failed",
    ];
    assert_eq!(lines(&output), expected);
    assert_eq!((stderr(&output).as_str(), output.status.code()), ("", Some(0)));
}

#[test]
fn folders_are_searched_for_files_with_tests() {
    let one = "test \"one\" { }";
    let files = [
        ("b.ket", one),
        ("a/deep/c.ket", one),
        ("plain.ket", "print(1)"),
        ("half.ket", "let = of a program without tests"),
        (".hidden/d.ket", "nope\ntest \"x\" { }"),
        ("node_modules/d.ket", "nope\ntest \"x\" { }"),
        ("target/d.ket", "nope\ntest \"x\" { }"),
        ("__snapshots__/d.ket", "nope\ntest \"x\" { }"),
        ("note.txt", "nope"),
    ];
    let folder = folder(&files);
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).expect("it is made");
    let output = test(folder.path(), &[]);
    let expected =
        ["a/deep/c.ket", "  ok    one", "b.ket", "  ok    one", "", "2 passed, 0 failed"];
    assert_eq!(lines(&output), expected);
    assert_eq!(lines(&test(folder.path(), &["a"]))[0], "a/deep/c.ket");
    // A file that is named twice is tested once.
    let output = test(folder.path(), &["b.ket", "b.ket:1", "b.ket"]);
    assert_eq!(lines(&output), ["b.ket", "  ok    one", "", "1 passed, 0 failed"]);
}

#[test]
fn results_come_in_the_order_of_the_files_however_many_run_at_a_time() {
    let slow = "test \"slow\" (real: true) { await sleep(30ms) }";
    let names: Vec<String> = (0..9).map(|i| format!("f{i}.ket")).collect();
    let texts = |i: usize| if i.is_multiple_of(4) { slow } else { MATH };
    let files: Vec<(&str, &str)> =
        names.iter().enumerate().map(|(i, name)| (name.as_str(), texts(i))).collect();
    let folder = folder(&files);
    let alone = lines(&test(folder.path(), &["--jobs", "1"]));
    assert_eq!(alone.last().map(String::as_str), Some("21 passed, 0 failed"));
    for jobs in ["2", "9", "100000"] {
        assert_eq!(lines(&test(folder.path(), &["-j", jobs])), alone);
    }
}

#[test]
fn tests_can_be_chosen_by_their_names_and_lines() {
    let folder = folder(&[("math.ket", MATH)]);
    let test = |words: &[&str]| test(folder.path(), words);
    let output = test(&["--filter", "wait", "math.ket"]);
    assert_eq!(lines(&output), ["math.ket", "  ok    waits", "", "1 passed, 0 failed"]);
    let output = test(&["math.ket:5", "math.ket:7"]);
    let expected = ["math.ket", "  ok    adds", "  ok    waits", "", "2 passed, 0 failed"];
    assert_eq!(lines(&output), expected);
    // As editors write places.
    assert_eq!(lines(&test(&["math.ket:6:8"]))[1], "  ok    is loaded anew");
    let output = test(&["--filter=nothing"]);
    assert_eq!(stderr(&output), "kettle: no test has a name that contains \"nothing\"\n");
    assert_eq!(output.status.code(), Some(2));
    let output = test(&["math.ket:2"]);
    assert!(stdout(&output).contains("no test stands at math.ket:2"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn tests_can_be_listed() {
    let text = "test \"a\" { }\n\ntest \"b c\" (skip: \"why\", real: true) { }\n";
    let folder = folder(&[("a.ket", text), ("b/c.ket", MATH)]);
    let output = test(folder.path(), &["--list"]);
    let expected = "a.ket:1  a\na.ket:3  b c\n\
        b/c.ket:5  adds\nb/c.ket:6  is loaded anew\nb/c.ket:7  waits\n";
    assert_eq!(stdout(&output), expected);
    let output = test(folder.path(), &["--list", "--filter", "b c"]);
    assert_eq!(stdout(&output), "a.ket:3  b c\n");
    let output = test(folder.path(), &["--list", "--json", "a.ket:3"]);
    let listed: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("it is JSON");
    let expected = serde_json::json!({
        "event": "listed", "file": "a.ket", "line": 3, "name": "b c",
        "real": true, "skip": "why", "only": false,
    });
    assert_eq!(listed, expected);
}

#[test]
fn options_skip_choose_and_set_limits() {
    let text = r#"
test "later" (skip: "until it works") { nope() }
test "never" (skip: true) { assert false }
test "runs" (skip: false, timeout: 1h, real: false) { await sleep(1m) }
fn nope() { }
"#;
    let one = "test \"a\" { assert false }\ntest \"b\" (only: true) { }\ntest \"c\" { }\n";
    let folder = folder(&[("a.ket", text), ("b.ket", one)]);
    let output = test(folder.path(), &[]);
    let expected = [
        "a.ket",
        "  skip  later: until it works",
        "  skip  never",
        "  ok    runs",
        "b.ket",
        "  ok    b",
        "  only  2 tests left out, as others say `only: true`",
        "",
        "2 passed, 0 failed, 2 skipped, 2 left out",
    ];
    assert_eq!(lines(&output), expected);
    assert!(stdout(&output).contains("1m of virtual time"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));
    // Who chooses by name or line does not mean what the file chooses.
    assert_eq!(lines(&test(folder.path(), &["b.ket:3"]))[1], "  ok    c");
    // What is left out must not pass for tested where nobody looks.
    let mut kettle = command(&["test", "b.ket"]);
    let output = kettle.current_dir(folder.path()).env("CI", "true").output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
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

#[test]
fn time_and_chance_are_simulated_unless_the_real_ones_are_asked_for() {
    let text = r#"
import test, time, random, os
fn at() { str(time.utc()) }
test "simulated" { await sleep(1h); print(at(), os.hostname()); assert false }
test "option" (real: true) { await sleep(1ms); print(os.hostname()); assert false }
test "call" { print("not seen"); let before = at(); test.real(); assert os.hostname() != "simulated" }
test "chance" { print([1, 2, 3, 4, 5, 6, 7, 8].map(|_| random.int(0..100))); assert false }
"#;
    let folder = folder(&[("a.ket", text)]);
    let output = test(folder.path(), &["a.ket"]);
    let shown = stdout(&output);
    assert!(shown.contains("2026-01-01T01:00:00Z simulated"), "{shown}");
    assert!(shown.contains("  FAIL  option (") && shown.contains(" ms, real)"), "{shown}");
    assert!(shown.contains("  ok    call (") && !shown.contains("not seen"), "{shown}");
    let numbers = |output: &Output| {
        let text = stdout(output);
        text.lines().map(str::trim).find(|line| line.starts_with('[')).map(str::to_owned)
    };
    // The same alone and among others; another seed gives others.
    let alone = numbers(&test(folder.path(), &["a.ket:7"]));
    assert_eq!(alone, numbers(&output));
    let other = test(folder.path(), &["a.ket:7", "--seed", "5"]);
    assert!(alone.is_some() && alone != numbers(&other));
    let command = "kettle test a.ket:7 --seed 5  # chance";
    assert!(stdout(&other).contains(command), "{}", stdout(&other));
}

#[test]
fn a_top_level_that_asks_for_the_real_world_does_so_for_all_tests() {
    let text = "import test, os\ntest.real()\nlet name = os.hostname()\n\
        test \"a\" { assert name != \"simulated\" }\ntest \"b\" { assert name != \"simulated\" }\n";
    let folder = folder(&[("a.ket", text)]);
    let output = test(folder.path(), &["a.ket"]);
    assert!(stdout(&output).contains("2 passed"), "{}", stdout(&output));
}

#[test]
fn nothing_to_test_is_no_success() {
    let folder = folder(&[("a.ket", "print(1)")]);
    let said = |words: &[&str]| {
        let output = test(folder.path(), words);
        assert_eq!((stdout(&output).as_str(), output.status.code()), ("", Some(2)));
        stderr(&output)
    };
    let text = "kettle: there are no tests here: write `test \"…\" { … }` in a .ket file\n";
    assert_eq!(said(&[]), text);
    let text = "kettle: there are no tests in `a.ket`: write `test \"…\" { … }`\n";
    assert_eq!(said(&["a.ket"]), text);
    assert_eq!(said(&["b.ket"]), "kettle: there is no file or folder `b.ket`\n");
    assert_eq!(said(&["b.ket:3"]), "kettle: there is no file or folder `b.ket:3`\n");
    assert_eq!(said(&["a.ket", "--list"]), text);
    assert!(said(&["--jobs=0"]).contains("`--jobs 0`: it takes a whole number, at least 1"));
    assert!(said(&["--fast"]).contains("there is no flag `--fast`"), "{}", said(&["--fast"]));
}
