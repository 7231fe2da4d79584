//! `kettle` on a terminal: a pseudo-terminal stands for the person's.

#![cfg(unix)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::process::command;

/// Runs a program on a terminal of 40 by 10 characters, in virtual time, with this typed in; gives all
/// that came out.
fn run(code: &str, typed: &str) -> String {
    run_with(&["--virtual-clock", "-e", code], typed, &[])
}

/// In virtual time a program sees no environment; these do.
pub fn run_with(words: &[&str], typed: &str, environment: &[(&str, &str)]) -> String {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
    grantpt(&controller).expect("it is ours");
    unlockpt(&controller).expect("it is ours");
    let name = ptsname(&controller, Vec::new()).expect("it has a name");
    let name = name.to_str().expect("names of terminals are ASCII").to_owned();
    let open = || -> Stdio {
        OpenOptions::new().read(true).write(true).open(&name).expect("it can be opened").into()
    };
    let size = Winsize { ws_col: 40, ws_row: 10, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&controller, size).expect("it has a size");
    let mut kettle = command(words);
    kettle.env_remove("NO_COLOR").env("TERM", "xterm").envs(environment.iter().copied());
    kettle.stdin(open()).stdout(open()).stderr(open());
    let mut child = kettle.spawn().expect("kettle starts");
    // The terminal's other end must be closed here, or reading would never end.
    drop(kettle);
    let mut controller = File::from(controller);
    controller.write_all(typed.as_bytes()).expect("somebody listens");
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    // When the last process has closed its end, reading fails.
    while let Ok(count @ 1..) = controller.read(&mut piece) {
        all.extend_from_slice(&piece[..count]);
    }
    child.wait().expect("it ends");
    String::from_utf8_lossy(&all).into_owned()
}

/// What a person sees in the end: a terminal that understands what `term` writes.
pub fn screen(output: &str) -> Vec<String> {
    let mut lines = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut chars = output.chars();
    while let Some(c) = chars.next() {
        match c {
            '\r' => column = 0,
            '\n' => {
                row += 1;
                if row == lines.len() {
                    lines.push(Vec::new());
                }
            }
            '\x1b' => {
                assert_eq!(chars.next(), Some('['), "an escape sequence that nobody knows");
                let mut sequence = String::new();
                for c in chars.by_ref() {
                    sequence.push(c);
                    if c.is_alphabetic() {
                        break;
                    }
                }
                match &*sequence {
                    "A" => row -= 1,
                    "2K" => lines[row].clear(),
                    _ => {}
                }
            }
            c => {
                let line: &mut Vec<char> = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                column += 1;
            }
        }
    }
    let shown = lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned());
    let mut shown: Vec<String> = shown.collect();
    while shown.last().is_some_and(String::is_empty) {
        shown.pop();
    }
    shown
}

#[test]
fn a_terminal_has_a_size_and_colours() {
    let code = r#"
import term
print(term.width(), term.height(), term.is_terminal(), term.is_terminal("stderr"))
print(term.red("hot"))
"#;
    let output = run(code, "");
    assert_eq!(output, "40 10 true true\r\n\x1b[31mhot\x1b[39m\r\n");
    assert!(run_with(&["-e", code], "", &[("NO_COLOR", "1")]).ends_with("\r\nhot\r\n"));
    assert!(run_with(&["-e", code], "", &[("TERM", "dumb")]).ends_with("\r\nhot\r\n"));
}

#[test]
fn tables_fit_the_terminal() {
    let code = r#"
import term
print(term.table([["a" * 30, "b" * 30]]))
"#;
    let line = run(code, "");
    assert_eq!(line.trim_end().chars().count(), 40, "{line:?}");
}

#[test]
fn what_is_printed_appears_above_the_bars() {
    let code = r#"
import term
let first = term.progress("one", total: 10)
let second = term.progress("two", total: 5)
print("begin")
for i in 0..5 {
    await sleep(100ms)
    first.advance(2)
    second.advance()
    print("line ${i}")
    eprint("note ${i}")
}
eprint("no end ", end: "")
first.set(9)
second.set(2)
eprint("of line")
"#;
    let output = run(code, "");
    assert!(output.contains("one  ██"), "{output:?}");
    assert!(output.contains("two  ██████████████████████  5/5 (100%)"), "{output:?}");
    let mut expected = vec!["begin".to_owned()];
    for i in 0..5 {
        expected.extend([format!("line {i}"), format!("note {i}")]);
    }
    expected.push("no end of line".to_owned());
    assert_eq!(screen(&output), expected, "{output:?}");
    // Before the end both bars stand below the last whole line.
    let before = &output[..output.find("no end").expect("it was printed")];
    let before = screen(before.rsplit_once("\r\x1b[2K").expect("they were lifted").0);
    assert_eq!(before.len(), 13, "{before:?}");
    assert!(before[11].starts_with("one  ") && before[12].starts_with("two  "), "{before:?}");
    assert!(
        output.contains("no end of line\r\none  "),
        "the rest of a line comes first: {output:?}"
    );
}

#[test]
fn nothing_is_left_of_a_wheel_that_was_cut() {
    let code = r#"
import term
print(timeout 1s { await term.spinner("working", || await sleep(1h)) } else { "cut" })
print(await term.spinner("working again", || { await sleep(1s); "done" }))
"#;
    let output = run(code, "");
    assert!(output.contains("⠋ working") && output.contains("⠙ working"), "{output:?}");
    assert_eq!(screen(&output), ["cut", "done"], "{output:?}");
}

#[test]
fn an_error_is_reported_where_the_bar_was() {
    let code = r#"
import term
let bar = term.progress("reading", total: 3)
bar.advance()
throw ValueError("no more")
"#;
    let shown = screen(&run_with(&["-e", code], "", &[("NO_COLOR", "1")]));
    assert_eq!(shown[0], "error: ValueError: no more", "{shown:?}");
    assert!(shown.iter().all(|line| !line.contains("(33%)")), "{shown:?}");
}

#[test]
fn questions_are_answered_by_typing() {
    let code = r#"
import term
let bar = term.progress("copy", total: 2)
if await term.confirm("Go on?", default: false) { print("gone on") }
bar.close()
print(await term.choose("Which?", ["red", "green"]))
"#;
    let shown = screen(&run(code, "y\ngr\n"));
    let text = shown.join("\n");
    assert!(text.contains("Go on? [y/N]") && text.contains("gone on"), "{text}");
    assert!(text.ends_with("green"), "{text}");
    assert!(!text.contains("copy"), "{text}");
}
