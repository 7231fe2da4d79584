//! Output of tasks while the prompt is up.

use crate::terminal::Terminal;

#[test]
fn what_tasks_print_appears_above_the_line() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.enter(
        "let ticker = spawn (|| { for i in 0..150 { print(\"tick ${i}\"); await sleep(10ms) } })()",
    );
    // Key by key, while it ticks.
    for key in "let answer = \"not broken\"".chars() {
        terminal.send(&key.to_string());
        let before = terminal.raw().matches("tick ").count();
        terminal.wait("a tick", |it| {
            let raw = it.raw();
            raw.matches("tick ").count() > before || raw.contains("tick 149")
        });
    }
    terminal.cursor_behind("> let answer = \"not broken\"");
    terminal.enter("");
    terminal.send("answer.len");
    terminal.has_line("tick 149");
    terminal.cursor_behind("> answer.len");
    terminal.enter("");
    terminal.has_line("10");
    let ticks: Vec<String> =
        terminal.lines().into_iter().filter(|it| it.starts_with("tick")).collect();
    let expected: Vec<String> = (0..150).map(|i| format!("tick {i}")).collect();
    assert_eq!(ticks, expected);
    // The line was whole all the time: it stands there once.
    let entered = terminal.lines().iter().filter(|it| it.contains("not broken")).count();
    assert_eq!(entered, 1, "{:#?}", terminal.lines());
}

#[test]
fn a_flood_does_not_starve_the_keys() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.enter(
        "async fn flood() { loop { for _ in 0..100 { print(\"flood \" * 8) }; await sleep(0ms) } }",
    );
    terminal.send("let t = spawn flood()\r");
    terminal.shows("flood flood");
    for key in "t.cancel()".chars() {
        terminal.send(&key.to_string());
    }
    terminal.wait("the line", |it| it.before_cursor() == "> t.cancel()");
    terminal.send("\r");
    terminal.wait("silence", |it| it.before_cursor() == "> ");
    terminal.send("\"it \" + \"is over\"\r");
    terminal.shows("it is over");
}

#[test]
fn a_line_without_an_end_is_shown_too() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.enter("let t = spawn (|| { await sleep(1ms); print(\"half\", end: \"\") })()");
    terminal.has_line("half");
    terminal.cursor_behind("> ");
    // In the foreground the prompt begins a line of its own.
    terminal.enter("print(\"no end\", end: \"\")");
    terminal.has_line("no end");
}

#[test]
fn errors_of_tasks_are_told_and_end_nothing() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.enter("let t = spawn (|| { await sleep(1ms); throw ValueError(\"went wrong\") })()");
    terminal.shows("ValueError: went wrong");
    terminal.shows("spawned in");
    terminal.cursor_behind("> ");
    assert_eq!(terminal.answer("1 + 1"), ["2"]);
}

#[test]
fn the_table_of_tasks_is_drawn_again_and_again() {
    let terminal = Terminal::start(&[]);
    terminal.prompt();
    terminal.enter("async fn patient() { await sleep(1h) }");
    terminal.enter("let t = spawn patient()");
    terminal.send(":top\r");
    terminal.wait("the table", |it| it.raw().matches("q ends this").count() >= 2);
    assert!(terminal.raw().contains("patient"));
    terminal.send("q");
    terminal.prompt();
    terminal.send(":top\r");
    terminal.wait("the table again", |it| it.raw().matches("?1049h").count() == 2);
    terminal.send("\x03");
    terminal.prompt();
    assert_eq!(terminal.answer("1 + 1"), ["2"]);
    terminal.send("\x04");
    assert_eq!(terminal.finish(), Some(0));
}
