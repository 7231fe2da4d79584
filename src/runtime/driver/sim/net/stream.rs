//! Streams, of TCP and of Unix: connecting, reading, writing, ending, as Linux does it.
//!
//! What a side sends stays in order, whatever the latencies: an arrival brings the oldest of it.
//! Closing with something unread breaks the connection off, and so does writing to who has closed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::Network;
use super::agenda::Happening;
use super::link::{End, Item, Link, LinkId, Side, Stage};
use super::socket::Kind;
use crate::runtime::driver::{Address, Direction, READ_MAX, SocketId};

/// How long a caller waits for an answer: what Linux takes for its six repetitions.
const DIAL_PATIENCE: Duration = Duration::from_secs(127);
/// How often a caller repeats itself to a listener whose queue is full; after a second first, then
/// after twice as long each time.
const DIAL_REPEATS: u8 = 6;
/// How long a connection lives when nothing gets through: what Linux takes for fifteen repetitions.
const PATIENCE: Duration = Duration::from_secs(924);

impl Network {
    /// Begins a connection.
    pub(in crate::runtime::driver::sim) fn connect(
        &mut self,
        to: &Address,
    ) -> io::Result<SocketId> {
        match to {
            Address::Net(to) => self.dial(*to),
            Address::Unix(_) => self.connect_unix(to),
            Address::Unnamed => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn dial(&mut self, mut to: SocketAddr) -> io::Result<SocketId> {
        let source = self.hosts.source(to.ip())?;
        if to.ip().is_unspecified() {
            to.set_ip(source);
        }
        let from = Address::Net(SocketAddr::new(source, self.tcp.lend()?));
        let callee = End::new(Address::Net(to), Stage::Closed);
        let link = self.links.add(false, End::new(from, Stage::Closed), callee);
        let socket = self.sockets.insert(Kind::Stream(link, Side::Caller))?;
        if let Some(made) = self.links.get_mut(link) {
            made.end_mut(Side::Caller).stage = Stage::Dialing(socket);
        }
        self.send(link, Side::Caller, Item::Dial(0));
        Ok(socket)
    }

    /// A Unix socket is connected at once: there is nothing in between.
    fn connect_unix(&mut self, to: &Address) -> io::Result<SocketId> {
        let owner = self.at_path(to)?;
        if !self.sockets.listener(owner)?.has_room() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let caller = End::new(Address::Unnamed, Stage::Closed);
        let link = self.links.add(true, caller, End::new(to.clone(), Stage::Waiting));
        let socket = self.sockets.insert(Kind::Stream(link, Side::Caller))?;
        if let Some(made) = self.links.get_mut(link) {
            made.end_mut(Side::Caller).stage = Stage::Open(socket);
        }
        self.sockets.listener(owner)?.queue.push_back(link);
        self.sockets.report(owner, Direction::Read);
        Ok(socket)
    }

    /// Whether a connection is made.
    pub(in crate::runtime::driver::sim) fn connected(&mut self, id: SocketId) -> io::Result<()> {
        let (link, side) = self.sockets.stream(id)?;
        let end = self.link(link)?.end_mut(side);
        match (end.error.take(), end.stage) {
            (Some(error), _) => Err(error.into()),
            (None, Stage::Dialing(_)) => Err(io::ErrorKind::WouldBlock.into()),
            (None, _) => Ok(()),
        }
    }

    /// Reads what has arrived.
    pub(in crate::runtime::driver::sim) fn read(
        &mut self,
        id: SocketId,
        max: usize,
    ) -> io::Result<&[u8]> {
        let (id, side) = self.sockets.stream(id)?;
        let link = self.links.get_mut(id).ok_or(io::ErrorKind::NotConnected)?;
        let flow = link.flow_mut(side.other());
        flow.tidy();
        let there = flow.arrived().min(max).min(READ_MAX);
        if there == 0 {
            return if max == 0 { Ok(&[]) } else { nothing_to_read(link, side) };
        }
        let count = self.medium.shortened(there);
        if flow.is_stalled && flow.is_roomy(count) {
            flow.is_stalled = false;
            self.send(id, side, Item::Room);
        }
        Ok(self.link(id)?.flow_mut(side.other()).take(count))
    }

    /// Writes as much as there is room for.
    pub(in crate::runtime::driver::sim) fn write(
        &mut self,
        id: SocketId,
        from: &[u8],
    ) -> io::Result<usize> {
        let (id, side) = self.sockets.stream(id)?;
        let link = self.links.get_mut(id).ok_or(io::ErrorKind::NotConnected)?;
        let is_unix = link.is_unix;
        let is_gone = is_unix && link.end(side.other()).stage == Stage::Closed;
        let end = link.end_mut(side);
        if let Stage::Dialing(_) = end.stage {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let is_over = end.is_over || is_gone;
        let error = end.error.take();
        let flow = link.flow_mut(side);
        if is_over || flow.is_finished {
            return Err(error.unwrap_or(io::ErrorKind::BrokenPipe).into());
        }
        if from.is_empty() {
            return Ok(0);
        }
        if flow.room() == 0 {
            flow.is_stalled = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.medium.shortened(from.len().min(flow.room()));
        let share = self.medium.faults.reset;
        if !is_unix && self.medium.happens(share) {
            self.send(id, side, Item::Reset);
            self.send(id, side.other(), Item::Reset);
        } else {
            flow.push_bytes(&from[..count]);
            self.plan_arrival(id, side);
        }
        Ok(count)
    }

    /// Says that nothing more will be written.
    pub(in crate::runtime::driver::sim) fn shutdown(&mut self, id: SocketId) -> io::Result<()> {
        let (id, side) = self.sockets.stream(id)?;
        let link = self.link(id)?;
        let end = link.end(side);
        if end.is_over || matches!(end.stage, Stage::Dialing(_)) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if !std::mem::replace(&mut link.flow_mut(side).is_finished, true) {
            self.send(id, side, Item::End);
        }
        Ok(())
    }

    /// This side has done with the connection.
    pub(super) fn hang_up(&mut self, id: LinkId, side: Side, is_abrupt: bool) {
        let Some(link) = self.links.get_mut(id) else { return };
        let is_unread = link.flow(side.other()).arrived() > 0;
        let was_finished = std::mem::replace(&mut link.flow_mut(side).is_finished, true);
        let end = link.end_mut(side);
        let was = std::mem::replace(&mut end.stage, Stage::Closed);
        let is_made = matches!(was, Stage::Open(_) | Stage::Waiting) && !end.is_over;
        let is_abrupt = is_abrupt || end.is_abrupt || is_unread;
        end.is_over |= is_abrupt;
        if link.end(side.other()).stage == Stage::Closed {
            self.forget(id);
        } else if is_made && is_abrupt {
            self.send(id, side, Item::Reset);
        } else if is_made && !was_finished {
            self.send(id, side, Item::End);
        }
    }

    fn forget(&mut self, id: LinkId) {
        let Some(link) = self.links.remove(id) else { return };
        if let Address::Net(from) = link.end(Side::Caller).address {
            self.tcp.give_back(from.port());
        }
    }

    /// Sends something over a connection.
    pub(super) fn send(&mut self, id: LinkId, from: Side, item: Item) {
        if let Some(link) = self.links.get_mut(id) {
            link.flow_mut(from).push(item);
            self.plan_arrival(id, from);
        }
    }

    fn plan_arrival(&mut self, id: LinkId, from: Side) {
        let Some(link) = self.links.get_mut(id) else { return };
        let latency = if link.is_unix { Duration::ZERO } else { self.medium.latency() };
        let flow = link.flow_mut(from);
        flow.last = self.medium.now.after(latency).max(flow.last);
        self.medium.plan_arrival(flow.last, id, from);
    }

    /// The oldest thing that a side has sent arrives, unless a partition holds it up.
    pub(super) fn arrive(&mut self, id: LinkId, from: Side) {
        let Some(link) = self.links.get_mut(id) else { return };
        let (source, to) = (link.end(from).address.net(), link.end(from.other()).address.net());
        if let (Some(source), Some(to)) = (source, to)
            && self.cuts.iter().any(|cut| cut.is_between(source.ip(), to.ip()))
        {
            return self.hold(id, from);
        }
        let to = from.other();
        let is_over = link.end(to).is_over;
        let Some(item) = link.flow_mut(from).arrive(is_over) else { return };
        let stage = link.end(to).stage;
        match item {
            Item::Dial(repeats) => self.ring(id, repeats),
            Item::Answer => match stage {
                Stage::Dialing(socket) => {
                    link.end_mut(to).stage = Stage::Open(socket);
                    self.report(socket);
                }
                // Who called has given up meanwhile.
                _ => self.send(id, to, Item::Reset),
            },
            Item::Refusal => self.break_off(id, to, io::ErrorKind::ConnectionRefused),
            // Nobody is there to take it, and the sender does not know that yet.
            Item::Data(_) if is_over || stage == Stage::Closed => {
                link.end_mut(to).is_over = true;
                if !link.end(from).is_over {
                    self.send(id, to, Item::Reset);
                }
            }
            Item::End if is_over => {}
            Item::Data(_) => self.report_one(stage, Direction::Read),
            Item::End => {
                link.flow_mut(from).has_ended = true;
                self.report_one(stage, Direction::Read);
            }
            Item::Reset => {
                let has_ended = link.flow(from).has_ended;
                let late = io::ErrorKind::BrokenPipe;
                let error = if has_ended { late } else { io::ErrorKind::ConnectionReset };
                self.break_off(id, to, error);
            }
            Item::Room => self.report_one(stage, Direction::Write),
        }
    }

    /// Somebody wants to connect.
    fn ring(&mut self, id: LinkId, repeats: u8) {
        let share = self.medium.faults.refuse;
        let is_refused = self.medium.happens(share);
        let Some(link) = self.links.get_mut(id) else { return };
        let [from, to] = [Side::Caller, Side::Callee].map(|side| link.end(side).address.net());
        let (Some(from), Some(to)) = (from, to) else { return };
        let owner = self.tcp.find(to, from).filter(|_| !is_refused);
        let Some(owner) = owner else { return self.send(id, Side::Callee, Item::Refusal) };
        if !self.sockets.listener(owner).is_ok_and(|listener| listener.has_room()) {
            return self.ring_later(id, repeats);
        }
        link.end_mut(Side::Callee).stage = Stage::Waiting;
        if let Ok(listener) = self.sockets.listener(owner) {
            listener.queue.push_back(id);
        }
        self.sockets.report(owner, Direction::Read);
        self.send(id, Side::Callee, Item::Answer);
    }

    /// The queue is full: the caller repeats itself, up to a point.
    fn ring_later(&mut self, id: LinkId, repeats: u8) {
        if repeats >= DIAL_REPEATS {
            return self.break_off(id, Side::Caller, io::ErrorKind::TimedOut);
        }
        if let Some(link) = self.links.get_mut(id) {
            let flow = link.flow_mut(Side::Caller);
            flow.push_front(Item::Dial(repeats + 1));
            flow.last = self.medium.now.after(Duration::from_secs(1 << repeats));
            self.medium.plan_arrival(flow.last, id, Side::Caller);
        }
    }

    fn break_off(&mut self, id: LinkId, side: Side, error: io::ErrorKind) {
        let Some(link) = self.links.get_mut(id) else { return };
        link.break_off(side, error);
        if let Some(socket) = link.end(side).stage.socket() {
            self.report(socket);
        }
    }

    /// A partition lies in between.
    fn hold(&mut self, id: LinkId, from: Side) {
        let Some(link) = self.links.get_mut(id) else { return };
        let is_dialing = matches!(link.end(from).stage, Stage::Dialing(_));
        let patience = if is_dialing { DIAL_PATIENCE } else { PATIENCE };
        let flow = link.flow_mut(from);
        flow.held += 1;
        if flow.held == 1 {
            flow.give_up = self.medium.now.after(patience);
            let origin = id.serial;
            self.medium.plan(flow.give_up, origin, Happening::GiveUp(id, from));
            self.held.push((id, from));
        }
    }

    /// Nothing has got through for too long.
    pub(super) fn give_up(&mut self, id: LinkId, side: Side) {
        if !self.is_hopeless(id, side) {
            return;
        }
        if let Some(link) = self.links.get_mut(id) {
            link.flow_mut(side).held = 0;
        }
        self.break_off(id, side, io::ErrorKind::TimedOut);
    }

    /// Whether a side that is about to give up has still heard nothing.
    pub(super) fn is_hopeless(&self, id: LinkId, side: Side) -> bool {
        let flow = self.links.get(id).map(|link| link.flow(side));
        flow.is_some_and(|flow| flow.held > 0)
    }

    /// What was held up goes on, as far as it can.
    pub(super) fn release(&mut self) {
        for (id, from) in std::mem::take(&mut self.held) {
            let held = match self.links.get_mut(id) {
                Some(link) => std::mem::take(&mut link.flow_mut(from).held),
                None => 0,
            };
            (0..held).for_each(|_| self.plan_arrival(id, from));
        }
    }

    /// Whether reading or writing a stream would get somewhere.
    pub(super) fn is_stream_ready(&self, id: LinkId, side: Side, direction: Direction) -> bool {
        let Some(link) = self.links.get(id) else { return true };
        let end = link.end(side);
        if end.is_over || end.error.is_some() {
            return true;
        }
        let incoming = link.flow(side.other());
        match (direction, end.stage) {
            (_, Stage::Dialing(_)) => false,
            (Direction::Read, _) => incoming.arrived() > 0 || incoming.has_ended,
            (Direction::Write, _) => link.flow(side).room() > 0 || link.flow(side).is_finished,
        }
    }

    fn report(&mut self, socket: SocketId) {
        self.sockets.report(socket, Direction::Read);
        self.sockets.report(socket, Direction::Write);
    }

    fn report_one(&mut self, stage: Stage, direction: Direction) {
        if let Some(socket) = stage.socket() {
            self.sockets.report(socket, direction);
        }
    }

    pub(super) fn link(&mut self, id: LinkId) -> io::Result<&mut Link> {
        self.links.get_mut(id).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// What there is instead of data: the end, once it has arrived, or why there will be none.
fn nothing_to_read(link: &mut Link, side: Side) -> io::Result<&'static [u8]> {
    let has_ended = link.flow(side.other()).has_ended;
    let end = link.end_mut(side);
    match end.error {
        _ if has_ended => Ok(&[]),
        Some(error) => {
            end.error = None;
            Err(error.into())
        }
        None if end.is_over => Ok(&[]),
        None => Err(io::ErrorKind::WouldBlock.into()),
    }
}
