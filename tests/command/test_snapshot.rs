//! `kettle test`: snapshots, from the first run to the day nobody asks for them any more.

use std::fs;

use crate::process::{command, stdout};
use crate::test::{folder, test};

const FIRST: &str = r#"import test
test "shapes" {
    test.snapshot({id: 1, tags: ["a", "b"]})
    test.snapshot("two\nlines\n")
    test.snapshot(1..5, name: "a range")
}
test "long" { test.snapshot({names: (1..12).map(|i| "number ${i}").list(), deep: {"a key": [1, 2.5], 3: null}}) }
"#;

const STORED: &str = "\
Snapshots of a.ket: `kettle test -u` writes them.

=== long > 1
| {
|     names: [
|         \"number 1\",
|         \"number 2\",
|         \"number 3\",
|         \"number 4\",
|         \"number 5\",
|         \"number 6\",
|         \"number 7\",
|         \"number 8\",
|         \"number 9\",
|         \"number 10\",
|         \"number 11\",
|     ],
|     deep: {\"a key\": [1, 2.5], 3: null},
| }

=== shapes > 1
| {id: 1, tags: [\"a\", \"b\"]}

=== shapes > 2
| two
| lines
|

=== shapes > a range
| 1..5
";

#[test]
fn the_first_run_stores_what_later_ones_compare() {
    let folder = folder(&[("src/a.ket", FIRST)]);
    let output = test(folder.path(), &[]);
    let shown = stdout(&output);
    assert!(shown.contains("\n4 snapshots written\n2 passed, 0 failed"), "{shown}");
    let file = folder.path().join("src/__snapshots__/a.ket.snap");
    assert_eq!(fs::read_to_string(&file).expect("it is written"), STORED);
    let output = test(folder.path(), &[]);
    assert!(!stdout(&output).contains("snapshot"), "{}", stdout(&output));
    // One test alone does not make the others' obsolete, nor does a skipped one.
    let output = test(folder.path(), &["--filter", "long"]);
    assert!(!stdout(&output).contains("snapshot"), "{}", stdout(&output));

    let changed = FIRST.replace("tags: [\"a\", \"b\"]", "tags: [\"a\"]").replace("two\\n", "2\\n");
    fs::write(folder.path().join("src/a.ket"), &changed).expect("it is written");
    let output = test(folder.path(), &[]);
    let shown = stdout(&output);
    let difference = "\
        error: AssertError: the snapshot `shapes > 1` differs (- as stored, + as it is now)\n        \
        - {id: 1, tags: [\"a\", \"b\"]}\n        + {id: 1, tags: [\"a\"]}\n        \
        `kettle test -u` stores it as it is now\n";
    assert!(shown.contains(difference), "{shown}");
    assert!(shown.contains("─[ src/a.ket:3:5 ]"), "{shown}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&file).expect("it is there"), STORED);

    let output = test(folder.path(), &["-u"]);
    assert!(stdout(&output).contains("\n2 snapshots updated\n2 passed"), "{}", stdout(&output));
    let stored = fs::read_to_string(&file).expect("it is there");
    assert!(stored.contains("| {id: 1, tags: [\"a\"]}\n") && stored.contains("| 2\n| lines\n|\n"));
    assert_eq!(test(folder.path(), &[]).status.code(), Some(0));
}

#[test]
fn what_no_test_asks_for_is_told_and_removed_with_u() {
    let both = "import test\ntest \"a\" { test.snapshot(1); test.snapshot(2) }\ntest \"b\" { test.snapshot(3) }\n";
    let folder = folder(&[("a.ket", both), ("b.ket", both)]);
    test(folder.path(), &[]);
    let less = "import test\ntest \"a\" { test.snapshot(1) }\n";
    fs::write(folder.path().join("a.ket"), less).expect("it is written");
    fs::remove_file(folder.path().join("b.ket")).expect("it was there");
    let output = test(folder.path(), &[]);
    let expected = "\
        3 snapshots no test asks for; `kettle test -u` removes:\n  \
        __snapshots__/a.ket.snap: a > 2\n  __snapshots__/a.ket.snap: b > 1\n  \
        __snapshots__/b.ket.snap\n1 passed, 0 failed";
    assert!(stdout(&output).contains(expected), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));
    let output = test(folder.path(), &["-u"]);
    assert!(stdout(&output).contains("\n3 snapshots removed\n"), "{}", stdout(&output));
    assert!(!folder.path().join("__snapshots__/b.ket.snap").exists());
    // A test that fails has not come to all that it asks for.
    let fails = "import test\ntest \"a\" { assert false; test.snapshot(1) }\n";
    fs::write(folder.path().join("a.ket"), fails).expect("it is written");
    let output = test(folder.path(), &["-u"]);
    assert!(!stdout(&output).contains("removed"), "{}", stdout(&output));
    fs::write(folder.path().join("a.ket"), "test \"a\" { }\n").expect("it is written");
    test(folder.path(), &["-u"]);
    assert!(!folder.path().join("__snapshots__").exists());
}

#[test]
fn nothing_is_stored_where_nobody_looks() {
    let folder = folder(&[("a.ket", "import test\ntest \"a\" { test.snapshot(1) }\n")]);
    let with = |ci: &str, words: &[&str]| {
        let mut kettle = command(&[&["test"], words].concat());
        kettle.current_dir(folder.path()).env("CI", ci).output().expect("it runs")
    };
    let output = with("true", &[]);
    assert!(stdout(&output).contains("there is no snapshot `a > 1`"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.path().join("__snapshots__").exists());
    assert_eq!(with("false", &[]).status.code(), Some(0));
    assert_eq!(with("true", &[]).status.code(), Some(0));
}

#[test]
fn mistakes_with_snapshots_are_told() {
    let text = "import test\ntest \"twice\" { test.snapshot(1, name: \"x\"); test.snapshot(2, name: \"x\") }\n\
        test \"name\" { test.snapshot(1, name: 2) }\n";
    let folder = folder(&[("a.ket", text), ("b.ket", "test \"x\" { }")]);
    let broken = folder.path().join("__snapshots__/b.ket.snap");
    fs::create_dir_all(folder.path().join("__snapshots__")).expect("it is made");
    fs::write(&broken, "Snapshots\n\n=== x > 1\n| 1\n<<<<<<< HEAD\n").expect("it is written");
    let output = test(folder.path(), &[]);
    let shown = stdout(&output);
    assert!(shown.contains("AssertError: the test has a snapshot \"x\" already"), "{shown}");
    assert!(shown.contains("test.snapshot: name must be a str, not an int"), "{shown}");
    let place = "__snapshots__/b.ket.snap: line 5 is no part of a snapshot";
    assert!(shown.contains(place), "{shown}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_test_that_runs_several_times_gives_the_same_each_time() {
    let text = "import test, random\ntest \"a\" { test.snapshot(random.int(0..1000000)) }\n";
    let folder = folder(&[("a.ket", text)]);
    let output = test(folder.path(), &["--repeat", "3"]);
    assert!(stdout(&output).contains("differs"), "{}", stdout(&output));
    assert!(stdout(&output).contains("seed 1, run 2"), "{}", stdout(&output));
}
