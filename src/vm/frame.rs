//! The frame header: one stack slot below the registers of a frame.
//!
//! ```text
//!   tag   bits 0..8 FRAME · 8..16 flags · 16..32 distance to the caller's base, in bytes
//!         bits 32..64 function
//!   bits  the address of the instruction to return to
//! ```
//!
//! The result of a call is written over the header, which is the caller's `R[a]`.

use super::value::{Kind, Value};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;

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

    /// What the loader makes of the call of a known function: but for its opcode the instruction is
    /// the word of the frame that it pushes. Other instructions stay what they are.
    pub fn into_call(call: Instruction) -> Instruction {
        let flags = match call.op {
            Opcode::CallKnown => 0,
            Opcode::CallKnownAwait => AWAITED as u8,
            _ => return call,
        };
        let distance = (u16::from(call.a) + 1) * size_of::<Value>() as u16;
        let [b, c] = distance.to_le_bytes();
        Instruction { a: flags, b, c, ..call }
    }

    /// The word of the frame that such an instruction pushes. Its opcode is given once more since
    /// the optimiser then has nothing to mask.
    #[inline(always)]
    pub fn of_call(call: Instruction, op: Opcode) -> FrameWord {
        FrameWord(call.word().wrapping_sub(op as u64).wrapping_add(Kind::Frame as u64))
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
    fn the_call_of_a_known_function_has_the_word_of_its_frame() {
        let flags = [(Opcode::CallKnown, 0), (Opcode::CallKnownAwait, AWAITED)];
        for ((op, flags), a) in flags.into_iter().zip([0, 254]) {
            let call = FrameWord::into_call(Instruction::new(op, a, 0, 3, 123_456));
            let distance = (usize::from(a) + 1) * size_of::<Value>();
            assert_eq!(FrameWord::of_call(call, op), FrameWord::new(flags, distance, 123_456));
        }
    }

    #[test]
    fn a_word_gives_back_what_it_was_made_of() {
        let word = FrameWord::new(AWAITED | CONSTRUCTOR, 0xfff0, 123_456);
        assert_eq!(word.flags(), AWAITED | CONSTRUCTOR);
        assert_eq!(word.distance(), 0xfff0);
        assert_eq!(word.function(), 123_456);
        assert_ne!(word.0 & SPECIAL, 0);
    }
}
