//! The recorded session of the guide, replayed: what stands there is what a terminal shows.
//!
//! `KETTLE_UPDATE=1` records it anew: the entries stay, what is shown is written down.

use std::fs;
use std::path::Path;

use kettle::engine::console::is_incomplete;

use crate::terminal::{Terminal, home};

const PAGE: &str = "docs/guide/12-the-repl.md";
const BEGIN: &str = "```text\n> ";
const END: &str = "\n```\n";

#[test]
fn the_recorded_sessions_are_what_happens() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).expect("there is a page");
    let mut recorded = String::new();
    let mut rest = page.as_str();
    let mut count = 0;
    while let Some(at) = rest.find(BEGIN) {
        let start = at + BEGIN.len() - "> ".len();
        let end = start + rest[start..].find(END).expect("a block ends");
        recorded.push_str(&rest[..start]);
        recorded.push_str(&replay(&rest[start..end]));
        rest = &rest[end..];
        count += 1;
    }
    recorded.push_str(rest);
    assert!(count > 3, "only {count} sessions");
    if std::env::var_os("KETTLE_UPDATE").is_some() {
        fs::write(&path, recorded).expect("it can be written");
    } else {
        assert!(recorded == page, "{PAGE}: what happens is\n{recorded}");
    }
}

/// What a terminal shows when somebody types the entries of a session.
fn replay(session: &str) -> String {
    let terminal = Terminal::start_at(&[], &home(), &[("NO_COLOR", "1")]);
    terminal.prompt();
    let first = terminal.lines().len() - 1;
    let mut lines = session.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(line) = line.strip_prefix("> ") else { continue };
        let mut entry = line.to_owned();
        let mut typed = line.to_owned();
        while is_incomplete(&entry) {
            let next = lines.next().expect("an entry ends");
            entry.push_str(&format!("\n{next}"));
            // The editor indents by itself.
            typed.push_str(&format!("\r{}", next.trim_start()));
        }
        match line {
            "^C" => terminal.send("\x03"),
            _ => terminal.enter(&typed),
        }
        let late = entry.ends_with('&') || entry.starts_with(":cancel");
        // What comes of it in the background comes when it comes.
        let shown = lines.peek().filter(|next| late && !next.starts_with("> "));
        if let Some(waited) = shown {
            terminal.has_line(waited);
        }
    }
    let shown = terminal.lines();
    shown[first..shown.len() - 1].join("\n")
}
