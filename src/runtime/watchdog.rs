//! The watchdog: a task that holds the loop for too long, while others would like to run, is told.
//!
//! Another thread notices it (`driver::heartbeat`); what is known of the task only this one may look at. It
//! does so at the next call or turn of a loop, so a native function that takes long is told when it
//! has returned. Nothing is watched before a program has a second task.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::driver::Heartbeat;
use super::event_loop::Loop;
use super::host::Silent;
use super::output::Target;
use super::report::TaskReport;
use super::task::{Stage, TaskId};
use crate::vm::Vm;

/// Bit of the VM's interrupt flag: a task has held the loop for too long.
pub const INTERRUPT_LATE: u8 = 4;

/// So many places are remembered as told; after that there are no more reports.
const PLACES_MAX: usize = 1000;

/// A task has held the loop for longer than the host wants.
#[derive(Clone, Debug)]
pub struct Stall {
    /// Which, and where it is.
    pub task: TaskReport,
    /// For how long at least.
    pub held: Duration,
    /// How many other tasks there are.
    pub others: usize,
    /// Nobody was told of one before.
    pub is_first: bool,
}

/// What is watched, and what was told.
pub(super) struct Watchdog {
    heartbeat: Arc<Heartbeat>,
    places: HashSet<String>,
}

impl Loop {
    /// Tells of each place where a task holds the loop for longer than `limit`; none: nobody wants to
    /// know.
    pub fn set_watchdog(&mut self, limit: Option<Duration>) {
        self.watch_limit = limit.filter(|limit| !limit.is_zero());
        self.watchdog = None;
    }

    /// There is another task than the one that runs.
    pub(super) fn start_watchdog(&mut self, vm: &Vm) {
        let Some(limit) = self.watch_limit.take() else { return };
        let flag = vm.interrupt.clone();
        let alarm = move || {
            flag.fetch_or(INTERRUPT_LATE, Ordering::AcqRel);
        };
        let heartbeat = self.driver.watch(limit, Box::new(alarm));
        let watchdog = |heartbeat| Box::new(Watchdog { heartbeat, places: HashSet::new() });
        self.watchdog = heartbeat.map(watchdog);
        let runs = self.tasks.iter().any(|(_, task)| task.stage == Stage::Running);
        if let Some(watchdog) = self.watchdog.as_ref().filter(|_| runs) {
            // The one that runs now began before.
            watchdog.heartbeat.beat();
        }
    }

    /// A task goes on.
    #[inline]
    pub(super) fn begin_segment(&self) {
        if let Some(watchdog) = &self.watchdog {
            watchdog.heartbeat.beat();
        }
    }

    /// It stops.
    #[inline]
    pub(super) fn end_segment(&mut self, vm: &mut Vm, id: TaskId) {
        if let Some(watchdog) = &self.watchdog
            && watchdog.heartbeat.beat()
        {
            self.tell_stall(vm, Some(id));
        }
    }

    /// Whether it has run for too long.
    #[inline]
    pub(super) fn is_late(&self) -> bool {
        self.watchdog.as_ref().is_some_and(|watchdog| watchdog.heartbeat.is_late())
    }

    /// One stops, and another one goes on.
    #[inline]
    pub(super) fn change_segment(&mut self, vm: &mut Vm, from: TaskId) {
        if !self.beats_in_quiet() {
            self.beat_slowly(vm, from);
        }
    }

    /// The same, if nobody has anything to say to that. Says whether it is so.
    #[inline]
    pub(super) fn beats_in_quiet(&self) -> bool {
        self.watchdog.as_ref().is_none_or(|watchdog| watchdog.heartbeat.beat_twice())
    }

    #[cold]
    #[inline(never)]
    fn beat_slowly(&mut self, vm: &mut Vm, from: TaskId) {
        self.end_segment(vm, from);
        self.begin_segment();
    }

    /// It is about to be forgotten.
    pub(super) fn check_segment(&mut self, vm: &mut Vm, id: TaskId) {
        if let Some(watchdog) = &self.watchdog
            && watchdog.heartbeat.is_late()
        {
            self.tell_stall(vm, Some(id));
        }
    }

    /// Tells what a task is doing that holds the loop for too long: this one, or the one that runs.
    #[cold]
    pub(super) fn tell_stall(&mut self, vm: &mut Vm, id: Option<TaskId>) {
        let Some(watchdog) = &mut self.watchdog else { return };
        let Some(held) = watchdog.heartbeat.take_late() else { return };
        let is_first = watchdog.places.is_empty();
        let running = || self.tasks.iter().find(|(_, task)| task.stage == Stage::Running);
        let Some(id) = id.or_else(|| running().map(|(id, _)| id)) else { return };
        let task = self.report_of(vm, id);
        let others = self.tasks.count().saturating_sub(1);
        let place = task.frames.first().or(task.spawned.as_ref());
        let place = place.map_or_else(|| task.name.clone(), |frame| self.host.place(frame));
        let Some(watchdog) = &mut self.watchdog else { return };
        if others == 0 || watchdog.places.len() >= PLACES_MAX || !watchdog.places.insert(place) {
            return;
        }
        let stall = Stall { task, held, others, is_first };
        let mut host = std::mem::replace(&mut self.host, Box::new(Silent));
        let text = host.stalled(vm, &stall);
        self.host = host;
        self.write(Target::Err, text.as_bytes());
    }
}
