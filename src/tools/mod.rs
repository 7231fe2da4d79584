//! Layer 9: text in, text out: what a test script says it will do, what differs between two
//! texts, the manual of the library, and what a profile shows.

pub mod diff;
pub mod expectation;
pub mod manual;
pub mod profile;
