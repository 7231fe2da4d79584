//! Cancellation: asking for it, and the one place where an unwind begins.
//!
//! A cancel is a mark on a record that is set once and stays. Tasks that wait for an op inside it
//! are woken at once, all others meet it at their next op: a cancel never takes anything from a
//! task that runs. What a task then does is unwind to the outermost record whose cancel it can see.

use std::sync::Arc;

use super::event_loop::Loop;
use super::rec::{Cancel, RecId};
use super::task::TaskId;
use super::timer::Alarm;
use super::tracer::Step;
use crate::vm::object::{Cut, TraceEntry};
use crate::vm::{Value, Vm};

use super::driver::Ticket;

/// Why something is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelKind {
    /// Its time is up.
    Deadline,
    /// Somebody asked for it.
    Explicit,
    /// Something else in its scope failed.
    SiblingFailed,
    /// Another one of a race has won.
    RaceLost,
    /// It is a daemon and its scope has ended.
    Parent,
    /// The program was asked to end.
    Shutdown,
    /// Ctrl-C.
    Interrupt,
    /// The host asked for it.
    Host,
}

impl CancelKind {
    /// As `TaskCancelledError.reason` shows it.
    pub const fn name(self) -> &'static str {
        match self {
            CancelKind::Deadline => "deadline",
            CancelKind::Explicit => "explicit",
            CancelKind::SiblingFailed => "sibling_failed",
            CancelKind::RaceLost => "race_lost",
            CancelKind::Parent => "parent",
            CancelKind::Shutdown => "shutdown",
            CancelKind::Interrupt => "interrupt",
            CancelKind::Host => "host",
        }
    }
}

/// Why, by whom, from where.
#[derive(Clone, Debug)]
pub struct Reason {
    /// Why.
    pub kind: CancelKind,
    /// The task that asked for it: number and name.
    pub by: Option<(u64, Arc<str>)>,
    /// Where it asked.
    pub site: Option<TraceEntry>,
    /// What it said.
    pub message: Option<Arc<str>>,
}

impl Reason {
    /// A reason that nobody in the program gave.
    pub fn new(kind: CancelKind) -> Reason {
        Reason { kind, by: None, site: None, message: None }
    }
}

impl Loop {
    /// Whether a task has to unwind at its next op, and to where.
    #[inline]
    pub(super) fn effective(&self, id: TaskId) -> Option<RecId> {
        let rec = self.tasks.get(id)?.rec;
        if self.recs.is_cancelled_around(rec) { self.effective_around(rec) } else { None }
    }

    #[cold]
    fn effective_around(&self, rec: RecId) -> Option<RecId> {
        self.recs.effective(rec, self.driver.now(), self.force)
    }

    /// Cancels everything inside a record. The first cancel of a record stays, later ones are
    /// nothing.
    pub fn cancel(&mut self, vm: &mut Vm, id: RecId, reason: Reason) {
        let time = self.driver.now();
        let Some(rec) = self.recs.get_mut(id).filter(|rec| rec.cancel.is_none()) else { return };
        let kind = reason.kind;
        rec.cancel = Some(Box::new(Cancel { reason, time }));
        self.recs.mark_cancelled(id, id, id);
        let host = self.recs.get(id).and_then(|rec| rec.host);
        self.tell(|rt| Step::Cancelled { task: rt.number_of(host), reason: kind.name() });
        let below = self.below(id);
        for (task, _) in &below {
            let Some(inside) = self.tasks.get(*task) else { continue };
            let end = if host == Some(*task) { id } else { inside.own };
            // A task without a record of its own is in records of others alone.
            if end != RecId::default() {
                self.recs.mark_cancelled(inside.rec, end, id);
            }
        }
        for (task, _) in below {
            self.meet_cancel(vm, task);
        }
    }

    /// Cancels the task of a handle; nothing if it has ended.
    pub fn cancel_task(&mut self, vm: &mut Vm, handle: Value, reason: Reason) {
        let task = super::handle::task_of(vm, handle);
        if let Some(task) = task {
            let own = self.own_record(task);
            self.cancel(vm, own, reason);
        }
    }

    /// Why a task is being cancelled, seen from the outermost scope that is; none if it is not.
    pub fn cancel_kind(&self, id: TaskId) -> Option<CancelKind> {
        let innermost = self.tasks.get(id)?.rec;
        let cancels = self.recs.chain(innermost).filter_map(|(_, rec)| rec.cancel.as_ref());
        cancels.last().map(|cancel| cancel.reason.kind)
    }

    /// The deadline of a scope has come.
    pub(super) fn expire(&mut self, vm: &mut Vm, id: RecId) {
        if let Some(rec) = self.recs.get_mut(id) {
            rec.timer = None;
        }
        self.cancel(vm, id, Reason::new(CancelKind::Deadline));
    }

    /// A reason that a task gives.
    pub fn reason_by(&self, vm: &Vm, kind: CancelKind, by: TaskId) -> Reason {
        let Some(task) = self.tasks.get(by) else { return Reason::new(kind) };
        Reason {
            kind,
            by: Some((task.number, self.tasks.name(task))),
            site: vm.site(task.fiber),
            message: None,
        }
    }

    /// Lets every task below a record meet its cancel.
    pub(super) fn visit(&mut self, vm: &mut Vm, id: RecId) {
        for (task, _) in self.below(id) {
            self.meet_cancel(vm, task);
        }
    }

    /// The tasks below a record, each with how many tasks are around it there: the host first, then
    /// for each of its records inwards the children with all below them, in the order of spawning.
    pub(super) fn below(&self, id: RecId) -> Vec<(TaskId, usize)> {
        let mut found = Vec::new();
        let Some(rec) = self.recs.get(id) else { return found };
        let mut open: Vec<(Option<TaskId>, RecId, usize)> = vec![(rec.host, id, 0)];
        while let Some((host, from, depth)) = open.pop() {
            found.extend(host.map(|host| (host, depth)));
            if from == RecId::default() {
                continue;
            }
            // The stack turns the order round, and so does going from the inside outwards.
            let innermost =
                host.and_then(|host| self.tasks.get(host)).map_or(from, |task| task.rec);
            for (inner, rec) in self.recs.chain(innermost) {
                let mut child = rec.last_child;
                while let Some((name, task)) = child.and_then(|c| Some((c, self.tasks.get(c)?))) {
                    open.push((Some(name), task.own, depth + 1));
                    child = self.tasks.linked(task.previous);
                }
                if inner == from {
                    break;
                }
            }
        }
        found
    }

    fn meet_cancel(&mut self, vm: &mut Vm, id: TaskId) {
        let Some(task) = self.tasks.get(id) else { return };
        if !task.op.is_pending() || task.op.holds_cancel() {
            return;
        }
        if self.effective(id).is_some() {
            self.cancel_op(vm, id);
        } else {
            self.set_reveal(id);
        }
    }

    /// Starts the timer for the end of hiding of a pending op, if a cancel is hidden from it.
    #[inline]
    pub(super) fn set_reveal(&mut self, id: TaskId) {
        let rec = self.tasks.get(id).map(|task| task.rec);
        if rec.is_some_and(|rec| self.recs.is_cancelled_around(rec)) {
            self.start_reveal(id);
        }
    }

    #[cold]
    fn start_reveal(&mut self, id: TaskId) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        let now = self.driver.now();
        if let Some(old) = task.rest.as_mut().and_then(|rest| rest.reveal.take()) {
            self.timers.stop(old);
        }
        let ticket = Ticket { seq: task.op.seq, task: id.index(), arm: 0 };
        if let Some(time) = self.recs.next_reveal(task.rec, now) {
            task.rest_mut().reveal = Some(self.timers.start(time, Alarm::Reveal(ticket)));
        }
    }

    /// The timer for the end of hiding has fired.
    pub(super) fn reveal(&mut self, vm: &mut Vm, ticket: Ticket) {
        let Some(id) = self.pending(ticket) else { return };
        let Some(task) = self.tasks.get_mut(id) else { return };
        task.rest_mut().reveal = None;
        if task.op.holds_cancel() {
            return;
        }
        if self.effective(id).is_some() {
            self.cancel_op(vm, id);
        } else {
            self.set_reveal(id);
        }
    }

    /// The cut with which a task unwinds now. Only to be called where one is effective; the task's
    /// own record stands in should that have changed.
    pub(super) fn cut(&mut self, vm: &mut Vm, id: TaskId) -> Value {
        let target = self.effective(id).unwrap_or_else(|| self.own_record(id));
        self.cut_to(vm, id, target)
    }

    /// The cut with which a task unwinds to `target`. Everything on the way learns that something
    /// in it was cut from outside, except what is around a daemon: nobody waits for that.
    pub(super) fn cut_to(&mut self, vm: &mut Vm, id: TaskId, target: RecId) -> Value {
        let depth = self.recs.get(target).map_or(0, |rec| rec.depth);
        let mut next = self.tasks.get(id).map(|task| task.rec);
        while let Some(current) = next {
            let Some(rec) = self.recs.get_mut(current) else { break };
            if current == target {
                rec.own_cut = true;
                break;
            }
            // Another one has gone this way before.
            if rec.is_daemon || rec.cut_through == Some(depth) {
                break;
            }
            rec.cut_through = Some(depth);
            next = rec.parent;
        }
        let cut = Cut { target: self.recs.target(target), errors: Vec::new() };
        vm.heap.cut(cut)
    }
}
