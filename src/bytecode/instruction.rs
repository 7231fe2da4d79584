//! The instruction format: 64 bits, `op a b c imm`, little endian, 8-aligned.
//!
//! ```text
//!   byte 0   1   2   3   4 … 7
//!        op  a   b   c   imm (i32)
//! ```

use super::op::Opcode;

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct Instruction {
    /// What it does.
    pub op: Opcode,
    /// First byte operand.
    pub a: u8,
    /// Second byte operand.
    pub b: u8,
    /// Third byte operand.
    pub c: u8,
    /// The 32-bit operand.
    pub imm: i32,
}

impl Instruction {
    /// An instruction from its parts.
    pub const fn new(op: Opcode, a: u8, b: u8, c: u8, imm: i32) -> Instruction {
        Instruction { op, a, b, c, imm }
    }

    /// All of it as one word.
    #[inline(always)]
    pub const fn word(self) -> u64 {
        let [op, a, b, c] = [self.op as u8 as u64, self.a as u64, self.b as u64, self.c as u64];
        op | a << 8 | b << 16 | c << 24 | (self.imm as u32 as u64) << 32
    }

    /// The 16-bit integer in `b` and `c`.
    pub const fn small(self) -> i16 {
        i16::from_le_bytes([self.b, self.c])
    }

    /// The float whose upper half is in `b` and `c`.
    pub const fn half(self) -> f64 {
        f32::from_bits(u32::from_le_bytes([0, 0, self.b, self.c])) as f64
    }
}
