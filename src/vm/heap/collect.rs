//! The cycle: mark in steps, finish, reclaim in steps.
//!
//! ```text
//! Idle ──roots──▶ Mark ──scanned──▶ (roots again, scan the rest) ──▶ Sweep ──all reclaimed──▶ Idle
//! ```
//! Each arrow happens inside a call of [`Heap::collect_step`], which the VM makes at safepoints when
//! [`Heap::due`] says so. The pace is set by bytes: see `account.rs`.

use super::Heap;
use super::account::STEP_BYTES;
use super::mark::{Marker, Pass};
use super::stats::Part;

/// Where the collector is in its cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waiting for enough to be allocated.
    Idle,
    /// Marking what is reachable.
    Mark,
    /// Reclaiming what is not.
    Sweep,
}

/// Objects or slices scanned for each `STEP_BYTES` allocated.
const SCANS_PER_STEP: usize = 2000;
/// Work of reclaiming for each `STEP_BYTES` allocated, in objects that are dropped; see `space.rs` for
/// what else costs as much.
const SWEEP_PER_STEP: usize = 2000;

/// What keeps objects alive: called with the marker to report every value in use.
pub type Roots<'a> = &'a mut dyn FnMut(&mut Marker);

impl Heap {
    /// Does the work that is due. `roots` reports every value that is in use outside the heap.
    pub fn collect_step(&mut self, roots: Roots<'_>) {
        if self.torture || self.account.is_urgent || self.over_limit() {
            self.account.is_urgent = false;
            self.collect_full(roots);
            return;
        }
        let began = self.now();
        self.place.set(None);
        self.settle();
        let part = self.step(roots);
        self.note_step(part, began);
    }

    fn step(&mut self, roots: Roots<'_>) -> Part {
        let factor = self.account.take_steps(self.phase == Phase::Mark);
        let part = match self.phase {
            Phase::Idle => {
                self.begin(roots);
                Part::Begin
            }
            Phase::Mark => {
                self.marker.begin_step(factor.saturating_mul(SCANS_PER_STEP));
                if self.mark(roots) {
                    self.finish(roots);
                    return Part::Finish;
                }
                Part::Mark
            }
            Phase::Sweep => {
                self.sweep(factor.saturating_mul(SWEEP_PER_STEP));
                if self.phase == Phase::Idle {
                    self.account.after_sweep();
                    return Part::Sweep;
                }
                Part::Sweep
            }
        };
        self.account.after_step();
        part
    }

    /// Collects everything that is not reachable now.
    pub fn collect_full(&mut self, roots: Roots<'_>) {
        let began = self.now();
        self.place.set(None);
        self.settle();
        if self.phase == Phase::Mark {
            // What was reached so far may have died meanwhile, so the cycle is started anew.
            self.marker.end();
        }
        self.sweep(usize::MAX);
        self.begin(roots);
        self.marker.begin_step(usize::MAX);
        while !self.mark(roots) {}
        self.finish(roots);
        self.sweep(usize::MAX);
        self.account.after_sweep();
        self.note_step(Part::Full, began);
    }

    /// Reclaims a little although nothing is due, for a program that is about to wait; `false` if
    /// there is nothing to do.
    pub fn idle_step(&mut self) -> bool {
        if self.phase == Phase::Sweep {
            self.sweep(SWEEP_PER_STEP);
            if self.phase == Phase::Idle {
                self.account.after_sweep();
            }
        }
        self.phase == Phase::Sweep
    }

    /// Goes on with a cycle in the middle of a native that makes or reads much, of which this is the work for
    /// so many bytes: at the next safepoint it would all be due at once. A cycle begins and ends at safepoints
    /// alone, where all that is in use is known.
    pub fn assist(&mut self, bytes: usize) {
        if self.phase == Phase::Idle || self.torture || self.account.is_urgent {
            return;
        }
        let began = self.now();
        self.settle();
        let steps = bytes.div_ceil(STEP_BYTES);
        self.account.after_step();
        let part = if self.phase == Phase::Mark {
            self.marker.begin_step(steps.saturating_mul(SCANS_PER_STEP));
            self.account.due = self.marker.work();
            Part::Mark
        } else {
            self.sweep(steps.saturating_mul(SWEEP_PER_STEP));
            if self.phase == Phase::Idle {
                self.account.after_sweep();
            }
            Part::Sweep
        };
        self.note_step(part, began);
    }

    fn begin(&mut self, roots: Roots<'_>) {
        // Bitmaps alternate by the parity of the epoch, and a cycle that was given up must not be
        // taken for this one: the next epoch of the other parity that was never used.
        let last = self.marker.epoch.max(self.space.epoch);
        let epoch = if last % 2 == self.space.epoch % 2 { last + 1 } else { last + 2 };
        self.marker.begin(epoch);
        self.account.begin_cycle();
        self.phase = Phase::Mark;
        self.report_roots(roots);
    }

    /// Marks until the work of the step is done; `true` if all that was to be looked at has been.
    fn mark(&mut self, roots: Roots<'_>) -> bool {
        while self.marker.work() {
            self.marker.begin_pass(Pass::Some);
            self.roots.trace(&mut self.marker);
            roots(&mut self.marker);
            if self.marker.is_clean() {
                return !self.marker.has_roots_left();
            }
        }
        false
    }

    fn finish(&mut self, roots: Roots<'_>) {
        self.marker.begin_pass(Pass::Last);
        self.report_roots(roots);
        while !self.marker.last_work() {}
        self.marker.end();
        self.space.poison = self.torture;
        self.space.begin_sweep(self.marker.epoch);
        self.phase = Phase::Sweep;
        self.stats.cycles += 1;
        self.stats.live_objects = self.marker.live_objects;
        self.stats.live_bytes = self.marker.live_bytes;
        self.stats.live_external = self.marker.live_external;
        self.account.after_cycle(self.stats.live_bytes + self.stats.live_external);
    }

    fn sweep(&mut self, budget: usize) {
        if self.phase == Phase::Idle {
            return;
        }
        if self.space.sweep(budget, &mut self.account, &mut self.stats) {
            self.phase = Phase::Idle;
        }
    }

    fn report_roots(&mut self, roots: Roots<'_>) {
        for value in &self.interned {
            self.marker.value(*value);
        }
        self.marker.values(&self.characters);
        self.marker.values(&self.natives);
        self.marker.values(&self.types);
        self.roots.trace(&mut self.marker);
        roots(&mut self.marker);
    }
}

#[cfg(test)]
#[path = "collect_test.rs"]
mod tests;

#[cfg(test)]
#[path = "part_test.rs"]
mod part_test;

#[cfg(test)]
#[path = "step_test.rs"]
mod step_test;
