//! Makers of strings and byte strings.
#![expect(unsafe_code, reason = "bytes are written into raw cells")]

use std::ptr::NonNull;

use super::space::CELL_MAX;
use super::{Heap, OutOfMemory, digits, raw};
use crate::vm::object::{Bytes, Header, Piece, Str};
use crate::vm::value::{Kind, Value};

impl Heap {
    /// A string.
    pub fn string(&mut self, text: &str) -> Value {
        if let [byte] = text.as_bytes() {
            return self.character(*byte);
        }
        self.plain_string(Piece::of(text))
    }

    /// A part of a string, by bytes; `None` if it does not begin and end between characters.
    #[inline]
    pub fn substring(&mut self, text: Value, part: std::ops::Range<usize>) -> Option<Value> {
        let string = self.string_ref(text)?;
        let is_ascii = string.is_ascii();
        let part = if is_ascii {
            string.as_bytes().get(part)?
        } else {
            string.text().get(part)?.as_bytes()
        };
        // SAFETY: the bytes of a live string neither move nor change, and nothing is collected before
        // this returns.
        let bytes = unsafe { NonNull::from(part).as_ref() };
        if let [byte] = bytes {
            return Some(self.character(*byte));
        }
        if is_ascii {
            return Some(self.plain_string(Piece { bytes, characters: bytes.len() }));
        }
        // SAFETY: the part was cut out of a text between characters.
        Some(self.string(unsafe { std::str::from_utf8_unchecked(bytes) }))
    }

    /// A string. A long one keeps the memory that the text came in.
    pub fn string_owned(&mut self, text: String) -> Value {
        if text.len() <= CELL_MAX {
            return self.string(&text);
        }
        let characters = Piece::of(&text).characters;
        self.adopted_string(text.into_bytes(), characters)
    }

    /// The string of one ASCII character, made only once.
    #[inline]
    pub(super) fn character(&mut self, byte: u8) -> Value {
        let known = self.characters[usize::from(byte & 127)];
        if known.is_str() { known } else { self.new_character(byte) }
    }

    #[cold]
    fn new_character(&mut self, byte: u8) -> Value {
        let value = self.plain_string(Piece { bytes: &[byte], characters: 1 });
        self.characters[usize::from(byte & 127)] = value;
        value
    }

    /// The string of one character.
    #[inline]
    pub fn character_string(&mut self, character: char) -> Value {
        if character.is_ascii() {
            return self.character(character as u8);
        }
        self.string(character.encode_utf8(&mut [0; 4]))
    }

    /// A string with its bytes in its own cell.
    #[inline]
    fn plain_string(&mut self, text: Piece<'_>) -> Value {
        let (cell, data) = self.text_cell(text.bytes.len(), text.characters, 0);
        // SAFETY: the cell has room for the bytes, and is a string with them.
        unsafe {
            raw::copy_bytes(data, text.bytes);
            self.finish_object(Kind::Str, cell)
        }
    }

    /// A string of two texts behind each other, in its own cell.
    #[inline]
    pub(super) fn joined_string(
        &mut self,
        first: Piece<'_>,
        second: Piece<'_>,
        flags: u8,
    ) -> Value {
        let len = first.bytes.len() + second.bytes.len();
        let (cell, data) = self.text_cell(len, first.characters + second.characters, flags);
        // SAFETY: the cell has room for both, and is a string with them.
        unsafe {
            raw::copy_bytes(data, first.bytes);
            raw::copy_bytes(data.add(first.bytes.len()), second.bytes);
            self.finish_object(Kind::Str, cell)
        }
    }

    /// A cell with all of a string but its bytes, and where they have to be written.
    #[inline]
    fn text_cell(
        &mut self,
        len: usize,
        characters: usize,
        flags: u8,
    ) -> (NonNull<Header>, NonNull<u8>) {
        let flags = flags | Str::ascii_flag(len, characters);
        let start = Str::start(len == characters);
        let cell = self.cell_for(start + len, false);
        // SAFETY: the cell has room for the fixed part, the count and the bytes.
        unsafe {
            cell.cast::<Str>().write(Str::plain(Kind::Str, flags, len));
            if len != characters {
                cell.byte_add(size_of::<Str>()).cast::<usize>().write(characters);
            }
            (cell, cell.cast::<u8>().add(start))
        }
    }

    /// The string of some values behind each other, if all are strings, ints and bools.
    pub(in crate::vm) fn interpolated(
        &mut self,
        values: &[Value],
    ) -> Result<Option<Value>, OutOfMemory> {
        let Some((len, characters)) = values.iter().try_fold((0_usize, 0_usize), |sum, value| {
            let (bytes, characters) = size_of_text(*value)?;
            Some((sum.0.checked_add(bytes)?, sum.1 + characters))
        }) else {
            return Ok(None);
        };
        if len > CELL_MAX {
            self.reserve(len)?;
        }
        let (cell, mut data) = self.text_cell(len, characters, 0);
        // SAFETY: the cell has room for the texts of all values, and is a string with them.
        let string = unsafe {
            for value in values {
                data = write_text(data, *value);
            }
            self.finish_object(Kind::Str, cell)
        };
        match self.str(string).map(str::as_bytes) {
            Some([byte]) => Ok(Some(self.character(*byte))),
            _ => Ok(Some(string)),
        }
    }

    /// The strings of a list with another string between them; `None` if one of them is none.
    pub fn joined_list(
        &mut self,
        list: Value,
        separator: Value,
    ) -> Result<Option<Value>, OutOfMemory> {
        let Some(separator) = self.string_ref(separator) else { return Ok(None) };
        let items = self.list_ref(list).map_or(&[][..], |list| &list.items);
        let (separator, mut between) = (separator.piece(), Piece::of(""));
        let (mut text, mut characters) = (Vec::new(), 0);
        let mut checked = 1 << 16;
        for item in items {
            let Some(string) = self.string_ref(*item) else { return Ok(None) };
            let piece = string.piece();
            let len = text.len().saturating_add(between.bytes.len() + piece.bytes.len());
            if len > checked {
                self.reserve(len)?;
                checked = len.saturating_mul(2);
            }
            raw::push_bytes(&mut text, between.bytes);
            raw::push_bytes(&mut text, piece.bytes);
            characters += between.characters + piece.characters;
            between = separator;
        }
        if text.len() > CELL_MAX {
            return Ok(Some(self.adopted_string(text, characters)));
        }
        match *text {
            [byte] => Ok(Some(self.character(byte))),
            _ => Ok(Some(self.plain_string(Piece { bytes: &text, characters }))),
        }
    }

    /// The one string of that content that stays for good: for names and literals of code.
    pub fn intern(&mut self, text: &str) -> Value {
        use std::hash::BuildHasher;
        let hash = self.hasher().hash_one(text);
        let same = |value: &Value| raw::text_of(*value) == text;
        if let Some(value) = self.interned.find(hash, same) {
            return *value;
        }
        let value = self.string(text);
        let hasher = self.hasher.clone();
        self.interned.insert_unique(hash, value, |value| hasher.hash_one(raw::text_of(*value)));
        raw::add_flag(value, Str::INTERNED);
        value
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> Value {
        let cell = self.cell_for(size_of::<Bytes>() + bytes.len(), false);
        // SAFETY: the cell has room for the fixed part and the bytes.
        unsafe {
            cell.cast::<Str>().write(Str::plain(Kind::Bytes, 0, bytes.len()));
            raw::copy_bytes(cell.cast::<u8>().add(size_of::<Bytes>()), bytes);
            self.finish_object(Kind::Bytes, cell)
        }
    }
}

/// The bytes and the characters of the text of a string, an int or a bool.
#[inline(always)]
fn size_of_text(value: Value) -> Option<(usize, usize)> {
    let bytes = match value.kind() {
        Kind::Str => {
            // SAFETY: the value is a live string.
            let string = unsafe { raw::string_of(value) };
            return Some((string.byte_len(), string.char_count()));
        }
        Kind::Int => digits::length_of(value.bits().cast_signed()),
        Kind::Bool => bool_text(value).len(),
        _ => return None,
    };
    Some((bytes, bytes))
}

/// Writes the text of a string, an int or a bool; gives its end.
///
/// # Safety
/// As many bytes as [`size_of_text`] says may be written at `to`.
#[inline(always)]
unsafe fn write_text(to: NonNull<u8>, value: Value) -> NonNull<u8> {
    // SAFETY: promised by the caller; a string is live.
    unsafe {
        let bytes = match value.kind() {
            Kind::Int => {
                let number = value.bits().cast_signed();
                let end = to.add(digits::length_of(number));
                digits::write_before(end, number);
                return end;
            }
            Kind::Str => raw::string_of(value).as_bytes(),
            _ => bool_text(value).as_bytes(),
        };
        raw::copy_bytes(to, bytes);
        to.add(bytes.len())
    }
}

fn bool_text(value: Value) -> &'static str {
    if value.truthy() { "true" } else { "false" }
}
