//! Who gets the whole terminal for a while: the user's editor, and the table of the tasks.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::assistant::Tell;
use super::link::Happening;

/// The table is drawn so often.
const REFRESH: Duration = Duration::from_secs(1);
/// A key, or the wish of somebody else that it ends, is seen after this time at the latest.
const STEP: Duration = Duration::from_millis(50);

/// Who has the terminal.
pub struct Guest {
    ends: Arc<AtomicBool>,
    /// The thread of the table; the editor of the user ends by itself.
    thread: Option<JoinHandle<()>>,
}

impl Guest {
    /// Lets the user write a text: what an entry was, or a file. The error is a message for the user.
    pub fn edit(name: &str, text: &str, tell: Tell) -> Result<Guest, String> {
        let failed = |error: io::Error| format!("the editor cannot be started: {error}\n");
        let folder = private_folder().map_err(failed)?;
        let path = match name {
            "" => folder.join("entry.ket"),
            name => name.into(),
        };
        if name.is_empty() {
            fs::write(&path, text).map_err(failed)?;
        }
        let variable = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let editor = variable("VISUAL").or_else(|| variable("EDITOR")).unwrap_or("vi".to_owned());
        // It may be a command with words of its own, as in `code --wait`.
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(&path).stdin(Stdio::inherit());
        let mut child = command.spawn().map_err(failed)?;
        let is_file = !name.is_empty();
        let wait = move || {
            let status = child.wait();
            let text = match status {
                Ok(status) if status.success() && is_file => {
                    Ok(Some(format!(":load {}", path.display())))
                }
                Ok(status) if status.success() => fs::read_to_string(&path)
                    .map(|text| Some(text.trim_end().to_owned()))
                    .map_err(|error| format!("what the editor left cannot be read: {error}\n")),
                Ok(status) => Err(format!("`{editor}` failed: {status}\n")),
                Err(error) => Err(format!("`{editor}` cannot be waited for: {error}\n")),
            };
            // What is left in the folder for temporary files is the system's to clear away.
            let _ = fs::remove_dir_all(&folder);
            tell(Happening::Returned(text));
        };
        thread::Builder::new().name("guest".to_owned()).spawn(wait).map_err(failed)?;
        Ok(Guest { ends: Arc::default(), thread: None })
    }

    /// Shows the table of the tasks until a key says that it is enough.
    pub fn top(tell: Tell) -> Result<Guest, String> {
        let ends = Arc::new(AtomicBool::new(false));
        let stop = ends.clone();
        let show = move || {
            let outcome = watch(&stop, &tell).map(|()| None);
            let outcome = outcome.map_err(|error| format!("the table cannot be shown: {error}\n"));
            tell(Happening::Returned(outcome));
        };
        let thread = thread::Builder::new().name("guest".to_owned()).spawn(show);
        let thread = thread.map_err(|error| format!("the table cannot be shown: {error}\n"))?;
        Ok(Guest { ends, thread: Some(thread) })
    }

    /// Ctrl-C: the editor of the user has heard it itself.
    pub fn interrupt(&self) {
        self.ends.store(true, Ordering::SeqCst);
    }

    /// Draws the table anew.
    pub fn show(&self, table: &str) {
        if self.thread.is_some() && !self.ends.load(Ordering::SeqCst) {
            let rows = table.replace('\n', "\x1b[K\n");
            put(&format!("\x1b[H{rows}\x1b[K\n\x1b[2mq ends this\x1b[0m\x1b[K\x1b[J"));
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.interrupt();
        if let Some(thread) = self.thread.take() {
            // It gives the terminal back.
            let _ = thread.join();
        }
    }
}

/// A new folder that nobody else can look into.
fn private_folder() -> io::Result<std::path::PathBuf> {
    let mut name = [0; 8];
    getrandom::fill(&mut name)?;
    let name = u64::from_ne_bytes(name);
    let folder = std::env::temp_dir().join(format!("kettle-{name:016x}"));
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    Ok(folder)
}

fn watch(ends: &AtomicBool, tell: &Tell) -> io::Result<()> {
    let _page = Page::open()?;
    let stdin = io::stdin();
    let mut drawn: Option<Instant> = None;
    while !ends.load(Ordering::SeqCst) {
        if drawn.is_none_or(|drawn| drawn.elapsed() >= REFRESH) {
            drawn = Some(Instant::now());
            tell(Happening::Tick);
        }
        let step = Timespec { tv_sec: 0, tv_nsec: STEP.subsec_nanos().into() };
        let ready = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&step));
        if !matches!(ready, Ok(1..)) {
            continue;
        }
        let mut keys = [0; 64];
        let count = rustix::io::read(&stdin, &mut keys)?;
        if count == 0 || keys[..count].iter().any(|key| matches!(key, b'q' | b'\r' | b'\n' | 4)) {
            break;
        }
    }
    Ok(())
}

/// A page of the terminal's own for something that is drawn again and again; keys come one by one.
struct Page {
    modes: Termios,
}

impl Page {
    fn open() -> io::Result<Page> {
        let modes = tcgetattr(io::stdin())?;
        let mut raw = modes.clone();
        raw.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        put("\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J");
        Ok(Page { modes })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        put("\x1b[?25h\x1b[?1049l");
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.modes);
    }
}

/// Who cannot write to the terminal has nobody to tell.
fn put(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
