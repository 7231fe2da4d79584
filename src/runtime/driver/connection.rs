//! The sockets of the real driver: non-blocking, edge-triggered, each with its waiters.
//!
//! A socket is registered once, for both directions, when it is made. From then on the flags
//! `readable` and `writable` say what the kernel has announced and not yet taken back with
//! `WouldBlock`; an operation on a flag that is down costs no system call, and waiting costs none
//! either. Closing a socket reports its waiters, so that they find it gone.

use std::io::{self, IoSlice};

use mio::{Registry, Token};
use slab::Slab;

use super::endpoint::{End, PipeEnd};
use super::socket::stale;
use super::tickets::Tickets;
use super::{
    Address, Calls, DatagramOptions, Direction, Event, ListenOptions, SocketId, SocketOption,
    Ticket,
};

/// A slot and its generation share one token of the poll.
const SLOT_BITS: u32 = 32;
const _: () = assert!(usize::BITS >= 64, "tokens hold a slot and a generation");

/// All sockets of a driver.
pub(super) struct Connections {
    slots: Slab<Connection>,
    /// How often each slot has been used, so that late events and old ids are recognised.
    generations: Vec<u32>,
    /// How many tickets wait in all slots together.
    waiting: usize,
    calls: Calls,
}

struct Connection {
    end: End,
    generation: u32,
    readable: bool,
    writable: bool,
    /// The other side has said that it is done: reading never blocks again.
    read_closed: bool,
    readers: Tickets,
    writers: Tickets,
}

impl Connections {
    pub(super) fn new() -> Connections {
        Connections {
            slots: Slab::new(),
            generations: Vec::new(),
            waiting: 0,
            calls: Calls::default(),
        }
    }

    /// How many tickets wait for sockets.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How often the system was called for them.
    pub(super) fn calls(&self) -> Calls {
        self.calls
    }

    pub(super) fn connect(&mut self, registry: &Registry, to: &Address) -> io::Result<SocketId> {
        // Nothing can be written before the connection is made, and its making is an event.
        let id = self.insert(registry, End::connect(to)?)?;
        let connection = self.get(id)?;
        connection.readable = false;
        connection.writable = false;
        Ok(id)
    }

    pub(super) fn connected(&mut self, id: SocketId) -> io::Result<()> {
        let connection = self.get(id)?;
        if !connection.writable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match connection.end.connected() {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                connection.writable = false;
                Err(io::ErrorKind::WouldBlock.into())
            }
            result => result,
        }
    }

    pub(super) fn bind(
        &mut self,
        registry: &Registry,
        address: &Address,
        options: ListenOptions,
    ) -> io::Result<SocketId> {
        self.insert(registry, End::bind(address, options)?)
    }

    pub(super) fn bind_datagram(
        &mut self,
        registry: &Registry,
        address: &Address,
        options: DatagramOptions,
    ) -> io::Result<SocketId> {
        self.insert(registry, End::bind_datagram(address, options)?)
    }

    pub(super) fn pipe(&mut self, registry: &Registry, end: PipeEnd) -> io::Result<SocketId> {
        self.insert(registry, End::pipe(end)?)
    }

    pub(super) fn accept(
        &mut self,
        registry: &Registry,
        id: SocketId,
    ) -> io::Result<(SocketId, Address)> {
        let connection = self.get(id)?;
        if !connection.readable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let (stream, address) = loop {
            match connection.end.accept() {
                Ok(pair) => break pair,
                // The client has gone before it was accepted: the next one.
                Err(error) if is_passing(error.kind()) => {}
                Err(error) if is_shortage(&error) => {
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, error));
                }
                Err(error) => {
                    connection.readable &= error.kind() != io::ErrorKind::WouldBlock;
                    return Err(error);
                }
            }
        };
        Ok((self.insert(registry, stream)?, address))
    }

    pub(super) fn read(&mut self, id: SocketId, into: &mut [u8]) -> io::Result<usize> {
        let connection = get(&mut self.slots, id)?;
        if !connection.readable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.calls.transfers += 1;
        let result = retry(|| connection.end.read(into));
        match &result {
            // Less than there was room for: the kernel is empty, and more data is a new event.
            // The end is not, once it has been announced.
            Ok(count) if *count > 0 && *count < into.len() && !connection.read_closed => {
                connection.readable = false;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                connection.readable = false;
                self.calls.vain += 1;
            }
            _ => {}
        }
        result
    }

    /// Nothing has come since the kernel was empty.
    pub(super) fn is_quiet(&self, id: SocketId) -> bool {
        self.slots
            .get(id.slot as usize)
            .is_some_and(|it| it.generation == id.generation && !it.readable)
    }

    pub(super) fn write(&mut self, id: SocketId, from: &[u8]) -> io::Result<usize> {
        self.hand_over(id, from.len(), |end| end.write(from))
    }

    pub(super) fn write_pieces(
        &mut self,
        id: SocketId,
        pieces: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        self.hand_over(id, length, |end| end.write_pieces(pieces))
    }

    /// Writes so many bytes, as far as there is room for them.
    #[inline]
    fn hand_over(
        &mut self,
        id: SocketId,
        length: usize,
        mut write: impl FnMut(&mut End) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let connection = get(&mut self.slots, id)?;
        if !connection.writable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.calls.transfers += 1;
        let result = retry(|| write(&mut connection.end));
        match &result {
            // The kernel's buffer is full; room in it is a new event.
            Ok(count) if *count > 0 && *count < length => connection.writable = false,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                connection.writable = false;
                self.calls.vain += 1;
            }
            _ => {}
        }
        result
    }

    pub(super) fn connect_datagram(&mut self, id: SocketId, to: &Address) -> io::Result<()> {
        self.get(id)?.end.connect_datagram(to)
    }

    pub(super) fn send(
        &mut self,
        id: SocketId,
        from: &[u8],
        to: Option<&Address>,
    ) -> io::Result<()> {
        let connection = self.get(id)?;
        // Whether the receiver of a Unix socket has room is no matter of this one: no event tells.
        let is_elsewhere = matches!(to, Some(Address::Unix(_)));
        if !connection.writable && !is_elsewhere {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = retry(|| connection.end.send(from, to));
        if let Err(error) = &result
            && error.kind() == io::ErrorKind::WouldBlock
            && !is_elsewhere
        {
            connection.writable = false;
        }
        result
    }

    pub(super) fn receive(
        &mut self,
        id: SocketId,
        into: &mut [u8],
    ) -> io::Result<(usize, Address)> {
        let connection = self.get(id)?;
        if !connection.readable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = retry(|| connection.end.receive(into));
        if let Err(error) = &result
            && error.kind() == io::ErrorKind::WouldBlock
        {
            connection.readable = false;
        }
        result
    }

    pub(super) fn shutdown(&mut self, id: SocketId) -> io::Result<()> {
        self.get(id)?.end.shutdown()
    }

    pub(super) fn set_option(&mut self, id: SocketId, option: SocketOption) -> io::Result<()> {
        self.get(id)?.end.set_option(option)
    }

    pub(super) fn local(&self, id: SocketId) -> io::Result<Address> {
        self.look(id)?.end.local()
    }

    pub(super) fn close(&mut self, registry: &Registry, id: SocketId, ready: &mut Vec<Event>) {
        if self.get(id).is_err() {
            return;
        }
        let mut connection = self.slots.remove(id.slot as usize);
        self.waiting -= connection.readers.as_slice().len() + connection.writers.as_slice().len();
        connection.readers.report(ready);
        connection.writers.report(ready);
        connection.end.deregister(registry);
    }

    /// Adds a waiter. True if the direction is ready already, so that no event would come.
    pub(super) fn wait(&mut self, id: SocketId, direction: Direction, ticket: Ticket) -> bool {
        let Some(connection) = find(&mut self.slots, id) else { return true };
        let is_new = connection.waiters(direction).add(ticket);
        let is_ready = connection.is_ready(direction);
        self.waiting += usize::from(is_new);
        is_ready
    }

    pub(super) fn unwait(&mut self, id: SocketId, direction: Direction, ticket: Ticket) {
        let Some(connection) = find(&mut self.slots, id) else { return };
        let was_there = connection.waiters(direction).remove(ticket);
        self.waiting -= usize::from(was_there);
    }

    /// Takes an event of the poll in and reports whom it concerns.
    pub(super) fn ready(&mut self, event: &mio::event::Event, events: &mut Vec<Event>) {
        let id = id_of(event.token());
        let Some(connection) = find(&mut self.slots, id) else { return };
        let failed = event.is_error();
        connection.read_closed |= event.is_read_closed() || failed;
        if event.is_readable() || connection.read_closed {
            connection.readable = true;
            connection.readers.report(events);
        }
        if event.is_writable() || event.is_write_closed() || failed {
            connection.writable = true;
            connection.writers.report(events);
        }
    }

    fn insert(&mut self, registry: &Registry, mut end: End) -> io::Result<SocketId> {
        let entry = self.slots.vacant_entry();
        let slot = entry.key();
        if slot == self.generations.len() {
            self.generations.push(0);
        }
        let generation = self.generations[slot].wrapping_add(1);
        let id = SocketId {
            slot: u32::try_from(slot).map_err(|_| io::Error::other("too many sockets"))?,
            generation,
        };
        end.register(registry, token_of(id))?;
        self.calls.registrations += 1;
        self.generations[slot] = generation;
        entry.insert(Connection {
            end,
            generation,
            // Nothing is known yet: the first attempt finds out without waiting for an event.
            readable: true,
            writable: true,
            read_closed: false,
            readers: Tickets::default(),
            writers: Tickets::default(),
        });
        Ok(id)
    }

    #[inline]
    fn get(&mut self, id: SocketId) -> io::Result<&mut Connection> {
        get(&mut self.slots, id)
    }

    fn look(&self, id: SocketId) -> io::Result<&Connection> {
        match self.slots.get(id.slot as usize) {
            Some(connection) if connection.generation == id.generation => Ok(connection),
            _ => Err(stale()),
        }
    }
}

#[inline]
fn get(slots: &mut Slab<Connection>, id: SocketId) -> io::Result<&mut Connection> {
    find(slots, id).ok_or_else(stale)
}

#[inline]
fn find(slots: &mut Slab<Connection>, id: SocketId) -> Option<&mut Connection> {
    slots.get_mut(id.slot as usize).filter(|connection| connection.generation == id.generation)
}

impl Connection {
    fn waiters(&mut self, direction: Direction) -> &mut Tickets {
        match direction {
            Direction::Read => &mut self.readers,
            Direction::Write => &mut self.writers,
        }
    }

    fn is_ready(&self, direction: Direction) -> bool {
        match direction {
            Direction::Read => self.readable,
            Direction::Write => self.writable,
        }
    }
}

/// Whether an accept failed for this one client: Linux hands over what has happened to its
/// connection, or what a firewall says of it.
fn is_passing(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Os;
    matches!(
        kind,
        Os::Interrupted
            | Os::ConnectionAborted
            | Os::ConnectionReset
            | Os::NetworkDown
            | Os::NetworkUnreachable
            | Os::HostUnreachable
            | Os::PermissionDenied
    )
}

/// Whether descriptors or memory have run out, which ends when something else is closed.
#[cfg(unix)]
fn is_shortage(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let short = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| short.contains(&errno))
}

#[cfg(not(unix))]
fn is_shortage(_: &io::Error) -> bool {
    false
}

#[inline]
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn token_of(id: SocketId) -> Token {
    Token(((id.generation as usize) << SLOT_BITS) | id.slot as usize)
}

/// Undoes [`token_of`].
fn id_of(token: Token) -> SocketId {
    #[expect(clippy::cast_possible_truncation, reason = "the halves are split on purpose")]
    SocketId { slot: token.0 as u32, generation: (token.0 >> SLOT_BITS) as u32 }
}
