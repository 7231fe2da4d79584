//! `kettle test`: everything a test can fail by, and what is said then.

use std::fs;
use std::time::{Duration, Instant};

use crate::process::{stderr, stdout};
use crate::test::{folder, lines, test};

/// What is said of the only test of a text, with its own line taken off.
#[track_caller]
fn said(text: &str) -> String {
    said_with(text, &[])
}

#[track_caller]
fn said_with(text: &str, words: &[&str]) -> String {
    let folder = folder(&[("a.ket", text)]);
    let output = test(folder.path(), &[&["a.ket"], words].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert_eq!(stderr(&output), "");
    let text = stdout(&output);
    let failure = text.lines().skip_while(|line| !line.starts_with("  FAIL")).skip(1);
    let failure = failure.take_while(|line| line.starts_with("        "));
    failure.map(|line| line[8..].to_owned() + "\n").collect()
}

#[test]
fn a_failing_test_shows_its_output_and_its_error() {
    let text = "fn deep() { throw ValueError(\"no\") }\n\
        test \"fails\" { print(\"one\"); eprint(\"two\"); deep() }\n\
        test \"goes on\" { }\ntest \"leaves\" { exit(0) }\n";
    let folder = folder(&[("a.ket", text)]);
    let output = test(folder.path(), &["a.ket"]);
    let shown = stdout(&output);
    assert!(shown.contains("        it wrote:\n          one\n          two\n"), "{shown}");
    assert!(shown.contains("error: ValueError: no"), "{shown}");
    assert!(shown.contains("called in test \"fails\"  a.ket:2:"), "{shown}");
    assert!(shown.contains("  ok    goes on"), "{shown}");
    assert!(shown.contains("        the test called exit(0)"), "{shown}");
    let end = "\nFailed, to run again:\n  kettle test a.ket:2  # fails\n  \
        kettle test a.ket:4  # leaves\n\n1 passed, 2 failed (";
    assert!(shown.contains(end), "{shown}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_assertion_shows_the_values_of_its_parts() {
    let text = said("test \"t\" {\n    let xs = [1, 2]\n    assert xs.len == 3, \"three\"\n}\n");
    let expected = "\
error: AssertError: three
   ╭─[ a.ket:3:12 ]
   │
 3 │     assert xs.len == 3, \"three\"
   │            ─────┬─────
   │                 ╰─────── thrown here
   │
   │ Note: xs.len = 2
   │       xs     = [1, 2]
───╯
";
    assert_eq!(text, expected);
}

#[test]
fn throws_says_what_came_instead() {
    let throws = |call: &str| {
        let text = format!(
            "import test\nasync fn slow() {{ await sleep(1s); int(\"x\") }}\ntest \"t\" {{ {call} }}"
        );
        said(&text).lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(
        throws("await test.throws(IoError, || 5)"),
        "error: AssertError: expected IoError, but nothing was thrown: it gave 5"
    );
    assert_eq!(
        throws("await test.throws([IoError, ValueError], || await slow())"),
        "error: AssertError: expected IoError or ValueError, but it threw ParseError: \"x\" is not an int"
    );
    assert_eq!(
        throws("await test.throws(ParseError, slow, message: \"float\")"),
        "error: AssertError: expected ParseError with \"float\" in its message, but it says \"\\\"x\\\" is not an int\""
    );
    assert_eq!(
        throws("await test.throws([IoError, \"x\"], || 5)"),
        "error: TypeError: test.throws: expected must be a type, not a str (\"x\")"
    );
    assert_eq!(
        throws("await test.throws(AssertError, || 5)"),
        "error: AssertError: expected AssertError, but nothing was thrown: it gave 5"
    );
}

#[test]
fn a_test_that_waits_for_ever_says_what_for() {
    let text = said("test \"stuck\" {\n    let c = channel(0)\n    await c.recv()\n}\n");
    assert!(text.starts_with("error: DeadlockError: "), "{text}");
    assert!(text.contains("task 1 (test \"stuck\") waits for a value from <channel"), "{text}");
    assert!(text.contains("a.ket:3:"), "{text}");
}

#[test]
fn a_test_that_takes_too_long_says_where_it_was() {
    let text = said("test \"t\" (timeout: 5s) {\n    await sleep(6s)\n}\n");
    let first = "the test was not over after 5s of virtual time\nwhat it was doing:\n";
    assert!(text.starts_with(first), "{text}");
    assert!(text.contains("task 1 (test \"t\") waits for 6s to pass"), "{text}");
    assert!(text.contains("in test \"t\" a.ket:2:"), "{text}");
    // What ticks for ever is noticed without having to wait for it.
    let text = said("test \"t\" { loop { await sleep(1m) } }\n");
    assert!(text.starts_with("the test was not over after 1d of virtual time\n"), "{text}");
    // In time is in time.
    let folder = folder(&[("a.ket", "test \"t\" (timeout: 5s) { await sleep(4999ms) }\n")]);
    assert_eq!(test(folder.path(), &[]).status.code(), Some(0));
}

#[test]
fn a_test_that_computes_for_ever_is_stopped() {
    let begun = Instant::now();
    let text = "test \"t\" {\n    defer print(\"cleaned up\")\n    while true { }\n}\n";
    let text = said_with(text, &["--timeout", "100ms"]);
    assert!(text.starts_with("the test was not over after 100ms\nwhat it was doing:\n"), "{text}");
    assert!(text.contains("in test \"t\" a.ket:3:"), "{text}");
    assert!(text.ends_with("it wrote:\n  cleaned up\n"), "{text}");
    // Not even clean-ups can go on for ever.
    let text = "test \"t\" { defer { while true { } }\n while true { } }\n";
    said_with(text, &["--timeout", "100ms"]);
    let text = "test \"t\" (real: true, timeout: 50ms) { try { await sleep(1h) } finally { loop { try { await sleep(1h) } catch { } } } }\n";
    said_with(text, &[]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn what_a_test_leaves_behind_is_named_with_its_place() {
    let text = said(
        "import sync\ntest \"t\" {\n    spawn daemon { await sleep(1h) }\n    await sleep(1s)\n}\n",
    );
    let expected = "the test has left something behind:\n  \
        task 2 (block@a.ket:3), a daemon, spawned at a.ket:3:5\n\
        a daemon ends with the `scope` around it: write one, or stop the task\n";
    assert_eq!(text, expected);
    let text = said(
        "import net, fs, process, test\ntest \"t\" (real: true) {\n    \
         let a = await net.tcp.listen(\"127.0.0.1\", 0)\n    \
         let b = await net.tcp.connect(\"127.0.0.1\", a.local.port)\n    \
         let c = await fs.open(\"a.ket\")\n    \
         let d = await process.start(\"sleep\", [\"100\"])\n}\n",
    );
    let left: Vec<&str> = text.lines().filter_map(|line| line.split(", made at ").nth(1)).collect();
    assert_eq!(left, ["a.ket:3:19", "a.ket:4:19", "a.ket:5:19", "a.ket:6:19"], "{text}");
    assert!(text.ends_with("close what the test opens, as in `defer x.close()`\n"), "{text}");
}

#[test]
fn what_is_closed_ended_or_owned_by_others_is_no_leak() {
    let text = r#"
import net, fs, process, sync, signal
let everywhere = await fs.open("a.ket")
async fn helper() { spawn daemon { await sleep(1h) }; await sleep(1s) }
async fn child(file) { await file.read_text() }
test "scopes end daemons" { scope { spawn daemon { await sleep(1h) }; await sleep(1s) } }
test "functions do" { await helper() }
test "stopped" { let t = spawn daemon { await sleep(1h) }; await t.stop() }
test "ended" { let t = spawn daemon { 5 }; await t }
test "closed" (real: true) { let s = await net.tcp.listen("127.0.0.1", 0); defer s.close(); assert s.local.port > 0 }
test "given away" { let t = spawn child(await fs.open("a.ket")); assert (await t).len > 0 }
test "waited for" (real: true) { let p = await process.start("true"); assert (await p.wait()).ok }
test "in memory" { let b = sync.broadcast(1); let s = b.subscribe() }
"#;
    let folder = folder(&[("a.ket", text)]);
    let output = test(folder.path(), &["a.ket"]);
    assert!(stdout(&output).contains("8 passed, 0 failed"), "{}", stdout(&output));
}

#[test]
fn a_file_that_cannot_be_tested_is_told_once_and_the_others_run() {
    let files = [
        ("a.ket", "let = 1\ntest \"x\" { }\n"),
        (
            "b.ket",
            "print(\"loading\")\nthrow ValueError(\"top\")\ntest \"x\" { }\ntest \"y\" { }\n",
        ),
        ("c.ket", "exit(3)\ntest \"x\" { }\n"),
        ("d.ket", "test \"x\" { }\n"),
        ("e.ket", "import \"./gone.ket\"\ntest \"x\" { }\n"),
    ];
    let folder = folder(&files);
    let output = test(folder.path(), &[]);
    let text = stdout(&output);
    let heads: Vec<String> =
        lines(&output).into_iter().filter(|line| !line.starts_with("    ")).collect();
    let broken = "  FAIL  the file cannot be tested";
    let expected = [
        "a.ket",
        broken,
        "b.ket",
        broken,
        "c.ket",
        broken,
        "d.ket",
        "  ok    x",
        "e.ket",
        broken,
        "",
        "1 passed, 0 failed, 4 files could not be tested",
    ];
    assert_eq!(heads, expected);
    for part in ["E0101", "ValueError: top", "b.ket:2:1", "called exit(3)", "E0402"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert_eq!(text.matches("ValueError: top").count(), 1, "{text}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn nothing_begins_after_a_failure_if_that_is_wanted() {
    let text = "test \"a\" { }\ntest \"b\" { assert false }\ntest \"c\" { }\n";
    let folder = folder(&[("a.ket", text), ("b.ket", text)]);
    let output = test(folder.path(), &["--fail-fast", "--jobs", "1"]);
    let shown = stdout(&output);
    assert!(shown.contains("1 passed, 1 failed ("), "{shown}");
    assert!(!shown.contains("b.ket"), "{shown}");
}

#[test]
fn a_test_runs_as_often_as_is_wanted_until_it_fails() {
    let text =
        "import random\ntest \"dice\" { let n = random.int(1..=6); print(n); assert n != 5 }\n";
    let folder = folder(&[("a.ket", text)]);
    for flag in ["--repeat", "--explore"] {
        let output = test(folder.path(), &[flag, "100"]);
        let shown = stdout(&output);
        let again = shown.lines().find_map(|line| line.trim().strip_suffix("  # dice"));
        let words: Vec<&str> = again.expect("it is told").split(' ').skip(2).collect();
        assert_eq!(words[1], "--seed", "{shown}");
        assert!(shown.contains(&format!(", seed {}, run ", words[2])), "{shown}");
        // That command fails at once, in the same way.
        let output = test(folder.path(), &words);
        assert!(stdout(&output).contains("it wrote:\n          5\n"), "{}", stdout(&output));
    }
    let output = test(folder.path(), &["--repeat", "1", "--seed", "4"]);
    assert!(stdout(&output).contains("1 passed"), "{}", stdout(&output));
    fs::write(folder.path().join("a.ket"), "test \"t\" { }").expect("it is written");
    let output = test(folder.path(), &["--repeat", "20"]);
    assert!(stdout(&output).contains(", 20 runs)"), "{}", stdout(&output));
}

#[test]
fn other_orders_are_explored_until_one_fails() {
    let text = r#"
import fs
async fn load(name, into) { into.push(await fs.read(name)) }
async fn both(load) {
    for name in ["a", "b"] { await fs.write(name, name) }
    let got = []
    await load(got)
    got
}
test "races" { assert await both(|got| { scope { spawn load("a", got); spawn load("b", got) } }) == ["a", "b"] }
test "waits" { assert await both(|got| { for name in ["a", "b"] { await load(name, got) } }) == ["a", "b"] }
test "real" (real: true) { print("once") }
"#;
    let folder = folder(&[("a.ket", text)]);
    let output = test(folder.path(), &["--explore", "60"]);
    let shown = stdout(&output);
    assert!(shown.contains("  FAIL  races (") && shown.contains("= [\"b\", \"a\"]"), "{shown}");
    assert!(shown.contains("  ok    waits (") && shown.contains(", 60 runs)"), "{shown}");
    assert!(shown.contains(" ms, real)"), "{shown}");
    let again = shown.lines().find_map(|line| line.trim().strip_suffix("  # races"));
    let words: Vec<&str> = again.expect("it is told").split(' ').skip(2).collect();
    assert_eq!(words[words.len() - 2..], ["--explore", "1"], "{shown}");
    // The same failure each time.
    for _ in 0..3 {
        let output = test(folder.path(), &words);
        assert!(stdout(&output).contains("0 passed, 1 failed"), "{}", stdout(&output));
    }
}

#[test]
fn the_world_of_a_test_is_not_the_machine() {
    let text = r#"
import fs, net
test "files" { await fs.write("made.txt", "x"); assert await fs.read("made.txt") == "x" }
test "fixtures" { assert (await fs.read("fixture.txt")) == "beside"; await fs.write("fixture.txt", "other") }
test "fresh" { assert !await fs.exists("made.txt"); assert await fs.read("fixture.txt") == "beside" }
test "network" {
    let listener = await net.tcp.listen("127.0.0.1", 80)
    defer listener.close()
    let client = await net.tcp.connect("127.0.0.1", 80)
    client.close()
}
test "left open" { let client = await net.tcp.listen("127.0.0.1", 80) }
"#;
    let folder = folder(&[("a.ket", text), ("fixture.txt", "beside")]);
    let output = test(folder.path(), &[]);
    let shown = stdout(&output);
    assert!(shown.contains("4 passed, 1 failed"), "{shown}");
    assert!(shown.contains("<listener 127.0.0.1:80>, made at a.ket:12:39"), "{shown}");
    assert!(!folder.path().join("made.txt").exists());
    let fixture = fs::read_to_string(folder.path().join("fixture.txt")).expect("it is there");
    assert_eq!(fixture, "beside");
}

#[test]
fn a_flood_of_output_is_cut() {
    let text = "test \"t\" { for i in 0..40000 { print(\"a line of forty characters, more or less\") }\n assert false }\n";
    let text = said(text);
    assert!(text.ends_with(" bytes more\n"), "{}", &text[text.len() - 100..]);
}

#[test]
fn colours_are_for_terminals_only() {
    let folder = folder(&[("a.ket", "test \"good\" { }\ntest \"bad\" { exit(1) }\n")]);
    assert!(!stdout(&test(folder.path(), &[])).contains('\u{1b}'));
    #[cfg(unix)]
    {
        let file = folder.path().join("a.ket").to_string_lossy().into_owned();
        let shown = crate::terminal::run_with(&["test", &file], "", &[]);
        assert!(shown.contains("\u{1b}[32mok\u{1b}[0m    good"), "{shown:?}");
        assert!(shown.contains("\u{1b}[1;31mFAIL\u{1b}[0m  bad"), "{shown:?}");
        // While it runs a test is named; in the end it stands there once.
        assert!(shown.contains("\u{1b}[2m  …     good\u{1b}[0m\r\u{1b}[2K"), "{shown:?}");
        let lines = crate::terminal::screen(&shown);
        assert_eq!(lines.iter().filter(|line| line.contains("good")).count(), 1, "{lines:#?}");
        let shown = crate::terminal::run_with(&["test", &file], "", &[("NO_COLOR", "1")]);
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
}
