//! Module `net`: TCP, UDP, Unix sockets, names.
//!
//! - `place lookup dns`: what a script calls an address, and how a name becomes one;
//! - `connect race`: connections, by the quickest of a name's addresses;
//! - `open`: what has an address of its own; `listen drain`: listeners; `datagram send receive`:
//!   sockets for datagrams.
//!
//! Sockets belong to the driver; an object of a script holds the id of one. Reading and writing are
//! the business of [`stream`](super::stream). What is made of these parts, `serve`, `pipe` and
//! `send_file`, is written in Kettle: `stdlib/core/net.ket`.

mod connect;
mod datagram;
mod dns;
mod drain;
mod listen;
mod lookup;
mod open;
mod place;
mod race;
mod receive;
mod send;
#[cfg(all(test, feature = "driver"))]
mod tests;

use super::argument::wrong_type;
use super::kind::TextValue;
use super::stream::Stream;
use crate::natives;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

pub use datagram::{DATAGRAMS, SOCKET};
pub use dns::DNS;
pub use listen::{CONNECTIONS, LISTENER};

natives! {
    /// What opens sockets.
    pub const NET;

    /// Connects to a host, by name or by IP address, and gives a stream. All addresses of a name are
    /// tried, the next one when one has failed or has not answered for a quarter of a second. Throws
    /// TimeoutError if it takes longer than `timeout`. After a silence of `keepalive` the other side
    /// is asked whether it is still there; small writes go out at once unless `nodelay` is false.
    async fn net.tcp.connect(host: str, port: int, named timeout: duration?, named keepalive: duration?, named nodelay: bool = true) => connect::connect;
    /// Listens on an address of this machine; port 0 takes a free one (see `listener.local`).
    /// `backlog` connections may wait to be accepted. With `reuse_port` several programs can listen
    /// on the same port; the system spreads the connections over them.
    async fn net.tcp.listen(host: str, port: int, named backlog: int = 1024, named reuse_port: bool = false) => open::listen;
    /// Listens and serves: `listener.serve` says how.
    core async fn net.tcp.serve(host: str, port: int, handler: fn, named max: int?, named on_error: fn?, named drain: duration?, named backlog: int = 1024, named reuse_port: bool = false) => tcp_serve;

    /// A socket for UDP datagrams with an address of its own; port 0 takes a free one. `"0.0.0.0"` hears
    /// all addresses of this machine, `"::"` those of IPv6 as well. With `broadcast` it may send to all
    /// machines of a network; with `reuse_port` several sockets share the port.
    async fn net.udp.bind(host: str, port: int, named reuse_port: bool = false, named broadcast: bool = false) => open::bind,
        "import {udp} from net\nlet a = await udp.bind(\"127.0.0.1\", 0)\nlet b = await udp.connect(\"127.0.0.1\", a.local.port)\nawait b.send(\"hi\")\nlet [data, from] = await a.recv_from()\nprint(data, from == b.local)" => "b\"hi\" true";
    /// A socket for UDP datagrams that talks to one address alone: `send` goes there, and what others send
    /// is not heard. Nothing is sent by connecting; a port where nobody listens is an IoError
    /// `refused` of a later `send` or `recv`, if the other machine tells.
    async fn net.udp.connect(host: str, port: int) => open::connect;

    /// Connects to the Unix socket at a path and gives a stream. Where the listener has too many
    /// waiting it waits with them, no longer than `timeout`.
    async fn net.unix.connect(path: str, named timeout: duration?) => connect::connect_unix;
    /// Listens on a path of this machine, which must not be there yet; the file goes when the listener is
    /// closed.
    async fn net.unix.listen(path: str, named backlog: int = 1024) => open::listen_unix;
    /// Listens on a path and serves: `listener.serve` says how.
    core async fn net.unix.serve(path: str, handler: fn, named max: int?, named on_error: fn?, named drain: duration?, named backlog: int = 1024) => unix_serve;
    /// A Unix socket for datagrams: with a path it can be sent to, and the file goes when it is closed;
    /// with `to` it is connected to that path. Nothing gets lost: who sends more than is received waits.
    async fn net.unix.datagram(path: str?, named to: str?) => open::datagram;

    /// Copies both ways between two streams, such as a client and the server behind a proxy, until both
    /// have ended, and closes them. A slow reader holds the other side up; the end of one direction is
    /// passed on and the other one goes on. An error in one direction breaks both streams off
    /// and is thrown. Gives how many bytes went from `a` to `b` and back: `[there, back]`.
    core async fn net.pipe(a: any, b: any) => net_pipe;
    /// Writes a file, or `count` bytes of it from `offset` on, to a stream, and gives how many bytes
    /// that were: fewer if the file ends before. It is read in pieces on the pool, as a call to the
    /// kernel that sends a whole file would hold the loop up while the disk is slow. If it is cut in
    /// the middle, later writes to the stream throw BrokenError.
    core async fn net.send_file(stream: any, path: str, named offset: int = 0, named count: int?) => net_send_file;

    /// For the library: a TypeError where `value` is no stream; `what` names function and parameter.
    fn core.check_stream(value: any, what: str) => check_stream;

    /// An address that is written as one text, as `peer` and `local` print it.
    fn net.address(text: str) => place::address,
        "import net\nlet a = net.address(\"[::1]:80\")\nprint(a.host, a.port, a)" => "::1 80 [::1]:80";
}

fn check_stream(vm: &mut Vm, value: Value, what: TextValue) -> Result<Value, Thrown> {
    if vm.heap.object_ref::<Stream>(value).is_some() {
        return Ok(value);
    }
    let what = what.get(&vm.heap).to_owned();
    let (path, param) = what.split_once(": ").unwrap_or(("", &what));
    Err(wrong_type(vm, path, param, "a stream", value, None))
}

fn duration(
    vm: &mut Vm,
    path: &str,
    name: &str,
    nanos: i64,
) -> Result<std::time::Duration, Thrown> {
    u64::try_from(nanos).map(std::time::Duration::from_nanos).map_err(|_| {
        vm.error(ErrorKind::ValueError, format!("{path}: {name} must not be negative"))
    })
}
