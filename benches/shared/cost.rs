//! Whole processes, measured from outside. It knows nothing of what it runs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use super::program::binary;

/// Reports the most memory that a process had; a package of its own on some systems.
const TIME: &str = "/usr/bin/time";

/// A program with its arguments, and what it finds when it starts.
#[derive(Clone)]
pub struct Line {
    words: Vec<PathBuf>,
    /// The folder that it starts in, unless that of the bench.
    inside: Option<PathBuf>,
    /// `BENCH_DIR`: where it finds the small files, if it reads some.
    files: Option<PathBuf>,
}

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds of user and system time.
    pub cpu: f64,
    /// Seconds from start to end.
    pub wall: f64,
}

impl Line {
    /// A program and its arguments.
    pub fn new<T: Into<PathBuf>>(words: impl IntoIterator<Item = T>) -> Line {
        Line { words: words.into_iter().map(Into::into).collect(), inside: None, files: None }
    }

    /// Started in a folder.
    pub fn inside(mut self, folder: PathBuf) -> Line {
        self.inside = Some(folder);
        self
    }

    /// Told where the small files are.
    pub fn with_files(mut self, folder: &Path) -> Line {
        self.files = Some(folder.to_owned());
        self
    }

    /// What starts the program itself, with nothing between. It prints nothing.
    pub fn command(&self) -> Command {
        self.as_arguments_of(&[])
    }

    /// What starts the program through another one.
    fn as_arguments_of(&self, other: &[&str]) -> Command {
        let mut words = other.iter().map(OsStr::new).chain(self.words.iter().map(AsRef::as_ref));
        let mut command = Command::new(words.next().expect("a line names a program"));
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.envs(self.files.iter().map(|folder| ("BENCH_DIR", folder)));
        if let Some(folder) = &self.inside {
            command.current_dir(folder);
        }
        command
    }
}

/// The binary, with what it runs.
pub fn kettle(program: &Path, args: &[&str]) -> Line {
    let words = [binary(), program.to_path_buf()];
    Line::new(words.into_iter().chain(args.iter().map(PathBuf::from)))
}

/// Says so if costs cannot be measured here.
pub fn can_measure() -> bool {
    let found = Path::new(TIME).exists();
    if !found {
        println!("skipped: memory is measured with {TIME}, which is missing");
    }
    found
}

/// Runs a program to its end: the time of nothing but that program. The error is what it said when it failed.
pub fn cost(line: &Line) -> Result<Cost, String> {
    let before = time_of_children();
    let begin = Instant::now();
    let (output, report) = reported(line.command())?;
    let wall = begin.elapsed().as_secs_f64();
    // Nothing else is started meanwhile.
    let cpu = time_of_children() - before;
    if output.status.success() {
        Ok(Cost { cpu, wall })
    } else {
        Err(format!("{:?}: {report}", line.words))
    }
}

/// Seconds of user and system time of all children that have ended, with theirs.
fn time_of_children() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("every process may ask for it");
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// Runs a program to its end: the most memory that it had, in bytes. It is a run of its own, so that nothing of
/// what asks for the memory is in the times.
pub fn peak(line: &Line) -> Result<f64, String> {
    let (output, report) = reported(line.as_arguments_of(&[TIME, "-f", "%M"]))?;
    let kilobytes = report.lines().last().and_then(|line| line.trim().parse::<f64>().ok());
    match kilobytes {
        Some(kilobytes) if output.status.success() => Ok(kilobytes * 1024.0),
        _ => Err(format!("{:?}: {report}", line.words)),
    }
}

/// What a command wrote on standard error.
fn reported(mut command: Command) -> Result<(Output, String), String> {
    let output = command.stderr(Stdio::piped()).output();
    let output = output.map_err(|error| error.to_string())?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output, report))
}
