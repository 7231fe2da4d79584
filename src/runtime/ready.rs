//! The tasks that are ready, first come first served: a ring of names.

use super::task::TaskId;

/// Room for the first tasks.
const ROOM_MIN: usize = 16;

/// A queue of tasks.
#[derive(Debug, Default)]
pub struct Ready {
    /// As many as a power of two, or none yet.
    ring: Vec<TaskId>,
    first: usize,
    len: usize,
}

impl Ready {
    /// How many are ready.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Comes last.
    #[inline(always)]
    pub fn push_back(&mut self, id: TaskId) {
        if self.len == self.ring.len() {
            self.grow();
        }
        let place = self.place(self.first + self.len);
        self.ring[place] = id;
        self.len += 1;
    }

    /// Comes first.
    pub fn push_front(&mut self, id: TaskId) {
        if self.len == self.ring.len() {
            self.grow();
        }
        self.first = self.place(self.first.wrapping_sub(1));
        self.ring[self.first] = id;
        self.len += 1;
    }

    /// The first one.
    #[inline]
    pub fn first(&self) -> Option<TaskId> {
        self.ring.get(self.first).copied().filter(|_| self.len > 0)
    }

    /// Takes out the first one.
    #[inline]
    pub fn pop_front(&mut self) -> Option<TaskId> {
        if self.len == 0 {
            return None;
        }
        let id = self.ring[self.first];
        self.drop_first();
        Some(id)
    }

    /// Takes out the first one, which there is.
    #[inline]
    pub fn drop_first(&mut self) {
        self.first = self.place(self.first + 1);
        self.len -= 1;
    }

    /// Takes out the last one.
    pub fn pop_back(&mut self) -> Option<TaskId> {
        self.len = self.len.checked_sub(1)?;
        Some(self.ring[self.place(self.first + self.len)])
    }

    /// Where in the ring an index from its beginning on is.
    #[inline]
    fn place(&self, index: usize) -> usize {
        index & (self.ring.len() - 1)
    }

    #[cold]
    fn grow(&mut self) {
        self.ring.rotate_left(self.first);
        self.first = 0;
        self.ring.resize((self.ring.len() * 2).max(ROOM_MIN), TaskId::default());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    fn id(index: u32) -> TaskId {
        TaskId::of_number(index, index)
    }

    #[test]
    fn it_is_first_come_first_served_however_it_grows() {
        let (mut ready, mut known) = (Ready::default(), VecDeque::new());
        for round in 0..2000 {
            match round * 7 % 10 {
                0 => {
                    ready.push_front(id(round));
                    known.push_front(id(round));
                }
                1..6 => {
                    ready.push_back(id(round));
                    known.push_back(id(round));
                }
                6 => assert_eq!(ready.pop_back(), known.pop_back()),
                _ => assert_eq!(ready.pop_front(), known.pop_front()),
            }
            assert_eq!(ready.first(), known.front().copied());
            assert_eq!(ready.len(), known.len());
            assert_eq!(ready.is_empty(), known.is_empty());
        }
        while let Some(first) = known.pop_front() {
            assert_eq!(ready.pop_front(), Some(first));
        }
        assert_eq!(ready.pop_front(), None);
    }
}
