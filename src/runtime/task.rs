//! Tasks: what the loop schedules.
//!
//! A task owns one fiber and at most one op. It hangs in the list of children of the record that
//! owns it and has a record of its own, inside which all others are that its code enters.

mod id;

use std::num::NonZeroU32;
use std::sync::Arc;

pub use id::{Link, TaskId};

use super::driver::{Moment, Ticket};
use super::generator::Closing;
use super::op::{Arm, Op};
use super::rec::RecId;
use super::timer::TimerId;
use crate::vm::heap::{Marker, Unseen};
use crate::vm::object::{TraceEntry, TraceKind};
use crate::vm::{FiberId, Value};

/// How many ops a task may complete at once before it lets the others run.
pub const BUDGET: u32 = 128;

/// The places of so many tasks that have ended keep their fibers.
const SPARE_MAX: usize = 2048;

/// What the end of a task means to its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskKind {
    /// `spawn`.
    #[default]
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
    /// It waits for the tasks of the scope that it is leaving, which is the innermost it is in.
    Joining,
    /// It has ended; its place is kept for another one.
    Ended,
}

/// What a task does when it is its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Its fiber goes on as it is: it is new, or was stopped for want of fuel.
    Run,
    /// Its fiber goes on; the result of its op has been delivered.
    Rested,
    /// A cancel has ended its op: it unwinds.
    Unwind,
    /// It goes on leaving a scope: the registers that begin at this one belong to it.
    Join(u8),
    /// It goes on ending the program.
    Finish,
}

/// Places of `select`, each with the arm that happened there last.
pub type Rotation = Vec<(u64, u32)>;

/// A task.
pub struct Task {
    /// Its number, counted from 1 in the order of spawning. What tells it from a later task in the
    /// same slot is made of it.
    pub number: u64,
    /// The object that scripts hold; null as long as nobody has asked for it.
    pub handle: Value,
    /// What it waits for.
    pub op: Op,
    /// What most tasks do not have.
    pub rest: Option<Box<Rest>>,
    /// Its own record; the name of none as long as it needs none. See [`Loop::own_record`].
    ///
    /// [`Loop::own_record`]: super::event_loop::Loop::own_record
    pub own: RecId,
    /// The innermost record its code is in: while it has none of its own, that of its owner.
    pub rec: RecId,
    /// Where it was spawned: function and instruction.
    pub(super) site: (u32, u32),
    /// The function that it is named after.
    pub(super) function: u32,
    /// The turn in which it began to wait, by its time.
    pub since: Moment,
    /// Its neighbours among the children of its owner.
    pub previous: Link,
    /// The other one.
    pub next: Link,
    /// Its code. The place of a task that has ended keeps the fiber for the next one, if it is small.
    pub fiber: FiberId,
    /// How many more ops it may complete at once.
    pub budget: u32,
    /// What its end means.
    pub kind: TaskKind,
    /// Where it stands.
    pub stage: Stage,
    /// What it does next.
    pub resume: Resume,
}

/// What few tasks have.
#[derive(Default)]
pub struct Rest {
    /// What it is called, if not after a function.
    name: Option<Arc<str>>,
    /// Which arm happened last at each `select`.
    pub rotation: Rotation,
    /// The end of a scope that waits until its generators are closed.
    pub closing: Option<Box<Closing>>,
    /// How many mutexes it holds.
    pub locks: u32,
    /// What its task-locals are: a chain that the library makes, or null.
    pub locals: Value,
    /// The timer for a cancel that is hidden from its op.
    pub reveal: Option<TimerId>,
    /// How often it may run out of fuel before force stops it again.
    pub allowance: u32,
    /// What it has opened stays open when it has ended: it is the top level of a program that others call into.
    pub leaves_open: bool,
}

/// No function has this number.
const NO_FUNCTION: u32 = u32::MAX;

impl Task {
    /// Where it was spawned.
    pub fn site(&self) -> Option<TraceEntry> {
        let (function, instruction) = self.site;
        let kind = TraceKind::Call;
        (function != NO_FUNCTION).then_some(TraceEntry { function, instruction, kind, left_out: 0 })
    }

    /// Says where it is spawned.
    pub fn set_site(&mut self, site: Option<TraceEntry>) {
        self.site = site.map_or((NO_FUNCTION, 0), |site| (site.function, site.instruction));
    }

    /// What most tasks do not have, to change it.
    pub fn rest_mut(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    /// What it is called, if not after a function.
    pub fn own_name(&self) -> Option<Arc<str>> {
        self.rest.as_ref().and_then(|rest| rest.name.clone())
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.handle);
        for arm in self.op.arms() {
            arm.wait.trace(marker);
        }
        if let Some(rest) = &self.rest {
            marker.value(rest.locals);
            if let Some(closing) = &rest.closing {
                closing.trace(marker);
            }
        }
    }

    #[inline]
    fn generation(&self) -> NonZeroU32 {
        NonZeroU32::new(self.number as u32).unwrap_or(NonZeroU32::MIN)
    }

    #[inline]
    fn goes_by(&self, id: TaskId) -> bool {
        self.generation().get() == id.generation() && self.stage != Stage::Ended
    }
}

/// What is known of a task when it is made.
pub struct Birth {
    /// What it is called.
    pub name: Name,
    /// What its end means.
    pub kind: TaskKind,
    /// Its code.
    pub fiber: FiberId,
    /// Where it is spawned.
    pub site: Option<TraceEntry>,
    /// The record of its owner.
    pub rec: RecId,
    /// How many ops it may complete at once.
    pub budget: u32,
}

/// What a task is called in reports.
pub enum Name {
    /// As a function is, by its number in the VM.
    Function(u32),
    /// So.
    Own(Arc<str>),
}

/// All tasks that have not ended.
///
/// A task stays where it was made, and one that has ended leaves its place to the next: a task that
/// comes and goes is written once and never moved.
#[derive(Default)]
pub struct Tasks {
    slots: Vec<Task>,
    /// The places of those that have ended, the last one first.
    free: Vec<u32>,
    made: u64,
    /// Those that the collector has to look at.
    unseen: Unseen,
    /// The names of functions that tasks were made of, by their numbers.
    names: Vec<Option<Arc<str>>>,
}

impl Tasks {
    /// A new task, without records and handle yet. Also gives the fiber that its place has kept.
    #[inline]
    pub fn make(&mut self, birth: Birth) -> (TaskId, FiberId) {
        let (function, rest) = match birth.name {
            Name::Function(function) => (function, None),
            Name::Own(name) => {
                (NO_FUNCTION, Some(Box::new(Rest { name: Some(name), ..Rest::default() })))
            }
        };
        let (id, task) = self.take();
        (task.handle, task.previous, task.next) = (Value::null(), Link::NONE, Link::NONE);
        task.function = function;
        task.rest = rest;
        task.rec = birth.rec;
        task.set_site(birth.site);
        let spare = std::mem::replace(&mut task.fiber, birth.fiber);
        task.budget = birth.budget;
        task.kind = birth.kind;
        (id, spare)
    }

    /// The same, but for what there is to know of it: also its handle and its neighbours are those of the
    /// one before.
    #[inline(always)]
    pub fn take(&mut self) -> (TaskId, &mut Task) {
        self.made += 1;
        self.take_as(self.made)
    }

    /// The number of the next task that is made.
    pub fn next_number(&self) -> u64 {
        self.made + 1
    }

    /// The next ones are those of tasks that are [made](Tasks::take_as) later.
    pub fn take_numbers(&mut self, count: u64) {
        self.made += count;
    }

    /// A new task with a number that was [taken](Tasks::take_numbers) before; else as by [`take`](Tasks::take).
    #[inline(always)]
    pub fn take_as(&mut self, number: u64) -> (TaskId, &mut Task) {
        let index = match self.free.pop() {
            Some(index) => index,
            None => self.add_slot(),
        };
        self.unseen.note(index as usize);
        let task = &mut self.slots[index as usize];
        task.number = number;
        task.stage = Stage::Ready;
        task.resume = Resume::Run;
        (TaskId::new(index, task.generation()), task)
    }

    /// One more slot, as those of ended tasks are.
    #[cold]
    fn add_slot(&mut self) -> u32 {
        self.slots.push(Task {
            number: 0,
            function: NO_FUNCTION,
            handle: Value::null(),
            op: Op::default(),
            rest: None,
            own: RecId::default(),
            rec: RecId::default(),
            site: (NO_FUNCTION, 0),
            since: Moment::default(),
            previous: Link::NONE,
            next: Link::NONE,
            fiber: FiberId::NONE,
            budget: 0,
            kind: TaskKind::Plain,
            stage: Stage::Ended,
            resume: Resume::Run,
        });
        u32::try_from(self.slots.len() - 1).expect("memory ends before task numbers do")
    }

    /// The task of that name, if it has not ended.
    #[inline]
    pub fn get(&self, id: TaskId) -> Option<&Task> {
        self.slots.get(id.index() as usize).filter(|task| task.goes_by(id))
    }

    /// The same, to change it.
    #[inline]
    pub fn get_mut(&mut self, id: TaskId) -> Option<&mut Task> {
        let task = self.slots.get_mut(id.index() as usize).filter(|task| task.goes_by(id))?;
        self.unseen.note(id.index() as usize);
        Some(task)
    }

    /// A task that is known not to have ended.
    #[inline]
    pub fn live(&self, id: TaskId) -> &Task {
        &self.slots[id.index() as usize]
    }

    /// The same, to change it.
    #[inline]
    pub fn live_mut(&mut self, id: TaskId) -> &mut Task {
        self.unseen.note(id.index() as usize);
        &mut self.slots[id.index() as usize]
    }

    /// The same, for changes of what the collector does not ask for.
    #[inline]
    pub fn live_unseen(&mut self, id: TaskId) -> &mut Task {
        &mut self.slots[id.index() as usize]
    }

    /// The task in a slot that waits with a ticket; none if the op has ended.
    #[inline]
    pub fn waiting_mut(&mut self, ticket: Ticket) -> Option<(TaskId, &mut Task)> {
        let task = self.slots.get_mut(ticket.task as usize)?;
        self.unseen.note(ticket.task as usize);
        let id = TaskId::new(ticket.task, task.generation());
        task.op.awaits(ticket).then_some((id, task))
    }

    /// The same, if it waits for nothing else.
    #[inline]
    pub fn alone_mut(&mut self, ticket: &Ticket) -> Option<(TaskId, &mut Task)> {
        let task = self.slots.get_mut(ticket.task as usize)?;
        if !task.op.awaits_alone(*ticket) {
            return None;
        }
        self.unseen.note(ticket.task as usize);
        Some((TaskId::new(ticket.task, task.generation()), task))
    }

    /// Whether the op of a ticket waits for one thing alone.
    #[inline]
    pub fn waits_alone(&self, ticket: Ticket) -> bool {
        self.slots.get(ticket.task as usize).is_some_and(|task| task.op.awaits_alone(ticket))
    }

    /// The arm of a ticket, with its task's name; none if the op has ended.
    #[inline]
    pub fn arm_mut(&mut self, ticket: Ticket) -> Option<(TaskId, &mut Arm)> {
        let (id, task) = self.waiting_mut(ticket)?;
        Some((id, task.op.arms_mut().get_mut(ticket.arm as usize)?))
    }

    /// The name of the task in a slot, as tickets know it.
    #[inline]
    pub fn at(&self, index: u32) -> Option<TaskId> {
        let task = self.slots.get(index as usize).filter(|task| task.stage != Stage::Ended)?;
        Some(TaskId::new(index, task.generation()))
    }

    /// A task has ended.
    #[inline]
    pub fn remove(&mut self, id: TaskId) {
        let Some(task) = self.get_mut(id) else { return };
        task.own = RecId::default();
        task.op = Op::default();
        task.rest = None;
        task.fiber = FiberId::NONE;
        self.give_back(id);
    }

    /// Whether the places of those that have ended need not keep more fibers.
    #[inline]
    pub fn has_spare_fibers(&self) -> bool {
        self.free.len() >= SPARE_MAX
    }

    /// The same of one without op, record and what else few tasks have.
    #[inline(always)]
    pub fn give_back(&mut self, id: TaskId) {
        self.slots[id.index() as usize].stage = Stage::Ended;
        self.free.push(id.index());
    }

    /// One is no more between its neighbours.
    #[inline]
    pub fn unlink(&mut self, before: Link, behind: Link) {
        if let Some(before) = self.slots.get_mut(before.index()) {
            before.next = behind;
        }
        if let Some(behind) = self.slots.get_mut(behind.index()) {
            behind.previous = before;
        }
    }

    /// The task that a link leads to.
    #[inline]
    pub fn linked(&self, link: Link) -> Option<TaskId> {
        self.at(link.index() as u32)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (TaskId, &Task)> {
        let live = (0..).zip(&self.slots).filter(|(_, task)| task.stage != Stage::Ended);
        live.map(|(index, task)| (TaskId::new(index, task.generation()), task))
    }

    /// Reports what tasks hold to the collector.
    pub(super) fn trace(&mut self, marker: &mut Marker) {
        while let Some(index) = self.unseen.next(marker, self.slots.len()) {
            if let Some(task) = self.slots.get(index).filter(|task| task.stage != Stage::Ended) {
                task.trace(marker);
            }
        }
    }

    /// What a task is called.
    pub fn name(&self, task: &Task) -> Arc<str> {
        let own = task.own_name();
        let function = || self.names.get(task.function as usize).cloned().flatten();
        own.or_else(function).unwrap_or_default()
    }

    /// As messages call it.
    pub fn title(&self, task: &Task) -> String {
        format!("task {} ({})", task.number, self.name(task))
    }

    /// Gives a task another name.
    pub fn rename(&mut self, id: TaskId, name: Arc<str>) {
        if let Some(task) = self.get_mut(id) {
            task.rest_mut().name = Some(name);
        }
    }

    /// Whether the name of a function is known.
    #[inline]
    pub fn knows(&self, function: u32) -> bool {
        self.names.get(function as usize).is_some_and(Option::is_some)
    }

    /// The function of that number is gone.
    pub fn unlearn(&mut self, function: u32) {
        if let Some(name) = self.names.get_mut(function as usize) {
            *name = None;
        }
    }

    /// Says what a function is called.
    pub fn learn(&mut self, function: u32, name: Arc<str>) {
        let place = function as usize;
        if self.names.len() <= place {
            self.names.resize(place + 1, None);
        }
        self.names[place] = Some(name);
    }

    /// How many have not ended.
    pub fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_small_since_there_may_be_a_million() {
        assert!(size_of::<Task>() <= 152, "{}", size_of::<Task>());
    }
}
