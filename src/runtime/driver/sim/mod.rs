//! The driver of tests: a clock that stands still until nothing else can happen.
//!
//! Time moves only in `poll`, to the end of the timeout, and only when no event is there and no
//! job is outstanding. Jobs run in line, in the order in which they were handed in, so files are
//! the real ones. There is no network: sockets are refused with an error that says so.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use super::random::Random;
use super::subscription::Subscriptions;
use super::variable::Variables;
use super::{
    Address, Adopted, ChildId, ChildStatus, DatagramOptions, Direction, Driver, Event, Facts, Lane,
    ListenOptions, Moment, NewChild, Resolver, Runnable, Signal, SocketId, SocketOption,
    SubscriptionId, Ticket,
};

/// The time of day at which every simulation starts: 2026-01-01T00:00:00Z.
const WALL_START: Duration = Duration::from_secs(1_767_225_600);

/// A driver with virtual time and seeded randomness.
pub struct SimDriver {
    clock: Moment,
    random: Random,
    ready: Vec<Event>,
    /// Signals that will come, in the order of time.
    planned: VecDeque<(Moment, Signal)>,
    jobs: VecDeque<Arc<dyn Runnable>>,
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
            jobs: VecDeque::new(),
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
            cwd: Some("/home/user".to_owned()),
            pid: 1,
            cpu_count: 1,
        }
    }

    fn poll(&mut self, timeout: Option<Duration>, events: &mut Vec<Event>) {
        let before = events.len();
        events.append(&mut self.ready);
        // Jobs that a job's completion leads to belong to the next turn.
        for job in std::mem::take(&mut self.jobs) {
            let wanted = job.ticket();
            job.run();
            events.extend(wanted.map(Event::Completed));
        }
        if self.woken.take() {
            events.push(Event::Woken);
        }
        self.take_planned(events);
        if events.len() > before {
            return;
        }
        let planned = self.planned.front().map(|(at, _)| at.since(self.clock));
        let timeout = match (timeout, planned) {
            (Some(timeout), Some(planned)) => Some(timeout.min(planned)),
            (timeout, planned) => timeout.or(planned),
        };
        match timeout {
            Some(span) => {
                self.clock = self.clock.after(span);
                self.take_planned(events);
            }
            // Somebody holds a waker: wait for them instead of giving up.
            None if Arc::strong_count(&self.woken) > 1 => {
                self.woken.wait();
                events.push(Event::Woken);
            }
            None => {}
        }
    }

    fn is_busy(&self) -> bool {
        !self.ready.is_empty()
            || !self.planned.is_empty()
            || self.subscriptions.is_awaited()
            || self.jobs.iter().any(|job| job.ticket().is_some())
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

    fn close(&mut self, _: SocketId) {}

    fn wait(&mut self, _: SocketId, _: Direction, ticket: Ticket) {
        self.notify(ticket);
    }

    fn unwait(&mut self, _: SocketId, _: Direction, ticket: Ticket) {
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

    fn run(&mut self, _: Lane, job: Arc<dyn Runnable>) {
        self.jobs.push_back(job);
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
