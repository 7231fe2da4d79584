//! Instructions that Kettle takes for small programs, beside a stored count.
//!
//! `cargo bench --bench instructions [-- NAME…]`. Where times need a machine that does nothing else, counts
//! need only callgrind: they hardly change from run to run. A program that takes more than 3 % more
//! than stored makes the bench fail; `KETTLE_UPDATE=1` stores the counts as they are now. The file is
//! `benches/baseline.txt` for a release build; for another profile (`cargo bench --profile tune`)
//! and for a binary of one's own (`KETTLE_BIN=path`) it lies beside the binary, and belongs to nobody else.

mod baseline;
#[path = "../shared/program.rs"]
mod program;
mod row;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use baseline::{Baseline, grouped, made_here};
use program::{binary, is_installed, program};
use row::{ROWS, Row};

/// So much more or less is told.
const TOLERANCE: f64 = 0.03;
/// And so many instructions beside that: the start of a program has as much to do as there are
/// variables in its environment and as its path is long.
const ENVIRONMENT: f64 = 30_000.0;

fn main() -> ExitCode {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if !is_installed("valgrind", "--version") {
        println!("skipped: instructions are counted by valgrind, which is not installed");
        return ExitCode::SUCCESS;
    }
    let folder = std::env::temp_dir().join(format!("kettle-instructions-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let status = run(&wanted, &folder);
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
    status
}

/// Counts the wanted programs, then compares or stores what was seen.
fn run(wanted: &[String], folder: &Path) -> ExitCode {
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|other| other == name);
    let file = baseline_file();
    let mut seen = Baseline { made: made_here(), ..Baseline::default() };
    for row in ROWS.iter().filter(|row| is_wanted(row.name)) {
        match count(row, folder) {
            Ok(count) => {
                seen.counts.insert(row.name.to_owned(), count);
            }
            Err(message) => {
                println!("{}: {message}", row.name);
                return ExitCode::FAILURE;
            }
        }
    }
    let stored = Baseline::read(&file);
    if std::env::var_os("KETTLE_UPDATE").is_some_and(|value| value == "1") {
        return update(seen, stored.ok(), &file);
    }
    match stored {
        Ok(stored) => compare(&seen, &stored, &file),
        Err(error) => {
            for (name, count) in &seen.counts {
                println!("{name:<14} {:>14}", grouped(*count));
            }
            println!("nothing to compare with: {}: {error}", file.display());
            println!("KETTLE_UPDATE=1 stores these counts");
            ExitCode::SUCCESS
        }
    }
}

/// Where the counts of this kind of binary are stored.
fn baseline_file() -> PathBuf {
    let folder = binary().parent().map(Path::to_path_buf).unwrap_or_default();
    let is_release = std::env::var_os("KETTLE_BIN").is_none() && folder.ends_with("release");
    if is_release {
        return Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/baseline.txt");
    }
    folder.join("instructions.txt")
}

/// Writes the small version of a program; gives the folder to run in, and the words behind the binary.
fn prepare(row: &Row, folder: &Path) -> Result<(PathBuf, Vec<String>), String> {
    if let Some(name) = row.name.strip_prefix("awfy/") {
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/awfy");
        let arguments = row.sizes.iter().map(|(_, size)| (*size).to_owned());
        return Ok((programs, [format!("{name}.ket")].into_iter().chain(arguments).collect()));
    }
    let mut text = std::fs::read_to_string(program(&format!("{}.ket", row.name)))
        .map_err(|error| error.to_string())?;
    for (large, small) in row.sizes {
        if !text.contains(large) {
            return Err(format!("`{large}` is not in the program any more"));
        }
        text = text.replace(large, small);
    }
    let file = "program.ket".to_owned();
    std::fs::write(folder.join(&file), text).map_err(|error| error.to_string())?;
    Ok((folder.to_path_buf(), vec![file]))
}

/// Runs a program under callgrind. Neither the environment nor names may differ between machines: they
/// are on the stack.
fn count(row: &Row, folder: &Path) -> Result<u64, String> {
    let (folder, words) = prepare(row, folder)?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(binary())
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("KETTLE_WATCHDOG", "0")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let report = String::from_utf8_lossy(&output.stderr);
    let found = report.lines().find_map(|line| line.split("Collected :").nth(1));
    match found.and_then(|number| number.trim().parse().ok()) {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("callgrind failed: {report}")),
    }
}

/// Stores what was seen, beside what was stored of other programs with the same toolchain.
fn update(mut seen: Baseline, stored: Option<Baseline>, file: &Path) -> ExitCode {
    if let Some(stored) = stored.filter(|stored| stored.made == seen.made) {
        for (name, count) in stored.counts {
            if ROWS.iter().any(|row| row.name == name) {
                seen.counts.entry(name).or_insert(count);
            }
        }
    }
    if let Err(error) = seen.write(file) {
        println!("{}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    println!("stored in {}", file.display());
    ExitCode::SUCCESS
}

/// Prints the counts beside those that are stored; fails if one is too large.
fn compare(seen: &Baseline, stored: &Baseline, file: &Path) -> ExitCode {
    println!("{:<14} {:>14} {:>14}   change", "program", "instructions", "stored");
    let (mut worse, mut better, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for (name, count) in &seen.counts {
        let Some(before) = stored.counts.get(name) else {
            println!("{name:<14} {:>14} {:>14}", grouped(*count), "-");
            new.push(name.as_str());
            continue;
        };
        let change = *count as f64 - *before as f64;
        let percent = change / *before as f64 * 100.0;
        let tolerated = *before as f64 * TOLERANCE + ENVIRONMENT;
        println!("{name:<14} {:>14} {:>14}   {percent:+.2} %", grouped(*count), grouped(*before));
        if change > tolerated {
            worse.push(name.as_str());
        } else if change < -tolerated {
            better.push(name.as_str());
        }
    }
    if !new.is_empty() {
        println!("not stored yet: {}; KETTLE_UPDATE=1 stores them", new.join(", "));
    }
    if !better.is_empty() {
        println!("better: {}; KETTLE_UPDATE=1 stores that", better.join(", "));
    }
    if worse.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("more than 3 % worse than {}: {}", file.display(), worse.join(", "));
    if seen.made != stored.made {
        println!("not comparable, so this is no failure: stored with {:?}", stored.made);
        println!("here are {:?}", seen.made);
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
