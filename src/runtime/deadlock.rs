//! The end of hope: nothing is ready, and nothing will ever happen.

use super::cancel::{CancelKind, Reason};
use super::driver::Ticket;
use super::event_loop::Loop;
use super::task::{Stage, TaskKind};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// How many tasks a report lists.
const LISTED_MAX: usize = 20;

impl Loop {
    /// Whether nothing will ever happen. Timers count, also those of daemons.
    pub(super) fn is_at_rest(&self) -> bool {
        self.ready.is_empty()
            && self.early.is_empty()
            && self.timers.is_empty()
            && self.external == 0
            && self.inbox.is_empty()
            && !self.driver.is_busy()
    }

    /// Throws DeadlockError where the program waits; where it waits for the tasks of a scope, the
    /// error becomes that scope's. Without a program: in the oldest call of the host. Says whether
    /// anybody was there to be told.
    pub(super) fn report_deadlock(&mut self, vm: &mut Vm) -> bool {
        let call = || {
            if self.session.is_some() {
                return self.foreground(vm);
            }
            let calls = self.tasks.iter().filter(|(_, task)| task.kind == TaskKind::Call);
            calls.min_by_key(|(_, task)| task.number).map(|(id, _)| id)
        };
        let Some(id) = self.main.or_else(call) else { return false };
        let error = self.deadlock_error(vm);
        let Some(task) = self.tasks.get(id) else { return false };
        match task.stage {
            Stage::Waiting => {
                let ticket = Ticket { seq: task.op.seq, task: id.index(), arm: 0 };
                self.complete(vm, ticket, Err(error));
            }
            Stage::Joining => {
                let rec_id = task.rec;
                if let Some(rec) = self.recs.get_mut(rec_id) {
                    rec.add_error(error);
                }
                self.cancel(vm, rec_id, Reason::new(CancelKind::SiblingFailed));
                // A shield or a clean-up may hide the cancel for a while; then a timer will end that.
                if self.ready.is_empty() && self.timers.next().is_none() {
                    // It was cancelled before, and still something waits: nothing hides it now.
                    self.force = true;
                    self.visit(vm, rec_id);
                }
            }
            Stage::Ready | Stage::Running | Stage::Ended => {}
        }
        !self.ready.is_empty() || self.timers.next().is_some()
    }

    fn deadlock_error(&self, vm: &mut Vm) -> Value {
        let mut text =
            String::from("every task waits for another one, and nothing else can happen");
        let (tasks, count) = self.report(vm, LISTED_MAX);
        for task in &tasks {
            let spawned = match &task.spawned {
                Some(frame) => {
                    format!(", spawned in {} at {}", frame.function, self.host.place(frame))
                }
                None => String::new(),
            };
            text.push_str(&format!(
                "\n  task {} ({}) {}; it {}{spawned}",
                task.number, task.name, task.doing, task.owner
            ));
        }
        if count > tasks.len() {
            text.push_str(&format!("\n  … and {} more", count - tasks.len()));
        }
        let Thrown(error) = vm.error(ErrorKind::DeadlockError, text);
        error
    }
}
