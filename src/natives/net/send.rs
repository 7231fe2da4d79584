//! Sending datagrams.

use std::io;
use std::task::Poll;
use std::time::Duration;

use super::datagram::{closed_error, name_of, socket_of};
use super::lookup::Lookup;
use super::place::Place;
use crate::natives::io_error::{Subject, io_error, own_io_error};
use crate::natives::kind::DataValue;
use crate::natives::stream::{bytes_of, settled};
use crate::runtime::driver::{Address, Direction, SocketId, Ticket};
use crate::runtime::{Answer, Cx, Source, TimerId};
use crate::vm::heap::Marker;
use crate::vm::{Thrown, Value, Vm};

/// How long a Unix socket whose receiver is behind is left alone: nothing tells when it has room.
const BEHIND_PAUSE: Duration = Duration::from_millis(2);

pub(super) fn send(cx: &mut Cx<'_>, socket: Value, data: DataValue) -> Result<Answer, Thrown> {
    if socket_of(cx.vm, socket)?.peer.is_none() {
        let text = "this socket is not connected to anybody: say where to with `send_to`";
        let null = Value::null();
        return Err(own_io_error(cx.vm, "not_connected", "send", text.to_owned(), null));
    }
    start(cx, socket, data, Target::Peer)
}

pub(super) fn send_to(
    cx: &mut Cx<'_>,
    socket: Value,
    data: DataValue,
    to: Place,
) -> Result<Answer, Thrown> {
    let target = match to.literal() {
        Some(address) => Target::At(address),
        None => Target::Named(to, None),
    };
    start(cx, socket, data, target)
}

fn start(
    cx: &mut Cx<'_>,
    socket: Value,
    data: DataValue,
    target: Target,
) -> Result<Answer, Thrown> {
    let data = settled(cx.vm, data);
    let id = socket_of(cx.vm, socket)?.id;
    cx.begin(SendOp { socket, id, data, target, ticket: None, alarm: None })
}

/// Where a datagram goes.
enum Target {
    /// To whom the socket is connected.
    Peer,
    At(Address),
    /// To a name, which has to be looked up first.
    Named(Place, Option<Lookup>),
}

struct SendOp {
    socket: Value,
    id: SocketId,
    /// A str or bytes.
    data: Value,
    target: Target,
    ticket: Option<Ticket>,
    /// When it tries again.
    alarm: Option<TimerId>,
}

impl SendOp {
    /// Goes on from a name to its address, once that is known.
    fn find(&mut self, cx: &mut Cx<'_>) -> Option<Result<(), Thrown>> {
        let Target::Named(place, lookup) = &self.target else { return Some(Ok(())) };
        match lookup.as_ref()?.take(cx.rt.driver.as_mut())? {
            Ok(addresses) => {
                // The address that is of the family of the socket.
                let is_v6 = socket_of(cx.vm, self.socket)
                    .is_ok_and(|socket| socket.local.net().is_some_and(|local| local.is_ipv6()));
                let suits = |address: &&Address| {
                    is_v6 || address.net().is_some_and(|address| address.is_ipv4())
                };
                let found = addresses.iter().find(suits).or(addresses.front()).cloned();
                self.target = Target::At(found.unwrap_or(Address::Unnamed));
                if let Some(ticket) = self.ticket {
                    self.wait(cx, ticket);
                }
                Some(Ok(()))
            }
            Err(error) => {
                let address = place.to_string();
                let about = Subject::Address(&address);
                Some(Err(io_error(cx.vm, &error, "send", "send to", about)))
            }
        }
    }

    /// Has the next moment reported at which it may go on.
    fn wait(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Target::At(Address::Unix(_)) = self.target {
            let at = cx.rt.driver.now().after(BEHIND_PAUSE);
            self.alarm = Some(cx.rt.start_wake_up(at, ticket));
        } else {
            cx.rt.driver.wait(self.id, Direction::Write, ticket);
        }
    }

    #[cold]
    fn failed(&self, vm: &mut Vm, error: &io::Error) -> Thrown {
        let to = match &self.target {
            Target::At(address) => address.to_string(),
            Target::Named(place, _) => place.to_string(),
            Target::Peer => name_of(vm, self.socket),
        };
        io_error(vm, error, "send", "send to", Subject::Address(&to))
    }
}

impl Source for SendOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        if socket_of(cx.vm, self.socket).is_ok_and(|socket| socket.closed) {
            return Poll::Ready(Err(closed_error(cx.vm, self.socket)));
        }
        match self.find(cx) {
            None => return Poll::Pending,
            Some(Err(thrown)) => return Poll::Ready(Err(thrown)),
            Some(Ok(())) => {}
        }
        let to = match &self.target {
            Target::At(address) => Some(address),
            Target::Peer | Target::Named(..) => None,
        };
        let data = bytes_of(&cx.vm.heap, self.data);
        match cx.rt.driver.send_datagram(self.id, data, to) {
            Ok(()) => Poll::Ready(Ok(Value::null())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if let (Some(alarm), Some(ticket)) = (self.alarm.take(), self.ticket) {
                    cx.rt.stop_wake_up(alarm);
                    self.wait(cx, ticket);
                }
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(self.failed(cx.vm, &error))),
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = Some(ticket);
        if let Target::Named(place, lookup) = &mut self.target {
            let begun = Lookup::start(cx.rt, place);
            begun.wait(cx.rt.driver.as_mut(), ticket);
            *lookup = Some(begun);
        } else {
            self.wait(cx, ticket);
        }
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(alarm) = self.alarm.take() {
            cx.rt.stop_wake_up(alarm);
        }
        if let Target::Named(_, Some(lookup)) = &self.target {
            lookup.unwait(cx.rt.driver.as_mut(), ticket);
        }
        cx.rt.driver.unwait(self.id, Direction::Write, ticket);
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.socket);
        marker.value(self.data);
    }

    fn describe(&self, vm: &Vm) -> String {
        format!("room to send from {}", name_of(vm, self.socket))
    }
}
