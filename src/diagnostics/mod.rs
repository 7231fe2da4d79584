//! Layer 1: source map, spans, diagnostics as data; drawn by ariadne at the very end.

mod span;

pub use span::{SourceId, Span};
