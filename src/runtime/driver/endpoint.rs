//! What a slot of [`Connections`](super::connection::Connections) holds: one of the kinds of
//! sockets and pipes that the kernel knows, behind one face.

use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use mio::unix::pipe;
use mio::{Interest, Registry, Token};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};
use socket2::{
    Domain, InterfaceIndexOrAddress, Protocol, SockAddr, SockRef, Socket, TcpKeepalive, Type,
};

use super::{Address, DatagramOptions, ListenOptions, SocketOption};

/// One socket or pipe.
pub(super) enum End {
    Stream(TcpStream),
    Listener(TcpListener),
    Unix(UnixStream),
    UnixListener(UnixListener, SocketFile),
    /// Whether it is one of IPv6, which reaches IPv4 under addresses of its own.
    Udp(UdpSocket, bool),
    /// The file is there if it was bound to a path.
    UnixDatagram(UnixDatagram, Option<SocketFile>),
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

/// The most that one datagram of a Unix socket may hold. Systems set smaller limits.
pub(super) const DATAGRAM_MAX: usize = 1024 * 1024;

/// How often a silent connection is asked before it counts as broken.
const KEEP_ALIVE_RETRIES: u32 = 5;

impl End {
    pub(super) fn pipe(end: PipeEnd) -> io::Result<End> {
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
        Ok(end)
    }

    pub(super) fn connect(address: &Address) -> io::Result<End> {
        match address {
            Address::Net(address) => TcpStream::connect(*address).map(End::Stream),
            Address::Unix(path) => UnixStream::connect(path).map(End::Unix),
            Address::Unnamed => Err(unnamed()),
        }
    }

    pub(super) fn bind(address: &Address, options: ListenOptions) -> io::Result<End> {
        match address {
            Address::Net(address) => {
                let socket = net_socket(*address, Type::STREAM, Protocol::TCP)?;
                // On Unix this only means that a restarted server gets its port back at once.
                socket.set_reuse_address(true)?;
                socket.set_reuse_port(options.reuse_port)?;
                socket.bind(&(*address).into())?;
                socket.listen(options.backlog)?;
                Ok(End::Listener(TcpListener::from_std(socket.into())))
            }
            Address::Unix(path) => {
                let (socket, file) = unix_socket(path, Type::STREAM)?;
                socket.listen(options.backlog)?;
                Ok(End::UnixListener(UnixListener::from_std(socket.into()), file))
            }
            Address::Unnamed => Err(unnamed()),
        }
    }

    pub(super) fn bind_datagram(address: &Address, options: DatagramOptions) -> io::Result<End> {
        match address {
            Address::Net(address) => {
                let socket = net_socket(*address, Type::DGRAM, Protocol::UDP)?;
                if options.reuse_port {
                    socket.set_reuse_address(true)?;
                    socket.set_reuse_port(true)?;
                }
                socket.set_broadcast(options.broadcast)?;
                socket.bind(&(*address).into())?;
                Ok(End::Udp(UdpSocket::from_std(socket.into()), address.is_ipv6()))
            }
            Address::Unix(path) => {
                let (socket, file) = unix_socket(path, Type::DGRAM)?;
                Ok(End::UnixDatagram(UnixDatagram::from_std(socket.into()), Some(file)))
            }
            Address::Unnamed => Ok(End::UnixDatagram(UnixDatagram::unbound()?, None)),
        }
    }

    /// The next connection of a listener.
    pub(super) fn accept(&self) -> io::Result<(End, Address)> {
        match self {
            End::Listener(listener) => {
                let (stream, address) = listener.accept()?;
                Ok((End::Stream(stream), Address::Net(plain(address))))
            }
            End::UnixListener(listener, _) => {
                let (stream, address) = listener.accept()?;
                Ok((End::Unix(stream), unix_address(address.as_pathname())))
            }
            _ => Err(no_use("connections are accepted by listeners")),
        }
    }

    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            End::Stream(stream) => receive(stream, into),
            End::Unix(stream) => receive(stream, into),
            End::PipeOut(receiver) => receiver.read(into),
            End::Udp(..) | End::UnixDatagram(..) => Err(no_use("it receives datagrams")),
            End::Listener(_) | End::UnixListener(..) => Err(no_use("it accepts connections")),
            End::PipeIn(_) | End::Finished => Err(no_use("it can only be written to")),
        }
    }

    pub(super) fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        match self {
            End::Stream(stream) => send(stream, from),
            End::Unix(stream) => send(stream, from),
            End::PipeIn(sender) => sender.write(from),
            End::Finished => Err(io::ErrorKind::BrokenPipe.into()),
            End::Udp(..) | End::UnixDatagram(..) => Err(no_use("it sends datagrams")),
            End::Listener(_) | End::UnixListener(..) => Err(no_use("it accepts connections")),
            End::PipeOut(_) => Err(no_use("it can only be read")),
        }
    }

    /// Writes several pieces with one call.
    pub(super) fn write_pieces(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            End::Stream(stream) => send_pieces(stream, pieces),
            End::Unix(stream) => send_pieces(stream, pieces),
            End::PipeIn(sender) => sender.write_vectored(pieces),
            // What cannot be written to says why.
            _ => self.write(&[]),
        }
    }

    pub(super) fn shutdown(&mut self) -> io::Result<()> {
        match self {
            End::Stream(stream) => told(stream.shutdown(Shutdown::Write)),
            End::Unix(stream) => told(stream.shutdown(Shutdown::Write)),
            End::PipeIn(_) | End::Finished => {
                // A pipe has no other way to say it than to be closed; that takes it out of the
                // poll.
                *self = End::Finished;
                Ok(())
            }
            _ => Err(no_use("only streams have an end")),
        }
    }

    pub(super) fn connect_datagram(&self, address: &Address) -> io::Result<()> {
        match (self, address) {
            (End::Udp(socket, is_v6), Address::Net(address)) => {
                socket.connect(reachable(*address, *is_v6))
            }
            (End::UnixDatagram(socket, _), Address::Unix(path)) => socket.connect(path),
            _ => Err(no_use("an address of another kind")),
        }
    }

    /// Sends a datagram whole.
    pub(super) fn send(&self, from: &[u8], to: Option<&Address>) -> io::Result<()> {
        match (self, to) {
            (End::Udp(socket, _), None) => socket.send(from),
            (End::Udp(socket, is_v6), Some(Address::Net(to))) => {
                socket.send_to(from, reachable(*to, *is_v6))
            }
            (End::UnixDatagram(socket, _), None) => socket.send(from),
            (End::UnixDatagram(socket, _), Some(Address::Unix(to))) => socket.send_to(from, to),
            _ => Err(no_use("an address of another kind")),
        }
        .map(drop)
    }

    /// Receives a datagram: its length and where it comes from.
    pub(super) fn receive(&self, into: &mut [u8]) -> io::Result<(usize, Address)> {
        match self {
            End::Udp(socket, _) => {
                let (count, from) = socket.recv_from(into)?;
                Ok((count, Address::Net(plain(from))))
            }
            End::UnixDatagram(socket, _) => {
                let (count, from) = socket.recv_from(into)?;
                if count == into.len() {
                    let reason =
                        format!("a message was longer than {count} bytes and has been cut");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
                }
                Ok((count, unix_address(from.as_pathname())))
            }
            _ => Err(no_use("datagrams are received by their own sockets")),
        }
    }

    /// The address of this end.
    pub(super) fn local(&self) -> io::Result<Address> {
        match self {
            End::Stream(stream) => stream.local_addr().map(|address| Address::Net(plain(address))),
            End::Listener(listener) => listener.local_addr().map(Address::Net),
            End::Udp(socket, _) => socket.local_addr().map(Address::Net),
            End::Unix(stream) => Ok(unix_address(stream.local_addr()?.as_pathname())),
            End::UnixListener(listener, _) => {
                Ok(unix_address(listener.local_addr()?.as_pathname()))
            }
            End::UnixDatagram(socket, _) => Ok(unix_address(socket.local_addr()?.as_pathname())),
            End::PipeIn(_) | End::PipeOut(_) | End::Finished => {
                Err(no_use("a pipe has no address"))
            }
        }
    }

    /// Whether a connection is made: `NotConnected` if not yet.
    pub(super) fn connected(&self) -> io::Result<()> {
        let socket = self.socket()?;
        match socket.take_error()? {
            Some(error) => Err(error),
            None => socket.peer_addr().map(drop),
        }
    }

    pub(super) fn set_option(&self, option: SocketOption) -> io::Result<()> {
        let socket = self.socket()?;
        match option {
            SocketOption::NoDelay(on) => socket.set_tcp_nodelay(on),
            SocketOption::KeepAlive(None) => socket.set_keepalive(false),
            SocketOption::KeepAlive(Some(idle)) => {
                // The kernel counts whole seconds, from one on.
                let idle = idle.max(Duration::from_secs(1));
                let pace = TcpKeepalive::new().with_time(idle).with_interval(idle);
                socket.set_tcp_keepalive(&pace.with_retries(KEEP_ALIVE_RETRIES))
            }
            SocketOption::Linger(limit) => socket.set_linger(limit),
            SocketOption::ReceiveBuffer(size) => socket.set_recv_buffer_size(size),
            SocketOption::SendBuffer(size) => socket.set_send_buffer_size(size),
            SocketOption::Broadcast(on) => socket.set_broadcast(on),
            SocketOption::TimeToLive(hops) if self.is_v6() => socket.set_unicast_hops_v6(hops),
            SocketOption::TimeToLive(hops) => socket.set_ttl_v4(hops),
            SocketOption::MulticastLoop(on) if self.is_v6() => socket.set_multicast_loop_v6(on),
            SocketOption::MulticastLoop(on) => socket.set_multicast_loop_v4(on),
            SocketOption::MulticastTimeToLive(hops) if self.is_v6() => {
                socket.set_multicast_hops_v6(hops)
            }
            SocketOption::MulticastTimeToLive(hops) => socket.set_multicast_ttl_v4(hops),
            SocketOption::JoinMulticast(IpAddr::V4(group), index) => {
                socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
            }
            SocketOption::JoinMulticast(IpAddr::V6(group), index) => {
                socket.join_multicast_v6(&group, index)
            }
            SocketOption::LeaveMulticast(IpAddr::V4(group), index) => {
                socket.leave_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
            }
            SocketOption::LeaveMulticast(IpAddr::V6(group), index) => {
                socket.leave_multicast_v6(&group, index)
            }
        }
    }

    /// Enters it into the poll.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = match self {
            End::Listener(_) | End::UnixListener(..) | End::PipeOut(_) => Interest::READABLE,
            End::PipeIn(_) => Interest::WRITABLE,
            _ => Interest::READABLE | Interest::WRITABLE,
        };
        match self.source() {
            Some(source) => registry.register(source, token, interest),
            None => Ok(()),
        }
    }

    /// Takes it out of the poll and prepares it for being dropped.
    pub(super) fn deregister(&mut self, registry: &Registry) {
        if let End::UnixListener(_, file) | End::UnixDatagram(_, Some(file)) = self {
            file.remove();
        }
        if let End::Listener(_) | End::UnixListener(..) = self {
            // A program that is being started right now has a copy of the descriptor for a
            // moment; nobody may get through to that.
            let _ = self.socket().and_then(|socket| socket.shutdown(Shutdown::Both));
        }
        // Closing takes the descriptor out of the poll as well, unless somebody has a copy of it.
        if let Some(source) = self.source() {
            let _ = registry.deregister(source);
        }
    }

    fn source(&mut self) -> Option<&mut dyn Source> {
        Some(match self {
            End::Stream(stream) => stream,
            End::Listener(listener) => listener,
            End::Unix(stream) => stream,
            End::UnixListener(listener, _) => listener,
            End::Udp(socket, _) => socket,
            End::UnixDatagram(socket, _) => socket,
            End::PipeIn(sender) => sender,
            End::PipeOut(receiver) => receiver,
            End::Finished => return None,
        })
    }

    fn socket(&self) -> io::Result<SockRef<'_>> {
        match self {
            End::Stream(stream) => Ok(SockRef::from(stream)),
            End::Listener(listener) => Ok(SockRef::from(listener)),
            End::Unix(stream) => Ok(SockRef::from(stream)),
            End::UnixListener(listener, _) => Ok(SockRef::from(listener)),
            End::Udp(socket, _) => Ok(SockRef::from(socket)),
            End::UnixDatagram(socket, _) => Ok(SockRef::from(socket)),
            End::PipeIn(_) | End::PipeOut(_) | End::Finished => Err(no_use("it is a pipe")),
        }
    }

    fn is_v6(&self) -> bool {
        match self {
            End::Udp(_, is_v6) => *is_v6,
            _ => self.local().is_ok_and(|local| local.net().is_some_and(|local| local.is_ipv6())),
        }
    }
}

/// Reads from a stream of the network. The call goes to the kernel directly: that of the C library
/// prepares each time for the thread to be cancelled in it, which never happens here.
fn receive(stream: impl AsFd, into: &mut [u8]) -> io::Result<usize> {
    let (count, _) = rustix::net::recv(stream, into, RecvFlags::empty())?;
    Ok(count)
}

/// Writes to one, likewise. A connection that is gone is an error and no signal.
fn send(stream: impl AsFd, from: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(stream, from, SendFlags::NOSIGNAL)?)
}

/// Writes several pieces to one, likewise.
fn send_pieces(stream: impl AsFd, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut nothing_else = SendAncillaryBuffer::default();
    Ok(rustix::net::sendmsg(stream, pieces, &mut nothing_else, SendFlags::NOSIGNAL)?)
}

/// The file of a Unix socket, which goes when the socket does.
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and number: somebody else may have put another one in its place.
    identity: Option<(u64, u64)>,
}

impl SocketFile {
    /// Device and number of a file.
    fn identity(path: &Path) -> Option<(u64, u64)> {
        let facts = std::fs::symlink_metadata(path).ok()?;
        Some((facts.dev(), facts.ino()))
    }
}

impl SocketFile {
    /// Removes it, once.
    fn remove(&mut self) {
        if let Some(identity) = self.identity.take()
            && SocketFile::identity(&self.path) == Some(identity)
        {
            // Where it cannot be removed the next program that binds it is told so.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Where the connection is gone already nobody is left to be told the end; reading says what happened.
fn told(shutdown: io::Result<()>) -> io::Result<()> {
    shutdown.or_else(|error| match error.kind() {
        io::ErrorKind::NotConnected => Ok(()),
        _ => Err(error),
    })
}

/// A socket for the family of an address, not bound yet.
fn net_socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        // `::` means every address, also those of IPv4; systems differ in their default.
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A Unix socket that is bound to a path.
fn unix_socket(path: &Path, kind: Type) -> io::Result<(Socket, SocketFile)> {
    // The program may go to another folder before the file is removed.
    let path = std::path::absolute(path)?;
    let address = SockAddr::unix(&path)?;
    let socket = Socket::new(Domain::UNIX, kind, None)?;
    socket.set_nonblocking(true)?;
    match socket.bind(&address) {
        Ok(()) => {
            let identity = SocketFile::identity(&path);
            Ok((socket, SocketFile { path, identity }))
        }
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Err(taken(&path, &address, error))
        }
        Err(error) => Err(error),
    }
}

/// Why a path cannot be bound: somebody has it, had it, or it is something else.
fn taken(path: &Path, address: &SockAddr, error: io::Error) -> io::Error {
    let is_socket =
        std::fs::symlink_metadata(path).is_ok_and(|facts| facts.file_type().is_socket());
    let reason = if !is_socket {
        "there is a file of that name, which is no socket"
    } else if is_stale(address) {
        "the file is left over from a program that has ended: remove it first (fs.remove)"
    } else {
        return error;
    };
    io::Error::new(io::ErrorKind::AddrInUse, reason)
}

/// Whether nobody has the socket at this path open any more.
fn is_stale(address: &SockAddr) -> bool {
    // A socket of a kind that nobody uses here never gets through: a live one answers that the
    // kinds differ, and its owner hears nothing of it.
    let probe = Socket::new(Domain::UNIX, Type::SEQPACKET, None);
    probe
        .and_then(|probe| probe.connect(address))
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

fn unix_address(path: Option<&Path>) -> Address {
    path.map_or(Address::Unnamed, |path| Address::Unix(path.to_owned()))
}

/// An address of IPv4 as such: a listener for both families sees it as one of IPv6.
fn plain(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_none() => address,
        _ => SocketAddr::new(address.ip().to_canonical(), address.port()),
    }
}

/// An address as a socket of one family has to name it.
fn reachable(address: SocketAddr, from_v6: bool) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if from_v6 => {
            SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
        }
        _ => address,
    }
}

#[cold]
fn unnamed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a socket without a name cannot be found")
}

/// The error of using a socket of one kind like one of another.
#[cold]
fn no_use(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, reason)
}
