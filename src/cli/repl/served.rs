//! `kettle --console SOCKET FILE`: a program that terminals elsewhere can have sessions with while it
//! runs.
//!
//! The program is an entry of a console in the background. What it prints goes where it always goes, and
//! to the visitor, if there is one. When it has ended, and its tasks, the process ends.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::door::{Door, Knock, Visitor};
use super::host::Host;
use super::link::{Answer, Request};
use super::wire::{Downward, Upward};
use crate::cli::{STATUS_FAULTS, terminal};
use crate::engine::console::Event;
use crate::engine::{Console, Engine};

/// What can happen to the program from outside.
enum Happening {
    Knock(Knock),
    Signal(i32),
}

/// Runs a program with a door; gives the exit status.
pub fn serve(engine: &Engine, path: &str, name: &str, text: &str) -> i32 {
    let refuse = |message: &str| {
        terminal::err(&format!("kettle: {message}\n"));
        STATUS_FAULTS
    };
    let console = match Console::new(engine) {
        Ok(console) => console,
        Err(error) => return refuse(&error.to_string()),
    };
    let (inbox, happenings) = channel();
    let waker = console.waker();
    let tell = Arc::new(move |happening| {
        // Nobody listens any more when the program has ended.
        let _ = inbox.send(happening);
        waker.wake_by_ref();
    });
    let knock = tell.clone();
    let door = match Door::open(path, Arc::new(move |it| knock(Happening::Knock(it)))) {
        Ok(door) => door,
        Err(message) => return refuse(&message),
    };
    if let Err(message) = listen(move |signal| tell(Happening::Signal(signal))) {
        return refuse(&message);
    }
    let mut program = Served {
        host: Host::new(console),
        visitor: None,
        status: None,
        asked: None,
        is_done: false,
        has_failed: false,
    };
    program.begin(name, text);
    while program.status.is_none() {
        program.look();
        while let Ok(happening) = happenings.try_recv() {
            match happening {
                Happening::Signal(signal) => program.signal(signal),
                Happening::Knock(knock) => program.knock(knock),
            }
        }
        if program.status.is_none() {
            program.host.console.turn(None);
        }
    }
    drop(door);
    program.host.console.close();
    program.status.unwrap_or(0)
}

/// Calls `heard` for each signal that asks the program to end.
fn listen(heard: impl Fn(i32) + Send + 'static) -> Result<(), String> {
    let failed = |error| format!("signals cannot be heard: {error}");
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let listen = move || signals.forever().for_each(heard);
    thread::Builder::new().name("signals".to_owned()).spawn(listen).map_err(failed)?;
    Ok(())
}

/// A program that runs, and who has a session with it.
struct Served {
    host: Host,
    visitor: Option<Visitor>,
    status: Option<i32>,
    /// The exit status that follows from a signal.
    asked: Option<i32>,
    /// The program itself has ended; tasks of it may be left.
    is_done: bool,
    /// With an error.
    has_failed: bool,
}

/// The number of the entry that the program is.
const PROGRAM: u64 = 1;

impl Served {
    fn begin(&mut self, name: &str, text: &str) {
        for answer in self.host.load(name, text) {
            match answer {
                // It has not begun at all.
                Answer::Complain(report) => {
                    terminal::err(&report);
                    self.status = Some(crate::cli::STATUS_MISUSE);
                }
                Answer::Ended(status) => self.status = Some(status),
                _ => {}
            }
        }
        self.host.request(Request::Background);
    }

    /// Passes on what has happened.
    fn look(&mut self) {
        let events = self.host.console.take_events();
        for event in &events {
            match event {
                Event::Output { text, is_error: true } => terminal::err(text),
                Event::Output { text, is_error: false } => drop(terminal::out(text)),
                Event::TaskFailed { entry: Some(PROGRAM), text } => {
                    self.has_failed = true;
                    // That it is an entry is nobody's business.
                    let report = text.split_once('\n').map_or(text.as_str(), |(_, report)| report);
                    terminal::err(&format!("{report}\n"));
                }
                Event::TaskFailed { text, .. } => terminal::err(&format!("{text}\n")),
                Event::Finished { entry: PROGRAM } => self.is_done = true,
                Event::Ended(status) => {
                    self.status.get_or_insert(self.asked.unwrap_or(*status));
                }
                _ => {}
            }
        }
        let answers = self.host.answers_of(events);
        self.tell(answers);
        if self.is_done && !self.host.console.has_tasks() && !self.host.is_ending() {
            let status = if self.has_failed { STATUS_FAULTS } else { 0 };
            self.end(status);
        }
    }

    fn end(&mut self, status: i32) {
        self.tell(vec![Answer::Ended(status)]);
        self.status = Some(status);
    }

    fn tell(&self, answers: Vec<Answer>) {
        for answer in answers {
            if let Some(visitor) = &self.visitor {
                visitor.send(&Downward::Answer(answer));
            }
        }
    }

    /// Asks the program to end; who asks again does not want to wait.
    fn signal(&mut self, signal: i32) {
        if self.host.is_ending() {
            return self.end(128 + signal);
        }
        self.asked = Some(128 + signal);
        self.host.request(Request::Quit);
    }

    fn knock(&mut self, knock: Knock) {
        match knock {
            Knock::Entered(visitor) if self.visitor.is_some() => {
                let why = "somebody else has a session with this program".to_owned();
                visitor.send(&Downward::Refused(why));
            }
            Knock::Entered(visitor) => {
                visitor.send(&Downward::Answer(Answer::Ready));
                let width = usize::try_from(visitor.width).unwrap_or(usize::MAX);
                self.host.set_view(width, visitor.colour);
                self.visitor = Some(visitor);
            }
            Knock::Left(id) => {
                if self.visitor.as_ref().is_some_and(|visitor| visitor.id == id) {
                    self.visitor = None;
                    self.host.set_view(usize::from(terminal::width()), terminal::has_colour());
                    // What was entered and still runs stays with the program.
                    self.host.request(Request::Background);
                }
            }
            Knock::Said(id, said) => {
                if self.visitor.as_ref().is_some_and(|visitor| visitor.id == id) {
                    self.hear(said);
                }
            }
        }
    }

    fn hear(&mut self, said: Upward) {
        // What was printed before an answer comes before it.
        self.look();
        match said {
            Upward::Wish(wish) => {
                let answers = self.host.request(wish.into());
                self.tell(answers);
            }
            Upward::Question { id, kind, text, cursor } => {
                let found = self.host.found(kind, &text, cursor);
                if let Some(visitor) = &self.visitor {
                    visitor.send(&Downward::Found { id, found });
                }
            }
            Upward::Hello { .. } => {}
        }
    }
}
