//! Ops of the model: what tasks wait for, and who waits where.

use super::clock::{Alarm, Timer};
use super::program::ROOM;
use super::world::{End, Got, NO_ARM, Op, State, TaskId, Wait, Waiter, World};

impl World {
    pub fn is_pending(&self, task: TaskId) -> bool {
        self.tasks[task].op.as_ref().is_some_and(|op| matches!(op.state, State::Pending))
    }

    pub fn hide(&mut self, task: TaskId) {
        let seq = self.tasks[task].op.as_ref().map_or(0, |op| op.seq);
        self.timers.retain(|timer| timer.alarm != Alarm::Reveal(task, seq));
        let cancels = self.cancels(self.tasks[task].rec);
        if let Some(at) = cancels.iter().map(|(_, at)| *at).filter(|at| *at > self.now).min() {
            self.timers.push(Timer { at, alarm: Alarm::Reveal(task, seq) });
        }
    }

    pub fn park(&mut self, task: TaskId, arms: Vec<(usize, Wait)>) {
        self.ops += 1;
        let seq = self.ops;
        for (arm, (_, wait)) in arms.iter().enumerate() {
            let waiter = Waiter { task, seq, arm };
            match *wait {
                Wait::Sleep(span) => {
                    let timer = Timer { at: self.now + span, alarm: Alarm::Sleep(waiter) };
                    self.timers.push(timer);
                }
                Wait::Join(other) | Wait::Stop(other) => {
                    self.tasks[other].joiners.push_back(waiter);
                }
                Wait::Receive(n) => self.channels[n].receivers.push_back(waiter),
                Wait::Send(n) => self.channels[n].senders.push_back(waiter),
                Wait::Lock(n) => self.mutexes[n].waiters.push_back(waiter),
                Wait::Yield => {}
            }
        }
        self.tasks[task].op = Some(Op { seq, arms, state: State::Pending });
        self.hide(task);
    }

    pub fn leave_op(&mut self, task: TaskId, state: State) {
        let Some(op) = &mut self.tasks[task].op else { return };
        op.state = state;
        let seq = op.seq;
        let stays = |waiter: &Waiter| waiter.seq != seq;
        for other in &mut self.tasks {
            other.joiners.retain(stays);
        }
        for channel in &mut self.channels {
            channel.receivers.retain(stays);
            channel.senders.retain(stays);
        }
        for mutex in &mut self.mutexes {
            mutex.waiters.retain(stays);
        }
        self.timers.retain(|timer| match timer.alarm {
            Alarm::Sleep(waiter) => waiter.seq != seq,
            Alarm::Reveal(_, other) => other != seq,
            Alarm::Deadline(_) => true,
        });
        self.ready.push_back(task);
    }

    pub fn complete(&mut self, waiter: Waiter, got: Got) {
        self.leave_op(waiter.task, State::Done(waiter.arm, got));
    }

    /// Tries a wait; none if it cannot go.
    pub fn attempt(&mut self, task: TaskId, wait: Wait) -> Option<Got> {
        match wait {
            Wait::Sleep(_) => None,
            Wait::Yield => Some(Ok(())),
            Wait::Join(other) => self.joined(other, false),
            Wait::Stop(other) => self.joined(other, true),
            Wait::Receive(n) => self.receive(n),
            Wait::Send(n) => self.send(n),
            Wait::Lock(n) => {
                let free = self.mutexes[n].owner.is_none();
                free.then(|| self.mutexes[n].owner = Some(task)).map(Ok)
            }
        }
    }

    pub fn joined(&mut self, task: TaskId, stop: bool) -> Option<Got> {
        Some(match self.tasks[task].end? {
            End::Value => Ok(()),
            End::Failed(error) => {
                self.tasks[task].awaited = true;
                Err(error)
            }
            End::Cancelled if stop => Ok(()),
            End::Cancelled => Err(self.new_error("TaskCancelledError".to_owned())),
        })
    }

    fn receive(&mut self, n: usize) -> Option<Got> {
        let sender = self.channels[n].senders.front().copied();
        if self.channels[n].buffer > 0 {
            if sender.is_none() {
                self.channels[n].buffer -= 1;
            }
        } else if sender.is_none() {
            return self.channels[n].closed.then(|| Err(self.new_error("ClosedError".to_owned())));
        }
        if let Some(sender) = sender {
            self.complete(sender, Ok(()));
        }
        Some(Ok(()))
    }

    fn send(&mut self, n: usize) -> Option<Got> {
        if self.channels[n].closed {
            return Some(Err(self.new_error("ClosedError".to_owned())));
        }
        if let Some(receiver) = self.channels[n].receivers.front().copied() {
            self.complete(receiver, Ok(()));
        } else if self.channels[n].buffer < ROOM[n] {
            self.channels[n].buffer += 1;
        } else {
            return None;
        }
        Some(Ok(()))
    }

    pub fn close(&mut self, n: usize) {
        self.channels[n].closed = true;
        while let Some(waiter) = self.channels[n].receivers.front().copied() {
            let error = self.new_error("ClosedError".to_owned());
            self.complete(waiter, Err(error));
        }
        while let Some(waiter) = self.channels[n].senders.front().copied() {
            let error = self.new_error("ClosedError".to_owned());
            self.complete(waiter, Err(error));
        }
    }

    pub fn unlock(&mut self, n: usize) {
        let next = self.mutexes[n].waiters.front().copied();
        self.mutexes[n].owner = next.map(|waiter| waiter.task);
        if let Some(next) = next {
            self.complete(next, Ok(()));
        }
    }

    /// Whether waiting for that would wait for itself.
    pub fn closes_a_cycle(&self, task: TaskId, wait: Wait) -> bool {
        if let Wait::Join(other) | Wait::Stop(other) = wait
            && self.tasks[other].end.is_none()
            && self.outward(self.tasks[task].rec).any(|rec| self.recs[rec].host == other)
        {
            return true;
        }
        let mut seen = 0;
        let mut next = self.depends_on(wait);
        while let Some(other) = next {
            seen += 1;
            if other == task {
                return true;
            }
            if seen > self.tasks.len() {
                return false;
            }
            let single = self.tasks[other].op.as_ref().filter(|op| {
                matches!(op.state, State::Pending) && op.arms.len() == 1 && op.arms[0].0 == NO_ARM
            });
            next = single.and_then(|op| self.depends_on(op.arms[0].1));
        }
        false
    }

    fn depends_on(&self, wait: Wait) -> Option<TaskId> {
        match wait {
            Wait::Join(task) | Wait::Stop(task) => self.tasks[task].end.is_none().then_some(task),
            Wait::Lock(n) => self.mutexes[n].owner,
            _ => None,
        }
    }
}
