//! Editing: typing, several lines, history, completion, paste, colours, size.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::terminal::{Terminal, home};

#[test]
fn what_is_typed_is_evaluated() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    assert_eq!(terminal.answer("1 + 1"), ["2"]);
    terminal.enter("let x = 20");
    assert_eq!(terminal.answer("x + 1;"), [""; 0], "a `;` hides it");
    // The cursor moves, what is typed goes where it is.
    assert_eq!(terminal.answer("y + 1\x01\x1b[3~x\x05 + 1"), ["22"]);
    assert_eq!(terminal.answer("print(\"é日本\")"), ["é日本"]);
    terminal.abandon("nonsense((\x03");
    terminal.send("\x04");
    assert_eq!(terminal.finish(), Some(0));
}

#[test]
fn what_is_typed_ahead_is_not_lost() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.send("let a = 1\rlet b = 2\rprint(\"sum ${a + b}\")\r");
    terminal.has_line("sum 3");
    terminal.prompt();
}

#[test]
fn the_parser_says_when_an_entry_is_complete() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.send("fn twice(x) {\r");
    terminal.cursor_behind("    ");
    terminal.send("x * 2\r");
    terminal.cursor_behind("    ");
    // The brace goes back to where it belongs.
    terminal.enter("}");
    assert!(terminal.lines().iter().any(|line| line == "}"), "{:#?}", terminal.lines());
    assert_eq!(terminal.answer("twice(21)"), ["42"]);
    terminal.send("if true {\rif true {\rprint(\"deep\")\r}\r");
    terminal.enter("}");
    terminal.has_line("deep");
    let shown = terminal.lines().join("\n");
    assert!(shown.contains("        print(\"deep\")\n    }\n}\ndeep"), "{shown}");
    terminal.send("print(\"\"\"\r");
    terminal.cursor_behind("");
    terminal.send("text\r");
    terminal.enter("\"\"\")");
    terminal.has_line("text");
    // Alt-Enter begins a line where none would be needed.
    terminal.send("let a = 5\x1b\r");
    terminal.cursor_behind("");
    terminal.enter("print(\"a is ${a}\")");
    terminal.has_line("a is 5");
    // Who gives up hears what is missing.
    terminal.enter("print(1\r\r");
    terminal.shows("the entry has no end");
}

#[test]
fn blocks_come_back_as_one_entry() {
    let home = home();
    let terminal = Terminal::start_at(&[], &home, &[("NO_COLOR", "1")]);
    terminal.prompt();
    terminal.send("fn f(x) {\rx + 1\r");
    terminal.enter("}");
    terminal.enter(" let secret = 1");
    terminal.enter("let kept = 2");
    terminal.send("\x1b[A");
    terminal.cursor_behind("> let kept = 2");
    terminal.send("\x1b[A");
    terminal.cursor_behind("}");
    terminal.send("\x05 + f(40)");
    terminal.enter("");
    terminal.has_line("} + f(40)");
    terminal.send("\x04");
    let file = home.path().join(".local/state/kettle/history");
    assert_eq!(terminal.finish(), Some(0));
    let text = fs::read_to_string(&file).expect("it is written");
    assert!(text.starts_with("fn f(x) {\\n    x + 1\\n}\nlet kept = 2\n"), "{text:?}");
    assert!(!text.contains("secret"));
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);

    // The next session has it, and finds it.
    let terminal = Terminal::start_at(&[], &home, &[("NO_COLOR", "1")]);
    terminal.prompt();
    terminal.send("\x12kept");
    terminal.shows("kept = 2");
    terminal.send("\r");
    terminal.prompt();
    assert_eq!(terminal.answer("kept"), ["2"]);
    assert_eq!(terminal.answer(":history secret"), [":history secret"]);
}

#[test]
fn tab_completes() {
    let home = home();
    let terminal = Terminal::start_at(&[], &home, &[("NO_COLOR", "1")]);
    terminal.prompt();
    terminal.enter("let temperature = 3");
    terminal.send("temper\t");
    terminal.cursor_behind("> temperature");
    assert_eq!(terminal.answer(" + 1"), ["4"]);
    terminal.enter("let tempest = 4");
    terminal.send("temp\t");
    terminal.cursor_behind("> tempe");
    terminal.shows("temperature");
    terminal.abandon("\x03");
    fs::create_dir(home.path().join("reports")).expect("a folder can be made");
    fs::write(home.path().join("reports/may.txt"), "sunny").expect("it can be written");
    terminal.send("import fs; await fs.read(\"rep\t");
    terminal.cursor_behind("> import fs; await fs.read(\"reports/");
    terminal.send("m\t");
    terminal.cursor_behind("> import fs; await fs.read(\"reports/may.txt");
    assert_eq!(terminal.answer("\")"), ["\"sunny\""]);
    terminal.send("[1].pus\t");
    terminal.wait("a method", |it| it.before_cursor().starts_with("> [1].push"));
    terminal.abandon("\x03");
}

#[test]
fn ten_thousand_lines_are_pasted_at_once() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    let lines: String = (0..10_000).map(|n| format!("    total += {n}\n")).collect();
    terminal.send(&format!(
        "\x1b[200~var total = 0\nif true {{\n{lines}}}\nprint(\"total ${{total}}\")\x1b[201~"
    ));
    terminal.wait("the end of the paste", |it| it.before_cursor().ends_with("${total}\")"));
    terminal.enter("");
    terminal.has_line("total 49995000");
    assert_eq!(terminal.answer("1 + 1"), ["2"]);
}

#[test]
fn colours_are_those_of_the_language_unless_nobody_wants_them() {
    let plain = Terminal::start(&[]);
    plain.prompt();
    plain.enter("let x = \"text\" # note");
    plain.send("(1)");
    plain.cursor_behind("> (1)");
    assert!(!plain.raw().contains("\x1b[3"), "{:?}", plain.raw());
    for environment in [("TERM", "xterm"), ("NO_COLOR", "")] {
        let coloured = Terminal::start_at(&[], &home(), &[environment]);
        coloured.prompt();
        coloured.enter("let x = \"text\" # note");
        let raw = coloured.raw();
        for wanted in ["\x1b[35mlet\x1b[0m", "\x1b[32m\"text\"\x1b[0m", "\x1b[2m# note\x1b[0m"] {
            assert!(raw.contains(wanted), "{wanted:?} in {raw:?}");
        }
        coloured.send("(1)");
        coloured.wait("a pair of brackets", |it| it.raw().contains("\x1b[1;4m(\x1b[0m"));
    }
    let dumb = Terminal::start_at(&[], &home(), &[("TERM", "dumb")]);
    dumb.cursor_behind("> ");
    dumb.send("1 + 1\n");
    dumb.has_line("2");
    assert!(!dumb.raw().contains('\x1b'), "{:?}", dumb.raw());
}

#[test]
fn the_line_is_drawn_anew_when_the_terminal_changes_its_size() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    let long = "\"".to_owned() + &"0123456789".repeat(7);
    terminal.send(&long);
    terminal.cursor_behind(&format!("> {long}"));
    terminal.resize(40, 24);
    terminal.wait("the rest of the line", |it| it.before_cursor().len() < 40);
    terminal.send("end\".len");
    terminal.wait("the end", |it| {
        it.lines().concat().contains("end\".len") && it.before_cursor().ends_with('n')
    });
    terminal.enter("");
    terminal.has_line("73");
}

#[test]
fn a_call_shows_what_it_takes() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.enter("fn area(width, height = 2) { width * height }");
    terminal.send("area(3");
    terminal.shows("> area(3  area(width, height?)");
    // It is nothing that is entered.
    assert_eq!(terminal.answer(")"), ["6"]);
}

#[test]
fn entries_are_edited_listed_and_saved() {
    let home = home();
    let editor = home.path().join("editor");
    fs::write(&editor, "#!/bin/sh\nprintf '%s + 1\\n' \"$(cat \"$1\")\" > \"$1\"\n")
        .expect("a script");
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let editor = editor.to_str().expect("it is text");
    let terminal = Terminal::start_at(&[], &home, &[("NO_COLOR", "1"), ("EDITOR", editor)]);
    terminal.prompt();
    terminal.enter("40 + 1");
    terminal.send(":edit\r");
    terminal.cursor_behind("> 40 + 1 + 1");
    assert_eq!(terminal.answer(""), ["42"]);
    assert_eq!(terminal.answer(":history"), ["40 + 1", ":edit", "40 + 1 + 1", ":history"]);
    assert_eq!(terminal.answer(":save out.ket"), ["2 entries are in out.ket"]);
    let saved = fs::read_to_string(home.path().join("out.ket")).expect("it is written");
    assert_eq!(saved, "40 + 1\n40 + 1 + 1\n");
    let failing = Terminal::start_at(&[], &home, &[("NO_COLOR", "1"), ("EDITOR", "false")]);
    failing.prompt();
    failing.enter(":edit");
    failing.shows("`false` failed");
}

#[test]
fn what_runs_in_the_foreground_reads_lines() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.send("let name = await input(\"name? \")\r");
    terminal.cursor_behind("name? ");
    terminal.enter("Ada");
    terminal.has_line("name? Ada");
    assert_eq!(terminal.answer("name"), ["\"Ada\""]);
    // Ctrl-D ends what is read, and not the session.
    terminal.send("let none = await input(\"more? \")\r");
    terminal.cursor_behind("more? ");
    terminal.abandon("\x04");
    assert_eq!(terminal.answer("none == null"), ["true"]);
    // The keys at the prompt are the prompt's, whoever else wants to read.
    terminal.enter("let other = spawn input();");
    assert_eq!(terminal.answer("1 + 1"), ["2"]);
    terminal.send("await other\r");
    terminal.wait("the terminal", Terminal::is_cooked);
    terminal.enter("a line");
    terminal.has_line("\"a line\"");
    // Who is cancelled reads no more.
    terminal.send("print(\"asks\"); await input()\r");
    terminal.has_line("asks");
    terminal.abandon("\x03");
    assert_eq!(terminal.answer("2 + 2"), ["4"]);
}
