//! Layer 8: the host API.

mod convert;
mod graph;
pub mod loader;
mod program;
mod report;

pub use convert::{Arguments, Bytes, FromValue, IntoValue, Parameter, Rest};
pub use loader::{Files, Loader, Memory, ReadError};
pub use program::{CompileError, Program};
pub use report::{Entered, Entry, Frame, Relation, Report};
