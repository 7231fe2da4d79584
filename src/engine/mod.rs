//! Layer 8: the host API.

pub mod loader;
mod report;

pub use report::{Entered, Entry, Frame, Relation, Report};
