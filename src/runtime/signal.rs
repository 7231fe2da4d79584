//! Signals of the operating system, heard on a thread of their own.
//!
//! A thread rather than a descriptor in the poll: a signal must be noticed while a task computes
//! and the loop does not turn. Nothing is installed unless the command line asks for it; a host
//! that embeds the language keeps its own handlers.

use std::io;

use super::driver::Signal;

/// Calls `hear` for every one of `signals` that arrives, on another thread, until the process ends.
#[cfg(feature = "cli")]
pub fn listen(signals: &[Signal], hear: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    use signal_hook::iterator::Signals;

    let mut stream = Signals::new(signals.iter().map(|signal| number(*signal)))?;
    std::thread::Builder::new().name("kettle-signal".to_string()).stack_size(128 * 1024).spawn(
        move || {
            for raw in stream.forever() {
                if let Some(signal) = named(raw) {
                    hear(signal);
                }
            }
        },
    )?;
    Ok(())
}

/// Without the command line there is nobody who may install handlers.
#[cfg(not(feature = "cli"))]
pub fn listen(_: &[Signal], _: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "signals belong to the host: build with the feature `cli` to listen to them",
    ))
}

#[cfg(feature = "cli")]
fn number(signal: Signal) -> i32 {
    use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM};
    match signal {
        Signal::Interrupt => SIGINT,
        Signal::Terminate => SIGTERM,
        Signal::Quit => SIGQUIT,
    }
}

#[cfg(feature = "cli")]
fn named(raw: i32) -> Option<Signal> {
    [Signal::Interrupt, Signal::Terminate, Signal::Quit]
        .into_iter()
        .find(|signal| number(*signal) == raw)
}
