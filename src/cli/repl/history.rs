//! What was entered before: in memory for the arrow keys and the search, and in a file of the user's
//! for the next session.
//!
//! Each entry is one line of the file; the lines of an entry that has several are joined by `\n`. Several
//! sessions may add to the same file at the same time.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// So many entries are kept.
const ENTRIES_MAX: usize = 10_000;
/// The file is cut down when it has so many.
const ENTRIES_CUT: usize = 12_000;
/// A longer entry is remembered only for the session.
const ENTRY_BYTES_MAX: usize = 256 * 1024;

/// The entries of earlier sessions, and where those of this one go.
pub struct History {
    /// Nowhere if nobody knows where the user's files are.
    path: Option<PathBuf>,
    last: Option<String>,
}

impl History {
    /// Reads the file of the user; gives its entries, the oldest first. A file that cannot be read is as
    /// good as an empty one.
    pub fn load() -> (History, Vec<String>) {
        History::load_from(path())
    }

    fn load_from(path: Option<PathBuf>) -> (History, Vec<String>) {
        let file = path.as_deref().and_then(|path| File::open(path).ok());
        let lines = file.map(BufReader::new).into_iter().flat_map(lines_of);
        let mut entries: Vec<String> = lines.map(|line| unescape(&line)).collect();
        if entries.len() > ENTRIES_CUT
            && let Some(path) = &path
        {
            entries.drain(..entries.len() - ENTRIES_MAX);
            // The old file stays whole if the new one cannot be written.
            let _ = rewrite(path, &entries);
        }
        let last = entries.last().cloned();
        (History { path, last }, entries)
    }

    /// Whether the user wants this entry to be remembered: it does not begin with a space and is not
    /// the same as the one before.
    pub fn takes(&self, entry: &str) -> bool {
        !entry.trim().is_empty() && !entry.starts_with(' ') && self.last.as_deref() != Some(entry)
    }

    /// Remembers an entry that it [takes](History::takes). What cannot be written is forgotten with the
    /// session.
    pub fn add(&mut self, entry: &str) {
        self.last = Some(entry.to_owned());
        if let Some(path) = &self.path
            && entry.len() <= ENTRY_BYTES_MAX
        {
            let _ = append(path, &format!("{}\n", escape(entry)));
        }
    }
}

/// `$XDG_STATE_HOME/kettle/history`, or `~/.local/state/kettle/history`.
fn path() -> Option<PathBuf> {
    super::place::of_user("XDG_STATE_HOME", ".local/state").map(|folder| folder.join("history"))
}

/// A line that is not text is shown as well as it can be.
fn lines_of(file: impl BufRead) -> impl Iterator<Item = String> {
    file.split(b'\n').map_while(Result::ok).map(|line| String::from_utf8_lossy(&line).into_owned())
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        builder.create(folder)?;
    }
    // One write, so that the lines of several sessions do not mix.
    private().append(true).open(path)?.write_all(line.as_bytes())
}

fn rewrite(path: &Path, entries: &[String]) -> io::Result<()> {
    let new = path.with_extension(format!("new{}", std::process::id()));
    let text: String = entries.iter().flat_map(|entry| [escape(entry), "\n".to_owned()]).collect();
    private().write(true).truncate(true).open(&new)?.write_all(text.as_bytes())?;
    fs::rename(new, path)
}

/// A file that nobody but the user reads.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    options.mode(0o600);
    options
}

fn escape(entry: &str) -> String {
    entry.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescape(line: &str) -> String {
    let mut entry = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => entry.push('\n'),
                Some('r') => entry.push('\r'),
                Some(other) => entry.push(other),
                None => entry.push('\\'),
            },
            (c, false) => entry.push(c),
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_as_they_were() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("deep").join("history");
        let (mut history, entries) = History::load_from(Some(path.clone()));
        assert_eq!(entries, [""; 0]);
        let wanted = ["let a = \"\\n\"", "fn f() {\n    1\n}", "c:\\new", "ü"];
        for entry in wanted {
            assert!(history.takes(entry));
            history.add(entry);
            assert!(!history.takes(entry), "twice in a row is once");
        }
        assert!(!history.takes(" secret") && !history.takes("  ") && !history.takes(""));
        assert_eq!(History::load_from(Some(path.clone())).1, wanted);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode();
            assert_eq!(mode(&path) & 0o777, 0o600);
            assert_eq!(mode(path.parent().expect("it has one")) & 0o777, 0o700);
        }
    }

    #[test]
    fn a_long_file_is_cut_down() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("history");
        let text: String = (0..=ENTRIES_CUT).map(|n| format!("{n}\n")).collect();
        fs::write(&path, text).expect("it can be written");
        let (_, entries) = History::load_from(Some(path.clone()));
        assert_eq!((entries.len(), entries[0].as_str()), (ENTRIES_MAX, "2001"));
        let (_, again) = History::load_from(Some(path));
        assert_eq!(again, entries);
    }
}
