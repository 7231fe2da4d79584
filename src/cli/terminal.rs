//! Text for people: to standard output and standard error, with colour where it can be seen.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};

/// The exit status after a write to a closed pipe: what a shell shows for a death by SIGPIPE.
const STATUS_CLOSED_PIPE: i32 = 141;

/// Prints to standard output; gives the exit status that follows.
pub fn out(text: &str) -> i32 {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => 0,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => STATUS_CLOSED_PIPE,
        Err(error) => {
            err(&format!("kettle: standard output: {error}\n"));
            1
        }
    }
}

/// All of standard input; the error is a message for the user.
pub fn input() -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    match io::stdin().lock().read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("standard input cannot be read: {error}")),
    }
}

/// Prints to standard error. Where that is closed nobody is left to be told.
pub fn err(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether standard error shows colours: a terminal, and the user does not object.
pub fn has_colour() -> bool {
    io::stderr().is_terminal() && wants_colour()
}

/// Whether standard output does.
pub fn out_has_colour() -> bool {
    io::stdout().is_terminal() && wants_colour()
}

/// How many columns the terminal has that standard output is.
pub fn width() -> u16 {
    let size = rustix::termios::tcgetwinsize(io::stdout());
    size.ok().map(|size| size.ws_col).filter(|columns| *columns > 0).unwrap_or(80)
}

fn wants_colour() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !set("NO_COLOR") && !dumb
}
