//! Listeners: `tcp.listen`, `accept`, and `for await connection in listener`.

use std::io;
use std::task::Poll;
use std::time::Duration;

use super::lookup::Lookup;
use super::{connection, port as port_of, written};
use crate::natives;
use crate::natives::argument::Rest;
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::TextValue;
use crate::natives::stream::address::address_value;
use crate::runtime::driver::{Address, Direction, ListenOptions, SocketId, Ticket};
use crate::runtime::{Answer, Cx, Loop, Source, TimerId, Wait};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The methods of listeners.
    pub const LISTENER;

    /// Waits for the next connection and gives it as a stream.
    host async method listener.accept() => accept;
    /// The connections as they come: a source for `for await`. Leaving the loop does not close the
    /// listener.
    host method listener.iter() => iter;
    /// Stops listening. Who waits for a connection gets ClosedError; open connections stay.
    host loop method listener.close() => close;
    /// The address it listens on, with `host` and `port`.
    host get listener.local() => local;
}

natives! {
    /// The methods of the cursor over a listener's connections.
    pub const CONNECTIONS;

    /// Itself.
    host method connections.iter() => |_: &mut Vm, connections: Value| Ok(connections);
    /// Waits for the next connection. Ends when the listener is closed: `default`, or
    /// StopIteration without one.
    host async method connections.next(default: any...) => |cx: &mut Cx<'_>, cursor, default: Rest| {
        let default = default.first(cx.vm);
        next(cx, cursor, default)
    };
    /// Does nothing: the listener stays open.
    host method connections.close() => |_: &mut Vm, _: Value| Ok(Value::null());
}

/// An open port.
#[derive(Debug)]
pub(super) struct Listener {
    socket: SocketId,
    pub(super) local: Address,
    closed: bool,
}

impl HostObject for Listener {
    fn type_name(&self) -> &'static str {
        "listener"
    }

    fn display(&self) -> String {
        format!("<listener {}{}>", self.local, if self.closed { ", closed" } else { "" })
    }
}

/// A cursor over the connections of a listener.
#[derive(Debug)]
struct Connections {
    listener: Value,
}

impl HostObject for Connections {
    fn type_name(&self) -> &'static str {
        "connections"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.listener);
    }
}

pub(super) fn listen(
    cx: &mut Cx<'_>,
    host: TextValue,
    port: i64,
    backlog: i64,
    reuse_port: bool,
) -> Result<Answer, Thrown> {
    const PATH: &str = "net.tcp.listen";
    let port = port_of(cx.vm, PATH, port)?;
    let Some(backlog) = i32::try_from(backlog).ok().filter(|backlog| *backlog > 0) else {
        let text = format!("{PATH}: backlog must be at least 1, not {backlog}");
        return Err(cx.vm.error(ErrorKind::ValueError, text));
    };
    let host = host.get(&cx.vm.heap).to_string();
    let options = ListenOptions { backlog, reuse_port };
    let op = ListenOp { host, port, options, lookup: None };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

struct ListenOp {
    host: String,
    port: u16,
    options: ListenOptions,
    lookup: Option<Lookup>,
}

impl Source for ListenOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let Some(answer) = self.lookup.as_mut().and_then(Lookup::take) else {
            return Poll::Pending;
        };
        let driver = cx.rt.driver.as_mut();
        // A name may stand for addresses that are not of this machine: the first that is.
        let bound = answer.and_then(|addresses| {
            let mut first = None;
            for address in addresses {
                match driver.bind(&address.into(), self.options) {
                    Ok(socket) => return Ok(socket),
                    Err(error) => {
                        first.get_or_insert(error);
                    }
                }
            }
            Err(first.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
        });
        match bound.and_then(|socket| Ok((socket, driver.local(socket)?))) {
            Ok((socket, local)) => {
                let listener = Listener { socket, local, closed: false };
                let listener = cx.vm.heap.object(Box::new(listener));
                cx.rt.own(cx.task, listener, close_listener);
                Poll::Ready(Ok(listener))
            }
            Err(error) => {
                let address = written(&self.host, self.port);
                let about = Subject::Address(&address);
                Poll::Ready(Err(io_error(cx.vm, &error, "listen", "listen on", about)))
            }
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        let driver = cx.rt.driver.as_mut();
        let lookup = Lookup::start(driver, &self.host, self.port);
        lookup.wait(driver, ticket);
        self.lookup = Some(lookup);
    }

    fn unregister(&mut self, _: &mut Cx<'_>, _: Ticket) {
        self.lookup = None;
    }

    fn describe(&self) -> String {
        format!("the address of {}", written(&self.host, self.port))
    }
}

/// How long an accept that found no descriptor free waits before it looks again.
const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// Waits for the next connection of a listener.
///
/// A connection for which the process has no descriptor left waits with the kernel until another
/// one is closed. It is no error: one client too many must not end the server for all of them.
struct AcceptOp {
    listener: Value,
    socket: SocketId,
    local: Address,
    /// What there is instead of ClosedError when the listener is closed: for loops.
    at_end: Option<Value>,
    ticket: Option<Ticket>,
    /// When it looks again whether a descriptor is free.
    alarm: Option<TimerId>,
}

impl Source for AcceptOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        self.stop_alarm(cx);
        let closed = cx.vm.heap.object_ref::<Listener>(self.listener).is_none_or(|l| l.closed);
        if closed {
            return Poll::Ready(self.ended(cx.vm));
        }
        match cx.rt.driver.accept(self.socket) {
            Ok((socket, peer)) => Poll::Ready(Ok(connection(cx, socket, &peer))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                self.look_again(cx);
                Poll::Pending
            }
            Err(error) => {
                let address = self.local.to_string();
                let about = Subject::Address(&address);
                Poll::Ready(Err(io_error(cx.vm, &error, "accept", "accept on", about)))
            }
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = Some(ticket);
        cx.rt.driver.wait(self.socket, Direction::Read, ticket);
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.stop_alarm(cx);
        cx.rt.driver.unwait(self.socket, Direction::Read, ticket);
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.listener);
        if let Some(value) = self.at_end {
            marker.value(value);
        }
    }

    fn describe(&self) -> String {
        match self.alarm {
            None => format!("a connection on {}", self.local),
            Some(_) => format!("a free descriptor for a connection on {}", self.local),
        }
    }
}

impl AcceptOp {
    /// Before it is registered there is no need: registering tries once more.
    fn look_again(&mut self, cx: &mut Cx<'_>) {
        let at = cx.rt.driver.now().after(SHORTAGE_PAUSE);
        self.alarm = self.ticket.map(|ticket| cx.rt.start_wake_up(at, ticket));
    }

    fn stop_alarm(&mut self, cx: &mut Cx<'_>) {
        if let Some(alarm) = self.alarm.take() {
            cx.rt.stop_wake_up(alarm);
        }
    }

    fn ended(&self, vm: &mut Vm) -> Result<Value, Thrown> {
        match self.at_end {
            Some(value) if value.is_unset() => {
                Err(vm.error(ErrorKind::StopIteration, "the listener was closed"))
            }
            Some(value) => Ok(value),
            None => {
                let text = format!("the listener on {} was closed", self.local);
                Err(vm.error(ErrorKind::ClosedError, text))
            }
        }
    }
}

fn listener_of(vm: &mut Vm, value: Value) -> Result<(SocketId, Address), Thrown> {
    match vm.heap.object_ref::<Listener>(value) {
        Some(listener) => Ok((listener.socket, listener.local.clone())),
        None => Err(vm.error(ErrorKind::TypeError, "this is a method of listeners")),
    }
}

fn wait(cx: &mut Cx<'_>, listener: Value, at_end: Option<Value>) -> Result<Answer, Thrown> {
    let (socket, local) = listener_of(cx.vm, listener)?;
    let op = AcceptOp { listener, socket, local, at_end, ticket: None, alarm: None };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

pub(super) fn accept(cx: &mut Cx<'_>, listener: Value) -> Result<Answer, Thrown> {
    wait(cx, listener, None)
}

fn iter(vm: &mut Vm, listener: Value) -> Result<Value, Thrown> {
    listener_of(vm, listener)?;
    Ok(cursor(vm, listener))
}

/// A cursor over the connections of a listener.
pub(super) fn cursor(vm: &mut Vm, listener: Value) -> Value {
    vm.heap.object(Box::new(Connections { listener }))
}

/// Waits for the next connection. `default` is there instead of StopIteration.
pub(super) fn next(
    cx: &mut Cx<'_>,
    cursor: Value,
    default: Option<Value>,
) -> Result<Answer, Thrown> {
    let Some(Connections { listener }) = cx.vm.heap.object_ref::<Connections>(cursor) else {
        return Err(cx.vm.error(ErrorKind::TypeError, "this is a method of connections"));
    };
    let listener = *listener;
    wait(cx, listener, Some(default.unwrap_or(Value::unset())))
}

pub(super) fn close(cx: &mut Cx<'_>, listener: Value) -> Result<Answer, Thrown> {
    listener_of(cx.vm, listener)?;
    close_listener(cx.vm, cx.rt, listener);
    Ok(Answer::Value(Value::null()))
}

/// Closes a listener; nothing if it is closed.
fn close_listener(vm: &mut Vm, rt: &mut Loop, listener: Value) {
    if let Some(open) = vm.heap.object_mut::<Listener>(listener) {
        open.closed = true;
        rt.driver.close(open.socket);
    }
    rt.disown_resource(listener);
}

fn local(vm: &mut Vm, listener: Value) -> Result<Value, Thrown> {
    let (_, local) = listener_of(vm, listener)?;
    Ok(address_value(vm, Some(&local)))
}
