//! Layer 9: text in, text out: what a test script says it will do, and the manual of the library.

pub mod expectation;
pub mod manual;
