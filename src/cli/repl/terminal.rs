//! All that makes a terminal a place for a session, and what puts it back in order afterwards.

use std::io::{self, IsTerminal};
use std::panic;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::assistant::Tell;
use super::editor::Editor;
use super::keyboard::Keyboard;
use super::link::Happening;
use super::screen::Screen;
use super::session::Session;
use super::signal;
use crate::cli::terminal;

/// The line editor waits with `select`, which knows no descriptors from this number on.
const DESCRIPTORS_MAX: u64 = 1024;

/// A terminal with a session. When it is dropped the terminal is as it was.
pub struct Terminal {
    pub session: Session,
    pub screen: Screen,
    _order: Order,
}

impl Terminal {
    /// Starts the threads of a session. The error is a message for the user.
    pub fn start(tell: Tell, keyboard: Keyboard) -> Result<Terminal, String> {
        limit_descriptors();
        let order = Order::note();
        let screen = keyboard.screen().clone();
        let listener = tell.clone();
        signal::listen(move |signal| listener(Happening::Signal(signal)))?;
        let editor = Editor::start(tell.clone(), &screen, terminal::out_has_colour())?;
        let session = Session::new(editor, screen.clone(), keyboard, tell);
        Ok(Terminal { session, screen, _order: order })
    }
}

/// Whether a person is there: both to type and to read.
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Sees to it that no descriptor is too large for the line editor: a program that opens too many is told
/// so.
fn limit_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current > DESCRIPTORS_MAX) {
        // A limit can always be made lower.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(DESCRIPTORS_MAX), ..limit });
    }
}

/// How the terminal was.
struct Order {
    modes: Option<Termios>,
}

impl Order {
    fn note() -> Order {
        let modes = tcgetattr(io::stdin()).ok();
        let kept = modes.clone();
        let before = panic::take_hook();
        // Whatever goes wrong here, a terminal that shows nothing of what is typed is worse.
        panic::set_hook(Box::new(move |info| {
            restore(kept.as_ref());
            before(info);
        }));
        Order { modes }
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        restore(self.modes.as_ref());
    }
}

fn restore(modes: Option<&Termios>) {
    if let Some(modes) = modes {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
    }
}
