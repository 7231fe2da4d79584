//! What hosts do with a console besides submitting entries.

use std::thread;
use std::time::Duration;

use kettle::engine::console::{Console, Event, Style, Submitted, View, is_incomplete};
use kettle::engine::{Engine, Permissions};

fn console() -> Console {
    let mut engine = Engine::new();
    engine.options().virtual_clock = true;
    Console::new(&engine).expect("a console can be made")
}

fn settle(console: &mut Console) -> Vec<Event> {
    console.turn(Some(Duration::ZERO));
    while console.is_busy() {
        console.turn(Some(Duration::from_secs(1)));
    }
    console.take_events()
}

#[test]
fn the_parser_decides_what_is_incomplete() {
    for text in ["fn f() {", "[1,", "1 +", "f(1,\n  2", "if x {\n", "a &&"] {
        assert!(is_incomplete(text), "{text}");
    }
    for text in ["", "1", "fn f() { 1 }", ")", "f(1) &", ":type [1,", "x?", "x??", "let = "] {
        assert!(!is_incomplete(text), "{text}");
    }
}

#[test]
fn another_thread_stops_an_entry_that_never_waits() {
    let mut console = console();
    assert!(matches!(console.submit("loop { }"), Submitted::Started(1)));
    let interrupter = console.interrupter();
    // One request asks, those after it insist.
    let (done, over) = std::sync::mpsc::channel::<()>();
    let other = thread::spawn(move || {
        while over.recv_timeout(Duration::from_millis(5)).is_err() {
            interrupter.interrupt();
        }
    });
    let events = settle(&mut console);
    done.send(()).expect("the thread waits for it");
    other.join().expect("the thread ends");
    let [Event::Cancelled { entry: 1, text }, Event::Finished { .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(text.contains("<1>:1:1"), "{text}");
    assert!(matches!(console.submit("1 + 1"), Submitted::Started(2)), "the session goes on");
}

#[test]
fn a_waker_ends_the_wait() {
    let mut console = console();
    let waker = console.waker();
    let other = thread::spawn(move || waker.wake());
    console.turn(None);
    other.join().expect("the thread ends");
    assert!(console.take_events().is_empty());
}

#[test]
fn what_an_entry_has_opened_stays_open() {
    let mut engine = Engine::new();
    engine.options().virtual_clock = true;
    engine.options().permissions = Permissions::all();
    let mut console = Console::new(&engine).expect("a console can be made");
    let mut shown = Vec::new();
    for line in [
        "import fs",
        "await fs.write(\"a\", \"some text\")",
        "let file = await fs.open(\"a\")",
        "(await file.read_exact(4)).utf8()",
        "(await file.read()).utf8()",
        "file.close()",
        "await file.read()",
    ] {
        console.submit(line);
        for event in settle(&mut console) {
            match event {
                Event::Value { text, .. } => shown.push(text),
                Event::Failed { text, .. } => shown.extend(text.lines().next().map(str::to_owned)),
                _ => {}
            }
        }
    }
    let read = shown.split_off(shown.len() - 3);
    let closed = "error: ClosedError: the stream a was closed";
    assert_eq!(read, ["\"some\"", "\" text\"", closed]);
}

#[test]
fn colours_are_the_hosts_choice() {
    let mut console = console();
    let view = View { width: 20, ..View::default() }.coloured();
    console.set_view(view);
    console.submit("{number: 1, text: \"a long text\"}");
    let events = settle(&mut console);
    let Some(Event::Value { text, .. }) = events.first() else { panic!("{events:?}") };
    let Style { name, number, end, .. } = Style::terminal();
    assert!(text.contains(&format!("{name}number{end}: {number}1{end}")), "{text:?}");
    assert!(text.contains('\n'), "it is too wide for twenty columns: {text:?}");
    console.submit("1 / nothing");
    console.submit("[][0]");
    let events = settle(&mut console);
    assert!(matches!(&events[0], Event::Failed { text, .. } if text.contains("\x1b[")));
}

#[test]
fn nothing_that_is_typed_can_break_it() {
    let texts =
        [":", ": ", "?", "??", "&", "&&", ";", ";;", "\u{0}", "é?", "_", "::help", "\"", "${", "#"];
    let mut console = console();
    for text in texts {
        console.submit(text);
        settle(&mut console);
        for cursor in 0..=text.len() + 1 {
            console.complete(text, cursor);
            console.signature(text, cursor);
        }
    }
    let deep = "[".repeat(100_000);
    console.submit(&deep);
    console.complete(&deep, deep.len());
    console.signature(&deep, deep.len());
    console.submit("var d = []\nfor i in 0..100000 { d = [d] }\nd");
    let events = settle(&mut console);
    assert!(matches!(&events[0], Event::Value { text, .. } if text.len() < 100), "{events:?}");
}

/// The text that a command answers with.
fn told(console: &mut Console, command: &str) -> String {
    assert_eq!(console.submit(command), Submitted::Nothing);
    match &console.take_events()[..] {
        [Event::Text(text)] => text.clone(),
        events => panic!("{events:?}"),
    }
}

/// The first number of bytes in an answer.
fn bytes(text: &str) -> f64 {
    let mut words = text.split_whitespace();
    let number: f64 = words.next().and_then(|word| word.parse().ok()).expect("it is a number");
    let unit = match words.next() {
        Some("B") => 1,
        Some("KiB") => 1 << 10,
        Some("MiB") => 1 << 20,
        other => panic!("{other:?} is no unit"),
    };
    number * f64::from(unit)
}

#[test]
fn memory_is_told_and_garbage_collected() {
    let mut console = console();
    let few = bytes(&told(&mut console, ":mem"));
    console.submit("var big = \"x\".repeat(5_000_000); null");
    settle(&mut console);
    let many = bytes(&told(&mut console, ":mem"));
    assert!(many > few + 4.5e6, "{few} and then {many}");
    console.submit("big = null");
    settle(&mut console);
    let text = told(&mut console, ":gc");
    let (after, before) = text.split_once(" in use, ").expect("both are told");
    assert!(bytes(before) > few + 4.5e6 && bytes(after) < few + 1e6, "{text}");
    let text = told(&mut console, ":mem");
    assert!(text.contains("collections") && text.contains("in blocks"), "{text}");
}
