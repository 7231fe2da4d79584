//! Awaiting on the model: ops, `select`, and the elements of generators.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::program::{ArmOp, Block};
use super::run::{Code, Generator, Machine, Place, switch};
use super::world::{Got, NO_ARM, Op, Outcome, RecKind, State, TaskId, Wait};

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

    /// An element for the consumer; then it goes on when the next one is asked for.
    pub async fn give(&self, place: Place) -> Outcome {
        let generator = place.generator.expect("only generators give");
        generator.given.set(true);
        switch().await;
        match generator.closed_in.get() {
            Some(target) => Outcome::Cut { target, errors: Vec::new() },
            None => Outcome::Value,
        }
    }

    pub async fn consume(
        self: Rc<Self>,
        place: Place,
        id: usize,
        source: Block,
        limit: u64,
    ) -> Outcome {
        let generator = Rc::new(Generator::default());
        let mut code: Code<Outcome> =
            Box::pin(self.clone().function(place.task, source, Some(generator.clone())));
        let mut count = 0;
        loop {
            // None: an element.
            let got = poll_fn(|context| match code.as_mut().poll(context) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending if generator.given.take() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            match got.await {
                Some(Outcome::Value | Outcome::Return) => break,
                Some(outcome) => return outcome,
                None => {}
            }
            self.world.borrow_mut().say(format!("{id} item"));
            count += 1;
            if count >= limit {
                let outcome = self.clone().close(place.task, generator, code).await;
                if outcome != Outcome::Value {
                    return outcome;
                }
                break;
            }
        }
        self.say(id);
        Outcome::Value
    }

    /// Unwinds a generator from where it gave its last element.
    async fn close(
        self: Rc<Self>,
        task: TaskId,
        generator: Rc<Generator>,
        code: Code<Outcome>,
    ) -> Outcome {
        let rec = self.enter(task, RecKind::CleanUp);
        generator.closed_in.set(Some(rec));
        let outcome = code.await;
        self.take_in(rec, &outcome);
        match self.leave(task, rec, outcome) {
            Outcome::Return => Outcome::Value,
            other => other,
        }
    }
}
