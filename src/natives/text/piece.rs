//! Taking a str apart.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::natives::Outcome;
use crate::natives::argument::bad_value;
use crate::natives::kind::TextValue;
use crate::vm::{Elements, ErrorKind, Thrown, Value, Vm};

/// After so many pieces a long list is left if the program has to end.
const PART: usize = 1 << 16;

/// So many pieces are looked for before strings are made of them.
const FOUND_MAX: usize = 256;

/// What goes over the pieces of a text.
type Visit<'v> = &'v mut dyn FnMut(&str);

/// A list of the pieces that `cut` visits. They are counted first, so that there is room for them
/// before they are made.
fn list_of(vm: &mut Vm, text: TextValue, cut: impl Fn(&Vm, &str, Visit<'_>)) -> Outcome {
    let source = text.get(&vm.heap);
    let mut count = 0_usize;
    cut(vm, source, &mut |_| count += 1);
    vm.goes_on()?;
    // The list's cell, the string's cell, and where the piece is.
    let size = count.saturating_mul(size_of::<Value>() + 32 + size_of::<Range<usize>>());
    vm.reserve(size.saturating_add(text.get(&vm.heap).len()))?;
    let source = text.get(&vm.heap);
    let mut pieces: Vec<Range<usize>> = Vec::with_capacity(count);
    cut(vm, source, &mut |piece| {
        let start = piece.as_ptr().addr() - source.as_ptr().addr();
        pieces.push(start..start + piece.len());
    });
    list_of_parts(vm, text, &pieces)
}

/// A list of parts of a text.
fn list_of_parts(vm: &mut Vm, text: TextValue, parts: &[Range<usize>]) -> Outcome {
    vm.goes_on()?;
    let mut items = Vec::with_capacity(parts.len());
    for some in parts.chunks(PART) {
        vm.goes_on()?;
        push_parts(vm, text, some, &mut items);
    }
    Ok(vm.heap.list(items))
}

/// Makes strings of parts of a text.
fn push_parts(vm: &mut Vm, text: TextValue, parts: &[Range<usize>], items: &mut Vec<Value>) {
    let part = |part: &Range<usize>| vm.heap.substring(text.0, part.clone());
    items.extend(parts.iter().map(part).map(Option::unwrap_or_default));
}

/// A list of the pieces between separators, at most `limit` of them.
fn list_between(vm: &mut Vm, text: TextValue, sep: &str, limit: usize) -> Outcome {
    let source = text.get(&vm.heap).as_bytes();
    let places = match limit {
        usize::MAX => vm.count_places(source, sep.as_bytes()),
        _ => vm.patiently(vm.places(source, sep.as_bytes(), 0)).take(limit - 1).count(),
    };
    let (count, length) = (places + 1, source.len());
    vm.goes_on()?;
    let size = count.saturating_mul(size_of::<Value>() + 32);
    vm.reserve(size.saturating_add(length))?;
    let mut items = Vec::with_capacity(count);
    let mut parts: Vec<Range<usize>> = Vec::with_capacity(count.min(FOUND_MAX));
    let mut start = 0;
    while items.len() < places {
        parts.clear();
        let source = text.get(&vm.heap).as_bytes();
        let wanted = FOUND_MAX.min(places - items.len());
        for at in vm.places(source, sep.as_bytes(), start).take(wanted) {
            parts.push(start..at);
            start = at + sep.len();
        }
        vm.goes_on()?;
        push_parts(vm, text, &parts, &mut items);
    }
    items.push(vm.heap.substring(text.0, start..length).unwrap_or_default());
    Ok(vm.heap.list(items))
}

pub(super) fn split(
    vm: &mut Vm,
    text: TextValue,
    sep: Option<TextValue>,
    limit: Option<i64>,
) -> Outcome {
    let limit = pieces_max(vm, "str.split", limit)?;
    match separator(vm, "str.split", sep)? {
        None => list_of(vm, text, |vm, source, visit| split_blanks(vm, source, limit, visit)),
        Some(sep) => list_between(vm, text, &sep, limit),
    }
}

pub(super) fn rsplit(
    vm: &mut Vm,
    text: TextValue,
    sep: Option<TextValue>,
    limit: Option<i64>,
) -> Outcome {
    let limit = pieces_max(vm, "str.rsplit", limit)?;
    let list = match separator(vm, "str.rsplit", sep)? {
        None => list_of(vm, text, |vm, source, visit| rsplit_blanks(vm, source, limit, visit)),
        Some(sep) => list_of(vm, text, |vm, source, visit| {
            vm.patiently(source.rsplitn(limit, &*sep)).for_each(visit)
        }),
    }?;
    if let Some(list) = vm.heap.list_mut(list) {
        list.items.reverse();
    }
    Ok(list)
}

/// The greatest number of pieces that a `limit` option asks for.
fn pieces_max(vm: &mut Vm, path: &str, limit: Option<i64>) -> Result<usize, Thrown> {
    match limit {
        None => Ok(usize::MAX),
        Some(n) if n >= 1 => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
        Some(n) => Err(bad_value(vm, path, "limit must be at least 1", Value::int(n))),
    }
}

/// The separator, if one is given.
fn separator(vm: &mut Vm, path: &str, sep: Option<TextValue>) -> Result<Option<String>, Thrown> {
    let Some(sep) = sep else { return Ok(None) };
    let sep = sep.get(&vm.heap).to_owned();
    if sep.is_empty() {
        let message = format!("{path}: sep is empty; use chars() for the single characters");
        return Err(vm.error(ErrorKind::ValueError, message));
    }
    Ok(Some(sep))
}

/// The pieces between runs of blanks; the last of `limit` pieces keeps the rest.
fn split_blanks(vm: &Vm, source: &str, limit: usize, visit: Visit<'_>) {
    let mut rest = source.trim_start();
    for (count, ()) in (1..).zip(vm.steps()) {
        if rest.is_empty() {
            break;
        }
        let end = if count == limit { None } else { rest.find(char::is_whitespace) };
        let Some(end) = end else { return visit(rest.trim_end()) };
        visit(&rest[..end]);
        rest = rest[end..].trim_start();
    }
}

/// The pieces between runs of blanks from the end on; the last of `limit` pieces keeps the rest.
fn rsplit_blanks(vm: &Vm, source: &str, limit: usize, visit: Visit<'_>) {
    let mut rest = source.trim_end();
    for (count, ()) in (1..).zip(vm.steps()) {
        if rest.is_empty() {
            break;
        }
        let start = if count == limit {
            None
        } else {
            rest.char_indices().rev().find(|(_, c)| c.is_whitespace())
        };
        let Some((at, blank)) = start else { return visit(rest.trim_start()) };
        visit(&rest[at + blank.len_utf8()..]);
        rest = rest[..at].trim_end();
    }
}

pub(super) fn lines(vm: &mut Vm, text: TextValue) -> Outcome {
    list_of(vm, text, |vm, source, visit| vm.patiently(source.lines()).for_each(visit))
}

pub(super) fn chars(vm: &mut Vm, text: TextValue) -> Outcome {
    match vm.elements(text.0)? {
        Elements::Known(items) => Ok(vm.heap.list(items)),
        _ => Ok(Value::null()),
    }
}

pub(super) fn graphemes(vm: &mut Vm, text: TextValue) -> Outcome {
    list_of(vm, text, |vm, source, visit| vm.patiently(source.graphemes(true)).for_each(visit))
}

pub(super) fn words(vm: &mut Vm, text: TextValue) -> Outcome {
    list_of(vm, text, |vm, source, visit| vm.patiently(source.unicode_words()).for_each(visit))
}
