//! What can go wrong between a host and its scripts: one type for all of it.

use std::fmt;

use super::program::CompileError;
use super::report::Report;

/// An error as the host sees it. It owns all it says, so it can cross threads and outlive its VM.
#[derive(Clone, Debug)]
pub enum Error {
    /// The text is no program.
    Compile(CompileError),
    /// The script threw an error that nothing caught.
    Uncaught {
        /// What is known of it.
        report: Box<Report>,
        /// The exit status that follows from it.
        status: i32,
    },
    /// The call was cancelled before it had a result, for this reason.
    Cancelled(String),
    /// There is no such function, or an argument or a result is not of the type.
    Call(String),
    /// The operating system refused what the event loop needs.
    Os(String),
}

impl Error {
    /// The exit status that follows from it.
    pub fn status(&self) -> i32 {
        match self {
            Error::Compile(_) => 2,
            Error::Uncaught { status, .. } => *status,
            Error::Cancelled(_) | Error::Call(_) | Error::Os(_) => 1,
        }
    }

    /// The whole story as text for a terminal, with places in the source.
    pub fn report(&self, colour: bool) -> String {
        match self {
            Error::Compile(error) => error.render(colour),
            Error::Uncaught { report, .. } => report.render(colour),
            Error::Cancelled(_) | Error::Call(_) | Error::Os(_) => format!("kettle: {self}\n"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Compile(error) => error.fmt(f),
            Error::Uncaught { report, .. } => f.write_str(&report.text()),
            Error::Cancelled(why) => write!(f, "cancelled: {why}"),
            Error::Call(why) | Error::Os(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Compile(error) => Some(error),
            _ => None,
        }
    }
}

impl From<CompileError> for Error {
    fn from(error: CompileError) -> Error {
        Error::Compile(error)
    }
}
