//! The command line as its users meet it: words, exit statuses, pipes, signals.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

use crate::process::{Kettle, command, fed, run, stderr, stdout};

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn code_comes_from_the_command_line() {
    let output = run(&["-e", "print(6 * 7)"]);
    assert_eq!((stdout(&output).as_str(), code(&output)), ("42\n", Some(0)));
    let output = run(&["-e", "import os\nprint(os.args)", "a", "--b", "-c"]);
    assert_eq!(stdout(&output), "[\"a\", \"--b\", \"-c\"]\n");
}

#[test]
fn code_comes_from_standard_input() {
    let output = fed(&["-"], "print(\"from stdin\")");
    assert_eq!((stdout(&output).as_str(), code(&output)), ("from stdin\n", Some(0)));
    let output = fed(&["-", "x"], "import os\nprint(os.args)");
    assert_eq!(stdout(&output), "[\"x\"]\n");
}

#[test]
fn a_script_runs_by_its_first_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("hello");
    let first = format!("#!{}\n", env!("CARGO_BIN_EXE_kettle"));
    fs::write(&script, first + "import os\nprint(\"hello\", os.args)\n").expect("it is written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it is executable");
    let output = Command::new(&script).arg("there").output().expect("it runs");
    assert_eq!(stdout(&output), "hello [\"there\"]\n", "{}", stderr(&output));
}

#[test]
fn the_exit_status_says_how_it_ended() {
    assert_eq!(code(&run(&["-e", "1"])), Some(0));
    assert_eq!(code(&run(&["-e", "throw Error(\"x\")"])), Some(1));
    assert_eq!(code(&run(&["-e", "let = 1"])), Some(2));
    assert_eq!(code(&run(&["-e", "exit(7)"])), Some(7));
    assert_eq!(code(&run(&["-e", "fn main() { 5 }"])), Some(5));
    assert_eq!(code(&run(&["-e", "await channel(0).recv()"])), Some(13));
    assert_eq!(code(&run(&["--no-such-flag"])), Some(2));
    assert_eq!(code(&run(&["no/such/file.ket"])), Some(2));
    assert_eq!(code(&run(&["tests"])), Some(2));
    assert_eq!(code(&run(&["/dev/zero"])), Some(2));
}

#[test]
fn reports_go_to_stderr_without_colour() {
    let output = run(&["-e", "print(1)\nthrow Error(\"broken\")"]);
    assert_eq!(stdout(&output), "1\n");
    let report = stderr(&output);
    assert!(report.contains("Error: broken"), "{report}");
    assert!(!report.contains('\u{1b}'), "{report}");
    let output = run(&["-e", "prin(1)"]);
    assert!(stderr(&output).contains("`print`"), "{}", stderr(&output));
}

#[test]
fn help_and_version_are_printed() {
    let output = run(&["--version"]);
    assert_eq!(stdout(&output), format!("kettle {}\n", env!("CARGO_PKG_VERSION")));
    let help = run(&["--help"]);
    assert_eq!(code(&help), Some(0));
    for word in ["kettle FILE", "-e", "check", "explain", "--version", "NO_COLOR"] {
        assert!(stdout(&help).contains(word), "{word} is missing in:\n{}", stdout(&help));
    }
}

#[test]
fn check_reports_without_running() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let good = folder.path().join("good.ket");
    let bad = folder.path().join("bad.ket");
    fs::write(&good, "print(\"not run\")\n").expect("it is written");
    fs::write(&bad, "print(nope)\nlet = 3\n").expect("it is written");
    let good = good.to_str().expect("the path is UTF-8");
    let bad = bad.to_str().expect("the path is UTF-8");
    let output = run(&["check", good]);
    assert_eq!((stdout(&output).as_str(), code(&output)), ("", Some(0)));
    let output = run(&["check", good, bad]);
    assert_eq!(code(&output), Some(1));
    assert!(stderr(&output).contains("bad.ket"), "{}", stderr(&output));
}

#[test]
fn a_diagnostic_is_explained() {
    let output = run(&["explain", "E0201"]);
    assert_eq!(code(&output), Some(0));
    assert!(stdout(&output).contains("E0201"), "{}", stdout(&output));
    assert_eq!(code(&run(&["explain", "E9999"])), Some(2));
}

#[test]
fn bytecode_is_listed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("add.ket");
    fs::write(&script, "fn add(a, b) { a + b }\nprint(add(1, 2))\n").expect("it is written");
    let output = run(&["run", "--dump", "bytecode", script.to_str().expect("UTF-8")]);
    let listing = stdout(&output);
    assert!(listing.contains("add") && listing.contains("return"), "{listing}");
}

#[test]
fn output_is_complete_on_a_pipe() {
    let output = run(&["-e", "for i in 0..100000 { print(i) }"]);
    let text = stdout(&output);
    assert_eq!(text.lines().count(), 100_000);
    assert!(text.ends_with("99999\n"));
    let output = run(&["-e", "for i in 0..1000 { print(i) }\nexit(3)"]);
    assert_eq!((stdout(&output).lines().count(), code(&output)), (1000, Some(3)));
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let mut child = command(&["-e", "loop { print(\"more\") }"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kettle starts");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line comes");
    drop(lines);
    let mut report = String::new();
    let mut errors = child.stderr.take().expect("stderr is a pipe");
    errors.read_to_string(&mut report).expect("stderr can be read");
    let status = child.wait().expect("it ends");
    assert_eq!((line.as_str(), report.as_str(), status.code()), ("more\n", "", Some(141)));
}

#[test]
fn standard_input_is_read_by_lines() {
    let program = "import os\nfor await line in os.stdin.lines() { print(\"> ${line}\") }";
    let output = fed(&["-e", program], "one\ntwo\nthree");
    assert_eq!(stdout(&output), "> one\n> two\n> three\n", "{}", stderr(&output));
    let output = fed(&["-e", "print(await input(\"name? \"))\nprint(await input())"], "Ada\n");
    assert_eq!(stdout(&output), "name? Ada\nnull\n", "{}", stderr(&output));
}

#[test]
fn an_interrupt_runs_the_clean_ups() {
    let program = "defer print(\"clean\")\nprint(\"ready\")\nawait sleep(1h)";
    let mut kettle = Kettle::start(&["-e", program]);
    assert_eq!(kettle.line(), "ready\n");
    kettle.signal("INT");
    assert_eq!(kettle.finish(), (Some(130), "clean\n".to_owned()));
}

#[test]
fn a_second_interrupt_stops_a_busy_program() {
    let program = "defer print(\"clean\")\nprint(\"ready\")\nawait sleep(1ms)\nloop { }";
    let mut kettle = Kettle::start(&["-e", program]);
    assert_eq!(kettle.line(), "ready\n");
    kettle.signal("INT");
    kettle.signal("INT");
    let mut tries = 0;
    // Two signals that arrive together count as one: send until it ends.
    while tries < 100 && !has_ended(&mut kettle) {
        kettle.signal("INT");
        tries += 1;
    }
    let (status, _) = kettle.finish();
    assert!(status == Some(130) || status.is_none(), "{status:?}");
}

fn has_ended(kettle: &mut Kettle) -> bool {
    std::thread::sleep(std::time::Duration::from_millis(50));
    kettle.is_over()
}

#[test]
fn arguments_that_are_no_text_are_taken() {
    use std::os::unix::ffi::OsStrExt;
    let output = command(&["-e", "import os\nprint(os.args.len)"])
        .arg(std::ffi::OsStr::from_bytes(b"\xff\xfe"))
        .output()
        .expect("kettle runs");
    assert_eq!(stdout(&output), "1\n", "{}", stderr(&output));
    assert_eq!(output.status.signal(), None);
}

#[test]
fn hostile_sources_get_a_diagnostic() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cases: [(&str, Vec<u8>); 6] = [
        ("parens", "(".repeat(200_000).into_bytes()),
        ("closed", ("(".repeat(200_000) + "1" + &")".repeat(200_000)).into_bytes()),
        ("utf8", b"print(\"\xff\")".to_vec()),
        ("nul", b"let a = \0 1".to_vec()),
        ("string", b"print(\"never ends".to_vec()),
        ("chain", ("1".to_owned() + &"+(1".repeat(100_000)).into_bytes()),
    ];
    for (name, text) in cases {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("it is written");
        let output = run(&[path.to_str().expect("UTF-8")]);
        let report = stderr(&output);
        assert_eq!(code(&output), Some(2), "{name}: {report}");
        assert!(report.contains("error[E"), "{name}: {report}");
        assert!(report.len() < 20_000, "{name}: a report of {} bytes", report.len());
    }
    let long = folder.path().join("long");
    fs::write(&long, "let x = 1; ".repeat(500_000)).expect("it is written");
    let output = run(&[long.to_str().expect("UTF-8")]);
    assert_eq!(code(&output), Some(2), "the same name is bound twice");
    let sum = folder.path().join("sum");
    fs::write(&sum, format!("print(0{})", " + 1".repeat(100_000))).expect("it is written");
    assert_eq!(stdout(&run(&[sum.to_str().expect("UTF-8")])), "100000\n");
}

/// 64 MiB are taken, a byte more is not. The file has holes, so it takes no place on the disk.
#[test]
fn a_program_has_a_largest_size() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("large.ket");
    let size = 64 << 20;
    for (length, refused) in [(size + 1, true), (size, false)] {
        let file = fs::File::create(&path).expect("it is made");
        file.set_len(length).expect("it has a length");
        let output = run(&[path.to_str().expect("UTF-8")]);
        let report = stderr(&output);
        assert_eq!(code(&output), Some(2), "{report}");
        assert_eq!(report.contains("it is larger than 67108864 bytes"), refused, "{report}");
    }
}
