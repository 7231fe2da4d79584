//! A session that is used for long leaves nothing behind but what it defines.

use std::time::Duration;

use kettle::engine::Engine;
use kettle::engine::console::{Console, Event, Submitted};

/// So many entries are made of each kind.
const ENTRIES: usize = 1500;

fn run(console: &mut Console, text: &str) -> Vec<Event> {
    assert!(matches!(console.submit(text), Submitted::Started(_)), "{text}");
    console.turn(Some(Duration::ZERO));
    while console.is_busy() {
        console.turn(Some(Duration::from_secs(1)));
    }
    console.take_events()
}

fn console() -> Console {
    let mut engine = Engine::new();
    engine.options().virtual_clock = true;
    Console::new(&engine).expect("a console can be made")
}

#[test]
fn entries_that_define_nothing_leave_nothing() {
    let mut console = console();
    run(&mut console, "var x = 0\nasync fn next(n) { await sleep(1ms); n + 1 }");
    let used = |console: &mut Console| {
        let lines = ["x += 1", "print(x)", "[x, x * 2]", "let y = \"${x}\"", "x = await next(x)"];
        for index in 0..ENTRIES {
            run(console, lines[index % lines.len()]);
        }
        console.function_count()
    };
    let first = used(&mut console);
    assert_eq!(used(&mut console), first);
    let events = run(&mut console, "x");
    let last = events.iter().find_map(|event| match event {
        Event::Value { text, .. } => Some(text.clone()),
        _ => None,
    });
    assert_eq!(last.as_deref(), Some((2 * ENTRIES / 5 * 2).to_string().as_str()));
}

#[test]
fn values_of_old_entries_are_let_go_and_used_ones_stay() {
    let mut console = console();
    run(&mut console, "\"the first\"");
    run(&mut console, "\"the second\"");
    run(&mut console, "fn first() { _1 }");
    for index in 0..200 {
        run(&mut console, &format!("{index}"));
    }
    let shown = |events: Vec<Event>| match &events[..] {
        [Event::Value { text, .. }, Event::Finished { .. }] => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(shown(run(&mut console, "first()")), "\"the first\"");
    assert_eq!(shown(run(&mut console, "_150")), "146");
    assert!(matches!(console.submit("_2"), Submitted::Rejected(_)), "its value is gone");
}

#[test]
fn an_error_in_code_that_was_forgotten_has_its_place() {
    let mut console = console();
    run(&mut console, "fn fail(n) { [][n] }");
    for _ in 0..50 {
        run(&mut console, "1 + 1");
        let events = run(&mut console, "let a = 1\nfail(a)");
        let text = match &events[..] {
            [Event::Failed { text, .. }, Event::Finished { .. }] => text,
            other => panic!("{other:?}"),
        };
        let entry = match &events[0] {
            Event::Failed { entry, .. } => *entry,
            _ => 0,
        };
        assert!(text.contains("<1>:1:14"), "{text}");
        assert!(text.contains(&format!("<{entry}>:2:1")), "{text}");
    }
}
