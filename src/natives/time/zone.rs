//! Time zones by name.

use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};

use crate::diagnostics::nearest;
use crate::runtime::Cx;
use crate::vm::{ErrorKind, Thrown};

/// The zone of a name: of the IANA database, `"UTC"`, `"local"`, or an offset like `"+05:30"`.
pub fn named(cx: &mut Cx<'_>, path: &str, name: &str) -> Result<TimeZone, Thrown> {
    if name == "local" {
        return Ok(local(cx));
    }
    if let Some(offset) = offset(name) {
        return Ok(fixed(offset));
    }
    if let Ok(zone) = jiff::tz::db().get(name) {
        return Ok(plain(zone));
    }
    let shown = cx.vm.heap.string(name);
    let mut message = format!("{path}: no time zone is called {}", cx.vm.show(shown));
    let names = all();
    // The name of the city alone is a usual mistake.
    let city = |zone: &&String| {
        zone.rsplit('/')
            .next()
            .is_some_and(|city| city.eq_ignore_ascii_case(&name.replace(' ', "_")))
    };
    let near = names.iter().find(city).map(String::as_str);
    match near.or_else(|| nearest(name, names.iter().map(String::as_str))) {
        Some(near) => message.push_str(&format!("; did you mean \"{near}\"?")),
        None => message.push_str("; `time.zones()` lists them"),
    }
    Err(cx.vm.error(ErrorKind::ValueError, message))
}

/// The local zone.
pub fn local(cx: &Cx<'_>) -> TimeZone {
    plain(cx.rt.driver.zone())
}

/// UTC has several names in the database; here it has one.
pub fn plain(zone: TimeZone) -> TimeZone {
    let utc =
        ["UTC", "UCT", "Zulu", "Universal", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"];
    match zone.iana_name() {
        Some(name) if utc.contains(&name) => TimeZone::UTC,
        _ => zone,
    }
}

/// A zone that is always so far from UTC.
pub fn fixed(offset: Offset) -> TimeZone {
    if offset.is_zero() { TimeZone::UTC } else { TimeZone::fixed(offset) }
}

/// Reads `Z`, `+02`, `-0330`, `+05:30`.
fn offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = match digits.split_once(':') {
        Some((hours, minutes)) if hours.len() == 2 && minutes.len() == 2 => {
            hours.to_owned() + minutes
        }
        Some(_) => return None,
        None => digits.to_owned(),
    };
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = if digits.len() == 4 { digits[2..].parse().ok()? } else { 0 };
    if minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// What a moment's zone is called: its name, or its offset where it has none.
pub fn name_of(zoned: &Zoned) -> String {
    match zoned.time_zone().iana_name() {
        Some(name) => name.to_owned(),
        None => offset_text(zoned.offset()),
    }
}

/// As ISO 8601 has it: `+05:30`.
fn offset_text(offset: Offset) -> String {
    let sign = if offset.is_negative() { '-' } else { '+' };
    let seconds = offset.seconds().unsigned_abs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let rest = if seconds == 0 { String::new() } else { format!(":{seconds:02}") };
    format!("{sign}{hours:02}:{minutes:02}{rest}")
}

/// All names, sorted.
pub fn all() -> Vec<String> {
    let mut names: Vec<String> =
        jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::{offset, offset_text};

    #[test]
    fn offsets_are_written() {
        let text =
            |seconds| offset_text(jiff::tz::Offset::from_seconds(seconds).expect("it is one"));
        assert_eq!(text(7200), "+02:00");
        assert_eq!(text(-12_600), "-03:30");
        assert_eq!(text(3208), "+00:53:28");
    }

    #[test]
    fn offsets_are_read() {
        let seconds = |text| offset(text).map(jiff::tz::Offset::seconds);
        assert_eq!(seconds("+02"), Some(7200));
        assert_eq!(seconds("-0330"), Some(-12_600));
        assert_eq!(seconds("+05:30"), Some(19_800));
        assert_eq!(seconds("Z"), Some(0));
        for text in ["", "+", "2", "+2", "+2:00", "+02:60", "+99:00", "+0:200", "UTC", "+ä"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
