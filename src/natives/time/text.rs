//! Moments as text: ISO 8601 (RFC 3339, RFC 9557), RFC 2822, and patterns of strftime.

use jiff::Zoned;
use jiff::fmt::{rfc2822, strtime, temporal};
use jiff::tz::TimeZone;

use super::datetime::zoned;
use super::{allocate, zone, zone_or_local};
use crate::natives;
use crate::natives::Outcome;
use crate::natives::kind::TextValue;
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Reading and writing datetimes.
    pub const FORM;

    /// The moment that a text tells: in ISO 8601 with or without time, offset and zone in brackets,
    /// or as in mails and HTTP (RFC 2822); with `format`, by a pattern of strptime. What tells no
    /// offset is meant in `zone`, by default the local one; what does is shown in `zone` if one is
    /// given.
    loop fn time.parse(text: str, format: str?, named zone: str?) => parse,
        "import time\nprint(time.parse(\"2026-01-31T09:30:00+01:00\"))" => "2026-01-31T09:30:00+01:00",
        "import time\nprint(time.parse(\"31.1.2026\", \"%d.%m.%Y\", zone: \"UTC\"))" => "2026-01-31T00:00:00Z";
    /// As ISO 8601 with the offset from UTC, which RFC 3339 allows as well.
    host method datetime.iso() => iso,
        "import time\nprint(time.date(2026, 1, 31, zone: \"+05:30\").iso())" => "2026-01-31T00:00:00+05:30";
    /// By a pattern of strftime, such as `"%Y-%m-%d %H:%M"`; or `"rfc2822"` as mails have it,
    /// `"http"` as HTTP has it. In interpolation a pattern stands behind the colon.
    host method datetime.format(format: str) => written,
        "import time\nprint(time.date(2026, 1, 31).format(\"%A, %-d %B %Y\"))" => "Saturday, 31 January 2026",
        "import time\nlet d = time.date(2026, 1, 31)\nprint(\"${d:%d/%m/%y}\")" => "31/01/26";
}

/// ISO 8601 with offset, `Z` for UTC.
pub fn iso_text(zoned: &Zoned) -> String {
    if is_utc(zoned.time_zone()) {
        zoned.timestamp().to_string()
    } else {
        zoned.timestamp().display_with_offset(zoned.offset()).to_string()
    }
}

fn is_utc(zone: &TimeZone) -> bool {
    zone.to_fixed_offset().is_ok_and(|offset| offset.is_zero())
}

/// By a pattern of strftime.
pub fn format_text(zoned: &Zoned, pattern: &str) -> Result<String, String> {
    let names = strtime::Config::new().custom(strtime::PosixCustom::new());
    strtime::BrokenDownTime::from(zoned)
        .to_string_with_config(&names, pattern)
        .map_err(|error| format!("the format `{pattern}` is not understood: {}", reason(&error)))
}

/// Why jiff refuses a text or a pattern.
fn reason(error: &jiff::Error) -> String {
    let text = error.to_string();
    // What was tried stands before what went wrong, and is said here already.
    let known = ["strptime parsing failed: ", "strftime formatting failed: "];
    known.iter().find_map(|known| text.strip_prefix(known)).unwrap_or(&text).to_owned()
}

fn iso(vm: &mut Vm, value: Value) -> Outcome {
    let text = iso_text(&zoned(vm, value)?);
    Ok(vm.heap.string_owned(text))
}

fn written(vm: &mut Vm, value: Value, format: TextValue) -> Outcome {
    let zoned = zoned(vm, value)?;
    let pattern = format.get(&vm.heap).to_owned();
    let text = match pattern.as_str() {
        "rfc2822" => rfc2822::to_string(&zoned).map_err(|_| "the year is before 0".to_owned()),
        "http" => rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&zoned.timestamp())
            .map_err(|_| "the year is before 0".to_owned()),
        pattern if pattern.contains('%') => format_text(&zoned, pattern),
        _ => {
            Err("format must be a pattern such as \"%Y-%m-%d\", \"rfc2822\" or \"http\"".to_owned())
        }
    };
    match text {
        Ok(text) => Ok(vm.heap.string_owned(text)),
        Err(why) => Err(vm.error(ErrorKind::ValueError, format!("datetime.format: {why}"))),
    }
}

/// What a text tells of a moment.
enum Told {
    /// All.
    Moment(Zoned),
    /// What the clocks show, but not where.
    Clock(jiff::civil::DateTime),
}

fn parse(
    cx: &mut Cx<'_>,
    text: TextValue,
    format: Option<TextValue>,
    zone: Option<TextValue>,
) -> Result<Answer, Thrown> {
    let path = "time.parse";
    let given = zone.is_some();
    let zone = zone_or_local(cx, path, zone)?;
    let source = text.get(&cx.vm.heap).to_owned();
    let told = match format {
        None => without_format(source.trim()).ok_or_else(|| {
            let shown = cx.vm.show(text.0);
            format!(
                "{shown} is no date: write it like 2026-01-31T09:30:00+01:00, or give its format"
            )
        }),
        Some(format) => {
            let pattern = format.get(&cx.vm.heap).to_owned();
            with_format(&source, &pattern).map_err(|why| {
                let (text, format) = (cx.vm.show(text.0), cx.vm.show(format.0));
                format!("{text} does not fit the format {format}: {why}")
            })
        }
    };
    let zoned = match told {
        Ok(Told::Moment(zoned)) if given => Ok(zoned.with_time_zone(zone)),
        Ok(Told::Moment(zoned)) => Ok(zoned),
        Ok(Told::Clock(clock)) => zone
            .to_zoned(clock)
            .map_err(|_| "the date lies outside of the years -9999 to 9999".to_owned()),
        Err(why) => Err(why),
    };
    match zoned {
        Ok(zoned) => Ok(Answer::Value(allocate(cx.vm, zoned))),
        Err(why) => Err(cx.vm.error(ErrorKind::ParseError, format!("{path}: {why}"))),
    }
}

fn without_format(text: &str) -> Option<Told> {
    let parser = temporal::DateTimeParser::new();
    let Ok(pieces) = parser.parse_pieces(text) else {
        return rfc2822::parse(text).ok().map(in_own_zone).map(Told::Moment);
    };
    if pieces.time_zone_annotation().is_some() {
        return parser.parse_zoned(text).ok().map(in_own_zone).map(Told::Moment);
    }
    let clock = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    match pieces.to_numeric_offset() {
        Some(offset) => {
            let moment = offset.to_timestamp(clock).ok()?;
            Some(Told::Moment(moment.to_zoned(zone::fixed(offset))))
        }
        None => Some(Told::Clock(clock)),
    }
}

fn with_format(text: &str, pattern: &str) -> Result<Told, String> {
    if pattern == "rfc2822" || pattern == "http" {
        let parsed = rfc2822::parse(text).map_err(|error| reason(&error))?;
        return Ok(Told::Moment(in_own_zone(parsed)));
    }
    let parsed = strtime::parse(pattern, text).map_err(|error| reason(&error))?;
    let tells_zone = parsed.offset().is_some() || parsed.iana_time_zone().is_some();
    if tells_zone {
        let zoned = parsed.to_zoned().map_err(|error| reason(&error))?;
        return Ok(Told::Moment(in_own_zone(zoned)));
    }
    if let Some(moment) = parsed.timestamp() {
        return Ok(Told::Moment(moment.to_zoned(TimeZone::UTC)));
    }
    let date = parsed.to_date().map_err(|error| reason(&error))?;
    let time = parsed.to_time().map_err(|error| reason(&error))?;
    Ok(Told::Clock(date.to_datetime(time)))
}

/// With UTC where the offset is nothing.
fn in_own_zone(zoned: Zoned) -> Zoned {
    let zone = zone::plain(zoned.time_zone().clone());
    let zone = if is_utc(&zone) { TimeZone::UTC } else { zone };
    zoned.with_time_zone(zone)
}
