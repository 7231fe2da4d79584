//! Layer 1: source map, spans, diagnostics as data; drawn by ariadne at the very end.
//!
//! A [`Diagnostic`] is plain data: a stable [`Code`], a title that says what is wrong, labels that
//! say where and why, help that says what to write. The layers above make them; [`render`] alone
//! turns them into text for a terminal.

mod allow;
mod code;
mod diagnostic;
mod foreign;
mod render;
mod source;
mod span;
mod suggest;

pub use allow::silence;
pub use code::Code;
pub use diagnostic::{Diagnostic, Edit, Label, Severity};
pub use foreign::{foreign_member, foreign_module, foreign_name};
pub use render::render;
pub use source::{Source, SourceMap};
pub use span::{SourceId, Span};
pub use suggest::{distance, nearest};
