//! The table that a profile ends with: the hottest lines and functions, and the tasks.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::label;
use crate::engine::{Profile, ProfileFrame};

/// So many rows are shown of each kind.
const ROWS_MAX: usize = 12;

/// Time in a place itself, and in it and what it calls.
#[derive(Clone, Copy, Default)]
struct Spent {
    own: u64,
    all: u64,
}

/// The table as text.
pub fn table(profile: &Profile) -> String {
    let running: u64 = profile.stacks.values().sum();
    let busy = running + profile.collector + profile.event_loop;
    let mut text = String::new();
    let mut line = |shown: String| {
        text.push_str(shown.trim_end());
        text.push('\n');
    };
    let time = |ticks: u64| span(profile.every * u32::try_from(ticks).unwrap_or(u32::MAX));
    line(format!(
        "profile: {} samples, {} busy: program {}, garbage collector {}, event loop {}; \
         waiting {}, taking notes {}",
        busy,
        time(busy),
        time(running),
        time(profile.collector),
        time(profile.event_loop),
        time(profile.waiting),
        time(profile.profiler)
    ));
    let percent = |ticks: u64| format!("{:.1} %", ticks as f64 * 100.0 / busy.max(1) as f64);
    let files: HashSet<&str> = profile.frames.iter().map(|frame| &*frame.file).collect();
    let has_more_files = files.iter().filter(|file| !file.is_empty()).count() > 1;
    let kinds = [
        ("line", spent(profile, label)),
        ("function", spent(profile, |frame| function(frame, has_more_files))),
    ];
    for (kind, spent) in kinds {
        line(format!("\n{:>8} {:>8}  {kind}", "own", "with all"));
        for (name, Spent { own, all }) in hottest(spent) {
            line(format!("{:>8} {:>8}  {}", percent(own), percent(all), printable(&name)));
        }
    }
    line(format!("\n{:>8} {:>9} {:>8}  task", "own", "waited", "count"));
    let mut tasks: Vec<_> = profile.tasks.iter().collect();
    tasks.sort_by(|a, b| (b.ticks, b.waited, &a.name).cmp(&(a.ticks, a.waited, &b.name)));
    for task in tasks.iter().take(ROWS_MAX) {
        let (own, waited) = (percent(task.ticks), span(task.waited));
        line(format!("{own:>8} {waited:>9} {:>8}  {}", task.count, printable(&task.name)));
    }
    text
}

/// What was spent in each place, places being the same if they have the same name.
fn spent(profile: &Profile, name: impl Fn(&ProfileFrame) -> String) -> HashMap<String, Spent> {
    let names: Vec<String> = profile.frames.iter().map(name).collect();
    let mut spent: HashMap<String, Spent> = HashMap::new();
    for ((_, frames), ticks) in &profile.stacks {
        let Some(last) = frames.last() else { continue };
        spent.entry(names[*last as usize].clone()).or_default().own += ticks;
        // A function that calls itself is counted once.
        let once: HashSet<&str> = frames.iter().map(|frame| &*names[*frame as usize]).collect();
        for name in once {
            spent.entry(name.to_owned()).or_default().all += ticks;
        }
    }
    spent
}

/// A function without the line; where there is only one file, that says nothing.
fn function(frame: &ProfileFrame, has_more_files: bool) -> String {
    let ProfileFrame { function, file, .. } = frame;
    match has_more_files && !file.is_empty() {
        true => format!("{function} ({file})"),
        false => function.clone(),
    }
}

fn hottest(spent: HashMap<String, Spent>) -> Vec<(String, Spent)> {
    let mut rows: Vec<_> = spent.into_iter().collect();
    rows.sort_by(|(a, x), (b, y)| (y.own, y.all, a).cmp(&(x.own, x.all, b)));
    rows.truncate(ROWS_MAX);
    rows
}

/// A name cannot do anything to a terminal.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A time, in the unit that fits.
fn span(time: Duration) -> String {
    match time.as_secs_f64() {
        0.0 => "0".to_owned(),
        seconds if seconds < 1.0 => format!("{:.0}ms", seconds * 1e3),
        seconds => format!("{seconds:.2}s"),
    }
}
