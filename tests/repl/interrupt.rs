//! Ctrl-C and Ctrl-Z at each moment.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::terminal::Terminal;

#[test]
fn at_the_prompt_it_empties_the_line() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.abandon("print(\"never\")\x03");
    terminal.abandon("fn f() {\rprint(\"never\")\r\x03");
    assert_eq!(terminal.answer("1 + 1"), ["2"]);
    assert!(!terminal.lines().iter().any(|line| line == "never"));
}

#[test]
fn what_waits_in_the_foreground_is_cancelled_and_nothing_else() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.enter("var ticks = 0; let x = \"old\"");
    terminal.enter("let t = spawn (|| { loop { ticks += 1; await sleep(1ms) } })()");
    terminal.send("let x = await (|| { print(\"waiting\"); await sleep(1h); \"new\" })()\r");
    terminal.has_line("waiting");
    terminal.send("\x03");
    terminal.prompt();
    terminal.shows("cancelled");
    assert_eq!(terminal.answer("x"), ["\"old\""]);
    terminal.enter("let before = ticks; await sleep(20ms)");
    assert_eq!(terminal.answer("ticks > before"), ["true"]);
}

/// Presses Ctrl-C again and again until there is a prompt: how long each takes depends on the machine.
fn insist(terminal: &Terminal) {
    let pressed = Cell::new(Instant::now());
    terminal.send("\x03");
    terminal.wait("the prompt", |it| {
        if it.is_cooked() && pressed.get().elapsed() > Duration::from_millis(300) {
            pressed.set(Instant::now());
            it.send("\x03");
        }
        !it.is_cooked() && it.before_cursor() == "> "
    });
}

#[test]
fn a_busy_loop_ends() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.send("var n = 0; print(\"busy\"); while true { n += 1 }\r");
    terminal.has_line("busy");
    insist(&terminal);
    assert_eq!(terminal.answer("1 + 1"), ["2"]);
    assert_eq!(terminal.answer("n > 0"), ["true"]);
}

#[test]
fn a_task_in_the_background_that_holds_the_loop_ends() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.enter("let other = spawn { loop { await sleep(1ms) } };");
    terminal.send("spawn { await sleep(50ms); print(\"holds\"); while true { } };\r");
    terminal.has_line("holds");
    // Keys are still edited; what is entered waits for the loop.
    terminal.send("1 + 1");
    terminal.cursor_behind("> 1 + 1");
    terminal.send("\r");
    insist(&terminal);
    terminal.shows("held the loop");
    terminal.has_line("2");
    terminal.enter("print(\"other is\", other.state)");
    terminal.has_line("other is running");
}

#[test]
fn who_hides_from_the_first_one_does_not_from_the_second() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.send("shield 1h { print(\"hidden\"); while true { await sleep(1ms) } }\r");
    terminal.has_line("hidden");
    insist(&terminal);
    assert_eq!(terminal.answer("1 + 1"), ["2"]);
}

#[test]
fn what_runs_goes_to_the_background() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.send("await (|| { print(\"begun\"); await sleep(300ms); print(\"done\"); 7 })()\r");
    terminal.has_line("begun");
    terminal.send("\x1a");
    terminal.prompt();
    terminal.shows("_1 ");
    assert_eq!(terminal.answer("await _1"), ["done", "_1: 7", "7"]);
    terminal.enter("await (|| { await sleep(5ms); print(\"in the\", \"background\") })() &");
    terminal.has_line("in the background");
    terminal.cursor_behind("> ");
}

#[test]
fn a_stop_signal_at_the_prompt_stops_the_process() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    let state = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('?')
    };
    let pid = terminal.pid();
    terminal.send("1 + \x1a");
    terminal.wait("the stop", |_| state(pid) == 'T');
    assert!(terminal.is_cooked());
    terminal.signal("CONT");
    terminal.wait("the prompt again", |it| !it.is_cooked() && it.before_cursor() == "> 1 + ");
    assert_eq!(terminal.answer("1"), ["2"]);
}
