//! Ops: what one task waits for at one `await` or `select`.
//!
//! An op is pending until one of its arms has happened, or until a cancel ends it: that comes to pass
//! exactly once, and all its arms are taken back in that step. Its result goes to the suspended code at
//! once. It belongs to its task; other places know it by [`Ticket`]s, which go stale with it.

use super::driver::Ticket;
use super::timer::TimerId;
use super::wait::Wait;
use super::waiters::WaiterId;
use crate::vm::Value;

/// A result: a value, or an error to be thrown at the await.
pub type Outcome = Result<Value, Value>;

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
    Many(Box<Choices>),
}

/// The arms of a `select`.
pub struct Choices {
    /// In the order in which they were tried.
    pub arms: Vec<Arm>,
    /// The place of the `select`, where the arm that happens is remembered; [`NO_SITE`] for none.
    pub site: u64,
}

/// No place remembers the arm.
pub const NO_SITE: u64 = u64::MAX;

impl Arms {
    /// All of them.
    pub fn as_slice(&self) -> &[Arm] {
        match self {
            Arms::One(arm) => std::slice::from_ref(arm),
            Arms::Many(choices) => &choices.arms,
        }
    }

    /// All of them, to change them.
    pub fn as_mut_slice(&mut self) -> &mut [Arm] {
        match self {
            Arms::One(arm) => std::slice::from_mut(arm),
            Arms::Many(choices) => &mut choices.arms,
        }
    }
}

/// The op of a task.
#[derive(Default)]
pub struct Op {
    /// Its number; ops are numbered in the order in which they start to wait.
    pub seq: u64,
    /// What it waits for, as long as it does.
    pub pending: Option<Arms>,
}

impl Op {
    /// What it waits for; nothing if it does not.
    pub fn arms(&self) -> &[Arm] {
        self.pending.as_ref().map_or(&[], Arms::as_slice)
    }

    /// The same, to change it.
    pub fn arms_mut(&mut self) -> &mut [Arm] {
        self.pending.as_mut().map_or(&mut [], Arms::as_mut_slice)
    }

    /// Whether it waits.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether it waits and `ticket` is one of its.
    #[inline]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.seq == ticket.seq && self.is_pending()
    }

    /// The same, and `ticket` is its only one.
    #[inline]
    pub fn awaits_alone(&self, ticket: Ticket) -> bool {
        self.seq == ticket.seq && matches!(self.pending, Some(Arms::One(_)))
    }

    /// Whether it has begun something that a cancel has to wait for.
    pub fn holds_cancel(&self) -> bool {
        let holds = |arm: &Arm| matches!(&arm.wait, Wait::Source(source) if source.holds_cancel());
        self.arms().iter().any(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_op_is_small_since_there_may_be_a_million() {
        assert!(size_of::<Op>() <= 64, "{}", size_of::<Op>());
    }
}
