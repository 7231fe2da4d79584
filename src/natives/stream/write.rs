//! Writing to streams.

use std::io::{self, IoSlice};
use std::task::Poll;

use super::{
    OpId, Stream, Transport, Unfinished, begin_op, closed_error, gather, name_of, settled,
    stream_mut,
};
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::{DataValue, PiecesValue};
use crate::runtime::driver::{Direction, Job, Lane, SocketId, Ticket, submit};
use crate::runtime::output::Target;
use crate::runtime::{Answer, Cx, Source, Wait};
use crate::vm::heap::{Heap, Marker};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

pub(in crate::natives) fn write(
    cx: &mut Cx<'_>,
    stream: Value,
    data: impl Into<PiecesValue>,
) -> Result<Answer, Thrown> {
    let data = data.into();
    let Some(open) = cx.vm.heap.object_unseen::<Stream>(stream) else {
        return stream_mut(cx.vm, stream).map(|_| Answer::Value(Value::null()));
    };
    match open.transport {
        Transport::Output(target) => {
            let data = gather::settled_whole(cx.vm, data)?.0;
            let op = OutputOp { stream, target, data, job: None };
            Ok(Answer::Wait(Wait::Source(Box::new(op))))
        }
        Transport::File(_) => {
            let data = gather::settled_whole(cx.vm, data)?;
            super::file::write(cx, stream, data)
        }
        Transport::Socket(_) | Transport::Pieces(_) => {
            let op = open.next_op();
            let may_begin = cx.at_once && open.may_be_written();
            if let Transport::Socket(socket) = open.transport
                && let Some(data) = data.single().filter(|_| may_begin)
            {
                return write_at_once(cx, stream, op, socket, data);
            }
            let data = gather::settled_pieces(cx.vm, data)?;
            cx.begin(WriteOp { stream, op, data, end: false, sent: 0, ticket: None })
        }
    }
}

/// Sends what there is room for: nearly always all of it, and then there is no more to a write than this.
#[inline]
fn write_at_once(
    cx: &mut Cx<'_>,
    stream: Value,
    op: OpId,
    socket: SocketId,
    data: DataValue,
) -> Result<Answer, Thrown> {
    let bytes = data.get(&cx.vm.heap);
    let is_one_piece = (1..=SENT_MAX).contains(&bytes.len());
    let result = if is_one_piece { cx.rt.driver.write(socket, bytes) } else { Ok(0) };
    if result.as_ref().is_ok_and(|count| *count == bytes.len()) {
        return Ok(Answer::Value(Value::null()));
    }
    let data = settled(cx.vm, data);
    let op = WriteOp { stream, op, data, end: false, sent: 0, ticket: None };
    match result {
        Ok(sent) => cx.begin(WriteOp { sent, ..op }),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Ok(Answer::Pending(Box::new(op)))
        }
        Err(error) => Err(op.failed(cx.vm, &error)),
    }
}

pub(in crate::natives) fn shutdown(cx: &mut Cx<'_>, stream: Value) -> Result<Answer, Thrown> {
    let op = begin_op(cx.vm, stream)?;
    cx.begin(WriteOp { stream, op, data: Value::null(), end: true, sent: 0, ticket: None })
}

/// A write that is under way, or the end of writing.
struct WriteOp {
    stream: Value,
    op: OpId,
    /// A str, bytes or a list of them that nobody else has; null for the end.
    data: Value,
    /// Nothing more is written: the other side is told so.
    end: bool,
    sent: usize,
    ticket: Option<Ticket>,
}

impl WriteOp {
    /// One try. False: there is no room. `unfinished`: the write that has sent a part.
    #[inline]
    fn go_on(
        &mut self,
        cx: &mut Cx<'_>,
        socket: Option<SocketId>,
        unfinished: Option<Unfinished>,
    ) -> Result<bool, Thrown> {
        let Some(id) = socket else {
            let error = io::Error::new(io::ErrorKind::Unsupported, "it is only read");
            return Err(self.failed(cx.vm, &error));
        };
        // It is this op's turn, so one that has not finished and is another never will.
        if let Some(broken) = unfinished.filter(|other| other.op != self.op) {
            let name = name_of(cx.vm, self.stream);
            return Err(broken.error(cx.vm, &name));
        }
        let driver = cx.rt.driver.as_mut();
        let result = if self.end {
            driver.shutdown(id)
        } else if let Some(list) = cx.vm.heap.list_ref(self.data) {
            let write = |rest: &[IoSlice<'_>]| driver.write_pieces(id, rest);
            gather::send_pieces(&mut self.sent, &cx.vm.heap, &list.items, SENT_MAX, write)
        } else {
            let data = bytes_of(&cx.vm.heap, self.data);
            send(&mut self.sent, data, |rest| driver.write(id, rest))
        };
        match result {
            Ok(()) => {
                if unfinished.is_some() {
                    stream_mut(cx.vm, self.stream)?.unfinished = None;
                }
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let of = gather::length(&cx.vm.heap, self.data);
                if self.sent > 0 {
                    let unfinished = Unfinished { op: self.op, sent: self.sent, of };
                    stream_mut(cx.vm, self.stream)?.unfinished = Some(Box::new(unfinished));
                }
                Ok(false)
            }
            Err(error) => {
                // The connection is gone; later writes hear the same from the system.
                stream_mut(cx.vm, self.stream)?.unfinished = None;
                Err(self.failed(cx.vm, &error))
            }
        }
    }

    #[cold]
    fn failed(&self, vm: &mut Vm, error: &io::Error) -> Thrown {
        let (op, doing) = if self.end { ("shutdown", "shut down") } else { ("write", "write to") };
        io_error(vm, error, op, doing, Subject::Address(&name_of(vm, self.stream)))
    }
}

impl Unfinished {
    /// The error of whoever writes after this one.
    #[cold]
    pub(super) fn error(self, vm: &mut Vm, name: &str) -> Thrown {
        let count = |n: usize| Value::int(i64::try_from(n).unwrap_or(i64::MAX));
        let Unfinished { sent, of, .. } = self;
        let text = format!(
            "an earlier write to {name} was cut after {sent} of {of} bytes, so what follows would be \
             misread: close the stream"
        );
        let fields = [("sent", count(sent)), ("of", count(of))];
        vm.error_with(ErrorKind::BrokenError, text, &fields)
    }
}

impl Source for WriteOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let Some(stream) = cx.vm.heap.object_unseen::<Stream>(self.stream) else {
            return Poll::Ready(Ok(Value::null()));
        };
        if stream.closed {
            return Poll::Ready(Err(closed_error(cx.vm, self.stream)));
        }
        if !stream.writers.is_turn_of(self.op) {
            return Poll::Pending;
        }
        let socket = match stream.transport {
            Transport::Socket(id) => Some(id),
            _ => None,
        };
        let unfinished = stream.unfinished.as_deref().copied();
        match self.go_on(cx, socket, unfinished) {
            Ok(true) => Poll::Ready(Ok(Value::null())),
            Err(thrown) => Poll::Ready(Err(thrown)),
            Ok(false) => {
                // Its turn may have come only now: then the socket does not know it yet.
                if let Some(ticket) = self.ticket {
                    self.wait(cx, ticket);
                }
                Poll::Pending
            }
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = Some(ticket);
        let Some(stream) = cx.vm.heap.object_unseen::<Stream>(self.stream) else { return };
        if stream.writers.enter(self.op, ticket) {
            self.wait(cx, ticket);
        }
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = None;
        let Some(stream) = cx.vm.heap.object_unseen::<Stream>(self.stream) else { return };
        let driver = cx.rt.driver.as_mut();
        if let Transport::Socket(id) = stream.transport {
            driver.unwait(id, Direction::Write, ticket);
        }
        if let Some(next) = stream.writers.leave(self.op) {
            driver.notify(next);
        }
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.stream);
        marker.value(self.data);
    }

    fn describe(&self, vm: &Vm) -> String {
        format!("room to write to {}", name_of(vm, self.stream))
    }
}

impl WriteOp {
    fn wait(&self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(stream) = cx.vm.heap.object_ref::<Stream>(self.stream)
            && let Transport::Socket(id) = stream.transport
        {
            cx.rt.driver.wait(id, Direction::Write, ticket);
        }
    }
}

/// How much one attempt sends: a reader that keeps up with a large write must not keep the other
/// tasks from running.
const SENT_MAX: usize = 1024 * 1024;

/// Sends what has not been sent, as far as it goes for now.
#[inline]
fn send(
    sent: &mut usize,
    data: &[u8],
    mut write: impl FnMut(&[u8]) -> io::Result<usize>,
) -> io::Result<()> {
    let goal = data.len().min(*sent + SENT_MAX);
    while *sent < goal {
        match write(&data[*sent..goal])? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => *sent += count,
        }
    }
    if *sent < data.len() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
}

/// The bytes of a str or bytes.
#[inline]
pub(in crate::natives) fn bytes_of(heap: &Heap, data: Value) -> &[u8] {
    match heap.str(data) {
        Some(text) => text.as_bytes(),
        None => heap.bytes_ref(data).unwrap_or_default(),
    }
}

/// A write to standard output or error: it joins what `print` has written before and is done when
/// all of it is out. If it is cut, what was handed over still comes out, in its place.
struct OutputOp {
    stream: Value,
    target: Target,
    data: Value,
    job: Option<Job<io::Result<()>>>,
}

impl OutputOp {
    /// Hands the bytes over, once. True if they are out.
    fn begin(&mut self, cx: &mut Cx<'_>) -> bool {
        let data = std::mem::take(&mut self.data);
        cx.rt.write(self.target, bytes_of(&cx.vm.heap, data));
        match cx.rt.output.drain(self.target) {
            None => true,
            Some(work) => {
                self.job = Some(submit(cx.rt.driver.as_mut(), Lane::Output, work));
                false
            }
        }
    }
}

impl Source for OutputOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        if cx.vm.heap.object_ref::<Stream>(self.stream).is_some_and(|stream| stream.closed) {
            return Poll::Ready(Err(closed_error(cx.vm, self.stream)));
        }
        let Some(job) = &self.job else {
            // Nothing is handed over before the wait is certain.
            return Poll::Pending;
        };
        let Some(result) = job.take() else { return Poll::Pending };
        match result.map_err(io::Error::other).flatten() {
            Ok(()) => Poll::Ready(Ok(Value::null())),
            Err(error) => {
                let name = name_of(cx.vm, self.stream);
                let about = Subject::Named(&name);
                Poll::Ready(Err(io_error(cx.vm, &error, "write", "write to", about)))
            }
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if self.begin(cx) {
            self.job = Some(submit(cx.rt.driver.as_mut(), Lane::Output, || Ok(())));
        }
        if let Some(job) = &self.job {
            job.wait(ticket);
        }
    }

    fn unregister(&mut self, _: &mut Cx<'_>, ticket: Ticket) {
        if let Some(job) = &self.job {
            job.unwait(ticket);
        }
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.stream);
        marker.value(self.data);
    }

    fn describe(&self, _: &Vm) -> String {
        let name = match self.target {
            Target::Out => "standard output",
            Target::Err => "standard error",
        };
        format!("{name} to take what was written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_write_gives_way_to_the_other_tasks() {
        let data = vec![0; 2 * SENT_MAX + 1];
        let (mut sent, mut attempts) = (0, Vec::new());
        loop {
            let result = send(&mut sent, &data, |rest| Ok(rest.len().min(100_000)));
            attempts.push(sent);
            match result {
                Ok(()) => break,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert_eq!(attempts, [SENT_MAX, 2 * SENT_MAX, 2 * SENT_MAX + 1]);
    }
}
