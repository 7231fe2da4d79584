//! Roots of which there may be many, such as stacks: they are looked at one by one while a cycle marks,
//! and once more if they have changed since.

use super::mark::{Marker, Pass};

/// Which roots of a table have still to be looked at in this cycle.
///
/// Whoever hands out a root of the table for writing says so with [`Unseen::note`]. When the cycle ends,
/// each root has been looked at after its last change.
#[derive(Debug, Default)]
pub struct Unseen {
    /// A bit for each root.
    words: Vec<u64>,
    /// The words before this one are zero.
    from: usize,
    /// A cycle marks.
    is_marking: bool,
}

impl Unseen {
    /// A root has changed, or is going to before the next safepoint.
    #[inline(always)]
    pub fn note(&mut self, index: usize) {
        if self.is_marking {
            self.note_slow(index);
        }
    }

    #[cold]
    #[inline(never)]
    fn note_slow(&mut self, index: usize) {
        let word = index / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (index % 64);
        self.from = self.from.min(word);
    }

    /// The next root that the marker should look at now, in a table that has so many places. To be asked
    /// in each pass until there is none.
    pub fn next(&mut self, marker: &mut Marker, places: usize) -> Option<usize> {
        if marker.pass() == Pass::First {
            self.words.clear();
            self.words.resize(places.div_ceil(64), u64::MAX);
            (self.from, self.is_marking) = (0, true);
            return None;
        }
        while self.words.get(self.from) == Some(&0) {
            self.from += 1;
        }
        let Some(word) = self.words.get_mut(self.from) else {
            self.is_marking &= marker.pass() != Pass::Last;
            return None;
        };
        if !marker.goes_on() {
            return None;
        }
        let bit = word.trailing_zeros() as usize;
        *word &= *word - 1;
        marker.spend(1);
        Some(self.from * 64 + bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(unseen: &mut Unseen, marker: &mut Marker, pass: Pass, budget: usize) -> Vec<usize> {
        marker.begin_step(budget);
        marker.begin_pass(pass);
        std::iter::from_fn(|| unseen.next(marker, 70)).collect()
    }

    #[test]
    fn each_root_is_seen_after_its_last_change() {
        let (mut unseen, mut marker) = (Unseen::default(), Marker::default());
        unseen.note(3);
        assert!(pass(&mut unseen, &mut marker, Pass::First, 9).is_empty());
        assert_eq!(pass(&mut unseen, &mut marker, Pass::Some, 3), [0, 1, 2]);
        assert!(marker.has_roots_left());
        unseen.note(1);
        unseen.note(64 * 9);
        let rest: Vec<usize> = std::iter::once(1).chain(3..128).chain([64 * 9]).collect();
        assert_eq!(pass(&mut unseen, &mut marker, Pass::Some, 999), rest);
        assert!(!marker.has_roots_left());
        unseen.note(5);
        assert_eq!(pass(&mut unseen, &mut marker, Pass::Last, 0), [5]);
        unseen.note(6);
        assert!(pass(&mut unseen, &mut marker, Pass::Last, 0).is_empty());
    }
}
