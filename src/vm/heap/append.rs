//! Appending to strings in place.
//!
//! `s += x` in a loop would copy all of `s` each time. The second time that a string made by
//! appending is appended to, its bytes move into a room with spare capacity; from then on only what
//! is added is copied, as long as the left string ends where the room's used part ends.
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
        let cell = self.cell_for(size_of::<Str>() + 2 * size_of::<usize>(), false);
        let flags = Str::SHARED | Str::APPENDED | if ascii { Str::ASCII } else { 0 };
        // SAFETY: the cell has room for the fixed part and two words.
        unsafe {
            let data = room.add(1).cast::<u8>();
            cell.cast::<Str>().write(Str::new(Kind::Str, StrParts { flags, len, data }));
            let words = cell.byte_add(size_of::<Str>()).cast::<usize>();
            words.cast::<NonNull<Room>>().write(room);
            words.add(1).write(left.char_count() + right.chars().count());
            self.finish_object(Kind::Str, cell)
        }
    }
}
