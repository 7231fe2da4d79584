//! Measures what programs use and stops those that use more than their host allows.
//!
//! The first time a limit is reached the program is cancelled, as if the host had interrupted it, and
//! gets fuel and time for its clean-ups; when those are used up nothing hides the cancel any more, and then
//! it is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::Runtime;
use super::at_once::Called;
use super::driver::Moment;
use super::event_loop::Loop;
use super::interrupt::Interrupt;
use super::limit::{Limits, OnLimit, Verdict};
use super::output::{Drained, Output, Size, Target};
use super::task::TaskId;
use super::turn::Turn;
use crate::vm::{Bell, Limit, Value, Vm};

/// Between two looks at the clock lies so much fuel.
const FUEL_SLICE: i64 = 50_000;
/// How often the clean-ups of a task that was stopped may be looked at before they are stopped, too.
const FORCED_SLICES: u32 = 64;
/// What is reached before anything is refused: the host can be asked afterwards.
const IS_GIVEN_LATER: [Limit; 3] = [Limit::Fuel, Limit::Deadline, Limit::Tasks];
/// Clean-ups may use so much more memory, at least …
const MEMORY_GRACE_MIN: usize = 256 << 10;
/// … and this part of the limit.
const MEMORY_GRACE_PART: usize = 16;

/// What a VM has used, and may still use.
pub(super) struct Meter {
    limits: Limits,
    bell: Arc<Bell>,
    /// Fuel that the host has added, from any thread.
    added: Arc<AtomicI64>,
    fuel: i64,
    until: Option<Moment>,
    pub(super) tasks_max: usize,
    memory_max: usize,
    /// The limit that was reached, until the host is told.
    stopping: Option<Limit>,
    /// The fuel that was left then.
    saved: i64,
}

impl Meter {
    /// How long clean-ups have after a limit was reached.
    pub(super) fn grace_time(&self) -> Duration {
        self.limits.grace_time
    }

    /// Whether the host bounds this here, and not only in the milder way of the options.
    fn means(&self, limit: Limit) -> bool {
        match limit {
            Limit::Memory => self.limits.memory.is_some(),
            Limit::Depth => self.limits.depth.is_some(),
            _ => true,
        }
    }

    /// Takes in what the host has added.
    fn take_added(&mut self) {
        if self.added.load(Ordering::Relaxed) > 0 {
            self.fuel = self.fuel.saturating_add(self.added.swap(0, Ordering::AcqRel));
        }
    }

    /// Lets the program use as much again as it could at first.
    fn allow_again(&mut self, limit: Limit, now: Moment) {
        match limit {
            Limit::Fuel => self.fuel = self.fuel.max(0).saturating_add(fuel_of(&self.limits)),
            Limit::Deadline => self.until = self.limits.deadline.map(|span| now.after(span)),
            Limit::Tasks => {
                self.tasks_max = self.tasks_max.saturating_add(self.limits.tasks.unwrap_or(0));
            }
            // Who would be refused has asked.
            Limit::Memory | Limit::Sockets | Limit::Files | Limit::Output | Limit::Depth => {}
        }
    }
}

fn fuel_of(limits: &Limits) -> i64 {
    limits.fuel.map_or(i64::MAX, |fuel| i64::try_from(fuel).unwrap_or(i64::MAX))
}

impl Runtime {
    /// Sets the limits of the VM, and who hears of those that are reached.
    pub fn limit(&mut self, limits: Limits, bell: Arc<Bell>) {
        self.vm.set_bell(bell.clone());
        if let Some(more) = limits.memory {
            let bell = bell.clone();
            let ask = move || if bell.allows_more(Limit::Memory) { more } else { 0 };
            self.vm.heap.set_more(Some(Arc::new(ask)));
        }
        self.rt.limit_output(bell.clone(), &limits);
        self.rt.meter = Some(Box::new(Meter {
            bell,
            added: self.rt.added_fuel.clone(),
            fuel: fuel_of(&limits),
            until: None,
            tasks_max: limits.tasks.unwrap_or(usize::MAX),
            memory_max: self.vm.heap.limit(),
            stopping: None,
            saved: 0,
            limits,
        }));
    }

    /// The limit that has ended the program, once: from then on it counts for whatever comes next. One that
    /// has `failed` may have done so by a limit that nobody has looked at yet.
    pub fn take_limit(&mut self, failed: bool) -> Option<Limit> {
        let meter = self.rt.meter.as_mut()?;
        if meter.stopping.is_none() && failed {
            let rung = meter.bell.take().find(|limit| meter.means(*limit));
            return rung;
        }
        let Some(limit) = meter.stopping.take() else { return self.take_overprinted() };
        meter.fuel = meter.saved;
        meter.until = None;
        meter.bell.set_ending(false);
        // What was reached while it ended is none of the next one's business.
        meter.bell.take().for_each(drop);
        self.vm.heap.set_limit(meter.memory_max);
        Some(limit)
    }

    /// The limit of output, if the last that was printed has reached it: nobody has looked since.
    pub fn take_overprinted(&mut self) -> Option<Limit> {
        let meter = self.rt.meter.as_ref()?;
        meter.bell.take_only(Limit::Output).then_some(Limit::Output)
    }

    /// The fuel that is left; none where it is not limited.
    pub fn fuel(&self) -> Option<u64> {
        let meter = self.rt.meter.as_ref().filter(|meter| meter.limits.fuel.is_some())?;
        let added = meter.added.load(Ordering::Relaxed);
        u64::try_from(meter.fuel.saturating_add(added)).ok()
    }

    /// When the deadline is, if there is one: nobody may wait longer without a turn.
    pub fn deadline(&self) -> Option<Moment> {
        self.rt.meter.as_ref()?.until
    }

    /// A run or a call of the host begins.
    pub(super) fn begin_measuring(&mut self) {
        let is_alone = self.rt.tasks.count() == 0;
        let driver = &self.rt.driver;
        if let Some(meter) = &mut self.rt.meter
            && meter.stopping.is_none()
        {
            if is_alone {
                // What came before has ended, whatever it has reached.
                meter.bell.take().for_each(drop);
            }
            meter.until = meter.limits.deadline.map(|span| driver.now().after(span));
        }
    }

    /// One pass of the loop, with no more fuel than is left and no longer than until the deadline.
    pub(super) fn metered_turn(&mut self, patience: Option<Duration>) -> Turn {
        let Runtime { vm, rt } = self;
        rt.mind_limits(vm);
        let Some(meter) = &mut rt.meter else { return self.plain_turn(patience) };
        let given = vm.fuel_left();
        let allowed = given.min(meter.fuel.max(0)).min(FUEL_SLICE);
        vm.set_fuel(allowed);
        // What code of the host calls may overdraw; that is taken from what is left.
        let before = meter.fuel;
        let left = meter.until.map(|until| until.since(rt.driver.now()));
        let patience = match (patience, left) {
            (Some(patience), Some(left)) => Some(patience.min(left)),
            (patience, left) => patience.or(left),
        };
        let turn = self.plain_turn(patience);
        let Runtime { vm, rt } = self;
        let used = allowed.saturating_sub(vm.fuel_left());
        vm.set_fuel(given.saturating_sub(used.max(0)));
        let Some(meter) = &mut rt.meter else { return turn };
        if before != i64::MAX {
            meter.fuel = meter.fuel.saturating_sub(used);
        }
        if !matches!(turn, Turn::OutOfFuel) {
            return turn;
        }
        if vm.fuel_left() == 0 {
            return Turn::OutOfFuel;
        }
        let yields = matches!(meter.limits.on_limit, OnLimit::Yield);
        if meter.fuel <= 0 && yields && meter.stopping.is_none() {
            meter.allow_again(Limit::Fuel, Moment::default());
            return Turn::OutOfFuel;
        }
        Turn::Ready
    }
}

impl Runtime {
    /// Runs a call as far as it goes, with no more fuel than is left. What is not done then, or has
    /// to be stopped, becomes a task, whose turns are measured.
    pub(super) fn call_measured(&mut self, callee: Value, args: &[Value]) -> Called {
        self.begin_measuring();
        let Some(meter) = &mut self.rt.meter else { return self.call_now(callee, args) };
        meter.take_added();
        if meter.fuel <= 0 || meter.stopping.is_some() {
            return Called::Running(self.call(callee, args));
        }
        let (given, before) = (self.vm.fuel_left(), meter.fuel);
        let allowed = given.min(before).min(FUEL_SLICE);
        self.vm.set_fuel(allowed);
        let called = self.call_now(callee, args);
        let used = allowed.saturating_sub(self.vm.fuel_left()).max(0);
        self.vm.set_fuel(given.saturating_sub(used));
        if before != i64::MAX
            && let Some(meter) = &mut self.rt.meter
        {
            meter.fuel = meter.fuel.saturating_sub(used);
        }
        called
    }
}

impl Loop {
    /// Code that the host calls from inside a call has used its fuel up and has to go on: it goes on with
    /// `amount` more, which is taken from what is left.
    pub(super) fn overdraw(&mut self, vm: &mut Vm, amount: i64) {
        if let Some(meter) = &mut self.meter {
            meter.fuel = meter.fuel.saturating_sub(if meter.fuel == i64::MAX { 0 } else { amount });
        }
        self.mind_limits(vm);
    }

    /// Looks whether a limit is reached, and does what has to be done.
    pub(super) fn mind_limits(&mut self, vm: &mut Vm) {
        let Some(meter) = &mut self.meter else { return };
        let now = self.driver.now();
        meter.take_added();
        let is_dry = meter.fuel <= 0;
        let is_late = meter.until.is_some_and(|until| now >= until);
        let rung: Vec<Limit> = meter.bell.take().collect();
        for limit in rung {
            self.reached(vm, limit, now);
        }
        for limit in [is_dry.then_some(Limit::Fuel), is_late.then_some(Limit::Deadline)] {
            limit.into_iter().for_each(|limit| self.reached(vm, limit, now));
        }
    }

    fn reached(&mut self, vm: &mut Vm, limit: Limit, now: Moment) {
        let is_busy = self.tasks.count() > 0;
        let Some(meter) = &mut self.meter else { return };
        if !meter.means(limit) {
            // The error that the program gets is all there is to it.
            return;
        }
        let is_new = meter.stopping.is_none();
        if is_new {
            let verdict = match &meter.limits.on_limit {
                OnLimit::Ask(decide) if IS_GIVEN_LATER.contains(&limit) => decide(limit),
                OnLimit::Yield if limit == Limit::Fuel => Verdict::Again,
                _ => Verdict::Stop,
            };
            if verdict == Verdict::Again {
                return meter.allow_again(limit, now);
            }
            if !is_busy {
                return;
            }
            meter.stopping = Some(limit);
            meter.bell.set_ending(true);
            meter.memory_max = vm.heap.limit();
            meter.saved = if limit == Limit::Fuel { 0 } else { meter.fuel };
            let grace = (meter.memory_max / MEMORY_GRACE_PART).max(MEMORY_GRACE_MIN);
            vm.heap.set_limit(meter.memory_max.saturating_add(grace));
        } else if !matches!(limit, Limit::Fuel | Limit::Deadline) {
            // It is being ended already.
            return;
        }
        meter.fuel = i64::try_from(meter.limits.grace_fuel).unwrap_or(i64::MAX).max(1);
        meter.until = Some(now.after(meter.limits.grace_time));
        self.interrupt(vm, Interrupt::Host);
        if let Some(id) = self.dry.take() {
            self.stop_computing(vm, id);
        }
    }

    /// Whether what computes and has been cancelled is stopped, too.
    pub(super) fn stops_computing(&self) -> bool {
        self.force || self.meter.as_ref().is_some_and(|meter| meter.stopping.is_some())
    }

    /// A task that computes when its program has to end, and does not wait for anything that could be
    /// cancelled, goes to its clean-ups at once. Those that do not end are stopped in the same way.
    pub(super) fn stop_computing(&mut self, vm: &mut Vm, id: TaskId) {
        if !self.stops_computing() || self.effective(id).is_none() {
            return;
        }
        let Some(task) = self.tasks.get_mut(id) else { return };
        let allowance = &mut task.rest_mut().allowance;
        if *allowance == 0 {
            *allowance = FORCED_SLICES;
            self.unwind(vm, id);
        } else {
            *allowance -= 1;
        }
    }

    /// A task that is to go on with an error when its program has to end, perhaps that of the limit itself,
    /// goes to its clean-ups instead of a `catch`.
    pub(super) fn stop_throwing(&mut self, vm: &mut Vm, id: TaskId) {
        let Some(task) = self.tasks.get(id) else { return };
        let is_new = task.rest.as_ref().is_none_or(|rest| rest.allowance == 0);
        if is_new && vm.is_throwing(task.fiber) {
            self.stop_computing(vm, id);
        }
    }

    /// Puts a counter in front of the output.
    fn limit_output(&mut self, bell: Arc<Bell>, limits: &Limits) {
        let inner = std::mem::replace(&mut self.output, Box::new(super::output::Discard));
        let more = limits.output.unwrap_or(0);
        self.output = Box::new(CountedOutput { inner, bell, more });
    }
}

/// An output that takes no more than the limit.
struct CountedOutput {
    inner: Box<dyn Output>,
    bell: Arc<Bell>,
    /// What the host allows when it allows more.
    more: u64,
}

impl CountedOutput {
    /// Whether the host allows more than there was. It is asked here, as what is not written now is lost.
    fn may_go_on(&self) -> bool {
        let may = self.more > 0 && self.bell.allows_more(Limit::Output);
        if may {
            self.bell.output_left.fetch_add(self.more, Ordering::Relaxed);
        }
        may
    }
}

impl Output for CountedOutput {
    fn write(&mut self, target: Target, bytes: &[u8]) {
        let mut left = bytes;
        loop {
            let printed = self.bell.print(left.len());
            self.inner.write(target, &left[..printed]);
            left = &left[printed..];
            if left.is_empty() {
                return;
            }
            if !self.may_go_on() {
                return self.bell.ring(Limit::Output);
            }
        }
    }

    fn flush(&mut self) {
        self.inner.flush();
    }

    fn drain(&mut self, target: Target) -> Option<Drained> {
        self.inner.drain(target)
    }

    fn finish(&mut self, patience: Duration) -> Option<std::io::Result<()>> {
        self.inner.finish(patience)
    }

    fn hurry(&mut self) {
        self.inner.hurry();
    }

    fn take_distraction(&mut self) -> bool {
        self.inner.take_distraction()
    }

    fn is_broken(&self) -> bool {
        self.inner.is_broken()
    }

    fn has_room(&self, target: Target) -> bool {
        self.inner.has_room(target)
    }

    fn terminal(&self, target: Target) -> Option<Size> {
        self.inner.terminal(target)
    }

    fn capture(&mut self) -> bool {
        self.inner.capture()
    }

    fn captured(&mut self) -> (Vec<u8>, Vec<u8>) {
        self.inner.captured()
    }

    fn set_status(&mut self, lines: Vec<String>) {
        self.inner.set_status(lines);
    }
}
