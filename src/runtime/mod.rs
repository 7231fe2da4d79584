//! Layer 6: the event loop: tasks, scopes, cancellation, timers, channels, drivers.

pub mod driver;
#[cfg(feature = "driver")]
pub mod pool;
#[cfg(feature = "driver")]
pub mod signal;
