//! Time of day and chance as the host wants them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Tells the time of day in place of the machine's clock. Timers and deadlines go by the machine's own.
#[derive(Clone)]
pub struct ClockHook(Arc<dyn Fn() -> Duration + Send + Sync>);

impl ClockHook {
    /// A clock that shows what this gives: the time since the start of 1970 (UTC).
    pub fn new(wall: impl Fn() -> Duration + Send + Sync + 'static) -> ClockHook {
        ClockHook(Arc::new(wall))
    }

    /// What it shows now.
    pub(super) fn wall(&self) -> Duration {
        (self.0)()
    }
}

impl fmt::Debug for ClockHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClockHook")
    }
}

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// Gives random bytes in place of the machine's: for the generator of `random`, and for secrets.
#[derive(Clone)]
pub struct RandomHook(Arc<Fill>);

impl RandomHook {
    /// A source that has this fill pieces of memory.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> RandomHook {
        RandomHook(Arc::new(fill))
    }

    /// Fills a piece of memory.
    pub(super) fn fill(&self, into: &mut [u8]) {
        (self.0)(into);
    }
}

impl fmt::Debug for RandomHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomHook")
    }
}
