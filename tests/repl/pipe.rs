//! A session at a pipe: no prompt, no colours, and a status.

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn fed(words: &[&str], text: &str) -> Output {
    let home = tempfile::tempdir().expect("a place for files");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kettle"));
    command.args(words).env_remove("NO_COLOR").env("TERM", "xterm").env("HOME", home.path());
    command.env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("kettle starts");
    let mut stdin = child.stdin.take().expect("it is a pipe");
    // Who has ended does not read any more.
    let _ = stdin.write_all(text.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn texts(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[test]
fn entries_are_run_and_their_values_printed() {
    let text =
        "let a = 1\nfn f(x) {\n    x + a\n}\nf(1)\nawait sleep(1ms)\nprint(\"p\")\n\"v\";\n[1,\n2]";
    let (out, err, status) = texts(&fed(&["repl"], text));
    assert_eq!((out.as_str(), err.as_str(), status), ("2\np\n[1, 2]\n", "", Some(0)));
}

#[test]
fn the_first_error_ends_it_with_a_status() {
    let (out, err, status) = texts(&fed(&["repl"], "print(1)\nnope\nprint(2)\n"));
    assert_eq!((out.as_str(), status), ("1\n", Some(1)));
    assert!(err.contains("unknown name `nope`") && !err.contains('\x1b'), "{err}");
    let (out, err, status) = texts(&fed(&["repl"], "[1][5]\nprint(2)\n"));
    assert_eq!((out.as_str(), status), ("", Some(1)));
    assert!(err.contains("IndexError"), "{err}");
    let (_, err, status) = texts(&fed(&["repl"], "fn f() {\n"));
    assert!(status == Some(1) && !err.is_empty(), "{err}");
}

#[test]
fn it_ends_as_it_is_told() {
    assert_eq!(
        texts(&fed(&["repl"], "exit(3)\nprint(1)\n")),
        (String::new(), String::new(), Some(3))
    );
    assert_eq!(texts(&fed(&["repl"], ":quit\nprint(1)\n")).2, Some(0));
    assert_eq!(texts(&fed(&["repl"], "")), (String::new(), String::new(), Some(0)));
    let (out, _, status) = texts(&fed(&["-e", "let a = 2", "-i"], "a + 1\n"));
    assert_eq!((out.as_str(), status), ("3\n", Some(0)));
}

#[test]
fn a_session_may_do_what_its_user_may_unless_it_is_in_a_sandbox() {
    let folder = tempfile::tempdir().expect("a place for files");
    let file = folder.path().join("secret.txt");
    std::fs::write(&file, "tea").expect("it can be written");
    let reads = format!("import fs\nawait fs.read({:?})\n", file.display().to_string());
    let (out, err, status) = texts(&fed(&["repl"], &reads));
    assert_eq!((out.as_str(), err.as_str(), status), ("\"tea\"\n", "", Some(0)));
    let (out, err, status) = texts(&fed(&["repl", "--sandbox"], &reads));
    assert_eq!((out.as_str(), status), ("", Some(1)));
    assert!(err.contains("PermissionError") && err.contains("fs_read"), "{err}");
    let granted = format!("--allow-read={}", folder.path().display());
    assert_eq!(texts(&fed(&["repl", &granted], &reads)).0, "\"tea\"\n");
    let (_, err, status) = texts(&fed(&["--sandbox", "-i", "-e", "let x = 1"], &reads));
    assert_eq!(status, Some(1), "{err}");
    let (_, err, status) = texts(&fed(&["repl", "--sandbox", "--attach", "door"], ""));
    assert!(status == Some(2) && err.contains("beside `--console`"), "{err}");
}

/// Whoever holds the pipe open is not waited for.
#[test]
fn an_end_does_not_wait_for_more_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kettle"))
        .arg("repl")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("it has a pipe");
    input.write_all(b"spawn { await sleep(50ms); exit(3) }\n").expect("it is read");
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
    drop(input);
}

/// What is piped into `kettle` alone is a program, as it always was.
#[test]
fn kettle_alone_at_a_pipe_runs_a_program() {
    let (out, _, status) = texts(&fed(&[], "1 + 1\nprint(3)\n"));
    assert_eq!((out.as_str(), status), ("3\n", Some(0)));
}
