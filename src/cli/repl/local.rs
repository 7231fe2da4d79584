//! A session with a console of its own, at a terminal or at a pipe.

use std::fs;
use std::io::{self, BufRead};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::host::Host;
use super::keyboard::Keyboard;
use super::link::{Answer, Happening, Request};
use super::screen::Screen;
use super::terminal::{self as place, Terminal};
use super::{place as files, session::Session};
use crate::cli::flag::{Repl, Source};
use crate::cli::{STATUS_FAULTS, STATUS_MISUSE, limit, terminal};
use crate::engine::console::is_incomplete;
use crate::engine::{Console, Engine, Input};

/// While more is printed than the terminal takes, the loop rests for so long at a time.
const REST: Duration = Duration::from_millis(5);

/// Runs a session; gives the exit status.
pub fn run(wanted: &Repl) -> i32 {
    let has_person = place::is_there();
    let mut engine = Engine::new();
    let options = engine.options();
    options.args.clone_from(&wanted.args);
    options.memory_limit = limit::memory();
    options.keep_heap = true;
    let keyboard = Keyboard::new(&Screen::default());
    options.stdin = match has_person {
        true => Input::reader(keyboard.clone()),
        // What is piped in is entries: a program that reads finds the end.
        false => Input::text(""),
    };
    let first = first(&engine, wanted).and_then(|first| {
        wanted.sandbox.clone().apply(&mut engine, &wanted.source).map(|()| first)
    });
    let first = match first {
        Ok(first) => first,
        Err(message) => return refuse(&message, STATUS_MISUSE),
    };
    let console = match Console::new(&engine) {
        Ok(console) => console,
        Err(error) => return refuse(&error.to_string(), STATUS_FAULTS),
    };
    let host = Host::new(console);
    match has_person {
        true => at_terminal(host, wanted, first, keyboard),
        false => at_pipe(host, first),
    }
}

fn refuse(message: &str, status: i32) -> i32 {
    terminal::err(&format!("kettle: {message}\n"));
    status
}

/// The program that comes before the first entry: its name and its text.
fn first(engine: &Engine, wanted: &Repl) -> Result<Option<(String, String)>, String> {
    match &wanted.source {
        Source::File(name) => match engine.read(name).map(String::from_utf8) {
            Ok(Ok(text)) => Ok(Some((name.clone(), text))),
            Ok(Err(_)) => Err(format!("`{name}` is not UTF-8")),
            Err(error) => Err(format!("`{name}` cannot be read: {error}")),
        },
        Source::Text(code) => Ok(Some(("<eval>".to_owned(), code.clone()))),
        Source::Stdin | Source::Unnamed => Ok(None),
    }
}

/// A session at a terminal.
fn at_terminal(
    mut host: Host,
    wanted: &Repl,
    first: Option<(String, String)>,
    keyboard: Keyboard,
) -> i32 {
    let (inbox, happenings) = channel();
    let waker = host.console.waker();
    let tell = Arc::new(move |happening| {
        // Nobody listens any more when the session is over.
        let _ = inbox.send(happening);
        waker.wake_by_ref();
    });
    let mut terminal = match Terminal::start(tell, keyboard) {
        Ok(terminal) => terminal,
        Err(message) => return refuse(&message, STATUS_FAULTS),
    };
    let session = &mut terminal.session;
    if first.is_none() {
        let version = env!("CARGO_PKG_VERSION");
        session
            .print(&format!("Kettle {version}. `:help` shows what can be entered, Ctrl-D ends.\n"));
    }
    let mut programs: Vec<(String, String)> = rc(wanted).into_iter().chain(first).collect();
    programs.reverse();
    loop {
        for answer in host.answers() {
            give(session, &mut host, Happening::Answer(answer));
        }
        while let Ok(happening) = happenings.try_recv() {
            give(session, &mut host, happening);
        }
        if let Some(status) = session.status() {
            return status;
        }
        if session.begins() && !host.is_waited_for() {
            match programs.pop() {
                Some((name, text)) => {
                    for answer in host.load(&name, &text) {
                        give(session, &mut host, Happening::Answer(answer));
                    }
                }
                None => session.prompt(),
            }
            continue;
        }
        if terminal.screen.is_full() {
            rest(session, &mut host, &happenings);
        } else {
            host.console.turn(None);
        }
    }
}

/// The user's own beginning of every session.
fn rc(wanted: &Repl) -> Option<(String, String)> {
    let path = files::of_rc().filter(|_| !wanted.no_rc)?;
    let text = fs::read_to_string(&path).ok()?;
    Some((path.to_string_lossy().into_owned(), text))
}

/// The loop waits for the terminal, but not those who type.
fn rest(session: &mut Session, host: &mut Host, happenings: &Receiver<Happening>) {
    if let Ok(happening) = happenings.recv_timeout(REST) {
        give(session, host, happening);
    }
}

/// Tells the session of something, and the console what the session wants.
fn give(session: &mut Session, host: &mut Host, happening: Happening) {
    if let Happening::Question(question) = &happening {
        return host.answer(question);
    }
    if let Happening::Line(_) = &happening {
        // The terminal may have another size by now.
        host.set_view(usize::from(terminal::width()), terminal::out_has_colour());
    }
    let mut answers = Vec::new();
    session.handle(happening, &mut |request| answers.extend(host.request(request)));
    for answer in answers {
        session.handle(Happening::Answer(answer), &mut |_| {});
    }
}

/// A session at a pipe: entries come from it, nothing is shown but what they print and their values. The
/// first entry that fails ends it.
fn at_pipe(mut host: Host, first: Option<(String, String)>) -> i32 {
    if let Some((name, text)) = first {
        let answers = host.load(&name, &text);
        if let Some(status) = answers.into_iter().find_map(show).or_else(|| settle(&mut host)) {
            return status;
        }
    }
    let (sender, lines) = channel();
    let waker = host.console.waker();
    let read = move || {
        for line in io::stdin().lock().split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
            waker.wake_by_ref();
        }
        drop(sender);
        waker.wake_by_ref();
    };
    if thread::Builder::new().name("input".to_owned()).spawn(read).is_err() {
        return refuse("no thread can be started", STATUS_FAULTS);
    }
    let mut entry = String::new();
    loop {
        match next_line(&mut host, &lines) {
            Next::Line(line) => entry.push_str(&line),
            Next::End => break,
            Next::Ended(status) => return status,
        }
        if is_incomplete(&entry) {
            entry.push('\n');
            continue;
        }
        if let Some(status) = enter(&mut host, &std::mem::take(&mut entry)) {
            return status;
        }
    }
    if !entry.trim().is_empty()
        && let Some(status) = enter(&mut host, &entry)
    {
        return status;
    }
    let answers = host.request(Request::Quit);
    answers.into_iter().find_map(show).or_else(|| settle(&mut host)).unwrap_or(0)
}

/// What comes next at a pipe.
enum Next {
    /// One more line.
    Line(String),
    /// There are no more.
    End,
    /// The tasks of earlier entries have ended the session, with this status.
    Ended(i32),
}

/// The next line; the tasks of earlier entries go on meanwhile.
fn next_line(host: &mut Host, lines: &Receiver<String>) -> Next {
    use std::sync::mpsc::TryRecvError;
    loop {
        match lines.try_recv() {
            Ok(line) => return Next::Line(line),
            Err(TryRecvError::Disconnected) => return Next::End,
            Err(TryRecvError::Empty) => host.console.turn(None),
        }
        if let Some(status) = host.answers().into_iter().find_map(show) {
            return Next::Ended(status);
        }
    }
}

/// Runs an entry; gives the exit status if that is the end.
fn enter(host: &mut Host, text: &str) -> Option<i32> {
    let answers = host.request(Request::Submit(text.to_owned()));
    answers.into_iter().find_map(show).or_else(|| settle(host))
}

/// Turns the loop until the entry in the foreground is done with; gives the exit status if that is the
/// end.
fn settle(host: &mut Host) -> Option<i32> {
    loop {
        for answer in host.answers() {
            if let Some(status) = show(answer) {
                return Some(status);
            }
        }
        if host.take_failure() {
            return Some(STATUS_FAULTS);
        }
        if !host.console.is_busy() && !host.is_ending() {
            return None;
        }
        host.console.turn(None);
    }
}

/// Prints what there is; gives the exit status if that is the end.
fn show(answer: Answer) -> Option<i32> {
    match answer {
        Answer::Print(text) => {
            terminal::out(&text);
            None
        }
        Answer::Complain(text) => {
            terminal::err(&text);
            None
        }
        Answer::Ended(status) => Some(status),
        Answer::Ready | Answer::Prefill(_) | Answer::Table(_) => None,
    }
}
