//! Who waits for one direction of a socket: nearly always nobody or one.

use super::{Event, Ticket};

/// Tickets in the order in which they came.
#[derive(Debug, Default)]
pub(super) enum Tickets {
    /// Nobody.
    #[default]
    None,
    /// One, which takes no memory of its own.
    One(Ticket),
    /// More, or what is left of them.
    Many(Vec<Ticket>),
}

impl Tickets {
    /// All of them.
    pub(super) fn as_slice(&self) -> &[Ticket] {
        match self {
            Tickets::None => &[],
            Tickets::One(ticket) => std::slice::from_ref(ticket),
            Tickets::Many(tickets) => tickets,
        }
    }

    /// Reports all of them as ready.
    #[inline]
    pub(super) fn report(&self, events: &mut Vec<Event>) {
        match self {
            Tickets::None => {}
            Tickets::One(ticket) => events.push(Event::Ready(*ticket)),
            Tickets::Many(tickets) => events.extend(tickets.iter().copied().map(Event::Ready)),
        }
    }

    /// Adds one. Says whether it was not there.
    #[inline]
    pub(super) fn add(&mut self, ticket: Ticket) -> bool {
        match self {
            Tickets::None => *self = Tickets::One(ticket),
            Tickets::One(only) if *only == ticket => return false,
            Tickets::One(_) | Tickets::Many(_) => return self.add_to_many(ticket),
        }
        true
    }

    #[cold]
    #[inline(never)]
    fn add_to_many(&mut self, ticket: Ticket) -> bool {
        if self.as_slice().contains(&ticket) {
            return false;
        }
        match self {
            Tickets::Many(tickets) => tickets.push(ticket),
            _ => *self = Tickets::Many([self.as_slice(), &[ticket]].concat()),
        }
        true
    }

    /// Takes one out. Says whether it was there.
    #[inline]
    pub(super) fn remove(&mut self, ticket: Ticket) -> bool {
        match self {
            Tickets::One(only) if *only == ticket => {
                *self = Tickets::None;
                true
            }
            Tickets::None | Tickets::One(_) => false,
            Tickets::Many(_) => self.remove_of_many(ticket),
        }
    }

    #[cold]
    #[inline(never)]
    fn remove_of_many(&mut self, ticket: Ticket) -> bool {
        let Some(place) = self.as_slice().iter().position(|other| *other == ticket) else {
            return false;
        };
        match self {
            Tickets::Many(tickets) if tickets.len() > 1 => drop(tickets.remove(place)),
            _ => *self = Tickets::None,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_come_and_go_in_order() {
        let ticket = |seq| Ticket { seq, task: 0, arm: 0 };
        let mut tickets = Tickets::default();
        assert!([1, 2, 3].into_iter().all(|seq| tickets.add(ticket(seq))));
        assert!(!tickets.add(ticket(2)));
        assert!(tickets.remove(ticket(2)));
        assert!(!tickets.remove(ticket(2)));
        assert_eq!(tickets.as_slice(), [ticket(1), ticket(3)]);
        assert!(tickets.remove(ticket(1)) && tickets.remove(ticket(3)));
        assert!(tickets.as_slice().is_empty());
    }
}
