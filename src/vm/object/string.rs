//! Strings and byte strings.
//!
//! ```text
//! plain    header | length | (characters, if not ASCII) | bytes…
//! shared   header | length | data ─┐ | room ─┐ | characters
//!                                  │         ↓
//!                         room: header | used | capacity | bytes…
//! ```
//! Instead of a room it may be a byte buffer that nothing else knows: the one that a long text came in.
//!
//! The header says how far behind the start of the cell the bytes of a plain string stand; 0 stands for a
//! shared one. Most strings are short, and a pointer to what stands beside it would be a quarter of them.
//!
//! A *room* has spare capacity behind its bytes. A string that ends where the room's used part ends
//! may be continued in place ([`Heap::append`](crate::vm::heap::Heap::append)); all strings of a
//! room are prefixes of it, so none of them changes.
#![expect(unsafe_code, reason = "the bytes of a string are behind its fixed part or in a room")]

use std::ptr::NonNull;

use super::Header;

/// A string.
#[derive(Debug)]
#[repr(C)]
pub struct Str {
    header: Header,
    len: usize,
}

/// What a shared string has behind its fixed part.
#[repr(C)]
pub(in crate::vm) struct Shared {
    pub(in crate::vm) data: NonNull<u8>,
    pub(in crate::vm) holder: NonNull<Header>,
    pub(in crate::vm) characters: usize,
}

/// Bytes that are UTF-8, and the number of their characters: as many if all are ASCII.
#[derive(Clone, Copy)]
pub(in crate::vm) struct Piece<'a> {
    pub(in crate::vm) bytes: &'a [u8],
    pub(in crate::vm) characters: usize,
}

impl Piece<'_> {
    /// A text whose characters have not been counted.
    #[inline]
    pub(in crate::vm) fn of(text: &str) -> Piece<'_> {
        let characters = if text.is_ascii() { text.len() } else { text.chars().count() };
        Piece { bytes: text.as_bytes(), characters }
    }
}

impl Str {
    /// All characters are ASCII, so that character and byte positions agree.
    pub(in crate::vm) const ASCII: u8 = 2;
    /// The bytes are in a room or a buffer, whose address follows the fixed part.
    pub(in crate::vm) const SHARED: u8 = 4;
    /// It is in the table of interned strings: two different ones have different texts.
    pub(in crate::vm) const INTERNED: u8 = 16;
    /// It was made by appending: the next append gives it a room.
    pub(in crate::vm) const APPENDED: u8 = 8;

    /// The bytes of the cell of a shared string.
    pub(in crate::vm) const SHARED_SIZE: usize = size_of::<Str>() + size_of::<Shared>();

    /// The fixed part of a string or byte string that has its bytes in its own cell.
    #[inline(always)]
    pub(in crate::vm) fn plain(kind: super::Kind, flags: u8, len: usize) -> Str {
        let start = Str::start(kind == super::Kind::Bytes || flags & Str::ASCII != 0);
        Str { header: Header::flagged(kind, flags, start as u16), len }
    }

    /// The fixed part of a string whose bytes are elsewhere.
    pub(in crate::vm) fn shared(flags: u8, len: usize) -> Str {
        Str { header: Header::flagged(super::Kind::Str, flags | Str::SHARED, 0), len }
    }

    /// How far behind the start of the cell the bytes of a plain string stand.
    #[inline(always)]
    pub(in crate::vm) const fn start(is_counted_by_bytes: bool) -> usize {
        size_of::<Str>() + if is_counted_by_bytes { 0 } else { size_of::<usize>() }
    }

    /// The flag of texts with so many bytes and characters.
    #[inline(always)]
    pub(in crate::vm) const fn ascii_flag(len: usize, characters: usize) -> u8 {
        if len == characters { Str::ASCII } else { 0 }
    }

    /// Its header.
    #[inline(always)]
    pub(in crate::vm) fn header(&self) -> &Header {
        &self.header
    }

    /// Its text.
    #[inline(always)]
    pub fn text(&self) -> &str {
        // SAFETY: a string is only made from valid UTF-8, and its bytes never change.
        unsafe { std::str::from_utf8_unchecked(self.as_bytes()) }
    }

    /// Its bytes.
    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: there are `len` bytes in the own cell or in what it keeps alive.
        unsafe { std::slice::from_raw_parts(self.data().as_ptr(), self.len) }
    }

    /// The number of its bytes.
    #[inline(always)]
    pub fn byte_len(&self) -> usize {
        self.len
    }

    /// Whether all characters are ASCII.
    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.header.has(Str::ASCII)
    }

    /// The number of its characters (code points).
    #[inline]
    pub fn char_count(&self) -> usize {
        if self.is_ascii() {
            return self.len;
        }
        // The count was taken when the string was made.
        match self.sharing() {
            Some(shared) => shared.characters,
            // SAFETY: every plain string that is not ASCII was made with that word.
            None => unsafe { self.behind::<usize>(size_of::<Str>()).read() },
        }
    }

    /// Its bytes and how many characters they are.
    #[inline]
    pub(in crate::vm) fn piece(&self) -> Piece<'_> {
        Piece { bytes: self.as_bytes(), characters: self.char_count() }
    }

    /// What stands so many bytes behind its start.
    #[inline(always)]
    fn behind<T>(&self, offset: usize) -> *mut T {
        let start = NonNull::from(self).as_ptr().expose_provenance();
        std::ptr::with_exposed_provenance_mut(start + offset)
    }

    #[inline(always)]
    fn sharing(&self) -> Option<&Shared> {
        // SAFETY: a string without a place for its bytes was made with this part.
        (self.header.count() == 0).then(|| unsafe { &*self.behind::<Shared>(size_of::<Str>()) })
    }

    /// The room or the buffer that has its bytes.
    #[inline]
    pub(in crate::vm) fn holder(&self) -> Option<NonNull<Header>> {
        Some(self.sharing()?.holder)
    }

    /// The room that it shares, which it may be continued in.
    #[inline]
    pub(in crate::vm) fn room(&self) -> Option<NonNull<Room>> {
        let holder = self.holder()?;
        // SAFETY: the string keeps it alive.
        (unsafe { holder.as_ref() }.kind() == super::Kind::Room).then(|| holder.cast())
    }

    /// Where its bytes are.
    #[inline(always)]
    pub(in crate::vm) fn data(&self) -> NonNull<u8> {
        match self.header.count() {
            // SAFETY: as for `sharing`.
            0 => unsafe { (*self.behind::<Shared>(size_of::<Str>())).data },
            // SAFETY: the bytes are in the own cell, whose address is not 0.
            start => unsafe { NonNull::new_unchecked(self.behind(start)) },
        }
    }
}

/// A byte string: laid out like a plain string of ASCII characters.
#[derive(Debug)]
#[repr(transparent)]
pub struct Bytes(pub(in crate::vm) Str);

impl Bytes {
    /// Its bytes.
    #[inline(always)]
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Bytes that several strings share; they follow the fixed part.
#[repr(C)]
pub(in crate::vm) struct Room {
    pub(in crate::vm) header: Header,
    pub(in crate::vm) used: usize,
    pub(in crate::vm) capacity: usize,
}
