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
use crate::vm::object::{Header, Piece, Room, Shared, Str};
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
        let right = unsafe { raw::string_of(right) };
        self.append_piece(left, right.piece())
    }

    /// The string `left` followed by `right`.
    pub fn append_str(&mut self, left: Value, right: &str) -> Result<Value, OutOfMemory> {
        if !left.is_str() {
            return Ok(Value::null());
        }
        self.append_piece(left, Piece::of(right))
    }

    #[inline(always)]
    fn append_piece(&mut self, left: Value, right: Piece<'_>) -> Result<Value, OutOfMemory> {
        // SAFETY: `left` is a live string, and nothing is collected before this returns.
        let string = unsafe { raw::string_of(left) };
        if right.bytes.is_empty() {
            return Ok(left);
        }
        let len = string.byte_len() + right.bytes.len();
        if let Some(room) = string.room()
            && self.extend_room(room, string, right)
        {
            return Ok(self.string_in_room(room, len, string, right));
        }
        if len < ROOM_MIN || !string.header().has(Str::APPENDED) {
            return self.joined(string, right);
        }
        let room = self.new_room(string, len)?;
        let extended = self.extend_room(room, string, right);
        debug_assert!(extended, "a new room ends where its string ends and has room for as much");
        Ok(self.string_in_room(room, len, string, right))
    }

    /// A plain string of both.
    fn joined(&mut self, left: &Str, right: Piece<'_>) -> Result<Value, OutOfMemory> {
        let len = left.byte_len() + right.bytes.len();
        if len > super::space::CELL_MAX {
            self.reserve(len)?;
        }
        if len == 1 {
            return Ok(self.character(right.bytes[0]));
        }
        let flag = if left.byte_len() == 0 { 0 } else { Str::APPENDED };
        Ok(self.joined_string(left.piece(), right, flag))
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
    #[inline]
    fn extend_room(&mut self, room: NonNull<Room>, string: &Str, right: Piece<'_>) -> bool {
        // SAFETY: the string keeps its room alive; no string of the room shows bytes behind `used`.
        unsafe {
            let (used, capacity) = (room.as_ref().used, room.as_ref().capacity);
            if used != string.byte_len() || capacity - used < right.bytes.len() {
                return false;
            }
            raw::copy_bytes(room.add(1).cast::<u8>().add(used), right.bytes);
            (*room.as_ptr()).used = used + right.bytes.len();
        }
        true
    }

    /// A string that shows the first `len` bytes of a room: `left` and `right`.
    #[inline]
    fn string_in_room(
        &mut self,
        room: NonNull<Room>,
        len: usize,
        left: &Str,
        right: Piece<'_>,
    ) -> Value {
        // SAFETY: the bytes of a room follow its fixed part.
        let data = unsafe { room.add(1).cast::<u8>() };
        let characters = left.char_count() + right.characters;
        let shared = Shared { data, holder: room.cast(), characters };
        // SAFETY: `len` bytes of the room are in use.
        unsafe { self.shared_string(Str::APPENDED, len, shared) }
    }

    /// A string with the memory of a text of so many characters: a buffer that nothing else knows.
    #[inline(never)]
    pub(super) fn adopted_string(&mut self, mut text: Vec<u8>, characters: usize) -> Value {
        text.shrink_to_fit();
        let len = text.len();
        let buffer = self.buffer(text);
        let data = self
            .buffer_ref(buffer)
            .map_or(NonNull::dangling(), |bytes| NonNull::from(bytes.as_slice()).cast::<u8>());
        let holder = buffer.object().expect("a buffer is an object");
        // SAFETY: the buffer has so many bytes, which were those of a text, and nobody else gets it, so
        // they stay where they are as long as it lives.
        unsafe { self.shared_string(0, len, Shared { data, holder, characters }) }
    }

    /// A string whose bytes are held by another object.
    ///
    /// # Safety
    /// `shared` says where in an object so many bytes are; they are UTF-8, of as many characters as it
    /// says, and stay as they are as long as that object lives.
    #[inline]
    unsafe fn shared_string(&mut self, flags: u8, len: usize, shared: Shared) -> Value {
        let cell = self.cell_for(Str::SHARED_SIZE, false);
        let flags = flags | Str::ascii_flag(len, shared.characters);
        // SAFETY: the cell has room for both parts.
        unsafe {
            cell.cast::<Str>().write(Str::shared(flags, len));
            cell.byte_add(size_of::<Str>()).cast::<Shared>().write(shared);
            self.finish_object(Kind::Str, cell)
        }
    }
}
