//! The table of `docs/reference/async-rules.md`: it names every rule of its families, and every script
//! there is for them; what it names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/reference/async-rules.md";

/// How many rules each family has.
const FAMILIES: &[(char, usize)] = &[
    ('C', 6),
    ('S', 6),
    ('F', 4),
    ('X', 6),
    ('L', 1),
    ('H', 2),
    ('I', 2),
    ('T', 1),
    ('G', 5),
    ('D', 1),
    ('E', 2),
    ('R', 1),
];

/// How many complaints about other runtimes there are.
const COMPLAINTS: usize = 35;

/// A row: the rule or the number of a complaint, and the tests it names.
struct Row {
    name: String,
    tests: Vec<String>,
}

impl Row {
    /// Where a test is that the row names: a path, or a script of its folder.
    fn path(&self, test: &str) -> PathBuf {
        if test.contains('/') {
            return PathBuf::from(test);
        }
        let is_rule = self.name.starts_with(|c: char| c.is_ascii_uppercase());
        let folder = if is_rule { "rules" } else { "complaints" };
        Path::new("tests/async").join(folder).join(format!("{test}.ket"))
    }
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(PAGE).expect("the page is there");
    let mut rows = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, name, says, tests, _] = cells[..] else { continue };
        if !name.ends_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        assert!(says.ends_with(['.', '?']), "{name}: it says nothing");
        let tests = tests.split('`').filter(|test| !test.trim().is_empty());
        rows.push(Row { name: name.to_owned(), tests: tests.map(str::to_owned).collect() });
    }
    rows
}

#[test]
fn every_rule_has_a_test_that_exists() {
    let rows = rows();
    assert!(rows.len() > 40, "the tables of {PAGE} were not found");
    for row in &rows {
        assert!(!row.tests.is_empty(), "{} names no test", row.name);
        for test in &row.tests {
            assert!(row.path(test).is_file(), "{} names {test}, which is not there", row.name);
        }
    }
    let complaints = rows.iter().filter(|row| row.name.starts_with(|c: char| c.is_ascii_digit()));
    assert_eq!(complaints.count(), COMPLAINTS, "complaints that {PAGE} names");
    for (family, count) in FAMILIES {
        let named: BTreeSet<&str> =
            rows.iter().map(|row| row.name.as_str()).filter(|n| n.starts_with(*family)).collect();
        let all: Vec<String> = (1..=*count).map(|n| format!("{family}{n}")).collect();
        let all: BTreeSet<&str> = all.iter().map(String::as_str).collect();
        assert!(named.is_empty() || named == all, "{PAGE} names {named:?} of {all:?}");
    }
}

#[test]
fn every_script_is_named() {
    let rows = rows();
    for folder in ["rules", "complaints"] {
        for entry in fs::read_dir(Path::new("tests/async").join(folder)).expect("it is there") {
            let path = entry.expect("it can be read").path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let (name, _) = stem.split_once('_').expect("scripts are called `C1_what_it_shows`");
            let name = name.trim_start_matches('0');
            // A family that the page does not have yet is nobody's gap.
            let known = rows.iter().any(|row| row.name.chars().next() == name.chars().next());
            let numbered = rows.iter().any(|row| row.name == name);
            let listed = rows
                .iter()
                .any(|row| row.name == name && row.tests.iter().any(|test| row.path(test) == path));
            let is_complaint = folder == "complaints";
            assert!(
                listed || !(if is_complaint { numbered } else { known }),
                "{} is not named in {PAGE}",
                path.display()
            );
        }
    }
}
