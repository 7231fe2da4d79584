//! Strings and byte strings.
//!
//! ```text
//! plain    header | length | data ──┐ | (characters, if not ASCII) | bytes…
//!                                   └────────────────────────────────↑
//! shared   header | length | data ──┐ | room ─┐ | characters
//!                                   │         ↓
//!                          room: header | used | capacity | bytes…
//! ```
//! Instead of a room it may be a byte buffer that nothing else knows: the one that a long text came in.
//!
//! `data` points at the bytes wherever they are, so reading a string needs no case distinction.
//! The heap never moves objects, so a pointer into the own cell stays valid.
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
    data: NonNull<u8>,
}

/// What a new string is made of.
pub(in crate::vm) struct StrParts {
    pub(in crate::vm) flags: u8,
    pub(in crate::vm) len: usize,
    pub(in crate::vm) data: NonNull<u8>,
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

    /// A new string whose bytes have been or will be written to `parts.data`.
    pub(in crate::vm) fn new(kind: super::Kind, parts: StrParts) -> Str {
        let header = Header::new(kind, 0, 0);
        header.add(parts.flags);
        Str { header, len: parts.len, data: parts.data }
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
        // SAFETY: `data` points at `len` bytes in the own cell or in what it keeps alive.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
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
        // The count was taken when the string was made and stands in front of the bytes of a plain
        // string, behind the room's address in a shared one.
        let words = NonNull::from(self).as_ptr().expose_provenance() + size_of::<Str>();
        let skip = if self.header.has(Str::SHARED) { size_of::<usize>() } else { 0 };
        let count = std::ptr::with_exposed_provenance::<usize>(words + skip);
        // SAFETY: every string that is not ASCII was made with that word.
        unsafe { count.read() }
    }

    /// The room or the buffer that has its bytes.
    #[inline]
    pub(in crate::vm) fn holder(&self) -> Option<NonNull<Header>> {
        if !self.header.has(Str::SHARED) {
            return None;
        }
        let words = NonNull::from(self).as_ptr().expose_provenance() + size_of::<Str>();
        let holder = std::ptr::with_exposed_provenance::<*mut Header>(words);
        // SAFETY: a shared string was made with that word.
        NonNull::new(unsafe { holder.read() })
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
        self.data
    }
}

/// A byte string: laid out like a plain string without a character count.
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
