//! Which processors programs run on.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// Where everything runs that is compared, and servers.
pub const FIRST: &str = "0";
/// Where the load of servers comes from.
pub const SECOND: &str = "1";

/// Keeps this process to one processor, and so whatever it starts from now on: then no command has to
/// stand before a program, whose start would be measured with it.
pub fn keep_to_one() {
    let own = std::process::id().to_string();
    if !is_done(&["-cp", FIRST, &own]) {
        println!("no `taskset`: programs are not kept to one processor");
    }
}

/// Whether there are two processors, and programs can be kept to one of them each; says so if not.
pub fn are_two() -> bool {
    let are = is_done(&["-c", SECOND, "true"]);
    if !are {
        println!("no `taskset` or only one processor: server and load are not kept apart");
    }
    are
}

/// A command that runs on one processor only, if that can be.
pub fn on(processor: &str, program: impl AsRef<OsStr>, can_pin: bool) -> Command {
    if !can_pin {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", processor]).arg(program);
    command
}

fn is_done(args: &[&str]) -> bool {
    let mut command = Command::new("taskset");
    let status = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
