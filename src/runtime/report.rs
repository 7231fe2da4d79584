//! What the loop can tell about itself: its tasks, what they wait for, who owns them.

use std::time::Duration;

use super::cancel::Reason;
use super::event_loop::Loop;
use super::handle::TaskHandle;
use super::op::Arm;
use super::rec::{RecId, RecKind};
use super::task::{Stage, Task, TaskId, TaskKind};
use super::wait::Wait;
use crate::vm::display::display_short;
use crate::vm::object::{TraceEntry, TraceKind};
use crate::vm::{InspectedFrame, TraceFrame, Value, Vm};

/// How much of an object a report shows.
const DISPLAY_MAX: usize = 60;

/// A task, described.
#[derive(Clone, Debug)]
pub struct TaskReport {
    /// Its number.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// What its end means.
    pub kind: TaskKind,
    /// How many tasks are around it, in a report of all.
    pub depth: usize,
    /// What it is doing: `ready`, `waits for task 3 (fetch)`.
    pub doing: String,
    /// How long it has been waiting; none if it is not.
    pub waited: Option<Duration>,
    /// Who owns it: `belongs to a scope of task 1 (main)`.
    pub owner: String,
    /// Where it was spawned.
    pub spawned: Option<TraceFrame>,
    /// Where it is, innermost first.
    pub frames: Vec<TraceFrame>,
}

impl Loop {
    /// Tasks in the order of their tree, at most `limit`: each before what it owns, siblings as
    /// spawned. Also how many there are.
    pub fn report(&self, vm: &Vm, limit: usize) -> (Vec<TaskReport>, usize) {
        let tasks = self.program.map(|program| self.below(program)).unwrap_or_default();
        let count = tasks.len();
        let report = |(id, depth)| TaskReport { depth, ..self.report_of(vm, id) };
        (tasks.into_iter().take(limit).map(report).collect(), count)
    }

    /// Tasks in the order of their tree, each with its calls and their variables. The values are good
    /// until something runs.
    pub fn inspect(&self, vm: &Vm) -> Vec<(TaskReport, Vec<InspectedFrame>)> {
        let tasks = self.program.map(|program| self.below(program)).unwrap_or_default();
        let inspect = |(id, depth)| {
            let report = TaskReport { depth, ..self.report_of(vm, id) };
            let frames = self.tasks.get(id).map(|task| vm.inspect(task.fiber));
            (report, frames.unwrap_or_default())
        };
        tasks.into_iter().map(inspect).collect()
    }

    /// The number of the task that goes on next, if one is ready.
    pub fn next_number(&self) -> Option<u64> {
        Some(self.tasks.get(self.ready.first()?)?.number)
    }

    /// The task that runs the scope a task belongs to.
    fn owner_of(&self, task: &Task) -> Option<&Task> {
        let parent = self.owner(task)?;
        self.tasks.get(self.recs.get(parent)?.host?)
    }

    /// One task, described.
    pub(super) fn report_of(&self, vm: &Vm, id: TaskId) -> TaskReport {
        let Some(task) = self.tasks.get(id) else { return TaskReport::unknown() };
        let parent = self.owner(task);
        let spawned = task.site().and_then(|site| vm.describe_trace(&[site]).into_iter().next());
        TaskReport {
            number: task.number,
            name: self.tasks.name(task).to_string(),
            kind: task.kind,
            depth: 0,
            doing: self.doing(vm, task),
            waited: match task.stage {
                Stage::Ready | Stage::Running | Stage::Ended => None,
                Stage::Waiting | Stage::Joining => Some(self.driver.now().since(task.since)),
            },
            owner: match parent {
                Some(owner) => format!("belongs to {}", self.scope_name(owner)),
                None => "is the program".to_owned(),
            },
            spawned,
            frames: vm.trace(task.fiber),
        }
    }

    /// A record as reports call it.
    fn scope_name(&self, id: RecId) -> String {
        let Some(rec) = self.recs.get(id) else { return "a scope that has ended".to_owned() };
        let host = rec.host.and_then(|host| self.tasks.get(host));
        let what = match rec.kind {
            RecKind::Program => return "the program".to_owned(),
            RecKind::Task => "the whole",
            RecKind::Scope => "a scope",
            RecKind::Timeout => "a timeout",
            RecKind::Shield => "a shield",
            RecKind::Body => "a function",
            RecKind::CleanUp => "a clean-up",
        };
        host.map_or_else(|| what.to_owned(), |host| format!("{what} of {}", self.tasks.title(host)))
    }

    fn doing(&self, vm: &Vm, task: &Task) -> String {
        match task.stage {
            Stage::Ready => "is ready to run".to_owned(),
            Stage::Running => "runs".to_owned(),
            Stage::Ended => "has ended".to_owned(),
            Stage::Joining => self.doing_at_end(task.rec),
            Stage::Waiting => {
                format!("waits for {}", self.describe_arms(vm, task.op.arms()))
            }
        }
    }

    fn doing_at_end(&self, rec: RecId) -> String {
        let mut names = Vec::new();
        let mut child = self.recs.get(rec).and_then(|rec| rec.first_child);
        while let Some(task) = child.and_then(|child| self.tasks.get(child)) {
            if names.len() == 3 {
                names.push("…".to_owned());
                break;
            }
            names.push(self.tasks.title(task));
            child = self.tasks.linked(task.next);
        }
        format!("waits at the end of its scope for {}", names.join(", "))
    }

    /// Lets an error know how its task came to be: where it was spawned and what was running there,
    /// up to the program. An error that already knows stays as it is.
    pub(super) fn extend_trace(&mut self, vm: &mut Vm, id: TaskId, error: Value) {
        let trace = vm.error_slot(error, crate::vm::error::TRACE);
        let known = vm.heap.trace_ref(trace).unwrap_or_default();
        if known.iter().filter(|entry| entry.kind == TraceKind::Spawn).count() > 1 {
            return;
        }
        let mut entries: Vec<TraceEntry> = Vec::new();
        let mut next = self.tasks.get(id);
        while let Some(task) = next
            && entries.len() < TRACE_MAX
        {
            next = self.owner_of(task);
            let Some(site) = task.site() else { break };
            let around = next.map(|owner| vm.trace_entries(owner.fiber)).unwrap_or_default();
            match around.iter().position(|entry| entry.function == site.function) {
                Some(place) => {
                    entries.push(TraceEntry { kind: around[place].kind, ..site });
                    entries.extend_from_slice(&around[place + 1..]);
                }
                None => {
                    entries.push(site);
                    entries.extend(around);
                }
            }
        }
        vm.extend_trace(error, &entries);
    }
}

/// How many calls of the tasks around it an error takes along.
const TRACE_MAX: usize = 256;

impl TaskReport {
    fn unknown() -> TaskReport {
        TaskReport {
            number: 0,
            name: String::new(),
            kind: TaskKind::Plain,
            depth: 0,
            doing: "has ended".to_owned(),
            waited: None,
            owner: "belongs to nobody".to_owned(),
            spawned: None,
            frames: Vec::new(),
        }
    }
}

impl Loop {
    /// What an op waits for.
    pub(super) fn describe_arms(&self, vm: &Vm, arms: &[Arm]) -> String {
        let waits: Vec<String> = arms.iter().map(|arm| self.describe(vm, &arm.wait)).collect();
        waits.join(" or ")
    }

    /// What a wait is for.
    fn describe(&self, vm: &Vm, wait: &Wait) -> String {
        match wait {
            Wait::Sleep(span) => {
                let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
                format!("{} to pass", display_short(&vm.heap, Value::duration(span), DISPLAY_MAX))
            }
            Wait::Join(handle) | Wait::Stop(handle) => {
                let task = vm.heap.object_ref::<TaskHandle>(*handle);
                task.map_or_else(String::new, |task| {
                    format!("task {} ({})", task.number, task.name(vm))
                })
            }
            Wait::Receive(channel, _) => {
                format!("a value from {}", display_short(&vm.heap, *channel, DISPLAY_MAX))
            }
            Wait::Send(channel, _) => {
                format!("room in {}", display_short(&vm.heap, *channel, DISPLAY_MAX))
            }
            Wait::Promise(_) => "a promise that nobody has kept".to_owned(),
            Wait::Lock(_) => self.describe_lock(vm, wait),
            Wait::Yield => "the others".to_owned(),
            Wait::Source(source) => source.describe(vm),
        }
    }

    /// A reason as scripts see it: kind, by, where, message.
    pub(super) fn reason_map(&self, vm: &mut Vm, reason: &Reason) -> Value {
        let frame = reason.site.and_then(|site| vm.describe_trace(&[site]).into_iter().next());
        let by = reason.by.as_ref().map(|(number, name)| format!("task {number} ({name})"));
        let fields = [
            ("kind", Some(reason.kind.name().to_owned())),
            ("by", by),
            ("where", frame.map(|frame| self.host.place(&frame))),
            ("message", reason.message.as_deref().map(str::to_owned)),
        ];
        let map = vm.heap.map(crate::vm::map::Map::default());
        for (name, text) in fields {
            let key = vm.heap.intern(name);
            let value = text.map_or(Value::null(), |text| vm.heap.string_owned(text));
            // A str is hashable, so this cannot fail.
            let _ = vm.heap.map_insert(map, key, value);
        }
        map
    }
}
