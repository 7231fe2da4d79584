//! How wide text is on a terminal, and cutting and wrapping it by that.
//!
//! A text is taken apart into graphemes, which take 0 to 2 columns, and escape sequences, which take
//! none and are never cut.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What switches all colours and styles off.
const RESET: &str = "\x1b[0m";

/// A part of a text that is not taken apart further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece<'a> {
    text: &'a str,
    width: usize,
}

impl Piece<'_> {
    fn is_escape(&self) -> bool {
        self.text.starts_with('\x1b')
    }
}

/// How many columns a line takes.
pub fn width(line: &str) -> usize {
    if line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return line.len();
    }
    pieces(line).map(|piece| piece.width).sum()
}

/// The text without escape sequences.
pub fn strip(text: &str) -> String {
    pieces(text).filter(|piece| !piece.is_escape()).map(|piece| piece.text).collect()
}

/// The line cut down to so many columns, with `end` instead of what is missing.
pub fn truncate(line: &str, columns: usize, end: &str) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let (end, room) = match columns.checked_sub(width(end)) {
        Some(room) => (end, room),
        None => ("", columns),
    };
    let (mut cut, mut used, mut has_style) = (String::new(), 0, false);
    for piece in pieces(line) {
        if used + piece.width > room {
            break;
        }
        used += piece.width;
        has_style |= piece.is_escape();
        cut.push_str(piece.text);
    }
    cut.push_str(end);
    if has_style {
        cut.push_str(RESET);
    }
    cut
}

/// The text as lines of at most so many columns. Lines are broken between words where that can be;
/// line breaks of the text stay.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.split('\n').flat_map(|paragraph| wrap_paragraph(paragraph, columns)).collect()
}

fn wrap_paragraph(paragraph: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in paragraph.split_whitespace() {
        let mut wide = width(word);
        if used > 0 && used + 1 + wide > columns {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        // A word that no line has room for is broken where the lines end.
        if wide > columns {
            for piece in pieces(word) {
                if used + piece.width > columns && used > 0 {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push_str(piece.text);
                used += piece.width;
            }
            wide = 0;
        } else {
            line.push_str(word);
        }
        used += wide;
    }
    lines.push(line);
    lines
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let length = match escape_length(rest) {
            0 => rest.graphemes(true).next()?.len(),
            length => length,
        };
        let (text, behind) = rest.split_at(length);
        rest = behind;
        let is_invisible = text.starts_with(char::is_control);
        let width = if is_invisible { 0 } else { text.width().min(2) };
        Some(Piece { text, width })
    })
}

/// The length of the escape sequence that the text begins with; 0 if it begins with none.
fn escape_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&0x1b) {
        return 0;
    }
    match bytes.get(1) {
        // A control sequence: parameters, then one byte that says what it is.
        Some(b'[') => {
            let parameters = bytes[2..].iter().take_while(|byte| (0x20..=0x3f).contains(*byte));
            let end = 2 + parameters.count();
            if bytes.get(end).is_some_and(|byte| (0x40..=0x7e).contains(byte)) {
                end + 1
            } else {
                end
            }
        }
        // A command to the system, such as a link: up to a bell or to `ESC \`.
        Some(b']') => {
            let bell = text.find('\x07').map(|at| at + 1);
            let stop = text[2..].find("\x1b\\").map(|at| at + 4);
            bell.into_iter().chain(stop).min().unwrap_or(text.len())
        }
        Some(byte) if byte.is_ascii() => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_counts_columns() {
        let cases = [
            ("", 0),
            ("plain", 5),
            ("日本語", 6),
            ("e\u{301}", 1),
            ("👩‍👩‍👧", 2),
            ("🇩🇪", 2),
            ("\x1b[1;31mred\x1b[0m", 3),
            ("\x1b]8;;https://example.com\x07link\x1b]8;;\x1b\\", 4),
            ("a\tb\u{200b}", 2),
            ("\x1b", 0),
            ("\x1b[", 0),
            ("\x1b[31", 0),
            ("\x1bé", 1),
        ];
        for (text, expected) in cases {
            assert_eq!(width(text), expected, "{text:?}");
        }
    }

    #[test]
    fn truncating_keeps_to_the_width() {
        assert_eq!(truncate("hello", 5, "…"), "hello");
        assert_eq!(truncate("hello!", 5, "…"), "hell…");
        assert_eq!(truncate("日本語", 5, "…"), "日本…");
        assert_eq!(truncate("日本語", 4, "…"), "日…");
        assert_eq!(truncate("\x1b[31mhello!\x1b[0m", 3, "…"), "\x1b[31mhe…\x1b[0m");
        assert_eq!(truncate("hello", 1, "..."), "h");
        assert_eq!(truncate("hello", 0, "…"), "");
    }

    #[test]
    fn wrapping_breaks_between_words() {
        assert_eq!(wrap("the quick  brown fox", 9), ["the quick", "brown fox"]);
        assert_eq!(wrap("one\n\ntwo", 20), ["one", "", "two"]);
        assert_eq!(wrap("an incomprehensible word", 8), ["an", "incompre", "hensible", "word"]);
        assert_eq!(wrap("a bbbbbbbbbb c", 4), ["a", "bbbb", "bbbb", "bb c"]);
        assert_eq!(wrap("日本語", 1), ["日", "本", "語"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn stripping_leaves_the_text() {
        assert_eq!(strip("\x1b[1mbold\x1b[22m and \x1b]0;t\x07more"), "bold and more");
    }
}
