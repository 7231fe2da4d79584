//! Finding, counting and replacing in a str, with positions in code points.

use crate::natives::Outcome;
use crate::natives::argument::bad_value;
use crate::natives::kind::TextValue;
use crate::vm::{Value, Vm};

/// How many code points the text has; kept with the text, so this is cheap.
pub(super) fn char_count(vm: &Vm, text: TextValue) -> usize {
    vm.heap.string_ref(text.0).expect("the argument was checked").char_count()
}

/// The index of the code point that begins at a byte.
fn index(vm: &Vm, text: TextValue, offset: usize) -> Value {
    Value::int(vm.heap.char_index(text.0, offset) as i64)
}

pub(super) fn find(vm: &mut Vm, text: TextValue, s: TextValue, from: i64) -> Outcome {
    let length = char_count(vm, text);
    let from = if from < 0 { from + length as i64 } else { from };
    let from = usize::try_from(from).unwrap_or(0);
    if from > length {
        return Ok(Value::null());
    }
    let source = text.get(&vm.heap);
    let start = vm.heap.byte_offset(text.0, from).unwrap_or(source.len());
    let found = vm.places(source.as_bytes(), s.get(&vm.heap).as_bytes(), start).next();
    vm.goes_on()?;
    Ok(found.map_or(Value::null(), |at| index(vm, text, at)))
}

pub(super) fn rfind(vm: &mut Vm, text: TextValue, s: TextValue) -> Outcome {
    let source = text.get(&vm.heap);
    let found = vm.last_place(source.as_bytes(), s.get(&vm.heap).as_bytes());
    vm.goes_on()?;
    Ok(found.map_or(Value::null(), |at| index(vm, text, at)))
}

pub(super) fn contains(vm: &mut Vm, text: TextValue, s: TextValue) -> Outcome {
    let source = text.get(&vm.heap).as_bytes();
    let found = vm.places(source, s.get(&vm.heap).as_bytes(), 0).next();
    vm.goes_on()?;
    Ok(Value::bool(found.is_some()))
}

pub(super) fn count(vm: &mut Vm, text: TextValue, s: TextValue) -> Outcome {
    let count = spans(vm, text.get(&vm.heap), s.get(&vm.heap)).count();
    vm.goes_on()?;
    Ok(Value::int(count as i64))
}

/// Where a text stands in another one; an empty one does so before and behind each character.
fn spans<'a>(vm: &'a Vm, source: &'a str, s: &'a str) -> impl Iterator<Item = usize> + 'a {
    let (places, gaps) = match s {
        "" => (None, Some(source.match_indices("").map(|(at, _)| at))),
        _ => (Some(vm.places(source.as_bytes(), s.as_bytes(), 0)), None),
    };
    vm.patiently(places.into_iter().flatten().chain(gaps.into_iter().flatten()))
}

pub(super) fn partition(vm: &mut Vm, text: TextValue, sep: TextValue) -> Outcome {
    let source = text.get(&vm.heap);
    if sep.get(&vm.heap).is_empty() {
        return Err(bad_value(vm, "str.partition", "sep must not be empty", sep.0));
    }
    let place = vm.places(source.as_bytes(), sep.get(&vm.heap).as_bytes(), 0).next();
    let (before, found, after) = match place {
        Some(at) => {
            let after = at + sep.get(&vm.heap).len();
            (source[..at].to_owned(), sep.0, source[after..].to_owned())
        }
        None => {
            vm.goes_on()?;
            let empty = vm.heap.intern("");
            return Ok(vm.heap.list(vec![text.0, empty, empty]));
        }
    };
    let before = vm.heap.string_owned(before);
    let after = vm.heap.string_owned(after);
    Ok(vm.heap.list(vec![before, found, after]))
}

pub(super) fn replace(
    vm: &mut Vm,
    text: TextValue,
    old: TextValue,
    new: TextValue,
    count: Option<i64>,
) -> Outcome {
    let count = match count {
        None => usize::MAX,
        Some(n) => match usize::try_from(n) {
            Ok(n) => n,
            Err(_) => {
                let rule = "count must not be negative";
                return Err(bad_value(vm, "str.replace", rule, Value::int(n)));
            }
        },
    };
    let source = text.get(&vm.heap);
    let places = spans(vm, source, old.get(&vm.heap)).take(count).count();
    vm.goes_on()?;
    if places == 0 {
        return Ok(text.0);
    }
    let source = text.get(&vm.heap);
    let grown = new.get(&vm.heap).len().saturating_mul(places);
    let size = source.len().saturating_add(grown);
    vm.reserve(size)?;
    let (source, old, new) = (text.get(&vm.heap), old.get(&vm.heap), new.get(&vm.heap));
    let mut replaced =
        String::with_capacity(source.len() + new.len() * places - old.len() * places);
    let mut copied = 0;
    for at in spans(vm, source, old).take(places) {
        replaced.push_str(&source[copied..at]);
        replaced.push_str(new);
        copied = at + old.len();
    }
    replaced.push_str(&source[copied..]);
    vm.goes_on()?;
    Ok(vm.heap.string_owned(replaced))
}
