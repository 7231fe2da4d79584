//! The entities of HTML.

use super::entity::character_of;
use crate::natives::Outcome;
use crate::natives::kind::TextValue;
use crate::vm::Vm;

/// The characters for the numbers from 128 to 159, which mean those of Windows-1252 (HTML standard,
/// 13.2.5.80); those that it does not have stay.
const WINDOWS: [u32; 32] = [
    0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
    0x0152, 0x8d, 0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
];

/// The longest name of an entity, and more digits than a number needs.
const REFERENCE_MAX: usize = 32;

pub(super) fn escape(vm: &mut Vm, text: TextValue) -> Outcome {
    let entity = |character: char| match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    };
    let source = text.get(&vm.heap);
    let more: usize =
        vm.patiently(source.chars()).filter_map(entity).map(|entity| entity.len() - 1).sum();
    if more == 0 {
        vm.goes_on()?;
        return Ok(text.0);
    }
    let size = text.get(&vm.heap).len().saturating_add(more);
    vm.reserve(size)?;
    let mut out = String::with_capacity(size);
    for character in vm.patiently(text.get(&vm.heap).chars()) {
        match entity(character) {
            Some(entity) => out.push_str(entity),
            None => out.push(character),
        }
    }
    vm.goes_on()?;
    Ok(vm.heap.string_owned(out))
}

pub(super) fn unescape(vm: &mut Vm, text: TextValue) -> Outcome {
    let source = text.get(&vm.heap);
    if !source.contains('&') {
        return Ok(text.0);
    }
    let length = source.len();
    vm.reserve(length)?;
    let mut rest = text.get(&vm.heap);
    let mut out = String::with_capacity(length);
    for () in vm.steps() {
        let Some(at) = rest.find('&') else { break };
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match reference(rest) {
            Some((character, taken)) => {
                out.push(character);
                rest = &rest[taken..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    vm.goes_on()?;
    Ok(vm.heap.string_owned(out))
}

/// The character that stands for what follows a `&`, and how many bytes that takes.
fn reference(rest: &str) -> Option<(char, usize)> {
    let window = &rest.as_bytes()[..rest.len().min(REFERENCE_MAX)];
    let end = memchr::memchr(b';', window)?;
    let inner = &rest[..end];
    let character = match inner.strip_prefix('#') {
        None => character_of(inner)?,
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => numbered(digits, 16)?,
            None => numbered(number, 10)?,
        },
    };
    Some((character, end + 1))
}

/// The character of a number; `�` where there is none.
fn numbered(digits: &str, base: u32) -> Option<char> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    let code = u32::from_str_radix(digits, base).unwrap_or(u32::MAX);
    let code = match code {
        0 => return Some(char::REPLACEMENT_CHARACTER),
        128..=159 => WINDOWS[code as usize - 128],
        code => code,
    };
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}
