//! The console and those who use it: requests in, answers out. Everything happens on the thread of the
//! event loop.

use super::link::{Answer, Completions, Question, QuestionKind, Request};
use crate::engine::Console;
use crate::engine::console::{Event, Submitted, View};

/// Narrower terminals get lines that they break themselves.
const WIDTH_MIN: usize = 20;
/// Lines that are longer are hard to read.
const WIDTH_MAX: usize = 200;

/// A console with somebody who uses it.
pub struct Host {
    pub console: Console,
    /// Somebody waits for the entry in the foreground.
    waits: bool,
    /// An entry has failed since this was last asked.
    has_failed: bool,
    /// All tasks have been asked to finish.
    is_ending: bool,
}

impl Host {
    pub fn new(console: Console) -> Host {
        Host { console, waits: false, has_failed: false, is_ending: false }
    }

    /// Shows values and errors for a terminal of so many columns from now on.
    pub fn set_view(&mut self, width: usize, has_colour: bool) {
        let view = View { width: width.clamp(WIDTH_MIN, WIDTH_MAX), ..View::default() };
        self.console.set_view(if has_colour { view.coloured() } else { view });
    }

    /// Does what somebody wants, and says what there is to say at once.
    pub fn request(&mut self, request: Request) -> Vec<Answer> {
        match request {
            Request::Submit(text) => return self.submit(&text),
            Request::Interrupt => self.console.interrupt(),
            Request::Background => self.console.background(),
            Request::Quit => {
                self.is_ending = true;
                self.console.quit(0);
            }
            Request::Table => {
                let mut answers = self.answers();
                self.console.submit(":tasks");
                answers.extend(self.console.take_events().into_iter().map(|event| match event {
                    Event::Text(table) => Answer::Table(table),
                    event => answer(event),
                }));
                return answers;
            }
        }
        self.answers()
    }

    /// Runs a program; its names are those of the session then.
    pub fn load(&mut self, name: &str, text: &str) -> Vec<Answer> {
        let submitted = self.console.load(name, text);
        self.submitted(submitted)
    }

    fn submit(&mut self, text: &str) -> Vec<Answer> {
        let submitted = self.console.submit(text);
        self.submitted(submitted)
    }

    fn submitted(&mut self, submitted: Submitted) -> Vec<Answer> {
        self.waits = true;
        let refused = match submitted {
            Submitted::Started(_) | Submitted::Nothing => None,
            Submitted::Rejected(report) => Some(report),
            Submitted::Incomplete => Some(
                "the entry has no end: a bracket, a string or an expression is open".to_owned(),
            ),
        };
        let mut answers = Vec::new();
        if let Some(report) = refused {
            self.has_failed = true;
            answers.push(Answer::Complain(format!("{report}\n")));
        }
        answers.extend(self.answers());
        answers
    }

    /// What there is to say since this was last asked.
    pub fn answers(&mut self) -> Vec<Answer> {
        let events = self.console.take_events();
        self.answers_of(events)
    }

    /// What these events are for somebody at a terminal.
    pub fn answers_of(&mut self, events: Vec<Event>) -> Vec<Answer> {
        self.has_failed |= events.iter().any(|event| {
            matches!(
                event,
                Event::Failed { .. } | Event::TaskFailed { .. } | Event::Cancelled { .. }
            )
        });
        let mut answers: Vec<Answer> = events.into_iter().map(answer).collect();
        answers.retain(|answer| *answer != Answer::Print(String::new()));
        if self.waits && !self.console.is_busy() && !self.console.has_ended() {
            self.waits = false;
            answers.push(Answer::Ready);
        }
        answers
    }

    /// Whether somebody waits for an entry.
    pub fn is_waited_for(&self) -> bool {
        self.waits
    }

    /// Whether all tasks have been asked to finish.
    pub fn is_ending(&self) -> bool {
        self.is_ending
    }

    /// Whether an entry has failed since this was last asked.
    pub fn take_failure(&mut self) -> bool {
        std::mem::take(&mut self.has_failed)
    }

    /// Answers what somebody who types wants to know.
    pub fn answer(&mut self, question: &Question) {
        let found = self.found(question.kind, &question.text, question.cursor);
        // Who asked may have gone on typing.
        let _ = question.reply.send(found);
    }

    /// What somebody who types wants to know.
    pub fn found(&mut self, kind: QuestionKind, text: &str, cursor: usize) -> Completions {
        match kind {
            QuestionKind::Completion => {
                let found = self.console.complete(text, cursor);
                let candidates = found.candidates.into_iter().map(|it| (it.text.clone(), it.text));
                Completions { start: found.start, candidates: candidates.collect() }
            }
            QuestionKind::Signature => {
                let found = self.console.signature(text, cursor);
                let candidates = found.into_iter().map(|text| (text, String::new())).collect();
                Completions { start: cursor, candidates }
            }
        }
    }
}

/// What an event is for a terminal. Output is as it is; all else is made of whole lines.
fn answer(event: Event) -> Answer {
    let (text, is_error) = match event {
        Event::Output { text, is_error: true } => return Answer::Complain(text),
        Event::Output { text, is_error: false } => return Answer::Print(text),
        Event::Ended(status) => return Answer::Ended(status),
        Event::Finished { .. } => return Answer::Print(String::new()),
        Event::Background { entry } => (format!("_{entry} goes on in the background"), false),
        Event::Value { text, .. } | Event::Text(text) => (text, false),
        Event::Failed { text, .. }
        | Event::Cancelled { text, .. }
        | Event::TaskFailed { text, .. } => (text, true),
    };
    let text = if text.is_empty() { text } else { format!("{text}\n") };
    if is_error { Answer::Complain(text) } else { Answer::Print(text) }
}
