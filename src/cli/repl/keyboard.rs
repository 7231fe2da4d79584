//! What programs read at a terminal: lines that are typed while something runs in the foreground. At the
//! prompt the keys are the line editor's, and whoever reads waits.

use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::screen::Screen;

/// While a program may read, a line that has been typed is seen after this time at the latest.
const STEP: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// The keys of a terminal, as programs read them.
#[derive(Clone, Default)]
pub struct Keyboard {
    turn: Arc<(Mutex<Turn>, Condvar)>,
    screen: Screen,
}

/// Whose the keys are.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Turn {
    /// Something runs in the foreground: lines go to whoever reads them.
    #[default]
    Program,
    /// The prompt is up, or somebody else has the terminal.
    Editor,
    /// The session is ending: who reads finds the end.
    Nobody,
}

impl Keyboard {
    /// The keyboard beside a screen.
    pub fn new(screen: &Screen) -> Keyboard {
        Keyboard { screen: screen.clone(), ..Keyboard::default() }
    }

    /// The screen beside it.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Says whose the keys are. When this returns nobody else reads any.
    pub fn give_to(&self, turn: Turn) {
        *self.lock() = turn;
        self.turn.1.notify_all();
    }

    /// Nothing panics under this lock.
    fn lock(&self) -> MutexGuard<'_, Turn> {
        self.turn.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until programs may read; gives nothing if they never may again.
    fn wait_for_turn(&self) -> Option<MutexGuard<'_, Turn>> {
        let is_editors = |turn: &mut Turn| *turn == Turn::Editor;
        let turn = self.turn.1.wait_while(self.lock(), is_editors);
        let turn = turn.unwrap_or_else(PoisonError::into_inner);
        (*turn == Turn::Program).then_some(turn)
    }
}

impl Read for Keyboard {
    /// The next line, as far as there is room; 0 after Ctrl-D.
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(turn) = self.wait_for_turn() else { return Ok(0) };
            // The terminal keeps a line back until it is whole, so that reading it takes no time.
            if is_readable(&Timespec::default())? {
                let count = rustix::io::read(rustix::stdio::stdin(), &mut *bytes)?;
                if count > 0 {
                    self.screen.note_end_of_line();
                }
                return Ok(count);
            }
            drop(turn);
            is_readable(&STEP)?;
        }
    }
}

/// Whether there is something to read, or will be in this time.
fn is_readable(patience: &Timespec) -> io::Result<bool> {
    let stdin = rustix::stdio::stdin();
    let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut wanted, Some(patience)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
