//! Appending to strings in place.
//!
//! `s += x` in a loop would copy all of `s` each time. The second time that a string made by
//! appending is appended to, its bytes move into a room with spare capacity; from then on only what
//! is added is copied, as long as the left string ends where the room's used part ends.
//!
//! A long text that is made elsewhere brings its memory with it and is not copied either.
#![expect(unsafe_code, reason = "rooms are raw memory behind a head")]

use std::ptr::NonNull;

use super::{Heap, OutOfMemory, raw};
use crate::vm::object::{Header, Room, Str, StrParts};
use crate::vm::value::{Kind, Value};

/// Shorter strings are cheaper to copy.
const ROOM_MIN: usize = 128;

impl Heap {
    /// The string `left` followed by the string `right`; `null` if one of them is none.
    pub fn append(&mut self, left: Value, right: Value) -> Result<Value, OutOfMemory> {
        if !left.is_str() || !right.is_str() {
            return Ok(Value::null());
        }
        // SAFETY: both are live strings, and nothing is collected before this returns.
        let text = unsafe { raw::string_of(right) };
        self.append_text(left, text.text())
    }

    /// The string `left` followed by `right`.
    pub fn append_str(&mut self, left: Value, right: &str) -> Result<Value, OutOfMemory> {
        if !left.is_str() {
            return Ok(Value::null());
        }
        self.append_text(left, right)
    }

    fn append_text(&mut self, left: Value, right: &str) -> Result<Value, OutOfMemory> {
        // SAFETY: `left` is a live string, and nothing is collected before this returns.
        let string = unsafe { raw::string_of(left) };
        if right.is_empty() {
            return Ok(left);
        }
        if string.byte_len() == 0 {
            return Ok(self.string(right));
        }
        let ascii = string.is_ascii() && right.is_ascii();
        let len = string.byte_len() + right.len();
        if let Some(room) = string.room()
            && self.extend_room(room, string, right)
        {
            return Ok(self.shared_string(room, len, ascii, string, right));
        }
        if len < ROOM_MIN || !string.header().has(Str::APPENDED) {
            return self.joined(string, right, ascii);
        }
        let room = self.new_room(string, len)?;
        let extended = self.extend_room(room, string, right);
        debug_assert!(extended, "a new room ends where its string ends and has room for as much");
        Ok(self.shared_string(room, len, ascii, string, right))
    }

    /// A plain string of both.
    fn joined(&mut self, left: &Str, right: &str, ascii: bool) -> Result<Value, OutOfMemory> {
        let len = left.byte_len() + right.len();
        if len > super::space::CELL_MAX {
            self.reserve(len)?;
        }
        Ok(self.joined_string(left.as_bytes(), right.as_bytes(), ascii, Str::APPENDED))
    }

    /// A room with twice the bytes that will be needed, beginning with those of `string`.
    fn new_room(&mut self, string: &Str, len: usize) -> Result<NonNull<Room>, OutOfMemory> {
        let capacity = len.saturating_mul(2);
        self.reserve(capacity)?;
        let cell = self.cell_for(size_of::<Room>() + capacity, false);
        let room = cell.cast::<Room>();
        let used = string.byte_len();
        // SAFETY: the cell has room for head and bytes.
        unsafe {
            let header = Header::new(Kind::Room, 0, 0);
            room.write(Room { header, used, capacity });
            room.add(1).cast::<u8>().copy_from_nonoverlapping(string.data(), used);
            self.finish_object(Kind::Room, cell);
        }
        Ok(room)
    }

    /// Puts `right` behind `string` in its room; `false` if another string has been put there or
    /// there is no room.
    fn extend_room(&mut self, room: NonNull<Room>, string: &Str, right: &str) -> bool {
        // SAFETY: the string keeps its room alive; no string of the room shows bytes behind `used`.
        unsafe {
            let (used, capacity) = (room.as_ref().used, room.as_ref().capacity);
            if used != string.byte_len() || capacity - used < right.len() {
                return false;
            }
            let end = room.add(1).cast::<u8>().add(used);
            end.copy_from_nonoverlapping(NonNull::from(right).cast(), right.len());
            (*room.as_ptr()).used = used + right.len();
        }
        true
    }

    /// A string that shows the first `len` bytes of a room: `left` and `right`.
    fn shared_string(
        &mut self,
        room: NonNull<Room>,
        len: usize,
        ascii: bool,
        left: &Str,
        right: &str,
    ) -> Value {
        // SAFETY: the bytes of a room follow its fixed part.
        let data = unsafe { room.add(1).cast::<u8>() };
        let flags = Str::APPENDED | if ascii { Str::ASCII } else { 0 };
        let count = left.char_count() + right.chars().count();
        // SAFETY: `len` bytes of the room are in use.
        unsafe { self.string_in(room.cast(), StrParts { flags, len, data }, count) }
    }

    /// A string with the memory of a text: a buffer that nothing else knows.
    #[inline(never)]
    pub(super) fn adopted_string(&mut self, mut text: String) -> Value {
        text.shrink_to_fit();
        let (len, ascii) = (text.len(), text.is_ascii());
        let count = if ascii { len } else { text.chars().count() };
        let buffer = self.buffer(text.into_bytes());
        let bytes = self
            .buffer_ref(buffer)
            .map_or(NonNull::dangling(), |bytes| NonNull::from(bytes.as_slice()).cast::<u8>());
        let holder = buffer.object().expect("a buffer is an object");
        let flags = if ascii { Str::ASCII } else { 0 };
        // SAFETY: the buffer has so many bytes, which were those of a text, and nobody else gets it, so
        // they stay where they are as long as it lives.
        unsafe { self.string_in(holder, StrParts { flags, len, data: bytes }, count) }
    }

    /// A string whose bytes are held by another object.
    ///
    /// # Safety
    /// `parts` says where in `holder` they are; they are UTF-8, of `count` characters, and stay as they are
    /// as long as it lives.
    unsafe fn string_in(
        &mut self,
        holder: NonNull<Header>,
        parts: StrParts,
        count: usize,
    ) -> Value {
        let cell = self.cell_for(size_of::<Str>() + 2 * size_of::<usize>(), false);
        let parts = StrParts { flags: parts.flags | Str::SHARED, ..parts };
        // SAFETY: the cell has room for the fixed part and two words.
        unsafe {
            cell.cast::<Str>().write(Str::new(Kind::Str, parts));
            let words = cell.byte_add(size_of::<Str>()).cast::<usize>();
            words.cast::<NonNull<Header>>().write(holder);
            words.add(1).write(count);
            self.finish_object(Kind::Str, cell)
        }
    }
}
