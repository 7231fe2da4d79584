//! `tcp.connect` and `unix.connect`: a look-up, then a race between the addresses.
//!
//! Nothing is begun before the wait is registered, so an arm of a `select` that does not come to
//! its turn opens no connection.

use std::io;
use std::task::Poll;
use std::time::Duration;

use super::duration;
use super::lookup::Lookup;
use super::place::Place;
use super::race::{OnDriver, Progress, Race};
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::TextValue;
use crate::natives::stream::new_connection;
use crate::runtime::driver::{Moment, SocketId, SocketOption, Ticket};
use crate::runtime::{Answer, Cx, Source, TimerId, Wait};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// What is asked for beside the place.
struct Options {
    timeout: Option<Duration>,
    keepalive: Option<Duration>,
    nodelay: bool,
}

pub(super) fn connect(
    cx: &mut Cx<'_>,
    host: TextValue,
    port: i64,
    timeout: Option<i64>,
    keepalive: Option<i64>,
    nodelay: bool,
) -> Result<Answer, Thrown> {
    const PATH: &str = "net.tcp.connect";
    let place = Place::net(cx.vm, PATH, host, port)?;
    let mut span = |name: &str, nanos: Option<i64>| {
        nanos.map(|nanos| duration(cx.vm, PATH, name, nanos)).transpose()
    };
    let (timeout, keepalive) = (span("timeout", timeout)?, span("keepalive", keepalive)?);
    Ok(start(place, Options { timeout, keepalive, nodelay }))
}

pub(super) fn connect_unix(
    cx: &mut Cx<'_>,
    path: TextValue,
    timeout: Option<i64>,
) -> Result<Answer, Thrown> {
    const PATH: &str = "net.unix.connect";
    let place = Place::unix(cx.vm, PATH, path)?;
    let timeout = timeout.map(|nanos| duration(cx.vm, PATH, "timeout", nanos)).transpose()?;
    Ok(start(place, Options { timeout, keepalive: None, nodelay: true }))
}

fn start(place: Place, options: Options) -> Answer {
    let op =
        ConnectOp { place, options, stage: Stage::New, deadline: None, ticket: None, alarm: None };
    Answer::Wait(Wait::Source(Box::new(op)))
}

struct ConnectOp {
    place: Place,
    options: Options,
    stage: Stage,
    deadline: Option<Moment>,
    ticket: Option<Ticket>,
    /// The next moment at which something has to be done.
    alarm: Option<TimerId>,
}

enum Stage {
    New,
    LookUp(Lookup),
    Trying(Race<SocketId>),
}

impl ConnectOp {
    fn go_on(&mut self, cx: &mut Cx<'_>, ticket: Ticket) -> Poll<Result<Value, Thrown>> {
        let now = cx.rt.driver.now();
        if let Stage::LookUp(lookup) = &self.stage {
            match lookup.take(cx.rt.driver.as_mut()) {
                Some(Ok(addresses)) => self.stage = Stage::Trying(Race::new(addresses, now)),
                Some(Err(error)) => return Poll::Ready(Err(self.failed(cx.vm, &error))),
                None => {}
            }
        }
        let mut wake = self.deadline;
        if let Stage::Trying(race) = &mut self.stage {
            let mut dialer = OnDriver { driver: cx.rt.driver.as_mut(), ticket };
            match race.go_on(&mut dialer, now) {
                Progress::Won(socket, peer) => {
                    let keepalive =
                        self.options.keepalive.map(|idle| SocketOption::KeepAlive(Some(idle)));
                    let nodelay = SocketOption::NoDelay(self.options.nodelay);
                    for option in keepalive.into_iter().chain([nodelay]) {
                        // Only a connection that is gone already refuses; reading will tell.
                        let _ = cx.rt.driver.set_option(socket, option);
                    }
                    let name = peer.to_string();
                    return Poll::Ready(Ok(new_connection(cx, socket, &peer, &name, None)));
                }
                Progress::Lost(error) => return Poll::Ready(Err(self.failed(cx.vm, &error))),
                Progress::Running(next) => wake = wake.into_iter().chain(next).min(),
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
        let address = self.place.to_string();
        io_error(vm, error, "connect", "connect to", Subject::Address(&address))
    }

    #[cold]
    fn timed_out(&self, vm: &mut Vm) -> Thrown {
        let limit = self.options.timeout.unwrap_or_default();
        let text = format!("could not connect to {} within {limit:?}", self.place);
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
        let lookup = Lookup::start(cx.rt, &self.place);
        lookup.wait(cx.rt.driver.as_mut(), ticket);
        self.stage = Stage::LookUp(lookup);
        self.ticket = Some(ticket);
        let now = cx.rt.driver.now();
        self.deadline = self.options.timeout.map(|limit| now.after(limit));
        self.set_alarm(cx, self.deadline, ticket);
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(alarm) = self.alarm.take() {
            cx.rt.stop_wake_up(alarm);
        }
        let driver = cx.rt.driver.as_mut();
        match &mut self.stage {
            Stage::New => {}
            Stage::LookUp(lookup) => lookup.unwait(driver, ticket),
            Stage::Trying(race) => race.give_up(&mut OnDriver { driver, ticket }),
        }
        self.stage = Stage::New;
    }

    fn describe(&self, _: &Vm) -> String {
        match self.stage {
            Stage::LookUp(_) => format!("the address of {}", self.place),
            _ => format!("a connection to {}", self.place),
        }
    }
}
