//! The driver on the operating system: mio, the monotonic clock, the pool, signals.
//!
//! One `epoll_wait` per turn, and none where nothing could come of it: a turn that must not wait
//! and has nobody waiting for a socket goes without.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, IoSlice};
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use mio::{Poll, Token};
use slab::Slab;

use super::child::Children;
use super::connection::Connections;
use super::endpoint::{DATAGRAM_MAX, PipeEnd};
use super::heartbeat::{self, Heartbeat};
use super::random::Random;
use super::remote::{Message, Remote};
use super::resolver::SystemResolver;
use super::scratch::{hostname, room, take_back, variable};
use super::subscription::Subscriptions;
use super::timed::{Stopwatch, timed};
use super::timer::Timer;
use super::variable::Variables;
use super::{
    Address, Adopted, Calls, ChildId, ChildStatus, DatagramOptions, Direction, Doze, Driver, Event,
    Facts, JobSpan, Lane, ListenOptions, Moment, NewChild, READ_MAX, Resolver, Runnable, Signal,
    SocketId, SocketOption, SubscriptionId, Ticket,
};
use crate::runtime::pool::Pool;
use crate::runtime::signal::{Listener, unheard};

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
    found: Option<mio::Events>,
    /// Somebody waits for the descriptor of the poll: what has made it readable has to be taken.
    dozing: bool,
    polls: u64,
    timer: Timer,
    connections: Connections,
    children: Children,
    remote: Arc<Remote>,
    messages: Vec<Message>,
    /// Jobs that have not been reported yet, by the slot that their end is announced with.
    jobs: Slab<Arc<dyn Runnable>>,
    pool: Pool,
    /// Where reads of sockets land; made for the first one, larger with the first datagram.
    scratch: Vec<u8>,
    /// Events that come from inside: notified tickets, waiters of closed sockets.
    ready: Vec<Event>,
    variables: Variables,
    subscriptions: Subscriptions,
    /// There once the program may hear signals.
    listener: Option<Listener>,
    /// There if somebody wants to know when jobs began and ended.
    stopwatch: Option<Arc<Stopwatch>>,
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
            found: None,
            dozing: false,
            polls: 0,
            timer: Timer::new(TIMER),
            connections: Connections::new(),
            children: Children::default(),
            remote,
            messages: Vec::new(),
            jobs: Slab::new(),
            pool: Pool::new(move |job| announce.post(Message::JobEnded(job))),
            scratch: Vec::new(),
            ready: Vec::new(),
            variables: Variables::default(),
            subscriptions: Subscriptions::default(),
            listener: None,
            stopwatch: None,
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
        self.polls += 1;
        let found = self.found.get_or_insert_with(|| mio::Events::with_capacity(EVENTS_MAX));
        let polled = self.poll.poll(found, timeout);
        if waits {
            self.remote.awake();
        }
        // The only error that the poll of a descriptor of ours can give is an interruption by a
        // signal, which means no events.
        if polled.is_err() {
            return;
        }
        for event in &*found {
            let token = event.token();
            if token == WAKER || token == TIMER {
                continue;
            }
            match Children::slot_of(token) {
                Some(slot) => self.children.ended(self.poll.registry(), slot, events),
                None => self.connections.ready(event, events),
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
                Message::ChildEnded(slot) => {
                    self.children.ended(self.poll.registry(), slot, events);
                }
                Message::Signal(number) => {
                    if !self.subscriptions.deliver(number, events) {
                        events.extend(Signal::of_number(number).map(Event::Signal));
                    }
                }
                Message::Woken => events.push(Event::Woken),
            }
        }
    }
}

impl Driver for MioDriver {
    fn now(&self) -> Moment {
        Moment { nanos: self.start.elapsed().as_nanos() as u64 }
    }

    fn wall(&self) -> Duration {
        // A clock before 1970 is as good as one at 1970.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn zone(&self) -> TimeZone {
        let zone = TimeZone::system();
        if zone.is_unknown() { TimeZone::UTC } else { zone }
    }

    fn random(&mut self) -> u64 {
        self.random.draw()
    }

    fn secret(&mut self, into: &mut [u8]) -> io::Result<()> {
        Ok(getrandom::fill(into)?)
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).cloned().unwrap_or_else(|| variable(name))
    }

    fn variables(&self) -> BTreeMap<OsString, OsString> {
        self.variables.over(std::env::vars_os())
    }

    fn set_variable(&mut self, name: &str, value: Option<&str>) {
        self.variables.set(name, value);
    }

    fn facts(&self) -> Facts {
        let text = |name: &str| self.variable(name).map(|text| text.to_string_lossy().into_owned());
        Facts {
            hostname: hostname(),
            user: text("USER").or_else(|| text("LOGNAME")),
            home: text("HOME"),
            cwd: std::env::current_dir().ok().map(|cwd| cwd.to_string_lossy().into_owned()),
            pid: std::process::id(),
            cpu_count: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    fn poll(&mut self, timeout: Option<Duration>, events: &mut Vec<Event>) {
        let before = events.len();
        events.append(&mut self.ready);
        self.receive(events);
        let timeout = if events.len() > before { Some(Duration::ZERO) } else { timeout };
        let dozed = std::mem::take(&mut self.dozing);
        if dozed {
            self.remote.awake();
        }
        let is_watched = dozed || self.connections.waiting() > 0 || !self.children.is_empty();
        if timeout == Some(Duration::ZERO) && !is_watched {
            return;
        }
        let kill_at = self.children.deadline().map(|deadline| deadline.since(self.now()));
        let shorter = kill_at.map(|kill| timeout.map_or(kill, |timeout| timeout.min(kill)));
        self.look(shorter.or(timeout), events);
        if kill_at.is_some() {
            self.children.kill_overdue(self.now());
        }
        self.receive(events);
    }

    #[cfg(unix)]
    fn doze(&mut self, timeout: Option<Duration>, _: &Waker) -> Doze {
        let kill_at = self.children.deadline().map(|deadline| deadline.since(self.now()));
        let timeout = kill_at.into_iter().chain(timeout).min();
        self.dozing = true;
        if !self.ready.is_empty() || timeout == Some(Duration::ZERO) || !self.remote.may_sleep() {
            return Doze::Awake;
        }
        if let Some(span) = timeout
            && !self.timer.ring(self.poll.registry(), span)
        {
            return Doze::Awake;
        }
        Doze::Watch
    }

    #[cfg(unix)]
    fn descriptor(&self) -> Option<i32> {
        Some(self.poll.as_raw_fd())
    }

    fn is_dozing(&self) -> bool {
        self.dozing
    }

    #[cfg(unix)]
    fn watched(&self) -> io::Result<OwnedFd> {
        self.poll.registry().as_fd().try_clone_to_owned()
    }

    fn is_busy(&self) -> bool {
        !self.ready.is_empty()
            || self.connections.waiting() > 0
            || self.children.waiting() > 0
            || self.subscriptions.is_awaited()
            || !self.jobs.is_empty() && self.jobs.iter().any(|(_, job)| job.ticket().is_some())
    }

    fn calls(&self) -> Calls {
        Calls { polls: self.polls, wakes: self.remote.wakes(), ..self.connections.calls() }
    }

    fn waker(&self) -> Waker {
        Waker::from(self.remote.clone())
    }

    fn notify(&mut self, ticket: Ticket) {
        self.ready.push(Event::Ready(ticket));
    }

    fn connect(&mut self, address: &Address) -> io::Result<SocketId> {
        self.connections.connect(self.poll.registry(), address)
    }

    fn connected(&mut self, socket: SocketId) -> io::Result<()> {
        self.connections.connected(socket)
    }

    fn bind(&mut self, address: &Address, options: ListenOptions) -> io::Result<SocketId> {
        self.connections.bind(self.poll.registry(), address, options)
    }

    fn accept(&mut self, listener: SocketId) -> io::Result<(SocketId, Address)> {
        self.connections.accept(self.poll.registry(), listener)
    }

    fn read(&mut self, socket: SocketId, max: usize) -> io::Result<&[u8]> {
        let into = room(&mut self.scratch, max.min(READ_MAX));
        let count = self.connections.read(socket, into)?;
        Ok(&into[..count])
    }

    fn is_quiet(&self, socket: SocketId) -> bool {
        self.connections.is_quiet(socket)
    }

    fn write(&mut self, socket: SocketId, from: &[u8]) -> io::Result<usize> {
        self.connections.write(socket, from)
    }

    fn write_pieces(&mut self, socket: SocketId, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.connections.write_pieces(socket, pieces)
    }

    fn shutdown(&mut self, socket: SocketId) -> io::Result<()> {
        self.connections.shutdown(socket)
    }

    fn bind_datagram(
        &mut self,
        address: &Address,
        options: DatagramOptions,
    ) -> io::Result<SocketId> {
        self.connections.bind_datagram(self.poll.registry(), address, options)
    }

    fn connect_datagram(&mut self, socket: SocketId, address: &Address) -> io::Result<()> {
        self.connections.connect_datagram(socket, address)
    }

    fn send_datagram(
        &mut self,
        socket: SocketId,
        from: &[u8],
        to: Option<&Address>,
    ) -> io::Result<()> {
        self.connections.send(socket, from, to)
    }

    fn receive_datagram(&mut self, socket: SocketId) -> io::Result<(&[u8], Address)> {
        let into = room(&mut self.scratch, DATAGRAM_MAX);
        let (count, address) = self.connections.receive(socket, into)?;
        Ok((&into[..count], address))
    }

    fn set_option(&mut self, socket: SocketId, option: SocketOption) -> io::Result<()> {
        self.connections.set_option(socket, option)
    }

    fn local(&self, socket: SocketId) -> io::Result<Address> {
        self.connections.local(socket)
    }

    fn abort(&mut self, socket: SocketId) {
        // Where it does not apply, as with Unix sockets, closing is all there is.
        let _ = self.set_option(socket, SocketOption::Linger(Some(Duration::ZERO)));
        self.close(socket);
    }

    fn resolver(&self) -> Arc<dyn Resolver> {
        Arc::new(SystemResolver)
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
        take_back(&mut self.ready, ticket);
    }

    #[cfg(target_os = "linux")]
    fn watch_files(&mut self) -> io::Result<(SocketId, Arc<dyn super::Watcher>)> {
        let (queue, watcher) = super::file_watch::watcher()?;
        let socket = self.connections.pipe(self.poll.registry(), PipeEnd::Queue(queue))?;
        Ok((socket, watcher))
    }

    fn may_start(&self, command: &str) -> io::Result<PathBuf> {
        Ok(PathBuf::from(command))
    }

    fn adopt(&mut self, child: NewChild) -> io::Result<Adopted> {
        let registry = self.poll.registry();
        let (id, process) = self.children.adopt(registry, &self.remote, child)?;
        let (stdin, stdout, stderr) =
            (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let pid = process.id();
        let mut pipe =
            |end: Option<PipeEnd>| end.map(|end| self.connections.pipe(registry, end)).transpose();
        let pipes = (
            pipe(stdin.map(PipeEnd::Stdin)),
            pipe(stdout.map(PipeEnd::Stdout)),
            pipe(stderr.map(PipeEnd::Stderr)),
        );
        match pipes {
            (Ok(stdin), Ok(stdout), Ok(stderr)) => {
                Ok(Adopted { child: id, pid, stdin, stdout, stderr })
            }
            (stdin, stdout, stderr) => {
                let mut error = io::Error::other("no pipe");
                for pipe in [stdin, stdout, stderr] {
                    match pipe {
                        Ok(made) => made.into_iter().for_each(|made| self.close(made)),
                        Err(reason) => error = reason,
                    }
                }
                self.retire(id);
                Err(error)
            }
        }
    }

    fn child_status(&self, child: ChildId) -> io::Result<Option<ChildStatus>> {
        self.children.status(child)
    }

    fn wait_child(&mut self, child: ChildId, ticket: Ticket) {
        if self.children.wait(child, ticket) {
            self.ready.push(Event::Ready(ticket));
        }
    }

    fn unwait_child(&mut self, child: ChildId, ticket: Ticket) {
        self.children.unwait(child, ticket);
        take_back(&mut self.ready, ticket);
    }

    fn kill(&mut self, child: ChildId, signal: i32) -> io::Result<()> {
        self.children.kill(child, signal)
    }

    fn retire(&mut self, child: ChildId) {
        self.children.retire(child, self.now());
    }

    fn run(&mut self, lane: Lane, job: Arc<dyn Runnable>) {
        let job = timed(self.stopwatch.as_ref(), lane, job);
        let slot = self.jobs.insert(job.clone());
        self.pool.run(lane, slot, job);
    }

    fn watch_jobs(&mut self) {
        self.stopwatch = Some(Arc::new(Stopwatch::new(self.start)));
    }

    fn take_jobs(&mut self, into: &mut Vec<JobSpan>) {
        let Some(stopwatch) = &self.stopwatch else { return };
        stopwatch.take(into);
    }

    fn watch(&self, limit: Duration, alarm: Box<dyn Fn() + Send>) -> Option<Arc<Heartbeat>> {
        Some(heartbeat::watch(limit, alarm))
    }

    fn listen(&mut self, signals: &[Signal], urgent: Box<dyn Fn(Signal) + Send>) -> io::Result<()> {
        let (remote, is_taken) = (self.remote.clone(), self.subscriptions.taken());
        self.listener = Some(Listener::new(signals, move |number| {
            let is_taken = is_taken(number);
            // Who sees the flag that `urgent` raises must find the message.
            remote.post(Message::Signal(number));
            Signal::of_number(number).filter(|_| !is_taken).into_iter().for_each(&urgent);
        })?);
        Ok(())
    }

    fn hear(&mut self) -> bool {
        self.listener.as_mut().is_none_or(Listener::begin)
    }

    fn subscribe(&mut self, signals: &[i32]) -> io::Result<SubscriptionId> {
        let listener = self.listener.as_ref().ok_or_else(unheard)?;
        signals.iter().try_for_each(|signal| listener.add(*signal))?;
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
