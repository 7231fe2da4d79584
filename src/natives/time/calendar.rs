//! Calendar arithmetic: with months, days and hours as the clocks of a zone show them.

use jiff::{Span, ToSpan, Unit, Zoned, ZonedDifference};

use super::datetime::zoned;
use super::{YEARS, allocate, beyond, part, zone};
use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::bad_value;
use crate::natives::kind::TextValue;
use crate::runtime::{Answer, Cx};
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// Calendar arithmetic of datetimes.
    pub const CALENDAR;

    /// The moment so much later by the calendar, or earlier for negative numbers: first years and
    /// months, where a day that the month does not have becomes its last; then weeks and days, at
    /// the same time of day; then hours, minutes and seconds as they pass. For exact time add a
    /// duration.
    host method datetime.add(named years: int = 0, named months: int = 0, named weeks: int = 0,
        named days: int = 0, named hours: int = 0, named minutes: int = 0, named seconds: int = 0) => add,
        "import time\nprint(time.date(2026, 1, 31).add(months: 1).day)" => "28";
    /// The moment with some parts of its date and time replaced.
    host method datetime.with(named year: int?, named month: int?, named day: int?, named hour: int?,
        named minute: int?, named second: int?, named nanosecond: int?) => with,
        "import time\nprint(time.date(2026, 1, 31, zone: \"UTC\").with(hour: 9, day: 1))" => "2026-01-01T09:00:00Z";
    /// The first moment of its year, month, week (from Monday), day, hour, minute or second.
    host method datetime.start_of(unit: str) => |vm: &mut Vm, d: Value, unit| edge(vm, d, unit, false),
        "import time\nprint(time.date(2026, 5, 17, 9, zone: \"UTC\").start_of(\"month\"))" => "2026-05-01T00:00:00Z";
    /// The last nanosecond of its year, month, week, day, hour, minute or second.
    host method datetime.end_of(unit: str) => |vm: &mut Vm, d: Value, unit| edge(vm, d, unit, true),
        "import time\nprint(time.date(2026, 5, 17, zone: \"UTC\").end_of(\"month\").day)" => "31";
    /// How many whole years, months, weeks, days, hours, minutes or seconds there are from it to
    /// `other`, by the calendar of its own zone; negative if that lies before. For exact time subtract.
    host method datetime.until(other: datetime, unit: str) => until,
        "import time\nlet born = time.date(1990, 6, 15)\nprint(born.until(time.date(2026, 6, 14), \"years\"))" => "35";
    /// The same moment in another time zone: a name, `"UTC"`, `"local"`, or an offset like `"+05:30"`.
    host loop method datetime.in_zone(zone: str) => in_zone,
        "import time\nprint(time.date(2026, 7, 1, 12, zone: \"UTC\").in_zone(\"Asia/Tokyo\").hour)" => "21";
}

#[expect(clippy::too_many_arguments, reason = "a span has that many units")]
fn add(
    vm: &mut Vm,
    value: Value,
    years: i64,
    months: i64,
    weeks: i64,
    days: i64,
    hours: i64,
    minutes: i64,
    seconds: i64,
) -> Outcome {
    let zoned = zoned(vm, value)?;
    // The units go in turn: a span whose units have different signs does not exist.
    let steps: [Result<Span, jiff::Error>; 7] = [
        Span::new().try_years(years),
        Span::new().try_months(months),
        Span::new().try_weeks(weeks),
        Span::new().try_days(days),
        Span::new().try_hours(hours),
        Span::new().try_minutes(minutes),
        Span::new().try_seconds(seconds),
    ];
    match stepped(zoned, steps) {
        Ok(sum) => Ok(allocate(vm, sum)),
        Err(_) => Err(beyond(vm, "datetime.add")),
    }
}

fn stepped(from: Zoned, steps: [Result<Span, jiff::Error>; 7]) -> Result<Zoned, jiff::Error> {
    let [years, months, weeks, days, hours, minutes, seconds] = steps;
    // Years and months, and weeks and days, are one step each where they can be: a day that the
    // month in between does not have would be lost.
    let months = months?.get_months();
    let months = i64::from(years?.get_years()) * 12 + i64::from(months);
    let days = i64::from(weeks?.get_weeks()) * 7 + i64::from(days?.get_days());
    let clock = from.datetime();
    let date = clock.checked_add(Span::new().try_months(months)?)?;
    let date = date.checked_add(Span::new().try_days(days)?)?;
    let moved = if months == 0 && days == 0 { from } else { from.time_zone().to_zoned(date)? };
    moved.checked_add(hours?)?.checked_add(minutes?)?.checked_add(seconds?)
}

#[expect(clippy::too_many_arguments, reason = "a date and a time have that many parts")]
fn with(
    vm: &mut Vm,
    value: Value,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: Option<i64>,
    minute: Option<i64>,
    second: Option<i64>,
    nanosecond: Option<i64>,
) -> Outcome {
    let path = "datetime.with";
    let old = zoned(vm, value)?;
    let mut new = old.with();
    let year = year.unwrap_or(i64::from(old.year()));
    let month = month.unwrap_or(i64::from(old.month()));
    let day = day.unwrap_or(i64::from(old.day()));
    part::<i16>(vm, path, "year", year, YEARS)?;
    new = new.date(super::date_of(vm, path, year, month, day)?);
    if let Some(hour) = hour {
        new = new.hour(part(vm, path, "hour", hour, (0, 23))?);
    }
    if let Some(minute) = minute {
        new = new.minute(part(vm, path, "minute", minute, (0, 59))?);
    }
    if let Some(second) = second {
        new = new.second(part(vm, path, "second", second, (0, 59))?);
    }
    if let Some(nanosecond) = nanosecond {
        let nanosecond = part(vm, path, "nanosecond", nanosecond, (0, 999_999_999))?;
        new = new.subsec_nanosecond(nanosecond);
    }
    match new.build() {
        Ok(zoned) => Ok(allocate(vm, zoned)),
        Err(_) => Err(beyond(vm, path)),
    }
}

/// The unit of a name, in the singular or the plural.
fn unit_named(vm: &mut Vm, path: &str, name: TextValue) -> Result<Unit, Thrown> {
    let text = name.get(&vm.heap);
    Ok(match text.strip_suffix('s').unwrap_or(text) {
        "year" => Unit::Year,
        "month" => Unit::Month,
        "week" => Unit::Week,
        "day" => Unit::Day,
        "hour" => Unit::Hour,
        "minute" => Unit::Minute,
        "second" => Unit::Second,
        _ => {
            let rule = "unit must be year, month, week, day, hour, minute or second";
            return Err(bad_value(vm, path, rule, name.0));
        }
    })
}

/// Where a unit of time begins or ends.
fn edge(vm: &mut Vm, value: Value, unit: TextValue, end: bool) -> Outcome {
    let path = if end { "datetime.end_of" } else { "datetime.start_of" };
    let from = zoned(vm, value)?;
    let unit = unit_named(vm, path, unit)?;
    let found = if end { end_of(&from, unit) } else { start_of(&from, unit) };
    match found {
        Ok(found) => Ok(allocate(vm, found)),
        Err(_) => Err(beyond(vm, path)),
    }
}

fn start_of(from: &Zoned, unit: Unit) -> Result<Zoned, jiff::Error> {
    let date = from.date();
    let first = match unit {
        Unit::Year => date.first_of_year(),
        Unit::Month => date.first_of_month(),
        Unit::Week => date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days())?,
        Unit::Day => date,
        _ => {
            // Back by what has passed of it: the clocks may show the hour twice.
            let mut passed = i64::from(from.subsec_nanosecond());
            if matches!(unit, Unit::Minute | Unit::Hour) {
                passed += i64::from(from.second()) * 1_000_000_000;
            }
            if unit == Unit::Hour {
                passed += i64::from(from.minute()) * 60_000_000_000;
            }
            return from.checked_sub(passed.nanoseconds());
        }
    };
    first.to_zoned(from.time_zone().clone())?.start_of_day()
}

fn end_of(from: &Zoned, unit: Unit) -> Result<Zoned, jiff::Error> {
    let step = match unit {
        Unit::Year => 1.year(),
        Unit::Month => 1.month(),
        Unit::Week => 1.week(),
        Unit::Day => 1.day(),
        Unit::Hour => 1.hour(),
        Unit::Minute => 1.minute(),
        _ => 1.second(),
    };
    let start = start_of(from, unit)?;
    let next = if matches!(unit, Unit::Hour | Unit::Minute | Unit::Second) {
        start.checked_add(step)?
    } else {
        let next = start.date().checked_add(step)?;
        next.to_zoned(from.time_zone().clone())?.start_of_day()?
    };
    next.checked_sub(1.nanosecond())
}

fn until(vm: &mut Vm, value: Value, other: Value, unit: TextValue) -> Outcome {
    let path = "datetime.until";
    let from = zoned(vm, value)?;
    if vm.heap.object_ref::<super::DateTime>(other).is_none() {
        let expected = "a datetime";
        return Err(crate::natives::argument::wrong_type(vm, path, "other", expected, other, None));
    }
    let to = zoned(vm, other)?.with_time_zone(from.time_zone().clone());
    let unit = unit_named(vm, path, unit)?;
    match from.until(ZonedDifference::new(&to).smallest(unit).largest(unit)) {
        Ok(span) => Ok(Value::int(match unit {
            Unit::Year => i64::from(span.get_years()),
            Unit::Month => i64::from(span.get_months()),
            Unit::Week => i64::from(span.get_weeks()),
            Unit::Day => i64::from(span.get_days()),
            Unit::Hour => i64::from(span.get_hours()),
            Unit::Minute => span.get_minutes(),
            _ => span.get_seconds(),
        })),
        Err(_) => Err(beyond(vm, path)),
    }
}

fn in_zone(cx: &mut Cx<'_>, value: Value, name: TextValue) -> Result<Answer, Thrown> {
    let zoned = zoned(cx.vm, value)?;
    let name = name.get(&cx.vm.heap).to_owned();
    let zone = zone::named(cx, "datetime.in_zone", &name)?;
    Ok(Answer::Value(allocate(cx.vm, zoned.with_time_zone(zone))))
}
