//! Step 5 of 6: the turn: one pass of the loop, in the order that makes programs repeatable.
//!
//! ```text
//!   1 run the tasks that were ready     4 jobs and completions of the host
//!   2 poll the driver                   5 due timers
//!   3 I/O, in the order of the ops      6 signals
//! ```
//! The tasks that are ready are run by step 6, [`Vm::run`](crate::vm::Vm::run).

use std::time::Duration;

use super::Runtime;
use super::driver::Event;
use super::event_loop::Loop;
use super::finish::Ended;
use super::generator::After;
use super::interrupt::Interrupt;
use super::program::ProgramEnd;
use super::select::Select;
use super::spawn::Call;
use super::suspend::Next;
use super::switch::Ran;
use super::task::{Resume, Stage, TaskId};
use super::timer::Alarm;
use super::tracer::Step;
use super::wait::{Answer, Cx, Wait};
use crate::vm::{Exit, FiberId, Left, NATIVE_WAITS, Request, Thrown, Value, Vm};

/// While tasks are ready and no I/O is under way, the driver is asked only every so many turns.
const TURNS_PER_POLL: u32 = 64;

/// What came of a turn.
#[derive(Debug)]
pub enum Turn {
    /// Tasks are ready: turn again.
    Ready,
    /// Everybody waits; a turn is worth it when something happens.
    Waiting,
    /// There is nothing left to do.
    Idle,
    /// The fuel that the host gave is used up in the middle of a task.
    OutOfFuel,
    /// The program has ended.
    Ended(ProgramEnd),
}

impl Loop {
    /// Whether the next turn can come at once, since this one has nothing to ask or to tell the world.
    fn may_hurry(&mut self) -> bool {
        !self.ready.is_empty() && self.asks_nothing() && self.hurries()
    }

    /// Whether nothing is under way in the world.
    pub(super) fn asks_nothing(&self) -> bool {
        self.early.is_empty() && !self.driver.is_busy()
    }

    /// Whether then the next turn can come at once: this counts it.
    #[inline]
    pub(super) fn hurries(&mut self) -> bool {
        let hurries =
            self.timers.is_empty() && self.unpolled + 1 < TURNS_PER_POLL && self.inbox.is_empty();
        self.unpolled += u32::from(hurries);
        hurries
    }
}

impl Loop {
    /// Calls the native that the code of a task has asked for, and gives it the answer, now or later.
    /// Where the task is not cancelled, hidden or not, nobody has to look for that.
    #[inline]
    pub(super) fn call_native(&mut self, vm: &mut Vm, id: TaskId, is_cancelled: bool) -> Next {
        let Request { native, args, flags, .. } = vm.request();
        let waits = flags & NATIVE_WAITS != 0;
        if is_cancelled && waits && self.effective(id).is_some() {
            return self.unwind(vm, id);
        }
        let answer = (Cx { vm, rt: self, task: id, at_once: waits }).call(native, args);
        self.note_places(vm);
        match answer {
            Ok(Answer::Value(value)) if waits => self.done_at_once(vm, id, value, false),
            Ok(Answer::Wait(Wait::Yield)) => self.done_at_once(vm, id, Value::null(), true),
            Ok(Answer::Park(wait) | Answer::Wait(wait @ Wait::Sleep(_))) => {
                self.park_one(vm, id, wait)
            }
            answer => self.take_answer(vm, id, answer, waits),
        }
    }

    /// Does what a native has answered, if that is none of what most of them do.
    #[inline(never)]
    pub(super) fn take_answer(
        &mut self,
        vm: &mut Vm,
        id: TaskId,
        answer: Result<Answer, Thrown>,
        waits: bool,
    ) -> Next {
        match answer {
            Err(Thrown(error)) if waits => self.finish_at_once(vm, id, Err(error), None, false),
            Err(Thrown(error)) => self.deliver(vm, id, Err(error), None),
            Ok(Answer::Value(value)) if waits => self.done_at_once(vm, id, value, false),
            Ok(Answer::Value(value)) => self.deliver(vm, id, Ok(value), None),
            Ok(Answer::Wait(wait)) => self.await_one(vm, id, wait),
            Ok(Answer::Park(wait)) => self.park_one(vm, id, wait),
            Ok(Answer::Pending(source)) => self.park_one(vm, id, Wait::Source(source)),
            Ok(Answer::Core(function, args)) => {
                if let Some(task) = self.tasks.get(id) {
                    vm.resume_core(task.fiber, function, &args);
                }
                Next::Run
            }
            Ok(Answer::Cut(cut)) => {
                if let Some(task) = self.tasks.get(id) {
                    vm.resume_cut(task.fiber, cut);
                }
                Next::Run
            }
            Ok(Answer::Unwind) => self.leave_program(vm, id),
        }
    }
}

impl Runtime {
    /// One pass of the loop. Waits at most `patience` if nothing is ready; none means as long as
    /// it takes.
    pub fn turn(&mut self, patience: Option<Duration>) -> Turn {
        match self.rt.meter {
            None => self.plain_turn(patience),
            Some(_) => self.metered_turn(patience),
        }
    }

    /// One pass that nobody measures.
    pub(super) fn plain_turn(&mut self, patience: Option<Duration>) -> Turn {
        self.rt.tell(|rt| Step::TurnBegins { ready: rt.ready.len() });
        let turn = self.pass(patience);
        self.rt.tell(|_| Step::TurnEnds);
        turn
    }

    fn pass(&mut self, patience: Option<Duration>) -> Turn {
        loop {
            self.rt.take_interrupts(&mut self.vm);
            self.rt.end_force();
            self.rt.mind_stopping();
            let out_of_fuel = self.run_ready();
            self.leave_killed();
            if let Some(end) = self.rt.take_end() {
                return Turn::Ended(end);
            }
            if out_of_fuel {
                return Turn::OutOfFuel;
            }
            if !self.rt.may_hurry() {
                break;
            }
            // Whoever looks on sees each turn; for all others the next one begins here.
            if self.rt.tracer.is_some() {
                return Turn::Ready;
            }
        }
        if self.rt.ready.is_empty() {
            self.rt.flush_output(&mut self.vm);
        }
        let has_ended = std::mem::take(&mut self.rt.call_has_ended);
        let timeout = match self.timeout() {
            _ if has_ended && patience != Some(Duration::ZERO) => Some(Duration::ZERO),
            Some(timeout) => Some(patience.map_or(timeout, |patience| patience.min(timeout))),
            None if self.rt.is_at_rest() && !self.rt.is_at_prompt(&self.vm) => {
                let told = self.rt.report_deadlock(&mut self.vm);
                return if told { Turn::Ready } else { Turn::Idle };
            }
            None => patience,
        };
        let has_run = self.rt.session.as_mut().is_some_and(|it| std::mem::take(&mut it.has_run));
        self.poll(if has_run { Some(Duration::ZERO) } else { timeout });
        self.leave_killed();
        if let Some(end) = self.rt.take_end() {
            return Turn::Ended(end);
        }
        if self.rt.ready.is_empty() { Turn::Waiting } else { Turn::Ready }
    }

    /// Step 1. Says whether the fuel was used up.
    fn run_ready(&mut self) -> bool {
        let mut out_of_fuel = false;
        if self.rt.is_deaf {
            self.rt.ration_until_heard(&mut self.vm);
        }
        self.rt.serve_queues(&mut self.vm);
        // A turn that was stopped for want of fuel goes on where it was.
        if self.rt.turn_left == 0 {
            self.rt.turn_left = self.rt.ready.len();
        }
        if let Some(session) = &mut self.rt.session {
            session.has_run |= self.rt.turn_left > 0;
        }
        while self.rt.turn_left > 0 {
            let Some(id) = self.rt.ready.pop_front() else {
                self.rt.turn_left = 0;
                break;
            };
            out_of_fuel = self.run_task(id);
            if out_of_fuel {
                break;
            }
            self.rt.turn_left -= 1;
            if self.rt.killed || self.rt.result.is_some() {
                self.rt.turn_left = 0;
            }
        }
        self.rt.end_rations(&mut self.vm);
        out_of_fuel
    }

    /// How long a poll may wait: until the next timer, as long as it takes, or not at all.
    pub(super) fn timeout(&mut self) -> Option<Duration> {
        if !self.rt.ready.is_empty() || !self.rt.early.is_empty() || !self.rt.inbox.is_empty() {
            return Some(Duration::ZERO);
        }
        let next = self.rt.timers.next();
        let next = next.map(|deadline| deadline.since(self.rt.driver.now()));
        match (next, self.rt.stops_in()) {
            (Some(next), Some(left)) => Some(next.min(left)),
            (next, left) => next.or(left),
        }
    }

    /// Steps 2 to 6.
    fn poll(&mut self, timeout: Option<Duration>) {
        let Runtime { vm, rt } = self;
        let mut events = std::mem::take(&mut rt.early);
        rt.unpolled += 1;
        let nothing_there = !rt.driver.is_busy() && !rt.driver.is_dozing();
        let hurried = timeout == Some(Duration::ZERO) && nothing_there;
        if !hurried || rt.unpolled >= TURNS_PER_POLL {
            rt.unpolled = 0;
            rt.hear();
            rt.tell(|_| Step::PollBegins { timeout });
            rt.driver.poll(timeout, &mut events);
            rt.tell(|_| Step::PollEnds { events: events.clone() });
            rt.tell_of_jobs();
        }
        let mut ready = std::mem::take(&mut rt.reported);
        let mut completed = Vec::new();
        let mut signals = Vec::new();
        for event in events.drain(..) {
            match event {
                Event::Ready(ticket) => ready.push(ticket),
                Event::Completed(ticket) => completed.push(ticket),
                Event::Signal(signal) => signals.push(signal),
                Event::Woken => {}
            }
        }
        // What began to wait in this order was nearly always reported in it.
        if !ready.is_sorted_by(|one, next| one < next) {
            ready.sort_unstable();
            ready.dedup();
        }
        completed.extend(rt.inbox.take());
        for tickets in [&ready, &completed] {
            for ticket in tickets {
                rt.reattempt(vm, *ticket);
                rt.serve_queues(vm);
            }
        }
        ready.clear();
        rt.reported = ready;
        if rt.early.is_empty() {
            rt.early = events;
        }
        let now = rt.driver.now();
        rt.clock = now;
        while let Some(alarm) = rt.timers.pop(now) {
            rt.tell(|_| Step::TimerFires);
            match alarm {
                Alarm::Wake(ticket) => rt.ring(vm, ticket),
                Alarm::Deadline(rec) => rt.expire(vm, rec),
                Alarm::Reveal(ticket) => rt.reveal(vm, ticket),
            }
            rt.serve_queues(vm);
        }
        for signal in signals {
            rt.interrupt(vm, Interrupt::Signal(signal));
        }
        rt.serve_queues(vm);
    }

    /// Gives a task its turn. Says whether the fuel was used up.
    fn run_task(&mut self, id: TaskId) -> bool {
        self.rt.note_places(&self.vm);
        let budget = self.rt.op_budget;
        let Some(task) = self.rt.tasks.get_mut(id) else { return false };
        task.stage = Stage::Running;
        let number = task.number;
        if task.resume != Resume::Run {
            task.budget = budget;
        }
        let resume = std::mem::replace(&mut task.resume, Resume::Run);
        self.rt.tell(|_| Step::TaskRuns { task: number });
        let next = match resume {
            Resume::Run | Resume::Rested => Next::Run,
            resume => self.resume_otherwise(id, resume),
        };
        if next == Next::Run && self.rt.stops_computing() {
            self.rt.stop_throwing(&mut self.vm, id);
        }
        self.rt.begin_segment();
        let mut id = id;
        let out_of_fuel = next == Next::Run && self.run_fiber(&mut id, None);
        self.rt.end_segment(&mut self.vm, id);
        // Where each step is told of, no other task has gone on meanwhile.
        self.rt.tell(|_| Step::TaskRests { task: number });
        out_of_fuel
    }

    /// Does what a task has to do before its code goes on.
    #[inline(never)]
    fn resume_otherwise(&mut self, id: TaskId, resume: Resume) -> Next {
        let next = match resume {
            Resume::Run | Resume::Rested => Next::Run,
            Resume::Unwind => self.rt.unwind(&mut self.vm, id),
            Resume::Join(register) => self.rt.join_scope(&mut self.vm, id, register),
            Resume::Finish => self.rt.finish_program(&mut self.vm, id),
        };
        self.rt.serve_queues(&mut self.vm);
        next
    }

    /// Runs the code of a task, which may have left the VM already, then that of those that come next, as
    /// long as nothing has to be done in between. `id` is the one that ran last; it rests, or the fuel is used
    /// up: that is what this says.
    pub(super) fn run_fiber(&mut self, id: &mut TaskId, mut first: Option<Left>) -> bool {
        self.rt.dry = None;
        if self.rt.force {
            self.rt.ration(&mut self.vm);
        }
        loop {
            let Runtime { vm, rt } = self;
            let Some(task) = rt.tasks.get(*id) else { return false };
            let fiber = task.fiber;
            // Nobody else runs meanwhile, so no cancel comes up.
            let is_cancelled = rt.recs.is_cancelled_around(task.rec);
            let ran = match first.take() {
                Some(left) => Ran::Left(fiber, left),
                None if !is_cancelled && rt.tracer.is_none() => rt.run_unseen(vm, id),
                None => {
                    vm.at_once = 0;
                    Ran::Left(fiber, vm.run_on(fiber))
                }
            };
            let next = match ran {
                Ran::Switched => continue,
                Ran::Rests => return false,
                Ran::Answered(next) => next,
                Ran::Left(fiber, left) => match self.take_left(*id, fiber, left, is_cancelled) {
                    Some(next) => next,
                    None => return true,
                },
            };
            let Runtime { vm, rt } = self;
            rt.serve_queues(vm);
            if next == Next::Switch {
                match rt.switch_after(vm, *id) {
                    Some(next) => *id = next,
                    None => return false,
                }
            }
        }
    }

    /// Does what the code of a task has left the VM for; none if the fuel is used up.
    #[inline]
    fn take_left(
        &mut self,
        id: TaskId,
        fiber: FiberId,
        left: Left,
        is_cancelled: bool,
    ) -> Option<Next> {
        let Runtime { vm, rt } = self;
        let next = match left {
            Left::Native => rt.call_native(vm, id, is_cancelled),
            Left::Yield => rt.done_at_once(vm, id, Value::null(), true),
            Left::Await => {
                let Request { value, flags, .. } = vm.request();
                rt.await_object(vm, id, value, flags != 0)
            }
            Left::Spawn => rt.spawn_for(vm, id, vm.request()),
            Left::Scope => {
                let asked = vm.scope_request();
                rt.scope(vm, id, asked)
            }
            Left::Leave => rt.leave_scope(vm, id, fiber),
            Left::Return => {
                let value = vm.request().value;
                self.end(id, Ended::Value(value))
            }
            Left::Other => match vm.take_exit() {
                Exit::Budget if self.refuel(id) => return None,
                exit => self.carry_out(id, fiber, exit),
            },
        };
        Some(next)
    }

    /// Does what is not often wanted.
    #[inline(never)]
    fn carry_out(&mut self, id: TaskId, fiber: FiberId, exit: Exit) -> Next {
        let Runtime { vm, rt } = self;
        match exit {
            Exit::Return(value) => return self.end(id, Ended::Value(value)),
            Exit::Throw(error) => return self.end(id, Ended::Throw(error)),
            Exit::Cut(cut) => return self.end(id, Ended::Cut(cut)),
            Exit::Native { .. } => return rt.call_native(vm, id, true),
            Exit::Await { value, optional } => return rt.await_object(vm, id, value, optional),
            Exit::Spawn { callee, args, named, owner, flags } => {
                let args = vm.args(args).to_vec();
                let call = Call { callee, args: &args, named };
                return rt.spawn_called(vm, id, owner, flags, call);
            }
            Exit::Scope(request) => return rt.scope(vm, id, request),
            Exit::Select { arms, first, else_arm, site } => {
                return match rt.effective(id) {
                    Some(_) => rt.unwind(vm, id),
                    None => rt.select(vm, id, Select { arms, first, else_arm, site }),
                };
            }
            Exit::Collect => rt.collect(vm),
            Exit::NeedCore => {
                if let Err(Thrown(error)) = rt.host.load_core(vm) {
                    vm.resume_throw(fiber, error);
                }
            }
            Exit::Budget => {}
        }
        Next::Run
    }

    fn end(&mut self, id: TaskId, ended: Ended) -> Next {
        let Runtime { vm, rt } = self;
        rt.check_segment(vm, id);
        if let Ended::Value(value) = ended
            && rt.end_quick(vm, id, value)
        {
            return Next::Switch;
        }
        if rt.is_closing(id) {
            return rt.closed(vm, id, ended);
        }
        if rt.main == Some(id) {
            return rt.end_part(vm, id, ended);
        }
        let own = rt.tasks.get(id).map(|task| task.own).unwrap_or_default();
        if rt.recs.get(own).is_none_or(|rec| rec.generators.is_none()) {
            rt.end_task(vm, id, ended);
            return Next::Switch;
        }
        rt.close_generators(vm, id, own, After::Task(ended))
    }

    /// The fuel is used up, or somebody wants the running task to stop. Says whether it has to wait
    /// for more fuel; it is then the first to run.
    fn refuel(&mut self, id: TaskId) -> bool {
        self.rt.hear();
        self.rt.take_interrupts(&mut self.vm);
        self.rt.mind_stopping();
        let Runtime { vm, rt } = self;
        if rt.force || rt.meter.is_some() {
            rt.stop_computing(vm, id);
        }
        if vm.fuel_left().saturating_add(rt.withheld) > 0 && !rt.killed {
            if rt.force {
                rt.ration(vm);
            } else {
                rt.end_rations(vm);
            }
            return false;
        }
        if let Some(task) = rt.tasks.get_mut(id) {
            task.stage = Stage::Ready;
            rt.ready.push_front(id);
            rt.dry = Some(id);
        }
        true
    }
}
