//! What natives see of the loop: their context, their answers, and what a task can wait for.
//!
//! A native that needs the loop is a [`LoopFn`]. It checks its arguments and answers with a value
//! or with a [`Wait`]; it never blocks and never runs script code. A native that waits must do
//! nothing that can be seen before its wait is attempted, because in a `select` only one arm may
//! happen. What the loop does not know itself (sockets, files, jobs, host futures) is a [`Source`].

use std::sync::Arc;
use std::task::Poll;

use super::driver::Ticket;
use super::event_loop::Loop;
use super::task::TaskId;
use crate::vm::heap::Marker;
use crate::vm::{Args, NativeBody, NativeId, Thrown, Value, Vm};

/// What a native of the loop works with.
pub struct Cx<'a> {
    /// The VM: heap, errors, arguments.
    pub vm: &'a mut Vm,
    /// The loop: driver, tasks, timers.
    pub rt: &'a mut Loop,
    /// The task that called.
    pub task: TaskId,
    /// What the native begins is awaited at once and alone, as by `await`: it may be done before the
    /// native answers. In a `select` it may not, since another arm may happen instead.
    pub at_once: bool,
}

/// A native that needs the loop.
pub type LoopFn = fn(&mut Cx<'_>, Args) -> Result<Answer, Thrown>;

/// The same with state of its own: a function of the host.
pub type LoopClosure = Arc<dyn Fn(&mut Cx<'_>, Args) -> Result<Answer, Thrown> + Send + Sync>;

/// How a native of the loop answers.
pub enum Answer {
    /// With its result.
    Value(Value),
    /// Later.
    Wait(Wait),
    /// Later: by a wait that was just attempted and is pending.
    Park(Wait),
    /// Later: by a source that was just attempted and is pending.
    Pending(Box<dyn Source>),
    /// With what a function of the core module gives, which may wait.
    Core(&'static str, Vec<Value>),
    /// Never: its caller unwinds with this cut, which has ended what it called.
    Cut(Value),
    /// Never: its caller unwinds to the end of the program (`exit`).
    Unwind,
}

/// What a task can wait for. This list is closed; everything else is a [`Source`].
pub enum Wait {
    /// A time to pass.
    Sleep(std::time::Duration),
    /// The end of a task; the value is its handle.
    Join(Value),
    /// The end of a task that was asked to stop: like `Join`, but being cancelled is no error.
    Stop(Value),
    /// A value from a channel, or what there is at its end.
    Receive(Value, AtEnd),
    /// Room in a channel (first) for a value (second).
    Send(Value, Value),
    /// A promise to be kept.
    Promise(Value),
    /// A mutex to be free.
    Lock(Value),
    /// The other ready tasks to run first.
    Yield,
    /// Something the loop does not know.
    Source(Box<dyn Source>),
}

/// What receiving gives when a channel is closed and empty. One word and a tag: it stands in every op.
#[derive(Clone, Copy, Debug)]
pub struct AtEnd(Value);

impl AtEnd {
    /// ClosedError: `recv()`.
    pub const CLOSED: AtEnd = AtEnd(Value::unset());
    /// StopIteration: `next()`.
    pub const STOP: AtEnd = AtEnd(Value::tail_call());

    /// A value of the script: `next(default)`.
    pub fn value(value: Value) -> AtEnd {
        AtEnd(value)
    }

    /// The value, if it is one.
    pub(super) fn as_value(self) -> Option<Value> {
        let is_mark = self.0.is_unset() || self.0.is_tail_call();
        (!is_mark).then_some(self.0)
    }

    /// Whether it is StopIteration.
    pub(super) fn is_stop(self) -> bool {
        self.0.is_tail_call()
    }
}

/// Something outside the loop that a task can wait for.
///
/// The loop calls `attempt` first and `register` only if that was pending. A report of the ticket
/// ([`Driver::wait`](super::driver::Driver::wait) and its like) makes it call `attempt` again while
/// it stays registered. When the op ends, however it ends, `unregister` or `finish` is called once.
pub trait Source: Send {
    /// Goes on as far as it can without waiting. Nothing may have happened if it stays pending,
    /// except what the source's own object keeps for the next attempt.
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>>;

    /// Makes something report the ticket when another attempt is worth it.
    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket);

    /// Takes `register` back.
    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket);

    /// Marks the values it holds.
    fn trace(&self, _marker: &mut Marker) {}

    /// What it waits for, for reports: "data from 127.0.0.1:80".
    fn describe(&self, vm: &Vm) -> String;

    /// Its op has ended with a result, so nobody needs it any more: takes `register` back. A source that is
    /// made again and again can keep its memory for the next one.
    fn finish(mut self: Box<Self>, cx: &mut Cx<'_>, ticket: Ticket) {
        self.unregister(cx, ticket);
    }

    /// It has begun what cannot be taken back: a cancel waits for its result.
    fn holds_cancel(&self) -> bool {
        false
    }

    /// Its report can come from the host, which the driver cannot know of.
    fn is_external(&self) -> bool {
        false
    }
}

/// The natives of the loop.
#[derive(Default)]
pub struct LoopTable {
    /// By the number that the VM has given them. One of the library comes here at its first call.
    entries: Vec<Option<Entry>>,
    /// Those of the library by its own numbers.
    library: Option<LibraryFn>,
}

/// Finds a native of a library by the number that it has there.
pub type LibraryFn = fn(u32) -> Option<(LoopFn, Option<ShortOp>)>;

/// What is done instead of calling a native in the usual case: by the VM or by the loop itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortOp {
    /// The other ready tasks run first.
    Yield,
    /// A value is sent to a channel.
    Send,
    /// A value is received from a channel, or ClosedError.
    Receive,
    /// A value is received from a channel or by a cursor of one; at the end it is what is given, if that is
    /// one value.
    Next,
    /// It is called as it is, but where the fiber stands, with nothing saved: it neither runs code of the
    /// script nor looks at where that stands.
    InPlace,
}

enum Entry {
    Function(LoopFn),
    Short(LoopFn, ShortOp),
    Closure(LoopClosure),
}

impl LoopTable {
    /// A table without natives.
    pub fn new() -> LoopTable {
        LoopTable::default()
    }

    /// A table of the natives of a library, which it finds by the numbers that they have there.
    pub fn of_library(library: LibraryFn) -> LoopTable {
        LoopTable { entries: Vec::new(), library: Some(library) }
    }

    /// What carries out a native that is called for the first time.
    #[cold]
    fn find(&mut self, vm: &mut Vm, native: NativeId) -> Option<LoopFn> {
        let NativeBody::Loop(number) = vm.native(native).body else { return None };
        let (function, short) = self.library?(number)?;
        let entry = match short {
            None => Entry::Function(function),
            Some(op) => Entry::Short(function, op),
        };
        match short {
            None => {}
            Some(ShortOp::Yield) => vm.give_way_by(native),
            Some(_) => vm.halt_at(native),
        }
        self.put(native, entry);
        Some(function)
    }

    /// What the loop does itself for a native, once that has been called; also gives the native.
    #[inline]
    pub(super) fn short(&self, native: NativeId) -> Option<(ShortOp, LoopFn)> {
        match self.entries.get(native.0 as usize) {
            Some(Some(Entry::Short(function, op))) => Some((*op, *function)),
            _ => None,
        }
    }

    /// Says that a function of the host carries `native` out.
    pub fn set_closure(&mut self, native: NativeId, closure: LoopClosure) {
        self.put(native, Entry::Closure(closure));
    }

    fn put(&mut self, native: NativeId, entry: Entry) {
        let index = native.0 as usize;
        if index >= self.entries.len() {
            self.entries.resize_with(index + 1, || None);
        }
        self.entries[index] = Some(entry);
    }
}

impl Cx<'_> {
    /// Answers with what comes of a source. Where it may be carried out at once and has nothing to
    /// wait for, that is its result, and the loop never hears of it.
    pub fn begin(&mut self, mut source: impl Source + 'static) -> Result<Answer, Thrown> {
        if !self.at_once {
            return Ok(Answer::Wait(Wait::Source(Box::new(source))));
        }
        match source.attempt(self) {
            Poll::Ready(result) => result.map(Answer::Value),
            Poll::Pending => Ok(Answer::Pending(Box::new(source))),
        }
    }

    /// Calls a native of the loop.
    #[inline]
    pub(super) fn call(&mut self, native: NativeId, args: Args) -> Result<Answer, Thrown> {
        match self.rt.natives.entries.get(native.0 as usize) {
            Some(Some(Entry::Function(function) | Entry::Short(function, _))) => {
                function(self, args)
            }
            _ => self.call_other(native, args),
        }
    }

    /// The same for what was not called before, and for functions of the host.
    #[inline(never)]
    fn call_other(&mut self, native: NativeId, args: Args) -> Result<Answer, Thrown> {
        if let Some(Some(Entry::Closure(closure))) = self.rt.natives.entries.get(native.0 as usize)
        {
            return closure.clone()(self, args);
        }
        match self.rt.natives.find(self.vm, native) {
            Some(function) => function(self, args),
            None => Err(self.vm.error(
                crate::vm::ErrorKind::TypeError,
                "this function needs an event loop that knows it; it was not registered with this one",
            )),
        }
    }
}
