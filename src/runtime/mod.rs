//! Layer 6: the event loop: tasks, scopes, cancellation, timers, channels, drivers.

pub mod driver;
