//! Awaiting on the model: ops and `select`.

use std::rc::Rc;

use super::program::ArmOp;
use super::run::{Machine, switch};
use super::world::{Got, NO_ARM, Op, Outcome, State, TaskId, Wait};

impl Machine {
    pub async fn op(&self, task: TaskId, wait: Wait) -> Result<(), Outcome> {
        let (_, got) = self.ops(task, vec![(NO_ARM, wait)], None).await?;
        got.map_err(Outcome::Throw)
    }

    pub async fn stop(&self, task: TaskId, other: TaskId) -> Result<(), Outcome> {
        if self.world.borrow().effective(task).is_some() {
            return Err(self.world.borrow_mut().cut(task));
        }
        let own = self.world.borrow().tasks[other].own;
        self.world.borrow_mut().cancel(own, false);
        self.op(task, Wait::Stop(other)).await
    }

    /// Waits for the first of several arms. With `otherwise` it does not wait: none is ready.
    async fn ops(
        &self,
        task: TaskId,
        arms: Vec<(usize, Wait)>,
        otherwise: Option<bool>,
    ) -> Result<(Option<usize>, Got), Outcome> {
        if self.world.borrow().effective(task).is_some() {
            return Err(self.world.borrow_mut().cut(task));
        }
        if let [(NO_ARM, wait)] = arms[..]
            && self.world.borrow().closes_a_cycle(task, wait)
        {
            let error = self.world.borrow_mut().new_error("DeadlockError".to_owned());
            return Err(Outcome::Throw(error));
        }
        for (number, wait) in &arms {
            let tried = self.world.borrow_mut().attempt(task, *wait);
            if let Some(got) = tried {
                self.spend(task, matches!(wait, Wait::Yield)).await;
                return Ok((Some(*number), got));
            }
        }
        if otherwise == Some(true) {
            self.spend(task, false).await;
            return Ok((None, Ok(())));
        }
        self.world.borrow_mut().park(task, arms);
        switch().await;
        let Op { arms, state, .. } =
            self.world.borrow_mut().tasks[task].op.take().expect("it waited");
        match state {
            State::Done(arm, got) => Ok((Some(arms[arm].0), got)),
            _ => Err(self.world.borrow_mut().cut(task)),
        }
    }

    async fn spend(&self, task: TaskId, yields: bool) {
        let used_up = {
            let mut world = self.world.borrow_mut();
            world.tasks[task].budget = world.tasks[task].budget.saturating_sub(1);
            world.tasks[task].budget == 0
        };
        if used_up || yields {
            self.world.borrow_mut().ready.push_back(task);
            switch().await;
        }
    }

    pub async fn select(
        self: Rc<Self>,
        task: TaskId,
        id: usize,
        first: bool,
        arms: &[ArmOp],
        otherwise: bool,
    ) -> Outcome {
        let enabled = arms.iter().enumerate().filter_map(|(number, arm)| {
            let wait = match *arm {
                ArmOp::Sleep(span) => Wait::Sleep(span),
                ArmOp::Receive(n) => Wait::Receive(n),
                ArmOp::Send(n) => Wait::Send(n),
                ArmOp::Join(of) => Wait::Join(self.handles.borrow()[of]?),
            };
            Some((number, wait))
        });
        let mut enabled: Vec<(usize, Wait)> = enabled.collect();
        if enabled.is_empty() && !otherwise {
            if self.world.borrow().effective(task).is_some() {
                return self.world.borrow_mut().cut(task);
            }
            return Outcome::Throw(self.world.borrow_mut().new_error("MatchError".to_owned()));
        }
        let last = self.world.borrow().tasks[task].rotation.get(&id).copied();
        if let Some(last) = last.filter(|_| !first) {
            let start = enabled.iter().position(|(number, _)| *number > last).unwrap_or(0);
            enabled.rotate_left(start);
        }
        match self.ops(task, enabled, Some(otherwise)).await {
            Err(outcome) => outcome,
            Ok((None, _)) => {
                self.world.borrow_mut().say(format!("{id} else"));
                Outcome::Value
            }
            Ok((Some(number), got)) => {
                let mut world = self.world.borrow_mut();
                if !first {
                    world.tasks[task].rotation.insert(id, number);
                }
                match got {
                    Ok(()) => {
                        world.say(format!("{id} arm {number}"));
                        Outcome::Value
                    }
                    Err(error) => Outcome::Throw(error),
                }
            }
        }
    }
}
