//! From a name to addresses, on the pool. Who asks for a name that is being looked up already waits
//! for the same answer.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::place::Place;
use crate::runtime::Loop;
use crate::runtime::driver::{Address, Driver, Lane, Seat, Ticket};

/// What came of a look-up. Several ops may share an error.
pub(super) type Found<T> = Result<T, Arc<io::Error>>;

/// A look-up that has begun.
pub(super) enum Lookup {
    /// It was no name.
    Literal(Address),
    /// The resolver is asked; the port goes with each address.
    Asked(Seat<Found<Vec<IpAddr>>>, u16),
}

impl Lookup {
    /// Begins; an address needs no thread.
    pub(super) fn start(rt: &mut Loop, place: &Place) -> Lookup {
        match (place, place.literal()) {
            (_, Some(address)) => Lookup::Literal(address),
            (Place::Host(host, port), None) => Lookup::Asked(ask(rt, host), *port),
            (_, None) => Lookup::Literal(Address::Unnamed),
        }
    }

    /// Reports `ticket` when there is an answer.
    pub(super) fn wait(&self, driver: &mut dyn Driver, ticket: Ticket) {
        match self {
            Lookup::Literal(_) => driver.notify(ticket),
            Lookup::Asked(seat, _) => seat.wait(driver, ticket),
        }
    }

    /// Takes [`Lookup::wait`] back.
    pub(super) fn unwait(&self, driver: &mut dyn Driver, ticket: Ticket) {
        if let Lookup::Asked(seat, _) = self {
            seat.unwait(driver, ticket);
        }
    }

    /// The answer: addresses of both families in turn, that of the first answer first.
    pub(super) fn take(&self, driver: &mut dyn Driver) -> Option<Found<VecDeque<Address>>> {
        match self {
            Lookup::Literal(address) => Some(Ok(VecDeque::from([address.clone()]))),
            Lookup::Asked(seat, port) => {
                let answer = taken(seat, driver)?;
                Some(answer.map(|ips| {
                    let order = in_turn(&ips).into_iter();
                    order.map(|ip| Address::Net(SocketAddr::new(ip, *port))).collect()
                }))
            }
        }
    }
}

/// Asks for the addresses of a name, or joins who does.
pub(super) fn ask(rt: &mut Loop, host: &str) -> Seat<Found<Vec<IpAddr>>> {
    let resolver = rt.driver.resolver();
    let name = host.to_owned();
    let driver = rt.driver.as_mut();
    rt.lookups.join(driver, Lane::Dns, &host.to_lowercase(), move || {
        resolver.lookup(&name).map_err(Arc::new)
    })
}

/// The answer of the resolver, if it has come.
pub(super) fn taken(
    seat: &Seat<Found<Vec<IpAddr>>>,
    driver: &mut dyn Driver,
) -> Option<Found<Vec<IpAddr>>> {
    let answer = seat.take(driver)?;
    Some(answer.unwrap_or_else(|panic| Err(Arc::new(io::Error::other(panic)))))
}

/// Takes turns between the families, so that one that does not work here costs one attempt.
fn in_turn(addresses: &[IpAddr]) -> VecDeque<IpAddr> {
    let first_is_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) =
        addresses.iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut order = VecDeque::new();
    while !first.is_empty() || !second.is_empty() {
        for family in [&mut first, &mut second] {
            // A name may stand for an address more than once.
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
        let all = ["::1", "::2", "::3", "1.1.1.1", "::1", "2.2.2.2"];
        let all: Vec<IpAddr> = all.map(|text| text.parse().expect("an address")).into();
        let order: Vec<String> = in_turn(&all).iter().map(ToString::to_string).collect();
        assert_eq!(order, ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"]);
        assert!(in_turn(&[]).is_empty());
    }
}
