//! Layer 8: the host API.

pub mod loader;
