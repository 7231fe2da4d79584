//! Signals of a session at a terminal: Ctrl-C, Ctrl-Z and Ctrl-\ while something runs, requests to end, a
//! terminal that is gone.

use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

/// Calls `heard` for each signal, on a thread of its own. The error is a message for the user.
pub fn listen(heard: impl Fn(i32) + Send + 'static) -> Result<(), String> {
    let failed = |error| format!("signals cannot be heard: {error}");
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]).map_err(failed)?;
    let listen = move || {
        for signal in signals.forever() {
            heard(signal);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(listen).map_err(failed)?;
    Ok(())
}
