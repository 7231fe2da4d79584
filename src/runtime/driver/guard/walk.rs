//! From a path to what is really there, step by step, each step held fast.
//!
//! Every folder on the way is opened without following links, and what a link says is walked like the
//! rest of the path. So the real path that comes out is that of the very folder which is held, and
//! whoever exchanges a folder for a link behind our back exchanges nothing that is used any more. What
//! `/proc/self/root` and its like lead to is their text as well, no door.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

/// As many links may be followed for one path, as on the system itself.
const LINKS_MAX: usize = 40;

/// Where a path leads.
pub(super) struct Found {
    /// The folder that it is in.
    pub(super) parent: OwnedFd,
    /// Its name there, which is no link when links are followed.
    pub(super) name: OsString,
    /// Its path from the root, without links.
    pub(super) real: PathBuf,
    /// What is there, held; nothing if there is nothing of that name.
    pub(super) here: Option<OwnedFd>,
}

/// Why a path leads nowhere, and which real path that was found out at: whoever may not know of that path
/// is not told.
pub(super) struct Lost {
    pub(super) real: PathBuf,
    pub(super) error: io::Error,
}

/// A way that is being walked.
struct Way {
    root: OwnedFd,
    /// The folders below the root, with their names.
    folders: Vec<(OwnedFd, OsString)>,
    todo: VecDeque<OsString>,
    links: usize,
}

/// Walks to a path. A link at its end is followed if `follow`.
pub(super) fn walk(path: &Path, follow: bool) -> Result<Found, Lost> {
    let lost = |error| Lost { real: path.to_path_buf(), error };
    let start = std::path::absolute(path).map_err(lost)?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open("/", flags, Mode::empty()).map_err(|error| lost(error.into()))?;
    let mut way = Way { root, folders: Vec::new(), todo: VecDeque::new(), links: 0 };
    // `absolute` leaves `..` as it is; what it has left out means nothing.
    way.ahead(&start);
    way.walk(follow)
}

impl Way {
    fn walk(mut self, follow: bool) -> Result<Found, Lost> {
        while let Some(name) = self.todo.pop_front() {
            if name == ".." {
                self.folders.pop();
                continue;
            }
            let is_last = self.todo.is_empty();
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let here = match rustix::fs::openat(self.folder(), &name, flags, Mode::empty()) {
                Ok(here) => here,
                Err(Errno::NOENT) if is_last => return self.end(name, None),
                Err(error) => return Err(self.lost(&name, error)),
            };
            let kind = match rustix::fs::fstat(&here) {
                Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                Err(error) => return Err(self.lost(&name, error)),
            };
            match kind {
                FileType::Symlink if !is_last || follow => self.follow(&name, &here)?,
                _ if is_last => return self.end(name, Some(here)),
                FileType::Directory => self.folders.push((here, name)),
                _ => return Err(self.lost(&name, Errno::NOTDIR)),
            }
        }
        // The root, or a path that ends in `..`: a folder that is called by no name.
        let real = self.real(OsStr::new(""));
        match (self.folder().try_clone(), self.folder().try_clone()) {
            (Ok(parent), Ok(here)) => {
                Ok(Found { parent, name: OsString::from("."), real, here: Some(here) })
            }
            (Err(error), _) | (_, Err(error)) => Err(Lost { real, error }),
        }
    }

    fn follow(&mut self, name: &OsStr, link: &OwnedFd) -> Result<(), Lost> {
        self.links += 1;
        if self.links > LINKS_MAX {
            return Err(self.lost(name, Errno::LOOP));
        }
        let target = match rustix::fs::readlinkat(link, "", Vec::new()) {
            Ok(target) => PathBuf::from(OsString::from_vec(target.into_bytes())),
            Err(error) => return Err(self.lost(name, error)),
        };
        if target.is_absolute() {
            self.folders.clear();
        }
        self.ahead(&target);
        Ok(())
    }

    /// Puts a path in front of what is left to walk.
    fn ahead(&mut self, path: &Path) {
        for part in path.components().rev() {
            match part {
                Component::Normal(name) => self.todo.push_front(name.to_owned()),
                Component::ParentDir => self.todo.push_front(OsString::from("..")),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
        }
    }

    fn folder(&self) -> &OwnedFd {
        self.folders.last().map_or(&self.root, |(folder, _)| folder)
    }

    fn real(&self, name: &OsStr) -> PathBuf {
        let mut real = PathBuf::from("/");
        real.extend(self.folders.iter().map(|(_, name)| name));
        if !name.is_empty() {
            real.push(name);
        }
        real
    }

    fn end(mut self, name: OsString, here: Option<OwnedFd>) -> Result<Found, Lost> {
        let real = self.real(&name);
        let parent = self.folders.pop().map_or(self.root, |(folder, _)| folder);
        Ok(Found { parent, name, real, here })
    }

    /// The end of a way at this name. What could not be walked stands behind it as it was written.
    fn lost(&self, name: &OsStr, error: Errno) -> Lost {
        let mut real = self.real(name);
        for part in &self.todo {
            if part == ".." {
                real.pop();
            } else {
                real.push(part);
            }
        }
        Lost { real, error: error.into() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_and_parents_are_walked_as_they_are() {
        let folder = tempfile::tempdir().expect("a place for files");
        let root = folder.path().canonicalize().expect("it is there");
        fs::create_dir_all(root.join("a/b")).expect("it can be made");
        fs::write(root.join("a/file"), "x").expect("it can be written");
        symlink("a/b", root.join("link")).expect("it can be made");
        symlink(root.join("a/file"), root.join("far")).expect("it can be made");
        symlink("nowhere", root.join("dangling")).expect("it can be made");
        symlink("loop", root.join("loop")).expect("it can be made");
        let real = |path: &str, follow| walk(&root.join(path), follow).map(|found| found.real).ok();
        assert_eq!(real("link/../file", true), Some(root.join("a/file")));
        assert_eq!(real("far", true), Some(root.join("a/file")));
        assert_eq!(real("far", false), Some(root.join("far")));
        assert_eq!(real("dangling", true), Some(root.join("nowhere")));
        assert_eq!(real("a/b/..", true), Some(root.join("a")));
        assert_eq!(real("new", true), Some(root.join("new")));
        assert_eq!(real("loop", true), None);
        assert_eq!(real("a/file/x", true), None);
        assert_eq!(walk(Path::new("/../.."), true).map(|found| found.real).ok(), Some("/".into()));
        assert!(walk(&root.join("dangling"), true).is_ok_and(|found| found.here.is_none()));
    }

    #[test]
    fn the_doors_of_processes_are_no_doors() {
        let folder = tempfile::tempdir().expect("a place for files");
        let file = fs::File::create(folder.path().join("f")).expect("it can be made");
        let through = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        let real = folder.path().canonicalize().expect("it is there").join("f");
        assert_eq!(walk(Path::new(&through), true).map(|found| found.real).ok(), Some(real));
        let etc = walk(Path::new("/proc/self/root/etc/../etc"), true).map(|found| found.real).ok();
        assert_eq!(etc, Path::new("/etc").canonicalize().ok());
    }
}
