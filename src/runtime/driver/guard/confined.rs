//! The files of the machine, as far as a policy allows: on Linux, where folders can be held.
//!
//! A call walks to its path, asks the policy about the real one, and acts in the folder that it holds,
//! on a name that is followed nowhere.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::permission::Need;
use super::policy::Policy;
use super::tree::{SET_ID, Wish, copy, make_dirs, remove_tree};
use super::walk::{Found, walk};
use crate::runtime::driver::file_system::{
    DirEntry, FileFacts, FileKind, FileSystem, OpenFile, OpenHow, RealFiles,
};

/// How often a path is walked again when its end has become a link meanwhile.
const TRIES_MAX: usize = 8;
/// The file system under a policy.
pub(super) struct ConfinedFiles {
    pub(super) policy: Arc<Policy>,
}

impl ConfinedFiles {
    /// Walks to a path and asks for all of these wishes.
    pub(super) fn find(&self, path: &Path, follow: bool, wishes: &[Wish]) -> io::Result<Found> {
        let walked = walk(path, follow);
        let real = match &walked {
            Ok(found) => &found.real,
            Err(lost) => &lost.real,
        };
        for wish in wishes {
            self.policy.check(&wish.need(real))?;
        }
        walked.map_err(|lost| lost.error)
    }

    fn there(&self, path: &Path, follow: bool, wish: Wish) -> io::Result<(Found, OwnedFd)> {
        let mut found = self.find(path, follow, &[wish])?;
        match found.here.take() {
            Some(here) => Ok((found, here)),
            None => Err(Errno::NOENT.into()),
        }
    }

    /// Opens what is at a path as it is now; a folder if `flags` say so.
    fn open_there(
        &self,
        path: &Path,
        wishes: &[Wish],
        flags: OFlags,
        mode: Mode,
    ) -> io::Result<File> {
        // A file that must be new is never a link, and links that lead nowhere are followed.
        let follow = !flags.contains(OFlags::EXCL);
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for _ in 0..TRIES_MAX {
            let found = self.find(path, follow, wishes)?;
            match rustix::fs::openat(&found.parent, &found.name, flags, mode) {
                // Somebody has put a link there since.
                Err(Errno::LOOP) if follow => {}
                opened => return Ok(File::from(opened?)),
            }
        }
        Err(Errno::LOOP.into())
    }

    /// Refuses to make files that run with the rights of their owner.
    fn check_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        if mode & SET_ID == 0 { Ok(()) } else { self.policy.check(&Need::SetId(path)) }
    }
}

impl FileSystem for ConfinedFiles {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn OpenFile>> {
        let writes = how.write || how.append;
        let wishes: &[Wish] = match (how.read, writes) {
            (true, true) => &[Wish::Read, Wish::Write],
            (_, true) => &[Wish::Write],
            _ => &[Wish::Read],
        };
        let mut flags = match (how.read, writes) {
            (true, true) => OFlags::RDWR,
            (_, true) => OFlags::WRONLY,
            _ => OFlags::RDONLY,
        };
        for (is_wanted, flag) in [
            (how.append, OFlags::APPEND),
            (how.truncate, OFlags::TRUNC),
            (how.create, OFlags::CREATE),
            (how.new, OFlags::CREATE | OFlags::EXCL),
        ] {
            if is_wanted {
                flags |= flag;
            }
        }
        let mode = how.mode.unwrap_or(0o666);
        self.check_mode(path, mode)?;
        let file = self.open_there(path, wishes, flags, Mode::from_raw_mode(mode))?;
        Ok(Box::new(file))
    }

    fn look(&self, path: &Path, follow: bool) -> io::Result<FileFacts> {
        let (_, here) = self.there(path, follow, Wish::Look)?;
        File::from(here).facts()
    }

    fn entries(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let folder = self.open_there(path, &[Wish::Read], flags, Mode::empty())?;
        let mut entries = Vec::new();
        for entry in Dir::new(OwnedFd::from(folder.try_clone()?))? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems say it only of the file itself.
                FileType::Unknown => {
                    let stat = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW);
                    match stat {
                        Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                        Err(Errno::NOENT) => continue,
                        Err(error) => return Err(error.into()),
                    }
                }
                kind => kind,
            };
            entries.push(DirEntry { path: path.join(name), kind: kind_of(kind) });
        }
        Ok(entries)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.there(path, true, Wish::Look).map(|(found, _)| found.real)
    }

    fn make_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        let found = self.find(path, false, &[Wish::Write])?;
        let mode = mode.unwrap_or(0o777);
        self.check_mode(path, mode)?;
        Ok(rustix::fs::mkdirat(&found.parent, &found.name, Mode::from_raw_mode(mode))?)
    }

    fn make_dirs(&self, path: &Path) -> io::Result<()> {
        make_dirs(self, path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let found = self.find(path, false, &[Wish::Write])?;
        Ok(rustix::fs::unlinkat(&found.parent, &found.name, AtFlags::empty())?)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let found = self.find(path, false, &[Wish::Write])?;
        Ok(rustix::fs::unlinkat(&found.parent, &found.name, AtFlags::REMOVEDIR)?)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        remove_tree(self, path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let target = self.find(to, false, &[Wish::Write])?;
        // What nobody may read does not become readable by going elsewhere.
        let is_readable = self.policy.allows(&Need::Read(&target.real));
        let wishes: &[Wish] = if is_readable { &[Wish::Write, Wish::Read] } else { &[Wish::Write] };
        let source = self.find(from, false, wishes)?;
        Ok(rustix::fs::renameat(&source.parent, &source.name, &target.parent, &target.name)?)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        copy(self, from, to)
    }

    fn link(&self, target: &Path, link: &Path) -> io::Result<()> {
        let found = self.find(link, false, &[Wish::Write])?;
        // Others follow links, too: none leads to where the program could not write itself.
        let seen = found.real.parent().unwrap_or(Path::new("/")).join(target);
        self.find(&seen, true, &[Wish::Write])?;
        Ok(rustix::fs::symlinkat(target, &found.parent, &found.name)?)
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        let found = self.find(link, false, &[Wish::Read])?;
        let target = rustix::fs::readlinkat(&found.parent, &found.name, Vec::new())?;
        Ok(PathBuf::from(std::ffi::OsString::from_vec(target.into_bytes())))
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.check_mode(path, mode)?;
        let (_, here) = self.there(path, true, Wish::Write)?;
        // Only through this name is the mode of what is held like that changed.
        let name = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&here));
        RealFiles.set_mode(Path::new(&name), mode)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        self.open_there(path, &[Wish::Write], flags, Mode::empty())?.sync_all()
    }

    fn temp_dir(&self) -> PathBuf {
        RealFiles.temp_dir()
    }
}

fn kind_of(kind: FileType) -> FileKind {
    match kind {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Dir,
        FileType::Symlink => FileKind::Symlink,
        _ => FileKind::Other,
    }
}
