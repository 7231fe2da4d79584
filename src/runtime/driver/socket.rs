//! Sockets as the loop and the native modules see them: names, addresses, options.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Flights;

/// A socket of a driver. Stale ones are recognised: each use gives [`io::ErrorKind::NotConnected`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SocketId {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

/// The error of every use of a socket that is closed, or of the wrong kind.
pub(super) fn stale() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "this socket is closed")
}

/// What a waiter wants from a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Data, the end of data, or a new connection.
    Read,
    /// Room to write, or the outcome of connecting.
    Write,
}

/// Where a socket is, or what it talks to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// An address of the internet protocols, with a port.
    Net(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
    /// A Unix socket that has no name: the end of whoever only connects.
    Unnamed,
}

impl Address {
    /// The address and port, for those that have them.
    #[must_use]
    pub fn net(&self) -> Option<SocketAddr> {
        match self {
            Address::Net(address) => Some(*address),
            Address::Unix(_) | Address::Unnamed => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Net(address) => address.fmt(f),
            Address::Unix(path) => path.display().fmt(f),
            Address::Unnamed => f.write_str("unnamed"),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        Address::Net(address)
    }
}

/// How a listener is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenOptions {
    /// How many connections may wait to be accepted.
    pub backlog: i32,
    /// Whether several processes may listen on the same port.
    pub reuse_port: bool,
}

impl Default for ListenOptions {
    fn default() -> Self {
        ListenOptions { backlog: 1024, reuse_port: false }
    }
}

/// How a socket for datagrams is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatagramOptions {
    /// Whether several sockets may be bound to the same port.
    pub reuse_port: bool,
    /// Whether it may send to all machines of a network at once.
    pub broadcast: bool,
}

/// What can be set on an open socket. One that does not apply to its kind is `Unsupported`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketOption {
    /// Whether small writes go out at once instead of being joined.
    NoDelay(bool),
    /// After how long a silence the other side is asked whether it is still there.
    KeepAlive(Option<Duration>),
    /// How long closing waits for what has not been sent; zero breaks the connection off.
    Linger(Option<Duration>),
    /// How much the kernel keeps of what has come and not been read.
    ReceiveBuffer(usize),
    /// How much the kernel takes before it has been sent.
    SendBuffer(usize),
    /// Whether it may send to all machines of a network at once.
    Broadcast(bool),
    /// How many routers a packet may pass.
    TimeToLive(u32),
    /// Whether this machine gets what it sends to a group itself.
    MulticastLoop(bool),
    /// How many routers a packet to a group may pass.
    MulticastTimeToLive(u32),
    /// Receive what is sent to a group, on the interface with this index; 0 leaves the choice to
    /// the system.
    JoinMulticast(IpAddr, u32),
    /// No more of a group.
    LeaveMulticast(IpAddr, u32),
}

/// Asks for names and addresses. Both calls block: they are made in jobs.
pub trait Resolver: Send + Sync {
    /// The addresses of a name, best first. Never none: a name without addresses is an error.
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
    /// The name of an address, if it has one.
    fn reverse(&self, ip: IpAddr) -> io::Result<Option<String>>;
}

/// The look-ups of names that are under way. Those who share one may share an error, too.
pub type Lookups = Flights<Result<Vec<IpAddr>, Arc<io::Error>>>;

/// The error of a name that nobody knows, in the words of the operating system.
#[must_use]
pub fn unknown_host() -> io::Error {
    io::Error::other("failed to lookup address information: name not known")
}
