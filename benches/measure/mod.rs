//! Whole processes, measured from outside: what benches share. It knows nothing of what it runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Reports what a process used; a package of its own on some systems.
const TIME: &str = "/usr/bin/time";

/// A program with its arguments.
pub type Line = Vec<PathBuf>;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds of user and system time, in steps of 10 ms.
    pub cpu: f64,
    /// The most memory it had, in bytes.
    pub peak: f64,
}

/// The binary that is measured, with what it runs.
pub fn kettle(program: &Path, args: &[&str]) -> Line {
    let mut line = vec![PathBuf::from(env!("CARGO_BIN_EXE_kettle")), program.to_path_buf()];
    line.extend(args.iter().map(PathBuf::from));
    line
}

/// A file of `benches/programs`.
pub fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/programs").join(name)
}

/// Says so if costs cannot be measured here.
pub fn can_measure() -> bool {
    let found = Path::new(TIME).exists();
    if !found {
        println!("skipped: CPU time and memory are measured with {TIME}, which is not installed");
    }
    found
}

/// Runs a program to its end.
pub fn cost(line: &[PathBuf]) -> Cost {
    let output = Command::new(TIME)
        .args(["-f", "%U %S %M"])
        .args(line)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .expect("it was looked for before");
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line:?}: {report}");
    let fields = report.lines().last().unwrap_or_default().split_whitespace();
    let fields: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
    let [user, system, kilobytes] = fields[..] else { panic!("{TIME} reports {report:?}") };
    Cost { cpu: user + system, peak: kilobytes * 1024.0 }
}
