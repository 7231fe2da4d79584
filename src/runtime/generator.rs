//! Async generators: they belong to the scope they were made in, which closes them when it ends.
//!
//! A generator runs on the stack of the task that asks for its next element. The collector never
//! closes one, as its clean-ups may wait; so the scope does, after its tasks have ended, the last
//! made first. The task then runs a fiber of its own for each of them, inside a clean-up record,
//! while the one that has reached the end of the scope stays suspended there.

use super::event_loop::Loop;
use super::finish::Ended;
use super::rec::{RecId, RecKind};
use super::scope::{Ending, ScopeEnd, add_to_cut, merge};
use super::suspend::Next;
use super::task::TaskId;
use crate::vm::heap::Marker;
use crate::vm::object::GeneratorState;
use crate::vm::{ErrorKind, FiberId, Thrown, Value, Vm};

/// With fewer generators in a scope, those that have ended are not looked for.
const SWEEP_MIN: usize = 16;

/// What goes on when the generators of a record are closed.
#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    /// The end of a scope.
    Scope(ScopeEnd),
    /// The end of a task, whose body has ended so.
    Task(Ended),
    /// The end of the program.
    Program,
}

/// A generator that is being closed at the end of a scope.
#[derive(Debug)]
pub struct Closing {
    /// The fiber that has reached the end.
    fiber: FiberId,
    /// What ends.
    rec: RecId,
    /// The record of the clean-up.
    clean_up: RecId,
    after: After,
}

impl Closing {
    /// Reports the values it holds.
    pub(super) fn trace(&self, marker: &mut Marker) {
        if let After::Task(Ended::Value(value) | Ended::Throw(value) | Ended::Cut(value)) =
            self.after
        {
            marker.value(value);
        }
    }
}

impl Loop {
    /// A task has made a generator: the innermost record around closes it. A task need not remember
    /// one without clean-ups: it cannot ask for more once it has ended, and others cannot either.
    pub(super) fn adopt_generator(&mut self, vm: &mut Vm, id: TaskId, generator: Value) -> Next {
        self.own_record(id);
        let Some(task) = self.tasks.get(id) else { return Next::Switch };
        let (home, fiber) = (task.rec, task.fiber);
        if let Some(found) = vm.heap.generator_mut(generator) {
            found.home = home.to_bits();
            found.consumer = Some(fiber);
        }
        let may_clean_up = vm.may_clean_up(generator);
        if let Some(rec) = self.recs.get_mut(home)
            && (may_clean_up || !matches!(rec.kind, RecKind::Task | RecKind::Program))
        {
            let generators = rec.generators.get_or_insert_default();
            generators.made.push(generator);
            if generators.made.len() > generators.sweep_at.max(SWEEP_MIN) {
                generators.made.retain(|generator| is_open(vm, *generator));
                generators.sweep_at = generators.made.len() * 2;
            }
        }
        Next::Run
    }

    /// A task asks for the next element of a generator that it has not run yet.
    pub(super) fn consume(&mut self, vm: &mut Vm, id: TaskId, generator: Value) -> Next {
        let Some(task) = self.tasks.get(id) else { return Next::Switch };
        let fiber = task.fiber;
        let home = vm.heap.generator_ref(generator).map_or(0, |generator| generator.home);
        let home = RecId::from_bits(home);
        if self.recs.chain(task.rec).any(|(around, _)| around == home) {
            if let Some(found) = vm.heap.generator_mut(generator) {
                found.consumer = Some(fiber);
            }
            return Next::Run;
        }
        if self.recs.get(home).is_none() {
            vm.end_generator(generator);
            return Next::Run;
        }
        let message = "this generator was made in a scope that the task is not in: only tasks of \
                       that scope can ask it for elements";
        let Thrown(error) = vm.error(ErrorKind::ClosedError, message);
        vm.resume_throw(fiber, error);
        Next::Run
    }

    /// Step 5 of the end of a scope: closes its generators, then goes on with the end.
    pub(super) fn close_generators(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        rec: RecId,
        after: After,
    ) -> Next {
        loop {
            let generators = self.recs.get_mut(rec).and_then(|rec| rec.generators.as_mut());
            let Some(generator) = generators.and_then(|generators| generators.made.pop()) else {
                return self.after_closing(vm, id, after);
            };
            if is_open(vm, generator) && !vm.may_clean_up(generator) {
                vm.end_generator(generator);
            } else if is_open(vm, generator) {
                let fiber = vm.closing_fiber(generator);
                let clean_up = self.recs.make(RecKind::CleanUp, Some(rec), Some(id));
                let Some(task) = self.tasks.get_mut(id) else { return Next::Switch };
                let fiber = std::mem::replace(&mut task.fiber, fiber);
                task.rec = clean_up;
                task.rest_mut().closing = Some(Box::new(Closing { fiber, rec, clean_up, after }));
                return Next::Run;
            }
        }
    }

    /// Whether a task runs a generator that is being closed at the end of a scope.
    pub(super) fn is_closing(&self, id: TaskId) -> bool {
        let rest = self.tasks.get(id).and_then(|task| task.rest.as_ref());
        rest.is_some_and(|rest| rest.closing.is_some())
    }

    /// A generator has been closed, with that outcome.
    pub(super) fn closed(&mut self, vm: &mut Vm, id: TaskId, ended: Ended) -> Next {
        let Some(task) = self.tasks.get_mut(id) else { return Next::Switch };
        let closing = task.rest.as_mut().and_then(|rest| rest.closing.take());
        let Some(closing) = closing else { return Next::Switch };
        let Closing { fiber, rec, clean_up, after } = *closing;
        vm.free_fiber(std::mem::replace(&mut task.fiber, fiber));
        self.leave(vm, id, clean_up);
        let after = match after {
            After::Scope(end) => {
                self.absorb_ending(vm, fiber, end.register, ending_of(ended));
                after
            }
            After::Task(before) => After::Task(merge_ended(vm, before, ended)),
            After::Program => {
                if let (Ended::Throw(error), Some(rec)) = (ended, self.recs.get_mut(rec)) {
                    rec.add_error(error);
                }
                if let Ended::Cut(_) = ended {
                    self.take_in(vm, rec, ending_of(ended));
                }
                after
            }
        };
        self.close_generators(vm, id, rec, after)
    }

    fn after_closing(&mut self, vm: &mut Vm, id: TaskId, after: After) -> Next {
        match after {
            After::Scope(end) => return self.end_scope(vm, id, end),
            After::Task(ended) => self.end_task(vm, id, ended),
            After::Program => self.close_program(vm, id),
        }
        Next::Switch
    }
}

/// Whether a generator may have something to clean up. One that runs does that by itself.
fn is_open(vm: &Vm, generator: Value) -> bool {
    let found = vm.heap.generator_ref(generator);
    found.is_some_and(|generator| generator.state == GeneratorState::Suspended)
}

fn ending_of(ended: Ended) -> Ending {
    match ended {
        Ended::Value(_) => Ending::Fall,
        Ended::Throw(error) => Ending::Throw(error),
        Ended::Cut(cut) => Ending::Cut(cut),
    }
}

/// The outcome of a task's body, with that of a clean-up that ran after it.
fn merge_ended(vm: &mut Vm, before: Ended, clean_up: Ended) -> Ended {
    match (before, clean_up) {
        (before, Ended::Value(_)) => before,
        (Ended::Value(_), Ended::Throw(error)) => Ended::Throw(error),
        (Ended::Throw(before), Ended::Throw(error)) => {
            vm.suppress(before, error);
            Ended::Throw(before)
        }
        (Ended::Cut(cut), Ended::Throw(error)) => {
            add_to_cut(vm, cut, error);
            Ended::Cut(cut)
        }
        (before, Ended::Cut(cut)) => Ended::Cut(merge(vm, ending_of(before), cut)),
    }
}
