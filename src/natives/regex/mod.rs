//! Module `regex`: regular expressions in linear time.
//!
//! - `pattern`: compiling, the flags, and the cache behind the functions that take a pattern as text;
//! - `fault`: what is wrong with a pattern, and where;
//! - `search`: going from match to match, at once or one by one;
//! - `found`: matches as scripts see them;
//! - `template`: what a match is replaced by.

mod fault;
mod found;
mod pattern;
mod search;
mod template;

use super::Outcome;
use super::argument::{Argument, bad_value, wrong_type};
use super::kind::{Function, TextValue};
use super::script;
use crate::natives;
use crate::vm::{Kind, Thrown, Value, Vm};
use pattern::{compile_native, of_value, pattern_of};
use search::{Place, Search};
use template::Template;

pub use found::MATCH;
pub use pattern::PATTERN_CACHE;
pub use search::SEARCH;

natives! {
    /// Module `regex`: regular expressions. The functions take a pattern as text, of which the last ones
    /// stay compiled, or a compiled one.
    pub const REGEX;

    /// A compiled pattern. The letters of `flags`: `i` upper and lower case are the same, `m` `^` and `$`
    /// match at every line, `s` `.` matches a newline too, `x` blanks and `#` comments in the pattern do
    /// not count. A ParseError says what is wrong and where.
    fn regex.compile(pattern: str, flags: str = "") => compile_native,
        "import regex\nlet word = regex.compile(r\"\\w+\", flags: \"i\")\nprint(word.find(\"to be\").text)" => "to";
    /// The text as a pattern that matches just this text.
    fn regex.escape(text: str) => escape,
        "import regex\nprint(regex.escape(\"1+1\"))" => r"1\+1";
    /// Whether the pattern matches somewhere in the text.
    fn regex.is_match(pattern: any, text: str, named flags: str?) => is_match,
        "import regex\nprint(regex.is_match(r\"^\\d+$\", \"123\"))" => "true";
    /// The first match, at the code point `from` or later; null if there is none.
    fn regex.find(pattern: any, text: str, named from: int = 0, named flags: str?) => find,
        "import regex\nlet m = regex.find(r\"(\\d+)-(?<to>\\d+)\", \"pages 10-12\")\nprint(m.text, m.start, m[1], m[\"to\"])" => "10-12 6 10 12";
    /// All matches that do not overlap, as a list.
    fn regex.find_all(pattern: any, text: str, named flags: str?) => find_all,
        "import regex\nprint(regex.find_all(r\"\\d+\", \"1, 22, 333\").map(|m| m.text))" => r#"["1", "22", "333"]"#;
    /// An iterator over the matches, which looks for one after the other.
    fn regex.matches(pattern: any, text: str, named flags: str?) => matches,
        "import regex\nfor m in regex.matches(r\"[a-z]\", \"a1b\") { print(m.text, m.start) }" => "a 0\nb 2";
    /// The texts of the groups of the first match, for taking apart; null if there is no match.
    fn regex.captures(pattern: any, text: str, named flags: str?) => captures,
        "import regex\nlet [year, month] = regex.captures(r\"(\\d+)-(\\d+)\", \"2026-11\")\nprint(year, month)" => "2026 11";
    /// The text with all matches replaced, or the first `count`. In a str as `with`, `$1`, `$name` and
    /// `${name}` stand for groups, `$0` for the match, `$$` for a dollar sign. A function gets each match
    /// and gives the text in its place.
    fn regex.replace(pattern: any, text: str, with: any, named count: int?, named flags: str?) => replace,
        "import regex\nprint(regex.replace(r\"(\\w+)@(\\w+)\", \"me@home\", \"$2 of $1\"))" => "home of me",
        "import regex\nprint(regex.replace(r\"\\d+\", \"2 and 3\", |m| str(int(m.text) * 10)))" => "20 and 30";
    /// The pieces between the matches. With `limit`, at most that many: the last one keeps the rest.
    fn regex.split(pattern: any, text: str, named limit: int?, named flags: str?) => split,
        "import regex\nprint(regex.split(r\"\\s*,\\s*\", \"a , b,c\"))" => r#"["a", "b", "c"]"#;
}

natives! {
    /// The members of a compiled pattern.
    pub const PATTERN;

    /// The pattern as it was written.
    host get pattern.source() => |vm: &mut Vm, pattern| {
        let source = of_value(vm, pattern)?.source.clone();
        Ok(vm.heap.string(&source))
    };
    /// The letters of its flags.
    host get pattern.flags() => |vm: &mut Vm, pattern| {
        let flags = of_value(vm, pattern)?.flags.text();
        Ok(vm.heap.string(&flags))
    };
    /// The names of its groups, in order; null for one without.
    host get pattern.groups() => |vm: &mut Vm, pattern| {
        let pattern = of_value(vm, pattern)?;
        let names = pattern.regex.capture_names().skip(1);
        let names = names.map(|name| name.map_or(Value::null(), |name| vm.heap.string(name))).collect();
        Ok(vm.heap.list(names))
    };
    /// Whether it matches somewhere in the text.
    host method pattern.is_match(text: str) => |vm: &mut Vm, of, text| is_match(vm, of, text, None);
    /// The first match, at the code point `from` or later; null if there is none.
    host method pattern.find(text: str, named from: int = 0) => |vm: &mut Vm, of, text, from| find(vm, of, text, from, None);
    /// All matches that do not overlap, as a list.
    host method pattern.find_all(text: str) => |vm: &mut Vm, of, text| find_all(vm, of, text, None);
    /// An iterator over the matches, which looks for one after the other.
    host method pattern.matches(text: str) => |vm: &mut Vm, of, text| matches(vm, of, text, None);
    /// The texts of the groups of the first match; null if there is no match.
    host method pattern.captures(text: str) => |vm: &mut Vm, of, text| captures(vm, of, text, None);
    /// The text with all matches replaced, or the first `count`; see `regex.replace`.
    host method pattern.replace(text: str, with: any, named count: int?) => |vm: &mut Vm, of, text, with, count| replace(vm, of, text, with, count, None);
    /// The pieces between the matches. With `limit`, at most that many: the last one keeps the rest.
    host method pattern.split(text: str, named limit: int?) => |vm: &mut Vm, of, text, limit| split(vm, of, text, limit, None);
}

fn escape(vm: &mut Vm, text: TextValue) -> Outcome {
    let length = text.get(&vm.heap).len();
    vm.reserve(length.saturating_mul(2))?;
    let escaped = regex::escape(text.get(&vm.heap));
    Ok(vm.heap.string_owned(escaped))
}

fn is_match(vm: &mut Vm, pattern: Value, text: TextValue, flags: Option<TextValue>) -> Outcome {
    let pattern = pattern_of(vm, "regex.is_match", pattern, flags)?;
    Ok(Value::bool(pattern.regex.is_match(text.get(&vm.heap))))
}

fn find(
    vm: &mut Vm,
    pattern: Value,
    text: TextValue,
    from: i64,
    flags: Option<TextValue>,
) -> Outcome {
    let pattern = pattern_of(vm, "regex.find", pattern, flags)?;
    let length = vm.heap.string_ref(text.0).map_or(0, |text| text.char_count());
    let from = if from < 0 { from.saturating_add(length as i64) } else { from };
    let from = usize::try_from(from).unwrap_or(0);
    let Some(offset) = vm.heap.byte_offset(text.0, from) else { return Ok(Value::null()) };
    let mut place = Place::at(offset, from);
    let found = place.next(&pattern, text.get(&vm.heap));
    Ok(found.map_or(Value::null(), |spans| found::make(vm, &pattern, text.0, spans)))
}

fn find_all(vm: &mut Vm, pattern: Value, text: TextValue, flags: Option<TextValue>) -> Outcome {
    let pattern = pattern_of(vm, "regex.find_all", pattern, flags)?;
    let all = search::all(vm, &pattern, text, usize::MAX)?;
    let items = all.into_iter().map(|spans| found::make(vm, &pattern, text.0, spans)).collect();
    Ok(vm.heap.list(items))
}

fn matches(vm: &mut Vm, pattern: Value, text: TextValue, flags: Option<TextValue>) -> Outcome {
    let pattern = pattern_of(vm, "regex.matches", pattern, flags)?;
    let search = vm.heap.object(Box::new(Search::new(pattern, text.0, usize::MAX)));
    script::call(vm, "regex_matches", &[search])
}

fn captures(vm: &mut Vm, pattern: Value, text: TextValue, flags: Option<TextValue>) -> Outcome {
    let pattern = pattern_of(vm, "regex.captures", pattern, flags)?;
    let found = Place::at(0, 0).next(&pattern, text.get(&vm.heap));
    Ok(found.map_or(Value::null(), |spans| found::groups(vm, text.0, &spans)))
}

/// An option that counts: `None` for as many as there are.
fn count_of(
    vm: &mut Vm,
    path: &str,
    name: &str,
    count: Option<i64>,
    min: i64,
) -> Result<usize, Thrown> {
    let Some(count) = count else { return Ok(usize::MAX) };
    match usize::try_from(count) {
        Ok(found) if count >= min => Ok(found),
        _ => Err(bad_value(vm, path, &format!("{name} must be at least {min}"), Value::int(count))),
    }
}

fn replace(
    vm: &mut Vm,
    pattern: Value,
    text: TextValue,
    with: Value,
    count: Option<i64>,
    flags: Option<TextValue>,
) -> Outcome {
    let pattern = pattern_of(vm, "regex.replace", pattern, flags)?;
    let count = count_of(vm, "regex.replace", "count", count, 0)?;
    if with.kind() != Kind::Str {
        if Function::take(&vm.heap, with).is_none() {
            let expected = "a str or a function";
            return Err(wrong_type(vm, "regex.replace", "with", expected, with, None));
        }
        let search = vm.heap.object(Box::new(Search::new(pattern, text.0, count)));
        return script::call(vm, "regex_replace", &[search, with]);
    }
    let template = Template::read(vm, &pattern, with)?;
    let all = search::all(vm, &pattern, text, count)?;
    if all.is_empty() {
        return Ok(text.0);
    }
    let source = text.get(&vm.heap);
    let size = template.size(&all).saturating_add(source.len());
    vm.reserve(size)?;
    let source = text.get(&vm.heap);
    let mut out = String::with_capacity(source.len());
    let mut copied = 0;
    for spans in vm.patiently(&all) {
        let (start, end) = spans.whole();
        out.push_str(&source[copied..start]);
        template.push(&mut out, source, spans);
        copied = end;
    }
    out.push_str(&source[copied..]);
    vm.goes_on()?;
    Ok(vm.heap.string_owned(out))
}

fn split(
    vm: &mut Vm,
    pattern: Value,
    text: TextValue,
    limit: Option<i64>,
    flags: Option<TextValue>,
) -> Outcome {
    let pattern = pattern_of(vm, "regex.split", pattern, flags)?;
    let limit = count_of(vm, "regex.split", "limit", limit, 1)?;
    let all = search::all(vm, &pattern, text, limit.saturating_sub(1))?;
    let source = text.get(&vm.heap);
    let mut pieces = Vec::with_capacity(all.len() + 1);
    let mut start = 0;
    for spans in &all {
        let (end, next) = spans.whole();
        pieces.push(start..end);
        start = next;
    }
    pieces.push(start..source.len());
    let size = source.len() + pieces.len() * 4 * size_of::<Value>();
    vm.reserve(size)?;
    let source = text.get(&vm.heap).to_owned();
    let mut items = Vec::with_capacity(pieces.len());
    for (count, piece) in pieces.into_iter().enumerate() {
        vm.goes_on_at(count)?;
        items.push(vm.heap.string(&source[piece]));
    }
    Ok(vm.heap.list(items))
}
