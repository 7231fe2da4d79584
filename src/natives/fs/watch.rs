//! `fs.watch`: what happens to files, as a source.
//!
//! The kernel's queue says what happens in single directories. Those below are looked for on the
//! pool, the queue is read only when none is left to be looked at, so that every change is of a
//! directory whose path is known.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;

use super::folder::readable;
use super::op::Deed;
use crate::natives;
use crate::natives::argument::Rest;
use crate::natives::kind::TextValue;
use crate::natives::record::record;
use crate::natives::stream::queue::{OpId, Queue};
use crate::runtime::driver::{
    Change, Direction, Driver, FileKind, FileSystem, Happening, Job, Lane, SocketId, Ticket,
    Watcher, submit,
};
use crate::runtime::{Answer, Cx, Loop, Source, Wait};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The methods of `fs.watch()`.
    pub const WATCH;

    /// Itself.
    host method watcher.iter() => |_: &mut Vm, watch: Value| Ok(watch);
    /// Waits for the next change. When closed, or when what was watched has gone: `default`, or
    /// StopIteration.
    host async method watcher.next(default: any...) => next;
    /// Waits until all directories below are watched, too; at once unless the watch is recursive.
    /// What happens in them before may be missed.
    host async method watcher.ready() => ready;
    /// Ends it.
    host loop method watcher.close() => close;
}

/// A source of changes.
struct Watch {
    root: PathBuf,
    recursive: bool,
    files: Arc<dyn FileSystem>,
    watcher: Arc<dyn Watcher>,
    socket: SocketId,
    /// The directories that are watched, by their numbers.
    dirs: BTreeMap<i32, PathBuf>,
    /// The number of what was asked for.
    root_number: i32,
    /// Directories that have to be looked for directories in.
    unseen: Vec<PathBuf>,
    job: Option<Job<Vec<Seen>>>,
    /// What was found by looking; the queue may tell of it again.
    listed: HashSet<PathBuf>,
    news: VecDeque<News>,
    /// Nothing more will come.
    ended: bool,
    closed: bool,
    readers: Queue,
    ops: u64,
}

/// A directory that was looked at, and what is in it.
struct Seen {
    path: PathBuf,
    number: i32,
    inside: Vec<PathBuf>,
}

/// A change, as programs see it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct News {
    kind: &'static str,
    path: PathBuf,
    from: Option<PathBuf>,
}

impl HostObject for Watch {
    fn type_name(&self) -> &'static str {
        "watcher"
    }

    fn display(&self) -> String {
        format!("<watcher {}{}>", readable(&self.root), if self.closed { ", closed" } else { "" })
    }
}

pub(super) fn watch(cx: &mut Cx<'_>, path: TextValue, recursive: bool) -> Result<Answer, Thrown> {
    let name = path.get(&cx.vm.heap);
    let (root, deed) = (PathBuf::from(name), Deed::look("watch", "watch", name));
    let driver = cx.rt.driver.as_mut();
    let opened = driver.watch_files().and_then(|(socket, watcher)| {
        // This one call is made here, so that no change after `watch` is missed.
        match watcher.add(&root, true) {
            Ok(number) => Ok((socket, watcher, number)),
            Err(error) => {
                driver.close(socket);
                Err(error)
            }
        }
    });
    let (socket, watcher, root_number) = match opened {
        Ok(opened) => opened,
        Err(error) => return Err(deed.failed(cx.vm, &error)),
    };
    let mut watch = Watch {
        dirs: BTreeMap::from([(root_number, root.clone())]),
        unseen: if recursive { vec![root.clone()] } else { Vec::new() },
        root,
        recursive,
        files: driver.files(),
        watcher,
        socket,
        root_number,
        job: None,
        listed: HashSet::new(),
        news: VecDeque::new(),
        ended: false,
        closed: false,
        readers: Queue::default(),
        ops: 0,
    };
    watch.look(driver, true);
    let watch = cx.vm.heap.object(Box::new(watch));
    cx.rt.own(cx.task, watch, close_watch);
    Ok(Answer::Value(watch))
}

fn watch_mut(vm: &mut Vm, value: Value) -> Result<&mut Watch, Thrown> {
    if vm.heap.object_ref::<Watch>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a method of watchers"));
    }
    Ok(vm.heap.object_mut::<Watch>(value).expect("its type was looked at"))
}

fn close(cx: &mut Cx<'_>, watch: Value) -> Result<Answer, Thrown> {
    watch_mut(cx.vm, watch)?;
    close_watch(cx.vm, cx.rt, watch);
    Ok(Answer::Value(Value::null()))
}

fn close_watch(vm: &mut Vm, rt: &mut Loop, watch: Value) {
    rt.disown_resource(watch);
    if let Some(watch) = vm.heap.object_mut::<Watch>(watch)
        && !std::mem::replace(&mut watch.closed, true)
    {
        rt.driver.close(watch.socket);
        watch.job = None;
        watch.news.clear();
        for ticket in watch.readers.take_all() {
            rt.driver.notify(ticket);
        }
    }
}

impl Watch {
    /// Begins to look into the directories that have not been seen. What is found `at_first` is no
    /// news.
    fn look(&mut self, driver: &mut dyn Driver, at_first: bool) {
        if self.unseen.is_empty() || self.job.is_some() {
            return;
        }
        let (files, watcher, root) = (self.files.clone(), self.watcher.clone(), self.root.clone());
        let mut open = std::mem::take(&mut self.unseen);
        self.job = Some(submit(driver, Lane::Fs, move || {
            let mut seen = Vec::new();
            while let Some(path) = open.pop() {
                // What is gone already, or cannot be read, has nothing to tell.
                let Ok(number) = watcher.add(&path, path == root) else { continue };
                let entries = files.entries(&path).unwrap_or_default();
                let dirs = entries.iter().filter(|entry| entry.kind == FileKind::Dir);
                open.extend(dirs.map(|entry| entry.path.clone()));
                let inside = entries.into_iter().map(|entry| entry.path);
                let inside = if at_first { Vec::new() } else { inside.collect() };
                seen.push(Seen { path, number, inside });
            }
            seen
        }));
    }

    /// Takes in what was found by looking.
    fn take_seen(&mut self, seen: Vec<Seen>) {
        for Seen { path, number, inside } in seen {
            self.dirs.insert(number, path);
            for path in inside {
                self.listed.insert(path.clone());
                self.tell("created", path, None);
            }
        }
    }

    fn tell(&mut self, kind: &'static str, path: PathBuf, from: Option<PathBuf>) {
        let news = News { kind, path, from };
        // A program that writes in small pieces changes a file very often.
        if self.news.back() != Some(&news) {
            self.news.push_back(news);
        }
    }

    /// Takes in what was read from the queue.
    fn take_changes(&mut self, changes: &[Change]) {
        let mut changes = changes.iter().peekable();
        while let Some(change) = changes.next() {
            if change.what == Happening::Overflow {
                self.tell("overflow", self.root.clone(), None);
                continue;
            }
            let Some(dir) = self.dirs.get(&change.number) else { continue };
            let path = if change.name.is_empty() { dir.clone() } else { dir.join(&change.name) };
            match change.what {
                Happening::MovedFrom(number) => {
                    let partner = |next: &&Change| next.what == Happening::MovedTo(number);
                    let to = changes.next_if(partner).and_then(|next| {
                        self.dirs.get(&next.number).map(|dir| dir.join(&next.name))
                    });
                    self.moved(path, to, change.is_dir);
                }
                Happening::Created | Happening::MovedTo(_) => {
                    if change.is_dir && self.recursive {
                        self.unseen.push(path.clone());
                    }
                    if !self.listed.remove(&path) {
                        self.tell("created", path, None);
                    }
                }
                Happening::Changed => self.tell("changed", path, None),
                Happening::Removed => self.tell("removed", path, None),
                Happening::Gone if change.number == self.root_number => {
                    self.tell("removed", path, None);
                    self.ended = true;
                }
                Happening::Unwatched => {
                    self.dirs.remove(&change.number);
                }
                Happening::Gone | Happening::Overflow => {}
            }
        }
    }

    /// Something has got another name, or has gone to where nobody watches.
    fn moved(&mut self, from: PathBuf, to: Option<PathBuf>, is_dir: bool) {
        if is_dir {
            let watcher = self.watcher.clone();
            self.dirs.retain(|number, path| match (path.strip_prefix(&from), &to) {
                (Err(_), _) => true,
                (Ok(rest), Some(to)) => {
                    *path = join(to, rest);
                    true
                }
                (Ok(_), None) => {
                    watcher.remove(*number);
                    false
                }
            });
        }
        match to {
            Some(to) => self.tell("renamed", to, Some(from)),
            None => self.tell("removed", from, None),
        }
    }
}

/// Without a slash at the end where nothing is joined.
fn join(path: &Path, rest: &Path) -> PathBuf {
    if rest.as_os_str().is_empty() { path.to_path_buf() } else { path.join(rest) }
}

fn next(cx: &mut Cx<'_>, watch: Value, default: Rest) -> Result<Answer, Thrown> {
    let at_end = default.first(cx.vm).unwrap_or(Value::unset());
    wait_for(cx, watch, at_end, true)
}

fn ready(cx: &mut Cx<'_>, watch: Value) -> Result<Answer, Thrown> {
    wait_for(cx, watch, Value::null(), false)
}

fn wait_for(
    cx: &mut Cx<'_>,
    value: Value,
    at_end: Value,
    wants_news: bool,
) -> Result<Answer, Thrown> {
    let watch = watch_mut(cx.vm, value)?;
    watch.ops += 1;
    let op = NextOp { watch: value, op: OpId(watch.ops), at_end, wants_news, ticket: None };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

struct NextOp {
    watch: Value,
    op: OpId,
    /// What there is at the end; unset for StopIteration.
    at_end: Value,
    /// Or only that all directories are watched.
    wants_news: bool,
    ticket: Option<Ticket>,
}

impl NextOp {
    /// One try. `None`: nothing has happened yet.
    fn go_on(&mut self, cx: &mut Cx<'_>) -> Result<Option<Value>, Thrown> {
        let watch = watch_mut(cx.vm, self.watch)?;
        let driver = cx.rt.driver.as_mut();
        loop {
            if let Some(result) = watch.job.as_ref().and_then(Job::take) {
                watch.job = None;
                watch.take_seen(result.unwrap_or_default());
            }
            watch.look(driver, false);
            if !self.wants_news && watch.job.is_none() {
                return Ok(Some(Value::null()));
            }
            if self.wants_news
                && let Some(news) = watch.news.pop_front()
            {
                return Ok(Some(news_value(cx.vm, &news)));
            }
            if watch.closed || watch.ended {
                if self.at_end.is_unset() {
                    let text = "nothing is watched any more";
                    return Err(cx.vm.error(ErrorKind::StopIteration, text));
                }
                return Ok(Some(self.at_end));
            }
            if watch.job.is_some() {
                return Ok(None);
            }
            match driver.file_changes(watch.socket) {
                Ok(changes) => watch.take_changes(&changes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    watch.listed.clear();
                    return Ok(None);
                }
                Err(error) => {
                    let deed = Deed::look("watch", "watch", &readable(&watch.root));
                    return Err(deed.failed(cx.vm, &error));
                }
            }
        }
    }

    fn wait(&self, cx: &mut Cx<'_>, ticket: Ticket) {
        let Some(watch) = cx.vm.heap.object_ref::<Watch>(self.watch) else { return };
        let driver = cx.rt.driver.as_mut();
        match &watch.job {
            Some(job) => job.wait_or_notify(driver, ticket),
            None => driver.wait(watch.socket, Direction::Read, ticket),
        }
    }
}

impl Source for NextOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let is_turn = |watch: &Watch| watch.closed || watch.readers.is_turn_of(self.op);
        if !cx.vm.heap.object_ref::<Watch>(self.watch).is_some_and(is_turn) {
            return Poll::Pending;
        }
        match self.go_on(cx) {
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
        let Some(watch) = cx.vm.heap.object_mut::<Watch>(self.watch) else { return };
        watch.readers.enter(self.op, ticket);
        if watch.readers.is_turn_of(self.op) {
            self.wait(cx, ticket);
        }
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.ticket = None;
        let Some(watch) = cx.vm.heap.object_mut::<Watch>(self.watch) else { return };
        if let Some(job) = &watch.job {
            job.unwait(ticket);
        }
        cx.rt.driver.unwait(watch.socket, Direction::Read, ticket);
        if let Some(next) = watch.readers.leave(self.op) {
            cx.rt.driver.notify(next);
        }
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.watch);
        marker.value(self.at_end);
    }

    fn describe(&self, _: &Vm) -> String {
        if self.wants_news { "a change of files" } else { "directories to be watched" }.to_string()
    }
}

fn news_value(vm: &mut Vm, news: &News) -> Value {
    let kind = vm.heap.intern(news.kind);
    let path = vm.heap.string(&readable(&news.path));
    let mut fields = vec![("kind", kind), ("path", path)];
    if let Some(from) = &news.from {
        fields.push(("from", vm.heap.string(&readable(from))));
    }
    record(&mut vm.heap, &fields)
}
