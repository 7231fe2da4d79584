//! `fs.walk`: everything below a directory, one entry at a time.
//!
//! A directory is read on the pool when its entries are wanted, so a walk that is left early has not
//! looked at the rest. Waiting readers go one after the other.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;

use super::folder::{name_of, readable, word};
use super::op::Deed;
use crate::natives;
use crate::natives::argument::Rest;
use crate::natives::kind::TextValue;
use crate::natives::record::record;
use crate::natives::stream::queue::{OpId, Queue};
use crate::runtime::driver::{FileKind, FileSystem, Job, Lane, Ticket, submit};
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
    files: Arc<dyn FileSystem>,
    /// Symbolic links to directories are gone into.
    follow: bool,
    /// Directories so deep are not gone into.
    depth_max: i64,
    /// A directory whose entries come next, and how deep they are.
    unread: Option<(PathBuf, i64)>,
    job: Option<Job<io::Result<Open>>>,
    /// The directories that are open, the innermost last.
    open: Vec<Open>,
    queue: Queue,
    ops: u64,
}

impl Walk {
    fn is_open(&self, identity: Option<(u64, u64)>) -> bool {
        identity.is_some() && self.open.iter().any(|open| open.identity == identity)
    }
}

/// A directory that has been read.
struct Open {
    identity: Option<(u64, u64)>,
    /// What is left of it.
    entries: std::vec::IntoIter<Entry>,
}

struct Entry {
    path: PathBuf,
    name: String,
    kind: FileKind,
    depth: i64,
}

impl HostObject for Walk {
    fn type_name(&self) -> &'static str {
        "walk"
    }
}

pub(super) fn walk(
    cx: &mut Cx<'_>,
    path: TextValue,
    follow: bool,
    max_depth: Option<i64>,
) -> Result<Answer, Thrown> {
    if let Some(depth) = max_depth.filter(|depth| *depth < 0) {
        let text = format!("fs.walk: max_depth must not be negative, not {depth}");
        return Err(cx.vm.error(ErrorKind::ValueError, text));
    }
    let walk = Walk {
        files: cx.rt.driver.files(),
        follow,
        depth_max: max_depth.unwrap_or(i64::MAX),
        unread: Some((PathBuf::from(path.get(&cx.vm.heap)), 0)),
        job: None,
        open: Vec::new(),
        queue: Queue::default(),
        ops: 0,
    };
    Ok(Answer::Value(cx.vm.heap.object(Box::new(walk))))
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
                // A link has led back to a directory that this one is in.
                (Ok(open), Some(_)) if walk.is_open(open.identity) => {}
                (Ok(open), Some(_)) => walk.open.push(open),
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
        while let Some(open) = walk.open.last_mut() {
            let Some(entry) = open.entries.next() else {
                walk.open.pop();
                continue;
            };
            if entry.kind == FileKind::Dir && entry.depth < walk.depth_max {
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
            let (files, follow) = (walk.files.clone(), walk.follow);
            let work = move || read_dir(files.as_ref(), follow, path, depth);
            walk.job = Some(submit(driver, Lane::Fs, work));
        }
        match &walk.job {
            Some(job) => job.wait_or_notify(driver, ticket),
            None => driver.notify(ticket),
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

    fn describe(&self, _: &Vm) -> String {
        "the next entry of fs.walk".to_string()
    }
}

fn entry_value(vm: &mut Vm, entry: &Entry) -> Value {
    let path = vm.heap.string(&readable(&entry.path));
    let name = vm.heap.string(&entry.name);
    let kind = vm.heap.intern(word(entry.kind));
    let depth = Value::int(entry.depth);
    record(&mut vm.heap, &[("path", path), ("name", name), ("kind", kind), ("depth", depth)])
}

/// A directory with its entries, sorted by name.
fn read_dir(files: &dyn FileSystem, follow: bool, path: PathBuf, depth: i64) -> io::Result<Open> {
    // Only links make circles.
    let identity = if follow { files.look(&path, true)?.identity } else { None };
    let mut entries = Vec::new();
    for entry in files.entries(&path)? {
        let kind = match entry.kind {
            // A link to nothing stays a link.
            FileKind::Symlink if follow => {
                files.look(&entry.path, true).map_or(entry.kind, |facts| facts.kind)
            }
            kind => kind,
        };
        entries.push(Entry { name: name_of(&entry.path), path: entry.path, kind, depth });
    }
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(Open { identity, entries: entries.into_iter() })
}
