//! Time in the model: timers, signals, and the end of hope.

use super::world::{MAIN, PROGRAM, RecId, State, TaskId, Waiter, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    Sleep(Waiter),
    Deadline(RecId),
    /// The end of hiding.
    Reveal(TaskId, u64),
}

pub struct Timer {
    pub at: u64,
    pub alarm: Alarm,
}

impl World {
    pub fn deadline(&mut self, rec: RecId, span: u64) {
        self.timers.push(Timer { at: self.now + span, alarm: Alarm::Deadline(rec) });
    }

    pub fn drop_deadline(&mut self, rec: RecId) {
        self.timers.retain(|timer| timer.alarm != Alarm::Deadline(rec));
    }

    /// Steps 2 to 6. Says whether anything can still happen.
    pub fn poll(&mut self) -> bool {
        if self.ready.is_empty() {
            let next =
                self.timers.iter().map(|timer| timer.at).chain(self.signals.front().copied());
            let Some(next) = next.min() else { return false };
            self.now = self.now.max(next);
        }
        while let Some(index) = self.next_timer() {
            match self.timers.remove(index).alarm {
                Alarm::Sleep(waiter) => self.complete(waiter, Ok(())),
                Alarm::Deadline(rec) => self.cancel(rec, true),
                Alarm::Reveal(task, seq) => self.reveal(task, seq),
            }
        }
        while self.signals.front().is_some_and(|at| *at <= self.now) {
            self.signals.pop_front();
            self.interrupt();
        }
        true
    }

    fn reveal(&mut self, task: TaskId, seq: u64) {
        let waits = self.tasks[task].op.as_ref().is_some_and(|op| op.seq == seq);
        if !waits || !self.is_pending(task) {
            return;
        }
        if self.effective(task).is_some() {
            self.leave_op(task, State::Cancelled);
        } else {
            self.hide(task);
        }
    }

    /// The first one cancels the program; any when it is cancelled already forces; one more leaves it.
    fn interrupt(&mut self) {
        if self.recs[PROGRAM].cancel.is_none() {
            self.signalled = true;
            self.cancel(PROGRAM, false);
        } else if self.force {
            self.killed = true;
        } else {
            self.force = true;
            self.visit(PROGRAM);
        }
    }

    /// The next due timer: by deadline, then sleeps first, then as they were made.
    fn next_timer(&self) -> Option<usize> {
        let key = |timer: &Timer| (timer.at, !matches!(timer.alarm, Alarm::Sleep(_)));
        let due = self.timers.iter().enumerate().filter(|(_, timer)| timer.at <= self.now);
        due.min_by_key(|(_, timer)| key(timer)).map(|(index, _)| index)
    }

    /// Nothing will ever happen. Says whether anybody was there to be told.
    pub fn deadlock(&mut self) -> bool {
        let error = self.new_error("DeadlockError".to_owned());
        if self.is_pending(MAIN) {
            self.leave_op(MAIN, State::Done(0, Err(error)));
        } else if let Some(rec) = self.tasks[MAIN].waiting_on {
            self.add_error(rec, error);
            self.cancel(rec, false);
        }
        !self.ready.is_empty() || !self.timers.is_empty()
    }
}
