//! `fs.walk`: everything below a directory, one entry at a time.
//!
//! A directory is read on the pool when its entries are wanted, so a walk that is left early has not
//! looked at the rest. Waiting readers go one after the other.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::task::Poll;

use super::folder::{kind, readable};
use super::op::Deed;
use crate::natives;
use crate::natives::argument::Rest;
use crate::natives::kind::TextValue;
use crate::natives::record::record;
use crate::natives::stream::queue::{OpId, Queue};
use crate::runtime::driver::{Job, Lane, Ticket, submit};
use crate::runtime::{Answer, Cx, Source, Wait};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The methods of `fs.walk()`.
    pub const WALK;

    /// Itself.
    host method walk.iter() => |_: &mut Vm, walk: Value| Ok(walk);
    /// The next entry: a map of `path`, `name`, `kind` and `depth` (0 for what is directly in the
    /// directory). At the end `default`, or StopIteration without one.
    host async method walk.next(default: any...) => next;
    /// Ends the walk.
    host method walk.close() => close;
}

/// A walk that is under way.
struct Walk {
    /// A directory whose entries come next, and how deep they are.
    unread: Option<(PathBuf, i64)>,
    job: Option<Job<io::Result<Vec<Entry>>>>,
    /// The directories that are open: what is left of each, the innermost last.
    open: Vec<std::vec::IntoIter<Entry>>,
    queue: Queue,
    ops: u64,
}

struct Entry {
    path: PathBuf,
    name: String,
    kind: &'static str,
    depth: i64,
}

impl HostObject for Walk {
    fn type_name(&self) -> &'static str {
        "walk"
    }
}

pub(super) fn walk(vm: &mut Vm, path: TextValue) -> Result<Value, Thrown> {
    let unread = Some((PathBuf::from(path.get(&vm.heap)), 0));
    let walk = Walk { unread, job: None, open: Vec::new(), queue: Queue::default(), ops: 0 };
    Ok(vm.heap.object(Box::new(walk)))
}

fn walk_mut(vm: &mut Vm, value: Value) -> Result<&mut Walk, Thrown> {
    if vm.heap.object_ref::<Walk>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a method of walks"));
    }
    Ok(vm.heap.object_mut::<Walk>(value).expect("its type was looked at"))
}

fn close(vm: &mut Vm, walk: Value) -> Result<Value, Thrown> {
    let walk = walk_mut(vm, walk)?;
    // Who waits for the job gets its report, and finds that nothing is left.
    walk.unread = None;
    walk.open.clear();
    Ok(Value::null())
}

fn next(cx: &mut Cx<'_>, value: Value, default: Rest) -> Result<Answer, Thrown> {
    let at_end = default.first(cx.vm).unwrap_or(Value::unset());
    let walk = walk_mut(cx.vm, value)?;
    walk.ops += 1;
    let op = NextOp { walk: value, op: OpId(walk.ops), at_end, ticket: None };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

struct NextOp {
    walk: Value,
    op: OpId,
    /// What there is at the end; unset for StopIteration.
    at_end: Value,
    ticket: Option<Ticket>,
}

impl NextOp {
    /// One try. `None`: a directory has to be read first.
    fn go_on(&mut self, vm: &mut Vm) -> Result<Option<Value>, Thrown> {
        let walk = walk_mut(vm, self.walk)?;
        if let Some(result) = walk.job.as_ref().and_then(Job::take) {
            walk.job = None;
            let unread = walk.unread.take();
            match (result.map_err(io::Error::other).flatten(), unread) {
                (Ok(entries), Some(_)) => walk.open.push(entries.into_iter()),
                (Err(error), Some((path, _))) => {
                    let deed = Deed::look("walk", "list", &readable(&path));
                    return Err(deed.failed(vm, &error));
                }
                // Closed meanwhile.
                (_, None) => {}
            }
        }
        let walk = walk_mut(vm, self.walk)?;
        if walk.unread.is_some() {
            return Ok(None);
        }
        while let Some(entries) = walk.open.last_mut() {
            let Some(entry) = entries.next() else {
                walk.open.pop();
                continue;
            };
            if entry.kind == "dir" {
                walk.unread = Some((entry.path.clone(), entry.depth + 1));
            }
            return Ok(Some(entry_value(vm, &entry)));
        }
        if self.at_end.is_unset() {
            return Err(vm.error(ErrorKind::StopIteration, "the walk has ended"));
        }
        Ok(Some(self.at_end))
    }

    /// Reads the directory that comes next, if nobody does yet.
    fn wait(&self, cx: &mut Cx<'_>, ticket: Ticket) {
        let Some(walk) = cx.vm.heap.object_mut::<Walk>(self.walk) else { return };
        let driver = cx.rt.driver.as_mut();
        if walk.job.is_none()
            && let Some((path, depth)) = walk.unread.clone()
        {
            walk.job = Some(submit(driver, Lane::Fs, move || entries(path, depth)));
        }
        match &walk.job {
            Some(job) if job.is_running() => job.wait(ticket),
            _ => driver.notify(ticket),
        }
    }
}

impl Source for NextOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let is_turn = |walk: &Walk| walk.queue.is_turn_of(self.op);
        if !cx.vm.heap.object_ref::<Walk>(self.walk).is_some_and(is_turn) {
            return Poll::Pending;
        }
        match self.go_on(cx.vm) {
            Ok(Some(value)) => Poll::Ready(Ok(value)),
            Err(thrown) => Poll::Ready(Err(thrown)),
            Ok(None) => {
                if let Some(ticket) = self.ticket {
                    self.wait(cx, ticket);
                }
                Poll::Pending
            }
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = Some(ticket);
        let Some(walk) = cx.vm.heap.object_mut::<Walk>(self.walk) else { return };
        walk.queue.enter(self.op, ticket);
        if walk.queue.is_turn_of(self.op) {
            self.wait(cx, ticket);
        }
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = None;
        let Some(walk) = cx.vm.heap.object_mut::<Walk>(self.walk) else { return };
        if let Some(job) = &walk.job {
            job.unwait(ticket);
        }
        if let Some(next) = walk.queue.leave(self.op) {
            cx.rt.driver.notify(next);
        }
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.walk);
        marker.value(self.at_end);
    }

    fn describe(&self) -> String {
        "the next entry of fs.walk".to_string()
    }
}

fn entry_value(vm: &mut Vm, entry: &Entry) -> Value {
    let path = vm.heap.string(&readable(&entry.path));
    let name = vm.heap.string(&entry.name);
    let kind = vm.heap.intern(entry.kind);
    let depth = Value::int(entry.depth);
    record(&mut vm.heap, &[("path", path), ("name", name), ("kind", kind), ("depth", depth)])
}

/// The entries of a directory, sorted by name.
fn entries(path: PathBuf, depth: i64) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        entries.push(Entry {
            path: entry.path(),
            name: readable(entry.file_name().as_ref()),
            kind: kind(entry.file_type()?),
            depth,
        });
    }
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}
