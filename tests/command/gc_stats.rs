//! `--gc-stats`: what the collector did, and that memory goes back to the system.

use crate::process::{run, stderr, stdout};

/// Half a million lists that live at the same time, then fewer that do not.
const SPIKE: &str = "
fn make(n) { (0..n).map(|i| [i, i]).list() }
print(make(500_000).len)
for i in 0..300_000 { [i, i] }
";

/// The number that stands behind some words of the report.
fn number(report: &str, words: &str) -> f64 {
    let (_, rest) = report.split_once(words).expect(words);
    let digits = rest.split(|c: char| !c.is_ascii_digit() && c != '.').next().expect("text");
    digits.parse().expect("a number stands there")
}

#[test]
fn the_report_comes_at_the_end_and_changes_nothing() {
    let output = run(&["--gc-stats", "-e", SPIKE]);
    let report = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert_eq!(stdout(&output), "500000\n");
    assert!(number(&report, "gc: ") >= 2.0, "{report}");
    assert!(number(&report, "longest step ") > 0.0, "{report}");
    assert!(number(&report, "  mark: ") > 0.0, "{report}");
    assert!(number(&report, "live at the last cycle: ") < 300_000.0, "{report}");
    assert_eq!(stderr(&run(&["-e", "print(1)"])), "");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_that_is_free_goes_back_to_the_system() {
    let report = stderr(&run(&["--gc-stats", "-e", SPIKE]));
    let (now, most) = (number(&report, "resident: "), number(&report, "at most "));
    assert!(now < most / 2.0, "{report}");
}
