//! Ranges of ints.

use super::Header;

/// `start..end`, `start..=end`, `start..`, with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First number; missing only in slices such as `xs[..n]`.
    pub start: Option<i64>,
    /// Where it stops; missing in endless ranges.
    pub end: Option<i64>,
    /// Whether `end` belongs to it.
    pub inclusive: bool,
    /// Distance of two numbers, never 0.
    pub step: i64,
}

impl Range {
    /// How many numbers it has, at most `u64::MAX`; `None` if it is endless.
    pub fn len(&self) -> Option<u64> {
        Some(u64::try_from(self.count()?).unwrap_or(u64::MAX))
    }

    /// How many numbers it has; all ints together are one more than a `u64` can count.
    fn count(&self) -> Option<i128> {
        let start = i128::from(self.start.unwrap_or(0));
        let end = i128::from(self.end?);
        let step = i128::from(self.step);
        let distance = if step > 0 { end - start } else { start - end };
        let (distance, step) = (distance + i128::from(self.inclusive), step.abs());
        Some(if distance <= 0 { 0 } else { (distance + step - 1) / step })
    }

    /// Its last number; `None` if it is empty or endless.
    pub fn last(&self) -> Option<i64> {
        let steps = self.count()? - 1;
        if steps < 0 {
            return None;
        }
        let start = i128::from(self.start.unwrap_or(0));
        i64::try_from(start + steps * i128::from(self.step)).ok()
    }

    /// The sum of its numbers; `None` if it is endless.
    pub fn sum(&self) -> Option<i128> {
        let count = self.count()?;
        let Some(last) = self.last() else { return Some(0) };
        let ends = i128::from(self.start.unwrap_or(0)) + i128::from(last);
        // Numbers of which there are so many are small on average: 128 bits are enough. One of the
        // two is even.
        Some(if count % 2 == 0 { count / 2 * ends } else { ends / 2 * count })
    }

    /// Whether it has no numbers.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Whether `number` is one of its numbers.
    pub fn contains(&self, number: i64) -> bool {
        let start = i128::from(self.start.unwrap_or(0));
        let (number, step) = (i128::from(number), i128::from(self.step));
        let distance = number - start;
        if step == 0 || distance % step != 0 || distance / step < 0 {
            return false;
        }
        let Some(end) = self.end.map(i128::from) else { return true };
        if number == end {
            return self.inclusive;
        }
        if step > 0 { number < end } else { number > end }
    }

    /// The places that it means as a slice of `length` elements: negative bounds count from the
    /// end, bounds beyond the ends are moved to them. `None` if it has a step.
    pub fn places(&self, length: usize) -> Option<std::ops::Range<usize>> {
        if self.step != 1 {
            return None;
        }
        let length = length as i64;
        let bound = |number: i64| {
            if number < 0 { (number.saturating_add(length)).max(0) } else { number.min(length) }
        };
        let start = self.start.map_or(0, bound);
        let end = match self.end {
            None => length,
            Some(-1) if self.inclusive => length,
            Some(end) if self.inclusive => bound(end.saturating_add(1)),
            Some(end) => bound(end),
        };
        Some(start as usize..end.max(start) as usize)
    }

    /// Its number at `index`, if it has one there.
    pub fn get(&self, index: u64) -> Option<i64> {
        if self.len().is_some_and(|len| index >= len) {
            return None;
        }
        let start = i128::from(self.start.unwrap_or(0));
        i64::try_from(start + i128::from(index) * i128::from(self.step)).ok()
    }
}

/// The object of a range.
#[repr(C)]
pub(in crate::vm) struct RangeObject {
    pub(in crate::vm) header: Header,
    pub(in crate::vm) range: Range,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: i64, end: i64, inclusive: bool, step: i64) -> Range {
        Range { start: Some(start), end: Some(end), inclusive, step }
    }

    #[test]
    fn counts_and_gives_its_numbers() {
        for (range, numbers) in [
            (range(1, 4, false, 1), vec![1, 2, 3]),
            (range(1, 4, true, 1), vec![1, 2, 3, 4]),
            (range(4, 1, false, 1), vec![]),
            (range(10, 0, false, -3), vec![10, 7, 4, 1]),
            (range(10, 1, true, -3), vec![10, 7, 4, 1]),
            (range(0, 10, false, 4), vec![0, 4, 8]),
        ] {
            assert_eq!(range.len(), Some(numbers.len() as u64), "{range:?}");
            for (index, number) in numbers.iter().enumerate() {
                assert_eq!(range.get(index as u64), Some(*number));
            }
            assert_eq!(range.get(numbers.len() as u64), None);
            assert_eq!(range.sum(), Some(numbers.iter().map(|n| i128::from(*n)).sum()));
            for number in -2..13 {
                assert_eq!(range.contains(number), numbers.contains(&number), "{range:?} {number}");
            }
        }
    }

    #[test]
    fn extremes_do_not_overflow() {
        assert_eq!(range(i64::MIN, i64::MAX, true, 1).len(), Some(u64::MAX));
        assert_eq!(range(i64::MIN, i64::MAX, true, 1).last(), Some(i64::MAX));
        assert_eq!(range(i64::MAX, i64::MIN, true, -1).last(), Some(i64::MIN));
        assert_eq!(range(i64::MIN, i64::MAX, false, i64::MAX).len(), Some(3));
        assert!(range(i64::MIN, i64::MAX, false, 1).contains(0));
        assert_eq!(range(i64::MIN, i64::MAX, true, 1).sum(), Some(i128::from(i64::MIN)));
        let most = i128::from(i64::MAX);
        assert_eq!(range(0, i64::MAX, true, 1).sum(), Some(most * (most + 1) / 2));
        assert_eq!(range(i64::MAX, 0, true, -1).sum(), Some(most * (most + 1) / 2));
        assert_eq!(range(-1, i64::MIN, true, -1).sum(), Some(-(most + 1) * (most + 2) / 2));
    }
}
