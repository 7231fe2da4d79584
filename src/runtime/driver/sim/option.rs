//! What a simulated world is made from.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::fault::Faults;
use crate::runtime::driver::Random;

/// What a simulated world is made from. The same options make the same world.
#[derive(Clone, Debug, Default)]
pub struct SimOptions {
    /// Where all chance comes from.
    pub seed: u64,
    /// Whether the order of what the documents leave open is varied, and by which seed.
    pub explore: Option<u64>,
    /// What goes wrong.
    pub faults: Faults,
    /// The environment that the program finds.
    pub variables: BTreeMap<OsString, OsString>,
}

/// How many ops that need no waiting a task may do before others have their turn, where that is
/// explored: a power of two up to the usual 128.
#[must_use]
pub fn explored_budget(explore: u64) -> u32 {
    1 << (Random::seeded(explore).draw() % 8)
}
