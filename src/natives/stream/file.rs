//! Files as streams: what they have beside reading, and how they are written.
//!
//! Reading and writing share one position. What was read ahead stands in the buffer of the stream,
//! so an op that is about the position goes back by that much first. All ops on a file, reads among
//! them, go one after the other.

use std::io::{self, SeekFrom};
use std::sync::Arc;
use std::task::Poll;

use super::opened::{Done, LOST, Opened, Outcome};
use super::{
    Buffer, OpId, Stream, Transport, Unfinished, close_stream, closed_error, settled, stream_mut,
};
use crate::natives;
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::{DataValue, TextValue};
use crate::runtime::driver::{OpenFile, Ticket};
use crate::runtime::{Answer, Cx, Source, Wait};
use crate::vm::heap::Marker;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The methods that only streams of files have.
    pub const FILE;

    /// Goes to a place in a file and gives it, counted from the beginning: `offset` bytes `from` the
    /// "start", the "current" place or the "end". Beyond the end is allowed; what is left out when
    /// something is written there reads as zeros.
    host async method stream.seek(offset: int, from: str = "start") => seek;
    /// Where in a file the next byte is read or written.
    host async method stream.tell() => tell;
    /// Waits until all that was written to a file is on the disk, where a crash does not lose it.
    host async method stream.sync() => sync;
    /// Cuts a file to `size` bytes, without one to where it stands; a file that is smaller is
    /// filled up with zeros. The place stays.
    host async method stream.truncate(size: int?) => truncate;
}

/// An open file as a value, which the calling task owns.
pub(in crate::natives) fn new_file(
    cx: &mut Cx<'_>,
    file: Box<dyn OpenFile>,
    path: &str,
    may_read: bool,
    may_write: bool,
) -> Value {
    let opened = Opened::new(file, may_read, may_write);
    let mut stream = Stream::new(Transport::File(opened), path);
    stream.is_file = true;
    let stream = cx.vm.heap.object(Box::new(stream));
    cx.rt.own(cx.task, stream, close_stream);
    stream
}

fn seek(cx: &mut Cx<'_>, stream: Value, offset: i64, from: TextValue) -> Result<Answer, Thrown> {
    let to = match (from.get(&cx.vm.heap), u64::try_from(offset)) {
        ("start", Ok(offset)) => SeekFrom::Start(offset),
        ("current", _) => SeekFrom::Current(offset),
        ("end", _) => SeekFrom::End(offset),
        ("start", Err(_)) => {
            let text =
                format!("stream.seek: offset must not be negative from the start, not {offset}");
            return Err(cx.vm.error(ErrorKind::ValueError, text));
        }
        (other, _) => {
            let text = format!(
                "stream.seek: from must be \"start\", \"current\" or \"end\", not {other:?}"
            );
            return Err(cx.vm.error(ErrorKind::ValueError, text));
        }
    };
    begin(cx, stream, Task::Seek(to))
}

fn tell(cx: &mut Cx<'_>, stream: Value) -> Result<Answer, Thrown> {
    begin(cx, stream, Task::Seek(SeekFrom::Current(0)))
}

fn sync(cx: &mut Cx<'_>, stream: Value) -> Result<Answer, Thrown> {
    begin(cx, stream, Task::Sync)
}

fn truncate(cx: &mut Cx<'_>, stream: Value, size: Option<i64>) -> Result<Answer, Thrown> {
    let size = match size.map(u64::try_from).transpose() {
        Ok(size) => size,
        Err(_) => {
            let text = format!(
                "stream.truncate: size must not be negative, not {}",
                size.unwrap_or_default()
            );
            return Err(cx.vm.error(ErrorKind::ValueError, text));
        }
    };
    begin(cx, stream, Task::Truncate(size))
}

/// Writes to a file.
pub(super) fn write(cx: &mut Cx<'_>, stream: Value, data: DataValue) -> Result<Answer, Thrown> {
    let data = settled(cx.vm, data);
    let of = DataValue(data).get(&cx.vm.heap).len();
    begin(cx, stream, Task::Write { data, sent: 0, of })
}

fn begin(cx: &mut Cx<'_>, stream: Value, task: Task) -> Result<Answer, Thrown> {
    let target = stream_mut(cx.vm, stream)?;
    let (op, name) = (target.next_op(), target.name.clone());
    let op = FileOp { stream, op, task, name, ticket: None, is_begun: false };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

/// What a thread of the pool does with a file.
type Work = Box<dyn FnOnce(&mut dyn OpenFile) -> Outcome + Send>;

/// What is done to a file.
#[derive(Clone, Copy)]
enum Task {
    Write { data: Value, sent: usize, of: usize },
    Seek(SeekFrom),
    Sync,
    Truncate(Option<u64>),
}

/// How much one job writes: between two, a cancel can cut a write.
const WRITTEN_MAX: usize = 1024 * 1024;

struct FileOp {
    stream: Value,
    op: OpId,
    task: Task,
    name: Arc<str>,
    ticket: Option<Ticket>,
    /// A job of it is under way.
    is_begun: bool,
}

impl FileOp {
    /// One try. `None`: a job is under way, or has to wait for the registration.
    fn go_on(&mut self, cx: &mut Cx<'_>) -> Result<Option<Value>, Thrown> {
        let stream = stream_mut(cx.vm, self.stream)?;
        if let Err(error) = self.check(stream) {
            return Err(self.failed(cx.vm, &error));
        }
        let Transport::File(opened) = &mut stream.transport else { return Ok(None) };
        if let Some(done) = opened.take()
            && let Some(outcome) = stream.take_in(done, self.op)
        {
            self.is_begun = false;
            if let Some(value) = self.finish(cx, outcome)? {
                return Ok(Some(value));
            }
        }
        if let Some(ticket) = self.ticket {
            self.submit(cx, ticket)?;
        }
        Ok(None)
    }

    fn check(&self, stream: &Stream) -> io::Result<()> {
        let reason = match &stream.transport {
            Transport::File(file) if file.is_lost() => LOST,
            Transport::File(file) if file.may_write => return Ok(()),
            Transport::File(_) => match self.task {
                Task::Write { .. } | Task::Truncate(_) => "it was opened to be read",
                Task::Seek(_) | Task::Sync => return Ok(()),
            },
            _ => "it is no file",
        };
        Err(io::Error::new(io::ErrorKind::Unsupported, reason))
    }

    /// Begins the next job, once no other has the file.
    fn submit(&mut self, cx: &mut Cx<'_>, ticket: Ticket) -> Result<(), Thrown> {
        let stream = stream_mut(cx.vm, self.stream)?;
        let Transport::File(opened) = &mut stream.transport else { return Ok(()) };
        let driver = cx.rt.driver.as_mut();
        if opened.is_here() {
            if let Task::Write { .. } = self.task
                && let Some(broken) =
                    stream.unfinished.as_deref().filter(|other| other.op != self.op)
            {
                return Err(broken.error(cx.vm, &self.name));
            }
            let ahead = i64::try_from(stream.buffer.len()).unwrap_or(i64::MAX);
            stream.buffer = Buffer::default();
            stream.ended = false;
            let work: Work = match self.task {
                Task::Write { data, sent, of } => {
                    let end = of.min(sent + WRITTEN_MAX);
                    let piece = DataValue(data).get(&cx.vm.heap)[sent..end].to_vec();
                    Box::new(move |file| write_piece(file, ahead, &piece))
                }
                Task::Seek(to) => Box::new(move |file| outcome(seek_to(file, ahead, to))),
                Task::Sync => Box::new(move |file| outcome(to_disk(file, ahead))),
                Task::Truncate(size) => Box::new(move |file| outcome(set_size(file, ahead, size))),
            };
            let stream = stream_mut(cx.vm, self.stream)?;
            let Transport::File(opened) = &mut stream.transport else { return Ok(()) };
            opened.begin(driver, self.op, work);
            self.is_begun = true;
        }
        let stream = stream_mut(cx.vm, self.stream)?;
        if let Transport::File(opened) = &mut stream.transport {
            opened.wait(driver, ticket);
        }
        Ok(())
    }

    /// What comes of a job of this op. `None`: there is more to do.
    fn finish(&mut self, cx: &mut Cx<'_>, outcome: Outcome) -> Result<Option<Value>, Thrown> {
        let count = Value::int(i64::try_from(outcome.count).unwrap_or(i64::MAX));
        let stream = stream_mut(cx.vm, self.stream)?;
        if let Task::Write { sent, of, .. } = &mut self.task {
            *sent += usize::try_from(outcome.count).unwrap_or(usize::MAX).min(*of - *sent);
            let (sent, of) = (*sent, *of);
            let is_cut = outcome.result.is_err() && sent > 0;
            stream.unfinished = is_cut.then(|| Box::new(Unfinished { op: self.op, sent, of }));
            if outcome.result.is_ok() && sent < of {
                return Ok(None);
            }
        }
        if let Err(error) = outcome.result {
            return Err(self.failed(cx.vm, &error));
        }
        Ok(Some(match self.task {
            Task::Seek(to) => {
                if to != SeekFrom::Current(0) {
                    // From here on the program knows again where it writes.
                    stream.unfinished = None;
                }
                count
            }
            Task::Write { .. } | Task::Sync | Task::Truncate(_) => Value::null(),
        }))
    }

    #[cold]
    fn failed(&self, vm: &mut Vm, error: &io::Error) -> Thrown {
        let (op, doing) = match self.task {
            Task::Write { .. } => ("write", "write to"),
            Task::Seek(_) => ("seek", "seek in"),
            Task::Sync => ("sync", "sync"),
            Task::Truncate(_) => ("truncate", "truncate"),
        };
        let is_file = vm.heap.object_ref::<Stream>(self.stream).is_some_and(|s| s.is_file);
        let about = if is_file { Subject::Path(&self.name) } else { Subject::Named(&self.name) };
        io_error(vm, error, op, doing, about)
    }

    /// Gives the turn to the next op, and leaves word of a write that was cut.
    fn leave(&mut self, cx: &mut Cx<'_>) {
        let Some(ticket) = self.ticket.take() else { return };
        let Some(stream) = cx.vm.heap.object_mut::<Stream>(self.stream) else { return };
        if let Transport::File(opened) = &stream.transport {
            opened.unwait(ticket);
        }
        if self.is_begun
            && let Task::Write { sent, of, .. } = self.task
        {
            // The job goes on; what it writes is counted when it has ended.
            stream.unfinished = Some(Box::new(Unfinished { op: self.op, sent, of }));
        }
        if let Some(next) = stream.readers.leave(self.op) {
            cx.rt.driver.notify(next);
        }
    }
}

impl Stream {
    /// Takes in what a job on the file has done: the outcome of `op`, if it was one of its jobs.
    pub(super) fn take_in(&mut self, done: Done, op: OpId) -> Option<Outcome> {
        match done {
            Done::Op(of, outcome) if of == op => return Some(outcome),
            Done::Op(of, outcome) => {
                if let Some(unfinished) = self.unfinished.as_mut().filter(|cut| cut.op == of) {
                    unfinished.sent += usize::try_from(outcome.count).unwrap_or_default();
                    if unfinished.sent >= unfinished.of || unfinished.sent == 0 {
                        self.unfinished = None;
                    }
                }
            }
            // Who reads next meets the same error again.
            Done::Piece(piece) => {
                let piece = piece.unwrap_or_default();
                self.buffer.append(&piece);
            }
        }
        None
    }
}

impl Source for FileOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let Some(stream) = cx.vm.heap.object_mut::<Stream>(self.stream) else {
            return Poll::Ready(Ok(Value::null()));
        };
        if stream.closed {
            return Poll::Ready(Err(closed_error(cx.vm, self.stream)));
        }
        if !stream.readers.is_turn_of(self.op) {
            return Poll::Pending;
        }
        match self.go_on(cx) {
            Ok(Some(value)) => Poll::Ready(Ok(value)),
            Ok(None) => Poll::Pending,
            Err(thrown) => Poll::Ready(Err(thrown)),
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = Some(ticket);
        let Some(stream) = cx.vm.heap.object_mut::<Stream>(self.stream) else { return };
        stream.readers.enter(self.op, ticket);
        if stream.readers.is_turn_of(self.op) {
            // Its first job begins in the attempt that this brings.
            cx.rt.driver.notify(ticket);
        }
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, _: Ticket) {
        self.leave(cx);
    }

    /// A write may be cut; the other changes have happened when they have begun.
    fn holds_cancel(&self) -> bool {
        let changes = match self.task {
            Task::Seek(to) => to != SeekFrom::Current(0),
            Task::Truncate(_) => true,
            Task::Write { .. } | Task::Sync => false,
        };
        self.is_begun && changes
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.stream);
        if let Task::Write { data, .. } = self.task {
            marker.value(data);
        }
    }

    fn describe(&self, _: &Vm) -> String {
        let what = match self.task {
            Task::Write { .. } => "a write to",
            Task::Seek(_) => "a place in",
            Task::Sync => "the disk to have",
            Task::Truncate(_) => "a new size of",
        };
        format!("{what} {}", self.name)
    }
}

fn outcome(result: io::Result<u64>) -> Outcome {
    match result {
        Ok(count) => Outcome { count, result: Ok(()) },
        Err(error) => Outcome { count: 0, result: Err(error) },
    }
}

/// Goes back by what was read ahead, to where the program believes the file to stand. Pipes have no
/// place to go back to, and of what is only written nothing is read ahead.
fn back(file: &mut dyn OpenFile, ahead: i64) -> io::Result<()> {
    if ahead > 0 { file.seek(SeekFrom::Current(-ahead)).map(drop) } else { Ok(()) }
}

fn seek_to(file: &mut dyn OpenFile, ahead: i64, to: SeekFrom) -> io::Result<u64> {
    back(file, ahead)?;
    file.seek(to)
}

fn set_size(file: &mut dyn OpenFile, ahead: i64, size: Option<u64>) -> io::Result<u64> {
    back(file, ahead)?;
    let size = size.map_or_else(|| file.stream_position(), Ok)?;
    file.set_size(size)?;
    Ok(size)
}

fn to_disk(file: &mut dyn OpenFile, ahead: i64) -> io::Result<u64> {
    back(file, ahead)?;
    file.sync()?;
    Ok(0)
}

/// Writes a piece, as far as it goes.
fn write_piece(file: &mut dyn OpenFile, ahead: i64, piece: &[u8]) -> Outcome {
    if let Err(error) = back(file, ahead) {
        return outcome(Err(error));
    }
    let mut sent = 0;
    let mut result = Ok(());
    while sent < piece.len() && result.is_ok() {
        match file.write(&piece[sent..]) {
            Ok(0) => result = Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => sent += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => result = Err(error),
        }
    }
    Outcome { count: u64::try_from(sent).unwrap_or(u64::MAX), result }
}
