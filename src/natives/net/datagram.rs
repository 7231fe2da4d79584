//! Sockets for datagrams: UDP and Unix. Each message arrives whole or not at all.

use std::net::IpAddr;

use super::place::Place;
use super::receive::receive;
use super::send::{send, send_to};
use crate::natives;
use crate::natives::argument::{Rest, bad_value};
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::{DataValue, TextValue};
use crate::natives::stream::address::address_value;
use crate::runtime::driver::{Address, SocketId, SocketOption};
use crate::runtime::{Answer, Cx, Loop};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The methods of sockets for datagrams.
    pub const SOCKET;

    /// Sends a str or bytes as one datagram to the other end of a socket that is connected. Waits for
    /// room to send; what is sent may still get lost on the way.
    host async method socket.send(data: data) => |cx: &mut Cx<'_>, socket, data: DataValue| send(cx, socket, data);
    /// Sends a str or bytes as one datagram: to an address, as `recv_from` gives it, to a host and port,
    /// or to the path of a Unix socket. Where the receiver of a Unix socket is behind it waits.
    host async method socket.send_to(data: data, to: any, port: int?) => |cx: &mut Cx<'_>, socket, data: DataValue, to, port| {
        let to = place_of(cx.vm, to, port)?;
        send_to(cx, socket, data, to)
    };
    /// Waits for a datagram and gives it as bytes; it may be empty.
    host async method socket.recv() => |cx: &mut Cx<'_>, socket| receive(cx, socket, false, None);
    /// Waits for a datagram and gives it with the address it comes from: `[data, address]`.
    host async method socket.recv_from() => |cx: &mut Cx<'_>, socket| receive(cx, socket, true, None);
    /// The datagrams as they come, each `[data, address]`: a source for `for await`. Leaving the loop
    /// does not close the socket.
    host method socket.iter() => iter;
    /// Closes it. Ops that wait for it throw ClosedError. Closing again does nothing.
    host loop method socket.close() => close;
    /// The address of this end.
    host get socket.local() => |vm: &mut Vm, socket: Value| {
        let local = socket_of(vm, socket)?.local.clone();
        Ok(address_value(vm, Some(&local)))
    };
    /// The address of the other end, if the socket is connected; else null.
    host get socket.peer() => |vm: &mut Vm, socket: Value| {
        let peer = socket_of(vm, socket)?.peer.clone();
        Ok(address_value(vm, peer.as_ref()))
    };
    /// Receives what is sent to a multicast group from now on; `interface` is the number of the network
    /// interface, 0 leaves the choice to the system.
    host loop method socket.join(group: str, named interface: int = 0) => |cx: &mut Cx<'_>, socket, group: TextValue, interface| {
        let (group, index) = group_of(cx.vm, "socket.join", group, interface)?;
        set(cx, socket, "join", "join a group with", SocketOption::JoinMulticast(group, index))
    };
    /// Ends `join`.
    host loop method socket.leave(group: str, named interface: int = 0) => |cx: &mut Cx<'_>, socket, group: TextValue, interface| {
        let (group, index) = group_of(cx.vm, "socket.leave", group, interface)?;
        set(cx, socket, "leave", "leave a group with", SocketOption::LeaveMulticast(group, index))
    };
    /// How many routers a datagram may pass, from 1 to 255.
    host loop method socket.ttl(n: int) => ttl;
}

natives! {
    /// The methods of the cursor over the datagrams of a socket.
    pub const DATAGRAMS;

    /// Itself.
    host method datagrams.iter() => |_: &mut Vm, datagrams: Value| Ok(datagrams);
    /// Waits for the next datagram. Ends when the socket is closed: `default`, or StopIteration
    /// without one.
    host async method datagrams.next(default: any...) => |cx: &mut Cx<'_>, cursor, default: Rest| {
        let default = default.first(cx.vm);
        let Some(Datagrams { socket }) = cx.vm.heap.object_ref::<Datagrams>(cursor) else {
            return Err(cx.vm.error(ErrorKind::TypeError, "this is a method of datagrams"));
        };
        let socket = *socket;
        receive(cx, socket, true, Some(default.unwrap_or(Value::unset())))
    };
    /// Does nothing: the socket stays open.
    host method datagrams.close() => |_: &mut Vm, _: Value| Ok(Value::null());
}

/// A socket for datagrams.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) id: SocketId,
    pub(super) local: Address,
    /// Whom it is connected to.
    pub(super) peer: Option<Address>,
    pub(super) closed: bool,
}

impl Socket {
    /// As messages call it.
    pub(super) fn name(&self) -> String {
        self.peer.as_ref().unwrap_or(&self.local).to_string()
    }
}

impl HostObject for Socket {
    fn type_name(&self) -> &'static str {
        "socket"
    }

    fn display(&self) -> String {
        let peer = self.peer.as_ref().map(|peer| format!(" to {peer}")).unwrap_or_default();
        let closed = if self.closed { ", closed" } else { "" };
        format!("<socket {}{peer}{closed}>", self.local)
    }
}

/// A cursor over the datagrams of a socket.
#[derive(Debug)]
struct Datagrams {
    socket: Value,
}

impl HostObject for Datagrams {
    fn type_name(&self) -> &'static str {
        "datagrams"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.socket);
    }
}

/// A socket as a value, which the calling task owns.
pub(super) fn new_socket(
    cx: &mut Cx<'_>,
    id: SocketId,
    local: Address,
    peer: Option<Address>,
) -> Value {
    let socket = cx.vm.heap.object(Box::new(Socket { id, local, peer, closed: false }));
    cx.rt.own(cx.task, socket, close_socket);
    socket
}

pub(super) fn socket_of(vm: &mut Vm, value: Value) -> Result<&mut Socket, Thrown> {
    if vm.heap.object_ref::<Socket>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a method of sockets for datagrams"));
    }
    Ok(vm.heap.object_in_place::<Socket>(value).expect("its type was looked at"))
}

/// What a socket is called in messages.
pub(super) fn name_of(vm: &Vm, socket: Value) -> String {
    vm.heap.object_ref::<Socket>(socket).map(Socket::name).unwrap_or_default()
}

/// The error of an op on a socket that was closed.
#[cold]
pub(super) fn closed_error(vm: &mut Vm, socket: Value) -> Thrown {
    let name = name_of(vm, socket);
    vm.error(ErrorKind::ClosedError, format!("the socket {name} was closed"))
}

/// Where `send_to` is to send.
fn place_of(vm: &mut Vm, to: Value, port: Option<i64>) -> Result<Place, Thrown> {
    const PATH: &str = "socket.send_to";
    if let Some(address) = vm.heap.object_ref::<Address>(to) {
        return match address {
            Address::Net(address) => Ok(Place::At(*address)),
            Address::Unix(path) => Ok(Place::Path(path.display().to_string())),
            Address::Unnamed => {
                let text =
                    format!("{PATH}: to must have a name: whoever sent this cannot be answered");
                Err(vm.error(ErrorKind::ValueError, text))
            }
        };
    }
    if vm.heap.str(to).is_none() {
        let text = "to must be an address, a host with a port, or the path of a Unix socket";
        return Err(bad_value(vm, PATH, text, to));
    }
    match port {
        Some(port) => Place::net(vm, PATH, TextValue(to), port),
        None => Place::unix(vm, PATH, TextValue(to)),
    }
}

fn group_of(
    vm: &mut Vm,
    path: &str,
    group: TextValue,
    interface: i64,
) -> Result<(IpAddr, u32), Thrown> {
    let Ok(index) = u32::try_from(interface) else {
        let interface = Value::int(interface);
        return Err(bad_value(vm, path, "interface must not be negative", interface));
    };
    match group.get(&vm.heap).parse::<IpAddr>() {
        Ok(ip) if ip.is_multicast() => Ok((ip, index)),
        _ => {
            let rule = "group must be a multicast address, like \"224.0.0.251\" or \"ff02::fb\"";
            Err(bad_value(vm, path, rule, group.0))
        }
    }
}

fn ttl(cx: &mut Cx<'_>, socket: Value, hops: i64) -> Result<Answer, Thrown> {
    let Some(hops) = u8::try_from(hops).ok().filter(|hops| *hops > 0) else {
        let hops = Value::int(hops);
        return Err(bad_value(cx.vm, "socket.ttl", "n must be from 1 to 255", hops));
    };
    for option in
        [SocketOption::TimeToLive(hops.into()), SocketOption::MulticastTimeToLive(hops.into())]
    {
        set(cx, socket, "ttl", "set the time to live of", option)?;
    }
    Ok(Answer::Value(Value::null()))
}

fn set(
    cx: &mut Cx<'_>,
    socket: Value,
    op: &str,
    doing: &str,
    option: SocketOption,
) -> Result<Answer, Thrown> {
    let open = socket_of(cx.vm, socket)?;
    if open.closed {
        return Err(closed_error(cx.vm, socket));
    }
    let (id, name) = (open.id, open.name());
    match cx.rt.driver.set_option(id, option) {
        Ok(()) => Ok(Answer::Value(Value::null())),
        Err(error) => Err(io_error(cx.vm, &error, op, doing, Subject::Address(&name))),
    }
}

fn iter(vm: &mut Vm, socket: Value) -> Result<Value, Thrown> {
    socket_of(vm, socket)?;
    Ok(vm.heap.object(Box::new(Datagrams { socket })))
}

fn close(cx: &mut Cx<'_>, socket: Value) -> Result<Answer, Thrown> {
    socket_of(cx.vm, socket)?;
    close_socket(cx.vm, cx.rt, socket);
    Ok(Answer::Value(Value::null()))
}

/// Closes a socket; nothing if it is closed.
fn close_socket(vm: &mut Vm, rt: &mut Loop, socket: Value) {
    if let Some(open) = vm.heap.object_mut::<Socket>(socket) {
        open.closed = true;
        rt.driver.close(open.id);
    }
    rt.disown_resource(socket);
}
