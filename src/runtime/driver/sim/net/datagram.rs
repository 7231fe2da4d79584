//! Sockets for datagrams, and the datagrams of UDP.
//!
//! Those may be lost, come twice, or overtake each other, if the faults say so; without faults they
//! come in the order in which a socket sends them.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::Network;
use super::agenda::Happening;
use super::socket::{Kind, no_use};
use crate::runtime::driver::{Address, DatagramOptions, Direction, Moment, SocketId, SocketOption};

/// The most that one datagram holds: what the length of a packet leaves, by family.
const UDP_V4_MAX: usize = 65_507;
const UDP_V6_MAX: usize = 65_527;
/// How many bytes may wait to be received.
const ROOM: usize = 212_992;
/// How many latencies longer a datagram that is overtaken is under way.
const DETOURS: u32 = 4;
const BROADCAST: IpAddr = IpAddr::V4(Ipv4Addr::BROADCAST);

/// A socket for datagrams.
#[derive(Debug)]
pub(super) struct Mailbox {
    pub(super) address: Address,
    /// The number of the file that it is found by.
    place: Option<u64>,
    shares: bool,
    peer: Option<Address>,
    /// The socket that has that address, if it is one of Unix.
    peer_here: Option<SocketId>,
    pub(super) letters: VecDeque<(Address, Vec<u8>)>,
    /// How many bytes wait.
    waiting: usize,
    room: usize,
    is_broadcast: bool,
    /// Whether what it sends to groups comes back to this machine.
    is_looped: bool,
    groups: Vec<IpAddr>,
    /// Nobody was there to receive.
    is_refused: bool,
    /// When the last of what it has sent arrives.
    last: Moment,
    /// Who found it full.
    pub(super) stalled: Vec<SocketId>,
}

/// A datagram of UDP under way.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    from: SocketAddr,
    to: SocketAddr,
    sender: SocketId,
    bytes: Vec<u8>,
}

impl Mailbox {
    pub(super) fn is_ready(&self, direction: Direction) -> bool {
        direction == Direction::Write || !self.letters.is_empty() || self.is_refused
    }

    /// Whether something from there is for it.
    pub(super) fn accepts(&self, from: &Address) -> bool {
        self.peer.as_ref().is_none_or(|peer| peer == from)
    }

    /// Sets an option. What makes no difference here is taken.
    pub(super) fn set(&mut self, option: SocketOption) -> io::Result<()> {
        match option {
            SocketOption::ReceiveBuffer(size) => self.room = size,
            SocketOption::Broadcast(on) => self.is_broadcast = on,
            SocketOption::MulticastLoop(on) => self.is_looped = on,
            SocketOption::JoinMulticast(group, _) => return self.join(group),
            SocketOption::LeaveMulticast(group, _) => return self.leave(group),
            SocketOption::NoDelay(_) => return Err(no_use("only TCP has this option")),
            _ => {}
        }
        Ok(())
    }

    fn join(&mut self, group: IpAddr) -> io::Result<()> {
        if !group.is_multicast() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if self.groups.contains(&group) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        self.groups.push(group);
        Ok(())
    }

    fn leave(&mut self, group: IpAddr) -> io::Result<()> {
        let place = self.groups.iter().position(|joined| *joined == group);
        self.groups.remove(place.ok_or(io::ErrorKind::AddrNotAvailable)?);
        Ok(())
    }
}

impl Network {
    /// Opens a socket for datagrams.
    pub(in crate::runtime::driver::sim) fn bind_datagram(
        &mut self,
        address: &Address,
        options: DatagramOptions,
    ) -> io::Result<SocketId> {
        let shares = options.reuse_port;
        let mut place = None;
        let address = match address {
            Address::Net(at) if !self.hosts.has(at.ip()) && !at.ip().is_multicast() => {
                return Err(io::ErrorKind::AddrNotAvailable.into());
            }
            Address::Net(address) => Address::Net(self.udp.choose(*address, shares)?),
            Address::Unix(path) => {
                let (address, number) = self.take_path(path)?;
                place = Some(number);
                address
            }
            Address::Unnamed => Address::Unnamed,
        };
        let mailbox = Mailbox {
            address: address.clone(),
            place,
            shares,
            peer: None,
            peer_here: None,
            letters: VecDeque::new(),
            waiting: 0,
            room: ROOM,
            is_broadcast: options.broadcast,
            is_looped: true,
            groups: Vec::new(),
            is_refused: false,
            last: Moment::default(),
            stalled: Vec::new(),
        };
        let id = self.sockets.insert(Kind::Mailbox(Box::new(mailbox)))?;
        if let Address::Net(address) = address {
            self.udp.bind(address, id, shares);
        }
        self.places.extend(place.map(|place| (place, id)));
        Ok(id)
    }

    /// Settles whom a socket talks to.
    pub(in crate::runtime::driver::sim) fn connect_datagram(
        &mut self,
        id: SocketId,
        to: &Address,
    ) -> io::Result<()> {
        let mut here = None;
        let to = match (self.sockets.mailbox(id)?.address.clone(), to) {
            (Address::Net(from), Address::Net(to)) => {
                let to = self.reachable(*to)?;
                self.settle(id, from, to)?;
                Address::Net(to)
            }
            (Address::Unix(_) | Address::Unnamed, Address::Unix(_)) => {
                let owner = self.at_path(to)?;
                here = Some(owner);
                self.sockets.mailbox(owner)?.address.clone()
            }
            _ => return Err(no_use("an address of another kind")),
        };
        let mailbox = self.sockets.mailbox(id)?;
        mailbox.letters.retain(|(from, _)| *from == to);
        mailbox.waiting = mailbox.letters.iter().map(|(_, bytes)| bytes.len()).sum();
        (mailbox.peer, mailbox.peer_here) = (Some(to), here);
        Ok(())
    }

    /// A socket that was bound to no address in particular has one as soon as it has a peer.
    fn settle(&mut self, id: SocketId, mut from: SocketAddr, to: SocketAddr) -> io::Result<()> {
        if from.ip().is_unspecified() {
            self.udp.release(from, id);
            from.set_ip(self.hosts.source(to.ip())?);
            let mailbox = self.sockets.mailbox(id)?;
            mailbox.address = Address::Net(from);
            self.udp.bind(from, id, mailbox.shares);
        }
        Ok(())
    }

    /// Sends a datagram.
    pub(in crate::runtime::driver::sim) fn send_datagram(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        to: Option<&Address>,
    ) -> io::Result<()> {
        let mailbox = self.sockets.mailbox(id)?;
        if std::mem::take(&mut mailbox.is_refused) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let here = mailbox.peer_here.filter(|_| to.is_none());
        if let Some(here) = here {
            return self.send_here(id, here, bytes);
        }
        let to = to.cloned().or_else(|| mailbox.peer.clone());
        match (mailbox.address.clone(), to) {
            (_, None) => {
                let text = "it is not connected, and no address was given";
                Err(io::Error::new(io::ErrorKind::NotConnected, text))
            }
            (Address::Net(from), Some(Address::Net(to))) => self.send_letter(id, from, to, bytes),
            (Address::Unix(_) | Address::Unnamed, Some(to @ Address::Unix(_))) => {
                let owner = self.at_path(&to)?;
                self.send_here(id, owner, bytes)
            }
            _ => Err(no_use("an address of another kind")),
        }
    }

    fn send_letter(
        &mut self,
        sender: SocketId,
        mut from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) -> io::Result<()> {
        let to = self.reachable(to)?;
        if from.ip().is_unspecified() {
            from.set_ip(self.hosts.source(to.ip())?);
        }
        if bytes.len() > if to.is_ipv4() { UDP_V4_MAX } else { UDP_V6_MAX } {
            return Err(too_long());
        }
        if to.ip() == BROADCAST && !self.sockets.mailbox(sender)?.is_broadcast {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let letter = Letter { from, to, sender, bytes: bytes.to_vec() };
        let share = self.medium.faults.duplicate;
        if self.medium.happens(share) {
            self.post(letter.clone());
        }
        self.post(letter);
        Ok(())
    }

    fn post(&mut self, letter: Letter) {
        let (loss, reorder) = (self.medium.faults.loss, self.medium.faults.reorder);
        if self.medium.happens(loss) {
            return;
        }
        let (latency, sender) = (self.medium.latency(), letter.sender);
        let at = self.medium.now.after(latency);
        let Ok(mailbox) = self.sockets.mailbox(sender) else { return };
        let at = if self.medium.happens(reorder) {
            at.max(mailbox.last).after(latency * DETOURS)
        } else {
            mailbox.last = mailbox.last.max(at);
            mailbox.last
        };
        let origin = u64::from(sender.generation) << 32 | u64::from(sender.slot);
        self.medium.plan(at, origin, Happening::Letter(Box::new(letter)));
    }

    /// A datagram arrives.
    pub(super) fn deliver(&mut self, letter: Letter) {
        let Letter { from, to, sender, bytes } = letter;
        if self.cuts.iter().any(|cut| cut.is_between(from.ip(), to.ip())) {
            return;
        }
        if to.ip().is_multicast() || to.ip() == BROADCAST {
            for owner in self.members(to, sender) {
                self.put(owner, Address::Net(from), bytes.clone());
            }
            return;
        }
        let owner = self.udp.find(to, from);
        let from = Address::Net(from);
        let is_for = |owner: &SocketId| {
            self.sockets.mailbox(*owner).is_ok_and(|mailbox| mailbox.accepts(&from))
        };
        if let Some(owner) = owner.filter(is_for) {
            return self.put(owner, from, bytes);
        }
        // Only who is connected hears of it: others could not tell which of their peers is gone.
        let is_told = |mailbox: &mut Mailbox| mailbox.peer == Some(Address::Net(to));
        if self.sockets.mailbox(sender).is_ok_and(is_told) {
            let at = self.medium.now.after(self.medium.latency());
            self.medium.plan(at, u64::from(sender.slot), Happening::Unreachable(sender));
        }
    }

    /// Who gets what is sent to a group, or to all.
    fn members(&mut self, to: SocketAddr, sender: SocketId) -> Vec<SocketId> {
        let is_looped = self.sockets.mailbox(sender).is_ok_and(|mailbox| mailbox.is_looped);
        let mut owners = self.udp.at_port(to.port());
        owners.retain(|owner| {
            self.sockets.mailbox(*owner).is_ok_and(|mailbox| match to.ip() {
                BROADCAST => {
                    let local = mailbox.address.net().map(|local| local.ip());
                    local.is_some_and(|local| local.is_unspecified() || local == BROADCAST)
                }
                group => is_looped && mailbox.groups.contains(&group),
            })
        });
        owners
    }

    /// Puts a datagram where it belongs. What there is no room for is lost.
    fn put(&mut self, owner: SocketId, from: Address, bytes: Vec<u8>) {
        let Ok(mailbox) = self.sockets.mailbox(owner) else { return };
        if mailbox.accepts(&from) && mailbox.waiting + bytes.len() <= mailbox.room {
            mailbox.waiting += bytes.len();
            mailbox.letters.push_back((from, bytes));
            self.sockets.report(owner, Direction::Read);
        }
    }

    /// Nobody was there to receive what a socket has sent.
    pub(super) fn note_unreachable(&mut self, sender: SocketId) {
        if let Ok(mailbox) = self.sockets.mailbox(sender) {
            mailbox.is_refused = true;
            self.sockets.report(sender, Direction::Read);
        }
    }

    /// Receives a datagram and where it comes from.
    pub(in crate::runtime::driver::sim) fn receive_datagram(
        &mut self,
        id: SocketId,
    ) -> io::Result<(&[u8], Address)> {
        let mailbox = self.sockets.mailbox(id)?;
        if std::mem::take(&mut mailbox.is_refused) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (from, bytes) = mailbox.letters.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        mailbox.waiting = mailbox.waiting.saturating_sub(bytes.len());
        for sender in std::mem::take(&mut mailbox.stalled) {
            self.sockets.report(sender, Direction::Write);
        }
        self.scratch = bytes;
        Ok((&self.scratch, from))
    }

    /// A mailbox has been closed.
    pub(super) fn close_mailbox(&mut self, id: SocketId, mailbox: Mailbox) {
        match &mailbox.address {
            Address::Net(address) => self.udp.release(*address, id),
            Address::Unix(path) => {
                mailbox.place.into_iter().for_each(|place| self.leave_path(path, place));
            }
            Address::Unnamed => {}
        }
        for sender in mailbox.stalled {
            self.sockets.report(sender, Direction::Write);
        }
    }

    /// An address that a datagram can be sent to: none in particular means this machine.
    fn reachable(&self, mut to: SocketAddr) -> io::Result<SocketAddr> {
        let source = self.hosts.source(to.ip())?;
        if to.ip().is_unspecified() {
            to.set_ip(source);
        }
        Ok(to)
    }
}

/// The error of a datagram that is too long, as Linux and the BSDs number it.
pub(super) fn too_long() -> io::Error {
    io::Error::from_raw_os_error(if cfg!(target_os = "linux") { 90 } else { 40 })
}
