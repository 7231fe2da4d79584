//! Compiled patterns, and the cache of those that functions were given as text.

use std::collections::HashMap;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::fault;
use crate::natives;
use crate::natives::Outcome;
use crate::natives::argument::{bad_value, wrong_type};
use crate::natives::kind::TextValue;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

natives! {
    /// The cache of compiled patterns.
    pub const PATTERN_CACHE;

    /// For the module `regex`: the patterns that were compiled last.
    value core.regex_cache() => |vm| vm.heap.object(Box::new(Cache::default()));
}

/// The most memory that a compiled pattern may take.
pub(super) const SIZE_MAX: usize = 10 << 20;

/// So many patterns stay compiled.
const CACHED_MAX: usize = 64;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) source: Box<str>,
    pub(super) flags: Flags,
    pub(super) regex: Regex,
}

/// How a pattern is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) multi_line: bool,
    pub(super) dot_newline: bool,
    pub(super) verbose: bool,
}

impl Flags {
    fn read(vm: &mut Vm, path: &str, text: TextValue) -> Result<Flags, Thrown> {
        let mut flags = Flags::default();
        for letter in text.get(&vm.heap).bytes() {
            match letter {
                b'i' => flags.ignore_case = true,
                b'm' => flags.multi_line = true,
                b's' => flags.dot_newline = true,
                b'x' => flags.verbose = true,
                _ => {
                    let rule = "flags must be letters of `imsx`";
                    return Err(bad_value(vm, path, rule, text.0));
                }
            }
        }
        Ok(flags)
    }

    /// Their letters.
    pub(super) fn text(self) -> String {
        let letters = [
            (self.ignore_case, 'i'),
            (self.multi_line, 'm'),
            (self.dot_newline, 's'),
            (self.verbose, 'x'),
        ];
        letters.iter().filter(|(is_set, _)| *is_set).map(|(_, letter)| *letter).collect()
    }
}

/// A compiled pattern as a value.
#[derive(Debug)]
struct PatternObject(Arc<Pattern>);

impl HostObject for PatternObject {
    fn type_name(&self) -> &'static str {
        "pattern"
    }

    fn display(&self) -> String {
        format!("<pattern {}>", self.0.source)
    }

    fn external_bytes(&self) -> usize {
        // What a compiled pattern takes is not known; that it is much more than its text is.
        self.0.source.len() * 64
    }
}

fn compile(vm: &mut Vm, path: &str, source: &str, flags: Flags) -> Result<Arc<Pattern>, Thrown> {
    let compiled = RegexBuilder::new(source)
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multi_line)
        .dot_matches_new_line(flags.dot_newline)
        .ignore_whitespace(flags.verbose)
        .size_limit(SIZE_MAX)
        .build();
    match compiled {
        Ok(regex) => Ok(Arc::new(Pattern { source: source.into(), flags, regex })),
        Err(error) => Err(fault::error(vm, path, source, flags, &error)),
    }
}

pub(super) fn compile_native(vm: &mut Vm, pattern: TextValue, flags: TextValue) -> Outcome {
    let flags = Flags::read(vm, "regex.compile", flags)?;
    let source = pattern.get(&vm.heap).to_owned();
    let pattern = compile(vm, "regex.compile", &source, flags)?;
    Ok(vm.heap.object(Box::new(PatternObject(pattern))))
}

/// The compiled pattern that a value is.
pub(super) fn of_value(vm: &mut Vm, value: Value) -> Result<Arc<Pattern>, Thrown> {
    match vm.heap.object_ref::<PatternObject>(value) {
        Some(pattern) => Ok(pattern.0.clone()),
        None => Err(vm.error(ErrorKind::TypeError, "this is a member of patterns")),
    }
}

/// The pattern that a function was given: compiled, or as text, which is compiled unless that was done
/// lately.
pub(super) fn pattern_of(
    vm: &mut Vm,
    path: &str,
    pattern: Value,
    flags: Option<TextValue>,
) -> Result<Arc<Pattern>, Thrown> {
    if let Some(found) = vm.heap.object_ref::<PatternObject>(pattern) {
        let found = found.0.clone();
        return match flags {
            None => Ok(found),
            Some(flags) => {
                Err(bad_value(vm, path, "a compiled pattern has its own flags", flags.0))
            }
        };
    }
    if pattern.kind() != Kind::Str {
        let expected = "a str or a compiled pattern";
        return Err(wrong_type(vm, path, "pattern", expected, pattern, None));
    }
    let flags = match flags {
        Some(flags) => Flags::read(vm, path, flags)?,
        None => Flags::default(),
    };
    let source = vm.heap.str(pattern).unwrap_or_default().to_owned();
    let cache = vm.member("core", "regex_cache");
    let known = vm.heap.object_mut::<Cache>(cache).and_then(|cache| cache.get(&source, flags));
    if let Some(pattern) = known {
        return Ok(pattern);
    }
    let pattern = compile(vm, path, &source, flags)?;
    if let Some(cache) = vm.heap.object_mut::<Cache>(cache) {
        cache.insert(pattern.clone());
    }
    Ok(pattern)
}

/// The patterns that were used last.
#[derive(Debug, Default)]
struct Cache {
    /// By their text, of which there may be several with other flags.
    entries: HashMap<Box<str>, Vec<Entry>, foldhash::fast::RandomState>,
    /// Counts the uses.
    clock: u64,
    count: usize,
}

#[derive(Debug)]
struct Entry {
    pattern: Arc<Pattern>,
    used: u64,
}

impl HostObject for Cache {
    fn type_name(&self) -> &'static str {
        "regex_cache"
    }
}

impl Cache {
    fn get(&mut self, source: &str, flags: Flags) -> Option<Arc<Pattern>> {
        let entries = self.entries.get_mut(source)?;
        let entry = entries.iter_mut().find(|entry| entry.pattern.flags == flags)?;
        self.clock += 1;
        entry.used = self.clock;
        Some(entry.pattern.clone())
    }

    /// Adds a pattern that is not there, in place of the one that was not used for longest.
    fn insert(&mut self, pattern: Arc<Pattern>) {
        if self.count == CACHED_MAX {
            let oldest = self.entries.values().flatten().map(|entry| entry.used).min();
            self.entries.retain(|_, entries| {
                entries.retain(|entry| Some(entry.used) != oldest);
                !entries.is_empty()
            });
            self.count -= 1;
        }
        self.clock += 1;
        self.count += 1;
        let entry = Entry { used: self.clock, pattern };
        self.entries.entry(entry.pattern.source.clone()).or_default().push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(source: &str, flags: Flags) -> Arc<Pattern> {
        let regex = Regex::new(source).expect("the patterns of the test are right");
        Arc::new(Pattern { source: source.into(), flags, regex })
    }

    #[test]
    fn the_cache_keeps_what_was_used_last() {
        let mut cache = Cache::default();
        let plain = Flags::default();
        let other = Flags { ignore_case: true, ..plain };
        cache.insert(pattern("a", plain));
        cache.insert(pattern("a", other));
        for number in 2..CACHED_MAX {
            cache.insert(pattern(&format!("b{number}"), plain));
        }
        assert!(cache.get("a", plain).is_some());
        cache.insert(pattern("c", plain));
        assert!(cache.get("a", other).is_none(), "it was not used for longest");
        assert!(cache.get("a", plain).is_some() && cache.get("c", plain).is_some());
        for number in 0..10 * CACHED_MAX {
            cache.insert(pattern(&format!("d{number}"), plain));
        }
        assert_eq!(cache.entries.values().flatten().count(), CACHED_MAX);
        assert_eq!(cache.entries.len(), CACHED_MAX);
    }
}
