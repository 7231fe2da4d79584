//! The disk of the simulated world: files in memory, as Linux treats them.
//!
//! - `disk`: nodes and their names; `content`: the bytes of a file;
//! - `walk`: from a path to a node;
//! - `change`: making, removing, renaming; `open`: files that are open;
//! - `socket`: the names of Unix sockets;
//! - `behind`: the files of the machine that a test may read;
//! - `fault`: what goes wrong on purpose;
//! - `watch`: who is told of changes;
//! - `errno`: the errors of it all.
//!
//! Every call is one step: nobody sees half of it. Nothing here waits, and nothing depends on
//! anything but the calls and the seed.

mod behind;
mod change;
mod content;
mod disk;
mod errno;
mod fault;
mod open;
mod socket;
mod walk;
mod watch;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::file_system::{DirEntry, FileFacts, FileKind, FileSystem, OpenFile, OpenHow};
use super::super::file_watch::{Change, Watcher};
use super::super::{SocketId, Ticket};
use disk::{Disk, NodeId, READ};
use errno::Errno as E;
use fault::Share;
use open::MemoryFile;
use walk::Follow;

pub use errno::Errno;
pub use fault::{FileOp, FileRule, When};

/// The directory for files that nobody needs for long.
const TEMPORARY: &str = "/tmp";

/// A disk in memory. Clones are the same disk.
#[derive(Clone)]
pub struct MemoryFiles {
    disk: Arc<Mutex<Disk>>,
}

/// A call that may go on.
struct Call<'a> {
    disk: MutexGuard<'a, Disk>,
    share: Share,
}

impl MemoryFiles {
    /// An empty disk. The same seed gives the same faults; `now` is the time of day, since 1970.
    #[must_use]
    pub fn new(seed: u64, now: Duration) -> MemoryFiles {
        MemoryFiles { disk: Arc::new(Mutex::new(Disk::new(seed, now))) }
    }

    /// Nothing here panics halfway through a change, so a poisoned lock still holds a whole disk.
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a call, unless a fault is in its way.
    fn call(&self, op: FileOp, path: &Path) -> io::Result<Call<'_>> {
        let mut disk = self.disk();
        let whole = absolute(&disk.path_of(disk.cwd), path);
        let share = disk.faults.check(op, &whole)?;
        Ok(Call { disk, share })
    }

    /// What time it is, since 1970.
    pub fn set_now(&self, now: Duration) {
        self.disk().now = now;
    }

    /// Whether permissions mean nothing, as for the superuser; and what new files do not permit.
    pub fn set_user(&self, is_superuser: bool, mask: u32) {
        let mut disk = self.disk();
        (disk.is_superuser, disk.mask) = (is_superuser, mask);
    }

    /// Lets a directory of the machine be read at its own path, which is the current one then. What
    /// is written there stays in memory.
    pub fn show(&self, dir: &Path) -> io::Result<()> {
        self.disk().show(dir)
    }

    /// The directory that relative paths start from.
    #[must_use]
    pub fn cwd(&self) -> PathBuf {
        let disk = self.disk();
        disk.path_of(disk.cwd)
    }

    /// How likely it is that a read or a write does only a part, and that a call fails. What is not
    /// given stays.
    pub fn set_chances(&self, short: Option<f64>, error: Option<f64>) {
        let mut disk = self.disk();
        disk.faults.short = short.unwrap_or(disk.faults.short);
        disk.faults.error = error.unwrap_or(disk.faults.error);
    }

    /// The disk is full after so many bytes more.
    pub fn set_room(&self, bytes: u64) {
        let mut disk = self.disk();
        disk.capacity = disk.used.saturating_add(bytes);
    }

    /// Lets some calls fail.
    pub fn add_rule(&self, rule: FileRule) {
        self.disk().faults.add(rule);
    }

    /// Nothing fails any more, and the disk is as large as it was.
    pub fn clear_faults(&self) {
        let mut disk = self.disk();
        disk.faults.clear();
        disk.capacity = disk::CAPACITY;
    }

    /// A queue of changes, and what adds directories to it.
    #[must_use]
    pub fn watch(&self) -> (SocketId, Arc<dyn Watcher>) {
        watch::open(self)
    }

    /// Whether a socket is a queue of changes.
    #[must_use]
    pub fn is_queue(socket: SocketId) -> bool {
        watch::Watches::is_queue(socket)
    }

    /// What stands in a queue of changes.
    pub fn read_queue(&self, queue: SocketId) -> io::Result<Vec<Change>> {
        self.disk().watches.read(queue)
    }

    /// Tells `ticket` when something stands in a queue.
    pub fn wait_queue(&self, queue: SocketId, ticket: Ticket) {
        self.disk().watches.wait(queue, ticket);
    }

    /// Takes [`MemoryFiles::wait_queue`] back.
    pub fn unwait_queue(&self, queue: SocketId, ticket: Ticket) {
        self.disk().watches.unwait(queue, ticket);
    }

    /// Ends a queue. Whoever waits for it is told.
    pub fn close_queue(&self, queue: SocketId) {
        self.disk().close_queue(queue);
    }

    /// Who is to be told that something stands in a queue.
    #[must_use]
    pub fn take_ready(&self) -> Vec<Ticket> {
        self.disk().watches.take_ready()
    }

    /// Whether there is somebody to be told.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        self.disk().watches.has_ready()
    }
}

impl FileSystem for MemoryFiles {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn OpenFile>> {
        let mut disk = self.call(FileOp::Open, path)?.disk;
        let node = disk.open(path, how)?;
        disk.hold(node);
        drop(disk);
        Ok(Box::new(MemoryFile::new(self.clone(), node, path, how)))
    }

    fn look(&self, path: &Path, follow: bool) -> io::Result<FileFacts> {
        let mut disk = self.call(FileOp::Look, path)?.disk;
        let node = disk.find(path, if follow { Follow::Always } else { Follow::Slash })?;
        Ok(disk.facts(node))
    }

    fn entries(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut disk = self.call(FileOp::List, path)?.disk;
        let dir = disk.find(path, Follow::Always)?;
        if !disk.node(dir).is_dir() {
            return Err(E::NotADirectory.into());
        }
        disk.may(dir, READ)?;
        let names: BTreeMap<_, NodeId> = disk.names(dir)?.clone();
        let entry = |(name, node)| DirEntry { path: path.join(name), kind: disk.node(node).kind() };
        Ok(names.into_iter().map(entry).collect())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let mut disk = self.call(FileOp::Look, path)?.disk;
        let node = disk.find(path, Follow::Always)?;
        if !disk.is_alive(node) {
            return Err(E::NotFound.into());
        }
        Ok(disk.path_of(node))
    }

    fn make_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        self.call(FileOp::Make, path)?.disk.make_dir(path, mode.unwrap_or(0o777))
    }

    fn make_dirs(&self, path: &Path) -> io::Result<()> {
        self.call(FileOp::Make, path)?.disk.make_dirs(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.call(FileOp::Remove, path)?.disk.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.call(FileOp::Remove, path)?.disk.remove_dir(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        self.call(FileOp::Remove, path)?.disk.remove_tree(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(FileOp::Rename, from)?.disk.rename(from, to)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        drop(self.call(FileOp::Copy, from)?);
        let read = OpenHow { read: true, ..OpenHow::default() };
        let mut source = self.open(from, read)?;
        let facts = source.facts()?;
        if facts.kind != FileKind::File {
            let text = "the source path is neither a regular file nor a symlink to a regular file";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let mode = Some(facts.mode);
        let write = OpenHow { write: true, create: true, truncate: true, mode, ..read };
        let mut target = self.open(to, OpenHow { read: false, ..write })?;
        target.set_mode(facts.mode)?;
        io::copy(&mut source, &mut target).map(drop)
    }

    fn link(&self, target: &Path, link: &Path) -> io::Result<()> {
        self.call(FileOp::Make, link)?.disk.make_link(target, link)
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        self.call(FileOp::Look, link)?.disk.read_link(link)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.call(FileOp::SetMode, path)?.disk.set_mode(path, mode)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.call(FileOp::Sync, path)?.disk;
        disk.open(path, OpenHow { read: true, ..OpenHow::default() }).map(drop)
    }

    fn temp_dir(&self) -> PathBuf {
        PathBuf::from(TEMPORARY)
    }
}

/// A path from the root, as text: faults go by what a path says, not by where links lead.
fn absolute(cwd: &Path, path: &Path) -> PathBuf {
    let mut whole = cwd.to_path_buf();
    for component in path.components() {
        match component {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                whole.pop();
            }
            other => whole.push(other),
        }
    }
    whole
}
