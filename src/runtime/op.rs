//! Ops: what one task waits for at one `await` or `select`.
//!
//! ```text
//!   none ──► pending ──► done ───────┐
//!                └─────► cancelled ──┴──► none, when the task has gone on
//! ```
//! An op leaves `pending` exactly once, and all its arms are taken back in that step. It belongs to
//! its task; other places know it by [`Ticket`]s, which go stale with it.

use super::driver::Ticket;
use super::timer::TimerId;
use super::wait::Wait;
use super::waiters::WaiterId;
use crate::vm::Value;

/// A result: a value, or an error to be thrown at the await.
pub type Outcome = Result<Value, Value>;

/// How far an op is.
pub enum OpState {
    /// There is none.
    None,
    /// It waits for the first of its arms.
    Pending(Arms),
    /// It has its result.
    Done(Outcome),
    /// A cancel has ended it.
    Cancelled,
}

impl OpState {
    /// In a word, for who traces the loop.
    pub fn word(&self) -> &'static str {
        match self {
            OpState::None => "none",
            OpState::Pending(_) => "pending",
            OpState::Done(Ok(_)) => "done",
            OpState::Done(Err(_)) => "failed",
            OpState::Cancelled => "cancelled",
        }
    }
}

/// One thing an op waits for.
pub struct Arm {
    /// Its number in the source of a `select`.
    pub number: u32,
    /// What it waits for.
    pub wait: Wait,
    /// Where it has registered.
    pub place: Place,
}

/// Where an arm has registered, so that it can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere.
    None,
    /// A timer.
    Timer(TimerId),
    /// The queue of the object it waits for.
    Queue(WaiterId),
    /// Its source.
    Source,
}

/// The arms of an op: nearly always one.
pub enum Arms {
    /// An `await`.
    One(Arm),
    /// A `select`.
    Many(Vec<Arm>),
}

impl Arms {
    /// All of them.
    pub fn as_slice(&self) -> &[Arm] {
        match self {
            Arms::One(arm) => std::slice::from_ref(arm),
            Arms::Many(arms) => arms,
        }
    }

    /// All of them, to change them.
    pub fn as_mut_slice(&mut self) -> &mut [Arm] {
        match self {
            Arms::One(arm) => std::slice::from_mut(arm),
            Arms::Many(arms) => arms,
        }
    }
}

/// The op of a task.
pub struct Op {
    /// Its number; ops are numbered in the order in which they start to wait.
    pub seq: u64,
    /// How far it is.
    pub state: OpState,
    /// The timer for a cancel that is hidden from it.
    pub reveal: Option<TimerId>,
    /// It is a `select`: the task wants the number of the arm, too.
    pub is_select: bool,
    /// The number of the arm that has happened.
    pub arm: u32,
    /// The place of the `select`, where that arm is remembered; [`NO_SITE`] for none.
    pub site: u64,
}

/// No place remembers the arm.
pub const NO_SITE: u64 = u64::MAX;

impl Op {
    /// No op.
    pub fn none() -> Op {
        Op { seq: 0, state: OpState::None, reveal: None, is_select: false, arm: 0, site: NO_SITE }
    }

    /// What it waits for; nothing if it does not.
    pub fn arms(&self) -> &[Arm] {
        match &self.state {
            OpState::Pending(arms) => arms.as_slice(),
            _ => &[],
        }
    }

    /// The same, to change it.
    pub fn arms_mut(&mut self) -> &mut [Arm] {
        match &mut self.state {
            OpState::Pending(arms) => arms.as_mut_slice(),
            _ => &mut [],
        }
    }

    /// Whether it waits.
    pub fn is_pending(&self) -> bool {
        matches!(self.state, OpState::Pending(_))
    }

    /// Whether it waits and `ticket` is one of its.
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.seq == ticket.seq && self.is_pending()
    }

    /// Whether it has begun something that a cancel has to wait for.
    pub fn holds_cancel(&self) -> bool {
        let holds = |arm: &Arm| matches!(&arm.wait, Wait::Source(source) if source.holds_cancel());
        self.arms().iter().any(holds)
    }
}
