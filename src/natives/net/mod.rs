//! Module `net`: TCP over IPv4 and IPv6.
//!
//! - `connect`: looking names up, trying all addresses, the stream of a connection;
//! - `listen`: listeners, and the sources of the connections they accept.
//!
//! Sockets belong to the driver; an object of a script holds the id of one. Reading and writing are
//! the business of [`stream`](super::stream).

mod connect;
mod listen;
mod lookup;
#[cfg(all(test, feature = "driver"))]
mod tests;

use std::net::SocketAddr;

use super::stream::new_connection;
use crate::natives;
use crate::runtime::Cx;
use crate::runtime::driver::{Address, SocketId, SocketOption};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

pub use listen::{CONNECTIONS, LISTENER};

natives! {
    /// The functions of module `net.tcp`.
    pub const TCP;

    /// Connects to a host, by name or by IP address. All addresses of a name are tried, the next
    /// one when one has failed or has not answered for a quarter of a second. Throws TimeoutError
    /// if it takes longer than `timeout`.
    async fn net.tcp.connect(host: str, port: int, named timeout: duration?) => connect::connect;
    /// Listens on an address of this machine; port 0 takes a free one (see `listener.local`).
    /// `backlog` connections may wait to be accepted.
    async fn net.tcp.listen(host: str, port: int, named backlog: int = 1024, named reuse_port: bool = false) => listen::listen;
}

/// A port number.
fn port(vm: &mut Vm, path: &str, port: i64) -> Result<u16, Thrown> {
    u16::try_from(port).map_err(|_| {
        let text = format!("{path}: port must be between 0 and 65535, not {port}");
        vm.error(ErrorKind::ValueError, text)
    })
}

/// `host:port`, as people write it.
fn written(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The address a host name stands for by itself.
fn literal(host: &str, port: u16) -> Option<SocketAddr> {
    // An address with a zone (`fe80::1%2`) is left to the system.
    host.parse().ok().map(|ip| SocketAddr::new(ip, port))
}

fn duration(vm: &mut Vm, path: &str, nanos: i64) -> Result<std::time::Duration, Thrown> {
    match u64::try_from(nanos) {
        Ok(nanos) => Ok(std::time::Duration::from_nanos(nanos)),
        Err(_) => {
            let text = format!("{path}: timeout must not be negative");
            Err(vm.error(ErrorKind::ValueError, text))
        }
    }
}

/// The stream of a connection that has been made. Small writes go out at once.
fn connection(cx: &mut Cx<'_>, socket: SocketId, peer: &Address) -> Value {
    // Only a connection that is gone already refuses, and reading from it will tell; with Unix
    // sockets all goes out at once anyway.
    let _ = cx.rt.driver.set_option(socket, SocketOption::NoDelay(true));
    new_connection(cx, socket, peer)
}
