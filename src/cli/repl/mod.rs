//! `kettle` alone on a terminal: code is entered line by line, and the event loop goes on meanwhile.
//!
//! The console of the engine runs the entries on the thread of the loop. Around it: a thread that edits
//! lines (`editor`, with what it asks in `assistant`), a screen that both may write to (`screen`), keys that
//! both may read (`keyboard`), signals,
//! and the session that puts them together (`session`). The console may also be in another process,
//! behind a socket (`attach` here; `served` and the `door` there).

mod assistant;
mod attach;
mod command;
mod door;
mod editor;
mod guest;

mod history;
mod host;
mod keyboard;
mod link;
mod local;
mod paint;
mod place;
mod screen;
mod served;
mod session;
mod signal;
mod terminal;
mod wire;

use super::flag::Repl;

pub use self::served::serve;
pub use self::terminal::is_there;

/// Runs a session; gives the exit status.
pub fn repl(wanted: Repl) -> i32 {
    match &wanted.attach {
        Some(path) => attach::attach(path),
        None => local::run(&wanted),
    }
}
