//! What the host gives the natives: arguments and standard streams.
//!
//! The command line gives those of its process; a host that embeds Kettle, and every script test,
//! gives its own. Nothing else in this layer may touch `std::io::stdin`, `stdout` or `stderr`.

use std::sync::{Arc, Mutex, PoisonError};

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
#[derive(Clone, Debug, Default)]
pub struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Input {
    /// An input that is a text.
    pub fn text(text: &str) -> Input {
        Input::Bytes(text.as_bytes().into())
    }
}

impl Output {
    /// An output that is kept; a clone of it reads what has been written.
    pub fn captured() -> Output {
        Output::Captured(Capture::default())
    }

    /// What has been written to a captured output.
    pub fn text(&self) -> String {
        match self {
            Output::Process => String::new(),
            Output::Captured(capture) => String::from_utf8_lossy(&capture.bytes()).into_owned(),
        }
    }
}

impl Capture {
    /// Adds bytes.
    pub fn write(&self, bytes: &[u8]) {
        // Nothing panics under this lock, so a poisoned one still holds whole writes.
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }

    /// What has been written.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
