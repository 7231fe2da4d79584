//! Calls of the host that end at once, which most do: they need no task.
//!
//! The callee runs on a fiber of its own. Only if it leaves the VM for anything but its end a task is made
//! around the fiber, which goes on from there.

use super::CallId;
use super::Runtime;
use super::event_loop::Loop;
use super::spawn::Call;
use super::task::{Stage, TaskId, TaskKind};
use crate::vm::{FiberId, Left, Value};

/// What has come of a call.
#[derive(Clone, Copy, Debug)]
pub enum Called {
    /// It has given a value, which nothing keeps.
    Ended(Value),
    /// It is a task now.
    Running(CallId),
}

impl Loop {
    /// Nobody would run before a new task, or has to hear of it, and signals are heard if they matter.
    #[inline]
    fn is_quiet(&self) -> bool {
        self.ready.is_empty()
            && self.tracer.is_none()
            && !self.force
            && !self.is_deaf
            && self.trial.is_none()
    }
}

impl Runtime {
    /// Calls a function of the script and gives its result, if the call ends at once: nearly every one
    /// does. The mark of an end says that it has not: [`call_further`](Runtime::call_further) goes on then.
    pub fn call_to_value(&mut self, callee: Value, args: &[Value]) -> Value {
        if self.rt.is_quiet() && self.rt.meter.is_none() && !self.is_tight() {
            return self.vm.enter(callee, args);
        }
        Value::end()
    }

    /// Calls a function of the script, as [`call`](Runtime::call) does, and runs it as far as it goes, if
    /// [`call_to_value`](Runtime::call_to_value) has not begun that already.
    #[cold]
    pub fn call_further(&mut self, callee: Value, args: &[Value]) -> Called {
        if let Some(fiber) = self.vm.take_entered() {
            return self.settle_call(callee, fiber);
        }
        self.rt.hear();
        if !self.rt.is_quiet() || self.is_tight() {
            return Called::Running(self.call(callee, args));
        }
        if self.rt.meter.is_some() {
            return self.call_measured(callee, args);
        }
        self.call_on_fiber(callee, args)
    }

    /// Runs a call as far as it goes.
    #[inline]
    pub(super) fn call_now(&mut self, callee: Value, args: &[Value]) -> Called {
        let value = self.vm.enter(callee, args);
        if !value.is_end() {
            return Called::Ended(value);
        }
        match self.vm.take_entered() {
            Some(fiber) => self.settle_call(callee, fiber),
            None => self.call_on_fiber(callee, args),
        }
    }

    /// Runs a call on a fiber of its own as far as it goes.
    fn call_on_fiber(&mut self, callee: Value, args: &[Value]) -> Called {
        let fiber = self.vm.new_fiber(callee, args, None);
        self.vm.at_once = 0;
        self.vm.run_to_halt(fiber);
        self.settle_call(callee, fiber)
    }

    /// What has come of a call that has halted or left.
    fn settle_call(&mut self, callee: Value, fiber: FiberId) -> Called {
        match self.vm.settle() {
            Left::Return => {
                let value = self.vm.request().value;
                self.vm.free_fiber(fiber);
                Called::Ended(value)
            }
            left => Called::Running(self.adopt_call(callee, fiber, left)),
        }
    }

    /// Makes a task of a call that has left the VM.
    #[cold]
    fn adopt_call(&mut self, callee: Value, fiber: FiberId, left: Left) -> CallId {
        let Runtime { vm, rt } = self;
        let owner = rt.program_rec();
        let call = Call { callee, args: &[], named: None };
        let task = rt.make_task_of(vm, Some(owner), TaskKind::Call, None, call, fiber);
        let handle = rt.handle_of(vm, task);
        let id = CallId(rt.calls.insert(handle));
        rt.ready.pop_back();
        self.go_on(task, left);
        id
    }

    fn go_on(&mut self, mut id: TaskId, left: Left) {
        if let Some(task) = self.rt.tasks.get_mut(id) {
            task.stage = Stage::Running;
        }
        // There is no turn in which others could follow.
        self.rt.turn_left = 0;
        self.rt.begin_segment();
        self.run_fiber(&mut id, Some(left));
        self.rt.end_segment(&mut self.vm, id);
    }
}
