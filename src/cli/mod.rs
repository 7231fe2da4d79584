//! Layer 10: the command line, a host like any other.
//!
//! It reads words into a `Request`, makes an engine, runs a program and says how
//! that ended: 0, or what the program gave to `exit` or returned from `main`; 1 an error that
//! nobody caught; 2 words or a program that cannot be understood; 13 a deadlock; 130, 141, 143 an
//! interrupt, a closed pipe, a request to end. Only this layer prints and ends the process.

mod bound;
mod check;
mod doc;
mod explain;
mod flag;
mod gc_stats;
mod limit;
mod profile;
mod repl;
mod run;
mod sandbox;
mod terminal;
mod test;
mod trace;

use std::ffi::OsString;

use flag::Request;

/// The exit status for programs in which something was found.
const STATUS_FAULTS: i32 = 1;
/// The exit status for words or programs that cannot be understood.
const STATUS_MISUSE: i32 = 2;

/// Does what the words of a command line say; gives the exit status.
pub fn main(words: impl IntoIterator<Item = OsString>) -> i32 {
    match flag::parse(words) {
        Ok(Request::Run(wanted)) => run::run(wanted),
        Ok(Request::Repl(wanted)) => repl::repl(wanted),
        Ok(Request::Check(wanted)) => check::check(&wanted),
        Ok(Request::Test(wanted)) => test::test(&wanted),
        Ok(Request::Doc(name)) => doc::doc(name.as_deref()),
        Ok(Request::Explain(Some(code))) => explain::explain(&code),
        Ok(Request::Explain(None)) => explain::list(),
        Ok(Request::Help(command)) => terminal::out(&flag::help(command)),
        Ok(Request::Version) => terminal::out(concat!("kettle ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(message) => {
            terminal::err(&format!("kettle: {message}\nkettle --help shows what it takes\n"));
            STATUS_MISUSE
        }
    }
}
