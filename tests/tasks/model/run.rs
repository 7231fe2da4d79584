//! Runs a program on the model: each task is a Rust future, which is polled when it is its turn.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::generator::Generator;
use super::program::{Block, What, spawns_bare, waits};
use super::world::{End, MAIN, Outcome, PROGRAM, RecId, RecKind, TaskId, World};

pub type Code<T> = Pin<Box<dyn Future<Output = T>>>;

/// So many turns are more than any of these programs takes.
const TURNS_MAX: usize = 20_000;

/// A program that runs on the model.
pub struct Machine {
    pub world: RefCell<World>,
    pub code: RefCell<Vec<Option<Code<()>>>>,
    /// The tasks that nodes have spawned, by the nodes' numbers, and the scopes they have opened.
    pub handles: RefCell<Vec<Option<TaskId>>>,
    pub scopes: RefCell<Vec<Option<RecId>>>,
    /// The generators they have made, and all there are.
    pub makers: RefCell<Vec<Option<usize>>>,
    pub generators: RefCell<Vec<Rc<Generator>>>,
    /// How the program has ended.
    end: RefCell<Option<Result<(), usize>>>,
}

/// Where code runs.
#[derive(Clone)]
pub struct Place {
    pub task: TaskId,
    /// Whom a bare `spawn` belongs to.
    pub owner: RecId,
    /// The async generator it is in.
    pub generator: Option<Rc<Generator>>,
}

impl Place {
    /// The task whose code runs here: in a generator, who has asked for an element.
    pub fn task(&self) -> TaskId {
        self.generator.as_ref().map_or(self.task, |generator| generator.consumer.get())
    }
}

/// The log of a program, with Ctrl-C at these seconds.
pub fn run(program: &Block, nodes: usize, op_budget: u32, signals: &[u64]) -> Vec<String> {
    let machine = Rc::new(Machine {
        world: RefCell::new(World::new(op_budget, signals)),
        code: RefCell::default(),
        handles: RefCell::new(vec![None; nodes]),
        scopes: RefCell::new(vec![None; nodes]),
        makers: RefCell::new(vec![None; nodes]),
        generators: RefCell::default(),
        end: RefCell::default(),
    });
    machine.world.borrow_mut().make_task(None, false, false);
    machine.code.borrow_mut().push(Some(Box::pin(machine.clone().main(program.clone()))));
    for _ in 0..TURNS_MAX {
        machine.run_ready();
        let end = *machine.end.borrow();
        let mut world = machine.world.borrow_mut();
        if end.is_none() && !world.poll() && !world.deadlock() {
            world.say("stuck".to_owned());
            return std::mem::take(&mut world.log);
        }
        if end.is_some() || world.killed {
            let mut log = std::mem::take(&mut world.log);
            log.extend(world.status.map(|status| format!("status {status}")));
            log.extend(world.signalled.then(|| "Interrupt".to_owned()));
            log.extend(world.killed.then(|| "killed".to_owned()));
            let error = end.and_then(|end| end.err()).filter(|_| !world.killed);
            log.extend(error.map(|error| format!("uncaught {}", world.error_name(error))));
            return log;
        }
    }
    panic!("the program does not end");
}

/// Lets the other tasks run.
pub async fn switch() {
    let mut first = true;
    poll_fn(move |_| match std::mem::take(&mut first) {
        true => Poll::Pending,
        false => Poll::Ready(()),
    })
    .await;
}

impl Machine {
    fn run_ready(&self) {
        let count = self.world.borrow().ready.len();
        for _ in 0..count {
            let mut world = self.world.borrow_mut();
            let Some(task) = world.ready.pop_front() else { return };
            world.tasks[task].budget = world.op_budget;
            drop(world);
            let mut code = self.code.borrow_mut()[task].take().expect("it has not ended");
            if code.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
                self.code.borrow_mut()[task] = Some(code);
            }
            if self.end.borrow().is_some() {
                return;
            }
        }
    }

    async fn main(self: Rc<Self>, program: Block) {
        let place = Place { task: MAIN, owner: PROGRAM, generator: None };
        // The text of a module is a function body: it is a scope of its own if tasks that it spawns
        // have to end before its defers run.
        let defers = program.iter().any(|node| matches!(node.what, What::Defer(_)));
        let outcome = if defers && spawns_bare(&program) {
            let rec = self.enter(MAIN, RecKind::Body);
            let inside = Place { owner: rec, ..place.clone() };
            self.clone().scope_block(inside, rec, program).await
        } else {
            self.clone().block(place.clone(), program).await
        };
        let outcome = self.clone().end_scope(place, PROGRAM, outcome, Vec::new()).await;
        *self.end.borrow_mut() = Some(match outcome {
            Outcome::Throw(error) => Err(error),
            _ => Ok(()),
        });
    }

    pub async fn task(self: Rc<Self>, task: TaskId, body: Block) {
        let mut outcome = self.clone().function(task, body, None).await;
        let own = self.world.borrow().tasks[task].own;
        while let Some(generator) = self.open_generator(own) {
            let closed = self.clone().close(task, generator).await;
            outcome = self.after_clean_up(outcome, closed);
        }
        self.world.borrow_mut().end_task(task, outcome);
    }

    /// The body of a function, a closure or a `spawn`.
    pub async fn function(
        self: Rc<Self>,
        task: TaskId,
        body: Block,
        generator: Option<Rc<Generator>>,
    ) -> Outcome {
        let own = self.world.borrow().tasks[task].own;
        let place = Place { task, owner: own, generator };
        if spawns_bare(&body) {
            let rec = self.enter(task, RecKind::Body);
            let place = Place { owner: rec, ..place };
            return self.scope_block(place, rec, body).await;
        }
        self.block(place, body).await
    }

    // ---- scopes

    pub fn enter(&self, task: TaskId, kind: RecKind) -> RecId {
        let mut world = self.world.borrow_mut();
        let parent = world.tasks[task].rec;
        let rec = world.push_rec(kind, Some(parent), task);
        world.tasks[task].rec = rec;
        rec
    }

    /// Runs a block as the scope `rec`, which is the innermost one, to its end.
    pub async fn scope_block(self: Rc<Self>, place: Place, rec: RecId, body: Block) -> Outcome {
        let mut defers = Vec::new();
        let outcome = self.clone().statements(place.clone(), body, &mut defers).await;
        self.end_scope(place, rec, outcome, defers).await
    }

    /// The body of a scope has ended.
    async fn end_scope(
        self: Rc<Self>,
        place: Place,
        rec: RecId,
        mut outcome: Outcome,
        mut defers: Vec<Block>,
    ) -> Outcome {
        let task = place.task();
        self.take_in(rec, &outcome);
        self.wait_for_children(task, rec).await;
        loop {
            let cleaned = if let Some(defer) = defers.pop() {
                self.clone().clean_up_block(place.clone(), defer).await
            } else if let Some(generator) = self.open_generator(rec) {
                self.clone().close(task, generator).await
            } else {
                break;
            };
            match cleaned {
                Outcome::Throw(error) => self.world.borrow_mut().add_error(rec, error),
                Outcome::Cut { target, errors } => {
                    outcome = self.merge(outcome, target, errors);
                    self.take_in_cut(rec, &outcome);
                }
                _ => {}
            }
        }
        self.leave(task, rec, outcome)
    }

    pub fn take_in(&self, rec: RecId, outcome: &Outcome) {
        if let Outcome::Throw(error) = outcome {
            let mut world = self.world.borrow_mut();
            world.add_error(rec, *error);
            world.cancel(rec, false);
        }
        self.take_in_cut(rec, outcome);
    }

    fn take_in_cut(&self, rec: RecId, outcome: &Outcome) {
        if let Outcome::Cut { target, errors } = outcome
            && *target == rec
        {
            errors.iter().for_each(|error| self.world.borrow_mut().add_error(rec, *error));
        }
    }

    async fn wait_for_children(&self, task: TaskId, rec: RecId) {
        while self.world.borrow().recs[rec].live > 0 {
            self.world.borrow_mut().tasks[task].waiting_on = Some(rec);
            switch().await;
        }
        let daemons = {
            let mut world = self.world.borrow_mut();
            world.recs[rec].closed = true;
            world.recs[rec].children.clone()
        };
        for daemon in daemons {
            let own = self.world.borrow().tasks[daemon].own;
            self.world.borrow_mut().cancel(own, false);
        }
        while !self.world.borrow().recs[rec].children.is_empty() {
            self.world.borrow_mut().tasks[task].waiting_on = Some(rec);
            switch().await;
        }
    }

    /// Steps 6 to 13 of the end of a scope.
    pub fn leave(&self, task: TaskId, rec: RecId, outcome: Outcome) -> Outcome {
        let mut world = self.world.borrow_mut();
        for failed in world.recs[rec].try_failed.clone() {
            if let Some(End::Failed(error)) = world.tasks[failed].end
                && !world.tasks[failed].awaited
            {
                world.add_error(rec, error);
            }
        }
        world.drop_deadline(rec);
        world.recs[rec].ended = true;
        if let Some(parent) = world.recs[rec].parent {
            world.tasks[task].rec = parent;
        }
        let found = world.recs[rec].errors.clone();
        if let Outcome::Cut { target, mut errors } = outcome.clone()
            && target != rec
        {
            if let Some(error) = world.combined(&found)
                && !errors.contains(&error)
            {
                errors.push(error);
            }
            return Outcome::Cut { target, errors };
        }
        let expired = matches!(world.recs[rec].cancel, Some((_, true)));
        if expired && world.recs[rec].own_cut {
            let error = world.new_error("TimeoutError".to_owned());
            found.iter().for_each(|other| world.suppress(error, *other));
            return Outcome::Throw(error);
        }
        if let Some(error) = world.combined(&found) {
            return Outcome::Throw(error);
        }
        if let Outcome::Cut { .. } = outcome {
            return Outcome::Value;
        }
        if world.recs[rec].outer_cut && world.effective(task).is_some() {
            return world.cut(task);
        }
        outcome
    }

    /// A `timeout`, with its `else`.
    pub async fn timeout(
        self: Rc<Self>,
        place: Place,
        span: u64,
        body: Block,
        other: Option<Block>,
    ) -> Outcome {
        let rec = self.enter(place.task(), RecKind::Timeout);
        self.world.borrow_mut().deadline(rec, span);
        let inside = Place { owner: rec, ..place.clone() };
        let outcome = self.clone().scope_block(inside, rec, body).await;
        let Some(other) = other else { return outcome };
        // An error of its own making stands for the `else` block.
        let expired = {
            let world = self.world.borrow();
            let own = matches!(world.recs[rec].cancel, Some((_, true))) && world.recs[rec].own_cut;
            matches!(outcome, Outcome::Throw(_)) && own
        };
        if !expired {
            return outcome;
        }
        let found = self.world.borrow().recs[rec].errors.clone();
        let thrown = self.world.borrow_mut().combined(&found);
        match thrown {
            Some(error) => Outcome::Throw(error),
            None => self.block(place, other).await,
        }
    }

    // ---- clean-ups

    /// A `defer` or `finally`: a scope of its own if it may wait.
    fn clean_up_block(self: Rc<Self>, place: Place, body: Block) -> Code<Outcome> {
        Box::pin(async move {
            if !waits(&body) {
                return self.block(place, body).await;
            }
            let rec = self.enter(place.task(), RecKind::CleanUp);
            let inside = Place { owner: rec, ..place };
            self.scope_block(inside, rec, body).await
        })
    }

    /// The outcome that was under way and the one of a clean-up that was cut.
    fn merge(&self, pending: Outcome, target: RecId, errors: Vec<usize>) -> Outcome {
        let (target, mut all) = match pending {
            Outcome::Throw(error) => (target, vec![error]),
            Outcome::Cut { target: before, errors: all } => {
                let world = self.world.borrow();
                let outer = world.recs[before].depth < world.recs[target].depth;
                (if outer { before } else { target }, all)
            }
            _ => (target, Vec::new()),
        };
        for error in errors {
            if !all.contains(&error) {
                all.push(error);
            }
        }
        Outcome::Cut { target, errors: all }
    }

    pub async fn clean_up(self: Rc<Self>, place: Place, pending: Outcome, body: Block) -> Outcome {
        let cleaned = self.clone().clean_up_block(place, body).await;
        self.after_clean_up(pending, cleaned)
    }

    /// The outcome that was under way, after a clean-up with that outcome.
    fn after_clean_up(&self, pending: Outcome, cleaned: Outcome) -> Outcome {
        match cleaned {
            Outcome::Throw(error) => match pending {
                Outcome::Throw(before) => {
                    self.world.borrow_mut().suppress(before, error);
                    Outcome::Throw(before)
                }
                Outcome::Cut { target, mut errors } => {
                    if !errors.contains(&error) {
                        errors.push(error);
                    }
                    Outcome::Cut { target, errors }
                }
                _ => Outcome::Throw(error),
            },
            Outcome::Cut { target, errors } => self.merge(pending, target, errors),
            _ => pending,
        }
    }
}
