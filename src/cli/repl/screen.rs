//! Who may write to the terminal, and when.
//!
//! While the prompt is up the terminal belongs to the editor's thread: what is printed waits here, and
//! goes out above the line whenever the editor draws it. A bell makes it do so when no key is pressed. While
//! something runs in the foreground, what is printed goes out at once.
//!
//! Nobody waits for the editor here, so that it may wait for whoever prints. What waits is limited, and
//! goes out in portions with pauses between them: a flood leaves the keys their time.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustyline::ExternalPrinter;

/// More than this does not wait for the prompt; whoever prints has to.
const WAITING_MAX: usize = 256 * 1024;
/// So much is written between two looks at the keys.
const PORTION: usize = 16 * 1024;
/// Between two portions.
const PAUSE: Duration = Duration::from_millis(12);
/// A line without an end is shown after this time.
const LINE_PATIENCE: Duration = Duration::from_millis(80);

/// Makes the editor draw its line again: it shows a text above the line that moves the cursor up and
/// down again.
const BELL: &str = "\x1b[A\n";

/// The terminal, as those see it who print.
#[derive(Clone, Default)]
pub struct Screen {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What waits for the editor to draw.
    waiting: String,
    owner: Owner,
    /// The last line that was written has no end.
    within_line: bool,
    /// Nothing is to be drawn any more.
    closed: bool,
}

/// Who writes to the terminal.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Owner {
    /// The program: what is printed goes out at once.
    #[default]
    Program,
    /// The line editor, which draws above its line what waits.
    Editor,
    /// Something that takes the whole screen: everything waits until it is done.
    Other,
}

impl Screen {
    /// Shows a text: at once, or above the prompt as soon as the editor draws.
    pub fn print(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut state = self.lock();
        if state.owner == Owner::Program {
            state.put(text);
        } else {
            state.waiting.push_str(text);
            drop(state);
            self.shared.changed.notify_all();
        }
    }

    /// Whether so much waits already that whoever prints should wait, too.
    pub fn is_full(&self) -> bool {
        let state = self.lock();
        state.owner != Owner::Program && state.waiting.len() > WAITING_MAX
    }

    /// The prompt is to begin a line. If the editor `draws` what waits, the terminal belongs to it from now
    /// on.
    pub(super) fn begin_prompt(&self, draws: bool) {
        let mut state = self.lock();
        if state.within_line {
            state.put("\n");
        }
        if draws {
            state.owner = Owner::Editor;
        }
    }

    /// Somebody has typed the end of the line that the program has begun.
    pub(super) fn note_end_of_line(&self) {
        self.lock().within_line = false;
    }

    /// Something else has the terminal from now on.
    pub fn lend(&self) {
        self.lock().owner = Owner::Other;
    }

    /// Who had the terminal has given it back: what still waits goes out.
    pub fn take_back(&self) {
        let mut state = self.lock();
        state.owner = Owner::Program;
        let waiting = std::mem::take(&mut state.waiting);
        state.put(&waiting);
    }

    /// What the editor has to write before it draws its prompt: whole lines.
    pub(super) fn portion(&self) -> String {
        let mut state = self.lock();
        let limit = state.waiting.floor_char_boundary(PORTION);
        let end = match state.waiting[..limit].rfind('\n') {
            Some(at) => at + 1,
            // A line that is longer than a portion is cut.
            None if limit < state.waiting.len() => limit,
            None => 0,
        };
        let mut portion: String = state.waiting.drain(..end).collect();
        if !portion.is_empty() && !portion.ends_with('\n') {
            portion.push('\n');
        }
        portion
    }

    /// Rings the bell when something waits, on a thread of its own, until the screen is closed.
    pub(super) fn ring_with(&self, mut bell: impl ExternalPrinter + Send + 'static) {
        let screen = self.clone();
        let ring = move || {
            while screen.wait_for_text() {
                if bell.print(BELL.to_owned()).is_err() {
                    return;
                }
                thread::sleep(PAUSE);
            }
        };
        // Without the thread texts are shown with the next key.
        let _ = thread::Builder::new().name("bell".to_owned()).spawn(ring);
    }

    /// The session is over.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.owner = Owner::Program;
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Waits until there is something to draw above the prompt; false when the screen is closed.
    fn wait_for_text(&self) -> bool {
        let mut state = self.lock();
        loop {
            if state.closed {
                return false;
            }
            if state.owner != Owner::Editor || state.waiting.is_empty() {
                state = self.wait(state, None);
            } else if state.waiting.contains('\n') {
                return true;
            } else {
                // The rest of the line may be on its way.
                let length = state.waiting.len();
                state = self.wait(state, Some(LINE_PATIENCE));
                if state.waiting.len() == length {
                    state.waiting.push('\n');
                }
            }
        }
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        patience: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        let changed = &self.shared.changed;
        match patience {
            None => changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.within_line = !text.ends_with('\n');
        let mut stdout = io::stdout().lock();
        // A terminal that is gone is told by a signal, or by the editor.
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_waits_for_the_editor_in_whole_lines() {
        let screen = Screen::default();
        screen.lock().owner = Owner::Editor;
        screen.print("one\ntwo");
        assert_eq!(screen.portion(), "one\n");
        assert_eq!(screen.portion(), "");
        screen.print(" and\n");
        assert_eq!(screen.portion(), "two and\n");
    }

    #[test]
    fn a_flood_comes_in_portions() {
        let screen = Screen::default();
        screen.lock().owner = Owner::Editor;
        screen.print(&"é\n".repeat(PORTION));
        let first = screen.portion();
        assert!(first.len() <= PORTION && first.ends_with("é\n"), "{}", first.len());
        while !screen.portion().is_empty() {}
        // A line without an end is cut where a character ends.
        screen.print(&"é".repeat(PORTION));
        assert_eq!(screen.portion().len(), PORTION + 1);
        assert!(!screen.is_full());
        screen.print(&"x".repeat(WAITING_MAX));
        assert!(screen.is_full());
    }
}
