//! Folded text: a line for each stack, `outer;inner COUNT`, which most tools for flame graphs read.

use std::fmt::Write;

use super::stacks;
use crate::engine::Profile;

/// The profile as folded text.
pub fn folded(profile: &Profile) -> String {
    let mut text = String::new();
    for (names, ticks) in stacks(profile) {
        let names: Vec<String> = names.iter().map(|name| plain(name)).collect();
        writeln!(text, "{} {ticks}", names.join(";")).expect("a string takes any text");
    }
    text
}

/// A name without what means something in the format.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c == ';' || c.is_control() { '_' } else { c }).collect()
}
