//! The driver of tests: a clock that stands still until nothing else can happen.
//!
//! Time moves only in `poll`, to the next thing that happens or to the end of the timeout, and only
//! when no event is there. Jobs run in line, at moments that the seed chooses, and files are in
//! memory. There is no network: sockets are refused with an error that says so.

pub mod files;
mod job;

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use super::random::Random;
use super::subscription::Subscriptions;
use super::variable::Variables;
use files::MemoryFiles;
use job::Jobs;

use super::{
    Address, Adopted, Change, ChildId, ChildStatus, DatagramOptions, Direction, Driver, Event,
    Facts, FileSystem, Lane, ListenOptions, Moment, NewChild, Resolver, Runnable, Signal, SocketId,
    SocketOption, SubscriptionId, Ticket, Watcher,
};

/// The time of day at which every simulation starts: 2026-01-01T00:00:00Z.
const WALL_START: Duration = Duration::from_secs(1_767_225_600);

/// What the seed is changed by for each thing that draws numbers of its own, so that what a program
/// draws does not change how long its jobs take.
const JOBS: u64 = 0x6a6f_6273;
const FILES: u64 = 0x6669_6c65;

/// A driver with virtual time and seeded randomness.
pub struct SimDriver {
    clock: Moment,
    random: Random,
    ready: Vec<Event>,
    /// Signals that will come, in the order of time.
    planned: VecDeque<(Moment, Signal)>,
    jobs: Jobs,
    files: MemoryFiles,
    woken: Arc<Flag>,
    /// There are none but those that the program sets.
    variables: Variables,
    subscriptions: Subscriptions,
}

impl SimDriver {
    /// A driver at moment zero. The same seed gives the same random numbers.
    #[must_use]
    pub fn new(seed: u64) -> SimDriver {
        SimDriver {
            clock: Moment::default(),
            random: Random::seeded(seed),
            ready: Vec::new(),
            planned: VecDeque::new(),
            jobs: Jobs::new(seed ^ JOBS),
            files: MemoryFiles::new(seed ^ FILES, WALL_START),
            woken: Arc::new(Flag::default()),
            variables: Variables::default(),
            subscriptions: Subscriptions::default(),
        }
    }

    /// Plans a signal for a moment, as if the operating system sent it then.
    pub fn raise_at(&mut self, at: Moment, signal: Signal) {
        let place = self.planned.partition_point(|(other, _)| *other <= at);
        self.planned.insert(place, (at, signal));
    }

    /// When something happens next by itself.
    fn next_moment(&self) -> Option<Moment> {
        let planned = self.planned.front().map(|(at, _)| *at);
        planned.into_iter().chain(self.jobs.next()).min()
    }

    /// Lets everything happen whose moment has come.
    fn take_due(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.ready);
        while let Some(job) = self.jobs.take_due(self.clock) {
            self.files.set_now(self.wall());
            let wanted = job.ticket();
            job.run();
            events.extend(wanted.map(Event::Completed));
        }
        events.extend(self.files.take_ready().into_iter().map(Event::Ready));
        if self.woken.take() {
            events.push(Event::Woken);
        }
        self.take_planned(events);
    }

    fn take_planned(&mut self, events: &mut Vec<Event>) {
        while let Some((_, signal)) = self.planned.pop_front_if(|(at, _)| *at <= self.clock) {
            if !self.subscriptions.deliver(signal.number(), events) {
                events.push(Event::Signal(signal));
            }
        }
    }
}

impl Driver for SimDriver {
    fn now(&self) -> Moment {
        self.clock
    }

    fn wall(&self) -> Duration {
        WALL_START + Duration::from_nanos(self.clock.nanos)
    }

    fn random(&mut self) -> u64 {
        self.random.draw()
    }

    fn secret(&mut self, into: &mut [u8]) -> io::Result<()> {
        for piece in into.chunks_mut(8) {
            piece.copy_from_slice(&self.random.draw().to_le_bytes()[..piece.len()]);
        }
        Ok(())
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).cloned().flatten()
    }

    fn variables(&self) -> BTreeMap<OsString, OsString> {
        self.variables.over(std::iter::empty())
    }

    fn set_variable(&mut self, name: &str, value: Option<&str>) {
        self.variables.set(name, value);
    }

    fn facts(&self) -> Facts {
        Facts {
            hostname: Some("simulated".to_owned()),
            user: Some("user".to_owned()),
            home: Some("/home/user".to_owned()),
            cwd: Some(self.files.cwd().to_string_lossy().into_owned()),
            pid: 1,
            cpu_count: 1,
        }
    }

    fn poll(&mut self, timeout: Option<Duration>, events: &mut Vec<Event>) {
        let before = events.len();
        self.take_due(events);
        if events.len() > before || timeout == Some(Duration::ZERO) {
            return;
        }
        // Time goes on from one thing that happens to the next, until somebody is told of one.
        let end = timeout.map(|span| self.clock.after(span));
        while events.len() == before {
            let Some(at) = self.next_moment().into_iter().chain(end).min() else {
                // Somebody holds a waker: wait for them instead of giving up.
                if Arc::strong_count(&self.woken) > 1 {
                    self.woken.wait();
                    events.push(Event::Woken);
                }
                return;
            };
            self.clock = self.clock.max(at);
            self.take_due(events);
            if end == Some(at) {
                return;
            }
        }
    }

    fn is_busy(&self) -> bool {
        !self.ready.is_empty()
            || !self.planned.is_empty()
            || self.subscriptions.is_awaited()
            || self.jobs.is_awaited()
            || self.files.has_ready()
    }

    fn waker(&self) -> Waker {
        Waker::from(self.woken.clone())
    }

    fn advance(&mut self, span: Duration) {
        self.clock = self.clock.after(span);
    }

    fn notify(&mut self, ticket: Ticket) {
        self.ready.push(Event::Ready(ticket));
    }

    fn connect(&mut self, address: &Address) -> io::Result<SocketId> {
        Err(no_network(&format!("cannot connect to {address}")))
    }

    fn connected(&mut self, _: SocketId) -> io::Result<()> {
        Err(stale())
    }

    fn bind(&mut self, address: &Address, _: ListenOptions) -> io::Result<SocketId> {
        Err(no_network(&format!("cannot listen on {address}")))
    }

    fn accept(&mut self, _: SocketId) -> io::Result<(SocketId, Address)> {
        Err(stale())
    }

    fn read(&mut self, _: SocketId, _: usize) -> io::Result<&[u8]> {
        Err(stale())
    }

    fn write(&mut self, _: SocketId, _: &[u8]) -> io::Result<usize> {
        Err(stale())
    }

    fn shutdown(&mut self, _: SocketId) -> io::Result<()> {
        Err(stale())
    }

    fn bind_datagram(&mut self, address: &Address, _: DatagramOptions) -> io::Result<SocketId> {
        Err(no_network(&format!("cannot bind {address}")))
    }

    fn connect_datagram(&mut self, _: SocketId, _: &Address) -> io::Result<()> {
        Err(stale())
    }

    fn send_datagram(&mut self, _: SocketId, _: &[u8], _: Option<&Address>) -> io::Result<()> {
        Err(stale())
    }

    fn receive_datagram(&mut self, _: SocketId) -> io::Result<(&[u8], Address)> {
        Err(stale())
    }

    fn set_option(&mut self, _: SocketId, _: SocketOption) -> io::Result<()> {
        Err(stale())
    }

    fn local(&self, _: SocketId) -> io::Result<Address> {
        Err(stale())
    }

    fn abort(&mut self, socket: SocketId) {
        self.close(socket);
    }

    fn resolver(&self) -> Arc<dyn Resolver> {
        Arc::new(Nobody)
    }

    fn close(&mut self, socket: SocketId) {
        if MemoryFiles::is_queue(socket) {
            self.files.close_queue(socket);
        }
    }

    fn wait(&mut self, socket: SocketId, _: Direction, ticket: Ticket) {
        if MemoryFiles::is_queue(socket) {
            return self.files.wait_queue(socket, ticket);
        }
        self.notify(ticket);
    }

    fn unwait(&mut self, socket: SocketId, _: Direction, ticket: Ticket) {
        if MemoryFiles::is_queue(socket) {
            return self.files.unwait_queue(socket, ticket);
        }
        self.ready.retain(|event| *event != Event::Ready(ticket));
    }

    fn may_start(&self) -> io::Result<()> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "in virtual time there are no other programs: say (real: true) behind the name of the test",
        ))
    }

    fn adopt(&mut self, _: NewChild) -> io::Result<Adopted> {
        self.may_start().and(Err(stale()))
    }

    fn child_status(&self, _: ChildId) -> io::Result<Option<ChildStatus>> {
        Err(stale())
    }

    fn wait_child(&mut self, _: ChildId, ticket: Ticket) {
        self.notify(ticket);
    }

    fn unwait_child(&mut self, _: ChildId, ticket: Ticket) {
        self.ready.retain(|event| *event != Event::Ready(ticket));
    }

    fn kill(&mut self, _: ChildId, _: i32) -> io::Result<()> {
        Err(stale())
    }

    fn retire(&mut self, _: ChildId) {}

    fn run(&mut self, lane: Lane, job: Arc<dyn Runnable>) {
        self.jobs.add(self.clock, lane, job);
    }

    // Files.

    fn files(&self) -> Arc<dyn FileSystem> {
        Arc::new(self.files.clone())
    }

    fn show_files(&mut self, dir: &Path) {
        // What cannot be read is not there.
        let _ = self.files.show(dir);
    }

    fn watch_files(&mut self) -> io::Result<(SocketId, Arc<dyn Watcher>)> {
        Ok(self.files.watch())
    }

    fn file_changes(&mut self, queue: SocketId) -> io::Result<Vec<Change>> {
        self.files.read_queue(queue)
    }

    fn listen(&mut self, _: &[Signal], _: Box<dyn Fn(Signal) + Send>) -> io::Result<()> {
        Ok(())
    }

    fn subscribe(&mut self, signals: &[i32]) -> io::Result<SubscriptionId> {
        Ok(self.subscriptions.add(signals))
    }

    fn unsubscribe(&mut self, id: SubscriptionId) {
        self.subscriptions.remove(id, &mut self.ready);
    }

    fn take_signal(&mut self, id: SubscriptionId) -> Option<i32> {
        self.subscriptions.take(id)
    }

    fn wait_signal(&mut self, id: SubscriptionId, ticket: Ticket) {
        self.subscriptions.wait(id, ticket, &mut self.ready);
    }

    fn unwait_signal(&mut self, id: SubscriptionId, ticket: Ticket) {
        self.subscriptions.unwait(id, ticket, &mut self.ready);
    }
}

/// No socket was ever made here, so every id is of another driver or made up.
fn stale() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "this socket is closed")
}

/// Knows no name.
struct Nobody;

impl Resolver for Nobody {
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Err(no_network(&format!("cannot look {host} up")))
    }

    fn reverse(&self, ip: IpAddr) -> io::Result<Option<String>> {
        Err(no_network(&format!("cannot look {ip} up")))
    }
}

fn no_network(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("{what}: there is no network in virtual time"),
    )
}

/// Set from any thread, taken by the driver.
#[derive(Default)]
struct Flag {
    quick: AtomicBool,
    slow: Mutex<bool>,
    set: Condvar,
}

impl Flag {
    fn take(&self) -> bool {
        if !self.quick.swap(false, Ordering::AcqRel) {
            return false;
        }
        *self.slow.lock().unwrap_or_else(PoisonError::into_inner) = false;
        true
    }

    fn wait(&self) {
        let mut set = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            set = self.set.wait(set).unwrap_or_else(PoisonError::into_inner);
        }
        *set = false;
        self.quick.store(false, Ordering::Release);
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        *self.slow.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.quick.store(true, Ordering::Release);
        self.set.notify_all();
    }
}
