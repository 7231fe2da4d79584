//! The hosts of the simulated network: names, addresses, and what separates them.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::runtime::driver::{Resolver, unknown_host};

/// The name of the machine that the program runs on.
pub(in crate::runtime::driver::sim) const THIS_HOST: &str = "simulated";
const THIS_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const THIS_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1));
const LOOPBACKS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// All names and addresses. Shared with the look-ups, which are jobs.
#[derive(Clone, Default)]
pub(in crate::runtime::driver::sim) struct Hosts {
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    addresses: BTreeMap<String, Vec<IpAddr>>,
    names: BTreeMap<IpAddr, String>,
    /// How many addresses have been made up.
    made: u16,
}

/// One side of a partition.
#[derive(Debug)]
enum Part {
    /// This machine under all its addresses.
    This,
    Addresses(Vec<IpAddr>),
}

/// Two sides that nothing passes between. None: everybody else.
#[derive(Debug)]
pub(super) struct Cut(Part, Option<Part>);

impl Hosts {
    /// Adds a host; one that is there gets these addresses as well. Without addresses one is made
    /// up, unless the host has some.
    pub(super) fn add(&self, name: &str, addresses: Vec<IpAddr>) -> io::Result<Vec<IpAddr>> {
        let name = plain_name(name);
        let text = if name.is_empty() || name.contains(char::is_whitespace) {
            format!("{name:?} is no name of a host")
        } else if is_this(&name) || name.parse::<IpAddr>().is_ok() {
            format!("{name} is there already: it is this machine or an address")
        } else if let Some(taken) = addresses.iter().find(|address| !is_for_hosts(**address)) {
            format!("{taken} cannot be the address of another host")
        } else {
            return Ok(self.lock().add(name, addresses));
        };
        Err(io::Error::new(io::ErrorKind::InvalidInput, text))
    }

    /// Whether an address is one of this world, so that it can be bound.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        address.is_loopback()
            || address.is_unspecified()
            || [THIS_V4, THIS_V6].contains(&address)
            || self.lock().names.contains_key(&address)
    }

    /// Where somebody comes from who talks to this address, or why nobody can.
    pub(super) fn source(&self, to: IpAddr) -> io::Result<IpAddr> {
        let loopback = LOOPBACKS[usize::from(to.is_ipv6())];
        let this = if to.is_ipv6() { THIS_V6 } else { THIS_V4 };
        if to.is_loopback() || to.is_unspecified() {
            return Ok(loopback);
        }
        if self.has(to) || to.is_multicast() || to == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return Ok(this);
        }
        let text = format!("no host of the simulated world has the address {to}");
        Err(io::Error::new(io::ErrorKind::HostUnreachable, text))
    }

    /// A partition between two hosts, or between one and all others.
    pub(super) fn cut(&self, one: &str, other: Option<&str>) -> io::Result<Cut> {
        Ok(Cut(self.part(one)?, other.map(|other| self.part(other)).transpose()?))
    }

    fn part(&self, name: &str) -> io::Result<Part> {
        let name = plain_name(name);
        if is_this(&name) {
            return Ok(Part::This);
        }
        if let Ok(address) = name.parse() {
            return Ok(Part::Addresses(vec![address]));
        }
        let known = self.lock();
        match known.addresses.get(&name) {
            Some(addresses) => Ok(Part::Addresses(addresses.clone())),
            None => {
                let text = format!("there is no host {name} in the simulated world");
                Err(io::Error::new(io::ErrorKind::NotFound, text))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn add(&mut self, name: String, mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        let has = self.addresses.entry(name.clone()).or_default();
        if addresses.is_empty() && has.is_empty() {
            while addresses.is_empty() {
                self.made = self.made.wrapping_add(1);
                let [high, low] = self.made.wrapping_add(1).to_be_bytes();
                let address = IpAddr::V4(Ipv4Addr::new(10, 0, high, low));
                let is_free = address != THIS_V4 && !self.names.contains_key(&address);
                addresses.extend(is_free.then_some(address));
            }
        }
        for address in addresses {
            if !has.contains(&address) {
                has.push(address);
            }
            self.names.entry(address).or_insert_with(|| name.clone());
        }
        has.clone()
    }
}

impl Resolver for Hosts {
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let host = plain_name(host);
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        if host == THIS_HOST {
            return Ok(vec![THIS_V4, THIS_V6]);
        }
        if is_this(&host) {
            return Ok(LOOPBACKS.to_vec());
        }
        self.lock().addresses.get(&host).cloned().ok_or_else(unknown_host)
    }

    fn reverse(&self, ip: IpAddr) -> io::Result<Option<String>> {
        if ip.is_loopback() {
            return Ok(Some("localhost".to_owned()));
        }
        if [THIS_V4, THIS_V6].contains(&ip) {
            return Ok(Some(THIS_HOST.to_owned()));
        }
        Ok(self.lock().names.get(&ip).cloned())
    }
}

impl Part {
    fn has(&self, address: IpAddr) -> bool {
        match self {
            Part::This => address.is_loopback() || [THIS_V4, THIS_V6].contains(&address),
            Part::Addresses(addresses) => addresses.contains(&address),
        }
    }
}

impl Cut {
    /// Whether it lies between two addresses.
    pub(super) fn is_between(&self, from: IpAddr, to: IpAddr) -> bool {
        let Cut(one, other) = self;
        match other {
            Some(other) => one.has(from) && other.has(to) || one.has(to) && other.has(from),
            None => one.has(from) != one.has(to),
        }
    }
}

/// Names are compared in lower case, and without the dot that may stand at their end.
fn plain_name(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn is_this(name: &str) -> bool {
    name == "localhost" || name == THIS_HOST || name.ends_with(".localhost")
}

fn is_for_hosts(address: IpAddr) -> bool {
    let is_special = address.is_loopback() || address.is_unspecified() || address.is_multicast();
    !is_special && ![THIS_V4, THIS_V6, IpAddr::V4(Ipv4Addr::BROADCAST)].contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn hosts_have_names_and_addresses() {
        let hosts = Hosts::default();
        assert_eq!(hosts.add("db", vec![]).expect("a host"), [ip("10.0.0.2")]);
        assert_eq!(hosts.add("Web.", vec![ip("1.2.3.4"), ip("::5")]).expect("a host").len(), 2);
        assert_eq!(hosts.lookup("DB").expect("known"), [ip("10.0.0.2")]);
        assert_eq!(hosts.lookup("web").expect("known"), [ip("1.2.3.4"), ip("::5")]);
        assert_eq!(hosts.lookup("localhost").expect("known")[0], ip("127.0.0.1"));
        assert!(hosts.lookup("nobody").is_err());
        assert_eq!(hosts.reverse(ip("::5")).expect("no error").as_deref(), Some("web"));
        assert_eq!(hosts.reverse(ip("::6")).expect("no error"), None);
        assert_eq!(hosts.source(ip("127.0.0.9")).expect("a way"), ip("127.0.0.1"));
        assert_eq!(hosts.source(ip("10.0.0.2")).expect("a way"), ip("10.0.0.1"));
        let error = hosts.source(ip("9.9.9.9")).expect_err("nobody is there");
        assert_eq!(error.kind(), io::ErrorKind::HostUnreachable);
        for (name, address) in [("localhost", "1.1.1.1"), ("a b", "1.1.1.1"), ("x", "127.0.0.1")] {
            assert!(hosts.add(name, vec![ip(address)]).is_err(), "{name} {address}");
        }
    }

    #[test]
    fn cuts_lie_between_their_sides_only() {
        let hosts = Hosts::default();
        for name in ["a", "b", "c"] {
            hosts.add(name, vec![]).expect("a host");
        }
        let [a, b, c, here] = ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.1"].map(ip);
        let cut = hosts.cut("a", Some("b")).expect("both are there");
        assert!(cut.is_between(a, b) && cut.is_between(b, a));
        assert!(!cut.is_between(a, c) && !cut.is_between(a, a) && !cut.is_between(here, a));
        let cut = hosts.cut("10.0.0.2", None).expect("an address");
        assert!(cut.is_between(a, b) && cut.is_between(here, a) && !cut.is_between(b, c));
        let cut = hosts.cut("localhost", Some("c")).expect("both are there");
        assert!(cut.is_between(here, c) && !cut.is_between(here, a));
        assert!(!cut.is_between(ip("127.0.0.1"), here));
        assert!(hosts.cut("d", None).is_err());
    }
}
