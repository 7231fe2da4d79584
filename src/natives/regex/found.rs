//! Matches as scripts see them.

use std::sync::Arc;

use super::pattern::Pattern;
use super::search::Spans;
use crate::diagnostics::nearest;
use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::wrong_type;
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::text::push_quoted;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The members of a match. `m[group]` is `m.at(group)`.
    pub const MATCH;

    /// The text that matched.
    host get match.text() => |vm: &mut Vm, found| text_at(vm, found, 0);
    /// The index of its first code point in the text that was searched.
    host get match.start() => |vm: &mut Vm, found| Ok(Value::int(match_of(vm, found)?.spans.start as i64));
    /// The index behind its last code point: `text[m.start..m.end]` is the match.
    host get match.end() => |vm: &mut Vm, found| Ok(Value::int(match_of(vm, found)?.spans.end as i64));
    /// The texts of the groups, the first group first; null for one that did not take part.
    host get match.groups() => |vm: &mut Vm, found| {
        let (text, spans) = parts(vm, found)?;
        Ok(groups(vm, text, &spans))
    };
    /// The texts of the groups that have names, by name.
    host get match.named() => named;
    /// The text of a group by its number or name, 0 for all of the match; null if the group did not
    /// take part. Also written `m[group]`.
    host method match.at(group: any) => |vm: &mut Vm, found, name| {
        let number = number_of(vm, found, name)?;
        text_at(vm, found, number)
    };
    /// Where a group begins and ends, as a list of two indices of code points; null if it did not
    /// take part.
    host method match.span(group: any?) => span;
}

/// So much of a match is shown when it is printed.
const SHOWN_MAX: usize = 40;

/// A match.
struct Match {
    pattern: Arc<Pattern>,
    /// The text that was searched.
    text: Value,
    spans: Spans,
    /// What is printed.
    shown: Box<str>,
}

impl HostObject for Match {
    fn type_name(&self) -> &'static str {
        "match"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.text);
    }

    fn display(&self) -> String {
        let mut out = "<match ".to_owned();
        push_quoted(&mut out, &self.shown);
        out + ">"
    }

    fn external_bytes(&self) -> usize {
        self.shown.len() + self.spans.bytes.len() * size_of::<Option<(usize, usize)>>()
    }
}

/// A match as a value.
pub(super) fn make(vm: &mut Vm, pattern: &Arc<Pattern>, text: Value, spans: Spans) -> Value {
    let (start, end) = spans.whole();
    let whole = &vm.heap.str(text).unwrap_or_default()[start..end];
    let cut = whole.floor_char_boundary(SHOWN_MAX);
    let mut shown = whole[..cut].to_owned();
    if cut < whole.len() {
        shown.push('…');
    }
    let shown = shown.into_boxed_str();
    vm.heap.object(Box::new(Match { pattern: pattern.clone(), text, spans, shown }))
}

fn match_of(vm: &mut Vm, value: Value) -> Result<&Match, Thrown> {
    if vm.heap.object_ref::<Match>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a member of matches"));
    }
    Ok(vm.heap.object_ref::<Match>(value).expect("its type was looked at"))
}

/// The text that was searched, and where the match is.
fn parts(vm: &mut Vm, found: Value) -> Result<(Value, Spans), Thrown> {
    let found = match_of(vm, found)?;
    Ok((found.text, found.spans.clone()))
}

/// The text of a group by its number.
fn text_at(vm: &mut Vm, found: Value, number: usize) -> Outcome {
    let found = match_of(vm, found)?;
    let (text, span) = (found.text, found.spans.bytes[number]);
    Ok(group_text(vm, text, span))
}

fn group_text(vm: &mut Vm, text: Value, span: Option<(usize, usize)>) -> Value {
    let Some((start, end)) = span else { return Value::null() };
    let part = vm.heap.str(text).unwrap_or_default()[start..end].to_owned();
    vm.heap.string_owned(part)
}

/// The texts of all groups.
pub(super) fn groups(vm: &mut Vm, text: Value, spans: &Spans) -> Value {
    let texts = spans.bytes[1..].iter().map(|span| group_text(vm, text, *span)).collect();
    vm.heap.list(texts)
}

fn named(vm: &mut Vm, found: Value) -> Outcome {
    let pattern = match_of(vm, found)?.pattern.clone();
    let (text, spans) = parts(vm, found)?;
    let map = vm.heap.map(crate::vm::map::Map::new());
    for (name, span) in pattern.regex.capture_names().zip(&spans.bytes) {
        if let Some(name) = name {
            let part = group_text(vm, text, *span);
            vm.heap.map_insert_str(map, name, part);
        }
    }
    Ok(map)
}

/// The number of a group that a script names by number or name.
fn number_of(vm: &mut Vm, found: Value, group: Value) -> Result<usize, Thrown> {
    let pattern = match_of(vm, found)?.pattern.clone();
    let count = pattern.regex.captures_len();
    if let Some(number) = group.as_int() {
        return match usize::try_from(number) {
            Ok(place) if place < count => Ok(place),
            _ => {
                let text = format!("there is no group {number}: the pattern has {}", count - 1);
                Err(vm.error(ErrorKind::IndexError, text))
            }
        };
    }
    let Some(name) = vm.heap.str(group).map(str::to_owned) else {
        return Err(wrong_type(vm, "match.at", "group", "an int or a str", group, None));
    };
    let place = pattern.regex.capture_names().position(|known| known == Some(name.as_str()));
    place.ok_or_else(|| no_group(vm, &pattern, &name, ErrorKind::KeyError))
}

/// The error of a name that no group has.
#[cold]
pub(super) fn no_group(vm: &mut Vm, pattern: &Pattern, name: &str, kind: ErrorKind) -> Thrown {
    let mut text = format!("the pattern has no group named `{name}`");
    if let Some(near) = nearest(name, pattern.regex.capture_names().flatten()) {
        text.push_str(&format!("; did you mean `{near}`?"));
    }
    vm.error(kind, text)
}

fn span(vm: &mut Vm, found: Value, group: Option<Value>) -> Outcome {
    let number = match group {
        Some(group) => number_of(vm, found, group)?,
        None => 0,
    };
    let (text, spans) = parts(vm, found)?;
    let Some((start, end)) = spans.bytes[number] else { return Ok(Value::null()) };
    let whole = &vm.heap.str(text).unwrap_or_default()[spans.whole().0..];
    let skip = spans.whole().0;
    let first = spans.start + whole[..start - skip].chars().count();
    let last = first + whole[start - skip..end - skip].chars().count();
    Ok(vm.heap.list(vec![Value::int(first as i64), Value::int(last as i64)]))
}
