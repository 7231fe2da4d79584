//! Jobs in virtual time: each runs in line, at a moment that the seed chooses.
//!
//! What a job does happens as a whole at the moment at which it ends. Jobs that run side by side so
//! end in any order, as on the machine, but in the same one each time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::super::random::Random;
use super::super::{Lane, Moment, Runnable};

/// The jobs that have been handed in and have not run yet.
pub(super) struct Jobs {
    /// By the moment at which they run; then in the order in which they came.
    agenda: BTreeMap<(Moment, u64), Arc<dyn Runnable>>,
    count: u64,
    random: Random,
    /// How much longer those on files take than on a machine with nothing else to do.
    pub(super) latency: Range<Duration>,
}

impl Jobs {
    pub(super) fn new(seed: u64) -> Jobs {
        Jobs {
            agenda: BTreeMap::new(),
            count: 0,
            random: Random::seeded(seed),
            latency: Duration::ZERO..Duration::ZERO,
        }
    }

    /// Takes a job in.
    pub(super) fn add(&mut self, now: Moment, lane: Lane, job: Arc<dyn Runnable>) {
        let span = match usual(lane) {
            // Standard input and output are the host's; time there is not ours.
            None => Duration::ZERO,
            Some(usual) => self.draw(usual) + self.extra(lane),
        };
        self.count += 1;
        self.agenda.insert((now.after(span), self.count), job);
    }

    /// When the next one runs.
    pub(super) fn next(&self) -> Option<Moment> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next one, if its moment has come.
    pub(super) fn take_due(&mut self, now: Moment) -> Option<Arc<dyn Runnable>> {
        let (at, _) = *self.agenda.first_key_value()?.0;
        if at > now {
            return None;
        }
        self.agenda.pop_first().map(|(_, job)| job)
    }

    /// Whether somebody waits for one.
    pub(super) fn is_awaited(&self) -> bool {
        self.agenda.values().any(|job| job.ticket().is_some())
    }

    /// How much longer than usual a call takes.
    fn extra(&mut self, lane: Lane) -> Duration {
        match lane {
            Lane::Fs | Lane::FsChange => self.draw(self.latency.clone()),
            _ => Duration::ZERO,
        }
    }

    fn draw(&mut self, range: Range<Duration>) -> Duration {
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let (start, end) = (nanos(range.start), nanos(range.end));
        if end <= start {
            return range.start;
        }
        Duration::from_nanos(start + self.random.draw() % (end - start))
    }
}

/// How long a job takes on a machine with nothing else to do.
fn usual(lane: Lane) -> Option<Range<Duration>> {
    let (from, to) = match lane {
        Lane::Input | Lane::Output => return None,
        Lane::Fs | Lane::FsChange | Lane::Cpu => (20, 100),
        Lane::Dns | Lane::Process => (200, 1000),
    };
    Some(Duration::from_micros(from)..Duration::from_micros(to))
}
