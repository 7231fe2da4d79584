//! Tasks: what the loop schedules.
//!
//! A task owns one fiber and at most one op. It hangs in the list of children of the record that
//! owns it and has a record of its own, inside which all others are that its code enters.

use std::num::NonZeroU32;
use std::sync::Arc;

use slab::Slab;

use super::driver::Moment;
use super::generator::Closing;
use super::op::Op;
use super::rec::RecId;
use crate::vm::object::TraceEntry;
use crate::vm::{FiberId, Value};

/// How many ops a task may complete at once before it lets the others run.
pub const BUDGET: u32 = 128;

/// Names a task; a stale name finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskId {
    pub(super) index: u32,
    generation: NonZeroU32,
}

impl Default for TaskId {
    /// A name that no task has.
    fn default() -> TaskId {
        TaskId { index: u32::MAX, generation: NonZeroU32::MAX }
    }
}

/// What the end of a task means to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// `spawn`.
    Plain,
    /// `spawn daemon`.
    Daemon,
    /// `spawn try`.
    Try,
    /// `spawn daemon try`.
    DaemonTry,
    /// The program itself: its record is that of the program.
    Main,
    /// A call of the host, which takes the result itself.
    Call,
}

impl TaskKind {
    /// Whether its scope does not wait for it.
    pub const fn is_daemon(self) -> bool {
        matches!(self, TaskKind::Daemon | TaskKind::DaemonTry)
    }
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// In the ready queue.
    Ready,
    /// Its code runs.
    Running,
    /// It waits for its op.
    Waiting,
    /// It waits for the tasks of a scope that it is leaving.
    Joining(RecId),
}

/// What a task does when it is its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Its fiber goes on as it is: it is new, or was stopped for want of fuel.
    Run,
    /// It gets the result of its op, or a cut.
    Op,
    /// It goes on leaving a scope: the registers that begin at this one belong to it.
    Join(u8),
    /// It goes on ending the program.
    Finish,
}

/// Places of `select`, each with the arm that happened there last.
pub type Rotation = Vec<(u64, u32)>;

/// A task.
pub struct Task {
    generation: NonZeroU32,
    /// Its number, counted from 1 in the order of spawning.
    pub number: u64,
    /// What it is called in reports.
    pub name: Arc<str>,
    /// What its end means.
    pub kind: TaskKind,
    /// Its code.
    pub fiber: FiberId,
    /// Its own record.
    pub own: RecId,
    /// The innermost record its code is in.
    pub rec: RecId,
    /// The object that scripts hold.
    pub handle: Value,
    /// Where it was spawned.
    pub site: Option<TraceEntry>,
    /// Where it stands.
    pub stage: Stage,
    /// The turn in which it began to wait, by its time.
    pub since: Moment,
    /// What it does next.
    pub resume: Resume,
    /// How many more ops it may complete at once.
    pub budget: u32,
    /// What it waits for.
    pub op: Op,
    /// Its neighbours among the children of its owner.
    pub previous: Option<TaskId>,
    /// The other one.
    pub next: Option<TaskId>,
    /// Which arm happened last at each `select`; most tasks have none.
    pub rotation: Option<Box<Rotation>>,
    /// The end of a scope that waits until its generators are closed.
    pub closing: Option<Box<Closing>>,
    /// How many mutexes it holds.
    pub locks: u32,
    /// What its task-locals are: a chain that the library makes, or null.
    pub locals: Value,
    /// How often it may run out of fuel before force stops it again.
    pub allowance: u32,
}

impl Task {
    /// As messages call it.
    pub fn title(&self) -> String {
        format!("task {} ({})", self.number, self.name)
    }
}

/// What is known of a task when it is made.
pub struct Birth {
    /// What it is called.
    pub name: Arc<str>,
    /// What its end means.
    pub kind: TaskKind,
    /// Its code.
    pub fiber: FiberId,
    /// Where it is spawned.
    pub site: Option<TraceEntry>,
}

/// All tasks that have not ended.
#[derive(Default)]
pub struct Tasks {
    slots: Slab<Task>,
    made: u64,
}

impl Tasks {
    /// A new task, without records and handle yet.
    pub fn make(&mut self, birth: Birth) -> TaskId {
        self.made += 1;
        let generation = NonZeroU32::new(self.made as u32).unwrap_or(NonZeroU32::MIN);
        let index = self.slots.insert(Task {
            generation,
            number: self.made,
            name: birth.name,
            kind: birth.kind,
            fiber: birth.fiber,
            own: RecId::default(),
            rec: RecId::default(),
            handle: Value::null(),
            site: birth.site,
            stage: Stage::Ready,
            since: Moment::default(),
            resume: Resume::Run,
            budget: BUDGET,
            op: Op::none(),
            previous: None,
            next: None,
            rotation: None,
            closing: None,
            locks: 0,
            locals: Value::null(),
            allowance: 0,
        }) as u32;
        TaskId { index, generation }
    }

    /// The task of that name, if it has not ended.
    pub fn get(&self, id: TaskId) -> Option<&Task> {
        self.slots.get(id.index as usize).filter(|task| task.generation == id.generation)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, id: TaskId) -> Option<&mut Task> {
        self.slots.get_mut(id.index as usize).filter(|task| task.generation == id.generation)
    }

    /// The name of the task in a slot, as tickets know it.
    pub fn at(&self, index: u32) -> Option<TaskId> {
        let task = self.slots.get(index as usize)?;
        Some(TaskId { index, generation: task.generation })
    }

    /// A task has ended.
    pub fn remove(&mut self, id: TaskId) -> Option<Task> {
        self.get(id)?;
        self.slots.try_remove(id.index as usize)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (TaskId, &Task)> {
        self.slots.iter().map(|(index, task)| {
            (TaskId { index: index as u32, generation: task.generation }, task)
        })
    }

    /// How many have not ended.
    pub fn count(&self) -> usize {
        self.slots.len()
    }
}
