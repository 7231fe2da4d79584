//! The sockets of the real driver: non-blocking, edge-triggered, each with its waiters.
//!
//! A socket is registered once, for both directions, when it is made. From then on the flags
//! `readable` and `writable` say what the kernel has announced and not yet taken back with
//! `WouldBlock`; an operation on a flag that is down costs no system call, and waiting costs none
//! either. Closing a socket reports its waiters, so that they find it gone.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::process::{ChildStderr, ChildStdin, ChildStdout};

use mio::net::{TcpListener, TcpStream};
use mio::unix::pipe;
use mio::{Interest, Registry, Token};
use slab::Slab;
use socket2::{Domain, Protocol, Socket, Type};

use super::{Direction, Event, ListenOptions, SocketId, Ticket};

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
}

struct Connection {
    end: End,
    generation: u32,
    readable: bool,
    writable: bool,
    /// The other side has said that it is done: reading never blocks again.
    read_closed: bool,
    readers: Vec<Ticket>,
    writers: Vec<Ticket>,
}

enum End {
    Stream(TcpStream),
    Listener(TcpListener),
    /// What a child process reads.
    PipeIn(pipe::Sender),
    /// What a child process writes.
    PipeOut(pipe::Receiver),
    /// A pipe to which nothing more is written.
    Finished,
}

/// This program's end of a pipe of a child process.
pub(super) enum PipeEnd {
    Stdin(ChildStdin),
    Stdout(ChildStdout),
    Stderr(ChildStderr),
    /// A queue of the kernel that is read like a pipe.
    #[cfg(target_os = "linux")]
    Queue(std::os::fd::OwnedFd),
}

impl Connections {
    pub(super) fn new() -> Connections {
        Connections { slots: Slab::new(), generations: Vec::new(), waiting: 0 }
    }

    /// How many tickets wait for sockets.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn connect(
        &mut self,
        registry: &Registry,
        address: SocketAddr,
    ) -> io::Result<SocketId> {
        let stream = TcpStream::connect(address)?;
        // Nothing can be written before the connection is made, and its making is an event.
        let id = self.insert(registry, End::Stream(stream))?;
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
        let stream = connection.stream()?;
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                connection.writable = false;
                Err(io::ErrorKind::WouldBlock.into())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn bind(
        &mut self,
        registry: &Registry,
        address: SocketAddr,
        options: ListenOptions,
    ) -> io::Result<SocketId> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // On Unix this only means that a restarted server gets its port back at once; on Windows
        // it would let two servers share one.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        #[cfg(unix)]
        if options.reuse_port {
            socket.set_reuse_port(true)?;
        }
        if address.is_ipv6() && address.ip().is_unspecified() {
            // `::` means every address, also those of IPv4; systems differ in their default.
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(options.backlog)?;
        self.insert(registry, End::Listener(TcpListener::from_std(socket.into())))
    }

    pub(super) fn pipe(&mut self, registry: &Registry, end: PipeEnd) -> io::Result<SocketId> {
        let end = match end {
            PipeEnd::Stdin(end) => End::PipeIn(end.into()),
            PipeEnd::Stdout(end) => End::PipeOut(end.into()),
            PipeEnd::Stderr(end) => End::PipeOut(end.into()),
            #[cfg(target_os = "linux")]
            PipeEnd::Queue(end) => End::PipeOut(ChildStdout::from(end).into()),
        };
        match &end {
            End::PipeIn(sender) => sender.set_nonblocking(true)?,
            End::PipeOut(receiver) => receiver.set_nonblocking(true)?,
            _ => {}
        }
        self.insert(registry, end)
    }

    pub(super) fn accept(
        &mut self,
        registry: &Registry,
        id: SocketId,
    ) -> io::Result<(SocketId, SocketAddr)> {
        let connection = self.get(id)?;
        if !connection.readable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let End::Listener(listener) = &connection.end else { return Err(stale()) };
        let (stream, address) = loop {
            match listener.accept() {
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
        Ok((self.insert(registry, End::Stream(stream))?, plain(address)))
    }

    pub(super) fn read(&mut self, id: SocketId, into: &mut [u8]) -> io::Result<usize> {
        let connection = self.get(id)?;
        if !connection.readable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = retry(|| match &mut connection.end {
            End::Stream(stream) => stream.read(into),
            End::PipeOut(receiver) => receiver.read(into),
            End::Listener(_) | End::PipeIn(_) | End::Finished => Err(one_way("written to")),
        });
        match &result {
            // Less than there was room for: the kernel is empty, and more data is a new event.
            // The end is not, once it has been announced.
            Ok(count) if *count > 0 && *count < into.len() && !connection.read_closed => {
                connection.readable = false;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => connection.readable = false,
            _ => {}
        }
        result
    }

    pub(super) fn write(&mut self, id: SocketId, from: &[u8]) -> io::Result<usize> {
        let connection = self.get(id)?;
        if !connection.writable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = retry(|| match &mut connection.end {
            End::Stream(stream) => stream.write(from),
            End::PipeIn(sender) => sender.write(from),
            End::Finished => Err(io::ErrorKind::BrokenPipe.into()),
            End::Listener(_) | End::PipeOut(_) => Err(one_way("read")),
        });
        match &result {
            // The kernel's buffer is full; room in it is a new event.
            Ok(count) if *count > 0 && *count < from.len() => connection.writable = false,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => connection.writable = false,
            _ => {}
        }
        result
    }

    pub(super) fn shutdown(&mut self, id: SocketId) -> io::Result<()> {
        let connection = self.get(id)?;
        if let End::PipeIn(_) | End::Finished = connection.end {
            // A pipe has no other way to say it than to be closed; that takes it out of the poll.
            connection.end = End::Finished;
            return Ok(());
        }
        connection.stream()?.shutdown(Shutdown::Write)
    }

    pub(super) fn set_nodelay(&mut self, id: SocketId, on: bool) -> io::Result<()> {
        self.get(id)?.stream()?.set_nodelay(on)
    }

    pub(super) fn local(&self, id: SocketId) -> io::Result<SocketAddr> {
        match &self.look(id)?.end {
            End::Stream(stream) => stream.local_addr().map(plain),
            End::Listener(listener) => listener.local_addr(),
            End::PipeIn(_) | End::PipeOut(_) | End::Finished => Err(stale()),
        }
    }

    pub(super) fn close(&mut self, registry: &Registry, id: SocketId, ready: &mut Vec<Event>) {
        if self.get(id).is_err() {
            return;
        }
        let mut connection = self.slots.remove(id.slot as usize);
        self.waiting -= connection.readers.len() + connection.writers.len();
        ready.extend(connection.readers.iter().copied().map(Event::Ready));
        ready.extend(connection.writers.iter().copied().map(Event::Ready));
        // Closing takes the descriptor out of the poll as well, unless somebody has a copy of it.
        let _ = match &mut connection.end {
            End::Stream(stream) => registry.deregister(stream),
            End::Listener(listener) => {
                // A program that is being started right now has a copy of the descriptor for a
                // moment; nobody may get through to that.
                let _ = socket2::SockRef::from(&*listener).shutdown(Shutdown::Both);
                registry.deregister(listener)
            }
            End::PipeIn(sender) => registry.deregister(sender),
            End::PipeOut(receiver) => registry.deregister(receiver),
            End::Finished => Ok(()),
        };
    }

    /// Adds a waiter. True if the direction is ready already, so that no event would come.
    pub(super) fn wait(&mut self, id: SocketId, direction: Direction, ticket: Ticket) -> bool {
        let Ok(connection) = self.get(id) else { return true };
        let waiters = connection.waiters(direction);
        if !waiters.contains(&ticket) {
            waiters.push(ticket);
            self.waiting += 1;
        }
        self.get(id).is_ok_and(|connection| connection.is_ready(direction))
    }

    pub(super) fn unwait(&mut self, id: SocketId, direction: Direction, ticket: Ticket) {
        let Ok(connection) = self.get(id) else { return };
        let waiters = connection.waiters(direction);
        if let Some(place) = waiters.iter().position(|waiter| *waiter == ticket) {
            waiters.remove(place);
            self.waiting -= 1;
        }
    }

    /// Takes an event of the poll in and reports whom it concerns.
    pub(super) fn ready(&mut self, event: &mio::event::Event, events: &mut Vec<Event>) {
        let id = id_of(event.token());
        let Ok(connection) = self.get(id) else { return };
        let failed = event.is_error();
        connection.read_closed |= event.is_read_closed() || failed;
        if event.is_readable() || connection.read_closed {
            connection.readable = true;
            events.extend(connection.readers.iter().copied().map(Event::Ready));
        }
        if event.is_writable() || event.is_write_closed() || failed {
            connection.writable = true;
            events.extend(connection.writers.iter().copied().map(Event::Ready));
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
        match &mut end {
            End::Stream(stream) => {
                registry.register(stream, token_of(id), Interest::READABLE | Interest::WRITABLE)?;
            }
            End::Listener(listener) => {
                registry.register(listener, token_of(id), Interest::READABLE)?;
            }
            End::PipeIn(sender) => {
                registry.register(sender, token_of(id), Interest::WRITABLE)?;
            }
            End::PipeOut(receiver) => {
                registry.register(receiver, token_of(id), Interest::READABLE)?;
            }
            End::Finished => {}
        }
        self.generations[slot] = generation;
        entry.insert(Connection {
            end,
            generation,
            // Nothing is known yet: the first attempt finds out without waiting for an event.
            readable: true,
            writable: true,
            read_closed: false,
            readers: Vec::new(),
            writers: Vec::new(),
        });
        Ok(id)
    }

    fn get(&mut self, id: SocketId) -> io::Result<&mut Connection> {
        match self.slots.get_mut(id.slot as usize) {
            Some(connection) if connection.generation == id.generation => Ok(connection),
            _ => Err(stale()),
        }
    }

    fn look(&self, id: SocketId) -> io::Result<&Connection> {
        match self.slots.get(id.slot as usize) {
            Some(connection) if connection.generation == id.generation => Ok(connection),
            _ => Err(stale()),
        }
    }
}

impl Connection {
    fn stream(&self) -> io::Result<&TcpStream> {
        match &self.end {
            End::Stream(stream) => Ok(stream),
            _ => Err(stale()),
        }
    }

    fn waiters(&mut self, direction: Direction) -> &mut Vec<Ticket> {
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

/// The error of every use of a socket that is closed, or of the wrong kind.
pub(super) fn stale() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "this socket is closed")
}

/// The error of using a pipe the wrong way round.
fn one_way(use_of_it: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("it can only be {use_of_it}"))
}

/// An address of IPv4 as such: a listener for both families sees it as one of IPv6.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn is_passing(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted)
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

fn retry(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
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
