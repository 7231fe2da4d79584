//! What modules of the standard library do with a process around them: environment, pipes that nobody
//! reads, shells.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use crate::process::{command, stderr, stdout};

#[test]
fn the_environment_says_what_is_logged() {
    let run = |setting: &str| {
        let code = "import log\nlog.debug(\"d\", {n: 1})\nlog.info(\"i\")\nlog.error(\"e\")";
        let mut kettle = command(&["-e", code]);
        let output = kettle.env("KETTLE_LOG", setting).output().expect("it runs");
        let lines = stderr(&output);
        lines.lines().map(|line| line.get(25..).unwrap_or(line).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(run(""), ["INFO  i", "ERROR e"]);
    assert_eq!(run("error"), ["ERROR e"]);
    assert_eq!(run("off"), [""; 0]);
    assert_eq!(run("Debug, text").len(), 3);
    let json = run("json,debug");
    assert!(json[0].ends_with("\"level\":\"debug\",\"message\":\"d\",\"n\":1}"), "{json:?}");
    let odd = run("verbos");
    assert!(odd[0].starts_with("WARN  KETTLE_LOG has a word") && odd[0].ends_with("word=verbos"));
    assert_eq!(odd[1..], ["INFO  i", "ERROR e"]);
}

#[test]
fn a_reader_that_does_not_read_holds_no_log_up() {
    let code = r#"
import log
for i in 0..400 { log.info("x" * 16384) }
print("done")
await input()
log.info("again")
"#;
    let mut kettle = command(&["-e", code]);
    kettle.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = kettle.spawn().expect("it runs");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    out.read_line(&mut line).expect("it prints");
    assert_eq!(line, "done\n");
    let mut log = child.stderr.take().expect("stderr is a pipe");
    let mut first = vec![0; 512 * 1024];
    log.read_exact(&mut first).expect("much was logged");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    stdin.write_all(b"\n").expect("it listens");
    let mut rest = String::new();
    log.read_to_string(&mut rest).expect("a log is text");
    assert!(child.wait().expect("it ends").success());
    let note = rest.lines().find(|line| line.contains("messages were left out"));
    assert!(note.is_some(), "nothing was left out");
    assert!(rest.ends_with("INFO  again\n"));
}

#[test]
fn a_shell_completes_words_with_the_script_of_a_command() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let script = folder.path().join("tool.ket");
    let code = r#"
import cli
let tool = cli.command("tool", version: "1").flag("quiet", short: "q")
tool.command("build").option("target", short: "t", choices: ["web", "native"])
tool.command("bundle")
tool.parse()
"#;
    std::fs::write(&script, code).expect("a script can be written");
    let path = script.to_string_lossy().into_owned();
    let completions = command(&[&path, "--completions", "bash"]).output().expect("it runs");
    let completions = stdout(&completions);
    let complete = |words: &[&str]| {
        let last = words.len() - 1;
        let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let shell = format!(
            "{completions}\nCOMP_WORDS=({line}); COMP_CWORD={last}; _tool; echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &shell]).output().expect("bash runs");
        assert_eq!(stderr(&output), "");
        stdout(&output).trim().to_owned()
    };
    assert_eq!(complete(&["tool", "b"]), "build bundle");
    assert_eq!(complete(&["tool", "--q"]), "--quiet");
    assert_eq!(complete(&["tool", "build", "--t"]), "--target");
    assert_eq!(complete(&["tool", "-q", "build", "-t", "w"]), "web");
    assert_eq!(complete(&["tool", "bundle", "--t"]), "");
}
