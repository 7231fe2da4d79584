//! `fs.glob`: the paths that a pattern describes.
//!
//! Braces are taken apart first, which gives several patterns. Each is a row of steps, one per name
//! of a path; the search keeps its own stack of directories, so that no tree is too deep for it.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::folder::{name_of, readable};
use crate::runtime::driver::{FileKind, FileSystem};

/// Braces may stand for so many patterns.
const PATTERNS_MAX: usize = 1000;

/// A pattern that was understood.
#[derive(Debug)]
pub(super) struct Glob {
    rows: Vec<Row>,
    hidden: bool,
}

/// One pattern without braces.
#[derive(Debug)]
struct Row {
    is_absolute: bool,
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq)]
enum Step {
    /// A name, as it is.
    Name(String),
    /// Any number of directories.
    Tree,
    /// A name that has a form.
    Form(Vec<Part>),
}

#[derive(Debug, PartialEq)]
enum Part {
    Char(char),
    /// `?`
    One,
    /// `*`
    Many,
    /// `[a-z]`; true: none of them.
    Set(bool, Vec<(char, char)>),
}

impl Glob {
    /// Reads a pattern. The error says what is wrong with it.
    pub(super) fn new(pattern: &str, hidden: bool) -> Result<Glob, String> {
        let mut rows = Vec::new();
        for plain in without_braces(pattern)? {
            let names = plain.split('/').filter(|name| !name.is_empty());
            let steps = names.map(step).collect::<Result<_, _>>()?;
            rows.push(Row { is_absolute: plain.starts_with('/'), steps });
        }
        Ok(Glob { rows, hidden })
    }

    /// All paths that there are, sorted. Directories that cannot be read have nothing in them.
    pub(super) fn find(&self, files: &dyn FileSystem) -> Vec<String> {
        let mut found = BTreeSet::new();
        for row in self.rows.iter().filter(|row| !row.steps.is_empty()) {
            self.find_row(files, row, &mut found);
        }
        found.into_iter().collect()
    }

    fn find_row(&self, files: &dyn FileSystem, row: &Row, found: &mut BTreeSet<String>) {
        let root = if row.is_absolute { "/" } else { "" };
        let mut seen = HashSet::new();
        let mut open = vec![(PathBuf::from(root), 0)];
        while let Some((path, number)) = open.pop() {
            // Several `**` come to the same place in many ways.
            if !seen.insert((path.clone(), number)) {
                continue;
            }
            let Some(step) = row.steps.get(number) else {
                if !path.as_os_str().is_empty() {
                    found.insert(readable(&path));
                }
                continue;
            };
            if let Step::Name(name) = step {
                let path = path.join(name);
                if files.look(&path, false).is_ok() {
                    open.push((path, number + 1));
                }
                continue;
            }
            if *step == Step::Tree {
                open.push((path.clone(), number + 1));
            }
            let dir = if path.as_os_str().is_empty() { Path::new(".") } else { path.as_path() };
            for entry in files.entries(dir).unwrap_or_default() {
                let name = name_of(&entry.path);
                let inner = path.join(entry.path.file_name().unwrap_or_default());
                let is_last = number + 1 == row.steps.len();
                match step {
                    // `**` at the end means all that is there, and before that only directories.
                    Step::Tree if !self.hidden && name.starts_with('.') => {}
                    Step::Tree if entry.kind == FileKind::Dir => open.push((inner, number)),
                    Step::Tree if is_last => open.push((inner, number + 1)),
                    Step::Form(_) if !is_last && entry.kind == FileKind::File => {}
                    Step::Form(parts) if self.fits(parts, &name) => open.push((inner, number + 1)),
                    _ => {}
                }
            }
        }
    }

    /// Whether a name has a form. A dot at its beginning has to be asked for.
    fn fits(&self, parts: &[Part], name: &str) -> bool {
        let shown =
            self.hidden || !name.starts_with('.') || parts.first() == Some(&Part::Char('.'));
        shown && fits(parts, name)
    }
}

/// Goes along both; after a mismatch the last `*` takes one character more, which is enough, as an
/// earlier one could not do better.
fn fits(parts: &[Part], name: &str) -> bool {
    let mut rest = name.chars();
    let mut at = 0;
    let mut again = None;
    loop {
        let before = rest.clone();
        let next = rest.next();
        match (parts.get(at), next) {
            (None, None) => return true,
            (Some(Part::Many), _) => {
                again = Some((at, before.clone()));
                rest = before;
                at += 1;
                continue;
            }
            (Some(part), Some(c)) if part.fits(c) => {
                at += 1;
                continue;
            }
            _ => {}
        }
        let Some((star, mut from)) = again.take() else { return false };
        if from.next().is_none() {
            return false;
        }
        rest = from.clone();
        at = star + 1;
        again = Some((star, from));
    }
}

impl Part {
    fn fits(&self, c: char) -> bool {
        match self {
            Part::Char(wanted) => *wanted == c,
            Part::One => true,
            Part::Many => false,
            Part::Set(none, ranges) => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *none
            }
        }
    }
}

fn step(name: &str) -> Result<Step, String> {
    if name == "**" {
        return Ok(Step::Tree);
    }
    let mut parts = Vec::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '\\' => Part::Char(chars.next().ok_or("it ends with a backslash")?),
            '?' => Part::One,
            '*' if parts.last() == Some(&Part::Many) => continue,
            '*' => Part::Many,
            '[' => set(&mut chars)?,
            c => Part::Char(c),
        });
    }
    let plain: Option<String> =
        parts.iter().map(|part| if let Part::Char(c) = part { Some(*c) } else { None }).collect();
    Ok(plain.map_or(Step::Form(parts), Step::Name))
}

/// A set of characters, after its `[`.
fn set(chars: &mut std::str::Chars<'_>) -> Result<Part, String> {
    let mut ahead = chars.clone();
    let none = matches!(ahead.next(), Some('!' | '^'));
    if none {
        *chars = ahead;
    }
    let mut ranges: Vec<(char, char)> = Vec::new();
    loop {
        let missing = || "a `[` has no `]`".to_string();
        let first = match chars.next().ok_or_else(missing)? {
            // At the beginning it is one of the characters.
            ']' if !ranges.is_empty() => return Ok(Part::Set(none, ranges)),
            '\\' => chars.next().ok_or_else(missing)?,
            c => c,
        };
        let mut ahead = chars.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) if last != ']' => {
                *chars = ahead;
                last
            }
            _ => first,
        };
        if last < first {
            return Err(format!("the range {first}-{last} is the wrong way round"));
        }
        ranges.push((first, last));
    }
}

/// The patterns that a pattern with braces stands for.
fn without_braces(pattern: &str) -> Result<Vec<String>, String> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_string()];
    while let Some(pattern) = open.pop() {
        if done.len() + open.len() >= PATTERNS_MAX {
            return Err(format!("its braces stand for more than {PATTERNS_MAX} patterns"));
        }
        match braces(&pattern)? {
            None => done.push(pattern),
            Some(Braces { start, choices, end }) => {
                let (before, after) = (&pattern[..start], &pattern[end..]);
                open.extend(choices.iter().map(|choice| format!("{before}{choice}{after}")));
            }
        }
    }
    Ok(done)
}

/// A pair of braces: where it starts, what it holds between commas, where it ends.
struct Braces<'p> {
    start: usize,
    choices: Vec<&'p str>,
    end: usize,
}

/// The first pair of braces.
fn braces(pattern: &str) -> Result<Option<Braces<'_>>, String> {
    let (mut start, mut from, mut depth) = (0, 0, 0_usize);
    let mut choices = Vec::new();
    let (mut is_escaped, mut in_set) = (false, false);
    for (place, c) in pattern.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ']' => in_set = false,
            _ if in_set => {}
            '[' => in_set = true,
            '{' => {
                if depth == 0 {
                    (start, from) = (place, place + 1);
                }
                depth += 1;
            }
            ',' if depth == 1 => {
                choices.push(&pattern[from..place]);
                from = place + 1;
            }
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    choices.push(&pattern[from..place]);
                    return Ok(Some(Braces { start, choices, end: place + 1 }));
                }
            }
            _ => {}
        }
    }
    if depth > 0 { Err("a `{` has no `}`".to_string()) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, name: &str) -> bool {
        match step(pattern).expect("the pattern is good") {
            Step::Name(plain) => plain == name,
            Step::Form(parts) => fits(&parts, name),
            Step::Tree => true,
        }
    }

    #[test]
    fn names_have_forms() {
        for (pattern, yes, no) in [
            ("*.ket", "main.ket", "main.kett"),
            ("a*b*c", "aXbbYc", "aXbYd"),
            ("?x", "üx", "x"),
            ("[a-c]1", "b1", "d1"),
            ("[!a-c]1", "d1", "b1"),
            ("[]x]", "]", "y"),
            ("[a-]", "-", "b"),
            (r"\*", "*", "x"),
            ("*a*a*a*b", "aaaaaab", "aaaaaaa"),
            ("**x", "abx", "aby"),
            ("*x", "x", "y"),
        ] {
            assert!(is_match(pattern, yes), "{pattern} fits {yes}");
            assert!(!is_match(pattern, no), "{pattern} does not fit {no}");
        }
    }

    #[test]
    fn a_bad_case_for_backtracking_takes_no_time() {
        assert!(!is_match(&"*a".repeat(2000), &"a".repeat(1999)));
    }

    #[test]
    fn braces_are_taken_apart() {
        let mut plain = without_braces("{a,b{1,2},}x{[{]}").expect("it is good");
        plain.sort();
        assert_eq!(plain, ["ax[{]", "b1x[{]", "b2x[{]", "x[{]"]);
        assert!(without_braces("{a").is_err());
        assert!(without_braces(&"{a,b}".repeat(30)).is_err());
        assert!(step("[a").is_err() && step("[b-a]").is_err() && step("a\\").is_err());
    }
}
