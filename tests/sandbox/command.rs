//! `--sandbox` and its flags, and the commands that the page about it shows.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn kettle(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kettle"));
    command.current_dir(folder).args(words).env("NO_COLOR", "1");
    command.output().expect("the command can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_program_in_the_sandbox_imports_from_its_own_folder() {
    let folder = tempfile::tempdir().expect("a place for files");
    let root = folder.path();
    for name in ["app", "lib"] {
        fs::create_dir(root.join(name)).expect("it can be made");
    }
    fs::write(root.join("app/part.ket"), "pub let part = 1").expect("it can be written");
    fs::write(root.join("lib/other.ket"), "pub let other = 2").expect("it can be written");
    let own = "import {part} from \"./part.ket\"\nprint(part)";
    fs::write(root.join("app/own.ket"), own).expect("it can be written");
    let far = "import {other} from \"../lib/other.ket\"\nprint(other)";
    fs::write(root.join("app/far.ket"), far).expect("it can be written");
    assert_eq!(text(&kettle(root, &["--sandbox", "app/own.ket"]).stdout), "1\n");
    let refused = kettle(root, &["--sandbox", "app/far.ket"]);
    assert!(text(&refused.stderr).contains("outside of the folders that modules may come from"));
    assert_eq!(text(&kettle(root, &["--allow-read=lib", "app/far.ket"]).stdout), "2\n");
    assert_eq!(text(&kettle(root, &["app/far.ket"]).stdout), "2\n");
}

#[test]
fn a_flag_that_means_nothing_is_misuse() {
    let folder = tempfile::tempdir().expect("a place for files");
    let output = kettle(folder.path(), &["--allow-net=here:http", "-e", "1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("the port must be a number"), "{}", text(&output.stderr));
}

#[test]
fn limits_are_flags() {
    let folder = tempfile::tempdir().expect("a place for files");
    let ends = |words: &[&str], limit: &str| {
        let output = kettle(folder.path(), words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let said = text(&output.stderr);
        assert!(said.contains(&format!("its limit of {limit}")), "{words:?}: {said}");
        text(&output.stdout)
    };
    let spin = "defer { print(\"left\") }\nloop { try { loop { } } catch error { print(error) } }";
    assert_eq!(ends(&["--max-fuel", "100_000", "-e", spin], "fuel"), "left\n");
    assert_eq!(ends(&["--max-time=50ms", "-e", spin], "time"), "left\n");
    let grow = "let all = []\nloop { try { all.push([1]) } catch error { print(error) } }";
    ends(&["--max-memory", "8mb", "-e", grow], "memory");
    let deep = "fn down(n) { 1 + down(n + 1) }\ntry { down(0) } catch error { print(error) }";
    assert_eq!(ends(&["--max-depth", "100", "-e", deep], "nested calls"), "");
    ends(&["--max-tasks", "9", "-e", "scope { loop { spawn sleep(1h) } }"], "tasks");
    assert_eq!(ends(&["--max-output", "5", "-e", "print(\"123456789\")"], "output"), "12345");
    let open = "import fs\nlet all = []\nloop { all.push(await fs.open(\"/dev/null\", \"r\")) }";
    ends(&["--max-files", "3", "-e", open], "open files");
    let listen =
        "import net\nlet all = []\nloop { all.push(await net.tcp.listen(\"127.0.0.1\", 0)) }";
    ends(&["--max-sockets", "3", "-e", listen], "open sockets");
    let output = kettle(folder.path(), &["--max-memory=much", "-e", "1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("a size, as in 64mb"), "{}", text(&output.stderr));
    assert_eq!(kettle(folder.path(), &["-i", "--max-fuel", "9", "-e", "1"]).status.code(), Some(2));
}

#[test]
fn tests_are_run_in_the_sandbox_too() {
    let folder = tempfile::tempdir().expect("a place for files");
    let root = folder.path();
    let tests = "import env
        test \"sees\" { assert env.get(\"HOME\") != 1 }
        test \"spins\" { for i in 0..50_000 { } }";
    fs::write(root.join("a_test.ket"), tests).expect("it can be written");
    let free = kettle(root, &["test"]);
    assert_eq!(free.status.code(), Some(0), "{}", text(&free.stdout));
    let confined = kettle(root, &["test", "--sandbox", "--max-fuel", "10_000"]);
    let said = text(&confined.stdout);
    assert_eq!(confined.status.code(), Some(1), "{said}");
    assert!(said.contains("env is not granted") && said.contains("its limit of fuel"), "{said}");
    let granted = kettle(root, &["test", "--allow-env=HOME"]);
    assert_eq!(granted.status.code(), Some(0), "{}", text(&granted.stdout));
}

/// The blocks of the page that show a terminal: each command prints what stands below it.
#[test]
fn the_page_shows_what_is_printed() {
    let page =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/sandbox.md"))
            .expect("the page is there");
    let folder = tempfile::tempdir().expect("a place for files");
    let root = folder.path().canonicalize().expect("it is there");
    fs::write(root.join("notes.txt"), "buy tea").expect("it can be written");
    let programs = Path::new(env!("CARGO_BIN_EXE_kettle")).parent().expect("it lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut count = 0;
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for piece in format!("\n{block}").split("\n$ ").skip(1) {
            let (command, expected) = split(piece);
            let output = Command::new("sh")
                .current_dir(&root)
                .env("PATH", format!("{}:{path}", programs.display()))
                .env("NO_COLOR", "1")
                .args(["-c", &command])
                .output()
                .expect("a shell can be started");
            let printed = text(&output.stdout).replace(&*root.to_string_lossy(), "/work");
            assert_eq!(printed.trim_end(), expected.trim_end(), "{command}");
            count += 1;
        }
    }
    assert_eq!(count, 6);
}

/// A command, which ends with the line where its quotes do, and what follows.
fn split(piece: &str) -> (String, String) {
    let mut command = String::new();
    let mut rest = piece;
    loop {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        command.push_str(line);
        rest = after;
        if command.matches('\'').count().is_multiple_of(2) {
            return (command, rest.to_owned());
        }
        command.push('\n');
    }
}
