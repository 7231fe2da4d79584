//! Scopes: entering, waiting for their tasks, and what comes out of them.
//!
//! The code of a scope asks four things of the loop. `Enter` makes the record. When the body has
//! ended, however it has, its outcome stands in the *pending pair* of registers behind the handle,
//! and `Join` waits for the tasks. Then the scope's own defers run, each followed by an `Absorb`.
//! `End` makes one outcome of all that.
//!
//! ```text
//!   Enter ── body ── Join ── defer ── Absorb ── … ── End
//!                     │ steps 1–3      │ step 4        │ steps 5–13
//! ```

use std::time::Duration;

use super::cancel::{CancelKind, Reason};
use super::event_loop::Loop;
use super::generator::After;
use super::handle::{ScopeHandle, rec_of};
use super::rec::{Rec, RecId, RecKind};
use super::suspend::Next;
use super::task::{Resume, Stage, TaskId};
use super::timer::Alarm;
use crate::bytecode::op::ScopeKind;
use crate::vm::display::display_short;
use crate::vm::object::Cut;
use crate::vm::{ErrorKind, FiberId, Request, ScopeRequest, Thrown, Value, Vm};

/// How much of a wrong option an error quotes.
const DISPLAY_MAX: usize = 60;

/// What the instruction at the end of a scope says.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScopeEnd {
    /// First of three registers: handle and pending pair.
    pub(super) register: u8,
    /// Register of the scope's value.
    pub(super) value: u8,
    /// Where the else block of a timeout begins.
    pub(super) else_target: Option<u32>,
}

/// How a block has ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// Its end was reached.
    Fall,
    /// By a jump out of it: `return`, `break`, `continue`.
    Jump(u32),
    /// By an error.
    Throw(Value),
    /// By a cut.
    Cut(Value),
}

impl Ending {
    /// Reads a pending pair.
    pub(super) fn read(vm: &Vm, fiber: FiberId, register: u8) -> Ending {
        let what = vm.register(fiber, register);
        let value = vm.register(fiber, register + 1);
        match (what.as_int(), what.as_bool()) {
            (Some(target), _) => Ending::Jump(target as u32),
            (None, Some(true)) => Ending::Throw(value),
            (None, Some(false)) => Ending::Cut(value),
            (None, None) => Ending::Fall,
        }
    }
}

impl Loop {
    /// Carries out what code asks about its scopes.
    pub(super) fn scope(&mut self, vm: &mut Vm, id: TaskId, request: ScopeRequest) -> Next {
        let Some(fiber) = self.tasks.get(id).map(|task| task.fiber) else { return Next::Switch };
        match request {
            ScopeRequest::Program => {
                let program = self.program.unwrap_or_default();
                vm.resume(fiber, Value::int(program.to_bits() as i64));
                Next::Run
            }
            ScopeRequest::Enter { kind, register, options } => {
                match self.enter(vm, id, kind, options) {
                    Ok(handle) => {
                        vm.set_register(fiber, register, handle);
                        vm.resume(fiber, Value::null());
                    }
                    Err(Thrown(error)) => vm.resume_throw(fiber, error),
                }
                Next::Run
            }
            ScopeRequest::Join { register } => self.join_scope(vm, id, register),
            ScopeRequest::Absorb { register, pending } => {
                self.absorb(vm, fiber, register, pending);
                vm.resume(fiber, Value::null());
                Next::Run
            }
            ScopeRequest::End { register, value, else_target } => {
                let handle = vm.register(fiber, register);
                let rec = rec_of(vm, handle).unwrap_or_default();
                let end = ScopeEnd { register, value, else_target };
                if self.recs.get(rec).is_none_or(|rec| rec.generators.is_none()) {
                    return self.end_scope(vm, id, end);
                }
                self.close_generators(vm, id, rec, After::Scope(end))
            }
            ScopeRequest::Adopt { generator } => self.adopt_generator(vm, id, generator),
            ScopeRequest::Consume { generator } => self.consume(vm, id, generator),
        }
    }

    /// The body of a scope has come to its end, and nothing but the end of the scope comes behind that.
    pub(super) fn leave_scope(&mut self, vm: &mut Vm, id: TaskId, fiber: FiberId) -> Next {
        let Request { value: handle, flags: register, .. } = vm.request();
        if rec_of(vm, handle).is_some_and(|rec| self.leave_quick(id, rec)) {
            vm.resume_behind(fiber, 2);
            return Next::Run;
        }
        self.join_scope(vm, id, register as u8)
    }

    fn enter(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        kind: ScopeKind,
        options: [Value; 3],
    ) -> Result<Value, Thrown> {
        let [first, grace, policy] = options;
        let (rec_kind, limit, grace, isolates) = match kind {
            ScopeKind::Scope => (
                RecKind::Scope,
                span(vm, "timeout", first)?,
                span(vm, "grace", grace)?,
                isolates(vm, policy)?,
            ),
            ScopeKind::Timeout => (RecKind::Timeout, span(vm, "timeout", first)?, None, false),
            ScopeKind::Shield => (RecKind::Shield, span(vm, "shield", first)?, None, false),
            ScopeKind::Body => (RecKind::Body, None, None, false),
            ScopeKind::CleanUp => (RecKind::CleanUp, None, None, false),
        };
        let rec = self.open(id, rec_kind);
        let fiber = self.tasks.live(id).fiber;
        let deadline = limit.filter(|_| rec_kind != RecKind::Shield);
        let deadline = deadline.map(|span| self.driver.now().after(Duration::from_nanos(span)));
        let timer = deadline.map(|moment| self.timers.start(moment, Alarm::Deadline(rec)));
        if let Some(made) = self.recs.get_mut(rec) {
            made.span = limit.unwrap_or(0);
            made.grace = grace.unwrap_or(made.grace);
            made.isolates = isolates;
            made.timer = timer;
            made.deadline = deadline;
        }
        Ok(match kind {
            ScopeKind::Scope => {
                let name = vm.function_name(fiber);
                vm.heap.object(Box::new(ScopeHandle { rec, name }))
            }
            _ => Value::int(rec.to_bits() as i64),
        })
    }

    /// Steps 1 to 3: the body has ended; its tasks are waited for. Also the way on from that wait.
    pub(super) fn join_scope(&mut self, vm: &mut Vm, id: TaskId, register: u8) -> Next {
        let Some(fiber) = self.tasks.get(id).map(|task| task.fiber) else { return Next::Switch };
        let handle = vm.register(fiber, register);
        if let Some(rec) = rec_of(vm, handle) {
            let ending = Ending::read(vm, fiber, register + 1);
            if self.wait_for_children(vm, id, rec, ending, Resume::Join(register)) == Next::Switch {
                return Next::Switch;
            }
        }
        vm.resume(fiber, Value::null());
        Next::Run
    }

    /// Steps 1 to 3 for any record. `Switch` if the task has to wait; it then comes back by `resume`.
    pub(super) fn wait_for_children(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        rec_id: RecId,
        ending: Ending,
        resume: Resume,
    ) -> Next {
        let Some(rec) = self.recs.get_mut(rec_id).filter(|rec| !rec.joined) else {
            return Next::Run;
        };
        // Nearly always: the body has come to its end, and there is nobody to wait for.
        if rec.live == 0
            && rec.first_child.is_none()
            && matches!(ending, Ending::Fall | Ending::Jump(_))
        {
            (rec.leaving, rec.closed, rec.joined) = (true, true, true);
            return Next::Run;
        }
        if !std::mem::replace(&mut rec.leaving, true) {
            self.take_in(vm, rec_id, ending);
        }
        let Some(rec) = self.recs.get_mut(rec_id) else { return Next::Run };
        if rec.live == 0 && !std::mem::replace(&mut rec.closed, true) {
            self.cancel_daemons(vm, rec_id);
        }
        let Some(rec) = self.recs.get_mut(rec_id) else { return Next::Run };
        if rec.live > 0 || rec.first_child.is_some() {
            if let Some(task) = self.tasks.get_mut(id) {
                task.stage = Stage::Joining;
                task.since = self.clock;
                task.resume = resume;
            }
            return Next::Switch;
        }
        rec.joined = true;
        Next::Run
    }

    /// Step 1: what an ending means to the record it ends.
    pub(super) fn take_in(&mut self, vm: &mut Vm, id: RecId, ending: Ending) {
        let Some(rec) = self.recs.get_mut(id) else { return };
        match ending {
            Ending::Throw(error) => {
                rec.add_error(error);
                self.cancel(vm, id, Reason::new(CancelKind::SiblingFailed));
            }
            Ending::Cut(cut) => {
                let target = self.recs.target(id);
                let errors = match vm.heap.cut_ref(cut) {
                    Some(cut) if cut.target == target => cut.errors.clone(),
                    _ => Vec::new(),
                };
                if let Some(rec) = self.recs.get_mut(id) {
                    errors.into_iter().for_each(|error| rec.add_error(error));
                }
            }
            Ending::Fall | Ending::Jump(_) => {}
        }
    }

    /// Step 3: only daemons are left.
    fn cancel_daemons(&mut self, vm: &mut Vm, id: RecId) {
        self.note_daemons(vm, id);
        let mut next = self.recs.get(id).and_then(|rec| rec.first_child);
        while let Some(child) = next {
            let Some(task) = self.tasks.get(child) else { return };
            next = self.tasks.linked(task.next);
            let own = self.own_record(child);
            self.cancel(vm, own, Reason::new(CancelKind::Parent));
        }
    }

    /// Step 4: one of the scope's own defers has ended.
    fn absorb(&mut self, vm: &mut Vm, fiber: FiberId, register: u8, pending: u8) {
        let ending = Ending::read(vm, fiber, pending);
        self.absorb_ending(vm, fiber, register, ending);
    }

    /// The same of any clean-up of the scope.
    pub(super) fn absorb_ending(
        &mut self,
        vm: &mut Vm,
        fiber: FiberId,
        register: u8,
        ending: Ending,
    ) {
        let handle = vm.register(fiber, register);
        let Some(id) = rec_of(vm, handle) else { return };
        let error = match ending {
            Ending::Fall | Ending::Jump(_) => return,
            Ending::Throw(error) => {
                if let Some(rec) = self.recs.get_mut(id) {
                    rec.add_error(error);
                }
                return;
            }
            Ending::Cut(cut) => cut,
        };
        let cut = merge(vm, Ending::read(vm, fiber, register + 1), error);
        vm.set_register(fiber, register + 1, Value::bool(false));
        vm.set_register(fiber, register + 2, cut);
        self.take_in(vm, id, Ending::Cut(cut));
    }

    /// Steps 5 to 13: the scope is left.
    pub(super) fn end_scope(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        ScopeEnd { register, value, else_target }: ScopeEnd,
    ) -> Next {
        let Some(fiber) = self.tasks.get(id).map(|task| task.fiber) else { return Next::Switch };
        let ending = Ending::read(vm, fiber, register + 1);
        let handle = vm.register(fiber, register);
        if let Ending::Fall | Ending::Jump(_) = ending
            && let Some(rec) = rec_of(vm, handle)
            && self.leave_quick(id, rec)
        {
            self.go_on(vm, fiber, ending);
            return Next::Run;
        }
        let Some((target, rec)) = rec_of(vm, handle).and_then(|rec| self.leave(vm, id, rec)) else {
            self.go_on(vm, fiber, ending);
            return Next::Run;
        };
        if let Ending::Cut(cut) = ending
            && vm.heap.cut_ref(cut).is_some_and(|cut| cut.target != target)
        {
            if let Some(error) = combined(vm, rec.errors()) {
                add_to_cut(vm, cut, error);
            }
            vm.resume_cut(fiber, cut);
            return Next::Run;
        }
        let expired = rec.cancel.as_ref().is_some_and(|c| c.reason.kind == CancelKind::Deadline);
        if expired && rec.own_cut {
            match else_target {
                None => {
                    let error = timed_out(vm, &rec);
                    vm.resume_throw(fiber, error);
                }
                Some(target) => match combined(vm, rec.errors()) {
                    Some(error) => vm.resume_throw(fiber, error),
                    None => vm.resume_jump(fiber, target),
                },
            }
        } else if let Some(error) = combined(vm, rec.errors()) {
            vm.resume_throw(fiber, error);
        } else if let Ending::Cut(_) = ending {
            vm.set_register(fiber, value, Value::null());
            vm.resume(fiber, Value::null());
        } else if rec.cut_through.is_some() && self.effective(id).is_some() {
            return self.unwind(vm, id);
        } else {
            self.go_on(vm, fiber, ending);
        }
        Next::Run
    }

    /// Steps 6 and 7: collects the errors nobody has asked for and takes the record out.
    pub(super) fn leave(&mut self, vm: &mut Vm, id: TaskId, rec: RecId) -> Option<(u64, Rec)> {
        let target = self.recs.target(rec);
        let mut left = self.recs.remove(rec)?;
        let unclaimed = left.failures.as_mut().map(|f| std::mem::take(&mut f.unclaimed));
        for handle in unclaimed.unwrap_or_default() {
            if let Some(error) = super::finish::unclaimed_error(vm, handle) {
                left.add_error(error);
            }
        }
        if let Some(timer) = left.timer.take() {
            self.timers.stop(timer);
        }
        if let (Some(task), Some(parent)) = (self.tasks.get_mut(id), left.parent) {
            task.rec = parent;
        }
        Some((target, left))
    }

    fn go_on(&mut self, vm: &mut Vm, fiber: FiberId, ending: Ending) {
        match ending {
            Ending::Fall => vm.resume(fiber, Value::null()),
            Ending::Jump(target) => vm.resume_jump(fiber, target),
            Ending::Throw(error) => vm.resume_throw(fiber, error),
            Ending::Cut(cut) => vm.resume_cut(fiber, cut),
        }
    }
}

/// The clean-up rule for a clean-up that was cut by `new` while `pending` was under way.
pub(super) fn merge(vm: &mut Vm, pending: Ending, new: Value) -> Value {
    let found = vm.heap.cut_ref(new).cloned().unwrap_or_default();
    let mut errors = Vec::new();
    let mut target = found.target;
    match pending {
        Ending::Fall | Ending::Jump(_) => return new,
        Ending::Throw(error) => errors.push(error),
        Ending::Cut(old) => {
            let old = vm.heap.cut_ref(old).cloned().unwrap_or_default();
            // Records further out have smaller targets.
            target = target.min(old.target);
            errors = old.errors;
        }
    }
    for error in found.errors {
        if !errors.iter().any(|other| other.same(error)) {
            errors.push(error);
        }
    }
    vm.heap.cut(Cut { target, errors })
}

/// Lets an error travel with a cut.
pub(super) fn add_to_cut(vm: &mut Vm, cut: Value, error: Value) {
    if let Some(cut) = vm.heap.cut_mut(cut)
        && !cut.errors.iter().any(|other| other.same(error))
    {
        cut.errors.push(error);
    }
}

/// The first error, with the others as those that it suppressed.
pub(super) fn combined(vm: &mut Vm, errors: &[Value]) -> Option<Value> {
    let (first, others) = errors.split_first()?;
    vm.suppress_all(*first, others);
    Some(*first)
}

fn timed_out(vm: &mut Vm, rec: &Rec) -> Value {
    let span = i64::try_from(rec.span).unwrap_or(i64::MAX);
    let span = display_short(&vm.heap, Value::duration(span), DISPLAY_MAX);
    let message = match rec.kind {
        RecKind::Scope => format!("the scope timed out after {span}"),
        _ => format!("timed out after {span}"),
    };
    let Thrown(error) = vm.error(ErrorKind::TimeoutError, message);
    vm.suppress_all(error, rec.errors());
    error
}

/// The nanoseconds of an option that is a duration; negative ones are over at once.
fn span(vm: &mut Vm, what: &str, value: Value) -> Result<Option<u64>, Thrown> {
    if value.is_null() {
        return Ok(None);
    }
    if let Some(nanoseconds) = value.as_duration() {
        return Ok(Some(nanoseconds.max(0) as u64));
    }
    let given = display_short(&vm.heap, value, DISPLAY_MAX);
    let hint = if value.is_number() { format!("; write `{given}s`") } else { String::new() };
    let message = format!("`{what}` takes a duration, not {given}{hint}");
    Err(vm.error(ErrorKind::TypeError, message))
}

fn isolates(vm: &mut Vm, value: Value) -> Result<bool, Thrown> {
    match vm.heap.str(value) {
        None if value.is_null() => Ok(false),
        Some("cancel") => Ok(false),
        Some("isolate") => Ok(true),
        _ => {
            let given = display_short(&vm.heap, value, DISPLAY_MAX);
            let message = format!("`on_error` takes \"cancel\" or \"isolate\", not {given}");
            Err(vm.error(ErrorKind::ValueError, message))
        }
    }
}
