//! Rows: tasks that have not begun yet and only run to their ends, one right behind the other.
//!
//! A scope often spawns many tasks, and often each of them gives its value without ever having waited.
//! They stand in the ready queue side by side, as they do among the children of their scope. Such a row
//! is run in one go: of what the scope knows of its children only the two ends of the row change, and
//! that is written once, when the row is over. Until then nobody looks: whatever else a task asks for ends
//! the row first.

use super::event_loop::Loop;
use super::handle::end_unawaited;
use super::rec::RecId;
use super::switch::{Calm, Following};
use super::task::{Resume, Stage, Task, TaskId, TaskKind};
use crate::vm::{FiberId, Left, Vm};

/// Children of a record, neighbours of each other, that have ended.
struct Row {
    /// The record that owns them. Nothing around it is cancelled.
    owner: RecId,
    /// The child in front of them.
    before: Option<TaskId>,
    /// The child behind them.
    behind: Option<TaskId>,
    /// How many they are.
    count: u32,
    /// How many tasks have been taken from the front of the ready queue, which does not know it yet.
    taken: usize,
    /// How many children that are no daemons the record has left.
    live: u32,
}

/// How a row has come to its end.
pub(super) enum RowEnd {
    /// There was none: the task has still to be ended in another way.
    None,
    /// The last one has ended; it is another task's turn.
    Ended,
    /// A task has left its code for something else than its end, or ends in another way.
    Left(FiberId, Left),
}

impl Loop {
    /// Ends a task whose code has halted at its end, and runs those in its row. `id` is the one that ran
    /// last.
    pub(super) fn run_row(&mut self, vm: &mut Vm, id: &mut TaskId, calm: &Calm) -> RowEnd {
        let Some(mut row) = self.begin_row(*id, calm) else { return RowEnd::None };
        let mut fiber = self.tasks.live(*id).fiber;
        loop {
            if !self.end_in_row(vm, *id, fiber, &mut row) {
                self.end_row(&row);
                return if row.count == 0 {
                    RowEnd::None
                } else {
                    RowEnd::Left(fiber, Left::Return)
                };
            }
            let Some(next) = self.follow_in_row(&mut row) else {
                self.end_row(&row);
                return RowEnd::Ended;
            };
            *id = next.id;
            fiber = next.fiber;
            vm.at_once = next.budget;
            let left = vm.run_to_halt(fiber);
            if left != Left::Return {
                self.end_row(&row);
                return RowEnd::Left(fiber, left);
            }
        }
    }

    /// A row that begins with a task, if that is one of the kind, and the next one may be, too.
    #[inline]
    fn begin_row(&self, id: TaskId, calm: &Calm) -> Option<Row> {
        let task = self.tasks.live(id);
        let (before, behind) = (task.previous, task.next);
        let goes_on = behind.is_some_and(|behind| self.ready.is_behind(behind, 0));
        if !goes_on || !calm.switches || !is_simple(task) {
            return None;
        }
        let (owner, rec) = (task.rec, self.recs.get(task.rec)?);
        let can_be = self.is_plain() && !rec.closed;
        can_be.then_some(Row { owner, before, behind, count: 0, taken: 0, live: rec.live })
    }

    /// Ends a task of the row. Says whether it is a usual one; if not, nothing has happened.
    #[inline]
    fn end_in_row(&mut self, vm: &mut Vm, id: TaskId, fiber: FiberId, row: &mut Row) -> bool {
        let Some(value) = vm.halted_return() else { return false };
        let Task { handle, next, .. } = *self.tasks.live(id);
        if self.is_late() || !end_unawaited(vm, handle, value) {
            return false;
        }
        self.leave_slot(vm, id, fiber);
        row.behind = next;
        row.count += 1;
        row.live -= 1;
        true
    }

    /// The next task takes the place of the one that has ended, if it belongs to the row and there is
    /// nothing to be done in between.
    #[inline]
    fn follow_in_row(&mut self, row: &mut Row) -> Option<Following> {
        let next = row.behind.filter(|next| self.ready.is_behind(*next, row.taken))?;
        if row.live == 0 || self.turn_left - row.taken <= 1 || !self.beats_in_quiet() {
            return None;
        }
        let task = self.tasks.live_unseen(next);
        if task.resume != Resume::Run || !is_simple(task) {
            return None;
        }
        task.stage = Stage::Running;
        row.taken += 1;
        Some(Following { id: next, fiber: task.fiber, budget: task.budget, rec: task.rec })
    }

    /// Lets the ready queue know of those that have begun and the owner of those that have ended, and wakes
    /// who waits for that.
    fn end_row(&mut self, row: &Row) {
        self.turn_left -= row.taken;
        self.ready.drop_many(row.taken);
        if row.count > 0 {
            self.close_gap(row.owner, row.before, row.behind, row.count);
        }
    }
}

/// Whether a task never needed a record of its own or anything else that few tasks have, and nobody but
/// its owner and its joiners has to hear of its end.
#[inline]
fn is_simple(task: &Task) -> bool {
    task.own == RecId::default() && task.rest.is_none() && task.kind != TaskKind::Call
}
