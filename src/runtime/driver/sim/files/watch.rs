//! Who watches files of the simulated disk, and what they have not heard yet.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::Arc;

use slab::Slab;

use super::super::super::file_watch::{Change, Happening, Watcher};
use super::super::super::socket::stale;
use super::super::super::{SocketId, Ticket};
use super::MemoryFiles;
use super::disk::{Disk, NodeId, READ};
use super::errno::Errno;
use super::walk::Follow;

/// So many changes wait to be read; what comes then is lost, as with the kernel.
const QUEUE_MAX: usize = 16_384;

/// The numbers of queues begin here, those of sockets end before.
const FIRST_SLOT: u32 = 1 << 31;

/// All queues.
#[derive(Default)]
pub(super) struct Watches {
    queues: Slab<Queue>,
    made: u32,
    moves: u32,
    ready: Vec<Ticket>,
}

struct Queue {
    generation: u32,
    changes: VecDeque<Change>,
    /// What is watched, by the numbers of it.
    nodes: BTreeMap<i32, NodeId>,
    numbers: i32,
    waiters: Vec<Ticket>,
}

/// One queue that watches a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched {
    queue: usize,
    number: i32,
    /// It wants to know when the node itself is moved.
    pub(super) moves: bool,
}

impl Watches {
    /// Whether a socket is a queue of changes.
    pub(super) fn is_queue(socket: SocketId) -> bool {
        socket.slot >= FIRST_SLOT
    }

    fn get(&mut self, id: SocketId) -> Option<&mut Queue> {
        let queue = self.queues.get_mut((id.slot - FIRST_SLOT) as usize)?;
        (queue.generation == id.generation).then_some(queue)
    }

    /// A number that both halves of a move get.
    pub(super) fn next_move(&mut self) -> u32 {
        self.moves = self.moves.wrapping_add(1);
        self.moves
    }

    /// A new queue.
    fn open(&mut self) -> SocketId {
        self.made += 1;
        let slot = self.queues.insert(Queue {
            generation: self.made,
            changes: VecDeque::new(),
            nodes: BTreeMap::new(),
            numbers: 0,
            waiters: Vec::new(),
        });
        SocketId { slot: FIRST_SLOT + slot as u32, generation: self.made }
    }

    /// Adds to a queue.
    pub(super) fn push(&mut self, to: Watched, what: Happening, name: &OsStr, is_dir: bool) {
        let Some(queue) = self.queues.get_mut(to.queue) else { return };
        let change = Change { number: to.number, what, name: name.to_owned(), is_dir };
        // The kernel does not say the same twice in a row.
        if queue.changes.back() == Some(&change) {
            return;
        }
        if queue.changes.len() < QUEUE_MAX {
            queue.changes.push_back(change);
        } else if queue.changes.len() == QUEUE_MAX {
            let name = std::ffi::OsString::new();
            let what = Happening::Overflow;
            queue.changes.push_back(Change { number: -1, what, name, is_dir: false });
        }
        self.ready.append(&mut queue.waiters);
    }

    /// What is watched is no more.
    pub(super) fn end(&mut self, watched: Watched, is_dir: bool) {
        self.push(watched, Happening::Gone, OsStr::new(""), is_dir);
        self.push(watched, Happening::Unwatched, OsStr::new(""), false);
        if let Some(queue) = self.queues.get_mut(watched.queue) {
            queue.nodes.remove(&watched.number);
        }
    }

    /// Who is to be told that there is something to read.
    pub(super) fn take_ready(&mut self) -> Vec<Ticket> {
        std::mem::take(&mut self.ready)
    }

    /// Tells `ticket` when there is something to read.
    pub(super) fn wait(&mut self, id: SocketId, ticket: Ticket) {
        match self.get(id) {
            Some(queue) if queue.changes.is_empty() => queue.waiters.push(ticket),
            _ => self.ready.push(ticket),
        }
    }

    pub(super) fn unwait(&mut self, id: SocketId, ticket: Ticket) {
        if let Some(queue) = self.get(id) {
            queue.waiters.retain(|waiter| *waiter != ticket);
        }
        self.ready.retain(|waiter| *waiter != ticket);
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// What has happened since it was asked last.
    pub(super) fn read(&mut self, id: SocketId) -> io::Result<Vec<Change>> {
        let queue = self.get(id).ok_or_else(stale)?;
        if queue.changes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(queue.changes.drain(..).collect())
    }
}

impl Disk {
    /// Ends a queue.
    pub(super) fn close_queue(&mut self, id: SocketId) {
        let Some(queue) = self.watches.get(id) else { return };
        let (waiters, nodes) = (std::mem::take(&mut queue.waiters), queue.nodes.clone());
        self.watches.ready.extend(waiters);
        let slot = (id.slot - FIRST_SLOT) as usize;
        self.watches.queues.remove(slot);
        for node in nodes.into_values() {
            self.node_mut(node).watched.retain(|watched| watched.queue != slot);
        }
    }

    fn add_watch(&mut self, id: SocketId, path: &Path, follow: bool) -> io::Result<i32> {
        let node = self.find(path, if follow { Follow::Always } else { Follow::Slash })?;
        if !follow && !self.node(node).is_dir() {
            return Err(Errno::NotADirectory.into());
        }
        self.may(node, READ)?;
        let slot = (id.slot - FIRST_SLOT) as usize;
        let known = self.node_mut(node).watched.iter_mut().find(|watched| watched.queue == slot);
        if let Some(known) = known {
            known.moves = follow;
            return Ok(known.number);
        }
        let Some(queue) = self.watches.get(id) else { return Err(Errno::BadHandle.into()) };
        queue.numbers += 1;
        let number = queue.numbers;
        queue.nodes.insert(number, node);
        self.node_mut(node).watched.push(Watched { queue: slot, number, moves: follow });
        Ok(number)
    }

    fn remove_watch(&mut self, id: SocketId, number: i32) {
        let slot = (id.slot - FIRST_SLOT) as usize;
        let Some(node) = self.watches.get(id).and_then(|queue| queue.nodes.remove(&number)) else {
            return;
        };
        self.node_mut(node).watched.retain(|watched| watched.queue != slot);
        let watched = Watched { queue: slot, number, moves: false };
        self.watches.push(watched, Happening::Unwatched, OsStr::new(""), false);
    }
}

/// A new queue, and what adds to it.
pub(super) fn open(files: &MemoryFiles) -> (SocketId, Arc<dyn Watcher>) {
    let queue = files.disk().watches.open();
    (queue, Arc::new(MemoryWatcher { files: files.clone(), queue }))
}

struct MemoryWatcher {
    files: MemoryFiles,
    queue: SocketId,
}

impl Watcher for MemoryWatcher {
    fn add(&self, path: &Path, follow: bool) -> io::Result<i32> {
        self.files.disk().add_watch(self.queue, path, follow)
    }

    fn remove(&self, number: i32) {
        self.files.disk().remove_watch(self.queue, number);
    }
}
