//! Entries that run: in the foreground, in the background, and how they end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::entry::Shown;
use super::result::{LAST_ERROR, LAST_VALUE};
use super::{Console, Event, layout};
use crate::bytecode::program::ModuleCode;
use crate::compile::SessionName;
use crate::engine::uncaught;
use crate::engine::vm::status_of;
use crate::runtime::driver::Moment;
use crate::runtime::{CallEnd, CallId, TaskReport};
use crate::vm::display::{display_short, needs_call};
use crate::vm::{Kind, Value};

/// So many calls and turns of loops lie between two chances for the host to look.
const FUEL_SLICE: i64 = 200_000;

/// An entry that has not ended.
pub(super) struct Running {
    pub(super) number: u64,
    /// Top levels that are still to run, its own last.
    parts: VecDeque<Arc<ModuleCode>>,
    /// The top level that runs, or the last that did.
    current: Option<Arc<ModuleCode>>,
    /// What runs.
    pub(super) call: Option<CallId>,
    pub(super) is_foreground: bool,
    /// What is shown of its value.
    shown: Shown,
    /// The names that it declares.
    names: Vec<Arc<str>>,
    stage: Stage,
    /// Where it was when somebody interrupted it.
    stopped: Option<TaskReport>,
    begun: Moment,
}

/// How far an entry has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Top levels run.
    Parts,
    /// `main` of a file runs.
    Main,
    /// The method `str` of its value runs.
    Text,
}

impl Running {
    pub(super) fn new(
        number: u64,
        parts: VecDeque<Arc<ModuleCode>>,
        names: Vec<Arc<str>>,
        shown: Shown,
    ) -> Running {
        Running {
            number,
            parts,
            current: None,
            call: None,
            is_foreground: true,
            shown,
            names,
            stage: Stage::Parts,
            stopped: None,
            begun: Moment::default(),
        }
    }
}

impl Console {
    /// One turn of the loop: waits at most so long, or as long as it takes, until something happens or
    /// somebody uses the [`waker`](Console::waker).
    pub fn turn(&mut self, timeout: Option<Duration>) {
        if self.has_ended {
            return;
        }
        // Who was asked to end and has nothing left to do is not waited for.
        if !self.vm.runtime.has_session_ended() {
            let slice = self.vm.engine.settings().fuel_slice.unwrap_or(FUEL_SLICE).min(FUEL_SLICE);
            self.vm.runtime.vm.set_fuel(slice);
            self.vm.runtime.turn(timeout);
            self.look();
        }
        if self.vm.runtime.has_session_ended() {
            let (status, signal) = self.vm.runtime.session_status();
            self.has_ended = true;
            self.events.push(Event::Ended(status_of(signal).or(status).unwrap_or(0)));
        }
    }

    /// Ctrl-C: asks the entry in the foreground to end, or, where none is, a task that holds the loop.
    /// Asked again nothing hides that from it, not even that it never waits.
    pub fn interrupt(&mut self) {
        self.interrupter().interrupt();
    }

    /// Ctrl-Z: the entry in the foreground goes on in the background, as the task `_N`.
    pub fn background(&mut self) {
        let running = self.running.iter().find(|entry| entry.is_foreground);
        if let Some(number) = running.map(|entry| entry.number) {
            self.vm.runtime.set_foreground(None);
            self.put_in_background(number);
        }
    }

    /// Whether tasks of entries are left, whose entries may have ended.
    pub fn has_tasks(&self) -> bool {
        self.vm.runtime.has_tasks()
    }

    /// Ctrl-D: asks all tasks to finish, which have their grace for that, and ends the session then. Asked
    /// again it does not wait for those that take long.
    pub fn quit(&mut self, status: i32) {
        self.queue.clear();
        self.vm.runtime.end_session(status);
    }

    /// Starts an entry.
    pub(super) fn run(&mut self, mut entry: Running, is_background: bool) {
        let number = entry.number;
        entry.begun = self.vm.runtime.rt.driver.now();
        self.next_part(&mut entry);
        self.running.push(entry);
        if is_background {
            self.vm.runtime.set_foreground(None);
            self.put_in_background(number);
        }
    }

    fn put_in_background(&mut self, number: u64) {
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
        let Some(next) = entry.parts.pop_front() else { return false };
        let callee = self.vm.runtime.vm.top_level(&next);
        entry.current = Some(next);
        let Some(callee) = callee else {
            return false;
        };
        self.call(entry, callee, &[]);
        true
    }

    fn call(&mut self, entry: &mut Running, callee: Value, args: &[Value]) {
        let call = self.vm.runtime.call(callee, args);
        self.vm.runtime.leave_open(call);
        entry.call = Some(call);
        if entry.is_foreground {
            self.vm.runtime.set_foreground(Some(call));
        }
    }

    /// Tells of entries that have ended.
    fn look(&mut self) {
        if let Some(stopped) = self.vm.runtime.take_stopped()
            && let Some(entry) = self.running.iter_mut().find(|entry| entry.is_foreground)
        {
            entry.stopped = Some(stopped);
        }
        if let Some(task) = self.vm.runtime.take_ousted() {
            self.tell(format!(
                "task {} ({}) held the loop and is cancelled\n{}",
                task.number,
                task.name,
                self.frames(&task).trim_end()
            ));
        }
        let mut index = 0;
        while index < self.running.len() {
            let end = self.running[index].call.and_then(|call| self.vm.runtime.call_end(call));
            let Some(end) = end else {
                index += 1;
                continue;
            };
            let mut entry = self.running.remove(index);
            match end {
                CallEnd::Outcome(Ok(value)) if self.goes_on(&mut entry, value) => {
                    self.running.insert(index, entry);
                    index += 1;
                }
                end => self.finish(entry, end),
            }
        }
    }

    /// What an entry does after a part of it has ended well. Says whether there is something.
    fn goes_on(&mut self, entry: &mut Running, value: Value) -> bool {
        if entry.stage == Stage::Parts && self.next_part(entry) {
            return true;
        }
        if entry.stage == Stage::Parts && entry.shown == Shown::File {
            let has_main = entry.names.iter().any(|name| &**name == "main");
            let slot = self.slots.get("main").filter(|_| has_main);
            let vm = &mut self.vm.runtime.vm;
            let main = slot.and_then(|slot| vm.slot(*slot));
            if let Some(main) = main.filter(|main| main.kind() == Kind::Closure) {
                let args: Vec<Value> = match vm.parameter_count(main) {
                    Some(0) => Vec::new(),
                    _ => {
                        let args = &self.vm.engine.settings().args;
                        let args = args.iter().map(|arg| vm.heap.string(arg)).collect();
                        vec![vm.heap.list(args)]
                    }
                };
                entry.stage = Stage::Main;
                self.call(entry, main, &args);
                return true;
            }
        }
        let shows = entry.shown == Shown::Value && entry.is_foreground;
        if shows && entry.stage == Stage::Parts {
            let vm = &mut self.vm.runtime.vm;
            let has_text = needs_call(&vm.heap, value).is_some();
            if has_text && let Some(text) = vm.prelude("str") {
                self.set_name(LAST_VALUE, value);
                self.keep_result(entry.number, value);
                entry.stage = Stage::Text;
                self.call(entry, text, &[value]);
                return true;
            }
        }
        false
    }

    fn finish(&mut self, entry: Running, end: CallEnd) {
        if entry.is_foreground {
            self.vm.runtime.set_foreground(None);
        }
        let number = entry.number;
        match end {
            CallEnd::Outcome(Ok(value)) => {
                self.show(&entry, value);
                self.unload(&entry);
            }
            CallEnd::Outcome(Err(error)) => {
                self.drop_modules(&entry);
                let text = self.describe_error(error);
                self.set_name(LAST_ERROR, error);
                self.events.push(match entry.is_foreground {
                    true => Event::Failed { entry: number, text },
                    false => Event::TaskFailed {
                        entry: Some(number),
                        text: format!("_{number} failed\n{text}"),
                    },
                });
            }
            CallEnd::Cancelled(_) => {
                self.drop_modules(&entry);
                if entry.stopped.is_some() || !self.vm.runtime.is_session_ending() {
                    let text = self.describe_stop(&entry);
                    self.events.push(Event::Cancelled { entry: number, text });
                }
            }
        }
        self.drop_names(&entry);
        self.events.push(Event::Finished { entry: number });
        if entry.is_foreground
            && let Some(name) = self.queue.pop_front()
        {
            self.next_file(&name);
        }
    }

    /// Forgets the code of an entry that has left nothing behind.
    fn unload(&mut self, entry: &Running) {
        if entry.is_foreground
            && let Some(code) = &entry.current
            && self.vm.runtime.unload_entry(code)
        {
            self.vm.sources.forget(code);
        }
    }

    /// Modules whose top level has not come to its end are read anew by who imports them next.
    fn drop_modules(&mut self, entry: &Running) {
        let failed = |code: &Arc<ModuleCode>| {
            entry.current.iter().chain(&entry.parts).any(|part| Arc::ptr_eq(part, code))
        };
        self.known.retain(|known| !failed(&known.code));
    }

    /// A name that the entry did not come to set is none.
    fn drop_names(&mut self, entry: &Running) {
        for name in &entry.names {
            if let Some(SessionName::Slot(slot, _)) = self.names.get(name)
                && self.vm.runtime.vm.slot(*slot).is_none()
            {
                self.names.remove(name);
            }
        }
    }

    fn show(&mut self, entry: &Running, value: Value) {
        let text = match entry.shown {
            _ if entry.stage == Stage::Text => {
                let text = self.vm.runtime.vm.heap.str(value).map(str::to_owned);
                text.unwrap_or_default()
            }
            Shown::File => return,
            Shown::Type => self.vm.runtime.vm.type_name(value),
            Shown::Nothing | Shown::Value => {
                if value.is_null() {
                    return;
                }
                if entry.is_foreground {
                    self.set_name(LAST_VALUE, value);
                    self.keep_result(entry.number, value);
                }
                if entry.shown == Shown::Nothing {
                    return;
                }
                let text = layout::show(&self.vm.runtime.vm.heap, value, &self.view);
                let name = if entry.is_foreground {
                    String::new()
                } else {
                    format!("_{}: ", entry.number)
                };
                format!("{name}{text}")
            }
            Shown::Time => {
                let spent = self.vm.runtime.rt.driver.now().since(entry.begun);
                let heap = &self.vm.runtime.vm.heap;
                let nanos = i64::try_from(rounded(spent).as_nanos()).unwrap_or(i64::MAX);
                let spent = display_short(heap, Value::duration(nanos), 40);
                match value.is_null() {
                    true => format!("took {spent}"),
                    false => format!("{}\ntook {spent}", layout::show(heap, value, &self.view)),
                }
            }
        };
        self.events.push(Event::Value { entry: entry.number, text });
    }

    fn describe_error(&self, error: Value) -> String {
        let report = uncaught::report(&self.vm.runtime.vm, error, &self.vm.sources);
        report.render(self.view.colour).trim_end().to_owned()
    }

    /// Where an entry was when it was cancelled.
    fn describe_stop(&self, entry: &Running) -> String {
        let name = if entry.is_foreground { String::new() } else { format!("_{} ", entry.number) };
        let Some(stopped) = &entry.stopped else { return format!("{name}cancelled") };
        let doing = stopped.doing.replacen("waits", "it waited", 1);
        let doing = if doing == "runs" { "it was computing".to_owned() } else { doing };
        let doing = doing.replacen("is ready to run", "it was computing", 1);
        format!("{name}cancelled: {doing}\n{}", self.frames(stopped)).trim_end().to_owned()
    }
}

/// A time with three figures that matter.
fn rounded(span: Duration) -> Duration {
    let nanos = span.as_nanos().max(1);
    let unit = 10u128.pow(nanos.ilog10().saturating_sub(2));
    Duration::from_nanos(u64::try_from(nanos / unit * unit).unwrap_or(u64::MAX))
}
