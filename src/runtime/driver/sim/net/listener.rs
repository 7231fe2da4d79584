//! Listeners: who may be connected to, and who waits there.

use std::collections::VecDeque;
use std::io;

use super::Network;
use super::link::{LinkId, Side, Stage};
use super::socket::Kind;
use crate::runtime::driver::{Address, ListenOptions, SocketId};

/// An open port, or the path of a Unix socket.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) address: Address,
    /// The number of the file that it is found by.
    place: Option<u64>,
    /// Connections that have been made and not accepted yet.
    pub(super) queue: VecDeque<LinkId>,
    backlog: usize,
}

impl Listener {
    /// Whether one more may wait. Linux lets one more wait than it was told.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() <= self.backlog
    }
}

impl Network {
    /// Opens a listener.
    pub(in crate::runtime::driver::sim) fn bind(
        &mut self,
        address: &Address,
        options: ListenOptions,
    ) -> io::Result<SocketId> {
        let shares = options.reuse_port;
        let mut place = None;
        let address = match address {
            Address::Net(address) if !self.hosts.has(address.ip()) => {
                return Err(io::ErrorKind::AddrNotAvailable.into());
            }
            Address::Net(address) => Address::Net(self.tcp.choose(*address, shares)?),
            Address::Unix(path) => {
                let (address, number) = self.take_path(path)?;
                place = Some(number);
                address
            }
            Address::Unnamed => return Err(io::ErrorKind::InvalidInput.into()),
        };
        let backlog = usize::try_from(options.backlog).unwrap_or(0);
        let listener =
            Listener { address: address.clone(), place, queue: VecDeque::new(), backlog };
        let id = self.sockets.insert(Kind::Listener(Box::new(listener)))?;
        if let Address::Net(address) = address {
            self.tcp.bind(address, id, shares);
        }
        self.places.extend(place.map(|place| (place, id)));
        Ok(id)
    }

    /// The next connection of a listener.
    pub(in crate::runtime::driver::sim) fn accept(
        &mut self,
        id: SocketId,
    ) -> io::Result<(SocketId, Address)> {
        let listener = self.sockets.listener(id)?;
        let link = listener.queue.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        let socket = self.sockets.insert(Kind::Stream(link, Side::Callee))?;
        let made = self.link(link)?;
        made.end_mut(Side::Callee).stage = Stage::Open(socket);
        Ok((socket, made.end(Side::Caller).address.clone()))
    }

    /// A listener has been closed: those who wait are turned away.
    pub(super) fn close_listener(&mut self, id: SocketId, listener: Listener) {
        match &listener.address {
            Address::Net(address) => self.tcp.release(*address, id),
            Address::Unix(path) => {
                listener.place.into_iter().for_each(|place| self.leave_path(path, place));
            }
            Address::Unnamed => {}
        }
        for link in listener.queue {
            self.hang_up(link, Side::Callee, true);
        }
    }
}
