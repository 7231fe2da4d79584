//! From a name to addresses, on the pool.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use super::literal;
use crate::runtime::driver::{Driver, Job, Lane, Ticket, submit};

/// A look-up that has begun.
pub(super) enum Lookup {
    /// It was no name.
    Literal(SocketAddr),
    /// The system is asked.
    Asked(Job<io::Result<Vec<SocketAddr>>>),
}

impl Lookup {
    /// Begins; an address needs no thread.
    pub(super) fn start(driver: &mut dyn Driver, host: &str, port: u16) -> Lookup {
        if let Some(address) = literal(host, port) {
            return Lookup::Literal(address);
        }
        let host = host.to_string();
        Lookup::Asked(submit(driver, Lane::Dns, move || {
            (host.as_str(), port).to_socket_addrs().map(Iterator::collect)
        }))
    }

    /// Reports `ticket` when there is an answer.
    pub(super) fn wait(&self, driver: &mut dyn Driver, ticket: Ticket) {
        match self {
            Lookup::Literal(_) => driver.notify(ticket),
            Lookup::Asked(job) => job.wait(ticket),
        }
    }

    /// The answer, once: addresses of both families in turn, that of the first answer first.
    pub(super) fn take(&mut self) -> Option<io::Result<VecDeque<SocketAddr>>> {
        match self {
            Lookup::Literal(address) => Some(Ok(VecDeque::from([*address]))),
            Lookup::Asked(job) => {
                let answer = job.take()?.map_err(io::Error::other).flatten();
                Some(answer.and_then(|addresses| {
                    let order = in_turn(&addresses);
                    if order.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(order) }
                }))
            }
        }
    }
}

/// Takes turns between the families, so that one that does not work here costs one attempt.
fn in_turn(addresses: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) =
        addresses.iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut order = VecDeque::new();
    while !first.is_empty() || !second.is_empty() {
        for family in [&mut first, &mut second] {
            // The system may name an address more than once.
            order.extend(family.pop_front().filter(|address| !order.contains(address)));
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns() {
        let all = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "[::1]:1", "2.2.2.2:1"];
        let all: Vec<SocketAddr> = all.map(|text| text.parse().expect("an address")).into();
        let order: Vec<String> = in_turn(&all).iter().map(ToString::to_string).collect();
        assert_eq!(order, ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert!(in_turn(&[]).is_empty());
    }
}
