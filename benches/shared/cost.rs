//! Whole processes, measured from outside. It knows nothing of what it runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::program::{binary, is_installed};

/// Reports the most memory that a process had; a package of its own on some systems.
const TIME: &str = "/usr/bin/time";
/// Its `time` has steps of a millisecond, where that of the program has ten.
const SHELL: &str = "bash";
const SCRIPT: &str = "TIMEFORMAT='%R %U %S'; time \"$@\"";

/// A program with its arguments.
pub type Line = Vec<PathBuf>;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds of user and system time.
    pub cpu: f64,
    /// Seconds from start to end.
    pub wall: f64,
    /// The most memory it had, in bytes.
    pub peak: f64,
}

/// The binary, with what it runs.
pub fn kettle(program: &Path, args: &[&str]) -> Line {
    let mut line = vec![binary(), program.to_path_buf()];
    line.extend(args.iter().map(PathBuf::from));
    line
}

/// Says so if costs cannot be measured here.
pub fn can_measure() -> bool {
    let has_shell = is_installed(SHELL, "--version");
    let found = Path::new(TIME).exists() && has_shell;
    if !found {
        println!(
            "skipped: CPU time and memory are measured with {TIME} and {SHELL}, one is missing"
        );
    }
    found
}

/// Runs a program to its end. The error is what it said when it failed.
pub fn cost(line: &[PathBuf]) -> Result<Cost, String> {
    let output = Command::new(SHELL)
        .args(["-c", SCRIPT, SHELL, TIME, "-f", "%M"])
        .args(line)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| error.to_string())?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = report.lines().rev().take(2).collect::<Vec<_>>().join(" ");
    let fields: Vec<f64> = lines.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match fields[..] {
        [wall, user, system, kilobytes] if output.status.success() => {
            Ok(Cost { cpu: user + system, wall, peak: kilobytes * 1024.0 })
        }
        _ => Err(format!("{line:?}: {report}")),
    }
}
