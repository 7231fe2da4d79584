//! Layer 9: check, format, test runner: text in, text out.

pub mod expectation;
