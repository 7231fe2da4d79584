//! What lies between the sockets: time, chance, and what is under way.

use std::time::Duration;

use super::agenda::{Agenda, Happening};
use super::link::{LinkId, Side};
use crate::runtime::driver::sim::fault::Faults;
use crate::runtime::driver::{Moment, Random};

/// One in so many happenings ends what one look at the network brings, while it is explored.
const CUT_IN: u64 = 4;

/// Time, chance, and what is under way.
pub(super) struct Medium {
    pub(super) now: Moment,
    pub(super) faults: Faults,
    pub(super) agenda: Agenda,
    random: Random,
    /// Chance of another kind: it varies what is left open, and no fault depends on it.
    explore: Option<Random>,
    /// What makes the ties of this exploration its own.
    salt: u64,
}

impl Medium {
    pub(super) fn new(seed: u64, explore: Option<u64>, faults: Faults) -> Medium {
        let mut explore = explore.map(Random::seeded);
        Medium {
            now: Moment::default(),
            faults,
            agenda: Agenda::default(),
            random: Random::seeded(seed),
            salt: explore.as_mut().map_or(0, Random::draw),
            explore,
        }
    }

    /// How long the next packet is under way.
    pub(super) fn latency(&mut self) -> Duration {
        let (least, most) = (*self.faults.latency.start(), *self.faults.latency.end());
        let span = u64::try_from(most.saturating_sub(least).as_nanos()).unwrap_or(u64::MAX);
        let drawn = match span {
            0 => least,
            _ => least + Duration::from_nanos(below(&mut self.random, span.saturating_add(1))),
        };
        match &mut self.explore {
            // Between half of it and twice as much.
            Some(explore) => drawn * (50 + below(explore, 151) as u32) / 100,
            None => drawn,
        }
    }

    /// Whether something happens that has this chance. Nothing is drawn for what never does.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        // 53 bits are as many as a fraction between 0 and 1 can hold.
        share > 0.0 && ((self.random.draw() >> 11) as f64) < share * (1_u64 << 53) as f64
    }

    /// How much of `count` a stream takes or gives this time: at least one.
    pub(super) fn shortened(&mut self, count: usize) -> usize {
        let share = self.faults.short_io;
        if count > 1 && self.happens(share) {
            1 + below(&mut self.random, count as u64 - 1) as usize
        } else {
            count
        }
    }

    /// Plans the arrival of something over a link.
    pub(super) fn plan_arrival(&mut self, at: Moment, link: LinkId, from: Side) {
        let tie = self.tie(at, link.serial << 1 | from as u64);
        self.agenda.plan(at, tie, Happening::Arrival(link, from));
    }

    /// Plans something whose order to other things of this origin has to stay.
    pub(super) fn plan(&mut self, at: Moment, origin: u64, happening: Happening) {
        let tie = self.tie(at, !origin);
        self.agenda.plan(at, tie, happening);
    }

    /// Whether what else is due has to wait for the next look, while the order is explored.
    pub(super) fn is_enough(&mut self) -> bool {
        self.explore.as_mut().is_some_and(|explore| below(explore, CUT_IN) == 0)
    }

    /// Where in its moment something happens. Things of one origin stay in order, all others are
    /// mixed while the order is explored.
    fn tie(&self, at: Moment, origin: u64) -> u64 {
        if self.explore.is_none() {
            return 0;
        }
        Random::seeded(self.salt ^ at.nanos.rotate_left(32) ^ origin).draw()
    }
}

/// A number below `end`, which is not 0. The tiny preference for small ones does not matter here.
fn below(random: &mut Random, end: u64) -> u64 {
    random.draw() % end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_as_likely_as_asked() {
        let mut medium = Medium::new(1, None, Faults::default());
        let mut count = |share| (0..10_000).filter(|_| medium.happens(share)).count();
        assert_eq!((count(0.0), count(1.0)), (0, 10_000));
        assert!((2_300..2_700).contains(&count(0.25)));
    }

    #[test]
    fn latencies_lie_in_their_range() {
        let micros = Duration::from_micros;
        let faults = Faults { latency: micros(10)..=micros(30), ..Faults::default() };
        let mut medium = Medium::new(1, None, faults.clone());
        let drawn: Vec<Duration> = (0..100).map(|_| medium.latency()).collect();
        assert!(drawn.iter().all(|latency| (micros(10)..=micros(30)).contains(latency)));
        assert!(drawn.iter().any(|latency| *latency < micros(15)));
        assert!(drawn.iter().any(|latency| *latency > micros(25)));
        let mut explored = Medium::new(1, Some(2), faults);
        let drawn: Vec<Duration> = (0..100).map(|_| explored.latency()).collect();
        assert!(drawn.iter().all(|latency| (micros(5)..=micros(60)).contains(latency)));
        assert!(drawn.iter().any(|latency| *latency > micros(30)));
    }
}
