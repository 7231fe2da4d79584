//! The ways a session ends, and how it begins.

use std::fs;
use std::time::Instant;

use crate::terminal::{Terminal, home};

#[test]
fn every_way_of_ending_leaves_the_terminal_as_it_was() {
    for (entry, status) in [("\x04", 0), (":quit\r", 0), ("exit()\r", 0), ("exit(7)\r", 7)] {
        let terminal = Terminal::start(&[]);
        terminal.prompt();
        terminal.send(entry);
        assert_eq!(terminal.finish(), Some(status), "{entry:?}");
    }
    for (signal, status) in [("TERM", 143), ("HUP", 129)] {
        // At the prompt, within a line, and while something runs.
        for typed in ["", "print(1", "print(\"runs\"); await sleep(1h)\r"] {
            let terminal = Terminal::start(&[]);
            terminal.prompt();
            terminal.send(typed);
            match typed.ends_with('\r') {
                true => terminal.has_line("runs"),
                false => terminal.cursor_behind(&format!("> {typed}")),
            }
            terminal.signal(signal);
            assert_eq!(terminal.finish(), Some(status), "{signal} {typed:?}");
        }
    }
}

#[test]
fn a_task_ends_the_session_while_the_prompt_is_up() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.send("let t = spawn (|| { await sleep(50ms); exit(5) })()\r");
    assert_eq!(terminal.finish(), Some(5));
}

#[test]
fn a_dead_terminal_ends_the_session() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    assert!(terminal.hang_up().is_some_and(|status| status == 129 || status == 0));
    let busy = Terminal::start(&[]);
    busy.prompt();
    busy.send("print(\"runs\"); await sleep(1h)\r");
    busy.has_line("runs");
    assert!(busy.hang_up().is_some());
}

#[test]
fn tasks_are_asked_to_finish() {
    for ending in ["\x04", "exit()\r"] {
        let home = home();
        let terminal = Terminal::start_at(&[], &home, &[("NO_COLOR", "1")]);
        terminal.prompt();
        terminal.enter("async fn work() { defer print(\"cleaned up\"); await sleep(1h) }");
        terminal.enter("let t = spawn work()");
        terminal.enter("await sleep(1ms)");
        terminal.send(ending);
        terminal.has_line("cleaned up");
        assert_eq!(terminal.finish(), Some(0), "{ending:?}");
    }
}

#[test]
fn a_file_and_a_piece_of_code_come_first() {
    let home = home();
    fs::write(home.path().join("a.ket"), "fn triple(x) { x * 3 }\nprint(\"loaded\")\n")
        .expect("it can be");
    for words in [&["repl", "a.ket"] as &[&str], &["-i", "a.ket"]] {
        let terminal = Terminal::start_at(words, &home, &[("NO_COLOR", "1")]);
        terminal.prompt();
        terminal.has_line("loaded");
        assert_eq!(terminal.answer("triple(3)"), ["9"]);
    }
    let terminal = Terminal::start_at(&["-e", "let a = 4", "-i"], &home, &[("NO_COLOR", "1")]);
    terminal.prompt();
    assert_eq!(terminal.answer("a"), ["4"]);
    // A program that fails leaves its names.
    fs::write(home.path().join("b.ket"), "let half = 1\nthrow ValueError(\"no more\")\n")
        .expect("it can be");
    let terminal = Terminal::start_at(&["repl", "b.ket"], &home, &[("NO_COLOR", "1")]);
    terminal.prompt();
    terminal.shows("no more");
    assert_eq!(terminal.answer("half"), ["1"]);
}

#[test]
fn every_session_begins_with_the_users_own_program() {
    let home = home();
    let folder = home.path().join(".config/kettle");
    fs::create_dir_all(&folder).expect("it can be made");
    fs::write(folder.join("rc.ket"), "fn mine() { \"from rc\" }\n").expect("it can be written");
    let terminal = Terminal::start_at(&[], &home, &[("NO_COLOR", "1")]);
    terminal.prompt();
    assert_eq!(terminal.answer("mine()"), ["\"from rc\""]);
    let terminal = Terminal::start_at(&["repl", "--no-rc"], &home, &[("NO_COLOR", "1")]);
    terminal.prompt();
    terminal.enter("mine()");
    terminal.shows("unknown name `mine`");
    // Mistakes in it are told, and the session goes on.
    fs::write(folder.join("rc.ket"), "let = 1\n").expect("it can be written");
    let terminal = Terminal::start_at(&[], &home, &[("NO_COLOR", "1")]);
    terminal.prompt();
    terminal.shows("rc.ket");
    assert_eq!(terminal.answer("1 + 1"), ["2"]);
}

/// No bound is asserted: what a debug build takes says nothing. It is printed for who measures.
#[test]
fn the_prompt_comes_up() {
    let start = Instant::now();
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    println!("the prompt after {:?}", start.elapsed());
}
