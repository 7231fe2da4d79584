//! Layer 6: the event loop: tasks, scopes, cancellation, timers, channels, drivers.
//!
//! A [`Runtime`] is a VM and a loop. The loop decides which fiber runs and what the requests mean
//! with which a fiber leaves the VM. Where things are:
//!
//! - `rec task op`: the data. Records say what is inside what, tasks own fibers, ops are what
//!   tasks wait for;
//! - `spawn scope finish program generator`: how tasks and scopes begin and end; `quick`: what that
//!   nearly always comes to;
//! - `suspend arm select join channel promise mutex queue`: awaiting;
//! - `cancel deadlock interrupt stop`: how waiting ends otherwise;
//! - `turn switch row ready timer waiters doze`: the loop itself;
//! - `resource output`: what has to be closed by whom, and where text goes;
//! - `tracer timeline ticker watchdog`: what the loop does, for whoever wants to know;
//! - `census`: what it holds, for tests;
//! - `session`: a console that runs entries;
//! - `wait nested host report handle`: what natives, the host and scripts see.
//!
//! The loop knows no native by name, no socket and no file: those are sources. It must not touch
//! the operating system other than through its [`Driver`](driver::Driver).

mod arm;
mod at_once;
mod cancel;
mod census;
mod channel;
mod deadlock;
mod doze;
pub mod driver;
mod event_loop;
mod finish;
mod generator;
mod handle;
mod host;
mod interrupt;
mod join;
mod limit;
mod meter;
mod mutex;
mod nested;
mod newborn;
mod op;
pub mod output;
#[cfg(feature = "driver")]
pub mod pool;
mod program;
mod promise;
mod queue;
mod quick;
mod ready;
mod rec;
mod report;
mod resource;

mod scope;
mod select;
mod session;
#[cfg(feature = "driver")]
pub mod signal;
mod source;
mod spawn;
mod stop;
mod suspend;
mod switch;
mod task;
pub mod ticker;
pub mod timeline;
mod timer;
mod tracer;
mod trial;
mod turn;
mod wait;
mod waiters;
mod watchdog;

use std::sync::Arc;

pub use at_once::Called;
pub use cancel::{CancelKind, Reason};
pub use census::Census;
pub use channel::{Channel, ChannelCursor};
pub use driver::Ticket;
pub use event_loop::{Loop, Remote};
pub use handle::{End, ScopeHandle, TaskHandle};
pub use host::{Host, ImportWork, Silent};
pub use interrupt::{INTERRUPT_HOST, INTERRUPT_SIGNAL, Interrupt};
pub use join::JoinPlace;
pub use limit::{Limits, OnLimit, Verdict};
pub use mutex::Mutex;
pub use nested::Stop;
pub use op::Outcome;
pub use program::{LastCall, Parts, ProgramEnd};
pub use promise::Promise;
pub use queue::{Gate, Queue};
pub use rec::RecId;
pub use report::TaskReport;
pub use resource::Closer;
pub use spawn::Call;
pub use stop::Interrupter;
pub use task::{TaskId, TaskKind};
pub use timer::TimerId;
pub use tracer::{Step, Tracer};
pub use trial::{Examiner, Leak, Trial};
pub use turn::Turn;
pub use wait::{Answer, AtEnd, Cx, LoopClosure, LoopFn, LoopTable, ShortOp, Source, Wait};
pub use waiters::WaitList;
pub use watchdog::Stall;

use crate::vm::{Value, Vm};

/// A VM and the loop that runs its fibers.
pub struct Runtime {
    /// Heap, code, fibers.
    pub vm: Vm,
    /// Tasks, timers, driver.
    pub rt: Loop,
}

/// A call that a host has made and whose result it has not taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId(usize);

/// How a call of the host has ended.
#[derive(Clone, Debug)]
pub enum CallEnd {
    /// With a value, or with an error. Both are objects of the VM's heap, which nothing keeps.
    Outcome(Outcome),
    /// It was cancelled.
    Cancelled(Arc<Reason>),
}

impl Runtime {
    /// A loop for `vm` on `driver`, with the natives that need it.
    pub fn new(
        vm: Vm,
        driver: Box<dyn driver::Driver>,
        host: Box<dyn Host>,
        natives: LoopTable,
    ) -> Runtime {
        Runtime { vm, rt: Loop::new(driver, host, natives) }
    }

    /// Makes the program's task. It calls `callee`, then the `parts`, one after the other, until one
    /// of them fails. [`turn`](Runtime::turn) runs it.
    pub fn start(&mut self, callee: Value, args: &[Value], parts: Parts) {
        self.begin_measuring();
        let call = Call { callee, args, named: None };
        self.rt.start_program(&mut self.vm, call, parts);
    }

    /// Calls a function in a task of its own. [`turn`](Runtime::turn) runs it,
    /// [`call_end`](Runtime::call_end) gives its result.
    pub fn call(&mut self, callee: Value, args: &[Value]) -> CallId {
        self.reclaim(callee, args);
        self.begin_measuring();
        let owner = self.rt.program_rec();
        let call = Call { callee, args, named: None };
        let task = self.rt.make_task(&mut self.vm, Some(owner), TaskKind::Call, None, call);
        let handle = self.rt.handle_of(&mut self.vm, task);
        CallId(self.rt.calls.insert(handle))
    }

    /// What a call that has just been begun opens stays open when it has ended.
    pub fn leave_open(&mut self, call: CallId) {
        let handle = self.rt.calls.get(call.0).copied().unwrap_or_default();
        let task = handle::task_of(&self.vm, handle).and_then(|id| self.rt.tasks.get_mut(id));
        task.into_iter().for_each(|task| task.rest_mut().leaves_open = true);
    }

    /// Whether a call has ended, or is not known any more.
    pub fn has_ended(&self, call: CallId) -> bool {
        let handle = self.rt.calls.get(call.0).copied().unwrap_or_default();
        handle::task_of(&self.vm, handle).is_none()
    }

    /// Where little memory is left, what earlier calls have left behind must not be in the way.
    fn reclaim(&mut self, callee: Value, args: &[Value]) {
        if self.is_tight() {
            let Runtime { vm, rt } = self;
            vm.collect_full(&mut |marker| {
                marker.value(callee);
                marker.values(args);
                rt.trace(marker);
            });
        }
    }

    /// Three quarters of the memory that there may be are in use.
    fn is_tight(&self) -> bool {
        let limit = self.vm.heap.limit();
        self.vm.heap.bytes_in_use() > limit - limit / 4
    }

    /// How a call has ended, if it has. It is given once.
    pub fn call_end(&mut self, call: CallId) -> Option<CallEnd> {
        let handle = *self.rt.calls.get(call.0)?;
        let end = match handle::end_of(&self.vm, handle)? {
            End::Running(_) => return None,
            End::Value(value) => CallEnd::Outcome(Ok(value)),
            End::Failed(error) => CallEnd::Outcome(Err(error)),
            End::Cancelled(reason) => CallEnd::Cancelled(reason),
        };
        self.rt.calls.remove(call.0);
        Some(end)
    }

    /// Cancels a call. It still ends in its own time, after its clean-ups.
    pub fn cancel_call(&mut self, call: CallId) {
        let handle = self.rt.calls.get(call.0).copied().unwrap_or_default();
        self.rt.cancel_task(&mut self.vm, handle, Reason::new(CancelKind::Host));
    }

    /// Forgets a call: it runs on, but nobody takes its result.
    pub fn forget_call(&mut self, call: CallId) {
        self.rt.calls.try_remove(call.0);
    }
}
