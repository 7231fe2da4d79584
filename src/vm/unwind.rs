//! Unwinding: an error or a cut looks for a handler, frame by frame.
//!
//! Handlers are ranges in a table per function, so that a `try` costs nothing until something is
//! thrown. A cut is seen by clean-ups only, never by `catch`.

use super::Vm;
use super::error::ErrorKind;
use super::exit::Exit;
use super::fiber::State;
use super::frame::{CLOSING, GENERATOR, OPERATOR};
use super::trace::FrameAt;
use super::value::Value;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::{Handler, HandlerKind};

/// The target of a cut that closes a generator: further inside than any record.
pub(super) const CLOSE: u64 = u64::MAX;

/// What leaves a block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// An error.
    Throw(Value),
    /// A cancellation on its way to the scope that it ends at.
    Cut(Value),
}

impl Vm {
    /// Unwinds the running fiber, which is saved, to its next handler. Gives the exit if there is
    /// none.
    pub(super) fn unwind(&mut self, mut outcome: Outcome) -> Option<Exit> {
        let running = self.running;
        if let Outcome::Throw(error) = outcome {
            if self.may_have_to_end() {
                // What has to stop does not get to its `catch` first.
                self.fibers.get_mut(running).state = State::Throw(error);
                return Some(Exit::Budget);
            }
            self.note_trace(error, running);
        }
        let mut frame = self.frames(self.fibers.get(running)).next();
        while let Some(at) = frame {
            for handler in self.handlers_around(at) {
                match self.handle(at, handler, outcome) {
                    Handled::Here => return None,
                    Handled::Onwards(merged) => outcome = merged,
                }
            }
            let caller = self.caller(self.fibers.get(running), at);
            if at.word.flags() & GENERATOR != 0 {
                match self.leave_generator(at, caller, outcome) {
                    Handled::Here => return None,
                    Handled::Onwards(left) => outcome = left,
                }
            }
            frame = caller;
            if let Some(caller) = frame
                && self.ends_iteration(at, caller, outcome)
            {
                return None;
            }
        }
        Some(match outcome {
            Outcome::Throw(error) => Exit::Throw(error),
            Outcome::Cut(cut) => Exit::Cut(cut),
        })
    }

    /// The handlers whose range the frame's instruction lies in, inner ones first.
    fn handlers_around(&mut self, frame: FrameAt) -> Vec<Handler> {
        let Some(index) = frame.instruction else { return Vec::new() };
        // Handlers of code that is not valid are not used: it is unwound because it could not be read.
        if self.read_body(frame.word.function()).is_err() {
            return Vec::new();
        }
        let code = self.infos[frame.word.function() as usize].code();
        let around =
            |handler: &&Handler| (handler.start as usize..handler.end as usize).contains(&index);
        code.body.handlers.iter().filter(around).copied().collect()
    }

    fn handle(&mut self, frame: FrameAt, handler: Handler, outcome: Outcome) -> Handled {
        let register = frame.base + usize::from(handler.register);
        match (handler.kind, outcome) {
            (HandlerKind::Catch, Outcome::Throw(error)) => {
                self.fibers.get(self.running).stack.set(register, error);
                self.go_on(frame, handler.target as usize);
                Handled::Here
            }
            (HandlerKind::Catch, Outcome::Cut(_)) => Handled::Onwards(outcome),
            (HandlerKind::CleanUp, _) => {
                let (throws, value) = match outcome {
                    Outcome::Throw(error) => (true, error),
                    Outcome::Cut(cut) => (false, cut),
                };
                let stack = &self.fibers.get(self.running).stack;
                stack.set(register, Value::bool(throws));
                stack.set(register + 1, value);
                self.go_on(frame, handler.target as usize);
                Handled::Here
            }
            (HandlerKind::Guard, _) => {
                let stack = &self.fibers.get(self.running).stack;
                let pending = (stack.get(register), stack.get(register + 1));
                Handled::Onwards(self.merge(pending, outcome))
            }
        }
    }

    /// Merges what leaves a clean-up with what was pending when it began.
    fn merge(&mut self, pending: (Value, Value), outcome: Outcome) -> Outcome {
        let (how, before) = pending;
        match (how.as_bool(), outcome) {
            (None, outcome) => outcome,
            (Some(true), Outcome::Throw(error)) => {
                self.suppress(before, error);
                Outcome::Throw(before)
            }
            (Some(true), Outcome::Cut(cut)) => {
                self.carry(cut, &[before], true);
                Outcome::Cut(cut)
            }
            (Some(false), Outcome::Throw(error)) => {
                self.carry(before, &[error], false);
                Outcome::Cut(before)
            }
            (Some(false), Outcome::Cut(cut)) => Outcome::Cut(self.join_cuts(before, cut)),
        }
    }

    /// Of two cuts the one with the outer target, with the errors of `first`, then of `second`.
    /// Records are numbered from the outside inwards.
    fn join_cuts(&mut self, first: Value, second: Value) -> Value {
        if first.same(second) {
            return first;
        }
        let read = |vm: &Vm, cut| {
            let cut = vm.heap.cut_ref(cut);
            cut.map_or((u64::MAX, Vec::new()), |cut| (cut.target, cut.errors.clone()))
        };
        let (target, mut errors) = read(self, first);
        let (other, later) = read(self, second);
        if target <= other {
            self.carry(first, &later, false);
            return first;
        }
        errors.retain(|error| !later.iter().any(|known| known.same(*error)));
        self.carry(second, &errors, true);
        second
    }

    /// Adds errors to those that travel with a cut, before or behind them, each one once.
    fn carry(&mut self, cut: Value, errors: &[Value], before: bool) {
        let Some(cut) = self.heap.cut_mut(cut) else { return };
        let mut place = if before { 0 } else { cut.errors.len() };
        for error in errors {
            if !cut.errors.iter().any(|known| known.same(*error)) {
                cut.errors.insert(place, *error);
                place += 1;
            }
        }
    }

    /// A `next` of a script that throws StopIteration ends the loop that called it.
    fn ends_iteration(&mut self, frame: FrameAt, caller: FrameAt, outcome: Outcome) -> bool {
        let Outcome::Throw(error) = outcome else { return false };
        let Some(index) = caller.instruction else { return false };
        if frame.word.flags() & (OPERATOR | GENERATOR) != OPERATOR
            || !self.is_error_kind(error, ErrorKind::StopIteration)
        {
            return false;
        }
        let at = self.functions[caller.word.function() as usize].at(index);
        if !at.is_some_and(|at| matches!(at.op, Opcode::Next | Opcode::NextPair)) {
            return false;
        }
        self.go_on(caller, index + 1);
        true
    }

    /// An unwind leaves the frame of a generator, which gives nothing more. If that was to close
    /// it, the unwind ends here, and whoever closed it goes on, or gets what its clean-ups threw.
    fn leave_generator(
        &mut self,
        frame: FrameAt,
        caller: Option<FrameAt>,
        outcome: Outcome,
    ) -> Handled {
        let code = self.infos[frame.word.function() as usize].code();
        let register = usize::from(code.generator_register.unwrap_or(0));
        let generator = self.fibers.get(self.running).stack.get(frame.base + register);
        self.end_generator(generator);
        let Outcome::Cut(cut) = outcome else { return Handled::Onwards(outcome) };
        let closes = self.heap.cut_ref(cut).is_some_and(|cut| cut.target == CLOSE);
        let Some(caller) = caller.filter(|_| closes && frame.word.flags() & CLOSING != 0) else {
            return Handled::Onwards(outcome);
        };
        let errors = self.heap.cut_ref(cut).map_or(Vec::new(), |cut| cut.errors.clone());
        if let Some((first, others)) = errors.split_first() {
            for other in others {
                self.suppress(*first, *other);
            }
            return Handled::Onwards(Outcome::Throw(*first));
        }
        let stack = &self.fibers.get(self.running).stack;
        let back = stack.get(frame.base - 1).bits() as usize;
        stack.set(frame.base - 1, Value::null());
        let function = &self.functions[caller.word.function() as usize];
        self.go_on(caller, function.index_of(back));
        Handled::Here
    }

    /// Makes a frame the innermost one of the running fiber.
    fn go_on(&mut self, frame: FrameAt, index: usize) {
        let function = &self.functions[frame.word.function() as usize];
        let pc = function.entry().wrapping_add(index).expose_provenance();
        let fiber = self.fibers.get_mut(self.running);
        if let Some(work) = &mut fiber.work {
            let unwound = work.iter().position(|put_off| put_off.base as usize >= frame.base);
            work.truncate(unwound.unwrap_or(work.len()));
        }
        fiber.pc = pc;
        fiber.base = frame.base as u32;
        fiber.top = (frame.base + function.registers as usize) as u32;
    }

    /// The error of a stack that has become too deep.
    pub(super) fn stack_overflow(&mut self) -> super::Thrown {
        self.ring(super::Limit::Depth);
        self.error(ErrorKind::StackOverflowError, "calls are nested too deeply")
    }
}

/// Whether a handler took what was thrown.
enum Handled {
    /// It did; execution goes on there.
    Here,
    /// It did not; this goes on outwards.
    Onwards(Outcome),
}
