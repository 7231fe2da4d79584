//! The thread that edits lines. It reads one entry each time it is told to, and tells what was entered.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::config::{BellStyle, Builder, ColorMode, CompletionType};
use rustyline::error::ReadlineError;
use rustyline::history::{History as _, MemHistory};
use rustyline::{
    Cmd, ConditionalEventHandler, Config, Event, EventContext, EventHandler, KeyCode, KeyEvent,
    Modifiers, RepeatCount,
};
use signal_hook::consts::{SIGINT, SIGSTOP};
use signal_hook::low_level::raise;

use super::assistant::{Assistant, Tell, goes_on};
use super::history::History;
use super::link::Happening;
use super::screen::Screen;
use crate::syntax;

/// What stands before an entry.
const PROMPT: &str = "> ";
/// What one bracket more indents by.
pub const INDENT: usize = 4;
/// More entries are not kept for the arrow keys.
const REMEMBERED_MAX: usize = 12_000;
/// A list of more words than this is shown only to who says so.
const LISTED_MAX: usize = 120;
/// A thread that waits for a key is shaken so often until it stops.
const SHAKE: Duration = Duration::from_millis(10);
/// While the terminal is in order again, that is what it needs at most.
const SHAKES_MAX: u32 = 200;

type Reader = rustyline::Editor<Assistant, MemHistory>;

/// The editor, as the session sees it.
pub struct Editor {
    go: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
    ends: Arc<AtomicBool>,
    screen: Screen,
    /// What was entered, in this session and before.
    entries: Arc<Mutex<Vec<String>>>,
}

impl Editor {
    /// Starts the thread. The error is a message for the user.
    pub fn start(tell: Tell, screen: &Screen, has_colour: bool) -> Result<Editor, String> {
        let (go, orders) = channel();
        let ends = Arc::new(AtomicBool::new(false));
        let entries = Arc::<Mutex<Vec<String>>>::default();
        let worker =
            Worker { tell, screen: screen.clone(), ends: ends.clone(), entries: entries.clone() };
        let thread = thread::Builder::new()
            .name("editor".to_owned())
            .spawn(move || worker.run(&orders, has_colour))
            .map_err(|error| format!("the line editor cannot be started: {error}"))?;
        Ok(Editor { go: Some(go), thread: Some(thread), ends, screen: screen.clone(), entries })
    }

    /// Shows the prompt, with the beginning of an entry behind it.
    pub fn read(&self, prefill: String) {
        if let Some(go) = &self.go {
            // A thread that has ended has told why.
            let _ = go.send(prefill);
        }
    }

    /// What was entered, the oldest first.
    pub fn history(&self) -> Vec<String> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the prompt away and ends the thread, whatever it is doing.
    pub fn stop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        self.go = None;
        let Some(thread) = self.thread.take() else { return };
        // Waiting for a key ends with this signal alone; it may come before the waiting has begun.
        for _ in 0..SHAKES_MAX {
            if thread.is_finished() {
                break;
            }
            let _ = raise(SIGINT);
            thread::sleep(SHAKE);
        }
        self.screen.close();
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the thread knows.
struct Worker {
    tell: Tell,
    screen: Screen,
    ends: Arc<AtomicBool>,
    entries: Arc<Mutex<Vec<String>>>,
}

impl Worker {
    fn run(self, orders: &Receiver<String>, has_colour: bool) {
        let Ok((mut reader, mut history)) = self.reader(has_colour) else {
            return (self.tell)(Happening::Broken);
        };
        // A terminal that can do nothing but print is never drawn on again.
        let bell = reader.create_external_printer();
        let draws = bell.is_ok();
        if let Ok(bell) = bell {
            self.screen.ring_with(bell);
        }
        while let Ok(prefill) = orders.recv() {
            self.screen.begin_prompt(draws);
            let read = match self.ends.load(Ordering::SeqCst) {
                true => return self.screen.take_back(),
                false => reader.readline_with_initial(PROMPT, (&prefill, "")),
            };
            self.screen.take_back();
            if self.ends.load(Ordering::SeqCst) {
                return;
            }
            let happening = match read {
                Ok(line) => {
                    if history.takes(&line) {
                        // It keeps what it is given.
                        let _ = reader.add_history_entry(line.as_str());
                        history.add(&line);
                        self.entries().push(line.clone());
                    }
                    Happening::Line(line)
                }
                Err(ReadlineError::Interrupted) => Happening::Break,
                Err(ReadlineError::Eof) => Happening::EndOfInput,
                Err(_) => Happening::Broken,
            };
            (self.tell)(happening);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<String>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self, has_colour: bool) -> rustyline::Result<(Reader, History)> {
        let (history, entries) = History::load();
        let config = config();
        let mut kept = MemHistory::with_config(&config);
        for entry in &entries {
            kept.add(entry)?;
        }
        *self.entries() = entries;
        let mut reader = Reader::with_history(config, kept)?;
        let assistant = Assistant::new(self.tell.clone(), self.screen.clone(), has_colour);
        let closes = assistant.closes.clone();
        reader.set_helper(Some(assistant));
        bind(&mut reader, closes);
        Ok((reader, history))
    }
}

/// Colours are drawn by the assistant, which knows whether they are wanted.
fn config() -> Config {
    let builder: Builder = Config::builder()
        .completion_type(CompletionType::List)
        .completion_prompt_limit(LISTED_MAX)
        .completion_show_all_if_ambiguous(true)
        .color_mode(ColorMode::Forced)
        .bell_style(BellStyle::None)
        .auto_add_history(false)
        .history_ignore_space(true)
        .indent_size(4)
        .tab_stop(4);
    let builder = builder.max_history_size(REMEMBERED_MAX);
    builder.map_or_else(|_| Config::default(), Builder::build)
}

/// Enter indents the lines of a block, a closing brace takes that back, Alt-Enter always begins a line,
/// Ctrl-Z stops the process.
fn bind(reader: &mut Reader, closes: Arc<AtomicBool>) {
    let handler = |handler: Keys| EventHandler::Conditional(Box::new(handler));
    reader.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::NONE), handler(Keys::Enter));
    reader.bind_sequence(KeyEvent::ctrl('J'), handler(Keys::Enter));
    reader.bind_sequence(KeyEvent::ctrl('Z'), handler(Keys::Stop));
    reader
        .bind_sequence(KeyEvent(KeyCode::Char('}'), Modifiers::NONE), handler(Keys::Brace(closes)));
    reader.bind_sequence(
        KeyEvent(KeyCode::Enter, Modifiers::ALT),
        EventHandler::Simple(Cmd::Newline),
    );
}

/// Keys that do more than what is usual.
enum Keys {
    Enter,
    /// What it sets tells the completer to take an indentation back.
    Brace(Arc<AtomicBool>),
    Stop,
}

impl ConditionalEventHandler for Keys {
    fn handle(
        &self,
        _event: &Event,
        _count: RepeatCount,
        _positive: bool,
        ctx: &EventContext<'_>,
    ) -> Option<Cmd> {
        let (line, cursor) = (ctx.line(), ctx.pos());
        match self {
            Keys::Enter if goes_on(line) => {
                let depth = syntax::open_brackets(&line[..cursor]).unwrap_or(0);
                Some(Cmd::Insert(1, format!("\n{}", " ".repeat(INDENT * depth))))
            }
            Keys::Enter => None,
            Keys::Stop => {
                stop();
                Some(Cmd::Repaint)
            }
            Keys::Brace(closes) => {
                let start = line[..cursor].rfind('\n')? + 1;
                let before = &line[start..cursor];
                let is_indent = before.len() >= INDENT && before.trim().is_empty();
                closes.store(is_indent, Ordering::Relaxed);
                is_indent.then_some(Cmd::Complete)
            }
        }
    }
}

/// Stops the process and its group until somebody lets it go on, with the terminal as it was before.
fn stop() {
    let Ok(raw) = tcgetattr(io::stdin()) else { return };
    let mut cooked = raw.clone();
    cooked.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
    cooked.local_modes |= LocalModes::IEXTEN;
    cooked.input_modes |= InputModes::ICRNL | InputModes::IXON;
    let set = |modes: &Termios, paste: &str| {
        // A terminal that is gone is told by the next key.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, modes);
        let _ = io::stdout().write_all(paste.as_bytes()).and_then(|()| io::stdout().flush());
    };
    set(&cooked, "\x1b[?2004l\n");
    // The signal for the group is heard by the session here, which ignores it at the prompt; this process
    // stops with the one that nobody hears.
    let _ = kill_current_process_group(Signal::TSTP);
    let _ = raise(SIGSTOP);
    set(&raw, "\x1b[?2004h");
}
