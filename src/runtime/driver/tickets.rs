//! Who waits for one direction of a socket: nearly always nobody or one.

use super::Ticket;

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

    /// Adds one. Says whether it was not there.
    pub(super) fn add(&mut self, ticket: Ticket) -> bool {
        if self.as_slice().contains(&ticket) {
            return false;
        }
        match self {
            Tickets::None => *self = Tickets::One(ticket),
            Tickets::One(first) => *self = Tickets::Many(vec![*first, ticket]),
            Tickets::Many(tickets) => tickets.push(ticket),
        }
        true
    }

    /// Takes one out. Says whether it was there.
    pub(super) fn remove(&mut self, ticket: Ticket) -> bool {
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
