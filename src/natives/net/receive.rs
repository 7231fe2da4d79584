//! Receiving datagrams.

use std::io;
use std::task::Poll;

use super::datagram::{closed_error, name_of, socket_of};
use crate::natives::io_error::{Subject, io_error};
use crate::natives::stream::address::address_value;
use crate::runtime::driver::{Direction, SocketId, Ticket};
use crate::runtime::{Answer, Cx, Source};
use crate::vm::heap::Marker;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// Waits for a datagram. `at_end` is there instead of ClosedError when the socket is closed.
pub(super) fn receive(
    cx: &mut Cx<'_>,
    socket: Value,
    with_sender: bool,
    at_end: Option<Value>,
) -> Result<Answer, Thrown> {
    let open = socket_of(cx.vm, socket)?;
    let id = open.id;
    cx.begin(ReceiveOp { socket, id, with_sender, at_end })
}

struct ReceiveOp {
    socket: Value,
    id: SocketId,
    /// The address of the sender is wanted, too.
    with_sender: bool,
    at_end: Option<Value>,
}

impl Source for ReceiveOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        match socket_of(cx.vm, self.socket) {
            Ok(socket) if socket.closed => {
                return Poll::Ready(match self.at_end {
                    None => Err(closed_error(cx.vm, self.socket)),
                    Some(value) if value.is_unset() => {
                        Err(cx.vm.error(ErrorKind::StopIteration, "the socket was closed"))
                    }
                    Some(value) => Ok(value),
                });
            }
            Ok(_) => {}
            Err(thrown) => return Poll::Ready(Err(thrown)),
        }
        match cx.rt.driver.receive_datagram(self.id) {
            Ok((data, from)) => {
                let data = cx.vm.heap.bytes(data);
                if !self.with_sender {
                    return Poll::Ready(Ok(data));
                }
                let from = address_value(cx.vm, Some(&from));
                Poll::Ready(Ok(cx.vm.heap.list(vec![data, from])))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => {
                let name = name_of(cx.vm, self.socket);
                let about = Subject::Address(&name);
                Poll::Ready(Err(io_error(cx.vm, &error, "recv", "receive from", about)))
            }
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        cx.rt.driver.wait(self.id, Direction::Read, ticket);
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        cx.rt.driver.unwait(self.id, Direction::Read, ticket);
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.socket);
        if let Some(value) = self.at_end {
            marker.value(value);
        }
    }

    fn describe(&self, vm: &Vm) -> String {
        format!("a datagram from {}", name_of(vm, self.socket))
    }
}
