//! Reading, fast: what is JSON beyond doubt becomes values in one pass over the bytes.
//!
//! Whatever this reader does not like it leaves to the one in `parse.rs`, which says what is wrong and
//! where, or knows better. It keeps the containers that are open in a list of its own, so depth costs
//! no native stack. No collection runs meanwhile, so values may be kept outside the heap.

use crate::vm::key::{KeyCache, TextKey};
use crate::vm::{Value, Vm};

/// So many values are made between two looks at what else there is to do.
const CHECK_EVERY: u32 = 1024;
/// The bytes of so many values, as far as the collector is concerned.
const CHECK_BYTES: usize = 64 << 10;
/// A document of so many bytes may have another key that comes again.
const BYTES_PER_KEY: usize = 64;
/// Strings of up to so many bytes are shared.
const WORD_MAX: usize = 8;
/// So many keys of an object are expected to come again in the next one.
const EXPECTED_MAX: usize = 64;
/// Ints of so many digits fit into 64 bits.
const INT_DIGITS: usize = 18;

/// The value of a text, if it is JSON beyond doubt and nested at most `depth` deep.
pub(super) fn read(vm: &mut Vm, text: &str, depth: usize) -> Option<Value> {
    let keys = KeyCache::with_room(text.len() / BYTES_PER_KEY);
    let words = KeyCache::with_room(text.len() / BYTES_PER_KEY);
    let mut reader = Reader {
        vm,
        text,
        at: 0,
        keys,
        words,
        items: Vec::new(),
        entries: Vec::new(),
        open: Vec::new(),
        shapes: Vec::new(),
        depth,
        made: 0,
        unescaped: String::new(),
    };
    reader.document()
}

/// A container that is being read.
enum Open {
    /// A list, with the number of its first item.
    List(usize),
    /// An object, with the number of its first entry, and the key of the one that is being read.
    Object(usize, TextKey),
}

/// A key that is expected to come again.
#[derive(Clone, Copy)]
struct Expected {
    key: TextKey,
    /// The bytes of the key.
    length: usize,
    /// The key and the quote behind it as they stand in the text, if that is no more than a word, in the bits
    /// that `mask` has; else the mask is 0.
    word: u64,
    mask: u64,
}

impl Expected {
    fn new(key: TextKey, text: &str) -> Expected {
        let (length, mut bytes) = (text.len(), [0; 8]);
        if length >= bytes.len() {
            return Expected { key, length, word: 0, mask: 0 };
        }
        bytes[..length].copy_from_slice(text.as_bytes());
        bytes[length] = b'"';
        let mask = u64::MAX >> (8 * (bytes.len() - 1 - length));
        Expected { key, length, word: u64::from_le_bytes(bytes), mask }
    }
}

/// The keys of the object that was read last at a depth: the next one often has the same.
#[derive(Default)]
struct Shape {
    keys: Vec<Expected>,
    /// So many of them, from the first on, are known to be different from each other.
    different: usize,
}

struct Reader<'a> {
    vm: &'a mut Vm,
    text: &'a str,
    at: usize,
    keys: KeyCache,
    /// Short strings that are no keys: many documents have few words, but many times.
    words: KeyCache,
    /// The elements of the lists that are open, outermost first.
    items: Vec<Value>,
    /// The entries of the objects that are open.
    entries: Vec<(TextKey, Value)>,
    open: Vec<Open>,
    shapes: Vec<Shape>,
    depth: usize,
    made: u32,
    unescaped: String,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Option<Value> {
        loop {
            self.made += 1;
            if self.made.is_multiple_of(CHECK_EVERY) {
                self.look()?;
            }
            let mut value = match self.token()? {
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b'{' => match self.begin_object()? {
                    Some(empty) => empty,
                    None => continue,
                },
                b'[' => match self.begin_list()? {
                    Some(empty) => empty,
                    None => continue,
                },
                b't' => self.word("true", Value::bool(true))?,
                b'f' => self.word("false", Value::bool(false))?,
                b'n' => self.word("null", Value::null())?,
                _ => return None,
            };
            // The value may be the last one of a container, which then is a value itself.
            loop {
                match self.open.last() {
                    None => return self.token().is_none().then_some(value),
                    Some(Open::List(first)) => {
                        let first = *first;
                        self.items.push(value);
                        match self.token()? {
                            b',' => {
                                self.at += 1;
                                break;
                            }
                            b']' => value = self.end_list(first)?,
                            _ => return None,
                        }
                    }
                    Some(Open::Object(first, key)) => {
                        let (first, key) = (*first, *key);
                        self.entries.push((key, value));
                        match self.token()? {
                            b',' => {
                                self.at += 1;
                                let key = self.key(self.entries.len() - first)?;
                                *self.open.last_mut()? = Open::Object(first, key);
                                break;
                            }
                            b'}' => value = self.end_object(first)?,
                            _ => return None,
                        }
                    }
                }
            }
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no blank.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            let byte = self.byte()?;
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += word.len();
        rest.starts_with(word.as_bytes()).then_some(value)
    }

    /// Looks at the limit of memory and whether the program has to end, and lets the collector get on.
    #[cold]
    fn look(&mut self) -> Option<()> {
        self.vm.heap.assist(CHECK_BYTES);
        (!self.vm.heap.over_limit() && !self.vm.has_to_stop()).then_some(())
    }

    /// Begins with a list; gives it if it is empty.
    fn begin_list(&mut self) -> Option<Option<Value>> {
        self.at += 1;
        if self.open.len() == self.depth {
            return None;
        }
        if self.token()? == b']' {
            return self.end_of_list(self.items.len()).map(Some);
        }
        self.open.push(Open::List(self.items.len()));
        Some(None)
    }

    fn end_list(&mut self, first: usize) -> Option<Value> {
        self.open.pop();
        self.end_of_list(first)
    }

    fn end_of_list(&mut self, first: usize) -> Option<Value> {
        self.at += 1;
        let list = self.vm.heap.list_of(&self.items[first..]);
        self.items.truncate(first);
        Some(list)
    }

    /// Begins with an object; gives it if it is empty.
    fn begin_object(&mut self) -> Option<Option<Value>> {
        self.at += 1;
        if self.open.len() == self.depth {
            return None;
        }
        if self.token()? == b'}' {
            self.at += 1;
            return Some(Some(self.vm.heap.map_of(&[])));
        }
        if self.shapes.len() == self.open.len() {
            self.shapes.push(Shape::default());
        } else if self.shapes.len() < self.open.len() {
            self.shapes.resize_with(self.open.len() + 1, Shape::default);
        }
        let first = self.entries.len();
        // The place of the key is that of the innermost object.
        let key = self.key_at(self.open.len(), 0)?;
        self.open.push(Open::Object(first, key));
        Some(None)
    }

    /// The key of the innermost object's entry of that number, up to the value.
    fn key(&mut self, number: usize) -> Option<TextKey> {
        self.key_at(self.open.len() - 1, number)
    }

    fn key_at(&mut self, depth: usize, number: usize) -> Option<TextKey> {
        if self.token()? != b'"' {
            return None;
        }
        let key = self.expected(depth, number).or_else(|| self.new_key(depth, number))?;
        if self.token()? != b':' {
            return None;
        }
        self.at += 1;
        Some(key)
    }

    /// The key, if it is the one that the last object had in this place.
    #[inline]
    fn expected(&mut self, depth: usize, number: usize) -> Option<TextKey> {
        let Expected { key, length, word, mask } = *self.shapes[depth].keys.get(number)?;
        let rest = &self.text.as_bytes()[self.at + 1..];
        let is_it = match rest.first_chunk() {
            Some(eight) if mask != 0 => u64::from_le_bytes(*eight) & mask == word,
            _ => {
                let name = self.vm.heap.str(key.value())?.as_bytes();
                rest.get(length) == Some(&b'"') && rest.starts_with(name)
            }
        };
        self.at += if is_it { length + 2 } else { 0 };
        is_it.then_some(key)
    }

    #[inline(never)]
    fn new_key(&mut self, depth: usize, number: usize) -> Option<TextKey> {
        let plain = self.plain()?;
        let key = self.vm.heap.text_key(&mut self.keys, plain.unwrap_or(&self.unescaped));
        let shape = &mut self.shapes[depth];
        shape.keys.truncate(number);
        shape.different = shape.different.min(number);
        // A key with escapes does not stand in the text as it is.
        if let Some(text) = plain
            && shape.keys.len() == number
            && number < EXPECTED_MAX
        {
            shape.keys.push(Expected::new(key, text));
        }
        Some(key)
    }

    fn end_object(&mut self, first: usize) -> Option<Value> {
        self.at += 1;
        self.open.pop();
        let entries = &self.entries[first..];
        let shape = &mut self.shapes[self.open.len()];
        let map = if entries.len() <= shape.different {
            self.vm.heap.map_of_different(entries)
        } else {
            let map = self.vm.heap.map_of(entries);
            let all = self.vm.heap.map_ref(map).is_some_and(|map| map.len() == entries.len());
            if all && shape.keys.len() == entries.len() {
                shape.different = entries.len();
            }
            map
        };
        self.entries.truncate(first);
        Some(map)
    }

    /// The string that begins here, as a value.
    fn string(&mut self) -> Option<Value> {
        match self.plain()? {
            Some(text) if text.len() <= WORD_MAX => {
                Some(self.vm.heap.text_key(&mut self.words, text).value())
            }
            Some(text) => Some(self.vm.heap.string(text)),
            None => Some(self.vm.heap.string(&self.unescaped)),
        }
    }

    /// The string that begins here, if it stands in the text as it is; else it is in `unescaped`.
    #[inline]
    fn plain(&mut self) -> Option<Option<&'a str>> {
        let start = self.at + 1;
        let end = string_stop(self.text.as_bytes(), start)?;
        if self.text.as_bytes()[end] != b'"' {
            return self.unescape(start, end).map(|()| None);
        }
        self.at = end + 1;
        Some(Some(&self.text[start..end]))
    }

    /// Reads on behind the first part of a string, which ends before what is no plain byte.
    #[cold]
    fn unescape(&mut self, mut start: usize, mut stop: usize) -> Option<()> {
        self.unescaped.clear();
        loop {
            self.unescaped.push_str(&self.text[start..stop]);
            self.at = stop + 1;
            match self.text.as_bytes()[stop] {
                b'"' => return Some(()),
                b'\\' => {
                    let character = self.escape()?;
                    self.unescaped.push(character);
                }
                _ => return None,
            }
            start = self.at;
            stop = string_stop(self.text.as_bytes(), start)?;
        }
    }

    /// The character that stands behind a backslash.
    fn escape(&mut self) -> Option<char> {
        let byte = self.byte()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    return char::from_u32(unit);
                }
                if !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
                    return None;
                }
                self.at += 2;
                let low = self.unit().filter(|low| (0xdc00..0xe000).contains(low))?;
                return char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            }
            _ => return None,
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
        self.at += 4;
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        digits.iter().try_fold(0, |unit, byte| Some(unit << 4 | digit(byte)?))
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        let negative = self.byte()? == b'-';
        self.at += usize::from(negative);
        let first = self.at;
        let mut number: i64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            number = number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - first;
        let leads_with_zero = self.text.as_bytes().get(first) == Some(&b'0');
        if digits == 0 || digits > 1 && leads_with_zero {
            return None;
        }
        if matches!(self.byte(), Some(b'.' | b'e' | b'E')) {
            return self.float(start);
        }
        if digits <= INT_DIGITS && !(negative && number == 0) {
            return Some(Value::int(if negative { -number } else { number }));
        }
        // A zero with a sign is a float, and so is what 64 bits do not hold.
        let text = &self.text[start..self.at];
        match text.parse::<i64>() {
            Ok(number) if number != 0 => Some(Value::int(number)),
            _ => finite(text),
        }
    }

    /// A float whose digits before the point have been passed.
    fn float(&mut self, start: usize) -> Option<Value> {
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        finite(&self.text[start..self.at])
    }

    /// Goes past digits, of which there is at least one.
    fn digits(&mut self) -> Option<()> {
        let first = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > first).then_some(())
    }
}

fn finite(text: &str) -> Option<Value> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::float)
}

/// The place of the first byte at or behind `at` that a string cannot have as it is: a quote, a
/// backslash or a control character.
#[inline]
pub(super) fn string_stop(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(eight) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
        let stops = stops(u64::from_le_bytes(eight));
        if stops != 0 {
            return Some(at + stops.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let stop = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    Some(at + stop)
}

/// The top bit of the lowest of eight bytes that is a quote, a backslash or a control character is set.
/// Bits above it may be set as well.
#[inline(always)]
const fn stops(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let quote = eight ^ (ONES * b'"' as u64);
    let backslash = eight ^ (ONES * b'\\' as u64);
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (eight.wrapping_sub(ONES * 0x20) & !eight);
    found & ONES << 7
}

#[cfg(test)]
#[path = "read_test.rs"]
mod read_test;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_found_wherever_it_is() {
        for stop in 0..=255_u8 {
            for place in 0..20 {
                let mut bytes = vec![b'x'; 20];
                bytes[(place * 7 + 3) % 20] = 0xff;
                bytes[place] = stop;
                let found = string_stop(&bytes, 0);
                let is_stop = stop < 0x20 || stop == b'"' || stop == b'\\';
                assert_eq!(found, is_stop.then_some(place), "{stop:#x} at {place}");
            }
        }
    }
}
