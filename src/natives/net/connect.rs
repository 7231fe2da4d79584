//! `tcp.connect`: the quickest of a name's addresses wins (RFC 8305, "Happy Eyeballs").
//!
//! ```text
//!   look up ──► try the first ──250 ms or failed──► try the next, the first goes on ──► …
//!                     └───────── the first that is connected; the others are closed ◄──┘
//! ```
//! Nothing is begun before the wait is registered, so an arm of a `select` that does not come to
//! its turn opens no connection.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use super::lookup::Lookup;
use super::{duration, port as port_of, written};
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::TextValue;
use crate::runtime::driver::{Direction, Driver, Moment, SocketId, Ticket};
use crate::runtime::{Answer, Cx, Source, TimerId, Wait};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// How long an address may keep silent before the next one is tried, too.
const PATIENCE: Duration = Duration::from_millis(250);

pub(super) fn connect(
    cx: &mut Cx<'_>,
    host: TextValue,
    port: i64,
    timeout: Option<i64>,
) -> Result<Answer, Thrown> {
    const PATH: &str = "net.tcp.connect";
    let port = port_of(cx.vm, PATH, port)?;
    let timeout = timeout.map(|nanos| duration(cx.vm, PATH, nanos)).transpose()?;
    let host = host.get(&cx.vm.heap).to_string();
    let op = ConnectOp {
        host,
        port,
        timeout,
        stage: Stage::New,
        deadline: None,
        ticket: None,
        alarm: None,
    };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

struct ConnectOp {
    host: String,
    port: u16,
    timeout: Option<Duration>,
    stage: Stage,
    deadline: Option<Moment>,
    ticket: Option<Ticket>,
    /// The next moment at which something has to be done.
    alarm: Option<TimerId>,
}

enum Stage {
    New,
    LookUp(Lookup),
    Trying(Race),
}

/// The addresses of a name, and the connections that are being made.
struct Race {
    untried: VecDeque<SocketAddr>,
    running: Vec<(SocketId, SocketAddr)>,
    /// When the next address is tried although others are not decided.
    next: Moment,
    /// Why the first one failed: addresses are ordered, so it says most.
    error: Option<io::Error>,
}

/// How far a race has come.
enum Progress {
    Won(SocketId, SocketAddr),
    Lost(io::Error),
    Running,
}

impl ConnectOp {
    fn go_on(&mut self, cx: &mut Cx<'_>, ticket: Ticket) -> Poll<Result<Value, Thrown>> {
        let now = cx.rt.driver.now();
        if let Stage::LookUp(lookup) = &mut self.stage {
            match lookup.take() {
                Some(Ok(addresses)) => self.stage = Stage::Trying(Race::new(addresses, now)),
                Some(Err(error)) => return Poll::Ready(Err(self.failed(cx.vm, &error))),
                None => {}
            }
        }
        let mut wake = self.deadline;
        if let Stage::Trying(race) = &mut self.stage {
            match race.go_on(cx.rt.driver.as_mut(), now, ticket) {
                Progress::Won(socket, peer) => return Poll::Ready(Ok(won(cx, race, socket, peer))),
                Progress::Lost(error) => return Poll::Ready(Err(self.failed(cx.vm, &error))),
                Progress::Running if race.untried.is_empty() => {}
                Progress::Running => {
                    wake = Some(wake.map_or(race.next, |deadline| deadline.min(race.next)));
                }
            }
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Poll::Ready(Err(self.timed_out(cx.vm)));
        }
        self.set_alarm(cx, wake, ticket);
        Poll::Pending
    }

    fn set_alarm(&mut self, cx: &mut Cx<'_>, at: Option<Moment>, ticket: Ticket) {
        if let Some(alarm) = self.alarm.take() {
            cx.rt.stop_wake_up(alarm);
        }
        self.alarm = at.map(|at| cx.rt.start_wake_up(at, ticket));
    }

    #[cold]
    fn failed(&self, vm: &mut Vm, error: &io::Error) -> Thrown {
        let address = written(&self.host, self.port);
        io_error(vm, error, "connect", "connect to", Subject::Address(&address))
    }

    #[cold]
    fn timed_out(&self, vm: &mut Vm) -> Thrown {
        let address = written(&self.host, self.port);
        let limit = self.timeout.unwrap_or_default();
        let text = format!("could not connect to {address} within {limit:?}");
        vm.error(ErrorKind::TimeoutError, text)
    }
}

impl Source for ConnectOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        match self.ticket {
            Some(ticket) => self.go_on(cx, ticket),
            None => Poll::Pending,
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        let driver = cx.rt.driver.as_mut();
        let lookup = Lookup::start(driver, &self.host, self.port);
        lookup.wait(driver, ticket);
        self.stage = Stage::LookUp(lookup);
        self.ticket = Some(ticket);
        self.deadline = self.timeout.map(|limit| driver.now().after(limit));
        self.set_alarm(cx, self.deadline, ticket);
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, _: Ticket) {
        if let Some(alarm) = self.alarm.take() {
            cx.rt.stop_wake_up(alarm);
        }
        if let Stage::Trying(race) = &mut self.stage {
            race.give_up(cx.rt.driver.as_mut());
        }
        self.stage = Stage::New;
    }

    fn describe(&self) -> String {
        let address = written(&self.host, self.port);
        match self.stage {
            Stage::LookUp(_) => format!("the address of {address}"),
            _ => format!("a connection to {address}"),
        }
    }
}

impl Race {
    fn new(untried: VecDeque<SocketAddr>, now: Moment) -> Race {
        Race { untried, running: Vec::new(), next: now, error: None }
    }

    fn go_on(&mut self, driver: &mut dyn Driver, now: Moment, ticket: Ticket) -> Progress {
        let mut at = 0;
        while let Some((socket, peer)) = self.running.get(at).copied() {
            match driver.connected(socket) {
                Ok(()) => {
                    self.running.remove(at);
                    driver.unwait(socket, Direction::Write, ticket);
                    return Progress::Won(socket, peer);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => at += 1,
                Err(error) => {
                    self.running.remove(at);
                    driver.unwait(socket, Direction::Write, ticket);
                    driver.close(socket);
                    self.fail(error, now);
                }
            }
        }
        while self.next <= now
            && let Some(peer) = self.untried.pop_front()
        {
            match driver.connect(&peer.into()) {
                Ok(socket) => {
                    driver.wait(socket, Direction::Write, ticket);
                    self.running.push((socket, peer));
                    self.next = now.after(PATIENCE);
                }
                Err(error) => self.fail(error, now),
            }
        }
        if self.running.is_empty() {
            let error = self.error.take();
            return Progress::Lost(error.unwrap_or_else(|| io::ErrorKind::NotFound.into()));
        }
        Progress::Running
    }

    /// An address has failed: the next one is tried at once.
    fn fail(&mut self, error: io::Error, now: Moment) {
        self.error.get_or_insert(error);
        self.next = now;
    }

    fn give_up(&mut self, driver: &mut dyn Driver) {
        for (socket, _) in self.running.drain(..) {
            driver.close(socket);
        }
    }
}

fn won(cx: &mut Cx<'_>, race: &mut Race, socket: SocketId, peer: SocketAddr) -> Value {
    let driver = cx.rt.driver.as_mut();
    race.give_up(driver);
    super::connection(cx, socket, &peer.into())
}
