//! Sorting by a comparison that script code makes: a merge sort that stops at each question.
//!
//! Runs that are in order already are found, short ones are filled up by binary insertion, and
//! neighbouring runs are merged until one is left. Every question is whether the later of two
//! elements has to go before the earlier one, so equal ones keep their order. Whatever the answers
//! are, the result is a permutation.

use super::heap::Marker;
use super::object::HostObject;
use super::value::Value;

/// Runs are filled up to a length from here up to twice as much.
const RUN_MIN: usize = 16;

/// What the last question was about.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing has been asked yet.
    New,
    /// Everything has been asked.
    Done,
    /// The element at `at` and the one before it, to see how long a run is; whether it descends.
    Run(Option<bool>),
    /// The element at `at` and the middle one of `low..high`, to find its place in the run.
    Insert { low: usize, high: usize },
    /// The last of the left run and the first of the right one: perhaps they need no merging.
    Check,
    /// The elements at `left` and `right`, of which one goes to `at`.
    Merge,
}

/// A sorting under way.
#[derive(Debug)]
pub struct Sorting {
    /// A list of the elements, for the collector: it never changes.
    kept: Value,
    pub(in crate::vm) descending: bool,
    phase: Phase,
    pub(in crate::vm) source: Vec<Value>,
    pub(in crate::vm) target: Vec<Value>,
    /// Where the runs end in `source`.
    ends: Vec<usize>,
    /// Where those end that this pass has merged.
    merged: Vec<usize>,
    /// The length up to which runs are filled up.
    run_min: usize,
    start: usize,
    pub(in crate::vm) left: usize,
    pub(in crate::vm) middle: usize,
    pub(in crate::vm) right: usize,
    pub(in crate::vm) stop: usize,
    pub(in crate::vm) at: usize,
}

/// Two values that have to be compared: an earlier and a later one.
pub type Question = (Value, Value);

impl HostObject for Sorting {
    fn type_name(&self) -> &'static str {
        "sorting"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.kept);
    }

    fn external_bytes(&self) -> usize {
        let ends = (self.ends.capacity() + self.merged.capacity()) * size_of::<usize>();
        (self.source.capacity() + self.target.capacity()) * size_of::<Value>() + ends
    }

    fn is_held(&self) -> bool {
        false
    }
}

impl Sorting {
    /// Sorts these elements, which are those of the list `kept`.
    pub fn new(kept: Value, items: Vec<Value>, descending: bool) -> Sorting {
        let mut run_min = items.len();
        let mut rest = 0;
        while run_min >= 2 * RUN_MIN {
            rest |= run_min & 1;
            run_min >>= 1;
        }
        Sorting {
            kept,
            descending,
            phase: Phase::New,
            target: items.clone(),
            source: items,
            ends: Vec::new(),
            merged: Vec::new(),
            run_min: run_min + rest,
            start: 0,
            left: 0,
            middle: 0,
            right: 0,
            stop: 0,
            at: 0,
        }
    }

    /// The elements as they stand: in order after the last question.
    pub fn items(&self) -> &[Value] {
        &self.source
    }

    /// The first question.
    pub fn begin(&mut self) -> Option<Question> {
        match self.phase {
            Phase::New => self.begin_run(0),
            _ => None,
        }
    }

    /// Whether the last question was which of the first elements of two runs goes first.
    pub(in crate::vm) fn is_merging(&self) -> bool {
        matches!(self.phase, Phase::Merge)
    }

    /// The next question, after the last one was answered: the earlier element compares as less or
    /// equal, or as greater or equal.
    #[inline]
    pub fn answer(&mut self, is_le: bool, is_ge: bool) -> Option<Question> {
        let swap = !if self.descending { is_ge } else { is_le };
        if !matches!(self.phase, Phase::Merge) {
            return self.answer_other(swap);
        }
        let from = if swap { self.right } else { self.left };
        self.target[self.at] = self.source[from];
        self.at += 1;
        self.right += usize::from(swap);
        self.left += usize::from(!swap);
        if self.left == self.middle || self.right == self.stop {
            return self.end_merge();
        }
        Some((self.source[self.left], self.source[self.right]))
    }

    #[inline(never)]
    fn answer_other(&mut self, swap: bool) -> Option<Question> {
        match self.phase {
            Phase::Run(direction) if direction.is_none_or(|descends| descends == swap) => {
                self.phase = Phase::Run(Some(swap));
                self.at += 1;
                if self.at < self.source.len() { Some(self.neighbours()) } else { self.end_run() }
            }
            Phase::Run(_) => self.end_run(),
            Phase::Insert { low, high } => {
                let middle = low + (high - low) / 2;
                if swap { self.insert(low, middle) } else { self.insert(middle + 1, high) }
            }
            Phase::Check if swap => {
                self.phase = Phase::Merge;
                Some((self.source[self.left], self.source[self.right]))
            }
            Phase::Check => self.end_merge(),
            Phase::New | Phase::Merge | Phase::Done => None,
        }
    }

    fn neighbours(&self) -> Question {
        (self.source[self.at - 1], self.source[self.at])
    }

    fn begin_run(&mut self, start: usize) -> Option<Question> {
        self.start = start;
        self.at = start + 1;
        self.phase = Phase::Run(None);
        if self.at < self.source.len() { Some(self.neighbours()) } else { self.end_run() }
    }

    /// `start..at` is in order, or in the opposite one.
    fn end_run(&mut self) -> Option<Question> {
        if matches!(self.phase, Phase::Run(Some(true))) {
            self.source[self.start..self.at].reverse();
        }
        self.fill_run()
    }

    /// Goes on to insert elements until the run is long enough.
    fn fill_run(&mut self) -> Option<Question> {
        let count = self.source.len();
        if self.at < count.min(self.start + self.run_min) {
            return self.insert(self.start, self.at);
        }
        if self.at > self.start && self.at <= count {
            self.ends.push(self.at);
        }
        if self.at < count { self.begin_run(self.at) } else { self.begin_merge(0) }
    }

    /// The place of the element at `at` is in `low..=high`.
    fn insert(&mut self, low: usize, high: usize) -> Option<Question> {
        if low < high {
            self.phase = Phase::Insert { low, high };
            return Some((self.source[low + (high - low) / 2], self.source[self.at]));
        }
        self.source[low..=self.at].rotate_right(1);
        self.at += 1;
        self.fill_run()
    }

    /// Goes on with the run of that number and the next one.
    fn begin_merge(&mut self, run: usize) -> Option<Question> {
        if self.ends.len() < 2 {
            self.phase = Phase::Done;
            return None;
        }
        self.left = if run == 0 { 0 } else { self.ends[run - 1] };
        self.at = self.left;
        match self.ends[run..] {
            [middle, stop, ..] => {
                (self.middle, self.right, self.stop) = (middle, middle, stop);
                self.start = run;
                self.phase = Phase::Check;
                return Some((self.source[middle - 1], self.source[middle]));
            }
            [stop] => {
                self.target[self.left..stop].copy_from_slice(&self.source[self.left..stop]);
                self.merged.push(stop);
            }
            [] => {}
        }
        std::mem::swap(&mut self.source, &mut self.target);
        std::mem::swap(&mut self.ends, &mut self.merged);
        self.merged.clear();
        self.begin_merge(0)
    }

    /// One of two runs is used up: what is left of the other one follows.
    fn end_merge(&mut self) -> Option<Question> {
        let left = self.middle - self.left;
        let (at, middle, stop) = (self.at, self.middle, self.stop);
        self.target[at..at + left].copy_from_slice(&self.source[self.left..middle]);
        self.target[at + left..stop].copy_from_slice(&self.source[self.right..stop]);
        self.merged.push(stop);
        self.begin_merge(self.start + 2)
    }
}

#[cfg(test)]
#[path = "sorting_test.rs"]
mod tests;
