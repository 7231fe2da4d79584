//! `kettle test`: what it says for machines.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::process::{stderr, stdout};
use crate::test::{folder, test};

const MIXED: &str = r#"test "good" { print("hi"); await sleep(2s) }
test "bad" { print("<oh> & \"no\" \u{1b}[0m ]]> ü"); assert 1 + 1 == 3, "a < b & c" }
test "later <&>" (skip: "when \"it\" <works>") { }
"#;

#[test]
fn each_event_is_a_line_of_json() {
    let folder = folder(&[("a.ket", MIXED), ("b.ket", "let = 1\ntest \"x\" { }")]);
    let output = test(folder.path(), &["--json", "--seed", "7"]);
    assert_eq!((stderr(&output).as_str(), output.status.code()), ("", Some(1)));
    let text = stdout(&output);
    let mut events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is an object"))
        .collect();
    for event in &mut events {
        if let Some(ms) = event.get_mut("ms") {
            assert!(ms.is_number(), "{ms}");
            *ms = json!(0);
        }
    }
    assert_eq!(events[0], json!({"event": "begin", "version": 1, "files": 2, "seed": 7}));
    let good = json!({
        "event": "test", "file": "a.ket", "line": 1, "name": "good", "outcome": "passed",
        "reason": null, "ms": 0, "virtual_ms": 2000.0, "real": false, "runs": 1, "seed": 7,
        "output": "hi\n", "failure": null,
    });
    assert_eq!(events[1], good);
    let failure = &events[2]["failure"];
    assert_eq!(failure["kind"], "error");
    assert_eq!(failure["message"], "AssertError: a < b & c");
    assert_eq!(failure["place"], json!({"file": "a.ket", "line": 2, "column": 61}));
    assert_eq!(failure["rerun"], "kettle test a.ket:2 --seed 7");
    assert!(failure["report"].as_str().is_some_and(|report| report.contains("1 + 1 = 2")));
    assert_eq!(events[2]["output"], "<oh> & \"no\" \u{1b}[0m ]]> ü\n");
    assert_eq!(events[3]["outcome"], "skipped");
    assert_eq!(events[3]["reason"], "when \"it\" <works>");
    assert_eq!((&events[4]["event"], &events[4]["file"]), (&json!("broken"), &json!("b.ket")));
    let end = json!({
        "event": "end", "passed": 1, "failed": 1, "skipped": 1, "left_out": 0, "broken": 1, "ms": 0,
        "snapshots": {"written": 0, "updated": 0, "removed": 0, "obsolete": [], "faults": []},
        "status": 1,
    });
    assert_eq!(events[5], end);
    assert_eq!(events.len(), 6);
}

#[test]
fn every_kind_of_failure_has_its_word() {
    let text = "import test as t\ntest \"exit\" { exit(1) }\ntest \"signal\" { t.raise(\"term\"); await sleep(1s) }\ntest \"timeout\" (timeout: 1s) { await sleep(1h) }\n\
        test \"leak\" { spawn daemon { await sleep(1h) }; await sleep(1s) }\ntest \"error\" { throw Error(\"x\") }\n";
    let folder = folder(&[("a.ket", text)]);
    let output = test(folder.path(), &["--json"]);
    let mut kinds = 0;
    for line in stdout(&output).lines() {
        let event: Value = serde_json::from_str(line).expect("it is JSON");
        if event["event"] == "test" {
            assert_eq!(event["failure"]["kind"], event["name"], "{line}");
            kinds += 1;
        }
    }
    assert_eq!(kinds, 5);
}

/// Reads a file of JUnit XML as machines do, and prints what is in it.
const READ: &str = r#"
import sys, json, xml.etree.ElementTree as tree
def inside(e): return [e.tag, dict(e.attrib), e.text if e.tag in ("failure", "system-out", "error") else None, [inside(c) for c in e]]
print(json.dumps(inside(tree.parse(sys.argv[1]).getroot())))
"#;

#[test]
fn junit_is_xml_that_a_parser_reads_back() {
    let folder = folder(&[("a.ket", MIXED), ("b.ket", "let = \"<&>\"\ntest \"x\" { }")]);
    let output = test(folder.path(), &["--junit", "out.xml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("1 passed, 1 failed, 1 skipped"), "{}", stdout(&output));
    let file = folder.path().join("out.xml");
    let text = fs::read_to_string(&file).expect("it is written");
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{text}");
    let Ok(read) = Command::new("python3").arg("-c").arg(READ).arg(&file).output() else {
        // Without a parser of another make there is nothing to compare with.
        return;
    };
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let root: Value = serde_json::from_slice(&read.stdout).expect("it prints JSON");
    let counts = |of: &Value| {
        ["tests", "failures", "errors", "skipped"]
            .map(|name| of[1][name].as_str().map(str::to_owned))
    };
    let wanted = |words: [&str; 4]| words.map(|word| Some(word.to_owned()));
    assert_eq!(counts(&root), wanted(["4", "1", "1", "1"]));
    let suites = &root[3];
    assert_eq!(counts(&suites[0]), wanted(["3", "1", "0", "1"]));
    assert_eq!(counts(&suites[1]), wanted(["1", "0", "1", "0"]));
    let cases = &suites[0][3];
    assert_eq!(cases[0][1]["name"], "good");
    assert_eq!(cases[0][1]["line"], "1");
    let [failure, written] = [&cases[1][3][0], &cases[1][3][1]];
    assert_eq!(failure[1]["message"], "AssertError: a < b & c");
    assert_eq!(failure[1]["type"], "error");
    assert!(failure[2].as_str().is_some_and(|text| text.contains("1 + 1 = 2")));
    assert_eq!(written[2], "<oh> & \"no\" \\u{1b}[0m ]]> ü\n");
    assert_eq!(cases[2][1]["name"], "later <&>");
    assert_eq!(cases[2][3][0][1]["message"], "when \"it\" <works>");
    let error = &suites[1][3][0][3][0];
    assert_eq!(error[0], "error");
    assert!(error[2].as_str().is_some_and(|text| text.contains("E0101")));
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let folder = folder(&[("a.ket", "test \"x\" { }")]);
    let output = test(folder.path(), &["--junit", "no/such/out.xml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("kettle: `no/such/out.xml` cannot be written: "));
}
