//! The sockets that a program has, and who waits for them.

use std::io;

use slab::Slab;

use super::datagram::Mailbox;
use super::link::{LinkId, Side};
use super::listener::Listener;
use crate::runtime::driver::socket::stale;
use crate::runtime::driver::{Direction, Event, SocketId, Ticket};

/// All sockets.
#[derive(Default)]
pub(super) struct Sockets {
    slots: Slab<Socket>,
    /// How often each slot has been used, so that old ids are recognised.
    generations: Vec<u32>,
    waiting: usize,
    /// What there is to report.
    pub(super) ready: Vec<Event>,
}

struct Socket {
    kind: Kind,
    generation: u32,
    readers: Vec<Ticket>,
    writers: Vec<Ticket>,
}

/// What a socket is.
pub(super) enum Kind {
    /// One side of a connection.
    Stream(LinkId, Side),
    Listener(Box<Listener>),
    Mailbox(Box<Mailbox>),
}

impl Sockets {
    pub(super) fn insert(&mut self, kind: Kind) -> io::Result<SocketId> {
        let entry = self.slots.vacant_entry();
        let place = entry.key();
        if place == self.generations.len() {
            self.generations.push(0);
        }
        let slot = u32::try_from(place).map_err(|_| io::Error::other("too many sockets"))?;
        let generation = self.generations[place].wrapping_add(1);
        self.generations[place] = generation;
        let (readers, writers) = (Vec::new(), Vec::new());
        entry.insert(Socket { kind, generation, readers, writers });
        Ok(SocketId { slot, generation })
    }

    /// Takes a socket out. Whoever waits for it is reported.
    pub(super) fn remove(&mut self, id: SocketId) -> Option<Kind> {
        self.find(id).ok()?;
        let socket = self.slots.remove(id.slot as usize);
        self.waiting -= socket.readers.len() + socket.writers.len();
        let waiters = socket.readers.into_iter().chain(socket.writers);
        self.ready.extend(waiters.map(Event::Ready));
        Some(socket.kind)
    }

    pub(super) fn get(&self, id: SocketId) -> io::Result<&Kind> {
        let socket = self.slots.get(id.slot as usize);
        let socket = socket.filter(|socket| socket.generation == id.generation);
        socket.map(|socket| &socket.kind).ok_or_else(stale)
    }

    pub(super) fn get_mut(&mut self, id: SocketId) -> io::Result<&mut Kind> {
        self.find(id).map(|socket| &mut socket.kind)
    }

    pub(super) fn stream(&self, id: SocketId) -> io::Result<(LinkId, Side)> {
        match self.get(id)? {
            Kind::Stream(link, side) => Ok((*link, *side)),
            Kind::Listener(_) => Err(no_use("it accepts connections")),
            Kind::Mailbox(_) => Err(no_use("it sends and receives datagrams")),
        }
    }

    pub(super) fn listener(&mut self, id: SocketId) -> io::Result<&mut Listener> {
        match self.get_mut(id)? {
            Kind::Listener(listener) => Ok(listener),
            _ => Err(no_use("connections are accepted by listeners")),
        }
    }

    pub(super) fn mailbox(&mut self, id: SocketId) -> io::Result<&mut Mailbox> {
        match self.get_mut(id)? {
            Kind::Mailbox(mailbox) => Ok(mailbox),
            _ => Err(no_use("it sends and receives no datagrams")),
        }
    }

    /// Adds a waiter.
    pub(super) fn wait(&mut self, id: SocketId, direction: Direction, ticket: Ticket) {
        let Ok(socket) = self.find(id) else { return };
        let waiters = socket.waiters(direction);
        if !waiters.contains(&ticket) {
            waiters.push(ticket);
            self.waiting += 1;
        }
    }

    /// Takes a waiter back.
    pub(super) fn unwait(&mut self, id: SocketId, direction: Direction, ticket: Ticket) {
        let Ok(socket) = self.find(id) else { return };
        let waiters = socket.waiters(direction);
        if let Some(place) = waiters.iter().position(|waiter| *waiter == ticket) {
            waiters.remove(place);
            self.waiting -= 1;
        }
    }

    /// Reports those who wait for a socket: it may be ready.
    pub(super) fn report(&mut self, id: SocketId, direction: Direction) {
        let socket = self.slots.get(id.slot as usize);
        let Some(socket) = socket.filter(|socket| socket.generation == id.generation) else {
            return;
        };
        let waiters = match direction {
            Direction::Read => &socket.readers,
            Direction::Write => &socket.writers,
        };
        self.ready.extend(waiters.iter().copied().map(Event::Ready));
    }

    /// How many sockets are open.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many tickets wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    fn find(&mut self, id: SocketId) -> io::Result<&mut Socket> {
        let socket = self.slots.get_mut(id.slot as usize);
        socket.filter(|socket| socket.generation == id.generation).ok_or_else(stale)
    }
}

impl Socket {
    fn waiters(&mut self, direction: Direction) -> &mut Vec<Ticket> {
        match direction {
            Direction::Read => &mut self.readers,
            Direction::Write => &mut self.writers,
        }
    }
}

/// The error of using a socket as something else.
pub(super) fn no_use(what_it_is: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what_it_is)
}
