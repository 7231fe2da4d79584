//! Any file system under a policy: files in memory, and those of systems where folders cannot be held.
//!
//! A path is made real first, and the call is made with the real one. Between the two somebody outside
//! of the program could exchange a folder for a link; on Linux, where [`super::confined`] stands in for
//! the files of the machine, nobody can.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::permission::Need;
use super::policy::Policy;
use super::tree::{SET_ID, Wish, copy, make_dirs, remove_tree};
use crate::runtime::driver::file_system::{DirEntry, FileFacts, FileSystem, OpenFile, OpenHow};

/// As many links that lead nowhere are followed.
const LINKS_MAX: usize = 40;

/// A file system under a policy.
pub(super) struct CheckedFiles {
    pub(super) inner: Arc<dyn FileSystem>,
    pub(super) policy: Arc<Policy>,
}

impl CheckedFiles {
    /// The real path, once it has been asked for all of these wishes.
    fn find(&self, path: &Path, follow: bool, wishes: &[Wish]) -> io::Result<PathBuf> {
        let real = real_path(self.inner.as_ref(), path, follow);
        for wish in wishes {
            self.policy.check(&wish.need(&real))?;
        }
        Ok(real)
    }

    fn check_mode(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        match mode {
            Some(mode) if mode & SET_ID != 0 => self.policy.check(&Need::SetId(path)),
            _ => Ok(()),
        }
    }
}

/// The path from the root without links, as far as there is something.
pub(super) fn real_path(files: &dyn FileSystem, path: &Path, follow: bool) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS_MAX {
        if follow && let Ok(real) = files.canonical(&path) {
            return real;
        }
        let parent = match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return path,
        };
        let parent = files.canonical(parent).unwrap_or_else(|_| missing(files, parent));
        let Some(name) = path.file_name() else { return missing(files, &path) };
        let here = parent.join(name);
        match files.read_link(&here) {
            Ok(target) if follow => path = parent.join(target),
            _ => return here,
        }
    }
    path
}

/// The real path of what does not exist: that of the folder above it that does, and the rest as it is
/// written.
fn missing(files: &dyn FileSystem, path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut at = path;
    let mut real = loop {
        if let Ok(real) = files.canonical(at) {
            break real;
        }
        rest.extend(at.components().next_back());
        match at.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => at = parent,
            Some(_) => break files.canonical(Path::new(".")).unwrap_or_default(),
            None => break PathBuf::from("/"),
        }
    };
    for part in rest.into_iter().rev() {
        match part {
            Component::ParentDir => {
                real.pop();
            }
            Component::Normal(name) => real.push(name),
            _ => {}
        }
    }
    real
}

impl FileSystem for CheckedFiles {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn OpenFile>> {
        let wishes: &[Wish] = match (how.read, how.write || how.append) {
            (true, true) => &[Wish::Read, Wish::Write],
            (_, true) => &[Wish::Write],
            _ => &[Wish::Read],
        };
        let real = self.find(path, !how.new, wishes)?;
        self.check_mode(&real, how.mode)?;
        self.inner.open(&real, how)
    }

    fn look(&self, path: &Path, follow: bool) -> io::Result<FileFacts> {
        self.inner.look(&self.find(path, follow, &[Wish::Look])?, follow)
    }

    fn entries(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let entries = self.inner.entries(&self.find(path, true, &[Wish::Read])?)?;
        let named = |entry: DirEntry| DirEntry {
            path: path.join(entry.path.file_name().unwrap_or_default()),
            kind: entry.kind,
        };
        Ok(entries.into_iter().map(named).collect())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.canonical(&self.find(path, true, &[Wish::Look])?)
    }

    fn make_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        let real = self.find(path, false, &[Wish::Write])?;
        self.check_mode(&real, mode)?;
        self.inner.make_dir(&real, mode)
    }

    fn make_dirs(&self, path: &Path) -> io::Result<()> {
        make_dirs(self, path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(&self.find(path, false, &[Wish::Write])?)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_dir(&self.find(path, false, &[Wish::Write])?)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        remove_tree(self, path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let to = self.find(to, false, &[Wish::Write])?;
        // What nobody may read does not become readable by going elsewhere.
        let is_readable = self.policy.allows(&Need::Read(&to));
        let wishes: &[Wish] = if is_readable { &[Wish::Write, Wish::Read] } else { &[Wish::Write] };
        self.inner.rename(&self.find(from, false, wishes)?, &to)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        copy(self, from, to)
    }

    fn link(&self, target: &Path, link: &Path) -> io::Result<()> {
        let link = self.find(link, false, &[Wish::Write])?;
        // Others follow links, too: none leads to where the program could not write itself.
        let seen = link.parent().unwrap_or(Path::new("/")).join(target);
        self.find(&seen, true, &[Wish::Write])?;
        self.inner.link(target, &link)
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        self.inner.read_link(&self.find(link, false, &[Wish::Read])?)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        let real = self.find(path, true, &[Wish::Write])?;
        self.check_mode(&real, Some(mode))?;
        self.inner.set_mode(&real, mode)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_dir(&self.find(path, true, &[Wish::Write])?)
    }

    fn temp_dir(&self) -> PathBuf {
        self.inner.temp_dir()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::driver::MemoryFiles;

    #[test]
    fn paths_become_real_as_far_as_they_go() {
        let files = MemoryFiles::new(0, std::time::Duration::ZERO);
        files.make_dirs(Path::new("/a/b")).expect("it can be made");
        files.link(Path::new("b"), Path::new("/a/link")).expect("it can be made");
        files.link(Path::new("/x/y"), Path::new("/a/nowhere")).expect("it can be made");
        let real = |path: &str, follow| real_path(&files, Path::new(path), follow);
        assert_eq!(real("/a/link/../c", true), Path::new("/a/c"));
        assert_eq!(real("/a/link", true), Path::new("/a/b"));
        assert_eq!(real("/a/link", false), Path::new("/a/link"));
        assert_eq!(real("/a/nowhere", true), Path::new("/x/y"));
        assert_eq!(real("/a/none/../../../etc", true), Path::new("/etc"));
    }
}
