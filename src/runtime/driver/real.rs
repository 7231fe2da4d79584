//! The driver on the operating system: mio, the monotonic clock, the pool, signals.
//!
//! One `epoll_wait` per turn, and none where nothing could come of it: a turn that must not wait
//! and has nobody waiting for a socket goes without.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::{Poll, Token};
use slab::Slab;

use super::connection::Connections;
use super::random::Random;
use super::remote::{Message, Remote};
use super::timer::Timer;
use super::{
    Direction, Driver, Event, Lane, ListenOptions, Moment, READ_MAX, Runnable, Signal, SocketId,
    Ticket,
};
use crate::runtime::pool::Pool;

/// Tokens that are no sockets: a generation this large is never reached.
const WAKER: Token = Token(usize::MAX);
const TIMER: Token = Token(usize::MAX - 1);
/// How many events one look at the kernel brings at most.
const EVENTS_MAX: usize = 1024;

/// The driver of real programs.
pub struct MioDriver {
    start: Instant,
    random: Random,
    poll: Poll,
    found: mio::Events,
    timer: Timer,
    connections: Connections,
    remote: Arc<Remote>,
    messages: Vec<Message>,
    /// Jobs that have not been reported yet, by the slot that their end is announced with.
    jobs: Slab<Arc<dyn Runnable>>,
    pool: Pool,
    /// Where reads of sockets land; made for the first one.
    scratch: Vec<u8>,
    /// Events that come from inside: notified tickets, waiters of closed sockets.
    ready: Vec<Event>,
}

impl MioDriver {
    /// A driver with its own poll. Threads are started when they are first needed.
    pub fn new() -> io::Result<MioDriver> {
        let poll = Poll::new()?;
        let remote = Arc::new(Remote::new(poll.registry(), WAKER)?);
        let announce = remote.clone();
        Ok(MioDriver {
            start: Instant::now(),
            random: Random::seeded(RandomState::new().build_hasher().finish()),
            poll,
            found: mio::Events::with_capacity(EVENTS_MAX),
            timer: Timer::new(TIMER),
            connections: Connections::new(),
            remote,
            messages: Vec::new(),
            jobs: Slab::new(),
            pool: Pool::new(move |job| announce.post(Message::JobEnded(job))),
            scratch: Vec::new(),
            ready: Vec::new(),
        })
    }

    /// Asks the kernel what has happened to the sockets, and waits for it if it may.
    fn look(&mut self, timeout: Option<Duration>, events: &mut Vec<Event>) {
        let waits = timeout != Some(Duration::ZERO) && self.remote.may_sleep();
        let timeout = if !waits {
            Some(Duration::ZERO)
        } else {
            timeout.and_then(|span| self.timer.arm(self.poll.registry(), span))
        };
        let polled = self.poll.poll(&mut self.found, timeout);
        self.remote.awake();
        // The only error that the poll of a descriptor of ours can give is an interruption by a
        // signal, which means no events.
        if polled.is_err() {
            return;
        }
        for event in &self.found {
            if event.token() != WAKER && event.token() != TIMER {
                self.connections.ready(event, events);
            }
        }
    }

    /// Reports what other threads have said.
    fn receive(&mut self, events: &mut Vec<Event>) {
        self.remote.drain(&mut self.messages);
        for message in self.messages.drain(..) {
            match message {
                Message::JobEnded(slot) => {
                    let job = self.jobs.remove(slot);
                    events.extend(job.ticket().map(Event::Completed));
                }
                Message::Signal(signal) => events.push(Event::Signal(signal)),
                Message::Woken => events.push(Event::Woken),
            }
        }
    }
}

impl Driver for MioDriver {
    fn now(&self) -> Moment {
        Moment::default().after(self.start.elapsed())
    }

    fn wall(&self) -> Duration {
        // A clock before 1970 is as good as one at 1970.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn random(&mut self) -> u64 {
        self.random.next()
    }

    fn secret(&mut self, into: &mut [u8]) -> io::Result<()> {
        Ok(getrandom::fill(into)?)
    }

    fn variable(&self, name: &str) -> Option<String> {
        // These two cannot be names, and asking for them would panic on some systems.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn poll(&mut self, timeout: Option<Duration>, events: &mut Vec<Event>) {
        let before = events.len();
        events.append(&mut self.ready);
        self.receive(events);
        let timeout = if events.len() > before { Some(Duration::ZERO) } else { timeout };
        if timeout == Some(Duration::ZERO) && self.connections.waiting() == 0 {
            return;
        }
        self.look(timeout, events);
        self.receive(events);
    }

    fn is_busy(&self) -> bool {
        !self.ready.is_empty()
            || self.connections.waiting() > 0
            || self.jobs.iter().any(|(_, job)| job.ticket().is_some())
    }

    fn waker(&self) -> Waker {
        Waker::from(self.remote.clone())
    }

    fn notify(&mut self, ticket: Ticket) {
        self.ready.push(Event::Ready(ticket));
    }

    fn connect(&mut self, address: SocketAddr) -> io::Result<SocketId> {
        self.connections.connect(self.poll.registry(), address)
    }

    fn connected(&mut self, socket: SocketId) -> io::Result<()> {
        self.connections.connected(socket)
    }

    fn bind(&mut self, address: SocketAddr, options: ListenOptions) -> io::Result<SocketId> {
        self.connections.bind(self.poll.registry(), address, options)
    }

    fn accept(&mut self, listener: SocketId) -> io::Result<(SocketId, SocketAddr)> {
        self.connections.accept(self.poll.registry(), listener)
    }

    fn read(&mut self, socket: SocketId, max: usize) -> io::Result<&[u8]> {
        if self.scratch.is_empty() {
            self.scratch = vec![0; READ_MAX];
        }
        let into = &mut self.scratch[..max.min(READ_MAX)];
        let count = self.connections.read(socket, into)?;
        Ok(&into[..count])
    }

    fn write(&mut self, socket: SocketId, from: &[u8]) -> io::Result<usize> {
        self.connections.write(socket, from)
    }

    fn shutdown(&mut self, socket: SocketId) -> io::Result<()> {
        self.connections.shutdown(socket)
    }

    fn set_nodelay(&mut self, socket: SocketId, on: bool) -> io::Result<()> {
        self.connections.set_nodelay(socket, on)
    }

    fn local(&self, socket: SocketId) -> io::Result<SocketAddr> {
        self.connections.local(socket)
    }

    fn close(&mut self, socket: SocketId) {
        self.connections.close(self.poll.registry(), socket, &mut self.ready);
    }

    fn wait(&mut self, socket: SocketId, direction: Direction, ticket: Ticket) {
        if self.connections.wait(socket, direction, ticket) {
            self.ready.push(Event::Ready(ticket));
        }
    }

    fn unwait(&mut self, socket: SocketId, direction: Direction, ticket: Ticket) {
        self.connections.unwait(socket, direction, ticket);
        self.ready.retain(|event| *event != Event::Ready(ticket));
    }

    fn run(&mut self, lane: Lane, job: Arc<dyn Runnable>) {
        let slot = self.jobs.insert(job.clone());
        self.pool.run(lane, slot, job);
    }

    fn listen(&mut self, signals: &[Signal], urgent: Box<dyn Fn(Signal) + Send>) -> io::Result<()> {
        let remote = self.remote.clone();
        crate::runtime::signal::listen(signals, move |signal| {
            urgent(signal);
            remote.post(Message::Signal(signal));
        })
    }
}
