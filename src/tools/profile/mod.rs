//! What a profile shows: a table for the terminal, folded text for other tools, and a flame graph.

mod flame;
mod folded;
mod table;
#[cfg(test)]
mod tests;

pub use flame::flame;
pub use folded::folded;
pub use table::table;

use crate::engine::{Profile, ProfileFrame};

/// A stack with names, outermost first, and its ticks.
pub type Stack = (Vec<String>, u64);

/// All stacks, in an order that does not change: the task comes first, then its calls. Time that belongs to
/// no task has stacks of its own; waiting is none.
pub fn stacks(profile: &Profile) -> Vec<Stack> {
    let mut stacks: Vec<Stack> = Vec::new();
    for ((task, frames), ticks) in &profile.stacks {
        let mut names = vec![format!("task {}", profile.tasks[*task].name)];
        names.extend(frames.iter().map(|frame| label(&profile.frames[*frame as usize])));
        stacks.push((names, *ticks));
    }
    for (name, ticks) in
        [("(garbage collector)", profile.collector), ("(event loop)", profile.event_loop)]
    {
        if ticks > 0 {
            stacks.push((vec![name.to_owned()], ticks));
        }
    }
    stacks.sort();
    stacks
}

/// `work (main.ket:12)`, or the name of a native.
pub fn label(frame: &ProfileFrame) -> String {
    let ProfileFrame { function, file, line } = frame;
    if file.is_empty() { function.clone() } else { format!("{function} ({file}:{line})") }
}
