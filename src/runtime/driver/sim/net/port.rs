//! Who has which address and port, for one protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::runtime::driver::SocketId;

/// The ports that are given to those who ask for none.
const FIRST: u16 = 32_768;
const LAST: u16 = 60_999;

/// The bound addresses of a protocol.
#[derive(Debug)]
pub(super) struct Ports {
    bound: BTreeMap<(u16, IpAddr), Vec<Tenant>>,
    /// Ports that connections start from.
    lent: BTreeSet<u16>,
    next: u16,
}

/// Who has an address, and whether others may have it as well.
#[derive(Debug)]
struct Tenant {
    socket: SocketId,
    shares: bool,
}

impl Default for Ports {
    fn default() -> Ports {
        Ports { bound: BTreeMap::new(), lent: BTreeSet::new(), next: FIRST }
    }
}

impl Ports {
    /// The address that binding `address` gives: port 0 is any that is free.
    pub(super) fn choose(&mut self, address: SocketAddr, shares: bool) -> io::Result<SocketAddr> {
        if address.port() != 0 {
            let is_free = !self.is_taken(address.port(), address.ip(), shares);
            return if is_free { Ok(address) } else { Err(io::ErrorKind::AddrInUse.into()) };
        }
        let port = self.free(|ports, port| !ports.is_taken(port, address.ip(), false));
        port.map(|port| SocketAddr::new(address.ip(), port))
            .ok_or_else(|| io::ErrorKind::AddrInUse.into())
    }

    pub(super) fn bind(&mut self, address: SocketAddr, socket: SocketId, shares: bool) {
        let key = (address.port(), address.ip());
        self.bound.entry(key).or_default().push(Tenant { socket, shares });
    }

    pub(super) fn release(&mut self, address: SocketAddr, socket: SocketId) {
        let key = (address.port(), address.ip());
        if let Some(tenants) = self.bound.get_mut(&key) {
            tenants.retain(|tenant| tenant.socket != socket);
            if tenants.is_empty() {
                self.bound.remove(&key);
            }
        }
    }

    /// A port for a connection to start from.
    pub(super) fn lend(&mut self) -> io::Result<u16> {
        let port = self.free(|ports, port| {
            let mut bound = ports.bound.range((port, LEAST)..);
            bound.next().is_none_or(|((next, _), _)| *next != port)
        });
        let port = port.ok_or(io::ErrorKind::AddrNotAvailable)?;
        self.lent.insert(port);
        Ok(port)
    }

    pub(super) fn give_back(&mut self, port: u16) {
        self.lent.remove(&port);
    }

    /// Who receives what is sent to an address. Several who share it are told apart by where it
    /// comes from.
    pub(super) fn find(&self, to: SocketAddr, from: SocketAddr) -> Option<SocketId> {
        let mut owners = [to.ip()].into_iter().chain(wildcards(to.ip()));
        let tenants = owners.find_map(|ip| self.bound.get(&(to.port(), ip)))?;
        let place = usize::from(from.port()) % tenants.len();
        Some(tenants[place].socket)
    }

    /// All who are bound to a port, at whatever address.
    pub(super) fn at_port(&self, port: u16) -> Vec<SocketId> {
        let tenants = self.bound.range((port, LEAST)..).take_while(|((at, _), _)| *at == port);
        tenants.flat_map(|(_, tenants)| tenants).map(|tenant| tenant.socket).collect()
    }

    /// The next port in turn that is not lent and fits.
    fn free(&mut self, fits: impl Fn(&Ports, u16) -> bool) -> Option<u16> {
        for _ in FIRST..=LAST {
            let port = self.next;
            self.next = if port == LAST { FIRST } else { port + 1 };
            if !self.lent.contains(&port) && fits(self, port) {
                return Some(port);
            }
        }
        None
    }

    fn is_taken(&self, port: u16, ip: IpAddr, shares: bool) -> bool {
        let at_port = self.bound.range((port, LEAST)..).take_while(|((at, _), _)| *at == port);
        let mut rivals = at_port.filter(|((_, other), _)| overlap(ip, *other));
        rivals.any(|(_, tenants)| !shares || tenants.iter().any(|tenant| !tenant.shares))
    }
}

/// The least address in the order of the table.
const LEAST: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The addresses that stand for this one and others: `::` is for both families.
fn wildcards(ip: IpAddr) -> impl Iterator<Item = IpAddr> {
    let v4 = ip.is_ipv4().then_some(LEAST);
    v4.into_iter().chain([IpAddr::V6(Ipv6Addr::UNSPECIFIED)])
}

fn overlap(one: IpAddr, other: IpAddr) -> bool {
    one == other
        || wildcards(one).any(|wildcard| wildcard == other)
        || wildcards(other).any(|wildcard| wildcard == one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(slot: u32) -> SocketId {
        SocketId { slot, generation: 1 }
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn addresses_exclude_each_other_where_they_overlap() {
        let mut ports = Ports::default();
        ports.bind(at("127.0.0.1:80"), id(1), false);
        for (address, is_free) in [
            ("127.0.0.1:80", false),
            ("127.0.0.2:80", true),
            ("0.0.0.0:80", false),
            ("[::]:80", false),
            ("[::1]:80", true),
            ("127.0.0.1:81", true),
        ] {
            assert_eq!(ports.choose(at(address), true).is_ok(), is_free, "{address}");
        }
        ports.release(at("127.0.0.1:80"), id(1));
        assert!(ports.choose(at("127.0.0.1:80"), false).is_ok());
    }

    #[test]
    fn those_who_share_are_told_apart_by_the_sender() {
        let mut ports = Ports::default();
        ports.bind(at("127.0.0.1:80"), id(1), true);
        assert!(ports.choose(at("127.0.0.1:80"), false).is_err(), "both have to want it");
        let shared = ports.choose(at("127.0.0.1:80"), true).expect("it is shared");
        ports.bind(shared, id(2), true);
        let found = |port| ports.find(at("127.0.0.1:80"), SocketAddr::new(LEAST, port));
        assert_eq!([found(2), found(3)], [Some(id(1)), Some(id(2))]);
        assert_eq!(ports.at_port(80), [id(1), id(2)]);
    }

    #[test]
    fn wildcards_receive_for_all_but_an_own_address_comes_first() {
        let mut ports = Ports::default();
        ports.bind(at("[::]:80"), id(1), false);
        ports.bind(at("0.0.0.0:81"), id(2), false);
        let found = |to| ports.find(at(to), at("1.1.1.1:1"));
        assert_eq!(found("127.0.0.1:80"), Some(id(1)));
        assert_eq!(found("[::1]:80"), Some(id(1)));
        assert_eq!(found("[::1]:81"), None);
        assert_eq!(found("10.0.0.1:81"), Some(id(2)));
    }

    #[test]
    fn free_ports_go_round_and_end() {
        let mut ports = Ports::default();
        let any = ports.choose(at("127.0.0.1:0"), false).expect("all are free");
        assert_eq!(any.port(), FIRST);
        ports.bind(any, id(1), false);
        let lent: BTreeSet<u16> = std::iter::from_fn(|| ports.lend().ok()).collect();
        assert_eq!(lent.len(), usize::from(LAST - FIRST), "all but the bound one");
        assert!(!lent.contains(&FIRST));
        ports.give_back(40_000);
        assert_eq!(ports.lend().expect("one is free"), 40_000);
    }
}
