//! Byte streams: what TCP connections and standard input and output have in common.
//!
//! A [`Stream`] owns one buffer, so an op that is cut loses nothing: what it has read stays for the
//! next one. Reads go one after the other, and so do writes; whoever comes first is served first.
//! A write that was cut after some of its bytes went out leaves the stream broken, and says so.
//!
//! - `address`: what `peer` and `local` are;
//! - `buffer queue`: the parts of a stream; `crowd`: the connections of a listener together;
//! - `read want write`: the ops, as sources of the loop, and what a read looks for;
//! - `lines`: the source of lines;
//! - `pieces`: what is read on a thread, a piece at a time;
//! - `opened file`: a file that is read and written, and its ops.
//!
//! Where the bytes come from and go to is a [`Transport`]; only this module knows its kinds.

pub(in crate::natives) mod address;
mod buffer;
pub(in crate::natives) mod crowd;
mod file;
mod gather;
mod lines;
mod opened;
mod pieces;
pub(in crate::natives) mod queue;
mod read;
mod want;
mod write;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use address::address_value;
use buffer::Buffer;
use crowd::Member;
use opened::{Done, Opened};
use pieces::Pieces;
use queue::{OpId, Queue};

use super::argument::bad_value;
use super::io_error::Subject;
use super::kind::DataValue;
use super::world::Input;
use crate::natives;
use crate::runtime::driver::{
    Address, Direction, Driver, FileSystem, READ_MAX, SocketId, SocketOption, Ticket,
};
use crate::runtime::output::Target;
use crate::runtime::{Answer, Cx, Loop};
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

pub use address::ADDRESS;
pub use file::FILE;
pub(in crate::natives) use file::new_file;
pub use lines::{LINES, file_lines};
pub(in crate::natives) use lines::{close_lines, is_lines, lines, next as next_line};
pub(in crate::natives) use read::text;
pub(in crate::natives) use write::bytes_of;

/// The ops under the names that tests call them by.
#[cfg(all(test, feature = "driver"))]
pub(in crate::natives) mod ops {
    pub(in crate::natives) use super::close;
    pub(in crate::natives) use super::lines::{lines, next as next_line};
    pub(in crate::natives) use super::read::{read, read_exact, read_text, read_until};
    pub(in crate::natives) use super::write::{shutdown, write};
}
pub use read::ReadOp;
pub use want::{LineWant, Want};

natives! {
    /// The methods of streams.
    pub const STREAM;

    /// Waits until something is there and gives it as bytes, at most `max` of them; null at the
    /// end of the stream.
    host async method stream.read(max: int = 65536) => read::read;
    /// Gives exactly `n` bytes. Null if the stream ends before the first of them, `IoError`
    /// `unexpected_eof` with the bytes so far in `data` if it ends in between.
    host async method stream.read_exact(n: int) => read::read_exact;
    /// Gives everything up to and including `separator`. Null if the stream ends before the first
    /// byte, `IoError` `unexpected_eof` if it ends before the separator, `too_long` if that does
    /// not come within `max` bytes.
    host async method stream.read_until(separator: data, named max: int = 1048576) => read::read_until;
    /// Gives everything up to the end as bytes.
    host async method stream.read_all() => read::read_all;
    /// Gives everything up to the end as text, which has to be UTF-8.
    host async method stream.read_text() => read::read_text;
    /// The lines from here on, without their ends: a source for `for await`. A line may have `max`
    /// bytes. What is no UTF-8 is a ParseError, or is replaced if `lossy` is true.
    host method stream.lines(named max: int = 1048576, named lossy: bool = false) => lines::lines;
    /// Writes all of a str or bytes, or of a list of them, one behind the other: a head and a body need
    /// not be joined to go out together. Waits while the other side does not keep up. If it is cut
    /// after a part has gone out, later writes throw BrokenError.
    host async method stream.write(data: pieces) => write::write;
    /// Says that nothing more will be written. Reading goes on.
    host async method stream.shutdown() => write::shutdown;
    /// Closes the stream at once. Ops that wait for it throw ClosedError. Closing again does nothing.
    host loop method stream.close() => close;
    /// The address of the other end, with `host` and `port`, or with `path`.
    host get stream.peer() => peer;
    /// The address of this end, with `host` and `port`, or with `path`.
    host get stream.local() => local;
    /// Whether small writes go out at once (they do unless this is switched off).
    host loop method stream.set_nodelay(on: bool = true) => set_nodelay;
    /// After a silence of `idle` the other side is asked whether it is still there, and as often again
    /// five times; if it never answers the connection is broken. Null: it is not asked.
    host loop method stream.keepalive(idle: duration?) => keepalive;
    /// Closes a connection and breaks it off: the other side gets an error (a reset) instead of an
    /// orderly end. What has not been sent is lost.
    host loop method stream.abort() => abort;

    /// For `net.send_file`: `sent` of `of` bytes have gone out, and later writes throw BrokenError.
    fn core.spoil_stream(stream: any, sent: int, of: int) => spoil;
}

/// A stream of bytes.
pub struct Stream {
    transport: Transport,
    /// As messages call it: "127.0.0.1:80", "standard input".
    name: Arc<str>,
    /// Its name is a path.
    is_file: bool,
    buffer: Buffer,
    /// The end has been read; it may not have been handed out yet.
    ended: bool,
    closed: bool,
    readers: Queue,
    writers: Queue,
    /// The write that has sent a part and has not finished. Few streams ever have one.
    unfinished: Option<Box<Unfinished>>,
    ops: u64,
    peer: Option<Address>,
    local: Option<Address>,
    /// Its place among the connections of its listener.
    member: Option<Member>,
    /// The last read that had to wait, for the memory of the next one.
    spare: Option<Box<ReadOp>>,
}

/// Where bytes come from and go to.
enum Transport {
    /// A TCP connection.
    Socket(SocketId),
    /// Something that is read piece by piece on a thread: standard input, a file.
    Pieces(Pieces),
    /// A file that was opened.
    File(Opened),
    /// Standard output or error.
    Output(Target),
}

/// How far a write has come that nobody may follow before it is done.
#[derive(Clone, Copy, Debug)]
struct Unfinished {
    op: OpId,
    sent: usize,
    of: usize,
}

/// The number of no op: the first is 1.
const NO_OP: OpId = OpId(0);

/// What an attempt to get more bytes brought.
enum Filled {
    Some,
    End,
    Pending,
}

impl Stream {
    /// Standard input, or bytes that stand for it.
    pub fn input(source: &Input) -> Stream {
        let pieces = match source {
            Input::Reader(reader) => Pieces::reader(reader.clone()),
            Input::Process | Input::Bytes(_) => Pieces::input(),
        };
        let mut stream = Stream::new(Transport::Pieces(pieces), "standard input");
        if let Input::Bytes(bytes) = source {
            stream.buffer.append(bytes);
            stream.ended = true;
        }
        stream
    }

    /// A file, which is opened by the first read.
    pub fn file(files: Arc<dyn FileSystem>, path: &str) -> Stream {
        let mut stream = Stream::new(Transport::Pieces(Pieces::file(files, path)), path);
        stream.is_file = true;
        stream
    }

    /// Standard output or error.
    pub fn output(target: Target) -> Stream {
        let name = match target {
            Target::Out => "standard output",
            Target::Err => "standard error",
        };
        Stream::new(Transport::Output(target), name)
    }

    fn new(transport: Transport, name: &str) -> Stream {
        Stream {
            transport,
            name: Arc::from(name),
            is_file: false,
            buffer: Buffer::default(),
            ended: false,
            closed: false,
            readers: Queue::default(),
            writers: Queue::default(),
            unfinished: None,
            ops: 0,
            peer: None,
            local: None,
            member: None,
            spare: None,
        }
    }

    /// As messages call it.
    pub fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    /// A number for a new op.
    #[inline]
    fn next_op(&mut self) -> OpId {
        let may_grow = match &self.transport {
            Transport::File(_) => true,
            Transport::Pieces(pieces) => pieces.goes_on,
            _ => false,
        };
        self.ended &= !may_grow;
        self.ops += 1;
        OpId(self.ops)
    }

    /// Whether a new write may begin at once, and is not refused.
    #[inline]
    fn may_be_written(&self) -> bool {
        !self.closed && self.writers.is_empty() && self.unfinished.is_none()
    }

    /// Its socket, if nothing of what came from there is left and more may come.
    #[inline]
    fn untouched_socket(&self) -> Option<SocketId> {
        match self.transport {
            Transport::Socket(id) if self.buffer.is_empty() && !self.ended => Some(id),
            _ => None,
        }
    }

    /// Puts more bytes into the buffer, if there are some.
    fn fill(&mut self, driver: &mut dyn Driver) -> io::Result<Filled> {
        let count = match &mut self.transport {
            Transport::Socket(id) => match driver.read(*id, READ_MAX) {
                Ok(bytes) => {
                    self.buffer.append(bytes);
                    bytes.len()
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Filled::Pending);
                }
                Err(error) => return Err(error),
            },
            Transport::Pieces(pieces) => {
                let Some(result) = pieces.take() else { return Ok(Filled::Pending) };
                let bytes = result?;
                self.buffer.append(&bytes);
                bytes.len()
            }
            Transport::File(file) if !file.may_read => {
                let reason = "it was opened to be written";
                return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
            }
            Transport::File(file) if file.is_lost() => {
                return Err(io::Error::new(io::ErrorKind::Unsupported, opened::LOST));
            }
            Transport::File(file) => match file.take() {
                None => return Ok(Filled::Pending),
                Some(Done::Piece(piece)) => {
                    let bytes = piece?;
                    self.buffer.append(&bytes);
                    bytes.len()
                }
                Some(done) => {
                    self.take_in(done, NO_OP);
                    return Ok(Filled::Pending);
                }
            },
            Transport::Output(_) => {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "it is only written to"));
            }
        };
        self.ended = count == 0;
        Ok(if self.ended { Filled::End } else { Filled::Some })
    }

    /// Makes the driver report the first reader when there is more.
    #[inline(always)]
    fn wait_to_read(&mut self, driver: &mut dyn Driver, ticket: Ticket) {
        match self.transport {
            Transport::Socket(id) => driver.wait(id, Direction::Read, ticket),
            _ => self.wait_for_piece(driver, ticket),
        }
    }

    #[inline(never)]
    fn wait_for_piece(&mut self, driver: &mut dyn Driver, ticket: Ticket) {
        match &mut self.transport {
            Transport::Pieces(pieces) => pieces.wait(driver, ticket),
            Transport::File(file) => file.wait_for_piece(driver, ticket),
            Transport::Socket(_) | Transport::Output(_) => {}
        }
    }

    #[inline(always)]
    fn unwait_to_read(&mut self, driver: &mut dyn Driver, ticket: Ticket) {
        match &mut self.transport {
            Transport::Socket(id) => driver.unwait(*id, Direction::Read, ticket),
            Transport::Pieces(pieces) => pieces.unwait(ticket),
            Transport::File(file) => file.unwait(ticket),
            Transport::Output(_) => {}
        }
    }

    /// Closes it and reports all who wait for it.
    fn close(&mut self, driver: &mut dyn Driver) {
        if self.closed {
            return;
        }
        self.closed = true;
        self.spare = None;
        self.buffer = Buffer::default();
        if let Some(member) = self.member.take() {
            member.leave(driver);
        }
        match &mut self.transport {
            Transport::Socket(id) => driver.close(*id),
            Transport::Pieces(pieces) => pieces.close(),
            Transport::File(file) => file.close(),
            Transport::Output(_) => {}
        }
        for ticket in self.readers.take_all().chain(self.writers.take_all()) {
            driver.notify(ticket);
        }
    }
}

impl HostObject for Stream {
    fn type_name(&self) -> &'static str {
        "stream"
    }

    fn display(&self) -> String {
        format!("<stream {}{}>", self.name, if self.closed { ", closed" } else { "" })
    }

    fn external_bytes(&self) -> usize {
        self.buffer.capacity() + self.name.len()
    }
}

/// The stream behind a value: methods can be called on anything once they are values themselves.
fn stream_mut(vm: &mut Vm, value: Value) -> Result<&mut Stream, Thrown> {
    if vm.heap.object_ref::<Stream>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a method of streams"));
    }
    Ok(vm.heap.object_mut::<Stream>(value).expect("its type was looked at"))
}

/// A number for a new op on the stream behind a value.
#[inline]
fn begin_op(vm: &mut Vm, stream: Value) -> Result<OpId, Thrown> {
    match vm.heap.object_unseen::<Stream>(stream) {
        Some(stream) => Ok(stream.next_op()),
        None => stream_mut(vm, stream).map(Stream::next_op),
    }
}

/// What a stream is called in messages.
fn name_of(vm: &Vm, stream: Value) -> Arc<str> {
    vm.heap.object_ref::<Stream>(stream).map(Stream::name).unwrap_or_default()
}

/// What messages about a stream are about.
fn subject(is_file: bool, name: &str) -> Subject<'_> {
    if is_file { Subject::Path(name) } else { Subject::Address(name) }
}

/// The error of an op on a stream that was closed.
#[cold]
fn closed_error(vm: &mut Vm, stream: Value) -> Thrown {
    let name = name_of(vm, stream);
    vm.error(ErrorKind::ClosedError, format!("the stream {name} was closed"))
}

pub(in crate::natives) fn close(cx: &mut Cx<'_>, stream: Value) -> Result<Answer, Thrown> {
    stream_mut(cx.vm, stream)?;
    close_stream(cx.vm, cx.rt, stream);
    Ok(Answer::Value(Value::null()))
}

/// Closes a stream; nothing if it is closed.
pub fn close_stream(vm: &mut Vm, rt: &mut Loop, stream: Value) {
    if let Some(stream) = vm.heap.object_mut::<Stream>(stream) {
        stream.close(rt.driver.as_mut());
    }
    rt.disown_resource(stream);
}

/// One end of a pipe as a value; whoever made it closes it.
pub fn new_pipe(vm: &mut Vm, pipe: SocketId, name: &str) -> Value {
    let stream = Stream::new(Transport::Socket(pipe), name);
    vm.heap.object(Box::new(stream))
}

/// A connection as a value, which the calling task owns. `member` is its place among those of its
/// listener.
pub(in crate::natives) fn new_connection(
    cx: &mut Cx<'_>,
    socket: SocketId,
    peer: &Address,
    name: &str,
    member: Option<Member>,
) -> Value {
    let mut stream = Stream::new(Transport::Socket(socket), name);
    stream.peer = Some(peer.clone());
    stream.local = cx.rt.driver.local(socket).ok();
    stream.member = member;
    let stream = cx.vm.heap.object(Box::new(stream));
    cx.rt.own(cx.task, stream, close_stream);
    stream
}

fn set_nodelay(cx: &mut Cx<'_>, stream: Value, on: bool) -> Result<Answer, Thrown> {
    set_option(cx, stream, SocketOption::NoDelay(on))
}

fn keepalive(cx: &mut Cx<'_>, stream: Value, idle: Option<i64>) -> Result<Answer, Thrown> {
    let idle = match idle.map(u64::try_from) {
        None => None,
        Some(Ok(nanos)) if nanos > 0 => Some(Duration::from_nanos(nanos)),
        Some(_) => {
            let idle = Value::duration(idle.unwrap_or_default());
            return Err(bad_value(cx.vm, "stream.keepalive", "idle must be above 0s", idle));
        }
    };
    set_option(cx, stream, SocketOption::KeepAlive(idle))
}

fn set_option(cx: &mut Cx<'_>, stream: Value, option: SocketOption) -> Result<Answer, Thrown> {
    if let Transport::Socket(id) = stream_mut(cx.vm, stream)?.transport {
        // A connection that the other side has broken off may refuse, and so does one that knows no
        // such option; reads and writes will tell.
        let _ = cx.rt.driver.set_option(id, option);
    }
    Ok(Answer::Value(Value::null()))
}

/// Closes a connection so that the other side does not take it for an orderly end.
fn abort(cx: &mut Cx<'_>, stream: Value) -> Result<Answer, Thrown> {
    let open = stream_mut(cx.vm, stream)?;
    if let (Transport::Socket(id), false) = (&open.transport, open.closed) {
        cx.rt.driver.abort(*id);
    }
    close(cx, stream)
}

/// What follows on a stream would be misread: a part of something has gone out.
fn spoil(vm: &mut Vm, stream: Value, sent: i64, of: i64) -> Result<Value, Thrown> {
    let stream = stream_mut(vm, stream)?;
    let count = |n: i64| usize::try_from(n).unwrap_or_default();
    stream.unfinished.get_or_insert_with(|| {
        Box::new(Unfinished { op: NO_OP, sent: count(sent), of: count(of) })
    });
    Ok(Value::null())
}

fn peer(vm: &mut Vm, stream: Value) -> Result<Value, Thrown> {
    let address = stream_mut(vm, stream)?.peer.clone();
    Ok(address_value(vm, address.as_ref()))
}

fn local(vm: &mut Vm, stream: Value) -> Result<Value, Thrown> {
    let address = stream_mut(vm, stream)?.local.clone();
    Ok(address_value(vm, address.as_ref()))
}

/// Text and bytes as they are; a buffer as it is now, since it may change before it is written.
pub(in crate::natives) fn settled(vm: &mut Vm, data: DataValue) -> Value {
    if vm.heap.buffer_ref(data.0).is_none() {
        return data.0;
    }
    let copy = data.get(&vm.heap).to_vec();
    vm.heap.bytes(&copy)
}
