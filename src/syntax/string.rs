//! What stands inside string literals: escapes, and the indentation of triple strings.

use std::ops::Range;

/// A fault inside a string literal, at byte offsets of the source.
#[derive(Clone, Debug, PartialEq)]
pub struct EscapeError {
    /// Where it stands.
    pub range: Range<usize>,
    /// What is wrong.
    pub title: String,
    /// What to write.
    pub help: &'static str,
}

const ESCAPES: &str = "known are \\n \\r \\t \\0 \\b \\f \\\\ \\\" \\' \\/ \\$ \\x41 \\u0041 \\u{1F600}; a raw string r\"…\" has none";
const BYTE_ESCAPES: &str = "known are \\n \\r \\t \\0 \\b \\f \\\\ \\\" \\' and \\x00 to \\xff";

/// Resolves the escapes of `source[range]` and appends the text to `out`.
pub fn unescape(
    source: &str,
    range: Range<usize>,
    out: &mut String,
    errors: &mut Vec<EscapeError>,
) {
    let end = range.end;
    let mut at = range.start;
    while at < end {
        let rest = &source[at..end];
        let plain = rest.find(['\\', '\r']).unwrap_or(rest.len());
        out.push_str(&rest[..plain]);
        at += plain;
        if at == end {
            return;
        }
        if source.as_bytes()[at] == b'\r' {
            // The line break of a triple string is one character on every system.
            if !source[at + 1..end].starts_with('\n') {
                out.push('\r');
            }
            at += 1;
            continue;
        }
        if let Some(length) = joined_lines(&source[at..end]) {
            at += length;
            continue;
        }
        let (length, result) = escape(&source[at..end]);
        match result {
            Ok(c) => out.push(c),
            Err(title) => errors.push(EscapeError { range: at..at + length, title, help: ESCAPES }),
        }
        at += length;
    }
}

/// The length of a `\` at the end of its line, which joins the next line to this one.
fn joined_lines(text: &str) -> Option<usize> {
    let rest = &text[1..];
    let line_break = if rest.starts_with("\r\n") { 2 } else { 1 };
    (line_break == 2 || rest.starts_with('\n')).then_some(1 + line_break)
}

/// One escape at the beginning of `text`: its length and its character.
fn escape(text: &str) -> (usize, Result<char, String>) {
    let Some(letter) = text[1..].chars().next() else {
        return (1, Err("a `\\` at the end of the text".into()));
    };
    if let Some(c) = simple(letter) {
        return (2, Ok(c));
    }
    match letter {
        '/' | '$' => (2, Ok(letter)),
        'x' => hex_escape(text, 0x7f),
        'u' if text[2..].starts_with('{') => braced(text),
        'u' => utf16(text),
        _ => (1 + letter.len_utf8(), Err(format!("unknown escape `\\{letter}`"))),
    }
}

fn simple(letter: char) -> Option<char> {
    Some(match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '\\' | '"' | '\'' => letter,
        _ => return None,
    })
}

fn hex_escape(text: &str, max: u32) -> (usize, Result<char, String>) {
    match hex(text, 2, 2) {
        Some(value) if value <= max => {
            (4, Ok(char::from_u32(value).expect("at most two hex digits are always a character")))
        }
        Some(value) => (4, Err(format!("`\\x{value:02x}` is above `\\x7f`"))),
        None => (2, Err("`\\x` needs two hex digits".into())),
    }
}

fn hex(text: &str, from: usize, count: usize) -> Option<u32> {
    let digits = text.get(from..from + count)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// `\u{1F600}`
fn braced(text: &str) -> (usize, Result<char, String>) {
    let Some(length) = text[3..].bytes().position(|byte| !byte.is_ascii_hexdigit()) else {
        return (text.len(), Err("`\\u{` without `}`".into()));
    };
    let end = 3 + length;
    if text.as_bytes()[end] != b'}' || !(1..=6).contains(&length) {
        return (end, Err("`\\u{…}` takes one to six hex digits".into()));
    }
    let value = hex(text, 3, length).and_then(char::from_u32);
    (end + 1, value.ok_or_else(|| format!("`{}` is no character", &text[..=end])))
}

/// `\u0041`, with two of them for what is beyond 16 bits, as JSON has it.
fn utf16(text: &str) -> (usize, Result<char, String>) {
    let Some(first) = hex(text, 2, 4) else {
        return (2, Err("`\\u` needs four hex digits, or braces".into()));
    };
    if let Some(c) = char::from_u32(first) {
        return (6, Ok(c));
    }
    let second = if text[6..].starts_with("\\u") { hex(text, 8, 4) } else { None };
    match second {
        Some(second) if first < 0xdc00 && (0xdc00..0xe000).contains(&second) => {
            let value = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            (12, Ok(char::from_u32(value).expect("a surrogate pair is always a character")))
        }
        _ => (6, Err(format!("`{}` is half of a pair and stands alone", &text[..6]))),
    }
}

/// Resolves the escapes of a byte string.
pub fn unescape_bytes(
    source: &str,
    range: Range<usize>,
    errors: &mut Vec<EscapeError>,
) -> Box<[u8]> {
    let mut out = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let rest = &source[at..range.end];
        let c = rest.chars().next().expect("the range is not empty here");
        let (length, result) = match c {
            '\\' => byte_escape(rest),
            c if c.is_ascii() => (1, Ok(c as u8)),
            c => (c.len_utf8(), Err(format!("`{c}` is no single byte"))),
        };
        match result {
            Ok(byte) => out.push(byte),
            Err(title) => {
                errors.push(EscapeError { range: at..at + length, title, help: BYTE_ESCAPES });
            }
        }
        at += length;
    }
    out.into_boxed_slice()
}

fn byte_escape(text: &str) -> (usize, Result<u8, String>) {
    let Some(letter) = text[1..].chars().next() else {
        return (1, Err("a `\\` at the end of the text".into()));
    };
    if letter == 'x' {
        let (length, result) = hex_escape(text, 0xff);
        return (length, result.map(|c| c as u32 as u8));
    }
    match simple(letter) {
        Some(c) => (2, Ok(c as u8)),
        None => (1 + letter.len_utf8(), Err(format!("unknown escape `\\{letter}`"))),
    }
}

/// What is kept of each segment of a triple string: the segments are the texts between the
/// quotes and the interpolations, as ranges of the source. The newline after the opening and the
/// one before the closing line go, and the indentation that all lines share.
pub fn dedent(source: &str, segments: &[Range<usize>]) -> Vec<Vec<Range<usize>>> {
    let mut lines = Lines::collect(source, segments);
    let indent = lines.indent(source);
    let mut kept = vec![Vec::new(); segments.len()];
    for line in &mut lines.0 {
        let mut range = line.range.clone();
        if line.begins {
            let text = &source[range.clone()];
            let shared = text.bytes().zip(indent.bytes()).take_while(|(a, b)| a == b).count();
            range.start += shared;
        }
        if line.closing {
            continue;
        }
        kept[line.segment].push(range);
    }
    drop_last_break(source, &lines, &mut kept);
    kept
}

/// A piece of a line that lies in one segment; its line break belongs to it.
struct Piece {
    segment: usize,
    range: Range<usize>,
    /// It stands at the beginning of its line.
    begins: bool,
    /// It is nothing but the indentation of the closing quotes.
    closing: bool,
    /// There is nothing to see on it.
    blank: bool,
}

struct Lines(Vec<Piece>);

impl Lines {
    fn collect(source: &str, segments: &[Range<usize>]) -> Lines {
        let mut pieces = Vec::new();
        for (segment, range) in segments.iter().enumerate() {
            let mut at = range.start;
            let mut begins = false;
            if segment == 0 {
                let text = &source[range.clone()];
                let skipped = if text.starts_with("\r\n") { 2 } else { 1 };
                if text.starts_with('\n') || skipped == 2 {
                    at += skipped;
                    begins = true;
                }
            }
            loop {
                let rest = &source[at..range.end];
                let line_end = memchr::memchr(b'\n', rest.as_bytes());
                let end = line_end.map_or(range.end, |length| at + length + 1);
                let is_blank = source[at..end].trim().is_empty();
                let is_last = segment + 1 == segments.len() && line_end.is_none();
                pieces.push(Piece {
                    segment,
                    range: at..end,
                    begins,
                    closing: begins && is_last && is_blank,
                    blank: is_blank && line_end.is_some(),
                });
                if line_end.is_none() {
                    break;
                }
                at = end;
                begins = true;
            }
        }
        Lines(pieces)
    }

    /// The longest run of blanks with which every line that counts begins.
    fn indent(&self, source: &str) -> String {
        let mut indent: Option<&str> = None;
        for piece in self.0.iter().filter(|piece| piece.begins && !piece.blank) {
            let text = &source[piece.range.clone()];
            let own = &text[..text.len() - text.trim_start_matches([' ', '\t']).len()];
            indent = Some(match indent {
                None => own,
                Some(known) => {
                    let shared = known.bytes().zip(own.bytes()).take_while(|(a, b)| a == b);
                    &known[..shared.count()]
                }
            });
        }
        indent.unwrap_or("").to_string()
    }
}

/// Takes away the line break before the closing line.
fn drop_last_break(source: &str, lines: &Lines, kept: &mut [Vec<Range<usize>>]) {
    if !lines.0.last().is_some_and(|piece| piece.closing) {
        return;
    }
    if let Some(range) = kept.last_mut().and_then(|ranges| ranges.last_mut()) {
        let text = &source[range.clone()];
        let without = text.strip_suffix("\r\n").or(text.strip_suffix('\n')).unwrap_or(text);
        range.end = range.start + without.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> Result<String, String> {
        let (mut out, mut errors) = (String::new(), Vec::new());
        unescape(source, 0..source.len(), &mut out, &mut errors);
        errors.into_iter().next().map_or(Ok(out), |error| Err(error.title))
    }

    #[test]
    fn escapes() {
        assert_eq!(text(r"a\n\t\\\$\/\x41"), Ok("a\n\t\\$/A".into()));
        assert_eq!(text(r"\u00e9\ud83d\ude00\u{1F600}"), Ok("é😀😀".into()));
        for bad in
            [r"\q", r"\x80", r"\xg0", r"\ud83d", r"\u12", r"\u{}", r"\u{110000}", "\\", r"\é"]
        {
            assert!(text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_take_all_values() {
        let mut errors = Vec::new();
        assert_eq!(*unescape_bytes(r"\x00\xffa\n", 0..11, &mut errors), [0, 255, b'a', 10]);
        assert!(errors.is_empty());
        unescape_bytes("é", 0..2, &mut errors);
        assert_eq!(errors.len(), 1);
    }

    fn dedented(parts: &[&str]) -> Vec<String> {
        let source = parts.join("${}");
        let mut segments = Vec::new();
        let mut at = 0;
        for part in parts {
            segments.push(at..at + part.len());
            at += part.len() + 3;
        }
        let kept = dedent(&source, &segments);
        let join = |ranges: &Vec<Range<usize>>| {
            ranges.iter().map(|range| &source[range.clone()]).collect::<String>()
        };
        kept.iter().map(join).collect()
    }

    #[test]
    fn indentation_goes() {
        assert_eq!(dedented(&["\n    a\n      b\n\n    c\n    "]), ["a\n  b\n\nc"]);
        assert_eq!(dedented(&["\n    a\n  "]), ["  a"]);
        assert_eq!(dedented(&["a\n    b"]), ["a\nb"]);
        assert_eq!(dedented(&["one line"]), ["one line"]);
        assert_eq!(dedented(&["\n"]), [""]);
        assert_eq!(dedented(&["\n  a ", " b\n  ", "\n  "]), ["a ", " b\n", ""]);
        assert_eq!(dedented(&["\r\n  a\r\n  "]), ["a"]);
    }
}
