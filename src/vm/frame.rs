//! The frame header: one stack slot below the registers of a frame.
//!
//! ```text
//!   tag   bits 0..8 FRAME · 8..16 flags · 16..32 distance to the caller's base, in bytes
//!         bits 32..64 function
//!   bits  the address of the instruction to return to
//! ```
//!
//! The result of a call is written over the header, which is the caller's `R[a]`.

use super::value::Kind;

/// The first word of a frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct FrameWord(pub u64);

/// The call was awaited.
pub const AWAITED: u64 = 1;
/// The first frame of a fiber: returning from it ends the fiber.
pub const BOTTOM: u64 = 2;
/// An instruction that is no call pushed the frame; it gets the result.
pub const OPERATOR: u64 = 4;
/// The result is the frame's `R[0]`, whatever the function returns.
pub const CONSTRUCTOR: u64 = 8;
/// An initializer on top of a frame that has not begun yet: its result is dropped.
pub const DROPPED: u64 = 16;
/// The frame of a generator: it returns by suspending or ending that.
pub const GENERATOR: u64 = 32;
/// The frame of a generator that is being closed: the cut that unwinds it ends there.
pub const CLOSING: u64 = 64;

/// A header with any of these needs more than a copy when its frame returns.
pub const SPECIAL: u64 = (BOTTOM | OPERATOR | CONSTRUCTOR | GENERATOR) << 8;

impl FrameWord {
    /// The word of a frame of `function` whose base lies `distance` bytes above its caller's.
    #[inline]
    pub fn new(flags: u64, distance: usize, function: u32) -> FrameWord {
        let kind = Kind::Frame as u64;
        FrameWord(kind | flags << 8 | (distance as u64) << 16 | u64::from(function) << 32)
    }

    /// Its flags.
    #[inline]
    pub fn flags(self) -> u64 {
        self.0 >> 8 & 0xff
    }

    /// Bytes from the caller's base to this frame's.
    #[inline]
    pub fn distance(self) -> usize {
        (self.0 >> 16 & 0xffff) as usize
    }

    /// The function that runs in the frame.
    #[inline]
    pub fn function(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_gives_back_what_it_was_made_of() {
        let word = FrameWord::new(AWAITED | CONSTRUCTOR, 0xfff0, 123_456);
        assert_eq!(word.flags(), AWAITED | CONSTRUCTOR);
        assert_eq!(word.distance(), 0xfff0);
        assert_eq!(word.function(), 123_456);
        assert_ne!(word.0 & SPECIAL, 0);
    }
}
