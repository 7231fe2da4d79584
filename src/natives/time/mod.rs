//! Module `time`: clocks, moments in time zones, their calendar and text, and ticking sources.
//!
//! Dates and zones are the crate jiff's; both clocks and the local zone are the driver's, so that a
//! run in virtual time is the same everywhere.

mod calendar;
mod datetime;
mod interval;
mod text;
mod zone;

pub use calendar::CALENDAR;
pub use datetime::{DATETIME, DateTime};
pub use interval::INTERVAL;
pub use text::FORM;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::argument::bad_value;
use super::kind::TextValue;
use crate::natives;
use crate::runtime::{Answer, Cx};
use crate::vm::object::TypeKind;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Clocks and constructors of module `time`.
    pub const TIME;

    /// The type of moments: `x is time.datetime`.
    value time.datetime() => |vm| vm.type_value(TypeKind::Host("datetime")),
        "import time\nprint(time.utc() is time.datetime)" => "true";
    /// This moment, in the local time zone.
    loop fn time.now() => now, "import time\nprint(time.now() <= time.now())" => "true";
    /// This moment, in UTC.
    loop fn time.utc() => utc, "import time\nprint(time.utc().zone)" => "UTC";
    /// The time since some moment before the program began: for measuring, since it never goes back.
    loop fn time.monotonic() => monotonic, "import time\nprint(time.monotonic() >= 0s)" => "true";
    /// The moment at which the clocks of a zone (by default the local one) show that date and time.
    /// A time that clocks skip is as much later as they skip; of one that they show twice, the first
    /// is meant: add the difference for the second.
    loop fn time.date(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0,
        second: int = 0, nanosecond: int = 0, named zone: str?) => date,
        "import time\nprint(time.date(2026, 1, 31, 9, 30, zone: \"Europe/Berlin\"))" => "2026-01-31T09:30:00+01:00[Europe/Berlin]";
    /// The moment so many seconds after the beginning of 1970 in UTC.
    loop fn time.from_unix(seconds: number, named zone: str?) => from_unix,
        "import time\nprint(time.from_unix(1700000000.25, zone: \"UTC\"))" => "2023-11-14T22:13:20.25Z";
    /// The names of all time zones, sorted.
    fn time.zones() => zones, "import time\nprint(time.zones().contains(\"Europe/Berlin\"))" => "true";
}

fn now(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    let zone = zone::local(cx);
    at_wall(cx, zone)
}

fn utc(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    at_wall(cx, TimeZone::UTC)
}

fn at_wall(cx: &mut Cx<'_>, zone: TimeZone) -> Result<Answer, Thrown> {
    let moment = wall(cx);
    Ok(Answer::Value(allocate(cx.vm, moment.to_zoned(zone))))
}

/// The driver's time of day.
fn wall(cx: &Cx<'_>) -> Timestamp {
    let nanoseconds = cx.rt.driver.wall().as_nanos().cast_signed();
    Timestamp::from_nanosecond(nanoseconds).unwrap_or(Timestamp::MAX)
}

fn allocate(vm: &mut Vm, zoned: Zoned) -> Value {
    vm.heap.object(Box::new(DateTime(zoned)))
}

/// The zone that an option names, or the local one.
fn zone_or_local(cx: &mut Cx<'_>, path: &str, name: Option<TextValue>) -> Result<TimeZone, Thrown> {
    match name {
        None => Ok(zone::local(cx)),
        Some(name) => {
            let name = name.get(&cx.vm.heap).to_owned();
            zone::named(cx, path, &name)
        }
    }
}

fn monotonic(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    let start = crate::runtime::driver::Moment::default();
    let span = cx.rt.driver.now().since(start).as_nanos();
    Ok(Answer::Value(Value::duration(i64::try_from(span).unwrap_or(i64::MAX))))
}

/// A part of a date, checked.
fn part<T: TryFrom<i64>>(
    vm: &mut Vm,
    path: &str,
    name: &str,
    number: i64,
    (low, high): (i64, i64),
) -> Result<T, Thrown> {
    match T::try_from(number) {
        Ok(part) if (low..=high).contains(&number) => Ok(part),
        _ => {
            let rule = format!("{name} must be from {low} to {high}");
            Err(bad_value(vm, path, &rule, Value::int(number)))
        }
    }
}

/// The years that dates can have.
const YEARS: (i64, i64) = (-9999, 9999);

/// A date that exists.
fn date_of(vm: &mut Vm, path: &str, year: i64, month: i64, day: i64) -> Result<Date, Thrown> {
    let year = part(vm, path, "year", year, YEARS)?;
    let month = part(vm, path, "month", month, (1, 12))?;
    let first = Date::new(year, month, 1).map_err(|_| beyond(vm, path))?;
    let day = part(vm, path, "day", day, (1, i64::from(first.days_in_month())))?;
    Date::new(year, month, day).map_err(|_| beyond(vm, path))
}

#[cold]
fn beyond(vm: &mut Vm, path: &str) -> Thrown {
    let message = format!("{path}: the result lies outside of the years -9999 to 9999");
    vm.error(ErrorKind::OverflowError, message)
}

#[expect(clippy::too_many_arguments, reason = "a date and a time have that many parts")]
fn date(
    cx: &mut Cx<'_>,
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    zone: Option<TextValue>,
) -> Result<Answer, Thrown> {
    let path = "time.date";
    let date = date_of(cx.vm, path, year, month, day)?;
    let hour = part(cx.vm, path, "hour", hour, (0, 23))?;
    let minute = part(cx.vm, path, "minute", minute, (0, 59))?;
    let second = part(cx.vm, path, "second", second, (0, 59))?;
    let nanosecond = part(cx.vm, path, "nanosecond", nanosecond, (0, 999_999_999))?;
    let zone = zone_or_local(cx, path, zone)?;
    match zone.to_zoned(date.at(hour, minute, second, nanosecond)) {
        Ok(zoned) => Ok(Answer::Value(allocate(cx.vm, zoned))),
        Err(_) => Err(beyond(cx.vm, path)),
    }
}

fn from_unix(cx: &mut Cx<'_>, seconds: f64, zone: Option<TextValue>) -> Result<Answer, Thrown> {
    let path = "time.from_unix";
    if !seconds.is_finite() {
        let rule = "seconds must be a finite number";
        return Err(bad_value(cx.vm, path, rule, Value::float(seconds)));
    }
    let zone = zone_or_local(cx, path, zone)?;
    // The fraction apart, so that whole seconds are exact.
    let (whole, fraction) = (seconds.floor(), seconds - seconds.floor());
    let nanoseconds = (whole as i128).saturating_mul(1_000_000_000);
    let nanoseconds = nanoseconds.saturating_add((fraction * 1e9).round() as i128);
    match Timestamp::from_nanosecond(nanoseconds) {
        Ok(moment) => Ok(Answer::Value(allocate(cx.vm, moment.to_zoned(zone)))),
        Err(_) => Err(beyond(cx.vm, path)),
    }
}

fn zones(vm: &mut Vm) -> Result<Value, Thrown> {
    let names = zone::all().iter().map(|name| vm.heap.string(name)).collect();
    Ok(vm.heap.list(names))
}
