//! What the host gives the natives: arguments and standard streams.
//!
//! The command line gives those of its process; a host that embeds Kettle, and every script test,
//! gives its own. Nothing else in this layer may touch `std::io::stdin`, `stdout` or `stderr`.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The outside of a VM, as the host wants it.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// `os.args`, and the argument of `main`.
    pub args: Vec<String>,
    /// What `input` and `os.stdin` read.
    pub stdin: Input,
    /// Where `print` and `os.stdout` write.
    pub stdout: Output,
    /// Where `eprint` and `os.stderr` write.
    pub stderr: Output,
}

/// Where a VM's standard input comes from.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// From that of the process.
    #[default]
    Process,
    /// These bytes, then the end.
    Bytes(Arc<[u8]>),
    /// From what the host reads.
    Reader(Reader),
}

/// A source of the host's own that a VM reads as its standard input.
#[derive(Clone)]
pub struct Reader {
    source: Arc<Mutex<dyn Read + Send>>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Read for Reader {
    /// A source that has panicked is read on: what it holds is its own affair.
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner).read(bytes)
    }
}

/// Where a VM's standard output or standard error goes.
#[derive(Clone, Debug, Default)]
pub enum Output {
    /// To that of the process.
    #[default]
    Process,
    /// Into memory, where the host reads it.
    Captured(Capture),
}

/// Bytes that a VM has written and its host can read, from any thread.
#[derive(Clone)]
pub struct Capture {
    kept: Arc<Mutex<Kept>>,
    /// Who gets the bytes instead.
    sink: Option<Sink>,
}

type Sink = Arc<dyn Fn(&[u8]) + Send + Sync>;

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").field("kept", &self.kept).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    /// No more is kept than this.
    max: usize,
    /// How much was not kept.
    lost: usize,
}

impl Default for Capture {
    fn default() -> Capture {
        Capture::up_to(usize::MAX)
    }
}

impl Input {
    /// An input that is a text.
    pub fn text(text: &str) -> Input {
        Input::Bytes(text.as_bytes().into())
    }

    /// An input that the host reads: a window, a socket, a pipe. Its `read` is called on a thread of its own
    /// when a script waits for more, and may block; 0 is an end, after which the next script that reads asks
    /// again. VMs of one engine share the reader; what one of them has read ahead is its own.
    ///
    /// ```
    /// use std::io::Cursor;
    /// use kettle::engine::{Engine, Input, Output};
    ///
    /// let mut engine = Engine::new();
    /// engine.options().stdin = Input::reader(Cursor::new("Ada\n"));
    /// let printed = Output::captured();
    /// engine.options().stdout = printed.clone();
    /// engine.run_text("greet.ket", r#"print("hello ${await input()}")"#)?;
    /// assert_eq!(printed.text(), "hello Ada\n");
    /// # Ok::<(), kettle::engine::Error>(())
    /// ```
    pub fn reader(source: impl Read + Send + 'static) -> Input {
        Input::Reader(Reader { source: Arc::new(Mutex::new(source)) })
    }
}

impl Output {
    /// An output that is kept; a clone of it reads what has been written.
    pub fn captured() -> Output {
        Output::Captured(Capture::default())
    }

    /// An output that the host takes, piece by piece, on the thread that drives the VM: to write it
    /// into a log, a window, a socket.
    pub fn to(sink: impl Fn(&[u8]) + Send + Sync + 'static) -> Output {
        Output::Captured(Capture { sink: Some(Arc::new(sink)), ..Capture::up_to(0) })
    }

    /// The same for the first `max` bytes.
    pub fn captured_up_to(max: usize) -> Output {
        Output::Captured(Capture::up_to(max))
    }

    /// What has been written to a captured output; how much is missing stands at the end.
    pub fn text(&self) -> String {
        let Output::Captured(capture) = self else { return String::new() };
        let kept = capture.lock();
        let mut text = String::from_utf8_lossy(&kept.bytes).into_owned();
        if kept.lost > 0 {
            text.push_str(&format!("\n… and {} bytes more\n", kept.lost));
        }
        text
    }
}

impl Capture {
    fn up_to(max: usize) -> Capture {
        let kept = Kept { bytes: Vec::new(), max, lost: 0 };
        Capture { kept: Arc::new(Mutex::new(kept)), sink: None }
    }

    /// Adds bytes.
    pub fn write(&self, bytes: &[u8]) {
        if let Some(sink) = &self.sink {
            return sink(bytes);
        }
        let mut kept = self.lock();
        let room = bytes.len().min(kept.max - kept.bytes.len());
        kept.bytes.extend_from_slice(&bytes[..room]);
        kept.lost += bytes.len() - room;
    }

    /// What has been written.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// Nothing panics under this lock, so a poisoned one still holds whole writes.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
