//! Entries that run: in the foreground, in the background, and how they end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{Console, Event};
use crate::bytecode::program::ModuleCode;
use crate::engine::uncaught;
use crate::runtime::{CallEnd, CallId, TaskReport, Turn};
use crate::vm::{ErrorKind, Value};

/// So many calls and turns of loops lie between two chances for the host to look.
const FUEL_SLICE: i64 = 200_000;

/// An entry that has not ended.
pub(super) struct Running {
    pub(super) number: u64,
    /// Top levels that are still to run, its own last.
    parts: VecDeque<Arc<ModuleCode>>,
    /// The one that runs.
    call: Option<CallId>,
    pub(super) is_foreground: bool,
    /// Its value is shown.
    pub(super) shows: bool,
    /// Where it was when somebody interrupted it.
    stopped: Option<TaskReport>,
}

impl Running {
    pub(super) fn new(
        number: u64,
        parts: VecDeque<Arc<ModuleCode>>,
        is_foreground: bool,
    ) -> Running {
        Running { number, parts, call: None, is_foreground, shows: true, stopped: None }
    }
}

impl Console {
    /// One turn of the loop: waits at most so long, or as long as it takes, until something happens or
    /// somebody uses the [`waker`](Console::waker).
    pub fn turn(&mut self, timeout: Option<Duration>) {
        if self.has_ended {
            return;
        }
        let slice = self.vm.engine.settings().fuel_slice.unwrap_or(FUEL_SLICE).min(FUEL_SLICE);
        self.vm.runtime.vm.set_fuel(slice);
        let turned = self.vm.runtime.turn(timeout);
        self.look();
        if let Turn::Ended(_) | Turn::Idle | Turn::Ready | Turn::Waiting | Turn::OutOfFuel = turned
            && self.vm.runtime.has_session_ended()
        {
            self.end();
        }
    }

    /// Ctrl-C: asks the entry in the foreground to end. Asked again nothing hides that from it.
    pub fn interrupt(&mut self) {
        self.interrupter().interrupt();
    }

    /// Ctrl-Z: the entry in the foreground goes on in the background, as the task `_N`.
    pub fn background(&mut self) {
        let running = self.running.iter().find(|entry| entry.is_foreground);
        if let Some(number) = running.map(|entry| entry.number) {
            self.to_background(number);
            self.vm.runtime.set_foreground(None);
        }
    }

    /// Asks all tasks to finish; when they have, [`Event::Ended`] is the last event.
    pub fn quit(&mut self, status: i32) {
        self.vm.runtime.end_session(status);
    }

    /// Whether tasks of entries are left, whose entries may have ended.
    pub fn has_tasks(&self) -> bool {
        self.vm.runtime.has_tasks()
    }

    /// Starts an entry.
    pub(super) fn run(&mut self, mut entry: Running) {
        let number = entry.number;
        self.next_part(&mut entry);
        let to_background = !entry.is_foreground;
        self.running.push(entry);
        if to_background {
            self.to_background(number);
        }
    }

    pub(super) fn to_background(&mut self, number: u64) {
        let Some(entry) = self.running.iter_mut().find(|entry| entry.number == number) else {
            return;
        };
        entry.is_foreground = false;
        let handle = entry.call.and_then(|call| self.vm.runtime.call_handle(call));
        if let Some(handle) = handle {
            self.keep_result(number, handle);
        }
        self.events.push(Event::Background { entry: number });
    }

    /// Calls the next top level of an entry. Says whether there is one.
    fn next_part(&mut self, entry: &mut Running) -> bool {
        let next = entry.parts.pop_front();
        let Some(callee) = next.and_then(|code| self.vm.runtime.vm.top_level(&code)) else {
            return false;
        };
        let call = self.vm.runtime.call(callee, &[]);
        entry.call = Some(call);
        if entry.is_foreground {
            self.vm.runtime.set_foreground(Some(call));
        }
        true
    }

    /// Tells of entries that have ended.
    fn look(&mut self) {
        let mut index = 0;
        while index < self.running.len() {
            if self.running[index].is_foreground
                && let Some(stopped) = self.vm.runtime.take_stopped()
            {
                self.running[index].stopped = Some(stopped);
            }
            let end = self.running[index].call.and_then(|call| self.vm.runtime.call_end(call));
            let Some(end) = end else {
                index += 1;
                continue;
            };
            let mut entry = self.running.remove(index);
            if matches!(end, CallEnd::Outcome(Ok(_))) && self.next_part(&mut entry) {
                self.running.insert(index, entry);
                continue;
            }
            self.finish(entry, end);
        }
    }

    fn finish(&mut self, entry: Running, end: CallEnd) {
        if entry.is_foreground {
            self.vm.runtime.set_foreground(None);
        }
        let number = entry.number;
        match end {
            CallEnd::Outcome(Ok(value)) => self.show_value(&entry, value),
            CallEnd::Outcome(Err(error)) => {
                let text = self.describe_error(error);
                self.set_name("_err", error);
                self.events.push(match entry.is_foreground {
                    true => Event::Failed { entry: number, text },
                    false => Event::TaskFailed { text: format!("entry {number} failed\n{text}") },
                });
            }
            CallEnd::Cancelled(_) => {
                let text = self.describe_stop(&entry);
                self.events.push(Event::Cancelled { entry: number, text });
            }
        }
        self.events.push(Event::Finished { entry: number });
    }

    fn show_value(&mut self, entry: &Running, value: Value) {
        if value.is_null() {
            return;
        }
        if entry.is_foreground {
            self.set_name("_", value);
            self.keep_result(entry.number, value);
        }
        if entry.shows {
            let text = crate::vm::display::display_short(&self.vm.runtime.vm.heap, value, 4000);
            self.events.push(Event::Value { entry: entry.number, text });
        }
    }

    pub(super) fn describe_error(&self, error: Value) -> String {
        let vm = &self.vm.runtime.vm;
        let report = uncaught::report(vm, error, &self.vm.sources).render(false);
        let mut text = report.trim_end().to_owned();
        if vm.is_error_kind(error, ErrorKind::DeadlockError) {
            text.push_str("\nthe entry can never finish, so it was ended");
        }
        text
    }

    fn describe_stop(&self, entry: &Running) -> String {
        let Some(stopped) = &entry.stopped else { return "cancelled".to_owned() };
        let mut text = "cancelled".to_owned();
        for (index, frame) in stopped.frames.iter().enumerate() {
            let word = if index == 0 { " in" } else { ", called in" };
            text.push_str(&format!(
                "{word} {} at {}",
                frame.function,
                self.vm.sources.describe(frame)
            ));
        }
        text
    }

    /// Gives one of the console's own names a value.
    pub(super) fn set_name(&mut self, name: &str, value: Value) {
        use crate::compile::{Declared, SessionName};
        let name: Arc<str> = name.into();
        let vm = &mut self.vm.runtime.vm;
        let slot = *self.slots.entry(name.clone()).or_insert_with(|| vm.add_slot(name.clone()));
        vm.set_slot(slot, Some(value));
        self.names.insert(name, SessionName::Slot(slot, Declared::plain()));
    }

    fn keep_result(&mut self, number: u64, value: Value) {
        self.set_name(&format!("_{number}"), value);
    }

    /// The session has ended.
    fn end(&mut self) {
        let (status, signal) = self.vm.runtime.session_status();
        let status = crate::engine::vm::status_of(signal).or(status).unwrap_or(0);
        self.has_ended = true;
        self.events.push(Event::Ended(status));
    }
}
