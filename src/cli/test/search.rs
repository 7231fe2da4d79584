//! Finds the files that are meant by the words of the command line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::snapshot;

/// Folders may be nested so deep.
const FOLDERS_MAX: usize = 64;
/// Folders of other tools, which hold copies of programs.
const FOREIGN: &[&str] = &["node_modules", "target"];

/// A file to be tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub file: String,
    /// The lines whose tests are meant; none means all.
    pub lines: BTreeSet<u32>,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Files, each once.
    pub files: Vec<Wanted>,
    /// Files of snapshots whose tests are gone.
    pub orphans: Vec<String>,
}

/// The files that the words name: files, `FILE:LINE`, and folders, in which those that have tests are
/// meant. The error is a message.
pub fn search(words: &[String]) -> Result<Found, String> {
    let mut found = Found::default();
    for word in words {
        let path = Path::new(word);
        if path.is_dir() {
            let mut files = Vec::new();
            folder(path, 0, &mut files, &mut found.orphans)
                .map_err(|error| format!("`{word}` cannot be read: {error}"))?;
            files.into_iter().for_each(|file| found.add(file, None));
        } else if path.exists() {
            found.add(word.clone(), None);
        } else if let Some((file, line)) = at_line(word) {
            found.add(file.to_owned(), Some(line));
        } else {
            return Err(format!("there is no file or folder `{word}`"));
        }
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, file: String, line: Option<u32>) {
        match self.files.iter_mut().find(|known| known.file == file) {
            // Whoever names the whole file means all of it.
            Some(known) if known.lines.is_empty() || line.is_none() => known.lines.clear(),
            Some(known) => known.lines.extend(line),
            None => self.files.push(Wanted { file, lines: line.into_iter().collect() }),
        }
    }
}

/// The two parts of `FILE:LINE`; a column behind them is let be.
fn at_line(word: &str) -> Option<(&str, u32)> {
    let (before, last) = word.rsplit_once(':')?;
    let last = last.parse().ok()?;
    if Path::new(before).is_file() {
        return Some((before, last));
    }
    let (file, line) = before.rsplit_once(':')?;
    Some((file, line.parse().ok()?)).filter(|(file, _)| Path::new(file).is_file())
}

/// The files with tests in a folder and in those inside it, by name. Left out is what is hidden, what links
/// lead to, and the folders of other tools.
fn folder(
    folder: &Path,
    depth: usize,
    files: &mut Vec<String>,
    orphans: &mut Vec<String>,
) -> std::io::Result<()> {
    if depth > FOLDERS_MAX {
        return Ok(());
    }
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = shown(folder, &name);
        let kind = entry.file_type()?;
        if name.starts_with('.') || FOREIGN.contains(&&*name) {
            continue;
        }
        if kind.is_dir() && name == snapshot::FOLDER {
            orphans.extend(snapshot::orphans(&path));
        } else if kind.is_dir() {
            self::folder(&path, depth + 1, files, orphans)?;
        } else if name.ends_with(".ket") && has_tests(&path) {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

fn shown(folder: &Path, name: &str) -> PathBuf {
    folder.strip_prefix(".").unwrap_or(folder).join(name)
}

/// Whether a file looks as if it had tests: a line begins with `test` and a string. Programs without are not
/// compiled, so they need not be whole.
fn has_tests(path: &Path) -> bool {
    let Ok(text) = fs::read(path) else { return false };
    let text = String::from_utf8_lossy(&text);
    text.lines().any(|line| {
        let behind = line.trim_start().strip_prefix("test").map(str::trim_start);
        behind.is_some_and(|rest| rest.starts_with('"') || rest.starts_with("r\""))
    })
}
