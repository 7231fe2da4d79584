//! `kettle test` and signals: what tests have begun is cleaned up, and what is known by then is told.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::process::Kettle;
use crate::test::folder;

/// Starts a program that runs for long, says so, and cleans up in its own time.
const LONG: &str = r#"
import fs
import process
import test
let here = "HERE"
test "passes" { assert 1 + 1 == 2 }
test "starts a program" {
    test.real()
    defer { await sleep(20ms); await fs.write("${here}/cleaned", "") }
    let child = await process.start("sleep", ["600"])
    await fs.write("${here}/begun", str(child.pid), atomic: true)
    await child.wait()
}
test "never begins" { }
"#;

/// A test that no gentle request ends.
const BUSY: &str = r#"
import fs
import test
test "computes" {
    test.real()
    await fs.write("HERE/begun", "", atomic: true)
    try { loop { } } finally { await fs.write("HERE/cleaned", "") }
}
"#;

/// `kettle test` of one file, which has begun what it says.
fn begun(text: &str) -> (tempfile::TempDir, Kettle) {
    let here = folder(&[]);
    let file = here.path().join("a.ket");
    let text = text.replace("HERE", here.path().to_str().expect("it is text"));
    fs::write(&file, text).expect("it is written");
    let kettle = Kettle::start(&["test", file.to_str().expect("it is text")]);
    wait_for(&here.path().join("begun"));
    (here, kettle)
}

fn wait_for(file: &Path) {
    while !file.exists() {
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_tests_have_begun_is_cleaned_up() {
    for (signal, name, status) in [("INT", "int", 130), ("TERM", "term", 143)] {
        let (here, kettle) = begun(LONG);
        kettle.signal(signal);
        let (ended, told) = kettle.finish();
        assert_eq!(ended, Some(status), "{told}");
        assert!(told.contains("ok    passes"), "{told}");
        assert!(told.contains("FAIL  starts a program"), "{told}");
        assert!(told.contains(&format!("the signal \"{name}\" ended the test")), "{told}");
        assert!(told.contains("\n1 passed, 1 failed"), "{told}");
        assert!(!told.contains("never begins"), "{told}");
        assert!(here.path().join("cleaned").exists(), "{told}");
        let child = fs::read_to_string(here.path().join("begun")).expect("its number");
        let is_there = Command::new("kill").args(["-0", &child]).output().expect("it runs");
        assert!(!is_there.status.success(), "{child} is left behind");
    }
}

#[test]
fn a_second_signal_ends_what_computes() {
    let (here, kettle) = begun(BUSY);
    kettle.signal("INT");
    // Two that come at the same time would be one.
    thread::sleep(Duration::from_millis(300));
    kettle.signal("INT");
    let (status, told) = kettle.finish();
    assert_eq!(status, Some(130), "{told}");
    assert!(told.contains("the signal \"int\" ended the test"), "{told}");
    assert!(here.path().join("begun").exists());
}
