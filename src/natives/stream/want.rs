//! What a read waits for, and how that is found in the bytes that have come.

use crate::vm::Value;

/// What a read waits for.
#[derive(Clone, Debug)]
pub enum Want {
    /// Anything, but no more than this.
    Some(usize),
    /// This many bytes.
    Exact(usize),
    /// Everything up to these bytes, which come within so many.
    Until(Vec<u8>, usize),
    /// Everything.
    All,
    /// Everything, as text.
    Text,
    /// A line.
    Line(LineWant),
}

/// What a line has to be like.
#[derive(Clone, Copy, Debug)]
pub struct LineWant {
    /// The most bytes it may have.
    pub max: usize,
    /// Whether what is no UTF-8 is replaced.
    pub lossy: bool,
    /// What there is at the end instead of `StopIteration`; unset for that.
    pub at_end: Value,
}

/// What stands in the buffer.
pub(super) enum Found {
    /// Not enough yet.
    Nothing,
    /// This many bytes are the result.
    Bytes(usize),
    /// These many are the content of a line, and so many have to be taken for it.
    Line(usize, usize),
    /// More than allowed, without an end in sight.
    TooLong(usize),
}

impl Want {
    /// Looks for what is wanted at the front of `bytes`.
    pub(super) fn find(&self, bytes: &[u8], scanned: &mut usize) -> Found {
        match self {
            Want::Some(max) if !bytes.is_empty() => Found::Bytes(bytes.len().min(*max)),
            Want::Exact(n) if bytes.len() >= *n => Found::Bytes(*n),
            Want::Until(separator, max) => until(bytes, separator, *max, scanned),
            Want::Line(want) => line(bytes, want.max, scanned),
            Want::Some(_) | Want::Exact(_) | Want::All | Want::Text => Found::Nothing,
        }
    }
}

fn until(bytes: &[u8], separator: &[u8], max: usize, scanned: &mut usize) -> Found {
    // A separator may have begun at the end of what was looked at before.
    let from = scanned.saturating_sub(separator.len() - 1);
    match memchr::memmem::find(&bytes[from..], separator) {
        Some(place) if from + place + separator.len() <= max => {
            Found::Bytes(from + place + separator.len())
        }
        Some(_) => Found::TooLong(max),
        None if bytes.len() >= max => Found::TooLong(max),
        None => {
            *scanned = bytes.len();
            Found::Nothing
        }
    }
}

fn line(bytes: &[u8], max: usize, scanned: &mut usize) -> Found {
    match memchr::memchr(b'\n', &bytes[*scanned..]) {
        Some(place) => {
            let end = *scanned + place;
            let content = if bytes[..end].ends_with(b"\r") { end - 1 } else { end };
            if content > max { Found::TooLong(max) } else { Found::Line(content, end + 1) }
        }
        // Its end may be two more bytes.
        None if bytes.len() > max.saturating_add(1) => Found::TooLong(max),
        None => {
            *scanned = bytes.len();
            Found::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found when `text` comes one byte after the other: how much was needed, the length of
    /// the result, and how much is taken.
    fn piecemeal(
        text: &[u8],
        find: impl Fn(&[u8], &mut usize) -> Found,
    ) -> Option<(usize, usize, usize)> {
        let mut scanned = 0;
        for needed in 0..=text.len() {
            match find(&text[..needed], &mut scanned) {
                Found::Nothing => {}
                Found::Bytes(count) => return Some((needed, count, count)),
                Found::Line(count, taken) => return Some((needed, count, taken)),
                Found::TooLong(_) => return Some((needed, usize::MAX, 0)),
            }
        }
        None
    }

    #[test]
    fn a_separator_is_found_wherever_the_pieces_end() {
        let find = |bytes: &[u8], scanned: &mut usize| until(bytes, b"\r\n\r\n", 20, scanned);
        assert_eq!(piecemeal(b"GET /\r\n\r\nmore", find), Some((9, 9, 9)));
        assert_eq!(piecemeal(b"\r\n\r\r\n\r\n", find), Some((7, 7, 7)));
        assert_eq!(piecemeal(b"no end", find), None);
        assert_eq!(piecemeal(&[b'x'; 30], find), Some((20, usize::MAX, 0)), "the limit holds");
        let mut scanned = 0;
        let late = until(b"0123456789012345678\r\n\r\n", b"\r\n\r\n", 20, &mut scanned);
        assert!(matches!(late, Found::TooLong(20)), "however much came at once");
    }

    #[test]
    fn lines_end_with_either_kind_of_end() {
        let find = |bytes: &[u8], scanned: &mut usize| line(bytes, 5, scanned);
        assert_eq!(piecemeal(b"ab\ncd", find), Some((3, 2, 3)));
        assert_eq!(piecemeal(b"ab\r\ncd", find), Some((4, 2, 4)));
        assert_eq!(piecemeal(b"\n", find), Some((1, 0, 1)));
        assert_eq!(piecemeal(b"12345\r\n", find), Some((7, 5, 7)), "ends do not count");
        assert_eq!(piecemeal(b"123456\n", find).map(|found| found.1), Some(usize::MAX));
        assert_eq!(piecemeal(b"1234567890", find), Some((7, usize::MAX, 0)));
        assert_eq!(piecemeal(b"abc", find), None);
    }

    #[test]
    fn exact_and_some_take_no_more_than_wanted() {
        let find = |want: Want| move |bytes: &[u8], scanned: &mut usize| want.find(bytes, scanned);
        assert_eq!(piecemeal(b"abcdef", find(Want::Exact(4))), Some((4, 4, 4)));
        assert_eq!(piecemeal(b"abc", find(Want::Exact(4))), None);
        assert_eq!(piecemeal(b"", find(Want::Exact(0))), Some((0, 0, 0)));
        let mut scanned = 0;
        assert!(matches!(Want::Some(4).find(b"abcdef", &mut scanned), Found::Bytes(4)));
        assert!(matches!(Want::All.find(b"abcdef", &mut scanned), Found::Nothing));
    }
}
