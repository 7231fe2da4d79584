//! Which of a name's addresses is connected first (RFC 8305, "Happy Eyeballs").
//!
//! ```text
//!   try the first ──250 ms or failed──► try the next, the first goes on ──► …
//!         └───────── the first that is connected; the others are closed ◄──┘
//! ```
//! The addresses come in an order that takes turns between the families. The race does nothing by
//! itself: it is looked at when a connection has news or its time has come.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use crate::runtime::driver::{Address, Direction, Driver, Moment, SocketId, Ticket};

/// How long an address may keep silent before the next one is tried, too.
pub(super) const PATIENCE: Duration = Duration::from_millis(250);

/// How long a Unix listener with too many waiting is left alone: nothing tells when it has room.
const CROWDED_PAUSE: Duration = Duration::from_millis(10);

/// What connections are made with.
pub(super) trait Dialer {
    /// A connection being made.
    type Line: Copy;
    /// Begins a connection, and has its news reported.
    fn begin(&mut self, to: &Address) -> io::Result<Self::Line>;
    /// Whether it is made.
    fn outcome(&mut self, line: Self::Line) -> io::Result<()>;
    /// No more news of it.
    fn keep(&mut self, line: Self::Line);
    /// It is not wanted.
    fn drop(&mut self, line: Self::Line);
}

/// The driver, and who waits.
pub(super) struct OnDriver<'a> {
    pub(super) driver: &'a mut dyn Driver,
    pub(super) ticket: Ticket,
}

impl Dialer for OnDriver<'_> {
    type Line = SocketId;

    fn begin(&mut self, to: &Address) -> io::Result<SocketId> {
        let socket = self.driver.connect(to)?;
        self.driver.wait(socket, Direction::Write, self.ticket);
        Ok(socket)
    }

    fn outcome(&mut self, line: SocketId) -> io::Result<()> {
        self.driver.connected(line)
    }

    fn keep(&mut self, line: SocketId) {
        self.driver.unwait(line, Direction::Write, self.ticket);
    }

    fn drop(&mut self, line: SocketId) {
        self.driver.unwait(line, Direction::Write, self.ticket);
        self.driver.close(line);
    }
}

/// The addresses of a name, and the connections that are being made.
pub(super) struct Race<L> {
    untried: VecDeque<Address>,
    running: Vec<(L, Address)>,
    /// When the next address is tried although others are not decided.
    next: Moment,
    /// Why the first one failed: addresses are ordered, so it says most.
    error: Option<io::Error>,
}

/// How far a race has come.
pub(super) enum Progress<L> {
    /// This one is connected, the others are closed.
    Won(L, Address),
    /// None could be.
    Lost(io::Error),
    /// Look again when there is news, or at this moment.
    Running(Option<Moment>),
}

impl<L: Copy> Race<L> {
    pub(super) fn new(untried: VecDeque<Address>, now: Moment) -> Race<L> {
        Race { untried, running: Vec::new(), next: now, error: None }
    }

    pub(super) fn go_on(&mut self, dialer: &mut impl Dialer<Line = L>, now: Moment) -> Progress<L> {
        if let Some((line, peer)) = self.winner(dialer, now) {
            self.give_up(dialer);
            return Progress::Won(line, peer);
        }
        while self.next <= now
            && let Some(peer) = self.untried.pop_front()
        {
            match dialer.begin(&peer) {
                Ok(line) => {
                    self.running.push((line, peer));
                    self.next = now.after(PATIENCE);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.untried.push_front(peer);
                    self.next = now.after(CROWDED_PAUSE);
                }
                Err(error) => self.fail(error, now),
            }
        }
        if self.running.is_empty() && self.untried.is_empty() {
            let error = self.error.take();
            return Progress::Lost(error.unwrap_or_else(|| io::ErrorKind::NotFound.into()));
        }
        Progress::Running((!self.untried.is_empty()).then_some(self.next))
    }

    /// The first connection that is made. Those that failed are closed.
    fn winner(&mut self, dialer: &mut impl Dialer<Line = L>, now: Moment) -> Option<(L, Address)> {
        let mut at = 0;
        while let Some((line, _)) = self.running.get(at) {
            match dialer.outcome(*line) {
                Ok(()) => {
                    let won = self.running.remove(at);
                    dialer.keep(won.0);
                    return Some(won);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => at += 1,
                Err(error) => {
                    let (line, _) = self.running.remove(at);
                    dialer.drop(line);
                    self.fail(error, now);
                }
            }
        }
        None
    }

    /// An address has failed: the next one is tried at once.
    fn fail(&mut self, error: io::Error, now: Moment) {
        self.error.get_or_insert(error);
        self.next = now;
    }

    /// Closes what is being made.
    pub(super) fn give_up(&mut self, dialer: &mut impl Dialer<Line = L>) {
        for (line, _) in self.running.drain(..) {
            dialer.drop(line);
        }
        self.untried.clear();
    }
}

#[cfg(test)]
#[path = "race_test.rs"]
mod tests;
