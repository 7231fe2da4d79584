//! Signals of the operating system, heard on a thread of their own.
//!
//! A thread rather than a descriptor in the poll: a signal must be noticed while a task computes
//! and the loop does not turn. Nothing is installed unless the command line asks for it; a host
//! that embeds the language keeps its own handlers.

use std::io;

use super::driver::Signal;

/// The thread that hears signals.
pub struct Listener {
    #[cfg(feature = "cli")]
    handle: signal_hook::iterator::Handle,
}

impl Listener {
    /// Calls `hear` with the number of each signal that arrives, on another thread, until it is
    /// dropped.
    #[cfg(feature = "cli")]
    pub fn start(signals: &[Signal], hear: impl Fn(i32) + Send + 'static) -> io::Result<Listener> {
        let numbers = signals.iter().map(|signal| signal.number());
        let mut stream = signal_hook::iterator::Signals::new(numbers)?;
        let handle = stream.handle();
        let builder = std::thread::Builder::new().name("kettle-signal".to_string());
        builder.stack_size(128 * 1024).spawn(move || stream.forever().for_each(hear))?;
        Ok(Listener { handle })
    }

    /// Hears another signal, too.
    ///
    /// # Errors
    /// When nobody may listen to it.
    #[cfg(feature = "cli")]
    pub fn add(&self, signal: i32) -> io::Result<()> {
        if signal_hook::consts::FORBIDDEN.contains(&signal) {
            let text = "the operating system lets nobody listen to it";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.handle.add_signal(signal)
    }

    /// Without the command line there is nobody who may install handlers.
    #[cfg(not(feature = "cli"))]
    pub fn start(_: &[Signal], _: impl Fn(i32) + Send + 'static) -> io::Result<Listener> {
        Err(unheard())
    }

    /// The same.
    #[cfg(not(feature = "cli"))]
    pub fn add(&self, _: i32) -> io::Result<()> {
        Err(unheard())
    }
}

/// The thread ends, and what it waits with is closed.
#[cfg(feature = "cli")]
impl Drop for Listener {
    fn drop(&mut self) {
        self.handle.close();
    }
}

/// The error where signals belong to the host.
pub fn unheard() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "signals belong to the host, which has not given them to this program",
    )
}
