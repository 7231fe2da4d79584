//! The one door for everything a program does not determine itself.
//!
//! Clock, randomness, sockets, jobs on other threads, signals and the environment reach the loop
//! through [`Driver`] and nothing else, so that the loop on the operating system and the one in
//! virtual time run the same code. The loop calls [`Driver::poll`] once per turn and gets
//! [`Event`]s, which name the ops that may go on by their [`Ticket`].
//!
//! A driver knows tickets, never tasks, values or the heap. `mio` appears only below this module.

#[cfg(all(unix, feature = "driver"))]
mod bell;
mod child;
#[cfg(feature = "driver")]
mod connection;
#[cfg(feature = "driver")]
mod endpoint;
mod file_system;
mod file_watch;
mod flight;
mod guard;
mod heartbeat;
mod job;
mod random;
#[cfg(feature = "driver")]
mod real;
#[cfg(feature = "driver")]
mod remote;
#[cfg(feature = "driver")]
mod resolver;
#[cfg(feature = "driver")]
mod reverse;
#[cfg(feature = "driver")]
mod scratch;
mod sim;
mod socket;
mod subscription;
#[cfg(all(test, feature = "driver"))]
mod tests;
#[cfg(feature = "driver")]
mod tickets;
#[cfg(feature = "driver")]
mod timed;
#[cfg(feature = "driver")]
mod timer;
mod variable;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use jiff::tz::TimeZone;

#[cfg(all(unix, feature = "driver"))]
pub use bell::Bell;
pub use child::{Adopted, ChildId, ChildStatus, NewChild};
pub use file_system::{DirEntry, FileFacts, FileKind, FileSystem, OpenFile, OpenHow, RealFiles};
use file_watch::changes;
pub use file_watch::{Change, Happening, Watcher};
pub use flight::{Flights, Seat};
pub use guard::{
    AuditEntry, AuditHook, ClockHook, Guard, LAYERS_MAX, Need, Permissions, Policy, Quota,
    RandomHook, Refusal, Right, TooMany,
};
pub use heartbeat::Heartbeat;
pub use job::{Job, JobError, JobSpan, Lane, Runnable, submit};
pub use random::Random;
#[cfg(feature = "driver")]
pub use real::MioDriver;
pub use sim::files::{Errno, FileOp, FileRule, MemoryFiles, When};
pub use sim::{Faults, SimDriver, SimOptions, explored_budget};
pub use socket::{
    Address, DatagramOptions, Direction, ListenOptions, Lookups, Resolver, SocketId, SocketOption,
    unknown_host,
};
pub use subscription::SubscriptionId;
pub use variable::environment;

/// Names one waiting arm of one op. Ordered by the start of the op, which is the order in which
/// completions of the same turn are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// The number of the op, counted up over the life of the loop and never used twice.
    pub seq: u64,
    /// The slot of the task that waits.
    pub task: u32,
    /// Which arm of a `select`; 0 for a plain `await`.
    pub arm: u16,
}

/// A point in time on the driver's own monotonic clock, which starts at zero with the driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Nanoseconds since the start.
    pub nanos: u64,
}

impl Moment {
    /// The moment `span` later; the end of time if that lies beyond it.
    #[must_use]
    pub fn after(self, span: Duration) -> Moment {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Moment { nanos: self.nanos.saturating_add(nanos) }
    }

    /// How long it is from `earlier` to this moment; zero if it lies before.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.nanos.saturating_sub(earlier.nanos))
    }
}

/// What a call of [`Driver::poll`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A socket, or a place in a queue, may have become ready: the op should be attempted again.
    Ready(Ticket),
    /// A job has ended: the op should be attempted again.
    Completed(Ticket),
    /// A signal of the operating system arrived, for which [`Driver::listen`] asked.
    Signal(Signal),
    /// Somebody used the driver's waker.
    Woken,
}

/// The signals the loop understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// A polite request to end.
    Terminate,
    /// Ctrl-\\: report what every task waits for.
    Quit,
}

impl Signal {
    /// The number that operating systems give it.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Signal::Interrupt => 2,
            Signal::Quit => 3,
            Signal::Terminate => 15,
        }
    }

    /// The signal of a number, if the loop understands it.
    #[must_use]
    pub fn of_number(number: i32) -> Option<Signal> {
        let all = [Signal::Interrupt, Signal::Quit, Signal::Terminate];
        all.into_iter().find(|signal| signal.number() == number)
    }
}

/// How somebody who does not want to block in [`Driver::poll`] learns that it is worth a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doze {
    /// It is now.
    Awake,
    /// When the descriptor of the driver can be read.
    Watch,
    /// When the waker is used that came with the question.
    Asleep,
}

/// What a machine says of itself and of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The name of the machine.
    pub hostname: Option<String>,
    /// The name of the user.
    pub user: Option<String>,
    /// The folder of the user.
    pub home: Option<String>,
    /// The folder that relative paths start from.
    pub cwd: Option<String>,
    /// The number of the process.
    pub pid: u32,
    /// How many threads can run at the same time.
    pub cpu_count: usize,
}

/// How often a driver has called the system. It is counted, since times say little of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Looks for events.
    pub polls: u64,
    /// Sockets entered into what is looked at.
    pub registrations: u64,
    /// Reads and writes of streams …
    pub transfers: u64,
    /// … of which so many found nothing to read, or no room.
    pub vain: u64,
    /// Times that another thread has woken the driver.
    pub wakes: u64,
}

/// The most bytes that one [`Driver::read`] brings.
pub const READ_MAX: usize = 64 * 1024;

/// Everything the loop and the native modules may ask of the world.
///
/// Calls on sockets never block: they answer [`io::ErrorKind::WouldBlock`], after which
/// [`Driver::wait`] makes a later `poll` report the ticket. Reports are hints; the op tries again.
pub trait Driver: Send {
    /// The time on the monotonic clock.
    fn now(&self) -> Moment;
    /// The time of day, since the start of 1970 (UTC).
    fn wall(&self) -> Duration;
    /// The time zone of this place.
    fn zone(&self) -> TimeZone {
        TimeZone::UTC
    }
    /// Sixty-four random bits.
    fn random(&mut self) -> u64;
    /// Fills a piece of memory with random bytes that nobody can guess; in virtual time they follow
    /// from the seed like all others.
    fn secret(&mut self, into: &mut [u8]) -> io::Result<()>;
    /// Whether the program may do this. Where nobody asks it may do everything.
    fn permit(&self, need: &Need<'_>) -> io::Result<()> {
        let _ = need;
        Ok(())
    }
    /// What the program may do, if somebody asks.
    fn policy(&self) -> Option<Arc<Policy>> {
        None
    }
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<OsString>;
    /// All environment variables.
    fn variables(&self) -> BTreeMap<OsString, OsString>;
    /// Sets an environment variable for the program and what it starts, or takes it out. The name is
    /// not empty and holds neither `=` nor NUL, the value no NUL.
    fn set_variable(&mut self, name: &str, value: Option<&str>);
    /// What the machine says of itself and of the process.
    fn facts(&self) -> Facts;

    /// Collects what has happened. Waits at most `timeout` for the first event (`None`: for as
    /// long as it takes), and not at all if something is there already. May come back early with
    /// nothing. In virtual time the clock jumps ahead instead of waiting.
    fn poll(&mut self, timeout: Option<Duration>, events: &mut Vec<Event>);
    /// Whether anything is under way that could still produce an event: an op waiting for a
    /// socket or for a job. Where this is false and no timer runs, nothing will ever happen.
    fn is_busy(&self) -> bool;
    /// Prepares for not being polled until something happens or `timeout` has passed. The waker is used
    /// where other threads are all that there is to wait for.
    fn doze(&mut self, timeout: Option<Duration>, waker: &Waker) -> Doze {
        let _ = (timeout, waker);
        Doze::Awake
    }
    /// Whether the last [`Driver::doze`] has not been followed by a `poll` yet: what woke the sleeper
    /// has to be taken by one.
    fn is_dozing(&self) -> bool {
        false
    }
    /// A descriptor that can be read when a `poll` is worth it, after [`Driver::doze`].
    fn descriptor(&self) -> Option<i32> {
        None
    }
    /// A duplicate of that descriptor, to be watched elsewhere.
    #[cfg(all(unix, feature = "driver"))]
    fn watched(&self) -> io::Result<std::os::fd::OwnedFd> {
        Err(io::ErrorKind::Unsupported.into())
    }
    /// Lets a computation take time. A simulated clock goes on; a real one has done so by itself.
    fn advance(&mut self, span: Duration) {
        let _ = span;
    }
    /// How often it has called the system; a simulated one never does.
    fn calls(&self) -> Calls {
        Calls::default()
    }
    /// Makes `poll` return from another thread, with [`Event::Woken`].
    fn waker(&self) -> Waker;
    /// Makes the next `poll` report `ticket` as ready.
    fn notify(&mut self, ticket: Ticket);
    /// The simulated world, for those who want something to go wrong in it; none if this is the real
    /// one.
    fn simulated(&mut self) -> Option<&mut SimDriver> {
        None
    }

    // Sockets.

    /// Begins a connection. It is made when [`Driver::connected`] says so. `WouldBlock`: a Unix
    /// listener has too many waiting already, and nothing will tell when it has room.
    fn connect(&mut self, address: &Address) -> io::Result<SocketId>;
    /// Whether a connection is made (`WouldBlock`: not yet; other errors: it failed).
    fn connected(&mut self, socket: SocketId) -> io::Result<()>;
    /// Opens a listener. The file of a Unix socket goes when it is closed.
    fn bind(&mut self, address: &Address, options: ListenOptions) -> io::Result<SocketId>;
    /// Takes the next waiting connection from a listener. `ResourceBusy`: it has to go on waiting,
    /// as the system has no descriptor for it now.
    fn accept(&mut self, listener: SocketId) -> io::Result<(SocketId, Address)>;
    /// Reads what is there, at most `max` bytes, into a buffer of the driver: no memory is made
    /// ready for sockets that have nothing to say. Nothing is the end.
    fn read(&mut self, socket: SocketId, max: usize) -> io::Result<&[u8]>;
    /// Whether a read is known to bring nothing now, so that whoever can wait need not try.
    fn is_quiet(&self, socket: SocketId) -> bool {
        let _ = socket;
        false
    }
    /// Hands as much to the kernel as it takes.
    fn write(&mut self, socket: SocketId, from: &[u8]) -> io::Result<usize>;
    /// The same of several pieces, one behind the other.
    fn write_pieces(&mut self, socket: SocketId, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let first = pieces.iter().find(|piece| !piece.is_empty());
        self.write(socket, first.map_or(&[], |piece| piece))
    }
    /// Says that nothing more will be written.
    fn shutdown(&mut self, socket: SocketId) -> io::Result<()>;
    /// Opens a socket for datagrams. `Unnamed` is a Unix socket that can send, not be found.
    fn bind_datagram(
        &mut self,
        address: &Address,
        options: DatagramOptions,
    ) -> io::Result<SocketId>;
    /// Settles whom a datagram socket talks to; what others send is dropped.
    fn connect_datagram(&mut self, socket: SocketId, address: &Address) -> io::Result<()>;
    /// Sends a datagram, whole or not at all: to `to`, or to whom it is connected. `WouldBlock` for
    /// the path of a Unix socket: the receiver is behind, and nothing will tell when it is not.
    fn send_datagram(
        &mut self,
        socket: SocketId,
        from: &[u8],
        to: Option<&Address>,
    ) -> io::Result<()>;
    /// Receives a datagram and where it comes from.
    fn receive_datagram(&mut self, socket: SocketId) -> io::Result<(&[u8], Address)>;
    /// Sets an option of an open socket.
    fn set_option(&mut self, socket: SocketId, option: SocketOption) -> io::Result<()>;
    /// The address of this end.
    fn local(&self, socket: SocketId) -> io::Result<Address>;
    /// Closes a connection so that the other side sees it broken off; otherwise as `close`.
    fn abort(&mut self, socket: SocketId);
    /// Who is asked for names. Its calls block: they are made in jobs on [`Lane::Dns`].
    fn resolver(&self) -> Arc<dyn Resolver>;
    /// Closes a socket. Whoever waits for it is reported as ready. Stale ids are ignored.
    fn close(&mut self, socket: SocketId);
    /// Reports `ticket` whenever the socket may have become ready, until [`Driver::unwait`].
    fn wait(&mut self, socket: SocketId, direction: Direction, ticket: Ticket);
    /// Takes a [`Driver::wait`] back.
    fn unwait(&mut self, socket: SocketId, direction: Direction, ticket: Ticket);

    // Files.

    /// The file system. Its calls block: they are made in jobs.
    fn files(&self) -> Arc<dyn FileSystem> {
        Arc::new(RealFiles)
    }
    /// Lets a directory of the machine be seen in a simulated world, at its own path, and makes it
    /// the current one there. Where files are real they are seen already.
    fn show_files(&mut self, dir: &Path) {
        let _ = dir;
    }
    /// A queue of changes of files, which is waited for and closed like a socket, and what adds
    /// directories to it.
    fn watch_files(&mut self) -> io::Result<(SocketId, Arc<dyn Watcher>)> {
        let reason = "nobody here tells of changes of files";
        Err(io::Error::new(io::ErrorKind::Unsupported, reason))
    }
    /// What stands in such a queue; `WouldBlock`: nothing yet.
    fn file_changes(&mut self, queue: SocketId) -> io::Result<Vec<Change>> {
        self.read(queue, READ_MAX).map(changes)
    }

    // Child processes.

    /// Whether a program may be started, and by which path: an error says why not.
    fn may_start(&self, command: &str) -> io::Result<PathBuf>;
    /// Takes a process in that a job has started; its pipes become sockets.
    fn adopt(&mut self, child: NewChild) -> io::Result<Adopted>;
    /// How a child ended; none while it runs.
    fn child_status(&self, child: ChildId) -> io::Result<Option<ChildStatus>>;
    /// Reports `ticket` when the child has ended, until [`Driver::unwait_child`].
    fn wait_child(&mut self, child: ChildId, ticket: Ticket);
    /// Takes a [`Driver::wait_child`] back.
    fn unwait_child(&mut self, child: ChildId, ticket: Ticket);
    /// Sends a signal, by its number, to a child and its process group. Nothing if it has ended.
    fn kill(&mut self, child: ChildId, signal: i32) -> io::Result<()>;
    /// Nobody wants the child any more: if it runs it is ended, and killed if that takes too long.
    fn retire(&mut self, child: ChildId);

    /// Runs a job where it may block. Use [`submit`], which gives a typed handle.
    fn run(&mut self, lane: Lane, job: Arc<dyn Runnable>);
    /// Notes from now on when jobs begin and end.
    fn watch_jobs(&mut self) {}
    /// Gives what was noted of those that have ended since the last time.
    fn take_jobs(&mut self, _into: &mut Vec<JobSpan>) {}
    /// Watches, from another thread, whether one beat follows the other, and calls `alarm` where a task
    /// runs for longer than `limit`. A driver whose time is not real watches nothing.
    fn watch(&self, _limit: Duration, _alarm: Box<dyn Fn() + Send>) -> Option<Arc<Heartbeat>> {
        None
    }
    /// Asks for signals: they are kept from now on. Once they are [heard](Driver::hear), `urgent` is called
    /// at once for each, on a thread of its own, even while a task computes and the loop does not turn.
    fn listen(&mut self, signals: &[Signal], urgent: Box<dyn Fn(Signal) + Send>) -> io::Result<()>;
    /// Signals matter from now on: the program waits, or computes for long. Says whether they are heard; if
    /// they cannot be yet, it is asked again.
    fn hear(&mut self) -> bool {
        true
    }
    /// Listens to signals, by their numbers, which then end nothing any more. An error where signals
    /// are the host's business or cannot be listened to.
    fn subscribe(&mut self, signals: &[i32]) -> io::Result<SubscriptionId>;
    /// Ends a subscription. Whoever waits for it is reported as ready.
    fn unsubscribe(&mut self, id: SubscriptionId);
    /// The next signal that has come.
    fn take_signal(&mut self, id: SubscriptionId) -> Option<i32>;
    /// Reports `ticket` when a signal comes, until [`Driver::unwait_signal`].
    fn wait_signal(&mut self, id: SubscriptionId, ticket: Ticket);
    /// Takes a [`Driver::wait_signal`] back.
    fn unwait_signal(&mut self, id: SubscriptionId, ticket: Ticket);
}
