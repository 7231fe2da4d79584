//! The state of the loop: everything but the VM.
//!
//! The algorithms stand in the files of their topics, as methods of [`Loop`] that take the VM. The
//! split lets a native work with both (see [`Cx`](super::Cx)).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use slab::Slab;

use super::driver::{Driver, Event, Lookups, Moment, Signal, Ticket};
use super::finish::Ended;
use super::host::Host;
use super::meter::Meter;
use super::newborn::Newborns;
use super::op::Outcome;
use super::output::{Discard, Output};
use super::program::Parts;
use super::queue::Queue;
use super::ready::Ready;
use super::rec::{RecId, Recs};
use super::resource::Resources;
use super::session::Session;
use super::stop::Stopping;
use super::task::{Stage, TaskId, Tasks};
use super::timer::{Alarm, TimerId, Timers};
use super::tracer::{Step, Tracer};
use super::trial::Trial;
use super::wait::{LoopTable, Wait};
use super::waiters::Waiters;
use super::watchdog::Watchdog;
use crate::vm::heap::{Marker, Pass};
use crate::vm::{Value, Vm};

/// The loop, without the VM whose fibers it runs.
pub struct Loop {
    /// The world.
    pub driver: Box<dyn Driver>,
    /// The names that are being looked up: who asks for one of them meanwhile shares the answer.
    pub lookups: Lookups,
    /// Where `print` writes.
    pub output: Box<dyn Output>,
    /// Who is told of what no script hears of.
    pub host: Box<dyn Host>,
    /// Who is told of every step.
    pub(super) tracer: Option<Box<dyn Tracer>>,
    /// The natives that need the loop.
    pub(super) natives: LoopTable,
    /// Scope records.
    pub(super) recs: Recs,
    /// Tasks.
    pub(super) tasks: Tasks,
    /// Timers.
    pub(super) timers: Timers,
    /// Queues of waiters.
    pub(super) waiters: Waiters,
    /// What has to be closed, by whom.
    pub(super) resources: Resources,
    /// Who runs next, first come first served.
    pub(super) ready: Ready,
    /// Tasks that run before those, if there are any.
    pub(super) newborns: Newborns,
    /// The test that is run, if it is one.
    pub trial: Option<Box<Trial>>,
    /// The console that drives it, if one does.
    pub(super) session: Option<Session>,
    /// A call of the host has ended: nobody may wait for anything before it has looked.
    pub(super) call_has_ended: bool,
    /// The record of the program that runs.
    pub(super) program: Option<RecId>,
    /// Its task.
    pub(super) main: Option<TaskId>,
    /// How many ops have started.
    pub(super) ops: u64,
    /// How many ops a task may complete at once.
    pub(super) op_budget: u32,
    /// Nothing hides a cancel any more.
    pub(super) force: bool,
    /// What the programs may use, if the host bounds it.
    pub(super) meter: Option<Box<Meter>>,
    /// The task that has used the fuel up, and goes on when there is more.
    pub(super) dry: Option<TaskId>,
    /// Fuel that the host has added, from any thread, and nobody has taken in yet.
    pub(super) added_fuel: Arc<AtomicI64>,
    /// Fuel that tasks do not get yet, while force is on or nobody hears signals.
    pub(super) withheld: i64,
    /// Signals are caught and not heard yet: a program that ends at once needs nobody who hears them.
    pub(super) is_deaf: bool,
    /// What `exit` was called with first.
    pub(super) status: Option<i32>,
    /// The signal that ended the program.
    pub(super) signal: Option<Signal>,
    /// When whoever asked the program to end wants it to have ended.
    pub(super) leave_by: Option<Moment>,
    /// A signal has asked for the third time.
    pub(super) killed: bool,
    /// The host has stopped the program.
    pub(super) stopping: Option<Stopping>,
    /// The host has asked the program to end.
    pub(super) by_host: bool,
    /// Handles of the tasks that the host has called and not yet asked.
    pub(super) calls: Slab<Value>,
    /// Tickets that came from other threads.
    pub(super) inbox: Arc<Inbox>,
    /// How many pending sources can only be completed by the host.
    pub(super) external: usize,
    /// How many mutexes have been locked.
    pub(super) mutexes: u64,
    /// How many pending arms wait for a mutex.
    pub(super) lock_waits: usize,
    /// Queues whose objects have changed since those who wait in them were tried.
    pub(super) changed: VecDeque<Queue>,
    /// Events that were found while a task ran.
    pub(super) early: Vec<Event>,
    /// Room for the tickets that a poll reports; empty between the turns.
    pub(super) reported: Vec<Ticket>,
    /// How many of the tasks that were ready when the turn began have not run in it.
    pub(super) turn_left: usize,
    /// How long a task may hold the loop; none once that is watched, or if nobody wants to know.
    pub(super) watch_limit: Option<Duration>,
    /// What watches that.
    pub(super) watchdog: Option<Box<Watchdog>>,
    /// The time of this turn.
    pub(super) clock: Moment,
    /// Turns since the driver was asked last.
    pub(super) unpolled: u32,
    /// The handle of the scope of the last spawn, and its record.
    pub(super) last_owner: (Value, RecId),
    /// What else the program consists of.
    pub(super) parts: Parts,
    /// How the code of the program has ended.
    pub(super) ended: Option<Ended>,
    /// What has come of the program.
    pub(super) result: Option<Outcome>,
    /// How many calls of the host into the script, from inside calls of the script, are under way.
    pub(super) nesting: u32,
}

impl Loop {
    pub(super) fn new(driver: Box<dyn Driver>, host: Box<dyn Host>, natives: LoopTable) -> Loop {
        Loop {
            driver,
            lookups: Lookups::default(),
            output: Box::new(Discard),
            host,
            tracer: None,
            natives,
            recs: Recs::default(),
            tasks: Tasks::default(),
            timers: Timers::default(),
            waiters: Waiters::default(),
            resources: Resources::default(),
            ready: Ready::default(),
            newborns: Newborns::default(),
            trial: None,
            session: None,
            call_has_ended: false,
            program: None,
            main: None,
            ops: 0,
            op_budget: super::task::BUDGET,
            force: false,
            meter: None,
            dry: None,
            added_fuel: Arc::default(),
            withheld: 0,
            is_deaf: false,
            status: None,
            signal: None,
            leave_by: None,
            killed: false,
            stopping: None,
            by_host: false,
            calls: Slab::new(),
            inbox: Arc::default(),
            external: 0,
            mutexes: 0,
            lock_waits: 0,
            changed: VecDeque::new(),
            early: Vec::new(),
            reported: Vec::new(),
            turn_left: 0,
            watch_limit: None,
            watchdog: None,
            clock: Moment::default(),
            unpolled: 0,
            last_owner: (Value::null(), RecId::default()),
            parts: Parts::default(),
            ended: None,
            result: None,
            nesting: 0,
        }
    }

    /// Lets a task run when it is its turn.
    pub(super) fn wake(&mut self, id: TaskId) {
        if let Some(task) = self.tasks.get_mut(id) {
            task.stage = Stage::Ready;
            self.ready.push_back(id);
        }
    }

    /// The process ends with this loop: if no task is left, what those that have ended have left behind need
    /// not be looked at one by one.
    pub fn leave_places(&mut self) {
        if self.tasks.count() == 0 {
            std::mem::forget(std::mem::take(&mut self.tasks));
        }
    }

    /// The task that waits with this ticket; none if the op has ended.
    pub(super) fn pending(&self, ticket: Ticket) -> Option<TaskId> {
        let id = self.tasks.at(ticket.task)?;
        self.tasks.get(id)?.op.awaits(ticket).then_some(id)
    }

    /// Reports `ticket` at a moment: for sources that have to do something in time. It is reported
    /// once; whoever started it stops it when its op ends.
    pub fn start_wake_up(&mut self, at: Moment, ticket: Ticket) -> TimerId {
        self.timers.start(at, Alarm::Wake(ticket))
    }

    /// Takes [`start_wake_up`](Loop::start_wake_up) back.
    pub fn stop_wake_up(&mut self, timer: TimerId) {
        self.timers.stop(timer);
    }

    /// How many ops a task may complete at once before the others run; 128 unless a test wants
    /// more switches.
    pub fn set_op_budget(&mut self, budget: u32) {
        self.op_budget = budget.max(1);
    }

    /// A way to report tickets from other threads.
    pub fn remote(&self) -> Remote {
        Remote { inbox: self.inbox.clone(), waker: self.driver.waker() }
    }

    /// Does a step of collecting garbage, which code has left the VM for.
    pub(super) fn collect(&mut self, vm: &mut Vm) {
        self.tell(|_| Step::CollectBegins);
        vm.collect(&mut |marker| self.trace(marker));
        self.tell(|_| Step::CollectEnds { bytes: vm.heap.bytes_in_use() });
    }

    /// The values that only the loop keeps.
    pub(super) fn trace(&mut self, marker: &mut Marker) {
        self.tasks.trace(marker);
        self.recs.trace(marker);
        if marker.pass() == Pass::Some {
            return;
        }
        for value in self.calls.iter().map(|(_, handle)| handle).chain(&self.parts.rest) {
            marker.value(*value);
        }
        // Nothing else gets its address as long as it is known here.
        marker.value(self.last_owner.0);
        self.newborns.trace(marker);
        self.resources.trace(marker);
        if let Some(Ended::Value(value) | Ended::Throw(value) | Ended::Cut(value)) = self.ended {
            marker.value(value);
        }
        if let Some(Ok(value) | Err(value)) = self.result {
            marker.value(value);
        }
    }
}

impl Wait {
    pub(super) fn trace(&self, marker: &mut Marker) {
        match self {
            Wait::Sleep(_) | Wait::Yield => {}
            Wait::Join(value) | Wait::Stop(value) | Wait::Promise(value) | Wait::Lock(value) => {
                marker.value(*value);
            }
            Wait::Receive(channel, end) => {
                marker.value(*channel);
                if let Some(value) = end.as_value() {
                    marker.value(value);
                }
            }
            Wait::Send(channel, value) => {
                marker.value(*channel);
                marker.value(*value);
            }
            Wait::Source(source) => source.trace(marker),
        }
    }
}

/// Tickets on their way from other threads.
#[derive(Default)]
pub(super) struct Inbox {
    tickets: Mutex<Vec<Ticket>>,
    /// There are some: spares the loop the lock, turn by turn.
    filled: AtomicBool,
}

impl Inbox {
    pub(super) fn take(&self) -> Vec<Ticket> {
        if self.is_empty() {
            return Vec::new();
        }
        // Nothing panics under this lock, so a poisoned one still holds whole tickets.
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        self.filled.store(false, Ordering::Relaxed);
        std::mem::take(&mut *tickets)
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.filled.load(Ordering::Acquire)
    }

    fn put(&self, ticket: Ticket) {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.push(ticket);
        self.filled.store(true, Ordering::Release);
    }
}

/// Reports tickets from any thread: the way in for completions of the host.
#[derive(Clone)]
pub struct Remote {
    inbox: Arc<Inbox>,
    waker: Waker,
}

impl Remote {
    /// Makes the loop attempt the ticket's op again, soon.
    pub fn complete(&self, ticket: Ticket) {
        self.inbox.put(ticket);
        self.waker.wake_by_ref();
    }

    /// A waker for a Rust future that an op waits for.
    pub fn waker(&self, ticket: Ticket) -> Waker {
        Waker::from(Arc::new(TicketWaker { remote: self.clone(), ticket }))
    }
}

struct TicketWaker {
    remote: Remote,
    ticket: Ticket,
}

impl Wake for TicketWaker {
    fn wake(self: Arc<Self>) {
        self.remote.complete(self.ticket);
    }
}
