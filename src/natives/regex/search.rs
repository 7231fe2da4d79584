//! Going from match to match: at once for lists, one by one for iterators and for replacing by a
//! function.

use std::sync::Arc;

use regex::Regex;

use super::found;
use super::pattern::Pattern;
use crate::natives;
use crate::natives::Outcome;
use crate::natives::describe::describe;
use crate::natives::kind::TextValue;
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Searches under way, for the core module.
    pub const SEARCH;

    /// For the core module: the next match; null if there are no more.
    fn core.regex_next(search: any) => next;
    /// For the core module: what stands in the result in place of the last match.
    fn core.regex_answer(search: any, text: any) => answer;
    /// For the core module: the text with all that was answered.
    fn core.regex_result(search: any) => result;
}

/// So many matches are found between two looks at the limit of memory.
const CHECK_EVERY: usize = 4096;

/// A match: where it and its groups are, in bytes, and where it begins and ends in code points.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    /// The match itself, then its groups; `None` for a group that did not take part.
    pub(super) bytes: Vec<Option<(usize, usize)>>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Spans {
    /// Where the match is, in bytes.
    pub(super) fn whole(&self) -> (usize, usize) {
        self.bytes[0].unwrap_or_default()
    }
}

/// Where a search goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    at: usize,
    /// The end of the last match: an empty match there would be found twice.
    last_end: Option<usize>,
    /// A byte offset and the number of code points before it.
    known: (usize, usize),
}

impl Place {
    /// The byte offset `at`, before which there are `index` code points.
    pub(super) fn at(at: usize, index: usize) -> Place {
        Place { at, last_end: None, known: (at, index) }
    }

    /// The next match.
    pub(super) fn next(&mut self, pattern: &Pattern, text: &str) -> Option<Spans> {
        loop {
            if self.at > text.len() {
                return None;
            }
            let Some(bytes) = groups_at(&pattern.regex, text, self.at) else {
                self.at = text.len() + 1;
                return None;
            };
            let (start, end) = bytes[0]?;
            self.at = end;
            if start == end {
                self.at += text[end..].chars().next().map_or(1, char::len_utf8);
                if self.last_end == Some(end) {
                    continue;
                }
            }
            self.last_end = Some(end);
            let first = self.index(text, start);
            return Some(Spans { bytes, start: first, end: self.index(text, end) });
        }
    }

    /// How many code points stand before an offset; offsets only grow.
    fn index(&mut self, text: &str, offset: usize) -> usize {
        let (from, count) = self.known;
        let between = &text[from..offset];
        // Counting is quick, but not as quick as knowing that there is nothing to count.
        let more = if between.is_ascii() { between.len() } else { between.chars().count() };
        self.known = (offset, count + more);
        count + more
    }
}

/// Where the first match at an offset or behind it is, and its groups.
fn groups_at(regex: &Regex, text: &str, at: usize) -> Option<Vec<Option<(usize, usize)>>> {
    if regex.captures_len() == 1 {
        return regex.find_at(text, at).map(|found| vec![Some((found.start(), found.end()))]);
    }
    let mut groups = regex.capture_locations();
    regex.captures_read_at(&mut groups, text, at)?;
    Some((0..groups.len()).map(|group| groups.get(group)).collect())
}

/// All matches, at most `max`.
pub(super) fn all(
    vm: &mut Vm,
    pattern: &Pattern,
    text: TextValue,
    max: usize,
) -> Result<Vec<Spans>, Thrown> {
    let mut place = Place::at(0, 0);
    let mut found = Vec::new();
    let size =
        size_of::<Spans>() + pattern.regex.captures_len() * size_of::<Option<(usize, usize)>>();
    while found.len() < max {
        let Some(spans) = place.next(pattern, text.get(&vm.heap)) else { break };
        found.push(spans);
        vm.goes_on_at(found.len())?;
        if found.len().is_multiple_of(CHECK_EVERY) {
            vm.reserve(found.len().saturating_mul(size))?;
        }
    }
    Ok(found)
}

/// A search under way, as a value that the core module holds.
#[derive(Debug)]
pub(super) struct Search {
    pattern: Arc<Pattern>,
    text: Value,
    place: Place,
    /// So many matches more.
    left: usize,
    /// The text with what was answered so far.
    out: String,
    /// So much of the text has been copied or replaced.
    copied: usize,
    /// The match that has not been answered yet, in bytes.
    last: Option<(usize, usize)>,
}

impl Search {
    /// A search for at most `max` matches.
    pub(super) fn new(pattern: Arc<Pattern>, text: Value, max: usize) -> Search {
        let place = Place::at(0, 0);
        Search { pattern, text, place, left: max, out: String::new(), copied: 0, last: None }
    }
}

impl HostObject for Search {
    fn type_name(&self) -> &'static str {
        "regex_search"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.text);
    }

    fn external_bytes(&self) -> usize {
        self.out.capacity()
    }
}

fn search_mut(vm: &mut Vm, search: Value) -> Result<&mut Search, Thrown> {
    if vm.heap.object_ref::<Search>(search).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is no search"));
    }
    Ok(vm.heap.object_mut::<Search>(search).expect("its type was looked at"))
}

fn next(vm: &mut Vm, search: Value) -> Outcome {
    let Search { pattern, text, place, left, .. } = search_mut(vm, search)?;
    if *left == 0 {
        return Ok(Value::null());
    }
    let (pattern, text, mut place) = (pattern.clone(), *text, *place);
    let found = place.next(&pattern, vm.heap.str(text).unwrap_or_default());
    let search = search_mut(vm, search)?;
    search.place = place;
    search.left -= 1;
    search.last = found.as_ref().map(Spans::whole);
    match found {
        Some(spans) => Ok(found::make(vm, &pattern, text, spans)),
        None => {
            search.left = 0;
            Ok(Value::null())
        }
    }
}

fn answer(vm: &mut Vm, search: Value, answer: Value) -> Outcome {
    let Some(piece) = vm.heap.str(answer).map(str::to_owned) else {
        let came = describe(vm, answer);
        let message = format!("regex.replace: the function must return a str, not {came}");
        return Err(vm.error(ErrorKind::TypeError, message));
    };
    let Search { text, copied, last, out, .. } = search_mut(vm, search)?;
    let Some((start, end)) = *last else { return Ok(Value::null()) };
    let (text, before, size) = (*text, *copied..start, out.len() + piece.len());
    vm.reserve(size)?;
    let before = vm.heap.str(text).unwrap_or_default()[before].to_owned();
    let search = search_mut(vm, search)?;
    search.out.push_str(&before);
    search.out.push_str(&piece);
    search.copied = end;
    Ok(Value::null())
}

fn result(vm: &mut Vm, search: Value) -> Outcome {
    let Search { text, copied, out, .. } = search_mut(vm, search)?;
    let (text, copied, mut out) = (*text, *copied, std::mem::take(out));
    let rest = &vm.heap.str(text).unwrap_or_default()[copied..];
    let size = out.len() + rest.len();
    vm.reserve(size)?;
    out.push_str(&vm.heap.str(text).unwrap_or_default()[copied..]);
    Ok(vm.heap.string_owned(out))
}
