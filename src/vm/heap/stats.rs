//! What the heap tells about itself.

use std::time::Duration;

use super::Heap;

/// What a step of the collector has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Began a cycle: looked at the roots.
    Begin,
    /// Marked some of what is reachable.
    Mark,
    /// Looked at the roots again, and ended the marking.
    Finish,
    /// Reclaimed some blocks.
    Sweep,
    /// Collected everything at once.
    Full,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 5] = [Part::Begin, Part::Mark, Part::Finish, Part::Sweep, Part::Full];
}

/// The time that the steps of one part have taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct PartTime {
    /// How many there were.
    pub count: u64,
    /// How many took longer than a millisecond.
    pub long: u64,
    /// The longest one.
    pub longest: Duration,
    /// All together.
    pub total: Duration,
}

/// Counters of a heap.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeapStats {
    /// Finished cycles.
    pub cycles: u64,
    /// Steps, full collections included.
    pub steps: u64,
    /// Objects that the last finished cycle reached.
    pub live_objects: usize,
    /// Bytes of their cells.
    pub live_bytes: usize,
    /// Memory that they owned outside their cells.
    pub live_external: usize,
    /// Objects of owning kinds that were dropped since the heap was made.
    pub dropped: u64,
    /// Memory in blocks, in bytes.
    pub block_bytes: usize,
    /// Memory of large objects, in bytes.
    pub large_bytes: usize,
    /// External memory counted now, in bytes.
    pub external_bytes: usize,
    /// How long the steps took, by [`Part`], if the heap has a clock.
    pub times: [PartTime; Part::ALL.len()],
}

impl Heap {
    /// Has the steps of the collector timed from now on.
    pub fn set_clock(&mut self, clock: fn() -> Duration) {
        self.clock = Some(clock);
    }

    /// What the clock says; zero without one.
    pub(super) fn now(&self) -> Duration {
        self.clock.map_or(Duration::ZERO, |clock| clock())
    }

    /// Notes a step that began at a time.
    pub(super) fn note_step(&mut self, part: Part, began: Duration) {
        self.stats.steps += 1;
        if self.clock.is_none() {
            return;
        }
        let took = self.now().saturating_sub(began);
        let time = &mut self.stats.times[part as usize];
        time.count += 1;
        time.long += u64::from(took > Duration::from_millis(1));
        time.longest = time.longest.max(took);
        time.total += took;
    }

    /// Counters as of now.
    pub fn stats(&self) -> HeapStats {
        HeapStats {
            block_bytes: self.account.block_bytes,
            large_bytes: self.account.large_bytes,
            external_bytes: self.account.external_bytes,
            ..self.stats
        }
    }
}
