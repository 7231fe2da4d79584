//! The simulated world: that it is as the real one, and the same each time.

mod determinism;
#[cfg(unix)]
mod files;
