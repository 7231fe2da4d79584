//! The tasks of a session: what they are, what they wait for, where they are.

use std::fmt::Write as _;

use super::Console;
use crate::engine::task_report::shown;
use crate::runtime::TaskReport;
use crate::vm::TraceFrame;
use crate::vm::object::TraceKind;

/// So many tasks are listed.
const LISTED_MAX: usize = 200;

impl Console {
    /// A tree of all tasks, each with what it waits for and for how long.
    pub(super) fn tasks(&self, with_census: bool) -> String {
        let runtime = &self.vm.runtime;
        let (tasks, count) = runtime.rt.report(&runtime.vm, LISTED_MAX);
        let mut text = String::new();
        if with_census {
            let census = runtime.rt.census();
            let _ = writeln!(
                text,
                "{} tasks, {} timers, {} open, {:.1} MiB in use",
                census.tasks,
                census.timers,
                census.resources,
                runtime.vm.heap.bytes_in_use() as f64 / (1 << 20) as f64
            );
        }
        if tasks.is_empty() {
            text.push_str("no task is running");
            return text;
        }
        for (index, task) in tasks.iter().enumerate() {
            let waited =
                task.waited.map_or(String::new(), |span| format!(", for {} now", shown(span)));
            let branch = branch(&tasks, index);
            let entry = self.entry_of(task).map_or(String::new(), |name| format!(" {name}"));
            let _ = writeln!(
                text,
                "{branch}{}{entry} {}: {}{waited}",
                task.number, task.name, task.doing
            );
        }
        if count > tasks.len() {
            let _ = writeln!(text, "… and {} more", count - tasks.len());
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// What the console calls a task that is an entry in the background.
    fn entry_of(&self, task: &TaskReport) -> Option<String> {
        let entry = self.running.iter().filter(|entry| !entry.is_foreground).find(|entry| {
            let report = entry.call.and_then(|call| self.vm.runtime.call_report(call));
            report.is_some_and(|report| report.number == task.number)
        })?;
        Some(format!("_{}", entry.number))
    }

    /// Where a task is.
    pub(super) fn tell_trace(&self, number: u64) {
        let runtime = &self.vm.runtime;
        let (tasks, _) = runtime.rt.report(&runtime.vm, usize::MAX);
        match tasks.iter().find(|task| task.number == number) {
            Some(task) => self.tell(format!(
                "task {number} ({}) {}\n{}",
                task.name,
                task.doing,
                self.frames(task).trim_end()
            )),
            None => self.tell(format!("there is no task {number}; `:tasks` lists them")),
        }
    }

    /// The calls that a task is in, a line each, innermost first, and where it was spawned.
    pub(super) fn frames(&self, task: &TaskReport) -> String {
        let mut text = String::new();
        let mut how = "in";
        for frame in &task.frames {
            let _ = writeln!(text, "  {how} {}", self.frame_text(frame));
            how = match frame.kind {
                TraceKind::Call => "called in",
                TraceKind::Await => "awaited in",
                TraceKind::Spawn => "spawned in",
            };
        }
        if let Some(spawned) = &task.spawned {
            let _ = writeln!(text, "  spawned in {}", self.frame_text(spawned));
        }
        text
    }

    /// A function and a place in it. The top level of an entry has the entry's name, which the place says.
    fn frame_text(&self, frame: &TraceFrame) -> String {
        let place = self.vm.sources.describe(frame);
        match place.strip_prefix(&*frame.function) {
            Some(rest) if rest.starts_with(':') => place,
            _ => format!("{} {place}", frame.function),
        }
    }

    pub(super) fn cancel_task(&mut self, number: u64) {
        if !self.vm.runtime.cancel_number(number) {
            self.tell(format!("there is no task {number}; `:tasks` lists them"));
        }
    }
}

/// The lines of the tree in front of a task.
fn branch(tasks: &[TaskReport], index: usize) -> String {
    let depth = tasks[index].depth;
    let goes_on = |level: usize| {
        let later = tasks[index + 1..].iter().map(|task| task.depth);
        later.take_while(|depth| *depth >= level).any(|depth| depth == level)
    };
    let mut text = String::new();
    for level in 2..depth {
        text.push_str(if goes_on(level) { "│ " } else { "  " });
    }
    if depth > 1 {
        text.push_str(if goes_on(depth) { "├ " } else { "└ " });
    }
    text
}
