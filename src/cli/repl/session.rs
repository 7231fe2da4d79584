//! A session at a terminal: what happens there, and what follows from it.
//!
//! The console, which runs the entries, is somebody else: in this process or behind a socket. Nothing
//! here waits for it.

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};

use super::assistant::Tell;
use super::command::{self, Local};
use super::editor::Editor;
use super::guest::Guest;
use super::keyboard::{Keyboard, Turn};
use super::link::{Answer, Happening, Request};
use super::screen::Screen;

/// What a terminal session is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// What comes before the first prompt runs, or is to run.
    Begins,
    /// The prompt is up.
    Prompts,
    /// Something runs in the foreground.
    Runs,
    /// A program of the user's has the terminal: an editor, the table of the tasks.
    Lends,
    /// The tasks that are left are being asked to finish.
    Ends,
}

/// A session.
pub struct Session {
    editor: Editor,
    screen: Screen,
    keyboard: Keyboard,
    tell: Tell,
    state: State,
    /// What the next entry begins with.
    prefill: String,
    /// Who has the terminal for a while.
    guest: Option<Guest>,
    entries: Vec<String>,
    status: Option<i32>,
    /// The exit status that follows from a signal.
    asked: Option<i32>,
}

impl Session {
    pub fn new(editor: Editor, screen: Screen, keyboard: Keyboard, tell: Tell) -> Session {
        Session {
            editor,
            screen,
            keyboard,
            tell,
            state: State::Begins,
            prefill: String::new(),
            guest: None,
            entries: Vec::new(),
            status: None,
            asked: None,
        }
    }

    /// The exit status, when the session is over.
    pub fn status(&self) -> Option<i32> {
        self.status
    }

    /// Whether there was no prompt yet.
    pub fn begins(&self) -> bool {
        self.state == State::Begins
    }

    /// Does what follows from something that happens; `request` asks the console for things.
    ///
    /// Questions are not for the session.
    pub fn handle(&mut self, happening: Happening, request: &mut dyn FnMut(Request)) {
        match happening {
            Happening::Line(text) => self.entered(text, request),
            Happening::Break => self.prompt(),
            Happening::EndOfInput => self.quit(None, request),
            Happening::Broken => self.quit(Some(STATUS_HANGUP), request),
            Happening::Signal(signal) => self.signal(signal, request),
            Happening::Returned(text) => self.returned(text),
            Happening::Tick => request(Request::Table),
            Happening::Answer(answer) => self.answer(answer),
            Happening::Question(_) => {}
        }
    }

    fn entered(&mut self, text: String, request: &mut dyn FnMut(Request)) {
        self.set(State::Runs);
        if text.trim().is_empty() {
            return self.prompt();
        }
        match command::local(&text) {
            None => {
                if !text.trim_start().starts_with(':') {
                    self.entries.push(text.clone());
                }
                request(Request::Submit(text));
            }
            Some(Local::History(word)) => {
                self.screen.print(&command::history(&self.editor.history(), word));
                self.prompt();
            }
            Some(Local::Save(name)) => {
                self.screen.print(&command::save(name, &self.entries));
                self.prompt();
            }
            Some(Local::Edit(name)) => {
                let last = self.entries.last().map_or("", String::as_str);
                let guest = Guest::edit(name, last, self.tell.clone());
                self.lend(guest);
            }
            Some(Local::Top) => {
                let guest = Guest::top(self.tell.clone());
                self.lend(guest);
            }
        }
    }

    fn lend(&mut self, guest: Result<Guest, String>) {
        match guest {
            Ok(guest) => {
                self.set(State::Lends);
                self.screen.lend();
                self.guest = Some(guest);
            }
            Err(message) => {
                self.screen.print(&message);
                self.prompt();
            }
        }
    }

    /// The guest is gone, and has perhaps left a text to be entered.
    fn returned(&mut self, text: Result<Option<String>, String>) {
        self.guest = None;
        self.screen.take_back();
        match text {
            Ok(text) => self.prefill = text.unwrap_or_default(),
            Err(message) => self.screen.print(&message),
        }
        self.prompt();
    }

    fn signal(&mut self, signal: i32, request: &mut dyn FnMut(Request)) {
        match (signal, self.state) {
            (SIGINT, State::Begins | State::Runs | State::Ends) => {
                // The terminal has shown `^C` where the cursor was.
                self.screen.print("\n");
                request(Request::Interrupt);
            }
            (SIGINT, State::Lends) => {
                if let Some(guest) = &self.guest {
                    guest.interrupt();
                }
            }
            (SIGTSTP, State::Begins | State::Runs) => request(Request::Background),
            // Whoever asks again does not want to wait.
            (SIGTERM | SIGHUP, State::Ends) => self.status = Some(status_of(signal)),
            (SIGTERM | SIGHUP, _) => self.quit(Some(status_of(signal)), request),
            (SIGQUIT, State::Begins | State::Runs | State::Ends) => {
                self.status = Some(status_of(signal))
            }
            _ => {}
        }
    }

    fn quit(&mut self, asked: Option<i32>, request: &mut dyn FnMut(Request)) {
        self.asked = self.asked.or(asked);
        self.set(State::Ends);
        // Neither the prompt nor a guest is to stand there meanwhile.
        self.guest = None;
        self.editor.stop();
        request(Request::Quit);
    }

    fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Print(text) | Answer::Complain(text) => self.screen.print(&text),
            Answer::Prefill(text) => self.prefill = text,
            Answer::Ready if self.state == State::Runs => self.prompt(),
            Answer::Ready => {}
            Answer::Table(table) => {
                if let Some(guest) = &self.guest {
                    guest.show(&table);
                }
            }
            Answer::Ended(status) => self.status = Some(self.asked.unwrap_or(status)),
        }
    }

    /// Shows a text.
    pub fn print(&self, text: &str) {
        self.screen.print(text);
    }

    /// Shows the prompt.
    pub fn prompt(&mut self) {
        self.set(State::Prompts);
        self.editor.read(std::mem::take(&mut self.prefill));
    }

    fn set(&mut self, state: State) {
        // An end that has begun goes on.
        if self.state != State::Ends {
            self.state = state;
        }
        self.keyboard.give_to(match self.state {
            State::Begins | State::Runs => Turn::Program,
            State::Prompts | State::Lends => Turn::Editor,
            State::Ends => Turn::Nobody,
        });
    }
}

/// What a shell shows for a death by SIGHUP.
const STATUS_HANGUP: i32 = 129;

/// What a shell shows for a death by a signal.
fn status_of(signal: i32) -> i32 {
    128 + signal
}
