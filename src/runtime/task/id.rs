//! The names of tasks.

use std::num::{NonZeroU32, NonZeroU64};

/// Names a task; a stale name finds nothing. One word, as it is copied and compared all the time: the
/// slot below, what tells the task from others in it above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskId(NonZeroU64);

impl TaskId {
    /// The name of a task in a slot.
    #[inline]
    pub(super) fn new(index: u32, generation: NonZeroU32) -> TaskId {
        let bits = u64::from(generation.get()) << 32 | u64::from(index);
        TaskId(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MAX))
    }

    /// Its slot.
    #[inline]
    pub(in crate::runtime) fn index(self) -> u32 {
        self.0.get() as u32
    }

    /// What tells it from other tasks in its slot.
    #[inline]
    pub(super) fn generation(self) -> u32 {
        (self.0.get() >> 32) as u32
    }
}

/// The slot of a task, or of none: for who forgets it before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link(u32);

impl Link {
    /// To no task.
    pub const NONE: Link = Link(u32::MAX);

    /// Whether it leads nowhere.
    #[inline]
    pub fn is_none(self) -> bool {
        self == Link::NONE
    }

    /// The slot; of none, one that there is not.
    #[inline]
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

impl From<TaskId> for Link {
    #[inline]
    fn from(id: TaskId) -> Link {
        Link(id.index())
    }
}

impl From<Option<TaskId>> for Link {
    #[inline]
    fn from(id: Option<TaskId>) -> Link {
        id.map_or(Link::NONE, Link::from)
    }
}

#[cfg(test)]
impl TaskId {
    /// The name of a task in a slot, by its number.
    pub(in crate::runtime) fn of_number(index: u32, number: u32) -> TaskId {
        TaskId::new(index, NonZeroU32::MIN.saturating_add(number))
    }
}

impl Default for TaskId {
    /// A name that no task has.
    #[inline]
    fn default() -> TaskId {
        TaskId(NonZeroU64::MAX)
    }
}
