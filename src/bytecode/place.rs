//! Where the instructions of a function stand in the source.
//!
//! Only messages, traces and listings ask for that, so the places lie packed, in about two bytes each:
//! how far behind the one before a place begins, its length, and how often it is repeated.

use std::fmt;

use super::number;
use crate::diagnostics::Span;

/// The places of instructions, by the numbers of these.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Places {
    count: u32,
    packed: Box<[u8]>,
}

impl Places {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The place of an instruction.
    pub fn get(&self, index: usize) -> Option<Span> {
        self.iter().nth(index)
    }

    /// All places, in order.
    pub fn iter(&self) -> impl Iterator<Item = Span> {
        let walk = Walk { rest: &self.packed, last: Span::default(), repeats: 0 };
        walk.take(self.len())
    }

    /// Places that were packed before, so many.
    pub(super) fn from_packed(count: u32, packed: &[u8]) -> Places {
        Places { count, packed: packed.into() }
    }

    /// What they consist of.
    pub(super) fn packed(&self) -> (u32, &[u8]) {
        (self.count, &self.packed)
    }
}

impl From<&[Span]> for Places {
    fn from(spans: &[Span]) -> Places {
        let mut packed = Vec::with_capacity(spans.len() * 2 + 8);
        let mut before = 0_u32;
        let mut rest = spans;
        while let [span, behind @ ..] = rest {
            let repeats = behind.iter().take_while(|next| *next == span).count() as u64;
            rest = &behind[repeats as usize..];
            number::put_signed(&mut packed, i64::from(span.start.wrapping_sub(before) as i32));
            let length = u64::from(span.end.wrapping_sub(span.start));
            number::put(&mut packed, length << 1 | u64::from(repeats > 0));
            if repeats > 0 {
                number::put(&mut packed, repeats);
            }
            before = span.start;
        }
        Places { count: spans.len() as u32, packed: packed.into() }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

/// Goes through packed places. It ends where they make no sense.
struct Walk<'a> {
    rest: &'a [u8],
    last: Span,
    /// How often the last one is still to be given.
    repeats: u64,
}

impl Iterator for Walk<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        if self.repeats > 0 {
            self.repeats -= 1;
            return Some(self.last);
        }
        let start = self.last.start.wrapping_add(number::take_signed(&mut self.rest)? as u32);
        let length = number::take(&mut self.rest)?;
        self.last = Span::new(start, start.wrapping_add((length >> 1) as u32));
        if length & 1 == 1 {
            self.repeats = number::take(&mut self.rest)?;
        }
        Some(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(spans: &[(u32, u32)]) -> (Vec<Span>, Places) {
        let spans: Vec<Span> = spans.iter().map(|&(start, end)| Span::new(start, end)).collect();
        let places = Places::from(&spans[..]);
        (spans, places)
    }

    #[test]
    fn places_come_back() {
        let ends = u32::MAX;
        let odd = [(5, 9), (5, 9), (5, 9), (7, 7), (0, ends), (ends, ends), (ends, 3), (0, 0)];
        for spans in [&odd[..], &[], &[(0, 0); 300], &[(1 << 31, 1 << 31), (0, 1)]] {
            let (spans, places) = packed(spans);
            assert_eq!(places.iter().collect::<Vec<_>>(), spans);
            assert_eq!((places.len(), places.is_empty()), (spans.len(), spans.is_empty()));
            for (index, span) in spans.iter().enumerate() {
                assert_eq!(places.get(index), Some(*span));
            }
            assert_eq!(places.get(spans.len()), None);
        }
    }

    #[test]
    fn neighbours_take_little() {
        let (_, places) = packed(&[(1000, 1020), (1004, 1010), (1004, 1010), (1012, 1019)]);
        assert_eq!(places.packed().1.len(), 3 + 3 + 2);
    }

    #[test]
    fn what_was_not_packed_ends_early() {
        let places = Places::from_packed(3, &[2, 3, 1, 0x80]);
        assert_eq!(places.iter().count(), 2);
        assert_eq!(places.get(2), None);
        let places = Places::from_packed(3, &[2, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert_eq!(places.iter().count(), 3);
    }
}
