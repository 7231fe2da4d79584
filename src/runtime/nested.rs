//! Calls of script functions from inside a function of the host.
//!
//! The run loop has been left when a native of the loop runs, so its task can run another fiber
//! meanwhile: the callee's. That fiber ends before the native goes on. It cannot wait, as the native
//! stands on the thread's own stack; whatever would make it wait is an error that says what to do. For
//! the same reason only so many such calls can be inside each other.

use super::event_loop::Loop;
use super::suspend::Next;
use super::task::TaskId;
use super::wait::Cx;
use crate::bytecode::op::ScopeKind;
use crate::vm::{ErrorKind, Exit, FiberId, Left, ScopeRequest, Thrown, Value, Vm};

/// So many calls of this kind can be inside each other. Each of them takes a few kilobytes of the
/// thread's stack, of which some have not more than one or two megabytes.
const NESTING_MAX: u32 = 64;
/// Fuel of a call that began before the host's was used up, and has to come to its end.
const OVERDRAFT: i64 = 100_000;

/// Why a nested call has given no value.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// An error that nothing in it caught.
    Thrown(Value),
    /// It was cut: the native has to answer with [`Answer::Cut`](super::Answer::Cut).
    Cut(Value),
}

impl From<Thrown> for Stop {
    fn from(Thrown(error): Thrown) -> Stop {
        Stop::Thrown(error)
    }
}

impl Cx<'_> {
    /// Calls a function of the script and runs it to its end. No value that a native keeps over
    /// this survives, unless a root, an argument of the native or something reachable holds it.
    pub fn call_nested(&mut self, callee: Value, args: &[Value]) -> Result<Value, Stop> {
        if self.rt.nesting >= NESTING_MAX {
            let message = format!(
                "more than {NESTING_MAX} calls of host functions into the script are inside each other"
            );
            return Err(self.vm.error(ErrorKind::StackOverflowError, message).into());
        }
        if self.vm.must_be_awaited(callee) {
            return Err(self.cannot_wait(callee).into());
        }
        let fiber = self.vm.new_plain_fiber(callee, args);
        let Some(task) = self.rt.tasks.get_mut(self.task) else {
            self.vm.free_fiber(fiber);
            return Err(self.vm.error(ErrorKind::Error, "the task has ended").into());
        };
        let outer = std::mem::replace(&mut task.fiber, fiber);
        self.rt.nesting += 1;
        let end = self.rt.run_nested(self.vm, self.task, fiber);
        self.rt.nesting -= 1;
        if let Some(task) = self.rt.tasks.get_mut(self.task) {
            task.fiber = outer;
        }
        self.vm.free_fiber(fiber);
        end
    }

    fn cannot_wait(&mut self, callee: Value) -> Thrown {
        let message = format!(
            "`{}` has to be awaited, which a host function cannot do while it runs: register that \
             with `async_function` and take a `Callback` there",
            self.vm.callee_name(callee)
        );
        self.vm.error(ErrorKind::MissingAwaitError, message)
    }
}

impl Loop {
    /// Runs the fiber of a nested call, which has taken the place of its task's own.
    fn run_nested(&mut self, vm: &mut Vm, id: TaskId, fiber: FiberId) -> Result<Value, Stop> {
        loop {
            vm.at_once = 0;
            let left = vm.run_on(fiber);
            let request = vm.request();
            let next = match left {
                Left::Return => return Ok(request.value),
                Left::Native if !vm.native(request.native).waits => self.call_native(vm, id, true),
                Left::Spawn => self.spawn_for(vm, id, request),
                Left::Leave => self.leave_scope(vm, id, fiber),
                Left::Scope => match vm.scope_request() {
                    ScopeRequest::Enter { kind: ScopeKind::Scope | ScopeKind::Timeout, .. } => {
                        refuse(vm, fiber)
                    }
                    asked => self.scope(vm, id, asked),
                },
                Left::Native | Left::Await | Left::Yield => refuse(vm, fiber),
                Left::Other => match vm.take_exit() {
                    Exit::Throw(error) => return Err(Stop::Thrown(error)),
                    Exit::Cut(cut) => return Err(Stop::Cut(cut)),
                    exit => self.carry_out_nested(vm, id, fiber, exit),
                },
            };
            self.serve_queues(vm);
            // Nothing that was carried out here lets a task wait; if something did, the call could
            // not come to its end.
            debug_assert_eq!(next, Next::Run, "a nested call waits");
            if next == Next::Switch {
                let message = "this cannot be done inside a call from a host function";
                return Err(vm.error(ErrorKind::Error, message).into());
            }
        }
    }

    fn carry_out_nested(&mut self, vm: &mut Vm, id: TaskId, fiber: FiberId, exit: Exit) -> Next {
        match exit {
            Exit::Collect => vm.collect(&mut |marker| self.trace(marker)),
            Exit::NeedCore => {
                if let Err(Thrown(error)) = self.host.load_core(vm) {
                    vm.resume_throw(fiber, error);
                }
            }
            Exit::Budget => {
                self.hear();
                self.take_interrupts(vm);
                self.mind_stopping();
                if self.killed || self.stops_computing() && self.effective(id).is_some() {
                    self.ration(vm);
                    return self.unwind(vm, id);
                }
                if vm.fuel_left() <= 0 {
                    vm.set_fuel(OVERDRAFT);
                    self.overdraw(vm, OVERDRAFT);
                }
            }
            Exit::Spawn { callee, args, named, owner, flags } => {
                let args = vm.args(args).to_vec();
                let call = super::Call { callee, args: &args, named };
                return self.spawn_called(vm, id, owner, flags, call);
            }
            _ => return refuse(vm, fiber),
        }
        Next::Run
    }
}

/// The code of a nested call wants to wait: that is an error there.
fn refuse(vm: &mut Vm, fiber: FiberId) -> Next {
    let message = "a function that a host function calls cannot wait";
    let Thrown(error) = vm.error(ErrorKind::MissingAwaitError, message);
    vm.resume_throw(fiber, error);
    Next::Run
}
