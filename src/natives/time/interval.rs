//! `time.interval` and `time.ticker`: sources that tick.
//!
//! A tick that nobody waited for is not lost: the next one says how many were missed. Nothing
//! changes before a tick is handed out, so waiting for one in a `select` costs nothing when another
//! arm wins.

use std::task::Poll;

use jiff::tz::TimeZone;

use super::{allocate, wall, zone};
use crate::natives;
use crate::natives::argument::{Rest, bad_value};
use crate::runtime::driver::{Moment, Ticket};
use crate::runtime::{Answer, Cx, Source, TimerId, Wait};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Ticking sources of module `time`.
    pub const INTERVAL;

    /// A source that ticks every `d`, first after `d`, or at once with `immediate: true`. It yields
    /// how many ticks were missed since the last one: 0 if the program keeps up. Leaving a
    /// `for await` over it ends it.
    loop fn time.interval(d: duration, named immediate: bool = false) => interval,
        "import time\nvar n = 0\nfor await missed in time.interval(1ms) { n += 1; if n == 2 { break } }\nprint(n)" => "2";
    /// A source that ticks when the local clock shows a multiple of `d`, which has to go into a day
    /// without rest: `time.ticker(1m)` at every full minute. It yields the datetime of the tick.
    loop fn time.ticker(d: duration) => ticker, "import time\nprint(time.ticker(1h))" => "<ticker 1h>";

    /// Itself.
    host method interval.iter() => |_: &mut Vm, interval: Value| Ok(interval);
    /// The next tick. Once it is closed `default`, or StopIteration without one.
    host async method interval.next(default: any...) => next;
    /// Ends it, for those that wait for it as well.
    host loop method interval.close() => close;
    /// Itself.
    host method ticker.iter() => |_: &mut Vm, ticker: Value| Ok(ticker);
    /// The next tick, a datetime. Once it is closed `default`, or StopIteration without one.
    host async method ticker.next(default: any...) => next;
    /// Ends it, for those that wait for it as well.
    host loop method ticker.close() => close;
}

/// When it ticks.
enum Pace {
    /// Every period.
    Steady,
    /// When the clocks of a zone show a multiple of the period.
    Clock(TimeZone),
}

struct Interval {
    /// Nanoseconds, above zero.
    period: i64,
    pace: Pace,
    next: Moment,
    closed: bool,
    /// Who waits for the next tick.
    waiting: Vec<Ticket>,
}

impl HostObject for Interval {
    fn type_name(&self) -> &'static str {
        match self.pace {
            Pace::Steady => "interval",
            Pace::Clock(_) => "ticker",
        }
    }

    fn display(&self) -> String {
        let mut text = format!("<{} ", self.type_name());
        crate::vm::text::push_duration(&mut text, self.period);
        text + ">"
    }
}

fn interval(cx: &mut Cx<'_>, period: i64, immediate: bool) -> Result<Answer, Thrown> {
    check(cx.vm, "time.interval", period)?;
    let now = cx.rt.driver.now();
    let next = if immediate { now } else { now.after(nanoseconds(period)) };
    Ok(make(cx, period, Pace::Steady, next))
}

fn ticker(cx: &mut Cx<'_>, period: i64) -> Result<Answer, Thrown> {
    const DAY: i64 = 86_400_000_000_000;
    check(cx.vm, "time.ticker", period)?;
    if DAY % period != 0 {
        let rule = "d must go into a day without rest";
        return Err(bad_value(cx.vm, "time.ticker", rule, Value::duration(period)));
    }
    let zone = zone::local(cx);
    let next = next_on_clock(cx, &zone, period);
    Ok(make(cx, period, Pace::Clock(zone), next))
}

fn make(cx: &mut Cx<'_>, period: i64, pace: Pace, next: Moment) -> Answer {
    let interval = Interval { period, pace, next, closed: false, waiting: Vec::new() };
    Answer::Value(cx.vm.heap.object(Box::new(interval)))
}

fn check(vm: &mut Vm, path: &str, period: i64) -> Result<(), Thrown> {
    if period <= 0 {
        return Err(bad_value(vm, path, "d must be above 0s", Value::duration(period)));
    }
    Ok(())
}

fn nanoseconds(count: i64) -> std::time::Duration {
    std::time::Duration::from_nanos(count.unsigned_abs())
}

/// When the clocks of a zone next show a multiple of the period.
fn next_on_clock(cx: &Cx<'_>, zone: &TimeZone, period: i64) -> Moment {
    let now = wall(cx);
    let shown = |at: jiff::Timestamp| {
        at.as_nanosecond() + i128::from(zone.to_offset(at).seconds()) * 1_000_000_000
    };
    let period = i128::from(period);
    let mut wait = period - shown(now).rem_euclid(period);
    let there = jiff::Timestamp::from_nanosecond(now.as_nanosecond() + wait).unwrap_or(now);
    // Clocks that are put forward or back meanwhile show something else then.
    let off = shown(there).rem_euclid(period);
    if off != 0 && off < wait {
        wait -= off;
    } else if off != 0 {
        wait += period - off;
    }
    cx.rt.driver.now().after(nanoseconds(i64::try_from(wait).unwrap_or(i64::MAX)))
}

fn found(vm: &mut Vm, value: Value) -> Result<&mut Interval, Thrown> {
    if vm.heap.object_ref::<Interval>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a method of intervals and tickers"));
    }
    Ok(vm.heap.object_mut::<Interval>(value).expect("its type was looked at"))
}

fn close(cx: &mut Cx<'_>, value: Value) -> Result<Answer, Thrown> {
    let interval = found(cx.vm, value)?;
    interval.closed = true;
    for ticket in std::mem::take(&mut interval.waiting) {
        cx.rt.driver.notify(ticket);
    }
    Ok(Answer::Value(Value::null()))
}

fn next(cx: &mut Cx<'_>, value: Value, default: Rest) -> Result<Answer, Thrown> {
    let at_end = default.first(cx.vm).unwrap_or(Value::unset());
    found(cx.vm, value)?;
    let op = NextOp { interval: value, at_end, waits: None };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

struct NextOp {
    interval: Value,
    /// What there is once it is closed; unset for StopIteration.
    at_end: Value,
    /// The ticket that waits, and the timer that reports it.
    waits: Option<(Ticket, TimerId)>,
}

impl NextOp {
    /// Has the ticket reported at the next tick.
    fn wait(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some((_, timer)) = self.waits.take() {
            cx.rt.stop_wake_up(timer);
        }
        let Some(interval) = cx.vm.heap.object_ref::<Interval>(self.interval) else { return };
        let timer = cx.rt.start_wake_up(interval.next, ticket);
        self.waits = Some((ticket, timer));
    }

    fn tick(&self, cx: &mut Cx<'_>, now: Moment) -> Option<Value> {
        let interval = cx.vm.heap.object_mut::<Interval>(self.interval)?;
        let period = interval.period;
        if let Pace::Clock(zone) = &interval.pace {
            let zone = zone.clone();
            let late = i64::try_from(now.since(interval.next).as_nanos()).unwrap_or(i64::MAX);
            let moment = wall(cx).checked_sub(jiff::SignedDuration::from_nanos(late)).ok()?;
            let next = next_on_clock(cx, &zone, period);
            cx.vm.heap.object_mut::<Interval>(self.interval)?.next = next;
            return Some(allocate(cx.vm, moment.to_zoned(zone)));
        }
        let late = now.since(interval.next).as_nanos();
        let missed = (late / u128::from(period.unsigned_abs())) as u64;
        let steps = (missed + 1).saturating_mul(period.unsigned_abs());
        interval.next = interval.next.after(std::time::Duration::from_nanos(steps));
        Some(Value::int(i64::try_from(missed).unwrap_or(i64::MAX)))
    }
}

impl Source for NextOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let now = cx.rt.driver.now();
        let (closed, due) = match found(cx.vm, self.interval) {
            Ok(interval) => (interval.closed, interval.next <= now),
            Err(thrown) => return Poll::Ready(Err(thrown)),
        };
        if closed {
            if self.at_end.is_unset() {
                let stop = cx.vm.error(ErrorKind::StopIteration, "the interval is closed");
                return Poll::Ready(Err(stop));
            }
            return Poll::Ready(Ok(self.at_end));
        }
        if due && let Some(tick) = self.tick(cx, now) {
            return Poll::Ready(Ok(tick));
        }
        // Another task has taken the tick: wait for the one after it.
        if let Some((ticket, _)) = self.waits {
            self.wait(cx, ticket);
        }
        Poll::Pending
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(interval) = cx.vm.heap.object_mut::<Interval>(self.interval) {
            interval.waiting.push(ticket);
        }
        self.wait(cx, ticket);
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some((_, timer)) = self.waits.take() {
            cx.rt.stop_wake_up(timer);
        }
        if let Some(interval) = cx.vm.heap.object_mut::<Interval>(self.interval) {
            interval.waiting.retain(|waiting| *waiting != ticket);
        }
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.interval);
        marker.value(self.at_end);
    }

    fn describe(&self, _: &Vm) -> String {
        "the next tick of an interval".to_owned()
    }
}
