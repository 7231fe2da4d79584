//! What a loop holds at a moment: for tests that nothing is left behind.

use super::event_loop::Loop;

/// How much of each kind there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Tasks that have not ended.
    pub tasks: usize,
    /// Records of scopes, time-outs, clean-ups and tasks that have not been left.
    pub records: usize,
    /// Timers that will fire.
    pub timers: usize,
    /// Places in the queues of channels, tasks, promises and the like.
    pub waiters: usize,
    /// Sockets, files, processes and the like that a task has to close.
    pub resources: usize,
    /// Pending ops that only the host can complete.
    pub external: usize,
    /// Pending ops that wait for a mutex.
    pub locks: usize,
    /// Whether the driver has something under way that an op waits for.
    pub busy: bool,
}

impl Loop {
    /// What there is now.
    pub fn census(&self) -> Census {
        Census {
            tasks: self.tasks.iter().count(),
            records: self.recs.count(),
            timers: self.timers.len(),
            waiters: self.waiters.len(),
            resources: self.resources.len(),
            external: self.external,
            locks: self.lock_waits,
            busy: self.driver.is_busy(),
        }
    }
}
