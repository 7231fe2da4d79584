//! What goes wrong in the simulated world, and how often.

use std::ops::RangeInclusive;
use std::time::Duration;

/// How long a packet takes where nobody asked for anything else.
const LATENCY: Duration = Duration::from_micros(100);

/// What goes wrong, by chance: shares are between 0 (never) and 1 (always). As it is made, nothing
/// does: the world is perfect, but not instantaneous.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    /// How long a packet is under way, one way. Unix sockets take no time.
    pub latency: RangeInclusive<Duration>,
    /// How often a read or a write of a stream is shorter than it could be.
    pub short_io: f64,
    /// How often a write breaks its connection off, for both sides. What was written is lost.
    pub reset: f64,
    /// How often a connection is refused although somebody listens.
    pub refuse: f64,
    /// How often a datagram is lost.
    pub loss: f64,
    /// How often a datagram arrives twice.
    pub duplicate: f64,
    /// How often a datagram takes so long that later ones overtake it.
    pub reorder: f64,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            latency: LATENCY..=LATENCY,
            short_io: 0.0,
            reset: 0.0,
            refuse: 0.0,
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
        }
    }
}
