//! The algorithms of tasks and scopes, carried out as plainly as they can be written down.
//!
//! Nothing here is fast and nothing is shared with the real loop, so that both can be wrong only
//! where they were understood in the same wrong way.

use std::collections::{HashMap, VecDeque};

use super::clock::Timer;
use super::program::SHARED;

/// A record, by its place in the world.
pub type RecId = usize;
/// A task, by its place in the world.
pub type TaskId = usize;
/// An error, by its place in the world.
pub type ErrorId = usize;

/// How long clean-ups are shielded unless a scope says otherwise.
const GRACE: u64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecKind {
    Program,
    Task,
    Scope,
    Timeout,
    Shield,
    Body,
    CleanUp,
}

#[derive(Debug)]
pub struct Rec {
    pub kind: RecKind,
    pub parent: Option<RecId>,
    pub host: TaskId,
    pub depth: usize,
    pub grace: u64,
    /// How long a shield hides.
    pub limit: u64,
    pub isolates: bool,
    /// Since when it is cancelled, and whether that is its deadline's doing.
    pub cancel: Option<(u64, bool)>,
    pub children: Vec<TaskId>,
    pub live: usize,
    pub errors: Vec<ErrorId>,
    pub try_failed: Vec<TaskId>,
    /// Generators made in it, by their places in the machine.
    pub generators: Vec<usize>,
    pub is_daemon: bool,
    pub own_cut: bool,
    pub outer_cut: bool,
    pub closed: bool,
    pub ended: bool,
}

/// How a block has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Value,
    Return,
    Break,
    Throw(ErrorId),
    Cut { target: RecId, errors: Vec<ErrorId> },
}

/// What comes of an op.
pub type Got = Result<(), ErrorId>;

#[derive(Clone, Copy, Debug)]
pub enum Wait {
    Sleep(u64),
    Yield,
    Join(TaskId),
    Stop(TaskId),
    Receive(usize),
    Send(usize),
    Lock(usize),
}

#[derive(Clone, Debug)]
pub enum State {
    Pending,
    Done(usize, Got),
    Cancelled,
}

#[derive(Clone, Debug)]
pub struct Op {
    pub seq: u64,
    /// Each with its number in the source.
    pub arms: Vec<(usize, Wait)>,
    pub state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Value,
    Failed(ErrorId),
    Cancelled,
}

#[derive(Debug)]
pub struct Task {
    pub own: RecId,
    pub rec: RecId,
    pub daemon: bool,
    pub attempt: bool,
    pub op: Option<Op>,
    /// It waits for the tasks of this scope.
    pub waiting_on: Option<RecId>,
    pub joiners: VecDeque<Waiter>,
    pub end: Option<End>,
    pub awaited: bool,
    pub budget: u32,
    pub rotation: HashMap<usize, usize>,
}

/// An arm of a pending op, in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    pub task: TaskId,
    pub seq: u64,
    pub arm: usize,
}

#[derive(Default)]
pub struct Channel {
    pub buffer: usize,
    pub closed: bool,
    pub receivers: VecDeque<Waiter>,
    pub senders: VecDeque<Waiter>,
}

#[derive(Default)]
pub struct Mutex {
    pub owner: Option<TaskId>,
    pub waiters: VecDeque<Waiter>,
}

struct Failure {
    name: String,
    suppressed: Vec<ErrorId>,
}

/// Everything but the code of the tasks.
pub struct World {
    pub now: u64,
    pub recs: Vec<Rec>,
    pub tasks: Vec<Task>,
    pub ready: VecDeque<TaskId>,
    pub log: Vec<String>,
    pub status: Option<i32>,
    pub op_budget: u32,
    /// Seconds at which the user presses Ctrl-C.
    pub signals: VecDeque<u64>,
    pub signalled: bool,
    pub killed: bool,
    pub timers: Vec<Timer>,
    pub channels: Vec<Channel>,
    pub mutexes: Vec<Mutex>,
    pub ops: u64,
    pub force: bool,
    failures: Vec<Failure>,
}

pub const PROGRAM: RecId = 0;
pub const MAIN: TaskId = 0;

impl World {
    pub fn new(op_budget: u32, signals: &[u64]) -> World {
        let failures = (0..SHARED)
            .map(|n| Failure { name: format!("E{n}"), suppressed: Vec::new() })
            .collect();
        World {
            now: 0,
            recs: Vec::new(),
            tasks: Vec::new(),
            ready: VecDeque::new(),
            log: Vec::new(),
            status: None,
            op_budget,
            signals: signals.iter().copied().collect(),
            signalled: false,
            killed: false,
            failures,
            timers: Vec::new(),
            channels: (0..SHARED).map(|_| Channel::default()).collect(),
            mutexes: (0..SHARED).map(|_| Mutex::default()).collect(),
            ops: 0,
            force: false,
        }
    }

    pub fn say(&mut self, text: String) {
        self.log.push(format!("{} {text}", self.now));
    }

    // ---- errors

    pub fn new_error(&mut self, name: String) -> ErrorId {
        self.failures.push(Failure { name, suppressed: Vec::new() });
        self.failures.len() - 1
    }

    pub fn error_name(&self, error: ErrorId) -> &str {
        &self.failures[error].name
    }

    pub fn suppressed_names(&self, error: ErrorId) -> Vec<&str> {
        self.failures[error].suppressed.iter().map(|other| self.error_name(*other)).collect()
    }

    pub fn suppress(&mut self, error: ErrorId, other: ErrorId) {
        if error != other {
            add(&mut self.failures[error].suppressed, other);
        }
    }

    /// The first, with the others suppressed.
    pub fn combined(&mut self, errors: &[ErrorId]) -> Option<ErrorId> {
        let (first, others) = errors.split_first()?;
        for other in others {
            self.suppress(*first, *other);
        }
        Some(*first)
    }

    // ---- records

    pub fn push_rec(&mut self, kind: RecKind, parent: Option<RecId>, host: TaskId) -> RecId {
        let around = parent.map(|parent| &self.recs[parent]);
        let (depth, grace) = around.map_or((0, GRACE), |around| (around.depth + 1, around.grace));
        self.recs.push(Rec {
            kind,
            parent,
            host,
            depth,
            grace,
            limit: 0,
            isolates: false,
            cancel: None,
            children: Vec::new(),
            live: 0,
            errors: Vec::new(),
            try_failed: Vec::new(),
            generators: Vec::new(),
            is_daemon: false,
            own_cut: false,
            outer_cut: false,
            closed: false,
            ended: false,
        });
        self.recs.len() - 1
    }

    pub fn add_error(&mut self, rec: RecId, error: ErrorId) {
        add(&mut self.recs[rec].errors, error);
    }

    pub fn outward(&self, from: RecId) -> impl Iterator<Item = RecId> + '_ {
        std::iter::successors(Some(from), |rec| self.recs[*rec].parent)
    }

    /// The cancelled records from `from` outwards, each with the time from which it shows.
    pub fn cancels(&self, from: RecId) -> Vec<(RecId, u64)> {
        let mut found = Vec::new();
        for rec in self.outward(from) {
            let Some((time, _)) = self.recs[rec].cancel else { continue };
            let inside = self.outward(from).take_while(|inside| *inside != rec);
            let hide = inside.map(|inside| match self.recs[inside].kind {
                RecKind::CleanUp => self.recs[rec].grace,
                RecKind::Shield => self.recs[inside].limit,
                _ => 0,
            });
            found.push((rec, time + hide.max().unwrap_or(0)));
        }
        found
    }

    pub fn effective(&self, task: TaskId) -> Option<RecId> {
        let cancels = self.cancels(self.tasks[task].rec);
        let shown = cancels.into_iter().filter(|(_, at)| self.force || self.now >= *at);
        shown.map(|(rec, _)| rec).next_back()
    }

    pub fn cut(&mut self, task: TaskId) -> Outcome {
        let target = self.effective(task).expect("a cut begins only where a cancel shows");
        self.cut_to(task, target)
    }

    pub fn cut_to(&mut self, task: TaskId, target: RecId) -> Outcome {
        let mut next = Some(self.tasks[task].rec);
        while let Some(rec) = next {
            if rec == target {
                self.recs[rec].own_cut = true;
                break;
            }
            if self.recs[rec].is_daemon {
                break;
            }
            self.recs[rec].outer_cut = true;
            next = self.recs[rec].parent;
        }
        Outcome::Cut { target, errors: Vec::new() }
    }

    pub fn cancel(&mut self, rec: RecId, is_deadline: bool) {
        if self.recs[rec].cancel.is_some() || self.recs[rec].ended {
            return;
        }
        self.recs[rec].cancel = Some((self.now, is_deadline));
        self.visit(rec);
    }

    pub fn visit(&mut self, rec: RecId) {
        let mut below = Vec::new();
        self.collect_below(self.recs[rec].host, rec, &mut below);
        for task in below {
            if !self.is_pending(task) {
                continue;
            }
            if self.effective(task).is_some() {
                self.leave_op(task, State::Cancelled);
            } else {
                self.hide(task);
            }
        }
    }

    /// The host, then for each record of it from `rec` inward each child with all below it.
    fn collect_below(&self, host: TaskId, rec: RecId, below: &mut Vec<TaskId>) {
        below.push(host);
        let mut inner: Vec<RecId> =
            self.outward(self.tasks[host].rec).take_while(|inner| *inner != rec).collect();
        inner.push(rec);
        for rec in inner.into_iter().rev() {
            for child in &self.recs[rec].children {
                self.collect_below(*child, self.tasks[*child].own, below);
            }
        }
    }

    // ---- tasks

    /// The record of the program is that of its task.
    pub fn make_task(&mut self, owner: Option<RecId>, daemon: bool, attempt: bool) -> TaskId {
        let task = self.tasks.len();
        let kind = if owner.is_some() { RecKind::Task } else { RecKind::Program };
        let own = self.push_rec(kind, owner, task);
        self.recs[own].is_daemon = daemon;
        self.tasks.push(Task {
            own,
            rec: own,
            daemon,
            attempt,
            op: None,
            waiting_on: None,
            joiners: VecDeque::new(),
            end: None,
            awaited: false,
            budget: self.op_budget,
            rotation: HashMap::new(),
        });
        if let Some(owner) = owner {
            self.recs[owner].live += usize::from(!daemon);
            self.recs[owner].children.push(task);
        }
        self.ready.push_back(task);
        task
    }

    pub fn end_task(&mut self, task: TaskId, outcome: Outcome) {
        let own = self.tasks[task].own;
        let owner = self.recs[own].parent.expect("only the program has none");
        let end = match outcome {
            Outcome::Cut { errors, .. } => {
                self.combined(&errors).map_or(End::Cancelled, End::Failed)
            }
            Outcome::Throw(error) => End::Failed(error),
            _ => End::Value,
        };
        self.tasks[task].end = Some(end);
        self.recs[own].ended = true;
        if let End::Failed(error) = end {
            if self.tasks[task].attempt {
                self.recs[owner].try_failed.push(task);
            } else if self.recs[owner].isolates {
                let name = self.error_name(error).to_owned();
                self.log.push(format!("isolated {name}"));
            } else {
                self.add_error(owner, error);
                self.cancel(owner, false);
            }
        }
        while let Some(waiter) = self.tasks[task].joiners.front().copied() {
            let op = self.tasks[waiter.task].op.as_ref().expect("it waits");
            let stop = matches!(op.arms[waiter.arm].1, Wait::Stop(_));
            let got = self.joined(task, stop).expect("it has ended");
            self.complete(waiter, got);
        }
        let rec = &mut self.recs[owner];
        rec.children.retain(|child| *child != task);
        rec.live -= usize::from(!self.tasks[task].daemon);
        let holds = if rec.closed { rec.children.is_empty() } else { rec.live == 0 };
        let host = rec.host;
        if holds && self.tasks[host].waiting_on == Some(owner) {
            self.tasks[host].waiting_on = None;
            self.ready.push_back(host);
        }
    }
}

/// The number of what is no arm of a `select`.
pub const NO_ARM: usize = usize::MAX;

fn add(list: &mut Vec<ErrorId>, error: ErrorId) {
    if !list.contains(&error) {
        list.push(error);
    }
}
