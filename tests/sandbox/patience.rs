//! Functions of the library that go over much data: a program that is stopped does not wait for their end.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use kettle::engine::{Engine, Error};
use kettle::{Value, Vm};

/// What they go over.
const DATA: &str = r#"
import encoding
import math
import regex
let ascii = "a".repeat(3_000_000)
let words = "ab cd, ".repeat(400_000)
let marks = "ä<&".repeat(600_000)
let utf16 = encoding.utf16.encode(ascii)
let bytes_of_words = words.bytes()
let ints = list(0..300_000).map(|i| (i * 7919) % 300_007)
let members = set(ints)
let pairs = map(ints.map(|i| [i, i]))
"#;

/// Each takes long enough for somebody to interfere.
const CALLS: &[(&str, &str)] = &[
    ("replace", r#"words.replace(",", ";;")"#),
    ("replace_nothing", r#"words.replace("", "-")"#),
    ("count", r#"words.count(" ")"#),
    ("split", r#"words.split(",")"#),
    ("split_blanks", "words.split()"),
    ("rsplit", r#"words.rsplit(",")"#),
    ("words", "words.words()"),
    ("chars", "words.chars()"),
    ("graphemes", "marks.graphemes()"),
    ("title", "words.title()"),
    ("upper", "marks.repeat(10).upper()"),
    ("casefold", "marks.repeat(4).casefold()"),
    ("normalize", r#"marks.normalize("NFD")"#),
    ("reversed", "marks.repeat(4).reversed()"),
    ("pad_start", r#""x".pad_start(4_000_000, "ä")"#),
    ("is_alpha", r#""ä".repeat(3_000_000).is_alpha()"#),
    ("hex", "bytes_of_words.hex()"),
    ("bytes_split", r#"bytes_of_words.split(",")"#),
    ("percent", "encoding.percent.encode(marks)"),
    ("escape", "encoding.html.escape(marks)"),
    ("unescape", r#"encoding.html.unescape("&lt;".repeat(500_000))"#),
    ("utf16_encode", "encoding.utf16.encode(words)"),
    ("utf16_decode", "encoding.utf16.decode(utf16, le: false)"),
    ("latin1", "encoding.latin1.decode(bytes_of_words)"),
    ("regex_split", r#"regex.split(", ", words)"#),
    ("regex_replace", r#"regex.replace("[a-z]+", words, "x")"#),
    ("enumerate", "ints.enumerate()"),
    ("zip", "ints.zip(ints)"),
    ("window", "ints.window(20)"),
    ("intersect", "members.intersect(ints)"),
    ("is_disjoint", r#"set(["x"]).is_disjoint(ints)"#),
    ("entries", "pairs.entries()"),
    ("extend", "{ let copy = {}; copy.extend(pairs); copy }"),
    ("median", "math.median(ints)"),
];

const TRIES: u32 = 20;

#[test]
fn functions_over_much_data_give_up_in_the_middle() {
    let (tell, begun) = mpsc::channel();
    let mut engine = Engine::new();
    engine.function("begun", move || tell.send(()).map_err(|error| error.to_string()));
    let functions =
        CALLS.iter().map(|(name, call)| format!("pub fn do_{name}() {{ begun(); {call} }}\n"));
    let text = DATA.to_owned() + &functions.collect::<String>();
    let program = engine.compile_text("much.ket", text.as_str());
    let program = program.unwrap_or_else(|error| panic!("{}", error.render(false)));
    let mut vm = Vm::new(&engine).expect("a VM can be made");
    vm.load_blocking(&program).unwrap_or_else(|error| panic!("{}", error.report(false)));
    let begun = std::sync::Arc::new(std::sync::Mutex::new(begun));
    for (name, _) in CALLS {
        let name = format!("do_{name}");
        let mut whole = Duration::MAX;
        for _ in 0..2 {
            let start = Instant::now();
            vm.call_blocking::<Value>(&name, ()).unwrap_or_else(|e| panic!("{name}: {e}"));
            whole = whole.min(start.elapsed());
            begun.lock().expect("nobody panics").recv().expect("it has begun");
        }
        // Whoever is slow now and then, as the machine has other work, is not slow each time.
        let gives_up = (0..TRIES).any(|_| {
            let (interrupter, begun) = (vm.interrupter(), begun.clone());
            let other = thread::spawn(move || {
                begun.lock().expect("nobody panics").recv().expect("it begins");
                thread::sleep(whole / 8);
                let asked = Instant::now();
                interrupter.stop();
                asked
            });
            let end = vm.call_blocking::<Value>(&name, ());
            let ended = Instant::now();
            let took = ended.saturating_duration_since(other.join().expect("it stops"));
            vm.interrupter().clear();
            matches!(end, Err(Error::Cancelled(_))) && took < whole / 3
        });
        assert!(gives_up, "{name}: it takes {whole:?}, and always comes to its end");
    }
}
