//! The type `datetime`: a moment, and the time zone by which its calendar goes.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp, Zoned};

use super::text::{format_text, iso_text};
use super::zone::name_of;
use crate::natives;
use crate::natives::Outcome;
use crate::vm::heap::Heap;
use crate::vm::object::{Computed, HostObject, HostValue, KeyForm, NoOrder, Operator};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// What can be read of a `datetime`.
    pub const DATETIME;

    /// The year.
    host get datetime.year() => |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.year())),
        "import time\nprint(time.date(2026, 3, 1).year)" => "2026";
    /// The month: 1 to 12.
    host get datetime.month() => |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.month()));
    /// The day of the month, from 1.
    host get datetime.day() => |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.day()));
    /// The hour: 0 to 23.
    host get datetime.hour() => |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.hour()));
    /// The minute: 0 to 59.
    host get datetime.minute() => |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.minute()));
    /// The second: 0 to 59.
    host get datetime.second() => |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.second()));
    /// The nanoseconds of the second: 0 to 999999999.
    host get datetime.nanosecond() =>
        |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.subsec_nanosecond()));
    /// The day of the week: 1 is Monday, 7 is Sunday.
    host get datetime.weekday() =>
        |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.weekday().to_monday_one_offset())),
        "import time\nprint(time.date(2026, 3, 1).weekday)" => "7";
    /// The day of the year, from 1.
    host get datetime.yearday() => |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.day_of_year())),
        "import time\nprint(time.date(2026, 3, 1).yearday)" => "60";
    /// The number of the week by ISO 8601, which begins on Monday: 1 to 53.
    host get datetime.week() =>
        |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.date().iso_week_date().week())),
        "import time\nprint(time.date(2026, 1, 1).week)" => "1";
    /// The year that the week belongs to, which may not be that of the day.
    host get datetime.week_year() =>
        |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.date().iso_week_date().year())),
        "import time\nprint(time.date(2027, 1, 1).week_year)" => "2026";
    /// The name of the time zone, or the offset where it has none.
    host get datetime.zone() => zone,
        "import time\nprint(time.date(2026, zone: \"Asia/Tokyo\").zone)" => "Asia/Tokyo";
    /// How far the clocks are ahead of UTC.
    host get datetime.offset() => offset,
        "import time\nprint(time.date(2026, zone: \"Asia/Tokyo\").offset)" => "9h";
    /// Seconds since the beginning of 1970 in UTC, as a float.
    host get datetime.unix() => unix,
        "import time\nprint(time.date(1970, 1, 2, zone: \"UTC\").unix)" => "86400.0";
    /// Whole milliseconds since the beginning of 1970 in UTC, as an int.
    host get datetime.unix_ms() =>
        |vm: &mut Vm, d: Value| int(vm, d, |d| nanoseconds(d).div_euclid(1_000_000) as i64),
        "import time\nprint(time.date(1970, 1, 2, zone: \"UTC\").unix_ms)" => "86400000";
    /// Whether the year has 366 days.
    host method datetime.is_leap() =>
        |vm: &mut Vm, d: Value| Ok(Value::bool(zoned(vm, d)?.in_leap_year())),
        "import time\nprint(time.date(2024).is_leap())" => "true";
    /// Whether the clocks are in summer time.
    host method datetime.is_dst() => is_dst,
        "import time\nprint(time.date(2026, 7, zone: \"Europe/Berlin\").is_dst())" => "true";
    /// How many days the month has.
    host method datetime.days_in_month() =>
        |vm: &mut Vm, d: Value| int(vm, d, |d| i64::from(d.days_in_month())),
        "import time\nprint(time.date(2024, 2).days_in_month())" => "29";
}

/// A moment in a time zone, as scripts hold it. Equal, ordered and a key by the moment alone.
pub struct DateTime(pub Zoned);

impl HostObject for DateTime {
    fn type_name(&self) -> &'static str {
        "datetime"
    }

    /// ISO 8601, and the zone where it has a name.
    fn display(&self) -> String {
        let text = iso_text(&self.0);
        match self.0.time_zone().iana_name() {
            Some(name) if name != "UTC" => format!("{text}[{name}]"),
            _ => text,
        }
    }

    fn as_value(&self) -> Option<&dyn HostValue> {
        Some(self)
    }
}

impl HostValue for DateTime {
    fn equals(&self, heap: &Heap, other: Value) -> bool {
        moment(heap, other) == Some(self.0.timestamp())
    }

    fn key(&self) -> KeyForm {
        let mut bytes = nanoseconds(&self.0).to_le_bytes().to_vec();
        bytes.extend(b"datetime");
        KeyForm::Bytes(bytes)
    }

    fn compare(&self, heap: &Heap, other: Value) -> Result<Ordering, NoOrder> {
        moment(heap, other).map(|other| self.0.timestamp().cmp(&other)).ok_or(NoOrder::Types)
    }

    fn binary(&self, heap: &Heap, operator: Operator, left: Value, right: Value) -> Computed {
        let shifted = |length: i64| {
            let sum = self.0.checked_add(SignedDuration::from_nanos(length));
            sum.map_or_else(|_| beyond(), |sum| Computed::Object(Box::new(DateTime(sum))))
        };
        match (operator, left.as_duration(), right.as_duration()) {
            (Operator::Add, None, Some(length)) | (Operator::Add, Some(length), None) => {
                shifted(length)
            }
            (Operator::Sub, None, Some(length)) => {
                length.checked_neg().map_or_else(beyond, shifted)
            }
            (Operator::Sub, None, None) => match (moment(heap, left), moment(heap, right)) {
                (Some(left), Some(right)) => between(left, right),
                _ => no_number(operator, left, right),
            },
            _ => no_number(operator, left, right),
        }
    }

    fn format(&self, spec: &str) -> Option<Result<String, String>> {
        spec.contains('%').then(|| format_text(&self.0, spec))
    }
}

/// The duration from one moment to another.
fn between(left: Timestamp, right: Timestamp) -> Computed {
    match i64::try_from(left.as_nanosecond() - right.as_nanosecond()) {
        Ok(length) => Computed::Value(Value::duration(length)),
        Err(_) => {
            let message = "the datetimes are more than 292 years apart, which is the longest \
                duration: `a.until(b, \"days\")` counts days";
            Computed::Failed(ErrorKind::OverflowError, message.to_owned())
        }
    }
}

fn beyond() -> Computed {
    let message = "the result lies outside of the years -9999 to 9999";
    Computed::Failed(ErrorKind::OverflowError, message.to_owned())
}

/// A number beside a moment: the usual mistake has an answer of its own.
fn no_number(operator: Operator, left: Value, right: Value) -> Computed {
    let sums = matches!(operator, Operator::Add | Operator::Sub);
    if !sums || !(left.is_number() || right.is_number()) {
        return Computed::Undefined;
    }
    let message = format!(
        "`{}` is not defined for a datetime and a number: add a duration such as `5s`, or \
         `d.add(days: 1)`",
        operator.text()
    );
    Computed::Failed(ErrorKind::TypeError, message)
}

fn moment(heap: &Heap, value: Value) -> Option<Timestamp> {
    heap.object_ref::<DateTime>(value).map(|datetime| datetime.0.timestamp())
}

fn nanoseconds(zoned: &Zoned) -> i128 {
    zoned.timestamp().as_nanosecond()
}

/// The moment that the receiver of a method is.
pub fn zoned(vm: &mut Vm, value: Value) -> Result<Zoned, Thrown> {
    match vm.heap.object_ref::<DateTime>(value) {
        Some(datetime) => Ok(datetime.0.clone()),
        None => Err(vm.error(ErrorKind::TypeError, "this is a method of datetimes")),
    }
}

fn int(vm: &mut Vm, value: Value, part: fn(&Zoned) -> i64) -> Outcome {
    Ok(Value::int(part(&zoned(vm, value)?)))
}

fn zone(vm: &mut Vm, value: Value) -> Outcome {
    let name = name_of(&zoned(vm, value)?);
    Ok(vm.heap.string_owned(name))
}

fn offset(vm: &mut Vm, value: Value) -> Outcome {
    let seconds = zoned(vm, value)?.offset().seconds();
    Ok(Value::duration(i64::from(seconds) * 1_000_000_000))
}

fn unix(vm: &mut Vm, value: Value) -> Outcome {
    // The whole seconds and the rest apart: all nanoseconds together are more than a float holds.
    let total = nanoseconds(&zoned(vm, value)?);
    let (whole, rest) = (total.div_euclid(1_000_000_000), total.rem_euclid(1_000_000_000));
    Ok(Value::float(whole as f64 + rest as f64 / 1e9))
}

fn is_dst(vm: &mut Vm, value: Value) -> Outcome {
    let zoned = zoned(vm, value)?;
    Ok(Value::bool(zoned.time_zone().to_offset_info(zoned.timestamp()).dst().is_dst()))
}
