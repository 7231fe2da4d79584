//! What tasks are doing, as text for people: the tree that SIGQUIT shows, and what the watchdog tells.

use std::fmt::Write;
use std::time::Duration;

use super::library::Sources;
use crate::runtime::{Stall, TaskReport};
use crate::vm::TraceFrame;
use crate::vm::object::TraceKind;

/// All tasks, each before those that belong to it, with what it waits for and where it is.
pub fn tree(tasks: &[TaskReport], sources: &Sources) -> String {
    let count = tasks.len();
    let mut text = format!("{count} task{}\n", if count == 1 { "" } else { "s" });
    for task in tasks {
        let indent = "  ".repeat(task.depth);
        let waited =
            task.waited.map_or_else(String::new, |span| format!(", for {} now", shown(span)));
        line(&mut text, &format!("{indent}{}{waited}", title(task)));
        trace(&mut text, task, &format!("{indent}  "), sources);
    }
    text
}

/// A task that holds the loop.
pub fn stall(stall: &Stall, sources: &Sources) -> String {
    let Stall { task, held, others, is_first } = stall;
    let others = match others {
        1 => "another task has".to_owned(),
        others => format!("{others} other tasks have"),
    };
    let mut text = String::new();
    line(
        &mut text,
        &format!(
            "kettle: task {} ({}) has held the event loop for {}, and {others} to wait",
            task.number,
            task.name,
            shown(*held)
        ),
    );
    trace(&mut text, task, "  ", sources);
    if *is_first {
        line(
            &mut text,
            "  (`await task.yield()` lets the others run; `--watchdog off` or KETTLE_WATCHDOG=0 ends these messages)",
        );
    }
    text
}

fn title(task: &TaskReport) -> String {
    format!("task {} ({}) {}", task.number, task.name, task.doing)
}

/// Where a task is, innermost first, and how it came there: called, awaited, spawned.
fn trace(text: &mut String, task: &TaskReport, indent: &str, sources: &Sources) {
    let mut how = "in";
    for frame in &task.frames {
        place(text, indent, how, frame, sources);
        how = match frame.kind {
            TraceKind::Call => "called in",
            TraceKind::Await => "awaited in",
            TraceKind::Spawn => "spawned in",
        };
    }
    if let Some(spawned) = &task.spawned {
        place(text, indent, "spawned in", spawned, sources);
    }
}

fn place(text: &mut String, indent: &str, how: &str, frame: &TraceFrame, sources: &Sources) {
    if frame.left_out > 0 {
        line(text, &format!("{indent}… {} more …", frame.left_out));
    }
    line(text, &format!("{indent}{how} {} {}", frame.function, sources.describe(frame)));
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes any text");
}

/// A time as a person reads it: no finer than it matters.
pub(super) fn shown(span: Duration) -> String {
    match span.as_millis() {
        ms @ 0..1000 => format!("{ms}ms"),
        ms @ 1000..60_000 => format!("{}.{}s", ms / 1000, ms % 1000 / 100),
        ms @ 60_000..3_600_000 => format!("{}m{}s", ms / 60_000, ms / 1000 % 60),
        ms => format!("{}h{}m", ms / 3_600_000, ms / 60_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_fine_as_it_matters() {
        let shown = |ms| shown(Duration::from_millis(ms));
        assert_eq!([0, 999, 1234, 59_999].map(shown), ["0ms", "999ms", "1.2s", "59.9s"]);
        assert_eq!([60_000, 3_599_999, 3_600_000].map(shown), ["1m0s", "59m59s", "1h0m"]);
    }
}
