//! Async generators on the model: their code is a future that whoever asks for an element polls.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::program::Block;
use super::run::{Code, Machine, Place, switch};
use super::world::{Outcome, RecId, RecKind, TaskId};

/// Where a generator stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Fresh,
    /// At a `yield`.
    Suspended,
    Running,
    Finished,
}

/// A generator.
pub struct Generator {
    standing: Cell<Standing>,
    /// Who asks for elements.
    pub consumer: Cell<TaskId>,
    /// The record it was made in.
    home: RecId,
    /// It has just given an element.
    given: Cell<bool>,
    /// The clean-up in which it is closed.
    closed_in: Cell<Option<RecId>>,
    code: RefCell<Option<Code<Outcome>>>,
}

impl Machine {
    /// Makes a generator; gives its number.
    pub fn make(self: &Rc<Self>, task: TaskId, source: Block) -> usize {
        let home = self.world.borrow().tasks[task].rec;
        let generator = Rc::new(Generator {
            standing: Cell::new(Standing::Fresh),
            consumer: Cell::new(task),
            home,
            given: Cell::new(false),
            closed_in: Cell::new(None),
            code: RefCell::new(None),
        });
        let code = Box::pin(self.clone().function(task, source, Some(generator.clone())));
        *generator.code.borrow_mut() = Some(code);
        let number = self.generators.borrow().len();
        self.generators.borrow_mut().push(generator);
        self.world.borrow_mut().recs[home].generators.push(number);
        number
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

    /// The next element: says whether there is one.
    pub async fn next(self: Rc<Self>, task: TaskId, number: usize) -> Result<bool, Outcome> {
        let generator = self.generators.borrow()[number].clone();
        let home = generator.home;
        let throw =
            |name: &str| Err(Outcome::Throw(self.world.borrow_mut().new_error(name.to_owned())));
        match generator.standing.get() {
            Standing::Running => return throw("ValueError"),
            Standing::Finished => return Ok(false),
            Standing::Fresh | Standing::Suspended => {}
        }
        let rec = self.world.borrow().tasks[task].rec;
        if !self.world.borrow().outward(rec).any(|around| around == home) {
            if self.world.borrow().recs[home].ended {
                return Ok(false);
            }
            return throw("ClosedError");
        }
        generator.consumer.set(task);
        match self.resume(&generator).await {
            None => Ok(true),
            Some(Outcome::Value | Outcome::Return) => Ok(false),
            Some(outcome) => Err(outcome),
        }
    }

    /// Runs a generator to its next element, which is none, or to its end.
    async fn resume(&self, generator: &Generator) -> Option<Outcome> {
        generator.standing.set(Standing::Running);
        let got = poll_fn(|context| {
            let mut code = generator.code.borrow_mut().take().expect("it has not finished");
            match code.as_mut().poll(context) {
                Poll::Ready(outcome) => return Poll::Ready(Some(outcome)),
                Poll::Pending => *generator.code.borrow_mut() = Some(code),
            }
            if generator.given.take() { Poll::Ready(None) } else { Poll::Pending }
        })
        .await;
        let standing = if got.is_none() { Standing::Suspended } else { Standing::Finished };
        generator.standing.set(standing);
        got
    }

    /// The generator of a record that was made last and has something to clean up.
    pub fn open_generator(&self, rec: RecId) -> Option<usize> {
        loop {
            let number = self.world.borrow_mut().recs[rec].generators.pop()?;
            let generator = &self.generators.borrow()[number];
            match generator.standing.get() {
                Standing::Suspended => return Some(number),
                Standing::Fresh => generator.standing.set(Standing::Finished),
                Standing::Running | Standing::Finished => {}
            }
        }
    }

    /// Unwinds a generator from where it gave its last element.
    pub async fn close(self: Rc<Self>, task: TaskId, number: usize) -> Outcome {
        let generator = self.generators.borrow()[number].clone();
        let rec = self.enter(task, RecKind::CleanUp);
        generator.closed_in.set(Some(rec));
        generator.consumer.set(task);
        let mut outcome =
            self.resume(&generator).await.expect("it gives nothing while it is closed");
        // The unwind that closes it ends here; what its clean-ups threw is what closing throws.
        if let Outcome::Cut { target, errors } = &outcome
            && *target == rec
        {
            let thrown = self.world.borrow_mut().combined(errors);
            outcome = thrown.map_or(Outcome::Value, Outcome::Throw);
        }
        if outcome == Outcome::Return {
            outcome = Outcome::Value;
        }
        self.take_in(rec, &outcome);
        self.leave(task, rec, outcome)
    }

    /// A loop over a generator of its own.
    pub async fn consume(
        self: Rc<Self>,
        place: Place,
        id: usize,
        source: Block,
        limit: u64,
    ) -> Outcome {
        let task = place.task();
        let number = self.make(task, source);
        let mut count = 0;
        loop {
            match self.clone().next(task, number).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(outcome) => return outcome,
            }
            self.world.borrow_mut().say(format!("{id} item"));
            count += 1;
            if count >= limit {
                let outcome = self.clone().close(task, number).await;
                if outcome != Outcome::Value {
                    return outcome;
                }
                break;
            }
        }
        self.say(id);
        Outcome::Value
    }
}
