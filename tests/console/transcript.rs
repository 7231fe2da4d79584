//! Transcripts: each file in `session/` is a session in virtual time, as text.
//!
//! ```text
//! > let x = 20          what is submitted
//! . + 1                 a further line of it
//! @ 3s                  time passes
//! ^C                    the entry before it runs, and is interrupted; ^Z sends it to the background;
//!                       ^C^C interrupts twice
//! ? xs.le               what may stand at the end of this
//! ( print(1,            the signature that is shown there
//! ```
//! Lines that begin with `//` are comments. All else is what the console has answered: `| ` begins printed lines, `! ` those of standard error.
//! `KETTLE_UPDATE=1` writes the answers.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use kettle::engine::console::{Candidate, Console, Event, Submitted};
use kettle::engine::{Engine, Memory};

/// Of what may stand somewhere so much is written down.
const CANDIDATES_SHOWN: usize = 6;
/// A foreground that takes more turns than this hangs.
const TURNS_MAX: usize = 20_000;

#[test]
fn sessions_go_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/console/session");
    let wanted = std::env::var("KETTLE_TEST").unwrap_or_default();
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of sessions can be read")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.to_string_lossy().contains(&wanted))
        .collect();
    names.sort();
    let mut failed = String::new();
    for path in names {
        let text = std::fs::read_to_string(&path).expect("a session is text");
        assert!(text.contains("\n> ") || text.starts_with("> "), "{} is empty", path.display());
        let played = play(&text);
        if played == text {
            continue;
        }
        if std::env::var_os("KETTLE_UPDATE").is_some() {
            std::fs::write(&path, &played).expect("a session can be written");
        } else {
            writeln!(failed, "=== {}\n{played}", path.display()).expect("a string takes any text");
        }
    }
    assert!(failed.is_empty(), "these sessions went otherwise:\n{failed}");
}

/// A session that is being played.
struct Player {
    console: Console,
    text: String,
}

/// Plays the inputs of a session; gives it with the answers that came.
fn play(text: &str) -> String {
    let mut files = Memory::new();
    let mut engine = Engine::new();
    let (files_text, text) = match text.split_once("=== session\n") {
        Some((files, session)) => (files, session),
        None => ("", text),
    };
    for part in files_text.split("=== file ").skip(1) {
        let (name, content) = part.split_once('\n').expect("a file has a name and lines");
        files = files.with(name, content);
    }
    engine.set_loader(files);
    engine.options().virtual_clock = true;
    let console = Console::new(&engine).expect("a console can be made");
    let mut player = Player { console, text: String::new() };
    if !files_text.is_empty() {
        writeln!(player.text, "{files_text}=== session").expect("a string takes any text");
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        at += 1;
        if line.starts_with("//") {
            player.echo(line);
        } else if let Some(first) = line.strip_prefix("> ") {
            player.echo(line);
            let mut input = first.to_owned();
            while let Some(more) = lines.get(at).and_then(|line| line.strip_prefix(". ")) {
                player.echo(lines[at]);
                input = format!("{input}\n{more}");
                at += 1;
            }
            let stopped = lines[at..].iter().find(|line| !line.starts_with(['|', '!', '/']));
            let is_stopped = stopped.is_some_and(|line| matches!(*line, "^C" | "^C^C" | "^Z"));
            player.submit(&input, is_stopped);
        } else if let Some(span) = line.strip_prefix("@ ") {
            player.echo(line);
            let seconds = span.strip_suffix('s').and_then(|n| n.parse().ok()).expect("seconds");
            player.wait(Duration::from_secs(seconds));
        } else if let Some(typed) = line.strip_prefix("? ") {
            player.echo(line);
            let found = player.console.complete(typed, typed.len());
            for candidate in found.candidates.iter().take(CANDIDATES_SHOWN) {
                let Candidate { text, kind, detail } = candidate;
                let shown = format!("  {}{text}  {kind:?}  {detail}", &typed[..found.start]);
                player.echo(shown.trim_end());
            }
        } else if let Some(typed) = line.strip_prefix("( ") {
            player.echo(line);
            let shown = player.console.signature(typed, typed.len());
            player.echo(&format!("  {}", shown.unwrap_or_default()));
        } else if line == "^C^C" {
            player.echo(line);
            player.console.interrupt();
            (0..5).for_each(|_| player.console.turn(Some(Duration::ZERO)));
            player.console.interrupt();
            player.settle();
        } else if line == "^C" {
            player.echo(line);
            player.console.interrupt();
            player.settle();
        } else if line == "^Z" {
            player.echo(line);
            player.console.background();
            player.tell();
        }
    }
    player.text
}

impl Player {
    fn echo(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn submit(&mut self, input: &str, is_stopped: bool) {
        match self.console.submit(input) {
            Submitted::Incomplete => self.echo("…"),
            Submitted::Rejected(text) => self.echo(&text),
            Submitted::Started(_) | Submitted::Nothing => {}
        }
        if is_stopped {
            (0..50).for_each(|_| self.console.turn(Some(Duration::ZERO)));
            self.tell();
        } else {
            self.settle();
        }
    }

    /// Turns until nothing runs in the foreground.
    fn settle(&mut self) {
        let mut turns = 0;
        self.console.turn(Some(Duration::ZERO));
        while self.console.is_busy() {
            turns += 1;
            assert!(turns < TURNS_MAX, "it hangs after:\n{}", self.text);
            self.console.turn(Some(Duration::from_secs(1)));
        }
        // What the entry has started gets its first turns.
        (0..5).for_each(|_| self.console.turn(Some(Duration::ZERO)));
        self.tell();
    }

    fn wait(&mut self, span: Duration) {
        let step = Duration::from_millis(100);
        for _ in 0..span.as_millis() / step.as_millis() {
            self.console.turn(Some(step));
            (0..3).for_each(|_| self.console.turn(Some(Duration::ZERO)));
        }
        self.tell();
    }

    fn tell(&mut self) {
        for event in self.console.take_events() {
            match event {
                Event::Output { text, is_error } => {
                    let mark = if is_error { "! " } else { "| " };
                    text.lines().for_each(|line| self.echo(&format!("{mark}{line}")));
                }
                Event::Value { text, .. }
                | Event::Failed { text, .. }
                | Event::Cancelled { text, .. }
                | Event::TaskFailed { text, .. }
                | Event::Text(text) => {
                    // An empty line of an answer is visible.
                    text.split('\n').for_each(|it| self.echo(if it.is_empty() { "~" } else { it }));
                }
                Event::Background { entry } => self.echo(&format!("[{entry}]")),
                Event::Finished { .. } => {}
                Event::Ended(status) => self.echo(&format!("ended with {status}")),
            }
        }
    }
}
