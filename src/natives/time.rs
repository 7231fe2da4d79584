//! Module `time`: the clock, and moments in UTC. Both clocks are the driver's.

use super::Outcome;
use crate::natives;
use crate::runtime::{Answer, Cx};
use crate::vm::object::HostObject;
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// Module `time`.
    pub const TIME;

    /// This moment.
    loop fn time.now() => now;
    /// The time since some moment before the program began: for measuring, since it never goes back.
    loop fn time.monotonic() => monotonic, "import time\nprint(time.monotonic() >= 0s)" => "true";
    /// Seconds since 1970-01-01, as a float.
    host get datetime.unix() => unix;
    /// As ISO 8601 in UTC, with milliseconds.
    host method datetime.iso() => iso;
}

/// A moment, in nanoseconds since 1970-01-01 UTC.
struct DateTime {
    nanoseconds: i128,
}

impl HostObject for DateTime {
    fn type_name(&self) -> &'static str {
        "datetime"
    }

    fn display(&self) -> String {
        iso_text(self.nanoseconds)
    }
}

fn now(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    let nanoseconds = cx.rt.driver.wall().as_nanos().cast_signed();
    Ok(Answer::Value(cx.vm.heap.object(Box::new(DateTime { nanoseconds }))))
}

fn monotonic(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    let start = crate::runtime::driver::Moment::default();
    let span = cx.rt.driver.now().since(start).as_nanos();
    Ok(Answer::Value(Value::duration(i64::try_from(span).unwrap_or(i64::MAX))))
}

fn moment(vm: &Vm, datetime: Value) -> i128 {
    vm.heap.object_ref::<DateTime>(datetime).map_or(0, |datetime| datetime.nanoseconds)
}

fn unix(vm: &mut Vm, datetime: Value) -> Outcome {
    Ok(Value::float(moment(vm, datetime) as f64 / 1e9))
}

fn iso(vm: &mut Vm, datetime: Value) -> Outcome {
    let text = iso_text(moment(vm, datetime));
    Ok(vm.heap.string_owned(text))
}

fn iso_text(nanoseconds: i128) -> String {
    let milliseconds = nanoseconds.div_euclid(1_000_000);
    let (days, rest) = (milliseconds.div_euclid(86_400_000), milliseconds.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, millisecond) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil(days: i128) -> (i128, i128, i128) {
    // Years that begin in March end with the leap day; 400 of them always have as many days.
    const ERA: i128 = 146_097;
    let from_march = days + 719_468;
    let (era, day_of_era) = (from_march.div_euclid(ERA), from_march.rem_euclid(ERA));
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / (ERA - 1);
    let year_of_era = (day_of_era - leap_days) / 365;
    let first = 365 * year_of_era + year_of_era / 4 - year_of_era / 100;
    let day_of_year = day_of_era - first;
    // Months from March on have 153 days in every five.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year_of_era + era * 400 + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{civil, iso_text};

    #[test]
    fn days_have_their_dates() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (19_782, (2024, 2, 29)),
            (-25_509, (1900, 2, 28)),
            (-25_508, (1900, 3, 1)),
        ] {
            assert_eq!(civil(days), date);
        }
    }

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(iso_text(1_700_000_000_123_456_789), "2023-11-14T22:13:20.123Z");
        assert_eq!(iso_text(-1), "1969-12-31T23:59:59.999Z");
    }
}
