//! What the terminal and the console say to each other, whether they are in the same process or not.

use std::sync::mpsc::Sender;

/// What the person at the terminal wants of the console.
#[derive(Debug)]
pub enum Request {
    /// An entry or a command.
    Submit(String),
    /// What runs in the foreground is to stop.
    Interrupt,
    /// What runs in the foreground is to go on in the background.
    Background,
    /// The session is to end: tasks that run are asked to finish.
    Quit,
    /// The table of the tasks.
    Table,
}

/// What somebody who is just typing wants to know.
#[derive(Debug)]
pub struct Question {
    /// What it is about.
    pub kind: QuestionKind,
    /// All that is typed.
    pub text: String,
    /// The byte before which the cursor stands.
    pub cursor: usize,
    /// Where the answer goes. Nobody may be listening any more.
    pub reply: Sender<Completions>,
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// How the word before the cursor may go on.
    Completion,
    /// What the function takes in whose call the cursor stands: one line, or none.
    Signature,
}

/// What can stand in the place of the text between `start` and the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The first byte that is replaced.
    pub start: usize,
    /// What can stand there, and how each is shown in the list.
    pub candidates: Vec<(String, String)>,
}

/// What the console has to say.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// To be shown: what is printed, values, answers to commands.
    Print(String),
    /// To be shown: what is printed to standard error, errors.
    Complain(String),
    /// The entry is done with, or has gone to the background.
    Ready,
    /// The next entry begins with this text, to be edited.
    Prefill(String),
    /// The table of the tasks.
    Table(String),
    /// The session is over, with this exit status.
    Ended(i32),
}

/// Something that happens at the terminal.
#[derive(Debug)]
pub enum Happening {
    /// Something was entered.
    Line(String),
    /// Ctrl-C at the prompt.
    Break,
    /// Ctrl-D in an empty line.
    EndOfInput,
    /// The terminal does not work any more.
    Broken,
    /// A signal of the operating system, by its number.
    Signal(i32),
    /// Who had the terminal for a while is gone. It may leave a text to be entered, or a message.
    Returned(Result<Option<String>, String>),
    /// The table of the tasks is to be drawn anew.
    Tick,
    /// Somebody who types wants to know something.
    Question(Question),
    /// The console at the other end of a socket says something.
    Answer(Answer),
}
