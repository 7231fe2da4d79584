//! What a match is replaced by: text in which `$1`, `$name` and `${name}` stand for groups and `$$`
//! for a dollar sign. A `$` before anything else is itself.

use super::found::no_group;
use super::pattern::Pattern;
use super::search::Spans;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// A replacement that was taken apart.
#[derive(Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Group(usize),
}

/// What stands behind a `$`.
#[derive(Debug, PartialEq)]
enum Reference<'a> {
    /// A `$` that stands for itself, and how many bytes it took.
    Dollar(usize),
    /// A name or number, and how many bytes it took.
    Group(&'a str, usize),
}

impl Template {
    /// Takes a replacement apart.
    pub(super) fn read(vm: &mut Vm, pattern: &Pattern, with: Value) -> Result<Template, Thrown> {
        let source = vm.heap.str(with).unwrap_or_default().to_owned();
        let mut parts = Vec::new();
        let mut rest = source.as_str();
        while let Some(at) = rest.find('$') {
            let mut text = rest[..at].to_owned();
            let (part, taken) = match reference(&rest[at + 1..]) {
                Reference::Dollar(taken) => {
                    text.push('$');
                    (None, taken)
                }
                Reference::Group(name, taken) => {
                    (Some(Part::Group(group(vm, pattern, name)?)), taken)
                }
            };
            parts.push(Part::Text(text));
            parts.extend(part);
            rest = &rest[at + 1 + taken..];
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Template { parts })
    }

    /// About how much longer the replacements make a text.
    pub(super) fn size(&self, all: &[Spans]) -> usize {
        let size = |spans: &Spans| {
            let length = |part: &Part| match part {
                Part::Text(text) => text.len(),
                Part::Group(number) => spans.bytes[*number].map_or(0, |(start, end)| end - start),
            };
            self.parts.iter().map(length).sum::<usize>()
        };
        all.iter().map(size).sum()
    }

    /// Appends what a match is replaced by.
    pub(super) fn push(&self, out: &mut String, source: &str, spans: &Spans) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(number) => {
                    if let Some((start, end)) = spans.bytes[*number] {
                        out.push_str(&source[start..end]);
                    }
                }
            }
        }
    }
}

/// What stands behind a `$`. A number ends with its last digit, a name with the last character that
/// can stand in a name.
fn reference(rest: &str) -> Reference<'_> {
    if rest.starts_with('$') {
        return Reference::Dollar(1);
    }
    if let Some(inner) = rest.strip_prefix('{') {
        return match inner.find('}') {
            Some(end) if end > 0 => Reference::Group(&inner[..end], end + 2),
            _ => Reference::Dollar(0),
        };
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        return Reference::Group(&rest[..digits], digits);
    }
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let length = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
    if length > 0 { Reference::Group(&rest[..length], length) } else { Reference::Dollar(0) }
}

/// The number of a group.
fn group(vm: &mut Vm, pattern: &Pattern, name: &str) -> Result<usize, Thrown> {
    let count = pattern.regex.captures_len();
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return match name.parse::<usize>() {
            Ok(number) if number < count => Ok(number),
            _ => {
                let text = format!(
                    "regex.replace: there is no group {name} for `${name}`: the pattern has {}; \
                     a dollar sign is written `$$`",
                    count - 1
                );
                Err(vm.error(ErrorKind::ValueError, text))
            }
        };
    }
    let place = pattern.regex.capture_names().position(|known| known == Some(name));
    place.ok_or_else(|| no_group(vm, pattern, name, ErrorKind::ValueError))
}

#[cfg(test)]
mod tests {
    use super::{Reference, reference};

    #[test]
    fn references_end_where_their_name_ends() {
        for (rest, expected) in [
            ("1a", Reference::Group("1", 1)),
            ("12", Reference::Group("12", 2)),
            ("name-", Reference::Group("name", 4)),
            ("größe_1 ", Reference::Group("größe_1", 9)),
            ("{1}0", Reference::Group("1", 3)),
            ("{a b}", Reference::Group("a b", 5)),
            ("$1", Reference::Dollar(1)),
            ("", Reference::Dollar(0)),
            (" 1", Reference::Dollar(0)),
            ("{}", Reference::Dollar(0)),
            ("{1", Reference::Dollar(0)),
            ("-", Reference::Dollar(0)),
        ] {
            assert_eq!(reference(rest), expected, "${rest}");
        }
    }
}
