//! What each statement does on the model.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::program::{Block, Node, Options, What};
use super::run::{Code, Machine, Place};
use super::world::{Outcome, PROGRAM, RecId, RecKind, TaskId, Wait};

impl Machine {
    /// A block that is no scope.
    pub fn block(self: Rc<Self>, place: Place, block: Block) -> Code<Outcome> {
        Box::pin(async move {
            let mut defers = Vec::new();
            let mut outcome = self.clone().statements(place.clone(), block, &mut defers).await;
            while let Some(defer) = defers.pop() {
                outcome = self.clone().clean_up(place.clone(), outcome, defer).await;
            }
            outcome
        })
    }

    pub fn statements<'a>(
        self: Rc<Self>,
        place: Place,
        block: Block,
        defers: &'a mut Vec<Block>,
    ) -> Pin<Box<dyn Future<Output = Outcome> + 'a>> {
        Box::pin(async move {
            for node in block.iter() {
                if let What::Defer(body) = &node.what {
                    defers.push(body.clone());
                    continue;
                }
                let outcome = self.clone().statement(place.clone(), node.clone()).await;
                if outcome != Outcome::Value {
                    return outcome;
                }
            }
            Outcome::Value
        })
    }

    fn statement(self: Rc<Self>, place: Place, node: Node) -> Code<Outcome> {
        Box::pin(async move {
            let id = node.id;
            let noted = matches!(
                node.what,
                What::Scope(..) | What::Timeout(..) | What::Shield(..) | What::Call(..)
            );
            let outcome = match node.what {
                What::Scope(options, body) => self.clone().scope(place, id, options, body).await,
                What::Timeout(span, body, other) => {
                    self.clone().timeout(place, span, body, other).await
                }
                What::Shield(span, body) => {
                    let rec = self.enter(place.task(), RecKind::Shield);
                    self.world.borrow_mut().recs[rec].limit = span;
                    let inside = Place { owner: rec, ..place };
                    self.clone().scope_block(inside, rec, body).await
                }
                What::Try { body, catch, finally } => {
                    self.clone().attempt(place, id, body, catch, finally).await
                }
                What::Call(body) => match self.clone().function(place.task(), body, None).await {
                    Outcome::Return => Outcome::Value,
                    other => other,
                },
                What::Loop(count, body) => self.clone().repeat(place, count, body).await,
                What::Lock(n, body) => self.clone().locked(place, n, body).await,
                What::Consume { source, limit } => {
                    self.clone().consume(place, id, source, limit).await
                }
                What::Give => self.give(place).await,
                What::Make(source) => {
                    let number = self.make(place.task(), source);
                    self.makers.borrow_mut()[id] = Some(number);
                    self.say(id);
                    Outcome::Value
                }
                What::Next(of) => self.clone().element(place.task(), id, of).await,
                What::Select { first, arms, otherwise } => {
                    self.clone().select(place.task(), id, first, &arms, otherwise).await
                }
                other => self.clone().simple(place, id, other).await,
            };
            if noted && outcome == Outcome::Value {
                self.say(id);
            }
            outcome
        })
    }

    pub fn say(&self, id: usize) {
        self.world.borrow_mut().say(id.to_string());
    }

    async fn element(self: Rc<Self>, task: TaskId, id: usize, of: usize) -> Outcome {
        let Some(number) = self.makers.borrow()[of] else { return Outcome::Value };
        match self.clone().next(task, number).await {
            Ok(given) => {
                let text = if given { "1" } else { "end" };
                self.world.borrow_mut().say(format!("{id} {text}"));
                Outcome::Value
            }
            Err(outcome) => outcome,
        }
    }

    async fn scope(
        self: Rc<Self>,
        place: Place,
        id: usize,
        options: Options,
        body: Block,
    ) -> Outcome {
        let rec = self.enter(place.task(), RecKind::Scope);
        {
            let mut world = self.world.borrow_mut();
            if let Some(span) = options.timeout {
                world.deadline(rec, span);
            }
            world.recs[rec].grace = options.grace.unwrap_or(world.recs[rec].grace);
            world.recs[rec].isolates = options.isolates;
        }
        self.scopes.borrow_mut()[id] = Some(rec);
        let inside = Place { owner: rec, ..place };
        self.scope_block(inside, rec, body).await
    }

    async fn attempt(
        self: Rc<Self>,
        place: Place,
        id: usize,
        body: Block,
        catch: Option<Block>,
        finally: Option<Block>,
    ) -> Outcome {
        let mut outcome = self.clone().block(place.clone(), body).await;
        if let (Outcome::Throw(error), Some(catch)) = (&outcome, catch) {
            {
                let mut world = self.world.borrow_mut();
                let others: Vec<String> = world
                    .suppressed_names(*error)
                    .into_iter()
                    .map(|name| format!("\"{name}\""))
                    .collect();
                let name = world.error_name(*error).to_owned();
                world.say(format!("{id} caught {name} [{}]", others.join(", ")));
            }
            outcome = self.clone().block(place.clone(), catch).await;
        }
        match finally {
            Some(finally) => self.clean_up(place, outcome, finally).await,
            None => outcome,
        }
    }

    async fn repeat(self: Rc<Self>, place: Place, count: u64, body: Block) -> Outcome {
        for _ in 0..count {
            match self.clone().block(place.clone(), body.clone()).await {
                Outcome::Value => {}
                Outcome::Break => break,
                other => return other,
            }
        }
        Outcome::Value
    }

    async fn locked(self: Rc<Self>, place: Place, n: usize, body: Block) -> Outcome {
        if let Err(outcome) = self.op(place.task(), Wait::Lock(n)).await {
            return outcome;
        }
        let outcome = self.clone().block(place, body).await;
        self.world.borrow_mut().unlock(n);
        outcome
    }

    fn spawn(self: Rc<Self>, id: usize, owner: RecId, kind: (bool, bool), body: Block) {
        let (daemon, attempt) = kind;
        let task = self.world.borrow_mut().make_task(Some(owner), daemon, attempt);
        self.handles.borrow_mut()[id] = Some(task);
        let code = Box::pin(self.clone().task(task, body));
        self.code.borrow_mut().push(Some(code));
    }

    async fn simple(self: Rc<Self>, place: Place, id: usize, what: What) -> Outcome {
        let task = place.task();
        let handle = |of: usize| self.handles.borrow()[of];
        let outcome = match what {
            What::Sleep(span) => self.op(task, Wait::Sleep(span)).await,
            What::Yield => self.op(task, Wait::Yield).await,
            What::Send(n) => self.op(task, Wait::Send(n)).await,
            What::Receive(n) => self.op(task, Wait::Receive(n)).await,
            What::Join(of) => match handle(of) {
                Some(other) => self.op(task, Wait::Join(other)).await,
                None => Ok(()),
            },
            What::Stop(of) => match handle(of) {
                Some(other) => self.stop(task, other).await,
                None => Ok(()),
            },
            What::Cancel(of) => {
                if let Some(other) = handle(of) {
                    let own = self.world.borrow().tasks[other].own;
                    self.world.borrow_mut().cancel(own, false);
                }
                Ok(())
            }
            What::CancelScope(of) => {
                if let Some(rec) = self.scopes.borrow()[of] {
                    self.world.borrow_mut().cancel(rec, false);
                }
                Ok(())
            }
            What::Close(n) => {
                self.world.borrow_mut().close(n);
                Ok(())
            }
            What::Compute(span) => {
                self.world.borrow_mut().now += span;
                Ok(())
            }
            other => return self.leaving(place, id, other),
        };
        match outcome {
            Ok(()) => {
                self.say(id);
                Outcome::Value
            }
            Err(outcome) => outcome,
        }
    }

    /// What is not followed by a line of the log.
    fn leaving(self: Rc<Self>, place: Place, id: usize, what: What) -> Outcome {
        match what {
            What::Throw(Some(shared)) => Outcome::Throw(shared),
            What::Throw(None) => {
                Outcome::Throw(self.world.borrow_mut().new_error(format!("own {id}")))
            }
            What::Return => Outcome::Return,
            What::Break => Outcome::Break,
            What::Exit => {
                let mut world = self.world.borrow_mut();
                world.status.get_or_insert(3);
                world.cancel(PROGRAM, false);
                world.cut_to(place.task(), PROGRAM)
            }
            What::Spawn { daemon, attempt, body } => {
                self.spawn(id, place.owner, (daemon, attempt), body);
                Outcome::Value
            }
            What::SpawnIn(of, body) => {
                let Some(rec) = self.scopes.borrow()[of] else { return Outcome::Value };
                if self.world.borrow().recs[rec].closed {
                    let name = "ClosedError".to_owned();
                    return Outcome::Throw(self.world.borrow_mut().new_error(name));
                }
                self.spawn(id, rec, (false, false), body);
                Outcome::Value
            }
            other => unreachable!("{other:?} stands elsewhere"),
        }
    }
}
