//! What can go wrong between a host and its scripts: one type for all of it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::foreign::{self, ForeignError};
use super::handle::Value;
use super::program::CompileError;
use super::report::{Entered, Report};
use crate::diagnostics::{SourceId, SourceMap, Span};
use crate::vm::Limit;

/// An error as the host sees it. It owns all it says, so it can cross threads and outlive its VM.
///
/// ```
/// use kettle::engine::{Engine, Error, Vm};
///
/// let mut engine = Engine::new();
/// engine.function("number", |text: &str| text.parse::<i64>());
/// let program = engine.compile_text("sum.ket", "pub fn sum(a, b) {\n    number(a) + number(b)\n}")?;
/// let mut vm = Vm::new(&engine)?;
/// vm.run_blocking(&program)?;
/// let error = vm.call_blocking::<i64>("sum", ("1", "two")).unwrap_err();
/// let place = error.place().expect("it has a place");
/// assert_eq!((&*place.file, place.line, place.column), ("sum.ket", 2, 17));
/// assert_eq!(place.text(), "number(b)");
/// assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
/// # Ok::<(), Error>(())
/// ```
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
        /// The error itself, as the script has thrown it.
        thrown: Value,
    },
    /// The call was cancelled before it had a result, for this reason.
    Cancelled(String),
    /// There is no such function, or an argument or a result is not of the type.
    Call(String),
    /// The program has reached a limit of its host.
    Limit(Limit),
    /// The operating system refused what the event loop needs.
    Os(String),
}

impl Error {
    /// The exit status that follows from it.
    pub fn status(&self) -> i32 {
        match self {
            Error::Compile(_) => 2,
            Error::Uncaught { status, .. } => *status,
            Error::Cancelled(_) | Error::Call(_) | Error::Limit(_) | Error::Os(_) => 1,
        }
    }

    /// The whole story as text for a terminal, with places in the source.
    pub fn report(&self, colour: bool) -> String {
        match self {
            Error::Compile(error) => error.render(colour),
            Error::Uncaught { report, .. } => report.render(colour),
            Error::Cancelled(_) | Error::Call(_) | Error::Limit(_) | Error::Os(_) => {
                format!("kettle: {self}\n")
            }
        }
    }
}

/// A place in the text of a module.
#[derive(Clone, Debug)]
pub struct Place {
    /// The name of the module.
    pub file: Arc<str>,
    /// The bytes of its text.
    pub bytes: Range<usize>,
    /// The line where it begins, counted from 1.
    pub line: u32,
    /// The character of that line, counted from 1.
    pub column: u32,
    source: SourceId,
    sources: Arc<SourceMap>,
}

impl Place {
    pub(super) fn new(source: SourceId, span: Span, sources: &Arc<SourceMap>) -> Option<Place> {
        let found = sources.get(source)?;
        let span = found.clamp(span);
        let (line, column) = found.position(span.start);
        Some(Place {
            file: found.name.clone(),
            bytes: span.start as usize..span.end as usize,
            line,
            column,
            source,
            sources: sources.clone(),
        })
    }

    /// What stands there.
    pub fn text(&self) -> &str {
        let source = self.sources.get(self.source);
        source.and_then(|source| source.text.get(self.bytes.clone())).unwrap_or_default()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A call that an error went through.
#[derive(Clone, Debug)]
pub struct CallFrame {
    /// The function, as traces name it.
    pub function: String,
    /// Where it was, if that lies in a text.
    pub place: Option<Place>,
    /// How it was entered: called, awaited or spawned.
    pub entered: Entered,
}

impl Error {
    /// Where it is: the place of the first diagnostic, or where the error was thrown.
    pub fn place(&self) -> Option<Place> {
        match self {
            Error::Compile(error) => {
                let first = error.diagnostics.iter().find(|diagnostic| diagnostic.is_error())?;
                let label = first.primary()?;
                Place::new(label.source, label.span, &error.sources)
            }
            Error::Uncaught { .. } => self.frames().into_iter().find_map(|frame| frame.place),
            Error::Cancelled(_) | Error::Call(_) | Error::Limit(_) | Error::Os(_) => None,
        }
    }

    /// The bytes of its [`place`](Error::place).
    pub fn span(&self) -> Option<Range<usize>> {
        self.place().map(|place| place.bytes)
    }

    /// How the program got where the error was thrown, innermost call first; awaits and spawns of
    /// tasks are on the way.
    pub fn frames(&self) -> Vec<CallFrame> {
        let Error::Uncaught { report, .. } = self else { return Vec::new() };
        let frames = report.entries.first().map_or(&[][..], |entry| &entry.frames);
        let frame = |frame: &super::report::Frame| CallFrame {
            function: frame.function.clone(),
            place: Place::new(frame.source, frame.span, &report.sources),
            entered: frame.entered,
        };
        frames.iter().map(frame).collect()
    }

    /// The name of the class of what was thrown: `ValueError`.
    pub fn class(&self) -> Option<&str> {
        let Error::Uncaught { report, .. } = self else { return None };
        report.entries.first().map(|entry| &*entry.class)
    }

    /// The error of the host that the script's error began as: of this type, or with a source of
    /// this type. Causes are searched, too.
    pub fn downcast_ref<T: std::error::Error + 'static>(&self) -> Option<&T> {
        let Error::Uncaught { report, .. } = self else { return None };
        let mut known = report.entries.iter().filter_map(|entry| entry.foreign.as_ref());
        known.find_map(|error| foreign::downcast(&**error))
    }

    /// The error of the host that the script's error itself began as.
    fn foreign(&self) -> Option<&ForeignError> {
        let Error::Uncaught { report, .. } = self else { return None };
        report.entries.first()?.foreign.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Compile(error) => error.fmt(f),
            Error::Uncaught { report, .. } => f.write_str(&report.text()),
            Error::Cancelled(why) => write!(f, "cancelled: {why}"),
            Error::Call(why) | Error::Os(why) => f.write_str(why),
            Error::Limit(limit) => write!(f, "the program has reached its limit of {limit}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Compile(error) => Some(error),
            _ => self.foreign().map(|error| &**error as _),
        }
    }
}

impl From<CompileError> for Error {
    fn from(error: CompileError) -> Error {
        Error::Compile(error)
    }
}
