//! Where the characters of a string stand in its bytes.
//!
//! In ASCII text that is the same. Other text has to be walked along, so the heap remembers the place
//! that was asked for last: what goes through a text by index, in either direction, walks along it
//! once. Strings do not change, but their cells are used again: a collection forgets the place.

use super::Heap;
use crate::vm::object::Str;
use crate::vm::value::Value;

/// A character of a string whose place is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    string: u64,
    index: usize,
    offset: usize,
}

impl Heap {
    /// The byte position of the character at `index` of a string, or the end if `index` is the
    /// count of its characters; `None` beyond.
    pub fn byte_offset(&self, string: Value, index: usize) -> Option<usize> {
        let text = self.string_ref(string)?;
        if text.is_ascii() {
            return (index <= text.byte_len()).then_some(index);
        }
        if index > text.char_count() {
            return None;
        }
        let (from, start) =
            self.nearest(string, text, |known, _| known.abs_diff(index), text.char_count());
        let source = text.text();
        let offset = if index >= from {
            let mut behind = source[start..].char_indices();
            behind.nth(index - from).map_or(source.len(), |(offset, _)| start + offset)
        } else {
            let mut before = source[..start].char_indices();
            before.nth_back(from - index - 1).map_or(0, |(offset, _)| offset)
        };
        self.place.set(Some(Place { string: string.bits(), index, offset }));
        Some(offset)
    }

    /// The index of the character of a string that begins at a byte.
    pub fn char_index(&self, string: Value, offset: usize) -> usize {
        let Some(text) = self.string_ref(string) else { return 0 };
        if text.is_ascii() {
            return offset;
        }
        let (from, start) =
            self.nearest(string, text, |_, known| known.abs_diff(offset), text.char_count());
        let source = text.text();
        let index = if offset >= start {
            from + source[start..offset].chars().count()
        } else {
            from - source[offset..start].chars().count()
        };
        self.place.set(Some(Place { string: string.bits(), index, offset }));
        index
    }

    /// The character at `index` of a string.
    pub fn char_at(&self, string: Value, index: usize) -> Option<char> {
        let text = self.string_ref(string)?;
        if text.is_ascii() {
            return text.as_bytes().get(index).map(|byte| char::from(*byte));
        }
        let offset = self.byte_offset(string, index)?;
        text.text()[offset..].chars().next()
    }

    /// Index and offset of the known character that is the least distance away: the first, the end,
    /// or the one that was asked for last.
    fn nearest(
        &self,
        string: Value,
        text: &Str,
        distance: impl Fn(usize, usize) -> usize,
        count: usize,
    ) -> (usize, usize) {
        let last = self.place.get().filter(|place| place.string == string.bits());
        let known = [(0, 0), (count, text.byte_len())].into_iter();
        let known = known.chain(last.map(|place| (place.index, place.offset)));
        known.min_by_key(|(index, offset)| distance(*index, *offset)).unwrap_or((0, 0))
    }
}

#[cfg(test)]
mod tests {
    use crate::vm::heap::Heap;

    #[test]
    fn characters_are_found_from_wherever_the_last_one_was() {
        let mut heap = Heap::default();
        for text in ["", "a", "grün", "日本語とabc", "a\u{1f600}b"] {
            let value = heap.string(text);
            let characters: Vec<char> = text.chars().collect();
            let count = characters.len();
            for first in 0..=count {
                for second in 0..=count {
                    let start = heap.byte_offset(value, first).expect("within the text");
                    let end = heap.byte_offset(value, second).expect("within the text");
                    assert_eq!(text[..start].chars().count(), first);
                    assert_eq!(text[..end].chars().count(), second);
                    assert_eq!(heap.char_index(value, start), first);
                    assert_eq!(heap.char_index(value, end), second);
                    assert_eq!(heap.char_at(value, first), characters.get(first).copied());
                }
            }
            assert_eq!(heap.byte_offset(value, count + 1), None);
        }
    }

    #[test]
    fn a_collection_forgets_the_place() {
        let mut heap = Heap::default();
        let value = heap.string("日本語");
        assert_eq!(heap.byte_offset(value, 2), Some(6));
        assert!(heap.place.get().is_some());
        heap.collect_full(&mut |_| {});
        assert!(heap.place.get().is_none());
    }
}
