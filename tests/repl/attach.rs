//! Sessions with a program that runs already.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use crate::terminal::{Terminal, home};

const PROGRAM: &str = "var count = 0
fn bump(by) { count += by; count }
print(\"ready\")
while count < 100 { await sleep(5ms) }
print(\"count is ${count}\")
";

/// A program with a door, in the home of the user.
struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Program {
    fn start(home: &Path, text: &str) -> Program {
        fs::write(home.join("p.ket"), text).expect("it can be written");
        Program::start_with(home, &[])
    }

    /// With more flags, the file that is there.
    fn start_with(home: &Path, flags: &[&str]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kettle"));
        command.args(flags).args(["--console", "door", "p.ket"]);
        command.current_dir(home).env("NO_COLOR", "1").stderr(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("kettle starts");
        let stdout = BufReader::new(child.stdout.take().expect("it is a pipe"));
        Program { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it can be read");
        line
    }

    fn status(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn attached(home: &Arc<TempDir>) -> Terminal {
    let terminal = Terminal::start_at(&["repl", "--attach", "door"], home, &[("NO_COLOR", "1")]);
    terminal.prompt();
    terminal
}

#[test]
fn the_names_of_the_program_are_there_and_it_goes_on() {
    let home = home();
    let mut program = Program::start(home.path(), PROGRAM);
    assert_eq!(program.line(), "ready\n");
    let door = home.path().join("door");
    assert_eq!(fs::metadata(&door).expect("it is there").permissions().mode() & 0o777, 0o600);

    let terminal = attached(&home);
    assert_eq!(terminal.answer("bump(2)"), ["2"]);
    terminal.send("coun\t");
    terminal.cursor_behind("> count");
    assert_eq!(terminal.answer(" + 1"), ["3"]);
    // A second visitor is told why not.
    let second = Terminal::start_at(&["repl", "--attach", "door"], &home, &[("NO_COLOR", "1")]);
    second.shows("somebody else has a session");
    assert_eq!(second.finish(), Some(1));
    // Ctrl-C means the visitor's entry, not the program.
    terminal.send("print(\"waiting\"); await sleep(1h)\r");
    terminal.has_line("waiting");
    terminal.send("\x03");
    terminal.prompt();
    assert_eq!(program.line(), "waiting\n", "what it prints is the program's output");
    terminal.send("\x04");
    assert_eq!(terminal.finish(), Some(0));

    // Detached it has gone on, and somebody can come again.
    let terminal = attached(&home);
    terminal.enter("let t = spawn (|| { await sleep(10ms); print(\"from a task\") })()");
    terminal.has_line("from a task");
    terminal.send("bump(98)\r");
    terminal.has_line("the program has ended");
    assert_eq!(terminal.finish(), Some(0));
    assert_eq!(program.line(), "from a task\n");
    assert_eq!(program.line(), "count is 100\n");
    assert_eq!(program.status(), Some(0));
    assert!(!door.exists());
}

#[test]
fn a_visitor_who_vanishes_leaves_the_door_open() {
    let home = home();
    let mut program = Program::start(home.path(), PROGRAM);
    assert_eq!(program.line(), "ready\n");
    let terminal = attached(&home);
    terminal.send("print(\"waiting\"); await sleep(1h)\r");
    terminal.has_line("waiting");
    terminal.signal("KILL");
    drop(terminal);
    let terminal = attached(&home);
    assert_eq!(terminal.answer("bump(1)"), ["1"]);
}

#[test]
fn a_program_that_fails_or_is_ended_says_so_with_its_status() {
    let home = home();
    let mut failing = Program::start(home.path(), "print(\"a\")\nthrow ValueError(\"broken\")\n");
    assert_eq!((failing.line().as_str(), failing.status()), ("a\n", Some(1)));
    let mut wrong = Program::start(home.path(), "let = 1\n");
    assert_eq!(wrong.status(), Some(2));
    let mut ended = Program::start(home.path(), PROGRAM);
    assert_eq!(ended.line(), "ready\n");
    let pid = ended.child.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().expect("it is there");
    assert_eq!(ended.status(), Some(143));
    // One that could not clean up leaves its door; the next one puts it aside.
    let mut killed = Program::start(home.path(), PROGRAM);
    assert_eq!(killed.line(), "ready\n");
    killed.child.kill().expect("it is ours");
    killed.status();
    assert!(home.path().join("door").exists());
    let nobody = Terminal::start_at(&["repl", "--attach", "door"], &home, &[("NO_COLOR", "1")]);
    nobody.shows("the program has ended");
    assert_eq!(nobody.finish(), Some(2));
    let mut next = Program::start(home.path(), PROGRAM);
    assert_eq!(next.line(), "ready\n");
}

#[test]
fn what_the_command_line_asks_for_is_told_at_the_end() {
    let home = home();
    fs::write(home.path().join("p.ket"), PROGRAM).expect("it can be written");
    let flags = ["--gc-stats", "--profile=where", "--trace", "when.json"];
    let mut program = Program::start_with(home.path(), &flags);
    assert_eq!(program.line(), "ready\n");
    let terminal = attached(&home);
    // The program ends with that, and the session with it.
    terminal.send("bump(100)\r");
    terminal.finish();
    assert_eq!(program.status(), Some(0));
    let mut told = String::new();
    let stderr = program.child.stderr.as_mut().expect("it is a pipe");
    std::io::Read::read_to_string(stderr, &mut told).expect("it is text");
    assert!(told.contains("gc: ") && told.contains("profile: "), "{told}");
    let file = |name: &str| fs::read_to_string(home.path().join(name)).expect("it was written");
    assert!(file("where.svg").contains("</svg>"));
    let timeline: serde_json::Value =
        serde_json::from_str(&file("when.json")).expect("the timeline is whole");
    assert!(timeline.to_string().contains("<2>"), "an entry is a task");
}
