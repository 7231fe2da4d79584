//! Layer 9: text in, text out: what a test script says it will do, what differs between two
//! texts, and the manual of the library.

pub mod diff;
pub mod expectation;
pub mod manual;
