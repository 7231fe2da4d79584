//! Reading from streams: one source for all the ways to say how much is wanted.

use std::io;
use std::task::Poll;

use super::want::{Found, Want};
use super::{Filled, OpId, Stream, begin_op, closed_error, name_of, stream_mut, subject};
use crate::natives::io_error::{io_error, own_io_error};
use crate::natives::kind::DataValue;
use crate::runtime::driver::{READ_MAX, SocketId, Ticket};
use crate::runtime::{Answer, Cx, Source};
use crate::vm::heap::Marker;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// How often one attempt asks for more: a sender that keeps up with a large read must not keep the
/// other tasks from running.
const FILLS_MAX: usize = 16;

pub(in crate::natives) fn read(cx: &mut Cx<'_>, stream: Value, max: i64) -> Result<Answer, Thrown> {
    let max = positive(cx.vm, "stream.read", "max", max)?;
    start(cx, stream, Want::Some(max))
}

pub(in crate::natives) fn read_exact(
    cx: &mut Cx<'_>,
    stream: Value,
    n: i64,
) -> Result<Answer, Thrown> {
    let Ok(n) = usize::try_from(n) else {
        let text = format!("stream.read_exact: n must not be negative, not {n}");
        return Err(cx.vm.error(ErrorKind::ValueError, text));
    };
    start(cx, stream, Want::Exact(n))
}

pub(in crate::natives) fn read_until(
    cx: &mut Cx<'_>,
    stream: Value,
    separator: DataValue,
    max: i64,
) -> Result<Answer, Thrown> {
    let max = positive(cx.vm, "stream.read_until", "max", max)?;
    let separator = separator.get(&cx.vm.heap).to_vec();
    if separator.is_empty() {
        let text = "stream.read_until: separator must not be empty";
        return Err(cx.vm.error(ErrorKind::ValueError, text));
    }
    start(cx, stream, Want::Until(separator, max))
}

pub(in crate::natives) fn read_all(cx: &mut Cx<'_>, stream: Value) -> Result<Answer, Thrown> {
    start(cx, stream, Want::All)
}

pub(in crate::natives) fn read_text(cx: &mut Cx<'_>, stream: Value) -> Result<Answer, Thrown> {
    start(cx, stream, Want::Text)
}

/// A count that makes sense.
pub(super) fn positive(vm: &mut Vm, path: &str, name: &str, n: i64) -> Result<usize, Thrown> {
    match usize::try_from(n) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(
            vm.error(ErrorKind::ValueError, format!("{path}: {name} must be at least 1, not {n}"))
        ),
    }
}

#[inline]
fn start(cx: &mut Cx<'_>, stream: Value, want: Want) -> Result<Answer, Thrown> {
    ReadOp::new(cx.vm, stream, want)?.begin(cx)
}

/// A read that is under way.
pub struct ReadOp {
    stream: Value,
    op: OpId,
    want: Want,
    /// How much of the buffer is known not to hold the end that is looked for.
    scanned: usize,
    ticket: Option<Ticket>,
}

impl ReadOp {
    /// A read of a stream.
    #[inline]
    pub fn new(vm: &mut Vm, stream: Value, want: Want) -> Result<ReadOp, Thrown> {
        let op = begin_op(vm, stream)?;
        Ok(ReadOp { stream, op, want, scanned: 0, ticket: None })
    }

    /// Begins it, and does it if that can be done at once.
    #[inline]
    pub fn begin(self, cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
        if cx.at_once
            && let Some(stream) = cx.vm.heap.object_unseen::<Stream>(self.stream)
            && let Some(socket) = stream.untouched_socket()
            && cx.rt.driver.is_quiet(socket)
            && !stream.closed
            && !matches!(self.want, Want::Exact(0))
        {
            return Ok(Answer::Pending(self.boxed(stream.spare.take())));
        }
        self.begin_slowly(cx)
    }

    /// The same where it may be done already.
    #[inline(never)]
    fn begin_slowly(mut self, cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
        if !cx.at_once {
            return cx.begin(self);
        }
        if let Poll::Ready(result) = self.attempt(cx) {
            return result.map(Answer::Value);
        }
        let stream = cx.vm.heap.object_unseen::<Stream>(self.stream);
        Ok(Answer::Pending(self.boxed(stream.and_then(|stream| stream.spare.take()))))
    }

    /// In the memory of an earlier read of the stream, if there was one.
    #[inline]
    fn boxed(self, spare: Option<Box<ReadOp>>) -> Box<ReadOp> {
        match spare {
            Some(mut spare) => {
                *spare = self;
                spare
            }
            None => Box::new(self),
        }
    }

    /// Reads from a socket of whose stream nothing is left over. What is wanted goes straight from
    /// the driver's buffer into the result, and only what comes behind it is kept. `None`: there is not
    /// enough yet.
    #[inline]
    fn look(&mut self, cx: &mut Cx<'_>, socket: SocketId) -> Result<Option<Value>, Thrown> {
        let most = if let Want::Some(max) = self.want { max } else { READ_MAX };
        let bytes = match cx.rt.driver.read(socket, most) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(self.failed(cx.vm, &error)),
        };
        if bytes.is_empty() {
            stream_mut(cx.vm, self.stream)?.ended = true;
            return self.search(cx);
        }
        if let Want::Some(_) = self.want {
            // No more was asked for than is wanted.
            return Ok(Some(cx.vm.heap.bytes(bytes)));
        }
        let (count, taken) = match self.want.find(bytes, &mut self.scanned) {
            Found::Bytes(count) => (Some(count), count),
            Found::Line(count, taken) => (Some(count), taken),
            Found::Nothing | Found::TooLong(_) => (None, 0),
        };
        if taken < bytes.len() {
            stream_mut(cx.vm, self.stream)?.buffer.append(&bytes[taken..]);
        }
        match count {
            Some(count) => self.value_of(cx.vm, &bytes[..count]).map(Some),
            None => {
                self.check_memory(cx.vm)?;
                self.search(cx)
            }
        }
    }

    /// Looks into the buffer, and fills it as far as that goes. `None`: there is not enough yet.
    #[inline(never)]
    fn search(&mut self, cx: &mut Cx<'_>) -> Result<Option<Value>, Thrown> {
        for fills in 0..=FILLS_MAX {
            let Some(stream) = cx.vm.heap.object_unseen::<Stream>(self.stream) else { break };
            match self.want.find(stream.buffer.as_slice(), &mut self.scanned) {
                Found::Bytes(count) => return self.take(cx.vm, count, count).map(Some),
                Found::Line(count, taken) => return self.take(cx.vm, count, taken).map(Some),
                Found::TooLong(max) => return Err(self.too_long(cx.vm, max)),
                Found::Nothing if stream.ended => return self.end(cx.vm).map(Some),
                // What is not looked at here must stay where it is announced.
                Found::Nothing if fills == FILLS_MAX => break,
                Found::Nothing => {}
            }
            match stream_mut(cx.vm, self.stream)?.fill(cx.rt.driver.as_mut()) {
                Ok(Filled::Some | Filled::End) => self.check_memory(cx.vm)?,
                Ok(Filled::Pending) => break,
                Err(error) => return Err(self.failed(cx.vm, &error)),
            }
        }
        Ok(None)
    }

    /// What a read gives that has found these bytes.
    fn value_of(&self, vm: &mut Vm, bytes: &[u8]) -> Result<Value, Thrown> {
        let lossy = match &self.want {
            Want::Text => false,
            Want::Line(want) => want.lossy,
            _ => return Ok(vm.heap.bytes(bytes)),
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(vm.heap.string(text)),
            Err(_) => {
                let name = name_of(vm, self.stream);
                text(vm, bytes, lossy, &name)
            }
        }
    }

    /// Takes `taken` bytes from the buffer; the first `count` of them are the result.
    fn take(&self, vm: &mut Vm, count: usize, taken: usize) -> Result<Value, Thrown> {
        // Moved out for a moment, as making a value needs the heap that the stream lives in.
        let Some(stream) = vm.heap.object_unseen::<Stream>(self.stream) else {
            return Ok(Value::null());
        };
        let mut buffer = std::mem::take(&mut stream.buffer);
        let held = buffer.capacity();
        let result = self.value_of(vm, &buffer.as_slice()[..count]);
        buffer.consume(taken);
        if buffer.capacity() == held {
            if let Some(stream) = vm.heap.object_unseen::<Stream>(self.stream) {
                stream.buffer = buffer;
            }
        } else {
            stream_mut(vm, self.stream)?.buffer = buffer;
        }
        result
    }

    /// The result at the end of the stream.
    fn end(&self, vm: &mut Vm) -> Result<Value, Thrown> {
        let count = stream_mut(vm, self.stream)?.buffer.len();
        match &self.want {
            Want::All | Want::Text => self.take(vm, count, count),
            Want::Line(_) if count > 0 => self.take(vm, count, count),
            Want::Line(want) if want.at_end.is_unset() => {
                Err(vm.error(ErrorKind::StopIteration, "there are no more lines"))
            }
            Want::Line(want) => Ok(want.at_end),
            Want::Some(_) | Want::Exact(_) | Want::Until(..) if count == 0 => Ok(Value::null()),
            Want::Some(_) | Want::Exact(_) | Want::Until(..) => Err(self.ended_early(vm, count)),
        }
    }

    #[cold]
    fn ended_early(&self, vm: &mut Vm, count: usize) -> Thrown {
        let data = match self.take(vm, count, count) {
            Ok(data) => data,
            Err(thrown) => return thrown,
        };
        let missing = match &self.want {
            Want::Exact(n) => format!("{n} bytes were wanted"),
            _ => "the separator was missing".to_string(),
        };
        let name = name_of(vm, self.stream);
        let text = format!("{name} ended after {count} bytes, but {missing}");
        own_io_error(vm, "unexpected_eof", "read", text, data)
    }

    #[cold]
    fn too_long(&self, vm: &mut Vm, max: usize) -> Thrown {
        let is_line = matches!(self.want, Want::Line(_));
        let what = if is_line { "a line" } else { "what stands before the separator" };
        let name = name_of(vm, self.stream);
        let text = format!("{what} of {name} is longer than {max} bytes: pass a larger `max:`");
        own_io_error(vm, "too_long", "read", text, Value::null())
    }

    #[cold]
    fn failed(&self, vm: &mut Vm, error: &io::Error) -> Thrown {
        let is_file = vm.heap.object_ref::<Stream>(self.stream).is_some_and(|s| s.is_file);
        let doing = if is_file { "read" } else { "read from" };
        let name = name_of(vm, self.stream);
        io_error(vm, error, "read", doing, subject(is_file, &name))
    }

    /// What is read must fit into the heap when it becomes a value.
    fn check_memory(&self, vm: &mut Vm) -> Result<(), Thrown> {
        let count = stream_mut(vm, self.stream)?.buffer.len();
        if vm.heap.reserve(count).is_err() {
            let text = format!("{count} bytes from a stream do not fit into memory");
            return Err(vm.error(ErrorKind::MemoryError, text));
        }
        Ok(())
    }

    /// Gives the turn to the next reader. Gives the stream, if it was registered there.
    #[inline(always)]
    fn leave<'a>(&mut self, cx: &'a mut Cx<'_>) -> Option<&'a mut Stream> {
        let ticket = self.ticket.take()?;
        let stream = cx.vm.heap.object_unseen::<Stream>(self.stream)?;
        let driver = cx.rt.driver.as_mut();
        stream.unwait_to_read(driver, ticket);
        if let Some(next) = stream.readers.leave(self.op) {
            driver.notify(next);
        }
        Some(stream)
    }
}

impl Source for ReadOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let Some(stream) = cx.vm.heap.object_unseen::<Stream>(self.stream) else {
            return Poll::Ready(Ok(Value::null()));
        };
        if stream.closed {
            return Poll::Ready(Err(closed_error(cx.vm, self.stream)));
        }
        if !stream.readers.is_turn_of(self.op) {
            return Poll::Pending;
        }
        let result = match stream.untouched_socket() {
            Some(socket) if !matches!(self.want, Want::Exact(0)) => self.look(cx, socket),
            _ => self.search(cx),
        };
        match result.transpose() {
            Some(result) => Poll::Ready(result),
            None => {
                // Its turn may have come only now: then the stream does not know it yet.
                if let Some(ticket) = self.ticket
                    && let Some(stream) = cx.vm.heap.object_unseen::<Stream>(self.stream)
                {
                    stream.wait_to_read(cx.rt.driver.as_mut(), ticket);
                }
                Poll::Pending
            }
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = Some(ticket);
        let Some(stream) = cx.vm.heap.object_unseen::<Stream>(self.stream) else { return };
        if stream.readers.enter(self.op, ticket) {
            stream.wait_to_read(cx.rt.driver.as_mut(), ticket);
        }
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, _: Ticket) {
        self.leave(cx);
    }

    fn finish(mut self: Box<Self>, cx: &mut Cx<'_>, _: Ticket) {
        if let Some(stream) = self.leave(cx)
            && !stream.closed
        {
            stream.spare = Some(self);
        }
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.stream);
        if let Want::Line(want) = &self.want {
            marker.value(want.at_end);
        }
    }

    fn describe(&self, vm: &Vm) -> String {
        let what = match &self.want {
            Want::Some(_) => "data".to_string(),
            Want::Exact(n) => format!("{n} bytes"),
            Want::Until(..) => "a separator".to_string(),
            Want::All | Want::Text => "the end".to_string(),
            Want::Line(_) => "a line".to_string(),
        };
        format!("{what} from {}", name_of(vm, self.stream))
    }
}

/// Bytes as text.
pub(in crate::natives) fn text(
    vm: &mut Vm,
    bytes: &[u8],
    lossy: bool,
    from: &str,
) -> Result<Value, Thrown> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(vm.heap.string(text)),
        Err(_) if lossy => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            Ok(vm.heap.string_owned(text))
        }
        Err(error) => {
            let offset = error.valid_up_to();
            let byte = bytes[offset];
            let text = format!("{from} is no UTF-8 text: byte 0x{byte:02x} at offset {offset}");
            let offset = Value::int(i64::try_from(offset).unwrap_or(i64::MAX));
            Err(vm.error_with(ErrorKind::ParseError, text, &[("offset", offset)]))
        }
    }
}
