//! Layer 9: text in, text out. Here so far: what a test script says it will do.

pub mod expectation;
