//! `kettle repl --attach SOCKET`: a terminal here, the console in a program that runs already.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::keyboard::Keyboard;
use super::link::{Answer, Completions, Happening, Request};
use super::terminal::Terminal;
use super::wire::{Downward, Upward, VERSION, Wish};
use crate::cli::{STATUS_FAULTS, STATUS_MISUSE, terminal};

/// The questions that are not answered yet.
type Asked = Arc<Mutex<HashMap<u64, Sender<Completions>>>>;

/// Runs a session with the program behind a socket; gives the exit status.
pub fn attach(path: &str) -> i32 {
    let stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) => {
            let why = match error.kind() {
                ErrorKind::NotFound => "there is no such socket".to_owned(),
                ErrorKind::ConnectionRefused => "the program has ended".to_owned(),
                _ => error.to_string(),
            };
            return fail(&format!(
                "`{path}`: {why}; start one with `kettle --console {path} FILE`"
            ));
        }
    };
    let reading = match stream.try_clone() {
        Ok(reading) => reading,
        Err(error) => return fail(&error.to_string()),
    };
    let (inbox, happenings) = channel();
    let tell = {
        let inbox = inbox.clone();
        Arc::new(move |happening| {
            // Nobody listens any more when the session is over.
            let _ = inbox.send(happening);
        })
    };
    let mut link = Link { stream, next: 0, asked: Asked::default() };
    let (colour, width) = (terminal::out_has_colour(), u64::from(terminal::width()));
    let mut lines = BufReader::new(reading).lines();
    if !link.send(&Upward::Hello { version: VERSION, colour, width }) {
        return fail("the program does not answer");
    }
    match lines.next().and_then(Result::ok).as_deref().and_then(Downward::of_line) {
        Some(Downward::Answer(Answer::Ready)) => {}
        Some(Downward::Refused(why)) => return fail(&why),
        _ => return fail("the program does not answer"),
    }
    let asked = link.asked.clone();
    let read = move || {
        for line in lines.map_while(Result::ok) {
            match Downward::of_line(&line) {
                Some(Downward::Answer(answer)) => drop(inbox.send(Happening::Answer(answer))),
                Some(Downward::Found { id, found }) => {
                    if let Some(reply) = lock(&asked).remove(&id) {
                        let _ = reply.send(found);
                    }
                }
                Some(Downward::Refused(_)) | None => {}
            }
        }
        let _ = inbox.send(Happening::Answer(Answer::Ended(0)));
    };
    if thread::Builder::new().name("socket".to_owned()).spawn(read).is_err() {
        return fail("no thread can be started");
    }
    let terminal = match Terminal::start(tell, Keyboard::default()) {
        Ok(terminal) => terminal,
        Err(message) => return fail(&message),
    };
    converse(terminal, &happenings, link)
}

fn fail(message: &str) -> i32 {
    terminal::err(&format!("kettle: {message}\n"));
    if message.starts_with('`') { STATUS_MISUSE } else { STATUS_FAULTS }
}

fn converse(mut terminal: Terminal, happenings: &Receiver<Happening>, mut link: Link) -> i32 {
    let session = &mut terminal.session;
    session.print("attached; Ctrl-D leaves the program running\n");
    session.prompt();
    while session.status().is_none() {
        let Ok(happening) = happenings.recv() else { break };
        match happening {
            Happening::Question(question) => {
                link.next += 1;
                let id = link.next;
                lock(&link.asked).insert(id, question.reply);
                let (kind, text, cursor) = (question.kind, question.text, question.cursor);
                link.send(&Upward::Question { id, kind, text, cursor });
            }
            Happening::Line(text) if matches!(text.trim(), ":quit" | ":q" | ":detach") => {
                session.handle(Happening::EndOfInput, &mut |_| {});
                session.handle(Happening::Answer(Answer::Ended(0)), &mut |_| {});
            }
            happening => {
                if matches!(happening, Happening::Answer(Answer::Ended(_))) {
                    session.print("the program has ended\n");
                }
                let mut leaves = false;
                session.handle(happening, &mut |request| match request {
                    Request::Quit => leaves = true,
                    request => drop(link.send(&Upward::Wish(Wish::from(request)))),
                });
                if leaves {
                    session.handle(Happening::Answer(Answer::Ended(0)), &mut |_| {});
                }
            }
        }
    }
    session.status().unwrap_or(0)
}

/// The way to the program.
struct Link {
    stream: UnixStream,
    next: u64,
    asked: Asked,
}

impl Link {
    /// Sends a line; false if nobody is there any more, which the reader finds out, too.
    fn send(&mut self, message: &Upward) -> bool {
        self.stream.write_all(message.to_line().as_bytes()).is_ok()
    }
}

fn lock(
    asked: &Mutex<HashMap<u64, Sender<Completions>>>,
) -> MutexGuard<'_, HashMap<u64, Sender<Completions>>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}
