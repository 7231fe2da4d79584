//! Generators: functions that suspend at `yield`.
//!
//! Only the frame of the generator's own function is kept while it is suspended: `yield` stands
//! nowhere else. So resuming one puts that frame on top of whoever asks for the next element, and
//! `yield` takes it off again. What the function calls meanwhile, and what it awaits, happens on the
//! stack and in the task of the consumer.
//!
//! A generator is closed by unwinding its frame from the `yield` with a cut of its own, which
//! clean-ups see and `catch` does not. The cut ends at the frame's border: see `unwind.rs`.

use super::call::Site;
use super::{Flow, Op, Step};
use crate::bytecode::program::{Handler, HandlerKind};
use crate::vm::Vm;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::exit::{Exit, FiberId, ScopeRequest};
use crate::vm::fiber::State;
use crate::vm::frame::{AWAITED, CLOSING, GENERATOR, OPERATOR};
use crate::vm::object::{Cut, Generator, GeneratorState};
use crate::vm::unwind::{CLOSE, Outcome};
use crate::vm::value::{Kind, Value};

/// `Generator`
pub(in crate::vm) fn generator(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (registers, function) = (op.scratch(), op.function());
    op.vm.reserve(registers * size_of::<Value>())?;
    let generator = op.vm.heap.generator(Generator {
        state: GeneratorState::Suspended,
        is_async: at.b != 0,
        stays_open: false,
        home: 0,
        consumer: None,
        function,
        pc: op.after(1),
        live: usize::from(at.c),
        frame: vec![Value::null(); registers].into_boxed_slice(),
        ahead: Value::unset(),
        at_end: Value::null(),
    });
    op.set(at.a, generator);
    keep_frame(op, generator, at.c);
    let flow = give(op, generator)?;
    if at.b == 0 || matches!(flow, Flow::Leave | Flow::Left) {
        return Ok(flow);
    }
    // It is over with the scope it was made in, whether it has clean-ups or not.
    if flow == Flow::Next {
        let next = op.after(1);
        op.go(next)?;
    }
    op.leave(Exit::Scope(ScopeRequest::Adopt { generator }))
}

/// `Yield`
pub(in crate::vm) fn yield_value(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (value, generator) = (op.get(at.a), op.get(at.b));
    keep_frame(op, generator, at.c);
    give(op, value)
}

/// `Next` of a generator
pub(in crate::vm) fn next(op: &mut Op<'_>) -> Step {
    let generator = op.get(op.instruction().a);
    let site = op.operator_site();
    op.resume_generator(generator, Value::end(), site)
}

/// `EndIter` of a generator
pub(in crate::vm) fn end_iteration(op: &mut Op<'_>) -> Step {
    let generator = op.get(op.instruction().a);
    let found = op.vm.heap.generator_ref(generator);
    let closes =
        found.is_some_and(|found| found.state == GeneratorState::Suspended && !found.stays_open);
    if !closes {
        return Ok(Flow::Next);
    }
    let site = op.operator_site();
    op.close_generator(generator, site)
}

/// `Return` and `ReturnNull` of a generator: it has ended.
pub(super) fn returned(op: &mut Op<'_>) -> Step {
    let function = op.function();
    let register = op.vm.infos[function as usize].code().generator_register.unwrap_or(0);
    let generator = op.get(register);
    let at_end = op.vm.end_generator(generator);
    if at_end.is_unset() {
        op.pop();
        op.step_back();
        return Err(stop_iteration(op.vm));
    }
    give(op, at_end)
}

/// Notes where a generator goes on and what its frame holds.
fn keep_frame(op: &mut Op<'_>, generator: Value, live: u8) {
    let pc = op.after(1);
    let live = usize::from(live);
    let Some(found) = op.vm.heap.generator_mut(generator) else { return };
    let mut frame = std::mem::take(&mut found.frame);
    frame[..live].copy_from_slice(op.window(0, live));
    let Some(found) = op.vm.heap.generator_mut(generator) else { return };
    found.frame = frame;
    found.pc = pc;
    found.live = live;
    found.at_end = Value::null();
    found.state = GeneratorState::Suspended;
}

/// Leaves the frame with a value.
fn give(op: &mut Op<'_>, value: Value) -> Step {
    let word = op.pop();
    if word.flags() & OPERATOR != 0 {
        op.step_back();
        return super::deliver(op, value);
    }
    op.window_set(word.distance() / size_of::<Value>() - 1, value);
    Ok(Flow::Stay)
}

fn is_clean_up(handler: &Handler) -> bool {
    handler.kind == HandlerKind::CleanUp
}

#[cold]
fn stop_iteration(vm: &mut Vm) -> Thrown {
    vm.error(ErrorKind::StopIteration, "the iterator has no more elements")
}

/// The error of a plain `for` over an async generator.
#[cold]
pub(super) fn needs_for_await(op: &mut Op<'_>, generator: Value) -> Thrown {
    let name = op.vm.generator_name(generator);
    let text = format!("{name} is an async generator: write `for await`");
    op.vm.error(ErrorKind::MissingAwaitError, text)
}

impl Op<'_> {
    /// Runs a generator to its next `yield`. At its end the call gives `at_end`, or throws if that
    /// is the mark of something missing.
    pub(in crate::vm) fn resume_generator(
        &mut self,
        generator: Value,
        at_end: Value,
        site: Site,
    ) -> Step {
        let Some(found) = self.vm.heap.generator_ref(generator) else {
            return Err(self.vm.error(ErrorKind::TypeError, "this is no generator"));
        };
        if found.is_async && !site.awaited {
            return Err(self.missing_await_of(generator, "next"));
        }
        if !found.ahead.is_unset() {
            let ahead = found.ahead;
            if let Some(found) = self.vm.heap.generator_mut(generator) {
                found.ahead = Value::unset();
            }
            return self.give_at_once(ahead, site);
        }
        match found.state {
            GeneratorState::Suspended => {}
            GeneratorState::Running => return Err(self.is_running(generator, "asked for more")),
            GeneratorState::Finished if at_end.is_unset() => return Err(stop_iteration(self.vm)),
            GeneratorState::Finished => return self.give_at_once(at_end, site),
        }
        if found.home != 0 && found.consumer != Some(self.vm.running) {
            // Only tasks in the scope that closes it may run it: the loop looks for that.
            self.vm.next_of_generator(generator, at_end);
            self.vm.tail_site = Some(site);
            self.vm.fibers.get_mut(self.vm.running).state = State::Tail;
            return self.leave(Exit::Scope(ScopeRequest::Consume { generator }));
        }
        let pc = self.enter_generator(generator, site, GENERATOR)?;
        if let Some(found) = self.vm.heap.generator_mut(generator) {
            found.at_end = at_end;
        }
        self.go(pc)
    }

    /// Lets the clean-ups of a suspended generator run; it then gives nothing more.
    pub(in crate::vm) fn close_generator(&mut self, generator: Value, site: Site) -> Step {
        let Some(found) = self.vm.heap.generator_ref(generator) else {
            return Err(self.vm.error(ErrorKind::TypeError, "this is no generator"));
        };
        if found.is_async && !site.awaited {
            return Err(self.missing_await_of(generator, "close"));
        }
        if found.state == GeneratorState::Running {
            return Err(self.is_running(generator, "closed"));
        }
        if found.state == GeneratorState::Finished || !self.vm.has_clean_ups(generator) {
            self.vm.end_generator(generator);
            return self.give_at_once(Value::null(), site);
        }
        let pc = self.enter_generator(generator, site, GENERATOR | CLOSING)?;
        // What protects the `yield` are the ranges that its own instruction lies in.
        self.go(pc)?;
        self.step_back();
        let cut = self.vm.heap.cut(Cut { target: CLOSE, errors: Vec::new() });
        self.go_unwind(Outcome::Cut(cut))
    }

    /// Puts the frame of a suspended generator on the stack. Gives the address it goes on at.
    fn enter_generator(
        &mut self,
        generator: Value,
        site: Site,
        flags: u64,
    ) -> Result<usize, Thrown> {
        let found = self.vm.heap.generator_ref(generator);
        let Some((function, is_async)) = found.map(|found| (found.function, found.is_async)) else {
            return Err(self.vm.error(ErrorKind::TypeError, "this is no generator"));
        };
        let (back, awaited) = match is_async {
            true => (site.next_async, AWAITED),
            false => (site.next, 0),
        };
        let flags = site.flags() & OPERATOR | awaited | flags;
        self.push(function, site.slot, flags, back)?;
        let Some(found) = self.vm.heap.generator_mut(generator) else { return Ok(back) };
        found.state = GeneratorState::Running;
        let (pc, live) = (found.pc, found.live);
        let frame = std::mem::take(&mut found.frame);
        self.window_write(&frame[..live]);
        if let Some(found) = self.vm.heap.generator_mut(generator) {
            found.frame = frame;
        }
        Ok(pc)
    }

    /// Gives a call its result without running anything.
    fn give_at_once(&mut self, value: Value, site: Site) -> Step {
        if site.operator {
            return super::deliver(self, value);
        }
        self.window_set(site.slot, value);
        self.go(site.next)
    }

    #[cold]
    fn missing_await_of(&mut self, generator: Value, method: &str) -> Thrown {
        let name = self.vm.generator_name(generator);
        let text = format!("{name} is an async generator: write `await it.{method}(…)`");
        self.vm.error(ErrorKind::MissingAwaitError, text)
    }

    #[cold]
    fn is_running(&mut self, generator: Value, what: &str) -> Thrown {
        let name = self.vm.generator_name(generator);
        let text = format!("the generator {name} is running: it cannot be {what} meanwhile");
        self.vm.error(ErrorKind::ValueError, text)
    }
}

impl Vm {
    /// A fiber that closes a generator.
    pub fn closing_fiber(&mut self, generator: Value) -> FiberId {
        let close = self.kind_method(Kind::Generator, "close").map(|id| self.native_value(id));
        let callee = self.heap.bound(generator, close.unwrap_or_default());
        self.new_fiber(callee, &[], None)
    }

    /// A generator gives nothing more; what it would have given at its end.
    pub fn end_generator(&mut self, generator: Value) -> Value {
        let Some(found) = self.heap.generator_mut(generator) else { return Value::null() };
        found.state = GeneratorState::Finished;
        found.ahead = Value::unset();
        std::mem::take(&mut found.at_end)
    }

    /// The function of a generator, as traces show it.
    pub(in crate::vm) fn generator_name(&self, generator: Value) -> String {
        let found = self.heap.generator_ref(generator);
        let info = found.and_then(|found| self.infos.get(found.function as usize));
        info.map(|info| info.code().name.to_string()).unwrap_or_default()
    }

    /// Whether a generator may ever have something to run before it is forgotten.
    pub fn may_clean_up(&self, generator: Value) -> bool {
        let found = self.heap.generator_ref(generator);
        let info = found.and_then(|found| self.infos.get(found.function as usize));
        info.is_some_and(|info| info.code().body.handlers.iter().any(is_clean_up))
    }

    /// Whether a suspended generator has something to run before it may be forgotten.
    fn has_clean_ups(&self, generator: Value) -> bool {
        let Some(found) = self.heap.generator_ref(generator) else { return false };
        let number = found.function as usize;
        let Some(index) = self.functions[number].index_of(found.pc).checked_sub(1) else {
            return false;
        };
        self.infos[number].code().body.handlers.iter().any(|handler| {
            is_clean_up(handler) && (handler.start as usize..handler.end as usize).contains(&index)
        })
    }
}
