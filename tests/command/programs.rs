//! The programs of `tests/programs`: those of `awfy` at the sizes for which their results are published
//! (the script tests run smaller problems, since they also run in slow modes), and all under `check`.

use std::fs;

use crate::process::{run, stderr, stdout};

/// Each program, its size, and what it has to print.
const RESULTS: &[(&str, &str, &str)] = &[
    ("bounce", "2", "Bounce: 1331"),
    ("cd", "2", "CD: 42"),
    ("cd", "10", "CD: 390"),
    ("deltablue", "100", "DeltaBlue: 101 [5, 2025]"),
    ("havlak", "1", "Havlak: [1605, 5213]"),
    ("json", "1", "Json: 156"),
    ("list", "1", "List: 10"),
    ("mandelbrot", "1", "Mandelbrot: 128"),
    ("nbody", "1600", "NBody: -0.16901124420350946"),
    ("permute", "1", "Permute: 8660"),
    ("queens", "1", "Queens: true"),
    ("richards", "1", "Richards: [23246, 9297]"),
    ("sieve", "1", "Sieve: 669"),
    ("storage", "1", "Storage: 5461"),
    ("towers", "1", "Towers: 8191"),
];

#[test]
fn programs_give_their_published_results() {
    for (name, size, printed) in RESULTS {
        let output = run(&[&format!("tests/programs/awfy/{name}.ket"), size]);
        assert_eq!(stdout(&output).trim_end(), *printed, "{}", stderr(&output));
    }
}

#[test]
fn programs_are_checked_without_a_warning() {
    let mut scripts = Vec::new();
    for folder in ["tests/programs/awfy", "tests/programs/exercise"] {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            scripts.push(path.to_string_lossy().into_owned());
        }
    }
    scripts.sort();
    let mut words = vec!["check"];
    words.extend(scripts.iter().map(String::as_str));
    let output = run(&words);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let said = format!("{} files checked: nothing to report\n", scripts.len());
    assert_eq!(stderr(&output) + &stdout(&output), said);
}
