//! Snapshots: what values looked like when their tests ran first, in a file beside each file of tests.
//!
//! ```text
//! Snapshots of slug.ket: `kettle test -u` writes them.
//!
//! === words are joined > 1
//! | hello-world
//! ```
//! A line of a text stands behind a bar, so that texts may hold anything.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outcome::SnapshotCount;
use crate::engine::Examiner;
use crate::tools::diff::diff;

/// The folder of snapshots, beside the files of tests.
pub const FOLDER: &str = "__snapshots__";

/// What a difference comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// New snapshots are stored, others must be as they are.
    Compare,
    /// All are stored as they are now.
    Update,
    /// There must be no new ones either: nobody would look at them.
    Strict,
}

/// The snapshots of a file of tests.
#[derive(Clone)]
pub struct Snapshots {
    inner: Arc<Mutex<Store>>,
}

struct Store {
    file: PathBuf,
    mode: Mode,
    /// As they are stored.
    old: BTreeMap<String, String>,
    /// As they came now.
    new: BTreeMap<String, String>,
}

/// The snapshots of one run of a test.
struct Keeper {
    snapshots: Snapshots,
    test: String,
    unnamed: usize,
    used: HashSet<String>,
}

impl Snapshots {
    /// Those of a file of tests. The error is a message.
    pub fn of(tests: &str, mode: Mode) -> Result<Snapshots, String> {
        let path = Path::new(tests);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = path.with_file_name(FOLDER).join(format!("{name}.snap"));
        let old = match fs::read_to_string(&file) {
            Ok(text) => read(&text).map_err(|why| format!("{}: {why}", file.to_string_lossy()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(format!("{}: {error}", file.to_string_lossy())),
        };
        let store = Store { file, mode, old, new: BTreeMap::new() };
        Ok(Snapshots { inner: Arc::new(Mutex::new(store)) })
    }

    /// What a run of a test asks.
    pub fn examiner(&self, test: &str) -> Box<dyn Examiner> {
        let keeper = Keeper {
            snapshots: self.clone(),
            test: test.to_owned(),
            unnamed: 0,
            used: HashSet::new(),
        };
        Box::new(keeper)
    }

    /// Writes what is new. A snapshot is obsolete if `is_gone` says so of its test, or if that has passed
    /// without asking for it.
    pub fn finish(&self, all: &[&str], passed: &[&str]) -> SnapshotCount {
        let mut store = self.lock();
        let mut count = SnapshotCount::default();
        let mut kept = store.old.clone();
        for (key, text) in &store.new {
            match kept.insert(key.clone(), text.clone()) {
                None => count.written += 1,
                Some(before) => count.updated += usize::from(before != *text),
            }
        }
        let file = store.file.to_string_lossy().into_owned();
        for key in store.old.keys().filter(|key| !store.new.contains_key(*key)) {
            let test = unescaped(key.rsplit_once(" > ").map_or(key, |(test, _)| test));
            if all.contains(&&*test) && !passed.contains(&&*test) {
                continue;
            }
            if store.mode == Mode::Update {
                kept.remove(key);
                count.removed += 1;
            } else {
                count.obsolete.push(format!("{file}: {}", unescaped(key)));
            }
        }
        if kept != store.old {
            if let Err(error) = write(&store.file, &kept) {
                count.faults.push(format!("{file} cannot be written: {error}"));
            }
            store.old = kept;
        }
        count
    }

    /// Nothing panics under this lock, so a poisoned one still holds whole snapshots.
    fn lock(&self) -> MutexGuard<'_, Store> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Examiner for Keeper {
    fn snapshot(&mut self, name: Option<&str>, text: &str) -> Result<(), String> {
        let part = match name {
            Some(name) => escaped(name),
            None => {
                self.unnamed += 1;
                self.unnamed.to_string()
            }
        };
        if !self.used.insert(part.clone()) {
            return Err(format!("the test has a snapshot {part:?} already"));
        }
        let key = format!("{} > {part}", escaped(&self.test));
        self.snapshots.lock().compare(key, text)
    }
}

impl Store {
    fn compare(&mut self, key: String, text: &str) -> Result<(), String> {
        // A test that runs several times has to give the same each time.
        let before = self.new.get(&key).or(match self.mode {
            Mode::Update => None,
            Mode::Compare | Mode::Strict => self.old.get(&key),
        });
        match before {
            Some(before) if before == text => {}
            Some(before) => {
                let lines = diff(before, text);
                return Err(format!(
                    "the snapshot `{}` differs (- as stored, + as it is now)\n{lines}\
                     `kettle test -u` stores it as it is now",
                    unescaped(&key)
                ));
            }
            None if self.mode == Mode::Strict => {
                return Err(format!(
                    "there is no snapshot `{}`: with CI set none is stored; run `kettle test` where \
                     you work, and add {} to the repository",
                    unescaped(&key),
                    self.file.to_string_lossy()
                ));
            }
            None => {}
        }
        self.new.insert(key, text.to_owned());
        Ok(())
    }
}

/// Files of snapshots in such a folder whose files of tests are gone.
pub fn orphans(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_orphan = |name: &String| {
        let tests = name.strip_suffix(".snap");
        tests.is_some_and(|tests| !folder.with_file_name(tests).exists())
    };
    let mut found: Vec<String> = names.filter(is_orphan).collect();
    found.sort();
    found.iter().map(|name| folder.join(name).to_string_lossy().into_owned()).collect()
}

/// Removes a file of snapshots, and its folder if nothing else is in it.
pub fn remove(file: &Path) -> std::io::Result<()> {
    fs::remove_file(file)?;
    if let Some(folder) = file.parent() {
        // A folder with something in it stays, which is no fault.
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

fn write(file: &Path, snapshots: &BTreeMap<String, String>) -> std::io::Result<()> {
    if snapshots.is_empty() {
        return remove(file);
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let tests = file.file_stem().unwrap_or_default().to_string_lossy();
    let mut text = format!("Snapshots of {tests}: `kettle test -u` writes them.\n");
    for (key, value) in snapshots {
        text.push_str(&format!("\n=== {key}\n"));
        for line in value.split('\n') {
            text.push_str(&if line.is_empty() { "|\n".to_owned() } else { format!("| {line}\n") });
        }
    }
    // Never half a file: what was stored is there until the new one is whole.
    let beside = file.with_extension("snap.new");
    fs::write(&beside, text)?;
    fs::rename(&beside, file)
}

/// The error is a message.
fn read(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut snapshots: BTreeMap<String, String> = BTreeMap::new();
    let mut current: Option<(String, Vec<&str>)> = None;
    let mut keep = |snapshot: Option<(String, Vec<&str>)>| {
        if let Some((key, lines)) = snapshot {
            snapshots.insert(key, lines.join("\n"));
        }
    };
    for (number, line) in text.split('\n').enumerate() {
        let bar = line.strip_prefix("| ").or((line == "|").then_some(""));
        match (bar, line.strip_prefix("=== "), &mut current) {
            (Some(line), _, Some((_, lines))) => lines.push(line),
            (None, Some(key), _) => keep(current.replace((key.to_owned(), Vec::new()))),
            (None, None, None) => {}
            (None, None, Some(_)) if line.trim().is_empty() => {}
            _ => return Err(format!("line {} is no part of a snapshot", number + 1)),
        }
    }
    keep(current);
    Ok(snapshots)
}

/// A name in one line.
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescaped(name: &str) -> String {
    let mut text = String::new();
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        text.push(match c {
            '\\' => match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            c => c,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    fn snapshots(folder: &Path, mode: Mode) -> Snapshots {
        let tests = folder.join("a.ket");
        Snapshots::of(&tests.to_string_lossy(), mode).expect("it can be read")
    }

    #[test]
    fn every_text_comes_back_as_it_was() {
        let folder = folder();
        let texts = ["", "a", "a\n", "\n\na", "=== x\n| y\n|", " x ", "a\r\nb", "\u{1b}[0m"];
        let first = snapshots(folder.path(), Mode::Compare);
        let mut examiner = first.examiner("odd\n\\name > 1");
        for text in texts {
            examiner.snapshot(None, text).expect("it is new");
        }
        examiner.snapshot(Some("a\nname"), "n").expect("it is new");
        assert_eq!(first.finish(&[], &[]).written, texts.len() + 1);
        let again = snapshots(folder.path(), Mode::Strict);
        let mut examiner = again.examiner("odd\n\\name > 1");
        for text in texts {
            assert_eq!(examiner.snapshot(None, text), Ok(()));
        }
        assert!(examiner.snapshot(Some("a\nname"), "m").is_err_and(|why| why.contains("- n\n+ m")));
        assert!(examiner.snapshot(None, "more").is_err_and(|why| why.contains("CI")));
    }

    #[test]
    fn what_nobody_asks_for_is_obsolete_unless_its_test_did_not_end_well() {
        let folder = folder();
        let first = snapshots(folder.path(), Mode::Compare);
        for test in ["gone", "passes", "fails"] {
            first.examiner(test).snapshot(None, test).expect("it is new");
        }
        first.finish(&[], &[]);
        let (all, passed) = (["passes", "fails"], ["passes"]);
        let count = snapshots(folder.path(), Mode::Compare).finish(&all, &passed);
        let names: Vec<&str> =
            count.obsolete.iter().filter_map(|line| line.split(": ").last()).collect();
        assert_eq!(names, ["gone > 1", "passes > 1"]);
        assert_eq!(snapshots(folder.path(), Mode::Update).finish(&all, &passed).removed, 2);
        let count = snapshots(folder.path(), Mode::Update).finish(&[], &[]);
        assert_eq!((count.removed, folder.path().join(FOLDER).exists()), (1, false));
    }

    #[test]
    fn a_broken_file_is_told() {
        assert!(read("=== a > 1\nx\n").is_err_and(|why| why.contains("line 2")));
        assert!(read("| x\n").is_err_and(|why| why.contains("line 1")));
    }
}
