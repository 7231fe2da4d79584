//! The network of the simulated world: TCP, UDP and Unix sockets in memory, in virtual time.
//!
//! It behaves as Linux does on a network whose latencies, losses and partitions the test decides.
//! Whatever is under way stands in the [`Agenda`](agenda::Agenda) with the moment of its arrival;
//! chance comes from one seed. Nothing here looks at all sockets or all connections at once, so
//! ten thousand of them cost no more each than one.

mod agenda;
mod datagram;
mod host;
mod link;
mod listener;
mod medium;
mod port;
mod socket;
mod stream;
#[cfg(test)]
mod tests;
mod unix;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use self::agenda::Happening;
use self::host::Cut;
pub(super) use self::host::{Hosts, THIS_HOST};
use self::link::{LinkId, Links, Side};
use self::medium::Medium;
use self::port::Ports;
use self::socket::{Kind, Sockets};
use super::fault::Faults;
use super::files::MemoryFiles;
use crate::runtime::driver::{Address, Direction, Event, Moment, SocketId, SocketOption, Ticket};

/// The whole network.
pub(super) struct Network {
    medium: Medium,
    pub(super) hosts: Hosts,
    sockets: Sockets,
    links: Links,
    tcp: Ports,
    udp: Ports,
    /// The Unix sockets that can be found, by the numbers of their files.
    places: BTreeMap<u64, SocketId>,
    files: MemoryFiles,
    cuts: Vec<Cut>,
    /// What partitions hold up.
    held: Vec<(LinkId, Side)>,
    /// The datagram that was received last.
    scratch: Vec<u8>,
}

impl Network {
    pub(super) fn new(
        seed: u64,
        explore: Option<u64>,
        faults: Faults,
        files: MemoryFiles,
    ) -> Network {
        Network {
            medium: Medium::new(seed, explore, faults),
            hosts: Hosts::default(),
            sockets: Sockets::default(),
            links: Links::default(),
            tcp: Ports::default(),
            udp: Ports::default(),
            places: BTreeMap::new(),
            files,
            cuts: Vec::new(),
            held: Vec::new(),
            scratch: Vec::new(),
        }
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.medium.faults
    }

    /// What goes wrong from now on; what is under way is not touched.
    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.medium.faults = faults;
    }

    pub(super) fn add_host(&self, name: &str, addresses: Vec<IpAddr>) -> io::Result<Vec<IpAddr>> {
        self.hosts.add(name, addresses)
    }

    /// Nothing passes any more between two hosts, or between one and all others.
    pub(super) fn partition(&mut self, one: &str, other: Option<&str>) -> io::Result<()> {
        let cut = self.hosts.cut(one, other)?;
        self.cuts.push(cut);
        Ok(())
    }

    /// All partitions end.
    pub(super) fn heal(&mut self) {
        self.cuts.clear();
        self.release();
    }

    /// How many sockets the program has.
    pub(super) fn open_sockets(&self) -> usize {
        self.sockets.len()
    }

    /// Whether there is no socket, no connection and nobody who waits.
    pub(super) fn is_empty(&self) -> bool {
        self.sockets.len() + self.links.len() + self.sockets.waiting() == 0
    }

    /// Whether something is under way or to be reported.
    pub(super) fn is_busy(&self) -> bool {
        !self.medium.agenda.is_empty() || !self.sockets.ready.is_empty()
    }

    /// When the next thing happens.
    pub(super) fn next(&mut self) -> Option<Moment> {
        loop {
            let (at, happening) = self.medium.agenda.next()?;
            // Time must not jump to what has lost its meaning.
            let is_void = match happening {
                Happening::Arrival(link, _) => self.links.get(*link).is_none(),
                Happening::GiveUp(link, side) => !self.is_hopeless(*link, *side),
                Happening::Letter(_) | Happening::Unreachable(_) => false,
            };
            if !is_void {
                return Some(at);
            }
            self.medium.agenda.pop();
        }
    }

    /// The clock has gone on.
    pub(super) fn set_now(&mut self, now: Moment) {
        self.medium.now = now;
    }

    /// Carries out what is due and reports whom it concerns.
    pub(super) fn run_due(&mut self, events: &mut Vec<Event>) {
        while self.next().is_some_and(|at| at <= self.medium.now) {
            match self.medium.agenda.pop() {
                Some(Happening::Arrival(link, from)) => self.arrive(link, from),
                Some(Happening::GiveUp(link, side)) => self.give_up(link, side),
                Some(Happening::Letter(letter)) => self.deliver(*letter),
                Some(Happening::Unreachable(socket)) => self.note_unreachable(socket),
                None => {}
            }
            if !self.sockets.ready.is_empty() && self.medium.is_enough() {
                break;
            }
        }
        events.append(&mut self.sockets.ready);
    }

    /// Closes a socket. Whoever waits for it is reported.
    pub(super) fn close(&mut self, id: SocketId, is_abrupt: bool) {
        match self.sockets.remove(id) {
            Some(Kind::Stream(link, side)) => self.hang_up(link, side, is_abrupt),
            Some(Kind::Listener(listener)) => self.close_listener(id, *listener),
            Some(Kind::Mailbox(mailbox)) => self.close_mailbox(id, *mailbox),
            None => {}
        }
    }

    /// Adds a waiter, and reports it if there is something already.
    pub(super) fn wait(&mut self, id: SocketId, direction: Direction, ticket: Ticket) {
        self.sockets.wait(id, direction, ticket);
        let is_ready = match self.sockets.get(id) {
            Ok(Kind::Stream(link, side)) => self.is_stream_ready(*link, *side, direction),
            Ok(Kind::Listener(listener)) => !listener.queue.is_empty(),
            Ok(Kind::Mailbox(mailbox)) => mailbox.is_ready(direction),
            Err(_) => true,
        };
        if is_ready {
            self.sockets.ready.push(Event::Ready(ticket));
        }
    }

    pub(super) fn unwait(&mut self, id: SocketId, direction: Direction, ticket: Ticket) {
        self.sockets.unwait(id, direction, ticket);
    }

    /// The address of this end.
    pub(super) fn local(&self, id: SocketId) -> io::Result<Address> {
        match self.sockets.get(id)? {
            Kind::Stream(link, side) => {
                let link = self.links.get(*link).ok_or(io::ErrorKind::NotConnected)?;
                Ok(link.end(*side).address.clone())
            }
            Kind::Listener(listener) => Ok(listener.address.clone()),
            Kind::Mailbox(mailbox) => Ok(mailbox.address.clone()),
        }
    }

    /// Sets an option. What makes no difference here is taken where Linux takes it.
    pub(super) fn set_option(&mut self, id: SocketId, option: SocketOption) -> io::Result<()> {
        match self.sockets.get_mut(id)? {
            Kind::Stream(link, side) => {
                let (link, side) = (*link, *side);
                self.set_stream_option(link, side, option)
            }
            Kind::Mailbox(mailbox) => mailbox.set(option),
            Kind::Listener(_) => Ok(()),
        }
    }

    fn set_stream_option(
        &mut self,
        link: LinkId,
        side: Side,
        option: SocketOption,
    ) -> io::Result<()> {
        let link = self.link(link)?;
        match option {
            SocketOption::NoDelay(_) if link.is_unix => {
                return Err(socket::no_use("only TCP has this option"));
            }
            SocketOption::Linger(limit) => {
                link.end_mut(side).is_abrupt = limit.is_some_and(|limit| limit.is_zero());
            }
            SocketOption::ReceiveBuffer(size) => link.flow_mut(side.other()).set_receive(size),
            SocketOption::SendBuffer(size) => link.flow_mut(side).set_send(size),
            _ => {}
        }
        Ok(())
    }
}
