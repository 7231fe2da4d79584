//! A running `kettle` for the tests that talk to it from outside.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// Plain output, and no remarks on a machine that is slow.
const ENVIRONMENT: [(&str, &str); 2] = [("NO_COLOR", "1"), ("KETTLE_WATCHDOG", "0")];

/// A `kettle` process that is ended, at the latest, when this is dropped.
pub struct Kettle {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Kettle {
    /// Starts `kettle` with these arguments in the project's folder.
    pub fn start(args: &[&str]) -> Kettle {
        Kettle::run(command(args))
    }

    fn run(mut command: Command) -> Kettle {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("kettle starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        Kettle { child, stdout }
    }

    /// Starts a server script, which prints a line that ends in its address; gives its port.
    pub fn serve(args: &[&str]) -> (Kettle, u16) {
        Kettle::start(args).with_port()
    }

    /// The same, with no more than `count` open files and sockets.
    pub fn serve_with_descriptors(count: u32, args: &[&str]) -> (Kettle, u16) {
        Kettle::limited(count, args, "")
    }

    /// The same, and what it reports goes to a file.
    pub fn serve_with_descriptors_and_log(count: u32, args: &[&str], log: &str) -> (Kettle, u16) {
        Kettle::limited(count, args, &format!("2>'{log}'"))
    }

    fn limited(count: u32, args: &[&str], redirect: &str) -> (Kettle, u16) {
        let kettle = command(args);
        let mut limited = Command::new("sh");
        let start = format!("ulimit -n {count} && exec \"$0\" \"$@\" {redirect}");
        limited.args(["-c", &start]).arg(kettle.get_program()).args(kettle.get_args());
        limited.current_dir(env!("CARGO_MANIFEST_DIR")).envs(ENVIRONMENT);
        Kettle::run(limited).with_port()
    }

    fn with_port(self) -> (Kettle, u16) {
        let mut kettle = self;
        let line = kettle.line();
        let port = line.rsplit(':').next().and_then(|port| port.trim().parse().ok());
        (kettle, port.unwrap_or_else(|| panic!("no port in {line:?}")))
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("stdout can be read");
        line
    }

    /// Sends it a signal, by name as `kill` knows it.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name} {pid}");
    }

    /// Whether it has ended.
    pub fn is_over(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Waits for its end; gives its exit status and what else it printed.
    pub fn finish(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("stdout can be read");
        (self.child.wait().expect("it can be waited for").code(), rest)
    }
}

impl Drop for Kettle {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `kettle` to its end.
pub fn run(args: &[&str]) -> Output {
    fed(args, "")
}

/// Runs `kettle` to its end with this on its standard input. A program that hangs is killed after
/// five minutes: a busy machine needs its time.
pub fn fed(args: &[&str], input: &str) -> Output {
    let kettle = command(args);
    let mut child = Command::new("timeout")
        .arg("300")
        .arg(kettle.get_program())
        .args(kettle.get_args())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .envs(ENVIRONMENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kettle starts");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    // A program that does not read its input may have closed it already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

/// What it printed, as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it reported, as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `kettle` with plain output, in the project's folder.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kettle"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).envs(ENVIRONMENT);
    command
}
