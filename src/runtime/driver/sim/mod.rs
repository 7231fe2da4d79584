//! The driver of tests: a clock that stands still until nothing else can happen.
//!
//! Time moves only in `poll`, to the next thing that happens or to the end of the timeout, and only
//! when no event is there. Jobs run in line, at moments that the seed chooses; files and the network
//! are in memory. Nobody is outside: where everybody waits and nothing is under way, nothing comes.

mod fault;
pub mod files;
mod flag;
mod job;
mod net;
mod option;
mod world;

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::random::Random;
use super::subscription::Subscriptions;
use super::variable::Variables;
use files::MemoryFiles;
use flag::Flag;
use job::Jobs;
use net::{Network, THIS_HOST};

pub use fault::Faults;
pub use option::{SimOptions, explored_budget};

use super::{
    Address, Adopted, Change, ChildId, ChildStatus, DatagramOptions, Direction, Doze, Driver,
    Event, Facts, FileSystem, Lane, ListenOptions, Moment, NewChild, Resolver, Runnable, Signal,
    SocketId, SocketOption, SubscriptionId, Ticket, Watcher,
};

/// The time of day at which every simulation starts: 2026-01-01T00:00:00Z.
const WALL_START: Duration = Duration::from_secs(1_767_225_600);

/// What the seed is changed by for each thing that draws numbers of its own, so that what a program
/// draws does not change how long its jobs take.
const JOBS: u64 = 0x6a6f_6273;
const FILES: u64 = 0x6669_6c65;
const NET: u64 = 0x6e65_7477;

/// A driver with virtual time and seeded randomness.
pub struct SimDriver {
    clock: Moment,
    random: Random,
    ready: Vec<Event>,
    /// Signals that will come, by their numbers, in the order of time.
    planned: VecDeque<(Moment, i32)>,
    jobs: Jobs,
    files: MemoryFiles,
    net: Network,
    woken: Arc<Flag>,
    /// The environment that the program was given.
    given: BTreeMap<OsString, OsString>,
    variables: Variables,
    subscriptions: Subscriptions,
}

impl SimDriver {
    /// A driver at moment zero, in a perfect world. The same seed gives the same random numbers.
    #[must_use]
    pub fn new(seed: u64) -> SimDriver {
        SimDriver::with(SimOptions { seed, ..SimOptions::default() })
    }

    /// A driver at moment zero. The same options make the same world.
    #[must_use]
    pub fn with(options: SimOptions) -> SimDriver {
        let SimOptions { seed, explore, faults, variables } = options;
        let mut salt = explore.map(Random::seeded);
        let mut salted = |part: u64| seed ^ part ^ salt.as_mut().map_or(0, Random::draw);
        let files = MemoryFiles::new(seed ^ FILES, WALL_START);
        SimDriver {
            clock: Moment::default(),
            random: Random::seeded(seed),
            ready: Vec::new(),
            planned: VecDeque::new(),
            jobs: Jobs::new(salted(JOBS)),
            net: Network::new(seed ^ NET, explore, faults, files.clone()),
            files,
            woken: Arc::new(Flag::default()),
            given: variables,
            variables: Variables::default(),
            subscriptions: Subscriptions::default(),
        }
    }

    /// When something happens next by itself.
    fn next_moment(&mut self) -> Option<Moment> {
        let planned = self.planned.front().map(|(at, _)| *at);
        planned.into_iter().chain(self.jobs.next()).chain(self.net.next()).min()
    }

    fn set_clock(&mut self, clock: Moment) {
        self.clock = clock;
        self.net.set_now(clock);
        self.files.set_now(self.wall());
    }

    /// Lets everything happen whose moment has come.
    fn take_due(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.ready);
        while let Some(job) = self.jobs.take_due(self.clock) {
            let wanted = job.ticket();
            job.run();
            events.extend(wanted.map(Event::Completed));
        }
        events.extend(self.files.take_ready().into_iter().map(Event::Ready));
        self.net.run_due(events);
        if self.woken.take() {
            events.push(Event::Woken);
        }
        self.take_planned(events);
    }

    fn take_planned(&mut self, events: &mut Vec<Event>) {
        while let Some((_, number)) = self.planned.pop_front_if(|(at, _)| *at <= self.clock) {
            if !self.subscriptions.deliver(number, events) {
                events.extend(Signal::of_number(number).map(Event::Signal));
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
        let given = || self.given.get(OsStr::new(name)).cloned();
        self.variables.get(name).cloned().unwrap_or_else(given)
    }

    fn variables(&self) -> BTreeMap<OsString, OsString> {
        self.variables.over(self.given.clone().into_iter())
    }

    fn set_variable(&mut self, name: &str, value: Option<&str>) {
        self.variables.set(name, value);
    }

    fn facts(&self) -> Facts {
        Facts {
            hostname: Some(THIS_HOST.to_owned()),
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
            self.set_clock(self.clock.max(at));
            self.take_due(events);
            if end == Some(at) {
                return;
            }
        }
    }

    fn is_busy(&self) -> bool {
        !self.ready.is_empty()
            || !self.planned.is_empty()
            || self.net.is_busy()
            || self.jobs.is_awaited()
            || self.files.has_ready()
    }

    fn doze(&mut self, timeout: Option<Duration>, waker: &Waker) -> Doze {
        let passes = timeout.is_some() || self.is_busy() || self.next_moment().is_some();
        if passes || !self.woken.watch(waker) { Doze::Awake } else { Doze::Asleep }
    }

    fn waker(&self) -> Waker {
        Waker::from(self.woken.clone())
    }

    fn advance(&mut self, span: Duration) {
        self.set_clock(self.clock.after(span));
    }

    fn notify(&mut self, ticket: Ticket) {
        self.ready.push(Event::Ready(ticket));
    }

    fn simulated(&mut self) -> Option<&mut SimDriver> {
        Some(self)
    }

    fn connect(&mut self, address: &Address) -> io::Result<SocketId> {
        self.net.connect(address)
    }

    fn connected(&mut self, socket: SocketId) -> io::Result<()> {
        self.net.connected(socket)
    }

    fn bind(&mut self, address: &Address, options: ListenOptions) -> io::Result<SocketId> {
        self.net.bind(address, options)
    }

    fn accept(&mut self, listener: SocketId) -> io::Result<(SocketId, Address)> {
        self.net.accept(listener)
    }

    fn read(&mut self, socket: SocketId, max: usize) -> io::Result<&[u8]> {
        self.net.read(socket, max)
    }

    fn write(&mut self, socket: SocketId, from: &[u8]) -> io::Result<usize> {
        self.net.write(socket, from)
    }

    fn shutdown(&mut self, socket: SocketId) -> io::Result<()> {
        self.net.shutdown(socket)
    }

    fn bind_datagram(
        &mut self,
        address: &Address,
        options: DatagramOptions,
    ) -> io::Result<SocketId> {
        self.net.bind_datagram(address, options)
    }

    fn connect_datagram(&mut self, socket: SocketId, address: &Address) -> io::Result<()> {
        self.net.connect_datagram(socket, address)
    }

    fn send_datagram(
        &mut self,
        socket: SocketId,
        from: &[u8],
        to: Option<&Address>,
    ) -> io::Result<()> {
        self.net.send_datagram(socket, from, to)
    }

    fn receive_datagram(&mut self, socket: SocketId) -> io::Result<(&[u8], Address)> {
        self.net.receive_datagram(socket)
    }

    fn set_option(&mut self, socket: SocketId, option: SocketOption) -> io::Result<()> {
        self.net.set_option(socket, option)
    }

    fn local(&self, socket: SocketId) -> io::Result<Address> {
        self.net.local(socket)
    }

    fn abort(&mut self, socket: SocketId) {
        self.net.close(socket, true);
    }

    fn resolver(&self) -> Arc<dyn Resolver> {
        Arc::new(self.net.hosts.clone())
    }

    fn close(&mut self, socket: SocketId) {
        if MemoryFiles::is_queue(socket) {
            return self.files.close_queue(socket);
        }
        self.net.close(socket, false);
    }

    fn wait(&mut self, socket: SocketId, direction: Direction, ticket: Ticket) {
        if MemoryFiles::is_queue(socket) {
            return self.files.wait_queue(socket, ticket);
        }
        self.net.wait(socket, direction, ticket);
    }

    fn unwait(&mut self, socket: SocketId, direction: Direction, ticket: Ticket) {
        if MemoryFiles::is_queue(socket) {
            return self.files.unwait_queue(socket, ticket);
        }
        self.net.unwait(socket, direction, ticket);
    }

    fn may_start(&self, _: &str) -> io::Result<PathBuf> {
        Err(no_programs())
    }

    fn adopt(&mut self, _: NewChild) -> io::Result<Adopted> {
        Err(no_programs())
    }

    fn child_status(&self, _: ChildId) -> io::Result<Option<ChildStatus>> {
        Err(no_programs())
    }

    fn wait_child(&mut self, _: ChildId, ticket: Ticket) {
        self.notify(ticket);
    }

    fn unwait_child(&mut self, _: ChildId, ticket: Ticket) {
        self.ready.retain(|event| *event != Event::Ready(ticket));
    }

    fn kill(&mut self, _: ChildId, _: i32) -> io::Result<()> {
        Err(no_programs())
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

/// No child was ever started here.
fn no_programs() -> io::Error {
    let text =
        "in virtual time there are no other programs: say (real: true) behind the name of the test";
    io::Error::new(io::ErrorKind::Unsupported, text)
}
