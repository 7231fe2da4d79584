//! A person at a terminal: a pseudo-terminal with `kettle` on it, whose screen is read along.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use tempfile::TempDir;

use crate::screen::Screen;

/// However busy the machine is, by then everything has happened.
const PATIENCE: Duration = Duration::from_secs(60);

pub const COLUMNS: u16 = 80;
pub const ROWS: u16 = 24;

pub struct Terminal {
    controller: File,
    child: Process,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    /// The home of the user, which goes away with the terminal.
    home: Arc<TempDir>,
}

struct Seen {
    screen: Screen,
    /// All that came, as it came.
    raw: String,
    is_over: bool,
}

impl Terminal {
    /// Starts `kettle` with these words, for a user without any files.
    pub fn start(words: &[&str]) -> Terminal {
        Terminal::start_at(words, &home(), &[("NO_COLOR", "1")])
    }

    /// The same, for this user and in this environment.
    pub fn start_at(words: &[&str], home: &Arc<TempDir>, environment: &[(&str, &str)]) -> Terminal {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("there are terminals");
        grantpt(&controller).expect("it is ours");
        unlockpt(&controller).expect("it is ours");
        let name = ptsname(&controller, Vec::new()).expect("it has a name");
        let name = name.to_str().expect("names of terminals are ASCII").to_owned();
        let open = || -> Stdio {
            OpenOptions::new().read(true).write(true).open(&name).expect("it can be opened").into()
        };
        tcsetwinsize(&controller, size(COLUMNS, ROWS)).expect("it has a size");
        // The terminal controls the session, so that its Ctrl-C is a signal.
        let mut command = Command::new("setsid");
        command.args(["--ctty", env!("CARGO_BIN_EXE_kettle")]).args(words);
        command.env_clear().env("TERM", "xterm").env("HOME", home.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(environment.iter().copied()).current_dir(home.path());
        command.stdin(open()).stdout(open()).stderr(open());
        let child = Process(command.spawn().expect("kettle starts"));
        drop(command);
        let screen = Screen::new(usize::from(COLUMNS), usize::from(ROWS));
        let seen = Seen { screen, raw: String::new(), is_over: false };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let controller = File::from(controller);
        let reader = controller.try_clone().expect("it can be read");
        let reading = seen.clone();
        thread::spawn(move || read(reader, &reading));
        Terminal { controller, child, seen, home: home.clone() }
    }

    pub fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Types this, at once.
    pub fn send(&self, keys: &str) {
        (&self.controller).write_all(keys.as_bytes()).expect("somebody listens");
    }

    /// Types a line at the prompt and waits for the next one.
    pub fn enter(&self, line: &str) {
        let before = self.count_prompts();
        self.send(&format!("{line}\r"));
        self.wait(&format!("the prompt after {line:?}"), |_| self.is_at_prompt_after(before));
    }

    /// Types something that empties the line, and waits for the next prompt.
    pub fn abandon(&self, keys: &str) {
        let before = self.count_prompts();
        self.send(keys);
        self.wait(&format!("the prompt after {keys:?}"), |_| self.is_at_prompt_after(before));
    }

    /// What stands on the lines between the last entry and the prompt, after this line is entered.
    pub fn answer(&self, line: &str) -> Vec<String> {
        let start = self.lines().len();
        self.enter(line);
        let lines = self.lines();
        lines[start.min(lines.len() - 1)..lines.len() - 1].to_vec()
    }

    /// How often the terminal was made ready for a prompt.
    fn count_prompts(&self) -> usize {
        self.raw().matches("\x1b[?2004h").count()
    }

    fn is_at_prompt_after(&self, before: usize) -> bool {
        self.count_prompts() > before && self.before_cursor() == "> "
    }

    /// Waits until the prompt is up, with nothing behind it.
    pub fn prompt(&self) {
        self.wait("the prompt", |terminal| {
            terminal.seen.0.lock().expect("nobody panics").screen.marks_paste
                && terminal.before_cursor() == "> "
        });
    }

    /// Waits until this stands somewhere on the screen, or above it.
    pub fn shows(&self, text: &str) {
        self.wait(text, |terminal| terminal.lines().iter().any(|line| line.contains(text)));
    }

    /// Waits until this is a whole line.
    pub fn has_line(&self, text: &str) {
        self.wait(text, |terminal| terminal.lines().iter().any(|line| line == text));
    }

    /// Waits until the text before the cursor is this.
    pub fn cursor_behind(&self, text: &str) {
        self.wait(text, |terminal| terminal.before_cursor() == text);
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen.0.lock().expect("nobody panics").screen.lines()
    }

    pub fn before_cursor(&self) -> String {
        self.seen.0.lock().expect("nobody panics").screen.before_cursor()
    }

    pub fn raw(&self) -> String {
        self.seen.0.lock().expect("nobody panics").raw.clone()
    }

    /// Waits until something is so.
    pub fn wait(&self, what: &str, is_so: impl Fn(&Terminal) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) {
            let seen = self.seen.0.lock().expect("nobody panics");
            assert!(
                Instant::now() < end && !seen.is_over,
                "no {what} (over: {}):\n{}",
                seen.is_over,
                seen.screen.lines().join("\n")
            );
            drop(self.seen.1.wait_timeout(seen, Duration::from_millis(20)).expect("nobody panics"));
        }
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let mut seen = self.seen.0.lock().expect("nobody panics");
        seen.screen.resize(usize::from(columns), usize::from(rows));
        drop(seen);
        tcsetwinsize(&self.controller, size(columns, rows)).expect("it has a size");
    }

    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name} {pid}");
    }

    /// Whether the terminal gives lines to programs and shows what is typed, as it did in the beginning.
    pub fn is_cooked(&self) -> bool {
        let modes = tcgetattr(self.controller.as_fd()).expect("it has modes").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Waits for the end; gives the exit status. The terminal must be as it was.
    pub fn finish(mut self) -> Option<i32> {
        let status = wait_for_end(&mut self.child);
        assert!(self.is_cooked(), "the terminal is left in raw mode");
        // All of it is read when the reader is told of the end.
        self.wait_until_read();
        let marks_paste = self.seen.0.lock().expect("nobody panics").screen.marks_paste;
        assert!(!marks_paste, "pasted text is still marked");
        status
    }

    /// The person closes the window; gives the exit status.
    pub fn hang_up(self) -> Option<i32> {
        let Terminal { controller, mut child, seen, home } = self;
        seen.0.lock().expect("nobody panics").is_over = true;
        // The reader wakes up, sees that nobody looks any more, and closes its end, too.
        (&controller).write_all(b"x").expect("somebody listens");
        drop(controller);
        let status = wait_for_end(&mut child);
        drop(home);
        status
    }

    fn wait_until_read(&self) {
        let end = Instant::now() + PATIENCE;
        while !self.seen.0.lock().expect("nobody panics").is_over && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A process that is ended, at the latest, when this is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for_end(child: &mut Process) -> Option<i32> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.0.try_wait().expect("it is our child") {
            return status.code();
        }
        assert!(Instant::now() < end, "it does not end");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The home of a user without any files.
pub fn home() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a place for files"))
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 }
}

fn read(mut terminal: File, seen: &(Mutex<Seen>, Condvar)) {
    let (mut piece, mut rest) = (vec![0; 64 * 1024], Vec::new());
    // When the last process has closed its end, reading fails.
    while let Ok(count @ 1..) = terminal.read(&mut piece) {
        rest.extend_from_slice(&piece[..count]);
        let whole = match std::str::from_utf8(&rest) {
            Ok(_) => rest.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = String::from_utf8_lossy(&rest[..whole]).into_owned();
        rest.drain(..whole);
        let mut state = seen.0.lock().expect("nobody panics");
        if state.is_over {
            return;
        }
        state.screen.write(&text);
        state.raw.push_str(&text);
        drop(state);
        seen.1.notify_all();
    }
    seen.0.lock().expect("nobody panics").is_over = true;
    seen.1.notify_all();
}
