//! What is on the disk: nodes, the names they have, and who may do what with them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use slab::Slab;

use super::super::super::file_system::{FileFacts, FileKind};
use super::super::super::file_watch::Happening;
use super::content::Content;
use super::errno::Errno;
use super::fault::FileFaults;
use super::watch::{Watched, Watches};

/// How much fits on the disk unless a test says otherwise.
pub(super) const CAPACITY: u64 = 1 << 30;

/// Names a node.
pub(super) type NodeId = usize;

/// A disk in memory.
pub(super) struct Disk {
    nodes: Slab<Node>,
    /// The directory that all others are in.
    pub(super) root: NodeId,
    /// The directory that relative paths start from.
    pub(super) cwd: NodeId,
    /// The time of day, since the start of 1970.
    pub(super) now: Duration,
    /// What new files and directories do not permit.
    pub(super) mask: u32,
    /// Permissions hold for everybody but the superuser.
    pub(super) is_superuser: bool,
    /// How many bytes fit.
    pub(super) capacity: u64,
    /// How many there are.
    pub(super) used: u64,
    /// How many nodes were made.
    made: u64,
    /// What goes wrong on purpose.
    pub(super) faults: FileFaults,
    /// Who wants to know of changes.
    pub(super) watches: Watches,
}

/// A file, a directory, a symbolic link or a socket. None has more than one name.
pub(super) struct Node {
    /// Its number, never used twice.
    number: u64,
    pub(super) body: Body,
    pub(super) mode: u32,
    modified: Duration,
    created: Duration,
    /// The directory it is in, and its name there; none once it was removed.
    pub(super) place: Option<(NodeId, OsString)>,
    /// How many open files there are of it.
    holders: usize,
    /// Who watches it.
    pub(super) watched: Vec<Watched>,
}

/// What a node is.
pub(super) enum Body {
    /// A file. What stands behind it is read when somebody wants its content.
    File(Content, Option<Behind>),
    /// A directory. What stands behind it is read when somebody wants its names.
    Dir(BTreeMap<OsString, NodeId>, Option<PathBuf>),
    /// A symbolic link.
    Link(PathBuf),
    /// The name of a Unix socket.
    Socket,
}

/// A file of the machine that nobody has opened here yet.
pub(super) struct Behind {
    pub(super) path: PathBuf,
    pub(super) size: u64,
}

/// A kind of access: the bits that a mode has for its owner.
pub(super) const READ: u32 = 4;
/// Another one.
pub(super) const WRITE: u32 = 2;
/// For directories: looking a name up.
pub(super) const SEARCH: u32 = 1;

impl Disk {
    /// A disk with the directories that every system has.
    pub(super) fn new(seed: u64, now: Duration) -> Disk {
        let mut disk = Disk {
            nodes: Slab::new(),
            root: 0,
            cwd: 0,
            now,
            mask: 0o022,
            is_superuser: false,
            capacity: CAPACITY,
            used: 0,
            made: 0,
            faults: FileFaults::new(seed),
            watches: Watches::default(),
        };
        disk.root = disk.make(Body::dir(), 0o755);
        disk.cwd = disk.root;
        let (root, home) = (disk.root, disk.make(Body::dir(), 0o755));
        disk.put(root, OsStr::new("home"), home);
        let user = disk.make(Body::dir(), 0o755);
        disk.put(home, OsStr::new("user"), user);
        let temporary = disk.make(Body::dir(), 0o1777);
        disk.put(root, OsStr::new("tmp"), temporary);
        disk.set_cwd(user);
        disk
    }

    /// Relative paths start here from now on.
    pub(super) fn set_cwd(&mut self, id: NodeId) {
        self.hold(id);
        let old = std::mem::replace(&mut self.cwd, id);
        self.release(old);
    }

    /// A node without a name.
    pub(super) fn make(&mut self, body: Body, mode: u32) -> NodeId {
        self.made += 1;
        self.nodes.insert(Node {
            number: self.made,
            body,
            mode,
            modified: self.now,
            created: self.now,
            place: None,
            holders: 0,
            watched: Vec::new(),
        })
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id]
    }

    /// Gives a node a name.
    pub(super) fn put(&mut self, dir: NodeId, name: &OsStr, id: NodeId) {
        if let Body::Dir(names, _) = &mut self.nodes[dir].body {
            names.insert(name.to_owned(), id);
        }
        self.nodes[id].place = Some((dir, name.to_owned()));
        self.touch(dir);
    }

    /// Takes its name from a node, which is still there.
    pub(super) fn take(&mut self, id: NodeId) {
        let Some((dir, name)) = self.nodes[id].place.take() else { return };
        if let Body::Dir(names, _) = &mut self.nodes[dir].body {
            names.remove(&name);
        }
        self.touch(dir);
    }

    /// The content of a node has changed.
    pub(super) fn touch(&mut self, id: NodeId) {
        self.nodes[id].modified = self.now;
    }

    pub(super) fn modified(&self, id: NodeId) -> Duration {
        self.nodes[id].modified
    }

    pub(super) fn set_modified(&mut self, id: NodeId, time: Duration) {
        self.nodes[id].modified = time;
    }

    /// Somebody has opened it.
    pub(super) fn hold(&mut self, id: NodeId) {
        self.nodes[id].holders += 1;
    }

    /// Somebody has closed it.
    pub(super) fn release(&mut self, id: NodeId) {
        let node = &mut self.nodes[id];
        node.holders = node.holders.saturating_sub(1);
        self.drop_unused(id);
    }

    /// A node that has no name and is not open is no more.
    pub(super) fn drop_unused(&mut self, id: NodeId) {
        let node = &self.nodes[id];
        if node.place.is_some() || node.holders > 0 || id == self.root {
            return;
        }
        let is_dir = node.is_dir();
        let node = self.nodes.remove(id);
        if let Body::File(content, _) = &node.body {
            self.used -= content.stored();
        }
        for watched in node.watched {
            self.watches.end(watched, is_dir);
        }
    }

    /// Tells those who watch a node, and those who watch the directory it is in.
    pub(super) fn tell_changed(&mut self, id: NodeId) {
        let node = &self.nodes[id];
        if let Some((dir, name)) = node.place.clone() {
            self.tell(dir, Happening::Changed, &name, false);
        }
        self.tell(id, Happening::Changed, OsStr::new(""), false);
    }

    /// Tells those who watch a node.
    pub(super) fn tell(&mut self, id: NodeId, what: Happening, name: &OsStr, is_dir: bool) {
        for watched in &self.nodes[id].watched {
            self.watches.push(*watched, what, name, is_dir);
        }
    }

    /// What everybody may learn of a node.
    pub(super) fn facts(&self, id: NodeId) -> FileFacts {
        let node = &self.nodes[id];
        let size = match &node.body {
            Body::File(_, Some(behind)) => behind.size,
            Body::File(content, None) => content.size(),
            Body::Dir(..) => 4096,
            Body::Link(target) => target.as_os_str().len() as u64,
            Body::Socket => 0,
        };
        FileFacts {
            size,
            kind: node.kind(),
            mode: node.mode,
            modified: Some(moment(node.modified)),
            created: Some(moment(node.created)),
            identity: Some((1, node.number)),
        }
    }

    /// Whether something may be done with a node.
    pub(super) fn may(&self, id: NodeId, wanted: u32) -> Result<(), Errno> {
        let node = &self.nodes[id];
        let is_allowed = self.is_superuser || (node.mode >> 6) & wanted == wanted;
        if is_allowed { Ok(()) } else { Err(Errno::Denied) }
    }

    /// The names in a directory.
    pub(super) fn names(&mut self, id: NodeId) -> io::Result<&BTreeMap<OsString, NodeId>> {
        self.bring_names(id)?;
        match &self.nodes[id].body {
            Body::Dir(names, _) => Ok(names),
            _ => Err(Errno::NotADirectory.into()),
        }
    }

    /// The node of a name in a directory.
    pub(super) fn child(&mut self, dir: NodeId, name: &OsStr) -> io::Result<Option<NodeId>> {
        Ok(self.names(dir)?.get(name).copied())
    }

    /// Whether a directory has a place on the disk: nothing can be made in one that was removed.
    pub(super) fn is_alive(&self, id: NodeId) -> bool {
        id == self.root || self.nodes[id].place.is_some()
    }

    /// The directory that a directory is in.
    pub(super) fn parent(&self, dir: NodeId) -> NodeId {
        self.nodes[dir].place.as_ref().map_or(dir, |(parent, _)| *parent)
    }

    /// Whether a directory is another one, or around it.
    pub(super) fn is_around(&self, outer: NodeId, mut inner: NodeId) -> bool {
        loop {
            let parent = self.parent(inner);
            if inner == outer || parent == inner {
                return inner == outer;
            }
            inner = parent;
        }
    }

    /// The path of a node from the root.
    pub(super) fn path_of(&self, mut id: NodeId) -> PathBuf {
        let mut names = Vec::new();
        while let Some((dir, name)) = &self.nodes[id].place {
            names.push(name);
            id = *dir;
        }
        let mut path = PathBuf::from("/");
        path.extend(names.iter().rev());
        path
    }
}

impl Node {
    pub(super) fn kind(&self) -> FileKind {
        match self.body {
            Body::File(..) => FileKind::File,
            Body::Dir(..) => FileKind::Dir,
            Body::Link(_) => FileKind::Symlink,
            Body::Socket => FileKind::Other,
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn is_dir(&self) -> bool {
        matches!(self.body, Body::Dir(..))
    }

    pub(super) fn target(&self) -> Option<&Path> {
        match &self.body {
            Body::Link(target) => Some(target),
            _ => None,
        }
    }
}

impl Body {
    /// An empty directory.
    pub(super) fn dir() -> Body {
        Body::Dir(BTreeMap::new(), None)
    }
}

/// A time of day as others know it.
fn moment(since_1970: Duration) -> SystemTime {
    UNIX_EPOCH + since_1970
}
