//! Listeners: `accept`, `serve`, and `for await connection in listener`.

use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::drain::drain;
use crate::natives;
use crate::natives::argument::{Rest, bad_value};
use crate::natives::io_error::{Subject, io_error, reason};
use crate::natives::stream::address::address_value;
use crate::natives::stream::crowd::Crowd;
use crate::natives::stream::new_connection;
use crate::runtime::driver::{Address, Direction, SocketId, SocketOption, Ticket};
use crate::runtime::output::Target;
use crate::runtime::{Answer, Cx, Loop, Source, TimerId};
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
    /// Hands every connection to `handler`, which runs as a task of its own: `handler(connection)`.
    /// The connection is closed when that has ended. An error in one of them ends nothing else: it is
    /// reported, or `on_error(error, connection)` is called. With `max`, at most so many connections
    /// are open at the same time; the next ones wait with the system until one has ended. Returns
    /// when the listener is closed and the handlers have ended. When the program is asked to end
    /// (SIGTERM) it takes no more connections, and the handlers have the time `drain` to finish.
    core async method listener.serve(handler: fn, named max: int?, named on_error: fn?, named drain: duration?) => listener_serve;
    /// Stops listening and waits, at most for `limit`, until all connections that came from here have
    /// been closed. Gives how many are still open.
    host async method listener.drain(limit: duration?) => drain;
    /// The address it listens on, with `host` and `port`, or with `path`.
    host get listener.local() => local;
    /// How many of its connections are open.
    host get listener.open() => open;

    /// For `listener.serve`: sets how many connections may be open.
    fn core.listener_limit(listener: any, max: int?) => limit;
    /// For `listener.serve`: why the task is being cancelled, in a word; null if it is not.
    loop fn core.cancel_kind() => |cx: &mut Cx<'_>| {
        let kind = cx.rt.cancel_kind(cx.task).map(|kind| cx.vm.heap.intern(kind.name()));
        Ok::<_, Thrown>(Answer::Value(kind.unwrap_or_default()))
    };
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
    /// The connections that it has brought and that are open.
    pub(super) crowd: Arc<Crowd>,
    /// How many of them there may be.
    max: Option<usize>,
    pub(super) closed: bool,
    /// That descriptors have run out was said.
    told: bool,
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

/// A listener as a value, which the calling task owns.
pub(super) fn new_listener(cx: &mut Cx<'_>, socket: SocketId, local: Address) -> Value {
    let crowd = Arc::new(Crowd::default());
    let listener = Listener { socket, local, crowd, max: None, closed: false, told: false };
    let listener = cx.vm.heap.object(Box::new(listener));
    cx.rt.own(cx.task, listener, close_listener);
    listener
}

/// How long an accept that found no descriptor free waits before it looks again.
const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// Waits for the next connection of a listener.
///
/// A connection for which the process has no descriptor left waits with the kernel until another
/// one is closed, and so does one that is beyond the limit of the listener. It is no error: one
/// client too many must not end the server for all of them.
struct AcceptOp {
    listener: Value,
    socket: SocketId,
    local: Address,
    crowd: Arc<Crowd>,
    /// What there is instead of ClosedError when the listener is closed: for loops.
    at_end: Option<Value>,
    ticket: Option<Ticket>,
    /// When it looks again whether a descriptor is free.
    alarm: Option<TimerId>,
}

impl Source for AcceptOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        self.stop_alarm(cx);
        let Some(listener) = cx.vm.heap.object_ref::<Listener>(self.listener) else {
            return Poll::Ready(self.ended(cx.vm));
        };
        if listener.closed {
            return Poll::Ready(self.ended(cx.vm));
        }
        if listener.max.is_some_and(|max| self.crowd.open() >= max) {
            return Poll::Pending;
        }
        match cx.rt.driver.accept(self.socket) {
            Ok((socket, peer)) => Poll::Ready(Ok(self.accepted(cx, socket, &peer))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                self.look_again(cx, &error);
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
        self.crowd.wait(ticket);
        cx.rt.driver.wait(self.socket, Direction::Read, ticket);
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.stop_alarm(cx);
        self.crowd.unwait(ticket);
        cx.rt.driver.unwait(self.socket, Direction::Read, ticket);
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.listener);
        if let Some(value) = self.at_end {
            marker.value(value);
        }
    }

    fn describe(&self, _: &Vm) -> String {
        match self.alarm {
            None => format!("a connection on {}", self.local),
            Some(_) => format!("a free descriptor for a connection on {}", self.local),
        }
    }
}

impl AcceptOp {
    fn accepted(&self, cx: &mut Cx<'_>, socket: SocketId, peer: &Address) -> Value {
        let name = match peer {
            Address::Unnamed => format!("a client of {}", self.local),
            _ => peer.to_string(),
        };
        // Only a connection that is gone already refuses, and reading from it will tell.
        let _ = cx.rt.driver.set_option(socket, SocketOption::NoDelay(true));
        new_connection(cx, socket, peer, &name, Some(self.crowd.enter()))
    }

    /// Before it is registered there is no need: registering tries once more.
    fn look_again(&mut self, cx: &mut Cx<'_>, error: &io::Error) {
        let at = cx.rt.driver.now().after(SHORTAGE_PAUSE);
        self.alarm = self.ticket.map(|ticket| cx.rt.start_wake_up(at, ticket));
        let listener = cx.vm.heap.object_mut::<Listener>(self.listener);
        if let Some(listener) = listener.filter(|listener| !listener.told) {
            listener.told = true;
            let text = format!(
                "warning: {} cannot take more connections for now, they wait until others are \
                 closed: {}\n",
                self.local,
                reason(error)
            );
            cx.rt.write(Target::Err, text.as_bytes());
        }
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

pub(super) fn listener_of(vm: &mut Vm, value: Value) -> Result<&mut Listener, Thrown> {
    if vm.heap.object_ref::<Listener>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a method of listeners"));
    }
    Ok(vm.heap.object_mut::<Listener>(value).expect("its type was looked at"))
}

fn wait(cx: &mut Cx<'_>, listener: Value, at_end: Option<Value>) -> Result<Answer, Thrown> {
    let open = listener_of(cx.vm, listener)?;
    let (socket, local, crowd) = (open.socket, open.local.clone(), open.crowd.clone());
    let op = AcceptOp { listener, socket, local, crowd, at_end, ticket: None, alarm: None };
    cx.begin(op)
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
pub(super) fn close_listener(vm: &mut Vm, rt: &mut Loop, listener: Value) {
    if let Some(open) = vm.heap.object_mut::<Listener>(listener) {
        open.closed = true;
        rt.driver.close(open.socket);
    }
    rt.disown_resource(listener);
}

fn local(vm: &mut Vm, listener: Value) -> Result<Value, Thrown> {
    let local = listener_of(vm, listener)?.local.clone();
    Ok(address_value(vm, Some(&local)))
}

fn open(vm: &mut Vm, listener: Value) -> Result<Value, Thrown> {
    let open = listener_of(vm, listener)?.crowd.open();
    Ok(Value::int(i64::try_from(open).unwrap_or(i64::MAX)))
}

/// Sets how many connections may be open at the same time; null for any number.
fn limit(vm: &mut Vm, listener: Value, max: Option<i64>) -> Result<Value, Thrown> {
    let max = match max.map(usize::try_from) {
        None => None,
        Some(Ok(max)) if max > 0 => Some(max),
        Some(_) => {
            let max = Value::int(max.unwrap_or_default());
            return Err(bad_value(vm, "listener.serve", "max must be at least 1", max));
        }
    };
    listener_of(vm, listener)?.max = max;
    Ok(Value::null())
}
