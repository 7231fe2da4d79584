//! How many files and sockets a VM may have open.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::runtime::driver::file_system::{DirEntry, FileFacts, FileSystem, OpenFile, OpenHow};
use crate::vm::{Bell, Limit};

/// The most that may be open, and what is.
#[derive(Debug)]
pub struct Quota {
    sockets_max: AtomicUsize,
    files_max: AtomicUsize,
    files: AtomicUsize,
    /// How many more sockets and files there may be each time the host allows more.
    more: (usize, usize),
    /// Held by who asks the host.
    asking: Mutex<()>,
    bell: Option<Arc<Bell>>,
}

impl Default for Quota {
    fn default() -> Quota {
        Quota {
            sockets_max: AtomicUsize::new(usize::MAX),
            files_max: AtomicUsize::new(usize::MAX),
            files: AtomicUsize::new(0),
            more: (0, 0),
            asking: Mutex::new(()),
            bell: None,
        }
    }
}

impl Quota {
    /// So many sockets and files may be open; the bell rings when somebody wants one more.
    #[must_use]
    pub fn new(sockets_max: usize, files_max: usize, bell: Arc<Bell>) -> Quota {
        Quota {
            sockets_max: AtomicUsize::new(sockets_max),
            files_max: AtomicUsize::new(files_max),
            files: AtomicUsize::new(0),
            more: (sockets_max, files_max),
            asking: Mutex::new(()),
            bell: Some(bell),
        }
    }

    /// Whether there is no limit.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        let is_free = |max: &AtomicUsize| max.load(Ordering::Relaxed) == usize::MAX;
        is_free(&self.sockets_max) && is_free(&self.files_max)
    }

    pub(super) fn check_sockets(&self, open: usize) -> io::Result<()> {
        if open < self.sockets_max.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.ask(Limit::Sockets, &self.sockets_max, self.more.0, open)
    }

    fn check_files(&self, open: usize) -> io::Result<()> {
        if open < self.files_max.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.ask(Limit::Files, &self.files_max, self.more.1, open)
    }

    /// There are as many open as there may be: the host is asked for more, by one thread at a time.
    #[cold]
    fn ask(&self, what: Limit, max: &AtomicUsize, more: usize, open: usize) -> io::Result<()> {
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let allows = |bell: &Arc<Bell>| more > 0 && bell.allows_more(what);
        while open >= max.load(Ordering::Relaxed) {
            if !self.bell.as_ref().is_some_and(allows) {
                self.bell.iter().for_each(|bell| bell.ring(what));
                return Err(io::Error::other(TooMany { what, max: max.load(Ordering::Relaxed) }));
            }
            let raised = max.load(Ordering::Relaxed).saturating_add(more);
            max.store(raised, Ordering::Relaxed);
        }
        Ok(())
    }

    /// A listener that may not accept waits, as where the system has no descriptor left.
    pub(super) fn check_accept(&self, open: usize) -> io::Result<()> {
        let max = self.sockets_max.load(Ordering::Relaxed);
        if open < max { Ok(()) } else { Err(io::ErrorKind::ResourceBusy.into()) }
    }
}

/// That a VM has as much open as its host allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    what: Limit,
    max: usize,
}

impl TooMany {
    /// The error as this, if it is one.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&TooMany> {
        error.get_ref()?.downcast_ref()
    }
}

impl std::fmt::Display for TooMany {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "its host allows the program no more than {} {}", self.max, self.what)
    }
}

impl std::error::Error for TooMany {}

/// A file system that counts its open files.
pub(super) struct CountedFiles {
    inner: Arc<dyn FileSystem>,
    quota: Arc<Quota>,
}

impl CountedFiles {
    /// These files, counted if there is a limit.
    pub(super) fn around(files: Arc<dyn FileSystem>, quota: &Arc<Quota>) -> Arc<dyn FileSystem> {
        if quota.files_max.load(Ordering::Relaxed) == usize::MAX {
            return files;
        }
        Arc::new(CountedFiles { inner: files, quota: quota.clone() })
    }
}

/// The place that an open file takes.
struct Seat(Arc<Quota>);

impl Seat {
    fn take(quota: &Arc<Quota>) -> io::Result<Seat> {
        let taken = quota.files.fetch_add(1, Ordering::AcqRel);
        let seat = Seat(quota.clone());
        quota.check_files(taken)?;
        Ok(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.files.fetch_sub(1, Ordering::AcqRel);
    }
}

struct CountedFile {
    file: Box<dyn OpenFile>,
    _seat: Seat,
}

impl Read for CountedFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

impl Write for CountedFile {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.file.write(from)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for CountedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl OpenFile for CountedFile {
    fn facts(&self) -> io::Result<FileFacts> {
        self.file.facts()
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.file.set_size(size)
    }

    fn set_mode(&mut self, mode: u32) -> io::Result<()> {
        self.file.set_mode(mode)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

impl FileSystem for CountedFiles {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn OpenFile>> {
        let seat = Seat::take(&self.quota)?;
        let file = self.inner.open(path, how)?;
        Ok(Box::new(CountedFile { file, _seat: seat }))
    }

    fn look(&self, path: &Path, follow: bool) -> io::Result<FileFacts> {
        self.inner.look(path, follow)
    }

    fn entries(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.inner.entries(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.canonical(path)
    }

    fn make_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        self.inner.make_dir(path, mode)
    }

    fn make_dirs(&self, path: &Path) -> io::Result<()> {
        self.inner.make_dirs(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_dir(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_tree(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.copy(from, to)
    }

    fn link(&self, target: &Path, link: &Path) -> io::Result<()> {
        self.inner.link(target, link)
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        self.inner.read_link(link)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.inner.set_mode(path, mode)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_dir(path)
    }

    fn temp_dir(&self) -> PathBuf {
        self.inner.temp_dir()
    }
}
